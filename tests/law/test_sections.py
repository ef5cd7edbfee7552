"""Rule 6 over the wire: when a section was read, to its end or not, and what its page must be for that."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from crawler.observation import Limits, SectionRead
from tests.e2e.test_engine import Result, World
from tests.e2e.test_engine import Site as Handler
from tests.e2e.test_unseen import CAPTCHA, JSL, LOGIN, RUISHU, SERVICE
from tests.law.wire import NAV, framed, page

ORGAN = "青溪县人民政府"
READ, CUT, UNREAD = (True, True), (False, True), (False, False)
"""complete, first_page."""


def row(year: int, name: str) -> str:
    return f'<li><a href="/r/{name}/{year}.html">{ORGAN}{year}年政府信息公开工作年度报告</a><span>{year + 1}-01-20</span></li>'


def listing(inner: str, more: str = "", head: str = "") -> str:
    return (
        f'<html><head><meta charset="utf-8"><title>政府信息公开年报</title>{head}</head><body><ul class="nav">{NAV}</ul>'
        f'<ul class="list">{inner}</ul>{more}</body></html>'
    )


@dataclass(frozen=True)
class Case:
    """A section's answers by path (its own is `/`), and what is told of it."""

    pages: Mapping[str, Any]
    read: tuple[bool, bool]
    links: int = 0
    reason: str = ""
    family: str = "generic"
    section: str = "/"
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def to(target: str, status: int = 302) -> Answer:
    return Answer("", status, {"Location": target})


PAGER = '<script>createPageHTML(2, {}, "index", "html");</script>'
NEXT = '<div class="page"><a href="p2.html">下一页</a></div>'
TWO = {"/": listing(row(2024, "x"), PAGER.format(0))}

CASES = {
    # --- read ---
    "one page": Case({"/": listing(row(2024, "x") + row(2023, "x"))}, READ, 2),
    "two pages": Case({**TWO, "/index_1.html": listing(row(2023, "x"), PAGER.format(1))}, READ, 2, family="trs"),
    "with a captcha's words among its news": Case(
        {"/": listing(row(2024, "x"), "<p>请输入验证码</p><p>该信息已被删除</p>")}, READ, 1
    ),
    "with a script for telephones": Case(
        {
            "/": listing(
                row(2024, "x"), head="<script>if(/Android/.test(navigator.userAgent)){location.href='/wap/';}</script>"
            )
        },
        READ,
        1,
    ),
    "with a script that knows its own domain": Case(
        {
            "/": listing(
                row(2024, "x"),
                head="<script>if(document.domain!='www.x.gov.cn'){}else{location.href='/';}\nfunction home(){location.href='/';}</script>",
            )
        },
        READ,
        1,
    ),
    "with a script that leads on at the end of a countdown": Case(
        {
            "/": listing(
                row(2024, "x"),
                head="<script>var n=9;setInterval(function(){if(n--==0){location.href='/';}},1000);</script>",
            )
        },
        READ,
        1,
    ),
    "with an iframe beside its list": Case(
        {"/": listing(row(2024, "x"), '<iframe src="/elsewhere.html" width="900" height="600"></iframe>')},
        READ,
        1,
        more={"/elsewhere.html": page("<p>x</p>")},
    ),
    "with $_ts on a good page": Case(
        {"/": listing(row(2024, "x"), head="<script r='m'>$_ts=window['$_ts'];</script>")}, READ, 1
    ),
    "that lists nothing": Case({"/": listing("")}, READ),
    "that lists nothing, without a word": Case(
        {"/": "<html><head><title>2024年</title></head><body><ul class=list></ul></body></html>"}, READ
    ),
    "that a script now writes": Case(
        {
            "/": "<html><head><title>新版</title></head><body><div id=app></div><script src=/app.js></script></body></html>"
        },
        READ,
    ),
    "without a word, and without a list": Case(
        {"/": "<html><head><title>x</title></head><body><script src=/x.js></script></body></html>"},
        UNREAD,
        reason="empty",
    ),
    "that says it has nothing": Case({"/": listing("<li>暂无相关信息</li>")}, READ),
    "that says it has no data, in the site's template": Case(
        {"/": framed("<div>暂无数据！</div>").split('<div class="rel">')[0]}, READ
    ),
    "that leads to its index": Case(
        {"/": page("", '<meta http-equiv="refresh" content="0;url=list.html">'), "/list.html": listing(row(2024, "x"))},
        READ,
        1,
    ),
    "that leads to its index by script": Case(
        {"/": page("<script>window.location.href='list.html'</script>"), "/list.html": listing(row(2024, "x"))}, READ, 1
    ),
    "that redirects to its new address": Case(
        {
            "/": to("/new-{name}/"),
        },
        READ,
        1,
        more={"/new-{name}/": listing(row(2024, "x"))},
    ),
    "in a frame": Case(
        {
            "/": '<html><frameset rows="90,*"><frame src="top.html" name="top"><frame src="list.html" name="main"></frameset></html>',
            "/top.html": page("x"),
            "/list.html": listing(row(2024, "x")),
        },
        READ,
        1,
    ),
    # --- cut short ---
    "page 2 fails": Case({**TWO, "/index_1.html": Answer("busy", 503)}, CUT, 1, "page 2: status 503", "trs"),
    "page 2 is missing": Case({**TWO}, CUT, 1, "page 2: status 404", "trs"),
    "page 2 leads home": Case({**TWO, "/index_1.html": to("/")}, CUT, 1, "page 2: redirect", "trs"),
    "page 2 leads to a login page": Case(
        {**TWO, "/index_1.html": to("/login")}, CUT, 1, "page 2: redirect", "trs", more={"/login": LOGIN}
    ),
    "page 2 is an error page at 200": Case(
        {**TWO, "/index_1.html": framed("<p>您访问的页面不存在</p>").split('<div class="rel">')[0]},
        CUT,
        1,
        "page 2",
        "trs",
    ),
    "page 2 is a challenge": Case({**TWO, "/index_1.html": RUISHU}, CUT, 1, "page 2", "trs"),
    "page 2 is a notice of maintenance": Case({**TWO, "/index_1.html": SERVICE}, CUT, 1, "page 2", "trs"),
    "page 2 is empty": Case({**TWO, "/index_1.html": Answer("")}, CUT, 1, "page 2", "trs"),
    "page 2 is page 1 again": Case(
        {**TWO, "/index_1.html": listing(row(2024, "x"), PAGER.format(0))}, CUT, 1, "repeats", "trs"
    ),
    "page 2 is cut off": Case(
        {**TWO, "/index_1.html": listing(row(2023, "x"))[:-60].replace("</ul>", "")}, CUT, 1, "page 2", "trs"
    ),
    # --- not read ---
    "404": Case({"/": Answer("x", 404)}, UNREAD, reason="404"),
    "503": Case({"/": Answer("x", 503)}, UNREAD, reason="503"),
    "403": Case({"/": Answer("x", 403)}, UNREAD, reason="403"),
    "a challenge at 412": Case({"/": Answer(RUISHU, 412)}, UNREAD, reason="challenge $_ts"),
    "a challenge at 200": Case({"/": RUISHU}, UNREAD, reason="$_ts"),
    "a challenge __jsl_clearance": Case({"/": Answer(JSL, 521)}, UNREAD, reason="challenge __jsl_clearance"),
    "a captcha": Case({"/": CAPTCHA}, UNREAD),
    "a login page": Case({"/": LOGIN}, UNREAD, reason="login"),
    "redirect to a login page": Case({"/": to("/sso/login?x")}, UNREAD, reason="", more={"/sso/login": LOGIN}),
    "redirect to the home page": Case({"/": to("/")}, UNREAD, reason="home"),
    "redirect to an error page": Case(
        {"/": to("/error/404.html")}, UNREAD, reason="404", more={"/error/404.html": listing("")}
    ),
    "a notice that it does not exist": Case({"/": page("<p>您访问的栏目不存在</p>")}, UNREAD),
    "a notice of maintenance": Case({"/": SERVICE}, UNREAD),
    "a notice of maintenance in the site's template": Case(
        {"/": framed("<p>系统维护中，请稍后再访问</p>").split('<div class="rel">')[0]}, UNREAD
    ),
    "empty": Case({"/": Answer("")}, UNREAD, reason="empty"),
    "truncated": Case({"/": listing(row(2024, "x"))[:-60].replace("</ul>", "")}, UNREAD, reason="truncated"),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, SectionRead]]:
    world = World(tmp_path_factory.mktemp("sections"))
    routes: dict[str, Any] = {"/": lambda site: site.give(page("<p>首页</p>"))}
    names = {}
    for number, (name, case) in enumerate(CASES.items()):
        root = f"/s{number}"
        for path, answer in {**{root + path: one for path, one in case.pages.items()}, **case.more}.items():
            one = answer if isinstance(answer, Answer) else Answer(answer)
            fields = {key: value.format(name=number) for key, value in one.headers.items()}
            routes[path.format(name=number)] = lambda site, one=one, fields=fields: site.give(
                one.body, one.status, **fields
            )
        names[name] = world.add(f"s{number}", case.family, [root + case.section], limits=Limits(timeout=3.0))
    Handler.routes = routes
    world.run_all(*names.values())
    found = {}
    for name, folder in names.items():
        (found[name],) = Result(folder).sections
    yield found
    world.close()


@pytest.mark.parametrize("name", CASES)
def test_section(told: dict[str, SectionRead], name: str) -> None:
    case, read = CASES[name], told[name]
    assert ((read.complete, read.first_page), read.links, case.reason in read.reason) == (
        case.read,
        case.links,
        True,
    ), read
    assert bool(read.reason) == (case.read != READ)
