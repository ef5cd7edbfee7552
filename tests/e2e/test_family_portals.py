"""Portals of other content management systems, read by the program as an operator runs it: whole lists over several pages, a
second pass that tells nothing, an interface that fails in the middle (an incomplete section, nobody delisted), recovery.

The markup is of our own making; what it does is what those systems do ("domain notes", 1d): lists by JSON, by pieces of HTML,
pages that count down, reports inside a column's page, addresses that change all at once.
"""

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

DAYS, START = 5, datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
YEARS = (2025, 2024, 2023, 2022, 2021)
Reply = tuple[int, str, str | bytes]
Route = Callable[[dict[str, str], str], "Reply | str"]
"""Query or form fields, and the body, to an answer."""
CHANNEL = "61eaab3127b040d4950fff177f09e561"
GONE: Reply = (404, "text/html", "<html><title>404</title><body>404 Not Found</body></html>")
BUSY: Reply = (200, "application/json", '{"code": 500, "msg": "服务繁忙", "data": null}')


def title(organ: str, year: int) -> str:
    return f"{organ}{year}年政府信息公开工作年度报告"


def report(organ: str, year: int, box: str = "<UCAPCONTENT>{}</UCAPCONTENT>", heading: str = "<h1>{}</h1>") -> str:
    text = "".join(
        f"<p>{line}</p>"
        for line in (
            f"根据《中华人民共和国政府信息公开条例》第五十条，{organ}编制本报告。统计期限自{year}年1月1日起至{year}年12月31日止。",
            "一、总体情况",
            f"{year}年，{organ}主动公开政府信息{year % 97}条，办理公开申请{year % 7}件。",
            "二、主动公开政府信息情况",
            "<table><tr><td>第二十条第（五）项</td></tr><tr><td>信息内容</td><td>本年处理决定数量</td></tr><tr><td>行政许可</td><td>7</td></tr></table>",
            "五、存在的主要问题及改进情况",
            "解读形式较为单一，下一步丰富解读形式。",
            "六、其他需要报告的事项",
            "未收取信息处理费。",
        )
    )
    return (
        f"<html><head><meta charset=utf-8><title>{title(organ, year)}</title></head><body>"
        f"<ul><li><a href='/'>首页</a></li></ul>"
        f"{heading.format(title(organ, year))}<div class=info>发布日期：{year + 1}-01-20 来源：{organ}</div>"
        f"{box.format(text)}</body></html>"
    )


class Portal:
    """One web server, its routes, and what happens on which day."""

    def __init__(self, name: str, family: str, organ: str, section: str) -> None:
        self.name, self.family, self.organ, self.section = name, family, organ, section
        self.years = list(YEARS)
        self.routes: dict[str, Route] = {}
        self.days: dict[int, Callable[[], object]] = {}
        self.told: list[tuple[int, str, int]] = []
        self.incomplete: set[int] = set()
        """Days on which its section is not read to the end."""
        portal = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                parts = urlsplit(self.path)
                fields = dict(parse_qsl(parts.query, keep_blank_values=True))
                if "json" in (self.headers.get("Content-Type") or ""):
                    fields |= json.loads(body)
                elif body:
                    fields |= {key: values[0] for key, values in parse_qs(body).items()}
                fields["METHOD"] = self.command
                route = portal.routes.get(parts.path)
                answer = route(fields, body) if route else GONE
                status, kind, content = (200, "text/html; charset=utf-8", answer) if isinstance(answer, str) else answer
                data = content if isinstance(content, bytes) else content.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        PORTALS[name] = self

    def show(self, path: Callable[[int], str], **shape: str) -> None:
        for year in range(2018, 2026):
            self.routes[path(year)] = lambda fields, body, year=year: report(self.organ, year, **shape)  # type: ignore[misc]

    def on(self, day: int, do: Callable[[], object], *told: tuple[str, int], incomplete: bool = False) -> None:
        self.days[day] = do
        self.told += [(day, kind, year) for kind, year in told]
        if incomplete:
            self.incomplete.add(day)

    def replace(self, path: str, route: Route) -> None:
        self.routes[path] = route


PORTALS: dict[str, Portal] = {}


def page_of(years: list[int], number: int, size: int) -> list[int]:
    return years[(number - 1) * size : number * size]


# --- Ucap ---


def ucap_address(year: int) -> str:
    return f"/jyt/c250121/{year + 1}01/{year:032x}.shtml"


def search(portal: Portal, size_key: str = "_pageSize") -> Route:
    def answer(fields: dict[str, str], body: str) -> Reply:
        size = min(int(fields[size_key]), 2)  # whatever is asked for, two at a time
        shown = page_of(portal.years, int(fields["page"]), size)
        rows = [
            {
                "title": f"<em>{portal.organ}</em>{year}年政府信息公开工作年度报告",
                "url": f"//{urlsplit(portal.url).netloc}{ucap_address(year)}",
                "publishedTimeStr": f"{year + 1}-01-20 09:00:00",
                "domainMetaList": [{"resultList": [{"key": "refno", "value": "x"}]}],
            }
            for year in shown
        ]
        data = {"total": len(portal.years), "page": int(fields["page"]), "rows": size, "results": rows}
        return 200, "application/json;charset=UTF-8", json.dumps({"code": 200, "data": data})

    return answer


def ucap() -> None:
    shell = """<html><head><title>政府信息公开年报</title><meta name="ChannelId" content="{channel}"></head><body>
<ul id="nb_list"><li><a href="/jyt/c250121/">2024</a></li></ul>
<div class="list"><!-- <ul><li><a href="/jyt/c1/201901/t1.shtml">某县2010年政府信息公开工作年度报告</a></li></ul> --></div>
<script>{script}</script></body></html>"""
    one = Portal("ucap_search", "ucap", "甲省教育厅", "/jyt/c250121/zwgklist.shtml")
    one.show(ucap_address)
    script = """
// var channelId = "00000000000000000000000000000000";
var channelId = "{channel}", pageSize = 2;
function load(page) {{
    $.ajax({{ type: "get", dataType: "json",
        url: "/common/search/" + channelId + "?page=" + page + "&_pageSize=" + pageSize + "&_isAgg=true&_isJson=true&_template=index",
        success: function (d) {{ /* draws */ }} }});
}}
load(1);"""
    text = shell.format(channel=CHANNEL, script=script.format(channel=CHANNEL))
    one.routes[one.section] = one.routes["/jyt/c250121/"] = lambda fields, body: text
    one.routes[f"/common/search/{CHANNEL}"] = search(one)

    def fails_on_page_two(fields: dict[str, str], body: str) -> Reply:
        return BUSY if fields["page"] == "2" else search(one)(fields, body)  # type: ignore[return-value]

    def ignores_the_page(fields: dict[str, str], body: str) -> Reply:
        return search(one)({**fields, "page": "1"}, body)  # type: ignore[return-value]

    one.on(3, lambda: one.replace(f"/common/search/{CHANNEL}", fails_on_page_two), incomplete=True)
    one.on(4, lambda: one.replace(f"/common/search/{CHANNEL}", ignores_the_page), incomplete=True)

    def recovers() -> None:
        one.years.append(2020)
        one.replace(f"/common/search/{CHANNEL}", search(one))

    one.on(5, recovers, ("appeared", 2020))

    two = Portal("ucap_files", "ucap", "乙省税务局", "/yst/c102384/index.html")
    two.show(ucap_address)
    files = f"""$.post('/getFileListByCodeId', {{channelId: $('#cid').attr('data-channel'), page: cur, size: 2,
        relateSubChannels: false}}, draw);</script><div id='cid' data-channel='{CHANNEL}'></div><script>"""
    two.routes[two.section] = lambda fields, body: shell.format(channel="", script=files)

    def listed(fields: dict[str, str], body: str) -> Reply:
        if fields["METHOD"] != "POST" or fields["channelId"] != CHANNEL:
            return 200, "application/json", '{"code": 500, "err": "no channel"}'
        inner = json.loads(search(two, "size")(fields, body)[2])["data"]
        return 200, "text/html", json.dumps({"code": 200, "results": {"data": inner}})

    two.routes["/getFileListByCodeId"] = listed
    html: Reply = (200, "text/html", "<html><body><ul><li><a href='/'>首页</a></li></ul>系统维护中</body></html>")
    two.on(3, lambda: two.replace("/getFileListByCodeId", lambda fields, body: html), incomplete=True)
    two.on(4, lambda: two.replace("/getFileListByCodeId", listed))

    four = Portal(
        "ucap_interface",
        "ucap",
        "子市人民政府",
        f"/common/search/{CHANNEL}?_isAgg=true&_isJson=true&_pageSize=2&page=1",
    )
    four.show(ucap_address)
    four.routes[f"/common/search/{CHANNEL}"] = search(four)
    closed: Reply = (403, "text/html", "<html>403 Forbidden</html>")
    four.on(3, lambda: four.replace(f"/common/search/{CHANNEL}", lambda fields, body: closed), incomplete=True)
    four.on(4, lambda: four.replace(f"/common/search/{CHANNEL}", search(four)))

    three = Portal("ucap_html", "ucap", "丙市人民政府", "/bs/c5/zwgklist.shtml")
    three.show(ucap_address, box="<div id='UCAP-CONTENT'>{}#PAGE_BREAK#</div>")

    def listing(number: int) -> Route:
        def answer(fields: dict[str, str], body: str) -> Reply:
            rows = "".join(
                f"<LI><SPAN>{year + 1}-01-20</SPAN><A class=x HREF={ucap_address(year)} title='{title(three.organ, year)}'>丙市…</A>"
                for year in page_of(three.years, number, 2)
            )
            pager = f"createPageHTML('page_div', 3, {number},'zwgklist','shtml',5);"
            text = f"<html><head><title>政府信息公开年报</title></head><body><ul>{rows}</ul><script>{pager}</script></body></html>"
            return 200, "text/html", text.encode("gbk")

        return answer

    for number in (1, 2, 3):
        three.routes[three.section.replace(".", f"_{number}." if number > 1 else ".")] = listing(number)
    three.on(3, lambda: three.routes.pop("/bs/c5/zwgklist_3.shtml"), incomplete=True)
    three.on(4, lambda: three.replace("/bs/c5/zwgklist_3.shtml", listing(3)))


# --- Lonsun ---


def lonsun() -> None:
    one = Portal(
        "lonsun_label", "lonsun", "丁县人民政府办公室", "/public/column/16551?type=4&action=list&nav=3&catId=7065111"
    )
    one.show(lambda year: f"/public/content/{year}", box="<div class='gk_content j-fontContent'>{}</div>")

    def rows(number: int) -> str:
        return "".join(
            f"<ul class='clearfix'><li class=mc><a target=_blank href=/public/content/{year}>{title(one.organ, year)}</a></li>"
            f"<li class=rq><span class='date'>{year + 1}-01-20</span></li></ul>"
            for year in page_of(one.years, number, 2)
        )

    def column(fields: dict[str, str], body: str) -> str:
        return f"""<html><head><title>政府信息公开年报</title><meta name="SiteId" content="6786551"></head><body>
<div class="xxgk_navli">{rows(1)}</div><div id=page_public_info></div><script>
Ls.pagination("#page_public_info", {{ pageIndex: 1, pageCount: 3, callback: function (pageIndex) {{
  $.ajax({{ url: "/site/label/8888?IsAjax=1&dataType=html&_=" + Math.random(), data: {{ labelName: "publicInfoList", siteId: "6786551",
    pageSize: 2, pageIndex: pageIndex, action: "list", organId: "16551", type: 4, catId: "7065111",
    file: "/xxgk/publicInfoList_newest2020" }}, success: draw }}); }} }});</script></body></html>"""

    def label(fields: dict[str, str], body: str) -> str:
        wanted = {
            "labelName": "publicInfoList",
            "siteId": "6786551",
            "organId": "16551",
            "catId": "7065111",
            "type": "4",
        }
        if any(fields.get(key) != value for key, value in wanted.items()):
            return "<div class='xxgk_navli'></div>暂无相关信息"
        number = int(fields["pageIndex"])
        pager = f"<script>pageing({{pageIndex:{number},pageCount:3,total:{len(one.years)}}})</script>"
        return f"<div class='xxgk_navli'>{rows(number)}</div>{pager}"

    one.routes["/public/column/16551"] = column
    one.routes["/site/label/8888"] = label

    def fails(fields: dict[str, str], body: str) -> Reply | str:
        return (502, "text/html", "<html>Bad Gateway</html>") if fields["pageIndex"] == "2" else label(fields, body)

    one.on(3, lambda: one.replace("/site/label/8888", fails), incomplete=True)

    def gone() -> None:
        one.years.remove(2023)
        one.routes.pop("/public/content/2023")
        one.replace("/site/label/8888", label)

    one.on(4, gone)

    two = Portal("lonsun_inside", "lonsun", "戊县财政局", "/public/column/900?type=3&nav=5&sub=3")

    two.years = [2024, 2023, 2022, 2021]

    def inside(fields: dict[str, str], body: str) -> str:
        year = int(fields.get("timeFrame") or two.years[0])
        choice = "".join(
            f"<li data-year={known}><a href='javascript:void(0)' onclick='show({known})'>{known}年</a></li>"
            for known in two.years
        )
        if year not in two.years:
            return "<html><body>暂无信息</body></html>"
        return report("戊县财政局", year, box=f"<ul>{choice}</ul><div class='gk_content'>{{}}</div>")

    two.routes["/public/column/900"] = inside
    # The page without a year shows another report from then on: no report has moved, none is lost.
    two.on(3, lambda: two.years.insert(0, 2025), ("appeared", 2025))


# --- VSB and others ---


def vsb() -> None:
    one = Portal("vsb_links", "vsb", "己县人民政府", "/zwgk/zfxxgknb.htm")
    one.show(
        lambda year: f"/info/1050/{year}8.htm", box="<div id='vsb_content'><div class='v_news_content'>{}</div></div>"
    )
    column = "/zwgk/zfxxgknb"

    def pages() -> int:
        return -(-len(one.years) // 2)

    def shown(number: int, linked: bool = True) -> str:
        """Page `number` from the newest, 1 first."""
        up = "" if number == 1 else "../"
        rows = "".join(
            f"<li id='line_u7_{at}'><a href='{up}../info/1050/{year}8.htm'>{title(one.organ, year)}</a><span>{year + 1}-01-20</span></li>"
            for at, year in enumerate(page_of(one.years, number, 2))
        )
        left = pages() - number
        to = f"zfxxgknb/{left}.htm" if number == 1 else f"{left}.htm"
        onward = (
            f"<span class='p_next p_fun'><a href='{to}'>下页</a></span>"
            if left and linked
            else "<span class=p_next_d>下页</span>"
        )
        return (
            f"<html><head><title>政府信息公开年报</title></head><body><ul>{rows}</ul><div class=pb_sys_common>共{len(one.years)}条 "
            f"{number}/{pages()} {onward}</div><script>_simple_list_gotopage_fun({pages()},'u7_goto',2)</script></body></html>"
        )

    def install(linked: bool = True) -> None:
        one.routes[f"{column}.htm"] = lambda fields, body: shown(1, linked)
        for number in range(2, pages() + 1):
            one.routes[f"{column}/{pages() - number + 1}.htm"] = lambda fields, body, n=number: shown(n, linked)  # type: ignore[misc]

    install()
    one.on(3, lambda: one.routes.pop(f"{column}/1.htm"), incomplete=True)

    def longer() -> None:
        one.years += [2020, 2019]
        install(linked=False)

    one.on(4, longer, ("appeared", 2020), ("appeared", 2019))

    two = Portal("uuid_hebei", "uuid", "庚市人民政府", "/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001/index.html")
    at = "/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001"
    two.show(
        lambda year: f"{at}/{year + 1}01/29/c6d51e4b-0000-4000-8000-00000000{year}.html", box="<div id=zoom>{}</div>"
    )

    def uuids(number: int) -> str:
        rows = "".join(
            f"<li><a href='{at}/{year + 1}01/29/c6d51e4b-0000-4000-8000-00000000{year}.html'>{title(two.organ, year)}</a></li>"
            for year in page_of(two.years, number, 3)
        )
        return f"<html><head><title>政府信息公开年报</title></head><body><ul>{rows}</ul><script>var totalPage = 2;</script></body></html>"

    two.routes[two.section] = lambda fields, body: uuids(1)
    two.routes[two.section.replace("index", "index_2")] = lambda fields, body: uuids(2)
    two.on(
        3, lambda: two.replace(two.section.replace("index", "index_2"), lambda fields, body: uuids(1)), incomplete=True
    )

    two.incomplete |= {4, 5}  # it stays so

    three = Portal("hex_migrates", "hex", "辛市人民政府", "/gk/zfxxgkzl/zfxxgknb/")
    old: Callable[[int], str] = lambda year: f"/gk/zfxxgkzl/zfxxgknb/6229614ff8fd1c0bdc85{year}.html"  # noqa: E731
    new: Callable[[int], str] = lambda year: f"/gk/zfxxgkzl/zfxxgknb/201604446448948{year}.html"  # noqa: E731
    three.show(old, box="<div class='Article_content'>{}</div>")
    place = {"now": old}
    three.routes[three.section] = lambda fields, body: (
        "<html><head><title>政府信息公开年报</title></head><body>"
        + "".join(f"<li><a href='{place['now'](year)}'>{year}年</a></li>" for year in three.years)
        + "</body></html>"
    )

    def migrate() -> None:
        for year in range(2018, 2026):
            three.routes.pop(old(year))
        three.show(new, box="<div class='Article_content'>{}</div>")
        place["now"] = new

    three.on(3, migrate, *(("moved", year) for year in YEARS))


# --- the run ---

WHOLE = "SELECT s.portal FROM sections s JOIN crawls c ON c.id = s.last_complete_crawl WHERE c.started_at = ?"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    home = tmp_path_factory.mktemp("families")
    (home / "portals").mkdir()
    ucap()
    lonsun()
    vsb()
    for portal in PORTALS.values():
        (home / "portals" / f"{portal.name}.toml").write_text(
            f'title = "{portal.organ}"\nfamily = "{portal.family}"\nsections = ["{portal.url}{portal.section}"]\n'
            "[policy]\ndelay = 0.0\nconcurrency = 4\nallow_private = true\nobey_robots = false\n",
            encoding="utf-8",
        )
    days = {}
    whole: set[tuple[str, int]] = set()
    for day in range(1, DAYS + 1):
        for portal in PORTALS.values():
            portal.days.get(day, lambda: None)()
        now = (START + timedelta(days=day - 1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        program = str(Path(sys.executable).with_name("nianbao"))
        done = subprocess.run(
            [program, "--home", str(home), "--now", now, "crawl", *PORTALS], capture_output=True, text=True, timeout=300
        )
        assert "Traceback" not in done.stderr, done.stderr
        days[now] = day
        with sqlite3.connect(home / "nianbao.db") as now_db:
            whole |= {(portal, day) for (portal,) in now_db.execute(WHOLE, (now,))}
    db = sqlite3.connect(home / "nianbao.db")
    yield {
        "events": [
            (portal, days[at], kind, year)
            for portal, at, kind, year in db.execute(
                "SELECT portal, detected_at, kind, year FROM events WHERE baseline = 0 AND kind NOT IN ('finding', 'overdue')"
            )
        ],
        "reports": db.execute("SELECT portal, organ, year, title, published_on, status FROM reports").fetchall(),
        "whole": whole,
        "texts": dict(db.execute("SELECT r.portal, v.text FROM versions v JOIN reports r ON r.id = v.report")),
    }
    for portal in PORTALS.values():
        portal.server.shutdown()
        portal.server.server_close()


NAMES = (
    "ucap_search", "ucap_files", "ucap_interface", "ucap_html", "lonsun_label", "lonsun_inside", "vsb_links", "uuid_hebei", "hex_migrates",
)  # fmt: skip


def test_no_portal_is_left_out(record: dict[str, Any]) -> None:
    assert set(NAMES) == set(PORTALS)


@pytest.mark.parametrize("name", NAMES)
def test_every_report_is_found(record: dict[str, Any], name: str) -> None:
    told = {year for _, kind, year in PORTALS[name].told if kind == "appeared"}
    found = {(organ, year) for portal, organ, year, *_ in record["reports"] if portal == name}
    assert found == {(PORTALS[name].organ, year) for year in {*YEARS, *told}}


@pytest.mark.parametrize("name", NAMES)
def test_only_what_is_true_is_told(record: dict[str, Any], name: str) -> None:
    told = sorted(
        (day, kind, year or 0) for portal, day, kind, year in record["events"] if portal == name and kind != "baseline"
    )
    assert told == sorted(PORTALS[name].told)


@pytest.mark.parametrize("name", NAMES)
def test_a_list_that_failed_is_never_called_whole(record: dict[str, Any], name: str) -> None:
    whole = {day for portal, day in record["whole"] if portal == name}
    assert whole == {*range(1, DAYS + 1)} - PORTALS[name].incomplete


@pytest.mark.parametrize("name", NAMES)
def test_their_pages_read_well(record: dict[str, Any], name: str) -> None:
    organ = PORTALS[name].organ
    for portal, _, year, printed, published, _ in record["reports"]:
        if portal == name:
            assert (printed, published) == (title(organ, year), f"{year + 1}-01-20")
    text = record["texts"][name]
    assert "PAGE_BREAK" not in text
    assert "首页" not in text
