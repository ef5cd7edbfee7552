"""Names of a page's parts that are no text of theirs: a tab or a line of contents that leads to a place on the page, a button that
opens a panel, a drawn title's alternative text.

In: a `Dom` and its `Flow`. Out: (the piece above which it stands, its text), of those that name a report or a year. Pure.
"""

from crawler.page.beginnings import heading_year
from crawler.page.chinese import plain
from crawler.page.dom import Dom, Element, text_of
from crawler.page.flow import Flow

_LONGEST = 100


def labels_of(dom: Dom, flow: Flow) -> list[tuple[int, str]]:
    """The labels in page order; the first at a place is its own."""
    found: dict[int, str] = {}
    for place, text in (*_linked(dom, flow), *_buttons(flow), *_drawn(flow)):
        found.setdefault(place, text)
    return sorted(found.items())


def names_year(text: str) -> bool:
    """Whether a text names a report's year as a heading does."""
    return 4 <= len(text) <= _LONGEST and heading_year(text, plain(text)) is not None


def _linked(dom: Dom, flow: Flow) -> list[tuple[int, str]]:
    """Places that a link within the page names."""
    wanted: dict[str, str] = {}
    for _, element, text in flow.links:
        href = element.get("href") or ""
        target = element.get("data-target") or element.get("aria-controls") or (href if href.startswith("#") else "")
        name = target.lstrip("#")
        if name and len(text) <= _LONGEST and names_year(text):
            wanted.setdefault(name, text)
    if not wanted:
        return []
    anchors: dict[str, int] = {}
    for place, _, element in flow.addressed:
        if element.tag == "a" and (name := element.get("name") or element.get("id") or "") in wanted:
            anchors.setdefault(name, place)
    found = []
    for name, text in wanted.items():
        boxes = [element for element in dom.ids.get(name, []) if _holds(flow, element)]
        if boxes:
            found.append((flow.spans[boxes[0]][0], text))
        elif name in anchors:
            found.append((anchors[name], text))
    return found


def _holds(flow: Flow, element: Element) -> bool:
    """Whether an element shows anything."""
    start, end = flow.spans.get(element, (0, 0))
    return end > start


def _buttons(flow: Flow) -> list[tuple[int, str]]:
    """Places above which a button names the year. Buttons side by side are a row of tabs, and name no place."""
    named = [(place, text) for place, button in flow.buttons if names_year(text := text_of(button))]
    crowded = {place for place, _ in named if sum(place == other for other, _ in named) > 1}
    return [(place, text) for place, text in named if place not in crowded]


def _drawn(flow: Flow) -> list[tuple[int, str]]:
    """Pictures whose alternative text is a heading."""
    return [
        (place, text)
        for place, owner, element in flow.addressed
        if element.tag == "img" and owner < place and (text := _alternative(element)) and names_year(text)
    ]


def _alternative(element: Element) -> str:
    return " ".join((element.get("alt") or element.get("title") or "").split())
