"""The page of an event: what was said, who was told, and everything that staff do there."""

import html
import re
import shlex
import subprocess
from typing import Any

import pytest

from monitor.cli import cli
from monitor.home import Home
from monitor.notes import Proposal
from monitor.sqlite import sqlite3
from monitor.store import Store
from monitor.web.event_data import Event, command_for, event_of, organs_of, standing
from tests.web.conftest import NIANBAO, NOW, Look, Pages, Served
from tests.web.signing import EDITOR, READER, guarded, sign_in

ZONE = "Asia/Shanghai"


@pytest.fixture
def store(demo_home: Any) -> Any:
    with Home(demo_home).reader() as store:
        yield store


def first(home: Home, kind: str) -> int:
    with home.reader() as store:
        row = store.row("SELECT id FROM events WHERE kind = ? AND baseline = 0 ORDER BY id LIMIT 1", (kind,))
    assert row is not None, kind
    return int(row["id"])


def found(store: Store, number: int) -> Event:
    event = event_of(store, number, ZONE)
    assert event is not None
    return event


def test_every_event_of_the_demo_has_a_page(pages: Pages, store: Store) -> None:
    numbers = [number for (number,) in store.values("SELECT id FROM events")]
    assert len(numbers) > 60
    for number in numbers:
        event = found(store, number)
        answer = pages(f"/event/{number}")
        assert answer.status_code == 200
        assert html.escape(event.headline, quote=False).split("“")[0] in html.unescape(answer.text).replace(
            "&#34;", '"'
        )
        assert event.parts or event.kind in ("restored", "moved", "delisted", "service", "finding", "appeared"), event


def test_it_says_what_the_alert_said_and_links_to_the_proof(home: Home) -> None:
    pages = Pages(home)
    number = first(home, "changed")
    text = pages(f"/event/{number}").text
    said = pages(f"/event/{number}.json").json()["event"]
    assert said["kind"] == "changed"
    before, after = said["diff"]
    assert f'href="/diff/{said["report"]}/{before}/{after}"' in text
    assert f'href="/report/{said["report"]}"' in text
    assert f'href="/report/{said["report"]}/evidence.zip"' in text
    assert "→" in text
    assert 'rel="noreferrer noopener external"' in text


def test_who_was_told_without_an_address(home: Home) -> None:
    conn = sqlite3.connect(home.database)
    number = conn.execute("SELECT event FROM deliveries WHERE state = 'sent' LIMIT 1").fetchone()[0]
    conn.execute(
        "UPDATE deliveries SET last_error = 'refused by https://hook.example/secret-key' WHERE event = ?", (number,)
    )
    conn.commit()
    conn.close()
    pages = Pages(home)
    text = pages(f"/event/{number}").text
    assert "已送达" in text
    assert "office" in text
    for answer in (text, pages(f"/event/{number}.json").text):
        assert "secret-key" not in answer
        assert "mailto" not in answer
        assert "127.0.0.1" not in answer.replace("http://127.0.0.1:", "")[:0] + re.sub(r'href="[^"]*"', "", text)


def test_the_events_of_a_report_follow_one_another(store: Store) -> None:
    row = store.row("SELECT report FROM events WHERE report IS NOT NULL GROUP BY report HAVING count(*) > 1 LIMIT 1")
    assert row is not None
    numbers = [
        number for (number,) in store.values("SELECT id FROM events WHERE report = ? ORDER BY id", (row["report"],))
    ]
    events = [found(store, number) for number in numbers]
    assert [event.after.id for event in events[:-1] if event.after] == numbers[1:]
    assert [event.before.id for event in events[1:] if event.before] == numbers[:-1]
    assert events[0].before is None
    assert events[-1].after is None


def test_an_event_that_nobody_can_read_any_more_still_has_a_page(home: Home) -> None:
    conn = sqlite3.connect(home.database)
    conn.execute("UPDATE events SET detail = '{\"from_url\": 7}', url = 'javascript:alert(1)' WHERE id = 1")
    conn.commit()
    conn.close()
    text = Pages(home)("/event/1").text
    assert "通知内容" in text
    assert "javascript:" not in text


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{7*7}}"


def test_what_a_page_or_a_colleague_wrote_is_only_text(home: Home) -> None:
    conn = sqlite3.connect(home.database)
    conn.execute("UPDATE events SET organ = ?, title = ?, summary = ? WHERE id = 1", (HOSTILE,) * 3)
    conn.execute("UPDATE organs SET name = ? WHERE id = (SELECT organ_id FROM reports WHERE id = 1)", (HOSTILE,))
    conn.commit()
    conn.close()
    pages = Pages(home)
    pages("/event/1")
    assert pages.post("/event/1/comment", {"text": HOSTILE}).status_code == 303
    assert pages.post("/event/1/propose", {"kind": "correct", "why": HOSTILE, "organ": HOSTILE}).status_code == 303
    for path in ("/event/1", "/notes?tab=unseen", "/notes?tab=proposals", "/notes?tab=all"):
        text = pages(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "onerror" in text or path.endswith("unseen")
        assert "49" not in re.sub(r"\d\d:49|#\d+|[0-9a-f]{12}|\d{4}-\d\d-\d\d", "", text.partition("alert(2)")[2][:40])


def test_seen_assigned_settled(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    for act, fields, said in (
        ("seen", {}, "已标为已阅"),
        ("assign", {"whom": "本机用户"}, "已更新经办人"),
        ("settle", {}, "这件事办结了"),
        ("reopen", {}, "已重新打开"),
        ("assign", {"whom": ""}, "已更新经办人"),
        ("unseen", {}, "已取消已阅"),
    ):
        answer = pages.post(f"/event/1/{act}", fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/event/1#notes")
        assert said in pages("/event/1").text
        assert said not in pages("/event/1").text, "said once"
    notes = pages("/event/1.json").json()["notes"]
    assert (notes["seen"], notes["assigned"]) == ([], None)
    assert [one["what"] for one in pages("/notes.json?tab=all").json()["rows"]][::-1] == [
        "seen", "assigned", "settled", "reopened", "unassigned", "unseen",
    ]  # fmt: skip


def test_a_comment_is_written_edited_and_removed(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    pages.post("/event/1/comment", {"text": "第一行\r\n第二行", "once": "a"})
    pages.post("/event/1/comment", {"text": "第一行\r\n第二行", "once": "a"})
    (comment,) = pages("/event/1.json").json()["notes"]["comments"]
    assert (comment["who"], comment["at"], comment["text"]) == ("本机用户", NOW, "第一行\n第二行")
    pages.post(f"/event/1/edit/{comment['id']}", {"text": "改过的"})
    text = pages("/event/1").text
    assert "改过的" in text
    assert "修改前的文字" in text
    assert pages.post(f"/event/2/edit/{comment['id']}", {"text": "从别处"}).status_code == 400
    pages.post(f"/event/1/remove/{comment['id']}", {})
    assert "备注已由 本机用户" in pages("/event/1").text
    assert pages("/event/1.json").json()["notes"]["comments"][0]["text"] is None


@pytest.mark.parametrize(
    ("act", "fields", "said"),
    [
        ("comment", {"text": "  "}, "没有内容"),
        ("comment", {"text": "长" * 4001}, "过长"),
        ("comment", {}, "没有内容"),
        ("assign", {"whom": "没有这个人"}, "没有这个人"),
        ("propose", {"why": "没有选"}, "请选择"),
        ("propose", {"kind": "drop table", "why": "x"}, "请选择"),
        ("propose", {"kind": "correct", "why": "没有写"}, "请写明正确的"),
        ("propose", {"kind": "correct", "why": "x", "year": "19x9"}, "四位数字"),
        ("propose", {"kind": "correct", "why": "x", "year": "１９９９"}, "四位数字"),
        ("propose", {"kind": "correct", "why": "x", "organ": "长" * 101}, "过长"),
        ("decide/9", {"state": "accepted"}, "没有这个提议"),
        ("decide", {"state": "accepted"}, "没有这个提议"),
        ("edit/999999999999", {"text": "x"}, "没有这条备注"),
        ("remove/7", {}, "没有这条备注"),
    ],
)
def test_what_is_refused_is_said_and_what_was_written_stays(
    home: Home, act: str, fields: dict[str, str], said: str
) -> None:
    pages = Pages(home)
    pages("/event/1")
    answer = pages.post(f"/event/1/{act}", fields)
    assert answer.status_code == 400
    assert said in answer.text or act.startswith(("edit", "remove", "decide"))
    if act == "propose":
        assert fields["why"] in answer.text
    assert pages("/notes.json?tab=all").json()["rows"] == []


@pytest.mark.parametrize("path", ["/event/999999/seen", "/event/1/nothing", "/event/1/seen/99999999999999999999"])
def test_what_is_not_there_is_not_found(home: Home, path: str) -> None:
    pages = Pages(home)
    pages("/event/1")
    assert pages.post(path, {}).status_code in (404, 405)


def test_a_form_s_address_leads_back_to_the_page(pages: Pages) -> None:
    assert pages("/event/1/comment").headers["location"] == "/event/1#notes"


def test_what_a_reader_may_do_and_what_an_editor(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, EDITOR)
    pages("/event/1")
    pages.post("/event/1/comment", {"text": "编辑的备注"})
    pages.post("/event/1/assign", {"whom": EDITOR})
    pages.post("/event/1/propose", {"kind": "retract", "why": "编辑提的"})
    pages.cookies.clear()
    sign_in(pages, READER)
    text = pages("/event/1").text
    assert "提出误报" in text
    assert 'value="accepted"' not in text
    for act, fields in (
        ("assign", {"whom": READER}), ("assign", {"whom": ""}), ("settle", {}), ("edit/1", {"text": "x"}), ("remove/1", {}),
        ("decide/1", {"state": "accepted"}), ("decide/1", {"state": "withdrawn"}),
    ):  # fmt: skip
        assert pages.post(f"/event/1/{act}", fields).status_code == 400, act
    for number, act, fields in ((1, "seen", {}), (1, "comment", {"text": "读者的备注"}), (2, "assign", {"whom": READER}),
                                (2, "settle", {}), (2, "propose", {"kind": "correct", "why": "是另一年", "year": "2023"})):  # fmt: skip
        assert pages.post(f"/event/{number}/{act}", fields).status_code == 303, act
    assert pages("/event/2.json").json()["notes"]["proposals"][0]["who"] == READER


WHYS = [
    "不是年报",
    'it\'s $(rm -rf ~) `x` "y" \\ ; & | > < ! #',
    "-h --why",
    "一行\n另一行",
    "\u202eexe.txt",
    "%s {0} ~/x",
]


@pytest.mark.parametrize("why", WHYS)
def test_the_command_says_what_was_proposed_and_runs_nothing_else(store: Store, why: str) -> None:
    row = store.row("SELECT * FROM events WHERE id = 1")
    assert row is not None
    known = organs_of(store, row["portal"])[0]
    for kind, organ, year in (
        ("retract", "", None),
        ("correct", "某局's", 2023),
        ("correct", known, None),
        ("correct", "", 2022),
    ):
        proposal = Proposal(1, "k", 1, 1, "李明", NOW, kind, why, organ, year, "open", None, None, "")  # type: ignore[arg-type]
        line = command_for(store, proposal, row)
        assert "\n" not in line
        shell = subprocess.run(
            ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, env={"HOME": "/nowhere"}
        )
        words = shell.stdout.decode().split("\0")[:-1]
        assert words == shlex.split(line)
        context = cli.make_context("nianbao", words[1:], resilient_parsing=False)
        assert words[0] == "nianbao"
        name, command, rest = cli.resolve_command(context, [words[1], *words[2:]])
        assert name == kind
        assert command is not None
        given = command.make_context(name, list(rest)).params
        assert given["why"] == " ".join(why.replace("\u202e", "").split())
        if kind == "correct":
            assert given["year"] == year
            assert given["organ"] == (organ or None)
            assert given["new_organ"] is (organ == "某局's")


def test_a_proposal_is_done_when_the_record_says_so(home: Home) -> None:
    pages = guarded(home)
    sign_in(pages, READER)
    pages("/event/1")
    pages.post("/event/1/propose", {"kind": "retract", "why": "不是年报"})
    assert pages.post("/event/1/propose", {"kind": "retract", "why": "再一次"}).status_code == 400
    pages.cookies.clear()
    sign_in(pages, EDITOR)
    pages("/event/1")
    pages.post("/event/1/decide/1", {"state": "accepted", "word": "同意"})
    (row,) = pages("/notes.json?tab=proposals").json()["rows"]
    assert (row["state"], row["done_at"], row["word"]) == ("accepted", None, "同意")
    done = subprocess.run(
        [NIANBAO, "--home", home.path, "--now", NOW, *shlex.split(row["command"])[1:], "--no-send"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert pages("/notes.json?tab=proposals").json()["rows"] == []
    (row,) = pages("/notes.json?tab=proposals&show=settled").json()["rows"]
    assert row["done_at"] == NOW
    text = pages("/event/1").text
    assert "已执行" in text
    assert "撤回" in text
    assert "提出误报" not in text
    assert pages.post("/event/1/propose", {"kind": "retract", "why": "又一次"}).status_code == 400


def test_a_correction_is_recognised_too(home: Home) -> None:
    pages = Pages(home)
    pages("/event/1")
    pages.post("/event/1/propose", {"kind": "correct", "why": "是前一年的", "year": "2019"})
    (row,) = pages("/notes.json?tab=proposals").json()["rows"]
    done = subprocess.run(
        [NIANBAO, "--home", home.path, "--now", NOW, *shlex.split(row["command"])[1:]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert pages("/notes.json?tab=proposals").json()["rows"] == []
    with home.reader() as store:
        notes = pages("/event/1.json").json()["notes"]["proposals"][0]
        assert notes["done_at"] == NOW
        assert standing(store, []) == []


def test_the_notes_of_an_event_are_found_again_in_a_record_that_counts_otherwise(home: Home) -> None:
    pages = Pages(home)
    pages("/event/5")
    pages.post("/event/5/comment", {"text": "同一件事"})
    conn = sqlite3.connect(home.database)
    conn.execute("PRAGMA foreign_keys = OFF")
    conn.execute("UPDATE events SET id = 5005 WHERE id = 5")
    conn.commit()
    conn.close()
    assert "同一件事" in pages("/event/5005").text
    assert pages("/notes.json?tab=all").json()["rows"][0]["about"]["id"] == 5005


@pytest.mark.parametrize("harm", ["newer", "damaged"])
def test_notes_that_cannot_be_used_leave_the_page_as_it_is(home: Home, harm: str) -> None:
    pages = Pages(home)
    pages("/event/1")
    pages.post("/event/1/comment", {"text": "看过了"})
    conn = sqlite3.connect(home.path / "notes.db")
    conn.execute("PRAGMA user_version = 99")
    conn.close()
    if harm == "damaged":
        for one in home.path.glob("notes.db*"):
            one.unlink()
        (home.path / "notes.db").write_bytes(b"no database" * 999)
    cookies, pages = pages.cookies, Pages(home)
    pages.cookies = cookies
    text = pages("/event/1").text
    assert "通知内容" in text
    assert "批注" in text
    assert "消息本身照常可看" in text
    assert "写备注" not in text
    answer = pages.post("/event/1/comment", {"text": "再看"})
    assert answer.status_code == 503
    assert pages("/notes?tab=unseen").status_code == 200
    assert str(home.path) not in answer.text


PATHS = ["/event/1", "/event/11", "/event/68"]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_the_page_opens_without_a_fault(served: Served, look: Look, width: int, dark: bool) -> None:
    for path in PATHS:
        seen = look(served.url + path, width=width, dark=dark)
        assert seen.said == ()
        assert seen.faults == ()


@pytest.mark.browser
def test_everything_is_done_in_a_browser_without_a_script(home: Home, drive: Any) -> None:
    served = Served(home.path)

    def work(browser: Any) -> str:
        context = browser.new_context(java_script_enabled=False)
        try:
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.goto(served.url + "/event/1")
            page.click("text=标为已阅")
            page.fill("#comment", HOSTILE)
            page.click("text=保存备注")
            page.select_option("#whom", "本机用户")
            page.click("text=更新")
            page.click("text=提出误报")
            page.fill("#why", "不是年报")
            page.click("form[action$=propose] button")
            page.fill("#word-1", "同意")
            page.click("button[value=accepted]")
            return str(page.inner_text("main"))
        finally:
            context.close()

    try:
        text = drive(work)
    finally:
        served.stop()
    assert "取消已阅" in text
    assert HOSTILE in text
    assert "已同意，待执行" in text
    assert "nianbao retract 1 --why '不是年报'" in text
