"""Documents and pictures that a report's body links, embeds or shows.

In: elements with an address, and the page's own. Out: `Attachment` with absolute addresses, in page order, each once. A link
is a document by its extension, by what a CMS marks it with (`appendix`, `needdownload`, `download`, TRS's OLDSRC), by a
path such as /attachment/, or by a viewer's `?file=`. Icons of file types, spacers and template pictures are none. Pure.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from crawler.page.dom import Element, ancestors, hidden, text_of
from crawler.page.model import Attachment

_EXTENSION = re.compile(r"\.(?:pdf|docx?|wps|wpt|xlsx?|et|csv|ofd|rtf|zip|rar|7z|pptx?|ceb|txt|odt|ods)$", re.I)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|bmp|webp|tiff?|svg)$", re.I)
_MAYBE = re.compile(
    r"\.(?:pdf|do[ct]|wp[st]|xls|et|csv|ofd|rtf|zip|rar|7z|ppt|ceb|txt|od[ts]|jpe?g|png|gif|bmp|webp|tif|svg)|attach|fujian|down|file|upload|%2e",
    re.I,
)
"""What the address of any document holds: all other links are passed over at once."""
_PATH = re.compile(
    r"/(?:attachments?|attach|fujian|downfile|filedownload|download(?:file|attach\w*)?|fileDown)(?:[/.]|$)|"
    r"/module/download/|downfile\.jsp|download\.(?:jsp|do|aspx?|php|action)|downloadfile",
    re.I,
)
_PAGE = re.compile(r"\.(?:s?html?|jhtml|aspx?|php|jsp)$|/$", re.I)
_MARKS = frozenset(("appendix", "needdownload", "download", "oldsrc"))
_VIEWER_KEYS = ("file", "fileurl", "pdfurl", "src", "url", "path", "pdf", "furl", "filepath", "filename")
_IN_SCRIPT = re.compile(
    r"""["']((?:https?:)?[^"'<>\s]{1,500}?\.(?:pdf|docx?|wps|xlsx?|et|ofd|rtf|zip|rar|ceb)(?:\?[^"'<>\s]{0,200})?)["']""",
    re.I,
)
_FILE_ICON = re.compile(
    r"(?:^|[/_.-])(?:icon|icons|ico|fileicon|filetype|file_type|filetypeimages?|extimages|sysimages?|ueditor/dialogs|fileTypeImages|spacer|blank|transparent|"
    r"loading|arrow|bullet|dot|line|share|print|logo|qrcode|ewm|erweima|dzjg|red|jiucuo|button|btn|close)(?:[/_.\d-]|$)|"
    r"/(?:pdf|docx?|xlsx?|wps|zip|rar|txt|ppt|word|excel|file|rtf|ofd|attach|fj|fujian|annex)\.(?:gif|png|jpe?g|svg)$",
    re.I,
)
_REAL_SOURCE = ("data-src", "data-original", "data-url", "data-lazy-src", "_src", "lazy-src", "data-echo")
_IN_ADDRESS = "%/:=&?~#+!$,;'@()*[]|"
"""Characters that `absolute` leaves as they are, letters and digits besides."""
_SMALL = 40
"""Pixels: what is declared no larger in width and height is an icon."""
_ICON_BYTES = 3000
"""Characters of a data: address below which a picture is an icon."""


def attachments_of(elements: Iterable[Element], base: str) -> tuple[Attachment, ...]:
    """The documents and pictures among `elements`, each address once, the first name that is one."""
    found: dict[str, Attachment] = {}
    for element in elements:
        for item in _read(element, base):
            known = found.get(item.url)
            if known is None or (known.kind == item.kind and not known.name):
                found[item.url] = item
    return tuple(found.values())


def is_document_link(element: Element, base: str) -> bool:
    """Whether an `a` element leads to a document."""
    return bool(_link(element, base))


def _read(element: Element, base: str) -> list[Attachment]:
    tag = element.tag
    if tag in ("a", "area"):
        return _link(element, base) or _scripted(element, base)
    if tag == "img":
        return _picture(element, base) + _scripted(element, base)
    if tag in ("iframe", "frame", "embed", "object", "param", "source"):
        return _embedded(element, base)
    return _scripted(element, base)


def _link(element: Element, base: str) -> list[Attachment]:
    href = (element.get("href") or "").strip()
    low = href.lower()
    if not href or low.startswith(("#", "mailto:", "tel:", "data:")):
        return []
    if low.startswith("javascript:"):
        return []
    marked = not _MARKS.isdisjoint(element.keys())
    if not marked and not _MAYBE.search(href):
        return []
    url = absolute(href, base)
    if not url:
        return []
    target = _viewed(url)
    parts = urlsplit(target)
    path = unquote(parts.path)
    name = _name(element, target)
    if _PICTURE.search(path):
        wrapped = next(element.iter("img"), None)
        # A picture that links its own larger copy is shown once already.
        return [] if wrapped is not None and _picture(wrapped, base) else [Attachment(target, name, "picture")]
    if _EXTENSION.search(path) or (marked and not _PAGE.search(path)):
        return [Attachment(target, name, "document")]
    query_file = any(_EXTENSION.search(value) for _, value in parse_qsl(parts.query))
    if _PATH.search(path) and (
        query_file or _EXTENSION.search(name) or not _PAGE.search(path) or "download" in path.lower()
    ):
        return [Attachment(target, name, "document")]
    if query_file and (_EXTENSION.search(name) or re.search(r"down|file|attach|upload", path, re.I)):
        return [Attachment(target, name, "document")]
    return []


def _embedded(element: Element, base: str) -> list[Attachment]:
    if element.tag == "param" and (element.get("name") or "").lower() not in ("src", "movie", "filename", "url"):
        return []
    source = element.get("src") or element.get("data") or element.get("data-src") or ""
    source = source or (element.get("value") or "" if element.tag == "param" else "")
    if not source.strip() or source.strip().lower().startswith(("javascript:", "about:", "data:", "blob:")):
        return []
    url = absolute(source, base)
    target = _viewed(url)
    path = unquote(urlsplit(target).path)
    if url and (_EXTENSION.search(path) or "pdf" in (element.get("type") or "").lower()):
        return [Attachment(target, squeezed_title(element) or _file_name(target), "document")]
    if url and element.tag in ("embed", "object") and _PICTURE.search(path):
        return [Attachment(target, squeezed_title(element) or _file_name(target), "picture")]
    return []


def _scripted(element: Element, base: str) -> list[Attachment]:
    """A document that a click opens: onclick="window.open('/a.pdf')", href="javascript:down('a.doc')"."""
    script = element.get("onclick") or ""
    href = element.get("href") or ""
    if href.strip().lower().startswith("javascript:"):
        script += unquote(href)
    return [
        Attachment(target, _name(element, target), "document")
        for found in _IN_SCRIPT.findall(script)
        if (target := _viewed(absolute(found, base)))
    ]


def _picture(element: Element, base: str) -> list[Attachment]:
    source = (element.get("src") or "").strip()
    real = next((value.strip() for key in _REAL_SOURCE if (value := element.get(key) or "").strip()), "")
    if real and (not source or source.startswith("data:") or _FILE_ICON.search(urlsplit_path(source))):
        source = real
    if not source or source.lower().startswith(("file:", "about:", "blob:", "javascript:")):
        return []
    if source.startswith("data:"):
        if len(source) < _ICON_BYTES or not source.startswith("data:image/"):
            return []
        return [Attachment("".join(source.split()), squeezed_title(element), "picture")]
    if _small(element) or _FILE_ICON.search(urlsplit_path(source)):
        return []
    url = absolute(source, base)
    return [Attachment(url, squeezed_title(element) or _file_name(url), "picture")] if url else []


def _small(element: Element) -> bool:
    sizes = []
    for key in ("width", "height"):
        declared = re.match(r"\s*(\d{1,5})", element.get(key) or "")
        styled = re.search(rf"(?:^|[;\s]){key}\s*:\s*(\d{{1,5}})(?:\.\d+)?px", element.get("style") or "", re.I)
        if match := declared or styled:
            sizes.append(int(match[1]))
    return bool(sizes) and max(sizes) <= _SMALL


def absolute(href: str, base: str) -> str:
    """`href` as an absolute http(s) address without fragment; empty if it is none."""
    href = "".join(href.split("\n")).replace("\r", "").replace("\t", "").strip().replace("\\", "/")
    try:
        url = urljoin(base, href)
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    return quote(url.partition("#")[0], safe=_IN_ADDRESS)


def _viewed(url: str) -> str:
    """The document that a viewer's address shows: /pdfjs/web/viewer.html?file=/a/b.pdf → /a/b.pdf."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if not parts.query or _EXTENSION.search(parts.path):
        return url
    for key, value in parse_qsl(parts.query):
        named = key.lower() in _VIEWER_KEYS and "/" in value and _EXTENSION.search(value.partition("?")[0])
        if named and re.search(r"viewer|preview|pdfjs|reader|view|flip", parts.path, re.I):
            return absolute(value, url) or url
    return url


def _name(element: Element, url: str) -> str:
    return text_of(element) or squeezed_title(element) or _file_name(url)


def squeezed_title(element: Element) -> str:
    """What an element is called where it has no text."""
    for key in ("title", "alt"):
        if value := " ".join((element.get(key) or "").split()):
            return value
    return ""


def _file_name(url: str) -> str:
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1])


def urlsplit_path(source: str) -> str:
    """The path of an address that may be damaged."""
    return source.partition("?")[0].partition("#")[0]


def shown(element: Element) -> bool:
    """Whether neither the element nor what it stands in is hidden."""
    return not any(hidden(node) for node in ancestors(element))
