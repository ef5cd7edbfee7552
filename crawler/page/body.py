"""Which part of a page is the report's body.

In: a `Dom`, its `Flow`, selectors. Out: `Body`: the slice of the flow. A selector, the national template's class names and
well-known editors are asked in that order, but what they name is taken only if it holds every mark of a report (chapters, tables)
that the page shows; else the smallest box that holds them all; without marks the box that holds most of the prose. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import msgspec

from crawler.page import chrome
from crawler.page.attachments import attachments_of
from crawler.page.dom import Dom, Element, ancestors
from crawler.page.elsewhere import without_file_lines, without_other_reports
from crawler.page.evidence import marks_of
from crawler.page.flow import Flow, Piece
from crawler.page.labels import labels_of, names_year
from crawler.page.model import PageFinding

_KNOWN = (
    "ucapcontent", "#UCAP-CONTENT", ".scroll_cont", "#mainText", ".TRS_UEDITOR", ".trs_editor_view", ".TRS_Editor",
    "#zoom", "#Zoom", "#zoomcon", "#vsb_content", ".v_news_content", ".article-content", ".article_content",
    ".articleContent", ".Article_content", "#ivs_content", "#BodyLabel", ".news_cont_d_wrap", ".zc_article_con",
    ".main-txt", ".bt_content", "#js_content", ".pages_content", ".xxgk_content", ".zfxxgk_content",
    "#articleContent", "#article-content", "#article_content", "#content_body", ".content_body", ".con_text",
    ".xl_content", ".detail-content", ".detail_content", ".news_content", ".newscontent", ".info-content",
    ".content-text", ".article-body", ".art_con", ".wzcon", ".j-fontContent", ".gkml_content", ".view", "article",
    "#Content", "#content", "#contentText", ".conTxt", ".text-content", ".main_content",
)  # fmt: skip
_NAME = re.compile(r"[#.][\w-]+")
_OUTER = frozenset(("html", "body"))
_MOST_BETWEEN = 200
"""Characters of headings between two boxes of a body."""
_FEW_LINKS = 0.4
_INLINE_BOXES = frozenset(
    ("p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "center", "dd", "dt", "caption", "hr")
)
_CELLS = frozenset(("td", "th", "tr", "tbody", "table"))
"""Boxes of one row or cell as often as of a page's layout: what stands around them decides."""


class Body(msgspec.Struct, frozen=True):
    """The body's pieces, cleaned of chrome, and the elements with addresses by place among them."""

    pieces: tuple[Piece, ...]
    addressed: tuple[tuple[int, Element], ...]
    """(index of the piece that it stands in or behind, -1 before all; element)"""
    ranges: tuple[tuple[int, int], ...]
    """The slices of the page's flow that it was taken from."""
    marks: frozenset[str]
    """What shows that a report stands in it."""
    certain: bool
    """A selector or a well-known editor's box names it."""
    findings: tuple[PageFinding, ...] = ()
    labels: tuple[tuple[int, str], ...] = ()
    """(index of the piece above which it stands, name) of what names a part of the body without being text."""


def find_body(dom: Dom, flow: Flow, own: str, family: Sequence[str], heading: Element | None, base: str) -> Body:
    """The body. `own` is the operator's selector, `family` the CMS's; `heading` the element that shows the title."""
    findings: list[PageFinding] = []
    marked = marks_of(flow.pieces)
    everything = frozenset().union(*marked.values()) if marked else frozenset()
    ranges: list[tuple[int, int]] = []
    certain = False
    if own:
        ranges = _ranges(_select(dom, own, findings), flow)
        certain = bool(ranges)
    if not ranges:
        ranges = _with_headings(flow, _named(dom, flow, (*family, *_KNOWN), marked, everything, base, findings))
        certain = bool(ranges)
    if not ranges and everything:
        ranges = _around_marks(flow, marked)
    guessed = not ranges
    if guessed:
        start = flow.spans[heading][1] if heading is not None and heading in flow.spans else 0
        ranges = _below_heading(flow, heading, base) or _densest(flow, start)
    return _body(flow, ranges, marked, certain, guessed, base, findings, labels_of(dom, flow))


def box_of(dom: Dom, flow: Flow, body: Body) -> str:
    """A selector that names the body's box, and nothing else on its page; "" if there is none."""
    for element, span in flow.spans.items():
        if span not in body.ranges:
            continue
        names = [f"#{element.get('id')}", *(f".{name}" for name in (element.get("class") or "").split())]
        for selector in names:
            if _NAME.fullmatch(selector) and _ranges(_select(dom, selector, []), flow) == [*body.ranges]:
                return selector
    return ""


def _body(
    flow: Flow,
    ranges: list[tuple[int, int]],
    marked: dict[int, set[str]],
    certain: bool,
    guessed: bool,
    base: str,
    findings: list[PageFinding],
    labels: list[tuple[int, str]],
) -> Body:
    classes = chrome.chrome_elements(flow.pieces, flow.spans)
    indices = [index for start, end in ranges for index in range(start, end) if not classes[index] or marked.get(index)]
    places = [place for place, index in enumerate(indices) if index in marked]
    kept = chrome.strip([flow.pieces[index] for index in indices], min(places, default=0), max(places, default=0))
    kept = without_file_lines(kept, flow, base)
    if marked:
        kept = without_other_reports(kept)
    if guessed:
        kept = [piece for piece in kept if not piece.is_link or chrome.links_document(piece)]
    position = {id(piece): place for place, piece in enumerate(kept)}
    addressed: list[tuple[int, Element]] = []
    for index, owner, element in flow.addressed:
        if not any(
            start <= index < end or (index == end and _within(element, flow, start, end)) for start, end in ranges
        ):
            continue
        if index < len(classes) and classes[index] and _within_class(element):
            continue
        # The last piece up to its own that was kept; -1: it stands before all of them.
        while owner >= 0 and id(flow.pieces[owner]) not in position:
            owner -= 1
        addressed.append((position[id(flow.pieces[owner])] if owner >= 0 else -1, element))
    marks = frozenset().union(*(marked.get(index, set()) for start, end in ranges for index in range(start, end)))
    own: dict[int, str] = {}
    for start, end in ranges:
        for place, text in labels:
            below = (position[id(piece)] for piece in flow.pieces[place:end] if id(piece) in position)
            if start <= place < end and (at := next(below, None)) is not None:
                own.setdefault(at, text)
    return Body(tuple(kept), tuple(addressed), tuple(ranges), marks, certain, tuple(findings), tuple(own.items()))


def _within_class(element: Element) -> bool:
    return any(chrome.says_chrome(node) for node in ancestors(element))


def _within(element: Element, flow: Flow, start: int, end: int) -> bool:
    """Whether an element at the very end of a slice stands in a box of that slice, not behind it."""
    for node in ancestors(element):
        span = flow.spans.get(node)
        if span is not None and span[0] >= start and span[1] == end and node.tag not in _OUTER:
            return True
    return False


def _named(
    dom: Dom,
    flow: Flow,
    selectors: Iterable[str],
    marked: dict[int, set[str]],
    everything: frozenset[str],
    base: str,
    findings: list[PageFinding],
) -> list[tuple[int, int]]:
    """The first selector's boxes that hold every marked piece, or, on a page without marks, anything at all."""
    for selector in dict.fromkeys(selectors):
        ranges = _ranges(_select(dom, selector, findings), flow)
        if not ranges:
            continue
        inside = [index for start, end in ranges for index in range(start, end)]
        if everything:
            if len([index for index in inside if index in marked]) == len(marked):
                return ranges
            continue
        own = [flow.pieces[index] for index in inside if not flow.pieces[index].is_link]
        prose = sum(len(piece.text) for piece in own if not chrome.is_chrome_line(piece.text))
        if prose >= 12 or _shows_files(flow, ranges, base):
            return ranges
    return []


def _with_headings(flow: Flow, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Boxes of one name, and what stands between them if those are headings: an editor's box for each year's report."""
    gaps = [flow.pieces[end:start] for (_, end), (start, _) in pairwise(ranges)]
    if not any(names_year(piece.text) for gap in gaps for piece in gap):
        return ranges
    if any(sum(len(piece.text) for piece in gap) > _MOST_BETWEEN for gap in gaps):
        return ranges
    first = ranges[0][0]
    while first and ranges[0][0] - first < len(gaps[0]) and isinstance(flow.pieces[first - 1].block, str):
        first -= 1
    return [(first, ranges[-1][1])]


def _shows_files(flow: Flow, ranges: list[tuple[int, int]], base: str) -> bool:
    elements = [element for index, _, element in flow.addressed if any(start <= index <= end for start, end in ranges)]
    return bool(attachments_of(elements, base))


def _select(dom: Dom, selector: str, findings: list[PageFinding]) -> list[Element]:
    try:
        return dom.select(selector)
    except ValueError as error:
        findings.append(PageFinding("bad_selector", "error", str(error)))
        return []


def _ranges(elements: Sequence[Element], flow: Flow) -> list[tuple[int, int]]:
    """Slices of the outermost of `elements`, in page order. An inline one counts with its nearest box."""
    found: list[tuple[int, int]] = []
    for element in elements:
        box = next((node for node in ancestors(element) if node in flow.spans), None)
        if box is None or (box is not element and box.tag in _OUTER):
            continue
        start, end = flow.spans[box]
        if found and start < found[-1][1] and end <= found[-1][1]:
            continue
        if end >= start and not (start == end and found):
            found.append((start, end))
    return sorted(set(found))


def _around_marks(flow: Flow, marked: dict[int, set[str]]) -> list[tuple[int, int]]:
    """The smallest box that holds every mark, and what stands around it as part of the same text."""
    places = sorted(marked)
    box = _common_box(flow, places)
    if box is None:
        return [(0, len(flow.pieces))]
    while (parent := box.getparent()) is not None and parent.tag not in _OUTER:
        if parent not in flow.spans:
            box = parent
            continue
        start, end = flow.spans[box] if box in flow.spans else (places[0], places[-1] + 1)
        first, last = flow.spans[parent]
        extra = [*flow.pieces[first:start], *flow.pieces[end:last]]
        if box.tag not in _INLINE_BOXES and not _belongs(extra):
            break
        box = parent
    if box in flow.spans:
        return [flow.spans[box]]
    return [(places[0], places[-1] + 1)]


def _belongs(extra: Sequence[Piece]) -> bool:
    """Whether pieces around a box are of the same text: prose or nothing, not links."""
    own = [piece for piece in extra if not chrome.is_chrome_line(piece.text)]
    total = sum(len(piece.text) for piece in own)
    linked = sum(piece.linked for piece in own)
    return total == 0 or (linked <= _FEW_LINKS * total and sum(piece.is_link for piece in own) < 4)


def _common_box(flow: Flow, places: Sequence[int]) -> Element | None:
    """The innermost element that holds the pieces at `places`."""
    first, last = places[0], places[-1]
    for node in ancestors(flow.pieces[first].element):
        span = flow.spans.get(node)
        if span is not None and span[0] <= first and last < span[1]:
            return None if node.tag in _OUTER else node
    return None


def _below_heading(flow: Flow, heading: Element | None, base: str) -> list[tuple[int, int]]:
    """What follows the title in the smallest box that shows anything below it: a short report, pictures, an attachment."""
    if heading is None:
        return []
    own = flow.spans.get(heading)
    start = own[1] if own is not None else 0
    for node in ancestors(heading):
        span = flow.spans.get(node)
        if span is None or node is heading:
            continue
        if node.tag in _OUTER:
            return _beside_heading(flow, node, start, base)
        below = [piece for piece in flow.pieces[start : span[1]] if not chrome.is_chrome_line(piece.text)]
        prose = sum(len(piece.text) - piece.linked for piece in below)
        if prose >= 20 or _shows_files(flow, [(start, span[1])], base):
            return [(start, span[1])]
    return []


def _beside_heading(flow: Flow, outer: Element, start: int, base: str) -> list[tuple[int, int]]:
    """The same where the title stands in no box with it: the first box behind it that holds documents; or pictures, on a
    page without prose."""
    pictured: list[tuple[int, int]] = []
    for child in outer:
        span = flow.spans.get(child)
        if span is None or span[0] < start:
            continue
        prose = sum(
            len(piece.text) - piece.linked
            for piece in flow.pieces[span[0] : span[1]]
            if not chrome.is_chrome_line(piece.text)
        )
        if prose >= 20:
            return []
        if pictured or chrome.says_chrome(child):
            continue
        shown = attachments_of(
            (
                element
                for index, _, element in flow.addressed
                if span[0] <= index < span[1] or _within(element, flow, *span)
            ),
            base,
        )
        if any(item.kind == "document" for item in shown):
            return [span]
        if shown:
            pictured = [span]
    return pictured


def _densest(flow: Flow, first: int) -> list[tuple[int, int]]:
    """The smallest box that holds four fifths of the page's own text from piece `first` (behind the title) on."""
    weights = [
        0 if index < first or piece.is_link or chrome.is_chrome_line(piece.text) else len(piece.text) - piece.linked
        for index, piece in enumerate(flow.pieces)
    ]
    total = sum(weights)
    sums = [0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    best: tuple[int, tuple[int, int]] | None = None
    for node, (start, end) in flow.spans.items():
        if node.tag in _INLINE_BOXES or (node.tag in _CELLS and node.tag not in ("td", "table")):
            continue
        if (
            end > start
            and total
            and sums[end] - sums[start] >= 0.8 * total
            and (best is None or end - start <= best[0])
        ):
            best = (end - start, (max(start, first), end))
    return [best[1]] if best else []
