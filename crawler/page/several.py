"""What is whose on a page with several reports: copies told apart, files shared out, titles.

In: the sections of a body, its pieces and files. Out: the sections that are reports, the files of each, what does not add up. Pure.
"""

from collections.abc import Sequence

from crawler.page import statements, titles
from crawler.page.attachments import attachments_of
from crawler.page.body import Body
from crawler.page.chinese import plain, strip_invisible
from crawler.page.dates import bare_year
from crawler.page.dom import Element, ancestors
from crawler.page.evidence import TABLE_TWO, Folder
from crawler.page.flow import Piece
from crawler.page.model import Attachment, PageFinding
from crawler.page.sections import Section
from crawler.page.text import render
from crawler.page.years import without_heading


def without_copies(
    sections: list[Section], pieces: Sequence[Piece], url: str
) -> tuple[list[Section], tuple[PageFinding, ...]]:
    """Each report once: of sections with the same text the one whose year its own text confirms, else the first."""
    groups: dict[str, list[Section]] = {}
    organs = {plain(section.titled) for section in sections} - {""}
    for section in sections:
        own = without_heading(pieces[section.start : section.end])
        # Tables alone may well be equal in two years: all zeros.
        text = strip_invisible(render(piece.block for piece in own))
        organ = plain(section.titled) if len(organs) > 1 else ""
        key = f"{organ} {text}" if section.kinds - {TABLE_TWO} else f"at {section.start}"
        groups.setdefault(key, []).append(section)
    dropped: list[Section] = []
    findings = []
    for group in groups.values():
        if len(group) < 2:
            continue
        own = without_heading(pieces[group[0].start : group[0].end])
        fold = Folder("".join(piece.text for piece in own)[:20000])
        said, _ = statements.body_year([fold(piece.text) for piece in own if isinstance(piece.block, str)])
        if said is None and len({section.year for section in group}) == len(group):
            continue
        kept = next((section for section in group if section.year == said), group[0])
        dropped += [section for section in group if section is not kept]
        others = [str(section.year) for section in group if section.year != kept.year]
        where = f"，其中一处在{'、'.join(others)}年名下" if others else ""
        detail = f"{kept.year}年的报告在页面上出现了{len(group)}次，内容完全相同{where}"
        findings.append(PageFinding("duplicate_text", "warning", detail, url))
    left = [section for section in sections if not any(section is other for other in dropped)]
    return left, (*findings, *_doubled(left, url), *_untold(left, url))


def _doubled(sections: Sequence[Section], url: str) -> list[PageFinding]:
    named = len({plain(section.titled) for section in sections} - {""}) > 1
    keys = [(plain(section.titled) if named else "", section.year) for section in sections]
    return [
        PageFinding("duplicate_year", "warning", f"页面上有不止一份{year}年的报告，内容不同", url)
        for year in sorted({key[1] for key in keys if keys.count(key) > 1}, key=str)
    ]


def _untold(sections: Sequence[Section], url: str) -> list[PageFinding]:
    return [
        PageFinding(
            "year_untold",
            "warning",
            f"页面上{section.year}年的报告之后，另有{section.unread}段看不出属于哪一年，并入其中",
            url,
        )
        for section in sections
        if section.unread
    ]


def share_out(
    sections: Sequence[Section], body: Body, files: Sequence[Attachment], base: str
) -> list[tuple[Attachment, ...]]:
    """The files of each section: what stands in it, and the documents elsewhere on the page that are called by its year alone."""
    labels = dict(body.labels)
    own: list[list[Element]] = [[] for _ in sections]
    for index, element in body.addressed:
        if (place := _owner(sections, index, element, labels)) is not None:
            own[place].append(element)
    shared = [list(attachments_of(elements, base)) for elements in own]
    known = {item.url for items in shared for item in items}
    for item in files:
        year = bare_year(item.name)
        named = [place for place, section in enumerate(sections) if section.year == year]
        if year and item.kind == "document" and item.url not in known and len(named) == 1:
            shared[named[0]].append(item)
    return [tuple(items) for items in shared]


def _owner(sections: Sequence[Section], index: int, element: Element, labels: dict[int, str]) -> int | None:
    """The section that an element belongs to that stands in or behind piece `index`. Behind a report's last piece it may well be the
    next one's first: by the box that it stands in, or as its drawn title."""
    for place, section in enumerate(sections):
        if index == section.start - 1 or (place == 0 and index < section.start):
            boxed = section.box is not None and section.box in ancestors(element)
            drawn = element.tag == "img" and labels.get(section.start, "\0") in (
                element.get("alt"),
                element.get("title"),
            )
            if boxed or drawn:
                return place
    return next((place for place, section in enumerate(sections) if section.start <= index < section.end), None)


def title_of(section: Section, page_title: str) -> str:
    """What a report is called: by its own heading, else as the page, with its own year in the place of another's."""
    return section.title or (titles.with_year(page_title, section.year) if section.year else page_title)
