"""The generated reports as DOCX files, in every way in which Word and WPS keep a table, read through the real path.

python -m tests.tables.docx [--cases N] [--seed S] [--way NAME …] [--show N]

A way is what an editor's program does to the file; the shape of the tables is drawn among those that need no HTML.
"""

import argparse
import io
import random
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from crawler.documents.extract import extract
from crawler.page.text import parse
from monitor.figures import Document, Figures
from monitor.figures.sources import read_tables
from tests.tables.arrange import Block
from tests.tables.check import Case, Score, compare, draw
from tests.tables.grid import Grid, Spanned, spans
from tests.tables.markup import heads_of

SHAPES = (
    "official form", "label columns", "unresolved groups", "headers", "loose wording", "numbering", "cut",
    "cut, header again", "column doubled", "joined", "other order", "title row", "no chapters", "several rows", "units",
    "yuan", "full width", "thousands", "spaces", "changes", "blanks", "traditional", "header again", "spacers", "footnotes",
)  # fmt: skip
"""Of tests.tables.shapes: those of the grid, not of its markup."""
URL = "http://www.x.gov.cn/nb/P020240129500411337613.docx"

_NAMES = "".join(
    f' xmlns:{prefix}="{name}"'
    for prefix, name in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "v": "urn:schemas-microsoft-com:vml",
    }.items()
)
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
    "</Relationships>"
)
_BORDERS = "<w:tblBorders>{}</w:tblBorders>".format(
    "".join(f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV"))
)
_AUTHOR = 'w:id="9" w:author="某某" w:date="2024-01-02T08:00:00Z"'


class Plain:
    """How a file keeps words, cells, rows and tables; the others change one of them or more."""

    head = ""
    """Of rows above the figures: their properties."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def run(self, text: str, inside: str = "") -> str:
        return f'<w:r><w:rPr><w:sz w:val="21"/>{inside}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'

    def words(self, text: str) -> str:
        """What stands in a paragraph."""
        return self.run(text) if text else ""

    def paragraph(self, text: str) -> str:
        return f'<w:p><w:pPr><w:jc w:val="center"/></w:pPr>{self.words(text)}</w:p>'

    def content(self, text: str) -> str:
        """What stands in a cell: a paragraph a line."""
        return "".join(map(self.paragraph, text.split("\n")))

    def cell(self, text: str, properties: str) -> str:
        return f'<w:tc><w:tcPr><w:tcW w:w="0" w:type="auto"/>{properties}</w:tcPr>{self.content(text)}</w:tc>'

    def row(self, cells: Sequence[str], properties: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"

    def table(self, grid: Grid) -> str:
        rows = spans(grid)
        width, heads = max(map(len, grid)), heads_of(grid)
        carried: list[tuple[Spanned, int] | None] = [None] * width  # by column: a cell from above, rows left
        lines = []
        for row in rows:
            cells, column, rest = [], 0, iter(row)
            while column < width:
                above = carried[column]
                if above is not None and above[1]:
                    cells.append(self.cell("", self.span(above[0].cols) + '<w:vMerge w:val="continue"/>'))
                    carried[column] = (above[0], above[1] - 1)
                    column += above[0].cols
                    continue
                one = next(rest, None)
                if one is None:
                    break
                down = '<w:vMerge w:val="restart"/>' if one.rows > 1 else ""
                cells.append(self.cell(one.cell.text, self.span(one.cols) + down))
                carried[column] = (one, one.rows - 1)
                column += one.cols
            lines.append(self.row(cells, self.head if len(lines) < heads else ""))
        columns = "".join(f'<w:gridCol w:w="{9600 // width}"/>' for _ in range(width))
        return self.whole(
            f"<w:tbl><w:tblPr>{_BORDERS}</w:tblPr><w:tblGrid>{columns}</w:tblGrid>{''.join(lines)}</w:tbl>"
        )

    def span(self, columns: int) -> str:
        return f'<w:gridSpan w:val="{columns}"/>' if columns > 1 else ""

    def whole(self, table: str) -> str:
        return table

    def body(self, parts: Sequence[str]) -> str:
        """Blocks; two tables that follow each other have a paragraph between, as Word demands of its users."""
        made: list[str] = []
        for part in parts:
            if made and made[-1].endswith("</w:tbl>") and part.startswith("<w:tbl>"):
                made.append("<w:p/>")
            made.append(part)
        return "".join(made)


class SplitRuns(Plain):
    """A run for each character or two, spelling marks and bookmarks between them."""

    def words(self, text: str) -> str:
        made, place = [], 0
        while place < len(text):
            size = self.rng.choice((1, 1, 2))
            between = self.rng.choice(
                ("", '<w:proofErr w:type="spellStart"/>', '<w:bookmarkStart w:id="1" w:name="_a"/>')
            )
            made.append(self.run(text[place : place + size]) + between)
            place += size
        return "".join(made)


class Tracked(Plain):
    """Changes that nobody has accepted: the reader sees what was put in and not what was struck out."""

    def words(self, text: str) -> str:
        if not text or self.rng.random() < 0.5:
            return super().words(text)
        old = f"<w:del {_AUTHOR}><w:r><w:delText>{self.rng.randrange(99)}</w:delText></w:r></w:del>"
        moved = f"<w:moveFrom {_AUTHOR}>{self.run('7')}</w:moveFrom>"
        return self.rng.choice((old, moved, "")) + f"<w:ins {_AUTHOR}>{self.run(text)}</w:ins>"

    def row(self, cells: Sequence[str], properties: str = "") -> str:
        struck = ""
        if self.rng.random() < 0.05:
            struck = (
                super()
                .row(cells, f"<w:del {_AUTHOR}/>")
                .replace("<w:t ", "<w:delText ")
                .replace("</w:t>", "</w:delText>")
            )
        return super().row(cells, self.rng.choice((properties, f"<w:ins {_AUTHOR}/>"))) + struck


class Controls(Plain):
    """Content controls and custom XML around words, paragraphs, cells, rows and tables."""

    def _held(self, inner: str, often: float) -> str:
        if self.rng.random() >= often:
            return inner
        if self.rng.random() < 0.3:
            return f'<w:customXml w:element="x">{inner}</w:customXml>'
        return f"<w:sdt><w:sdtPr/><w:sdtContent>{inner}</w:sdtContent></w:sdt>"

    def words(self, text: str) -> str:
        return self._held(super().words(text), 0.3)

    def paragraph(self, text: str) -> str:
        return self._held(super().paragraph(text), 0.2)

    def cell(self, text: str, properties: str) -> str:
        return self._held(super().cell(text, properties), 0.2)

    def row(self, cells: Sequence[str], properties: str = "") -> str:
        return self._held(super().row(cells, properties), 0.2)

    def whole(self, table: str) -> str:
        return self._held(table, 0.5)


class Hidden(Plain):
    """Hidden words among the others, and hidden rows."""

    def words(self, text: str) -> str:
        seen = super().words(text)
        return seen + self.run("8", "<w:vanish/>") if self.rng.random() < 0.3 else seen

    def run(self, text: str, inside: str = "") -> str:
        return super().run(text, inside or self.rng.choice(("", '<w:vanish w:val="0"/>')))

    def row(self, cells: Sequence[str], properties: str = "") -> str:
        shown = super().row(cells, properties)
        return shown + super().row(cells, "<w:hidden/>").replace(">0<", ">9<") if self.rng.random() < 0.05 else shown


class Fields(Plain):
    """Figures that are results of fields (formulas, references)."""

    def words(self, text: str) -> str:
        if not text or self.rng.random() < 0.5:
            return super().words(text)
        if self.rng.random() < 0.5:
            return f'<w:fldSimple w:instr="=SUM(LEFT)">{self.run(text)}</w:fldSimple>'
        code = "<w:r><w:instrText> =SUM(ABOVE) \\* MERGEFORMAT </w:instrText></w:r>"
        begin, between, end = (f'<w:r><w:fldChar w:fldCharType="{one}"/></w:r>' for one in ("begin", "separate", "end"))
        return f"{begin}{code}{between}{self.run(text)}{end}"


class HeaderRows(Plain):
    """Rows that are repeated on each page, rows that may not break, page breaks that Word has noted in cells."""

    head = "<w:tblHeader/>"

    def words(self, text: str) -> str:
        noted = "<w:r><w:lastRenderedPageBreak/></w:r>" if self.rng.random() < 0.1 else ""
        return noted + super().words(text)

    def row(self, cells: Sequence[str], properties: str = "") -> str:
        return super().row(cells, properties + self.rng.choice(("<w:cantSplit/>", "")))


class Merges(Plain):
    """Cells merged in the way of old files (hMerge) and of others that write no word for going on."""

    def cell(self, text: str, properties: str) -> str:
        return super().cell(text, properties.replace('<w:vMerge w:val="continue"/>', "<w:vMerge/>"))

    def table(self, grid: Grid) -> str:
        made = super().table(grid)
        for columns in range(2, max(map(len, grid)) + 1):
            made = self._apart(made, columns)
        return made

    def _apart(self, table: str, columns: int) -> str:
        """A cell over several columns as several, the first of which begins the merge."""
        mark = self.span(columns)
        parts = table.split("<w:tc>")
        for index, part in enumerate(parts):
            if mark in part:
                first = part.replace(mark, '<w:hMerge w:val="restart"/>')
                cell, end, rest = first.partition("</w:tc>")
                down = "<w:vMerge/>" if "<w:vMerge/>" in cell else ""
                follow = f'<w:tc><w:tcPr><w:hMerge w:val="continue"/>{down}</w:tcPr><w:p/></w:tc>'
                parts[index] = cell + end + follow * (columns - 1) + rest
        return "<w:tc>".join(parts)


class Inside(Plain):
    """The tables inside a table that only lays out the page: one cell, or a frame of two."""

    def body(self, parts: Sequence[str]) -> str:
        inner = super().body(parts) + "<w:p/>"
        beside = self.rng.choice(("", "<w:tc><w:tcPr/><w:p/></w:tc>"))
        return f"<w:tbl><w:tblPr/><w:tr><w:tc><w:tcPr/>{inner}</w:tc>{beside}</w:tr></w:tbl>"


class Nested(Plain):
    """Each table in a cell of its own table, its title above it."""

    def whole(self, table: str) -> str:
        title = f"<w:tr><w:tc><w:tcPr/>{self.paragraph('附表')}</w:tc></w:tr>"
        return f"<w:tbl><w:tblPr/>{title}<w:tr><w:tc><w:tcPr/>{table}<w:p/></w:tc></w:tr></w:tbl>"


class Boxes(Plain):
    """Tables in text boxes, kept twice: for new programs and, as a fallback, for old ones."""

    def whole(self, table: str) -> str:
        held = f"<w:txbxContent>{table}<w:p/></w:txbxContent>"
        new = f'<mc:Choice Requires="wps"><w:drawing><wp:anchor><wps:txbx>{held}</wps:txbx></wp:anchor></w:drawing></mc:Choice>'
        old = f"<mc:Fallback><w:pict><v:textbox>{held}</v:textbox></w:pict></mc:Fallback>"
        if self.rng.random() < 0.3:
            return f"<w:p><w:r><w:pict><v:shape><v:textbox>{held}</v:textbox></v:shape></w:pict></w:r></w:p>"
        return f"<w:p><w:r><mc:AlternateContent>{new}{old}</mc:AlternateContent></w:r></w:p>"


class SmallBoxes(Plain):
    """Figures in text boxes inside their cells."""

    def words(self, text: str) -> str:
        if not text.isdigit() or self.rng.random() < 0.7:
            return super().words(text)
        held = f"<w:txbxContent><w:p>{self.run(text)}</w:p></w:txbxContent>"
        return f"<w:r><w:pict><v:shape><v:textbox>{held}</v:textbox></v:shape></w:pict></w:r>"


WAYS: dict[str, type[Plain]] = {
    "plain": Plain,
    "split runs": SplitRuns,
    "tracked changes": Tracked,
    "content controls": Controls,
    "hidden": Hidden,
    "fields": Fields,
    "header rows": HeaderRows,
    "old merges": Merges,
    "inside a table": Inside,
    "nested": Nested,
    "text boxes": Boxes,
    "boxes in cells": SmallBoxes,
}


def draw_case(seed: int, kind: str, shapes: Sequence[str] = SHAPES) -> tuple[Case, list[Block], random.Random]:
    """A case, and its blocks with what stands around them in a document."""
    rng = random.Random(f"{kind} {seed}")
    case = draw(seed, rng.choice(shapes))
    title = f"某某县水利局{case.year}年政府信息公开工作年度报告"
    before = [
        title,
        "一、总体情况",
        "我局认真贯彻落实上级关于政务公开的工作部署，做好主动公开和依申请公开工作，及时回应社会关切。",
    ]
    blocks = [block for block in case.blocks if block != ""]
    behind = ["五、存在的主要问题及改进情况", "公开的主动性还不够。", "六、其他需要报告的事项", "无。"]
    return case, [*before, *blocks, *behind], rng


def docx_of(blocks: Sequence[Block], way: Plain) -> bytes:
    """A DOCX file."""
    parts = [way.paragraph(block) if isinstance(block, str) else way.table(block) for block in blocks]
    page = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    document = f"<w:document{_NAMES}><w:body>{way.body(parts)}{page}</w:body></w:document>"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        package.writestr("word/document.xml", document)
    return out.getvalue()


def figures_of(body: bytes, url: str = URL) -> Figures:
    """The national tables' figures of a report whose page links this one document."""
    found = extract(body, "", url)
    source = "docx" if url.endswith("docx") else "pdf"
    return read_tables([], [Document(source, url, "年报", tuple(parse(found.text)))])  # type: ignore[arg-type]


def play(seed: int, name: str) -> Score:
    case, blocks, rng = draw_case(seed, name)
    return compare(case, figures_of(docx_of(blocks, WAYS[name](rng))))


def run(kind: str, ways: Sequence[str], playing: Callable[[int, str], Score]) -> int:
    """The command line of a kind of document."""
    parser = argparse.ArgumentParser(description=f"Plays reports as {kind} files, and counts their cells.")
    parser.add_argument("--cases", type=int, default=200, help="all ways in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--way", nargs="+", choices=ways, default=list(ways))
    parser.add_argument("--show", type=int, default=3, help="lines of what went wrong, for each way")
    options = parser.parse_args()
    begun = time.process_time()
    total = Score()
    for name in options.way:
        score = Score()
        for seed in range(options.seed, options.seed + -(-options.cases // len(options.way))):
            one = playing(seed, name)
            for what in ("wrong", "missing", "extra", "told"):
                setattr(one, what, [f"seed {seed}: {line}" for line in getattr(one, what)])
            score.add(one)
        print(
            f"{name:20}{score.cases:6} cases{score.right:9} right{len(score.wrong):6} wrong{len(score.missing):7} missing"
            f"{len(score.extra):6} extra{len(score.told):6} told"
        )
        for what in ("told", "wrong", "missing", "extra"):
            print("".join(f"    {what}: {line}\n" for line in getattr(score, what)[: options.show]), end="")
        total.add(score)
    print(f"{total.cases} cases, {total.right} cells right, {time.process_time() - begun:.1f} s of CPU")
    return 0 if total.perfect else 1


if __name__ == "__main__":
    sys.exit(run("DOCX", tuple(WAYS), play))
