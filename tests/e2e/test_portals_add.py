"""`nianbao portals add` as an operator runs it: against portals of every kind on loopback, and behind a proxy under names of
gov.cn; what it writes is then crawled."""

import contextlib
import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import msgspec
import pytest

from crawler.loader import load_portal
from crawler.portal import BUILT_IN, Policy
from monitor.demo.world import World
from monitor.saved_portal import check_saved, folder_of
from tests.e2e.country import Country, County, Reply, county, rows, shell

NIANBAO = str(Path(sys.executable).parent / "nianbao")
NOW = "2026-02-10T00:30:00Z"
QINGHE = "www.qinghe.gov.cn"
KINDS = (
    "yunxi", "wangjiang", "linhe", "nanzhou", "haitang", "qingshi", "baishui", "songling", "heping", "taihe", "kunyang",
)  # fmt: skip


LONG = pytest.mark.long


class Operator:
    """Someone with a home of their own, whose portals are asked without pauses."""

    def __init__(self, home: Path, proxy: str = "") -> None:
        self.home = home
        home.mkdir(exist_ok=True)
        (home / "nianbao.toml").write_text("[policy]\ndelay = 0.0\nconcurrency = 4\n")
        self.proxy = proxy

    def environ(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("NIANBAO_HOME")}
        return {**kept, "CN_PROXY": self.proxy, "NIANBAO_PACE": str(self.home / "pace")}

    def command(self, *words: str) -> list[str]:
        return [NIANBAO, "--home", str(self.home), "--now", NOW, *words]

    def run(self, *words: str, code: int = 0, cwd: Path | None = None) -> str:
        done = subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=240,
            env=self.environ(),
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.err = done.stderr
        assert done.returncode == code, f"{words}: {done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def add(self, *words: str, code: int = 0) -> Any:
        """The command's JSON."""
        proxy = ["--proxy", "${CN_PROXY}"] if self.proxy else []
        return json.loads(self.run("portals", "add", *words, *proxy, "--json", code=code))

    def file(self, name: str) -> Path:
        return self.home / "portals" / f"{name}.toml"

    def said(self, name: str) -> dict[str, Any]:
        return tomllib.loads(self.file(name).read_text(encoding="utf-8"))

    def reports(self, portal: str) -> set[tuple[str, int]]:
        db = sqlite3.connect(f"file:{self.home / 'nianbao.db'}?mode=ro", uri=True)
        with contextlib.closing(db):
            return set(db.execute("SELECT organ, year FROM reports WHERE portal = ?", (portal,)).fetchall())

    def left(self) -> list[str]:
        """Portal files and whatever else lies in HOME/portals."""
        return sorted(str(path.relative_to(self.home)) for path in (self.home / "portals").rglob("*"))


@pytest.fixture
def country() -> Iterator[Country]:
    with Country() as country:
        yield country


@pytest.fixture
def operator(tmp_path: Path, country: Country) -> Operator:
    return Operator(tmp_path / "home", country.url)


@pytest.fixture
def qinghe(country: Country) -> County:
    return county(country, QINGHE)


def everything(site: County) -> set[tuple[str, int]]:
    return {(organ, year) for organ in (site.organ, *site.departments) for year in site.years}


# --- what is found ---


@pytest.mark.parametrize("start", ["section", pytest.param("report", marks=LONG)])
def test_portals_of_every_kind_are_added_and_crawled_whole(tmp_path: Path, start: str) -> None:
    operator = Operator(tmp_path)
    with World(*KINDS) as world:
        lines = ["url,name"]
        for site in world:
            item = site.live()[len(site.live()) // 2]
            page = (
                site.section.replace("{year}", "2023") if start == "section" else urljoin(site.section, site.href(item))
            )
            lines.append(f'"{page}",{site.name}')
        (tmp_path / "many.csv").write_text("\n".join(lines), encoding="utf-8")
        told = operator.add("--csv", str(tmp_path / "many.csv"), "--yes")
        assert {row["name"]: row["state"] for row in told} == dict.fromkeys(KINDS, "added")
        operator.run("crawl", *KINDS)
        for site in world:
            wanted = {(item.paper.organ, item.paper.year) for item in site.live()}
            if site.name == "songling":  # each year's report takes the place of the last one's
                wanted = {("松岭区人民政府", 2024)}
            assert operator.reports(site.name) == wanted, site.name
            portal = load_portal(operator.file(site.name))
            if site.name not in ("songling", "heping"):  # a lone report page may be any system's
                assert portal.family == site.layout.family, site.name
            assert portal.policy.allow_private
            checked = check_saved(folder_of(operator.home, site.name), portal)
            assert checked.sections
            assert checked.reports
            assert checked.differences == ()


def test_a_query_page_is_asked_by_year(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    with World("taihe") as world:
        url = world["taihe"].section.replace("{year}", "2023")
        told = operator.add(url, "--name", "taihe", "--yes")
        assert [section["url"] for section in told["sections"]] == [world["taihe"].section]


@pytest.mark.parametrize(
    "start", ["/", *(pytest.param(start, marks=LONG) for start in ("/channel/1207/", "/doc/20231077.html"))]
)
def test_an_unknown_system_from_front_page_section_or_report(operator: Operator, qinghe: County, start: str) -> None:
    told = operator.add(qinghe.url + start, "--yes")
    assert told["name"] == "qinghe"
    assert [section["url"] for section in told["sections"]] == [qinghe.url + qinghe.section]
    assert told["family"] == "generic"
    assert told["requests"] <= 40
    assert operator.said("qinghe") == {
        "title": "清河县人民政府",
        "family": "generic",
        "sections": [qinghe.url + qinghe.section],
        "organ": "清河县人民政府",
        "level": "county",
        "proxy": "${CN_PROXY}",
        **({"selectors": operator.said("qinghe")["selectors"]} if "selectors" in operator.said("qinghe") else {}),
    }
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe)
    assert qinghe.country.hosts() == {QINGHE}


def test_several_columns_are_several_sections(operator: Operator, country: Country, qinghe: County) -> None:
    towns = county(
        country, QINGHE, organ="清河县城关镇人民政府", departments=("清河县石桥镇人民政府",), section="/channel/1300/"
    )
    for path in [path for path in country.pages if path.startswith(f"{QINGHE}/doc/")]:
        del country.pages[path]
    qinghe.build()
    pages = {path: page for path, page in country.pages.items() if "/doc/" in path}
    towns.reports.clear()
    towns.build()
    for (path, page), number in zip(list(country.pages.items()), range(10_000), strict=False):
        del number
        if "/doc/" in path and path in pages and page is not pages[path]:
            country.pages[path.replace("/doc/", "/zdoc/")] = page
            country.pages[path] = pages[path]
    column = country.pages[f"{QINGHE}/channel/1300/"]
    assert callable(column)
    country.pages[f"{QINGHE}/channel/1300/"] = lambda query: str(column(query)).replace("/doc/", "/zdoc/")
    links = '<li><a href="/channel/1207/">县政府部门信息公开年报</a></li><li><a href="/channel/1300/">乡镇信息公开年报</a></li>'
    qinghe.put("/zwgk/xxgk/", shell("政府信息公开", f"<ul>{links}</ul>"))
    told = operator.add(qinghe.url + "/", "--yes")
    assert {section["url"] for section in told["sections"]} == {
        f"{qinghe.url}/channel/1207/",
        f"{qinghe.url}/channel/1300/",
    }
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe) | everything(towns)


@pytest.mark.parametrize(
    "start",
    [
        *("/", "/nb/2024n/bm/"),
        *(
            pytest.param(start, marks=LONG)
            for start in ("/nb/", "/nb/2024n/", "/doc/20240077.html", "/doc/20211077.html")
        ),
    ],
)
def test_columns_in_a_year_s_column_are_read_and_none_is_pinned(operator: Operator, qinghe: County, start: str) -> None:
    links = "".join(f'<li><a href="/nb/{year}n/">{year}年</a></li>' for year in qinghe.years)
    qinghe.put("/zwgk/xxgk/", shell("政府信息公开", '<ul><li><a href="/nb/">政府信息公开年报</a></li></ul>'))
    qinghe.put("/nb/", shell("政府信息公开年报", f"<h3>政府信息公开年报</h3><ul>{links}</ul>"))
    for year in qinghe.years:
        inner = f'<ul>{links}</ul><a href="zf/">县政府</a> <a href="bm/">县级部门</a>'
        qinghe.put(f"/nb/{year}n/", shell(f"{year}年政府信息公开年报", inner))
        for name, organs in (("zf", (qinghe.organ,)), ("bm", qinghe.departments)):
            listed = [
                (path.removeprefix(qinghe.url), title, f"{year + 1}-01-20")
                for path, title in qinghe.reports.items()
                if str(year) in title and title.startswith(organs)
            ]
            qinghe.put(f"/nb/{year}n/{name}/", shell(f"{year}年政府信息公开年报", f"<ul>{links}</ul>{rows(listed)}"))
    for address, title in qinghe.reports.items():
        path = address.removeprefix(qinghe.url)
        page = str(qinghe.country.pages[f"{QINGHE}{path}"])
        year = next(year for year in qinghe.years if str(year) in title)
        name = "zf" if title.startswith(qinghe.organ) else "bm"
        qinghe.put(path, page.replace(f'"{qinghe.section}"', f'"/nb/{year}n/{name}/"'))
    qinghe.put(qinghe.section, Reply("", 404))
    told = operator.add(qinghe.url + start, "--yes")
    assert [section["url"] for section in told["sections"]] == [f"{qinghe.url}/nb/"]
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe)


def test_columns_that_stand_too_deep_are_no_empty_list(operator: Operator, qinghe: County) -> None:
    qinghe.put("/nb/", shell("政府信息公开年报", '<a href="/nb/2024n/">2024年</a>' + rows([_newest(qinghe)])))
    qinghe.put("/nb/2024n/", shell("2024年政府信息公开年报", '<a href="bm/">县级部门</a>'))
    qinghe.put("/nb/2024n/bm/", shell("2024年政府信息公开年报", '<a href="jy/">教育</a> <a href="ly/">林业</a>'))
    told = operator.add(f"{qinghe.url}/nb/", "--yes")
    assert [section["url"] for section in told["sections"]] == [f"{qinghe.url}/nb/"]
    operator.run("crawl", "qinghe", code=1)
    assert "stand too deep to be read" in operator.err


def test_a_year_s_column_that_lists_nothing_is_told(operator: Operator, qinghe: County) -> None:
    links = "".join(f'<li><a href="/c{year}1/">{year}年</a></li>' for year in (2024, 2023))
    qinghe.put("/nb/", shell("政府信息公开年报", f"<ul>{links}</ul>"))
    qinghe.put("/c20241/", shell("2024年政府信息公开年报", rows([_newest(qinghe)])))
    qinghe.put(qinghe.section, Reply("", 404))
    qinghe.put("/c20231/", shell("2023年政府信息公开年报", '<a href="/c77/">县级部门</a>'))
    told = operator.add(f"{qinghe.url}/nb/", "--yes")
    noted = [note["detail"] for note in told["notes"] if note["rule"] == "empty_year"]
    assert [f"{qinghe.url}/c20231/" in detail for detail in noted] == [True]


def _newest(site: County) -> tuple[str, str, str]:
    address, title = next(iter(site.reports.items()))
    return (address.removeprefix(site.url), title, "2025-01-12")


@pytest.mark.parametrize(
    "start", ["/open/annual/a3.html", *(pytest.param(start, marks=LONG) for start in ("/", "/open/annual/"))]
)
def test_a_report_whose_address_tells_nothing_is_no_section(operator: Operator, qinghe: County, start: str) -> None:
    listed = []
    for number, (address, title) in enumerate(list(qinghe.reports.items())):
        page = str(qinghe.country.pages.pop(f"{QINGHE}{address.removeprefix(qinghe.url)}"))
        qinghe.put(f"/open/annual/a{number}.html", page.replace(qinghe.section, "/open/annual/"))
        listed.append((f"/open/annual/a{number}.html", title, "2025-01-12"))
    qinghe.put("/zwgk/xxgk/", shell("政府信息公开", '<ul><li><a href="/open/annual/">政府信息公开年报</a></li></ul>'))
    qinghe.put("/open/annual/", shell("政府信息公开年报", rows(listed)))
    qinghe.put(qinghe.section, Reply("", 404))
    told = operator.add(qinghe.url + start, "--yes")
    assert [section["url"] for section in told["sections"]] == [f"{qinghe.url}/open/annual/"]
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe)


def test_a_short_menu_with_a_challenge_s_script_is_no_challenge(operator: Operator, country: Country) -> None:
    site = county(country, QINGHE, head="<script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script>")
    told = operator.add(f"{site.url}/", "--yes")
    assert [section["url"] for section in told["sections"]] == [site.url + site.section]


def test_a_captcha_in_the_portal_s_own_template_is_a_challenge(operator: Operator, qinghe: County) -> None:
    menu = "".join(f'<a href="/c{number}/">栏目{number}</a>' for number in range(9))
    qinghe.put("/", Reply(f"<html><body><div>{menu}</div><p>请完成安全验证，拖动滑块</p></body></html>"))
    told = operator.add(f"{qinghe.url}/", "--yes", code=1)
    assert "challenge" in {note["rule"] for note in told["notes"]}


def test_each_organ_s_query_page_is_a_section(operator: Operator, qinghe: County) -> None:
    place = "/module/xxgk/xxgkAnnualReport.jsp"
    organs = dict(zip(("11", "12", "13"), (qinghe.organ, *qinghe.departments), strict=True))
    pages = {
        title: str(qinghe.country.pages[f"{QINGHE}{url.removeprefix(qinghe.url)}"])
        for url, title in qinghe.reports.items()
    }

    def asked(query: str) -> Reply | str:
        fields = dict(part.split("=") for part in query.split("&"))
        organ, year = organs[fields["area"]], fields.get("fbtime", "2024")
        page = next((page for title, page in pages.items() if title.startswith(f"{organ}{year}")), None)
        tabs = "".join(f'<a href="{place}?area={fields["area"]}&fbtime={one}">{one}年</a>' for one in qinghe.years)
        others = "".join(f'<li><a href="{place}?area={code}">{name}</a></li>' for code, name in organs.items())
        return page.replace("<h2>", f"<div>{tabs}</div><ul>{others}</ul><h2>") if page else Reply("", 404)

    qinghe.put(place, asked)
    first = f'<ul><li><a href="{place}?area=11">政府信息公开年报</a></li></ul>'
    qinghe.put("/zwgk/xxgk/", shell("政府信息公开", first))
    told = operator.add(f"{qinghe.url}/", "--yes")
    assert {section["url"] for section in told["sections"]} == {f"{qinghe.url}{place}?area={code}" for code in organs}
    told = operator.add(f"{qinghe.url}{place}?area=12", "--yes", "--replace", "--name", "qinghe")
    assert [section["url"] for section in told["sections"]] == [f"{qinghe.url}{place}?area=12"]


def test_a_department_s_column_is_the_department_s(operator: Operator, country: Country) -> None:
    head = '<meta name="SiteName" content="清河县人民政府"><meta name="SiteIDCode" content="1305340001">'
    site = county(country, QINGHE, organ="清河县教育局", departments=(), section="/jyj/nb/", head=head)
    site.put("/", shell("清河县人民政府门户网站", "", head))
    operator.add(site.url + site.section, "--name", "qinghe_jyj", "--yes")
    said = operator.said("qinghe_jyj")
    assert (said["organ"], said["level"], said["title"]) == ("清河县教育局", "department", "清河县教育局")
    assert (said["site_id"], said["region"]) == ("1305340001", "130534")


def test_reports_on_a_sibling_host_are_let_in_by_name(operator: Operator, country: Country, qinghe: County) -> None:
    for address, page in [(address, page) for address, page in country.pages.items() if "/doc/" in address]:
        country.pages[address.replace(QINGHE, "xxgk.qinghe.gov.cn")] = page
        del country.pages[address]
    column = country.pages[QINGHE + qinghe.section]
    assert callable(column)
    qinghe.put(qinghe.section, lambda query: str(column(query)).replace('"/doc/', '"http://xxgk.qinghe.gov.cn/doc/'))
    operator.add(qinghe.url + qinghe.section, "--yes")
    assert operator.said("qinghe")["allowed_hosts"] == ["xxgk.qinghe.gov.cn"]
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe)


def test_a_section_that_its_scripts_write_needs_a_browser_or_says_so(tmp_path: Path) -> None:
    from crawler import browser

    operator = Operator(tmp_path)
    with World("xinglin") as world:
        told = operator.add(world["xinglin"].section, "--name", "xinglin", code=0 if browser.available() else 1)
        if browser.available():
            assert tomllib.loads(told["toml"])["render"] is True
            assert {row["title"] for row in told["listed"]} >= {item.paper.title for item in world["xinglin"].live()}
        else:
            assert "make extras" in told["remedy"]


# --- what is told ---


def test_in_a_pipe_the_proposal_is_shown_and_nothing_written(operator: Operator, qinghe: County) -> None:
    shown = operator.run("portals", "add", qinghe.url + "/", "--proxy", "${CN_PROXY}")
    assert not (operator.home / "portals").exists()
    assert shown.rstrip().endswith(f"nianbao portals add {qinghe.url}/ --proxy '${{CN_PROXY}}' --yes")
    for word in (
        "family generic",
        f"section {qinghe.url}{qinghe.section}",
        "政府信息公开年报",
        "清河县林业局",
        "2024",
        'family   = "generic"',
    ):
        assert word in shown, word
    assert "\x1b" not in shown


def test_at_a_terminal_it_asks(operator: Operator, qinghe: County) -> None:
    for answer, written in (("n", False), ("y", True)):
        shown = _at_a_terminal(operator, ["portals", "add", qinghe.url + "/", "--proxy", "${CN_PROXY}"], answer)
        assert "Write portals/qinghe.toml?" in shown
        assert operator.file("qinghe").exists() is written
    assert "nianbao crawl qinghe" in shown


def _at_a_terminal(operator: Operator, words: list[str], answer: str) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        operator.command(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=operator.environ(), close_fds=True
    )
    os.close(theirs)
    shown, asked, until = b"", False, time.monotonic() + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([ours], [], [], 1.0)
        if ready:
            try:
                got = os.read(ours, 65536)
            except OSError:
                break
            if not got:
                break
            shown += got
        if b"[" in shown and b"]:" in shown and not asked:
            os.write(ours, f"{answer}\n".encode())
            asked = True
    assert process.wait(30) == 0, shown.decode()
    os.close(ours)
    return shown.decode()


def test_hostile_texts_stay_texts(operator: Operator, country: Country) -> None:
    evil = '清河"县\u202e人民\x1b[31m政府\\\n"""\n[policy]\nobey_robots = false #'
    head = f'<meta name="SiteName" content=\'{evil}\'><meta name="SiteIDCode" content="1234567890&quot;\nx=1">'
    site = county(country, QINGHE, head=head)
    operator.add(site.url + "/", "--yes")
    said = operator.said("qinghe")
    assert set(said) <= {"title", "family", "sections", "organ", "level", "site_id", "proxy", "selectors"}
    assert not any(
        ord(char) < 32 or char in "\x1b\u202e" for value in said.values() if isinstance(value, str) for char in value
    )
    text = operator.file("qinghe").read_text(encoding="utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown = operator.run("portals", "add", site.url + "/", "--replace", "--proxy", "${CN_PROXY}")
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_robots_that_close_the_portal_are_kept_to(operator: Operator, country: Country, qinghe: County) -> None:
    qinghe.put("/robots.txt", Reply("User-agent: *\nDisallow: /\n", headers={"Content-Type": "text/plain"}))
    told = operator.add(qinghe.url + "/", "--yes", code=1)
    assert told["outcome"] == "blocked"
    assert any(note["rule"] == "robots" for note in told["notes"])
    assert {url.rpartition("/")[2] for url in country.asked} == {"robots.txt"}
    assert not operator.file("qinghe").exists()


@pytest.mark.parametrize("status", [412, 521])
def test_a_challenge_is_reported_and_not_tried_for_long(operator: Operator, country: Country, status: int) -> None:
    page = Reply("<html><script>$_ts=window['$_ts'];$_ts.nsd=1;__jsl_clearance</script></html>", status)
    for path in ("/", "/zwgk/", "/robots.txt", "/channel/1207/"):
        country.pages[f"{QINGHE}{path}"] = page
    told = operator.add(f"http://{QINGHE}/channel/1207/", "--yes", code=1)
    assert told["outcome"] == "blocked"
    assert str(status) in told["trouble"]
    assert len(country.asked) <= 8


def test_a_host_that_does_not_answer(operator: Operator, country: Country) -> None:
    country.dead |= {QINGHE, "qinghe.gov.cn"}
    told = operator.add(f"http://{QINGHE}/", "--yes", code=1)
    assert told["outcome"] == "unreachable"
    assert told["tried"]
    assert len(country.asked) <= 20  # robots.txt and page, each tried three times, under three spellings
    shown = operator.run("portals", "add", f"http://{QINGHE}/", "--proxy", "${CN_PROXY}", code=1)
    assert "tried:" in shown
    assert operator.err.startswith("nianbao portals add: nothing answered")
    assert "what to do: " in operator.err


def test_a_portal_without_annual_reports(operator: Operator, country: Country, qinghe: County) -> None:
    del country.pages[QINGHE + qinghe.section]
    told = operator.add(qinghe.url + "/", "--yes", code=1)
    assert told["outcome"] == "nothing"
    assert told["requests"] <= 40
    assert "section" in told["remedy"]


def test_a_section_that_lists_nothing_yet_says_so(operator: Operator, qinghe: County) -> None:
    qinghe.put(qinghe.section, shell("政府信息公开年报", '<h3>政府信息公开年报</h3><ul class="list"></ul>'))
    told = operator.add(qinghe.url + qinghe.section, "--yes", code=1)
    assert told["outcome"] == "empty"
    assert qinghe.section in told["trouble"]


def test_a_redirect_to_a_stranger_is_told_and_not_followed(
    operator: Operator, country: Country, qinghe: County
) -> None:
    county(country, "www.changhe.gov.cn")
    qinghe.put("/", Reply("", 301, {"Location": "http://www.changhe.gov.cn/"}))
    qinghe.put(qinghe.section, Reply("", 301, {"Location": "http://www.changhe.gov.cn/channel/1207/"}))
    told = operator.add(qinghe.url + qinghe.section, "--yes", code=1)
    assert any("www.changhe.gov.cn" in note["detail"] for note in told["notes"] if note["rule"] == "new_host")
    assert country.hosts() == {QINGHE}


def test_a_redirect_to_a_sibling_is_followed(operator: Operator, country: Country, qinghe: County) -> None:
    county(country, "zyk.qinghe.gov.cn")
    qinghe.put(qinghe.section, Reply("", 301, {"Location": "http://zyk.qinghe.gov.cn/channel/1207/"}))
    told = operator.add(qinghe.url + qinghe.section, "--yes")
    assert [section["url"] for section in told["sections"]] == ["http://zyk.qinghe.gov.cn/channel/1207/"]
    operator.run("crawl", "qinghe")
    assert operator.reports("qinghe") == everything(qinghe)


def test_a_public_page_leads_to_no_private_address(operator: Operator, country: Country, qinghe: County) -> None:
    inside = "http://127.0.0.1:9/zfxxgknb/"
    links = "".join(
        f'<a href="{url}">政府信息公开年报</a>'
        for url in (inside, "http://10.0.0.8/nb/", "http://localhost/nb/", "http://[::1]/nb/")
    )
    qinghe.put("/", shell("清河", links))
    qinghe.put("/zwgk/", Reply("", 302, {"Location": inside}))
    operator.add(qinghe.url + "/", "--yes", code=1)
    assert country.hosts() == {QINGHE}


def test_a_copy_under_a_foreign_name_is_not_taken_unseen(operator: Operator, country: Country) -> None:
    head = f'<meta name="SiteDomain" content="{QINGHE}">'
    copy = county(country, "www.qhxyx.com", head=head)
    told = operator.add(copy.url + copy.section, "--yes", code=1)
    assert QINGHE in told["trouble"]
    assert told["toml"]
    assert not operator.file(told["name"]).exists()


# --- names and files ---


def test_a_name_that_is_taken_is_left_alone(operator: Operator, country: Country, qinghe: County) -> None:
    operator.add(qinghe.url + "/", "--yes")
    before = operator.file("qinghe").read_text(encoding="utf-8")
    for words in (["--name", "qinghe"], []):
        operator.run("portals", "add", qinghe.url + "/", *words, "--yes", code=2)
        assert "qinghe" in operator.err
        assert "--replace" in operator.err
        assert operator.err.count("\n") == 1
    operator.run("portals", "add", qinghe.url + "/", "--name", "linhai", "--yes", code=2)
    assert str(BUILT_IN / "linhai.toml") in operator.err
    assert operator.file("qinghe").read_text(encoding="utf-8") == before
    qinghe.put("/", shell("清河", ""))
    operator.add(qinghe.url + qinghe.section, "--yes", "--replace")
    assert operator.file("qinghe").read_text(encoding="utf-8") != before


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not an address",
        "ftp://www.qinghe.gov.cn/",
        "http://",
        "http://user:pw@www.qinghe.gov.cn/",
        "http://[::1/",
        "http://a b/",
    ],
)
def test_what_is_no_address(operator: Operator, url: str) -> None:
    operator.run("portals", "add", url, code=2)
    assert operator.err.count("\n") == 1
    assert "pw@" not in operator.err.replace(url, "")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--csv", "x.csv"],
        ["--name", "Nein!"],
        ["--proxy", "${NOBODY_SET_THIS}"],
        ["--proxy", "http://u:p@proxy:1"],
        ["--yes", "--dry-run"],
        ["--proxy", "x"],
    ],
)
def test_wrong_usage(operator: Operator, words: list[str]) -> None:
    (operator.home / "x.csv").write_text("url\n")
    words = [word.replace("x.csv", str(operator.home / "x.csv")) for word in words]
    operator.run("portals", "add", *(["http://a.gov.cn/", *words] if words else []), code=2)
    assert operator.err.count("\n") == 1


def test_beside_a_writer(operator: Operator, qinghe: County) -> None:
    """A service holds the home; it takes the new file up by itself (monitor/service/configuration.py)."""
    import fcntl

    operator.home.joinpath(".lock").touch()
    with (operator.home / ".lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        operator.add(qinghe.url + "/", "--yes")
    assert operator.file("qinghe").exists()


def test_an_edit_is_tried_on_the_saved_pages(operator: Operator, qinghe: County) -> None:
    operator.add(qinghe.url + "/", "--yes")
    portal = load_portal(operator.file("qinghe"))
    folder = folder_of(operator.home, "qinghe")
    assert check_saved(folder, portal).differences == ()
    assert "as saved" in operator.run("portals", "check", "--saved")
    text = operator.file("qinghe").read_text(encoding="utf-8")
    broken = text.partition("[selectors]")[0] + '[selectors]\nlink = "div.nowhere a"\nbody = "div.foot"\n'
    operator.file("qinghe").write_text(broken, encoding="utf-8")
    differences = check_saved(folder, load_portal(operator.file("qinghe"))).differences
    assert {one.what for one in differences} >= {"link"}
    assert "link: was" in operator.run("portals", "check", "qinghe", "--saved", code=1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_killed_in_the_middle_it_leaves_nothing(
    operator: Operator, country: Country, qinghe: County, tmp_path: Path, number: signal.Signals
) -> None:
    country.slow = 0.7
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environ = {**operator.environ(), "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        operator.command("portals", "add", qinghe.url + "/", "--proxy", "${CN_PROXY}", "--yes"),
        env=environ,
        stdout=subprocess.DEVNULL,
    )
    try:
        _until(lambda: len(country.asked) >= 3)
        assert [*scratch.iterdir()]
        process.send_signal(number)
        process.wait()
        _until(lambda: not _mentions(str(scratch)))
        _until(lambda: not [*scratch.iterdir()])
    finally:
        process.kill()
    asked = len(country.asked)
    time.sleep(1.5)
    assert len(country.asked) == asked
    assert not (operator.home / "portals").exists() or operator.left() == []


def test_a_survey_that_takes_too_much_is_ended_and_said_so(country: Country, qinghe: County) -> None:
    from crawler.scout.survey_model import Order
    from monitor.scouting import scout

    country.slow = 0.3
    order = Order(qinghe.url + "/", NOW, "nianbao test", Policy(delay=0.0), proxy=country.url)
    for changes, why in (
        ({"memory": 20_000_000}, "more than 20 MB"),
        ({"seconds": 0.1}, "seconds of a survey are used up"),
    ):
        with contextlib.closing(scout([msgspec.structs.replace(order, **changes)])) as surveys:
            _, survey = next(surveys)
        assert survey.outcome in ("failed", "nothing")
        assert why in survey.trouble + str(survey.notes), survey


def _until(what: Any) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def _mentions(text: str) -> list[str]:
    """Processes whose command line names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if text.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


# --- many ---


def test_a_table_of_many(operator: Operator, country: Country, qinghe: County, tmp_path: Path) -> None:
    other = county(country, "www.changhe.gov.cn", organ="长河区人民政府", departments=())
    country.dead |= {"www.silent.gov.cn", "silent.gov.cn"}
    table = tmp_path / "many.csv"
    table.write_bytes(
        "url,name,title,region,level,organ\r\n"
        f"{qinghe.url}/,,清河县,990101,county,\r\n"
        f'{other.url}/,changhe,"长河区""人民""政府",990200,prefecture,长河区人民政府\r\n'
        "http://www.silent.gov.cn/,,,,,\r\n"
        "这不是网址,,,,,\r\n"
        f"{other.url}/zwgk/,changhe,,,,\r\n"
        f"{qinghe.url}/zwgk/,,,,,\r\n"
        "\r\n"
        f"{other.url}/,changhe2,,12,planet,\r\n".encode("gb18030")
    )
    told = operator.add("--csv", str(table), "--yes", code=1)
    states = {row["line"]: (row["name"], row["state"]) for row in told}
    assert states[2] == ("qinghe", "added")
    assert states[3] == ("changhe", "added")
    assert states[4] == ("silent", "failed")
    assert [state for _, state in (states[5], states[6], states[7], states[9])] == ["failed"] * 4
    assert operator.said("qinghe")["title"] == "清河县"
    assert operator.said("changhe")["title"] == '长河区"人民"政府'
    assert operator.said("changhe")["level"] == "prefecture"
    country.asked.clear()
    again = operator.add("--csv", str(table), "--yes", code=1)
    assert {row["line"]: row["state"] for row in again if row["line"] in (2, 3)} == {2: "exists", 3: "exists"}
    assert QINGHE not in country.hosts()
    shown = operator.run("portals", "add", "--csv", str(table), "--yes", "--proxy", "${CN_PROXY}", code=1)
    assert shown.splitlines()[0].split("\t")[:3] == ["行", "代号", "结果"]


def test_a_table_in_a_pipe_writes_nothing(operator: Operator, qinghe: County, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(f"url\n{qinghe.url}/\n")
    told = operator.add("--csv", str(tmp_path / "one.csv"))
    assert [row["state"] for row in told] == ["proposed"]
    assert not (operator.home / "portals").exists()


@pytest.mark.parametrize("text", ["", "adress\nhttp://a.gov.cn/\n", "url,colour\nhttp://a.gov.cn/,red\n", "url\n"])
def test_a_table_that_is_none(operator: Operator, tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    operator.run("portals", "add", "--csv", str(tmp_path / "bad.csv"), "--yes", code=2)
    assert operator.err.count("\n") == 1
    assert "bad.csv" in operator.err


# --- a section that moved ---


def test_a_known_portal_s_section_is_found_again(operator: Operator, country: Country, qinghe: County) -> None:
    from monitor.home import Home
    from monitor.scouting import order_of, scout

    operator.add(qinghe.url + "/", "--yes")
    text = operator.file("qinghe").read_text(encoding="utf-8").replace('level    = "county"', 'level    = "prefecture"')
    operator.file("qinghe").write_text(text, encoding="utf-8")
    old = load_portal(operator.file("qinghe"))
    column = country.pages.pop(QINGHE + qinghe.section)
    assert callable(column)
    qinghe.put("/node/88/", lambda query: str(column(query)).replace(qinghe.section, "/node/88/"))
    page = country.pages[f"{QINGHE}/zwgk/xxgk/"]
    qinghe.put("/zwgk/xxgk/", str(page).replace(qinghe.section, "/node/88/"))
    order = order_of(old.sections[0], Home(operator.home).settings(), NOW, known=old)
    os.environ["CN_PROXY"] = country.url
    try:
        with contextlib.closing(scout([order])) as surveys:
            _, survey = next(surveys)
    finally:
        del os.environ["CN_PROXY"]
    assert survey.outcome == "found", survey
    assert survey.portal is not None
    assert survey.portal.sections == (f"{qinghe.url}/node/88/",)
    assert (survey.portal.name, survey.portal.level, survey.portal.title) == (old.name, "prefecture", old.title)
