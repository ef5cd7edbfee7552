"""crawler.companies: who shares a process with whom, and what follows from its end. Nothing is forked here."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import msgspec
import pytest

from crawler import companies as subject
from crawler import kernel
from crawler.companies import Companies
from crawler.orders import Asked, Beat, Ended, Gone, Order, Over, Said, Stop
from monitor import bookkeeping
from monitor.processes import how_it_ended

MB = 1_000_000


class Machine:
    """A clock, the other ends of the companies' sockets, and what was told and killed."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.now, self.told, self.killed = 1000.0, list[Said](), list[int]()
        self.folder = folder
        self.ends: dict[int, socket.socket] = {}
        patch.setattr(subject.time, "monotonic", lambda: self.now)
        patch.setattr(os, "cpu_count", lambda: 2)
        patch.setattr(subject.kernel, "kill", lambda pid, number: self.killed.append(pid))
        self.companies = Companies(str(folder / "nianbao-"), self.told.append)

    def fork(self, name: str, serve: Callable[[], int], first: Callable[[], None], temporary: str, memory: int) -> int:
        code: CodeType = serve.__code__  # type: ignore[attr-defined]
        cells = dict(zip(code.co_freevars, serve.__closure__, strict=True))  # type: ignore[attr-defined]
        keeper = 101 + len(self.ends)
        self.ends[keeper] = cells["theirs"].cell_contents.dup()
        return keeper

    def take(self, crawl: int, together: int = 3) -> None:
        folder = self.folder / str(crawl)
        folder.mkdir()
        self.companies.take(Order(crawl, f"p{crawl}", str(folder), 600.0, 100 * MB, together=together), self.fork)

    def asked(self, keeper: int) -> list[Asked]:
        """What a company was told since."""
        end, heard = self.ends[keeper], []
        end.setblocking(False)
        while True:
            try:
                got = end.recv(1 << 16)
            except BlockingIOError:
                return heard
            if not got:
                return heard
            heard.append(msgspec.json.decode(got, type=Asked))

    def passes(self) -> dict[int, list[int]]:
        """Those that companies were told to make since."""
        return {keeper: [one.crawl for one in self.asked(keeper)] for keeper in self.ends}

    def say(self, keeper: int, what: Beat | Over) -> None:
        self.ends[keeper].send(msgspec.json.encode(what))
        self.companies.listen(keeper)

    def watch(self, resident: int = MB) -> None:
        tree = {keeper: [kernel.Process(keeper + 1000, keeper, resident)] for keeper in self.ends}
        self.companies.watch(tree)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(monkeypatch, tmp_path)
    yield made
    made.companies.forget()
    for end in made.ends.values():
        end.close()


def test_there_are_as_many_as_processors_and_more_when_all_are_full(machine: Machine) -> None:
    for crawl in range(1, 8):
        machine.take(crawl)
    assert machine.passes() == {101: [1, 3, 5], 102: [2, 4, 6], 103: [7]}
    assert [*machine.companies.keepers] == [101, 102, 103]


def test_nobody_joins_one_that_is_old_or_that_has_been_left(machine: Machine) -> None:
    machine.take(1)
    machine.take(2)
    machine.now += subject.YOUNG + 1
    machine.take(3)
    machine.say(103, Over(3))
    assert machine.told == [Gone(3)]
    assert [*machine.companies.filenos().values()] == [101, 102]
    machine.take(4)
    assert machine.passes() == {101: [1], 102: [2], 103: [3], 104: [4]}


def test_what_needs_a_process_of_its_own_does_not_fit() -> None:
    order = Order(1, "p", "/", 600.0, together=3)
    assert Companies.fits(order)
    assert not Companies.fits(msgspec.structs.replace(order, together=1))
    assert not Companies.fits(msgspec.structs.replace(order, browser=True))


def test_when_one_ends_what_nobody_stopped_and_did_not_end_is_made_again(machine: Machine) -> None:
    for crawl in range(1, 7):
        machine.take(crawl)
    assert machine.companies.stop(3, "asked")
    assert not machine.companies.stop(99, "asked")
    (machine.folder / "5" / "run.json").touch()
    machine.asked(101)
    assert machine.companies.reaped(7, "") is None
    again = machine.companies.reaped(101, "")
    assert again is not None
    assert [order.crawl for order in again] == [1]
    assert machine.told == [
        Ended(3, -signal.SIGKILL, "asked", forced=True), Gone(3), Ended(5, 0), Gone(5),
    ]  # fmt: skip
    assert machine.companies.reaped(102, "the end") == []
    assert {one.crawl for one in machine.told if isinstance(one, Ended) and one.stopped == "the end"} == {2, 4, 6}


@pytest.mark.parametrize("what", ["silent", "large"])
def test_one_that_stands_still_or_takes_too_much_is_killed(machine: Machine, what: str) -> None:
    machine.take(1)
    machine.take(2)
    if what == "silent":
        machine.now += subject.SILENCE + 1
        machine.say(101, Beat())
        machine.watch()
        assert machine.killed == [102]
    else:
        machine.watch(101 * MB)
        assert machine.killed == [101, 102]
    machine.watch(101 * MB)
    assert len(machine.killed) <= 2, "once"


def test_a_pass_that_takes_too_long_is_stopped_alone(machine: Machine) -> None:
    for crawl in (1, 2, 3):
        machine.take(crawl)
        machine.now += 10
    machine.asked(101)
    for _ in range(29):
        machine.now += 19.9
        machine.say(101, Beat())
        machine.say(102, Beat())
        machine.watch()
    assert machine.asked(101) == [Stop(1, "longer than 600 s")]
    machine.say(101, Over(1))
    assert machine.told == [Gone(1, MB)]
    assert machine.killed == []


def test_whether_a_pass_that_does_not_stop_is_to_blame(machine: Machine) -> None:
    """It is if the loop went on; if that stood still, nobody knows whose fault it was."""
    for crawl in range(1, 5):
        machine.take(crawl)
    machine.now += 601
    for keeper in (101, 102):
        machine.say(keeper, Beat())
    machine.watch()
    machine.now += 5
    machine.say(101, Beat())
    machine.now += subject.PATIENCE
    machine.watch()
    assert machine.killed == [101, 102]
    assert machine.companies.reaped(101, "") == []
    again = machine.companies.reaped(102, "")
    assert again is not None
    assert [order.crawl for order in again] == [2, 4]


@pytest.mark.parametrize(
    ("end", "its"),
    [
        (Ended(1, -11), True),
        (Ended(1, 7), True),
        (Ended(1, -9, "longer than 2 s", forced=True), True),
        (Ended(1, None, "the service stops"), False),
        (None, False),
    ],
)
def test_who_is_suspect_the_next_time(end: Ended | None, its: bool) -> None:
    assert bool(bookkeeping._ENDED_IT.search(how_it_ended(end, ""))) == its
