"""A page's markup as a tree, and how to find things in it.

In: HTML as text. Out: `Dom`. Every tree can be walked without recursion; nesting deeper than the parser's bound (2,048) is
flattened and said so (`Dom.flattened`). Not pure in one way only: compiled selectors are kept.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import cssselect
from lxml import etree

Element = etree._Element
"""lxml gives its element class no public name."""

# The parser stops at the first </html>; included files and pasted Word documents bring their own.
_SHELL_TAGS = re.compile(r"</?(?:html|body)\b[^>]*>", re.I)
# Zero-width and format characters, as such and as references: words are told by their letters, and no reader sees these.
# U+00AD, U+200B to 200F, U+202A to 202E, U+2060 to 2063, U+FE0E, U+FE0F, U+FEFF, as UTF-8: a pattern that begins with one
# byte is looked for many times faster than a class of characters.
_INVISIBLE = tuple(
    re.compile(mark)
    for mark in (
        rb"\xc2\xad",
        rb"\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xa3])",
        rb"\xef(?:\xb8[\x8e\x8f]|\xbb\xbf)",
    )
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
_PLAIN = re.compile(r"(?:[a-zA-Z][\w-]*+|[.#][a-zA-Z_][\w-]*+|[ >])++", re.A)
"""Nothing but tags, classes and ids beside, in and under each other."""
_CLASS = re.compile(r"\.([\w-]+)")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_IDS, _CLASSES = etree.XPath("//@id"), etree.XPath("//@class")
_STYLES = etree.XPath("descendant-or-self::*/@style", smart_strings=False)
_CALLED_HIDDEN = etree.XPath("boolean(descendant-or-self::*/@hidden)")


class Dom:
    """A parsed page: `root` and an index of its ids and classes."""

    def __init__(self, root: Element, flattened: bool) -> None:
        self.root = root
        self.flattened = flattened
        self.ids: dict[str, list[Element]] = {}
        self.classes: dict[str, list[Element]] = {}
        for identifier in _strings(_IDS, root):
            if identifier:
                self.ids.setdefault(identifier.strip(), []).append(identifier.getparent())
        for names in _strings(_CLASSES, root):
            element = names.getparent()
            for name in names.split():
                self.classes.setdefault(name, []).append(element)

    def tagged(self, tag: str) -> list[Element]:
        """Elements of one tag, in page order."""
        return list(self.root.iter(tag))

    def select(self, selector: str) -> list[Element]:
        """Elements that a CSS selector matches, in page order. Raises ValueError for one that is none."""
        simple = _SIMPLE.fullmatch(selector.strip())
        if simple is None or not simple[0]:
            path, classes = _compiled(selector)
            result = path(self.root) if all(name in self.classes for name in classes) else []
            return [item for item in result if isinstance(item, Element)] if isinstance(result, list) else []
        tag, identifier, name = simple["tag"], simple["id"], simple["cls"]
        if identifier is not None:
            found = self.ids.get(identifier, [])
        elif name is not None:
            found = self.classes.get(name, [])
        else:
            return self.tagged(tag.lower())
        if tag:
            found = [element for element in found if element.tag == tag.lower()]
        if identifier is not None and name is not None:
            found = [element for element in found if name in (element.get("class") or "").split()]
        return found


def parse(html: str) -> Dom:
    """The tree of a page. Raises ValueError if there is no element in it."""
    raw = _REFERENCES.sub("", _SHELL_TAGS.sub("", html)).encode("utf-8", "replace")
    for mark in _INVISIBLE:
        raw = mark.sub(b"", raw)
    root, stopped = _tree(raw)
    flattened = stopped
    if stopped:
        # Inline tags that nobody closed, first; they carry no text boundary.
        markup = _INLINE_TAGS.sub("", raw.decode("utf-8"))
        root, stopped = _tree(markup.encode("utf-8"))
        if stopped:
            root, stopped = _tree(_shallow(markup).encode("utf-8"))
        if stopped:
            root, _ = _tree(_BLOCK_TAGS.sub("<br>", markup).encode("utf-8"))
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
    if (style := element.get("style")) and _conceals(style):
        return True
    return element.get("hidden") is not None


def hides(element: Element) -> bool:
    """Whether anything in the element, or itself, is `hidden`: a few hundred cells need not be asked one by one."""
    return any(map(_conceals, set(_strings(_STYLES, element)))) or _CALLED_HIDDEN(element) is True


def _conceals(style: str) -> bool:
    low = style.lower()
    return ("none" in low or "dden" in low) and _HIDDEN.search(style) is not None


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


def _strings(path: etree.XPath, element: Element) -> list[Any]:
    """What a path to attributes finds: their values, which know the element that they stand in."""
    found = path(element)
    return found if isinstance(found, list) else []


def _tree(raw: bytes) -> tuple[Element | None, bool]:
    """The root, and whether the parser stopped before the end. Memory is bounded by the size of the body alone."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    try:
        root = etree.fromstring(raw, parser)
    except etree.ParserError:
        return None, False
    except etree.XMLSyntaxError:
        return None, True
    return root, any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


@lru_cache(maxsize=256)
def _compiled(selector: str) -> tuple[etree.XPath, tuple[str, ...]]:
    """What finds its elements, and classes without which a page has none."""
    try:
        path = etree.XPath(cssselect.HTMLTranslator().css_to_xpath(selector))
    except (cssselect.SelectorError, etree.XPathError) as error:
        raise ValueError(f"selector {selector!r}: {error}") from None
    return path, tuple(_CLASS.findall(selector)) if _PLAIN.fullmatch(selector) else ()
