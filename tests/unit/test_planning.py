"""monitor.planning: by hand for what a reader of the settings expects, and by property for what must hold whatever they say."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.planning import DAY, FLOOR, WHYS, PortalFacts, Turn, next_turn, rhythm_of
from monitor.settings import Schedule
from monitor.times import format_utc, to_utc

ZONE = "Asia/Shanghai"
CALM = Schedule(jitter="0s", season_discover="", offseason_discover="")
NOW = "2026-11-22T04:00:00Z"  # noon in Shanghai


def facts(*, full: str | None = NOW, **more: Any) -> PortalFacts:
    known = {"health": "ok", "last_started": full, "last_full": full, "last_discover": None}
    return PortalFacts("linhai", **{**known, **more})


def local(turn: Turn, zone: str = ZONE) -> str:
    return to_utc(turn.at).astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M")


def plays(start: PortalFacts, schedule: Schedule, hours: float, zone: str = ZONE) -> list[Turn]:
    """The turns of a portal that is always read at its time, and answers."""
    now, end = start.last_started or NOW, format_utc(to_utc(start.last_started or NOW) + timedelta(hours=hours))
    turns: list[Turn] = []
    while (turn := next_turn(start, schedule, zone, now)).at <= end:
        turns.append(turn)
        now = turn.at
        key = "last_full" if turn.mode == "full" else "last_discover"
        start = msgspec.structs.replace(start, last_started=now, **{key: now})
    return turns


# A reader of nianbao.toml expects -----------------------------------------------------------------------------------


def test_a_portal_that_was_never_read_is_due_at_once() -> None:
    assert next_turn(PortalFacts("linhai"), Schedule(), ZONE, NOW) == Turn("linhai", "full", NOW, "new")


@pytest.mark.parametrize(
    ("full", "at", "why"),
    [
        ("2026-11-22T00:31:00Z", "11-23 08:30", "offseason"),
        ("2026-12-31T00:31:00Z", "01-01 08:30", "season"),
        ("2027-01-01T00:31:00Z", "01-01 14:30", "season"),
        ("2027-04-15T12:31:00Z", "04-16 08:30", "offseason"),
    ],
)
def test_full_passes_have_their_hours_in_season_and_out(full: str, at: str, why: str) -> None:
    turn = next_turn(facts(full=full), CALM, ZONE, full)
    assert (turn.mode, local(turn), turn.why) == ("full", at, why)


def test_a_season_may_span_the_end_of_the_year() -> None:
    schedule = msgspec.structs.replace(CALM, season="11-20..02-10", season_passes=("05:00",))
    assert local(next_turn(facts(), schedule, ZONE, NOW)) == "11-23 05:00"


def test_between_full_passes_the_lists_alone_are_read() -> None:
    schedule = msgspec.structs.replace(CALM, season_discover="2h")
    day = plays(facts(full="2027-02-01T00:30:00Z"), schedule, 24)
    assert [turn.why for turn in day].count("season") == 3
    assert {turn.mode for turn in day if turn.why == "discover"} == {"discover"}
    starts = ["2027-02-01T00:30:00Z", *(turn.at for turn in day)]
    gaps = [(to_utc(later) - to_utc(sooner)).total_seconds() for sooner, later in pairwise(starts)]
    assert max(gaps) <= 2.5 * 3600
    assert min(gaps) >= 1800, "no look at the lists right before or after a full pass"


def test_a_portal_with_a_missing_report_is_read_whole_each_time_and_twice_a_day() -> None:
    turns = plays(facts(missing=1), CALM, 48)
    assert {(turn.mode, turn.why) for turn in turns} == {("full", "missing")}
    gone = [to_utc(NOW), *(to_utc(turn.at) for turn in turns)]
    third = next(at for at in gone[2:] if at - gone[0] >= timedelta(hours=24))
    assert third - gone[0] <= timedelta(hours=48), "three readings over a day are had within two"


def test_slots_that_were_missed_are_one_pass() -> None:
    turn = next_turn(facts(full="2026-11-01T04:00:00Z"), Schedule(), ZONE, NOW)
    assert (turn.mode, turn.why) == ("full", "missed")
    assert turn.at < NOW
    then = facts(full=NOW)
    assert next_turn(then, Schedule(), ZONE, NOW).at > NOW


def test_a_discovery_that_was_missed_with_a_full_pass_is_that_full_pass() -> None:
    schedule = Schedule(jitter="0s", offseason_discover="1h")
    turn = next_turn(facts(full="2026-11-21T00:31:00Z", last_discover="2026-11-21T20:00:00Z"), schedule, ZONE, NOW)
    assert (turn.mode, turn.why) == ("full", "missed")


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 5), (2, 10), (3, 20), (6, 160), (9, 1280), (10, 1440), (99, 1440)]
)
def test_what_was_cut_short_is_tried_again_soon_and_ever_later(failures: int, minutes: int) -> None:
    full = "2026-11-21T00:31:00Z"
    turn = next_turn(facts(full=full, last_started=NOW, failures=failures), CALM, ZONE, NOW)
    assert (turn.mode, turn.why) == ("full", "retry")
    assert to_utc(turn.at) - to_utc(NOW) == timedelta(minutes=minutes)


@pytest.mark.parametrize(("empty", "hours"), [(3, 2), (4, 4), (5, 8), (6, 16), (7, 24), (50, 24)])
def test_a_portal_that_is_down_is_asked_ever_later(empty: int, hours: int) -> None:
    schedule = msgspec.structs.replace(CALM, season="11-01..12-01", season_discover="10m")
    turn = next_turn(facts(empty_passes=empty, last_full="2026-11-20T00:31:00Z"), schedule, ZONE, NOW)
    assert turn.why == "down"
    assert timedelta(0) <= to_utc(turn.at) - to_utc(NOW) - timedelta(hours=hours) < timedelta(minutes=13)


def test_the_first_three_tries_span_hours() -> None:
    """Rule 5: three passes in a row that read nothing are an outage, and minutes are none."""
    tries = [to_utc("2027-02-01T01:00:00Z")]
    for empty in (1, 2):
        now = format_utc(tries[-1])
        turn = next_turn(
            facts(full="2027-02-01T00:30:00Z", last_started=now, empty_passes=empty), Schedule(), ZONE, now
        )
        assert turn.why in ("discover", "season")
        tries.append(to_utc(turn.at))
    assert tries[2] - tries[0] >= timedelta(hours=2)


def test_a_pass_that_was_killed_before_it_read_anything_is_tried_soon_once() -> None:
    """It counts towards rule 5: machines that crash for a quarter of an hour make no outage of a portal."""
    tries = [
        next_turn(facts(full="2026-11-21T00:31:00Z", last_started=NOW, empty_passes=n, failures=n), CALM, ZONE, NOW)
        for n in (1, 2)
    ]
    assert [local(turn) for turn in tries] == ["11-22 12:05", "11-23 08:30"]


@pytest.mark.parametrize(
    ("zone", "at", "full", "utc"),
    [
        ("Europe/Berlin", "02:30", "2027-03-27T12:00:00Z", "2027-03-28T01:30:00Z"),
        ("Europe/Berlin", "02:30", "2027-10-30T12:00:00Z", "2027-10-31T00:30:00Z"),
        ("Pacific/Kiritimati", "00:10", "2027-06-01T12:00:00Z", "2027-06-02T10:10:00Z"),
        ("Etc/GMT+12", "23:50", "2027-06-01T12:00:00Z", "2027-06-02T11:50:00Z"),
    ],
    ids=["an hour that is skipped", "an hour that comes twice", "far east", "far west"],
)
def test_local_times_hold_through_a_clock_change_and_anywhere(zone: str, at: str, full: str, utc: str) -> None:
    schedule = msgspec.structs.replace(CALM, season_passes=(at,), offseason_passes=(at,))
    assert next_turn(facts(full=full), schedule, zone, full).at == utc
    days = plays(facts(full=full), schedule, 24 * 4, zone)
    assert len(days) == 4


def test_portals_are_spread_over_the_jitter() -> None:
    schedule = msgspec.structs.replace(CALM, jitter="2h")
    minutes = [
        (to_utc(next_turn(msgspec.structs.replace(facts(), portal=f"p{n}"), schedule, ZONE, NOW).at).timestamp() // 60)
        for n in range(1200)
    ]
    busiest = max(minutes.count(minute) for minute in set(minutes))
    assert len(set(minutes)) > 115
    assert busiest < 30


def test_each_reason_has_words() -> None:
    assert all(WHYS.values())


# Whatever the settings say ------------------------------------------------------------------------------------------

moments = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: format_utc(datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
)
maybe = st.none() | moments
times = st.lists(st.times().map(lambda one: one.strftime("%H:%M")), min_size=1, max_size=4, unique=True).map(tuple)
durations = st.sampled_from(["", "10m", "45m", "2h", "7h", "12h", "1d"])
schedules = st.builds(
    Schedule,
    season=st.sampled_from(["01-01..04-15", "11-15..02-01", "02-29..02-29", "01-01..12-31"]),
    season_passes=times,
    offseason_passes=times,
    season_discover=durations,
    offseason_discover=durations,
    jitter=st.sampled_from(["0s", "10m", "3h", "6h"]),
)
zones = st.sampled_from(
    [ZONE, "Europe/Berlin", "America/New_York", "Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe"]
)
states = st.builds(
    PortalFacts,
    portal=st.sampled_from(["linhai", "haizhu", "x" * 40]),
    empty_passes=st.integers(0, 40),
    failures=st.integers(0, 40),
    last_started=maybe,
    last_full=maybe,
    last_discover=maybe,
    missing=st.integers(0, 2),
)


def seconds(text: str) -> float:
    return to_utc(text).timestamp()


def past(text: str | None, now: str) -> bool:
    return text is not None and text <= now


@given(states, schedules, zones, moments)
def test_a_turn_is_never_far_nor_too_near(known: PortalFacts, schedule: Schedule, zone: str, now: str) -> None:
    """Also after any jump of the clock: times of the record may lie years ahead."""
    turn = next_turn(known, schedule, zone, now)
    assert turn.why in WHYS
    assert seconds(turn.at) <= seconds(now) + DAY + schedule.jitter_seconds + 3600
    if past(known.last_started, now):
        assert seconds(turn.at) >= seconds(known.last_started or "") + FLOOR
    else:
        assert turn.at == now


@given(states, schedules, zones, moments, st.integers(0, 90 * DAY))
def test_a_plan_holds_until_its_time_comes(
    known: PortalFacts, schedule: Schedule, zone: str, now: str, later: int
) -> None:
    """A restart, or asking twice, moves nothing: only what the record knows does."""
    if (
        known.last_started is None
        or max(filter(None, (known.last_started, known.last_full, known.last_discover))) > now
    ):
        return
    turn = next_turn(known, schedule, zone, now)
    then = format_utc(to_utc(now) + timedelta(seconds=later))
    rhythm_of.cache_clear()  # another process
    again = next_turn(known, schedule, zone, min(then, max(turn.at, now)))
    assert (again.mode, again.at) == (turn.mode, turn.at)
    much_later = next_turn(known, schedule, zone, then)
    assert much_later.at <= max(turn.at, then)


@given(states, schedules, zones, moments, st.integers(1, 5))
def test_what_fails_more_often_is_tried_no_sooner(
    known: PortalFacts, schedule: Schedule, zone: str, now: str, more: int
) -> None:
    for field, other in (("empty_passes", "failures"), ("failures", "empty_passes")):
        one = msgspec.structs.replace(known, **{other: 0})
        worse = msgspec.structs.replace(one, **{field: getattr(one, field) + more})
        # What was due before now begins now.
        assert max(now, next_turn(worse, schedule, zone, now).at) >= next_turn(one, schedule, zone, now).at


@given(schedules, zones, moments)
def test_a_portal_that_answers_has_all_its_full_passes(schedule: Schedule, zone: str, now: str) -> None:
    """Three days, whatever lies in them: each time of the timetable has its full pass, or shares one within the floor."""
    turns = plays(facts(full=now), schedule, 72, zone)
    full = [turn for turn in turns if turn.mode == "full"]
    assert len(full) >= 2
    starts = [now, *(turn.at for turn in turns)]
    assert all(seconds(later) - seconds(sooner) >= FLOOR for sooner, later in pairwise(starts))
