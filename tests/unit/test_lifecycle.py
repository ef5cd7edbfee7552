"""The state machine against the law's own words: a test for each rule and row that it decides, and random timelines."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.portal import Policy
from monitor.lifecycle import PassFacts, PortalState, ReportState, Sighting, judge

NOW = datetime(2026, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Policy()
GONE, PRESENT = Sighting("gone"), Sighting("present")


def facts(now=NOW, **changes):
    return PassFacts(**{"now": now, "read_anything": True, "healthy": True, **changes})


def reports(count, **changes):
    return [ReportState(id=n, page=f"p{n}", last_verified_at=NOW, **changes) for n in range(1, count + 1)]


class Timeline:
    """Passes, one a day, over a portal."""

    def __init__(self, count=10, policy=POLICY, **report):
        self.portal, self.reports, self.policy = PortalState(health="ok"), reports(count, **report), policy
        self.now = NOW

    def run(self, sightings=None, *, days=1.0, others=PRESENT, **changes):
        self.now += DAY * days
        seen = {report.id: others for report in self.reports} | (sightings or {})
        self.last = judge(self.portal, self.reports, seen, facts(self.now, **changes), self.policy)
        self.portal, self.reports = self.last.portal, list(self.last.reports.values())
        return [(said.kind, said.report) for said in self.last.said]

    def __getitem__(self, number):
        return self.reports[number - 1]


# Readings -------------------------------------------------------------------------------------------------------------


def test_present_is_verified_and_says_nothing():
    line = Timeline()
    assert line.run() == []
    assert line[1].last_verified_at == line.now
    assert not line.last.counted


@pytest.mark.parametrize("reading", ["blocked", "unreachable", None])
def test_blocked_and_unreachable_say_nothing_about_the_report(reading):
    line = Timeline()
    before = line[1]
    assert line.run({1: Sighting(reading)}) == []
    assert line[1] == before


def test_gone_after_one_more_confirmation_where_the_page_is_something_else():
    line = Timeline()
    weak = Sighting("weak_gone")
    assert [line.run({1: weak}) for _ in range(4)] == [[], [], [], [("taken_down", 1)]]
    line = Timeline()
    assert [line.run({1: one}) for one in (GONE, weak, GONE)] == [[]] * 3
    assert line.run({1: GONE}) == [("taken_down", 1)]


# Rule 1 ---------------------------------------------------------------------------------------------------------------


def test_taken_down_needs_takedown_confirmations_consecutive_readings_gone():
    line = Timeline()
    assert line.run({1: GONE}) == []
    assert (line[1].status, line[1].misses, line[1].missing_since) == ("missing", 1, line.now)
    assert line.run({1: GONE}) == []
    assert line.run({1: GONE}) == [("taken_down", 1)]
    assert line.last.said[0].count == 3
    assert line.last.counted == {1}
    assert line.run({1: GONE}) == []


def test_spread_over_at_least_takedown_after():
    line = Timeline()
    assert [line.run({1: GONE}, days=0.2) for _ in range(5)] == [[]] * 5
    assert line.run({1: GONE}, days=0.2) == [("taken_down", 1)]  # five intervals: exactly 24 hours


def test_present_resets_the_count():
    line = Timeline()
    for one in (GONE, GONE, PRESENT, GONE, GONE):
        assert line.run({1: one}) == []
    assert line[1].misses == 2


@pytest.mark.parametrize("between", [Sighting("blocked"), Sighting("unreachable"), Sighting()])
def test_blocked_unreachable_and_unread_neither_count_nor_reset(between):
    line = Timeline()
    for one in (GONE, between, GONE, between, between):
        assert line.run({1: one}) == []
    assert line[1].misses == 2
    assert line.run({1: GONE}) == [("taken_down", 1)]


def test_unhealthy_passes_neither_count_nor_reset():
    line = Timeline()
    assert line.run({1: GONE}) == []
    assert [line.run({1: GONE}, healthy=False) for _ in range(5)] == [[]] * 5
    assert line[1].misses == 1
    assert line.run({1: PRESENT}, healthy=False) == []
    assert line[1].status == "live"


# Rules 2, 4, 11 -------------------------------------------------------------------------------------------------------


def test_found_at_another_address_it_is_moved():
    line = Timeline()
    line.run({1: GONE})
    line.run({1: GONE})
    assert line.run({1: Sighting("gone", moved=True)}) == [("moved", 1)]
    assert (line[1].status, line[1].misses) == ("live", 0)


def test_gone_and_back_before_confirmation_leaves_no_event():
    line = Timeline()
    assert [line.run({1: one}) for one in (GONE, GONE, PRESENT)] == [[]] * 3
    assert line[1] == msgspec.structs.replace(reports(1)[0], last_verified_at=line.now)


def test_one_event_for_each_true_statement_in_that_order():
    line = Timeline(status="taken_down")
    others = Sighting()
    assert line.run({1: Sighting("present", significance="content")}, others=others) == [
        ("restored", 1),
        ("changed", 1),
    ]
    everything = Sighting("gone", moved=True, significance="content")
    assert line.run({2: everything}, others=others) == [("restored", 2), ("moved", 2), ("changed", 2)]
    assert line.run({1: everything}, others=others) == [("moved", 1), ("changed", 1)]


def test_a_cosmetic_difference_is_no_event():
    assert Timeline().run({1: Sighting("present", significance="cosmetic")}) == []


# Rule 3 ---------------------------------------------------------------------------------------------------------------


def gone(*numbers):
    return dict.fromkeys(numbers, GONE)


@pytest.mark.parametrize(
    ("count", "lost", "mass"), [(9, 3, True), (10, 3, False), (10, 4, True), (4, 2, False), (3, 3, True)]
)
def test_at_least_three_and_more_than_thirty_percent(count, lost, mass):
    line = Timeline(count)
    assert (line.run(gone(*range(1, lost + 1))) == [("portal_broken", None)]) == mass
    assert (line.portal.health == "broken") == mass


def test_the_reports_of_a_rebuilt_site_stay_missing_and_their_readings_count_on():
    line = Timeline()
    assert line.run(gone(1, 2, 3, 4)) == [("portal_broken", None)]
    assert [line.run(gone(1, 2, 3, 4)) for _ in range(4)] == [[]] * 4
    assert {line[n].status for n in range(1, 5)} == {"missing"}
    assert line[1].misses == 5
    assert line.run(gone(1, 2, 3)) == [
        ("taken_down", 1),
        ("taken_down", 2),
        ("taken_down", 3),
        ("portal_recovered", None),
    ]


def test_after_seven_days_they_are_said_together():
    line = Timeline()
    line.run(gone(1, 2, 3, 4))
    assert [line.run(gone(1, 2, 3, 4)) for _ in range(6)] == [[]] * 6
    assert line.run(gone(1, 2, 3, 4)) == [("taken_down", n) for n in range(1, 5)]
    assert line.run(gone(1, 2, 3, 4)) == [("portal_recovered", None)]


def test_moves_and_overwritten_columns_are_paired_off():
    line = Timeline()
    moved = {n: Sighting("gone", moved=True) for n in (1, 2, 3)}
    assert line.run({**moved, **gone(4)}) == [("moved", 1), ("moved", 2), ("moved", 3)]
    over = {n: Sighting("gone", overwritten=True) for n in (5, 6, 7, 8)}
    line = Timeline()
    assert [line.run(over) for _ in range(3)][2] == [("taken_down", n) for n in (5, 6, 7, 8)]
    assert {said.reason for said in line.last.said} == {"overwritten"}


def test_reports_that_share_a_page_count_as_one():
    line = Timeline(9)
    line.reports = [msgspec.structs.replace(one, page="all") if one.id < 6 else one for one in line.reports]
    assert line.run(gone(1, 2, 3, 4, 5)) == []


def test_pages_that_are_missing_and_unread_are_still_gone():
    line = Timeline()
    assert line.run(gone(1, 2)) == []
    assert line.run({**gone(3, 4), 1: Sighting("unreachable"), 2: Sighting("unreachable")}) == [("portal_broken", None)]


def test_the_same_guard_holds_for_delisted():
    line = Timeline(listed=True)
    off = {n: Sighting("present", listed=False) for n in (1, 2, 3, 4)}
    on = Sighting("present", listed=True)
    assert line.run(off, others=on) == [("portal_broken", None)]
    assert line[1].listed is True
    assert [line.run(off, others=on) for _ in range(6)] == [[]] * 6
    assert line.run(off, others=on) == [*(("delisted", n) for n in (1, 2, 3, 4)), ("portal_recovered", None)]
    assert line.run(off, others=on) == []


def test_the_share_is_of_the_pages_that_were_live_or_missing():
    line = Timeline(20)
    line.reports = [msgspec.structs.replace(one, status="taken_down") if one.id > 6 else one for one in line.reports]
    assert line.run(gone(1, 2, 3), others=Sighting()) == [("portal_broken", None)]


def test_overwritten_columns_alone_make_no_rebuilt_site():
    over = {n: Sighting("gone", overwritten=True) for n in (5, 6, 7, 8)}
    line = Timeline()
    assert line.run(over) == []
    assert line.portal.mass_since is None


def test_an_overwritten_column_is_confirmed_in_the_middle_of_a_rebuilt_site():
    line = Timeline()
    lost = {**gone(1, 2, 3, 4), 9: Sighting("gone", overwritten=True)}
    assert [line.run(lost) for _ in range(3)] == [[("portal_broken", None)], [], [("taken_down", 9)]]


def test_the_seven_days_begin_anew_with_the_next_rebuilt_site():
    line = Timeline()
    assert line.run(gone(1, 2, 3, 4)) == [("portal_broken", None)]
    assert line.run() == [("portal_recovered", None)]
    line.run(days=10)
    assert line.run(gone(1, 2, 3, 4)) == [("portal_broken", None)]
    assert [line.run(gone(1, 2, 3, 4)) for _ in range(6)] == [[]] * 6


# Delisted -------------------------------------------------------------------------------------------------------------


def test_delisted_only_where_the_page_is_live():
    line = Timeline(listed=True)
    assert line.run({1: Sighting("gone", listed=False), 2: Sighting("blocked", listed=False)}) == []
    assert line.run({3: Sighting("present", listed=False)}) == [("delisted", 3)]
    assert line.run({3: Sighting("present", listed=False)}) == []
    assert line.run({3: Sighting("present", listed=None)}) == []
    assert line.run({3: Sighting("blocked", listed=True)}) == []  # nor relisted
    assert line.run({3: Sighting("present", listed=True)}) == [("relisted", 3)]


def test_first_listed_or_not_is_no_event():
    line = Timeline(listed=None)
    assert line.run({1: Sighting("present", listed=True), 2: Sighting("present", listed=False)}) == []
    assert (line[1].listed, line[2].listed) == (True, False)


def test_what_is_restored_is_not_relisted_too():
    line = Timeline(status="taken_down", listed=False)
    assert line.run({1: Sighting("present", listed=True)}, others=Sighting()) == [("restored", 1)]
    assert line[1].listed is True


# Rule 5 ---------------------------------------------------------------------------------------------------------------


def test_portal_down_after_three_passes_that_read_nothing_at_all():
    line = Timeline()
    nothing = {"read_anything": False, "healthy": False, "others": Sighting("unreachable")}
    assert [line.run(**nothing) for _ in range(2)] == [[], []]
    assert line.portal.health == "ok"
    assert line.run(**nothing) == [("portal_down", None)]
    assert (line.last.said[0].reason, line.last.said[0].count) == ("unreachable", 3)
    assert line.run(**nothing) == []
    assert line.portal.health == "down"
    assert line.run(healthy=False) == [("portal_recovered", None)]
    assert (line.portal.health, line.portal.empty_passes) == ("ok", 0)


def test_a_pass_between_that_read_something_starts_the_count_again():
    line = Timeline()
    for _ in range(3):
        assert [line.run(read_anything=False) for _ in range(2)] == [[], []]
        assert line.run() == []


def test_blocked_is_a_health_of_its_own():
    line = Timeline()
    line.run(read_anything=False, blocked=True)
    assert line.portal.health == "blocked"
    line.run(read_anything=False, blocked=True)
    line.run(read_anything=False, blocked=True)
    assert [(said.kind, said.reason, said.count) for said in line.last.said] == [("portal_down", "blocked", 3)]


def test_passes_that_had_nothing_to_ask_are_no_empty_passes():
    line = Timeline(0)
    assert [line.run(read_anything=False, asked=False) for _ in range(5)] == [[]] * 5
    assert line.portal == PortalState(health="ok")


def test_unverified_for_fourteen_days_is_told_once_and_anew_after_a_success():
    line = Timeline(3)
    blocked = Sighting("blocked")
    assert line.run(others=blocked, days=13.9) == []
    assert line.run({1: PRESENT}, others=blocked, days=0.1) == [("service", 2), ("service", 3)]
    assert line.run({1: PRESENT}, others=blocked) == []
    assert line.run() == []
    assert line.run(others=blocked, days=14) == [("service", 1), ("service", 2), ("service", 3)]


def test_unverified_counts_through_an_outage_and_for_what_is_missing():
    line = Timeline(1)
    line.run(gone(1))
    assert line.run({1: Sighting("blocked")}, days=14) == [("service", 1)]
    line = Timeline(1, policy=msgspec.structs.replace(POLICY, takedown_confirmations=99))
    assert [line.run(gone(1)) for _ in range(20)] == [[]] * 20  # gone, and verified to be
    line = Timeline(1)
    assert line.run(read_anything=False, others=Sighting(), days=15) == [("service", 1)]


def test_named_at_an_address_that_nobody_could_read_its_take_down_waits():
    line = Timeline()
    elsewhere = {1: Sighting("gone", named_elsewhere=True)}
    assert [line.run(elsewhere) for _ in range(6)] == [[]] * 6
    assert (line[1].status, line[1].misses) == ("missing", 6)
    assert line.run({1: GONE}) == [("taken_down", 1)]  # the readings had counted on
    line = Timeline()
    line.run(elsewhere)
    assert line.run(elsewhere, days=14) == [("service", 1)]  # nobody can verify it


# Rule 6 ---------------------------------------------------------------------------------------------------------------


def test_a_broken_section_is_said_once_and_ended_by_a_healthy_pass():
    line = Timeline()
    broken = {"broken_sections": ("s",), "healthy": False}
    assert line.run(**broken) == [("portal_broken", None)]
    assert line.last.said[0].reason == "section"
    assert line.run(**broken) == []
    assert line.run(healthy=False) == []
    assert line.run() == [("portal_recovered", None)]


def test_portal_recovered_ends_both_down_and_broken():
    line = Timeline()
    broken = {"broken_sections": ("s",), "healthy": False}
    line.run(**broken)
    assert [line.run(read_anything=False) for _ in range(3)][2] == [("portal_down", None)]
    assert line.run(**broken) == [("portal_broken", None)]
    assert line.run() == [("portal_recovered", None)]
    assert not (line.portal.down_said)
    assert not (line.portal.broken_said)


# Rule 13 --------------------------------------------------------------------------------------------------------------


def test_when_the_clock_is_off_conclusions_from_time_wait():
    line = Timeline()
    assert [line.run(gone(1), days=30, clock_ok=False) for _ in range(5)] == [[]] * 5
    assert (line[1].status, line[1].missing_since) == ("missing", None)
    assert [line.run(gone(1)) for _ in range(2)] == [[], [("taken_down", 1)]]


def test_a_wrong_clock_neither_ends_nor_starts_the_mass_guards_patience():
    line = Timeline()
    assert line.run(gone(1, 2, 3, 4), clock_ok=False) == [("portal_broken", None)]
    assert [line.run(gone(1, 2, 3, 4)) for _ in range(7)] == [[]] * 7
    assert line.run(gone(1, 2, 3, 4), clock_ok=False) == []
    assert len(line.run(gone(1, 2, 3, 4))) == 4


# Random timelines -----------------------------------------------------------------------------------------------------

READINGS = st.sampled_from(["present", "gone", "weak_gone", "blocked", "unreachable", None])
SIGHTINGS = st.builds(
    Sighting,
    reading=READINGS,
    moved=st.just(False),
    significance=st.sampled_from(["none", "none", "cosmetic", "content"]),
    listed=st.sampled_from([True, True, False, None]),
    overwritten=st.booleans(),
)
PASSES = st.lists(
    st.tuples(
        st.lists(SIGHTINGS, min_size=6, max_size=6),
        st.integers(0, 80),  # hours since the last pass
        st.booleans() | st.just(True),  # healthy
        st.sampled_from([True, True, True, False]),  # read anything
        st.sampled_from([True, True, True, False]),  # clock
    ),
    max_size=30,
)
POLICIES = st.builds(
    Policy, takedown_confirmations=st.integers(1, 4), takedown_after=st.sampled_from([0, 3600, 86400, 200000])
)


@settings(max_examples=200, deadline=None)
@given(PASSES, POLICIES)
def test_any_timeline(passes, policy):
    """Never taken down but on enough consecutive healthy readings, over time; events and states agree."""
    portal, states, now = PortalState(health="ok"), {one.id: one for one in reports(6, listed=True)}, NOW
    runs: dict[int, list[tuple[datetime, str, bool]]] = {number: [] for number in states}
    down = broken = False
    for seen, hours, healthy, read_anything, clock_ok in passes:
        now += timedelta(hours=hours)
        told = facts(now, healthy=healthy and read_anything, read_anything=read_anything, clock_ok=clock_ok)
        sightings = dict(zip(states, seen, strict=True)) if read_anything else {}
        verdict = judge(portal, list(states.values()), sightings, told, policy)
        assert judge(portal, list(states.values()), sightings, told, policy) == verdict
        assert list(verdict.reports) == list(states)
        gone_pages = {
            n for n, one in sightings.items()
            if states[n].status != "taken_down" and one.reading in ("gone", "weak_gone") and not one.overwritten
        }  # fmt: skip
        for number, sighting in sightings.items():
            if sighting.reading == "present":
                runs[number] = []
            elif sighting.reading in ("gone", "weak_gone") and told.healthy:
                runs[number].append((now, sighting.reading, clock_ok))
        for said in verdict.said:
            if said.kind == "portal_down":
                assert not down
                down = True
            elif said.kind == "portal_broken":
                assert down or not broken
                broken, down = True, False
            elif said.kind == "portal_recovered":
                assert down or broken
                down = broken = False
            if said.report is None:
                continue
            before, after = states[said.report], verdict.reports[said.report]
            sighting = sightings.get(said.report, Sighting())
            if said.kind == "taken_down":
                run = runs[said.report]
                timed = [moment for moment, _, good in run if good]
                weak = any(reading == "weak_gone" for _, reading, _ in run)
                assert before.status != "taken_down"
                assert after.status == "taken_down"
                assert told.healthy
                assert len(run) >= policy.takedown_confirmations + weak
                assert now - timed[0] >= timedelta(seconds=policy.takedown_after)
                alone = len(gone_pages) < 3 or len(gone_pages) <= 0.3 * len(states)
                waited = portal.mass_since is not None and now - portal.mass_since >= timedelta(days=7)
                assert sighting.overwritten or alone or waited
            elif said.kind == "restored":
                assert before.status == "taken_down"
                assert after.status == "live"
            elif said.kind == "changed":
                assert sighting.significance == "content"
                assert after.status == "live"
            elif said.kind == "delisted":
                assert before.listed
                assert after.listed is False
                assert sighting.reading == "present"
        for number, after in verdict.reports.items():
            kinds = [said.kind for said in verdict.said if said.report == number]
            assert len(kinds) == len(set(kinds))
            before = states[number]
            assert (after.status == "taken_down") == (
                (before.status == "taken_down" or "taken_down" in kinds) and "restored" not in kinds
            )
            assert (after.status == "missing") <= (after.misses > 0)
            assert (after.status == "live") <= (after.misses == 0 and after.missing_since is None)
            if number not in sightings:
                assert msgspec.structs.replace(after, unverified_said=before.unverified_said) == before
        portal, states = verdict.portal, verdict.reports
        assert portal.down_said == down
        assert portal.broken_said <= (broken or down)
        if down:
            broken = portal.broken_said


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["blocked", "unreachable", None, "unhealthy", "nothing"]), max_size=12), st.integers(0, 2)
)
def test_silence_between_readings_changes_nothing_but_time(between, place):
    """Blocked, unreachable and unhealthy passes, however many and wherever, change no verdict."""
    plain, noisy = Timeline(), Timeline()
    for step in range(3):
        if step == place:
            for reading in between:
                quiet = {"healthy": reading != "unhealthy", "read_anything": reading != "nothing"}
                sighting = GONE if reading == "unhealthy" else Sighting(None if reading == "nothing" else reading)
                said = noisy.run({1: sighting}, days=0.01, **quiet)
                assert [one for one in said if one[1] is not None] == []
        one, other = plain.run({1: GONE}), noisy.run({1: GONE})
        assert [said for said in one if said[1]] == [said for said in other if said[1]]
