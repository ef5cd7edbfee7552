"""The health endpoint and the metrics, asked over real HTTP on loopback."""

import http.client
import json
import logging
import socket
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.home import Home
from monitor.service import endpoint
from monitor.service.health import Examiner, HealthServer, read_place
from monitor.service.matters import Matter
from monitor.service.metrics import Metrics, RecordCollector, ServiceCollector
from monitor.service.state import Coming, Running, State
from monitor.store import Store
from monitor.times import shift

NOW = "2026-11-21T00:31:00Z"


class Machine:
    """A home with a record, a service's state, and its endpoint."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path)
        self.home.create()
        self.now = NOW
        self.state = State(shift(NOW, -86400), waiting=2, coming=Coming("linhai", "full", shift(NOW, 600)))
        self.matters: list[Matter] = []
        self.unrecorded = ""
        self.store = Store.open(self.home.database)
        for name, health, complete in (
            ("linhai", "ok", shift(NOW, -90)), ("haizhu", "down", None), ("old", "ok", shift(NOW, -9))
        ):  # fmt: skip
            values = {"name": name, "title": name, "family": "generic", "health": health, "last_complete_at": complete}
            self.store.insert("portals", values)
        self.examiner = Examiner(
            self.home, "1.2.3", lambda: self.now, lambda: self.state, problems=lambda: self.matters,
            unrecorded_since=lambda: self.unrecorded, portals=lambda: {"linhai", "haizhu"},
        )  # fmt: skip
        self.metrics = Metrics(
            RecordCollector(self.home, lambda: self.now, lambda: {"linhai", "haizhu"}),
            ServiceCollector(
                "1.2.3",
                lambda: self.now,
                lambda: self.state,
                lambda: [(one.what, one.whom) for one in self.matters],
                None,
            ),
        )
        self.server = self.serve(("127.0.0.1", 0))

    def serve(self, at: tuple[str, int] | None) -> HealthServer:
        server = HealthServer(self.home, self.examiner, self.metrics, at, NOW, "1.2.3")
        server.start()
        return server

    @property
    def port(self) -> int:
        return int(self.server.address.rpartition(":")[2])

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, dict[str, str]]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        line.request(method, path, headers=headers)
        answer = line.getresponse()
        content = answer.read().decode()
        line.close()
        return answer.status, content, dict(answer.getheaders())

    def health(self) -> dict[str, Any]:
        status, content, _ = self.ask("/health")
        found: dict[str, Any] = json.loads(content)
        assert (status == 503) == (found["status"] == "failing")
        return found

    def scrape(self) -> dict[str, float]:
        """Every sample by its name and labels, as Prometheus' own parser reads them."""
        status, content, _ = self.ask("/metrics")
        assert status == 200
        return {
            sample.name + "".join(f",{key}={value}" for key, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(content)
            for sample in family.samples
        }

    def crawl(self, outcome: str | None, seconds: int = 60, portal: str = "linhai", mode: str = "full") -> int:
        values = {"portal": portal, "mode": mode, "started_at": shift(NOW, -seconds), "outcome": outcome}
        ended = {"finished_at": NOW, "requests": 5, "responses": 4, "bytes": 1000, "errors": 1} if outcome else {}
        return self.store.insert("crawls", {**values, **ended})

    def event(self, kind: str = "changed") -> int:
        number = (self.store.row("SELECT count(*) AS n FROM events") or {})["n"]
        return self.store.insert("events", {"key": f"e{number}", "kind": kind, "detected_at": NOW, "summary": "x"})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setattr(endpoint, "POLL", 0.02)
    made = Machine(tmp_path / "home")
    yield made
    made.server.stop()
    made.store.close()


# /health -------------------------------------------------------------------------------------------------------------


def test_health_says_how_it_is(machine: Machine) -> None:
    machine.crawl("ok")
    machine.store.insert(
        "deliveries", {"event": machine.event(), "channel": "a", "state": "sent", "next_attempt_at": NOW}
    )
    found = machine.health()
    assert found["status"] == "ok"
    assert found["version"] == "1.2.3"
    assert found["since"] == shift(NOW, -86400)
    assert found["last_pass"]["portal"] == "linhai"
    assert found["waiting"] == 2
    assert found["next_turn"] == {"portal": "linhai", "mode": "full", "at": shift(NOW, 600)}
    assert found["outbox"] == {"sent": 1}
    assert found["portals"] == {"ok": 1, "down": 1}
    assert found["disk_free"]["home"] > 0
    assert found["problems"] == []


def test_a_problem_degrades_and_a_bad_one_fails(machine: Machine) -> None:
    machine.matters = [Matter(what="disk", whom="home", reason="空间不足", remedy="清理")]
    found = machine.health()
    assert found["status"] == "degraded"
    assert found["problems"] == [{"what": "disk", "whom": "home", "reason": "空间不足", "remedy": "清理"}]
    machine.matters = [Matter(what="disk", whom="home", reason="空间即将用尽", level=2)]
    assert machine.health()["status"] == "failing"


def test_a_record_that_cannot_be_written_fails(machine: Machine) -> None:
    machine.unrecorded = NOW
    assert machine.health()["status"] == "failing"


def test_a_record_that_cannot_be_read_fails_and_is_still_answered(machine: Machine) -> None:
    machine.store.close()
    machine.home.database.write_bytes(b"nothing" * 4096)
    for log in machine.home.path.glob("nianbao.db-*"):
        log.unlink()
    found = machine.health()
    assert found["status"] == "failing"
    assert found["problems"][0]["whom"] == "unreadable"
    assert machine.scrape()["nianbao_record_readable"] == 0


def test_a_timetable_that_stands_still_fails(machine: Machine) -> None:
    machine.now = shift(NOW, 2 * 3600)
    assert machine.health()["status"] == "failing"
    machine.state = State(NOW, running=(Running("haizhu", "full", 7, NOW, 3, 10),), coming=machine.state.coming)
    found = machine.health()
    assert found["status"] == "ok"
    assert found["running"][0]["crawl"] == 7


# /metrics ------------------------------------------------------------------------------------------------------------


def test_metrics_count_what_the_record_says(machine: Machine) -> None:
    machine.crawl("ok", 45)
    machine.crawl("ok", 5000)
    machine.crawl("killed", 7000, portal="haizhu")
    machine.crawl(None)
    event = machine.event()
    machine.event("appeared")
    for channel, state in (("a", "sent"), ("b", "failed")):
        values = {"event": event, "channel": channel, "state": state, "next_attempt_at": NOW}
        machine.store.insert("deliveries", values)
    machine.matters = [Matter(what="disk", whom="home", reason="空间不足")]
    found = machine.scrape()
    assert found["nianbao_passes_total,mode=full,outcome=ok"] == 2
    assert found["nianbao_passes_total,mode=full,outcome=killed"] == 1
    assert found["nianbao_pass_requests_total"] == 15
    assert found["nianbao_pass_bytes_total"] == 3000
    assert found["nianbao_pass_duration_seconds_count,mode=full"] == 3
    assert found["nianbao_pass_duration_seconds_sum,mode=full"] == 12045
    assert found["nianbao_pass_duration_seconds_bucket,le=60.0,mode=full"] == 1
    assert found["nianbao_pass_duration_seconds_bucket,le=+Inf,mode=full"] == 3
    assert found["nianbao_events_total,kind=changed"] == 1
    assert found["nianbao_deliveries,channel=b,state=failed"] == 1
    assert found["nianbao_portal_health,health=down,portal=haizhu"] == 1
    assert found["nianbao_portal_freshness_seconds,portal=linhai"] == 90
    assert found["nianbao_portal_freshness_seconds,portal=haizhu"] == float("inf")
    assert not [name for name in found if "portal=old" in name]  # no longer enabled
    assert found["nianbao_passes_waiting"] == 2
    assert found["nianbao_problem,what=disk,whom=home"] == 1
    assert found["nianbao_build_info,python={}.{}.{},version=1.2.3".format(*__import__("sys").version_info[:3])] == 1
    assert found["process_resident_memory_bytes"] > 1e6
    assert found["nianbao_disk_free_bytes,where=home"] > 0
    assert found["nianbao_database_bytes,file=database"] > 0


def test_counters_never_fall_and_count_nothing_twice(machine: Machine) -> None:
    open_pass = machine.crawl(None)
    machine.crawl("ok")
    assert machine.scrape()["nianbao_passes_total,mode=full,outcome=ok"] == 1
    assert machine.scrape()["nianbao_passes_total,mode=full,outcome=ok"] == 1
    machine.store.update("crawls", open_pass, {"outcome": "ok", "finished_at": NOW})
    machine.crawl("ok", mode="discover")
    machine.event()
    found = machine.scrape()
    assert found["nianbao_passes_total,mode=full,outcome=ok"] == 2
    assert found["nianbao_passes_total,mode=discover,outcome=ok"] == 1
    assert found["nianbao_events_total,kind=changed"] == 1
    machine.store.run("DELETE FROM crawls WHERE mode = 'full'")  # what expires was counted
    assert machine.scrape()["nianbao_passes_total,mode=full,outcome=ok"] == 2


def test_a_record_that_was_restored_is_counted_anew(machine: Machine) -> None:
    for _ in range(3):
        machine.crawl("ok")
    machine.scrape()
    machine.store.run("DELETE FROM crawls WHERE id > 1")
    assert machine.scrape()["nianbao_passes_total,mode=full,outcome=ok"] == 1


# What it refuses -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/healthz", "/health/", "/../nianbao.toml", "/%2e%2e/nianbao.toml"])
def test_there_are_two_paths(machine: Machine, path: str) -> None:
    status, content, _ = machine.ask(path)
    assert status == 404
    assert "channel" not in content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_there_are_two_methods(machine: Machine, method: str) -> None:
    assert machine.ask("/health", method)[0] == 501


def test_head_answers_without_a_body(machine: Machine) -> None:
    status, content, headers = machine.ask("/health", "HEAD")
    assert (status, content) == (200, "")
    assert int(headers["Content-Length"]) > 100


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8765", 200),
        ("localhost:1", 200),
        ("[::1]:8765", 200),
        ("evil.example.com", 421),
        ("evil.example.com:8765", 421),
        ("127.0.0.1.evil.example.com", 421),
        ("localhost.evil.example.com", 421),
        ("", 421),
    ],
)
def test_a_name_that_is_pointed_at_this_machine_reads_nothing(machine: Machine, host: str, status: int) -> None:
    assert machine.ask("/health", Host=host)[0] == status
    assert machine.ask("/metrics", Host=host)[0] == status


def test_answers_are_not_kept_or_guessed(machine: Machine) -> None:
    _, _, headers = machine.ask("/health")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"].strip() == "nianbao"


def raw(machine: Machine, data: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", machine.port), timeout=5)
    line.sendall(data)
    return line


def test_a_request_that_is_too_long_is_refused(machine: Machine) -> None:
    with raw(machine, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n") as line:
        assert b" 414 " in line.recv(100)


def test_whoever_trickles_is_cut_off_and_holds_nobody_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "LONGEST", 0.3)
    slow = [raw(machine, b"GET /hea") for _ in range(endpoint.AT_ONCE)]
    begun = time.monotonic()
    assert slow[0].recv(10) == b""
    assert time.monotonic() - begun < 3
    deadline = time.monotonic() + 3
    while True:
        try:
            assert machine.ask("/health")[0] == 200
            break
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    for line in slow:
        line.close()


# Where it listens ----------------------------------------------------------------------------------------------------


def test_the_place_is_written_and_removed(machine: Machine) -> None:
    place = read_place(machine.home.path)
    assert place is not None
    assert place.address == machine.server.address == f"http://127.0.0.1:{machine.port}"
    assert (place.started, place.version) == (NOW, "1.2.3")
    machine.server.stop()
    assert read_place(machine.home.path) is None
    machine.server = machine.serve(None)
    place = read_place(machine.home.path)
    assert place is not None
    assert place.address == ""


def test_two_homes_on_one_port(machine: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = Machine(tmp_path / "other")
    other.server.stop()
    other.server = other.serve(("127.0.0.1", machine.port))
    try:
        assert other.port != machine.port
        assert "free port" in caplog.text
        assert other.ask("/health")[0] == machine.ask("/health")[0] == 200
        other.server.stop()
        assert machine.ask("/health")[0] == 200
        assert read_place(machine.home.path) is not None
    finally:
        other.store.close()
        other.server = machine.server


def test_an_address_that_is_not_loopback_is_warned_of(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    server = machine.serve(("0.0.0.0", 0))
    server.stop()
    assert "no loopback address" in caplog.text


def test_an_address_of_another_machine_stops_nothing(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    server = machine.serve(("192.0.2.1", 0))
    assert server.address == ""
    assert "nothing answers" in caplog.text
    server.stop()


def test_a_home_that_is_full_stops_nothing(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    server = machine.serve(("127.0.0.1", 0))
    assert "could not be written" in caplog.text
    server.stop()


def test_a_fault_of_its_own_is_a_500_and_a_line_in_the_log(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise sqlite3.ProgrammingError("a fault")

    monkeypatch.setattr(machine.examiner, "health", fail)
    caplog.set_level(logging.ERROR)
    assert machine.ask("/health")[0] == 500
    assert "a fault" in caplog.text
