"""A portal that gets another CMS: the alert that it is broken says where its section seems to be now."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.demo.server import Request, Response, Web
from tests.e2e.test_cli import Operator

YEARS = range(2018, 2026)
HEX = "0123456789abcdef0123456789ab"


def report(year: int) -> str:
    chapters = "".join(
        f"<p>{chapter}</p><p>{year}年，{chapter[2:]}按照《条例》要求办理{year % 7 + 3}项，较上年有所变化。</p>"
        for chapter in (
            "一、总体情况", "二、主动公开政府信息情况", "三、收到和处理政府信息公开申请情况",
            "四、政府信息公开行政复议、行政诉讼情况", "五、存在的主要问题及改进情况", "六、其他需要报告的事项",
        )
    )  # fmt: skip
    title = f"云溪县人民政府{year}年政府信息公开工作年度报告"
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><div class='{{box}}'>{chapters}</div></body></html>"


def home(column: str) -> str:
    links = "".join(
        f'<li><a href="/c{number}/">{word}</a></li>'
        for number, word in enumerate(("首页", "政务公开", "互动交流", "走进云溪"))
    )
    return f"""<html><head><title>云溪县人民政府</title></head><body><ul class="nav">{links}</ul>
    <div class="zfxxgk"><a href="{column}">政府信息公开年报</a><a href="/wznb/">政府网站工作年度报表</a></div></body></html>"""


def rows(links: dict[str, int]) -> str:
    return "".join(
        f'<li><a href="{url}" title="云溪县人民政府{year}年政府信息公开工作年度报告">云溪县人民政府…</a><span>{year + 1}-01-20</span></li>'
        for url, year in links.items()
    )


class Portal:
    """First TRS, then Ucap."""

    def __init__(self) -> None:
        self.moved = False
        self.asked: list[str] = []

    def answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        pages = self.new() if self.moved else self.old()
        text = pages.get(request.path)
        return Response(text.encode()) if text is not None else Response("页面不存在".encode(), 404)

    def old(self) -> dict[str, str]:
        links = {f"./{year + 1}01/t{year + 1}0120_{year}77.html": year for year in YEARS}
        section = f"""<html><head><title>政府信息公开年报</title></head><body><ul class="list">{rows(links)}</ul>
        <script>createPageHTML(1, 0, "index", "html");</script></body></html>"""
        pages = {f"/zwgk/gknb/{url[2:]}": report(year).format(box="TRS_Editor") for url, year in links.items()}
        return {"/": home("/zwgk/gknb/"), "/zwgk/gknb/": section, **pages}

    def new(self) -> dict[str, str]:
        links = {f"/yunxi/c120011/{year + 1}01/{HEX}{year}.shtml": year for year in YEARS}
        column = f"""<html><head><title>政府信息公开年报</title><meta name="ColumnName" content="政府信息公开年报"></head><body>
        <ul class="xxgk_list">{rows(links)}</ul><script>createPageHTML('page_div',1,1,'zwgklist','shtml',8);</script></body></html>"""
        pages = {
            url: report(year).replace("<div class='{box}'>", "<UCAPCONTENT>").replace("</div>", "</UCAPCONTENT>")
            for url, year in links.items()
        }
        empty = "<html><head><title>政府信息公开年报</title></head><body><h2>政府信息公开年报</h2><ul class='list'></ul></body></html>"
        return {
            "/": home("/yunxi/c120011/zwgklist.shtml"),
            "/zwgk/gknb/": empty,
            "/yunxi/c120011/zwgklist.shtml": column,
            **pages,
        }


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[tuple[Portal, Operator, Callable[[str], list[dict[str, object]]]]]:
    portal = Portal()
    with Web() as web:
        url = web.listen(portal.answer).url
        (tmp_path / "portals").mkdir()
        (tmp_path / "portals" / "yunxi.toml").write_text(
            f'title = "云溪县人民政府"\nfamily = "trs"\nsections = ["{url}/zwgk/gknb/"]\norgan = "云溪县人民政府"\n'
            "[policy]\ndelay = 0.0\nallow_private = true\n"
        )
        operator = Operator(tmp_path)

        def crawl(now: str) -> list[dict[str, object]]:
            told = operator.json("crawl", "yunxi", now=now)
            return [event for event in told["events"] if event["kind"] not in ("finding", "overdue")]

        yield portal, operator, crawl


def test_a_new_cms_is_named_in_the_alert_and_nothing_follows_it_by_itself(
    portal: tuple[Portal, Operator, Callable[[str], list[dict[str, object]]]],
) -> None:
    site, operator, crawl = portal
    crawl("2026-05-01T01:00:00Z")
    assert operator.rows("SELECT count(*) FROM reports") == [(len(YEARS),)]
    site.moved = True
    site.asked.clear()
    (event,) = [event for event in crawl("2026-05-02T01:00:00Z") if event["kind"] == "portal_broken"]
    (likely,) = event["detail"]["likely"]  # type: ignore[index]
    assert likely["url"].endswith("/yunxi/c120011/zwgklist.shtml")
    assert (likely["family"], likely["reports"]) == ("ucap", len(YEARS))
    assert len(site.asked) < 2 * len(YEARS) + 25
    (found,) = operator.rows("SELECT detail FROM findings WHERE rule = 'section_moved'")
    assert "ucap" in found[0]
    assert operator.rows("SELECT count(*) FROM sections") == [(1,)]
    site.asked.clear()
    crawl("2026-05-03T01:00:00Z")
    assert "/" not in site.asked, "people know; it is not looked for again"
    assert json.loads(operator.run("portals", "--json"))
    with sqlite3.connect(operator.home / "nianbao.db") as db:
        assert db.execute("SELECT count(*) FROM reports WHERE status = 'taken_down'").fetchone() == (0,)


def test_a_pass_that_finds_everything_asks_for_nothing_more(
    portal: tuple[Portal, Operator, Callable[[str], list[dict[str, object]]]],
) -> None:
    site, _, crawl = portal
    crawl("2026-05-01T01:00:00Z")
    site.asked.clear()
    crawl("2026-05-02T01:00:00Z")
    assert "/" not in site.asked
