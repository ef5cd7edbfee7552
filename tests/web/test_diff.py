"""The diff page, asked without a network and seen in Chromium."""

import re
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.home import Home
from monitor.sqlite import sqlite3
from tests.web.conftest import Look, Pages, Seen, Served

PATHS = [
    "/diff/{changed}/1/2?view=side",
    "/diff/{changed}/1/2?view=inline",
    "/diff/{changed}/2/1",
    "/diff/{cosmetic}/1/2?view=side&cosmetic=1",
    "/diff/{cosmetic}/1/2",
    "/diff/{single}",
]
PHONE = {"user-agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"}


class Reports(NamedTuple):
    """Numbers of the demo's reports, which passes that run at once give in any order."""

    changed: int
    """望江区人民政府 2022: a figure of table 3 and a sentence changed."""
    cosmetic: int
    """The second version differs in its layout only."""
    single: int
    """It has one version."""


@pytest.fixture(scope="session")
def reports(demo_home: Path) -> Reports:
    asked = (
        "SELECT report FROM versions WHERE seq = 2 AND significance = 'content'",
        "SELECT report FROM versions WHERE seq = 2 AND significance = 'cosmetic'",
        "SELECT min(id) FROM reports WHERE id NOT IN (SELECT report FROM versions WHERE seq > 1)",
    )
    with Home(demo_home).reader() as store:
        return Reports(*(int(store.values(question)[0][0]) for question in asked))


def body(html: str) -> str:
    return html[html.index('<div class="body') :]


def marked(html: str) -> list[tuple[str, str]]:
    """Insertions and deletions in the text: the tag and what it says."""
    found = re.findall(r"<(ins|del)[^>]*>(?:<span[^>]*>[^<]*</span>)?([^<]*)</", body(html))
    return [(tag, words) for tag, words in found]


def more_versions(home: Home, report: int, *texts: str, significance: str = "content", **columns: str) -> None:
    """Later versions of a report with these texts: v3, v4, …"""
    with sqlite3.connect(home.database) as conn:
        conn.row_factory = sqlite3.Row
        row = dict(conn.execute("SELECT * FROM versions WHERE report = ? AND seq = 2", (report,)).fetchone())
        del row["id"]
        for seq, text in enumerate(texts, 3):
            new = {**row, **columns, "seq": seq, "text": text, "text_hash": f"t{seq}", "significance": significance}
            marks = ", ".join("?" * len(new))
            conn.execute(f"INSERT INTO versions ({', '.join(new)}) VALUES ({marks})", list(new.values()))
    conn.close()


def text_of(home: Home, report: int) -> str:
    with sqlite3.connect(home.database) as conn:
        found: str = conn.execute("SELECT text FROM versions WHERE report = ? AND seq = 2", (report,)).fetchone()[0]
    conn.close()
    return found


# Addresses ------------------------------------------------------------------------------------------------------------


def test_the_last_change_has_an_address(pages: Pages, reports: Reports) -> None:
    answer = pages(f"/diff/{reports.changed}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"/diff/{reports.changed}/1/2")


def test_the_last_change_is_one_of_content(home: Home, reports: Reports) -> None:
    text = text_of(home, reports.changed)
    more_versions(home, reports.changed, text.replace("，全市", ",全市"), significance="cosmetic")
    assert Pages(home)(f"/diff/{reports.changed}").headers["location"] == f"/diff/{reports.changed}/1/2"


def test_any_two_versions_are_chosen_by_a_form(pages: Pages, reports: Reports) -> None:
    answer = pages(f"/diff/{reports.changed}?from=2&to=1&view=inline")
    assert answer.headers["location"] == f"/diff/{reports.changed}/2/1?view=inline"
    html = pages(f"/diff/{reports.changed}/2/1?view=inline").text
    assert marked(html) == [("del", "146"), ("ins", "142"), ("del", "146"), ("ins", "142")]
    assert pages(f"/diff/{reports.changed}/2/2").status_code == 200


@pytest.mark.parametrize("path", ["/diff/99999", "/diff/{changed}/1/9", "/diff/{changed}/0/1", f"/diff/{'9' * 30}"])
def test_what_is_not_there_is_not_found(pages: Pages, path: str, reports: Reports) -> None:
    answer = pages(path.format(**reports._asdict()))
    assert answer.status_code == 404
    assert "没有这" in answer.text


def test_one_version_is_nothing_to_compare(pages: Pages, reports: Reports) -> None:
    answer = pages(f"/diff/{reports.single}")
    assert answer.status_code == 200
    assert "还没有可以对比的版本" in answer.text


def test_the_json_is_that_of_the_command(pages: Pages, reports: Reports) -> None:
    told = pages(f"/diff/{reports.changed}/1/2.json").json()
    assert (told["from"], told["to"], told["summary"]) == (1, 2, "表三 1 处，正文 1 处")
    assert told["cells"][0]["field"] == "requests.new.total"
    assert told["findings"]["caused"]


def test_neighbours_are_linked(home: Home, reports: Reports) -> None:
    text = text_of(home, reports.changed)
    more_versions(home, reports.changed, text.replace("29次", "30次"))
    html = Pages(home)(f"/diff/{reports.changed}/1/2").text
    assert f'href="/diff/{reports.changed}/2/3"' in html
    assert f'href="/diff/{reports.changed}/1/2"' in Pages(home)(f"/diff/{reports.changed}/2/3").text


# What it says ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["side", "inline"])
def test_the_changed_digit_is_marked_in_text_and_table(pages: Pages, view: str, reports: Reports) -> None:
    html = pages(f"/diff/{reports.changed}/1/2?view={view}").text
    assert marked(html) == [("del", "142"), ("ins", "146"), ("del", "142"), ("ins", "146")]
    assert 'id="c1"' in html
    assert 'id="c2"' in html


def test_on_a_telephone_a_table_says_first_what_changed_in_it(pages: Pages, reports: Reports) -> None:
    """The cell itself is off to the right there."""
    html = pages(f"/diff/{reports.changed}/1/2?view=inline").text
    brief = html[html.index('<ul class="brief">') :]
    assert re.search(
        r'<a href="#c2">一、本年新收政府信息公开申请数量 · 总计</a>　142 → <b>146</b>', brief[: brief.index("</ul>")]
    )


def test_the_answer_stands_on_top(pages: Pages, reports: Reports) -> None:
    html = pages(f"/diff/{reports.changed}/1/2").text
    top = html[: html.index('<div class="body')]
    assert "表三 1 处，正文 1 处" in top
    assert "表三 总计 · 一、本年新收  142 → 146" in top
    assert "核对：新增问题" in top
    assert "表三“总计”列不平衡" in top


def test_a_telephone_gets_one_column_a_desk_two(pages: Pages, reports: Reports) -> None:
    assert 'class="body inline"' in pages(f"/diff/{reports.changed}/1/2", headers=PHONE).text
    assert 'class="body side"' in pages(f"/diff/{reports.changed}/1/2").text
    assert 'class="body side"' in pages(f"/diff/{reports.changed}/1/2?view=side", headers=PHONE).text


def test_a_cosmetic_difference_is_called_that_and_shown_on_demand(pages: Pages, reports: Reports) -> None:
    html = pages(f"/diff/{reports.cosmetic}/1/2").text
    assert "只有版式或字形差异" in html
    assert marked(html) == []
    assert "cosmetic=1" in html
    shown = pages(f"/diff/{reports.cosmetic}/1/2?cosmetic=1").text
    assert 'id="c1"' in shown


def test_captured_words_are_words(home: Home, reports: Reports) -> None:
    evil = '<script>alert(1)</script>"><img src=x onerror=alert(2)>&amp;'
    text = text_of(home, reports.changed)
    more_versions(
        home,
        reports.changed,
        text.replace("29次", f"29次{evil}")
        .replace("| 规章 |", f"| 规章{evil} |")
        .replace("五、存在", f"五、{evil[:20]}存在"),
        title=f"标题{evil}",
    )
    pages = Pages(home)
    for view in ("side", "inline"):
        html = pages(f"/diff/{reports.changed}/2/3?view={view}").text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
        assert "&amp;amp;" in html


def test_a_comparison_is_kept_until_what_it_rests_on_is_another(home: Home, reports: Reports) -> None:
    pages = Pages(home)
    assert ("ins", "146") in marked(pages(f"/diff/{reports.changed}/1/2").text)
    with sqlite3.connect(home.database) as conn:
        conn.execute(
            "UPDATE versions SET text = replace(text, '146', '147') WHERE report = ? AND seq = 2", (reports.changed,)
        )
    conn.close()
    assert ("ins", "147") in marked(pages(f"/diff/{reports.changed}/1/2").text)


def test_too_much_to_compare_is_said_and_answered(home: Home, reports: Reports) -> None:
    old, new = ("\n".join(f"第{n}段说的是{word}。" for n in range(4000)) for word in ("甲乙丙", "子丑寅"))
    more_versions(home, reports.changed, old, new)
    began = time.monotonic()
    answer = Pages(home)(f"/diff/{reports.changed}/3/4?view=inline")
    assert answer.status_code == 200
    assert "只按段落和整张表格对照" in answer.text
    assert time.monotonic() - began < 30  # sentence by sentence it would be minutes


# In a browser ---------------------------------------------------------------------------------------------------------


def sound(seen: Seen) -> None:
    assert seen.said == ()
    assert seen.faults == ()


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(
    served: Served, look: Look, path: str, width: int, dark: bool, reports: Reports
) -> None:
    sound(look(served.url + path.format(**reports._asdict()), width=width, dark=dark))


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_every_sort_of_mark_is_accessible(home: Home, look: Look, reports: Reports, dark: bool) -> None:
    lines = text_of(home, reports.changed).split("\n")
    at = next(place for place, line in enumerate(lines) if line.startswith("（三）政府信息管理"))
    text = "\n".join([*lines[:at], *lines[at + 1 : -2], lines[at], *lines[-2:]])
    text = re.sub(r"^\| 规章 .*\n", "", text, flags=re.MULTILINE).replace("29次", "30次")
    more_versions(
        home, reports.changed, text, f"{text}\n| 镇 | 件数 |\n| 河口镇 | 7 |\n新增的一句话。", title="另一个标题"
    )
    served = Served(home.path)
    try:
        html = {}
        for path in ("2/3?view=side", "2/3?view=inline", "3/4?view=side", "4/3?view=inline"):
            seen = look(f"{served.url}/diff/{reports.changed}/{path}", dark=dark)
            sound(seen)
            html[path] = seen.html
    finally:
        served.stop()
    for part in ("移动：移到此处", "移动：由此移走", "is-removed", 'id="fields"', "<ins"):
        assert part in html["2/3?view=inline"]


@pytest.mark.browser
def test_keys_go_from_change_to_change(served: Served, look: Look, reports: Reports) -> None:
    at: list[Any] = []

    def keys(page: Any) -> None:
        for key in ("n", "n", "n", "p"):
            page.keyboard.press(key)
            at.append((page.inner_text(".jump .at"), page.evaluate("location.hash"), page.locator(".here").count() > 0))

    sound(look(f"{served.url}/diff/{reports.changed}/1/2?view=side", keys))
    assert at == [("1/2", "#c1", True), ("2/2", "#c2", True), ("1/2", "#c1", True), ("2/2", "#c2", True)]


@pytest.mark.browser
def test_the_changed_digit_is_seen_in_both_views(served: Served, look: Look, reports: Reports) -> None:
    def digits(page: Any) -> None:
        for tag, words in (("del", "142"), ("ins", "146")):
            for place in ("p", "table.grid"):
                one = page.locator(f".body {place} {tag}")
                assert words in one.first.inner_text()
                assert one.first.is_visible()

    for view in ("side", "inline"):
        look(f"{served.url}/diff/{reports.changed}/1/2?view={view}", digits, judged=False)


@pytest.mark.browser
def test_a_narrow_window_gets_one_column_and_no_page_scrolls_sideways(
    served: Served, look: Look, reports: Reports
) -> None:
    wide: list[Any] = []

    def measure(page: Any) -> None:
        page.wait_for_url("**view=inline")
        wide.append(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    look(f"{served.url}/diff/{reports.changed}/1/2", measure, width=390, judged=False)
    assert wide == [0]


@pytest.mark.browser
def test_print_shows_what_changed_without_navigation(served: Served, look: Look, reports: Reports) -> None:
    shown: dict[str, bool] = {}

    def printed(page: Any) -> None:
        page.emulate_media(media="print")
        for part in (".top", ".tools", ".jump", "#c1", "#c2", ".answer"):
            shown[part] = page.locator(part).first.is_visible()

    look(f"{served.url}/diff/{reports.changed}/1/2?view=inline", printed, judged=False)
    assert shown == {".top": False, ".tools": False, ".jump": False, "#c1": True, "#c2": True, ".answer": True}
