"""From event to delivery to message: who is told, together with what, when, and what failures and crashes leave."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor import outbox_store as record
from monitor.chat import Answer
from monitor.due import digest_time, hold_until, pause, quiet_until
from monitor.event_detail import (
    Appeared,
    Changed,
    Detail,
    FigureChange,
    Moved,
    Overdue,
    PortalTrouble,
    Restored,
    encode,
)
from monitor.message import Message
from monitor.outbox import Delivered, deliver, try_channel
from monitor.recipients import enqueue, enqueue_retraction, replay
from monitor.settings import Channel, Service, Settings
from monitor.store import Store
from monitor.times import shift

NOW = "2026-11-21T00:31:00Z"  # 08:31 in Shanghai
ZONE = "Asia/Shanghai"
CHANGED = Changed(figures=(FigureChange("总计", "248", "284", "表三"),))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "nianbao.db") as opened:
        for name, region in (("linhai", "331082"), ("haizhu", "440105"), ("nowhere", "")):
            opened.insert("portals", {"name": name, "title": f"{name}门户", "family": "trs", "region": region})
            opened.insert("organs", {"portal": name, "name": f"{name}政府", "kind": "government"})
        for portal in ("linhai", "haizhu", "nowhere"):
            opened.insert("crawls", {"portal": portal, "mode": "full", "started_at": NOW})
        yield opened


def add_report(store: Store, portal: str, year: int) -> int:
    organ = store.rows("SELECT id FROM organs WHERE portal = ?", (portal,))[0]["id"]
    times = {"first_seen_at": NOW, "last_seen_at": NOW, "last_verified_at": NOW}
    values = {"portal": portal, "organ_id": organ, "organ": f"{portal}政府", "year": year, "title": "年报", "url": "u"}
    return store.insert("reports", {**values, **times})


def add_event(store: Store, kind: str = "changed", portal: str | None = "linhai", **fields: Any) -> int:
    details: dict[str, Detail] = {
        "changed": CHANGED,
        "appeared": Appeared(),
        "moved": Moved("a", "b"),
        "restored": Restored(),
        "overdue": Overdue("2026-01-31"),
        "portal_down": PortalTrouble(reason="连续 3 次无法读取"),
    }
    crawl = {"linhai": 1, "haizhu": 2, "nowhere": 3, None: None}[portal]
    detail = encode(details[kind]) if kind in details else "{}"
    values = {"kind": kind, "portal": portal, "crawl": crawl, "detected_at": NOW, "summary": kind, "detail": detail}
    number = (store.row("SELECT count(*) AS n FROM events") or {})["n"]
    return store.insert("events", {**values, "key": f"{kind}/{number}", "url": "https://a.gov.cn/", **fields})


def channel(name: str = "office", **fields: Any) -> Channel:
    return Channel(**{"name": name, "url": f"json://127.0.0.1/{name}", **fields})


def settings(*channels: Channel) -> Settings:
    return Settings(channels=channels)


class Desk:
    """Stands for all receivers: takes what it is told to take."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Message]] = []
        self.refuses: dict[str, Answer] = {}
        self.dies = False

    def __call__(self, url: str, message: Message, timeout: float) -> Answer:
        name = url.rpartition("/")[2]
        if name in self.refuses:
            return self.refuses[name]
        self.got.append((name, message))
        if self.dies:
            raise KeyboardInterrupt
        return Answer(True)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def tell(store: Store, events: list[int], *channels: Channel, now: str = NOW) -> int:
    with store.transaction():
        return enqueue(store, events, channels, now, ZONE)


def states(store: Store) -> list[str]:
    return [row["state"] for row in store.rows("SELECT state FROM deliveries ORDER BY id")]


# Who -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "kind", "portal", "told"),
    [
        ({}, "changed", "linhai", True),
        ({}, "finding", "linhai", False),
        ({"kinds": ("finding",)}, "finding", "linhai", True),
        ({"portals": ("lin*",)}, "changed", "linhai", True),
        ({"portals": ("lin*",)}, "changed", "haizhu", False),
        ({"regions": ("33*",)}, "changed", "linhai", True),
        ({"regions": ("33*",)}, "changed", "haizhu", False),
        ({"regions": ("33*",)}, "changed", "nowhere", False),
        ({}, "changed", "nowhere", True),
        ({"organs": ("海珠*",)}, "changed", "linhai", False),
        ({"organs": ("临海*",)}, "changed", "linhai", True),
        ({"portals": ("lin*",), "regions": ("33*",)}, "service", None, True),
    ],
)
def test_who_is_told(store: Store, fields: dict[str, Any], kind: str, portal: str | None, told: bool) -> None:
    event = add_event(store, kind, portal, organ="临海市人民政府" if portal else None)
    assert tell(store, [event], channel(**fields)) == int(told)
    assert tell(store, [event], channel(**fields)) == 0  # once


def test_what_the_baseline_tells_is_not_told_one_by_one(store: Store) -> None:
    events = [add_event(store, "appeared", baseline=1), add_event(store, "changed", retracted_at=NOW)]
    assert tell(store, events, channel()) == 0
    assert tell(store, [add_event(store, "baseline", baseline=1)], channel()) == 1


def test_deliveries_vanish_with_their_transaction(store: Store) -> None:
    event = add_event(store)

    def cut_short() -> None:
        with store.transaction():
            assert enqueue(store, [event], [channel()], NOW, ZONE) == 1
            raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError, match="ends here"):
        cut_short()
    assert states(store) == []


# Together ------------------------------------------------------------------------------------------------------------


def test_a_message_for_each_event_and_each_channel(store: Store, desk: Desk) -> None:
    chosen = settings(channel("a"), channel("b"))
    tell(store, [add_event(store), add_event(store, portal="haizhu")], *chosen.channels)
    result = deliver(store, chosen, NOW, send=desk)
    assert (result.messages, result.sent, result.next_due) == (4, 4, None)
    assert deliver(store, chosen, NOW, send=desk) == Delivered()
    rows = store.rows("SELECT state, attempts, sent_at, last_error FROM deliveries")
    assert {tuple(row.values()) for row in rows} == {("sent", 1, NOW, "")}


def test_events_on_one_report_are_one_message(store: Store, desk: Desk) -> None:
    report = add_report(store, "linhai", 2020)
    events = [
        add_event(store, kind, report=report, organ="临海", year=2020) for kind in ("restored", "moved", "changed")
    ]
    tell(store, events, channel())
    deliver(store, settings(channel()), NOW, send=desk)
    assert [message.subject[:14] for _, message in desk.got] == ["【年报恢复、迁移、变更】临海"]


def test_a_migration_is_one_message_and_two_portals_are_two(store: Store, desk: Desk) -> None:
    events = [
        add_event(store, "moved", portal, report=add_report(store, portal, year), year=year)
        for portal in ("linhai", "haizhu")
        for year in (2019, 2020)
    ]
    tell(store, events, channel())
    deliver(store, settings(channel()), NOW, send=desk)
    assert sorted(message.subject for _, message in desk.got) == [
        "【年报迁移】haizhu门户 · 2 篇",
        "【年报迁移】linhai门户 · 2 篇",
    ]


def test_the_take_downs_of_one_pass_are_one_message_however_few(store: Store, desk: Desk) -> None:
    events = [
        add_event(store, "taken_down", report=add_report(store, "linhai", year), year=year) for year in (2019, 2020)
    ]
    tell(store, events, channel())
    deliver(store, settings(channel()), NOW, send=desk)
    assert len(desk.got) == 1


@pytest.mark.parametrize(("number", "messages"), [(3, 3), (4, 1), (60, 1)])
def test_many_new_reports_of_one_pass_are_one_message(store: Store, desk: Desk, number: int, messages: int) -> None:
    events = [add_event(store, "appeared", report=add_report(store, "linhai", 1900 + n)) for n in range(number)]
    tell(store, events, channel())
    deliver(store, settings(channel()), NOW, send=desk)
    assert len(desk.got) == messages


def test_an_outage_of_several_portals_is_one_message(store: Store, desk: Desk) -> None:
    for portal in ("linhai", "haizhu"):
        tell(store, [add_event(store, "portal_down", portal)], channel())
    deliver(store, settings(channel()), NOW, send=desk)
    assert [message.subject for _, message in desk.got] == ["【门户无法读取】2 个门户"]


# When ----------------------------------------------------------------------------------------------------------------


def test_quiet_hours_hold_and_do_not_drop(store: Store, desk: Desk) -> None:
    chosen = settings(channel(quiet="22:00-09:00"))
    tell(store, [add_event(store)], *chosen.channels)
    assert states(store) == ["held"]
    result = deliver(store, chosen, NOW, send=desk)
    assert (result.held, result.next_due) == (1, "2026-11-21T01:00:00Z")
    assert deliver(store, chosen, "2026-11-21T01:00:00Z", send=desk).sent == 1


def test_what_comes_due_in_quiet_hours_waits(store: Store, desk: Desk) -> None:
    chosen = settings(channel(quiet="09:00-12:00"))
    tell(store, [add_event(store)], *chosen.channels)
    assert states(store) == ["pending"]
    assert deliver(store, chosen, "2026-11-21T02:00:00Z", send=desk).held == 1
    assert deliver(store, chosen, "2026-11-21T04:00:00Z", send=desk).sent == 1


def test_a_muted_portal_holds_until_it_is_unmuted(store: Store, desk: Desk) -> None:
    store.run("UPDATE portals SET muted_until = '9999-12-31T23:59:59Z' WHERE name = 'linhai'")
    tell(store, [add_event(store), add_event(store, portal="haizhu")], channel())
    result = deliver(store, settings(channel()), NOW, send=desk)
    assert (result.sent, result.held) == (1, 1)
    store.run("UPDATE portals SET muted_until = NULL")
    assert deliver(store, settings(channel()), NOW, send=desk).sent == 1


def test_a_daily_digest_is_one_message(store: Store, desk: Desk) -> None:
    chosen = settings(channel(digest="daily@18:00"))
    tell(store, [add_event(store), add_event(store, "appeared", "haizhu")], *chosen.channels)
    assert deliver(store, chosen, NOW, send=desk).held == 2
    result = deliver(store, chosen, "2026-11-21T10:00:00Z", send=desk)
    assert (result.messages, result.sent) == (1, 2)
    assert desk.got[0][1].subject.startswith("【年报日报】11-21 · 公开 1　变更 1　撤下 0")


def test_times() -> None:
    night = channel(quiet="22:00-07:00")
    assert quiet_until(night, "2026-11-21T14:00:00Z", ZONE) == "2026-11-21T23:00:00Z"
    assert quiet_until(night, "2026-11-21T22:59:59Z", ZONE) == "2026-11-21T23:00:00Z"
    assert quiet_until(night, "2026-11-21T23:00:00Z", ZONE) == ""
    assert quiet_until(channel(), NOW, ZONE) == ""
    assert hold_until(night, "2026-11-22T15:00:00Z", NOW, ZONE) == "2026-11-22T23:00:00Z"
    assert digest_time(channel(digest="hourly"), NOW, ZONE) == "2026-11-21T01:00:00Z"
    assert digest_time(channel(digest="daily@08:30"), NOW, ZONE) == "2026-11-22T00:30:00Z"
    assert digest_time(channel(), NOW, ZONE) == ""
    pauses = [pause(attempt, "x") for attempt in range(1, 40)]
    assert pauses[:10] == sorted(pauses[:10])
    assert 48 <= pauses[0] <= 60
    assert max(pauses) <= 86400
    assert pause(1, "x") == pause(1, "x") != pause(1, "y")


# Failures ------------------------------------------------------------------------------------------------------------


def test_a_failure_is_tried_again_with_growing_pauses_and_dies_aloud(store: Store, desk: Desk) -> None:
    chosen = settings(channel("a", max_attempts=3), channel("b"))
    tell(store, [add_event(store)], chosen.channels[0])
    desk.refuses["a"] = Answer(False, "HTTP 500 token=s3cret")
    now, waits = NOW, []
    for _ in range(2):
        result = deliver(store, chosen, now, send=desk)
        assert (result.failed, result.errors) == (1, ("a: HTTP 500 token=***",))
        assert deliver(store, chosen, now, send=desk) == Delivered(next_due=result.next_due)
        row = store.row("SELECT * FROM deliveries") or {}
        waits.append(row["next_attempt_at"] > now)
        assert "s3cret" not in row["last_error"]
        now = row["next_attempt_at"]
    result = deliver(store, chosen, now, send=desk)
    assert (result.dead, result.sent) == (1, 1)
    assert [name for name, _ in desk.got] == ["b"]  # the other channel hears of it at once, the dead one does not
    assert "通道“a”试了 3 次仍未送达" in desk.got[0][1].subject
    assert states(store) == ["dead", "sent"]
    # Once a channel and day.
    tell(store, [add_event(store, portal="haizhu")], channel("a"))
    for hours in range(1, 9):
        deliver(store, chosen, shift(now, 3600 * hours), send=desk)
    assert states(store) == ["dead", "sent", "dead"]
    assert len(desk.got) == 1
    # Mended.
    desk.refuses.clear()
    assert record.retry(store, now) == 2
    assert deliver(store, chosen, now, send=desk).sent == 2


def test_two_dead_channels_make_no_storm(store: Store, desk: Desk) -> None:
    chosen = settings(channel("a", max_attempts=1), channel("b", max_attempts=1))
    desk.refuses = {"a": Answer(False, "no"), "b": Answer(False, "no")}
    tell(store, [add_event(store)], *chosen.channels)
    for minute in range(0, 600, 10):
        deliver(store, chosen, shift(NOW, minute * 60), send=desk)
    assert len(store.rows("SELECT 1 FROM events WHERE kind = 'service'")) == 2
    assert set(states(store)) == {"dead"}


def test_a_refusal_that_names_a_pause_gets_it(store: Store, desk: Desk) -> None:
    desk.refuses["office"] = Answer(False, "too fast", retry_after=7200)
    tell(store, [add_event(store)], channel())
    assert deliver(store, settings(channel()), NOW, send=desk).next_due == shift(NOW, 7200)


def test_an_unanswered_message_is_sent_again_marked(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel())
    desk.refuses["office"] = Answer(False, "no answer", uncertain=True)
    due = deliver(store, settings(channel()), NOW, send=desk).next_due or ""
    desk.refuses["office"] = Answer(False, "refused")
    due = deliver(store, settings(channel()), due, send=desk).next_due or ""
    desk.refuses.clear()
    assert deliver(store, settings(channel()), due, send=desk).sent == 1
    assert desk.got[0][1].subject.endswith("（可能重复）")


def test_a_crash_between_sending_and_marking(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store), add_event(store, portal="haizhu")], channel())
    desk.dies = True
    with pytest.raises(KeyboardInterrupt):
        deliver(store, settings(channel()), NOW, send=desk)
    assert states(store) == ["sending", "pending"]
    desk.dies = False
    result = deliver(store, settings(channel()), NOW, send=desk)
    assert (result.reclaimed, result.sent) == (1, 2)
    assert [message.subject.endswith("（可能重复）") for _, message in desk.got] == [False, True, False]


def test_a_failing_channel_is_left_alone_for_a_while_and_stops_no_other(store: Store, desk: Desk) -> None:
    chosen = settings(channel("a"), channel("b"))
    events = [
        add_event(store, report=add_report(store, portal, year), portal=portal)
        for portal in ("linhai", "haizhu", "nowhere")
        for year in (2019, 2020)
    ]
    tell(store, events, *chosen.channels)
    desk.refuses["a"] = Answer(False, "connection refused")
    result = deliver(store, chosen, NOW, send=desk)
    assert (result.failed, result.deferred, result.sent) == (3, 3, 6)


def test_a_robot_s_rate_is_kept_and_the_rest_goes_with_the_last(store: Store, desk: Desk) -> None:
    robot = channel(url="dingtalk://office")
    for number in range(30):
        tell(store, [add_event(store, report=add_report(store, "linhai", 1900 + number))], robot)
    desk_settings = settings(robot)
    result = deliver(store, desk_settings, NOW, send=desk)
    assert (result.messages, result.sent) == (20, 30)
    assert "变更 11" in desk.got[-1][1].subject
    tell(store, [add_event(store)], robot)
    result = deliver(store, desk_settings, shift(NOW, 5), send=desk)
    assert (result.sent, result.deferred) == (0, 1)
    assert deliver(store, desk_settings, shift(NOW, 65), send=desk).sent == 1


def test_a_channel_that_is_gone_and_an_event_withdrawn_in_time(store: Store, desk: Desk) -> None:
    event = add_event(store)
    tell(store, [event], channel("gone"), channel())
    store.run("UPDATE events SET retracted_at = ?", (NOW,))
    result = deliver(store, settings(channel()), NOW, send=desk)
    assert (result.skipped, desk.got) == (2, [])
    assert states(store) == ["skipped", "skipped"]


def test_a_detail_that_cannot_be_read_stops_nothing_else(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store, detail='{"figures": 1}'), add_event(store, portal="haizhu")], channel())
    result = deliver(store, settings(channel()), NOW, send=desk)
    assert (result.failed, result.sent) == (1, 1)
    assert "could not be made" in result.errors[0]


# Withdrawn, replayed, listed ------------------------------------------------------------------------------------------


def test_a_withdrawal_is_told_where_the_event_was(store: Store, desk: Desk) -> None:
    event = add_event(store, "overdue", organ="某局", year=2025)
    chosen = settings(channel("a"), channel("b", quiet="08:00-09:00"))
    tell(store, [event], *chosen.channels)
    deliver(store, chosen, NOW, send=desk)
    with store.transaction():
        store.run("UPDATE events SET retracted_at = ?", (NOW,))
        assert enqueue_retraction(store, event, chosen.channels, NOW, ZONE) == 1
    deliver(store, chosen, shift(NOW, 86400 / 2), send=desk)
    assert [(name, message.subject[:4]) for name, message in desk.got] == [("a", "【逾期未"), ("a", "【更正】")]
    with pytest.raises(ValueError, match="99"):
        enqueue_retraction(store, 99, [], NOW, ZONE)


def test_a_new_channel_gets_old_events_on_request_only(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel("a"))
    both = settings(channel("a"), channel("b"))
    assert deliver(store, both, NOW, send=desk).sent == 1
    assert replay(store, both.channels, shift(NOW, 1), NOW, ZONE) == 0
    assert replay(store, both.channels, NOW, NOW, ZONE) == 1
    assert deliver(store, both, NOW, send=desk).sent == 1
    assert [name for name, _ in desk.got] == ["a", "b"]


def test_listing(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store), add_event(store)], channel("a"), channel("b"))
    assert len(record.listing(store)) == 4
    assert [row.channel for row in record.listing(store, ["pending"], "b", limit=1)] == ["b"]
    assert record.listing(store, ["dead"]) == []
    assert record.retry(store, NOW) == 0


def test_a_test_message(desk: Desk) -> None:
    assert try_channel(channel(), settings(channel()), NOW, desk).ok
    assert "测试" in desk.got[0][1].subject
    desk.refuses["office"] = Answer(False, "token=abc refused")
    assert "abc" not in try_channel(channel(), settings(), NOW, desk).error


def test_the_language_of_the_first_line(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel())
    english = msgspec.structs.replace(settings(channel()), service=Service(language="en"))
    deliver(store, english, NOW, send=desk)
    assert desk.got[0][1].subject.startswith("[Changed] ")
