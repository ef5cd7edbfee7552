"""Deliveries over months: clocks that jump, settings that change, channels that stall or go away, parts of a message."""

import logging
import threading
from pathlib import Path

import pytest

from monitor import chat
from monitor import outbox_store as record
from monitor.chat import Answer
from monitor.due import NO_END, digest_hold, first_chance, hold_until
from monitor.message import Message
from monitor.outbox import deliver
from monitor.recipients import enqueue_retraction
from monitor.settings import Channel, Service, Settings
from monitor.store import Store
from monitor.times import shift
from tests.unit.test_outbox import NOW, ZONE, Desk, add_event, add_report, channel, settings, states, tell
from tests.unit.test_outbox import store as _record  # the fixture: used below by its name

store = _record
HOUR, DAY, YEAR = 3600, 86400, 365 * 86400


@pytest.fixture
def desk() -> Desk:
    return Desk()


def dues(store: Store) -> list[str]:
    return [row["next_attempt_at"] for row in store.rows("SELECT next_attempt_at FROM deliveries ORDER BY id")]


# When: digest, quiet hours and mute together ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "muted", "now", "due"),
    [
        ({}, "", "2026-11-21T00:00:00Z", ""),
        ({"quiet": "22:00-07:00"}, "", "2026-11-21T15:00:00Z", "2026-11-21T23:00:00Z"),
        ({"digest": "daily@06:00", "quiet": "22:00-07:00"}, "", "2026-11-21T15:00:00Z", "2026-11-21T23:00:00Z"),
        ({"digest": "daily@07:00", "quiet": "22:00-07:00"}, "", "2026-11-21T15:00:00Z", "2026-11-21T23:00:00Z"),
        ({"digest": "hourly", "quiet": "22:00-07:00"}, "", "2026-11-21T15:10:00Z", "2026-11-21T23:00:00Z"),
        ({"digest": "daily@08:30"}, "2026-11-23T02:00:00Z", "2026-11-21T15:00:00Z", "2026-11-24T00:30:00Z"),
        ({"digest": "daily@08:30"}, "2026-11-20T02:00:00Z", "2026-11-21T15:00:00Z", "2026-11-22T00:30:00Z"),
        ({"quiet": "22:00-07:00"}, "2026-11-21T20:00:00Z", "2026-11-21T10:00:00Z", "2026-11-21T23:00:00Z"),
        ({"digest": "daily@08:30", "quiet": "22:00-07:00"}, NO_END, NOW, NO_END),
    ],
)
def test_what_happens_now_goes_out_then(fields: dict[str, str], muted: str, now: str, due: str) -> None:
    assert first_chance(channel(**fields), muted, now, ZONE) == due


def test_a_digest_is_never_put_off_beyond_the_next_one() -> None:
    daily = channel(digest="daily@08:30")
    assert digest_hold(daily, "", "2026-11-22T00:30:00Z", NOW, ZONE) == "2026-11-22T00:30:00Z"
    assert digest_hold(daily, "", "2036-01-01T00:30:00Z", NOW, ZONE) == "2026-11-22T00:30:00Z"
    assert digest_hold(daily, "", "2026-11-21T00:30:00Z", NOW, ZONE) == ""
    assert digest_hold(channel(digest="hourly"), "", "2026-11-22T00:30:00Z", NOW, ZONE) == "2026-11-21T01:00:00Z"
    assert digest_hold(daily, NO_END, "2026-11-21T00:30:00Z", NOW, ZONE) == NO_END
    night = channel(digest="daily@08:30", quiet="08:00-09:00")
    assert digest_hold(night, "", "2026-11-21T00:30:00Z", NOW, ZONE) == "2026-11-21T01:00:00Z"
    assert hold_until(night, NO_END, NOW, ZONE) == NO_END


def test_muted_quiet_and_digest_together_hold_and_tell_in_one_message(store: Store, desk: Desk) -> None:
    chosen = settings(channel(digest="daily@08:30", quiet="22:00-09:00"))
    record.mute(store, "linhai", NO_END)
    for day in range(3):
        tell(
            store,
            [add_event(store), add_event(store, "appeared", "haizhu")],
            *chosen.channels,
            now=shift(NOW, day * DAY),
        )
    assert deliver(store, chosen, shift(NOW, 2 * DAY + HOUR), send=desk).sent == 2  # the other portal's of two days
    assert len(desk.got) == 1
    record.mute(store, "linhai", None)
    assert deliver(store, chosen, shift(NOW, 2 * DAY + 2 * HOUR), send=desk).held == 4
    assert deliver(store, chosen, "2026-11-24T00:59:59Z", send=desk).sent == 0  # the digest is due, the hours are quiet
    result = deliver(store, chosen, "2026-11-24T01:00:00Z", send=desk)
    assert (result.messages, result.sent) == (1, 4)
    assert states(store) == ["sent"] * 6


def test_a_mute_that_ends_by_itself(store: Store, desk: Desk) -> None:
    record.mute(store, "linhai", shift(NOW, 2 * HOUR))
    tell(store, [add_event(store)], channel())
    assert deliver(store, settings(channel()), shift(NOW, HOUR), send=desk).held == 1
    assert record.muted(store, shift(NOW, HOUR)) == [
        {"name": "linhai", "muted_until": shift(NOW, 2 * HOUR), "waiting": 1}
    ]
    assert deliver(store, settings(channel()), shift(NOW, 2 * HOUR), send=desk).sent == 1
    assert record.muted(store, shift(NOW, 2 * HOUR)) == []


@pytest.mark.parametrize("digest", ["none", "hourly", "daily@10:00"])
def test_a_digest_setting_that_changes_while_deliveries_are_held(store: Store, desk: Desk, digest: str) -> None:
    tell(store, [add_event(store)], channel(digest="daily@08:00"))
    changed = settings(channel(digest=digest))
    due = {"none": NOW, "hourly": "2026-11-21T01:00:00Z", "daily@10:00": "2026-11-21T02:00:00Z"}[digest]
    deliver(store, changed, NOW, send=desk)
    deliver(store, changed, shift(due, -1), send=desk)
    assert len(desk.got) == (digest == "none")
    assert deliver(store, changed, due, send=desk).sent + (digest == "none") == 1


def test_an_event_that_cannot_be_read_keeps_no_digest_back(store: Store, desk: Desk) -> None:
    chosen = settings(channel(digest="hourly"))
    events = [add_event(store), add_event(store, detail='{"figures": 1}'), add_event(store, portal="haizhu")]
    tell(store, events, *chosen.channels)
    result = deliver(store, chosen, shift(NOW, HOUR), send=desk)
    assert (result.messages, result.sent, result.failed) == (1, 2, 1)
    assert states(store) == ["sent", "failed", "sent"]


def test_another_time_zone_moves_what_is_held(store: Store, desk: Desk) -> None:
    chosen = settings(channel(quiet="08:00-12:00", digest="daily@11:00"))
    tell(store, [add_event(store)], *chosen.channels)
    assert deliver(store, chosen, NOW, send=desk).next_due == "2026-11-21T04:00:00Z"
    tokyo = Settings(channels=chosen.channels, service=Service(timezone="Asia/Tokyo"))
    assert deliver(store, tokyo, NOW, send=desk).next_due == "2026-11-21T03:00:00Z"
    assert deliver(store, tokyo, "2026-11-21T03:00:00Z", send=desk).sent == 1


def test_a_digest_that_was_due_while_nothing_ran_goes_out_when_something_does(store: Store, desk: Desk) -> None:
    chosen = settings(channel(digest="daily@09:00"))
    tell(store, [add_event(store)], *chosen.channels)
    assert deliver(store, chosen, "2026-11-23T20:00:00Z", send=desk).sent == 1


# Clocks that jump ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [HOUR, YEAR, -HOUR, -YEAR])
def test_a_clock_that_was_wrong_for_a_while_silences_nobody(store: Store, desk: Desk, jump: int) -> None:
    """What was refused, deferred and held under the wrong clock goes out within a day under the right one."""
    wrong = shift(NOW, jump)
    chosen = settings(channel("a"), channel("b", digest="daily@08:00"), channel("c", quiet="08:00-20:00"))
    tell(store, [add_event(store), *[add_event(store, portal="haizhu") for _ in range(5)]], *chosen.channels, now=wrong)
    desk.refuses["a"] = Answer(False, "no", retry_after=7200)
    deliver(store, chosen, wrong, send=desk)
    desk.refuses.clear()
    for hours in range(25):
        deliver(store, chosen, shift(NOW, hours * HOUR), send=desk)
    assert states(store) == ["sent"] * 18
    assert max(row["attempts"] for row in store.rows("SELECT attempts FROM deliveries")) == 2


@pytest.mark.parametrize("jump", [HOUR, YEAR, -HOUR, -YEAR])
def test_a_robot_s_rate_neither_starves_nor_floods_after_a_jump(store: Store, desk: Desk, jump: int) -> None:
    robot = channel(url="dingtalk://office")

    def round_at(now: str) -> int:
        tell(store, [add_event(store, report=add_report(store, "linhai", 1900 + len(states(store))))], robot, now=now)
        return deliver(store, settings(robot), now, send=desk).sent

    for _ in range(20):
        assert round_at(NOW) == 1
    assert round_at(NOW) == 0
    assert round_at(shift(NOW, -30)) == 0  # a clock that was put right by half a minute
    after = shift(NOW, jump)
    assert round_at(after) == 3
    assert deliver(store, settings(robot), shift(after, 70), send=desk).sent == 0
    assert round_at(shift(after, 70)) == 1


# Channels that stall, die, go away --------------------------------------------------------------------------------------


def test_a_thread_for_each_channel_and_one_that_stalls_delays_no_other(store: Store, tmp_path: Path) -> None:
    chosen = settings(channel("slow"), channel("quick"))
    tell(store, [add_event(store), add_event(store, portal="haizhu")], *chosen.channels)
    go, got = threading.Event(), []

    def send(url: str, message: Message, timeout: float) -> Answer:
        if url.endswith("slow"):
            assert go.wait(20)
        got.append(url.rpartition("/")[2])
        return Answer(True)

    def rounds(name: str) -> None:
        with Store.open(tmp_path / "nianbao.db") as own:
            deliver(own, chosen, NOW, send=send, channels={name})

    assert record.channels_due(store, NOW) == ["quick", "slow"]
    slow = threading.Thread(target=rounds, args=("slow",))
    slow.start()
    quick = threading.Thread(target=rounds, args=("quick",))
    quick.start()
    quick.join(20)
    assert got == ["quick", "quick"]
    # What another thread has under way is neither taken from it nor sent twice.
    again = deliver(store, chosen, NOW, send=send, channels={"quick"})
    assert (again.sent, again.reclaimed) == (0, 0)
    go.set()
    slow.join(20)
    assert sorted(got) == ["quick", "quick", "slow", "slow"]
    assert states(store) == ["sent"] * 4


def test_what_a_broken_off_round_left_is_found_by_the_next(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel())
    store.run("UPDATE deliveries SET state = 'sending', attempts = 1")
    assert record.channels_due(store, NOW) == ["office"]
    assert deliver(store, settings(channel(), channel("b")), NOW, send=desk, channels={"b"}).reclaimed == 0
    assert deliver(store, settings(channel()), NOW, send=desk, channels={"office"}).sent == 1
    assert desk.got[0][1].subject.endswith("（可能重复）")
    assert record.channels_due(store, NOW) == []


def test_a_service_that_stops_begins_no_new_message(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store) for _ in range(3)], channel())
    assert deliver(store, settings(channel()), NOW, send=desk, go_on=lambda: len(desk.got) < 2).sent == 2
    assert states(store) == ["sent", "sent", "pending"]


def test_when_all_channels_are_dead_the_first_that_works_is_told(
    store: Store, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    chosen = settings(channel("a", max_attempts=1), channel("b", max_attempts=1))
    desk.refuses = {"a": Answer(False, "no"), "b": Answer(False, "no")}
    tell(store, [add_event(store)], *chosen.channels)
    deliver(store, chosen, NOW, send=desk)
    deliver(store, chosen, shift(NOW, 600), send=desk)
    assert set(states(store)) == {"dead"}
    assert [one.levelno for one in caplog.records if "given up" in one.message] == [logging.ERROR] * 4
    desk.refuses = {"a": Answer(False, "no")}
    tell(store, [add_event(store, portal="haizhu")], channel("b"), now=shift(NOW, DAY))
    deliver(store, chosen, shift(NOW, DAY), send=desk)
    deliver(store, chosen, shift(NOW, DAY), send=desk)
    assert ["通道“a”试了 1 次" in message.subject for _, message in desk.got] == [False, True]
    assert states(store).count("dead") == 3  # alerts that were given up wait for `retry`
    assert "channel b works again" in caplog.text


def test_a_channel_that_is_back_in_the_settings_gets_what_it_missed(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store), add_event(store)], channel("a"))
    desk.refuses["a"] = Answer(False, "no answer", uncertain=True)
    deliver(store, settings(channel("a")), NOW, send=desk)
    desk.refuses.clear()
    assert deliver(store, settings(channel("b")), shift(NOW, HOUR), send=desk).skipped == 2
    assert deliver(store, settings(channel("b")), shift(NOW, HOUR), send=desk).skipped == 0
    assert record.channels_due(store, shift(NOW, DAY)) == ["a"]
    assert deliver(store, settings(channel("a")), shift(NOW, DAY), send=desk).sent == 2
    assert all(message.subject.endswith("（可能重复）") for _, message in desk.got)


def test_a_renamed_channel_keeps_what_waits_for_it(store: Store, desk: Desk) -> None:
    old, other = channel("old", quiet="08:00-09:00"), channel("other")
    new = Channel(name="new", url=old.url)
    event = add_event(store)
    tell(store, [event], old, other)
    deliver(store, settings(old, other), NOW, send=desk)
    assert deliver(store, settings(other, new), shift(NOW, 60), send=desk).sent == 1
    assert [row["channel"] for row in store.rows("SELECT channel FROM deliveries ORDER BY id")] == ["new", "other"]
    # A second channel at the same address is another one.
    assert deliver(store, settings(other, new, Channel(name="twin", url=old.url)), shift(NOW, 60), send=desk).sent == 0
    assert [row["channel"] for row in store.rows("SELECT channel FROM deliveries ORDER BY id")] == ["new", "other"]
    notes = store.rows("SELECT name, value FROM notes WHERE name LIKE 'channel/%'")
    assert sorted(row["name"] for row in notes) == ["channel/new", "channel/other", "channel/twin"]
    assert {len(row["value"]) for row in notes} == {8}


def test_a_channel_of_the_same_name_months_later_is_a_new_one(store: Store, desk: Desk) -> None:
    tell(store, [add_event(store)], channel("a"))
    deliver(store, settings(), NOW, send=desk)
    assert deliver(store, settings(channel("a")), shift(NOW, 30 * DAY), send=desk).sent == 0
    assert record.retry(store, NOW, [1]) == 1


# Parts of a long message ------------------------------------------------------------------------------------------------


class Parts(Desk):
    """Takes as many parts as it is told to."""

    takes = 99

    def __call__(self, url: str, message: Message, timeout: float) -> Answer:
        if self.takes <= 0:
            return Answer(False, "busy", uncertain=self.takes < 0)
        self.takes -= 1
        return super().__call__(url, message, timeout)


ROBOT = Channel(name="wecom", url="wecombot://wecom")


@pytest.fixture
def long(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event whose message is longer than its receiver takes."""
    monkeypatch.setitem(chat.LIMITS, "wecombot", 205)
    tell(store, [add_event(store, organ="某" * 5, year=2020, url="https://a.gov.cn/" + "x" * 60)], ROBOT)


def numbers(desk: Desk) -> list[str]:
    return [message.subject.partition("（")[2] for _, message in desk.got]


def test_a_long_message_goes_out_in_parts_and_is_sent_when_all_are(store: Store, long: None) -> None:
    desk = Parts()
    result = deliver(store, settings(ROBOT), NOW, send=desk)
    assert (result.messages, result.sent) == (2, 1)
    assert numbers(desk) == ["1/2）", "2/2）"]
    assert record.sent_within(store, "wecom", NOW, NOW) == 2


@pytest.mark.parametrize(("left", "second"), [(0, "2/2）"), (-1, "2/2）（可能重复）")])
def test_after_a_failure_the_part_that_is_missing_is_sent(store: Store, long: None, left: int, second: str) -> None:
    desk = Parts()
    desk.takes = 1
    due = deliver(store, settings(ROBOT), NOW, send=desk).next_due or ""
    assert states(store) == ["failed"]
    if left < 0:
        desk.takes = left
        due = deliver(store, settings(ROBOT), due, send=desk).next_due or ""
    desk.takes = 99
    assert deliver(store, settings(ROBOT), due, send=desk).sent == 1
    assert numbers(desk) == ["1/2）", second]


@pytest.mark.parametrize(
    ("organ", "then"), [("别的机关名", ["1/2）（可能重复）", "2/2）（可能重复）"]), ("短", ["可能重复）"])]
)
def test_a_message_that_reads_otherwise_by_then_is_sent_anew(
    store: Store, long: None, organ: str, then: list[str]
) -> None:
    desk = Parts()
    desk.takes = 1
    due = deliver(store, settings(ROBOT), NOW, send=desk).next_due or ""
    store.run("UPDATE events SET organ = ?", (organ,))
    desk.takes = 99
    assert deliver(store, settings(ROBOT), due, send=desk).sent == 1
    assert numbers(desk) == ["1/2）", *then]


def test_who_got_the_first_part_is_told_that_it_was_wrong(store: Store, long: None) -> None:
    desk = Parts()
    desk.takes = 1
    deliver(store, settings(ROBOT), NOW, send=desk)
    with store.transaction():
        store.run("UPDATE events SET retracted_at = ?", (NOW,))
        assert enqueue_retraction(store, 1, [ROBOT], NOW, ZONE) == 1
    desk.takes = 99
    deliver(store, settings(ROBOT), shift(NOW, DAY), send=desk)
    assert states(store) == ["skipped", "sent"]
    assert desk.got[-1][1].subject.startswith("【更正】")


def test_parts_count_against_the_rate(store: Store, long: None) -> None:
    desk = Parts()
    for number in range(19):
        tell(store, [add_event(store, report=add_report(store, "haizhu", 1900 + number), portal="haizhu")], ROBOT)
    store.run("UPDATE deliveries SET id = 99 WHERE id = 1")  # the long one last
    result = deliver(store, settings(ROBOT), NOW, send=desk)
    assert (result.messages, result.sent, result.deferred) == (20, 19, 1)
    assert deliver(store, settings(ROBOT), shift(NOW, 60), send=desk).sent == 1
    assert [subject for subject in numbers(desk) if "/2" in subject] == ["1/2）", "2/2）"]
