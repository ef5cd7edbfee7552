"""uuid, hex and the other address families: which addresses are pages and which are columns, and how their lists go on."""

import json

import pytest

from crawler.families.rows import is_article
from tests.unit.family_lists import read_list, read_report

TITLE = "庚市人民政府{}年政府信息公开工作年度报告"
UUID = "c6d51e4b-0000-4000-8000-000000002024"
HEX32, HEX24 = "83da30600000400080000000002024ab", "6229614ff8fd1c0bdc855f08"
HEBEI = "https://www.geng.gov.cn/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001/index.html"

PAGES = (
    f"/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001/202308/21/{UUID}.html",
    f"/ntsrmzf/szfb_2023/content/{UUID}.html",
    f"/govxxgk/JA0/2024-02-20/{UUID}.html?type=2",
    f"/nw12344/20240329/{HEX32}.html",
    f"/scjhj/gknb/2020/3/9/{HEX32}.shtml",
    f"/gk/zfxxgkzl/zfxxgknb/{HEX24}.html",
    "/xxgk/qzfxxgkml/zfxxgknb/bmxxgknb/2016044464489484290.html",
    f"/gongkai/channel_63eddb7c68ea3dce65a6f800/doc_{HEX24}.html",
    "/haerbin/c107681/202301/c01_733888.shtml",
    "/kfq/contents/10994/273839.html",
    "/zwgk/zfxxgknb/2022/zzfxxgknb/content_1903590",
    "/D42Y/8187641.jhtml",
    "/kyzq/zfxxgk27/zfxxgknb49/5839514/5886782/index.html",
    "/zwgk/sdz95/zfxxgknb/2024011617343525212/index.shtml",
    "/c/2023-01-28/4655505.shtml",
    "/2023/01-19/2677014.html",
    "/2023-01/28/content_88.shtml",
    "/n/2023-01-28/88.html",
    "/public/content/37034572",
    "/XxgkAnnualReport/show/5712.html",
    "/UserData/DocHtml/731/2018/3/26/3618558579887.html",
    "/info/2956/34000.htm",
    "/content.jsp?urltype=news.NewsContentUrl&wbtreeid=1&wbnewsid=3400",
    "/jyt/c110634/c5247234/content.html",
)
COLUMNS = (
    "/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001/index.html",
    "/columns/8aef2fa0-1c9e-4b7a-9a3e-000000000001/",
    f"/gongkai/channel_{HEX24}/",
    f"/gongkai/channel_{HEX24}/index.html",
    f"/{HEX32}/index.html",
    "/ntsrmzf/szfb_2023/",
    "/nw12344/index.html",
    "/zwgk/zfxxgknb/2022/zzfxxgknb/",
    "/jyt/c250121/zwgklist.shtml",
    "/c/2023-01-28/index.shtml",
    "/zfxxgk/zfxxgknb/1.html",
    "/zwgk/nb.htm",
)


@pytest.mark.parametrize("path", PAGES)
def test_addresses_of_pages(path: str) -> None:
    assert is_article("https://www.geng.gov.cn" + path)


@pytest.mark.parametrize("path", COLUMNS)
def test_addresses_of_columns(path: str) -> None:
    assert not is_article("https://www.geng.gov.cn" + path)


@pytest.mark.parametrize(
    ("family", "path"), [("uuid", PAGES[0]), ("uuid", PAGES[2]), ("hex", PAGES[5]), ("hex", PAGES[6])]
)
def test_a_bare_organ_or_year_is_a_candidate_at_such_an_address(family: str, path: str) -> None:
    """Columns of these systems name the organ, or the year, and nothing else."""
    text = f"<title>政府信息公开年报</title><li><a href='{path}'>庚市财政局</a></li><li><a href='{path[:-9]}9{path[-8:]}'>2023年</a></li>"
    page = read_list(family, text, HEBEI)
    assert [link.title for link in page.links] == ["庚市财政局", "2023年"]


def test_columns_of_years_at_uuids() -> None:
    other = HEBEI.replace("0001/", "0002/")
    page = read_list("uuid", f"<a href='{HEBEI}'>2024年</a><a href='{other}'>2023年</a>", HEBEI)
    assert [(column.url, column.year) for column in page.columns] == [(other, 2023)]


@pytest.mark.parametrize("family", ["uuid", "hex"])
def test_where_only_a_count_is_known_page_two_is_called_two(family: str) -> None:
    row = f"<li><a href='{PAGES[0]}'>{TITLE.format(2024)}</a></li>"
    text = f"{row}<script>var totalPage = 3;</script>"
    page = read_list(family, text, HEBEI)
    assert [step.url for step in page.next] == [HEBEI.replace("index", "index_2")]
    second = read_list(family, text, HEBEI, page.next[0])
    assert [step.url for step in second.next] == [HEBEI.replace("index", "index_3")]
    third = read_list(family, text, HEBEI, second.next[0])
    assert (third.next, third.problem) == ((), "")


def test_a_link_goes_before_a_count() -> None:
    row = f"<li><a href='{PAGES[3]}'>{TITLE.format(2024)}</a></li><a href='index_2.html'>下一页</a>"
    page = read_list("trs", f"{row}<script>var totalPage = 3;</script>", "https://www.geng.gov.cn/nw12344/index.html")
    assert [step.url for step in page.next] == ["https://www.geng.gov.cn/nw12344/index_2.html"]


def test_rows_in_comments_do_not_count() -> None:
    text = f"<!-- <li><a href='{PAGES[3]}'>{TITLE.format(2010)}</a></li> --><li><a href='{PAGES[4]}'>{TITLE.format(2024)}</a></li>"
    assert [link.title for link in read_list("hex", text, HEBEI).links] == [TITLE.format(2024)]


@pytest.mark.parametrize(
    ("family", "box"),
    [("uuid", "<div id=zoom>{}</div>"), ("hex", "<div class=Article_content id=ivs_content>{}</div>")],
)
def test_their_pages_read_well(family: str, box: str) -> None:
    text = (
        f"<html><head><title>庚市</title></head><body><ul><li><a href=/>首页</a></ul><h1>{TITLE.format(2020)}</h1>"
        "<div class=PBtime>发布日期：2021-03-29 来源：庚市人民政府</div>"
        + box.format(
            "<p>一、总体情况</p><p>本机关主动公开政府信息一百二十条，均已按时公开，未发生责任追究情形。</p>" * 5
        )
        + "<div>分享到：</div></body></html>"
    )
    report = read_report(family, text, "https://www.geng.gov.cn" + PAGES[0])
    # The address says 2023-08: that is when the page was imported.
    assert (report.title, report.organ, report.year, report.published_on) == (
        TITLE.format(2020),
        "庚市人民政府",
        2020,
        "2021-03-29",
    )
    assert "分享" not in report.text


def test_a_template_with_an_interface_is_read_as_querylist_reads_it() -> None:
    fields = "current: 1, unitid: '380055', webSiteCode: ['site'], channelCode: ['col1'], perPage: '15'"
    script = f"var params = {{{fields}}}; loadPageData(params, '380055');"
    page = read_list("uuid", f"<html><body><ul></ul><script>{script}</script></body></html>", HEBEI)
    assert [step.url for step in page.next] == ["https://www.geng.gov.cn/queryList"]
    address = json.dumps({"pc": f"/x/content/{UUID}.html"})
    row = {"source": {"title": TITLE.format(2024), "pubDate": "2025-01-20", "urls": address}}
    answer = json.dumps({"data": {"total": 1, "results": [row]}})
    assert [link.title for link in read_list("uuid", answer, HEBEI, page.next[0]).links] == [TITLE.format(2024)]
