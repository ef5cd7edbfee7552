"""notes.db: acts and what they leave, what may not be done, and the file itself: concurrent, killed, damaged, newer."""

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.notes import LONGEST, About, Notes, NotesError, Refused, checked
from monitor.sqlite import sqlite3

AT = "2026-01-29T01:00:00Z"
LATER = "2026-01-29T02:00:00Z"
ONE, TWO = About("appeared/x/1", 1, 10), About("portal_down/x", 2)


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path / "notes.db")


def whats(notes: Notes) -> list[str]:
    return [act.what for act in reversed(notes.acts(None, 1000))]


def test_reading_makes_no_file(notes: Notes, tmp_path: Path) -> None:
    assert notes.of_event(ONE.key).comments == ()
    assert notes.counts("王芳") == {"mine": 0, "open": 0, "proposals": 0}
    assert notes.acts(None, 10) == []
    assert not list(tmp_path.iterdir())


def test_the_file_is_nobody_else_s(notes: Notes, tmp_path: Path) -> None:
    notes.see("王芳", AT, [ONE])
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}


def test_seen_by_whom_and_when(notes: Notes) -> None:
    assert notes.see("王芳", AT, [ONE, TWO]) == 2
    assert notes.see("王芳", LATER, [ONE]) == 0
    assert notes.see("李明", LATER, [ONE]) == 1
    assert notes.of_event(ONE.key).seen == (("王芳", AT), ("李明", LATER))
    assert notes.seen_among("王芳", [ONE.key, TWO.key, "another"]) == {ONE.key, TWO.key}
    notes.unsee("王芳", LATER, ONE)
    notes.unsee("王芳", LATER, ONE)
    assert notes.of_event(ONE.key).seen == (("李明", LATER),)
    assert whats(notes) == ["seen", "seen", "seen", "unseen"]


def test_seen_up_to_a_time_goes_forward_only(notes: Notes) -> None:
    notes.see_until("王芳", AT, LATER)
    notes.see_until("王芳", AT, AT)
    assert notes.seen_until("王芳") == LATER
    assert notes.seen_until("李明") == ""
    assert whats(notes) == ["seen_until"]


def test_an_event_is_somebody_s(notes: Notes) -> None:
    notes.assign("王芳", AT, ONE, "李明", editor=True)
    found = notes.of_event(ONE.key).assigned
    assert found is not None
    assert (found.whom, found.by, found.at) == ("李明", "王芳", AT)
    assert notes.counts("李明") == {"mine": 1, "open": 1, "proposals": 0}
    notes.settle("李明", LATER, ONE, editor=False)
    assert notes.counts("李明")["open"] == 0
    notes.settle("李明", LATER, ONE, editor=False, open_again=True)
    notes.assign("李明", LATER, ONE, "", editor=False)
    assert notes.of_event(ONE.key).assigned is None
    assert whats(notes) == ["assigned", "settled", "reopened", "unassigned"]


@pytest.mark.parametrize(
    "do",
    [
        lambda notes: notes.assign("赵强", AT, ONE, "王芳", editor=False),
        lambda notes: notes.assign("赵强", AT, ONE, "赵强", editor=False),
        lambda notes: notes.assign("赵强", AT, ONE, "", editor=False),
        lambda notes: notes.assign("赵强", AT, TWO, "李明", editor=False),
        lambda notes: notes.settle("赵强", AT, ONE, editor=False),
        lambda notes: notes.edit("赵强", AT, 1, ONE.key, "别的"),
        lambda notes: notes.edit("李明", AT, 1, TWO.key, "别的"),
        lambda notes: notes.remove("赵强", AT, 1, ONE.key, editor=False),
        lambda notes: notes.remove("王芳", AT, 99, ONE.key, editor=True),
        lambda notes: notes.decide("赵强", AT, 1, "accepted", "", editor=False),
        lambda notes: notes.decide("赵强", AT, 1, "withdrawn", "", editor=False),
        lambda notes: notes.decide("王芳", AT, 1, "declined", " ", editor=True),
        lambda notes: notes.decide("王芳", AT, 9, "accepted", "", editor=True),
        lambda notes: notes.propose("赵强", AT, ONE, "retract", "再一次"),
        lambda notes: notes.propose("赵强", AT, TWO, "correct", "无年报", "某局"),
        lambda notes: notes.propose("赵强", AT, ONE, "correct", "没有写是什么"),
        lambda notes: notes.comment("赵强", AT, ONE, " \n\u200b\t"),
        lambda notes: notes.comment("赵强", AT, ONE, "长" * (LONGEST + 1)),
    ],
)
def test_what_may_not_be_done_leaves_nothing(notes: Notes, do: Callable[[Notes], object]) -> None:
    notes.assign("王芳", AT, ONE, "李明", editor=True)
    notes.comment("李明", AT, ONE, "看过了")
    notes.propose("李明", AT, ONE, "retract", "不是年报")
    before = notes.of_event(ONE.key), whats(notes)
    with pytest.raises(Refused, match=r"[\u4e00-\u9fff]"):
        do(notes)
    assert (notes.of_event(ONE.key), whats(notes)) == before


def test_a_comment_that_is_edited_and_removed_leaves_its_trace(notes: Notes) -> None:
    number = notes.comment("李明", AT, ONE, "第一稿")
    notes.edit("李明", LATER, number, ONE.key, "第二稿")
    notes.edit("李明", LATER, number, ONE.key, "第二稿")
    (comment,) = notes.of_event(ONE.key).comments
    assert (comment.text, comment.edited_at, comment.before) == ("第二稿", LATER, ((AT, "第一稿"),))
    notes.remove("王芳", LATER, number, ONE.key, editor=True)
    (comment,) = notes.of_event(ONE.key).comments
    assert (comment.removed_by, comment.removed_at) == ("王芳", LATER)
    with pytest.raises(Refused):
        notes.edit("李明", LATER, number, ONE.key, "第三稿")
    assert [(act.what, act.text) for act in reversed(notes.acts(None, 9))] == [
        ("commented", "第一稿"), ("edited", "第二稿"), ("removed", ""),
    ]  # fmt: skip


def test_a_form_that_is_sent_twice_is_taken_once(notes: Notes) -> None:
    first = notes.comment("李明", AT, ONE, "看过了", once="a")
    assert notes.comment("李明", LATER, ONE, "看过了", once="a") == first
    assert notes.comment("李明", LATER, ONE, "看过了", once="b") != first
    number = notes.propose("李明", AT, ONE, "retract", "不是年报", once="c")
    assert notes.propose("李明", AT, ONE, "retract", "不是年报", once="c") == number


@pytest.mark.parametrize(
    ("states", "good"),
    [
        (["accepted"], True), (["declined"], True), (["withdrawn"], True), (["accepted", "declined"], True),
        (["declined", "accepted"], False), (["withdrawn", "accepted"], False), (["accepted", "withdrawn"], False),
    ],
)  # fmt: skip
def test_a_proposal_is_decided(notes: Notes, states: list[str], good: bool) -> None:
    number = notes.propose("李明", AT, ONE, "correct", "是审计局的", "审计局", 2023)
    *first, last = states
    for state in first:
        notes.decide("李明", LATER, number, state, "看过", editor=True)  # type: ignore[arg-type]
    if good:
        notes.decide("李明", LATER, number, last, "看过", editor=True)  # type: ignore[arg-type]
        assert notes.of_event(ONE.key).proposals[0].state == last
    else:
        with pytest.raises(Refused):
            notes.decide("李明", LATER, number, last, "看过", editor=True)  # type: ignore[arg-type]
    assert notes.counts("李明")["proposals"] == 0


def test_history_is_never_lost(notes: Notes, tmp_path: Path) -> None:
    notes.comment("李明", AT, ONE, "看过了")
    conn = sqlite3.connect(tmp_path / "notes.db")
    for sql in ("DELETE FROM actions", "UPDATE actions SET who = 'x'", "DELETE FROM actions WHERE id = 1"):
        with pytest.raises(sqlite3.IntegrityError):
            conn.execute(sql)
    conn.close()


def test_a_text_is_kept_as_it_was_written_but_for_what_deceives() -> None:
    assert checked("  第一行\r\n\r\n\t第二行 <b>&\x00\x1b[31m\u202e\u200b ", "备注") == "第一行\n\n\t第二行 <b>&[31m"
    assert checked("", "意见", empty=True) == ""
    assert checked("家👨‍👩‍👧", "备注").startswith("家👨")


def test_pages_of_lists_go_on_where_they_ended(notes: Notes) -> None:
    for number in range(25):
        about = About(f"event/{number:02}", number, number)
        notes.assign("王芳", AT if number % 2 else LATER, about, "李明", editor=True)
        notes.propose("李明", AT, about, "retract", "不是")
    keys: list[str] = []
    before: tuple[str, str] | None = None
    while found := notes.assignments("李明", before, 4):
        keys += [one.key for one in found]
        before = found[-1].at, found[-1].key
    assert len(keys) == len(set(keys)) == 25
    numbers: list[int] = []
    last: int | None = None
    while proposals := notes.proposals(("open",), last, 4):
        numbers += [one.id for one in proposals]
        last = proposals[-1].id
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == 25


# The file ------------------------------------------------------------------------------------------------------------


def test_many_threads_write_at_once(notes: Notes) -> None:
    def work(number: int) -> None:
        for turn in range(10):
            notes.comment(f"人{number}", AT, ONE, f"{number}.{turn}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.text for one in notes.of_event(ONE.key).comments}) == 80


def _write_some(path: str, number: int) -> None:
    for turn in range(10):
        Notes(Path(path)).comment(f"人{number}", AT, ONE, f"{number}.{turn}")


def test_several_processes_begin_at_once(notes: Notes, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_some, args=(str(tmp_path / "notes.db"), one)) for one in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    assert len(notes.of_event(ONE.key).comments) == 40
    assert whats(notes).count("commented") == 40


_KILLED = """
import sys
from pathlib import Path
from monitor.notes import About, Notes
notes = Notes(Path(sys.argv[1]))
for number in range(100_000):
    notes.comment("李明", "2026-01-29T01:00:00Z", About("appeared/x/1", 1, 10), f"{number}")
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [0, 1, 7, 20])
def test_what_was_acknowledged_survives_the_writer(notes: Notes, tmp_path: Path, after: int) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path / "notes.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = -1
        while last < after:
            last = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
        last = max([last, *map(int, process.stdout.read().split())])
    kept = [int(one.text) for one in notes.of_event(ONE.key).comments]
    assert kept in ([*range(last + 1)], [*range(last + 2)])
    assert whats(notes).count("commented") == len(kept)
    notes.comment("王芳", AT, ONE, "继续")


def _damage(path: Path, how: str) -> None:
    if how == "newer":
        conn = sqlite3.connect(path)
        conn.execute("PRAGMA user_version = 999")
        conn.close()
        return
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    match how:
        case "other":
            path.write_bytes(b"this is no database at all" * 100)
        case "torn":
            data = path.read_bytes()
            path.write_bytes(data[:4096] + os.urandom(len(data) - 4096))
        case "folder":
            path.unlink()
            path.mkdir()


@pytest.mark.parametrize("how", ["other", "torn", "newer", "folder"])
def test_a_file_that_cannot_be_used_is_said_in_chinese(tmp_path: Path, how: str) -> None:
    notes = Notes(tmp_path / "notes.db")
    notes.comment("李明", AT, ONE, "看过了")
    before = Notes(tmp_path / "notes.db")
    del notes
    _damage(tmp_path / "notes.db", how)
    with pytest.raises(NotesError, match="批注") as caught:
        before.of_event(ONE.key)
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(NotesError):
        before.comment("李明", AT, ONE, "再看")


def test_a_file_that_is_exchanged_is_the_new_one_at_once(notes: Notes, tmp_path: Path) -> None:
    """As `nianbao restore` does."""
    notes.comment("李明", AT, ONE, "旧的")
    other = Notes(tmp_path / "other.db")
    other.comment("李明", AT, ONE, "新的")
    del other
    conn = sqlite3.connect(tmp_path / "other.db")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    conn.close()
    for side in ("-wal", "-shm"):
        (tmp_path / f"notes.db{side}").unlink(missing_ok=True)
    (tmp_path / "other.db").replace(tmp_path / "notes.db")
    assert [one.text for one in notes.of_event(ONE.key).comments] == ["新的"]


def test_one_who_waits_too_long_is_told(notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.notes.file.BUSY_SECONDS", 0.1)
    notes.comment("李明", AT, ONE, "看过了")
    conn = sqlite3.connect(tmp_path / "notes.db", isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotesError, match="请稍后再试"):
        notes.comment("李明", AT, ONE, "再看")
    assert len(notes.of_event(ONE.key).comments) == 1, "reading does not wait"
    conn.execute("ROLLBACK")
    conn.close()
    notes.comment("李明", AT, ONE, "再看")
