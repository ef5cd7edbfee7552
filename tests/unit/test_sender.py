"""The service's sender: a thread a channel, whatever the others do."""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor import outbox
from monitor.chat import Answer
from monitor.message import Message
from monitor.service import sender as module
from monitor.service.sender import Sender
from monitor.settings import Settings
from monitor.store import Store
from tests.unit.test_outbox import NOW, add_event, channel, settings, states, tell
from tests.unit.test_outbox import store as _record  # the fixture: used below by its name

store = _record


class Receivers:
    """What each channel's receiver does; by its address."""

    def __init__(self) -> None:
        self.got: Counter[str] = Counter()
        self.stalls: dict[str, threading.Event] = {}
        self.answers: dict[str, Answer] = {}
        self._answer: Callable[[str, Message, float], Answer] | None = None

    def answer_with(self, answer: Callable[[str, Message, float], Answer]) -> None:
        self._answer = answer

    def __call__(self, url: str, message: Message, timeout: float) -> Answer:
        return self._answer(url, message, timeout) if self._answer else self.take(url, message, timeout)

    def take(self, url: str, message: Message, timeout: float) -> Answer:
        if stall := self.stalls.get(url):
            stall.wait(20)
        self.got[url] += 1
        return self.answers.get(url, Answer(True))


@pytest.fixture
def receivers(monkeypatch: pytest.MonkeyPatch) -> Receivers:
    receivers = Receivers()
    deliver = outbox.deliver
    monkeypatch.setattr(module.outbox, "deliver", lambda *a, **more: deliver(*a, **more, send=receivers))
    return receivers


@pytest.fixture
def start(store: Store) -> Iterator[Callable[[Settings], Sender]]:
    file = next(row["file"] for row in store.rows("PRAGMA database_list"))
    begun: list[Sender] = []

    def start(chosen: Settings, opener: Callable[[], Store] = lambda: Store.open(Path(file))) -> Sender:
        begun.append(Sender(opener, lambda: chosen, lambda: NOW))
        begun[-1].start()
        return begun[-1]

    yield start
    for sender in begun:
        sender.stop(10)


def until(what: Callable[[], object], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


TWO = settings(channel("desk", url="json://127.0.0.1/desk"), channel("duty", url="json://127.0.0.1/duty"))
DESK, DUTY = (one.url for one in TWO.channels)


def test_a_receiver_that_stalls_delays_no_other(
    store: Store, start: Callable[[Settings], Sender], receivers: Receivers
) -> None:
    receivers.stalls[DESK] = threading.Event()
    sender = start(TWO)
    tell(store, [add_event(store)], *TWO.channels)
    sender.wake()
    assert until(lambda: receivers.got[DUTY] == 1)
    tell(store, [add_event(store)], *TWO.channels)
    sender.wake()
    assert until(lambda: receivers.got[DUTY] == 2)
    assert receivers.got[DESK] == 0
    receivers.stalls.pop(DESK).set()
    assert until(lambda: states(store) == ["sent"] * 4)
    assert receivers.got == {DESK: 2, DUTY: 2}


def test_who_asks_to_send_hears_what_came_of_it(
    store: Store, start: Callable[[Settings], Sender], receivers: Receivers
) -> None:
    receivers.answers[DUTY] = Answer(False, "no")
    sender = start(TWO)
    for _ in range(3):
        before = sender.counts()
        tell(store, [add_event(store)], *TWO.channels)
        told = sender.flush(10, before)
        assert (told.messages, told.sent, told.failed) == (1, 1, 1)
        assert told.errors == ("duty: no",)
    assert sender.flush(10, sender.counts()).sent == 0


def test_who_asks_to_send_does_not_wait_for_what_comes_up_afterwards(
    store: Store, start: Callable[[Settings], Sender], receivers: Receivers
) -> None:
    """In a season something is always due: receivers that take a moment are never all idle at once."""
    slow = {url: threading.Event() for url in (DESK, DUTY)}  # never set: each message takes as long as it waits
    receive = receivers.take
    ends, alone = threading.Event(), threading.Lock()

    def busy(url: str, message: Message, timeout: float) -> Answer:
        slow[url].wait(0.15 if url == DESK else 0.23)
        if not ends.is_set():
            file = Path(next(row["file"] for row in store.rows("PRAGMA database_list")))
            with alone, Store.open(file) as other:  # there is always more
                tell(other, [add_event(other)], *(one for one in TWO.channels if one.url == url))
        return receive(url, message, timeout)

    receivers.answer_with(busy)
    sender = start(TWO)
    tell(store, [add_event(store)], *TWO.channels)
    sender.wake()
    assert until(lambda: receivers.got[DESK] and receivers.got[DUTY])
    with alone:
        tell(store, [mine := add_event(store)], *TWO.channels)
    began = time.monotonic()
    sender.flush(20, sender.counts())
    assert time.monotonic() - began < 5
    rows = store.rows("SELECT state FROM deliveries WHERE event = ?", (mine,))
    ends.set()
    assert [row["state"] for row in rows] == ["sent", "sent"]


def test_a_record_that_cannot_be_read_for_a_while_loses_nothing(
    store: Store, start: Callable[..., Sender], receivers: Receivers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AFTER_TROUBLE", 0.1)
    file = Path(next(row["file"] for row in store.rows("PRAGMA database_list")))
    failures = iter([sqlite3.OperationalError("database is locked")] * 5 + [OSError(28, "No space left on device")])

    def open_store() -> Store:
        if (failure := next(failures, None)) is not None:
            raise failure
        return Store.open(file)

    tell(store, [add_event(store)], *TWO.channels)
    start(TWO, open_store)
    assert until(lambda: states(store) == ["sent", "sent"])
    assert receivers.got == {DESK: 1, DUTY: 1}


def test_a_message_under_way_is_sent_before_the_end_and_no_other_is_begun(
    store: Store, start: Callable[[Settings], Sender], receivers: Receivers
) -> None:
    receivers.stalls[DESK] = threading.Event()
    sender = start(settings(TWO.channels[0]))
    for _ in range(3):
        tell(store, [add_event(store)], TWO.channels[0])
    sender.wake()
    assert until(lambda: "sending" in states(store))
    ending = threading.Thread(target=sender.stop, args=(10,))
    ending.start()
    time.sleep(0.1)
    receivers.stalls[DESK].set()
    ending.join()
    assert receivers.got[DESK] == 1
    assert Counter(states(store)) == {"sent": 1, "pending": 2}
