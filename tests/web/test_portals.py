"""The portals' listing and one portal's page."""

import re
from pathlib import Path

import pytest

from monitor.due import NO_END
from monitor.web.portals_data import listed, pass_words
from tests.web.conftest import Pages
from tests.web.records import NOW, SEEN, Made


@pytest.mark.parametrize(
    ("outcome", "detail", "words"),
    [
        ("ok", {}, "读到年报 12 篇"),
        ("ok", {"trouble": "nothing could be read"}, "什么也没有读到：无法读取"),
        ("ok", {"trouble": "nothing could be read: status 503; time-out"}, "什么也没有读到：服务器错误（503）；超时未响应"),
        ("ok", {"trouble": "nothing could be read (blocked): challenge $_ts"}, "什么也没有读到：被脚本验证拦截（瑞数）"),
        ("ok", {"trouble": "nothing could be read: page 2: time-out"}, "什么也没有读到：超时未响应"),
        ("ok", {"trouble": "lists no report any more: https://a/"}, "栏目可以打开，但不再列出年报：https://a/"),
        ("ok", {"trouble": "https://a/: page 3: time-out"}, "https://a/ 未读完整：第 3 页超时未响应"),
        ("ok", {"trouble": "https://a/: time-out; https://b/: status 404"},
         "https://a/ 未读完整：超时未响应；https://b/ 未读完整：返回 404"),
        ("killed", {"reason": "memory"}, "进程被中止：memory"),
        ("cut_short", {"trouble": "cut_short: stopped"}, "没有读完：stopped"),
        (None, {}, ""),
    ],
)  # fmt: skip
def test_a_pass_in_words(outcome: str | None, detail: dict[str, str], words: str) -> None:
    assert pass_words(outcome, detail, 12) == words


def test_the_demos_portals(pages: Pages) -> None:
    html = pages("/portals").text
    assert re.findall(r'href="/portal/(\w+)"', html) == ["yunxi", "wangjiang", "nanzhou", "haitang", "qingshi"]
    assert re.findall(r'<td class="n">([\d,]*)</td>', html)[:3] == ["16", "0", "0"]
    assert re.findall(r'href="/portal/(\w+)"', pages("/portals?q=望江").text) == ["wangjiang"]
    assert re.findall(r'href="/portal/(\w+)"', pages("/portals?q=QING").text) == ["qingshi"]
    assert "没有符合条件的门户" in pages("/portals?health=down").text
    assert re.findall(r'href="/portal/(\w+)"', pages("/portals?region=9903").text) == ["nanzhou", "haitang"]
    assert pages("/portals?health=fine").status_code == 400
    assert pages("/portals?region=x").status_code == 400


def test_the_demos_portal(pages: Pages) -> None:
    html = pages("/portal/wangjiang").text
    assert "什么也没有读到：服务器错误（503）" in html
    assert html.count("全面读取") == 7
    listed_events = re.findall(r'badge k-(\w+)">[^<]*</span>\s*<a class="what"', html)
    assert listed_events == ["moved", "changed", "baseline"]
    assert re.search(r'<a href="http://127\.0\.0\.3:\d+/col/[^"]+" rel="noreferrer">', html)
    assert "列出 20 篇" in html
    assert "在线 20　待确认 0　已撤下 0" in html
    assert pages("/portal/nobody").status_code == 404
    assert pages("/portal/wangjiang?organs=x").status_code == 400


def test_a_portal_in_trouble_muted_with_odd_sections(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    crawl = made.portal(
        "a",
        health="down",
        trouble_since=SEEN,
        muted_until=NO_END,
        pass_detail='{"trouble":"nothing could be read: DNS"}',
    )
    event = made.event("portal_down", "a")
    for url in ("javascript:alert(1)", "https://a/{year}/", "https://a/<b>"):
        made.store.insert("sections", {"portal": "a", "url": url})
    made.store.insert(
        "sections", {"portal": "a", "url": "https://a/x", "broken": 1, "last_complete_crawl": crawl, "last_links": 3}
    )
    made.store.insert("sections", {"portal": "a", "url": "https://a/old", "active": 0})
    made.store.insert("crawls", {"portal": "a", "mode": "discover", "started_at": NOW})
    html = made.pages()("/portal/a").text
    assert "无法读取，自 <time" in html
    assert "什么也没有读到：域名无法解析" in html
    assert f'href="/event/{event}"' in html
    assert "直到解除" in html
    assert 'href="javascript' not in html
    assert 'href="https://a/{year}/"' not in html
    assert "https://a/&lt;b&gt;" in html
    assert "可以打开，但不再列出年报；最近读完整" in html
    assert html.count("还没有读完整过") == 3
    assert "https://a/old" not in html
    assert "进行中" in html
    made.store.run("UPDATE portals SET muted_until = ?", (SEEN,))
    assert "静音" not in made.pages()("/portal/a").text


def test_a_portal_with_very_many_organs_shows_them_page_by_page(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for number in range(250):
        made.report("a", made.organ("a", f"第{number:03}局"), 2024)
    pages = made.pages()
    seen, path = [], "/portal/a"
    while path:
        html = pages(path).text
        seen += re.findall(r'<th scope="row" class="first">(第\d+局)', html)
        found = re.search(r'rel="next" href="([^"#]+)#map"', html)
        path = found[1] if found else ""
    assert seen == [f"第{number:03}局" for number in range(250)]
    assert "机关 241–250 / 250" in html


def test_the_listing_comes_page_by_page_by_region(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    for number in range(120):
        region = ("331001", "110101", "")[number % 3]
        made.portal(f"p{number:03}", region=region, health="broken" if number % 40 == 0 else "ok")
    names, after, pages = [], "", 0
    while True:
        found = listed(made.store, "", "", "", after)
        names += [row["name"] for row in found.rows]
        pages += 1
        if not (after := found.after):
            break
    assert pages == 3
    assert names == sorted(names, key=lambda name: (("331001", "110101", "")[int(name[1:]) % 3], name))
    assert found.total == 120
    assert found.healths == (("broken", 3), ("ok", 117))
    assert found.regions == (("", "未注明地区", 40, 1), ("11", "北京", 40, 1), ("33", "浙江", 40, 1))
    assert [row["name"] for row in listed(made.store, "trouble", "", "", "").rows] == ["p080", "p040", "p000"]
