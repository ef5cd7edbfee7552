"""The crawl process against a portal on loopback that does what real ones do: two processes, many portals in each."""

import gzip
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.observation import (
    AttachmentRead,
    FindingSeen,
    Job,
    KnownPage,
    KnownReport,
    Limits,
    LinkListed,
    Observation,
    PageRead,
    RunSummary,
    SectionRead,
)
from crawler.page.reader import REVISION
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known
from tests.e2e.warm_passes import WarmPasses

PROSE = "依据《中华人民共和国政府信息公开条例》第五十条规定,编制本报告。一年来,本机关主动公开政府信息一百二十条,收到申请三件,均已答复。"
CHAPTERS = "".join(
    f"<p>{name}</p><p>{PROSE}</p>"
    for name in (
        "一、总体情况",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "五、存在的主要问题及改进情况",
    )
)


PAGER = '<script>createPageHTML(3, 0, "index", "html");</script>'


def report(year: int, organ: str = "甲县人民政府", extra: str = "") -> str:
    title = f"{organ}{year}年政府信息公开工作年度报告"
    return (
        f'<html><head><meta charset="utf-8"><title>{title}</title><meta name="ArticleTitle" content="{title}">'
        f'<meta name="PubDate" content="{year + 1}-01-20"><meta name="ContentSource" content="{organ}"></head>'
        f'<body><h1>{title}</h1><div class="TRS_Editor" id="zoom">{CHAPTERS}{extra}</div></body></html>'
    )


def row(url: str, year: int, organ: str = "甲县人民政府") -> str:
    return f'<li><a href="{url}">{organ}{year}年政府信息公开工作年度报告</a><span>{year + 1}-01-20</span></li>'


def column(rows: str, more: str = "") -> str:
    return f"<html><head><title>政府信息公开年报</title></head><body><ul>{rows}</ul>{more}</body></html>"


class Site(BaseHTTPRequestHandler):
    """Routes by path; counts what was asked."""

    protocol_version = "HTTP/1.1"
    routes: dict[str, Callable[["Site"], None]] = {}  # noqa: RUF012
    asked: list[tuple[str, dict[str, str]]] = []  # noqa: RUF012
    body = b""

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        path = urlsplit(self.path).path
        route = self.routes.get(path)
        if route is None:
            self.give("<html><head><title>404</title></head><body>404 Not Found</body></html>", 404)
        else:
            route(self)

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    @property
    def query(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}

    def give(self, body: str | bytes, status: int = 200, **headers: str) -> None:
        data = body if isinstance(body, bytes) else body.encode()
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(data))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def page(body: str | bytes, status: int = 200, **headers: str) -> Callable[[Site], None]:
    return lambda site: site.give(body, status, **headers)


def redirect(to: str, status: int = 302) -> Callable[[Site], None]:
    return lambda site: site.give("", status, Location=to)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none of our business."""


class World:
    """The server, and the portals on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.server = Server(("127.0.0.1", 0), Site)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.runs: list[Path] = []
        self.passes = WarmPasses()

    def close(self) -> None:
        """Ends the server, and what makes the passes."""
        self.passes.close()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, family: str, sections: list[str], **more: Any) -> Path:
        policy = more.pop("policy", Policy(delay=0.0, concurrency=4, allow_private=True, obey_robots=False))
        known: list[KnownPage] = more.pop("known", [])
        mode = more.pop("mode", "full")
        limits = more.pop("limits", Limits(timeout=5.0))
        portal = Portal(
            name=name,
            title=name,
            family=family,
            sections=tuple(section if "://" in section else self.base + section for section in sections),
            **more,
        )
        job = Job(portal, policy, 7, mode, portal.rules(REVISION), "2026-11-22T00:00:00Z", "nianbao-test/1.0", limits)
        folder = self.root / f"{name}-{len(self.runs)}"
        folder.mkdir()
        (folder / "job.json").write_bytes(msgspec.json.encode(job))
        write_known(folder, known)
        self.runs.append(folder)
        return folder

    def run_all(self, *folders: Path) -> "list[subprocess.CompletedProcess[str]]":
        """Several passes, a few at a time."""
        with ThreadPoolExecutor(4) as pool:
            return [*pool.map(self.run, folders)]

    def run(self, folder: Path) -> "subprocess.CompletedProcess[str]":
        done = self.passes.run(folder)
        assert done.returncode == 0, done.stderr
        return done


class Result:
    """A run folder, read back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        lines = (folder / "observations.jsonl").read_bytes().splitlines()
        self.all: list[Observation] = [msgspec.json.decode(line, type=Observation) for line in lines]
        self.summary = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunSummary)
        self.sections = [item for item in self.all if isinstance(item, SectionRead)]
        self.links = [item for item in self.all if isinstance(item, LinkListed)]
        self.attachments = {urlsplit(item.url).path: item for item in self.all if isinstance(item, AttachmentRead)}
        self.findings = [item for item in self.all if isinstance(item, FindingSeen)]
        reads = [item for item in self.all if isinstance(item, PageRead)]
        self.pages = {urlsplit(item.url).path: item for item in reads}
        assert len(reads) == len(self.pages), "a page was told twice"

    @property
    def readings(self) -> dict[str, str]:
        return {path: item.reading for path, item in self.pages.items()}

    @property
    def years(self) -> list[int]:
        return sorted(
            seen.report.year
            for item in self.pages.values()
            for seen in item.reports
            if seen.report and seen.report.year
        )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("runs"))
    yield world
    world.close()


def drip(site: Site) -> None:
    """Says how long it is, sends a little, and stalls."""
    site.send_response(200)
    site.send_header("Content-Length", "10000")
    site.end_headers()
    site.wfile.write(b"<html>")
    site.wfile.flush()
    time.sleep(3)


def cut(site: Site) -> None:
    """Closes before its Content-Length is met."""
    site.send_response(200)
    site.send_header("Content-Length", "100000")
    site.end_headers()
    site.wfile.write(report(2020).encode())
    site.close_connection = True


def cookie_wall(site: Site) -> None:
    if "pass=1" in (site.headers.get("Cookie") or ""):
        site.give(report(2019))
    else:
        site.give("", 302, Location=site.path, Set_Cookie="pass=1; Path=/")


def proxy(site: Site) -> None:
    """Hanweb's dataproxy: POST only, nothing past the total."""
    fields = parse_qs(site.body.decode())
    start, end = int(site.query["startrecord"]), int(site.query["endrecord"])
    if site.command != "POST" or fields["columnid"] != ["77"] or fields["webname"] != ["乙县"] or end > 23:
        site.give("")
        return
    records = "".join(
        f"<record><![CDATA[{row(f'/han/art/2020/art_77_{n}.html', 2002 + n)}]]></record>" for n in range(start, end + 1)
    )
    site.give(
        f"<datastore><totalrecord>23</totalrecord><recordset>{records}</recordset></datastore>", Content_Type="text/xml"
    )


def interface(site: Site) -> None:
    """gkmlpt's list: pages 0 and 1 are the same, two articles a page here."""
    number = max(int(site.query["page"]), 1)
    articles = [
        {
            "id": n,
            "title": f"甲区人民政府{n}年政府信息公开工作年度报告",
            "url": f"/gkmlpt/content/1/{n}/post_{n}.html",
            "date": 1611100800,
        }
        for n in (2018, 2019, 2020)
    ][2 * (number - 1) : 2 * number]
    site.give(json.dumps({"classify": {"post_count": 3}, "articles": articles}), Content_Type="application/json")


def routes(base: str) -> dict[str, Callable[[Site], None]]:
    embedded = "".join(
        f"<record><![CDATA[{row(f'/han/art/2020/art_77_{n}.html', 2002 + n)}]]></record>" for n in range(1, 9)
    )
    config = {
        "SID": "755001",
        "TREE": [
            {"id": 1, "name": "机构职能"},
            {"id": 5, "name": "信息公开", "children": [{"id": 6, "name": "政府信息公开年报"}]},
        ],
    }
    nasty = {
        "home": redirect("/"),
        "lost": redirect("/nasty/error/404.html"),
        "loop": redirect("/nasty/202101/t1_loop.html"),
        "off": redirect("http://clone.example/nasty/t.html"),
        "wall": cookie_wall,
        "soft": page("<html><head><title>提示</title></head><body><p>您访问的页面不存在或已被删除</p></body></html>"),
        "closed": page("<html><body>403 Forbidden</body></html>", 403),
        "cut": cut,
        "stall": drip,
        "bomb": page(gzip.compress(b"<p>" + b"0" * 30_000_000), Content_Encoding="gzip"),
        "refresh": page(
            '<html><head><meta http-equiv="refresh" content="0;url=t1_moved.html"></head><body></body></html>'
        ),
        "moved": page(report(2017)),
        "section": redirect("/nasty/"),
    }
    out = {
        "/trs/": page(column(row("./202101/t20210120_1.html", 2020), PAGER)),
        "/trs/index_1.html": page(column(row("./202001/t20200120_2.html", 2019), PAGER)),
        "/trs/index_2.html": page(
            column(row("./201901/t20190120_3.html", 2018) + row("http://clone.example/x.html", 2017), PAGER)
        ),
        "/trs/202101/t20210120_1.html": page(report(2020), ETag='"one"'),
        "/trs/202001/t20200120_2.html": page(report(2019)),
        "/trs/201901/t20190120_3.html": page(
            report(2018, extra='<p><a href="./P1.pdf">附件</a></p><p><img src="./W1.png"></p>'),
            Last_Modified="Mon, 21 Jan 2019 00:00:00 GMT",
        ),
        "/trs/201901/P1.pdf": page(b"%PDF-1.4\n%%EOF", Content_Type="application/pdf", ETag='"pdf"'),
        "/trs/201901/W1.png": page("<html><body><p>您访问的页面不存在</p></body></html>"),
        "/short/": page(column(row("./202101/t20210120_1.html", 2020), PAGER)),
        "/short/index_1.html": page("<html><body>502 Bad Gateway</body></html>", 502),
        "/short/202101/t20210120_1.html": page(report(2020)),
        "/han/col/col77/index.html": page(
            column(
                "",
                f"<script type='text/xml'><datastore><nextgroup><![CDATA[<a href=\"/han/module/web/jpage/dataproxy.jsp?page=1&webid=3&"
                f'columnid=77&unitid=9&webname=%E4%B9%99%E5%8E%BF"></a>]]></nextgroup><totalrecord>23</totalrecord><recordset>{embedded}'
                f"</recordset></datastore></script>",
            )
        ),
        "/han/module/web/jpage/dataproxy.jsp": proxy,
        "/gkmlpt/index": page(
            "<html><head><title>政府信息公开平台</title></head><body><script>window._CONFIG = "
            f"{{SID: '755001', TREE: {json.dumps(config['TREE'])}}};</script></body></html>"
        ),
        "/gkmlpt/api/all/6": interface,
        "/nfcms/": page(
            column(row("./content/post_1.html", 2021), '<div class="page"><a href="./index_2.html">下一页</a></div>')
        ),
        "/nfcms/index_2.html": page(
            column(row("./content/post_2.html", 2020), '<div class="page"><a href="./index.html">上一页</a></div>')
        ),
        "/nfcms/content/post_1.html": page(report(2021)),
        "/nfcms/content/post_2.html": page(report(2020)),
        "/years/2025n/": page(
            column(row("./202601/t20260120_1.html", 2025), '<a href="../2024n/">2024年</a><a href="../old/">2015年</a>')
        ),
        "/years/2025n/202601/t20260120_1.html": page(report(2025)),
        "/years/2024n/": page(column(row("./202501/t20250120_1.html", 2024))),
        "/years/2024n/202501/t20250120_1.html": page(report(2024)),
        "/years/old/": page(column(row("./201601/t20160120_1.html", 2015))),
        "/years/old/201601/t20160120_1.html": page(report(2015)),
        "/overwritten/": page(report(2024)),
        "/robots.txt": page("User-agent: *\nDisallow: /closed/", Content_Type="text/plain"),
        "/closed/": page(column("")),
        "/": page(column("<li><a href='/a'>首页</a></li>")),
        "/nasty/": page(column("".join(row(f"./202101/t1_{name}.html", 2003 + n) for n, name in enumerate(nasty)))),
        "/nasty/error/404.html": page("<html><body>出错了</body></html>"),
    }
    out |= {f"/nasty/202101/t1_{name}.html": route for name, route in nasty.items()}
    out |= {f"/han/art/2020/art_77_{n}.html": page(report(2002 + n)) for n in range(1, 24)}
    out |= {f"/gkmlpt/content/1/{n}/post_{n}.html": page(report(n)) for n in (2018, 2019, 2020)}
    return out


@pytest.fixture(scope="module")
def first(world: World) -> dict[str, Result]:
    """The first pass over every portal."""
    Site.routes = routes(world.base)
    strict = Policy(delay=0.0, concurrency=2, obey_robots=True, allow_private=True)
    runs = {
        "trs": world.add("trs", "trs", ["/trs/"]),
        "short": world.add("short", "trs", ["/short/"]),
        "hanweb": world.add("hanweb", "hanweb", ["/han/col/col77/index.html"]),
        "gkmlpt": world.add("gkmlpt", "gkmlpt", ["/gkmlpt/index"]),
        "nfcms": world.add("nfcms", "gkmlpt", ["/nfcms/"]),
        "years": world.add("years", "trs", ["/years/{year}n/"]),
        "overwritten": world.add("overwritten", "generic", ["/overwritten/"]),
        "robots": world.add("robots", "generic", ["/closed/"], policy=strict),
        "private": world.add("private", "generic", ["/trs/"], policy=Policy(delay=0.0)),
        "named": world.add(
            "named", "generic", [f"http://localhost:{world.server.server_address[1]}/trs/"], policy=Policy(delay=0.0)
        ),
        "nasty": world.add("nasty", "trs", ["/nasty/"], limits=Limits(timeout=1.0, page_bytes=1_000_000)),
        "dead": world.add("dead", "generic", ["http://127.0.0.1:9/nb/"]),
    }
    for name, done in zip(runs, world.run_all(*runs.values()), strict=True):
        assert {json.loads(line)["portal"] for line in done.stdout.splitlines()} <= {name}
    return {name: Result(folder) for name, folder in runs.items()}


def test_trs_pages_to_the_end(first: dict[str, Result]) -> None:
    result = first["trs"]
    assert result.years == [2018, 2019, 2020]
    (section,) = result.sections
    assert (section.complete, section.first_page, section.pages, section.links) == (True, True, 3, 3)
    assert [finding.rule for finding in result.findings if finding.rule == "off_host_link"]
    assert result.summary.outcome == "ok"
    assert result.summary.clock_offset is not None


def test_captures_stand_where_they_are_said_to(first: dict[str, Result]) -> None:
    result = first["trs"]
    read = result.pages["/trs/202101/t20210120_1.html"]
    with (result.folder / "capture.warc.gz").open("rb") as file:
        file.seek(int(read.capture))
        record = next(iter(ArchiveIterator(file)))
        assert record.rec_headers.get_header("WARC-Target-URI") == read.url
        assert "2020年政府信息公开" in record.content_stream().read().decode()


def test_a_failing_page_of_the_list_leaves_it_incomplete(first: dict[str, Result]) -> None:
    (section,) = first["short"].sections
    assert not section.complete
    assert section.first_page
    assert section.reason == "page 2: status 502"
    assert first["short"].years == [2020]


def test_hanweb_asks_for_the_rest_up_to_the_total(first: dict[str, Result]) -> None:
    (section,) = first["hanweb"].sections
    assert section.reason == ""
    assert section.links == 23
    assert len(first["hanweb"].years) == 23


def test_gkmlpt_finds_its_category_and_pages_through_the_interface(first: dict[str, Result]) -> None:
    (section,) = first["gkmlpt"].sections
    assert (section.reason, section.links) == ("", 3)
    assert first["gkmlpt"].years == [2018, 2019, 2020]
    assert {link.date for link in first["gkmlpt"].links} == {"2021-01-20"}


def test_nfcms_follows_next_links(first: dict[str, Result]) -> None:
    (section,) = first["nfcms"].sections
    assert (section.reason, section.pages, section.links) == ("", 2, 2)


def test_year_columns_are_filled_in_and_followed(first: dict[str, Result], world: World) -> None:
    result = first["years"]
    assert result.years == [2015, 2024, 2025]
    columns = {urlsplit(section.url).path: section for section in result.sections}
    assert len(columns) == 2026 - 2008 + 1 + 1
    assert columns["/years/2019n/"].absent
    assert columns["/years/2019n/"].complete
    assert columns["/years/old/"].linked
    assert not columns["/years/2024n/"].linked
    assert {link.year for link in result.links} == {2015, 2024, 2025}
    assert {section.section for section in result.sections} == {f"{world.base}/years/{{year}}n/"}


def test_a_column_that_is_the_report(first: dict[str, Result]) -> None:
    result = first["overwritten"]
    assert result.sections[0].is_report
    assert result.readings == {"/overwritten/": "present"}
    assert result.years == [2024]


def test_robots_closes(first: dict[str, Result]) -> None:
    (section,) = first["robots"].sections
    assert (section.complete, section.first_page, section.reason) == (False, False, "robots")


@pytest.mark.parametrize("name", ["private", "named"])
def test_private_addresses_are_refused(first: dict[str, Result], name: str) -> None:
    result = first[name]
    assert [finding.rule for finding in result.findings] == ["refused_address"]
    assert not result.sections[0].complete
    assert result.summary.responses == 0


def test_a_portal_that_refuses(first: dict[str, Result]) -> None:
    assert first["dead"].sections[0].reason == "refused"
    assert first["dead"].summary.responses == 0


@pytest.mark.parametrize(
    ("name", "reading", "marker"),
    [
        ("home", "gone", "home page"),
        ("lost", "gone", "404"),
        ("loop", "unreachable", "redirect loop"),
        ("off", "blocked", "clone.example"),
        ("wall", "present", ""),
        ("soft", "gone", ""),
        ("closed", "blocked", "403"),
        ("cut", "unreachable", "truncated"),
        ("stall", "unreachable", "time-out"),
        ("bomb", "unreachable", "too large"),
        ("refresh", "present", ""),
        ("section", "gone", "section"),
    ],
)
def test_what_a_page_does(first: dict[str, Result], name: str, reading: str, marker: str) -> None:
    read = first["nasty"].pages[f"/nasty/202101/t1_{name}.html"]
    assert (read.reading, marker in read.marker) == (reading, True), read


def test_off_host_redirects_are_told(first: dict[str, Result]) -> None:
    assert "off_host_redirect" in {finding.rule for finding in first["nasty"].findings}


def test_a_refreshed_page_keeps_no_validators(first: dict[str, Result]) -> None:
    read = first["nasty"].pages["/nasty/202101/t1_refresh.html"]
    assert read.final_url.endswith("t1_moved.html")
    assert (read.etag, read.last_modified) == ("", "")
    assert first["nasty"].pages["/nasty/202101/t1_wall.html"].final_url == ""


def test_attachments(first: dict[str, Result]) -> None:
    pdf = first["trs"].attachments["/trs/201901/P1.pdf"]
    assert (pdf.reading, pdf.media_type, pdf.kind) == ("present", "application/pdf", "document")
    picture = first["trs"].attachments["/trs/201901/W1.png"]
    assert (picture.reading, picture.kind) == ("gone", "picture")


def conditional(body: str, etag: str) -> Callable[[Site], None]:
    def route(site: Site) -> None:
        if site.headers.get("If-None-Match") == etag:
            site.give("", 304, ETag=etag)
        else:
            site.give(body, ETag=etag)

    return route


@pytest.fixture(scope="module")
def second(world: World, first: dict[str, Result]) -> dict[str, Result]:
    """A second pass, knowing what the first one saw."""
    result = first["trs"]
    rules = Portal("trs", "trs", "trs", (f"{world.base}/trs/",)).rules(REVISION)
    known = [
        KnownPage(
            url=read.url,
            role="primary",
            etag=read.etag,
            last_modified=read.last_modified,
            body_hash=read.body_hash,
            rules=rules,
            reports=tuple(KnownReport(1, seen.text_hash) for seen in read.reports),
            attachments=tuple(attachment for seen in read.reports for attachment in seen.attachments),
            title="",
        )
        for read in result.pages.values()
    ]
    pdf = result.attachments["/trs/201901/P1.pdf"]
    known.append(KnownPage(url=pdf.url, role="attachment", etag=pdf.etag, body_hash=pdf.sha256, rules=rules))
    overwritten = first["overwritten"].pages["/overwritten/"]
    own = KnownPage(
        url=overwritten.url,
        role="primary",
        body_hash=overwritten.body_hash,
        rules=Portal("overwritten", "overwritten", "generic", (f"{world.base}/overwritten/",)).rules(REVISION),
        reports=(KnownReport(1, overwritten.reports[0].text_hash),),
    )
    Site.asked.clear()
    Site.routes |= {
        "/trs/202101/t20210120_1.html": conditional(report(2020), '"one"'),
        "/trs/202001/t20200120_2.html": page(report(2019, extra="<!-- 12345 -->")),
        "/trs/201901/P1.pdf": conditional("", '"pdf"'),
    }
    runs = {
        "full": world.add("trs", "trs", ["/trs/"], known=known),
        "recheck": world.add("trs", "trs", ["/trs/"], known=known, mode="recheck"),
        "discover": world.add(
            "trs",
            "trs",
            ["/trs/"],
            known=[
                msgspec.structs.replace(page, missing=page.url.endswith("_2.html"))
                for page in known
                if not page.url.endswith("_3.html")
            ],
            mode="discover",
        ),
        "rules": world.add("trs", "trs", ["/trs/"], known=[msgspec.structs.replace(one, rules="old") for one in known]),
        "overwritten": world.add("overwritten", "generic", ["/overwritten/"], known=[own]),
    }
    for folder in runs.values():
        world.run(folder)
    return {name: Result(folder) for name, folder in runs.items()}


def test_unchanged_pages_are_the_same(second: dict[str, Result]) -> None:
    result = second["full"]
    read = result.pages["/trs/202101/t20210120_1.html"]
    assert (read.reading, read.status) == ("same", 304)
    assert result.pages["/trs/201901/t20190120_3.html"].reading == "same"
    assert result.attachments["/trs/201901/P1.pdf"].reading == "same"


def test_a_known_text_is_not_told_again(second: dict[str, Result]) -> None:
    read = second["full"].pages["/trs/202001/t20200120_2.html"]
    assert read.reading == "present"
    assert read.reports[0].report is None
    assert read.capture == ""


def test_a_recheck_reads_no_sections(second: dict[str, Result]) -> None:
    assert second["recheck"].sections == []
    assert len(second["recheck"].pages) == 3


def test_discovery_reads_missing_and_new_pages(second: dict[str, Result]) -> None:
    assert sorted(second["discover"].pages) == ["/trs/201901/t20190120_3.html", "/trs/202001/t20200120_2.html"]
    assert second["discover"].sections[0].complete


def test_pages_under_other_rules_are_read_again(second: dict[str, Result]) -> None:
    assert set(second["rules"].readings.values()) == {"present"}


def test_an_unchanged_overwritten_column(second: dict[str, Result]) -> None:
    assert second["overwritten"].readings == {"/overwritten/": "same"}
    assert second["overwritten"].sections[0].is_report
