"""A page as a reader meets it: one line of pieces, from top to bottom.

In: a `Dom`. Out: `Flow`: paragraphs and tables in page order, what each element covers of them, and the addresses that stand
among them. The tree is walked once, without recursion. Inline text is joined without gaps (a word processor splits 2022年
into five spans); a piece ends where a browser would end a line. Scripts, comments, form controls and what is
hidden are not seen. Pure.
"""

import re
from itertools import islice

from lxml import etree

from crawler.page.chinese import plain
from crawler.page.dom import Dom, Element, hidden, text_of
from crawler.page.tables import read_table
from crawler.page.text import Block, Table, squeeze

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ucapcontent",
        "ucaptitle",
        "ul",
    ]
)
_UNSEEN = frozenset(
    [
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "select",
        "option",
        "textarea",
        "button",
        "title",
        "meta",
        "link",
        "base",
        "area",
        "map",
        "svg",
        "canvas",
        "xml",
        "input",
        "rt",
        "rp",
    ]
)
"""What no reader sees as text of the page. Ruby's readings are an annotation over the text."""
_LINKING = frozenset(["a", "img", "embed", "iframe", "frame", "object", "area", "param", "source"])
_OPAQUE = frozenset(["iframe", "object", "embed", "video", "audio"])
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_YEAR_TAB = re.compile(r"(20\d\d)(?:年度?)?(?:年度报告|年报)?")
_BLOCK_STYLE = re.compile(r"display\s*:\s*block", re.I)
_CHAPTERS = re.compile("[总總]體?体?情|概述|公开条例|公開條例|第二十[条條]|依申请公开|依申請公開")
_MOST_PANELS = 100
"""Hidden elements that are looked into: a tab for every year since 2008 is a fifth of that."""
_MOST_LABELS = 2000
"""Elements among which the label of the last tab is looked for."""
_DEEPEST_TABLE = 24
"""Tables in tables that are looked at for a grid; further down they are layout."""


class Piece:
    """A paragraph or a table, and where it stands."""

    __slots__ = ("_plain", "block", "element", "heading", "linked", "text")

    def __init__(self, block: Block, element: Element, linked: int, heading: bool) -> None:
        self.block = block
        self.element = element
        self.linked = linked
        """Characters of it that are link text."""
        self.heading = heading
        self.text = block if isinstance(block, str) else " ".join([cell for row in block.rows for cell in row])
        self._plain: str | None = None

    @property
    def plain(self) -> str:
        """Its text for matching; several stages ask for it."""
        if self._plain is None:
            self._plain = plain(self.text)
        return self._plain

    @property
    def is_link(self) -> bool:
        """Whether it is little but link text."""
        return self.linked * 10 >= len(self.text) * 7


class Flow:
    """The pieces, the slice of them that each block element covers, and the elements with an address by position."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.spans: dict[Element, tuple[int, int]] = {}
        self.addressed: list[tuple[int, int, Element]] = []
        """(number of pieces before it, index of the piece that it stands in or behind, element) of links, pictures, frames
        and embedded objects."""
        self.links: list[tuple[int, Element, str]] = []
        """(number of pieces before it, element, text) of links with text."""
        self.buttons: list[tuple[int, Element]] = []
        """(number of pieces before it, element) of buttons, whose words are no text of the page."""


def read_flow(dom: Dom) -> Flow:
    """The page's flow. Bounded by the page's size; never raises for odd markup."""
    return _Walk(dom).run()


class _Walk:
    def __init__(self, dom: Dom) -> None:
        self.dom = dom
        self.flow = Flow()
        self.buffer: list[str] = []
        self.linked = 0
        self.anchors: list[tuple[Element, int, int]] = []
        self.open: list[Element] = []
        self.blocks: set[Element] = set()
        """Inline elements that say that they are blocks."""
        self.tables = 0
        self.tabs = _shown_tabs(dom)

    def run(self) -> Flow:
        walk = etree.iterwalk(self.dom.root, events=("start", "end", "comment", "pi"))
        skipped: Element | None = None
        for event, node in walk:
            if event == "start":
                if self._enter(node):
                    continue
                skipped = node
                walk.skip_subtree()
            else:
                if event == "end":
                    if node is skipped:
                        skipped = None
                    else:
                        self._leave(node)
                if tail := node.tail:
                    self.buffer.append(tail)
        self._flush(self.dom.root)
        return self.flow

    def _enter(self, node: Element) -> bool:
        """Reads a start tag; False: its subtree is not to be seen."""
        tag = node.tag
        if tag in _UNSEEN or (hidden(node) and node not in self.tabs):
            if tag == "button" and not any(part.strip() for part in self.buffer):
                self.flow.buttons.append((len(self.flow.pieces), node))
            return False
        if tag in _LINKING or node.get("onclick") is not None or node.get("appendix") is not None:
            place = len(self.flow.pieces)
            inside = any(part.strip() for part in self.buffer) or (tag == "a" and bool((node.text or "").strip()))
            self.flow.addressed.append((place, place if inside else place - 1, node))
        if tag in _OPAQUE:
            return False
        if tag == "br":
            self._flush(self._here())
        elif tag in _BLOCKS:
            self._flush(self._here())
            self.open.append(node)
            self.flow.spans[node] = (len(self.flow.pieces), -1)
            if tag == "table":
                self.tables += 1
                if self.tables <= _DEEPEST_TABLE and (grid := read_table(node)) is not None:
                    self._table(node, grid)
                    self._leave(node)
                    return False
        elif tag == "a":
            self.anchors.append((node, len(self.flow.pieces), sum(map(len, self.buffer))))
        elif _is_block(node):
            self.blocks.add(node)
            self._flush(self._here())
        if text := node.text:
            self.buffer.append(text)
        return True

    def _leave(self, node: Element) -> None:
        tag = node.tag
        if tag in _BLOCKS:
            self._flush(node)
            if self.open and self.open[-1] is node:
                self.open.pop()
            self.flow.spans[node] = (self.flow.spans[node][0], len(self.flow.pieces))
            if tag == "table":
                self.tables -= 1
        elif tag == "a" and self.anchors and self.anchors[-1][0] is node:
            self._anchor(*self.anchors.pop())
        elif node in self.blocks:
            self._flush(self._here())

    def _anchor(self, node: Element, before: int, start: int) -> None:
        if node.get("href") is None and node.get("onclick") is None:
            return  # a place that is linked, not a link
        if before == len(self.flow.pieces):
            text = squeeze("".join(self.buffer)[start:])
            self.linked += len(text)
        else:
            text = squeeze(" ".join(piece.text for piece in self.flow.pieces[before:]))
            for piece in self.flow.pieces[before:]:
                piece.linked = len(piece.text)
        text = text or squeeze(node.get("title") or "")
        if text:
            self.flow.links.append((before, node, text))

    def _table(self, node: Element, grid: Table) -> None:
        place = len(self.flow.pieces)
        for caption in node.iterchildren("caption"):
            if text := text_of(caption):
                self.flow.pieces.append(Piece(text, caption, 0, False))
        linked = 0
        for inner in node.iter("a", "img", "embed", "iframe", "object"):
            self.flow.addressed.append((place, place, inner))
            if inner.tag == "a" and (text := text_of(inner) or squeeze(inner.get("title") or "")):
                linked += len(text)
                self.flow.links.append((place, inner, text))
        if any(cell for row in grid.rows for cell in row):
            self.flow.pieces.append(Piece(grid, node, linked, False))

    def _flush(self, element: Element) -> None:
        if not self.buffer:
            return
        text = squeeze("".join(self.buffer))
        self.buffer.clear()
        if text:
            # A link that is still open covers at least this line's part of it; its end sets the rest.
            heading = element.tag in _HEADINGS or not _HEADINGS.isdisjoint([node.tag for node in self.open[-3:]])
            self.flow.pieces.append(Piece(text, element, min(self.linked, len(text)), heading))
        self.linked = 0

    def _here(self) -> Element:
        return self.open[-1] if self.open else self.dom.root


def _is_block(node: Element) -> bool:
    """Whether an inline element says that it is a block."""
    style = node.get("style")
    return style is not None and "block" in style.lower() and _BLOCK_STYLE.search(style) is not None


def _shown_tabs(dom: Dom) -> frozenset[Element]:
    """Hidden elements that a click shows: panels of year tabs. They hold a report, and a sibling of theirs does too; or
    only one is left, its tab names the report's year, and nothing that is shown holds a report.

    What is hidden otherwise (dialogs, codes, spliced-in spam) is not part of the page that people see.
    """
    panels = [
        element
        for element in dom.root.iter("div", "li", "section", "table", "ul", "dd")
        if len(element.attrib) and hidden(element)
    ]
    holding: dict[Element, bool] = {}

    def holds(element: Element) -> bool:
        if element not in holding:
            holding[element] = isinstance(element.tag, str) and _holds_report(element)
        return holding[element]

    found: set[Element] = set()
    for element in panels[:_MOST_PANELS]:
        parent = element.getparent()
        if parent is None or not holds(element):
            continue
        siblings = (other for other in parent.iterchildren(element.tag) if other is not element)
        if any(holds(other) for other in islice(siblings, _MOST_PANELS)):
            found.add(element)
    found.update([panel for panel in panels[:_MOST_PANELS] if _is_fellow(panel, found)] if found else ())
    if not found and (left := [panel for panel in panels[:_MOST_PANELS] if holds(panel)]) and not holds(dom.root):
        labels = islice(dom.root.iter("a", "li", "option", "button", "span"), _MOST_LABELS)
        tabs = {year[1] for label in labels if (year := _YEAR_TAB.fullmatch(text_of(label)))}
        found.update(left[:1] if any(f"{year}年" in text_of(left[0]) for year in tabs) else ())
    return frozenset(found)


def _is_fellow(element: Element, panels: set[Element]) -> bool:
    """Whether an element looks like one of `panels` beside it, and speaks of disclosure: a report without chapters."""
    looks = (element.getparent(), element.tag, element.get("class"), element.get("id") is None)
    alike = any(
        looks == (panel.getparent(), panel.tag, panel.get("class"), panel.get("id") is None) for panel in panels
    )
    return alike and len(text := text_of(element)) > 80 and re.search("公开|公開", text) is not None


def _holds_report(element: Element) -> bool:
    text = text_of(element)
    return len(text) > 80 and _CHAPTERS.search(text) is not None
