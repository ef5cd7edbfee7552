"""A page's markup as a tree, and how to find things in it.

In: HTML as text. Out: `Dom`. Every tree can be walked without recursion; nesting deeper than the parser's bound (2,048) is
flattened and said so (`Dom.flattened`). Not pure in one way only: compiled selectors are kept.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import cssselect
from lxml import etree

Element = etree._Element
"""lxml gives its element class no public name."""

# The parser stops at the first </html>; included files and pasted Word documents bring their own.
_SHELL_TAGS = re.compile(r"</?(?:html|body)\b[^>]*>", re.I)
# Zero-width and format characters, as such and as references: words are told by their letters, and no reader sees these.
_INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\ufe0e\ufe0f\ufeff"
)
_REFERENCES = re.compile(
    "&(?:shy|zwnj|zwj|lrm|rlm|#0*(?:173|820[3-7]|823[4-8]|828[89]|829[01]|65038|65039|65279)|"
    "#[xX]0*(?:[aA][dD]|200[b-fB-F]|202[a-eA-E]|206[0-3]|[fF][eE]0[eEfF]|[fF][eE][fF][fF]))(?![0-9A-Za-z]);?"
)
_INLINE_TAGS = re.compile(r"</?(?:span|font|b|strong|em|i|u|o:p|small|big|ins|s|center)\b[^>]*>", re.I)
_BLOCK_TAGS = re.compile(
    r"</?(?:div|p|table|tbody|tr|td|th|ul|ol|li|section|article|blockquote|center|form)\b[^>]*>", re.I
)
_SLACK, _INNER = 50, 100
"""Boxes that a closing tag may close at once; levels of nesting that are kept, counted from the innermost box."""
_SIMPLE = re.compile(r"(?P<tag>[a-zA-Z][\w:]*)?(?:#(?P<id>[\w-]+))?(?:\.(?P<cls>[\w-]+))?")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


class Dom:
    """A parsed page: `root` and an index of its ids, classes and tags."""

    def __init__(self, root: Element, flattened: bool) -> None:
        self.root = root
        self.flattened = flattened
        self.ids: dict[str, list[Element]] = {}
        self.classes: dict[str, list[Element]] = {}
        self.tags: dict[str, list[Element]] = {}
        for element in root.iter(etree.Element):
            self.tags.setdefault(str(element.tag), []).append(element)
            if identifier := element.get("id"):
                self.ids.setdefault(identifier.strip(), []).append(element)
            if names := element.get("class"):
                for name in names.split():
                    self.classes.setdefault(name, []).append(element)

    def select(self, selector: str) -> list[Element]:
        """Elements that a CSS selector matches, in page order. Raises ValueError for one that is none."""
        simple = _SIMPLE.fullmatch(selector.strip())
        if simple is None or not simple[0]:
            result = _compiled(selector)(self.root)
            return [item for item in result if isinstance(item, Element)] if isinstance(result, list) else []
        tag, identifier, name = simple["tag"], simple["id"], simple["cls"]
        if identifier is not None:
            found = self.ids.get(identifier, [])
        elif name is not None:
            found = self.classes.get(name, [])
        else:
            return self.tags.get(tag.lower(), [])
        if tag:
            found = [element for element in found if element.tag == tag.lower()]
        if identifier is not None and name is not None:
            found = [element for element in found if name in (element.get("class") or "").split()]
        return found


def parse(html: str) -> Dom:
    """The tree of a page. Raises ValueError if there is no element in it."""
    markup = _REFERENCES.sub("", _SHELL_TAGS.sub("", html))
    for mark in _INVISIBLE:
        markup = markup.replace(mark, "")
    root, stopped = _tree(markup)
    flattened = stopped
    if stopped:
        # Inline tags that nobody closed, first; they carry no text boundary.
        markup = _INLINE_TAGS.sub("", markup)
        root, stopped = _tree(markup)
    if stopped:
        root, stopped = _tree(_shallow(markup))
    if stopped:
        root, _ = _tree(_BLOCK_TAGS.sub("<br>", markup))
    if root is None:
        raise ValueError("there is no markup in it")
    return Dom(root, flattened)


def _shallow(markup: str) -> str:
    """Markup without the outer boxes of deep nesting: the innermost stay, which are the page's own structure; boxes that
    nobody closes go."""
    tags = list(_BLOCK_TAGS.finditer(markup))
    pairs: list[tuple[int, int, int]] = []
    heights: dict[int, int] = {}
    stack: list[tuple[str, int]] = []
    for place, tag in enumerate(tags):
        name = tag[0].strip("</>").split(None, 1)[0].lower()
        if not tag[0].startswith("</"):
            stack.append((name, place))
            continue
        at = next((back for back in range(1, min(len(stack), _SLACK) + 1) if stack[-back][0] == name), 0)
        if not at:
            continue
        inner = max((heights.get(opened, 0) for _, opened in stack[len(stack) - at :]), default=0)
        opened = stack[-at][1]
        del stack[len(stack) - at :]
        pairs.append((opened, place, inner))
        if stack:
            heights[stack[-1][1]] = max(heights.get(stack[-1][1], 0), inner + 1)
    kept = {place for opened, closed, height in pairs if height < _INNER for place in (opened, closed)}
    parts: list[str] = []
    end = 0
    for place, tag in enumerate(tags):
        parts += [markup[end : tag.start()], tag[0] if place in kept else "<br>"]
        end = tag.end()
    return "".join((*parts, markup[end:]))


def hidden(element: Element) -> bool:
    """Whether the element itself says that it is not shown."""
    style = element.get("style")
    if style and _HIDDEN.search(style):
        return True
    return element.get("hidden") is not None


def ancestors(element: Element) -> Iterator[Element]:
    """The element, its parent and so on up to the root."""
    current: Element | None = element
    while current is not None:
        yield current
        current = current.getparent()


def text_of(element: Element) -> str:
    """All text in an element, scripts, styles and what is hidden in it left out, white space squeezed."""
    skipped = ("script", "style", "noscript", "template", "rt", "rp")
    parts: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        if event == "start":
            if node.tag in skipped or (node is not element and len(node.attrib) and hidden(node)):
                walk.skip_subtree()
            elif node.text:
                parts.append(node.text)
                continue
            if node.tag in ("br", "p", "div", "li", "td"):
                parts.append(" ")
        elif node is not element and node.tail:
            parts.append(node.tail)
    return " ".join("".join(parts).split())


def _tree(markup: str) -> tuple[Element | None, bool]:
    """The root, and whether the parser stopped before the end. Memory is bounded by the size of the body alone."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    try:
        root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    except etree.ParserError:
        return None, False
    except etree.XMLSyntaxError:
        return None, True
    return root, any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


@lru_cache(maxsize=256)
def _compiled(selector: str) -> etree.XPath:
    try:
        return etree.XPath(cssselect.HTMLTranslator().css_to_xpath(selector))
    except (cssselect.SelectorError, etree.XPathError) as error:
        raise ValueError(f"selector {selector!r}: {error}") from None
