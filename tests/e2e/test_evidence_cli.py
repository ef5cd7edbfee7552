"""`show`, `archive get`, `correct` and `retract` as an operator runs them: what is printed, exit codes, who is told."""

import fcntl
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.demo.text import write_paper
from monitor.demo.world import World
from tests.begun import Begun, as_it_was, begin
from tests.e2e.receivers import Mailbox
from tests.e2e.test_cli import Operator

SITE, COLUMN = "haitang", "heping"
ORGAN = "海棠区审计局"


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begun]:
    with World(SITE, COLUMN) as world:
        yield begin(world, tmp_path_factory.mktemp("begun"), "2026-02-10T00:30:00Z")


@pytest.fixture
def world(begun: Begun) -> Iterator[World]:
    with as_it_was(begun.world) as world:
        yield world


@pytest.fixture
def operator(tmp_path: Path, begun: Begun, world: World) -> Operator:
    """After the first pass, on the 10th."""
    return Operator(begun.copy(tmp_path / "home"))


def crawl(operator: Operator, day: int, *more: str) -> list[tuple[str, int]]:
    told = operator.json("crawl", SITE, COLUMN, *more, now=f"2026-02-{day:02}T00:30:00Z")
    return [(event["kind"], event["year"]) for event in told["events"] if event["kind"] != "finding"]


def test_a_take_down_can_be_argued_before_others(operator: Operator, world: World, tmp_path: Path) -> None:
    """By its page's 404, and on a page of all years, which stands without it."""
    world[SITE].take_down(world[SITE].find(ORGAN, 2021), "404")
    column = world[COLUMN]
    column.take_down(column.items[4], "404")
    crawl(operator, 11)
    gone = crawl(operator, 12)
    assert [kind for kind, _ in gone] == ["taken_down", "taken_down"]
    year = column.items[4].paper.year
    for words, said in ((f"{ORGAN} 2021", "返回 404"), (f"{COLUMN} {year}", "页面仍在，但不再含该年度报告")):
        shown = operator.run("show", *words.split())
        assert f"○ 读取：{said}（计入）" in shown
        assert shown.count(f"：{said}　http") == 2
        assert "● 【年报撤下】2 次确认" in shown
        assert "栏目均完整读取" in shown
        assert "无法打开" not in shown
        assert "\x1b" not in shown
        told = operator.json("show", *words.split())
        event = next(one for one in told["timeline"] if one.get("kind") == "taken_down")
        assert [one["status"] for one in event["evidence"]["readings"]] == [404 if said == "返回 404" else 200] * 2
        assert all(one["capture"]["readable"] for one in event["evidence"]["readings"])
        bundle = tmp_path / f"{year}.zip"
        assert "captures; SHA-256" in operator.run("show", *words.split(), "--evidence", str(bundle))
        with zipfile.ZipFile(bundle) as files:
            files.extractall(tmp_path / "x")
        done = subprocess.run([sys.executable, "-I", tmp_path / "x" / "check.py"], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout
        folder = tmp_path / f"event-{event['id']}"
        listed = operator.json("archive", "get", "--event", str(event["id"]), "-o", str(folder))
        assert len(listed) == len(list(folder.iterdir())) >= 3
        reading = event["evidence"]["readings"][0]["reading"]
        assert operator.json("archive", "get", "--reading", str(reading))["size"] > 0
    assert "0 faults" in operator.run("archive", "verify")


def test_an_attachment_can_be_got(operator: Operator, tmp_path: Path) -> None:
    [(number, name, size), *_] = operator.rows("SELECT id, name, size FROM attachments WHERE archive_ref <> ''")
    operator.run("archive", "get", "--attachment", str(number), "-o", str(tmp_path / "file"))
    assert (tmp_path / "file").stat().st_size == size, name


def test_errors_are_one_line_with_the_remedy(operator: Operator) -> None:
    for words, says in (
        (("archive", "get"), "give one of VERSION, --reading N, --attachment N and --event N"),
        (("archive", "get", "1", "--event", "1"), "give one of VERSION"),
        (("archive", "get", "--reading", "99"), "there is no reading 99; `nianbao show REPORT` names them"),
        (("archive", "get", "--event", "999"), "there is no event 999; `nianbao events` lists them"),
        (("correct", "999", "--year", "2020"), "there is no report 999; `nianbao reports` lists them"),
        (("correct", "1"), "nothing to correct; give --organ NAME, --year YYYY or --undo"),
        (("correct", "1", "--undo"), "report 1 was never corrected; there is nothing to undo"),
        (("correct", "1", "--organ", "无此局"), 'has no organ "无此局"; it has '),
        (("correct", "1", "--organ", " "), "--organ: is empty"),
        (("correct", "1", "--undo", "--year", "2020"), "--undo takes no other option"),
        (("correct", "1", "--year", "2021", "--swap", "--variant"), "--swap and --variant exclude each other"),
        (("retract", "999", "--why", "误报"), "there is no event 999; `nianbao events` lists them"),
        (("retract", "1", "--why", " "), "--why: is empty"),
        (("retract", "1"), "Missing option '--why'"),
    ):
        operator.run(*words, code=2)
        assert says in operator.done.stderr
        assert operator.done.stderr.count("\n") == 1
        assert operator.done.stdout == ""


def test_a_correction_waits_for_no_writer_and_makes_no_home(operator: Operator, tmp_path: Path) -> None:
    with (operator.home / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        operator.run("correct", "1", "--year", "2019", code=3)
        operator.run("retract", "1", "--why", "误报", code=3)
        assert operator.json("show", "1")["report"]["id"] == 1
    empty = Operator(tmp_path / "empty")
    empty.run("correct", "1", "--year", "2019", code=2)
    assert "there is no record yet" in empty.done.stderr
    assert not empty.home.exists()


def test_a_wrong_year_is_set_right(operator: Operator) -> None:
    [(number,)] = operator.rows("SELECT id FROM reports WHERE organ LIKE '%审计局' AND year = 2020")
    events = operator.rows("SELECT count(*) FROM events")
    operator.run("correct", str(number), "--year", "2021", code=2)
    assert "--swap" in operator.done.stderr
    said = operator.run("correct", str(number), "--year", "2019", "--why", "标题写错年度")
    assert f"report {number}: corrected by hand: {ORGAN} 2020 → {ORGAN} 2019" in said
    assert operator.rows("SELECT count(*) FROM events") == events
    assert [one for one in crawl(operator, 11) if one[0] != "overdue"] == []
    shown = operator.run("show", str(number))
    assert f"◇ 人工更正：{ORGAN} 2020 年 → {ORGAN} 2019 年" in shown
    assert "标题写错年度" in shown
    done = operator.json("correct", str(number), "--undo")
    assert done["after"] == f"{ORGAN} 2020"
    assert crawl(operator, 12) == []


def test_a_wrong_alert_is_taken_back(operator: Operator, world: World) -> None:
    site = world[SITE]
    with Mailbox() as mailbox:
        (operator.home / "nianbao.toml").write_text(f'[[channel]]\nname = "desk"\nurl = "{mailbox.url}"\n')
        item = site.find(ORGAN, 2021)
        site.take_down(item, "404", listed=True)
        crawl(operator, 11)
        assert crawl(operator, 12) == [("taken_down", 2021)]
        [(event,)] = operator.rows("SELECT id FROM events WHERE kind = 'taken_down'")
        said = operator.run("retract", str(event), "--why", "网站维护期间误判", now="2026-02-12T01:00:00Z")
        assert f"event {event} is retracted; the record: live again" in said
        assert "1 sent in 1 messages" in said
        assert mailbox.subjects[-1].startswith("【更正】")
        assert "此前的“年报撤下”通知作废" in mailbox.subjects[-1]
        sent = len(mailbox.mails)
        operator.run("retract", str(event), "--why", "又一次", code=2)
        assert "already" in operator.done.stderr
        assert crawl(operator, 13) == []
        site.restore(item)
        assert crawl(operator, 14) == []
        assert len(mailbox.mails) == sent
    assert operator.rows(f"SELECT 撤回原因 FROM 变更记录 WHERE 编号 = {event}") == [("网站维护期间误判",)]
    shown = operator.run("show", ORGAN, "2021")
    assert "● 【年报撤下】2 次确认（已撤回）" in shown
    assert "网站维护期间误判" in shown


def test_no_send_queues_the_correction(operator: Operator, world: World) -> None:
    with Mailbox() as mailbox:
        (operator.home / "nianbao.toml").write_text(f'[[channel]]\nname = "desk"\nurl = "{mailbox.url}"\n')
        world[SITE].publish(write_paper(ORGAN, 2025, published_on="2026-02-10"))
        assert crawl(operator, 11) == [("appeared", 2025)]
        [(event,)] = operator.rows("SELECT id FROM events WHERE kind = 'appeared' AND baseline = 0")
        sent = len(mailbox.mails)
        done = operator.json("retract", str(event), "--why", "只是通知，不是年报", "--no-send")
        assert (done["told"], done["deliveries"], len(mailbox.mails)) == (1, None, sent)
        assert operator.json("reports", "--year", "2025") == []
        operator.run("alerts", "retry")
        assert "【更正】" in mailbox.subjects[-1]


def test_a_dry_run_writes_nothing_into_the_archive(operator: Operator) -> None:
    before = sorted((operator.home / "archive").rglob("*"))
    crawl(operator, 11, "--dry-run")
    assert sorted((operator.home / "archive").rglob("*")) == before


def test_a_settled_pass_leaves_no_spool(operator: Operator) -> None:
    crawl(operator, 11)
    assert list((operator.home / "runs").rglob("run.json"))
    assert list((operator.home / "runs").rglob("sections.warc")) == []
    with sqlite3.connect(operator.home / "nianbao.db") as db:
        captures = [json.loads(row[0]) for row in db.execute("SELECT captures FROM section_readings")]
    db.close()
    assert all(captures)
    assert len(captures) == 2
