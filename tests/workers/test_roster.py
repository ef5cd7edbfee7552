"""Who asks for workers: a real Redis, one that hangs, refuses, forgets or wants a password, and a broker that is none."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.checkup.model import Check
from monitor.checkup.workers import workers as look_at_workers
from monitor.cli import cli
from monitor.home import Home
from monitor.settings import Service
from monitor.store import Store
from monitor.times import shift
from monitor.workers.asking import PATIENCE, ask, keeps
from monitor.workers.register import Register
from monitor.workers.wire import WorkerSeen
from tests.workers.cut import Cut
from tests.workers.redis_server import RedisServer

NOW = "2026-11-21T00:31:00Z"
PLAIN, RENDERED = "nianbao.plain", "nianbao.rendered"
SECRET = "geheim#1"
QUEUES = {"linhai": PLAIN, "miyun": RENDERED}


@pytest.fixture
def register(redis: RedisServer) -> Iterator[Register]:
    opened = Register(redis.url)
    opened._redis.flushdb()
    yield opened
    opened.close()


def worker(name: str, *queues: str, ahead: float = 0.0, release: str = "", running: tuple[str, ...] = ()) -> WorkerSeen:
    seen = shift(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), ahead)
    return WorkerSeen(
        f"{name}@host", "host", release or version("nianbao"), NOW, seen, queues, slots=4, running=running,
        memory=123_000_000, made=7,
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    nowhere = tmp_path / "none"
    nowhere.mkdir()
    monkeypatch.setattr("monitor.home.BUILT_IN", nowhere)
    made = Home(tmp_path / "home")
    made.create()
    for name, more in (("linhai", ""), ("miyun", "render = true\n")):
        text = f'title = "{name}"\nfamily = "generic"\nsections = ["https://{name}.gov.cn/nb/"]\n{more}'
        (made.path / "portals" / f"{name}.toml").write_text(text, encoding="utf-8")
    return made


def write(home: Home, broker: str, **more: str) -> None:
    lines = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    text = f'[service]\nengine = "celery"\nbroker = "{broker}"\n{lines}'
    (home.path / "nianbao.toml").write_text(text, encoding="utf-8")


def run(home: Home, *options: str) -> Result:
    return CliRunner().invoke(cli, ["workers", "--home", str(home.path), *options])


def found(home: Home) -> list[Check]:
    return list(look_at_workers(home, NOW))


def one(checks: list[Check], words: str) -> Check:
    (check,) = [check for check in checks if words in check.found]
    return check


# The register -------------------------------------------------------------------------------------------------------


def test_how_long_a_worker_has_been_silent(register: Register) -> None:
    register.announce(worker("one"))
    register._redis.pexpire("nianbao:worker:one@host", 20_000)
    silent = register.silent(["one@host", "gone@host"])
    assert silent.keys() == {"one@host"}
    assert 40 <= silent["one@host"] < 60
    assert register.silent([]) == {}


def test_what_a_redis_keeps(redis: RedisServer, register: Register) -> None:
    assert register.keeps() == keeps(redis.url)
    assert (register.keeps().policy, register.keeps().persists) == ("noeviction", False)
    register._redis.config_set("maxmemory-policy", "allkeys-lru")
    register._redis.config_set("save", "3600 1")
    try:
        assert (register.keeps().policy, register.keeps().persists) == ("allkeys-lru", True)
    finally:
        register._redis.config_set("maxmemory-policy", "noeviction")
        register._redis.config_set("save", "")


# Asking -------------------------------------------------------------------------------------------------------------


def test_workers_queues_and_clocks(redis: RedisServer, register: Register) -> None:
    register.announce(worker("one", PLAIN, running=("linhai",)))
    register.announce(worker("two", PLAIN, ahead=-40))
    crews = ask(Service(engine="celery", broker=redis.url), QUEUES, (), NOW)
    assert crews.reachable
    assert [one.name for one in crews.workers] == ["one@host", "two@host"]
    assert crews.unread == ("miyun",)
    assert abs(crews.skews["one@host"]) < 10
    assert -50 < crews.skews["two@host"] < -30


def refusing(_: RedisServer) -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"redis://:{SECRET.replace('#', '%23')}@127.0.0.1:{server.getsockname()[1]}/0"


def wrong(redis: RedisServer) -> str:
    return redis.url.replace("redis://", f"redis://worker:{SECRET.replace('#', '%23')}@")


@pytest.mark.parametrize(("address", "words"), [(refusing, "refused"), (wrong, "username-password")])
def test_a_register_that_says_no_is_one_line_without_secrets(
    redis: RedisServer, home: Home, address: Callable[[RedisServer], str], words: str
) -> None:
    write(home, address(redis))
    told = run(home)
    assert told.exit_code == 1
    assert told.stdout == ""
    (line,) = told.stderr.splitlines()
    assert words in line
    assert "`nianbao doctor`" in line
    check = one(found(home), words)
    assert check.state == "error"
    assert check.remedy
    assert "geheim" not in told.output + str(found(home))
    assert json.loads(run(home, "--json").stdout)["register"]


def test_a_register_that_hangs_costs_no_more_than_patience(redis: RedisServer, home: Home) -> None:
    with Cut(redis.port) as wire:
        wire.hang()
        begun = time.monotonic()
        crews = ask(Service(engine="celery", broker=wire.url), QUEUES, (), NOW, patience=0.3)
        assert time.monotonic() - begun < PATIENCE
        assert crews.register
        assert crews.broker == ""
        other = ask(Service(engine="celery", broker=wire.url, results=redis.url), QUEUES, (), NOW, patience=0.3)
        assert (bool(other.broker), other.register, other.cut_off_since) == (True, "", NOW)
        assert not other.reachable


def test_a_broker_of_another_kind_is_asked_too(redis: RedisServer, home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    service = Service(
        engine="celery", broker=f"amqp://user:{SECRET.replace('#', '%23')}@127.0.0.1:{port}//", results=redis.url
    )
    crews = ask(service, {}, (), NOW)
    assert "refused" in crews.broker
    assert "geheim" not in crews.broker
    assert not crews.register


# The command and the doctor -----------------------------------------------------------------------------------------


def test_the_listing(redis: RedisServer, register: Register, home: Home) -> None:
    write(home, redis.url)
    register.announce(worker("one", PLAIN, running=("linhai",)))
    with Store.open(home.database) as store:
        for name in ("linhai", "miyun"):
            store.insert("portals", {"name": name, "title": name, "family": "generic"})
            store.insert("crawls", {"portal": name, "mode": "full", "started_at": NOW})
    told = run(home)
    assert told.exit_code == 0
    lines = [line.split("\t") for line in told.stdout.splitlines()]
    own = version("nianbao")
    assert lines[1] == ["one@host", PLAIN, "1/4", "linhai", "7", "123 MB", own, "2026-11-21 08:31"]
    assert lines[4:] == [
        [PLAIN, "1", "4", "1", "0", "", "1"],
        [RENDERED, "0", "0", "0", "1", "2026-11-21 08:31", "1"],
    ]
    assert told.stderr.startswith("no worker reads miyun:")
    document = json.loads(run(home, "--json").stdout)
    assert (document["engine"], document["unread"], document["workers"][0]["running"]) == (
        "celery", ["miyun"], ["linhai"]
    )  # fmt: skip


def test_the_doctor_names_what_is_wrong_with_workers(redis: RedisServer, register: Register, home: Home) -> None:
    write(home, redis.url, parcels=str(home.path / "parcels"))
    (home.path / "parcels").mkdir()
    register.announce(worker("one", PLAIN))
    register.announce(worker("two", PLAIN, ahead=60, release="0.0.1"))
    register._redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        checks = found(home)
    finally:
        register._redis.config_set("maxmemory-policy", "noeviction")
    states = {
        "maxmemory-policy is allkeys-lru": "error",
        "nothing is kept on disk": "warning",
        "parcels: the place can be": "ok",
        "nianbao.plain: 2 workers, 8 slots": "ok",
        "nianbao.rendered: 0 workers": "error",
        "two@host: its clock is": "warning",
        "two@host (0.0.1): not of this release": "warning",
    }
    assert {words: one(checks, words).state for words in states} == states
    assert len(checks) == len(states)
    assert all(check.remedy for check in checks if check.state != "ok")
    assert re.search(r"is (59|60|61) s ahead", one(checks, "two@host: its").found)
    assert "`nianbao worker --queue rendered`" in one(checks, "nianbao.rendered").remedy


def test_the_doctor_is_content_with_what_is_well(redis: RedisServer, register: Register, home: Home) -> None:
    write(home, redis.url, results=redis.url.replace("/0", "/0?health_check_interval=5"))
    register.announce(worker("one", PLAIN, RENDERED))
    register._redis.config_set("save", "3600 1")
    try:
        checks = found(home)
    finally:
        register._redis.config_set("save", "")
    assert {check.state for check in checks} == {"ok"}
    assert one(checks, "broker at 127.0.0.1")
    assert one(checks, "register at 127.0.0.1")


def test_a_place_for_parcels_that_cannot_be_used(redis: RedisServer, register: Register, home: Home) -> None:
    (home.path / "file").touch()
    write(home, redis.url, parcels=str(home.path / "file" / "parcels"))
    check = one(found(home), "parcels: ")
    assert check.state == "error"
    assert check.remedy


def test_the_program_ends_though_the_register_hangs(redis: RedisServer, home: Home) -> None:
    """What still waits for an answer holds nobody up, and there is no trace of it."""
    with Cut(redis.port) as wire:
        wire.hang()
        write(home, wire.url)
        begun = time.monotonic()
        done = subprocess.run(
            [Path(sys.executable).with_name("nianbao"), "--home", home.path, "workers"],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert time.monotonic() - begun < PATIENCE + 30  # a start on a busy machine included
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert f"the register of workers at 127.0.0.1:{wire.port} does not answer" in done.stderr
