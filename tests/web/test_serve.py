"""The staff pages beside the service: there with it, gone with it, back when they die, and no trouble of theirs is its own."""

import gc
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import cli
from monitor.home import Home
from monitor.service.pages import Pages as Kept
from monitor.settings import Settings
from monitor.settings_web import Web
from monitor.web import server
from tests.e2e.portals_that_break import command
from tests.e2e.service_home import disable_built_in
from tests.web.conftest import NIANBAO, until

SETTINGS = """
[service]
listen = ""
[web]
listen = "127.0.0.1:{port}"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


class Service:
    """`nianbao serve --web` on an empty home."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home, self.port = home, free_port()
        disable_built_in(home)
        self.settings(SETTINGS.format(port=self.port))
        self.log = home / "serve.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([NIANBAO, "--home", home, "serve", *options], stdout=log, stderr=log)

    def settings(self, text: str) -> None:
        (self.home / "nianbao.toml").write_text(text, encoding="utf-8")

    def answers(self, port: int = 0) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port or self.port}/", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @property
    def pages(self) -> list[int]:
        """Processes of the pages of this home."""
        return [
            pid
            for pid in (int(one.name) for one in Path("/proc").iterdir() if one.name.isdecimal())
            if f"monitor.cli.beside {self.home}" in command(pid)
        ]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    one = Service(tmp_path / "home", "--web")
    yield one
    one.process.kill()
    one.process.wait()
    assert until(lambda: not one.pages), "they outlived the service"


def test_the_pages_come_and_go_with_the_service(service: Service) -> None:
    assert until(service.answers), service.log.read_text()
    (pid,) = service.pages
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: service.answers() and pid not in service.pages)
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(30) == 0
    assert not service.pages
    assert "Traceback" not in service.log.read_text()


def test_a_port_that_is_taken_is_said_and_waited_for(service: Service) -> None:
    assert until(service.answers), service.log.read_text()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        service.settings(SETTINGS.format(port=port))
        assert until(
            lambda: re.search(r"web\.listen: 127\.0\.0\.1:\d+: Address already in use", service.log.read_text()), 40
        )
        assert service.process.poll() is None
    assert until(lambda: service.answers(port), 40), service.log.read_text()


def test_a_service_without_the_option_has_no_pages(tmp_path: Path) -> None:
    one = Service(tmp_path / "home")
    try:
        assert until(lambda: "serving" in one.log.read_text() or (one.home / "nianbao.db").exists())
        time.sleep(1)
        assert not one.pages
    finally:
        one.process.terminate()
        one.process.wait(30)


def test_pauses_grow_and_an_end_is_not_waited_for(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    kept = Kept(Home(tmp_path), Settings(), lambda _: ["sh", "-c", f"date +%s.%N >> {starts}; exit 2"])
    kept.start()
    assert until(lambda: starts.exists() and len(starts.read_text().split()) >= 2, 15)
    first, second = (float(one) for one in starts.read_text().split()[:2])
    assert second - first >= 1
    assert kept.down_seconds > 0
    began = time.monotonic()
    kept.stop()
    assert time.monotonic() - began < 5


def test_settings_that_are_read_at_each_request_start_nothing_anew(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    kept = Kept(Home(tmp_path), Settings(), lambda _: ["sh", "-c", f"echo one >> {starts}; exec cat"])
    kept.start()
    assert until(starts.exists)
    assert until(lambda: kept.down_seconds == 0)
    kept.refresh(Settings())
    time.sleep(0.5)
    assert starts.read_text().split() == ["one"]
    kept.refresh(Settings(web=Web(session="1h")))
    assert until(lambda: len(starts.read_text().split()) == 2)
    kept.stop()


def test_pages_that_are_served_for_months_collect_their_garbage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`main` holds it back while it imports; a group that does something by itself is no Command."""
    found = []
    monkeypatch.setattr(server, "serve", lambda *_: found.append(gc.isenabled()))
    gc.disable()
    try:
        done = CliRunner().invoke(cli, ["--home", str(tmp_path), "web"])
    finally:
        gc.enable()
        gc.unfreeze()
    assert done.exit_code == 0, done.output
    assert found == [True]
