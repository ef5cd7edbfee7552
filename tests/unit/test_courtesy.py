"""Hours in which a portal is not asked, and times until which it asked to be left alone: settings, plan, words."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.hours import Hours, parse_hours
from crawler.observation import QUIET, Job, RunSummary, SectionRead
from crawler.portal import Policy, Portal, PortalError, parse_portal
from crawler.run_folder import read_job
from monitor.briefing import mail_of, write_briefing
from monitor.courtesy import reminders
from monitor.evidence import read_sections
from monitor.intake import Run
from monitor.planning import DAY, WHYS, next_turn, seconds_to_quiet
from monitor.record import load_record
from monitor.settings import Schedule, Settings, SettingsError, parse_settings
from monitor.simulate import Cost, Subject, simulate
from monitor.store import Store
from monitor.times import format_utc, shift, to_utc
from tests.unit.test_planning import CALM, NOW, ZONE, facts, local, moments, schedules, seconds, states, zones

NIGHT = "22:00-06:00"
YESTERDAY = "2026-11-21T00:31:00Z"


# What it means ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (NIGHT, ("22:00", "23:59", "00:00", "05:59"), ("21:59", "06:00", "12:00")),
        ("09:00-17:30", ("09:00", "17:29"), ("08:59", "17:30", "23:00")),
        ("00:00-06:00", ("00:00", "05:59"), ("23:59", "06:00")),
    ],
)
def test_hours_may_span_midnight(text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    hours = parse_hours(text, "policy.quiet")
    assert hours is not None

    def held(times: tuple[str, ...]) -> set[bool]:
        return {hours.hold(int(at[:2]) * 60 + int(at[3:])) for at in times}

    assert (held(inside), held(outside)) == ({True}, {False})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("night", 'policy.quiet: "night" is no span of hours; write HH:MM-HH:MM, such as "22:00-06:00"'),
        ("24:00-06:00", "is no span of hours"),
        ("9:00-17:00", "is no span of hours"),
        ("22:00–06:00", "is no span of hours"),
        ("08:00-08:00", "is empty or the whole day"),
        ("06:00-05:00", "leaves less than four hours a day"),
    ],
)
def test_a_span_that_is_none_is_refused_in_either_file(text: str, why: str) -> None:
    portal = f'title = "远县"\nfamily = "trs"\nsections = ["http://a.gov.cn/"]\n[policy]\nquiet = "{text}"\n'
    with pytest.raises(PortalError) as refused:
        parse_portal("far", portal, frozenset({"trs"}))
    assert str(refused.value).startswith("far.toml: policy.quiet: ")
    assert why in str(refused.value)
    with pytest.raises(SettingsError) as refused_too:
        parse_settings(f'[policy]\nquiet = "{text}"\n', {}, lambda _: "")
    assert str(refused_too.value).startswith("nianbao.toml: policy.quiet: ")


def test_a_portal_s_own_hours_win_and_an_empty_text_ends_them() -> None:
    settings = parse_settings(f'[policy]\nquiet = "{NIGHT}"\n', {}, lambda _: "")
    portal = 'title = "远县"\nfamily = "trs"\nsections = ["http://a.gov.cn/"]\n[policy]\nquiet = "{}"\n'
    for text in ("12:00-14:00", ""):
        own = parse_portal("far", portal.format(text), frozenset({"trs"}))
        assert settings.policy.overridden(own.policy).quiet == text
    assert settings.policy.quiet == NIGHT


# What the timetable makes of them --------------------------------------------------------------------------------------

EVENING = msgspec.structs.replace(CALM, offseason_passes=("23:00",), season_passes=("23:00",))


def test_a_pass_that_falls_into_them_is_made_after_them() -> None:
    turn = next_turn(facts(), EVENING, ZONE, NOW, NIGHT)
    assert (local(turn), turn.mode, turn.why) == ("11-23 06:00", "full", "quiet")
    assert local(next_turn(facts(), EVENING, ZONE, NOW)) == "11-22 23:00"


def test_what_is_due_waits_for_their_end_and_is_made_then() -> None:
    late = "2026-11-22T19:00:00Z"  # three at night
    turn = next_turn(facts(full="2026-11-20T04:00:00Z"), EVENING, ZONE, late, NIGHT)
    assert (local(turn), turn.why) == ("11-23 06:00", "quiet")
    then = next_turn(facts(full="2026-11-20T04:00:00Z"), EVENING, ZONE, turn.at, NIGHT)
    assert then.at <= turn.at


def test_a_new_portal_waits_too() -> None:
    late = "2026-11-22T15:00:00Z"
    turn = next_turn(facts(full=None), Schedule(jitter="0s"), ZONE, late, NIGHT)
    assert (local(turn), turn.why) == ("11-23 06:00", "quiet")


def test_portals_that_wait_for_one_hour_do_not_begin_together() -> None:
    schedule = msgspec.structs.replace(EVENING, jitter="1h")
    minutes = {
        next_turn(msgspec.structs.replace(facts(), portal=f"p{n}"), schedule, ZONE, NOW, NIGHT).at for n in range(200)
    }
    assert len(minutes) > 100
    assert {at[:13] for at in minutes} <= {"2026-11-22T22", "2026-11-22T23"}


def test_a_portal_that_asked_to_be_left_alone_is_not_asked_before() -> None:
    until = shift(NOW, 7200)
    turn = next_turn(facts(full=YESTERDAY, failures=1, last_started=NOW, not_before=until), CALM, ZONE, NOW)
    assert (turn.at, turn.why) == (until, "asked")
    assert next_turn(facts(not_before=until), CALM, ZONE, shift(NOW, 7201)).why != "asked"
    assert local(next_turn(facts(not_before=until), CALM, ZONE, NOW)) == "11-23 08:30", "it comes later anyway"


def test_a_wrong_clock_idles_nothing() -> None:
    turn = next_turn(
        facts(full=YESTERDAY, failures=1, last_started=NOW, not_before="2031-01-01T00:00:00Z"), CALM, ZONE, NOW
    )
    assert turn.why == "retry"


def test_left_alone_until_the_middle_of_the_night() -> None:
    known = facts(full=YESTERDAY, failures=1, last_started="2026-11-22T13:00:00Z", not_before="2026-11-22T16:00:00Z")
    turn = next_turn(known, CALM, ZONE, "2026-11-22T13:10:00Z", NIGHT)
    assert (local(turn), turn.why) == ("11-23 06:00", "quiet")


@pytest.mark.parametrize(
    ("zone", "now", "at"),
    [
        ("Europe/Berlin", "2027-03-28T00:15:00Z", "2027-03-28T01:30:00Z"),
        ("Europe/Berlin", "2027-10-31T01:15:00Z", "2027-10-31T01:30:00Z"),
    ],
    ids=["their end is skipped", "their end comes twice"],
)
def test_their_end_holds_through_a_clock_change(zone: str, now: str, at: str) -> None:
    assert next_turn(facts(full=None), CALM, zone, now, "22:00-02:30").at == at


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1200)).map(
    lambda one: f"{one[0] // 60:02}:{one[0] % 60:02}-{sum(one) % 1440 // 60:02}:{sum(one) % 1440 % 60:02}"
)


@given(states, schedules, zones, moments, spans, st.none() | st.integers(-DAY, 2 * DAY))
def test_no_turn_lies_in_them_nor_is_far(
    known: Any, schedule: Schedule, zone: str, now: str, quiet: str, wait: int | None
) -> None:
    known = msgspec.structs.replace(known, not_before=shift(now, wait) if wait is not None else None)
    turn = next_turn(known, schedule, zone, now, quiet)
    assert turn.why in WHYS
    begins = max(turn.at, now)
    here = to_utc(begins).astimezone(ZoneInfo(zone))
    hours = parse_hours(quiet, "")
    assert hours is not None
    assert not hours.hold(here.hour * 60 + here.minute)
    if wait is not None and 0 < wait <= DAY:
        assert begins >= (known.not_before or "")
    assert seconds(turn.at) <= seconds(now) + 2 * DAY + 2 * schedule.jitter_seconds + 2 * 3600
    if max(filter(None, (known.last_started, known.last_full, known.last_discover, now))) == now:
        assert next_turn(known, schedule, zone, begins, quiet).at <= begins, "and then it is made"


@given(schedules, zones, moments, spans)
def test_a_portal_with_quiet_hours_is_read_every_day(schedule: Schedule, zone: str, now: str, quiet: str) -> None:
    start, known = now, facts(full=now)
    for _ in range(6):
        turn = next_turn(known, schedule, zone, now, quiet)
        assert seconds(turn.at) - seconds(now) <= 2 * DAY + 2 * schedule.jitter_seconds
        now = max(now, turn.at)
        known = msgspec.structs.replace(
            known, last_started=now, **{"last_full" if turn.mode == "full" else "last_discover": now}
        )
    assert now > start


def test_the_simulation_keeps_to_them() -> None:
    cost = Cost(60, 20)
    subjects = [Subject(facts(), ("a.gov.cn",), cost, cost, cost, quiet=NIGHT)]
    told = simulate(subjects, EVENING, ZONE, NOW, 3, 8)
    assert [day.full for day in told.days] == [1, 1, 1]
    assert {day.busiest_hour for day in told.days} == {"06:00"}


@pytest.mark.parametrize(
    ("now", "left"),
    [
        ("2026-11-22T13:00:00Z", 3600.0),
        ("2026-11-22T13:59:30Z", 30.0),
        ("2026-11-22T14:00:00Z", 0.001),
        ("2026-11-22T22:00:00Z", 57600.0),
    ],
)
def test_how_long_a_pass_has(now: str, left: float) -> None:
    assert seconds_to_quiet(NIGHT, ZONE, now) == pytest.approx(left)
    assert seconds_to_quiet("", ZONE, now) == 0


# Who asks by hand -------------------------------------------------------------------------------------------------------


def test_who_asks_by_hand_is_told(tmp_path: Any) -> None:
    night, asked, ready = (
        Portal(name, name, "trs", (f"http://{name}.gov.cn/",)) for name in ("night", "asked", "ready")
    )
    settings = Settings()
    late = "2026-11-22T15:00:00Z"
    quiet = msgspec.structs.replace(night, policy=msgspec.structs.replace(night.policy, quiet=NIGHT))
    with Store.open(tmp_path / "nianbao.db") as store:
        for portal in (quiet, asked, ready):
            store.sync_portal(portal)
        store.run("UPDATE portals SET not_before = ? WHERE name = 'asked'", (shift(late, 600),))
        said = [*reminders(store, settings, (quiet, asked, ready), late)]
        assert said == [
            f"night: these are its quiet hours ({NIGHT}); read all the same, as you asked for it",
            "asked: it asked to be left alone until 2026-11-22 23:10; read all the same, as you asked for it",
        ]
        assert not [*reminders(store, settings, (quiet, asked, ready), shift(late, 12 * 3600))]
    assert len([*reminders(None, settings, (quiet, asked), late)]) == 1


# What a pass is told ----------------------------------------------------------------------------------------------------


def test_a_scheduled_pass_is_told_when_to_end_and_one_by_hand_is_not(tmp_path: Path) -> None:
    policy = Policy(quiet=NIGHT)
    settings = parse_settings('[service]\ncontact = "desk@example.cn"\n', {}, lambda _: "")
    portal = Portal("far", "远县", "trs", ("http://far.gov.cn/",))
    with Store.open(tmp_path / "nianbao.db") as store:
        store.sync_portal(portal)
        for everything, left in ((False, 7200.0), (True, 0.0)):
            folder = write_briefing(
                store, tmp_path, portal, policy, 1, "full", "2026-11-22T12:00:00Z", settings, everything=everything
            )
            job = read_job(folder)
            assert job.limits.quiet_in == left
            assert job.contact == "desk@example.cn"
            assert job.user_agent.endswith("desk@example.cn)")


@pytest.mark.parametrize(
    ("contact", "mail"),
    [
        ("desk@example.cn", "desk@example.cn"),
        ("网信科 <desk@wx.example.gov.cn>, 010-1234", "desk@wx.example.gov.cn"),
        ("https://example.cn/contact", ""),
        ("", ""),
        ("@" * 5000 + "a." * 5000, ""),
    ],
)
def test_the_mail_address_of_a_contact(contact: str, mail: str) -> None:
    assert mail_of(contact) == mail


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('contact = "desk@example.cn\\r\\nX-Evil: 1"', "service.contact: holds a line break"),
        ('user_agent = "a\\u0000b"', "service.user_agent: holds a line break or a control character; write one line"),
        (
            'contact = "https://desk:s3cret@example.cn/"',
            "service.contact: holds a password, which every portal would be sent",
        ),
        ('user_agent = "w/1 (http://u:${PASSWORD}@h/)"', "service.user_agent: holds a password"),
    ],
)
def test_what_every_portal_is_sent_holds_no_secret_and_is_one_line(line: str, why: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_settings(f"[service]\n{line}\n", {"PASSWORD": "s3cret"}, lambda _: "")
    assert str(refused.value).startswith(f"nianbao.toml: {why}")
    assert "s3cret" not in str(refused.value)


def test_a_pass_that_quiet_hours_ended_before_it_asked_is_no_outage(tmp_path: Path) -> None:
    """Three of them would be one, by rule 5."""
    portal = Portal("far", "远县", "trs", ("http://far.gov.cn/",))
    job = Job(portal, Policy(), 1, "full", "", "2026-11-22T12:00:00Z", "nianbao")
    unread = SectionRead(
        portal.sections[0], portal.sections[0], complete=False, first_page=False, reason="the pass was stopped"
    )
    for detail, asked in ((QUIET, False), ("longer than 7200 s", True)):
        summary = RunSummary("far", 1, "full", "cut_short", "", "", detail=detail)
        run = Run(tmp_path, job, summary, (unread,), (), {}, {}, ())
        with Store.open(tmp_path / "nianbao.db") as store:
            store.sync_portal(portal)
            assert read_sections(run, load_record(store, "far"), {}).asked is asked


def test_the_policy_says_them() -> None:
    assert Policy().quiet == ""
    assert parse_hours("", "policy.quiet") is None
    assert Hours(1320, 360).length == 480
    assert format_utc(to_utc(NOW) + timedelta(seconds=1)) > NOW
