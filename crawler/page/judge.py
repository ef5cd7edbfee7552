"""Whether what stands on a page is an annual report: title, marks of the text, and what the list said, weighed together.

In: what was read of a page. Out: yes or no. A title alone makes no report of a list, a column or a home page; the words of the
list alone make none of an error page; and a notice, news or companion is none, however much of a report it quotes. Pure.
"""

from collections.abc import Sequence

from crawler.page import chrome, titles, verdict
from crawler.page.body import Body
from crawler.page.evidence import OPENING
from crawler.page.flow import Flow
from crawler.page.metadata import Metadata
from crawler.page.model import Attachment, Hint

_LEAST, _LEAST_NAMED = 80, 8
"""Characters of the shortest report in prose, and of the shortest under a title that names the article."""
_LITTLE = 200
"""Characters of text of a page that only frames a document."""
_MOST_LINKS = 12
"""Links, documents aside, in the box of a report that shows nothing but pictures or attachments."""


def holds_report(meta: Metadata, flow: Flow, body: Body, files: Sequence[Attachment], hint: Hint) -> bool:
    """Whether a report stands in `body`. `files` are its documents and pictures."""
    linked = titles.classify(hint.title).kind if hint.title else "other"
    strong = len(body.marks) >= 3 or (OPENING in body.marks and len(body.marks) >= 2)
    if meta.said.kind == "companion":
        return False
    if meta.said.near_miss:
        # 条例 or 指南 in a column's name does not unmake a report that the list calls one.
        return strong and (linked == "report" or not meta.named)
    if linked == "companion" and not strong:
        return False
    if strong:
        return True
    if looks_like_list(flow, body):
        return False
    if meta.said.kind == "report":
        if body.marks:
            return True
        full = meta.said.year is not None or meta.said.organ != "" or linked == "report"
        return full and _has_content(body, files, meta.named)
    if linked != "report":
        return False
    if body.marks:
        return True
    # The page calls itself something else, or nothing: only a report box with files in it will do, or a frame round one.
    if meta.named or not files:
        return False
    shown = sum(len(piece.text) for piece in flow.pieces)
    framed = shown < _LITTLE and any(item.kind == "document" for item in files)
    return framed or (body.certain and _links(flow, body) <= _MOST_LINKS)


def _has_content(body: Body, files: Sequence[Attachment], named: bool) -> bool:
    """Prose, a table, a picture or a document: a report may be nothing but one of these."""
    if any(item.kind == "document" for item in files) or (files and (body.certain or named)):
        return True
    prose = [piece for piece in body.pieces if not piece.is_link and not chrome.is_chrome_line(piece.text)]
    own = sum(len(piece.text) - piece.linked for piece in prose)
    linked = sum(piece.linked for piece in body.pieces)
    if own < (_LEAST_NAMED if named else _LEAST) or linked >= own:
        return False
    # A title over 该内容已被删除 is what is left of a report, not one.
    return own > 4 * _LEAST or verdict.missing([piece.text for piece in prose]) is None


def _links(flow: Flow, body: Body) -> int:
    inside = {id(piece) for piece in body.pieces}
    return sum(1 for index, _, _ in flow.links if index < len(flow.pieces) and id(flow.pieces[index]) in inside)


def looks_like_list(flow: Flow, body: Body) -> bool:
    """Whether the body is a list of reports: links that name those of several years, and little else."""
    reports = [
        text
        for index, _, text in flow.links
        if "公" in text
        and any(start <= index < end for start, end in body.ranges)
        and titles.classify(text).kind == "report"
    ]
    years = {titles.classify(text).year for text in reports}
    own = sum(len(piece.text) - piece.linked for piece in body.pieces)
    return len(reports) >= 2 and (len(years) > 1 or len(reports) > 5) and own < 60 * len(reports)
