"""The scout's pure parts on arbitrary and on hostile pages: nothing is raised, nothing takes long."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.families.base import Listing, Step
from crawler.families.generic import Generic
from crawler.page.model import Fetched
from crawler.page.reader import read_page
from crawler.portal import Portal
from crawler.scout import columns, facts, hosts, induce, leads, menus, names, recognise
from crawler.scout.model import Seen

URL = "https://www.qinghe.gov.cn/zwgk/zfxxgknb/"
PORTAL = Portal("qinghe", "清和县", "generic", (URL,))
LONGEST = 8.0
"""Seconds of processor time for all parts on one page; on an idle machine none of these takes two."""


def everything(page: Seen) -> None:
    """All that the engine asks of one page; each answer can be sent on."""
    import msgspec

    listed = Generic().read(Listing(page.url, page.text, Step(page.url), page.url, this_year=2026))
    told = (
        recognise.recognise([page, page]),
        leads.leads(page, 2026),
        leads.sitemap(page.text, page.url),
        leads.sitemap_addresses(page),
        leads.parents(page),
        leads.guesses(page.url),
        facts.facts([page]),
        induce.listing(page, listed),
        induce.report(page, PORTAL),
    )
    assert told[0][-1].family == "generic"
    msgspec.json.encode(told)


_PIECES = st.sampled_from(
    ["<a href='/zfxxgknb/'>", "</a>", "政府信息公开年报", "2023年", "<div class='crumbs'>",
    "首页", ">", "<script>", "</script>", "{name:'年报',url:'/x/'}", "[", "]", "{", "}",
     "(", "'", '"', "\\", "<!--", "-->", ("<meta name='SiteIDCode' "
         "content='3601290003'>"), "<meta name='ColumnName' content='年报'>", "<urlset>", "<loc>", "</loc>", "http://[", "//",
     "createPageHTML(3,0,'index','html')", "<li>", "</li>", "<title>", "</title>", "<h1>", "</h1>",
     "一、总体情况", "<table><tr><td>", "&#0;", "\ud7ff", "\x0b", "\ufeff", "<a class=next href='?p=2'>",
     "主办：清和县人民政府", "网站标识码：", "onclick=\"window.open('/x/')\"", "<base href='//['>",
     "`", "年报" * 40, "<frame src=x>", "<option value='/nb/'>", "2024-01-22"]
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(_PIECES, st.text(max_size=12)), max_size=40).map("".join),
    st.sampled_from([URL, "https://www.qinghe.gov.cn/a.html", "http://127.0.0.1:1/"]),
)
def test_nothing_is_raised_for_any_page(text: str, url: str) -> None:
    everything(Seen(url, 200, text, (("Server", text[:40]),)))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_nothing_is_raised_for_any_words_or_address(text: str) -> None:
    names.by_words(text)
    names.is_miss(text)
    for url in (text, "http://" + text, URL + text, URL + "art/" + text):
        names.by_address(url)
        columns.above(url)
        columns.unwrapped(url)
        assert 0 <= hosts.nearness(url, URL) <= 1
        leads.guesses(url)
        recognise.recognise([Seen(url, 200, "")])
    facts.plausible(text)
    list(menus.entries(text))
    menus.markup(text)


HOSTILE = {
    "links that nobody closes": "<a href='/zfxxgknb/'>年报" * 3_000,
    "100 KB of <a>": "<a>" * 34_000,
    "boxes in boxes": "<div class=a>" * 15_000 + "<a href=/x>政府信息公开年报</a>",
    "lists in lists": "<ul><li>" * 7_500 + "2022年某局政府信息公开年报",
    "fonts in fonts": "<font>" * 10_000 + "政府信息公开年报",
    "tables in tables": "<table><tr><td>" * 2_000 + "政府信息公开年报",
    "a long attribute": "<a href='" + "x" * 400_000 + "' title='" + "年报" * 50_000 + "'>x</a>",
    "a long class": "<div class='" + "a " * 75_000 + "'>x</div>",
    "a tag of many attributes": "<li " + "a=b " * 45_000 + ">政府信息公开年报",
    "comments that nobody closes": "<!--" * 30_000,
    "tags that nobody closes": "<" * 30_000,
    "metas that nobody closes": "<meta name=generator " * 10_000,
    "white space": "<meta name=generator" + " " * 150_000,
    "objects in a script": "<script>" + "{name:'年报',url:[" * 15_000 + "</script>",
    "quotes": "<script>" + "'\"" * 30_000 + "</script>",
    "back-quotes": "<script>" + "`" * 30_000 + "</script>",
    "escapes": "<script>'" + "\\\\" * 75_000 + "</script>",
    "calls of a pager": "<script>" + "createPageHTML(" * 15_000 + "</script>",
    "objects called _CONFIG": "<script>" + "_CONFIG={" * 15_000 + "</script>",
    "classes": "class=" * 30_000,
    "more, more": "<a href=/x>" + "查看更多" * 90 + "x</a>" + "<a href=/y>" + "更多查看" * 90 + "</a>",
    "a name of names": f"<meta name=SiteName content='{'门户网站' * 20}x'><title>{'门户网站' * 40}x</title>",
    "platforms": "<a href=/x>政府信息公开年报" + "统一发布平台" * 8 + "x</a>",
    "sponsors": "主办单位：" * 15_000,
    "makers": "技术支持<b>" * 10_000,
    "a trail of 首页": "<div class=crumbs>" + "<a href='/x/'>首页</a>" * 2_000,
    "a sitemap of nothing": "<urlset>" + "<loc>   " * 30_000,
    "a JSON tower": '[{"name":"年报","id":1,"children":' * 7_500,
    "many reports": "".join((f"<li><a href='/a/t20200101_{at}.html'>某某局{2000 + at % 20}年政府信息公开年报</a>"
        f"2020-01-01</li>") for at in range(1500)),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_pages_take_seconds_at_most(what: str) -> None:
    start = time.process_time()
    everything(Seen(URL, 200, HOSTILE[what]))
    assert time.process_time() - start < LONGEST


def test_a_page_of_nothing_but_open_brackets_is_read_at_once() -> None:
    """What holds no element was searched for tags in quadratic time."""
    start = time.process_time()
    read_page(Fetched(URL, 200, "text/html", b"<!--" * 100_000), PORTAL, Generic().markup)
    assert time.process_time() - start < 3
