"""Portals whose lists an interface answers, read by the whole program for some days: everything found, nothing told twice, and a list
that breaks off proves nothing about what it did not say."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.observation import SECTIONS, Job, Limits
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known
from tests.e2e.interface_sites import Asked, Column, Reply, Server, as_json, jpaas, query_list, report, search

START = datetime(2026, 5, 2, 1, 0, tzinfo=UTC)
YEARS = list(range(2025, 2018, -1))
UNTOLD = ("baseline", "finding", "overdue")


class Home:
    """An installation, and its days."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.day = 0
        (folder / "portals").mkdir(parents=True)

    def portal(self, name: str, family: str, section: str, organ: str) -> None:
        (self.folder / "portals" / f"{name}.toml").write_text(
            f'title = "{organ}"\norgan = "{organ}"\nfamily = "{family}"\nsections = [{json.dumps(section)}]\n'
            "[policy]\ndelay = 0.0\nallow_private = true\nobey_robots = false\n",
            encoding="utf-8",
        )

    def crawl(self, *names: str) -> dict[str, list[tuple[str, int | None]]]:
        """A day's pass; what is told of each portal on that day."""
        self.day += 1
        now = (START + timedelta(days=self.day - 1, minutes=self.day)).strftime("%Y-%m-%dT%H:%M:%SZ")
        program = str(Path(sys.executable).with_name("nianbao"))
        command = [program, "--home", str(self.folder), "--now", now, "crawl", *names]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        with sqlite3.connect(self.folder / "nianbao.db") as db:
            events = db.execute(
                f"""SELECT portal, kind, year FROM events WHERE baseline = 0 AND detected_at = ?
                AND kind NOT IN ({",".join("?" * len(UNTOLD))}) ORDER BY id""",
                (now, *UNTOLD),
            ).fetchall()
        told: dict[str, list[tuple[str, int | None]]] = {name: [] for name in names}
        for portal, kind, year in events:
            told[portal].append((kind, year))
        return told

    def reports(self, portal: str) -> list[int]:
        with sqlite3.connect(self.folder / "nianbao.db") as db:
            return sorted(row[0] for row in db.execute("SELECT year FROM reports WHERE portal = ?", (portal,)))

    def trouble(self, portal: str) -> str:
        """Why a list was not read to its end in the last pass; "": each was."""
        with sqlite3.connect(self.folder / "nianbao.db") as db:
            detail = db.execute("SELECT detail FROM crawls WHERE portal = ? ORDER BY id DESC", (portal,)).fetchone()[0]
        return str(json.loads(detail).get("trouble", "")).partition(": ")[2]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


KINDS = {
    "jpaas": ("hanweb", "平岗县人民政府"),
    "search": ("hanweb", "石门区司法局"),
    "form": ("querylist", "汉丰区人民政府"),
    "body": ("querylist", "白塔区人民政府"),
}


def sites(server: Server, home: Home) -> dict[str, Column]:
    """One column of each kind."""
    columns = {name: Column(server, name, organ, list(YEARS)) for name, (_, organ) in KINDS.items()}
    made = {
        "jpaas": jpaas(columns["jpaas"]),
        "search": search(columns["search"]),
        "form": query_list(columns["form"]),
        "body": query_list(columns["body"], body="json"),
    }
    for name, section in made.items():
        home.portal(name, KINDS[name][0], server.url + section, KINDS[name][1])
    return columns


def test_lists_of_interfaces_over_some_days(server: Server, home: Home) -> None:
    columns = sites(server, home)
    quiet: dict[str, list[tuple[str, int | None]]] = {name: [] for name in KINDS}
    assert home.crawl(*KINDS) == quiet  # a baseline
    for name in KINDS:
        assert home.trouble(name) == ""
        assert home.reports(name) == sorted(YEARS), name
    assert home.crawl(*KINDS) == quiet
    # An error on page 2, in four shapes; 2019 is on page 3 and leaves the list, its page stands.
    wrong = {
        "jpaas": as_json({"success": False, "code": "500", "message": "系统繁忙", "data": None}),
        "search": Reply("<html><body>403 Forbidden</body></html>"),
        "form": Reply("<!doctype html><html><head><title>登录</title></head><body>请登录</body></html>"),
        "body": Reply("busy", 503),
    }
    for name, column in columns.items():
        column.broken = {2: wrong[name]}
        column.years.remove(2019)
    assert home.crawl(*KINDS) == quiet
    assert {name: home.trouble(name) for name in KINDS} == {
        "jpaas": "the interface answered with an error: 系统繁忙",
        "search": "search.jsp did not answer with a list",
        "form": "the list's interface answered with HTML",
        "body": "page 3: status 503",
    }
    # Page 2 is page 1 again: the page's number is not read. The total says that there is more.
    for column in columns.values():
        column.broken, column.deaf = {}, True
    assert home.crawl(*KINDS) == quiet
    for name in KINDS:
        assert home.trouble(name) == "page 2 repeats an earlier one: its number is not read"
    # All is well again: what left the list is told now, and what came too.
    for column in columns.values():
        column.deaf = False
        column.years.insert(0, 2026)
    assert {name: sorted(told, key=str) for name, told in home.crawl(*KINDS).items()} == {
        name: [("appeared", 2026), ("delisted", 2019)] for name in KINDS
    }
    assert home.crawl(*KINDS) == quiet
    for asked in server.log:
        assert asked.query.get("paramJson", "").count(" ") == 0


def test_a_short_total_is_no_end(server: Server, home: Home) -> None:
    """The interface says seven, and gives six."""
    column = Column(server, "jpaas", "平岗县人民政府", list(YEARS))
    home.portal("jpaas", "hanweb", server.url + jpaas(column), column.organ)
    column.broken = {
        3: as_json({"success": True, "data": {"html": "<ul></ul><div class=pagination rows=3 count=7 pageNo=3></div>"}})
    }
    home.crawl("jpaas")
    assert home.trouble("jpaas") == "it gave 6 of 7 rows"


class Query:
    """xxgkAnnualReport.jsp of one organ."""

    def __init__(self, organ: str, years: set[int]) -> None:
        self.organ, self.years = organ, years

    def __call__(self, asked: Asked) -> str:
        year = int(asked.query.get("fbtime") or max(self.years))
        tabs = "".join(f"<option value='{one}'>{one}年</option>" for one in sorted(self.years, reverse=True))
        chrome = f"<select id=fbtime onchange='go(this.value)'>{tabs}</select>"
        if year not in self.years or asked.query.get("area") != "370900004341":
            return f"<html><head><title>年度报告</title></head><body><a href='/'>首页</a>{chrome}<div>暂无相关信息！</div></body></html>"
        return report(self.organ, year, chrome)


PATH = "/module/xxgk/xxgkAnnualReport.jsp"


@pytest.mark.long
def test_a_query_page_by_year(server: Server, home: Home) -> None:
    """One path, a report for each year: a year that appears, and one that goes, which takes its confirmations."""
    query = Query("泰丰市财政局", {2022, 2023, 2024})
    server.routes[PATH] = query
    home.portal("query", "hanweb", f"{server.url}{PATH}?area=370900004341&fbtime={{year}}&showType=2", query.organ)
    assert home.crawl("query") == {"query": []}
    assert home.reports("query") == [2022, 2023, 2024]
    assert home.trouble("query") == ""
    assert home.crawl("query") == {"query": []}
    query.years.add(2025)
    query.years.remove(2023)
    assert home.crawl("query") == {"query": [("appeared", 2025)]}
    assert home.crawl("query") == {"query": []}
    assert home.crawl("query") == {"query": [("taken_down", 2023)]}
    assert home.crawl("query") == {"query": []}


def test_a_query_page_without_a_year(server: Server, home: Home) -> None:
    """The section is the newest report; its tabs are the other years, and the same one once more."""
    query = Query("泰丰市财政局", {2022, 2023, 2024})
    server.routes[PATH] = query
    home.portal("query", "hanweb", f"{server.url}{PATH}?area=370900004341", query.organ)
    assert home.crawl("query") == {"query": []}
    assert home.reports("query") == [2022, 2023, 2024]
    assert home.crawl("query") == {"query": []}
    query.years.add(2025)
    assert home.crawl("query") == {"query": [("appeared", 2025)]}
    assert home.crawl("query") == {"query": []}
    assert home.reports("query") == [2022, 2023, 2024, 2025]


@pytest.mark.long
def test_a_query_page_that_shows_the_newest_for_years_it_does_not_have(server: Server, home: Home) -> None:
    query = Query("泰丰市财政局", {2022, 2023, 2024})
    server.routes[PATH] = lambda asked: query(
        replace(
            asked,
            query={**asked.query, "fbtime": asked.query["fbtime"] if int(asked.query["fbtime"]) in query.years else ""},
        )
    )
    home.portal("query", "hanweb", f"{server.url}{PATH}?area=370900004341&fbtime={{year}}", query.organ)
    assert home.crawl("query") == {"query": []}
    assert home.reports("query") == [2022, 2023, 2024]
    query.years.add(2025)
    assert home.crawl("query") == {"query": [("appeared", 2025)]}
    query.years.remove(2023)
    assert [home.crawl("query")["query"] for _ in range(4)] == [[], [], [("taken_down", 2023)], []]


def test_what_was_sent_is_kept(server: Server, tmp_path: Path) -> None:
    """A body of JSON goes out as such, and stands in the spool of lists beside its answer."""
    column = Column(server, "body", "白塔区人民政府", list(YEARS))
    section = server.url + query_list(column, body="json")
    portal = Portal("body", "白塔区人民政府", "querylist", (section,))
    policy = Policy(delay=0.0, allow_private=True, obey_robots=False)
    job = Job(
        portal, policy, 7, "full", portal.rules("1"), "2026-05-02T01:00:00Z", "nianbao-test/1.0", Limits(timeout=5.0)
    )
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    write_known(tmp_path, [])
    command = [sys.executable, "-m", "crawler", str(tmp_path)]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    with (tmp_path / SECTIONS).open("rb") as file:
        requests = [
            (
                record.http_headers.protocol,
                record.http_headers.get_header("Content-Type"),
                record.content_stream().read(),
            )
            for record in ArchiveIterator(file)
            if record.rec_type == "request"
        ]
    sent = [
        json.loads(body) for method, kind, body in requests if method == "POST" and kind.startswith("application/json")
    ]
    assert [one["current"] for one in sent] == [1, 2, 3]
    assert sent[0]["channelCode"] == ["col42"]
