"""Visual SiteBuilder: pages that count down, what the pager says, pages that stay dynamic, report pages."""

import pytest

from crawler.families.base import ListPage, Step
from tests.unit.family_lists import read_list, read_report

COLUMN = "http://www.ji.gov.cn/zwgk/zfxxgknb.htm"
FOLDER = "http://www.ji.gov.cn/zwgk/zfxxgknb/"
TITLE = "己县人民政府{}年政府信息公开工作年度报告"


def rows(*years: int, up: str = "../") -> str:
    return "".join(
        f"<li id='line_u7_{at}'><a href='{up}info/1050/{year}.htm' title='{TITLE.format(year)}'>己县…</a><i>{year + 1}-01-20</i></li>"
        for at, year in enumerate(years)
    )


def page(*years: int, pager: str = "", script: str = "", up: str = "../") -> str:
    head = "<html><head><title>政府信息公开年报</title></head><body>"
    return f"{head}<ul>{rows(*years, up=up)}</ul>{pager}<script>{script}</script></body></html>"


def read(text: str, url: str = COLUMN, number: int = 0, pages: int | None = None) -> ListPage:
    return read_list("vsb", text, COLUMN, Step(url, number=number), pages=pages)


GOTO = "_simple_list_gotopage_fun(9,'u7_goto',2)"


class TestCountingDown:
    @pytest.mark.parametrize(
        ("pager", "script"),
        [
            ("<span class='p_next p_fun'><a href='zfxxgknb/8.htm'>下页</a></span>", ""),
            ("<a href=zfxxgknb/8.htm class=Next>下页</a><a href=zfxxgknb/1.htm class=Next>尾页</a>", ""),
            ("<a href='zfxxgknb/1.htm' class='Next'>尾页</a><a class='Next' href='zfxxgknb/8.htm'>下页</a>", GOTO),
            ("", GOTO),
            ("", "var totalpage = '9';"),
            ("<td id=fanye7>共85条&nbsp;&nbsp;1/9&nbsp;</td><span class=NextDisabled>下页</span>", ""),
            ("<span class=p_t>共9页</span>", ""),
        ],
    )
    def test_page_two_of_nine_is_eight(self, pager: str, script: str) -> None:
        found = read(page(2024, 2023, pager=pager, script=script))
        assert [step.url for step in found.next] == [FOLDER + "8.htm"]
        assert found.problem == ""

    @pytest.mark.parametrize("pager", ["<span class=p_next><a href='6.htm'>下页</a></span>", ""])
    def test_on_the_way(self, pager: str) -> None:
        found = read(page(2022, up="../../", pager=pager), FOLDER + "7.htm", 2, 9)
        assert [step.url for step in found.next] == [FOLDER + "6.htm"]

    def test_columns_that_end_in_html(self) -> None:
        url = "http://www.ji.gov.cn/zwgk/zfxxgknb.html"
        first = read_list("vsb", page(2024, script=GOTO), url)
        assert [step.url for step in first.next] == [FOLDER + "8.html"]
        second = read_list("vsb", page(2023, up="../../"), url, first.next[0], pages=9)
        assert [step.url for step in second.next] == [FOLDER + "7.html"]

    def test_the_last_is_one(self) -> None:
        found = read(page(2016, up="../../", pager="<a class=Next href='1.htm'>尾页</a>"), FOLDER + "1.htm", 8, 9)
        assert (found.next, found.problem, len(found.links)) == ((), "", 1)

    def test_an_end_too_early(self) -> None:
        assert "page 5 of 9" in read(page(2016, up="../../"), FOLDER + "1.htm", 4, 9).problem
        assert read("<html><body>x</body></html>", FOLDER + "5.htm", 4, 9).problem

    def test_one_page(self) -> None:
        for pager in ("", "共2条 1/1", "<span class=p_next_d>下页</span>"):
            found = read(page(2024, 2023, pager=pager))
            assert (found.next, found.problem) == ((), "")

    def test_one_that_counts_up_is_believed(self) -> None:
        found = read(page(2022, up="../../", pager="<a class=Next href='3.htm'>下页</a>"), FOLDER + "2.htm", 2)
        assert [step.url for step in found.next] == [FOLDER + "3.htm"]

    def test_rows_are_held_to_the_pagers_count(self) -> None:
        found = read(page(2024, 2023, pager="共3条 1/2"))
        assert (found.listed, found.expected) == (2, 3)


def test_pages_that_stay_dynamic() -> None:
    url = "http://www.ji.gov.cn/list.jsp?urltype=tree.TreeTempUrl&wbtreeid=1046"
    row = f"<li id=line_u1_0><a href='content.jsp?urltype=news.NewsContentUrl&wbtreeid=1046&wbnewsid=77'>{TITLE.format(2024)}</a></li>"
    link = "<a class=Next href='list.jsp?totalpage=3&PAGENUM=2&urltype=tree.TreeTempUrl&wbtreeid=1046'>下页</a>"
    found = read(f"<ul>{row}</ul>{link}", url)
    assert [step.url.partition("?")[2] for step in found.next] == [
        "totalpage=3&PAGENUM=2&urltype=tree.TreeTempUrl&wbtreeid=1046"
    ]
    assert len(found.rows) == 1
    third = read(f"<ul>{row}</ul><script>var totalpage=3</script>", url + "&PAGENUM=2", 1, 3)
    assert "PAGENUM=3" in third.next[0].url
    assert read(f"<ul>{row}</ul>", url + "&totalpage=3&PAGENUM=3", 2, 3).next == ()


class TestPages:
    @pytest.mark.parametrize(
        "box", ["<div id=vsb_content><div class=v_news_content>{}</div></div>", "<div id='vsb_content_500'>{}</div>"]
    )
    def test_title_date_source_and_body(self, box: str) -> None:
        text = (
            "<html><head><title>己县人民政府网</title></head><body><form name='_newscontent_fromname'>"
            f"<h1>{TITLE.format(2024)}</h1>"
            "<div>时间：2025-01-20 来源：己县人民政府 点击：<script>_showDynClicks('wbnews', 1, 2)</script></div>"
            + box.format(
                "<p>一、总体情况</p><p>本机关主动公开政府信息一百二十条，均已按时公开，未发生责任追究情形。</p>" * 5
            )
            + "<p>附件【<a href='/system/_content/download.jsp?urltype=news.DownloadAttachUrl&owner=1&wbfileid=5'>报告.pdf</a>】已下载</p>"
            "</form><p>上一条：<a href=1.htm>通知</a></p></body></html>"
        )
        report = read_report("vsb", text, "http://www.ji.gov.cn/info/1050/2024.htm")
        assert (report.title, report.year, report.published_on) == (TITLE.format(2024), 2024, "2025-01-20")
        assert [item.name for item in report.attachments] == ["报告.pdf"]
        assert "上一条" not in report.text

    def test_a_pdf_that_a_script_shows(self) -> None:
        text = (
            f"<html><head><title>{TITLE.format(2024)}</title></head><body><h1>{TITLE.format(2024)}</h1><div id=vsb_content>"
            '<p><script>showVsbpdfIframe("/__local/A/B/1.pdf","100%","600","0","")</script></p></div></body></html>'
        )
        report = read_report("vsb", text, "http://www.ji.gov.cn/info/1050/2024.htm")
        assert [item.url for item in report.attachments] == ["http://www.ji.gov.cn/__local/A/B/1.pdf"]
