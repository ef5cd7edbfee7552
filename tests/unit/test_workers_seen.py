"""Workers and queues as operators hear and see of them: alerts, metrics, /health, the doctor, `nianbao workers`; without a Redis."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.checkup import installation
from monitor.checkup.workers import workers as look_at_workers
from monitor.cli import cli
from monitor.event_detail import Service as ServiceDetail
from monitor.home import Home
from monitor.service import endpoint
from monitor.service.pages import _read_at_start
from monitor.service.state import State
from monitor.settings import Service, Settings
from monitor.times import shift
from monitor.workers.roster import Crews, Given, cut_off, muster
from monitor.workers.wire import WorkerSeen
from tests.unit.test_health import Machine
from tests.unit.test_start import imported
from tests.unit.test_watch import DAY, MINUTE, NOW, World

PLAIN, RENDERED, PINNED = "nianbao.plain", "nianbao.rendered", "nianbao.rendered.cn-south"
QUEUES = {"linhai": PLAIN, "haizhu": RENDERED}


def worker(*queues: str, running: tuple[str, ...] = ()) -> WorkerSeen:
    return WorkerSeen("one@host", "host", "1", NOW, NOW, queues, slots=4, rendered_slots=2, running=running)


class Watched:
    """The watch's world, with workers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.crews: Crews | None = None

    def look(self, after: float, *workers: WorkerSeen, waiting: dict[str, str] | None = None) -> list[ServiceDetail]:
        """What is newly said `after` some seconds, when these workers are there and these passes (queue → since) wait."""
        now = shift(self.world.now, after)
        given = [Given(queue, "linhai", False, since) for queue, since in (waiting or {}).items()]
        return self.seen(after, muster(workers, QUEUES, given, now, before=self.crews))

    def cut(self, after: float, *, register: str = "", broker: str = "") -> list[ServiceDetail]:
        now = shift(self.world.now, after)
        return self.seen(after, cut_off(now, register=register, broker=broker, before=self.crews))

    def seen(self, after: float, crews: Crews | None) -> list[ServiceDetail]:
        self.crews = crews
        self.world.state = State(since=NOW, crews=crews)
        return self.world.look(after)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    world = World(tmp_path / "home")
    yield Watched(world)
    world.store.close()


# Alerts ------------------------------------------------------------------------------------------------------------


def test_a_queue_that_nobody_takes_from_is_told_and_that_it_is_over(watched: Watched) -> None:
    waiting = {PLAIN: NOW}
    assert watched.look(0, worker(RENDERED), waiting=waiting) == []
    assert watched.look(9 * MINUTE, worker(RENDERED), waiting=waiting) == []
    (said,) = watched.look(2 * MINUTE, worker(RENDERED), waiting=waiting)
    assert (said.what, said.count, said.ended) == ("workers", 1, False)
    assert "队列 nianbao.plain 有 1 个门户在等读取，最久 11 分钟，没有采集节点在取" in said.reason
    assert "nianbao worker，" in said.remedy
    assert watched.world.queued == ["ops"]
    assert watched.look(10 * MINUTE, worker(RENDERED), waiting=waiting) == []
    (over,) = watched.look(10 * MINUTE, worker(PLAIN, RENDERED), waiting=waiting)
    assert (over.what, over.ended) == ("workers", True)
    assert "nianbao.plain 里不再有读取空等" in over.reason


def test_passes_that_wait_for_busy_workers_are_no_matter(watched: Watched) -> None:
    for after in (0, 30 * MINUTE, 30 * MINUTE):
        assert watched.look(after, worker(PLAIN, RENDERED), waiting={PLAIN: NOW}) == []
    assert watched.look(MINUTE, waiting={PLAIN: NOW}) == []  # the one worker is renewed: back in a moment
    assert watched.look(MINUTE, worker(PLAIN, RENDERED), waiting={PLAIN: NOW}) == []


def test_a_queue_in_which_nothing_waits_is_no_matter(watched: Watched) -> None:
    for after in (0, 30 * MINUTE, DAY):
        assert watched.look(after) == []


def test_which_worker_is_missing_is_said(watched: Watched) -> None:
    watched.look(0, worker(PLAIN, RENDERED), waiting={PINNED: NOW})
    (said,) = watched.look(11 * MINUTE, worker(PLAIN, RENDERED), waiting={PINNED: NOW})
    assert "nianbao.rendered.cn-south（需浏览器，出口 cn-south）有 1" in said.reason
    assert "nianbao worker --queue rendered --exit cn-south" in said.remedy


def test_several_queues_are_one_message(watched: Watched) -> None:
    waiting = {PLAIN: NOW, RENDERED: NOW, PINNED: NOW}
    watched.look(0, waiting=waiting)
    (said,) = watched.look(11 * MINUTE, waiting=waiting)
    assert said.reason == f"3 个队列有读取在等，没有采集节点在取：{PLAIN}、{RENDERED}、{PINNED}。"
    (over,) = watched.look(MINUTE, worker(PLAIN, RENDERED, PINNED))
    assert "3 件已恢复：nianbao.plain" in over.reason


def test_a_service_that_starts_anew_does_not_say_that_it_is_over(watched: Watched) -> None:
    """It takes back what waited, and gives it out again: nobody has come for it."""
    watched.look(0, waiting={PLAIN: NOW})
    assert len(watched.look(11 * MINUTE, waiting={PLAIN: NOW})) == 1
    watched.crews = None
    watched.world.watch = watched.world.start()
    watched.world.state = None
    assert watched.world.look(MINUTE) == []
    assert watched.look(MINUTE) == []
    again = {PLAIN: shift(watched.world.now, MINUTE)}
    assert watched.look(MINUTE, waiting=again) == []
    assert watched.look(11 * MINUTE, waiting=again) == []
    (reminder,) = watched.look(DAY, waiting=again)
    assert not reminder.ended
    assert watched.look(MINUTE, worker(PLAIN), waiting=again)[0].ended


def test_a_queue_that_is_no_more_is_over(watched: Watched) -> None:
    watched.look(0, waiting={PINNED: NOW})
    assert len(watched.look(11 * MINUTE, waiting={PINNED: NOW})) == 1
    (over,) = watched.look(MINUTE)
    assert over.ended
    assert PINNED in over.reason


def test_a_broker_that_is_gone_is_told_and_that_it_is_back(watched: Watched) -> None:
    watched.look(0, worker(PLAIN), waiting={PLAIN: NOW})
    assert watched.cut(MINUTE, register="Error 111 connecting to 10.0.0.1:6379. Connection refused.") == []
    assert watched.cut(4 * MINUTE, register="refused") == []
    (said,) = watched.cut(2 * MINUTE, register="refused by redis://:geheim@10.0.0.1")
    assert (said.what, said.ended, said.since) == ("workers", False, shift(NOW, MINUTE))
    assert "任务登记处（Redis）连不上（refused by redis://***@10.0.0.1）" in said.reason
    assert "geheim" not in said.reason
    assert watched.cut(10 * MINUTE, broker="refused", register="refused") == []
    (over,) = watched.look(MINUTE, worker(PLAIN))
    assert (over.ended, over.reason) == (True, "读取任务恢复派发。")
    assert watched.cut(MINUTE, broker="refused") == []
    assert watched.look(MINUTE, worker(PLAIN)) == []


def test_nothing_is_said_of_queues_while_the_register_does_not_answer(watched: Watched) -> None:
    watched.look(0, waiting={PLAIN: NOW})
    assert len(watched.look(11 * MINUTE, waiting={PLAIN: NOW})) == 1
    watched.cut(MINUTE, register="refused")
    (said,) = watched.cut(6 * MINUTE, register="refused")
    assert "连不上" in said.reason
    assert [detail.ended for detail in watched.look(MINUTE, waiting={PLAIN: NOW})] == [True]  # of the register alone
    (over,) = watched.look(MINUTE, worker(PLAIN))
    assert PLAIN in over.reason


# Metrics and /health -----------------------------------------------------------------------------------------------


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(endpoint, "POLL", 0.02)
    made = Machine(tmp_path / "home")
    yield made
    made.server.stop()
    made.store.close()


def test_metrics_and_health_have_workers_and_queues(machine: Machine) -> None:
    assert not [name for name in machine.scrape() if "worker" in name or "queue" in name or "broker" in name]
    assert machine.health()["crews"] is None
    given = [Given(PLAIN, "linhai", True, NOW), Given(RENDERED, "haizhu", False, shift(NOW, -90))]
    crews = muster([worker(PLAIN, running=("linhai",))], QUEUES, given, NOW)
    machine.state = State(since=NOW, crews=crews)
    found = machine.scrape()
    expected = {
        "nianbao_broker_reachable": 1,
        f"nianbao_workers,queue={PLAIN}": 1,
        f"nianbao_workers,queue={RENDERED}": 0,
        f"nianbao_worker_slots,queue={PLAIN}": 4,
        f"nianbao_queue_waiting,queue={PLAIN}": 0,
        f"nianbao_queue_waiting,queue={RENDERED}": 1,
        f"nianbao_queue_oldest_seconds,queue={RENDERED}": 90,
        f"nianbao_queue_oldest_seconds,queue={PLAIN}": 0,
        "nianbao_passes_under_way,worker=one@host": 1,
    }
    assert {name: found.get(name) for name in expected} == expected
    health = machine.health()["crews"]
    assert [one["name"] for one in health["workers"]] == ["one@host"]
    assert health["unread"] == ["haizhu"]
    machine.state = State(since=NOW, crews=cut_off(NOW, register="refused"))
    found = machine.scrape()
    assert found["nianbao_broker_reachable"] == 0
    assert not [name for name in found if name.startswith(("nianbao_workers", "nianbao_queue"))]


# Without workers ----------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    nowhere = tmp_path / "none"
    nowhere.mkdir()
    monkeypatch.setattr("monitor.home.BUILT_IN", nowhere)
    made = Home(tmp_path / "home")
    made.create()
    return made


def portal(home: Home, name: str, **values: object) -> None:
    own = {"title": "某县", "family": "generic", "sections": ["https://a.gov.cn/nb/"], **values}
    text = "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in own.items())
    (home.path / "portals" / f"{name}.toml").write_text(text, encoding="utf-8")


def run(home: Home, *options: str) -> Result:
    return CliRunner().invoke(cli, ["workers", "--home", str(home.path), *options])


def test_the_doctor_says_nothing_of_workers_where_there_are_none(home: Home) -> None:
    portal(home, "plain")
    portal(home, "off", exit="cn-south", enabled=False)
    assert list(look_at_workers(home, NOW)) == []
    portal(home, "pinned", exit="cn-south")
    (check,) = look_at_workers(home, NOW)
    assert check.state == "warning"
    assert check.found.startswith("pinned: exit is set")
    assert check.remedy


def celery(home: Home, broker: str) -> None:
    (home.path / "nianbao.toml").write_text(f'[service]\nengine = "celery"\nbroker = "{broker}"\n', encoding="utf-8")


def test_the_doctor_asks_nothing_of_this_machine_that_workers_do(home: Home) -> None:
    portal(home, "rendered", render=True)
    celery(home, "redis://127.0.0.1:1/0")
    for look in (installation.browser, installation.memory):
        (check,) = look(home, NOW)
        assert check.state == "ok"
        assert "passes are made by workers" in check.found


def test_libraries_that_are_missing_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    celery(home, "redis://127.0.0.1:1/0")
    monkeypatch.setattr("monitor.workers.asking.find_spec", lambda name: None if name == "celery" else object())
    (check,) = look_at_workers(home, NOW)
    assert (check.state, check.found) == ("error", "celery is not installed")
    told = run(home)
    assert told.exit_code == 2
    assert "celery is not installed; run `make extras`" in str(told.output)


def test_the_command_says_that_there_are_no_workers(home: Home) -> None:
    told = run(home)
    assert told.exit_code == 0
    assert told.stdout == 'there are no workers: this machine reads all portals itself (service.engine = "local")\n'
    assert json.loads(run(home, "--json").stdout) == {"engine": "local", "workers": [], "queues": []}


def test_pages_beside_a_service_are_started_anew_for_another_register() -> None:
    before = Settings(service=Service(engine="celery", broker="redis://a/0"))
    for service in (
        Service(),
        Service(engine="celery", broker="redis://b/0"),
        Service(engine="celery", broker="redis://a/0", results="redis://b/0"),
    ):
        assert _read_at_start(Settings(service=service)) != _read_at_start(before)
    assert _read_at_start(
        Settings(service=Service(engine="celery", broker="redis://a/0", parallel=3))
    ) == _read_at_start(before)


def test_an_installation_without_workers_imports_none_of_their_libraries(home: Home) -> None:
    portal(home, "a", exit="x")
    code = f"""
from pathlib import Path
from monitor import checkup
from monitor.cli import cli
from monitor.home import Home
from monitor.service import health, metrics, watch
home = Home(Path({str(home.path)!r}))
assert list(checkup.workers(home, {NOW!r}))
cli.main(["workers", "--home", str(home.path)], standalone_mode=False)
"""
    found = imported(code)
    assert "monitor.checkup.workers" in found
    assert not {name.partition(".")[0] for name in found} & {"redis", "celery", "kombu", "fsspec", "s3fs"}
    assert "monitor.workers.register" not in found
