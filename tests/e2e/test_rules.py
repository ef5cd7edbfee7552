"""An operator edits portal files: what the program says beforehand, what the next pass makes of it, and what it never does:
alert anybody. Every family, on portals that answer with noise of their own."""

import hashlib
import json
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.world import World
from tests.begun import Begun, as_it_was, begin
from tests.e2e.test_cli import NIANBAO, Operator

SITES = ("yunxi", "nanzhou", "songling", "heping")
"""Pages of two families, an overwritten column, and one page with every year: 34 reports."""


class Editor(Operator):
    """An operator with an editor."""

    def edit(self, name: str, selectors: str = "", family: str = "") -> None:
        file = self.home / "portals" / f"{name}.toml"
        text = re.sub(r"(?s)\n\[selectors\].*", "\n", file.read_text(encoding="utf-8"))
        if family:
            text = re.sub(r"(?m)^family *=.*$", f'family = "{family}"', text)
        file.write_text(f"{text}\n[selectors]\n{selectors}\n" if selectors else text, encoding="utf-8")

    def crawl(self, day: int, code: int = 0) -> list[Any]:
        """What a pass tells, findings aside."""
        passed = self.json("crawl", *SITES, now=f"2026-02-{day}T00:30:00Z", code=code)
        return [event for event in passed["events"] if event["kind"] != "finding" and not event["baseline"]]

    def dump(self) -> str:
        """What is in the record, hashed."""
        tables = ("reports", "versions", "figures", "findings", "events", "pages", "sections", "links")
        return hashlib.sha256(repr([self.rows(f"SELECT * FROM {table}") for table in tables]).encode()).hexdigest()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    with World(*SITES) as world:
        begun = begin(world, tmp_path_factory.mktemp("begun"), "2026-02-10T00:30:00Z")
        told = Editor(begun.home).rows(
            "SELECT kind, count(*) FROM events WHERE kind = 'baseline' OR NOT baseline GROUP BY kind"
        )
        assert dict(told).get("baseline") == len(SITES)
        assert set(dict(told)) <= {"baseline", "finding"}
        yield begun


@pytest.fixture
def world(begun: Begun) -> Iterator[World]:
    with as_it_was(begun.world) as world:
        yield world


@pytest.fixture
def editor(tmp_path: Path, begun: Begun, world: World) -> Editor:
    """After the first pass, on the 10th."""
    return Editor(begun.copy(tmp_path / "home"))


def test_an_edit_is_tried_on_what_is_stored(editor: Editor) -> None:
    before = editor.dump()
    told = editor.json("portals", "check", "yunxi", "--captures")
    assert (told["verdict"], told["loses"], told["counts"]["as recorded"]) == ("good", False, 15)
    [section] = told["sections"]
    assert (section["kept"], section["complete"], section["found"], section["recorded"]) == (True, True, 15, 15)

    editor.edit("yunxi", 'body = "body"')
    told = editor.json("portals", "check", "yunxi", "--captures")
    assert told["counts"]["otherwise"] == 15
    assert told["verdict"] == "reads 15 of 15 reports otherwise"
    first = told["reports"][0]
    assert first["differs"] == ["characters", "text"]
    assert first["read"]["characters"] > first["recorded"]["characters"]
    assert first["summary"].startswith("正文")

    editor.edit("yunxi", 'title = ".footer"\nbody = ".footer"\nlink = ".none a"')
    told = editor.json("portals", "check", "yunxi", "--captures", code=1)
    assert told["loses"]
    assert told["counts"]["as recorded"] == 0
    assert told["sections"][0]["lost"]
    text = editor.run("portals", "check", "yunxi", "--captures", code=1)
    assert "what to do: " in text
    assert "lost: http://" in text
    assert "结果\t年度" in text

    editor.edit("yunxi")
    assert editor.dump() == before


def test_a_file_that_is_not_in_place_can_be_tried(editor: Editor, tmp_path: Path) -> None:
    text = (editor.home / "portals" / "yunxi.toml").read_text(encoding="utf-8")
    other = tmp_path / "new.toml"
    other.write_text(text + '\n[selectors]\nbody = "body"\n', encoding="utf-8")
    told = editor.json("portals", "check", "yunxi", "--captures", "--file", str(other))
    assert told["counts"]["otherwise"] == 15
    other.write_text(text.replace("title", "titel", 1), encoding="utf-8")
    editor.run("portals", "check", "yunxi", "--captures", "--file", str(other), code=2)
    assert re.search(r'new\.toml: titel: unknown key; did you mean "title"\?', editor.done.stderr)
    editor.run("portals", "check", "yunxi", "--file", str(other), code=2)
    assert "--captures" in editor.done.stderr
    editor.run("portals", "check", "yunxi", "--captures", "--file", str(tmp_path / "none.toml"), code=2)
    assert len(editor.done.stderr.strip().splitlines()) == 1


def test_a_portal_of_which_nothing_is_stored_is_refused(editor: Editor) -> None:
    for command in (("portals", "check", "linhai", "--captures"), ("archive", "reread", "linhai")):
        editor.run(*command, code=2)
        assert "nothing is stored of linhai" in editor.done.stderr


def test_edits_are_silent_and_true_changes_beside_them_are_not(editor: Editor, world: World) -> None:
    for day, (selectors, family) in enumerate(
        [('body = "body"', ""), ('title = "h1"\nlink = "a"', ""), ("", "generic")], 11
    ):
        for name in SITES:
            editor.edit(name, selectors, "" if name in ("songling", "heping") else family)
        assert editor.crawl(day, code=editor_code(day)) == []
    for name in SITES:
        editor.edit(name, 'date = ".none"', world[name].layout.family)
        site = world[name]
        site.edit_digit(site.live()[0])
    events = editor.crawl(15)
    assert sorted((event["kind"], event["portal"]) for event in events) == [("changed", name) for name in sorted(SITES)]
    assert all(len(event["detail"]["figures"]) == 1 for event in events)
    editor.run("archive", "verify")


def editor_code(day: int) -> int:
    """The third edit makes lists unreadable that only their own family can read."""
    return 1 if day == 13 else 0


def test_captures_are_read_again_on_demand(editor: Editor) -> None:
    def reports(told: Any) -> int:
        return sum(told["counts"].values())

    for name in SITES:
        editor.edit(name, 'body = "body"')
    before = editor.dump()
    rehearsed = editor.json("archive", "reread", "--dry-run")
    assert editor.dump() == before
    told = editor.json("archive", "reread")
    assert told["counts"] == rehearsed["counts"]
    assert told["counts"]["rebaselined"] > 25
    assert told["counts"]["unread"] == told["counts"]["lost"] == 0
    assert editor.dump() != before
    again = editor.json("archive", "reread")
    assert again["counts"]["equal"] == reports(told)
    text = editor.run("archive", "reread", "yunxi")
    assert text == "yunxi: 15 reports: 15 as before\n"
    for name in SITES:
        editor.edit(name)
    assert editor.json("archive", "reread")["counts"]["rebaselined"] > 25
    assert editor.crawl(16) == []


def test_figures_and_findings_are_renewed(editor: Editor) -> None:
    db = editor.home / "nianbao.db"
    with sqlite3.connect(db) as record:
        figures = record.execute("SELECT count(*) FROM figures").fetchone()[0]
        record.execute("UPDATE figures SET value = -987654 WHERE version IN (SELECT max(current_version) FROM reports)")
        record.execute("DELETE FROM findings WHERE rule NOT IN ('late', 'conflict')")
    told = editor.json("archive", "reread")
    renewed = [report for portal in told["portals"] for report in portal["reports"]]
    assert any(report.get("figures") for report in renewed)
    assert not editor.rows("SELECT * FROM figures WHERE value = -987654")
    assert editor.rows("SELECT count(*) FROM figures")[0][0] == figures


def test_a_reread_may_be_killed_and_waits_for_the_lock(editor: Editor) -> None:
    for name in SITES:
        editor.edit(name, 'body = "body"')
    whole = editor.json("archive", "reread", "--dry-run")["counts"]["rebaselined"]
    command = [NIANBAO, "--home", str(editor.home), "archive", "reread"]
    versions = editor.rows("SELECT count(*) FROM versions")[0][0]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while editor.rows("SELECT count(*) FROM versions")[0][0] < versions + 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGSTOP)
        editor.run("archive", "reread", code=3)
    finally:
        process.kill()
        process.wait()
    done = editor.rows("SELECT count(*) FROM versions")[0][0] - versions
    assert 5 <= done < whole
    told = editor.json("archive", "reread")
    assert told["counts"]["rebaselined"] + done == whole
    editor.run("archive", "verify")
    for name in SITES:
        editor.edit(name)
    assert editor.crawl(17) == []


def test_lost_captures_are_named_with_a_remedy(editor: Editor) -> None:
    for file in (editor.home / "archive" / "songling").glob("*.warc.gz"):
        file.rename(file.with_suffix(".away"))
    told = editor.json("archive", "reread", "songling", code=1)
    assert [report["result"] for report in told["portals"][0]["reports"]] == ["lost"] * told["counts"]["lost"]
    text = editor.run("archive", "reread", "songling", code=1)
    assert "restore HOME/archive/ from a backup, then run `nianbao archive reread songling`" in text
    assert json.loads(editor.run("findings", "--rule", "capture_unreadable", "--json"))
    check = editor.json("portals", "check", "songling", "--captures")
    assert check["verdict"].startswith("cannot be tried on")
    for file in (editor.home / "archive" / "songling").glob("*.away"):
        file.rename(file.with_suffix(".gz"))
    assert editor.json("archive", "reread", "songling")["counts"]["lost"] == 0
