"""Selectors for a report page (see `crawler.scout.induce`): what the general reading lacks, where it stands, and whether a selector of
that place reads better.

In: a page and its portal. Out: `Induced` or None. Pure; never raises.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice

import msgspec

from crawler import families
from crawler.page import titles
from crawler.page.body import find_body
from crawler.page.chrome import is_chrome_line
from crawler.page.dates import iso_date
from crawler.page.dom import Dom, Element, ancestors, parse, text_of
from crawler.page.flow import Flow, Piece, read_flow
from crawler.page.metadata import read_metadata
from crawler.page.model import GUESSED, Fetched, Page, Report
from crawler.page.reader import read_page
from crawler.portal import Portal, Selectors
from crawler.scout import naming
from crawler.scout.model import Evidence, Induced, Seen
from crawler.scout.pages import trimmed

_LARGEST = 1_000_000
"""Characters of a page that is read once for each selector that is tried."""
_MOST_TRIED = 40
_MOST_ELEMENTS = 5
_MOST_PLACES = 4000
_MOST_LINKS = 3000
"""Links of a page that can be a report's."""
_TODAY = re.compile(r"星期|礼拜|周[一二三四五六日]|今天|现在|当前|农历|版权|copyright|备案", re.I)
_OTHER_DAY = re.compile(r"成文|废止|生效|有效|起草|失效|截止|到期|更新|修改|归档|编辑时间")
_DATE_NAME = re.compile(r"(?i)date|time|riqi|shijian|pub|fbsj|fbrq|rq|sj")
_LABEL = re.compile(
    r"^\s*(?:信息|文章|稿件|内容)?(?:来源|供稿|供稿单位|发布单位|发布机构|发布者|公开单位|责任单位|提供单位|单位|撰稿|作者|出处|发布部门|公开机构|发文单位|主办)\s*[:：]\s*"
)


def induced(page: Seen, portal: Portal) -> Induced | None:
    """Selectors that read a report page better than the general reading does; None: it needs none, or none helps."""
    if len(page.text) > _LARGEST:
        return None
    html = families.get(portal.family).unwrap(trimmed(page.text))
    plain = msgspec.structs.replace(portal, selectors=Selectors())
    read = _reader(page, html, plain)
    before = read(Selectors())
    try:
        dom = parse(html)
    except ValueError:
        return None
    flow = read_flow(dom)
    if before.state not in ("present", "other") or len(before.reports) > 1 or len(dom.tagged("a")) > _MOST_LINKS:
        return None
    chosen = Selectors()
    evidence: list[Evidence] = []
    for key, places, better in (
        ("title", _titles(dom, before), _better_title),
        ("body", _bodies(dom, flow, plain, page.url, before), _better_body),
        ("date", _dates(dom, before), _better_date),
        ("source", _sources(dom, before), _better_source),
    ):
        known = read(chosen)
        for element, why in islice(places, _MOST_ELEMENTS):
            selector = _first(dom, element, key, chosen, known, read, better)
            if selector:
                chosen = msgspec.structs.replace(chosen, **{key: selector})
                evidence.append(Evidence(f"{key} {selector}: {why}", text_of(element)[:120], 0.8))
                break
    return Induced(chosen, tuple(evidence)) if evidence else None


def _reader(page: Seen, html: str, portal: Portal) -> Callable[[Selectors], Page]:
    body = re.sub(r"(?i)charset\s*=\s*[\"']?[\w-]+", "charset=utf-8", html).encode("utf-8", "replace")
    fetched = Fetched(page.url, page.status, "text/html; charset=utf-8", body)

    def read(selectors: Selectors) -> Page:
        own = msgspec.structs.replace(portal, selectors=selectors)
        return read_page(fetched, own, families.markup_of(own))

    return read


def _first(
    dom: Dom,
    element: Element,
    key: str,
    chosen: Selectors,
    known: Page,
    read: Callable[[Selectors], Page],
    better: Callable[[Report | None, Report], bool],
) -> str:
    """The plainest selector that names the element, nothing else, and reads better with it."""
    for selector in islice(_selectors(element), _MOST_TRIED):
        try:
            if dom.select(selector) != [element]:
                continue
        except ValueError:
            continue
        after = read(msgspec.structs.replace(chosen, **{key: selector}))
        now = _one(after)
        if now is not None and better(_one(known), now):
            return selector
        return ""  # another name of the same element reads the same
    return ""


def _selectors(element: Element) -> Iterator[str]:
    own = list(naming.own(str(element.tag), element.get("id"), element.get("class")))
    yield from own
    boxes = [
        name
        for box in islice(ancestors(element), 1, 8)
        if box.tag not in ("body", "html")
        for name in naming.own(str(box.tag), box.get("id"), box.get("class"))
    ]
    yield from naming.within(boxes, own)
    if element.tag not in ("div", "p", "span", "td", "li"):
        yield from naming.within(boxes, [str(element.tag)])
    else:
        yield from (f"{box} > {element.tag}" for box in boxes)


def _one(page: Page) -> Report | None:
    return page.reports[0] if page.state == "present" and len(page.reports) == 1 else None


def _same_text(before: Report, after: Report) -> bool:
    return before.text == after.text and len(after.attachments) >= len(before.attachments)


def _knows(report: Report) -> bool:
    """Whether it is known whose report it is, and for sure which year's: from its title or, under a bare organ's name, from its text."""
    said = titles.classify(report.title)
    if said.kind == "report" and said.year:
        return True
    return bool(report.organ and report.year and report.year_from not in GUESSED and report.title)


def _better_title(before: Report | None, after: Report) -> bool:
    said = titles.classify(after.title)
    if said.kind != "report" or not said.year:
        return False
    return before is None or (len(after.text) >= 0.9 * len(before.text) and bool(after.organ or not before.organ))


def _better_date(before: Report | None, after: Report) -> bool:
    return before is not None and not before.published_on and bool(after.published_on) and _same_text(before, after)


def _better_source(before: Report | None, after: Report) -> bool:
    return before is not None and not before.source and titles.is_organ_name(after.source) and _same_text(before, after)


def _better_body(before: Report | None, after: Report) -> bool:
    """Everything of the text that is prose or table stays; lines that are links of the page's own go."""
    if before is None:
        return True
    was, now = before.text.splitlines(), after.text.splitlines()
    gone = [line for line in was if line not in set(now)]
    came = [line for line in now if line not in set(was)]
    if any(line.startswith("|") or len(line) > 60 or line.endswith(("。", "；")) for line in gone):
        return False
    documents = {item.url for item in before.attachments if item.kind == "document"}
    if not documents <= {item.url for item in after.attachments}:
        return False
    return len(gone) >= 2 and not came


def _titles(dom: Dom, before: Page) -> Iterator[tuple[Element, str]]:
    """Elements that show a report's title with its year, where the general reading does not know whose report it is, or which year's."""
    if (report := _one(before)) is not None and _knows(report):
        return
    found = 0
    for element in _short(dom, 6, 120):
        said = titles.classify(text_of(element))
        if (
            said.kind == "report"
            and said.year
            and not any(node.tag in ("a", "title", "li") for node in ancestors(element))
        ):
            yield element, "it shows the report's title, which the general reading does not find"
            found += 1
            if found >= 6:
                return


def _dates(dom: Dom, before: Page) -> Iterator[tuple[Element, str]]:
    """Elements that show one date which can be the day of publication, where the general reading has none; named ones first."""
    report = _one(before)
    if report is None or report.published_on:
        return
    found: list[tuple[int, Element]] = []
    for element in _short(dom, 8, 60):
        text = text_of(element)
        if (
            not re.search(r"(?:19|20)\d\d", text)
            or _TODAY.search(text)
            or _OTHER_DAY.search(text)
            or not iso_date(text)
        ):
            continue
        named = bool(_DATE_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}"))
        labelled = bool(re.search("发布|公开|日期|时间", text))
        if named or labelled or len(text) <= 20:
            found.append((-2 * named - labelled, element))
    found.sort(key=lambda item: item[0])
    yield from (
        (element, "it shows the day of publication, which the general reading does not find")
        for _, element in found[:8]
    )


def _sources(dom: Dom, before: Page) -> Iterator[tuple[Element, str]]:
    """Elements that show an organ as the page's source, where the general reading has none."""
    report = _one(before)
    if report is None or report.source:
        return
    found = 0
    for element in _short(dom, 4, 50):
        text = text_of(element)
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        label = _LABEL.match(text)
        organ = text[label.end() :].strip() if label else text
        named = re.search(r"(?i)source|laiyuan|\bly\b|from|author|dept|origin|gongkaijigou|fbjg", name)
        if (
            titles.is_organ_name(organ)
            and (label or named)
            and not any(node.tag in ("a", "footer") for node in ancestors(element))
        ):
            yield element, "it shows the source, which the general reading does not find"
            found += 1
            if found >= 6:
                return


def _bodies(dom: Dom, flow: Flow, portal: Portal, url: str, before: Page) -> Iterator[tuple[Element, str]]:
    """Boxes of the report's text, where the general reading has one in which links of the page stand; smallest first."""
    markup = families.markup_of(portal)
    meta = read_metadata(dom, flow, {}, {"title": markup.title, "date": markup.date, "source": markup.source})
    body = find_body(dom, flow, "", markup.body, meta.heading, url)
    report = _one(before)
    if report is not None and not any(_linked(piece) for piece in body.pieces):
        return
    own = [
        piece for piece in body.pieces if not piece.is_link and not is_chrome_line(piece.text) and len(piece.text) > 30
    ]
    weight = sum(len(piece.text) for piece in own)
    if weight < 100:
        return
    within = {id(piece) for piece in own}
    boxes = []
    for element, (start, end) in islice(flow.spans.items(), _MOST_PLACES):
        if element.tag in ("body", "html") or not (element.get("id") or element.get("class")):
            continue
        held = sum(len(piece.text) for piece in flow.pieces[start:end] if id(piece) in within)
        if held >= 0.98 * weight:
            boxes.append((end - start, element))
    boxes.sort(key=lambda item: item[0])
    yield from ((element, "it holds the report's text without the page's own links") for _, element in boxes[:6])


def _linked(piece: Piece) -> bool:
    return piece.is_link or 2 * piece.linked > len(piece.text)


def _short(dom: Dom, least: int, most: int) -> Iterator[Element]:
    """Elements of a text between two lengths, outermost names first, in page order; only leaves and boxes of few parts."""
    for element in islice(
        dom.root.iter(
            "h1", "h2", "h3", "h4", "div", "p", "span", "td", "strong", "b", "em", "font", "dd", "li", "time"
        ),
        20_000,
    ):
        if len(element) > 8 or (len(element) and sum(1 for _ in islice(element.iter(), 12)) > 10):
            continue
        if least <= len(text_of(element)) <= most:
            yield element
