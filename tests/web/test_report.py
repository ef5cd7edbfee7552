"""A report's page: its text laid out, its figures, findings, history, and what proves that it is gone."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.page.text import Table, parse, render
from monitor.home import Home
from monitor.store import Store
from monitor.web.report_data import report_page
from monitor.web.text import MOST_CHARACTERS, Cell, Grid, Heading, Paragraph, lay_out
from tests.web.conftest import NOW, Look, Pages, Served

CHANGED = "SELECT report FROM events WHERE kind = 'changed'"
GONE = "SELECT report FROM events WHERE kind = 'taken_down'"
PATHS = ["/report/{changed}", "/report/{gone}", "/report/{changed}/v1", "/version/1/page"]


def change(home: Home, sql: str, *values: object) -> None:
    store = Store.open(home.database)
    store.run(sql, values)
    store.close()


def number(pages: Pages, sql: str) -> int:
    with pages.home.reader() as store:
        return int(store.values(sql)[0][0])


@pytest.fixture
def changed(pages: Pages) -> int:
    """The demo's report that was changed."""
    return number(pages, CHANGED)


@pytest.fixture
def was_gone(pages: Pages) -> int:
    """The demo's report that was taken down, and came back."""
    return number(pages, GONE)


def words(html: str, css: str = "main") -> str:
    node = LexborHTMLParser(html).css_first(css)
    return " ".join(node.text().split()) if node else ""


# Text -------------------------------------------------------------------------------------------------------------------


def unfolded(grid: Grid) -> list[list[str]]:
    """A grid with its spans repeated again, as HTML lays out cells."""
    rows: list[dict[int, str]] = [{} for _ in grid.rows]
    for top, row in enumerate(grid.rows):
        left = 0
        for cell in row:
            while left in rows[top]:
                left += 1
            for down in range(cell.rows):
                for right in range(cell.columns):
                    assert left + right not in rows[top + down]
                    rows[top + down][left + right] = cell.text
            left += cell.columns
    return [[row[place] for place in sorted(row)] for row in rows]


def grid(*rows: str) -> Grid:
    [part] = lay_out("\n".join(f"| {row} |" for row in rows)).parts
    assert isinstance(part, Grid)
    return part


def test_headings_are_told_from_paragraphs() -> None:
    text = (
        "年报标题\n引言。\n一、总体情况\n（一）主动公开\n（一）主动公开情况。调整目录38项。\n1.属于国家秘密\n第二章 公开\n二、"
        + "长" * 60
    )
    parts = lay_out(text, "年报标题").parts
    assert parts[:3] == (Paragraph("引言。"), Heading(1, "一、总体情况"), Heading(2, "（一）主动公开"))
    assert [isinstance(part, Heading) for part in parts[3:]] == [False, False, True, False]


def test_a_clause_before_any_chapter_is_a_heading_of_the_first_level() -> None:
    assert lay_out("（一）主动公开\n正文").parts[0] == Heading(1, "（一）主动公开")


def test_spans_of_heads_and_labels_are_one_cell_again() -> None:
    found = grid(
        "申请人情况 | 申请人情况 | 自然人 | 法人组织 | 法人组织",
        "申请人情况 | 申请人情况 | 自然人 | 商业企业 | 科研机构",
        "办理结果 | 予以公开 | 5 | 0 | 0",
        "办理结果 | 部分公开 | 0 | 0 | 0",
    )
    assert found.rows == (
        (Cell("申请人情况", 2, 2, "col"), Cell("自然人", 1, 2, "col"), Cell("法人组织", 2, 1, "col")),
        (Cell("商业企业", 1, 1, "col"), Cell("科研机构", 1, 1, "col")),
        (Cell("办理结果", 1, 2, "row"), Cell("予以公开", 1, 1, "row"), *(Cell(n, figure=True) for n in "500")),
        (Cell("部分公开", 1, 1, "row"), *(Cell(n, figure=True) for n in "000")),
    )


def test_figures_that_are_equal_stay_apart() -> None:
    found = grid("事项 | 甲类 | 乙类 | 丙类", "数量 | 0 | 0 | 0", "备注 | 无 | 无 | 无")
    assert [cell.text for cell in found.rows[1]] == ["数量", "0", "0", "0"]
    assert [cell.text for cell in found.rows[2]] == ["备注", "无", "无", "无"]


def test_a_figure_under_one_head_over_all_columns_is_one_cell() -> None:
    found = grid("信息内容 | 本年处理决定数量 | 本年处理决定数量", "行政许可 | 13 | 13", "行政处罚 | 4 | 5")
    assert found.rows[1] == (Cell("行政许可", 1, 1, "row"), Cell("13", 2, 1, figure=True))
    assert [cell.text for cell in found.rows[2]] == ["行政处罚", "4", "5"]


_cells = st.sampled_from(["", "0", "12", "3.5", "/", "无", "总计", "申请人情况", "办理结果", "a|b", "\\", "<b>"])


@given(st.lists(st.lists(_cells, min_size=1, max_size=5), min_size=1, max_size=7))
@settings(max_examples=300, deadline=None)
def test_no_cell_is_lost_or_made_up(rows: list[list[str]]) -> None:
    """Repeated again where they were made one, the cells are those that were stored; of ragged rows too."""
    text = render([Table(tuple(map(tuple, rows)))])
    [block] = parse(text)
    assert isinstance(block, Table)
    [part] = lay_out(text).parts
    assert isinstance(part, Grid)
    if len({len(row) for row in block.rows}) == 1:
        assert unfolded(part) == [list(row) for row in block.rows]
    assert sum(cell.columns * cell.rows for row in part.rows for cell in row) == sum(map(len, block.rows))


def test_a_very_long_text_is_cut_at_a_line() -> None:
    laid = lay_out("\n".join(["某" * 999] * 400))
    assert laid.cut
    assert all(part == Paragraph("某" * 999) for part in laid.parts)
    assert len(laid.parts) == MOST_CHARACTERS // 1000
    assert not lay_out("短").cut


# The page ---------------------------------------------------------------------------------------------------------------


def test_the_head_says_who_which_year_and_when(pages: Pages, changed: int) -> None:
    html = pages(f"/report/{changed}").text
    head = words(html, ".report-head")
    for said in (
        "望江区人民政府",
        "2022 年",
        "2023-01-15",
        "法定期限 2023-03-31",
        "在线",
        "按期公开",
        "最后核实",
        "核对问题 2",
    ):
        assert said in head, said
    links = {node.attributes["href"]: node.attributes for node in LexborHTMLParser(html).css(".report-head a")}
    outside = next(node for href, node in links.items() if href and href.startswith("http"))
    assert {"noopener", "noreferrer", "nofollow"} <= set((outside["rel"] or "").split())
    assert "/portal/wangjiang" in links
    assert f"/diff/{changed}" in links


def test_findings_and_the_change_stand_in_the_page(pages: Pages, changed: int) -> None:
    html = pages(f"/report/{changed}").text
    event = number(pages, "SELECT id FROM events WHERE kind = 'changed'")
    assert "一＋二 = 146，三(七)＋四 = 142" in words(html)
    timeline = LexborHTMLParser(html).css_first("ol.timeline")
    assert timeline is not None
    hrefs = [node.attributes["href"] for node in timeline.css("a")]
    for wanted in (f"/diff/{changed}/1/2", f"/report/{changed}/v1", f"/report/{changed}/v2", f"/event/{event}"):
        assert wanted in hrefs, wanted
    change_of = timeline.css_first(".e-changed")
    assert change_of is not None
    assert f"/diff/{changed}/1/2" in (change_of.html or "")
    moments = [node.attributes["datetime"] or "" for node in timeline.css(".t-at time")]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) >= 6


def test_figures_stand_as_on_paper_with_last_years(pages: Pages, changed: int) -> None:
    tables = LexborHTMLParser(pages(f"/report/{changed}").text).css("table.figures")
    assert [words(table.html or "", "caption")[:2] for table in tables[:3]] == ["表二", "表三", "表四"]
    row = next(row for row in tables[1].css("tr") if (row.css_first("th").text() or "").startswith("一、本年新收"))
    total = row.css("td")[-1]
    assert "146" in total.text()
    assert "marked" in (total.attributes["class"] or "")
    with pages.home.reader() as store:
        before = store.values(
            """SELECT value FROM figures f JOIN reports r ON r.current_version = f.version
            JOIN reports n ON n.organ_id = r.organ_id AND n.year = r.year + 1
            WHERE n.id = ? AND field = 'requests.new.total'""",
            (changed,),
        )[0][0]
    told = total.css_first(".before").text()
    assert f"{before:g}" in told
    assert f"{146 - before:+g}".replace("-", "−") in told


def test_a_report_that_was_gone_shows_what_proved_it(pages: Pages, was_gone: int) -> None:
    tree = LexborHTMLParser(pages(f"/report/{was_gone}").text)
    event = tree.css_first(".e-taken_down")
    assert event is not None
    said = " ".join(event.text().split())
    for word in (
        "2026-01-28 08:30",
        "2026-01-28 12:30",
        "返回 404",
        "1 个栏目均完整读取，共列出 9 篇",
        "下载存档（WARC）",
    ):
        assert word in said, word
    assert "post_7043003.html" in said
    links = [node.attributes["href"] or "" for node in event.css("a")]
    assert len({link for link in links if link.endswith("/capture.warc.gz")}) == 2
    assert len({link for link in links if link.endswith("/sections.warc.gz")}) == 2
    assert pages(next(link for link in links if link.endswith("/capture.warc.gz"))).status_code == 200


def gone(home: Home, report: int) -> None:
    """The demo's report that came back, as if it had not."""
    change(home, "DELETE FROM readings WHERE report = ? AND reading = 'present'", report)
    change(home, "UPDATE events SET report = NULL WHERE report = ? AND kind = 'restored'", report)
    change(home, "UPDATE reports SET status = 'taken_down' WHERE id = ?", report)


def test_a_report_that_is_gone_says_so_first(home: Home, was_gone: int) -> None:
    gone(home, was_gone)
    html = Pages(home)(f"/report/{was_gone}").text
    card = words(html, ".card.gone")
    for word in ("撤下证据", "2 次读取均未见报告", "返回 404", "曾在哪里寻找", "post_7043003.html"):
        assert word in card, word
    assert "已撤下" in words(html, ".badges")
    assert html.index("撤下证据") < html.index('id="text"')


def test_a_lost_capture_of_the_evidence_is_said(home: Home, was_gone: int) -> None:
    gone(home, was_gone)
    change(home, "UPDATE readings SET archive_ref = 'haitang/404.warc.gz#0' WHERE reading = 'gone'")
    assert "存档缺失，无法打开" in words(Pages(home)(f"/report/{was_gone}").text, ".card.gone")


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ({"same_as": 3}, "与另一门户的年报为同一份"),
        ({"conflict_with": 3}, "另有内容不同的页面"),
        ({"reason": "overwritten"}, "已换成其他年度的报告"),
        ({"year_from": "column"}, "年度为推定（依据栏目名称）"),
        ({"corrected": True, "printed_organ": "某局"}, "由操作员设定；页面原写：某局"),
        ({"not_at": ["javascript:alert(1)"]}, "并非本报告：javascript:alert(1)"),
        ({"disregarded": ["gone"]}, "读数不足为凭"),
        ({"same_as": 99999, "conflict_with": "x", "not_at": 5}, ""),
    ],
)
def test_what_is_special_is_told_in_words(home: Home, detail: dict[str, Any], said: str) -> None:
    change(home, "UPDATE reports SET detail = ? WHERE id = 1", msgspec.json.encode(detail).decode())
    answer = Pages(home)("/report/1")
    assert answer.status_code == 200
    assert said in words(answer.text)
    assert 'href="javascript' not in answer.text
    assert ('href="/report/3"' in words_of_notices(answer.text)) is (3 in detail.values())


def words_of_notices(html: str) -> str:
    return "".join(node.html or "" for node in LexborHTMLParser(html).css("p.notice"))


def test_a_correction_by_hand_stands_in_the_history(home: Home) -> None:
    change(
        home,
        """INSERT INTO corrections (report, at, who, why, from_organ, to_organ, from_year, to_year, before)
        VALUES (1, '2026-01-28T09:00:00Z', '<b>王某', '页面写错', '甲局', '乙局', 2023, 2024, '{}')""",
    )
    html = Pages(home)("/report/1").text
    assert "人工更正：甲局 2023 年 → 乙局 2024 年" in words(html, "ol.timeline")
    assert "<b>王某" not in html


def test_what_was_not_verified_for_long_says_so(home: Home) -> None:
    assert "未能核实" not in Pages(home)("/report/1").text
    assert "已 34 天未能核实" in Pages(home, now="2026-03-04T01:00:00Z")("/report/1").text


def test_a_late_report_says_how_late_by_the_programs_finding(home: Home) -> None:
    sql = "SELECT r.id FROM reports r JOIN organs o ON o.id = r.organ_id WHERE o.kind = 'department' AND r.year = 2024 LIMIT 1"
    of = number(Pages(home), sql)
    change(home, "UPDATE reports SET published_on = '2025-02-20' WHERE id = ?", of)
    assert "逾期 20 天" in words(Pages(home)(f"/report/{of}").text, ".report-head")
    change(
        home,
        """INSERT INTO findings (version, crawl, url, rule, severity, detail)
        SELECT current_version, 4, '', 'late', 'warning', '晚于法定期限 20 天公开' FROM reports WHERE id = ?""",
        of,
    )
    assert "晚于法定期限 20 天公开" in words(Pages(home)(f"/report/{of}").text, ".report-head")
    change(home, "UPDATE reports SET published_on = '不是日期' WHERE id = 1")
    assert Pages(home)("/report/1").status_code == 200


def test_hostile_words_stay_words(home: Home, was_gone: int) -> None:
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'
    change(home, "UPDATE reports SET title = ?, organ = ?, url = 'javascript:alert(1)' WHERE id = 1", nasty, nasty)
    change(home, "UPDATE organs SET name = ? WHERE id = (SELECT organ_id FROM reports WHERE id = 1)", nasty)
    version = "(SELECT current_version FROM reports WHERE id = 1)"
    change(
        home,
        f"UPDATE versions SET title = ?, source = ?, text = ?, url = ? WHERE id = {version}",
        nasty, nasty, f"一、{nasty}\n| {nasty} | 1 |\n| x | {nasty} |", nasty,
    )  # fmt: skip
    change(
        home,
        f"INSERT INTO findings (version, crawl, url, rule, severity, detail, fields) VALUES ({version}, 4, '', ?, 'warning', ?, ?)",
        nasty, nasty, msgspec.json.encode(["requests.new.total"]).decode(),
    )  # fmt: skip
    change(home, "UPDATE readings SET marker = ?, final_url = ?", nasty, nasty)
    change(
        home,
        """INSERT INTO companions (portal, report, url, title, first_seen_at)
        SELECT portal, id, 'javascript:1', ?, ? FROM reports WHERE id = 1""",
        nasty, NOW,
    )  # fmt: skip
    pages = Pages(home)
    for path in (
        "/report/1",
        f"/report/{was_gone}",
        "/report/1/v1",
        f"/version/{number(pages, 'SELECT current_version FROM reports WHERE id = 1')}/page",
    ):
        answer = pages(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert 'href="javascript' not in answer.text
    assert "{{ 7*7 }}" in pages("/report/1").text
    assert "javascript:alert(1)" in words(pages("/report/1").text, ".report-head")
    text = pages("/report/1/v1?as=text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    for address in ("evidence.zip",):
        assert pages(f"/report/1/{address}").headers["content-disposition"].isprintable()


def test_a_report_of_pictures_only_shows_them(home: Home) -> None:
    pages = Pages(home)
    of = number(
        pages, "SELECT v.report FROM attachments a JOIN versions v ON v.id = a.version WHERE a.kind = 'picture' LIMIT 1"
    )
    change(home, f"UPDATE versions SET text = '' WHERE report = {of}")
    change(
        home,
        f"DELETE FROM attachments WHERE kind <> 'picture' AND version IN (SELECT id FROM versions WHERE report = {of})",
    )
    html = pages(f"/report/{of}").text
    assert "这个版本没有正文文字" in words(html, ".report-text")
    shown = [node.attributes["src"] for node in LexborHTMLParser(html).css(".files img")]
    assert shown
    assert all(pages(source).headers["content-type"] == "image/png" for source in shown if source)


def test_attachments_that_are_gone_or_unread_say_so(home: Home) -> None:
    pages = Pages(home)
    of = number(pages, "SELECT v.report FROM attachments a JOIN versions v ON v.id = a.version WHERE a.id = 1")
    for value, said in (("gone", "附件已不存在"), ("", "未能读取")):
        change(home, "UPDATE attachments SET sha256 = ?, archive_ref = '', size = 0 WHERE id = 1", value)
        assert said in words(pages(f"/report/{of}").text, ".files")


@pytest.mark.parametrize(
    "path",
    [
        "/report/0", "/report/999999", "/report/9999999999999999999", "/report/1/v0", "/report/1/v99", "/report/999/v1",
        "/report/1/v99?as=text", "/report/999/evidence.zip", "/version/0/page", "/version/999999/frame", "/version/0/capture",
        "/version/0/capture.warc.gz", "/reading/0/capture.warc.gz", "/reading/0/sections.warc.gz", "/attachment/0",
        "/report/x", "/report/-1", "/version/1/page/x", "/report/1/v1x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(pages: Pages, path: str) -> None:
    assert pages(path).status_code == 404


def test_a_version_shows_its_hashes(pages: Pages, changed: int) -> None:
    with pages.home.reader() as store:
        row = store.row("SELECT * FROM versions WHERE report = ? AND seq = 2", (changed,))
    assert row is not None
    said = words(pages(f"/report/{changed}/v2").text)
    for column in ("content_hash", "text_hash", "page_hash", "body_hash", "previous_hash"):
        assert row[column] in said, column
    assert "这是历史版本" in words(pages(f"/report/{changed}/v1").text)
    assert pages(f"/report/{changed}/v2?as=text").text == row["text"]


def test_a_report_without_a_version_has_a_page(home: Home) -> None:
    change(home, "UPDATE reports SET current_version = NULL WHERE id = 1")
    answer = Pages(home)("/report/1")
    assert answer.status_code == 200
    assert "尚无存档版本" in words(answer.text)


def test_a_long_history_is_cut_and_shown_whole_on_demand(home: Home) -> None:
    store = Store.open(home.database)
    with store.transaction():
        for _ in range(400):
            store.run(
                """INSERT INTO readings (report, crawl, reading, http_status, final_url, marker, archive_ref, counted)
                VALUES (1, 19, 'blocked', 412, '', 'challenge', '', 0)"""
            )
        for place in range(100):
            store.run(
                """INSERT INTO events (key, kind, portal, report, organ, year, title, detected_at, crawl, baseline, summary, detail)
                SELECT ?, 'delisted', portal, id, organ, year, title, '2026-01-27T00:00:00Z', 19, 0, '第', '{}'
                FROM reports WHERE id = 1""",
                (f"k{place}",),
            )  # fmt: skip
    store.close()
    pages = Pages(home)
    html = pages("/report/1").text
    assert len(LexborHTMLParser(html).css("ol.timeline > li")) == 40
    assert "显示更早的" in html
    assert len(LexborHTMLParser(html).css(".uncounted li")) == 60
    assert len(LexborHTMLParser(pages("/report/1?all=1").text).css("ol.timeline > li")) > 100


def test_no_question_of_the_page_reads_a_whole_table(pages: Pages, changed: int) -> None:
    """Whatever the record's size: every table is entered by an index."""
    with pages.home.reader() as store:
        asked: list[str] = []
        store.conn.set_trace_callback(asked.append)
        assert report_page(store, pages.home.archive, changed, NOW) is not None
        store.conn.set_trace_callback(None)
        plans = [
            (sql, row[3])
            for sql in asked
            if sql.lstrip().startswith("SELECT")
            for row in store.values(f"EXPLAIN QUERY PLAN {sql}")
        ]
    assert len(asked) > 10
    scans = [
        (step, sql[:200]) for sql, step in plans if step.startswith("SCAN") and not step.startswith("SCAN CONSTANT")
    ]
    assert scans == []


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(
    pages: Pages, served: Served, look: Look, path: str, width: int, dark: bool
) -> None:
    wide: list[int] = []
    seen = look(
        served.url + path.format(changed=number(pages, CHANGED), gone=number(pages, GONE)),
        lambda page: wide.append(page.evaluate("document.documentElement.scrollWidth")),
        width=width,
        dark=dark,
    )
    assert seen.said == ()
    assert seen.faults == ()
    assert wide == [width]


def test_a_report_that_was_gone_and_came_back_says_so_on_top(pages: Pages) -> None:
    with pages.home.reader() as store:
        (row,) = store.rows("SELECT report, id FROM events WHERE kind = 'taken_down'")
    head = pages(f"/report/{row['report']}").text.partition("经过")[0]
    assert "曾被撤下：2026-01-28 12:30 确认，2026-01-29 08:30 重新上线。" in head
    assert f'href="/event/{row["id"]}"' in head
