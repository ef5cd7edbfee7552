"""What receivers took is known whatever becomes of the record: crashes between two steps, and yesterday's copy restored."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitor import journal
from monitor.archive import last_number
from monitor.outbox import deliver
from monitor.recipients import enqueue_retraction
from monitor.statements import subject
from monitor.store import Store
from tests.unit.test_outbox import NOW, ZONE, Desk, add_event, channel, settings, states, tell
from tests.unit.test_outbox import store as _record  # the fixture: used below by its name

store = _record
OFFICE = settings(channel())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def lines(store: Store) -> list[dict[str, Any]]:
    path = journal.beside(store)
    assert path is not None
    return [json.loads(line) for line in path.read_text().splitlines()]


# A crash between two steps -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "step", "again"),
    [("outbox_store", "lease", ""), ("journal", "append", "（可能重复）"), ("outbox_store", "mark_sent", None)],
)
def test_a_crash_before_each_step(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, module: str, step: str, again: str | None
) -> None:
    """Before the receiver's yes: sent once. Between its yes and the journal: again, marked. After that: not again."""

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    journal.reconcile(store)
    tell(store, [add_event(store), add_event(store, portal="haizhu")], channel())
    with monkeypatch.context() as patch:
        patch.setattr(f"monitor.{module}.{step}", crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(store, OFFICE, NOW, send=desk)
    journal.reconcile(store)
    deliver(store, OFFICE, NOW, send=desk)
    assert states(store) == ["sent", "sent"]
    first = [message.subject for _, message in desk.got][: 2 if again else 1]
    assert [subject.endswith("（可能重复）") for subject in first] == ([False, True] if again else [False])
    assert len(desk.got) == 2 + bool(again)


def test_a_kill_after_the_receivers_yes(store: Store, tmp_path: Path, desk: Desk) -> None:
    tell(store, [add_event(store), add_event(store, portal="haizhu")], channel())
    program = f"""
import os, signal, sys
from pathlib import Path
from monitor import outbox, outbox_store
from monitor.chat import Answer
from monitor.settings import Channel, Settings
from monitor.store import Store
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
outbox_store.mark_sent = kill
office = Settings(channels=(Channel(name="office", url="json://127.0.0.1/office"),))
with Store.open(Path(sys.argv[1])) as store:
    outbox.deliver(store, office, "{NOW}", send=lambda *_: Answer(True))
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "nianbao.db")], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert states(store) == ["sending", "pending"]
    assert deliver(store, OFFICE, NOW, send=desk).sent == 1  # the other one: the first is known to have arrived
    assert states(store) == ["sent", "sent"]
    assert len(desk.got) == 1


def test_each_event_of_a_message_is_noted_and_retractions_too(store: Store, desk: Desk) -> None:
    events = [add_event(store, "portal_down", portal) for portal in ("linhai", "haizhu")]
    for event in events:
        tell(store, [event], channel())
    assert deliver(store, OFFICE, NOW, send=desk).messages == 1
    with store.transaction():
        store.run("UPDATE events SET retracted_at = ?", (NOW,))
        enqueue_retraction(store, events[0], OFFICE.channels, NOW, ZONE)
    deliver(store, OFFICE, NOW, send=desk)
    assert [line.get("purpose") for line in lines(store)] == [None, "event", "event", "retraction"]


def test_a_torn_line_is_passed_over_and_written_past(store: Store, desk: Desk) -> None:
    journal.reconcile(store)
    path = journal.beside(store)
    assert path is not None
    tell(store, [add_event(store)], channel())
    with path.open("ab") as file:
        file.write(b'{"key": "changed/0", "sa')
    assert journal.reconcile(store) == 0
    deliver(store, OFFICE, NOW, send=desk)
    store.run("UPDATE deliveries SET state = 'pending', sent_at = NULL")
    assert journal.reconcile(store) == 1
    assert states(store) == ["sent"]
    assert journal.reconcile(store) == 0


def test_a_journal_that_cannot_be_written_stops_no_message(
    store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tell(store, [add_event(store)], channel())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    assert journal.reconcile(store) == 0
    assert deliver(store, OFFICE, NOW, send=desk).sent == 1
    assert states(store) == ["sent"]
    assert "No space left" in caplog.text


def test_one_fsync_a_message(store: Store, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.reconcile(store)
    calls: list[int] = []
    monkeypatch.setattr(os, "fsync", calls.append)
    for portal in ("linhai", "haizhu"):
        tell(store, [add_event(store, "portal_down", portal)], channel())
    deliver(store, OFFICE, NOW, send=desk)
    assert len(calls) == 1


# Yesterday's copy --------------------------------------------------------------------------------------------------------


class Restored:
    """A portal whose record is replaced by an older copy of it."""

    def __init__(self, site: Any, desk: Desk) -> None:
        self.site, self.desk = site, desk
        site.settings = OFFICE
        journal.reconcile(site.store)

    @property
    def path(self) -> Path:
        return Path(self.site.home) / "nianbao.db"

    def days(self, number: int = 1) -> list[str]:
        """Passes, a day each; what was told of them."""
        before = len(self.desk.got)
        for _ in range(number):
            self.site.run()
            deliver(self.site.store, OFFICE, self.site.now, send=self.desk)
        return [message.subject for _, message in self.desk.got[before:]]

    def back_up(self) -> None:
        self.site.store.run("VACUUM INTO ?", (str(self.path) + ".bak",))

    def restore(self, *, journal_too: bool = False) -> None:
        self.site.store.close()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        Path(f"{self.path}.bak").rename(self.path)
        if journal_too:
            self.path.with_name(journal.FILE).unlink()
        self.site.use(Store.open(self.path))
        self.site.store.continue_after(last_number(self.site.home / "archive", self.site.home / "runs"))
        journal.reconcile(self.site.store)


@pytest.fixture
def world(site: Any, desk: Desk) -> Restored:
    restored = Restored(site, desk)
    assert len(restored.days()) == 1  # the baseline
    return restored


def happenings(world: Restored, paper: Any) -> list[tuple[Callable[[], object], int]]:
    """A bit of everything, and after how many days it is told."""
    site, art = world.site, f"{paper.HOST}/art"
    return [
        (lambda: site.publish(paper.report(2025)), 1),
        (lambda: site.publish(paper.report(2024, requests=99), at=f"{art}/2024.html"), 1),
        (lambda: site.remove(f"{art}/2023.html"), 4),
        (lambda: site.publish(paper.report(2024, requests=12), at=f"{art}/2024.html"), 1),
        (lambda: site.publish(paper.report(2023), at=f"{art}/2023.html"), 1),
        (lambda: site.delist(f"{art}/2025.html"), 1),
        (lambda: site.publish(paper.report(2025), at=f"{art}/other/2025.html"), 1),
        (site.outage, 3),
        (site.recover, 1),
    ]


@pytest.mark.parametrize(("known", "last"), [*((0, last) for last in range(1, 10)), (3, 7), (7, 9)])
def test_nothing_is_said_again_after_yesterdays_copy_came_back(
    world: Restored, paper: Any, known: int, last: int
) -> None:
    """The copy is taken after so many happenings, and brought back after so many."""
    told = 0
    for number, (happens, days) in enumerate(happenings(world, paper)[:last]):
        if number == min(known, last - 1):
            world.back_up()
        happens()
        told += len(world.days(days))
    assert told >= last - 1
    world.restore()
    # As far as the copy knows, reports of a portal that is still down were last verified on its day: that is new.
    assert [subject for subject in world.days(6) if "超过 14 天未能核实" not in subject] == []
    # What happens from then on is told as ever.
    world.site.recover()
    world.days()
    world.site.publish(paper.report(2024, requests=77), at=f"{paper.HOST}/art/2024.html")
    assert any("变更" in subject for subject in world.days())


def test_what_happened_meanwhile_is_told(world: Restored, paper: Any) -> None:
    """The second change has the number that a lost one had, and says something else."""
    at = f"{paper.HOST}/art/2024.html"
    world.back_up()
    world.site.publish(paper.report(2024, requests=99), at=at)
    assert len(world.days()) == 1
    world.restore()
    world.site.publish(paper.report(2024, requests=100), at=at)
    assert len(world.days()) == 1
    world.site.publish(paper.report(2024, requests=99), at=at)
    assert len(world.days()) == 1


def test_a_change_and_its_undoing_that_were_told_hide_no_third_change(world: Restored, paper: Any) -> None:
    at = f"{paper.HOST}/art/2024.html"
    world.back_up()
    world.site.publish(paper.report(2024, requests=99), at=at)
    world.days()
    world.site.publish(paper.report(2024), at=at)
    assert len(world.days()) == 1
    world.restore()
    assert world.days() == []
    world.site.publish(paper.report(2024, requests=99), at=at)
    assert len(world.days()) == 1


def test_a_change_that_was_told_and_undone_unseen_is_told_when_it_comes_back(world: Restored, paper: Any) -> None:
    at = f"{paper.HOST}/art/2024.html"
    world.back_up()
    world.site.publish(paper.report(2024, requests=99), at=at)
    assert len(world.days()) == 1
    world.site.publish(paper.report(2024), at=at)
    world.restore()
    assert world.days() == []
    world.site.publish(paper.report(2024, requests=99), at=at)
    assert len(world.days()) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_what_was_told_hides_one_event_and_no_later_one(world: Restored, paper: Any, lost: int) -> None:
    """`delisted`, or `delisted` and `relisted`, were told by the record that was lost."""
    at, listed = f"{paper.HOST}/art/2024.html", dict(world.site.sections[paper.SECTION].links)

    def turn(number: int) -> None:
        links = world.site.sections[paper.SECTION].links
        links.clear() if number else links.update(listed)
        links.update({url: title for url, title in listed.items() if url != at})

    world.back_up()
    for number in (1, 0)[:lost]:
        turn(number)
        assert len(world.days()) == 1
    world.restore()
    assert world.days() == []
    for number in (1, 0, 1, 0)[lost % 2 :]:
        turn(number)
        assert len(world.days()) == 1


def test_a_line_about_another_event_of_that_key_marks_nothing(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel())
    path = journal.beside(store)
    assert path is not None
    journal.append(path, [journal.Entry("changed/0", "another", "office", "event", NOW)])
    assert journal.reconcile(store) == 0
    assert deliver(store, OFFICE, NOW, send=desk).sent == 1


def test_what_waited_in_the_copy_and_was_sent_since_is_not_sent_again(world: Restored, paper: Any) -> None:
    world.site.publish(paper.report(2025))
    world.site.run()
    world.back_up()  # the delivery is pending in it
    assert deliver(world.site.store, OFFICE, world.site.now, send=world.desk).sent == 1
    world.restore()
    assert deliver(world.site.store, OFFICE, world.site.now, send=world.desk).sent == 0
    row = world.site.store.row("SELECT last_error FROM deliveries WHERE id = 2")
    assert row == {"last_error": journal.TOLD_BEFORE}


def test_with_the_journal_gone_too_what_is_found_first_is_marked(world: Restored, paper: Any) -> None:
    art = f"{paper.HOST}/art"
    world.back_up()
    world.site.publish(paper.report(2025))
    world.days()
    world.site.publish(paper.report(2024, requests=99), at=f"{art}/2024.html")
    world.days()
    world.restore(journal_too=True)
    assert [subject.endswith("（可能重复）") for subject in world.days()] == [True, True]
    world.site.publish(paper.report(2024, requests=100), at=f"{art}/2024.html")
    world.site.publish(paper.report(2022), at=f"{art}/2022.html")
    assert [subject.endswith("（可能重复）") for subject in world.days()] == [False, False]


def test_a_copy_from_before_the_first_message_knows_its_journal(world: Restored, paper: Any, tmp_path: Path) -> None:
    assert (journal._position(world.site.store, world.path.with_name(journal.FILE))[1] or 0) > 0


def test_a_retraction_that_was_told_is_not_told_again(store: Store, desk: Desk, tmp_path: Path) -> None:
    event = add_event(store, "overdue", organ="某局", year=2025)
    tell(store, [event], channel())
    deliver(store, OFFICE, NOW, send=desk)
    path = journal.beside(store)
    assert path is not None
    statement = {"key": "overdue/0", "said": lines(store)[1]["said"], "channel": "office", "purpose": "retraction"}
    with path.open("a") as file:
        file.write(json.dumps({**statement, "at": NOW}) + "\n")
    journal.reconcile(store)
    with store.transaction():
        store.run("UPDATE events SET retracted_at = ?", (NOW,))
        assert enqueue_retraction(store, event, OFFICE.channels, NOW, ZONE) == 0
    assert states(store) == ["sent", "sent"]


def test_subjects() -> None:
    assert subject("changed:linhai:市:政府:2024:0:2", "x", "event") == "content:linhai:市:政府:2024:0"
    assert subject("appeared:linhai:市:政府:2024:0:1", "x", "event") == "content:linhai:市:政府:2024:0"
    assert subject("service/channel_dead/a/2026-11-21", "x", "event") == "service/channel_dead/a/2026-11-21"
    assert subject("overdue:linhai:市:2024:1", "x", "event") == "overdue:linhai:市:2024"
    assert subject("finding:linhai:市:2024:0:7", "x", "event") == "finding:linhai:市:2024:0:x"
    assert subject("changed:linhai:市:政府:2024:0:2", "x", "retraction") == "changed:linhai:市:政府:2024:0:2"
