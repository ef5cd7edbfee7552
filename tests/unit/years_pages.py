"""Generated pages with several reports, or with one that talks about other years, and what truly stands on each.

`Plan.page` prints a page with any of its reports in any order; `wrong` says how a reading differs from the truth.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import opencc

from crawler.families.base import Markup
from crawler.page.chinese import plain
from crawler.page.model import Fetched, Page
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor.figures import extract
from tests.unit import years_layouts as layouts
from tests.unit.years_reports import ORGANS, Marks, Told, add_files, printed_table, report

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))
URL = "http://www.x.gov.cn/nb/"
TITLES = (
    "{organ}{year}年政府信息公开工作年度报告", "{organ}{year}年度政府信息公开工作报告", "{year}年{organ}政府信息公开年度报告",
    "{organ}政府信息公开工作{year}年度报告", "关于{organ}{year}年政府信息公开工作情况的年度报告", "{organ}_{year}年_政府信息公开年度报告",
    "{organ} {year}年度政府信息公开工作年度报告", "{organ}{year}年政务信息公开年度报告", "{organ}{year}年政府信息公开工作年报",
    "{organ}政府信息公开工作年度报告（{year}年）", "《{organ}{year}年政府信息公开工作年度报告》",
)  # fmt: skip
_YEARS = (
    "{year}年", "{year}年度", "（{year}年度）", "{year}", "【{year}年】", "{year}年报", "{year}年度报告", "{year}年度工作报告",
    "{year}年政府信息公开年报", "({year}年)", "{year}年：", "▶ {year}年", "{number}、{year}年",
)  # fmt: skip
_TABS = ("{year}", "{year}年", "{year}年度", "{year}年度报告", "{year}年年报")
_HAN = str.maketrans("0123456789", "〇一二三四五六七八九")
_TRADITIONAL = opencc.OpenCC("s2t")

PLAIN = ("title", "year", "han", "title in lines", "untitled", "nothing")
HEADINGS = (*PLAIN, *layouts.LAYOUTS)
_BOXES = (*layouts.BOXES, "flat", "row", "item", "headed editor")


@dataclass
class Made:
    """A page and its truth."""

    html: str
    told: Sequence[Told]
    how: dict[str, object]
    findings: set[str] = field(default_factory=set)
    """Rules of the page's findings."""
    alone: Sequence[str] = ()
    """Marks of sentences that no report is to hold."""
    headings: Sequence[str] = ()
    """Lines above the only report that may stand in its text."""
    convert: Callable[[str], str] = str

    def read(self) -> Page:
        body = self.convert(self.html).encode()
        return read_page(Fetched(URL, 200, "text/html; charset=utf-8", body), PORTAL, Markup())


@dataclass
class Plan:
    """A page before it is printed."""

    told: list[Told]
    heading: str
    box: str
    written: layouts.Style
    form: str
    """Of the headings."""
    seed: float
    above: str = ""
    beneath: str = ""
    linking: str = ""
    """Links to other pages' reports."""
    nameless: bool = False
    """The page's title names no organ."""
    findings: set[str] = field(default_factory=set)
    convert: Callable[[str], str] = str

    def head(self, one: Told, place: int) -> str:
        if self.heading == "title in lines":
            return f"{one.organ}<br>{one.year}年政府信息公开工作年度报告"
        number = "一二三四五六七八九十"[place % 10]
        text = self.form.format(organ=one.organ, year=one.year, number=number)
        return text.translate(_HAN) if self.heading == "han" else text

    def page(self, told: Sequence[Told]) -> Made:
        rng = random.Random(self.seed)
        parts = [(self.head(one, place), self.written.html(one.blocks), one) for place, one in enumerate(told)]
        shown = (
            layouts.below(rng, parts, self.box)
            if self.heading in PLAIN
            else layouts.LAYOUTS[self.heading](rng, parts, self.box)
        )
        newest = max(told, key=lambda one: one.year)
        titles = [
            "政府信息公开年报",
            f"{newest.organ}政府信息公开工作年度报告",
            f"{newest.organ}{newest.year}年政府信息公开工作年度报告",
        ]
        title = titles[0] if self.nameless else rng.choice(titles[1:])
        above = f"<p>为方便公众查阅，现将历年政府信息公开工作年度报告公布如下{self.above}。</p>" if self.above else ""
        beneath = f"<p>以上各年度报告由办公室负责解释{self.beneath}。</p>" if self.beneath else ""
        how = {
            "heading": self.heading,
            "box": self.box,
            "years": [one.year for one in told],
            "lines": self.written.lines,
        }
        html = layouts.frame(rng, title, above + shown + beneath + self.linking)
        return Made(html, told, how, self.findings, [*filter(None, (self.above, self.beneath))], convert=self.convert)


def _plan(rng: random.Random, told: list[Told], heading: str, mark: Marks) -> Plan:
    box = rng.choice(_BOXES)
    forms = {
        "title": TITLES, "year": _YEARS, "han": ("{year}年度",), "untitled": ("{organ}政府信息公开工作年度报告",), "nothing": ("",),
        "tabs": _TABS, "tabs by id": _TABS, "side cell": ("{year}年",), "contents": TITLES,
        "anchors": (*TITLES, *_YEARS[:10]), "picture": (*TITLES, "{year}年度报告"),
    }  # fmt: skip
    form = rng.choice(forms.get(heading, (*TITLES, *_YEARS)))
    if box == "flat" and heading == "nothing":
        box = "rule"
    made = Plan(told, heading, box, layouts.style(rng), form, rng.random())
    made.nameless = "{organ}" in form and heading != "untitled" and rng.random() < 0.3
    add_files(rng, told)
    if heading == "picture":
        for place, one in enumerate(told):
            one.files.insert(0, made.head(one, place))
    # Between the page's own words and a report without a heading only a box can tell.
    apart = heading not in ("nothing",) or box != "rule"
    if apart and rng.random() < 0.3:
        made.above = mark()
    closed = heading in layouts.LAYOUTS and heading not in ("anchors", "contents", "picture", "side cell")
    if (closed or box in ("div", "section", "table", "deep", "row")) and not made.written.lines and rng.random() < 0.3:
        made.beneath = mark()
    if rng.random() < 0.2:
        made.linking = rng.choice(_TAILS[1:])(told[0].year + 1, told[0].organ)
    if rng.random() < 0.1:
        made.convert = _TRADITIONAL.convert
    return made


def several(rng: random.Random, heading: str = "") -> Plan:
    """Two to fifteen reports of one organ."""
    heading = heading or rng.choice(HEADINGS)
    organ = rng.choice(ORGANS)
    count = rng.randint(2, 5) if rng.random() < 0.8 else rng.randint(6, 15)
    last = rng.randint(2012, 2024) if rng.random() < 0.4 else rng.randint(2020, 2024)
    years = [year for year in range(last, 2006, -1) if rng.random() < 0.9][:count]
    order = rng.choice(("down", "down", "up", "any"))
    if order == "up":
        years.reverse()
    elif order == "any":
        rng.shuffle(years)
    mark = Marks(rng)
    told: list[Told] = []
    for year in years:
        says = rng.choice(("all", "opening", "period", "prose"))
        form = ""
        if heading in ("untitled", "nothing"):
            says = rng.choice(("all", "period", "opening"))
        elif rng.random() < 0.3:
            says = "none"
        if heading not in ("untitled", "nothing") and sum(other > 2011 for other in years) > 2:
            # Without chapters it is told by headings like those of the others alone.
            form = (
                "plain" if year < 2012 and rng.random() < 0.4 else "bare" if year > 2018 and rng.random() < 0.1 else ""
            )
        told.append(report(rng, organ, year, mark, says, form))
    return _plan(rng, told, heading, mark)


def organs(rng: random.Random) -> Plan:
    """Several organs' reports of one year, or of two years each; the titles name both."""
    year = rng.randint(2015, 2024)
    mark = Marks(rng)
    names = rng.sample(ORGANS, rng.randint(2, 5))
    years = (year, year - 1) if rng.random() < 0.3 else (year,)
    told = [report(rng, organ, one, mark, rng.choice(("all", "opening", "none"))) for organ in names for one in years]
    heading = rng.choice(("title", "title in lines", "details", "caption", "cell", "anchors", "terms", "collapse"))
    made = _plan(rng, told, heading, mark)
    made.form = rng.choice(TITLES) if heading != "title in lines" else made.form
    made.nameless = rng.random() < 0.5
    return made


def twice(rng: random.Random) -> Plan:
    """A page on which one year stands twice: the same text, or another one (a correction)."""
    made = several(rng, rng.choice(("title", "year", "details", "cell", "terms", "anchors")))
    one = rng.choice(made.told)
    made.convert = str
    if rng.random() < 0.5:
        other, made.findings = one, {"duplicate_text"}
    else:
        marks = Marks(random.Random(rng.random()))
        other = report(rng, one.organ, one.year, lambda: marks().lower(), "all")  # type: ignore[arg-type]
        made.findings = {"duplicate_year"}
    made.told.insert(rng.randrange(len(made.told) + 1), other)
    return made


# One report -------------------------------------------------------------------------------------------------------------


def single(rng: random.Random) -> Made:
    """A page with one report that is full of other years."""
    organ = rng.choice(ORGANS)
    year = rng.randint(2012, 2024)
    mark = Marks(rng)
    one = report(rng, organ, year, mark, rng.choice(("all", "opening", "period", "prose", "none")))
    title = rng.choice(TITLES).format(organ=organ, year=year)
    add_files(rng, [one])
    extra = rng.sample(sorted(_EXTRAS), rng.randint(0, 3))
    for name in extra:
        chapters = [index for index, (kind, _) in enumerate(one.blocks) if kind == "head"][1:]
        # Not right behind a table: another one there may well be its second half.
        place = rng.choice([*(index for index in chapters if one.blocks[index - 1][0] != "table"), len(one.blocks)])
        one.blocks[place:place] = _EXTRAS[name](rng, one, mark)
    written = layouts.style(rng)
    head = rng.choice(("", f"<h2>{title}</h2>", f"<p align=center>{title}</p>", f"<p>（{year}年度）</p>"))
    place, tail = rng.choice(("below", "above")), rng.choice(_TAILS)(year, organ)
    body = head + written.html(one.blocks)
    body = body + tail if place == "below" else tail + body
    how: dict[str, object] = {
        "heading": "single",
        "extra": extra,
        "lines": written.lines,
        "tail": tail[:40],
        "year": year,
    }
    return Made(layouts.frame(rng, title, body, title), [one], how, headings=(title, f"（{year}年度）"))


def _own(one: Told, mark: Marks) -> str:
    one.marks.append(made := mark())
    return made


def _documents(rng: random.Random, one: Told, mark: Marks) -> list[tuple[str, str]]:
    """A list of documents with their years."""
    kinds = ("政务公开工作要点", "政府信息公开工作年度报告", "重点工作安排", "法治政府建设年度报告")
    return [("p", f"{number}.{one.year - number}年{kind}{_own(one, mark)}") for number, kind in enumerate(kinds, 1)]


def _comparison(rng: random.Random, one: Told, mark: Marks) -> list[tuple[str, str]]:
    """A table of three years."""
    rows = [
        ["事项", *(f"{one.year - back}年" for back in (2, 1, 0))],
        ["发布会场次", "12", "15", "17"],
        ["培训场次" + _own(one, mark), "2", "1", "4"],
    ]
    return [("p", f"近三年情况对比如下{_own(one, mark)}。"), ("table", printed_table(rng, rows))]


def _by_years(rng: random.Random, one: Told, mark: Marks) -> list[tuple[str, str]]:
    """Earlier years told one by one, each under its own line."""
    form = rng.choice(("{}年", "（{}年）", "{}年度"))
    found = []
    for year in range(one.year - 2, one.year + 1):
        found.append(("p", form.format(year)))
        counts = [rng.randint(2, 90) for _ in range(3)]
        found.append(
            ("p", f"共公开信息{counts[0]}条，收到申请{counts[1]}件，按时答复率100%，组织培训{counts[2]}次，接受咨询，回应社会关切，"
                  f"加强政策解读，推进基层政务公开标准化规范化，优化政务公开专区，方便群众办事，群众满意度进一步提高{_own(one, mark)}。")
        )  # fmt: skip
    return found


def _last_report(rng: random.Random, one: Told, mark: Marks) -> list[tuple[str, str]]:
    """Last year's report by its whole title, and something about it."""
    about = (
        "上述报告已按要求在门户网站、政务新媒体等平台公布，并报送上一级政府信息公开工作主管部门，公众可登录网站查阅，"
        "也可到区档案馆、图书馆现场查阅，查阅时间为工作日上午九时至下午五时"
    )
    return [("p", f"{one.organ}{one.year - 1}年政府信息公开工作年度报告"), ("p", f"{about}{_own(one, mark)}。")]


def _attached(rng: random.Random, one: Told, mark: Marks) -> list[tuple[str, str]]:
    return [
        ("p", f"附：{one.year - 1}年以来制定的制度{_own(one, mark)}"),
        ("p", f"{one.year - 1}年1月1日至{one.year}年6月30日，共修订制度{rng.randint(2, 9)}项{_own(one, mark)}。"),
    ]


_EXTRAS: dict[str, Callable[[random.Random, Told, Marks], list[tuple[str, str]]]] = {
    "documents": _documents, "comparison": _comparison, "by years": _by_years, "last report": _last_report, "attached": _attached,
}  # fmt: skip


def _links(year: int, organ: str) -> str:
    links = [
        f"<p><a href=/nb/{one}.html>{organ}{one}年政府信息公开工作年度报告</a></p>"
        for one in range(year - 1, year - 6, -1)
    ]
    return f"<p>往年年报</p>{''.join(links)}"


def _year_links(year: int, organ: str) -> str:
    return (
        "<ul>"
        + "".join(f"<li><a href=/nb/{one}.html>{one}年</a></li>" for one in range(year - 1, year - 6, -1))
        + "</ul>"
    )


def _neighbours(year: int, organ: str) -> str:
    title = "政府信息公开工作年度报告"
    return (
        f"<p>上一篇：<a href=/nb/{year - 1}.html>{organ}{year - 1}年{title}</a></p>"
        f"<p>下一篇：<a href=/nb/{year + 1}.html>{organ}{year + 1}年{title}</a></p>"
    )


_TAILS: tuple[Callable[[int, str], str], ...] = (lambda year, organ: "", _links, _year_links, _neighbours)


# Checking ---------------------------------------------------------------------------------------------------------------


def wrong(made: Made) -> list[str]:
    """How the reading of a page differs from its truth."""
    page = made.read()
    told = list({id(one): one for one in made.told}.values())
    wanted = sorted((one.year, one.organ) for one in told)
    found = sorted((report.year or 0, plain(report.organ)) for report in page.reports)
    if found != wanted:
        return [f"reports {found}, not {wanted}"]
    texts = [report.text for report in page.reports]
    problems: list[str] = []
    for one in told:
        mine = [place for place, text in enumerate(texts) if one.marks[0] in text]
        if len(mine) != 1 or page.reports[mine[0]].year != one.year:
            problems.append(f"{one.year}: its first mark stands in {[page.reports[place].year for place in mine]}")
            continue
        own = page.reports[mine[0]]
        for mark in one.marks:
            if (times := [text.count(mark) for text in texts]) != [
                int(place == mine[0]) for place in range(len(texts))
            ]:
                problems.append(f"{one.year}: mark {mark} stands {times}")
        printed = list(map(made.convert, one.lines))
        shown = [line for line in own.text.split("\n") if line and not line.startswith("|")]
        if [line for line in shown if line not in made.headings] != printed:
            problems.append(
                f"{one.year}: lines {[line for line in (*shown, *printed) if (line in shown) != (line in printed)][:4]}"
            )
        figures = {figure.field: figure.value for figure in extract(own.text).figures}
        if figures != one.figures:
            codes = sorted(code for code in {*figures, *one.figures} if figures.get(code) != one.figures.get(code))
            problems.append(f"{one.year}: {len(codes)} figures differ: {codes[:4]}")
        names = [item.name if item.kind == "picture" else item.url.rsplit("/", 1)[-1] for item in own.attachments]
        if sorted(names) != sorted(map(made.convert, one.files)):
            problems.append(f"{one.year}: files {names}, not {one.files}")
    problems += [f"{mark} is no report's" for mark in made.alone if any(mark in text for text in texts)]
    if (rules := {finding.rule for finding in page.findings}) != made.findings:
        problems.append(f"findings {rules}, not {made.findings}")
    return problems
