"""Evidence: what lists said is kept where something rests on it, every reading can be put in plain words, and a bundle
proves itself to someone without nianbao."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from monitor.archive import ArchiveError, combined_hash, evidence_refs, keep_lists, read_capture, verify
from monitor.bundle import write_bundle
from monitor.cli.timeline import show_history
from monitor.history import History, event_captures
from monitor.history_words import history_lines
from monitor.markup import STEERING, width
from monitor.reading_words import in_words, kind_of_reading, section_in_words
from monitor.section_evidence import section_readings

ROOT = Path(__file__).parents[2]
URL = "https://www.linhai.gov.cn/art/2024.html"


def history(site, year=2024):
    row = site.store.row("SELECT * FROM reports WHERE year = ?", (year,))
    return History(site.store, row, site.home / "archive")


@pytest.fixture
def down(site):
    """The report of 2024 was taken down; event 4 of the record."""
    site.run()
    site.remove(URL)
    site.run(), site.run()
    [event] = site.run()
    assert event.kind == "taken_down"
    return site, event


# What lists said --------------------------------------------------------------------------------------------------------


def archived(site):
    return sorted(path.name for path in (site.home / "archive" / "linhai").glob("*.sections.warc.gz"))


def test_a_pass_that_says_nothing_keeps_no_list(site):
    site.run()
    rows = site.store.rows("SELECT * FROM section_readings")
    assert archived(site) == ["1.sections.warc.gz"]
    for _ in range(3):
        site.run()
    assert site.store.rows("SELECT * FROM section_readings") == rows
    assert archived(site) == ["1.sections.warc.gz"]


def test_an_edit_rests_on_no_list(site, paper):
    site.run()
    site.publish(paper.report(2024, requests=13))
    assert [one.kind for one in site.run()] == ["changed"]
    assert archived(site) == ["1.sections.warc.gz"]


@pytest.mark.parametrize("kind", ["appeared", "delisted", "relisted", "moved", "portal_broken", "overdue"])
def test_what_rests_on_a_list_keeps_it(site, paper, kind):
    site.run()
    match kind:
        case "appeared":
            site.publish(paper.report(2025))
        case "delisted":
            site.delist(URL)
        case "relisted":
            site.delist(URL)
            site.run()
            site.publish(paper.report(2024))
        case "moved":
            site.remove(URL)
            site.publish(paper.report(2024), at=f"{paper.HOST}/new/2024.html")
        case "portal_broken":
            site.sections[paper.SECTION].links.clear()
        case "overdue":
            site.run(hours=24 * 60)
    events = site.run() if kind != "overdue" else [one for one in site.events() if one.kind == "overdue"]
    [event] = [one for one in events if one.kind == kind]
    [row] = section_readings(site.store, "linhai", event.crawl)
    [ref] = row["captures"]
    capture = read_capture(site.home / "archive", ref)
    assert capture.url == paper.SECTION
    listed = re.findall(r"href='([^']+)'", capture.body.decode())
    assert len(listed) == row["links"]
    assert (URL in listed) == (kind in ("appeared", "relisted", "overdue"))
    row = site.store.row("SELECT * FROM events WHERE id = ?", (event.id,))
    assert ref in dict(event_captures(site.store, row, site.home / "archive"))


def test_each_reading_that_counts_has_the_lists_of_its_pass(down):
    site, event = down
    [told] = [one for one in history(site).timeline() if one["type"] == "event" and one["kind"] == "taken_down"]
    readings = told["evidence"]["readings"]
    assert len(readings) == 3
    for reading in readings:
        assert (reading["words"], reading["sections_complete"], reading["listed"]) == ("返回 404", True, 1)
        assert reading["capture"]["readable"] is True
        assert all(capture["readable"] for section in reading["sections"] for capture in section["captures"])
    assert readings[-1]["crawl"] == event.crawl


def test_a_section_that_was_cut_short_is_told_so(site, paper):
    site.run()
    site.sections[paper.SECTION].complete = False
    site.sections[paper.SECTION].reason = "page 2: status 500"
    site.publish(paper.report(2025))
    [event] = site.run()
    [section] = history(site, 2025).section_evidence(event.crawl)
    assert section["words"] == "未读完整：第 2 页返回 500（已列出 3 篇）"


def test_lists_are_kept_once_and_doing_it_again_is_harmless(site):
    site.run()
    folder = site.folder
    first = keep_lists(folder, site.home / "archive", "linhai", 9)
    assert len(first) == 1
    assert {
        key: ref.partition("#")[0] for key, ref in keep_lists(folder, site.home / "archive", "linhai", 9).items()
    } == {key: ref.partition("#")[0] for key, ref in first.items()}
    assert keep_lists(site.home, site.home / "archive", "linhai", 10) == {}


def test_a_record_without_list_captures_is_still_told(down):
    site, _ = down
    site.store.run("DELETE FROM section_readings")
    told = history(site).told()
    [event] = [one for one in told["timeline"] if one.get("kind") == "taken_down"]
    assert event["evidence"]["readings"][0]["sections_complete"] is None
    assert any("返回 404" in text for _, _, text in history_lines(told, "Asia/Shanghai"))


def test_a_capture_behind_a_reading_that_was_damaged_is_found(down):
    site, _ = down
    [ref] = [row["archive_ref"] for row in site.store.rows("SELECT archive_ref FROM readings ORDER BY id LIMIT 1")]
    path = site.home / "archive" / ref.partition("#")[0]
    data = bytearray(path.read_bytes())
    data[int(ref.partition("#")[2]) + 40] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ArchiveError):
        read_capture(site.home / "archive", ref)
    assert [fault.ref for fault in verify(site.store, site.home / "archive") if fault is not None] == [ref]
    assert ref in evidence_refs(site.store)
    told = history(site).told()
    assert any("无法打开" in text for _, _, text in history_lines(told, "Asia/Shanghai"))


# Words ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        (("gone", 404, "status 404"), "返回 404"),
        (("gone", 410, "status 410"), "返回 410"),
        (("gone", 200, "title 2025年度报告"), "页面仍在，但不再含该年度报告"),
        (("gone", 200, "marks chapter 1, opening"), "页面仍在，但不再含该年度报告"),
        (("gone", 200, ""), "页面仍在，但不再含该年度报告"),
        (("gone", 304, "status 304"), "页面仍在，但不再含该年度报告"),
        (("weak_gone", 200, "no report in it"), "页面仍在，但已不是年度报告"),
        (("weak_gone", 200, "title 别的报告"), "页面仍在，但不再含该年度报告"),
        (("gone", 200, "redirect to the home page"), "跳转至首页"),
        (("gone", 200, "redirect to the section"), "跳转至栏目页"),
        (("gone", 200, "redirect to /404.html"), "跳转至错误页 /404.html"),
        (("gone", 200, "信息已删除"), "页面提示“信息已删除”"),
        (
            ("gone", 200, "title x", "http://a.cn/b.html", "http://a.cn/a.html"),
            "跳转至 http://a.cn/b.html，其中没有该年度报告",
        ),
        (("gone", 200, "title x", "http://www.a.cn/a.html", "https://a.cn/a.html"), "页面仍在，但不再含该年度报告"),
        (("blocked", 412, "status 412"), "拒绝访问（412）"),
        (("blocked", 200, "challenge $_ts"), "被脚本验证拦截（瑞数）"),
        (("blocked", 0, "robots"), "robots.txt 不允许读取"),
        (("unreachable", 503, "status 503"), "服务器错误（503）"),
        (("unreachable", 0, "time-out"), "超时未响应"),
        (("present", 200, "title x"), "报告在页面上"),
    ],
)
def test_readings_in_plain_words(reading, words):
    assert in_words(*reading) == words


def test_an_overwritten_page_is_said_to_hold_another_year():
    assert in_words("gone", 200, "title 2025年", overwritten=True) == "页面仍在，但已换成其他年度的报告"


def markers():
    """What the crawler says of pages, as far as it stands in the code as words: (reading, marker)."""
    found = set()
    for path in (
        *ROOT.glob("crawler/page/*.py"),
        *(ROOT / "crawler" / name for name in ("visits.py", "files.py", "endings.py", "fetching.py")),
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = []
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("Verdict", "Page", "Judgement"):
                parts = node.args[:2]
            elif isinstance(node, ast.Tuple) and len(node.elts) == 2:
                parts = node.elts
            words = [part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            states = ("gone", "other", "blocked", "unreachable")
            if len(words) == 2 and words[0] in states and words[1] not in (*states, "present", "same"):
                found.add(("weak_gone" if words[0] == "other" else words[0], words[1]))
            elif len(words) == 1 and isinstance(node, ast.Tuple) and re.match(r"challenge |captcha$", words[0]):
                found.add(("blocked", words[0]))
    return sorted(found)


def test_every_marker_that_the_crawler_writes_has_words():
    assert len(markers()) > 20
    for reading, marker in markers():
        said = in_words(reading, 200, marker)
        assert not re.search(r"[a-z]{4}", said.replace("robots.txt", "").replace("Cloudflare", "")), (
            reading,
            marker,
            said,
        )


def test_readings_of_one_kind_prove_the_same():
    same = {kind_of_reading("gone", 200, marker) for marker in ("title 2025年", "marks opening", "")}
    assert same == {kind_of_reading("gone", 304, "status 304")}
    kinds = {
        kind_of_reading("gone", 404, "status 404"),
        kind_of_reading("gone", 410, "status 410"),
        kind_of_reading("gone", 200, "信息已删除"),
        kind_of_reading("gone", 200, "redirect to the home page"),
        kind_of_reading("weak_gone", 200, "no report in it"),
        *same,
    }
    assert len(kinds) == 6


def test_sections_in_words():
    assert section_in_words(True, False, 12, "", 200) == "完整读取，列出 12 篇"
    assert section_in_words(True, True, 0, "", 200) == "可以打开，但不再列出年报"
    assert section_in_words(True, False, 0, "", 200, True) == "页面本身即年报，已读取"
    assert section_in_words(False, False, 0, "challenge $_ts", 412) == "未读完整：被脚本验证拦截（瑞数）"


# History and bundles --------------------------------------------------------------------------------------------------------


def test_the_timeline_is_in_order_and_complete(down, paper):
    site, _ = down
    site.publish(paper.report(2024, requests=13))
    assert [one.kind for one in site.run()] == ["restored", "changed"]
    entries = history(site).timeline()
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert [(one["type"], one.get("kind") if one["type"] != "version" else one["seq"]) for one in entries] == [
        ("version", 1),
        ("event", "appeared"),
        ("event", "finding"),
        ("reading", "gone"),
        ("reading", "gone"),
        ("reading", "gone"),
        ("event", "taken_down"),
        ("reading", "present"),
        ("version", 2),
        ("event", "restored"),
        ("event", "changed"),
    ]
    assert history(site).looked_for() is None


def test_where_it_was_looked_for(down, paper):
    site, _ = down
    sought = history(site).looked_for()
    assert sought["addresses"] == [URL]
    assert [(one["url"], one["complete"], one["listed"]) for one in sought["sections"]] == [(paper.SECTION, True, 1)]
    lines = [text for _, _, text in history_lines(history(site).told(), "Asia/Shanghai")]
    assert f"栏目 {paper.SECTION}　完整读取，列出 1 篇" in lines


def unpack(path, folder):
    with zipfile.ZipFile(path) as bundle:
        bundle.extractall(folder)
    return folder


def checked(folder):
    done = subprocess.run([sys.executable, "-I", folder / "check.py"], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_bundle_proves_itself_and_is_the_same_each_time(down, tmp_path):
    site, _ = down
    one = write_bundle(history(site), tmp_path / "a.zip")
    assert one == write_bundle(history(site), tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    folder = unpack(tmp_path / "a.zip", tmp_path / "a")
    assert checked(folder) == (0, "核验通过：文件、响应、版本链均与清单一致\n")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert one.captures == len(manifest["captures"]) >= 1 + 3 + 4  # the version, the readings, the lists
    assert one.missing == ()
    for path in sorted((folder / "warc").iterdir()):
        with path.open("rb") as file:
            records = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
        assert records[0] == "warcinfo"
        assert records[1:] == ["response", "request"] * (len(records) // 2)
    for capture in manifest["captures"]:
        with (folder / capture["file"]).open("rb") as file:
            file.seek(capture["offset"])
            record = next(iter(ArchiveIterator(file)))
            assert record.rec_headers.get_header("WARC-Target-URI") == capture["url"]
    said = (folder / "说明.txt").read_text("utf-8")
    assert "返回 404" in said
    assert "栏目均完整读取，列出 1 篇" in said


@pytest.mark.parametrize("what", ["versions/v1.txt", "warc", "manifest.json"])
def test_a_bundle_that_was_altered_is_found_out(down, tmp_path, what):
    site, _ = down
    write_bundle(history(site), tmp_path / "a.zip")
    folder = unpack(tmp_path / "a.zip", tmp_path / "a")
    path = sorted((folder / "warc").iterdir())[0] if what == "warc" else folder / what
    data = path.read_bytes()
    path.write_bytes(
        data.replace(b'"body_hash": "', b'"body_hash": "0') if what == "manifest.json" else data[:-9] + b"x" * 9
    )
    code, said = checked(folder)
    assert code == 1
    assert "已被改动" in said
    assert what != "manifest.json" or "body_hash 不符" in said


def test_a_bundle_says_what_it_lacks(down, tmp_path):
    site, _ = down
    (site.home / "archive" / "linhai" / "2.warc.gz").unlink()
    bundle = write_bundle(history(site), tmp_path / "a.zip")
    assert bundle.missing
    folder = unpack(tmp_path / "a.zip", tmp_path / "a")
    assert "已无法打开" in (folder / "说明.txt").read_text("utf-8")
    assert checked(folder)[0] == 1


def test_hostile_words_stay_words(site, paper, tmp_path):
    site.publish(paper.report(2024, title="年度报告\x1b[31m\u202e<script>\n第二行"))
    site.run()
    write_bundle(history(site), tmp_path / "a.zip")
    said = unpack(tmp_path / "a.zip", tmp_path / "a") / "说明.txt"
    assert "\x1b" not in said.read_text("utf-8")
    assert "\u202e" not in said.read_text("utf-8")
    assert any(line.startswith("年度报告") and line.endswith("第二行") for line in said.read_text("utf-8").splitlines())


def test_the_parts_of_an_article_go_with_it(site, tmp_path):
    site.run()
    one = history(site)
    version, other = one.versions[0], history(site, 2023).versions[0]
    part = {"first": version["archive_ref"], "seq": 2, "url": f"{URL}?2", "archive_ref": other["archive_ref"]}
    site.store.insert("article_parts", {**part, "sha256": other["page_hash"]})
    hashed = combined_hash(version["page_hash"], [other["page_hash"]], [])
    site.store.update("versions", version["id"], {"body_hash": hashed})
    bundle = write_bundle(history(site), tmp_path / "a.zip")
    assert bundle.captures == 3  # page, part, list
    assert checked(unpack(tmp_path / "a.zip", tmp_path / "a"))[0] == 0
    assert any(text == f"续页  {URL}?2" for _, _, text in history_lines(history(site).told(), "Asia/Shanghai"))


def test_a_terminal_gets_lines_that_fit(down, capsys, monkeypatch):
    site, _ = down
    site.store.run("UPDATE reports SET title = ?", ("年度报告\x1b]0;x\x07" + "长" * 80,))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    for name, value in (("COLUMNS", "60"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    show_history(history(site).told(), "Asia/Shanghai")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).split("\n")  # rich's own colours
    assert max(map(width, lines)) <= 60
    assert not STEERING.search("".join(lines))
    assert sum("【年报撤下】" in line for line in lines) == 1
