"""The state machine against the law told a second time (`law_model.py`), on any timeline that Hypothesis thinks of.

More of them, and others each time: `NIANBAO_SOAK=20 python -m pytest tests/unit/test_state_machine.py`.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from crawler.portal import Policy
from monitor.lifecycle import PassFacts, PortalState, ReportState, Sighting, judge
from tests.unit.law_model import GONE, Fate, Law, Seen
from tests.unit.site_model import BUREAU, Day, Site
from tests.unit.soak import PLAYED, examples

NOW = datetime(2026, 2, 10, tzinfo=UTC)
HOMES = count()
ORDER = {"restored": 0, "moved": 1, "changed": 2}

SIGHTINGS = st.builds(
    Sighting,
    reading=st.sampled_from(["present", "present", "gone", "gone", "weak_gone", "blocked", "unreachable", None]),
    moved=st.sampled_from([False] * 7 + [True]),
    significance=st.sampled_from(["none"] * 4 + ["cosmetic", "content"]),
    listed=st.sampled_from([True, True, True, False, None]),
    overwritten=st.sampled_from([False] * 5 + [True]),
    named_elsewhere=st.sampled_from([False] * 5 + [True]),
).map(lambda one: msgspec.structs.replace(one, moved=False) if one.reading == "present" else one)
PASSES = st.fixed_dictionaries(
    {
        "hours": st.sampled_from([1, 6, 12, 24, 24, 36, 80, 168, 336]),
        "all": st.sampled_from([None, None, None, "present", "present", "gone"]),
        "kind": st.sampled_from(["read"] * 8 + ["nothing", "nothing", "not asked"]),
        "healthy": st.sampled_from([True, True, True, False]),
        "broken": st.sampled_from([False] * 7 + [True]),
        "clock": st.sampled_from([True, True, True, True, False]),
    }
)
POLICIES = st.builds(
    Policy, takedown_confirmations=st.integers(1, 4), takedown_after=st.sampled_from([0, 3600, 86400, 200000])
)


def as_seen(one: Sighting) -> Seen:
    """What the law is told of a sighting."""
    reading = {"present": "present", "gone": "gone", "weak_gone": "weak"}.get(one.reading or "", "")
    return Seen(
        reading,
        one.moved,
        one.significance == "content",
        one.listed,
        one.overwritten and reading in GONE,
        one.named_elsewhere,
    )


@examples(ci=250)
@given(data=st.data(), policy=POLICIES, shares=st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_what_is_said_is_what_the_law_says(data: st.DataObject, policy: Policy, shares: list[int]) -> None:
    """`shares`: for each report the page that it stands on."""
    pages = {number: f"p{page}" for number, page in enumerate(shares, 1)}
    portal = PortalState(health="ok")
    states = {number: ReportState(number, page, listed=True, last_verified_at=NOW) for number, page in pages.items()}
    law, now = Law(policy), NOW
    PLAYED["examples of the state machine"] += 1
    law.fates = {number: Fate(page, NOW, listed=True) for number, page in pages.items()}
    for one in data.draw(st.lists(PASSES, max_size=25), label="passes"):
        now += timedelta(hours=one["hours"])
        PLAYED["passes of the state machine"] += 1
        seen = {}
        if one["kind"] == "read":
            seen = data.draw(st.fixed_dictionaries(dict.fromkeys(states, SIGHTINGS)), label="seen")
            if one["all"] is not None:
                few = data.draw(st.sets(st.sampled_from(sorted(states)), max_size=3), label="but")
                seen = {n: see if n in few else Sighting(one["all"], listed=True) for n, see in seen.items()}
            expected = law.read(
                now, {n: as_seen(see) for n, see in seen.items()}, one["healthy"], one["broken"], one["clock"]
            )
        else:
            expected = (law.nothing_read if one["kind"] == "nothing" else law.nothing_asked)(now, one["clock"])
        facts = PassFacts(
            now=now,
            read_anything=one["kind"] == "read",
            asked=one["kind"] != "not asked",
            healthy=one["healthy"] and one["kind"] == "read",
            broken_sections=("s",) if one["broken"] and one["kind"] == "read" else (),
            clock_ok=one["clock"],
        )
        verdict = judge(portal, list(states.values()), seen, facts, policy)
        assert Counter((said.kind, said.report) for said in verdict.said) == Counter(expected)
        for number, state in verdict.reports.items():
            fate = law.fates[number]
            kinds = [said.kind for said in verdict.said if said.report == number and said.kind in ORDER]
            assert kinds == sorted(kinds, key=ORDER.__getitem__)
            assert (state.status == "taken_down") == fate.down
            assert (state.status == "missing") == law.missing(number)
            assert state.misses == len(fate.gone)
            assert state.listed == fate.listed
            assert state.last_verified_at == fate.verified
            see = seen.get(number, Sighting())
            assert (number in verdict.counted) <= (see.moved or see.reading is not None)
            if see.reading in ("blocked", "unreachable", None) and not see.moved:
                assert number not in verdict.counted
                assert msgspec.structs.replace(state, unverified_said=False) == msgspec.structs.replace(
                    states[number], unverified_said=False
                )
        assert verdict.portal.health in {"down": ("down", "blocked", "broken"), "broken": ("broken", "blocked")}.get(
            law.trouble, ("ok", "blocked", "down")
        )
        portal, states = verdict.portal, verdict.reports


# Over settle ----------------------------------------------------------------------------------------------------------

ACTS = st.tuples(
    st.sampled_from(
        [
            "edit",
            "cosmetic",
            "noise",
            "gone",
            "gone",
            "other",
            "back",
            "back",
            "block",
            "stall",
            "hide",
            "list",
            "301",
            "quiet",
            "relist",
            "move and edit",
            "elsewhere",
            "next year",
            "last year",
            "many gone",
            "many hidden",
            "migrate",
            "all back",
            "empty the list",
            "fill the list",
            "file",
            "resave",
            "file gone",
            "file blocked",
            "overwrite",
            "show both",
            "old again",
            "edit the column",
            "wait",
        ]
    ),
    st.integers(0, 30),
)
DAYS = st.builds(
    Day,
    hours=st.sampled_from([0.5, 6, 12, 24, 24, 24, 48, 100, 170]),
    mode=st.sampled_from(["full"] * 6 + ["recheck", "discover"]),
    outcome=st.sampled_from(["ok"] * 7 + ["cut_short"]),
    clock=st.sampled_from([True] * 6 + [False]),
    cut=st.sampled_from([False] * 6 + [True]),
    outage=st.sampled_from([""] * 7 + ["blocked", "unreachable"]),
)
STEPS = st.lists(
    st.tuples(st.lists(ACTS, max_size=3), DAYS, st.sampled_from(["run"] * 9 + ["kill"]), st.integers(1, 4)), max_size=14
)


def act(site: Site, what: str, which: int) -> None:
    """Does something to the site; `which` says to what."""
    year = sorted(site.items)[which % len(site.items)]
    item = site.items[year]
    there = item.state == "present"
    match what:
        case "edit":
            item.number += 1
        case "cosmetic":
            item.style = 1 - item.style
        case "gone" | "other":
            item.state = what
            item.listed &= which % 2 == 0
        case "block" | "stall" if there:
            item.state = {"block": "blocked", "stall": "unreachable"}[what]
        case "back":
            item.state, item.listed = "present", True
        case "hide":
            item.listed = False
        case "list":
            item.listed = True
        case "301" | "quiet" | "relist" if there:
            site.move(item, what)
        case "move and edit" if there:
            item.number += 1
            site.move(item, ("301", "relist")[which % 2])
        case "elsewhere" if item.state in ("gone", "other"):
            site.move(item, "relist")
        case "next year" | "last year":
            new = max(site.items) + 1 if what == "next year" else min(site.items) - 1
            if 2008 <= new < 2030:
                site.publish(new)
        case "many gone" | "many hidden" | "migrate":
            for number, one in enumerate(site.items.values()):
                if number % 3 != which % 3:
                    continue
                if what == "migrate" and one.state == "present":
                    site.move(one, ("301", "relist")[which % 2])
                elif what == "many gone":
                    one.state = "gone"
                elif what == "many hidden":
                    one.listed = False
        case "all back":
            for one in site.items.values():
                one.state, one.listed = "present", True
        case "empty the list" | "fill the list":
            site.emptied = what == "empty the list"
        case "file" if item.file:
            item.file = f"附件{year} {which}"
        case "resave" if item.file not in ("", "gone", "blocked", "unreachable"):
            item.saved += 1
        case "file gone" | "file blocked" if item.file:
            item.file = what.removeprefix("file ")
        case "overwrite":
            site.shown = {max(site.shown) + 1: 12} if max(site.shown) < 2030 else site.shown
        case "show both":
            site.shown = {max(site.shown) - 1: 12, **site.shown}
        case "old again":
            site.shown = {max(site.shown) - 1: 12}
        case "edit the column":
            site.shown[max(site.shown)] += 1


@examples(ci=40)
@given(steps=STEPS, years=st.integers(3, 12))
def test_what_settle_says_is_what_the_law_says(make_history: Any, paper: Any, steps: list[Any], years: int) -> None:
    """Any life of a portal: each pass says what the law expects, and settling its folder again says nothing."""
    site = Site(make_history(f"home{next(HOMES)}", sections=(paper.SECTION, f"{paper.HOST}/jyj/")), paper, years)
    said, _ = site.run(Day())
    assert said == Counter({("baseline", None, None): 1})
    PLAYED["examples of settling"] += 1
    for acts, day, how, kills in steps:
        for what, which in acts:
            act(site, what, which)
        for _ in range(kills if how == "kill" else 0):
            said, expected = site.kill(6)
            assert said == expected
        said, expected = site.run(day)
        assert said == expected, day
        PLAYED["passes of settling"] += 1
        PLAYED.update(kind for kind, *_ in said.elements())
        for report in site.history.reports():
            organ = BUREAU if BUREAU in report.organ else paper.ORGAN
            fate = site.law.fates[organ, report.year]
            assert report.url == fate.page
            assert (report.misses, report.status == "taken_down") == (len(fate.gone), fate.down)
            assert (report.status == "missing") == site.law.missing((organ, report.year))
            assert report.listed == fate.listed
        assert site.history.settle() == []
    site.history.store.close()
