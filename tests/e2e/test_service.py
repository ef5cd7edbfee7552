"""`nianbao serve` as its operator uses it: real processes, portals and receivers on loopback."""

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.text import write_paper
from monitor.demo.world import World
from tests.e2e.receivers import Mailbox, Robots
from tests.e2e.service_home import disable_built_in

PROGRAM = Path(sys.executable).parent / "nianbao"
SETTINGS = """
[service]
listen = "127.0.0.1:0"
[schedule]
jitter = "0s"
season_discover = "1h"
offseason_discover = "1h"
[[channel]]
name = "duty"
url = "{hook}"
[[channel]]
name = "desk"
url = "{mail}"
"""


class Running:
    """A service, and the commands beside it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "serve.log"
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as log:
            return subprocess.Popen([str(PROGRAM), "serve", "--home", str(self.home)], stdout=log, stderr=log)

    def run(self, *arguments: str, code: int = 0) -> Any:
        """What a command beside it says, as JSON."""
        done = subprocess.run(
            [str(PROGRAM), "--home", str(self.home), "--json", *arguments], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, done.stderr + done.stdout + self.said
        return json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.home / "nianbao.db", timeout=30)) as record:
            return record.execute(sql).fetchall()

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self, number: int = signal.SIGTERM, within: float = 40) -> int:
        self.process.send_signal(number)
        return self.process.wait(within)


def until(what: Callable[[], object], within: float = 40.0) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        with contextlib.suppress(sqlite3.Error):
            if what():
                return True
        time.sleep(0.1)
    return False


@pytest.fixture
def world() -> Iterator[World]:
    with World("yunxi", "linhe") as served:
        yield served


@pytest.fixture
def receivers() -> Iterator[tuple[Robots, Mailbox]]:
    with Robots() as robots, Mailbox() as mailbox:
        yield robots, mailbox


@pytest.fixture
def service(world: World, receivers: tuple[Robots, Mailbox], tmp_path: Path) -> Iterator[Running]:
    home = tmp_path / "home"
    disable_built_in(home)
    world.write_portals(home)
    robots, mailbox = receivers
    settings = SETTINGS.format(hook=robots.hook_url, mail=mailbox.url)
    (home / "nianbao.toml").write_text(settings, encoding="utf-8")
    running = Running(home)
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def first_passes(service: Running, robots: Robots, mailbox: Mailbox) -> None:
    baselines = lambda texts: sum("建立基线" in text for text in texts) == 2  # noqa: E731
    assert until(lambda: baselines(robots.texts("hook")) and baselines(mailbox.subjects)), service.said


def test_from_the_first_pass_to_a_clean_end(service: Running, world: World, receivers: tuple[Robots, Mailbox]) -> None:
    robots, mailbox = receivers
    first_passes(service, robots, mailbox)  # nobody asked for them: the timetable did

    # `crawl` hands over, and shows what came of it.
    world["yunxi"].publish(write_paper("云溪县人民政府办公室", 2025, published_on="2026-01-27", extras="document"))
    told = service.run("crawl", "yunxi")
    assert [one["outcome"] for one in told["passes"]] == ["ok"]
    assert [event["kind"] for event in told["events"] if event["kind"] != "finding"] == ["appeared"]
    assert told["deliveries"]["sent"] >= 2
    assert any("年报公开" in text for text in robots.texts("hook"))
    assert any("年报公开" in subject for subject in mailbox.subjects)

    # What writes goes through it too.
    event = next(event["id"] for event in told["events"] if event["kind"] == "appeared")
    done = service.run("retract", str(event), "--why", "测试")
    assert done["deliveries"]["sent"] == 2
    assert any("更正" in text for text in robots.texts("hook"))
    report = service.run("reports", "--portal", "linhe")[0]
    assert service.run("correct", str(report["id"]), "--year", "2009")["after"].endswith("2009")
    assert service.run("alerts", "retry")["failed"] == 0
    assert "no portal nowhere" in service.run("crawl", "nowhere", code=2)

    # Only one holds the home.
    second = subprocess.run(
        [str(PROGRAM), "serve", "--home", str(service.home)], capture_output=True, text=True, timeout=30
    )
    assert second.returncode == 3
    assert "another nianbao process" in second.stderr

    assert service.stop() == 0
    assert service.rows("SELECT count(*) FROM crawls WHERE outcome IS NULL") == [(0,)]
    assert service.rows("SELECT DISTINCT state FROM deliveries") == [("sent",)]
    assert not (service.home / ".service.sock").exists()
    assert "Traceback" not in service.said


def test_edited_files_take_effect_and_broken_ones_stop_nothing(
    service: Running, world: World, receivers: tuple[Robots, Mailbox]
) -> None:
    first_passes(service, *receivers)
    file = service.home / "portals" / "linhe.toml"
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound.replace("family", "famly"), encoding="utf-8")
    assert until(lambda: "famly" in service.said), service.said
    told = service.run("crawl", "yunxi", code=2)  # what is wrong is said, and stops no other
    assert [one["outcome"] for one in told["passes"]] == ["ok"]
    assert "famly" in service.run("crawl", "linhe", code=2)
    file.write_text(sound, encoding="utf-8")
    (service.home / "portals" / "friday.toml").write_text(sound, encoding="utf-8")
    assert until(lambda: service.rows("SELECT 1 FROM crawls WHERE portal = 'friday' AND outcome = 'ok'")), service.said
    assert service.process.poll() is None
    assert service.stop() == 0


def test_killed_in_a_pass_it_goes_on_where_it_was(
    service: Running, world: World, receivers: tuple[Robots, Mailbox]
) -> None:
    assert until(lambda: service.rows("SELECT 1 FROM crawls")), service.said
    os.kill(service.process.pid, signal.SIGKILL)
    service.process.wait()
    service.process = service.start()
    assert until(lambda: service.rows("SELECT 1 FROM crawls WHERE outcome IS NOT NULL")), service.said
    told = service.run("crawl")  # a pass that was killed is made up for in five minutes: this test is shorter
    assert [one["outcome"] for one in told["passes"]] == ["ok", "ok"]
    first_passes(service, *receivers)
    assert service.rows("SELECT count(*) FROM crawls WHERE outcome IS NULL") == [(0,)]
    assert service.stop(signal.SIGINT) == 0


def test_two_homes_on_one_machine_do_not_disturb_each_other(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    both = []
    try:
        for name in ("one", "two"):
            home = tmp_path / name
            disable_built_in(home)
            (home / "nianbao.toml").write_text(f'[service]\nlisten = "127.0.0.1:{port}"\n', encoding="utf-8")
            both.append(Running(home))
            assert until(lambda: "serving" in both[-1].said), both[-1].said
        places = [json.loads((one.home / "service.json").read_bytes()) for one in both]
        assert {place["pid"] for place in places} == {one.process.pid for one in both}
        addresses = [place["address"] for place in places]
        assert addresses[0] == f"http://127.0.0.1:{port}"
        assert addresses[1] not in ("", addresses[0])
        for address in addresses:
            with urllib.request.urlopen(f"{address}/health", timeout=10) as answer:
                assert json.load(answer)["status"] == "ok"
        assert both[0].stop() == 0
        with urllib.request.urlopen(f"{addresses[1]}/health", timeout=10) as answer:
            assert json.load(answer)["status"] == "ok"
        assert both[1].stop() == 0
    finally:
        for one in both:
            one.process.kill()
            one.process.wait()


def nursery_of(service: Running) -> int:
    """The process that starts its passes."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == service.process.pid and b"crawler.nursery" in (entry / "cmdline").read_bytes():
                return int(entry.name)
    raise AssertionError("it has none")


def test_the_death_of_what_starts_passes_is_made_up_for_and_no_trouble_of_the_record(
    service: Running, receivers: tuple[Robots, Mailbox]
) -> None:
    first_passes(service, *receivers)
    for _ in range(2):
        os.kill(nursery_of(service), signal.SIGKILL)
        told = service.run("crawl", code=0)
        assert [one["outcome"] for one in told["passes"]] == ["ok", "ok"]
    assert service.rows("SELECT summary FROM events WHERE kind = 'service'") == []
    assert not any("记录" in text and "无法" in text for text in receivers[0].texts("hook"))
    assert service.stop() == 0
