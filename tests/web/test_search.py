"""Search: words of any length, numbers, what only an old version says, hostile text, an index that is not there."""

import json
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from markupsafe import escape

from monitor.home import Home
from monitor.search import matches
from monitor.search.index import Indexer, path_of
from monitor.sqlite import sqlite3
from tests.web.conftest import NIANBAO, Look, Pages, Served

PATHS = [
    "/search",
    "/search?q=邮编",
    "/search?q=信息&year=2023&versions=current&in=text&sort=year&organ=区",
    "/search?q=天书地书",
    "/search?q=附件",
]


def indexed(home: Home) -> Home:
    with home.reader() as store:
        assert Indexer(home.path).update(store)
    return home


@pytest.fixture(scope="module")
def searched(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """The demo's pages with an index. Nothing may be written."""
    copy = tmp_path_factory.mktemp("search") / "home"
    shutil.copytree(demo_home, copy)
    return Pages(indexed(Home(copy)))


def hits(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return re.findall(r'<li class="search-hit[^"]*">(.*?)</li>', answer.text, re.S)


def marks(text: str) -> set[str]:
    return set(re.findall(r"<mark>(.*?)</mark>", text))


def changed(pages: Pages) -> tuple[int, str, str]:
    """A report that the demo changed: its id, words that its first version has, and words of the second."""
    with sqlite3.connect(pages.home.database) as conn:
        report, old, new = conn.execute(
            """SELECT b.report, a.text, b.text FROM versions b JOIN versions a ON a.report = b.report AND a.seq = b.seq - 1
            WHERE b.significance = 'content'"""
        ).fetchone()
    conn.close()
    before, after = (set(re.findall(r"[0-9]+件|[0-9]{2,}", text)) for text in (old, new))
    return report, sorted(before - after)[0], sorted(after - before)[0]


# The page --------------------------------------------------------------------------------------------------------


def test_help_stands_where_nothing_was_asked(searched: Pages) -> None:
    for path in ("/search", "/search?q=", "/search?q=%20", "/search?q=-公开", "/search?q=%22。"):
        answer = searched(path)
        assert answer.status_code == 200
        assert "怎么写" in answer.text
        assert not hits(answer)


def test_a_word_of_two_characters_is_found(searched: Pages) -> None:
    answer = searched("/search?q=邮编")
    assert len(hits(answer)) == 20
    assert marks(answer.text) == {"邮编"}
    assert all("<mark>邮编</mark>" in hit for hit in hits(answer))
    assert "66 份年报，第 1 / 4 页" in answer.text


def test_a_single_character_and_the_other_script(searched: Pages) -> None:
    for word, found in (("邮", "邮"), ("郵編", "邮编"), ("資訊公開", "信息公开")):
        answer = searched("/search", params={"q": word})
        assert len(hits(answer)) == 20, word
        assert found in marks(answer.text)


def test_a_number_is_found_as_a_whole(searched: Pages) -> None:
    with sqlite3.connect(searched.home.database) as conn:
        number = conn.execute("SELECT raw FROM figures WHERE value > 1000 AND raw GLOB '[0-9]*' LIMIT 1").fetchone()[0]
    conn.close()
    assert hits(searched("/search", params={"q": number}))
    assert not [
        mark
        for mark in marks(searched("/search", params={"q": number[:-1]}).text)
        if mark.replace(",", "") != number[:-1].replace(",", "")
    ]


def test_what_only_the_old_version_says(searched: Pages) -> None:
    report, old, new = changed(searched)
    gone = searched("/search", params={"q": old})
    mine = next(hit for hit in hits(gone) if f"/report/{report}/" in hit)
    assert "仅见于旧版本 v1" in mine
    assert f"/diff/{report}/1/2" in mine
    assert f"<mark>{old}</mark>" in mine
    assert f"/report/{report}" not in "".join(hits(searched("/search", params={"q": old, "versions": "current"})))
    come = next(hit for hit in hits(searched("/search", params={"q": new})) if f'/report/{report}"' in hit)
    assert "v2 起出现" in come
    assert "仅见于旧版本" not in come


def test_attachments_are_found_and_named(searched: Pages) -> None:
    answer = searched("/search?q=附件&in=attachments")
    assert hits(answer)
    assert all("附件：" in hit for hit in hits(answer))
    assert not hits(searched("/search?q=邮编&in=attachments"))


def test_what_was_taken_down_is_found_and_says_so(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        (number,) = conn.execute("SELECT min(id) FROM reports WHERE portal = 'haitang' AND year = 2023").fetchone()
        conn.execute("UPDATE reports SET status = 'taken_down' WHERE id = ?", (number,))
    conn.close()
    found = hits(Pages(indexed(home))("/search?q=邮编&portal=haitang&year=2023"))
    mine = [hit for hit in found if f'/report/{number}"' in hit]
    assert ["已撤下" in hit and "撤下前的版本" in hit for hit in mine] == [True]
    assert ["已撤下" in hit for hit in found if hit not in mine] == [False]


def test_limits_can_be_taken_back(searched: Pages) -> None:
    answer = searched("/search?q=邮编&portal=haitang&year=2023")
    assert len(hits(answer)) == 2
    assert 'href="/search?q=%E9%82%AE%E7%BC%96&amp;year=2023"' in answer.text
    assert 'href="/search?q=%E9%82%AE%E7%BC%96&amp;portal=haitang"' in answer.text
    years = searched("/search?q=邮编&portal=haitang")
    assert 'href="/search?q=%E9%82%AE%E7%BC%96&amp;portal=haitang&amp;year=2023"' in years.text


def test_pages_follow_each_other(searched: Pages) -> None:
    seen: list[str] = []
    path = "/search?q=邮编"
    while path:
        text = searched(path).text
        seen += re.findall(r'<h2><a data-stop href="/report/(\d+)', text)
        following = re.search(r'rel="next" href="([^"]+)"', text)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 66


def test_organs_and_portals_of_that_name_come_first(searched: Pages) -> None:
    answer = searched("/search?q=审计局")
    before, _, _ = answer.text.partition('class="search-hits"')
    assert "海棠区审计局" in before
    assert 'href="/portal/haitang"' in before


@pytest.mark.parametrize(
    "query",
    [
        "in=nowhere",
        "year=20x5",
        "year=99999",
        "region=abc",
        "page=-1",
        "page=x",
        "versions=old",
        "sort=1",
        "year=２０２３",
    ],
)
def test_wrong_limits_are_refused(searched: Pages, query: str) -> None:
    answer = searched(f"/search?q=邮编&{query}")
    assert answer.status_code == 400
    assert "邮编" not in answer.text or "请求有误" in answer.text


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "*",
        "NEAR(",
        "title:邮编",
        "'; DROP TABLE words; --",
        "\x00",
        "%ED%A0%80",
        "（）",
        "邮编" * 300,
        "-" * 200,
        "OR OR OR",
    ],
)
def test_nothing_that_is_typed_breaks_it(searched: Pages, text: str) -> None:
    assert searched("/search", params={"q": text}).status_code == 200
    assert searched("/search.json", params={"q": text}).json()["ok"] is True


def test_a_broken_address_is_no_error(searched: Pages) -> None:
    assert searched("/search?q=%ED%A0%80%FF邮编").status_code == 200


# As JSON ---------------------------------------------------------------------------------------------------------


def test_json_says_the_same(searched: Pages) -> None:
    report, old, _ = changed(searched)
    told = searched("/search.json", params={"q": old}).json()
    hit = next(hit for hit in told["hits"] if hit["report"] == report)
    assert hit["only_old"] is True
    assert hit["gone_in"] == 2
    assert [one["seq"] for one in hit["versions"]] == [1]
    snippet = hit["snippets"][0]
    assert {snippet["text"][start:end] for start, end in snippet["marks"]} == {old}
    assert told["index"] == {"percent": 100, "done": 68, "total": 68}
    assert told["incomplete"] is False


def test_docs_name_every_field(searched: Pages) -> None:
    """Of the answer, as docs/staff-pages.md lists them, where that page is written already."""
    page = Path(__file__).parents[2] / "docs" / "staff-pages.md"
    if not page.exists() or "/search.json" not in page.read_text(encoding="utf-8"):
        pytest.skip("docs/staff-pages.md is not there yet")
    told = searched("/search.json?q=附件").json()
    names = {*told, *told["hits"][0], *told["hits"][0]["versions"][0], *told["index"]}
    said = set(re.findall(r"`([a-z_]+)`", page.read_text(encoding="utf-8")))
    assert names <= said


# What is hostile, what is not there ------------------------------------------------------------------------------


def test_hostile_text_is_shown_as_text(home: Home) -> None:
    hostile = '<script>alert(1)</script>怪词<img src=x onerror=alert(2)> "&<mark>'
    with sqlite3.connect(home.database) as conn:
        conn.execute("UPDATE versions SET text = ?, title = ? WHERE id = 1", (hostile, hostile))
        conn.execute("UPDATE reports SET title = ?, organ = ? WHERE id = 1", (hostile, hostile))
        conn.execute("UPDATE organs SET name = ? WHERE id = (SELECT organ_id FROM reports WHERE id = 1)", (hostile,))
        conn.execute("UPDATE portals SET title = ?", (hostile,))
    conn.close()
    pages = Pages(indexed(home))
    for query in ("怪词", "<script>alert(1)</script>怪词"):
        text = pages("/search", params={"q": query}).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert f"{escape('<script>alert(1)</script>')}" in text
    assert "&lt;/script&gt;<mark>怪词</mark>&lt;img" in pages("/search?q=怪词").text


def test_without_an_index_it_says_so(home: Home) -> None:
    pages = Pages(home)
    assert "检索索引尚未建立" in pages("/search?q=邮编").text
    answer = pages("/search.json?q=邮编")
    assert answer.status_code == 503
    assert answer.json()["ok"] is False
    indexed(home)
    assert len(hits(pages("/search?q=邮编"))) == 20


def test_one_that_is_behind_is_said(home: Home) -> None:
    pages = Pages(indexed(home))
    with sqlite3.connect(home.database) as conn:
        columns = [row[1] for row in conn.execute("PRAGMA table_info(versions)") if row[1] not in ("id", "seq", "text")]
        listed = ", ".join(columns)
        for seq in (7, 8):
            conn.execute(
                f"INSERT INTO versions (seq, text, {listed}) SELECT ?, '邮编与天书', {listed} FROM versions WHERE id = 1",
                (seq,),
            )
    conn.close()
    answer = pages("/search?q=邮编")
    assert "索引已完成 97 %，结果可能不全" in answer.text
    assert len(hits(answer)) == 20
    indexed(home)
    assert "结果可能不全" not in pages("/search?q=邮编").text
    assert len(hits(pages("/search?q=天书"))) == 1


def test_a_damaged_one_is_made_anew(home: Home) -> None:
    pages = Pages(indexed(home))
    data = bytearray(path_of(home.path).read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path_of(home.path).write_bytes(data)
    assert "正在重新建立" in pages("/search?q=邮编").text
    indexed(home)
    assert len(hits(pages("/search?q=邮编"))) == 20


def test_the_record_is_not_touched(home: Home) -> None:
    with sqlite3.connect(home.database) as conn:
        before = list(conn.iterdump())
    conn.close()
    Pages(indexed(home))("/search?q=邮编")
    with sqlite3.connect(home.database) as conn:
        assert list(conn.iterdump()) == before
    conn.close()


# The command -----------------------------------------------------------------------------------------------------


def run(home: Home, *words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [NIANBAO, "--home", home.path, "search", *words], capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command_makes_the_index_and_searches(home: Home) -> None:
    code, out, _ = run(home, "邮编", "--year", "2023", "--portal", "haitang")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split("\t") == ["编号", "门户", "机关", "年度", "版本", "见于", "原文"]
    assert len(lines) == 3
    assert all("【邮编】" in line for line in lines[1:])
    code, out, _ = run(home, "邮编", "--not", "海棠区", "--not", "望江区", "--json")
    told = json.loads(out)
    assert 0 < told["count"] < 66
    assert not {hit["portal"] for hit in told["hits"]} & {"haitang", "wangjiang"}
    report, old, _ = changed(Pages(home))
    code, out, _ = run(home, old)
    assert any(line.startswith(f"{report}\t") and "仅旧版本，v2 已改掉" in line for line in out.splitlines())


def test_the_command_tells_what_is_wrong(home: Home) -> None:
    for words, said in (
        (("-",), "nothing to look for"),
        (("邮编", "--portal", "nowhere"), "no portal nowhere"),
        ((), "WORDS"),
    ):
        code, out, err = run(home, *words)
        assert (code, out) == (2, "")
        assert said in err


def test_what_is_excluded_stands_nowhere_in_what_is_found(home: Home) -> None:
    pages = Pages(indexed(home))
    assert pages("/search.json?q=年度报告").json()["count"] == 66
    assert pages("/search.json?q=年度报告 邮编").json()["count"] == 66
    assert pages("/search.json?q=年度报告 -邮编").json()["count"] == 0  # which is in no title, but in every text
    assert pages("/search.json?q=年度报告 -邮编&in=title").json()["count"] == 66


# How the index is asked ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [0, 3, 10_000])
@pytest.mark.parametrize("most", [0, 10_000])
def test_among_few_versions_all_that_match_are_found(monkeypatch: pytest.MonkeyPatch, far: int, most: int) -> None:
    monkeypatch.setattr(matches, "_FAR", {"words": far})
    monkeypatch.setattr(matches, "MOST", most)  # forwards, backwards
    conn = sqlite3.connect(":memory:")
    conn.execute("CREATE VIRTUAL TABLE words USING fts5(text, content='')")
    rng = random.Random(8)
    texts = {
        number: " ".join(["often", *rng.choices(["a", "b", "c"], k=4)]) for number in rng.sample(range(1, 900), 500)
    }
    conn.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", texts.items())
    for match, words in (("often", "often"), ('"a b"', "a b"), ('"c c c c"', "c c c c"), ("nowhere", "nowhere")):
        for size in (0, 1, 20, 400, 899):
            allowed = set(rng.sample(range(1, 900), size))
            found = list(matches._among(conn, "words", match, allowed))
            wanted = {number for number in allowed if words in texts.get(number, "")}
            assert found == sorted(wanted, reverse=size > most), (match, size)
    asked: list[str] = []
    conn.set_trace_callback(asked.append)
    list(matches._among(conn, "words", "nowhere", range(1, 900)))
    assert len([one for one in asked if "MATCH" in one]) == 1  # to look for what is nowhere is to look through all
    conn.close()


def test_a_word_that_is_everywhere_is_not_ranked_within_limits(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ranked: list[str] = []
    scores = matches.Matches._scores
    monkeypatch.setattr(matches.Matches, "_scores", lambda self: ranked.append(self.expression) or scores(self))  # type: ignore[func-returns-value]
    pages = Pages(indexed(home))
    before = [hit["report"] for hit in pages("/search.json?q=邮编&year=2023").json()["hits"]]
    assert len(ranked) == 1
    monkeypatch.setattr(matches, "_SCORED", 10)
    after = [hit["report"] for hit in pages("/search.json?q=邮编&year=2023").json()["hits"]]
    assert len(ranked) == 1
    assert set(after) == set(before)


# In a browser ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served_search(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    copy = tmp_path_factory.mktemp("served-search") / "home"
    shutil.copytree(demo_home, copy)
    indexed(Home(copy))
    one = Served(copy)
    yield one
    one.stop()


@pytest.mark.browser
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_page_opens_without_a_fault(served_search: Served, look: Look, path: str, width: int, dark: bool) -> None:
    seen = look(served_search.url + path, width=width, dark=dark)
    assert seen.said == ()
    assert seen.faults == ()


@pytest.mark.browser
def test_from_any_page_a_word_is_found_with_the_keyboard(served_search: Served, look: Look) -> None:
    def type_it(page: object) -> None:
        page.keyboard.press("/")  # type: ignore[attr-defined]
        page.keyboard.type("邮编")  # type: ignore[attr-defined]
        page.keyboard.press("Enter")  # type: ignore[attr-defined]
        page.wait_for_selector(".search-hit mark")  # type: ignore[attr-defined]
        page.keyboard.press("j")  # type: ignore[attr-defined]

    seen = look(served_search.url + "/help", type_it, judged=False)
    assert "66 份年报" in seen.text
    assert seen.said == ()
