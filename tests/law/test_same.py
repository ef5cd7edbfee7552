"""What counts as the same: the table of docs/lifecycle.md, row by row. Each case is one page that was read before and is read
again, all of them in one pass; what is stored and told of it must be what the row says."""

from dataclasses import dataclass
from typing import Any

import opencc
import pytest

from tests.conftest import HOST, History, Shown

TO_TRADITIONAL = opencc.OpenCC("s2t")


@dataclass(frozen=True)
class Doc:
    """A page of one report, by its parts."""

    organ: str
    title: str = ""
    source: str = "县政府办公室"
    date: str = "2023-01-18 09:30"
    sentence: str = "一年来，本机关（含各办公室）主动公开政府信息128条，解读“惠企政策”16次。"
    rows: tuple[tuple[str, ...], ...] = (("项目", "数量"), ("行政许可", "2316"), ("行政处罚", "84"))
    files: str = ""
    more: str = ""
    around: str = "<p>浏览次数：<span>1024</span></p><p>今天是2026年2月10日 星期二</p><p>多云 3℃~12℃</p>"
    related: str = '<h3>相关链接</h3><ul><li><a href="/a/1.html">县长调研重点项目</a></li></ul>'
    template: str = "old"

    @property
    def name(self) -> str:
        return self.title or f"{self.organ}2022年政府信息公开工作年度报告"

    def html(self) -> str:
        table = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in self.rows)
        body = (
            f"<p>根据《中华人民共和国政府信息公开条例》要求，{self.organ}编制本年度报告。所列数据统计期限自2022年1月1日起至2022年12月31日止。</p>"
            f"<p>一、总体情况</p><p>{self.sentence}</p><p>二、主动公开政府信息情况</p><table border=1>{table}</table>"
            f"<p>五、存在的主要问题及改进情况</p><p>公开形式较为单一，下一步将丰富解读形式。</p>{self.files}{self.more}"
        )
        head = f'<meta charset="utf-8"><title>{self.name}</title><meta name="ArticleTitle" content="{self.name}">'
        head += f'<meta name="PubDate" content="{self.date}"><meta name="ContentSource" content="{self.source}">'
        if self.template == "new":
            return (
                f'<!doctype html><html lang="zh"><head>{head}<style>p{{}}</style></head><body><main class="x">'
                f'<header>首页 &gt; 年报</header><h1 class="t">{self.name}</h1>'
                f'<article id="zoom" data-v="9">{body}</article></main></body></html>'
            )
        return (
            f'<html><head>{head}</head><body><div class="w"><h1>{self.name}</h1>'
            f'<div class="info">发布日期：{self.date} 来源：{self.source}</div><div class="TRS_Editor">{body}</div>'
            f"{self.around}</div>{self.related}</body></html>"
        )


PDF, PDF_AGAIN, PDF_OTHER = (
    (b"%PDF-1 a", "本年新收申请12件。"),
    (b"%PDF-1 b", "本年新收申请12件。"),
    (b"%PDF-1 c", "本年新收申请13件。"),
)
LINK = '<p>附件：<a href="/f/{}">{}</a></p>'


def edit(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {}, changes


def html(old: str, new: str) -> tuple[str, str]:
    """In the page as it is sent."""
    return old, new


NONE = {
    "markup, attributes": html('<div class="w">', '<div class="wrap big" id="w1" data-x="1"><span></span>'),
    "scripts": html("</head>", "<script>var t=Date.now();</script></head>"),
    "template redesign": edit(template="new", around="", related=""),
    "another encoding of the same text": html("县政府办公室", "&#21439;政府办公室"),
    "white space, line breaks, indentation": html("<p>一、总体情况</p>", "<p>\n　　 一、总体情况 \t</p>\r\n"),
    "zero-width and control characters": html("本机关", "本\u200b机\ufeff关"),
    "view counter": html("1024", "99871"),
    "today's date and weekday": html("2026年2月10日 星期二", "2026年2月11日 星期三"),
    "weather": html("多云 3℃~12℃", "小雨 1℃~7℃"),
    "related or latest links": html("县长调研重点项目", "全县安全生产会议召开"),
    "hot words": html("</body>", "<div>热搜词：社保 公积金 学区</div></body>"),
    "share, print, font-size bar": html(
        '<div class="TRS_Editor">', '<p>【字体：大 中 小】【打印】【关闭】 分享到：</p><div class="TRS_Editor">'
    ),
    "breadcrumb": html('<div class="w">', '<p>您当前的位置：首页 &gt; 政务公开 &gt; 年报</p><div class="w">'),
    "leave-site dialog": html(
        "</body>",
        "<div>您访问的链接即将离开“青溪县人民政府门户网站”，是否继续？<a>继续访问</a><a>放弃</a></div></body>",
    ),
    "已归档 mark": html("</h1>", "</h1><p>已归档</p>"),
    "the hour of a publication date": edit(date="2023-01-18 17:05"),
}

NONE_FILES = {
    "session tokens and cache-busting queries": (
        '<p><a href="/f/q.pdf?v=1&jsessionid=A1">年报.pdf</a></p>',
        '<p><a href="/f/q.pdf?v=2&jsessionid=B2">年报.pdf</a></p>',
        PDF,
        PDF,
    ),
    "the same bytes behind another attachment address": (
        LINK.format("b.pdf", "年报.pdf"),
        LINK.format("b2.pdf", "年报.pdf"),
        PDF,
        PDF,
    ),
}

COSMETIC = {
    "full-width against half-width forms": html("（含各办公室）", "(含各办公室)"),
    "full-width digits": html("128条", "１２８条"),
    "straight against curved quotes": html("“惠企政策”", '"惠企政策"'),
    "look-alike punctuation": html("条，解读", "条,解读"),
    "〇/○/零 in dates": (
        edit(sentence="二〇二二年，本机关主动公开政府信息。")[1],
        edit(sentence="二○二二年，本机关主动公开政府信息。")[1],
    ),
    "Traditional against Simplified": None,
    "regional wording of the conversion": None,
    "pinyin in brackets after a character": html("办公室）主动", "办公室）主(zhǔ)动(dòng)"),
}

COSMETIC_FILES = {
    "an attachment's bytes changed, its text did not": (
        LINK.format("c.pdf", "年报.pdf"),
        LINK.format("c.pdf", "年报.pdf"),
        PDF,
        PDF_AGAIN,
    ),
    "an attachment's shown name, its text unchanged": (
        LINK.format("d.pdf", "年报.pdf"),
        LINK.format("d.pdf", "2022年年报.pdf"),
        PDF,
        PDF,
    ),
}

CONTENT = {
    "one character of the title": edit(title="{organ}2022年政府信息公开年度报告"),
    "one character of the source": edit(source="县政府办公厅"),
    "one digit of the publication date": edit(date="2023-01-19 09:30"),
    "one character of the body": html("公开形式较为单一", "公开形式较为单薄"),
    "one digit of the body": html("128条", "129条"),
    "one letter of the body": html("解读形式。</p>", "解读形式A。</p>"),
    "one digit of a table": html("2316", "2317"),
    "a cell of a table": html("<td>84</td>", "<td></td>"),
    "a row of a table": edit(rows=(("项目", "数量"), ("行政许可", "2316"), ("行政处罚", "84"), ("行政强制", "5"))),
    "a column of a table": edit(rows=(("项目", "数量", "备注"), ("行政许可", "2316", "无"), ("行政处罚", "84", "无"))),
    "a sentence": html("解读形式。</p>", "解读形式。全年未收取信息处理费。</p>"),
}

CONTENT_FILES = {
    "an attachment with other text": (
        LINK.format("e.pdf", "年报.pdf"),
        LINK.format("e.pdf", "年报.pdf"),
        PDF,
        PDF_OTHER,
    ),
    "an attachment added": ("", LINK.format("g.pdf", "年报.pdf"), PDF, PDF),
    "an attachment removed": (LINK.format("h.pdf", "年报.pdf"), "", PDF, PDF),
}

GROUPS = {
    "none": (NONE, NONE_FILES),
    "cosmetic": (COSMETIC, COSMETIC_FILES),
    "content": (CONTENT, CONTENT_FILES),
}
NAMES = [f"{effect}: {name}" for effect, groups in GROUPS.items() for group in groups for name in group]
PLACES = (
    "青溪", "白石", "云岭", "金沙", "柳河", "桐柏", "东山", "南浦", "西林", "北塘", "长丰", "安远",
    "宁化", "永春", "德化", "大田", "沙湾", "清流", "明溪", "将乐", "泰兴", "建阳", "武夷", "光泽",
    "松溪", "政和", "顺昌", "浦城", "寿宁", "周口", "霞浦", "福安", "柘荣", "古田", "屏山", "连江",
    "罗源", "闽江", "平潭", "永泰", "华安", "南靖", "长泰", "云霄", "诏安", "龙文", "芗城", "漳浦",
)  # fmt: skip


def pages(number: int, effect: str, name: str) -> tuple[str, str, Any]:
    """The page before and after, and its file before and after."""
    doc = Doc(f"{PLACES[number]}县人民政府")
    files = GROUPS[effect][1].get(name)
    if files is not None:
        before, after, one, other = files
        path = f"/f/{number}-"
        old, new = (Doc(doc.organ, files=part.replace("/f/", path)).html() for part in (before, after))
        return old, new, (path, one, other)
    case = GROUPS[effect][0][name]
    if name == "Traditional against Simplified":
        return doc.html(), TO_TRADITIONAL.convert(doc.html()), None
    if name == "regional wording of the conversion":
        return doc.html(), TO_TRADITIONAL.convert(doc.html()).replace("信息", "資訊"), None
    old, new = case
    if isinstance(old, str):
        assert old in doc.html(), name
        return doc.html(), doc.html().replace(old, new), None
    first, then = (
        {key: value.format(organ=doc.organ) if isinstance(value, str) else value for key, value in one.items()}
        for one in (old, new)
    )
    return Doc(doc.organ, **first).html(), Doc(doc.organ, **then).html(), None


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """By case: the kinds of version and of event that its second reading made."""
    assert len(PLACES) >= len(NAMES)
    site = History(tmp_path_factory.mktemp("same"))
    after = {}
    for number, name in enumerate(NAMES):
        effect, _, row = name.partition(": ")
        before, then, files = pages(number, effect, row)
        url = f"{HOST}/same/{number}.html"
        site.pages[url] = Shown(html=before)
        site.sections[site.portal.sections[0]].links[url] = f"{PLACES[number]}县人民政府2022年政府信息公开工作年度报告"
        after[url] = then
        if files is not None:
            path, one, other = files
            for link in ("q.pdf", "b.pdf", "b2.pdf", "c.pdf", "d.pdf", "e.pdf", "g.pdf", "h.pdf"):
                site.files[f"{HOST}{path}{link}"] = one
            after[url] = (then, path, other)
    site.run()
    first = {row["url"]: row["id"] for row in site.store.rows("SELECT id, url FROM reports")}
    assert len(first) == len(NAMES)
    for url, then in after.items():
        if isinstance(then, tuple):
            then, path, other = then
            for link in list(site.files):
                if path in link:
                    site.files[link] = other
        site.pages[url] = Shown(html=then)
    events = [event for event in site.run() if event.kind != "overdue"]
    made = {}
    for number, name in enumerate(NAMES):
        report = first[f"{HOST}/same/{number}.html"]
        kinds = site.store.rows("SELECT significance FROM versions WHERE report = ? AND seq > 1", (report,))
        made[name] = (
            [row["significance"] for row in kinds],
            [event.kind for event in events if event.report == report],
        )
    assert {event.report for event in events} <= set(first.values()), "nothing else happened"
    site.store.close()
    return made


@pytest.mark.parametrize("name", NAMES)
def test_row(told: dict[str, Any], name: str) -> None:
    effect = name.partition(": ")[0]
    assert (
        told[name] == {"none": ([], []), "cosmetic": (["cosmetic"], []), "content": (["content"], ["changed"])}[effect]
    )
