"""The watch over the service itself: what is wrong, told once, in words that say what to do; and without the record."""

import inspect
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crawler import observation
from crawler.families import names
from crawler.portal import Portal, parse_portal
from monitor import bookkeeping, processes
from monitor.chat import Answer
from monitor.event_detail import Service as ServiceDetail
from monitor.event_detail import decode
from monitor.home import Home
from monitor.message import Message
from monitor.service import watch as watching
from monitor.service.facts import NOT_ITS_FAULT
from monitor.service.matters import DISK_FULL, Room
from monitor.service.state import Coming, Running, State
from monitor.service.watch import Watch
from monitor.settings import Channel, Settings
from monitor.store import Store
from monitor.times import shift

NOW = "2026-11-21T00:31:00Z"  # 08:31 in Shanghai
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
GB = 10**9


def portal(name: str, title: str = "") -> Portal:
    text = f'title = "{title or name}"\nfamily = "generic"\nsections = ["https://{name}.gov.cn/nb/"]'
    return parse_portal(name, text, names())


class World:
    """A home, its service's clock, and all that the watch sees. Time goes on when it is told to."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.create()
        self.now, self.up = NOW, 0.0
        self.rooms = [Room("home", 100 * GB)]
        self.settings = Settings(channels=(self.channel("ops"), self.channel("desk", kinds=("changed",))))
        self.portals = {name: portal(name, title) for name, title in (("linhai", "临海市"), ("haizhu", "海珠区"))}
        self.faults: dict[str, str] = {}
        self.state: State | None = None
        self.got: list[tuple[str, Message]] = []
        self.answer = Answer(True)
        self.queued: list[str] = []
        """Channels on which the last look's events were queued."""
        self.store = Store.open(self.home.database)
        for one in self.portals.values():
            self.store.sync_portal(one)
        self.watch = self.start()

    @staticmethod
    def channel(name: str, **fields: Any) -> Channel:
        return Channel(**{"name": name, "url": f"json://127.0.0.1/{name}", **fields})

    def start(self) -> Watch:
        """A service, started now."""
        return Watch(
            self.home,
            lambda: self.settings,
            lambda: self.now,
            portals=lambda: self.portals,
            faults=lambda: self.faults,
            state=lambda: self.state,
            send=self.send,
            rooms=lambda _: iter(self.rooms),
            boot=lambda: self.up,
        )

    def send(self, url: str, message: Message, timeout: float) -> Answer:
        self.got.append((url.rpartition("/")[2], message))
        return self.answer

    def wait(self, seconds: float) -> None:
        self.now, self.up = shift(self.now, seconds), self.up + seconds

    def look(self, after: float = 0.0) -> list[ServiceDetail]:
        """What the watch newly says, `after` so many seconds."""
        self.wait(after)
        before = (self.store.row("SELECT coalesce(max(id), 0) AS id FROM events") or {})["id"]
        events = self.watch.look()
        self.watch.wait(5)
        rows = [self.store.row("SELECT * FROM events WHERE id = ?", (event,)) for event in events]
        details = [decode("service", row["detail"]) for row in rows if row is not None]
        self.queued = [
            row["channel"] for row in self.store.rows("SELECT channel FROM deliveries WHERE event > ?", (before,))
        ]
        self.store.run("UPDATE deliveries SET state = 'sent' WHERE event > ?", (before,))  # by the sender, at once
        return [detail for detail in details if isinstance(detail, ServiceDetail)]

    def crawl(self, name: str, outcome: str, *, complete: bool = False, detail: str = "{}") -> None:
        values = {"portal": name, "mode": "full", "started_at": shift(self.now, -60), "finished_at": self.now}
        self.store.insert("crawls", {**values, "outcome": outcome, "detail": detail})
        if complete:
            self.store.run("UPDATE portals SET last_complete_at = ? WHERE name = ?", (self.now, name))

    def deliver(self, channel: str, state: str, **fields: Any) -> None:
        number = (self.store.row("SELECT count(*) AS n FROM events") or {})["n"]
        event = {"key": f"e/{number}", "kind": "appeared", "detected_at": self.now, "summary": "x"}
        values = {"event": self.store.insert("events", event), "channel": channel, "state": state}
        self.store.insert("deliveries", {**values, "next_attempt_at": self.now, **fields})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "home")
    yield made
    made.store.close()


def test_all_is_well(world: World) -> None:
    world.crawl("linhai", "ok", complete=True)
    world.deliver("ops", "sent", sent_at=NOW)
    for after in (0, HOUR, DAY):
        assert world.look(after) == []
    assert world.watch.problems == ()
    assert world.got == []


# Disk --------------------------------------------------------------------------------------------------------------


def test_a_disk_that_fills_up_is_told_before_it_is_full_and_again_when_it_really_is(world: World) -> None:
    world.rooms = [Room("home", 2 * GB - 1)]
    (said,) = world.look()
    assert (said.what, said.ended) == ("disk", False)
    assert "只剩 2.0 GB" in said.reason
    assert "清理" in said.remedy
    assert world.queued == ["ops"]
    assert world.look(10 * MINUTE) == []
    world.rooms = [Room("home", DISK_FULL - 1)]
    (worse,) = world.look(10 * MINUTE)
    assert "只剩 300 MB" in worse.reason
    assert "随时可能失败" in worse.reason
    for after in (10 * MINUTE, DAY, 30 * DAY):
        assert world.look(after) == []


def test_a_disk_at_the_edge_is_not_told_to_and_fro(world: World) -> None:
    told = []
    for free in (1.99, 2.01, 1.99, 2.1, 1.99):
        world.rooms = [Room("home", int(free * GB))]
        told += world.look(10 * MINUTE)
    assert len(told) == 1


def test_a_disk_that_was_cleaned_and_fills_up_again_is_told_again_but_once_a_day(world: World) -> None:
    told = []
    for _ in range(5):
        world.rooms = [Room("home", GB)]
        told += world.look(10 * MINUTE)
        world.rooms = [Room("home", 50 * GB)]
        told += world.look(10 * MINUTE)
    assert len(told) == 1
    world.rooms = [Room("home", GB)]
    assert len(world.look(DAY)) == 1


def test_a_disk_without_room_for_more_files_is_short_too(world: World) -> None:
    world.rooms = [Room("home", 100 * GB, files=400)]
    (said,) = world.look()
    assert "400 个文件" in said.reason


def test_a_restart_repeats_nothing(world: World) -> None:
    world.rooms = [Room("home", GB)]
    assert len(world.look()) == 1
    world.watch = world.start()
    assert world.look(2 * DAY) == []


def test_the_limit_is_the_operators(world: World) -> None:
    service = msgspec.structs.replace(world.settings.service, disk_low="50GB")
    world.settings = msgspec.structs.replace(world.settings, service=service)
    world.rooms = [Room("home", 49 * GB)]
    assert len(world.look()) == 1


def test_room_is_measured_on_this_machine(world: World) -> None:
    (room,) = watching.rooms(world.home)
    assert room.where == "home"
    assert room.free > 0


# Where nothing can be recorded ---------------------------------------------------------------------------------------


def break_record(world: World, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(path: Path) -> Store:
        raise error

    monkeypatch.setattr(watching.Store, "open", refuse)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (sqlite3.OperationalError("database or disk is full"), "磁盘已满"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "不可写"),
        (OSError(30, "Read-only file system"), "不可写"),
        (sqlite3.DatabaseError("database disk image is malformed"), "已损坏"),
        (sqlite3.OperationalError("database is locked"), "锁住"),
        (sqlite3.OperationalError("disk I/O error"), "无法写入"),
    ],
)
def test_what_cannot_be_recorded_is_told_directly(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, words: str
) -> None:
    break_record(world, monkeypatch, error)
    assert world.look() == []
    ((channel, message),) = world.got  # `desk` does not ask for `service`
    assert channel == "ops"
    assert words in message.subject
    assert "处理" in message.text
    assert world.watch.unrecorded_since == NOW


def test_it_is_told_directly_once_an_hour_and_the_end_is_recorded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        break_record(world, patched, sqlite3.OperationalError("database or disk is full"))
        for after in (0, 10 * MINUTE, 10 * MINUTE, 30 * MINUTE):
            world.look(after)
        assert len(world.got) == 1
        world.look(11 * MINUTE)
        assert len(world.got) == 2
    (said,) = world.look(10 * MINUTE)
    assert said.ended
    assert said.since == NOW
    assert world.queued == ["ops"]
    assert world.watch.unrecorded_since == ""
    assert world.look(10 * MINUTE) == []


def test_a_record_that_comes_and_goes_is_not_told_more_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        with monkeypatch.context() as patched:
            break_record(world, patched, sqlite3.OperationalError("database is locked"))
            world.look(5 * MINUTE)
        world.look(5 * MINUTE)
    assert len(world.got) == 1


def test_who_could_not_be_told_directly_is_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.answer = Answer(False, "HTTP 502")
    break_record(world, monkeypatch, sqlite3.OperationalError("database or disk is full"))
    world.look(10 * MINUTE)
    world.look(10 * MINUTE)
    assert len(world.got) == 2


def test_quiet_hours_hold_what_is_told_directly(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.settings = Settings(channels=(world.channel("ops", quiet="22:00-08:00"),))
    break_record(world, monkeypatch, sqlite3.OperationalError("database or disk is full"))
    world.look(15 * HOUR)
    assert world.got == []
    world.look(9 * HOUR)
    assert len(world.got) == 1


def test_a_receiver_that_hangs_does_not_hold_the_watch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    free = threading.Event()
    world.send = lambda *_: (free.wait(10), Answer(True))[1]  # type: ignore[method-assign]
    world.watch = world.start()
    break_record(world, monkeypatch, sqlite3.OperationalError("database or disk is full"))
    world.watch.look()  # comes back
    free.set()
    world.watch.wait(5)


def test_a_record_that_is_no_database_any_more(world: World) -> None:
    world.store.close()
    world.home.database.write_bytes(b"no database at all" * 1000)
    for log in world.home.path.glob("nianbao.db-*"):
        log.unlink()
    assert world.watch.look() == []
    world.watch.wait(5)
    ((_, message),) = world.got
    assert "已损坏" in message.subject


@pytest.mark.parametrize("replaced", [False, True])
def test_a_record_whose_file_is_gone_is_not_made_anew(world: World, replaced: bool) -> None:
    world.look()
    world.home.database.rename(world.home.path / "elsewhere.db")
    if replaced:
        Store.open(world.home.database).close()
    assert world.watch.look() == []
    world.watch.wait(5)
    ((_, message),) = world.got
    assert "不见了或被替换" in message.subject
    assert world.home.database.exists() == replaced


def test_an_archive_that_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(watching, "try_to_write", refuse)
        (said,) = world.look()
        assert said.what == "record"
        assert "存档目录无法写入" in said.reason
        assert world.look(10 * MINUTE) == []
    (over,) = world.look(10 * MINUTE)
    assert over.ended


# The record itself ---------------------------------------------------------------------------------------------------


def test_a_record_that_is_not_sound_is_told_every_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["row 7 missing from index reports_by_year", "", "again"]
    asked: list[int] = []

    def check(_: Store) -> str:
        asked.append(1)
        return answers[0]

    monkeypatch.setattr(watching, "sound", check)
    (said,) = world.look()
    assert "完整性检查未通过" in said.reason
    assert "row 7 missing" in said.reason
    assert world.look(HOUR) == []  # not asked again the same day, and not forgotten either
    assert len(asked) == 1
    assert len(world.look(DAY)) == 1
    assert len(asked) == 2


def test_a_reader_that_never_ends_lets_the_log_grow(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.judge, "LOG_BYTES", 100_000)
    reader = sqlite3.connect(world.home.database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM portals").fetchall()
    world.store.run("CREATE TABLE blob (data)")
    world.store.run("INSERT INTO blob VALUES (zeroblob(300000))")
    assert world.look() == []
    (said,) = world.look(2 * HOUR)
    assert "预写日志" in said.reason
    reader.close()
    assert world.look(HOUR) == []
    assert world.watch.problems == ()


# Channels ------------------------------------------------------------------------------------------------------------


def test_a_channel_that_fails_for_a_day_is_told_to_the_others(world: World) -> None:
    world.deliver("desk", "failed", last_error="HTTP 502", next_attempt_at=shift(NOW, 9 * DAY))
    assert world.look(HOUR) == []
    assert world.look(DAY - HOUR) == []
    (said,) = world.look(HOUR)
    assert (said.what, said.channel, said.count) == ("channel_failing", "desk", 1)
    assert "HTTP 502" in said.reason
    assert world.queued == ["ops"]
    assert world.look(5 * DAY) == []
    world.store.run("UPDATE deliveries SET state = 'sent', sent_at = ? WHERE channel = 'desk'", (world.now,))
    (over,) = world.look(HOUR)
    assert over.ended
    assert "恢复送达" in over.reason


def test_a_channel_that_takes_some_is_not_failing(world: World) -> None:
    world.deliver("ops", "failed", next_attempt_at=shift(NOW, 99 * DAY))
    world.look(HOUR)
    for _ in range(5):
        world.wait(20 * HOUR)
        world.deliver("ops", "sent", sent_at=world.now)
        assert world.look() == []


def test_what_is_due_and_not_sent_for_hours(world: World) -> None:
    world.look(HOUR)
    world.deliver("ops", "pending")
    world.deliver("ops", "held")
    assert world.look(2 * HOUR) == []
    assert world.look(2 * HOUR) == []
    (said,) = world.look(HOUR)
    assert (said.what, said.count) == ("outbox", 1)
    assert "重启服务" in said.remedy


def test_nothing_is_said_of_queues_right_after_a_start(world: World) -> None:
    world.deliver("ops", "pending", next_attempt_at=shift(NOW, -9 * DAY))
    assert world.look(10 * MINUTE) == []
    assert world.look(10 * MINUTE) == []


# Portals -------------------------------------------------------------------------------------------------------------


def test_a_portal_that_no_pass_reads_to_its_end_is_told_after_two_weeks_and_by_month(world: World) -> None:
    world.crawl("linhai", "ok", complete=True)
    told: dict[int, list[ServiceDetail]] = {}
    world.wait(12 * DAY)
    for day in range(13, 45):
        world.wait(DAY)
        world.crawl("linhai", "ok")
        if said := world.look():
            told[day] = said
    assert list(told) == [14, 44]
    assert "已 14 天未能完整读取" in told[14][0].reason
    event = world.store.row("SELECT portal FROM events WHERE kind = 'service' ORDER BY id LIMIT 1")
    assert event == {"portal": "linhai"}
    world.wait(DAY)
    world.crawl("linhai", "ok", complete=True)
    (over,) = world.look()
    assert over.ended


def test_one_of_which_it_was_said_that_it_is_down_is_a_reminder_after_a_month(world: World) -> None:
    world.crawl("linhai", "ok", complete=True)
    world.store.run("UPDATE portals SET down_said = 1")
    days = []
    world.wait(26 * DAY)
    for day in range(27, 33):
        world.wait(DAY)
        world.crawl("linhai", "failed")
        days += [day for _ in world.look()]
    assert days == [30]


def test_a_service_that_was_off_for_weeks_says_nothing_before_it_has_tried(world: World) -> None:
    world.crawl("linhai", "ok", complete=True)
    world.wait(30 * DAY)
    world.watch = world.start()
    assert world.look() == []
    assert world.look(HOUR) == []
    world.crawl("linhai", "cut_short")
    assert len(world.look(HOUR)) == 1


def test_a_portal_that_is_switched_off_is_no_matter(world: World) -> None:
    world.crawl("linhai", "ok", complete=True)
    world.wait(20 * DAY)
    assert [detail.what for detail in world.look()] == ["portal_unread"]
    del world.portals["linhai"]
    assert world.look(DAY) == []


def test_many_portals_are_one_message(world: World) -> None:
    world.portals = {f"p{number:03}": portal(f"p{number:03}", f"第{number}区") for number in range(40)}
    for one in world.portals.values():
        world.store.sync_portal(one)
        world.crawl(one.name, "ok", complete=True)
    world.wait(15 * DAY)
    (said,) = world.look()
    assert said.count == 40
    assert "40 个门户" in said.reason
    assert len(said.portals) == 40
    for one in world.portals.values():
        world.crawl(one.name, "ok", complete=True)
    (over,) = world.look(DAY)
    assert over.ended
    assert over.count == 40


def test_three_passes_that_never_end(world: World) -> None:
    world.look(HOUR)
    world.crawl("linhai", "ok", complete=True)
    why = '{"reason":"longer than 7200 s"}'
    world.crawl("linhai", "killed", detail=why)
    world.crawl("linhai", "cut_short", detail='{"detail":"the service stops"}')
    world.crawl("linhai", "cut_short", detail=why)
    assert world.look() == []
    world.crawl("linhai", "killed", detail=why)
    (said,) = world.look()
    assert said.what == "portal_cut"
    assert "longer than 7200 s" in said.reason
    assert world.look(DAY) == []
    for _ in range(3):  # to and fro: not told again for a week
        world.crawl("linhai", "ok")
        assert world.look(HOUR) == []
        for _ in range(3):
            world.crawl("linhai", "killed")
        assert world.look(HOUR) == []


def test_passes_that_ended_with_the_service_are_not_held_against_the_portal(world: World) -> None:
    sources = "".join(inspect.getsource(module) for module in (bookkeeping, observation, processes))
    world.look(HOUR)
    for words in NOT_ITS_FAULT:
        assert words in sources
        for _ in range(3):
            world.crawl("linhai", "killed", detail=f'{{"reason":"{words}"}}')
    assert world.look() == []


def test_passes_that_read_nothing_are_told_as_an_outage_alone(world: World) -> None:
    world.look(HOUR)
    world.store.run("UPDATE portals SET down_said = 1")
    for _ in range(4):
        world.crawl("linhai", "killed")
    assert world.look() == []


# Clock ---------------------------------------------------------------------------------------------------------------


def test_a_clock_that_most_portals_contradict(world: World) -> None:
    world.crawl("linhai", "ok", detail='{"clock_offset":900.0}')
    world.crawl("haizhu", "ok", detail='{"clock_offset":880.0}')
    (said,) = world.look()
    assert "慢 15 分钟" in said.reason
    assert world.look(HOUR) == []
    world.crawl("linhai", "ok", detail='{"clock_offset":0.4}')
    world.crawl("haizhu", "ok", detail='{"clock_offset":0.4}')
    (over,) = world.look(HOUR)
    assert over.ended


def test_a_portal_whose_own_clock_is_wrong_is_no_matter(world: World) -> None:
    for name in ("linhai", "haizhu", "third"):
        world.store.sync_portal(portal(name))
        world.crawl(name, "ok", detail='{"clock_offset":%s}' % ("-7200.0" if name == "third" else "1.0"))
    assert world.look() == []


def test_of_two_portals_that_contradict_each_other_none_is_believed(world: World) -> None:
    world.crawl("linhai", "ok", detail='{"clock_offset":-7200.0}')
    world.crawl("haizhu", "ok", detail='{"clock_offset":3.0}')
    assert world.look() == []


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 366 * DAY])
def test_a_clock_that_jumps(world: World, jump: float) -> None:
    assert world.look() == []
    world.now = shift(world.now, jump)
    (said,) = world.look(10 * MINUTE)
    assert said.what == "clock"
    assert f"向{'前' if jump > 0 else '后'}跳" in said.reason
    assert world.look(10 * MINUTE) == []


def test_what_was_remembered_in_the_future_does_not_silence_the_watch(world: World) -> None:
    world.now = shift(NOW, 366 * DAY)
    world.rooms = [Room("home", GB)]
    assert len(world.look()) == 1
    world.now = NOW
    world.watch = world.start()
    assert [said.what for said in world.look()] == ["disk"]


# Configuration, timetable --------------------------------------------------------------------------------------------


def test_a_file_that_became_invalid_is_told_and_so_is_that_it_is_mended(world: World) -> None:
    world.faults = {"nianbao.toml": 'nianbao.toml: service.langauge: unknown key; did you mean "language"?'}
    (said,) = world.look()
    assert said.what == "config"
    assert "langauge" in said.reason
    assert world.look(DAY) == []
    world.faults = {}
    (over,) = world.look(HOUR)
    assert "nianbao.toml 已改好" in over.reason


def test_secrets_of_a_fault_are_not_told(world: World) -> None:
    world.faults = {"linhai": "linhai.toml: proxy: http://user:hunter2@proxy.example.cn is no address"}
    (said,) = world.look()
    assert "hunter2" not in said.reason


def test_a_timetable_that_stands_still(world: World) -> None:
    world.state = State(NOW, coming=Coming("linhai", "full", shift(NOW, HOUR)))
    assert world.look(HOUR) == []
    assert world.look(HOUR + MINUTE) == []
    (said,) = world.look(HOUR)
    assert said.what == "idle"
    world.state = State(NOW, running=(Running("linhai", "full", 7, world.now),), coming=world.state.coming)
    (over,) = world.look(HOUR)
    assert over.ended


def test_a_memory_that_nobody_can_read_is_forgotten(world: World) -> None:
    world.rooms = [Room("home", GB)]
    world.store.run("INSERT INTO notes (name, value) VALUES ('watch/disk/home', 'a later release wrote this')")
    assert len(world.look()) == 1


def test_problems_are_those_that_last(world: World) -> None:
    world.rooms = [Room("home", GB)]
    world.deliver("ops", "failed", next_attempt_at=shift(NOW, 9 * DAY))
    world.look(HOUR)
    assert [matter.what for matter in world.watch.problems] == ["disk"]
    world.look(2 * DAY)
    assert [matter.what for matter in world.watch.problems] == ["disk", "channel_failing"]
