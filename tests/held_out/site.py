# ruff: noqa: E501 (pages as their systems write them)
"""What the sites are made of: reports with the national chapters and tables, a route table, and a server around it."""

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from monitor.demo.server import Request, Response

Route = str | bytes | Response | Callable[[Request], str | bytes | Response]

HOME, COLUMN, REPORT = "home", "column", "report"


@dataclass
class Row:
    """One article of a site: a report, or something that only looks like one."""

    path: str
    year: int
    organ: str
    title: str
    date: str
    html: str = ""
    group: str = ""


@dataclass
class Site:
    """A portal. `routes` maps a target (path with query) or a path to what is answered there."""

    name: str
    family: str
    """The right family; `generic` for an unknown system."""
    column: str
    routes: dict[str, Route]
    truth: list[Row]
    sections: Sequence[str] = ()
    """Addresses that are right as sections; the column is always one."""
    starts: Sequence[str] = (HOME, COLUMN, REPORT)
    report: str = ""
    """The report to start from; else one of the newer ones."""
    soft: str = ""
    """The page that stands in for 404, answered with 200."""
    by_year: bool = False
    """The truth is one report for each year and organ, whatever its address."""
    expected: dict[str, list[Row]] = field(default_factory=dict)
    """The truth of a start, where it is not all."""
    charset: str = "utf-8"
    hits: int = 0

    def start(self, kind: str) -> str:
        if kind == HOME:
            return "/"
        if kind == COLUMN:
            return self.column
        return self.report or self.truth[min(2, len(self.truth) - 1)].path

    def answer(self, request: Request) -> Response:
        self.hits += 1
        found = self.routes.get(request.target, self.routes.get(request.path))
        if found is None and request.path.endswith(("/index.html", "/index.shtml", "/index.htm")):
            found = self.routes.get(request.path.rpartition("/")[0] + "/")
        if found is None and request.path == "/robots.txt":
            return Response(b"", 404)
        if callable(found):
            found = found(request)
        if found is None:
            if self.soft:
                return self._page(self.soft, request)
            return Response(b"<html><head><title>404</title></head><body><h1>Not Found</h1></body></html>", 404)
        return found if isinstance(found, Response) else self._page(found, request)

    def _page(self, page: str | bytes, request: Request) -> Response:
        if isinstance(page, bytes):
            return Response(page)
        page = page.replace("%HOST%", request.headers.get("host", "")).replace("%HITS%", str(1000 + self.hits * 3))
        start = page.lstrip()[:6].lower()
        kind = "application/json" if start[:1] in "{[" else "text/xml" if start.startswith("<?xml") else "text/html"
        if self.charset == "utf-8":
            return Response(page.encode(), content_type=f"{kind}; charset=utf-8")
        return Response(page.encode(self.charset, "xmlcharrefreplace"), content_type=kind)


def as_json(value: object) -> Response:
    return Response(json.dumps(value, ensure_ascii=False).encode(), content_type="application/json;charset=UTF-8")


def pages_of(rows: Sequence[Row], size: int) -> list[Sequence[Row]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def numbers(seed: str) -> random.Random:
    return random.Random(seed)


def digits(seed: str, count: int) -> str:
    chance = numbers("d" + seed)
    return str(chance.randint(1, 9)) + "".join(str(chance.randint(0, 9)) for _ in range(count - 1))


def hexes(seed: str, count: int) -> str:
    chance = numbers("h" + seed)
    return "".join(chance.choice("0123456789abcdef") for _ in range(count))


def uuid_of(seed: str) -> str:
    h = hexes(seed, 32)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


Title = Callable[[str, int], str]

TITLES: list[Title] = [
    lambda organ, year: f"{organ}{year}年政府信息公开工作年度报告",
    lambda organ, year: f"{year}年{organ}政府信息公开工作年度报告",
    lambda organ, year: f"{organ}{year}年度政府信息公开工作年度报告",
    lambda organ, year: f"{organ}政府信息公开工作{year}年度报告",
    lambda organ, year: f"{organ}{year}年政府信息公开年度报告",
    lambda organ, year: f"{organ}关于{year}年政府信息公开工作年度报告",
]


def make(
    seed: str,
    organs: Sequence[str],
    years: Iterable[int],
    address: Callable[[Row, int], str],
    titles: Sequence[Title] = TITLES[:1],
    dress: str = "p",
    skip: Callable[[str, int], bool] = lambda organ, year: False,
) -> list[Row]:
    """Reports, newest first. `address` gets the row without its path and its number."""
    rows: list[Row] = []
    for year in sorted(years, reverse=True):
        for at, organ in enumerate(organs):
            if skip(organ, year):
                continue
            chance = numbers(f"{seed} {organ} {year}")
            month, day = (3, chance.randint(1, 28)) if at == 0 else (1, chance.randint(4, 29))
            row = Row(
                "", year, organ, titles[(at + year) % len(titles)](organ, year), f"{year + 1}-{month:02d}-{day:02d}"
            )
            row.html = body(organ, year, seed, dress)
            rows.append(row)
    rows.sort(key=lambda row: row.date, reverse=True)
    for number, row in enumerate(rows):
        row.path = address(row, number)
    return rows


# The report's text.

_WORK = [
    "围绕中心工作，全年通过门户网站、政务新媒体、新闻发布会等渠道主动公开政府信息{a}条，其中政策文件{b}件，政策解读{c}篇。",
    "依法办理政府信息公开申请，全年收到申请{r1}件，均在法定期限内答复，未收取信息处理费。",
    "健全信息发布审核机制，落实先审查、后公开、一事一审，全年开展保密审查{b}次，清理过期信息{c}条。",
    "优化政府信息公开专栏，规范法定主动公开内容栏目{c}个，政务新媒体发布信息{a}条，办结网民留言{b}件。",
    "将政府信息公开工作纳入年度考核，组织业务培训{d}次，参训{b}人次，对发现的{d}个问题督促整改。",
    "深入推进基层政务公开标准化规范化，编制{c}个领域目录，政务公开专区接待群众{a}人次。",
]
_HEADS = [
    "（一）主动公开。",
    "（二）依申请公开。",
    "（三）政府信息管理。",
    "（四）政府信息公开平台建设。",
    "（五）监督保障。",
]
_ISSUES = [
    "一是个别单位公开意识不强，信息更新不够及时；二是政策解读形式较为单一，图表、视频解读占比仅为{c}%。",
    "一是公开内容与群众期盼仍有差距；二是业务人员变动较频繁，全年调整{d}人，答复文书有待规范。",
    "存在的问题：信息公开的深度和广度需进一步拓展，{d}个栏目更新滞后。改进情况：已建立栏目月巡查制度，巡查{b}次。",
]


def _figures(seed: str) -> dict[str, int]:
    chance = numbers(seed)
    return {
        "a": chance.randint(200, 9000), "b": chance.randint(20, 180), "c": chance.randint(3, 60),
        "d": chance.randint(1, 9), "r1": chance.randint(5, 90), "r2": chance.randint(0, 6), "r4": chance.randint(0, 4),
    }  # fmt: skip


def body(organ: str, year: int, seed: str, dress: str = "p") -> str:
    fig = _figures(f"{seed}/{organ}/{year}")
    chance = numbers(f"text {seed}/{organ}/{year}")
    if year <= 2018:
        return _old(organ, year, fig, chance, dress)
    law = "《中华人民共和国政府信息公开条例》（以下简称《条例》）"
    text = [
        f"根据{law}和国务院办公厅有关规定，由{organ}编制本报告。全文包括总体情况、主动公开政府信息情况、收到和处理政府信息公开申请情况、"
        f"政府信息公开行政复议和行政诉讼情况、存在的主要问题及改进情况、其他需要报告的事项六个部分。"
        f"本报告所列数据的统计期限自{year}年1月1日起至{year}年12月31日止。",
        "#一、总体情况",
        *(head + chance.choice(_WORK).format(**fig) for head in _HEADS),
        "#二、主动公开政府信息情况",
        "|" + (_table2_2021(fig) if year >= 2021 else _table2_2019(fig)),
        "#三、收到和处理政府信息公开申请情况",
        "|" + _table3(fig, year),
        "#四、政府信息公开行政复议、行政诉讼情况",
        "|" + _table4(fig),
        "#五、存在的主要问题及改进情况",
        chance.choice(_ISSUES).format(**fig) + f"{year + 1}年，{organ}将进一步完善制度，提升公开质量。",
        "#六、其他需要报告的事项",
        f"按照《政府信息公开信息处理费管理办法》，{year}年{organ}发出收费通知0件，总金额0元。"
        if year >= 2020
        else "无其他需要报告的事项。",
        f">{organ}",
        f">{year + 1}年1月{chance.randint(5, 28)}日",
    ]
    return _dressed(text, dress)


def _old(organ: str, year: int, fig: dict[str, int], chance: random.Random, dress: str) -> str:
    text = [
        f"根据《中华人民共和国政府信息公开条例》要求，现公布{organ}{year}年政府信息公开工作年度报告。"
        f"本报告中所列数据的统计期限从{year}年1月1日至12月31日止。",
        "#一、概述",
        f"{year}年，{organ}按照上级部署，认真贯彻落实条例，明确专职人员{fig['d']}名。"
        + chance.choice(_WORK).format(**fig),
        "#二、主动公开政府信息情况",
        f"全年主动公开政府信息{fig['a']}条，其中全文电子化率达{90 + fig['d']}%。" + chance.choice(_WORK).format(**fig),
        "#三、依申请公开政府信息情况",
        f"本年度共受理政府信息公开申请{fig['r1']}件，其中当面申请{fig['d']}件，网上申请{fig['c']}件，均已答复。",
        "#四、政府信息公开的收费及减免情况",
        "本年度未收取政府信息公开相关费用。",
        "#五、因政府信息公开申请行政复议、提起行政诉讼情况",
        f"{year}年未发生针对本机关有关政府信息公开事务的行政复议案、行政诉讼案和有关申诉案。",
        "#六、存在的主要问题及改进措施",
        chance.choice(_ISSUES).format(**fig),
        f">{organ}",
        f">{year + 1}年3月{chance.randint(5, 28)}日",
    ]
    return _dressed(text, dress)


def _dressed(text: Sequence[str], dress: str) -> str:
    out: list[str] = []
    for piece in text:
        mark, rest = (piece[0], piece[1:]) if piece[0] in "#|>" else ("", piece)
        if mark == "|":
            out.append(rest)
        elif dress == "span":
            align = ' align="right"' if mark == ">" else ""
            bold = "font-weight:bold;" if mark == "#" else ""
            half = len(rest) // 2
            out.append(
                f'<p class="MsoNormal" style="text-indent:32pt;line-height:28pt"{align}><span style="{bold}font-family:仿宋_GB2312;'
                f'font-size:16pt">{rest[:half]}</span><span style="{bold}font-size:16pt" lang="EN-US">{rest[half:]}</span></p>'
            )
        elif dress == "div":
            out.append(f"<div>{'<b>' if mark == '#' else ''}　　{rest}{'</b>' if mark == '#' else ''}</div>")
        elif dress == "br":
            out.append(f"　　{rest}<br /><br />")
        else:
            style = "text-align:right" if mark == ">" else "text-indent:2em"
            out.append(
                f'<p style="{style}">{"<strong>" if mark == "#" else ""}{rest}{"</strong>" if mark == "#" else ""}</p>'
            )
    return "\n".join(out)


def _tr(cells: Iterable[object]) -> str:
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _table(rows: Iterable[str]) -> str:
    return '<table border="1" cellspacing="0" width="100%"><tbody>' + "".join(rows) + "</tbody></table>"


def _span(text: str, across: int) -> str:
    return f'<tr><td colspan="{across}">{text}</td></tr>'


def _table2_2021(fig: dict[str, int]) -> str:
    return _table([
        _span("第二十条第（一）项", 4),
        _tr(["信息内容", "本年制发件数", "本年废止件数", "现行有效件数"]),
        _tr(["规章", 0, 0, 0]), _tr(["行政规范性文件", fig["d"], fig["r4"], fig["c"]]),
        _span("第二十条第（五）项", 4),
        '<tr><td>信息内容</td><td colspan="3">本年处理决定数量</td></tr>', f'<tr><td>行政许可</td><td colspan="3">{fig["a"]}</td></tr>',
        _span("第二十条第（六）项", 4),
        '<tr><td>信息内容</td><td colspan="3">本年处理决定数量</td></tr>',
        f'<tr><td>行政处罚</td><td colspan="3">{fig["b"]}</td></tr>', f'<tr><td>行政强制</td><td colspan="3">{fig["d"]}</td></tr>',
        _span("第二十条第（八）项", 4),
        '<tr><td>信息内容</td><td colspan="3">本年收费金额（单位：万元）</td></tr>',
        f'<tr><td>行政事业性收费</td><td colspan="3">{fig["c"]}.{fig["b"]}</td></tr>',
    ])  # fmt: skip


def _table2_2019(fig: dict[str, int]) -> str:
    return _table([
        _span("第二十条第（一）项", 4),
        _tr(["信息内容", "本年新制作数量", "本年新公开数量", "对外公开总数量"]),
        _tr(["规章", 0, 0, 0]), _tr(["规范性文件", fig["d"], fig["d"], fig["c"]]),
        _span("第二十条第（五）项", 4), _tr(["信息内容", "上一年项目数量", "本年增/减", "处理决定数量"]),
        _tr(["行政许可", fig["b"], "+1", fig["a"]]), _tr(["其他对外管理服务事项", fig["c"], 0, fig["b"]]),
        _span("第二十条第（六）项", 4), _tr(["信息内容", "上一年项目数量", "本年增/减", "处理决定数量"]),
        _tr(["行政处罚", fig["b"], 0, fig["c"]]), _tr(["行政强制", fig["d"], 0, 0]),
        _span("第二十条第（八）项", 4), _tr(["信息内容", "上一年项目数量", "本年增/减", ""]), _tr(["行政事业性收费", fig["d"], 0, ""]),
        _span("第二十条第（九）项", 4), _tr(["信息内容", "采购项目数量", "采购总金额", ""]),
        _tr(["政府集中采购", fig["d"], f"{fig['a']}.{fig['b']}万元", ""]),
    ])  # fmt: skip


_ROWS3 = [
    "（一）予以公开", "（二）部分公开（区分处理的，只计这一情形，不计其他情形）",
    "1.属于国家秘密", "2.其他法律行政法规禁止公开", "3.危及“三安全一稳定”", "4.保护第三方合法权益", "5.属于三类内部事务信息",
    "6.属于四类过程性信息", "7.属于行政执法案卷", "8.属于行政查询事项",
    "1.本机关不掌握相关政府信息", "2.没有现成信息需要另行制作", "3.补正后申请内容仍不明确",
    "1.信访举报投诉类申请", "2.重复申请", "3.要求提供公开出版物", "4.无正当理由大量反复申请", "5.要求行政机关确认或重新出具已获取信息",
]  # fmt: skip
_LAST_2021 = ["1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请",
              "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请", "3.其他"]  # fmt: skip
_PARTS = {2: "（三）不予公开", 10: "（四）无法提供", 13: "（五）不予处理", 18: "（六）其他处理"}


def _table3(fig: dict[str, int], year: int) -> str:
    def line(value: int) -> list[int]:
        return [value, 0, 0, 0, 0, 0, value]

    labels = _ROWS3 + (_LAST_2021 if year >= 2021 else ["（六）其他处理"])
    done = fig["r1"] + fig["r2"] - fig["r4"]
    values = [0] * len(labels)
    values[0], values[10], values[1] = done // 2, done // 4, done - done // 2 - done // 4
    rows = [
        '<tr><td rowspan="3" colspan="3">（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）</td><td colspan="7">申请人情况</td></tr>',
        '<tr><td rowspan="2">自然人</td><td colspan="5">法人或其他组织</td><td rowspan="2">总计</td></tr>',
        _tr(["商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他"]),
        '<tr><td colspan="3">一、本年新收政府信息公开申请数量</td>' + _tr(line(fig["r1"]))[4:],
        '<tr><td colspan="3">二、上年结转政府信息公开申请数量</td>' + _tr(line(fig["r2"]))[4:],
    ]
    ends = {2: 10, 10: 13, 13: 18, 18: 21}
    for at, label in enumerate(labels):
        first = f'<td rowspan="{len(labels) + 1}">三、本年度办理结果</td>' if at == 0 else ""
        if at < 2 or label.startswith("（六）"):
            name = f'<td colspan="2">{label}</td>'
        else:
            name = (f'<td rowspan="{ends[at] - at}">{_PARTS[at]}</td>' if at in _PARTS else "") + f"<td>{label}</td>"
        rows.append("<tr>" + first + name + _tr(line(values[at]))[4:])
    rows.append('<tr><td colspan="2">（七）总计</td>' + _tr(line(done))[4:])
    rows.append('<tr><td colspan="3">四、结转下年度继续办理</td>' + _tr(line(fig["r4"]))[4:])
    return _table(rows)


def _table4(fig: dict[str, int]) -> str:
    five = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
    d = fig["d"]
    return _table([
        '<tr><td colspan="5">行政复议</td><td colspan="10">行政诉讼</td></tr>',
        '<tr><td colspan="5"></td><td colspan="5">未经复议直接起诉</td><td colspan="5">复议后起诉</td></tr>',
        _tr(five * 3), _tr([d, 0, 1, 0, d + 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
    ])  # fmt: skip


def other(kind: str, place: str, year: int) -> str:
    """The text of an article that is no report."""
    texts = {
        "网站": f"<p>政府网站工作年度报表（{year}年度）</p><table border=1><tr><td>网站名称</td><td>{place}门户网站</td></tr><tr><td>首页网址</td><td>略</td></tr>"
        f"<tr><td>独立用户访问总量（个）</td><td>{year * 37}</td></tr><tr><td>信息发布（条）</td><td>{year}</td></tr>"
        "<tr><td>安全检测评估次数</td><td>12</td></tr></table>",
        "法治": f"<p>{year}年，{place}深入学习贯彻习近平法治思想，扎实推进法治政府建设，现将年度工作情况报告如下。</p><p>一、依法全面履行政府职能</p>"
        "<p>持续深化放管服改革，办理行政复议案件若干件。</p><p>二、存在的不足</p><p>基层执法力量仍需加强。</p>",
        "工作": f"<p>各位代表：现在，我代表{place}人民政府向大会报告工作，请予审议。</p><p>一、{year}年工作回顾</p><p>地区生产总值增长百分之六。</p>"
        "<p>二、下一年工作安排</p><p>着力扩大内需，保障和改善民生。</p>",
        "通知": f"<p>各镇人民政府、县政府各部门：</p><p>为做好{year}年政府信息公开工作年度报告编制和发布工作，现就有关事项通知如下，请于1月20日前报送。</p>",
        "新闻": f"<p>本报讯 记者从{place}获悉，一批重点项目集中开工，总投资超过百亿元，预计明年建成投用。</p><p>据悉，项目涵盖交通、水利等领域。</p>",
    }
    return texts[kind]


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)
