"""A captured page's HTML → HTML that can do nothing: no script, no form, no frame, no style, no address that loads anything.

In: the page's text, and the pictures that may be shown. Out: a document that shows words, tables and those pictures. The
page is read as the crawler reads it (bounded in nesting), written anew from a short list of tags, and what was written is
cleaned once more by nh3. Pure.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterator, Mapping

import msgspec
import nh3

from crawler.page import dom
from crawler.page.address import join

MOST_CHARACTERS, MOST_ELEMENTS, MOST_PICTURE_BYTES = 3_000_000, 40_000, 12_000_000
"""Of a page that is shown; what comes after is left out, and said."""
_DEEPEST = 120
"""Levels of elements that are kept; what is deeper stands in the last of them."""
_SPAN = 200
_NUMBER = re.compile("[1-9][0-9]{0,2}")

_BLOCKS = frozenset(
    {
        *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "blockquote", "pre"),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    }
)
_INLINE = frozenset({"b", "i", "u", "s", "sub", "sup"})
_AS = {
    **dict.fromkeys(("strong", "big"), "b"),
    **dict.fromkeys(("em", "cite", "dfn"), "i"),
    **dict.fromkeys(("strike", "del"), "s"),
    "ins": "u",
    **dict.fromkeys(
        ("center", "section", "article", "header", "footer", "main", "aside", "nav", "figure", "figcaption", "address"),
        "div",
    ),
    **dict.fromkeys(("form", "fieldset", "details", "summary", "dir", "menu", "legend"), "div"),
}
_EMPTY = frozenset({"br", "hr"})
_DROPPED = frozenset(
    {
        *(
            "script",
            "style",
            "noscript",
            "template",
            "iframe",
            "frame",
            "frameset",
            "noframes",
            "object",
            "embed",
            "applet",
        ),
        *("svg", "math", "audio", "video", "source", "track", "canvas", "map", "area", "portal", "slot"),
        *("select", "option", "optgroup", "datalist", "textarea", "button", "input", "keygen", "isindex", "dialog"),
        *(
            "title",
            "meta",
            "link",
            "base",
            "param",
            "xmp",
            "plaintext",
            "listing",
            "noembed",
            "bgsound",
            "layer",
            "xml",
        ),
    }
)
"""With all that they hold."""
_SOURCES = ("src", "data-original", "data-src", "oldsrc", "_src")
_TAGS = set(_BLOCKS | _INLINE | _EMPTY | {"span", "img"})
_ATTRIBUTES = {"td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "img": {"src", "alt"}, "span": {"title"}}

STYLE = (
    "body{margin:1rem;font:16px/1.7 system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#1d1b19;"
    "background:#fff;overflow-wrap:anywhere}table{border-collapse:collapse;max-width:100%}"
    "td,th{border:1px solid #c9c3ba;padding:.2rem .45rem;vertical-align:top}img{max-width:100%;height:auto}"
    ".l{text-decoration:underline dotted;text-underline-offset:.2em}.n{color:#5c5650;border:1px dashed #8b8379;padding:0 .3em}"
)
"""Of the document that is shown; nothing of the page's own."""
CSP = (
    "sandbox; default-src 'none'; img-src data:; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""What its response must carry."""


class Shown(msgspec.Struct, frozen=True):
    """A page as it can be shown."""

    body: str
    pictures: int
    missing: int
    """Pictures that were not captured."""
    cut: bool
    """More stands in the page than is shown."""

    @property
    def document(self) -> str:
        return document(self.body)


def document(body: str) -> str:
    """A whole page around cleaned markup."""
    return (
        '<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>存档页面</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>"
    )


def plain(text: str) -> str:
    """Words as they are, in a document of their own."""
    cut = text[:MOST_CHARACTERS]
    return document(f"<pre>{html.escape(cut)}</pre>")


def sanitise(page: str, url: str, pictures: Mapping[str, str]) -> Shown:
    """`page`: its HTML, decoded; `url`: its address; `pictures`: by normalised address, `data:` addresses of captured ones. Never
    raises."""
    cut = len(page) > MOST_CHARACTERS
    try:
        root = dom.parse(page[:MOST_CHARACTERS]).root
    except ValueError:
        return Shown("", 0, 0, cut)
    bases = [base for element in root.iter("base") if (base := join(url, element.get("href") or ""))]
    writer = _Writer(bases[0] if bases else url, pictures)
    written = "".join(writer.write(root))
    body = nh3.clean(
        written,
        tags=_TAGS,
        clean_content_tags=set(),
        attributes=_ATTRIBUTES,
        attribute_filter=writer.attribute,
        allowed_classes={"span": {"l", "n"}},
        link_rel=None,
        url_schemes=set(),
        strip_comments=True,
    )
    return Shown(body, len(writer.used), writer.missing, cut or writer.cut)


class _Writer:
    """Writes a tree anew."""

    def __init__(self, base: str, pictures: Mapping[str, str]) -> None:
        self.base, self.pictures = base, pictures
        self.used: dict[str, str] = {}
        """By the token that stands in the markup: the picture."""
        self.missing = 0
        self.cut = False
        self._elements = 0
        self._bytes = 0

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """What nh3 asks of each attribute. A picture is nothing but one of ours."""
        if name == "src":
            return self.used.get(value) if tag == "img" else None
        if name in ("colspan", "rowspan"):
            return value if _NUMBER.fullmatch(value) and int(value) <= _SPAN else None
        return value

    def write(self, root: dom.Element) -> Iterator[str]:
        """Its markup, piece by piece."""
        stack: list[tuple[dom.Element | None, str]] = [(root, "")]
        open_tags: list[str] = []
        while stack:
            element, said = stack.pop()
            if element is None:
                if said.startswith("</"):
                    open_tags.pop()
                yield said
                continue
            if element.tail and element is not root:
                stack.append((None, html.escape(element.tail)))
            name = element.tag if isinstance(element.tag, str) else ""
            name = name.lower().rpartition("}")[2]
            if not name or name in _DROPPED or name.startswith(("svg:", "math:")):
                continue
            self._elements += 1
            if self._elements > MOST_ELEMENTS:
                self.cut = True
                break
            if name in ("img", "image"):
                yield self._picture(element)
                continue
            name = _AS.get(name, name)
            if name in _EMPTY:
                yield f"<{name}>"
                continue
            children = [(child, "") for child in reversed(element)]
            tag = "span" if name == "a" and element.get("href") else name if name in _BLOCKS | _INLINE else ""
            if len(open_tags) >= _DEEPEST or (name in _INLINE and name in open_tags):
                tag = ""
            if tag:
                open_tags.append(tag)
                yield self._opening(tag, element)
                stack.append((None, f"</{tag}>"))
            stack += children
            if element.text:
                stack.append((None, html.escape(element.text)))
        yield from (f"</{tag}>" for tag in reversed(open_tags))

    def _opening(self, tag: str, element: dom.Element) -> str:
        if tag == "span":
            target = join(self.base, element.get("href") or "")
            return f'<span class="l" title="{html.escape(target[:500])}">' if target else "<span>"
        if tag in ("td", "th"):
            spans = [(key, (element.get(key) or "").strip()) for key in ("colspan", "rowspan")]
            kept = [f' {key}="{value}"' for key, value in spans if _NUMBER.fullmatch(value)]
            return f"<{tag}{''.join(kept)}>"
        return f"<{tag}>"

    def _picture(self, element: dom.Element) -> str:
        """It, if it was captured; else that one stood here."""
        named = html.escape((element.get("alt") or element.get("title") or "").strip()[:100])
        for source in _SOURCES:
            target = join(self.base, element.get(source) or "")
            found = self.pictures.get(target) if target else None
            if found is not None and self._bytes + len(found) <= MOST_PICTURE_BYTES:
                token = f"p{len(self.used)}"
                self.used[token] = found
                self._bytes += len(found)
                return f'<img src="{token}" alt="{named or "存档图片"}">'
        self.missing += 1
        return f'<span class="n">〔图片未存档{f"：{named}" if named else ""}〕</span>'
