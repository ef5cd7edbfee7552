"""Generated reports as a page prints them: whose and which year's each is, its own sentences, figures and files.

Drawn from a `random.Random`. A sentence that belongs to one report alone has a mark, four letters in 〔〕 that stand nowhere else on
its page. The prose is full of other years, as that of real reports is.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, product

from monitor.demo import national_tables as tables
from monitor.figures.fields import FIELDS

ORGANS = (
    "某区城市管理委员会",
    "临山县教育局",
    "东桥区人民政府办公室",
    "青石镇人民政府",
    "海口路街道办事处",
    "北山市发展和改革委员会",
)
_RULES = (
    "《中华人民共和国政府信息公开条例》",
    "《中华人民共和国政府信息公开条例》（国务院令第711号，以下简称《条例》）第五十条",
)
_OPENINGS = (
    "根据{rules}的规定，现将{organ}{named}政府信息公开工作年度报告公布如下@。",
    "依据{rules}要求，由{organ}编制{named}政府信息公开工作年度报告@。",
    "本报告由{organ}按照{rules}和《国务院办公厅政府信息与政务公开办公室关于印发政府信息公开工作年度报告格式的通知》编制，"
    "现将{named}政府信息公开工作情况报告如下@。",
)
_PERIODS = (
    "本报告所列数据的统计期限自{year}年1月1日起，至{year}年12月31日止@。",
    "报告中所列数据的统计期限为{year}年1月1日至{year}年12月31日@。",
    "统计期限：{year}年1月1日至12月31日@。",
)


@dataclass
class Told:
    """One report as the page's maker meant it."""

    organ: str
    year: int
    form: str
    """2021, 2019, old (the chapters before 2019), plain (no chapters), bare (nothing but its tables)"""
    marks: list[str] = field(default_factory=list)
    figures: dict[str, float | None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    blocks: list[tuple[str, str]] = field(default_factory=list)
    """(what it is: p, head, table, raw; its HTML)"""

    @property
    def lines(self) -> list[str]:
        """Its lines of text, in order."""
        return [" ".join(text.split()) for kind, text in self.blocks if kind in ("p", "head")]


class Marks:
    """Marks, each given once."""

    def __init__(self, rng: random.Random) -> None:
        words = ["".join(letters) for letters in product("BCDFGHJKLM", repeat=4)]
        rng.shuffle(words)
        self.words = iter(words)

    def __call__(self) -> str:
        return f"〔{next(self.words)}〕"


def report(rng: random.Random, organ: str, year: int, mark: Marks, says: str, form: str = "") -> Told:
    """A report. `says`: what tells its year besides a heading: all, opening, period, prose, none."""
    usual = "2021" if year >= 2021 else "2019" if year >= 2019 else "old"
    if usual == "2021" and rng.random() < 0.05:
        usual = "2019"  # the form of the year before is a real mistake
    made = Told(organ, year, form or usual)
    said = ("opening", "period", "prose") if says == "all" else (says,)

    def line(text: str, kind: str = "p") -> None:
        if "@" in text:
            made.marks.append(one := mark())
            text = text.replace("@", one)
        made.blocks.append((kind, text))

    if form != "bare":
        _top(rng, made, line, said)
    match made.form:
        case "plain":
            for sentence in (*_prose(rng, year, said), *_prose(rng, year, said)):
                line(sentence)
        case "old":
            _old(rng, made, line, mark, said)
        case "bare":
            made.marks.append(one := mark())
            made.blocks += [("table", grid) for grid in _national(rng, made, "2021" if year > 2020 else "2019", one)]
        case _:
            _chapters(rng, made, line, said)
    if form != "bare" and rng.random() < 0.3:
        line(organ)
        line(f"{year + 1}年{rng.randint(1, 3)}月{rng.randint(1, 28)}日")
    return made


def _top(rng: random.Random, made: Told, line: Callable[..., None], said: tuple[str, ...]) -> None:
    named = f"{made.year}年" if "opening" in said else "本年度"
    if rng.random() < 0.9 or "opening" in said:
        line(rng.choice(_OPENINGS).format(rules=rng.choice(_RULES), organ=made.organ, named=named))
    if "period" in said:
        line(rng.choice(_PERIODS).format(year=made.year))


def _prose(rng: random.Random, year: int, said: tuple[str, ...]) -> Iterator[str]:
    """Sentences of a report."""
    own = f"{year}年" if "prose" in said else "本年度"
    before, after = year - 1, year + 1
    some = [rng.randint(2, 60) for _ in range(4)]
    yield (
        f"{own}，我单位深入贯彻落实上级部署，扎实推进政务公开各项工作，全年主动公开政府信息{some[0] * 9}条，比{before}年增长{some[1]}%@。"
    )
    sayings = [
        f"（一）主动公开。围绕群众关切，{own}累计发布政策文件{some[0]}件，{before}年为{some[1]}件，{before - 1}年为{some[2]}件@。",
        f"较{before}年、{before - 1}年、{before - 2}年，公开数量持续上升，公开质量进一步提高@。",
        f"按照《{before}年政务公开工作要点》（〔{before}〕{some[3]}号）和《{year}年政务公开工作要点》的安排，逐项抓好落实@。",
        f"（二）依申请公开。规范受理、审核、答复流程，全年收到申请{some[1]}件，均在法定期限内答复@。",
        f"（三）平台建设。门户网站自{before - 3}年改版以来运行平稳，{after}年将继续优化检索功能@。",
        f"{before}年政府信息公开工作年度报告已于{year}年1月在门户网站公布，公众可以查阅@。",
        f"落实《{before}年度政府信息公开工作年度报告》指出的问题，{some[2]}项整改任务全部完成@。",
        "（四）监督保障。健全考核、社会评议和责任追究制度，组织业务培训，全年未发生责任追究情形@。",
        f"{before}年{rng.randint(1, 12)}月至{year}年{rng.randint(1, 12)}月，组织开展了政务公开专项检查@。",
    ]
    rng.shuffle(sayings)
    yield from sayings[: rng.randint(2, 6)]


def _national(rng: random.Random, made: Told, form: str, marked: str = "") -> list[str]:
    """The three tables since 2019; what they hold is the report's figures."""
    sheet = tables.Sheet(form)
    sheet.truth = {
        code: tables.printed(rng, value, FIELDS[code].unit, 0.1) for code, value in tables.numbers(rng, form).items()
    }
    grids = [tables.proactive(rng, sheet), tables.requests(rng, sheet), tables.reviews(rng, sheet)]
    made.figures = {code: value for code, (value, _) in sheet.truth.items()}
    if marked:
        grids[0].append([f"备注{marked}", *[""] * (len(grids[0][-1]) - 1)])
    return [printed_table(rng, grid) for grid in grids]


def _chapters(rng: random.Random, made: Told, line: Callable[..., None], said: tuple[str, ...]) -> None:
    """The six chapters since 2019."""
    space = rng.choice(("", "", " ", "　"))
    count = _numbering(rng)
    shown = _national(rng, made, made.form)
    line(f"{count('一')}{space}总体情况", "head")
    for sentence in _prose(rng, made.year, said):
        line(sentence)
    line(f"{count('二')}{space}主动公开政府信息情况", "head")
    made.blocks.append(("table", shown[0]))
    line(f"{count('三')}{space}收到和处理政府信息公开申请情况", "head")
    made.blocks.append(("table", shown[1]))
    line(
        f"{count('四')}{space}{rng.choice(('', '因政府信息公开工作被申请'))}政府信息公开行政复议、行政诉讼情况", "head"
    )
    made.blocks.append(("table", shown[2]))
    line(f"{count('五')}{space}存在的主要问题及改进情况", "head")
    line(f"一是公开的主动性还不够强@。{made.year + 1}年，将进一步完善工作机制，提高公开质量。")
    if rng.random() < 0.5:
        line(f"针对{made.year - 1}年度存在的问题，{made.year}年已全部整改到位@。")
    line(f"{count('六')}{space}其他需要报告的事项", "head")
    line(rng.choice(("本年度收取信息处理费0元@。", f"无其他需要报告的事项@。{made.year}年未收取信息处理费。")))


def _old(rng: random.Random, made: Told, line: Callable[..., None], mark: Marks, said: tuple[str, ...]) -> None:
    """The chapters of the years before 2019, with a table of indicators or without."""
    chapters = (
        rng.choice(("概述", "概述", "基本情况", "总体情况")),
        rng.choice(("主动公开政府信息的情况", "主动公开情况")),
        rng.choice(("依申请公开政府信息的情况", "政府信息依申请公开办理情况")),
        "人员和收支情况",
        "咨询情况",
        "行政复议、行政诉讼和申诉情况",
        "存在的主要问题和改进措施",
        "说明与附表",
    )
    if rng.random() < 0.3:
        line(rng.choice(("引 言", "前言")))
    prose = list(_prose(rng, made.year, said))
    count = _numbering(rng)
    for number, chapter in zip("一二三四五六七八", chapters, strict=True):
        line(f"{count(number)}{chapter}", "head")
        if number != "八":
            line(prose.pop(0) if prose else "本年度该项工作按规定开展，情况正常，未发生需要说明的事项@。")
    if rng.random() < 0.5:
        line("无附表@。")
        return
    made.marks.append(own := mark())
    rows = [
        ["指标名称", "单位", "数量"],
        ["一、主动公开情况", "——", "——"],
        [f"主动公开政府信息数{own}", "条", str(rng.randint(1, 900))],
        ["其中：全文电子化的主动公开数", "条", "12"],
        ["二、回应解读情况", "——", "——"],
        ["本年度收到信息公开申请数", "件", "3"],
    ]
    made.blocks.append(("table", printed_table(rng, rows)))


def _numbering(rng: random.Random) -> Callable[[str], str]:
    return rng.choice(("{}、", "{}、", "{}、", "{}．", "第{}部分 ", "第{}部分：", "{},")).format


def printed_table(rng: random.Random, grid: list[list[str]]) -> str:
    """A grid as Word and CMSs print it; equal header words side by side may be one cell."""
    spans = rng.random() < 0.5
    cell = rng.choice(("<td{}>{}</td>", "<td style='border:1px solid'{}><p class=MsoNormal><span>{}</span></p></td>"))
    rows = []
    for row in grid:
        runs = [(text, len(list(same))) for text, same in groupby(row)]
        if spans and not any(character.isdigit() and len(text) < 8 for text in row for character in text):
            rows.append("".join(cell.format(f" colspan={count}", text) for text, count in runs))
        else:
            rows.append("".join(cell.format("", text) for text in row))
    return f"<table border=1>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def add_files(rng: random.Random, told: list[Told]) -> None:
    """Gives reports pictures and documents of their own."""
    for one in told:
        name = f"{one.year}-{one.marks[0].strip('〔〕')}"
        if rng.random() < 0.4:
            one.blocks.insert(rng.randrange(1, len(one.blocks)), ("raw", f"<p><img src=/w/{name}.png></p>"))
            one.files.append(f"{name}.png")
        if rng.random() < 0.3:
            one.blocks.append(("raw", f"<p>附件：<a href=/w/{name}.pdf>{one.year}年报告全文.pdf</a></p>"))
            one.files.append(f"{name}.pdf")
