"""Random reports, and random pages that show them: what the property tests of the canonical form are run on.

A `Draft` is what a report says. `Look` is everything else about its page: template, style of the body's markup, noise,
encoding, label, address. `render` makes bytes of the two; `read` takes the way of the program from bytes to a report and
its fingerprints. Everything follows from the seeds that are handed in.
"""

import random
import re
from dataclasses import dataclass, replace
from html import escape

import opencc

from crawler import families
from crawler.families.base import Markup
from crawler.page import opencc_words
from crawler.page.model import Fetched, Report
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor.canonical import AttachmentState, Fingerprints, fingerprints
from monitor.demo import templates
from monitor.demo.noise import Noise
from monitor.demo.templates import View
from monitor.demo.text import write_paper
from tests.unit.canonical_words import CHAPTERS, DOINGS, JUDGED, ORGANS, PLACES, SENTENCES, THINGS

HOST = "www.yunxi.gov.cn"
PORTALS = {
    name: Portal(name=name, title="云溪县人民政府", family=name, sections=(f"https://{HOST}/nb/",))  # type: ignore[arg-type]
    for name in ("generic", "trs", "hanweb", "gkmlpt")
}
Grid = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Draft:
    """What a report says. A block is a paragraph or a table's rows."""

    title: str
    source: str
    date: str
    blocks: tuple[str | Grid, ...]
    files: tuple[str, ...] = ()
    """Names of linked documents."""
    picture: bool = False


@dataclass(frozen=True)
class Look:
    """What a page shows a report in."""

    template: int = 0
    redesigned: bool = False
    style: str = "plain"
    noise: tuple[str, ...] = ()
    charset: str = "utf-8"
    label: str = "utf-8"
    header: str = ""
    seed: int = 0


@dataclass(frozen=True)
class Seen:
    """What the program made of a page."""

    report: Report
    prints: Fingerprints
    states: tuple[AttachmentState, ...]


NOISE = (
    *("references", "wraps", "invisible", "empty", "breaks", "addresses", "lines", "lists", "http", "hour", "around"),
    "attributes",
)
STYLES = ("plain", "word", "wps", "lines", "boxes")
ENCODINGS = (
    *(
        ("utf-8", "utf-8", ""),
        ("utf-8", "gb2312", ""),
        ("utf-8", "iso-8859-1", "gbk"),
        ("utf-8-sig", "gb2312", "gb2312"),
    ),
    *(("gb18030", "gb2312", ""), ("gb18030", "utf-8", "utf-8"), ("gb18030", "gbk", "iso-8859-1"), ("gb18030", "", "")),
    *(
        ("gbk", "gbk", ""),
        ("gbk", "big5", ""),
        ("gb2312", "utf-8", ""),
        ("utf-16", "utf-8", ""),
        ("utf-16", "utf-16", ""),
    ),
    ("big5", "big5", ""),
)
"""Codec, what the page says of itself, what the header says. What a codec lacks is written as character references."""
TEMPLATES = (
    ("trs", templates.trs_page),
    ("hanweb", templates.hanweb_page),
    ("gkmlpt", templates.gkmlpt_page),
    ("generic", templates.nfcms_page),
    ("generic", templates.generic_page),
)


# Reports ----------------------------------------------------------------------------------------------------------


class Writer:
    """Writes random reports."""

    _words: tuple[str, ...] = ()

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        if not Writer._words:
            to_simplified = opencc.OpenCC("t2s").convert
            exchanged = [word for word in opencc_words.dictionary("TWPhrases") if 1 < len(word) < 5]
            phrases = [word for word in opencc_words.dictionary("STPhrases") if 1 < len(word) < 5]
            Writer._words = (*(to_simplified(word) for word in exchanged), *phrases[:: len(phrases) // 4000])

    def one(self, words: tuple[str, ...] | list[str]) -> str:
        return self.dice.choice(words)

    def number(self) -> str:
        return str(self.dice.choice((0, 1, 7, 10, 18, 64, 248, 1009, self.dice.randrange(100_000))))

    def sentence(self) -> str:
        filled = {
            "n": self.number, "m": self.number, "a": lambda: str(self.dice.randrange(1, 13)),
            "b": lambda: str(self.dice.randrange(10)), "p": lambda: f"{self.dice.randrange(100)}.{self.dice.randrange(100)}",
            "c": lambda: self.one(["五十", "二十", "四十九", "三十三"]), "year": lambda: str(self.dice.randrange(2008, 2026)),
            "han": lambda: self.one(["一九", "二〇", "二一", "一〇"]), "latin": lambda: self.one(["xx", "linhai", "yunxi", "Zfb"]),
            "place": lambda: self.one(PLACES), "organ": lambda: self.one(ORGANS), "thing": lambda: self.one(THINGS),
            "doing": lambda: self.one(DOINGS), "judged": lambda: self.one(JUDGED), "word": lambda: self.one(Writer._words),
        }  # fmt: skip
        return re.sub(r"\{(\w+)\}", lambda match: filled[match[1]](), self.one(SENTENCES))

    def table(self) -> Grid:
        columns = self.dice.randrange(2, 7)
        head = ("项目", *(self.one(THINGS) + str(place) for place in range(1, columns)))
        rows = [
            (f"{'一二三四五六七八'[place]}、{self.one(DOINGS)}{self.one(THINGS)}", *(self.number() for _ in range(1, columns)))
            for place in range(self.dice.randrange(1, 6))
        ]  # fmt: skip
        return (head, *rows)

    def report(self) -> Draft:
        organ, year = self.one(PLACES) + self.one(ORGANS), self.dice.randrange(2016, 2026)
        blocks: list[str | Grid] = [
            f"本报告由{organ}编制，所列数据的统计期限自{year}年1月1日起，至{year}年12月31日止。"
        ]
        for chapter in CHAPTERS:
            blocks.append(chapter)
            blocks += [
                "".join(self.sentence() for _ in range(self.dice.randrange(1, 3)))
                for _ in range(self.dice.randrange(1, 3))
            ]
            if self.dice.random() < 0.4:
                blocks.append(self.table())
                blocks.append(self.sentence())
        files = tuple(f"附件{place}：{self.one(THINGS)}.pdf" for place in range(1, self.dice.choice((1, 1, 2, 3))))
        return Draft(
            title=self.one([f"{organ}{year}年政府信息公开工作年度报告", f"{year}年{organ}政府信息公开工作年度报告"]),
            source=self.one([organ, self.one(PLACES) + "人民政府"]),
            date=f"{year + 1}-{self.dice.randrange(1, 4):02}-{self.dice.randrange(1, 29):02}",
            blocks=tuple(blocks),
            files=files,
            picture=self.dice.random() < 0.3,
        )


def grid_at(draft: Draft, dice: random.Random) -> int:
    """The place of one of the draft's tables."""
    return dice.choice([place for place, block in enumerate(draft.blocks) if not isinstance(block, str)])


def with_block(draft: Draft, place: int, *blocks: str | Grid) -> Draft:
    return replace(draft, blocks=(*draft.blocks[:place], *blocks, *draft.blocks[place + 1 :]))


# Pages ------------------------------------------------------------------------------------------------------------

INVISIBLE = (
    *(
        "\u00a0",
        "\u3000",
        "&emsp;",
        "&ensp;",
        "&nbsp;",
        "\t",
        "\u200b",
        "\u200c",
        "\u200d",
        "&zwnj;",
        "\u2060",
        "\ufeff",
    ),
    *(
        "&shy;",
        "\u00ad",
        "\u200e",
        "\u202a",
        "&#65279;",
        "&#8203;",
        "\r\n  ",
        "\n",
        "\u2028",
        "\x0b",
        "\x1f",
        "&#160;",
        "\ufe0f",
    ),
)
"""What no reader sees, put anywhere in text."""
EMPTY_MARKUP = (
    "<o:p></o:p>",
    "<a name='_Toc1'></a>",
    "<!-- 注释1 -->",
    "<span></span>",
    "<!--[if gte mso 9]><xml><w:View>Normal 0</w:View></xml><![endif]-->",
    "<script>var a=1;document.write('浏览')</script>",
    "<style>p{margin:0}</style>",
    "<?xml:namespace prefix = o />",
    "<wbr>",
    "<b></b>",
    "<span style='display:none'>365体育</span>",
    "<img src='/images/icon_pdf.gif'>",
    "<input type=hidden value=3>",
    "<noscript>9</noscript>",
)
"""Markup that shows nothing, put anywhere in text."""
WRAPS = (
    ("<span>", "</span>"), ("<font face=仿宋 color=#000>", "</font>"), ("<b>", "</b>"), ("<em class=x1>", "</em>"),
    ("<span lang=EN-US style='font-size:16.0pt;mso-bidi-font-family:宋体'>", "</span>"), ("<st1:chsdate w:st='on'>", "</st1:chsdate>"),
    ("<u>", "</u>"), ("<strong><span>", "</span></strong>"), ("<ins>", "</ins>"), ("<ruby>", "<rt>dú yīn</rt></ruby>"),
    ("<ruby><rb>", "</rb><rp>(</rp><rt>dúyīn</rt><rp>)</rp></ruby>"), ("<i>", "</i>"), ("<sub>", "</sub>"),
)  # fmt: skip
"""Inline markup round any part of a word."""
LINES = (
    "浏览次数：{n}",
    "浏览次数：<span id=hits>{n}</span>次",
    "阅读量：<script>document.write('{n}')</script>",
    "点击：{n}",
    "访问量： {n} 次",
    "【本文已被浏览{n}次】",
    "您是第{n}位访客",
    "今天是2026年{m}月{d}日 星期三",
    "2026年{m}月{d}日 星期日",
    "晴 {d}℃~3{d}℃",
    "多云转小雨 温度:2-1{d}℃",
    "天气：小雨",
    "分享到：<a>微信</a> <a>微博</a> <a>QQ空间</a>",
    "字号：【大 中 小】",
    "字体：[<a>大</a> <a>中</a> <a>小</a>]",
    "【打印】【关闭】",
    "<a>打印本页</a> | <a>关闭窗口</a>",
    "当前位置：<a>首页</a> &gt; <a>政府信息公开</a> &gt; <a>年报</a>",
    "您现在的位置： <a>首页</a>>><a>年报{d}</a>",
    "已归档",
    "您访问的链接即将离开“云溪县人民政府”门户网站，是否继续？",
    "您访问的链接即将离开本网站<br>是否继续？<br>继续访问<br>放弃",
    "扫一扫在手机打开当前页",
    "上一篇：<a href='/{n}.html'>2019年报</a>",
    "下一篇：没有了",
    "返回顶部",
    "d41d8cd98f00b204e98009{d}8ecf8427e",
    "责任编辑：张{d}三",
    "无障碍浏览",
    "热词：<a>社保{d}</a> <a>公积金</a>",
    "页面执行时间：0.{n}秒",
)
"""Lines that are no part of the report. `{n}`, `{m}`, `{d}` are different at every request."""
LISTS = (
    "<div class='related'><h4>相关链接</h4><ul><li><a href='/{n}.html'>云溪县召开第{d}次常务会议</a></li>"
    "<li><a href='/2.html'>办事大厅今日办件量第{n}号</a></li></ul></div>",
    "<div><p>相关阅读：</p><p><a href='/{n}.html'>最新要闻：云溪县启动{d}项工程</a></p>"
    "<p><a href='/3.html'>图解云溪县{m}月民生政策</a></p></div>",
    "<div class='side'><h3>热点信息</h3><ul><li><a href='/{n}.html'>云溪县{d}项便民服务举措落地</a><span>11-{d}</span></li>"
    "<li><a href='/5.html'>关于{n}号线路停水的通知</a></li></ul></div>",
)


def filled(words: str, dice: random.Random) -> str:
    return (
        words.replace("{n}", str(dice.randrange(3, 90_000)))
        .replace("{m}", str(dice.randrange(1, 13)))
        .replace("{d}", str(dice.randrange(2, 9)))
    )


class Painter:
    """Draws a report's page."""

    def __init__(self, draft: Draft, look: Look) -> None:
        self.draft = draft
        self.look = look
        self.dice = random.Random(look.seed)

    def paragraph(self, text: str) -> str:
        """A paragraph's markup; its sentences may stand on lines of their own."""
        breaks = "breaks" in self.look.noise
        parts = re.split(r"(?<=。)", text) if breaks else [text]
        return self.dice.choice(("<br>", "<br/>\n　　", "</p><p>")).join(map(self.words, filter(None, parts)))

    def words(self, text: str) -> str:
        """A text's markup: each part of it wrapped, split, spaced or spelt as the look has it."""
        noise, dice = self.look.noise, self.dice
        out: list[str] = []
        place = 0
        while place < len(text):
            size = dice.choice((1, 2, 3, 8, 20))
            part = text[place : place + size]
            place += size
            shown = escape(part)
            if "references" in noise and dice.random() < 0.3:
                form = dice.choice(("&#{};", "&#x{:x};"))
                shown = "".join(form.format(ord(char)) for char in part)
            if "wraps" in noise and dice.random() < 0.3:
                before, after = dice.choice(WRAPS)
                shown = before + shown + after
            if "invisible" in noise and dice.random() < 0.4:
                shown += "".join(dice.choice(INVISIBLE) for _ in range(dice.randrange(1, 4)))
            if "empty" in noise and dice.random() < 0.3:
                shown += dice.choice(EMPTY_MARKUP)
            out.append(shown)
        return "".join(out)

    def body(self) -> str:
        parts = [self.block(block) for block in self.draft.blocks]
        beside = (
            self.dice.choice(("./", "/u/cms/", "http://files.yunxi.gov.cn/a/"))
            if "addresses" in self.look.noise
            else "./"
        )
        token = f"?v={self.dice.randrange(10**6)}" if "addresses" in self.look.noise else ""
        if self.draft.picture:
            parts.insert(min(2, len(parts)), f'<p align="center"><img src="{beside}W020230101.png{token}" alt=""></p>')
        parts += [
            f'<p><a href="{beside}P{place}.pdf{token}">{name}</a></p>' for place, name in enumerate(self.draft.files)
        ]
        if "lines" in self.look.noise:
            for _ in range(self.dice.randrange(1, 4)):
                line = filled(self.dice.choice(LINES), self.dice)
                parts.insert(self.dice.choice((0, len(parts), len(parts))), f"<p>{line}</p>")
        if "lists" in self.look.noise:
            parts.append(filled(self.dice.choice(LISTS), self.dice))
        return self.dice.choice(("\n", "", "\n\n    ")).join(parts)

    def block(self, block: str | Grid) -> str:
        style = self.look.style
        if isinstance(block, str):
            words = self.paragraph(block)
            if style == "word":
                return f'<p class="MsoNormal" style="text-indent:32.0pt;mso-char-indent-count:2.0"><span>{words}</span><o:p></o:p></p>'
            if style == "wps":
                return f'<p style="text-indent:2em;line-height:28pt;">&nbsp;&nbsp;&nbsp;&nbsp;{words}<br/></p>'
            if style == "lines":
                return f"　　{words}<br>"
            return f"<div>{words}</div>" if style == "boxes" else f"<p>{words}</p>"
        rows = "".join("<tr>" + "".join(self.cell(cell) for cell in row) + "</tr>" for row in block)
        if style == "word":
            return f'<div align=center><table class="MsoNormalTable" border=0 width=553><!--[if !x]--><tbody>{rows}</tbody></table></div>'
        return (
            f'<table border="1" cellspacing="0">{rows}</table>'
            if style == "wps"
            else f"<table><tbody>{rows}</tbody></table>"
        )

    def cell(self, text: str) -> str:
        words = self.words(text)
        if self.look.style == "word":
            inner = f'<p class="MsoNormal"><span>{words}</span><o:p></o:p></p>'
            return f'<td width="{self.dice.randrange(30, 90)}" style="padding:0cm 5.4pt">{inner}</td>'
        if self.look.style == "wps":
            half = len(text) // 2 if len(text) > 3 and not text[0].isdigit() else 0
            words = f"{self.words(text[:half])}<br>{self.words(text[half:])}" if half else words
            return f'<td><p style="text-align:center">&nbsp;{words}&nbsp;</p></td>'
        return f"<td>{words}</td>"

    def page(self) -> bytes:
        draft, look = self.draft, self.look
        paper = replace(
            write_paper("云溪县人民政府", 2022), title=draft.title, source=draft.source, organ="云溪县人民政府",
            published_on=draft.date,
        )  # fmt: skip
        base = f"{'http' if 'http' in look.noise else 'https'}://{HOST}"
        serial = 1 + 2 * self.dice.randrange(50) if "hour" in look.noise else 1
        view = View(
            paper=paper, body=self.body(), url=f"{base}/nb/202301/t20230110_1.html", site="云溪县人民政府", county="云溪县",
            host=HOST, site_id="3301230001", home=f"{base}/", section=f"{base}/nb/", serial=serial,
            charset=look.label, redesigned=look.redesigned,
        )  # fmt: skip
        html = TEMPLATES[look.template][1](view)
        shown = f">{escape(draft.title)}<"
        first, *others = html.split(shown)
        html = first + "".join(f">{self.words(draft.title)}<{part}" for part in others)
        noise = Noise("云溪县")
        for _ in range(self.dice.randrange(1, 4)):
            filled_page = noise.fill(html)
        if "around" in look.noise:
            extra = "".join(f"<div>{filled(self.dice.choice(LINES), self.dice)}</div>" for _ in range(3))
            filled_page = filled_page.replace("<body>", f"<body>{extra}").replace("</body>", f"{extra}</body>")
        if "attributes" in look.noise:
            extra = f' data-x{self.dice.randrange(9)}="{self.dice.randrange(999)}"'
            filled_page = re.sub(r"<(p|td|tr|div|li)(?=[ >])", rf"<\1{extra}", filled_page)
        return filled_page.encode(look.charset, "xmlcharrefreplace")


def render(draft: Draft, look: Look) -> bytes:
    return Painter(draft, look).page()


def read(data: bytes, look: Look, draft: Draft) -> Seen:
    """The page's only report. Attachments are what they are called in order, whatever their address."""
    family = TEMPLATES[look.template][0]
    markup: Markup = families.markup_of(PORTALS[family])
    scheme = "http" if "http" in look.noise else "https"
    content_type = f"text/html; charset={look.header}" if look.header else "text/html"
    page = read_page(
        Fetched(f"{scheme}://{HOST}/nb/202301/t20230110_1.html", 200, content_type, data), PORTALS[family], markup
    )
    assert page.state == "present", (page.state, page.marker)
    assert len(page.reports) == 1
    report = page.reports[0]
    states = tuple(
        AttachmentState(
            url=item.url,
            name=item.name,
            kind=item.kind,
            sha256=f"{item.kind}{place}",
            text=f"第{place}号附件" if item.kind == "document" else "",
            pixels="pixels" if item.kind == "picture" else "",
        )
        for place, item in enumerate(report.attachments)
    )
    prints = fingerprints(report.title, report.organ, report.source, report.published_on, report.text, states)
    return Seen(report, prints, states)


def seen(draft: Draft, look: Look = Look()) -> Seen:
    return read(render(draft, look), look, draft)
