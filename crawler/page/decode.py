"""Bytes of a page → its text, whatever the labels say.

In: the body and the Content-Type header. Out: str; never raises. A byte-order mark rules; text that is valid UTF-8 is
UTF-8, whatever header or meta tag claim (Chinese text in GB18030 is practically never valid UTF-8). Otherwise every
encoding that is declared or usual is tried and the one under which the page reads as Chinese wins: header first, meta
tag next. gb2312 and gbk are read as gb18030, their superset, as browsers do.
"""

import codecs
import re

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_META = re.compile(rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_SAME = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030",
    "ms936": "gb18030", "euc-cn": "gb18030", "hz-gb-2312": "gb18030", "gb18030": "gb18030",
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "x-x-big5": "big5hkscs", "cp950": "big5hkscs",
    "utf8": "utf-8", "utf-8": "utf-8", "unicode": "utf-8",
    # Latin labels are what servers send that know nothing of the page.
    "iso-8859-1": "", "latin1": "", "latin-1": "", "iso8859-1": "", "windows-1252": "", "us-ascii": "", "ascii": "",
}  # fmt: skip
_COMMON = frozenset(
    "的年政府信息公开工作和情况报告度中国在有为不第一二三人民行项件数区市局会，。、（）"
    "務資開況報區國號條數會並與對辦處關於"
)
_SAMPLE = 200_000
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\ufeff]+")
"""Control characters that no page shows and the parser chokes on; U+FEFF is a stray byte-order mark."""
_CONTROL_BYTES = bytes((*range(0x09), 0x0B, *range(0x0E, 0x20)))


def decode(body: bytes, content_type: str = "") -> str:
    """The page's text, control characters (all but tab, line feed, form feed, return) left out."""
    text = _utf8(body)
    return _CONTROL.sub("", _decode(body, content_type)) if text is None else text


def _utf8(body: bytes) -> str | None:
    """The text of a body that is UTF-8 without a control character, as nearly all are: told by its bytes."""
    if body.translate(None, _CONTROL_BYTES) != body:
        return None
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\ufeff" in text else text


def _decode(body: bytes, content_type: str) -> str:
    for mark, name in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(name, "replace")
            # A template engine may put UTF-8's mark in front of a GBK page.
            return text if name != "utf-8" or "\ufffd" not in text else _best(body[len(mark) :], content_type)
    if (wide := _wide(body)) is not None:
        return body.decode(wide, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return _best(body, content_type)


def _best(body: bytes, content_type: str) -> str:
    """The reading with the most common Chinese characters, fewest losses; ties go to the first declared."""
    declared = [match[1] for match in [_HEADER.search(content_type)] if match]
    declared += [name.decode("ascii", "replace") for name in _META.findall(body[:8192])]
    names = dict.fromkeys(name for label in [*declared, "utf-8", "gb18030"] if (name := _codec(label)))
    readings = [body.decode(name, "replace") for name in names]
    return max(readings, key=_chinese)


def _chinese(text: str) -> int:
    sample = text[:_SAMPLE]
    return sum(1 for character in sample if character in _COMMON) - 2 * sample.count("\ufffd")


def _codec(label: str) -> str:
    """Python's name for a charset label; empty for one that is unknown or says nothing."""
    name = label.strip().lower()
    if name in _SAME:
        return _SAME[name]
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # rot13, zlib and their like are no text encodings.
    return found.name if getattr(found, "_is_text_encoding", False) and found.name != "idna" else ""


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark: the first `<` has a zero beside it."""
    return {b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(body[:2])
