"""Portals that nobody wrote the program for: their own markup, their own noise, their own ways to break.

One installation reads all of them over seven simulated days, as an operator runs it. Each scenario says what may be told
of its portal, day by day; anything else that is told is a false alert, anything missing a missed one.
"""

import base64
import gzip
import io
import json
import random
import re
import socket
import socketserver
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import opencc
import pytest
from PIL import Image, ImageDraw

DAYS, START = 7, datetime(2026, 4, 2, 1, 0, tzinfo=UTC)
SECTION = "/xxgk/nb/"
Told = tuple[int, str, int | None]
"""Day, kind of event, year of the report."""

# --- a server for odd answers ---


@dataclass
class Reply:
    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    mode: str = ""
    """reset, truncate, http10, chunked, gzip"""


@dataclass(frozen=True)
class Asked:
    path: str
    query: str
    headers: dict[str, str]


Route = Callable[[Asked], Reply | str]


class Site:
    """One portal's web server on an address of its own; `routes` by path may change between days."""

    def __init__(self, number: int) -> None:
        self.routes: dict[str, Route] = {}
        self.broken = ""
        site = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, ValueError):
                    while site._exchange(self):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that hangs up is none of our business."""

        host = f"127.0.4.{number}"
        try:
            self._server = Server((host, 0), Handler)
        except OSError:  # macOS has 127.0.0.1 alone
            self._server = Server(("127.0.0.1", 0), Handler)
        self.host, self.port = self._server.server_address[:2]
        self.url = f"http://{self.host}:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _exchange(self, handler: socketserver.StreamRequestHandler) -> bool:
        line = handler.rfile.readline(65536).decode("latin-1")
        if not line.strip():
            return False
        path, _, query = line.split(" ")[1].partition("?")
        headers = {}
        while (header := handler.rfile.readline(65536).decode("latin-1")).strip():
            name, _, value = header.partition(":")
            headers[name.strip().lower()] = value.strip()
        route = self.routes.get(path)
        reply = Reply("down", 503) if self.broken else route(Asked(path, query, headers)) if route else NOT_FOUND
        return self._send(handler, Reply(reply) if isinstance(reply, str) else reply)

    def _send(self, handler: socketserver.StreamRequestHandler, reply: Reply) -> bool:
        if reply.mode == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            return False
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        headers = {**({"Content-Type": reply.content_type} if reply.content_type else {}), **reply.headers}
        if reply.mode == "gzip":
            body, headers["Content-Encoding"] = gzip.compress(body, 1), "gzip"
        if reply.mode == "chunked":
            headers["Transfer-Encoding"] = "chunked"
            parts = [body[at : at + 997] for at in range(0, len(body), 997)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif reply.mode != "http10":
            headers["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        version = "1.0" if reply.mode == "http10" else "1.1"
        sent = body[: len(body) // 2] if reply.mode == "truncate" else body
        handler.wfile.write(f"HTTP/{version} {reply.status} x\r\n{head}\r\n".encode("latin-1") + sent)
        return reply.mode not in ("http10", "truncate")


NOT_FOUND = Reply("<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>", 404)


def redirect(to: str, status: int = 302, **headers: str) -> Reply:
    fields = {"Location": to} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply("", status, headers=fields)


# --- reports and templates of our own ---


@dataclass(frozen=True)
class Doc:
    organ: str
    year: int
    title: str = ""
    date: str = ""
    hour: str = "09:12"
    requests: int = 37
    extra: str = ""

    @property
    def name(self) -> str:
        return self.title or f"{self.organ}{self.year}年政府信息公开工作年度报告"

    @property
    def day(self) -> str:
        return self.date or f"{self.year + 1}-01-{10 + self.year % 15}"


def paragraphs(doc: Doc) -> list[str]:
    """Paragraphs, and `@2`, `@3` for the tables."""
    year, organ = doc.year, doc.organ
    lines = [
        f"根据《中华人民共和国政府信息公开条例》第五十条要求，{organ}编制本年度报告。本报告所列数据的统计期限自{year}年1月1日起至{year}年12月31日止。",
        "一、总体情况",
        f"{year}年，{organ}通过门户网站主动公开政府信息{year % 89}条，召开新闻发布会{year % 7}场，组织业务培训2次，未发生责任追究情形。",
        "二、主动公开政府信息情况", "@2",
        "三、收到和处理政府信息公开申请情况", "@3",
        "五、存在的主要问题及改进情况",
        "一是政策解读形式较为单一，文字解读占比偏高；二是个别科室主动公开意识不强。下一步将丰富解读形式，压实各科室责任。",
        "六、其他需要报告的事项",
        f"按照《政府信息公开信息处理费管理办法》规定，{year}年未收取信息处理费。",
    ]  # fmt: skip
    return [*lines, doc.extra] if doc.extra else lines


def rows_of(mark: str, doc: Doc) -> list[list[str]]:
    if mark == "@2":
        return [["第二十条第（五）项"], ["信息内容", "本年处理决定数量"], ["行政许可", str(doc.year % 53)]]
    figures = [str(doc.requests), "0", "0", "0", "0", "0", str(doc.requests)]
    return [
        ["一、本年新收政府信息公开申请数量", *figures],
        ["（七）总计", *figures],
        ["四、结转下年度继续办理", *["0"] * 7],
    ]


def body(doc: Doc, line: str = "<p>{}</p>", cell: str = "<td{span}>{text}</td>", row: str = "<tr>{}</tr>") -> str:
    parts = []
    for text in paragraphs(doc):
        if not text.startswith("@"):
            parts.append(line.format(text))
            continue
        rows = rows_of(text, doc)
        wide = max(map(len, rows))
        spans = [f' colspan="{wide}"' if len(cells) == 1 else "" for cells in rows]
        inner = [
            row.format("".join(cell.format(span=span, text=text) for text in cells))
            for cells, span in zip(rows, spans, strict=True)
        ]
        parts.append(f'<table border="1">{"".join(inner)}</table>')
    return "\n".join(parts)


class Noise:
    """What differs at every request."""

    def __init__(self) -> None:
        dice = random.Random()
        self.count = dice.randrange(100, 99999)
        self.token = f"{dice.getrandbits(128):032x}"
        self.today = f"2026年{dice.randint(1, 12)}月{dice.randint(1, 28)}日 星期{dice.choice('一二三四五六日')}"
        self.weather = f"{dice.choice(['晴', '多云', '小雨', '阴'])} {dice.randint(-5, 9)}~{dice.randint(11, 35)}℃"
        words = ["区长调研重点项目", "全区安全生产会议召开", "就业服务进社区", "老旧小区改造问答"]
        self.links = "".join(
            f'<li><a href="/zw/t{dice.randrange(10**7)}.html">{dice.choice(words)}{dice.randint(1, 99)}</a>'
            f"<span>[{dice.randint(10, 12)}-11]</span></li>"
            for _ in range(5)
        )


def modern(doc: Doc, more: str = "") -> str:
    """A big city's template: national tags, weather, counters, related lists."""
    n = Noise()
    return f"""<!DOCTYPE html><html><head><meta charset="utf-8"><title>{doc.name}_{doc.organ}门户网站</title>
<meta name="ArticleTitle" content="{doc.name}"><meta name="PubDate" content="{doc.day} {doc.hour}">
<meta name="ContentSource" content="{doc.organ}">
<meta name="_csrf" content="{n.token}"></head><body><div class="top">{n.today} {n.weather} <a href="/login?t={n.token}">登录</a></div>
<ul><li><a href="/">首页</a></li><li><a href="/zwgk/">政务公开</a></li></ul><div class="detail"><h1>{doc.name}</h1>
<div class="info">发布日期：{doc.day} {doc.hour} 来源：{doc.organ} 浏览次数：<em>{n.count}</em> 字号：<a>大</a> <a>中</a> <a>小</a></div>
<div class="d-con">{body(doc)}{more}</div><div class="related"><h3>相关链接</h3><ul>{n.links}</ul></div></div>
<div class="side"><h3>最新信息</h3><ul>{n.links}</ul></div><div class="foot">主办：{doc.organ}办公室 今日访问量：{n.count}</div>
</body></html>"""


def nineties(doc: Doc, more: str = "") -> str:
    """Layout tables in layout tables, upper case, cells that nobody closes, no tags."""
    n = Noise()
    inner = body(doc, "<P>　　{}<BR>", "<TD{span}>{text}", "<TR>{}").replace("table", "TABLE")
    return f"""<HTML><HEAD><TITLE>{doc.name}</TITLE></HEAD><BODY BGCOLOR=#FFFFFF><TABLE WIDTH=1000><TR><TD COLSPAN=2>
<IMG SRC="/top.gif?{n.token}"></TD></TR>
<TR><TD WIDTH=200><TABLE><TR><TD>今天是{n.today}<TR><TD><A HREF="/">网站首页</A><TR><TD><A HREF="/zw/">政务之窗</A><TR>
<TD>最新动态<UL>{n.links}</UL></TABLE></TD>
<TD><TABLE BORDER=0><TR><TD>您现在的位置：<A HREF="/">首页</A> >> 信息公开年报<TR><TD><FONT SIZE=5><B>{doc.name}</B></FONT>
<TR><TD>发布时间：{doc.day}　信息来源：{doc.organ}　点击数：{n.count}<TR><TD><TABLE><TR><TD CLASS=x>{inner}{more}</TD></TR></TABLE>
</TD></TR></TABLE></TD></TR>
<TR><TD COLSPAN=2>版权所有 {doc.organ}　您是第{n.count}位访客</TD></TR></TABLE></BODY></HTML>"""


def pasted(doc: Doc, more: str = "") -> str:
    """A body pasted from Word: every digit a span of its own; particulars in a table, no tags."""
    n = Noise()

    def word(text: str) -> str:
        return re.sub(r"\d", lambda digit: f'<span lang="EN-US" style="font-size:16pt">{digit[0]}</span>', text)

    inner = "".join(part if part.startswith("<table") else word(part) for part in body(doc).split("\n"))
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>{doc.name} - {doc.organ}</title>
<link href="/a.css?v={n.token}"></head><body>
<header>{n.today} {n.weather}</header><table><tr><td>索引号</td><td>014-{doc.year}</td><td>发布机构</td><td>{doc.organ}</td></tr>
<tr><td>名称</td><td>{doc.name}</td><td>发布日期</td><td>{doc.day}</td></tr></table><h2>{doc.name}</h2><article>
<div class="Section0">{inner}</div>{more}</article>
<div>【<a>打印</a>】【<a>关闭</a>】 阅读量：{n.count}</div><footer>版权所有：{doc.organ} 访问总量 {n.count}</footer></body></html>"""


def chatty(doc: Doc, more: str = "") -> str:
    """Counters, dates and the weather inside the very box of the text, in words of its own."""
    n = Noise()
    return f"""<html><head><meta charset="utf-8"><title>{doc.name}</title></head><body><div class="content">
<p>今天是{n.today} {n.weather}</p><h1>{doc.name}</h1>
<div>时间：{doc.day}　来源：{doc.organ}　人气：[{n.count}]</div><p>已有 {n.count} 人浏览　{doc.day} {doc.hour}</p>{body(doc)}{more}
<p>本文共阅读 {n.count} 次　页面加载耗时 0.{n.count} 秒　打印时间：{n.today}</p><p>您是第 {n.count} 位访问者</p><p>网友评论({n.count})</p>
<p>Counter: {n.count} &copy; {doc.organ}</p></div></body></html>"""


Template = Callable[..., str]


def column(items: Iterable[tuple[str, str]], more: str = "") -> str:
    n = Noise()
    rows = "".join(f'<li><a href="{to}" title="{text}">{text[:20]}...</a><i>2026-01-20</i></li>' for to, text in items)
    return (
        f'<html><head><meta charset="utf-8"><title>政府信息公开年报</title></head><body>{n.today}<ul class="list">{rows}</ul>{more}'
        f'<div class="hot"><ul>{n.links}</ul></div>访问量：{n.count}</body></html>'
    )


def pdf(text: str) -> bytes:
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


def png(seed: int, level: int = 6) -> bytes:
    image = Image.new("RGB", (300, 200), "white")
    draw, dice = ImageDraw.Draw(image), random.Random(seed)
    for _ in range(300):
        draw.point(
            [(dice.randrange(300), dice.randrange(200)) for _ in range(20)], fill=dice.choice(["black", "red", "blue"])
        )
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return file.getvalue()


# --- scenarios ---


class Scenario:
    """A portal, what happens to it on which day, and what may be told of it."""

    def __init__(
        self, name: str, organ: str = "", years: Iterable[int] = (2025, 2024, 2023, 2022), template: Template = modern
    ) -> None:
        self.name, self.organ, self.template = name, organ, template
        self.family, self.sections = "generic", [SECTION]
        self.days: dict[int, list[Callable[[], object]]] = {}
        self.told: list[Told] = []
        self.docs = {year: Doc(organ, year) for year in years}
        self.expected = {(organ, year) for year in self.docs}
        self.site = Site(len(SCENARIOS) + 1)
        self.more: dict[int, Callable[[], str]] = {}
        SCENARIOS[name] = self
        self.route(SECTION, lambda asked: column((address(year), doc.name) for year, doc in self.docs.items()))
        for year in self.docs:
            self.show(year)

    def route(self, path: str, answer: Route | Reply | str | None) -> None:
        if answer is None:
            self.site.routes.pop(path, None)
        else:
            self.site.routes[path] = answer if callable(answer) else lambda asked: answer

    def show(self, year: int, template: Template | None = None) -> None:
        def answer(asked: Asked) -> str:
            return (template or self.template)(self.docs[year], self.more.get(year, str)())

        self.route(address(year), answer)

    def change(self, year: int, **fields: Any) -> None:
        self.docs[year] = replace(self.docs[year], **fields)

    def on(self, day: int, do: Callable[[], object], *told: tuple[str, int | None], after: int = 0) -> None:
        """On that day `do` happens, of which `told` is told, `after` days later."""
        self.days.setdefault(day, []).append(do)
        self.told += [(day + after, kind, year) for kind, year in told]


SCENARIOS: dict[str, Scenario] = {}


def address(year: int) -> str:
    return f"{SECTION}{year}/t{year}01.html"


def build() -> None:
    """All scenarios. Names of places are made up."""
    Scenario("noise_modern", "兰亭区人民政府")
    Scenario("noise_nineties", "沙洲县人民政府", template=nineties)
    Scenario("noise_pasted", "石门区司法局", template=pasted)
    Scenario("noise_chatty", "静宁里县人民政府", template=chatty)
    cosmetics()
    changes()
    files()
    outages()
    takedowns()
    portals()
    publishing()
    lists()
    hostile()


def cosmetics() -> None:
    one = Scenario("redesign", "白塔区人民政府")
    for day, template in ((3, pasted), (4, nineties), (5, chatty), (6, modern)):
        one.on(day, lambda template=template, one=one: [one.show(year, template) for year in one.docs])
    # 2023: another charset each day, under headers that say otherwise; 2022: full-width forms; 2024: Traditional script.
    two = Scenario("encodings", "赤峰沟县人民政府")
    told = {
        3: ("gb18030", "text/html"),
        4: ("gb18030", "text/html; charset=utf-8"),
        5: ("gb18030", "text/html; charset=ISO-8859-1"),
    }
    for day, (codec, header) in told.items():

        def encoded(codec: str = codec, header: str = header) -> None:
            def answer(asked: Asked) -> Reply:
                page = modern(two.docs[2023]).replace('<meta charset="utf-8">', "")
                return Reply(page.encode(codec, "xmlcharrefreplace"), content_type=header)

            two.route(address(2023), answer)

        two.on(day, encoded)
    wide = str.maketrans("（），", "(),")
    gate = opencc.OpenCC("s2t")
    two.on(3, lambda: two.route(address(2022), lambda asked: modern(two.docs[2022]).translate(wide)))
    two.on(
        3, lambda: two.route(address(2024), lambda asked: gate.convert(modern(two.docs[2024])).replace("信息", "資訊"))
    )
    two.on(3, lambda: two.change(2025, hour="17:30"))
    two.expected = {(gate.convert(two.organ) if year == 2024 else two.organ, year) for year in two.docs}  # as printed
    three = Scenario("transports", "渔湾区人民政府")
    for year, mode in zip((2025, 2024, 2023), ("gzip", "chunked", "http10"), strict=True):
        three.route(address(year), lambda asked, year=year, mode=mode: Reply(modern(three.docs[year]), mode=mode))

    def once(asked: Asked) -> Reply:
        seen = "seen=1" in asked.headers.get("cookie", "")
        return Reply(modern(three.docs[2022])) if seen else redirect(asked.path, 302, Set_Cookie="seen=1; path=/")

    three.route(address(2022), once)


def changes() -> None:
    for name, organ, template in (
        ("digit_modern", "楚水县人民政府", modern),
        ("digit_nineties", "楚山县人民政府", nineties),
        ("digit_pasted", "楚河县人民政府", pasted),
    ):
        one = Scenario(name, organ, template=template)
        one.on(3, lambda one=one: one.change(2024, requests=38), ("changed", 2024))
        one.on(5, lambda one=one: one.change(2024, requests=37), ("changed", 2024))
    two = Scenario("one_character", "吴江里区人民政府", (2025, 2024, 2023, 2022, 2021))
    two.on(3, lambda: two.change(2025, title="吴江里区人民政府2025年政府信息公开年度报告"), ("changed", 2025))
    two.on(3, lambda: two.change(2024, date="2025-02-11"), ("changed", 2024))
    two.on(4, lambda: two.change(2023, extra="本年度无其他需要报告的重大事项。"), ("changed", 2023))
    swapped = modern(two.docs[2022]).replace("丰富解读", "丰富解释")
    two.on(4, lambda: two.route(address(2022), swapped), ("changed", 2022))


def files() -> None:
    one = Scenario("attachments", "郑家区人民政府", range(2025, 2018, -1))
    shown = {year: f"/files/P{year}.pdf" for year in one.docs}
    for year, path in shown.items():
        one.more[year] = lambda path=path: f'<p>附件：<a href="{path}?v={random.random()}">年报.pdf</a></p>'
        one.route(path, Reply(pdf(f"figures of {year}"), content_type="application/pdf"))

    def file(year: int, data: bytes) -> Callable[[], None]:
        return lambda: one.route(shown[year], Reply(data, content_type="application/pdf"))

    one.on(3, file(2025, pdf("other figures of 2025")), ("changed", 2025))
    one.on(3, file(2024, pdf("figures of 2024") + b"\n% saved again"))
    one.on(3, lambda: one.route(shown[2023], None), ("changed", 2023), after=2)  # gone is content once it is confirmed
    one.on(3, lambda: one.route(shown[2022], Reply("busy", 503)))
    one.on(3, lambda: one.route(shown[2021], "<html><body><h1>系统繁忙，请稍后再试</h1></body></html>"))
    one.on(3, lambda: one.more.pop(2020), ("changed", 2020))
    two = Scenario("pictures", "冯家区人民政府", (2025, 2024, 2023, 2022))
    state = {2025: png(1), 2024: png(1), 2023: png(1)}
    for year in state:
        two.more[year] = lambda year=year: f'<p><img src="/img/{year}.png?t={random.random()}"></p>'
        two.route(f"/img/{year}.png", lambda asked, year=year: Reply(state[year], content_type="image/png"))
    inline = {"seed": 1}
    two.more[2022] = lambda: (
        f'<p><img src="data:image/png;base64,{base64.b64encode(png(inline["seed"])).decode()}"></p>'
    )
    two.on(3, lambda: state.update({2025: png(2)}), ("changed", 2025))
    two.on(3, lambda: state.update({2024: png(1, level=1)}))
    two.on(4, lambda: inline.update(seed=2), ("changed", 2022))


RUISHU = '<html><head><meta content="x" r="m"><script r="m">$_ts=window["$_ts"];$_ts.nsd=1;</script></head><body></body></html>'
JSL = "<script>document.cookie=('__')+('jsl_clearance_s')+'=1';location.href=location.pathname</script>"
LOGIN = '<html><head><title>平台</title></head><body><form><input placeholder="用户名"><input type="password"></form></body></html>'
CAPTCHA = "<html><head><title>安全验证</title></head><body><p>请完成以下验证后继续操作</p><p>向右滑动填充拼图</p></body></html>"
SERVICE = "<html><head><title>系统维护</title></head><body><p>系统升级维护中，请稍后再访问。</p></body></html>"
NGINX = "<html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>"
TRACE = "<html><body><pre>java.lang.NullPointerException at org.apache.jsp.index_jsp</pre></body></html>"


def outages() -> None:
    """From the third day to the seventh, long enough for any confirmation: none of it says anything about a report."""
    one = Scenario("outages", "观澜区人民政府", range(2025, 2010, -1))
    cut = modern(one.docs[2011])
    replies: dict[int, Reply] = {
        2025: Reply("busy", 503), 2024: Reply(mode="reset"), 2023: Reply(modern(one.docs[2023]), mode="truncate"),
        2022: Reply(""), 2021: Reply(RUISHU, 412), 2020: Reply(JSL, 521), 2019: Reply(CAPTCHA), 2018: redirect("/sso/login?to=x"),
        2017: Reply(RUISHU), 2016: Reply(SERVICE), 2015: Reply("no", 403), 2014: Reply(NGINX), 2013: Reply(TRACE),
        2012: redirect(address(2012)), 2011: Reply(cut[: len(cut) // 2]),
    }  # fmt: skip
    one.route("/sso/login", LOGIN)
    for year, reply in replies.items():
        one.on(3, lambda year=year, reply=reply: one.route(address(year), reply))


def takedowns() -> None:
    home = column([("/a/1.html", "区长活动")]).replace("政府信息公开年报", "陶然区人民政府门户网站")
    nav = (
        '<html><head><meta charset="utf-8"><title>提示</title></head><body><a href="/">首页</a><p>{}</p></body></html>'
    )
    refresh = '<html><head><meta http-equiv="refresh" content="0; url=/"></head><body></body></html>'
    removed = nav.format("抱歉，您访问的页面不存在或已被删除！")
    ways: dict[str, tuple[Reply | None, ...]] = {
        "taken_down_by_status": (None, Reply("gone", 410), Reply(removed), redirect("/"), redirect(SECTION, 301)),
        "taken_down_by_page": (
            redirect("/404.html"), Reply(refresh), Reply("<html><script>alert('该信息已被删除！');history.back();</script></html>"),
            Reply(nav.format("文档不存在或已被删除！")),
        ),
    }  # fmt: skip
    for (name, replies), organ in zip(ways.items(), ("陶然区人民政府", "陶乐区人民政府"), strict=True):
        one = Scenario(name, organ, range(2025, 2007, -1))
        one.route("/", home)
        one.route("/404.html", '<html><head><title>页面没有找到</title></head><body><img src="/404.png"></body></html>')
        for year, way in zip(one.docs, replies, strict=False):
            one.on(3, lambda one=one, year=year, way=way: one.route(address(year), way), ("taken_down", year), after=2)
    news = "<p>会议研究了今年重点工程推进情况，对下一步工作作出部署，要求各单位压实责任、加快进度、确保质量。</p>" * 8
    other = f"<html><head><title>区政府常务会议</title></head><body><h1>区政府召开常务会议</h1><div>{news}</div></body></html>"
    one.on(3, lambda: one.route(address(2015), other), ("taken_down", 2015), after=3)  # no error page: once more
    two = Scenario("comings_and_goings", "姜家区人民政府", range(2025, 2011, -1))
    two.on(3, lambda: two.route(address(2024), None), ("taken_down", 2024), after=2)
    two.on(6, lambda: two.show(2024), ("restored", 2024), ("changed", 2024))
    two.on(6, lambda: two.change(2024, requests=99))
    two.on(3, lambda: two.route(address(2023), None))  # back before it is confirmed
    two.on(5, lambda: two.show(2023))
    two.on(3, lambda: two.docs.pop(2022), ("delisted", 2022))
    gone = two.docs[2022]
    two.on(5, lambda: two.docs.update({2022: gone}), ("relisted", 2022))
    two.route(address(2022), lambda asked: modern(gone))
    three = Scenario("moves", "尚家区人民政府", range(2025, 2015, -1))
    ends = {2022: None, 2021: redirect("/n/2021.html", 301), 2020: Reply(refresh.replace("url=/", "url=/n/2020.html"))}
    three.route(
        SECTION,
        lambda asked: column(
            (f"/n/{year}.html" if f"/n/{year}.html" in three.site.routes else address(year), doc.name)
            for year, doc in three.docs.items()
        ),
    )
    for year, end in ends.items():

        def move(year: int = year, end: Reply | None = end) -> None:
            three.route(f"/n/{year}.html", lambda asked: pasted(three.docs[year]))
            three.route(address(year), end)

        three.on(3, move, ("moved", year))
    three.on(3, lambda: three.change(2022, requests=41), ("changed", 2022))


def portals() -> None:
    one = Scenario("portal_down", "平岗县人民政府")
    one.on(3, lambda: setattr(one.site, "broken", "yes"), ("portal_down", None), after=2)
    one.on(6, lambda: setattr(one.site, "broken", ""), ("portal_recovered", None))
    two = Scenario("every_page_is_home", "正宁里县人民政府", range(2025, 2019, -1))
    home = column([("/z/1.html", "要闻")]).replace("政府信息公开年报", "正宁里县人民政府门户网站")
    saved = dict(two.site.routes)
    two.on(3, lambda: [two.route(path, home) for path in saved], ("portal_broken", None))
    two.on(5, lambda: two.site.routes.update(saved), ("portal_recovered", None))
    three = Scenario("rebuilt", "尚口区人民政府", range(2025, 2019, -1))

    def rebuild() -> None:
        listed = [(f"/content/post_{year}77.html", doc.name) for year, doc in three.docs.items()]
        three.route(SECTION, lambda asked: column(listed))
        for (path, _), year in zip(listed, three.docs, strict=True):
            three.route(path, lambda asked, year=year: pasted(three.docs[year]))
            three.route(address(year), None)

    three.on(3, rebuild, *(("moved", year) for year in three.docs))
    four = Scenario("second_page_fails", "汉丰区人民政府", range(2025, 2017, -1))
    four.family = "trs"
    pager = '<script>createPageHTML(2, {}, "index", "html");</script>'

    def half(first: bool) -> Route:
        def answer(asked: Asked) -> str:
            years = list(four.docs)[:4] if first else list(four.docs)[4:]
            return column(((address(year), four.docs[year].name) for year in years), pager.format(0 if first else 1))

        return answer

    four.route(SECTION, half(True))
    four.route(SECTION + "index_1.html", half(False))
    four.on(3, lambda: four.route(SECTION + "index_1.html", Reply("busy", 503)))
    four.on(5, lambda: four.route(SECTION + "index_1.html", None))
    four.on(7, lambda: four.route(SECTION + "index_1.html", half(False)))


def publishing() -> None:
    one = Scenario("overwritten", "", ())
    one.expected = {("石湾镇人民政府", 2024), ("石湾镇人民政府", 2025)}
    one.route(SECTION, lambda asked: modern(Doc("石湾镇人民政府", 2024)))
    later = lambda asked: modern(Doc("石湾镇人民政府", 2025))  # noqa: E731
    one.on(3, lambda: one.route(SECTION, later), ("appeared", 2025))
    one.on(3, lambda: None, ("taken_down", 2024), after=2)
    two = Scenario("all_years", "", ())
    two.expected = {("百合镇人民政府", year) for year in range(2021, 2026)}
    state: dict[str, Any] = {"years": [2024, 2023, 2022, 2021], "requests": 37}

    def all_years(asked: Asked) -> str:
        docs = [
            Doc("百合镇人民政府", year, requests=state["requests"] if year == 2022 else 37) for year in state["years"]
        ]
        parts = "".join(f"<div><h3>{doc.year}年度政府信息公开工作年度报告</h3>{body(doc)}</div>" for doc in docs)
        tabs = "".join(f"<li>{doc.year}年</li>" for doc in docs)
        n = Noise()
        return f"<html><head><title>政府信息公开年报</title></head><body>{n.today}<ul>{tabs}</ul>{parts}访问量{n.count}</body></html>"

    two.route(SECTION, all_years)
    two.on(3, lambda: state["years"].insert(0, 2025), ("appeared", 2025))
    two.on(4, lambda: state.update(requests=88), ("changed", 2022))
    two.on(5, lambda: state["years"].remove(2023), ("taken_down", 2023), after=2)
    three = Scenario("queried", "", ())
    three.expected = {("泰丰市财政局", year) for year in range(2022, 2026)}
    three.family, three.sections = "hanweb", ["/module/xxgk/xxgkAnnualReport.jsp?area=370900&fbtime={year}"]
    last = {"year": 2024, "requests": 37}

    def queried(asked: Asked) -> str:
        year = int(asked.query.rpartition("=")[2] or last["year"])
        if not 2022 <= year <= last["year"]:
            return '<html><head><title>年度报告</title></head><body><a href="/">首页</a><div>暂无相关信息！</div></body></html>'
        return modern(Doc("泰丰市财政局", year, requests=last["requests"] if year == 2023 else 37))

    three.route("/module/xxgk/xxgkAnnualReport.jsp", queried)
    three.on(3, lambda: last.update(year=2025), ("appeared", 2025))
    three.on(4, lambda: last.update(requests=38), ("changed", 2023))
    four = Scenario("year_columns", "", ())
    four.expected = {("金沙市教育局", year) for year in (2023, 2024, 2025)}
    four.sections = ["/nb/2024n/"]
    years = [2024, 2023]

    def year_column(year: int) -> Route:
        def answer(asked: Asked) -> str:
            side = "".join(f'<li><a href="../{other}n/">{other}年</a></li>' for other in years)
            return column([(f"./t{year}.html", Doc("金沙市教育局", year).name)], f'<ul id="nb_list">{side}</ul>')

        return answer

    for year in (2023, 2024, 2025):
        four.route(f"/nb/{year}n/t{year}.html", lambda asked, year=year: modern(Doc("金沙市教育局", year)))
        if year < 2025:
            four.route(f"/nb/{year}n/", year_column(year))
    four.on(3, lambda: (years.insert(0, 2025), four.route("/nb/2025n/", year_column(2025))), ("appeared", 2025))


TITLES = (
    ("汾州市", 2022, "2022年汾州市政府信息公开工作年度报告"), ("沁水街道办事处", 2018, "2018年沁水街道办事处政府信息公开年度报告"),
    ("汾河区水务局", 2023, "汾河区水务局2023年度政府信息公开工作报告"), ("汾宁县", 2021, "汾宁县政府信息公开工作2021年度报告"),
    ("高岭镇", 2017, "高岭镇_2017年_政府信息公开年度报告"), ("汾河区统计局", 2019, "汾河区统计局二〇一九年政府信息公开工作年度报告"),
    ("汾河区医疗保障局", 2020, "汾河区医疗保障局政府信息公开工作年度报告（2020年度）"), ("汾河区林草局", 2022, "汾河区林草局"),
    ("汾河区发展和改革局", 2023, "政府信息公开工作年报"),
)  # fmt: skip
NEAR_MISSES = (
    "漳河区2025年政府网站工作年度报表", "漳河区2025年法治政府建设年度报告", "漳河区财政局2025年部门决算", "2026年政府工作报告",
    "漳河区政府信息公开工作年度报告制度", "关于编制2025年政府信息公开工作年度报告的通知", "漳河区第一中学2025年信息公开年度报告",
)  # fmt: skip
COMPANIONS = (
    "一图读懂漳河区人民政府2025年政府信息公开工作年度报告",
    "《漳河区人民政府2025年政府信息公开工作年度报告》解读",
)


def lists() -> None:
    one = Scenario("titles", "", ())
    one.expected = {(organ, year) for organ, year, _ in TITLES}
    one.route(SECTION, lambda asked: column((f"{SECTION}t/{n}.html", title) for n, (_, _, title) in enumerate(TITLES)))
    for number, (organ, year, title) in enumerate(TITLES):
        doc = Doc(organ, year, title)
        one.route(f"{SECTION}t/{number}.html", lambda asked, doc=doc: (modern if len(doc.name) < 12 else nineties)(doc))
    two = Scenario("near_misses", "漳河区人民政府", (2025, 2024))
    rest = [(f"/n/{number}.html", title) for number, title in enumerate((*NEAR_MISSES, *COMPANIONS))]
    own = two.docs
    two.route(SECTION, lambda asked: column([*((address(year), doc.name) for year, doc in own.items()), *rest]))
    prose = "<p>各单位要高度重视，认真组织，确保按时保质完成各项任务，切实保障人民群众知情权、参与权、监督权。</p>" * 6
    for path, title in rest:
        two.route(
            path, f"<html><head><title>{title}</title></head><body><h1>{title}</h1><div>{prose}</div></body></html>"
        )
    three = Scenario("written_by_script", "江口区人民政府", (2025, 2024))
    three.family = "trs"
    row = (
        '<script>var url=".{}";var title="{}";document.writeln("<li><a href=\\"" + url + "\\">" + title + "</a></li>");</script>'
        "<!-- <li><a href='./old.html'>江口区人民政府2001年政府信息公开工作年度报告</a></li> -->"
    )
    three.route(
        SECTION,
        lambda asked: column(
            [], "".join(row.format(address(year).removeprefix(SECTION[:-1]), d.name) for year, d in three.docs.items())
        ),
    )
    four = Scenario("robots_and_strangers", "洛河区人民政府")
    four.route("/robots.txt", Reply(f"User-agent: *\nDisallow: {SECTION}2022/\n", content_type="text/plain"))
    four.expected = {("洛河区人民政府", year) for year in (2025, 2024, 2023)}
    stranger = ("http://127.0.5.9:9/x.html", "洛河区人民政府2021年政府信息公开工作年度报告")
    named = [(address(year), doc.name) for year, doc in four.docs.items()]
    four.route(SECTION, lambda asked: column([*named, stranger]))


def hostile() -> None:
    one = Scenario("hostile", "泾河区人民政府")
    names = ("科技局", "商务局", "住建局", "交通局", "农业局", "体育局")
    docs = [Doc(f"泾河区{name}", 2025) for name in names]
    links = [(f"/h/{number}.html", doc.name) for number, doc in enumerate(docs)]
    own = [(address(year), doc.name) for year, doc in one.docs.items()]
    one.route(SECTION, lambda asked: column([*own, *links]))
    deep = "<div>" * 30000 + '<div class="detail">'
    one.route("/h/0.html", lambda asked: modern(docs[0]).replace('<div class="detail">', deep))
    bomb = gzip.compress(b"<html>" + bytes(60_000_000), 9)
    one.route("/h/1.html", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    one.route("/h/2.html", Reply(modern(docs[2]) + "<!--" + "x" * 21_000_000 + "-->"))
    one.route("/h/3.html", redirect("/h/loop.html"))
    one.route("/h/loop.html", redirect("/h/3.html"))
    one.route("/h/4.html", redirect("http://169.254.169.254/latest/meta-data/"))
    one.route("/h/5.html", lambda asked: modern(docs[5]).replace("主动公开", "主动\x00公开"))
    one.expected |= {("泾河区科技局", 2025), ("泾河区体育局", 2025)}


# --- the run ---


def run(home: Path) -> dict[str, Any]:
    """Seven days; what the record then says, as plain values."""
    build()
    (home / "portals").mkdir(parents=True)
    for scenario in SCENARIOS.values():
        sections = json.dumps([scenario.site.url + section for section in scenario.sections])
        head = f'title = "{scenario.organ or "某地人民政府"}"\norgan = "{scenario.organ}"\n'
        head += f'family = "{scenario.family}"\nsections = {sections}\n'
        policy = "[policy]\ndelay = 0.0\nconcurrency = 4\nallow_private = true\n"
        (home / "portals" / f"{scenario.name}.toml").write_text(head + policy, encoding="utf-8")
    codes, days = [], {}
    for day in range(1, DAYS + 1):
        for scenario in SCENARIOS.values():
            for do in scenario.days.get(day, []):
                do()
        now = (START + timedelta(days=day - 1, minutes=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        command = [
            str(Path(sys.executable).with_name("nianbao")),
            "--home",
            str(home),
            "--now",
            now,
            "crawl",
            *SCENARIOS,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        codes.append(done.returncode)
        days[now] = day
    db = sqlite3.connect(home / "nianbao.db")
    events = db.execute("SELECT portal, detected_at, kind, year FROM events WHERE baseline = 0 ORDER BY id").fetchall()
    for scenario in SCENARIOS.values():
        scenario.site.close()
    return {
        "codes": codes,
        "events": [(portal, days[at], kind, year) for portal, at, kind, year in events],
        "reports": db.execute("SELECT portal, organ, year FROM reports").fetchall(),
        "companions": db.execute("SELECT portal, title FROM companions").fetchall(),
        "findings": db.execute(
            "SELECT c.portal, f.rule, f.url FROM findings f JOIN crawls c ON c.id = f.crawl"
        ).fetchall(),
        "told": {name: one.told for name, one in SCENARIOS.items()},
        "expected": {name: sorted(one.expected) for name, one in SCENARIOS.items()},
    }


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Any:
    """The run, made once however many workers there are."""
    root = tmp_path_factory.getbasetemp()
    shared = (root if worker_id == "master" else root.parent) / "unseen"
    result = shared / "result.json"
    try:
        shared.mkdir()
    except FileExistsError:
        for _ in range(1800):
            if result.exists():
                break
            time.sleep(0.1)
    else:
        made = run(shared / "home")
        (shared / "writing").write_text(json.dumps(made), encoding="utf-8")
        (shared / "writing").rename(result)
    return json.loads(result.read_text(encoding="utf-8"))


NAMES = (
    "noise_modern", "noise_nineties", "noise_pasted", "noise_chatty", "redesign", "encodings", "transports", "digit_modern",
    "digit_nineties", "digit_pasted", "one_character", "attachments", "pictures", "outages", "taken_down_by_status",
    "taken_down_by_page", "comings_and_goings",
    "moves", "portal_down", "every_page_is_home", "rebuilt", "second_page_fails", "overwritten", "all_years", "queried",
    "year_columns", "titles", "near_misses", "written_by_script", "robots_and_strangers", "hostile",
)  # fmt: skip
UNTOLD = ("baseline", "finding", "overdue")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_is_true_and_complete(record: dict[str, Any], name: str) -> None:
    told = sorted(
        [day, kind, year or 0] for portal, day, kind, year in record["events"] if portal == name and kind not in UNTOLD
    )
    assert told == sorted([day, kind, year or 0] for day, kind, year in record["told"][name])


@pytest.mark.parametrize("name", NAMES)
def test_the_reports_are_those_that_stand_there(record: dict[str, Any], name: str) -> None:
    reports = sorted([organ, year] for portal, organ, year in record["reports"] if portal == name)
    assert reports == record["expected"][name]


def test_no_scenario_is_left_out(record: dict[str, Any]) -> None:
    assert set(NAMES) == set(record["told"])


def test_companions_are_kept_apart(record: dict[str, Any]) -> None:
    assert {title for portal, title in record["companions"] if portal == "near_misses"} == set(COMPANIONS)


def test_what_was_refused_is_recorded(record: dict[str, Any]) -> None:
    unread = {
        url.rpartition("/")[2]
        for portal, rule, url in record["findings"]
        if (portal, rule) == ("hostile", "link_unread")
    }
    assert unread == {"1.html", "2.html", "3.html", "4.html"}
    rules = {rule for portal, rule, _ in record["findings"] if portal == "hostile"}
    assert {"off_host_redirect", "nested_too_deep"} <= rules
    assert ["robots_and_strangers", "off_host_link"] in [[portal, rule] for portal, rule, _ in record["findings"]]


def test_a_report_that_is_listed_but_closed_to_us_is_not_overdue(record: dict[str, Any]) -> None:
    overdue = [
        year for portal, _, kind, year in record["events"] if portal == "robots_and_strangers" and kind == "overdue"
    ]
    assert overdue == []


def test_a_pass_fails_only_for_the_portals_that_do(record: dict[str, Any]) -> None:
    assert record["codes"] == [0, 0, 1, 1, 1, 1, 0]
