"""What a fetch of a known page says, over the wire: a portal on loopback whose pages were read before and now answer as each case
says, and one real crawl process over all of them."""

import hashlib
import socketserver
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from crawler.families.base import Markup
from crawler.observation import Job, KnownPage, KnownReport, Limits
from crawler.page.model import Attachment, Fetched, Hint
from crawler.page.reader import REVISION, read_page
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known
from tests.e2e.test_engine import Result
from tests.e2e.test_unseen import Asked, Doc, Reply, Route, Site, column, modern
from tests.e2e.test_unseen import body as body_of

ORGAN = "云岭县人民政府"
SECTION = "/xxgk/nb/"
DOC = Doc(ORGAN, 2022)
ATTACHED = "/files/P1.pdf"


class Wire(Site):
    """A server that can also answer with bytes of our own (mode `raw`), or stall."""

    def _send(self, handler: socketserver.StreamRequestHandler, reply: Reply) -> bool:
        if reply.mode not in ("raw", "stall"):
            return super()._send(handler, reply)
        handler.wfile.write(reply.body if isinstance(reply.body, bytes) else reply.body.encode())
        handler.wfile.flush()
        if reply.mode == "stall":
            time.sleep(4)
        return False


@dataclass(frozen=True)
class Case:
    """A known page's answer and the reading that it must get. `paths`: other addresses that the case needs."""

    reply: Reply | Route | str | bytes | None
    reading: str
    marker: str = ""
    """Stands in the observation's marker."""
    paths: Mapping[str, Reply | Route | str] = field(default_factory=dict)
    etag: str = ""
    before: str = ""
    """What the page was when it was last read; the report's plain page if not said."""
    final: str = ""
    """End of the final address."""


def page(inner: str, head: str = "", title: str = "提示") -> str:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>{inner}</body></html>'


NAV = "".join(
    f'<li><a href="/c{n}/">{name}</a></li>'
    for n, name in enumerate(
        (
            "网站首页",
            "领导之窗",
            "政务公开",
            "政策文件",
            "办事服务",
            "互动交流",
            "数据开放",
            "走进云岭",
            "营商环境",
            "乡村振兴",
            "财政预决算",
            "重大项目建设",
            "公共资源配置",
            "社会公益事业",
            "行政权力清单",
            "双随机一公开",
            "政府信息公开指南",
        )
        * 4
    )
)
RELATED = "".join(
    f'<li><a href="/xxgk/nb/{year}.html">{ORGAN}{year}年政府信息公开工作年度报告</a><span>{year + 1}-01-19</span></li>'
    for year in range(2012, 2020)
)


def framed(inner: str, title: str = "云岭县人民政府门户网站") -> str:
    """In the site's own template: a long menu, related links, a foot."""
    return page(
        f'<div class="top"><ul>{NAV}</ul></div><div class="main">{inner}</div><div class="rel"><h3>相关链接</h3><ul>{RELATED}</ul></div>'
        '<div class="foot">主办：云岭县人民政府办公室 网站标识码：5301270001 云公网安备53012702000001号</div>',
        title=title,
    )


def plain() -> str:
    """The report's page without what changes from one request to the next."""
    return f'<html><head><meta charset="utf-8"><title>{DOC.name}</title></head><body><h1>{DOC.name}</h1>{body()}</body></html>'


def body() -> str:
    return f'<div id="zoom">{body_of(DOC)}</div>'


def as_route(answer: Reply | Route | str | bytes) -> Route:
    if callable(answer):
        return answer
    reply = answer if isinstance(answer, Reply) else Reply(answer)
    return lambda asked: reply


def run(
    folder: Path,
    cases: Mapping[str, Case],
    files: Mapping[str, Case] | None = None,
    policy: Mapping[str, Any] | None = None,
    timeout: float = 1.0,
    more: Callable[[Site], None] = lambda site: None,
) -> dict[str, Any]:
    """One pass; by case, what was told of its page (of its attachment, for `files`)."""
    site = Wire(100)
    site.routes["/"] = lambda asked: page("".join(f"<p>{n}</p>" for n in range(9)), title="云岭县人民政府门户网站")
    site.routes[SECTION] = lambda asked: column([(f"{SECTION}1999.html", f"{ORGAN}1999年政府信息公开工作年度报告")])
    site.routes[f"{SECTION}1999.html"] = lambda asked: modern(Doc(ORGAN, 1999))
    portal = Portal(
        name="law",
        title="云岭县人民政府",
        family="generic",
        sections=(site.url + SECTION,),
        organ=ORGAN,
    )
    known = []
    for place, (name, case) in enumerate(cases.items()):
        path = f"{SECTION}a/{place}.html"
        url = site.url + path
        for other, answer in case.paths.items():
            site.routes[other] = as_route(answer)
        if case.reply is not None:
            site.routes[path] = as_route(case.reply)
        before = (case.before or plain()).encode()
        fetched = Fetched(url, 200, "text/html; charset=utf-8", before)
        was = read_page(fetched, portal, Markup(), Hint(DOC.name)).reports
        assert was, name
        known.append(
            KnownPage(
                url=url,
                role="primary",
                etag=case.etag,
                body_hash=hashlib.sha256(before).hexdigest(),
                rules=portal.rules(REVISION),
                reports=(KnownReport(place + 1, was[0].text_hash),),
                title=DOC.name,
            )
        )
    for place, case in enumerate((files or {}).values()):
        url = f"{site.url}{SECTION}f/{place}.html"
        file = Attachment(f"{site.url}/files/{place}.pdf", "年报.pdf", "document")
        if case.reply is not None:
            site.routes[f"/files/{place}.pdf"] = as_route(case.reply)
        for other, answer in case.paths.items():
            site.routes[other] = as_route(answer)
        shown = plain().replace("</div></body>", f'<a href="/files/{place}.pdf">年报.pdf</a></div></body>')
        site.routes[f"{SECTION}f/{place}.html"] = as_route(shown)
        known.append(
            KnownPage(url=url, role="primary", rules="", reports=(KnownReport(900 + place, "x"),), attachments=(file,))
        )
        known.append(
            KnownPage(url=file.url, role="attachment", etag=case.etag, body_hash="0" * 64, rules=portal.rules(REVISION))
        )
    more(site)
    allowed = Policy(**{"delay": 0.0, "concurrency": 8, "allow_private": True, "obey_robots": False, **(policy or {})})
    job = Job(
        portal,
        allowed,
        7,
        "full",
        portal.rules(REVISION),
        "2026-11-22T00:00:00Z",
        "nianbao-test/1.0",
        Limits(timeout=timeout),
    )
    folder.mkdir()
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    write_known(folder, known)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crawler", str(folder)], capture_output=True, text=True, timeout=120
        )
    finally:
        site.close()
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    result = Result(folder)
    told: dict[str, Any] = {name: result.pages.get(f"{SECTION}a/{place}.html") for place, name in enumerate(cases)}
    told |= {name: result.attachments.get(f"/files/{place}.pdf") for place, name in enumerate(files or {})}
    told["*"] = result
    return told


__all__ = ["Asked", "Case", "Reply", "framed", "modern", "page", "plain", "run"]
