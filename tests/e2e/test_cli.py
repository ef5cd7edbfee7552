"""The program as its operator runs it: processes, exit codes, what stands on standard output and in the record."""

import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.text import write_paper
from monitor.demo.world import World
from tests.e2e.receivers import Mailbox, Robots

NIANBAO = str(Path(sys.executable).parent / "nianbao")
SITE = "haitang"  # two organs, five years each


class Operator:
    """Someone at a terminal, with a home of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *words: str, now: str = "2026-02-10T00:30:00Z", code: int = 0) -> str:
        """A command's standard output; its exit code must be `code`."""
        environ = {key: value for key, value in os.environ.items() if not key.startswith("NIANBAO")}
        command = [NIANBAO, "--home", str(self.home), "--now", now, *words]
        self.done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ, check=False)
        assert self.done.returncode == code, f"{words}: {self.done.stdout}\n{self.done.stderr}"
        return self.done.stdout

    def json(self, *words: str, **options: Any) -> Any:
        return json.loads(self.run(*words, "--json", **options))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(f"file:{self.home / 'nianbao.db'}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()


@pytest.fixture
def world() -> Iterator[World]:
    with World(SITE) as world:
        yield world


@pytest.fixture
def operator(tmp_path: Path, world: World) -> Operator:
    world.write_portals(tmp_path, confirmations=2, after="1h")
    return Operator(tmp_path)


def test_the_main_job(operator: Operator, world: World) -> None:
    """Baseline, a new report, a changed digit, a take-down; told in a mailbox and at a webhook; then looked at."""
    site = world[SITE]
    with Mailbox() as mailbox, Robots() as robots:
        (operator.home / "nianbao.toml").write_text(
            f'[[channel]]\nname = "desk"\nurl = "{mailbox.url}"\n[[channel]]\nname = "hook"\nurl = "{robots.hook_url}"\n'
        )
        operator.run("crawl", SITE)
        assert len(mailbox.mails) == 1
        assert "建立基线" in mailbox.subjects[0]

        site.publish(write_paper("海棠区审计局", 2025, published_on="2026-02-10"))
        item = site.find("海棠区人民政府", 2022)
        site.edit_digit(item)
        gone = site.find("海棠区审计局", 2021)
        site.take_down(gone, "404")
        passed = operator.json("crawl", SITE, now="2026-02-11T00:30:00Z")
        told = [event["kind"] for event in passed["events"] if event["kind"] != "finding"]
        assert sorted(told) == ["appeared", "changed"]
        changed = next(event for event in passed["events"] if event["kind"] == "changed")
        assert len(changed["detail"]["figures"]) == 1
        assert operator.json("crawl", SITE, now="2026-02-12T00:30:00Z")["events"][0]["kind"] == "taken_down"
        subjects = " ".join(mailbox.subjects)
        for word in ("年报公开", "年报变更", "年报撤下"):
            assert subjects.count(word) == 1
        assert len(mailbox.mails) == len(robots.texts("hook")) == 4

    report = next(row for row in operator.json("reports") if (row["organ"], row["year"]) == ("海棠区人民政府", 2022))
    told_diff = operator.json("diff", str(report["id"]))
    assert [(cell["old"], cell["new"]) for cell in told_diff["cells"]] == [
        (cell["old"], cell["new"]) for cell in changed["detail"]["figures"]
    ]
    assert [cell["field"] for cell in told_diff["cells"]] == [cell["field"] for cell in changed["detail"]["figures"]]
    assert set(told_diff) == {
        *("report", "from", "to", "same", "summary", "fields", "cells", "tables", "text", "attachments", "findings"),
    }
    assert [one["detail"] for one in told_diff["findings"]["caused"]] == changed["detail"].get("caused", [])
    shown = operator.json("show", "海棠区审计局", "2021")
    assert shown["report"]["status"] == "taken_down"
    assert [reading["http_status"] for reading in shown["readings"] if reading["counted"]] == [404, 404]
    versions = shown["versions"]
    operator.run("archive", "get", str(versions[0]["id"]), "-o", str(operator.home / "page.html"))
    assert "海棠区审计局" in (operator.home / "page.html").read_text(encoding="utf-8")
    assert "0 faults" in operator.run("archive", "verify")
    v1, v2 = (version[0] for version in operator.rows(f"SELECT id FROM versions WHERE report = {report['id']}"))
    assert operator.json("compare", f"v{v1}", f"v{v2}", code=1)["same"] is False
    assert {row["state"] for row in operator.json("alerts")} == {"sent"}
    assert operator.json("doctor")


def test_a_dry_run_says_and_records_nothing(operator: Operator) -> None:
    assert "建立基线" in operator.run("crawl", SITE, "--dry-run")
    assert operator.rows("SELECT count(*) FROM reports") == [(0,)]
    assert operator.rows("SELECT count(*) FROM crawls") == [(0,)]
    assert not list((operator.home / "runs").glob("*/*"))


def test_a_portal_that_fails_is_named_and_stops_no_other(operator: Operator, world: World) -> None:
    other = (
        (operator.home / "portals" / f"{SITE}.toml").read_text().replace(world[SITE].section, "http://127.0.0.1:9/nb/")
    )
    (operator.home / "portals" / "closed.toml").write_text(other)
    operator.run("crawl", SITE, "closed", code=1)
    assert "closed: failed: " in operator.done.stderr
    assert operator.rows("SELECT count(*) FROM reports") == [(10,)]


def test_a_report_with_one_version_has_no_diff_yet(operator: Operator) -> None:
    operator.run("crawl", SITE)
    operator.run("diff", "1", code=2)
    assert operator.done.stderr.startswith("nianbao diff: the report has only one version: nothing to compare yet")
    assert operator.done.stderr.count("\n") == 1


def test_a_home_has_one_writer(operator: Operator) -> None:
    operator.run("crawl", SITE)
    with (operator.home / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        operator.run("crawl", SITE, code=3)
        assert operator.done.stderr.count("\n") == 1
        assert len(operator.json("reports")) == 10  # readers go on


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("portals/bad.toml", 'titel = "x"\n', 'bad.toml: titel: unknown key; did you mean "title"?'),
        ("portals/bad.toml", 'title = "x"\nfamily = "trs"\n', "bad.toml: sections: is missing; it is required"),
        (
            "nianbao.toml",
            '[service]\nlangauge = "zh"\n',
            'nianbao.toml: service.langauge: unknown key; did you mean "language"?',
        ),
        ("nianbao.toml", '[[channel]]\nname = "a"\nurl = "mailto://u:${NO_SUCH}@h"\n', "${NO_SUCH} is not set"),
    ],
)
def test_bad_configuration_is_one_line_that_names_file_key_and_remedy(
    operator: Operator, file: str, text: str, says: str
) -> None:
    (operator.home / file).write_text(text)
    operator.run("crawl", SITE, code=2)
    assert says in operator.done.stderr
    assert operator.done.stderr.count("\n") == 1


def test_portals_check_records_nothing(operator: Operator, world: World) -> None:
    told = operator.json("portals", "check", SITE)
    assert told["verdict"] == "good"
    assert len(told["reports"]) == 10
    assert not (operator.home / "nianbao.db").exists()
    world[SITE].start_outage("503")
    assert operator.json("portals", "check", SITE, code=1)["verdict"] == "no answer"


def test_overdue_is_told_by_the_present_that_is_given(operator: Operator) -> None:
    operator.run("crawl", SITE)
    late = operator.json("overdue", "--year", "2025", now="2026-04-02T00:00:00Z")
    assert {(row["organ"], row["due_on"]) for row in late} == {
        ("海棠区人民政府", "2026-03-31"),
        ("海棠区审计局", "2026-01-31"),
    }
    assert operator.json("overdue", "--year", "2025", now="2026-01-31T12:00:00Z") == []


def test_scrapy_knows_every_portal(operator: Operator) -> None:
    scrapy = [str(Path(NIANBAO).with_name("scrapy"))]
    environ = {**os.environ, "NIANBAO_HOME": str(operator.home)}
    listed = subprocess.run([*scrapy, "list"], capture_output=True, text=True, check=True, env=environ, timeout=60)
    assert {"beijing", "linhai", SITE} <= set(listed.stdout.split())
    out = operator.home / "items.json"
    subprocess.run([*scrapy, "crawl", SITE, "-O", str(out)], capture_output=True, check=True, env=environ, timeout=60)
    assert len([item for item in json.loads(out.read_text()) if item.get("year")]) == 10
