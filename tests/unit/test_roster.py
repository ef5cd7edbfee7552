"""Workers and queues put together: who takes from what, what waits, whom nobody reads; and addresses without their secrets."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crawler.families import names
from crawler.portal import Portal, parse_portal
from monitor.home import Home
from monitor.times import format_utc, shift
from monitor.workers.address import is_redis, place, why
from monitor.workers.asking import Question, Unanswered
from monitor.workers.outside import PortalQueues
from monitor.workers.roster import NAMED, Given, cut_off, muster, of_service, queues_of, skews, with_passes
from monitor.workers.wire import WorkerSeen

NOW = "2026-11-21T00:31:00Z"
PLAIN, RENDERED, PINNED = "nianbao.plain", "nianbao.rendered", "nianbao.plain.cn-south"
QUEUES = {"linhai": PLAIN, "haizhu": PLAIN, "miyun": RENDERED, "huadu": PINNED}


def worker(name: str, *queues: str, running: tuple[str, ...] = (), version: str = "1", seen: str = NOW) -> WorkerSeen:
    return WorkerSeen(
        f"{name}@host", "host", version, NOW, seen, queues, slots=4, rendered_slots=1 if RENDERED in queues else 0,
        running=running,
    )  # fmt: skip


def given(portal: str, claimed: bool, minutes: int) -> Given:
    return Given(QUEUES[portal], portal, claimed, shift(NOW, -60 * minutes))


# Queues ------------------------------------------------------------------------------------------------------------


def test_queues_have_their_workers_slots_and_passes() -> None:
    crews = muster(
        [worker("one", PLAIN, RENDERED, running=("linhai",)), worker("two", PLAIN)],
        QUEUES,
        [given("linhai", True, 9), given("haizhu", False, 3), given("miyun", False, 2), given("huadu", False, 5)],
        NOW,
    )
    assert [crew.queue for crew in crews.queues] == [PLAIN, RENDERED, PINNED]
    plain, rendered, pinned = crews.queues
    assert plain.workers == ("one@host", "two@host")
    assert (plain.slots, plain.under_way, plain.waiting, plain.portals) == (8, 1, 1, 2)
    assert plain.since == shift(NOW, -180)
    assert plain.nobody_since == ""
    assert (rendered.slots, rendered.under_way, rendered.waiting) == (1, 0, 1)
    assert (pinned.workers, pinned.slots, pinned.waiting, pinned.nobody_since) == ((), 0, 1, NOW)
    assert crews.unread == ("huadu",)
    assert crews.unread_total == 1
    assert crews.reachable
    assert crews.cut_off_since == ""
    reader = crews.reader("linhai")
    assert reader is not None
    assert reader.name == "one@host"
    assert crews.reader("haizhu") is None
    assert crews.queue("nianbao.plain.else") is None


def test_a_queue_of_nothing_but_workers_is_one_too() -> None:
    (crew,) = muster([worker("one", "nianbao.plain.old")], {}, [], NOW).queues
    assert (crew.queue, crew.portals, crew.waiting, crew.since) == ("nianbao.plain.old", 0, 0, "")


def test_how_long_nobody_takes_from_a_queue_is_remembered() -> None:
    later, last = shift(NOW, 60), shift(NOW, 120)
    first = muster([], QUEUES, [], NOW)
    second = muster([worker("one", PLAIN)], QUEUES, [], later, before=first)
    third = muster([], QUEUES, [], last, before=second)
    since = {crew.queue: crew.nobody_since for crew in third.queues}
    assert since == {PLAIN: last, RENDERED: NOW, PINNED: NOW}


def test_many_portals_that_nobody_reads_are_counted() -> None:
    queues = {f"p{number:03}": PLAIN for number in range(NAMED + 7)}
    crews = muster([], queues, [], NOW)
    assert (len(crews.unread), crews.unread_total) == (NAMED, NAMED + 7)
    assert crews.unread[0] == "p000"


def test_what_does_not_answer_lasts_until_both_do() -> None:
    first = cut_off(NOW, register="refused")
    second = cut_off(shift(NOW, 10), register="", broker="refused", before=first)
    third = muster([], {}, [], shift(NOW, 20), broker="refused", before=second)
    assert [one.cut_off_since for one in (first, second, third)] == [NOW] * 3
    assert not any(one.reachable for one in (first, second, third))
    healed = muster([], {}, [], shift(NOW, 30), before=third)
    assert healed.reachable
    assert muster([], {}, [], shift(NOW, 40), broker="again", before=healed).cut_off_since == shift(NOW, 40)


def test_what_the_dispatcher_knows() -> None:
    crews = of_service([], {"broker": "", "register": ""}, QUEUES, [given("linhai", False, 10)], NOW, None)
    plain = crews.queue(PLAIN)
    assert plain is not None
    assert (plain.waiting, plain.since) == (1, "2026-11-21T00:21:00Z")
    cut = of_service([worker("one", PLAIN)], {"register": "gone"}, QUEUES, [], NOW, crews)
    assert (cut.register, cut.workers, cut.queues, cut.cut_off_since) == ("gone", (), (), NOW)


def test_passes_that_no_worker_makes_wait() -> None:
    """For whoever only sees the record and the workers."""
    found = muster([worker("one", PLAIN, running=("linhai",))], QUEUES, [], shift(NOW, -10))
    begun = {"linhai": NOW, "haizhu": shift(NOW, -300), "miyun": NOW, "unknown": NOW}
    crews = with_passes(found, QUEUES, begun, NOW)
    assert [(one.queue, one.under_way, one.waiting) for one in crews.queues] == [
        (PLAIN, 1, 1), (RENDERED, 0, 1), (PINNED, 0, 0)
    ]  # fmt: skip
    assert {one.nobody_since for one in crews.queues[1:]} == {shift(NOW, -10)}
    cut = cut_off(NOW, register="gone")
    assert with_passes(cut, QUEUES, begun, NOW) is cut


def test_clocks_are_compared_at_the_time_of_the_announcement() -> None:
    now = datetime(2026, 11, 21, 0, 31, tzinfo=UTC)
    workers = [
        worker("right", seen=format_utc(now - timedelta(seconds=30))),
        worker("ahead", seen=format_utc(now + timedelta(seconds=90))),
        worker("odd", seen="yesterday"),
        worker("gone"),
    ]
    found = skews(workers, {"right@host": 30.0, "ahead@host": 10.0, "odd@host": 1.0}, now)
    assert found.keys() == {"right@host", "ahead@host"}
    assert abs(found["right@host"]) < 1
    assert 99 < found["ahead@host"] < 101


def test_workers_of_other_releases() -> None:
    crews = muster([worker("one", version="1"), worker("two", version="2")], {}, [], NOW)
    assert [one.name for one in crews.of_other_versions("1")] == ["two@host"]


# Which portal is in which queue -------------------------------------------------------------------------------------


def file(**values: object) -> str:
    own = {"title": "某县", "family": "generic", "sections": ["https://a.gov.cn/nb/"], **values}
    return "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in own.items())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    nowhere = tmp_path / "none"
    nowhere.mkdir()
    monkeypatch.setattr("monitor.home.BUILT_IN", nowhere)
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_queues_are_those_of_portal_files_read_whole(home: Home) -> None:
    texts = {
        "plain": file(),
        "rendered": file(render=True),
        "pinned": file(exit="cn-south"),
        "both": file(render=True, exit="cn-south"),
        "off": file(enabled=False),
        "written": file(title="render = true"),
        "first": "exit = 'cn-south'\n" + file(),
        "commented": file() + "\n# exit = 'cn-south'",
        "indented": file() + "\n  exit   =   'cn-south'",
        "quoted": file() + '\n"exit" = "cn-south"',
        "new": file(formerly="plain_old"),
        "plain_old": file(exit="x"),
        "itself": file(formerly="itself"),
    }
    for name, text in texts.items():
        (home.path / "portals" / f"{name}.toml").write_text(text, encoding="utf-8-sig")
    (home.path / "portals" / "broken.toml").write_text("exit = ", encoding="utf-8")
    found = PortalQueues(home).read()
    assert found == queues_of(home.sound_portals()[0])
    assert found["both"] == "nianbao.rendered.cn-south"
    assert found["quoted"] == found["indented"] == found["pinned"] == PINNED
    assert not {"off", "plain_old", "broken"} & {*found}


def test_a_portal_file_that_changed_is_read_again(home: Home) -> None:
    path = home.path / "portals" / "a.toml"
    path.write_text(file(), encoding="utf-8")
    queues = PortalQueues(home)
    assert queues.read() == {"a": PLAIN}
    path.write_text(file(exit="cn-south"), encoding="utf-8")
    assert queues.read() == {"a": PINNED}
    path.unlink()
    assert queues.read() == {}


def test_the_queue_of_a_portal() -> None:
    def portal(text: str) -> Portal:
        return parse_portal("a", text, names())

    portals = {"a": portal(file()), "b": portal(file(render=True, exit="x")), "c": portal(file(enabled=False))}
    assert queues_of(portals) == {"a": PLAIN, "b": "nianbao.rendered.x"}


# Addresses and errors -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("redis://:geheim@10.0.0.1:6379/0", "10.0.0.1:6379"),
        ("amqps://user:geheim@mq.example.org//", "mq.example.org"),
        ("redis://[::1]:6379/0", "::1:6379"),
        ("redis://:ge/heim@10.0.0.1:6379/0", "?"),
        ("redis://", "?"),
    ],
)
def test_a_place_holds_no_secret(address: str, shown: str) -> None:
    assert place(address) == shown


def test_errors_are_one_line_without_secrets() -> None:
    address = "redis://worker:ge%23heim@10.0.0.1:6379/0"
    said = why(ConnectionError("cannot reach\n redis://worker:ge%23heim@10.0.0.1 as ge#heim"), address)
    assert said == "cannot reach redis://***@10.0.0.1 as ***"
    assert "geheim" not in why(ValueError("invalid literal for int() with base 10: 'geheim'"))
    assert why(TimeoutError()) == "TimeoutError"
    assert is_redis(address)
    assert not is_redis("amqp://a")


def test_a_question_is_not_waited_for() -> None:
    never = threading.Event()
    try:
        with pytest.raises(Unanswered, match=r"^no answer within 0 s$"):
            Question(never.wait).answer(0.05)
    finally:
        never.set()
    assert Question(lambda: 3).answer(30) == 3

    def fails() -> None:
        raise OSError("no, ge#heim is wrong")

    with pytest.raises(Unanswered, match=r"^no, \*\*\* is wrong$"):
        Question(fails, "redis://:ge%23heim@10.0.0.1").answer(30)
