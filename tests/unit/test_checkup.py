"""`nianbao doctor`: every fault of an installation is named, with what to do about it."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlite_utils import Database

from crawler.portal import BUILT_IN
from monitor import checkup
from monitor.checkup import installation, operation
from monitor.checkup.model import Check
from monitor.checkup.pages import pages
from monitor.cli import cli
from monitor.home import Home
from monitor.migrations import migrations
from monitor.service.health import Examiner, HealthServer, Place
from monitor.service.matters import Matter
from monitor.service.metrics import Metrics
from monitor.service.state import State
from monitor.sqlite import sqlite3
from monitor.store import Store
from monitor.times import shift

NOW = "2026-11-21T00:31:00Z"
DAY = 86400
TOML = """
[service]
contact = "desk@example.org"
[[channel]]
name = "ops"
url  = "json://127.0.0.1/ops"
"""


class Installation:
    """A home and what the doctor says of it."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.create()
        self.write("nianbao.toml", TOML)
        self.write("portals/mine.toml", portal())

    def write(self, name: str, text: str) -> None:
        (self.home.path / name).write_text(text, encoding="utf-8")

    def record(self) -> Store:
        return Store.open(self.home.database)

    def of(self, what: str) -> list[Check]:
        return [check for check in checkup.checks(self.home, NOW) if check.what == what]

    def one(self, what: str) -> Check:
        (check,) = self.of(what)
        return check


def portal(**fields: object) -> str:
    values = {"title": "我的门户", "family": "generic", "sections": ["https://a.gov.cn/nb/"], "verified": "2026-11-01"}
    return "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in (values | fields).items())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    no_portals = tmp_path / "none"
    no_portals.mkdir()
    monkeypatch.setattr("monitor.home.BUILT_IN", no_portals)
    return Installation(tmp_path / "home")


def test_a_sound_installation(place: Installation) -> None:
    place.record().close()
    found = list(checkup.checks(place.home, NOW))
    assert [check.what for check in found if check.state == "error"] == []
    assert {
        "home",
        "settings",
        "time zone",
        "portals",
        "database",
        "clock",
        "browser",
        "disk",
        "channels",
        "service",
    } <= {check.what for check in found}
    for check in found:
        assert check.remedy or check.state == "ok", check


def test_the_command_tells_it_and_its_exit_code(place: Installation) -> None:
    def run(*options: str) -> Result:
        return CliRunner().invoke(cli, ["doctor", "--home", str(place.home.path), *options])

    told = run("--json")
    assert told.exit_code == 0
    assert {"what", "state", "found", "remedy"} == set(json.loads(told.stdout)[0])
    place.write("portals/mine.toml", "titel = 1")
    told = run()
    assert told.exit_code == 1
    assert "ERROR" in told.stdout
    assert "-> mend that file" in told.stdout


# Configuration -------------------------------------------------------------------------------------------------------


def test_all_broken_portal_files_are_named(place: Installation) -> None:
    place.write("portals/one.toml", "titel = 1")
    place.write("portals/two.toml", portal(family="genric"))
    place.write("portals/three.toml", portal(proxy="${NOT_SET_ANYWHERE}"))
    errors = [check.found for check in place.of("portals") if check.state == "error"]
    assert len(errors) == 3
    for words in ("titel", "genric", "NOT_SET_ANYWHERE"):
        assert any(words in error for error in errors)


def test_settings_that_are_wrong_are_said_once_and_hide_nothing_else(place: Installation) -> None:
    place.write("nianbao.toml", "[service]\nlangauge = 1")
    found = list(checkup.checks(place.home, NOW))
    assert "langauge" in place.one("settings").found
    assert {check.what for check in found if check.state == "error"} == {"settings", "time zone", "channels"}
    assert next(check for check in found if check.what == "disk").state == "ok"


def test_built_in_portals_are_those_of_the_program() -> None:
    assert list(BUILT_IN.glob("*.toml"))


# What is installed ---------------------------------------------------------------------------------------------------


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo '<html></html>'", ""),
        ("echo 'libnss3.so: cannot open shared object file' >&2; exit 127", "libnss3.so"),
        ("exit 3", "status 3"),
        ("exec sleep 5", "no page within 0.3 s"),
    ],
)
def test_a_browser_is_started_really(tmp_path: Path, text: str, said: str) -> None:
    error = installation.start_browser(script(tmp_path / "chromium", text), seconds=0.3 if "sleep" in text else 5.0)
    assert said in error
    assert bool(error) == bool(said)


def test_a_portal_that_needs_a_browser(place: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert place.one("browser").state == "ok"
    place.write("portals/mine.toml", portal(render=True))
    broken = script(tmp_path / "chromium", "exit 3")
    for path, words in ((broken, "does not start"), (None, "none, and mine")):
        monkeypatch.setattr(installation, "crawlers_browser", lambda path=path: path)
        check = place.one("browser")
        assert check.state == "error"
        assert words in check.found


@pytest.mark.browser
def test_the_browser_that_passes_use_starts() -> None:
    path = installation.crawlers_browser()
    assert path is not None
    assert path == "" or installation.start_browser(path) == ""


def test_a_disk_that_is_short(place: Installation) -> None:
    assert place.one("disk").state == "ok"
    place.write("nianbao.toml", TOML.replace("[service]", '[service]\ndisk_low = "999TB"'))
    assert place.one("disk").state == "warning"


def test_where_the_home_lies(tmp_path: Path, place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installation.file_system(Path("/proc")) == "proc"
    assert installation.file_system(tmp_path)
    monkeypatch.setattr(installation, "file_system", lambda _: "nfs4")
    assert [check.state for check in place.of("disk")] == ["ok", "error"]


def test_memory_for_as_many_passes_as_are_set(place: Installation) -> None:
    assert installation.memory_available() > 0  # type: ignore[operator]
    place.write("nianbao.toml", TOML.replace("[service]", "[service]\nparallel = 64"))
    place.write("portals/mine.toml", portal(render=True))
    check = place.one("memory")
    assert "1.1 GB for 1 passes" in check.found  # no more than there are portals


def test_the_limit_of_open_files(place: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation.resource, "getrlimit", lambda _: (256, 4096))
    check = place.one("open files")
    assert check.state == "warning"
    assert "LimitNOFILE" in check.remedy


# What runs -----------------------------------------------------------------------------------------------------------


def test_a_record_that_is_damaged(place: Installation) -> None:
    with place.record() as store:
        store.run("CREATE TABLE filler (x)")
        store.run("CREATE INDEX filler_x ON filler (x)")
        store.run("INSERT INTO filler SELECT value FROM json_each(?)", (json.dumps(list(range(2000))),))
        store.run("PRAGMA wal_checkpoint(TRUNCATE)")
        page = (store.row("SELECT rootpage FROM sqlite_master WHERE name = 'filler_x'") or {})["rootpage"]
    with place.home.database.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)
    check = place.one("database")
    assert check.state == "error"
    assert "restore" in check.remedy


def test_a_record_of_an_earlier_release(place: Installation) -> None:
    place.home.database.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(place.home.database)) as conn:
        migrations.apply(Database(conn), stop_before=migrations.names[-1])
        conn.commit()
    check = place.one("database")
    assert check.state == "warning"
    assert "earlier release" in check.found


def test_the_clock_against_portals(place: Installation) -> None:
    with place.record() as store:
        for name in ("a", "b", "c"):
            store.insert("portals", {"name": name, "title": name, "family": "generic"})

        def tell(**offsets: float) -> None:
            for name, offset in offsets.items():
                values = {"portal": name, "mode": "full", "started_at": NOW, "finished_at": NOW, "outcome": "ok"}
                store.insert("crawls", {**values, "detail": json.dumps({"clock_offset": offset})})

        tell(a=900.0, b=901.0, c=900.0)
        assert place.one("clock").found == "900 s behind what portals say"
        tell(a=1.0, b=2.0, c=-4000.0)
        fine, other = place.of("clock")
        assert fine.state == "ok"
        assert other.found == "c's own clock is 4001 s off"


def test_portals_that_are_muted_for_long(place: Installation) -> None:
    with place.record() as store:
        for name, until in (("short", shift(NOW, DAY)), ("long", shift(NOW, 60 * DAY)), ("past", shift(NOW, -DAY))):
            store.insert("portals", {"name": name, "title": name, "family": "generic", "muted_until": until})
        assert [check.found for check in place.of("muted")] == [
            f"long is muted until {shift(NOW, 60 * DAY)}; 0 alerts wait"
        ]
        event = {"key": "k", "kind": "changed", "portal": "short", "detected_at": shift(NOW, -9 * DAY), "summary": "x"}
        number = store.insert("events", event)
        store.insert("deliveries", {"event": number, "channel": "ops", "state": "held", "next_attempt_at": NOW})
        assert "unmute short" in place.of("muted")[1].remedy


def test_channels_that_fail_and_nobody_who_hears_of_it(place: Installation) -> None:
    two = '[[channel]]\nname = "desk"\nurl = "json://127.0.0.1/d"\nkinds = ["changed"]\n'
    place.write("nianbao.toml", TOML.replace("[[channel]]", two + "[[channel]]"))
    with place.record() as store:
        event = store.insert("events", {"key": "k", "kind": "changed", "detected_at": NOW, "summary": "x"})
        for channel, state in (("ops", "dead"), ("desk", "failed"), ("gone", "pending")):
            store.insert("deliveries", {"event": event, "channel": channel, "state": state, "next_attempt_at": NOW})
    found = {check.found.partition(":")[0]: check.state for check in place.of("channels")}
    assert found == {
        "deliveries wait for gone, which nianbao.toml no longer names": "warning", "desk": "warning", "ops": "error"
    }  # fmt: skip
    place.write("nianbao.toml", two)
    assert place.of("channels")[-1].found == "nobody hears of trouble with the service itself"


def test_the_age_of_the_last_backup(place: Installation) -> None:
    assert place.of("backup") == []
    place.record().close()
    assert place.one("backup").found == "none is known of"
    for days, state in ((1, "ok"), (30, "warning")):
        note = {"at": shift(NOW, -days * DAY), "file": "/b/x.tar.gz", "size": 1, "archive": True}
        place.write("backup.json", json.dumps(note))
        check = place.one("backup")
        assert (check.state, f"{days}.0 days old" in check.found) == (state, True)


# The service ---------------------------------------------------------------------------------------------------------


class Serving:
    """A service's endpoint, with the home held as a service holds it."""

    def __init__(self, place: Installation) -> None:
        self.matters: list[Matter] = []
        place.record().close()
        self.state = State(NOW)
        examiner = Examiner(place.home, "1.2.3", lambda: NOW, lambda: self.state, problems=lambda: self.matters)
        self.server = HealthServer(place.home, examiner, Metrics(), ("127.0.0.1", 0), NOW, "1.2.3")
        self.server.start()


@pytest.fixture
def serving(place: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    monkeypatch.setattr("monitor.service.endpoint.POLL", 0.02)
    made = Serving(place)
    with place.home.held():
        yield made
    made.server.stop()


def test_a_running_service_says_how_it_is(place: Installation, serving: Serving) -> None:
    check = place.one("service")
    assert check.state == "ok"
    assert serving.server.address in check.found
    assert "no pass yet" in check.found
    serving.matters = [Matter(what="outbox", whom="ops", reason="通知未发出", remedy="查看日志")]
    first, second = place.of("service")
    assert (first.state, second.state, second.remedy) == ("warning", "warning", "查看日志")
    serving.matters = [Matter(what="disk", whom="home", reason="空间即将用尽", level=2)]
    assert [check.state for check in place.of("service")] == ["error", "error"]
    assert f"process {os.getpid()}" in place.one("home").found


def test_a_service_whose_last_pass_is_long_ago(place: Installation, serving: Serving) -> None:
    with place.record() as store:
        store.insert("portals", {"name": "mine", "title": "x", "family": "generic"})
        ended = shift(NOW, -2 * DAY)
        values = {"portal": "mine", "mode": "full", "started_at": ended, "finished_at": ended, "outcome": "ok"}
        store.insert("crawls", values)
    check = place.one("service")
    assert (check.state, "last pass 48.0 h ago" in check.found) == ("warning", True)


def test_a_service_that_ended_without_a_word(place: Installation) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid in (ended.pid, os.getpid()):  # gone; or its number was given to another process
        place.write(
            "service.json", json.dumps({"pid": pid, "started": NOW, "address": "http://127.0.0.1:9", "version": "1"})
        )
        check = place.one("service")
        assert (check.state, "ended without a word" in check.found) == ("warning", True)


def test_a_service_that_does_not_answer(place: Installation) -> None:
    place.write(
        "service.json",
        json.dumps({"pid": os.getpid(), "started": NOW, "address": "http://127.0.0.1:9", "version": "1"}),
    )
    with place.home.held():
        check = place.one("service")
    assert check.state == "error"
    assert "does not answer: ConnectionError" in check.found


def test_an_address_at_which_another_service_answers(place: Installation, serving: Serving) -> None:
    other = Place(os.getpid(), shift(NOW, 5), serving.server.address, "1")
    place.write(
        "service.json",
        json.dumps({"pid": other.pid, "started": other.started, "address": other.address, "version": "1"}),
    )
    assert "another service answers" in place.one("service").found


def test_who_holds_the_home(place: Installation) -> None:
    assert operation.lock_holder(place.home) is None
    with place.home.held():
        assert operation.lock_holder(place.home) in (os.getpid(), None)  # a container may hide it
        assert place.one("home").state == "ok"


PAGES = '[[web.user]]\nname = "王芳"\npassword = "scrypt$32768$8$1$AAAA$AAAA"\n'


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("", "ok", "nobody has to sign in"),
        (f"[service]\nweb_url = 'https://nb.example.cn'\n{PAGES}", "ok", "1 user can sign in"),
        (PAGES, "warning", "messages do not link to them"),
        (f"[web]\nlisten = '0.0.0.0:8766'\n{PAGES}", "warning", "in the clear"),
        (f"[web]\nlisten = '0.0.0.0:8766'\ncertificate = 'none.pem'\n{PAGES}", "error", "web.certificate"),
    ],
)
def test_the_staff_pages_by_their_settings(tmp_path: Path, text: str, state: str, words: str) -> None:
    (tmp_path / "nianbao.toml").write_text(text, encoding="utf-8")
    (check,) = pages(Home(tmp_path), "2026-03-01T00:00:00Z")
    assert check.state == state
    assert words in check.found
    assert bool(check.remedy) == (state != "ok")
