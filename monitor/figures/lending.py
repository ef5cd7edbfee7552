"""Which parts of an attachment are the report's own, and may lend it figures. Pure.

An attachment says whose it is by its headings, its sentences and its name. One of another year, of another organ or of a
part of the year, a form to fill in, and an explanation of a report lend nothing; one that says nothing of the kind is the
report's that links it. A volume of several reports is cut at their titles.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from crawler.page import titles
from crawler.page.chinese import plain
from crawler.page.dates import YEAR, bare_year
from crawler.page.statements import body_year, organ_in
from crawler.page.text import Block
from monitor.figures.labels import is_chapter
from monitor.figures.model import Document
from monitor.identity import kind_of, organ_name, same_organ

_HEAD = 15
"""Paragraphs in front of the first chapter that may hold headings."""
_LONGEST = 80
"""Characters of a heading."""
_YEAR_LINE = re.compile(rf"[(\[]?{YEAR}(?:年度?)?[)\]]?")
_FORM = re.compile(
    r"模[板版]|样[表本式]|范[本例]|示例|参考格式|空表|填[报表写](?:说明|须知|要求|指南)|^[x×*]{2,}(?![省市区县旗])"
)
_PART_OF_YEAR = re.compile(r"季度|半年|月度|月份|月报表|(?<!\d)1月?[-—~至到](?:[2-9]|1[01])月")
_SHORTENED = (("人民政府", "政府"), ("办公室", "办"), ("办公厅", "办"), ("管理委员会", "管委"), ("委员会", "委"))
"""How names are cut short: 市政府办, 卫健委."""


class Heading(msgspec.Struct, frozen=True):
    """Whose report, and for which year, as far as something tells."""

    organ: str = ""
    year: int | None = None

    def contradicts(self, other: "Heading") -> bool:
        years = self.year is not None and other.year is not None and self.year != other.year
        return years or bool(self.organ and other.organ and not names(self.organ, other.organ))

    def completed(self, other: "Heading") -> "Heading":
        return Heading(self.organ or other.organ, self.year or other.year)


def own_parts(document: Document, year: int | None, organs: Sequence[str]) -> Iterator[Sequence[Block]]:
    """The parts of a document that may lend figures to the report for `year` of an organ with the names `organs`; an
    unknown year (None) or organ (none) rules nothing out."""
    if _unfit(document.name):
        return
    sections = list(_sections(document.blocks))
    for heading, blocks in sections:
        if any(_unfit(line) for line in _head(blocks)):
            continue
        lines = [plain(block) for block in blocks if isinstance(block, str)]
        covered = body_year(lines, vote=False)[0]
        said = heading.completed(Heading(organ_in(lines), covered))
        said = said.completed(_of_name(document.name)) if len(sections) == 1 else said
        # A heading's year is often last year's, left standing: the period that the text names is worth as much.
        wrong_year = year is not None and said.year not in (None, year) and covered != year
        # In a picture one character read wrong would make it another organ's.
        wrong_organ = (
            said.organ and organs and document.source != "ocr" and not any(names(said.organ, o) for o in organs)
        )
        if not wrong_year and not wrong_organ:
            yield blocks


def names(printed: str, organ: str) -> bool:
    """Whether a printed name may be this organ's: it, with or without its region, or cut short."""
    one, other = organ_name(printed), organ_name(organ)
    if same_organ(one, other):
        return True
    if {kind_of(one), kind_of(other)} == {"government", "office"}:
        return False
    short, long = sorted((_cut(one), _cut(other)), key=len)
    rest = iter(long)
    return len(short) > 1 and short[-1] == long[-1] and all(character in rest for character in short)


def _cut(name: str) -> str:
    for long, short in _SHORTENED:
        name = name.replace(long, short)
    return name


def _unfit(line: str) -> bool:
    """Whether a name or heading calls what follows a form to fill in, figures of a part of a year, an explanation."""
    folded = plain(line)
    return bool(_FORM.search(folded) or _PART_OF_YEAR.search(folded)) or titles.classify(line).kind == "companion"


def _of_name(name: str) -> Heading:
    """What an attachment's name says; P020240129.pdf, which no person wrote, says nothing."""
    said = titles.classify(name)
    return Heading(said.organ, said.year) if re.search(r"[一-鿿]", name) else Heading()


def _head(blocks: Sequence[Block]) -> Iterator[str]:
    """The headings in front of the first chapter or table."""
    for block in blocks[:_HEAD]:
        if not isinstance(block, str) or is_chapter(block):
            return
        if len(block) <= _LONGEST:
            yield block


def _sections(blocks: Sequence[Block]) -> Iterator[tuple[Heading, Sequence[Block]]]:
    """The document, cut where another report begins: at a title that says so and has a first chapter, or no chapter,
    behind it."""
    begun: list[int] = []
    headings: list[Heading] = []
    for index, heading in _headings(blocks):
        if headings and not heading.contradicts(headings[-1]):
            headings[-1] = headings[-1].completed(heading)
        elif not headings or _begins(blocks[index + 1 :]):
            begun.append(index)
            headings.append(heading)
    for heading, (start, end) in zip(headings or [Heading()], pairwise([0, *begun[1:], len(blocks)]), strict=True):
        yield heading, blocks[start:end]


def _begins(blocks: Sequence[Block]) -> bool:
    chapters = (block for block in blocks if isinstance(block, str) and is_chapter(block))
    return next(chapters, "一").startswith("一")


def _headings(blocks: Sequence[Block]) -> Iterator[tuple[int, Heading]]:
    """Each title of a report, with the organ and the year that stand on lines of their own around it; each year that
    stands alone where several do, as on the sheets of a workbook."""
    lines = [" ".join(block.split()) if isinstance(block, str) and len(block) <= _LONGEST else "" for block in blocks]
    years = {index: bare_year(line) for index, line in enumerate(map(plain, lines)) if _YEAR_LINE.fullmatch(line)}
    for index, line in enumerate(lines):
        said = titles.classify(line) if line else titles.Title("other")
        if said.kind != "report":
            if index in years and len(set(years.values())) > 1:
                yield index, Heading("", years[index])
            continue
        before = lines[index - 1] if index else ""
        organ = next((name for name in (said.organ, before) if titles.is_organ_name(name)), "")
        beside = years.get(index + 1) or years.get(index - 1)
        yield index, Heading(organ, said.year or beside)
