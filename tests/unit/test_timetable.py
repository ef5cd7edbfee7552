"""The timetable: APScheduler keeps the plan, whatever the clock does."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from apscheduler.schedulers.base import STATE_RUNNING

from monitor.planning import Turn
from monitor.service import timetable as module
from monitor.service.timetable import Timetable
from monitor.times import format_utc, shift


def now() -> str:
    return format_utc(datetime.now(UTC))


class Due:
    """Turns that came due."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.came = threading.Condition()

    def __call__(self, turn: Turn) -> None:
        with self.came:
            self.turns.append(turn)
            self.came.notify_all()
        if turn.why == "raise":
            raise RuntimeError("a fault of our own")

    def wait(self, number: int, seconds: float = 5.0) -> bool:
        with self.came:
            return self.came.wait_for(lambda: len(self.turns) >= number, seconds)


@pytest.fixture
def due() -> Due:
    return Due()


@pytest.fixture
def timetable(due: Due) -> Iterator[Timetable]:
    kept = Timetable(now, due)
    kept.start()
    yield kept
    kept.stop()


def turn(portal: str, seconds: float, why: str = "season") -> Turn:
    return Turn(portal, "full", shift(now(), seconds), why)


def test_a_turn_fires_once_when_it_is_due_however_late(timetable: Timetable, due: Due) -> None:
    timetable.plan(turn("late", -86400 * 400))
    timetable.plan(turn("soon", 1))
    timetable.plan(turn("tomorrow", 86400))
    assert due.wait(2)
    time.sleep(0.3)
    assert [one.portal for one in due.turns] == ["late", "soon"]
    assert timetable.turns()[-1].portal == "tomorrow"


def test_a_turn_that_has_fired_is_planned_no_more_so_that_it_can_be_seen_missing(
    timetable: Timetable, due: Due
) -> None:
    timetable.plan(turn("linhai", 0, "raise"))
    assert due.wait(1)
    assert timetable.turns() == []
    timetable.plan(turn("linhai", 86400))
    assert [one.portal for one in timetable.turns()] == ["linhai"]


def test_a_new_plan_takes_the_place_of_the_old(timetable: Timetable, due: Due) -> None:
    timetable.plan(turn("linhai", 0.5))
    timetable.plan(turn("linhai", 86400))
    timetable.plan(turn("haidian", 86400))
    timetable.plan(turn("haidian", 0))
    timetable.plan(turn("gone", 0.5))
    timetable.forget("gone")
    timetable.forget("never planned")
    assert due.wait(1)
    time.sleep(1.2)
    assert [one.portal for one in due.turns] == ["haidian"]
    assert {one.portal for one in timetable.turns()} == {"linhai"}


def test_a_turn_planned_from_within_a_turn_is_kept(due: Due) -> None:
    """A pass may end before APScheduler has put the job that began it away."""
    kept: list[Timetable] = []

    def again(one: Turn) -> None:
        due(one)
        if len(due.turns) < 20:
            kept[0].plan(turn("linhai", 0))

    kept.append(Timetable(now, again))
    kept[0].start()
    try:
        kept[0].plan(turn("linhai", 0))
        assert due.wait(20)
    finally:
        kept[0].stop()


def test_what_fails_is_logged_and_stops_nothing(
    timetable: Timetable, due: Due, caplog: pytest.LogCaptureFixture
) -> None:
    timetable.plan(turn("one", 0, "raise"))
    assert due.wait(1)
    timetable.plan(turn("two", 0))
    assert due.wait(2)
    end = time.monotonic() + 5  # the turn is noted before it fails, and the failure is logged by another thread
    while "turn of one failed" not in caplog.text and time.monotonic() < end:
        time.sleep(0.01)
    assert "turn of one failed" in caplog.text


def test_it_is_stopped_while_a_turn_fires(due: Due, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its thread ends without a word."""
    faults: list[object] = []
    monkeypatch.setattr(threading, "excepthook", faults.append)
    firing, go_on = threading.Event(), threading.Event()
    submit = module.ThreadPoolExecutor.submit_job

    def slowly(self: Any, *job: Any) -> None:
        firing.set()
        go_on.wait(10)
        submit(self, *job)

    monkeypatch.setattr(module.ThreadPoolExecutor, "submit_job", slowly)
    kept = Timetable(now, due)
    kept.start()
    scheduler = kept._scheduler
    thread = scheduler._thread
    kept.plan(turn("one", 0))
    assert firing.wait(5)
    stopping = threading.Thread(target=kept.stop)
    stopping.start()
    end = time.monotonic() + 5
    while scheduler.state == STATE_RUNNING and time.monotonic() < end:
        time.sleep(0.01)
    assert scheduler.state != STATE_RUNNING
    go_on.set()
    stopping.join(10)
    thread.join(10)
    assert not thread.is_alive()
    assert faults == []


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 365 * 86400.0, -365 * 86400.0])
def test_a_clock_that_jumps_is_noticed_and_upkeep_goes_on(
    timetable: Timetable, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    assert timetable.mind_the_clock() == 0.0
    done = threading.Semaphore(0)
    timetable.every(86400 * 1000, "upkeep", done.release)
    assert done.acquire(timeout=5)
    assert not done.acquire(timeout=0.2)
    true = time.time
    monkeypatch.setattr(module.time, "time", lambda: true() + jump)
    assert timetable.mind_the_clock() == pytest.approx(jump, abs=5)
    assert timetable.mind_the_clock() == 0.0
    assert done.acquire(timeout=5)  # at once, and not in a thousand days less an hour


def test_many_portals_are_planned_fast(timetable: Timetable) -> None:
    begun = time.perf_counter()
    for number in range(3000):
        timetable.plan(turn(f"portal{number}", 3600 + number))
    assert time.perf_counter() - begun < 30
    assert len(timetable.turns()) == 3000
