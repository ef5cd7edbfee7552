"""crawler.page.reader on whole pages: what must not alter a fingerprint, what must, and what is a report at all."""

from typing import Any

import pytest

from crawler.families.base import Markup
from crawler.page.model import Fetched, Hint, Page, Report
from crawler.page.reader import read_page, text_hash
from crawler.page.text import Table, parse
from crawler.portal import Portal, Selectors

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",), site_id="3310820001")
URL = "http://www.x.gov.cn/nb/202301/t20230120_1.html"
TITLE = "某市人民政府办公室2022年政府信息公开工作年度报告"
TABLE = """<table border=1><tr><td colspan=4><p>第二十条第（一）项</p></td></tr><tr><td>信息内容</td><td>本年制发件数</td>
<td>本年废止件数</td><td>现行有效件数</td></tr><tr><td>规章</td><td>0</td><td>0</td><td>0</td></tr></table>"""
BODY = f"""<p>　　本报告依据《中华人民共和国政府信息公开条例》第五十条规定编制。</p><p>一、总体情况</p>
<p>2022年，我办公开信息12条，较2021年增长3条。</p><p>二、主动公开政府信息情况</p>{TABLE}<p>三、收到和处理政府信息公开申请情况</p><p>无。</p>
<p>四、政府信息公开行政复议、行政诉讼情况</p><p>无。</p><p>五、存在的主要问题及改进情况</p><p>一是不足。</p><p>六、其他需要报告的事项</p><p>无。</p>"""
PROSE = "<p>2022年我单位未收到申请，主动公开信息3条。</p>"


def page(
    body: str = BODY, *, title: str = TITLE, date: str = "2023-01-20 10:33", views: str = "12", today: str = "2026年11月22日 星期日",
    weather: str = "晴 3~12℃", box: str = "xyz", after: str = "", beside: str = "", info: str = "", meta: str = "", head: str = "",
) -> str:  # fmt: skip
    """A page of an unknown template, with the noise that such pages have."""
    info = info or (
        f"<div class=info><span>发布日期：{date}</span><span>来源：某市人民政府办公室</span><span>浏览次数：{views}</span>"
        "<span>字号：<a>大</a><a>中</a><a>小</a></span><span>分享：</span></div>"
    )
    return f"""<!DOCTYPE html><html><head><meta charset=utf-8><meta name="HtmlGenerateTime" content="{views}">{meta}
<title>{title}_某市人民政府</title><script>function go(){{location.href="/share"}}</script></head><body>
<div class=top><span>今天是{today}</span><span>{weather}</span><a href=/wza>无障碍</a></div>
<div class=nav><ul><li><a href=/>首页</a></li><li><a href=/zw>政务公开</a></li></ul></div>
<div class=main><div class=pos>您现在的位置：<a>首页</a>&gt;<a>年报</a></div>
<div class=cont>{head or f"<h1>{title}</h1>"}{info}<div class={box}>{body}</div>{after}</div>{beside}</div>
<div class=foot>主办：某市人民政府 浙ICP备1号<p>网站标识码3310820001</p></div></body></html>"""


def read(html: str | bytes, hint: Hint = Hint(), url: str = URL, **more: Any) -> Page:  # noqa: B008
    body = html.encode() if isinstance(html, str) else html
    markup = more.pop("markup", Markup())
    portal = more.pop("portal", PORTAL)
    return read_page(Fetched(url, 200, more.pop("content_type", "text/html"), body), portal, markup, hint)


def one(html: str | bytes, hint: Hint = Hint(), **more: Any) -> Report:  # noqa: B008
    found = read(html, hint, **more)
    assert found.state == "present", found
    assert len(found.reports) == 1
    return found.reports[0]


def print_of(report: Report) -> tuple[Any, ...]:
    return report.text_hash, report.attachments, report.year, report.organ


SAME: dict[str, str | bytes] = {
    "view counter": page(views="99999"),
    "today and weather": page(today="2026年1月2日 星期三", weather="多云转小雨 温度:26-37℃"),
    "hour of the date": page(date="2023-01-20 18:00:01"),
    "related links beside": page(beside="<div><h3>相关阅读</h3><ul><li><a href=1>甲</a></li><li><a href=2>乙丙丁</a></li></ul></div>"),
    "related links inside": page(after="<div><h3>相关链接</h3><ul><li><a href=1>甲</a></li><li><a href=2>乙丙丁</a></li></ul></div>"),
    "archived, leave-site dialog": page(
        after="<div>已归档</div><div>您访问的链接即将离开“某市”门户网站<br>是否继续？<button>继续</button><a>放弃</a></div>"
    ),
    "previous and next": page(after="<p>上一篇：<a href=1>2021年报</a></p><p>下一篇：没有了</p>"),
    "print, close, share": page(after="<p>【打印】【关闭】</p><div>分享到：<a>微信</a></div><p>扫一扫在手机打开当前页</p>"),
    "session token": page(after="<div>d41d8cd98f00b204e9800998ecf8427e</div>"),
    "hidden spam in the title": page(head=f"<h1>{TITLE[:5]}<span style='display:none'>365体育</span>{TITLE[5:]}</h1>"),
    "zero width in the title": page(head=f"<h1>{TITLE[:2]}&#8203;\u200d{TITLE[2:9]}&shy;{TITLE[9:]}&zwnj;</h1>"),
    "ruby": page(
        BODY.replace("总体", "<ruby>总<rp>(</rp><rt>zǒng</rt><rp>)</rp></ruby>体").replace("规章", "<ruby>规<rt>guī</rt>章</ruby>")
    ),
    "weather without a label, time of making": page(after="<p>多云转小雨 温度:2-14℃</p><p>页面执行时间：0.25秒</p>"),
    "hidden spam": page(after="<div style='display: none'><p>365体育</p></div><p style='visibility:hidden'>x</p>"),
    "commented list": page(after=f"<!-- <ul><li><a href=1>{TITLE}</a></li></ul> -->"),
    "sidebar": page(beside="<div class=side><ul><li><a href=1>政府信息公开指南</a></li><li><a href=2>年报</a></li></ul></div>"),
    "another encoding": page().replace("utf-8", "gbk").encode("gb18030"),
    "another box": page(BODY.replace("<p>", "<div style='x'>").replace("</p>", "</div>"), box="TRS_Editor"),
    "spans of a word processor": page(
        BODY.replace("2022年", "<span>2</span><span lang=EN-US>0</span><!--[if gte mso 9]><xml>No</xml><![endif]-->"
                     "<span>22\n</span><![if !supportLists]><b>年</b><![endif]><o:p></o:p>")
    ),
    "lines by br": page(BODY.replace("</p><p>", "<br>&nbsp;&nbsp;")),
    "zero width": page(BODY.replace("总体", "总\u200b体\ufeff")),
    "layout table": page(f"<table width=100%><tr><td width=10></td><td><table><tr><td>{BODY}</td></tr></table></td></tr></table>"),
    "absurd spans": page(BODY.replace("colspan=4", "colspan=370").replace("<td>", "<td colspan=90>")),
    "an included page": page(f"<html><head><title>x</title></head><body>{BODY}</body></html>"),
    "paragraphs in sections": page("<div>" + BODY.replace("<p>三、", "</div><div><p>三、") + "</div>"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_noise_alters_nothing(name: str) -> None:
    assert print_of(one(SAME[name])) == print_of(one(page()))


OTHER = {
    "a digit": page(BODY.replace("信息12条", "信息13条")),
    "a statistic that looks like the page's own": page(BODY.replace("<p>三、", "<p>审核：退回修改12件</p><p>三、")),
    "a cell": page(BODY.replace("<td>0</td>", "<td>1</td>", 1)),
    "a row": page(BODY.replace("</tr></table>", "</tr><tr><td>a</td><td>1</td><td>1</td><td>1</td></tr></table>")),
    "a paragraph": page(BODY + "<p>特此报告。</p>"),
    "a signature": page(BODY + "<p align=right>某市人民政府办公室<br>2023年1月19日</p>"),
    "the day": page(date="2023-01-21"),
    "the title": page(title=TITLE.replace("办公室", "")),
    "an attachment": page(BODY + "<p><a href=a.pdf>附件</a></p>"),
    "a picture": page(BODY + "<p><img src=a.png></p>"),
}


@pytest.mark.parametrize("name", OTHER)
def test_every_word_counts(name: str) -> None:
    assert print_of(one(OTHER[name])) != print_of(one(page()))


def test_what_is_read() -> None:
    report = one(page())
    assert (report.title, report.organ, report.year, report.year_from) == (TITLE, "某市人民政府办公室", 2022, "title")
    assert (report.source, report.published_on) == ("某市人民政府办公室", "2023-01-20")
    blocks = parse(report.text)
    assert blocks[0] == "本报告依据《中华人民共和国政府信息公开条例》第五十条规定编制。"
    assert blocks[-1] == "无。"
    tables = [block for block in blocks if isinstance(block, Table)]
    assert tables[0].rows[0] == ("第二十条第（一）项",) * 4
    assert report.text_hash == text_hash(report.title, report.organ, report.source, report.published_on, report.text)


def test_the_title_may_be_broken_and_repeated() -> None:
    broken = page(head=f"<h1>{TITLE[:9]}<br/>\n{TITLE[9:]}</h1>", body=f"<p>{TITLE[:9]}</p><p>{TITLE[9:]}</p>{BODY}")
    assert print_of(one(broken)) == print_of(one(page()))


def test_meta_tags_rule_even_twice_empty_and_in_any_case() -> None:
    meta = (
        f'<meta name="ArticleTitle" content=""><META NAME="articletitle" CONTENT="{TITLE}">'
        '<meta name="PUBDATE" content="2023年1月5日 10时"><meta name="PubDate" content="0000-00-00">'
        '<meta name="ContentSource" content=""><meta name="ContentSource" content="来源：某市档案局">'
    )
    report = one(page(meta=meta, head="<h1>某市人民政府</h1>").replace("<title>", "<title>365体育_bet"))
    assert (report.title, report.published_on, report.source) == (TITLE, "2023-01-05", "某市档案局")


def test_the_operators_selectors_override_all() -> None:
    html = page(
        meta='<meta name="PubDate" content="2020-01-01">',
        after="<div id=mine>别处的<b>正文</b>，一共才一句话。</div><i id=d>2023/2/3</i>",
    )
    portal = Portal(
        name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",),
        selectors=Selectors(body="div#mine", date="i#d"),
    )  # fmt: skip
    report = one(html, portal=portal)
    assert (report.text, report.published_on) == ("别处的正文，一共才一句话。", "2023-02-03")
    broken = Portal(
        name="t", title="t", family="generic", sections=("http://x.cn/",), selectors=Selectors(body="div[[")
    )
    found = read(html, portal=broken)
    assert found.state == "present"
    assert [finding.rule for finding in found.findings] == ["bad_selector"]


def test_particulars_are_no_body_but_tell_the_publisher() -> None:
    table = (
        "<table><tr><td>索引号：</td><td>1/2</td><td>发布机构：</td><td>某市水利局</td></tr>"
        "<tr><td>发布日期：</td><td>2023-01-20</td><td>浏览次数：</td><td>{}</td></tr></table>"
    )
    first, second = (one(page(info=table.format(views), title="政府信息公开工作年报")) for views in (3, 77))
    assert print_of(first) == print_of(second)
    assert (first.organ, first.published_on, first.year, first.year_from) == ("某市水利局", "2023-01-20", 2022, "body")
    assert first.text.startswith("本报告依据")


def test_years_from_best_to_worst() -> None:
    plain = BODY.replace("2022年，", "").replace("2021年", "上年")
    column = "政府信息公开工作年报"
    period = plain.replace("编制。", "编制。所列数据的统计期限自2021年1月1日起至2021年12月31日止。", 1)
    cases = [
        (page(period, title=column), Hint(), 2021, "period"),
        (page(plain, title=column), Hint("某局2019年政府信息公开年报", year=2018), 2019, "link"),
        (page(plain, title=column), Hint(year=2018), 2018, "column"),
        (page(plain, title=column), Hint(), 2022, "published"),
        (page(plain, title="某局"), Hint(), 2022, "published"),
        (page(plain, title=column, date="", views=""), Hint(), None, None),
    ]
    for html, hint, year, source in cases:
        report = one(html, hint)
        assert (report.year, report.year_from) == (year, source)


def test_a_title_that_contradicts_its_period_is_a_finding() -> None:
    wrong = page(BODY.replace("编制。", "编制。统计期限为2020年1月1日至2020年12月31日。", 1))
    report = one(wrong)
    assert report.year == 2022
    assert [finding.rule for finding in report.findings] == ["year_mismatch"]
    impossible = one(page(BODY.replace("编制。", "编制。统计期限为2022年1月1日至2021年12月31日。", 1)))
    assert impossible.findings[0].rule == "impossible_period"
    assert "2022-01-01 至 2021-12-31" in impossible.findings[0].detail


def test_a_clone_is_a_finding() -> None:
    def rules(meta: str) -> list[str]:
        return [finding.rule for finding in read(page(meta=meta)).findings]

    assert (
        rules('<meta name="SiteDomain" content="http://sub.x.gov.cn/"><meta name="SiteIDCode" content="3310820001">')
        == []
    )
    assert rules('<meta name="SiteDomain" content="www.y.gov.cn">') == ["site_mismatch"]
    assert rules('<meta name="SiteIDCode" content="1101080005">') == ["site_mismatch"]


def test_attachments_in_order_absolute_once() -> None:
    body = f"""{BODY}<p><img src="/images/icon_pdf.gif"><a href="./P020230120.pdf">年报.pdf</a> <a href="P020230120.pdf#p">同一个</a></p>
    <p><img src="data:image/gif;base64,R0lGOD" data-src="../W0.jpg"><img src="W1.png" width=16 height=16>
    <a href="W2.jpg"><img src="W2.jpg"></a></p>
    <p><a href="/download?id=3" appendix="true">统计表</a><a href="javascript:void(0)" onclick="window.open('/u/表.xlsx')">表</a></p>
    <iframe src="/pdfjs/web/viewer.html?file=%2Fa%2Fb.pdf"></iframe><object data="c.ofd"></object><a href="/next.html">下一步</a>"""
    found = one(page(body)).attachments
    assert [(item.kind, item.url.removeprefix("http://www.x.gov.cn")) for item in found] == [
        ("document", "/nb/202301/P020230120.pdf"), ("picture", "/nb/W0.jpg"), ("picture", "/nb/202301/W2.jpg"),
        ("document", "/download?id=3"), ("document", "/u/%E8%A1%A8.xlsx"), ("document", "/a/b.pdf"), ("document", "/nb/202301/c.ofd"),
    ]  # fmt: skip
    assert found[0].name == "年报.pdf"


def test_attachments_beside_the_body() -> None:
    box = "<div class='fujian'><p>附件：<a href='/u/1.docx'>全文</a></p></div>"
    report = one(page(box="TRS_Editor", after=box))
    assert [item.url for item in report.attachments] == ["http://www.x.gov.cn/u/1.docx"]
    renamed = one(page(box="TRS_Editor", after=box.replace("全文", "正文")))
    assert renamed.text_hash == report.text_hash, "an attachment's name is no part of the text"


@pytest.mark.parametrize(
    "body",
    [
        "<p><img src=1.png></p><p><img src=2.png></p>", "<p><a href=1.pdf>年度报告.pdf</a></p>", "<iframe src='/x/y.pdf'></iframe>",
        PROSE, "<p>附件：<a href='/attachment/0/1/1.docx'>年报</a></p>",
    ],
)  # fmt: skip
@pytest.mark.parametrize("box", ["TRS_Editor", "unknown"])
def test_a_report_may_be_nothing_but_that(body: str, box: str) -> None:
    report = one(page(body, box=box))
    assert report.attachments or report.text
    assert print_of(report) == print_of(one(page(body, box=box, views="777", today="2020年2月2日")))


def test_a_file_that_the_list_links_is_a_report() -> None:
    found = read_page(Fetched(URL + ".pdf", 200, "application/pdf", b"%PDF-1.7 x"), PORTAL, Markup(), Hint(TITLE))
    assert (found.state, found.reports[0].year, found.reports[0].attachments[0].kind) == ("present", 2022, "document")
    assert read_page(Fetched(URL, 200, "", b"%PDF-1.7 x"), PORTAL, Markup(), Hint("公告")).state == "other"


def listing(count: int, ending: str) -> str:
    rows = "".join(
        f"<li><a href={year}.{ending}>某市{year}年政府信息公开工作年度报告</a><span>{year + 1}-01-20</span></li>"
        for year in range(2023 - count, 2023)
    )
    return page(f"<ul>{rows}</ul>", title="政府信息公开年报", box="scroll_cont", info="<i></i>")


NO_REPORT = {
    **{f"a list of {count} {ending}": listing(count, ending) for count in (1, 2, 8) for ending in ("html",)},
    "a list of files": listing(8, "pdf"),
    "home": page(
        "<p>今天市长召开了会议，会议指出要把各项工作做好。</p>" * 20 + "<img src=a.jpg>", title="某市人民政府"
    ),
    "news": page(
        "<p>1月20日，某市公布报告。报告显示，依据《政府信息公开条例》编制年度报告。</p>",
        title="某市公布2022年政府信息公开年报",
    ),
    "notice": page(title="关于做好2022年政府信息公开工作年度报告编制工作的通知"),
    "rules": page("<p>第一条 根据《政府信息公开条例》制定本制度，编制年度报告。</p>", title="政府信息公开年度报告制度"),
    "law": page("<p>2022年，一、主要做法。</p><p>二、存在的问题</p>", title="某市2022年法治政府建设年度报告"),
    "website": page("<table><tr><td>网站名称</td><td>某市</td></tr></table>", title="2022年政府网站工作年度报表"),
    "guide": page(
        "<p>依据《政府信息公开条例》编制本指南。</p><p>一、主动公开</p><p>二、依申请公开</p>", title="政府信息公开指南"
    ),
    "summary": page(title="2022年政府信息公开工作总结"),
    "title alone": page(""),
    "companion": page("<img src=a.jpg><p>一图读懂。</p>", title=f"图解：{TITLE}"),
}


@pytest.mark.parametrize("name", NO_REPORT)
def test_no_report(name: str) -> None:
    found = read(NO_REPORT[name])
    assert (found.state, found.reports) == ("other", ())


@pytest.mark.parametrize("name", sorted(NO_REPORT.keys() - {"summary", "notice"}))
def test_no_report_whatever_the_list_calls_it(name: str) -> None:
    found = read(NO_REPORT[name], Hint(TITLE))
    assert (found.state, found.reports) == ("other", ())


def test_companions_are_told() -> None:
    found = read(page(after=f"<p><a href=tj.html>图解：{TITLE}</a></p>"))
    assert [item.url for item in found.companions] == ["http://www.x.gov.cn/nb/202301/tj.html"]
    assert read(NO_REPORT["companion"]).companions[0].url == URL


def test_an_organs_name_for_a_title() -> None:
    report = one(page(title="某市教育局"))
    assert (report.organ, report.year, report.year_from) == ("某市教育局", 2022, "body")


def test_deep_markup_is_read() -> None:
    found = read(page("<font><span>" * 4000 + BODY))
    assert found.state == "present"
    assert [finding.rule for finding in found.findings] == ["nested_too_deep"]
    assert found.reports[0].text == one(page()).text
    assert read("<div>" * 60000 + "x" + TITLE).state in ("other", "unreachable")


@pytest.mark.parametrize("name", ["某县2022年政府信息公开工作年度报告.xlsx", "统计表.pdf"])
def test_a_file_in_a_box_beside_the_title(name: str) -> None:
    html = (
        f"<html><body><div class=pos><a href=/>首页</a></div><h1>{TITLE}</h1><div class=info>发布时间：2023-01-20 浏览次数：7次</div>"
        f"<div class=article><p><a href='/att/nb.pdf'>{name}</a></p></div>"
        "<div class=rel><h3>相关链接</h3><ul><li><a href=/news/1.html>我县召开防汛会议</a></li></ul></div></body></html>"
    )
    found = read_page(Fetched(URL, 200, "text/html", html.encode()), PORTAL, Markup(), Hint(TITLE))
    assert found.state == "present"
    assert [item.url.rpartition("/")[2] for item in found.reports[0].attachments] == ["nb.pdf"]


def test_readings_that_lengthen_a_line_hide_no_label_in_it() -> None:
    info = (
        "<div class=info>" + "索引号：0078　名称：" + "某" * 220 + "　发布机构：某市财政局　成文日期：2023-01-20</div>"
    )
    glossed = info.replace("某" * 100, "某區(qū)" * 20 + "某" * 80, 1).replace("机构", "机(jī)构")
    assert len(glossed) > 330
    assert one(page(info=info)).source == "某市财政局"
    assert one(page(info=glossed)).source == "某市财政局"
