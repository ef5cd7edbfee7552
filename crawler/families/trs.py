"""TRS WCM (拓尔思): Beijing, most of Hubei, Chongqing, Fujian, Guizhou, Ningxia, Tianjin, many ministries.

Lists are `<column>/index.html|.htm|.shtml`, page 2 is `index_1`, counted from 0; how many there are stands in a script
(`createPageHTML(total, cur, "index", "shtml")`, `createPage`, `countPage = N`), not in links. Rows are plain
`li > a[title] + span`, or written by script: `var url="./202602/t…shtml"; var title="…"` and `document.write('<a href…')`.
Pages are `./YYYYMM/tYYYYMMDD_<id>.html`; the date in the address is not the publication date ("domain notes", 1a).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from crawler.families.base import Family, Listing, ListPage, Markup
from crawler.families.generic import read_html
from crawler.families.rows import Row, rows, tree_of
from crawler.families.scan import scripts, without_comments

_STRING = r"\s*[=:]\s*(?P<%s>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')"
_URL = re.compile(r"\b(?:url|href|link|docurl|linkurl)" + _STRING % "url", re.I)
_TITLE = re.compile(r"\b(?:title|doctitle|linktitle)" + _STRING % "title", re.I)
_DATE = re.compile(r"\b\w*(?:date|time)" + _STRING % "date", re.I)
_WRITTEN = re.compile(r"document\.write(?:ln)?\s*\(\s*(?:\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)')", re.I)
_WHOLE_LINK = re.compile(r"<a\b[^<>]*>", re.I)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.S)


class Trs(Family):
    """TRS WCM."""

    name: ClassVar[str] = "trs"
    markup: ClassVar[Markup] = Markup(
        title=("h1", ".xl_title", ".bt", ".header h1"),
        date=(".date", ".time", "#pubtime"),
        source=(".source", "#source", ".ly"),
        body=("#mainText", ".TRS_UEDITOR", ".trs_editor_view", ".TRS_Editor", "#Zoom", "#zoom", ".scroll_cont"),
    )

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        return read_html(listing, extra=tuple(scripted(listing)))


def scripted(listing: Listing) -> Iterator[Row]:
    """Rows that scripts write: `var url`/`var title` pairs, and whole links in `document.write`."""
    parts: list[str] = []
    for code in scripts(without_comments(listing.text)):
        written = (found[1] or found[2] or "" for found in _WRITTEN.finditer(code))
        # A literal that ends inside the tag (`'<a href="' + url + …`) holds no link; its url and title are read below.
        parts += [html for html in map(unescape, written) if _WHOLE_LINK.search(html)]
        starts = [*_URL.finditer(code)]
        for position, url in enumerate(starts):
            # A title stands between its own address and the next one, or just before it.
            end = starts[position + 1].start() if position + 1 < len(starts) else len(code)
            begin = starts[position - 1].end() if position else 0
            title = _TITLE.search(code, url.end(), end) or _TITLE.search(code, begin, url.start())
            if title is None:
                continue
            date = _DATE.search(code, url.end(), end)
            parts.append(
                f'<li><a href="{_attribute(url["url"])}" title="{_attribute(title["title"])}"></a>'
                f"<span>{_attribute(date['date']) if date else ''}</span></li>"
            )
    if parts:
        yield from rows(tree_of("<ul>" + "".join(parts) + "</ul>"), listing.url)


def unescape(literal: str) -> str:
    """A JavaScript string literal's inside, its escapes undone."""

    def char(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else {"n": "\n", "t": "\t", "r": ""}.get(match[3], match[3])

    return _ESCAPE.sub(char, literal)


def _attribute(literal: str) -> str:
    return unescape(literal[1:-1]).replace('"', "&quot;").replace("<br>", "").replace("<", "&lt;")
