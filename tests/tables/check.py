"""One case: draws a report, reads its page through the real path, compares every cell with the truth."""

import random
from dataclasses import dataclass, field

from crawler.families.base import Markup
from crawler.page.model import Fetched
from crawler.page.reader import read_page
from crawler.portal import Portal
from monitor.demo.national_tables import numbers
from monitor.figures import Figures, read
from monitor.figures.fields import FIELDS
from tests.tables import shapes
from tests.tables.arrange import Block, arrange
from tests.tables.forms import Truth, expected, tables
from tests.tables.look import Look
from tests.tables.pages import page
from tests.tables.printing import Printed, printed

PORTAL = Portal(name="t", title="t", family="generic", sections=("http://www.x.gov.cn/nb/",))
ADDRESS = "http://www.x.gov.cn/nb/202201/t20220120_1.html"


@dataclass
class Score:
    """What became of the cells of one case or of many."""

    cases: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """Problems of a report that is right, or a form that is not the report's."""

    @property
    def perfect(self) -> bool:
        return not (self.wrong or self.missing or self.extra or self.told)

    def add(self, other: "Score") -> None:
        self.cases += other.cases
        self.right += other.right
        for name in ("wrong", "missing", "extra", "told"):
            getattr(self, name).extend(getattr(other, name))


@dataclass
class Case:
    """A report: what it says and the page that says it."""

    form: str
    year: int
    look: Look
    truth: Truth
    blocks: list[Block]
    html: bytes


def draw(seed: int, shape: str) -> Case:
    """The case of a seed; the year says nothing of the form."""
    rng = random.Random(f"{shape} {seed}")
    form = rng.choice(["2019", "2021"])
    year = rng.randrange(2019, 2026)
    look = shapes.look(rng, shape)
    truth: Truth = {}
    for code, value in numbers(rng, form).items():
        one = FIELDS[code]
        if look.yuan and one.unit == "万元":
            truth[code] = (value, f"{value * 1e4:.0f}")
        else:
            truth[code] = printed(rng, value, one.unit, one.column, look.way)
    grids = tables(rng, form, truth, look)
    blocks = arrange(rng, grids, truth, look)
    return Case(form, year, look, truth, blocks, page(rng, blocks, look, year))


def figures_of(html: bytes) -> Figures:
    """The national tables' figures of the one report on a page."""
    found = read_page(Fetched(ADDRESS, 200, "text/html; charset=utf-8", html), PORTAL, Markup())
    (report,) = found.reports
    everything = read(report.text)
    return Figures(
        everything.form, tuple(one for one in everything.figures if one.field in FIELDS), everything.problems
    )


def compare(case: Case, found: Figures) -> Score:
    """Every cell of an undamaged report. A column that is not there is the one thing that may be told."""
    score = Score(1)
    due = expected(case.truth)
    given: dict[str, Printed] = {one.field: (one.value, one.raw) for one in found.figures}
    for code, (value, raw) in due.items():
        if code not in given:
            score.missing.append(f"{code} = {raw!r}")
        elif not _same(given[code][0], value) or given[code][1] != raw:
            score.wrong.append(f"{code} = {value} {raw!r}, read as {given[code]}")
        else:
            score.right += 1
    score.extra = [f"{code} = {one}" for code, one in given.items() if code not in due]
    if found.form != case.form:
        score.told.append(f"form {found.form!r}")
    if case.look.lost:
        score.told += [problem.detail for problem in found.problems if not problem.detail.startswith("缺 ")]
        score.told += [] if found.problems else ["a lost column is not told"]
    else:
        score.told += [f"{problem.table} {problem.detail}" for problem in found.problems]
    return score


def _same(one: float | None, other: float | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) < 1e-7)


def play(seed: int, shape: str) -> Score:
    case = draw(seed, shape)
    return compare(case, figures_of(case.html))
