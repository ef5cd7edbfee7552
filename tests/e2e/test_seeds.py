"""Five real reports, each served in the markup of its family, through the program as an operator runs it.

Where ../shared/seeds is absent they are skipped, visibly. Three days: what stands there, then the same again under
a template's noise; the gateway's view gets its twin and the damaged copy is mended on the second day.
"""

import io
import json
import random
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import opencc
import pytest
from PIL import Image

from monitor.demo.server import Request, Response, Web

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
pytestmark = [
    pytest.mark.seeds,
    pytest.mark.skipif(not SEEDS.exists(), reason="shared/seeds is not here"),
]

CLEAN_HAIZHU = Path(__file__).with_name("haizhu_2020.txt")
"""Haizhu 2020, clean: the damaged copy without its glosses, through OpenCC (which the program builds on too), then read
against the original line by line; what the damage had swallowed was typed in by hand. See test_canonical.py for passages
that no converter touched."""
UNDOABLE = "“三审三校”关，"
"""The one place of seed 004 that cannot be undone: shifted by a byte, it reads `“三審三?!标P(guān)` ("domain notes", 0)."""
DAYS = ("2026-11-20T01:00:00Z", "2026-11-21T01:00:00Z", "2026-11-22T01:00:00Z")
CITY, AGENCY, LINHAI, COMMISSION, HAIZHU = "seed_city", "seed_agency", "seed_linhai", "seed_commission", "seed_haizhu"
COMMISSION_PATH = "/zwxx/zfxxgk/zfxxgknb/202101/t20210129_2242318.html"
HAIZHU_PATH = "/gkmlpt/content/7/7043/post_7043272.html"


def picture() -> bytes:
    """A table as the template has it: pixels."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "PNG")
    return file.getvalue()


PICTURE = picture()


def seed(number: int) -> str:
    return next(SEEDS.glob(f"{number:03d}_*.txt")).read_text(encoding="utf-8")


def paragraphs(text: str) -> str:
    return "\n".join(f"<p>　　{escape(line.strip())}</p>" for line in text.splitlines() if line.strip())


class Site:
    """The five portals, each at an address of its own. `day` is what they show; everything else differs each time."""

    def __init__(self, web: Web) -> None:
        self.day = 1
        self.city = web.listen(self._city, "127.0.3.1")
        self.agency = web.listen(self._agency, "127.0.3.2")
        self.linhai = web.listen(self._linhai, "127.0.3.3")
        self.commission = web.listen(self._commission, "127.0.3.4")
        self.haizhu = web.listen(self._haizhu, "127.0.3.5")

    # 000: the 首都之窗 template of TRS; its tables are pictures.

    def _city(self, request: Request) -> Response:
        if request.path.endswith(".png"):
            return Response(PICTURE, content_type="image/png")
        if request.path.endswith("/gknb/"):
            return page(column(link("./202103/t20210319_2311765.html", seed(0).splitlines()[0], "2021-03-19")))
        if not request.path.endswith("t20210319_2311765.html"):
            return Response(b"<html><head><title>404</title></head><body>404 Not Found</body></html>", 404)
        return page(capital_window(seed(0), "./W0202103190001"))

    # 001: one column page of an agency that holds every year.

    def _agency(self, request: Request) -> Response:
        noise = random.randrange(10**6)
        tabs = "".join(f'<li class="tab"><a href="#y{year}">{year}年</a></li>' for year in range(2022, 2007, -1))
        return page(
            f"<html><head><meta charset='utf-8'><title>海淀区城市管理指挥中心 - 政府信息公开年报</title></head><body>"
            f"<div class='top'>今天是2026年{noise % 12 + 1}月2日 访问量：{noise}</div><div class='crumb'>当前位置："
            f"<a href='/'>首页</a> &gt; <a href='/zfwj/'>政府信息公开年报</a></div><ul class='tabs'>{tabs}</ul>"
            f"<div id='mainText'>{yearbook(seed(1))}</div>"
            f"<div class='footer'>主办：海淀区人民政府 京ICP备05083640号 {noise}</div></body></html>"
        )

    # 002: an old layout table of Hanweb with absurd spans.

    def _linhai(self, request: Request) -> Response:
        title = "临海市2020年政府信息公开工作年度报告"
        address = "/art/2021/1/29/art_1229487608_3665014.html"
        if request.path.startswith("/col/"):
            record = f'<record><![CDATA[<li><a href="{address}" title="{title}">{title[:12]}...</a><b>2021-01-29</b></li>]]></record>'
            return page(
                "<html><head><meta charset='utf-8'><title>政府信息公开年报</title></head><body><div id='5471'><script type='text/xml'>"
                f"<datastore><nextgroup></nextgroup><recordset>{record}</recordset></datastore></script></div></body></html>"
            )
        lines = [cell for line in seed(2).splitlines() if (cell := re.sub(r"[|\s]+$", "", line).strip())]
        noise = random.randrange(10**6)
        rows = "".join(f'<tr><td colspan="370">{spaced(cell)}</td></tr>' for cell in lines[2:-1])
        return page(
            f"<html><head><meta charset='utf-8'><title>{title}</title><meta name='PubDate' content='2021-01-29 10:20'>"
            "<meta name='ContentSource' content='市府办'></head><body><table width='1000'><tr><td>"
            f"<table><tr><td>{lines[0]}</td></tr></table></td></tr><tr><td><table id='article' width='980'><tr>"
            f"<td colspan='370' class='title'>{title}</td></tr>{rows}<tr><td colspan='370'>{lines[-1]} 浏览次数：{noise}</td></tr>"
            f"</table></td></tr><tr><td>版权所有 {noise}</td></tr></table></body></html>"
        )

    # 003: the Traditional gateway; from the second day on its Simplified twin too.

    def _commission(self, request: Request) -> Response:
        gate = f"/gate/big5/{self.commission.netloc}"
        plain_title = "北京市城市管理委员会2020年政府信息公开工作年度报告"
        if request.path.endswith(".png"):
            return Response(PICTURE, content_type="image/png")
        if request.path.endswith("/zfxxgknb/"):
            rows = link(gate + COMMISSION_PATH, seed(3).splitlines()[0], "2021-01-29")
            return page(column(rows + (link(COMMISSION_PATH, plain_title, "2021-01-29") if self.day > 1 else "")))
        if request.path == gate + COMMISSION_PATH:
            return page(capital_window(seed(3), f"http://{self.commission.netloc}/W02021012900"))
        if request.path == COMMISSION_PATH and self.day > 1:
            return page(capital_window(simplified(seed(3)), f"http://{self.commission.netloc}/W02021012900"))
        return Response(b"403", 403)

    # 004: a mirror's damaged text on the 政府信息公开平台 of Guangdong; a clean copy on the second day.

    def _haizhu(self, request: Request) -> Response:
        title = "广州市海珠区人民政府2020年政府信息公开工作年度报告"
        if "/api/all/" in request.path:
            article = {
                "id": 7043272,
                "title": title,
                "publisher": "广州市海珠区人民政府",
                "date": 1611900000,
                "url": HAIZHU_PATH,
            }
            articles = [article] if request.query.get("page", "1") in ("0", "1") else []
            found = {"classify": {"post_count": 1}, "total": 1, "articles": articles}
            return Response(json.dumps(found).encode(), content_type="application/json")
        if request.path.endswith("/gkmlpt/index"):
            node = {"id": 3405, "name": "政府信息公开年报", "children": [], "jump_url": "", "post_count": 1}
            config = {"SID": 200012, "TREE": [node]}
            return page(
                f"<html><head><script>window._CONFIG = {json.dumps(config)};</script>"
                "</head><body><div id='app'></div></body></html>"
            )
        if request.path != HAIZHU_PATH:
            return Response(b"404", 404)
        text = seed(4) if self.day == 1 else CLEAN_HAIZHU.read_text(encoding="utf-8")
        noise = random.randrange(10**6)
        return page(
            f"<html><head><meta charset='utf-8'><title>{title}</title><script src='/a.js?{noise}'></script></head>"
            f"<body><div class='content'><table class='doc-info'><tr><td>索引号：</td><td>007520000/2021-00003</td>"
            f"<td>分类：</td><td>年报</td></tr>"
            f"<tr><td>发布机构：</td><td>广州市海珠区人民政府</td><td>成文日期：</td><td>2021-01-29</td></tr>"
            f"<tr><td>名称：</td><td colspan='3'>{title}</td></tr>"
            f"<tr><td>文号：</td><td></td><td>发布日期：</td><td>2021-01-29</td></tr></table><h1 class='title'>{title}</h1>"
            f"<div class='article-content'>{paragraphs(text)}</div><p class='views'>浏览次数：{noise}</p></div></body></html>"
        )


def page(html: str) -> Response:
    return Response(html.encode())


def link(address: str, title: str, date: str) -> str:
    return f'<li><a href="{address}" title="{title}">{title}</a><span>{date}</span></li>'


def column(rows: str) -> str:
    head = f"<html><head><meta charset='utf-8'><title>政府信息公开年报</title></head><body>{random.random()}"
    return f"{head}<ul class='list'>{rows}</ul></body></html>"


def spaced(cell: str) -> str:
    """The paragraphs that a cell of the old template holds, parted by runs of white space."""
    return "".join(
        f"<p>{escape(part)}</p>" for part in re.split(r"\s{1,}(?=[一二三四五六]、|[(（][一二三四五六][)）])", cell)
    )


def capital_window(text: str, picture: str) -> str:
    """A page of 首都之窗: what the template adds stands where it stood; pictures for the tables, below their headings."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    date, source = re.split(r"\s{2,}", lines[1])
    start = next(index for index, line in enumerate(lines) if line.startswith(("依据", "依據")))
    end = next(index for index, line in enumerate(lines) if "即将离开" in line or "即將離開" in line)
    body = []
    for index, line in enumerate(lines[start:end]):
        body.append(f"<p>　　{escape(line)}</p>")
        if re.match("[二三四]、", line):
            body.append(f'<p align="center"><img src="{picture}{index}.png?{random.random()}" /></p>')
    links = "".join(
        f"<li><a href='/zwdt/t{random.randrange(10**6)}.html'>要闻{random.randrange(99)}</a></li>" for _ in range(6)
    )
    return (
        f"<html><head><meta charset='utf-8'><title>{lines[0]}_首都之窗</title><meta name='ArticleTitle' content='{lines[0]}'>"
        f"<meta name='PubDate' content='{date.partition(':')[2]}'><meta name='ContentSource' content='{source.partition(':')[2]}'></head>"
        f"<body><div class='header'><h1>{lines[0]}</h1><p>{date}    {source}</p><p>{lines[2]}</p><p>{lines[3]}</p></div>"
        f"<div id='mainText'><div class='view TRS_UEDITOR trs_paper_default'>{''.join(body)}</div></div>"
        f"<div class='related'><h3>相关链接</h3><ul>{links}</ul></div><div id='dialog'><p>{lines[end]}</p></div>"
        f"<div class='archived'>{lines[-1]}</div></body></html>"
    )


def simplified(text: str) -> str:
    """The twin's words. Made for the test: what the gateway made of them is in the seed."""
    return (
        str(opencc.OpenCC("tw2s").convert(text)).replace("资讯", "信息").replace("发布", "发布").replace("衚衕", "胡同")
    )


TABLES = (("第二十条第(一)项", 4), ("(本列数据的勾稽关系", 10), ("行政复议 |", 15), ("指标 |", 3))


def spanned(cells: list[str], width: int) -> str:
    """A row whose label, or in the narrow table 2 whose last cell, spans what is left of the width."""
    wide = 0 if width > 4 else len(cells) - 1
    spans = [width - len(cells) + 1 if index == wide else 1 for index in range(len(cells))]
    return f"<tr>{''.join(f'<td colspan={span}>{cell}</td>' for span, cell in zip(spans, cells, strict=True))}</tr>"


def yearbook(text: str) -> str:
    """Seed 001 as markup: a paragraph a line; cells, a line each and closed by pipes, as tables of their width again."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    out: list[str] = []
    cells: list[str] = []
    width = 0

    def close() -> None:
        nonlocal cells, width
        if cells:
            used, rows = 0, []
            row: list[str] = []
            for cell in cells:
                pad = len(cell) if set(cell) <= {"|"} else 0
                row += [] if pad else [escape(cell)]
                used += pad or 1
                if used >= width:
                    rows.append(spanned(row, width))
                    row, used = [], 0
            rows += [spanned(row, width)] if row else []
            out.append(f"<table border='1'>{''.join(rows)}</table>")
        cells, width = [], 0

    for line in lines:
        begun = next((size for start, size in TABLES if line.startswith(start)), 0)
        if begun or "|" not in line:
            close()
        if "|" not in line:
            out.append(f"<p>{escape(line)}</p>")
            continue
        width = begun or width
        if set(line) <= {"|"}:
            cells.append(line)
        else:
            cells += [cell.strip() for cell in line.removesuffix("|").split("|")]
    close()
    return "\n".join(out)


class Result:
    """The record after the last day."""

    def __init__(self, home: Path) -> None:
        self.db = sqlite3.connect(home / "nianbao.db")
        self.db.row_factory = sqlite3.Row
        self.home = home

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(sql, values).fetchall()

    def reports(self, portal: str) -> list[sqlite3.Row]:
        return self.rows("SELECT * FROM reports WHERE portal = ? ORDER BY year DESC", portal)

    def current(self, report: sqlite3.Row) -> sqlite3.Row:
        return self.rows("SELECT * FROM versions WHERE id = ?", report["current_version"])[0]

    def kinds(self, portal: str) -> list[str]:
        """What people are told one by one, what is overdue aside."""
        told = self.rows("SELECT kind FROM events WHERE portal = ? AND baseline = 0 ORDER BY id", portal)
        return [row["kind"] for row in told if row["kind"] not in ("baseline", "overdue", "finding")]

    def rules(self, portal: str) -> list[tuple[str, str]]:
        found = self.rows(
            "SELECT f.rule, f.detail FROM findings f LEFT JOIN crawls c ON c.id = f.crawl WHERE c.portal = ?", portal
        )
        return [(row["rule"], row["detail"]) for row in found]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    home = tmp_path_factory.mktemp("seeds")
    (home / "portals").mkdir()
    with Web() as web:
        site = Site(web)
        for name, family, section, organ in (
            (CITY, "trs", site.city.url + "/gongkai/zfxxgk/gknb/", "北京市海淀区人民政府"),
            (
                AGENCY,
                "trs",
                site.agency.url + "/jbdt/auto10489_51767/zfwj_59297/zfwj_59339/",
                "北京市海淀区城市管理指挥中心",
            ),
            (LINHAI, "hanweb", site.linhai.url + "/col/col1229487608/index.html", "临海市人民政府"),
            (COMMISSION, "trs", site.commission.url + "/zwxx/zfxxgk/zfxxgknb/", "北京市城市管理委员会"),
            (HAIZHU, "gkmlpt", site.haizhu.url + "/gkmlpt/index#3405", "广州市海珠区人民政府"),
        ):
            lines = (f'title = "{organ}"', f'family = "{family}"', f'sections = ["{section}"]', f'organ = "{organ}"')
            policy = "[policy]\ndelay = 0.0\nallow_private = true\n"
            (home / "portals" / f"{name}.toml").write_text("\n".join((*lines, policy)), encoding="utf-8")
        program = [str(Path(sys.executable).with_name("nianbao")), "--home", str(home)]
        for day, now in enumerate(DAYS, 1):
            site.day = day
            command = [*program, "--now", now, "crawl", CITY, AGENCY, LINHAI, COMMISSION, HAIZHU]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, done.stderr
    found = Result(home)
    yield found
    found.db.close()


def test_haidian_2020_in_the_capitals_template(result: Result) -> None:
    (report,) = result.reports(CITY)
    version = result.current(report)
    assert (report["organ"], report["year"], report["published_on"]) == ("北京市海淀区人民政府", 2020, "2021-03-19")
    assert report["title"] == seed(0).splitlines()[0]
    assert version["source"] == "北京市海淀区人民政府"
    assert version["text"].startswith("依据《中华人民共和国政府信息公开条例》")
    assert version["text"].endswith("如需了解更多政府信息,请登录查询。")
    assert "2。" in version["text"]  # the original's own slip stays
    pictures = result.rows("SELECT * FROM attachments WHERE version = ?", version["id"])
    assert len(pictures) == 3
    assert all(row["media_type"] == "image/png" for row in pictures)
    assert result.kinds(CITY) == []


def test_the_agencys_page_is_one_report_a_year(result: Result) -> None:
    reports = result.reports(AGENCY)
    assert [row["year"] for row in reports] == [year for year in range(2022, 2007, -1) if year != 2012]
    assert len({row["organ_id"] for row in reports}) == 1
    names = {row["year"]: row["organ"] for row in reports}
    assert "城市管理指挥中心" in names[2022]
    assert "城市服务管理指挥中心" in names[2016]
    assert "城市管理监督指挥中心" in names[2010] or "监督指挥中心" in names[2010]
    (organ,) = result.rows("SELECT * FROM organs WHERE portal = ?", AGENCY)
    assert len({organ["name"], *json.loads(organ["aliases"])}) >= 3
    texts = {row["year"]: result.current(row)["text"] for row in reports}
    assert "2022年主动公开政府信息75条" in texts[2022]
    assert "2018年在信息公开大厅主动公开政府信息234条" in texts[2018]
    assert "主动公开政府信息437条,是2009年主动公开政府信息的18倍" in texts[2010]  # a slip of the original
    doubled = [detail for rule, detail in result.rules(AGENCY) if rule == "duplicate_text"]
    assert doubled
    assert all("2011" in detail for detail in doubled)
    assert result.kinds(AGENCY) == []


def test_the_agencys_bare_tables_keep_their_years(result: Result) -> None:
    versions = {row["year"]: row["current_version"] for row in result.reports(AGENCY)}
    figures = {
        year: {row["field"]: row["value"] for row in result.rows("SELECT * FROM figures WHERE version = ?", version)}
        for year, version in versions.items()
    }
    assert figures[2022]["requests.new.total"] == 1
    assert figures[2020]["proactive.procurement.amount"] == 82.3658
    assert figures[2019]["proactive.procurement.amount"] == 58.5598
    assert figures[2019]["proactive.procurement.items"] is not None


def test_linhai_2020_and_its_impossible_period(result: Result) -> None:
    (report,) = result.reports(LINHAI)
    version = result.current(report)
    assert (report["organ"], report["year"], report["published_on"]) == ("临海市", 2020, "2021-01-29")  # as printed
    (organ,) = result.rows("SELECT * FROM organs WHERE portal = ?", LINHAI)
    assert organ["name"] == "临海市人民政府"
    assert "本报告依据《中华人民共和国政府信息公开条例》" in version["text"][:40]
    assert "打印" not in version["text"][-20:]
    assert "浏览次数" not in version["text"]
    assert any(rule == "impossible_period" for rule, _ in result.rules(LINHAI))
    assert result.kinds(LINHAI) == []


def test_the_traditional_gateway_is_a_view_of_its_twin(result: Result) -> None:
    (report,) = result.reports(COMMISSION)
    versions = result.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", report["id"])
    assert report["year"] == 2020
    assert [row["significance"] for row in versions] == ["first", "cosmetic"]
    assert "政府信息公開條例" in versions[0]["text"]
    assert "政府信息公开条例" in versions[1]["text"]
    assert report["url"].endswith(COMMISSION_PATH)
    assert "/gate/big5/" not in report["url"]
    roles = result.rows(
        "SELECT x.role FROM page_reports x JOIN pages p ON p.id = x.page WHERE x.report = ? AND p.url LIKE '%/gate/big5/%'",
        report["id"],
    )
    assert [row["role"] for row in roles] == ["view"]
    assert len(result.rows("SELECT * FROM organs WHERE portal = ?", COMMISSION)) == 1
    assert result.kinds(COMMISSION) == []


def test_haizhu_2020_damaged_equals_the_clean_copy_but_for_one_place(result: Result) -> None:
    (report,) = result.reports(HAIZHU)
    versions = result.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", report["id"])
    assert (report["organ"], report["year"]) == ("广州市海珠区人民政府", 2020)
    assert "區(qū)" in versions[0]["text"]  # kept as captured
    (event,) = result.rows("SELECT * FROM events WHERE portal = ? AND kind = 'changed'", HAIZHU)
    detail = json.loads(event["detail"])
    assert UNDOABLE in CLEAN_HAIZHU.read_text(encoding="utf-8")
    assert not detail.get("figures")
    # The damage put a full stop into the sentence: it is two sentences before, one after.
    assert detail["text_total"] == len(detail["text"]) <= 2
    assert "三審三?!标P(guān),按期主動公開" in "".join(change["before"] for change in detail["text"])
    (after,) = [change["after"] for change in detail["text"] if change["after"]]
    assert UNDOABLE in after
    assert result.kinds(HAIZHU) == ["changed"]


def test_evidence_of_every_version_is_kept(result: Result) -> None:
    program = [str(Path(sys.executable).with_name("nianbao")), "--home", str(result.home), "archive", "verify"]
    assert subprocess.run(program, capture_output=True, timeout=60, check=False).returncode == 0


def test_what_does_not_add_up(result: Result) -> None:
    """All of it, by portal and year; each was read against the original. The tables of two reports are lost (the first and the
    fourth have theirs as pictures); of the agency's 2019 and 2020 blank cells are; betting words stand in its 2016."""
    found: dict[tuple[str, int], list[str]] = {}
    for row in result.rows(
        """SELECT r.portal, r.year, f.rule FROM findings f JOIN reports r ON r.current_version = f.version ORDER BY f.id"""
    ):
        found.setdefault((row["portal"], row["year"]), []).append(row["rule"])
    assert found == {
        (LINHAI, 2020): ["impossible_period", "missing_table"],
        (HAIZHU, 2020): ["missing_table"],
        (AGENCY, 2020): ["table_damaged"],
        (AGENCY, 2019): ["table_damaged"],
        (AGENCY, 2016): ["clone_words"],
    }
