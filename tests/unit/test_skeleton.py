"""Two pages of one skeleton read alike; and what only ticks leaves a page's skeleton as it is."""

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from crawler import families
from crawler.page import skeleton
from crawler.page.model import Fetched, Hint, Page
from crawler.page.reader import read_page
from crawler.portal import Portal, Selectors
from tests.portal_pages import PORTALS, Case, expected, load

URL = "http://www.x.gov.cn/nb/202501/t20250120_31.html"
PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",), organ="某县人民政府")
TITLE = "某县人民政府2024年政府信息公开工作年度报告"
CHAPTERS = (
    "<p>依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p><p>2024年公开信息{}条。</p>{}"
    "<p>二、主动公开政府信息情况</p><table><tr><td>规章</td><td>3</td></tr><tr><td>行政许可</td><td>512</td></tr></table>"
    "<p>三、收到和处理政府信息公开申请情况</p><p>全年收到申请7件。</p>"
)
CHANCE = 10


def page(line: str = "", inside: str = "", head: str = "", figure: str = "4711", foot: str = "") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{TITLE}</title>{head}</head><body><h1>{TITLE}</h1>'
        f'<div class="info">发布日期：2025-01-20 来源：某县政府办 {line}</div><div id="zoom">{CHAPTERS.format(figure, inside)}</div>'
        f"{foot}</body></html>"
    )


def read(body: bytes, portal: Portal = PORTAL, url: str = URL, content_type: str = "text/html") -> Page:
    return read_page(
        Fetched(url, 200, content_type, body), portal, families.markup_of(portal), Hint(title="2024年度报告")
    )


def alike(first: str, second: str, encoding: str = "utf-8", **portal: Any) -> bool:
    """Whether the second page counts as the first; what counts so reads so."""
    here = Portal(**{"name": "t", "title": "t", "family": "generic", "sections": PORTAL.sections, **portal})
    bodies = first.encode(encoding), second.encode(encoding)
    was = read(bodies[0], here)
    assert was.reports
    bones = skeleton.of_read(bodies[0], "text/html", here, was)
    same = skeleton.same(bones, bodies[1], "text/html", here)
    assert not same or read(bodies[1], here) == was
    return same


# What ticks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-8-sig"])
@pytest.mark.parametrize(
    "noise",
    [
        {"line": "浏览次数：<span>{}</span>"},
        {"line": '浏览次数： <em id="hits">{}</em>次 字号：[大 中 小]'},
        {"line": "|&nbsp;点击数:&nbsp;{} 次"},
        {"line": "<span>访问量：{}</span>"},
        {"foot": "<div class='foot'><p>今日访问量：{}</p></div>"},
        {"line": "<b>阅读</b>", "foot": "<!-- 服务器 12，生成于 2026-11-22 10:00:{} -->"},
        {"head": '<meta name="csrf-token" content="a{}c">'},
        {"head": "<meta content='q{}' name=_csrf>"},
        {"head": '<link rel="stylesheet" href="/css/site.css?v={}"><script src="/js/{}.js"></script>'},
        {
            "head": '<script nonce="n{0}">var now = "2026-11-22 10:{0}"; if (a<b && c) document.write("<p>{0}</p>");</script>'
        },
        {"foot": "<form><input type=hidden name='token' value='k{}'><INPUT value={}></form>"},
    ],
    ids=lambda noise: " ".join(noise),
)
def test_what_ticks_leaves_the_skeleton(noise: dict[str, str], encoding: str) -> None:
    first, second = ({name: text.format(value, value) for name, text in noise.items()} for value in ("31", "47"))
    assert alike(page(**first), page(**second), encoding)
    assert not alike(page(**first), page(**second, figure="4712"), encoding)


@pytest.mark.parametrize("noise", ["<script>{}</script>", "<!--{}-->"])
def test_what_ticks_in_a_cell_is_no_figure(noise: str) -> None:
    table = "<table><tr><td>数量</td><td>{}</td></tr><tr><td>件</td><td>4</td></tr></table>"
    assert alike(*(page(inside=table.format(noise.format(value))) for value in "67"))


def test_comments_and_scripts_may_come_to_any_length() -> None:
    assert alike(page(foot="<!-- 0.1 s --><script>a(1)</script>"), page(foot="<!-- -12.345 s --><script>b</script>"))


@pytest.mark.parametrize(
    ("first", "second"),
    [("99", "100"), ("2023", "2024"), ("1999", "2000"), ("20240115", "20240116"), ("202401", "202402"), ("404", "405")],
)
def test_counters_of_other_length_and_what_may_be_a_date_are_read(first: str, second: str) -> None:
    assert not alike(page(f"浏览次数：{first}"), page(f"浏览次数：{second}"))
    assert not alike(page(f"浏览次数：{second}"), page(f"浏览次数：{first}"))


# What is content -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["", "浏览次数：<span>12</span>"], ids=["alone", "beside a counter"])
@pytest.mark.parametrize(
    "content",
    [
        "<p>全年网站浏览量：{}</p>",
        "<p>浏览量：{}</p>",
        "<p>浏览次数：<span>{}</span>次</p>",
        "<p>门户网站访问量：<b>{}</b>，点击量超过{}次。</p>",
        "<p>政务新媒体 阅读量：{} 次</p>",
        "<table><tr><td>浏览量：{}</td><td>件</td></tr><tr><td>3</td><td>4</td></tr></table>",
        "<table><tr><td>浏览量</td><td>{}</td></tr><tr><td>访问量：</td><td>{}</td></tr></table>",
        "<p>浏览量：</p><p>{}</p>",
        '<p>浏览量：<span style="display:block">{}</span></p>',
        "<p>附件：<a href='/a{}.pdf'>浏览次数：12</a></p>",
        "<p><img src='/p/{}.png' width=600></p>",
    ],
)  # fmt: skip
def test_a_counter_in_the_reports_own_text_is_content(content: str, line: str) -> None:
    first, second = (page(line, content.format(value, value)) for value in ("12345", "12346"))
    assert read(first.encode()) != read(second.encode())
    assert not alike(first, second)


@pytest.mark.parametrize(
    "place",
    [
        "<a title='<script>'>{}</a><script></script>",
        '<a title="<!--">{}</a><!-- -->',
        "<script/><p>{}</p><script></script>",
        "<body onload='a>b'><p>{}</p>",
        "<!-- <body --><p>{}</p><!-- -->",
        "<!-- --&#8203;><p>{}</p><!-- -->",
        "<!-- --\u200b><p>{}</p><!-- -->",
        "<!-->{}-->",
        "<!--->{}-->",
        "<!-- --!>{}-->",
        "<textarea><!--</textarea>{}<!-- -->",
        "<style><!--</style>{}<!-- -->",
        "<script>'<body'</script><p>{}</p><script>></script>",
        "<script><!-- <script> </script>{}</script>",
        "<p =\">{}\">",
        "<input value=1>{}<input>",
        "<a x='<input value=\"'>{}</a>\"",
        "<xmp><script></xmp>{}</script>",
        "<title>浏览次数：{}</title>",
        "<button>浏览次数：{}</button>",
        "<!-- <body --><script>a --> {} </script>",
        "<script>a</scr&zwj;ipt>{}</script>",
        "<script>a</scr\u200bipt>{}</script>",
        "<script>a</scr<body>ipt>{}</script>",
        "<script><!-- <script> </script> <!-- </script>{}-->",
        "<!&zwj;-- x><script>a --> {} </script>",
        "<&zwj;!-- <script> --> {} </script>",
        "<b\u200b><script> --> {} </script>",
        "<input x=&zwj;' y>{}<input z='>",
    ],
)  # fmt: skip
def test_markup_that_can_be_read_in_two_ways_hides_nothing(place: str) -> None:
    alike(page(inside=place.format("12")), page(inside=place.format("13")))
    if read(page(inside=place.format("12")).encode()) != read(page(inside=place.format("13")).encode()):
        assert not alike(page(inside=place.format("12")), page(inside=place.format("13")))


def test_a_script_that_a_family_reads_is_read() -> None:
    script = "<script>showVsbpdfIframe('/a/{}.pdf')</script>"
    pages = [page(inside=script.format(number)) for number in (1, 2)]
    assert alike(*pages)
    assert not alike(*pages, family="vsb")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("<script>createPageHTML(1, 0, 't20250120_31', 'html')</script>", "<script>createPageHTML(3, 0, 't20250120_31', 'html')</script>"),
        ("<script>createPageHTML(3, 0, 't20250120_31', 'html')</script>", "<script>createPageHTML(1, 0, 't20250120_31', 'html')</script>"),
        ("<script>var countPage = 1</script>", "<script>var countPage = 2</script>"),
    ],
)  # fmt: skip
def test_a_script_that_counts_an_articles_pages_is_read(first: str, second: str) -> None:
    assert not alike(page(foot=first), page(foot=second))


def test_an_article_of_several_pages_has_none() -> None:
    body = page(inside="<p><a href='t20250120_31_1.html'>下一页</a></p>").encode()
    assert read(body).parts
    assert skeleton.of_read(body, "text/html", PORTAL, read(body)) == ""


def test_a_page_that_stops_in_the_middle_is_no_whole_one() -> None:
    """That it ends is what a comment says here, of all things."""
    first, second = (page()[: -len("</div></body></html>")] + f"<div><!-- {end} -->" for end in ("</html>", "7"))
    assert read(first.encode()).reports
    assert not read(second.encode()).reports
    assert not alike(first, second)


def test_a_label_that_other_words_lead_up_to_is_no_counters() -> None:
    assert not alike(page(foot="<p>微信公众号阅读量：12</p>"), page(foot="<p>微信公众号阅读量：13</p>"))


@pytest.mark.parametrize("own", ["input[value='1']", "div:has(script)", "script:contains('1')"])
def test_operators_selectors_may_look_at_anything(own: str) -> None:
    pages = [page(foot=f"<!-- {number} -->") for number in (1, 2)]
    assert alike(*pages)
    assert not alike(*pages, selectors=Selectors(date=own))


@pytest.mark.parametrize("known", ["", "1", "1:", "1::", "0::0123456789abcdef0123456789abcdef", "1:z:0", "1:a:"])
def test_what_is_no_skeleton_is_never_the_same(known: str) -> None:
    assert not skeleton.same(known, page().encode(), "text/html", PORTAL)
    assert not skeleton.same(known, b"", "text/html", PORTAL)
    assert not skeleton.same(known, b"%PDF-1.4", "text/html", PORTAL)


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"{}", b"%PDF <p>", "某县".encode("utf-16"), page().encode("utf-16"), page()[:700].encode(), b"<" * 9],
)
def test_odd_bodies_have_none_or_their_own(body: bytes) -> None:
    whole = page("浏览次数：12").encode()
    bones = skeleton.of_read(whole, "text/html", PORTAL, read(whole))
    assert bones
    assert not skeleton.same(bones, body, "text/html", PORTAL)


def test_a_page_without_a_report_has_none() -> None:
    body = b"<html><title>news</title><p>nothing here</p></html>"
    assert skeleton.of_read(body, "text/html", PORTAL, read(body)) == ""


def test_the_same_text_in_another_charset_is_the_same_page() -> None:
    html = page("浏览次数：12")
    bones = skeleton.of_read(html.encode(), "text/html", PORTAL, read(html.encode()))
    assert skeleton.same(bones, html.encode("gb18030"), "text/html", PORTAL)
    assert read(html.encode("gb18030")) == read(html.encode())


# The saved pages of real portals --------------------------------------------------------------------------------------


def saved() -> Iterator[tuple[str, dict[str, Any], Portal, bytes]]:
    for name in PORTALS:
        for file in {what["file"]: what for what in expected(name).get("reports", [])}.values():
            yield f"{name}/{file['file']}", file, load(name), Case(name, file).body


@cache
def bones_of_saved() -> dict[str, str]:
    return {
        name: skeleton.of_read(body, what.get("content_type", ""), portal, read(body, portal, what["url"], what.get("content_type", "")))
        for name, what, portal, body in saved()
    }  # fmt: skip


def test_nearly_every_saved_page_has_a_skeleton() -> None:
    bones = bones_of_saved()
    assert len([one for one in bones.values() if one]) >= 0.95 * len(bones)
    # `版本:计数器:摘要`: those with a counter that is filled in by the server.
    assert len([one for one in bones.values() if one and one.split(":")[1]]) >= 17


def test_whatever_leaves_a_saved_pages_skeleton_leaves_what_is_read() -> None:
    """Digits anywhere, drawn; those that comments, scripts and counters hold first."""
    chance = random.Random(20261122)
    same = others = 0
    for name, what, portal, body in saved():
        if not (bones := bones_of_saved()[name]):
            continue
        content_type = what.get("content_type", "")
        html = body.decode("latin-1")
        places = [match.start() for match in re.finditer(r"(?<![\x80-\xff])\d", html)]
        quiet = [*re.finditer(r"(?s)<!--.*?-->|<script.*?</script>|value=\"[^\"]*\"", html)]
        inside = [place for place in places if any(match.start() <= place < match.end() for match in quiet)]
        drawn = chance.sample(places, min(CHANCE, len(places))) + chance.sample(inside, min(4, len(inside)))
        was = read(body, portal, what["url"], content_type) if inside or ":" in bones[2:-33] else None
        for place in drawn:
            digit = chance.choice([one for one in b"123456789" if one != body[place]])
            ticked = body[:place] + bytes([digit]) + body[place + 1 :]
            if skeleton.same(bones, ticked, content_type, portal):
                same += 1
                was = was or read(body, portal, what["url"], content_type)
                assert read(ticked, portal, what["url"], content_type) == was, (name, place)
            else:
                others += 1
    assert same > 40
    assert others > 5 * len(PORTALS)
