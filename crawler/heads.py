"""The beginning of an ordinary HTTP/1.1 response: bytes → its status, its fields, and how long its body is. Pure.

What is read here is read as Twisted's parser reads it (tests/unit/test_heads.py holds the two side by side), at a tenth of the
cost. Whatever is not ordinary (another version, a folded field, a line without a colon, two lengths, a status below 200) is
left to that parser, which bears with all that real servers send.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from scrapy.http import Headers

END = b"\r\n\r\n"
LONGEST = 16_000
"""Bytes. Twisted's parser gives up a line that is longer."""

_BEGINNING = b"HTTP/1.1 "
_STATUS = re.compile(rb"HTTP/1\.1 ([2-5]\d\d)(?: [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(rb"\d{1,15}")
_BODILESS = frozenset({204, 304})
_OF_THE_CONNECTION = frozenset(
    {
        b"Content-Length",
        b"Connection",
        b"Keep-Alive",
        b"Te",
        b"Trailers",
        b"Transfer-Encoding",
        b"Upgrade",
        b"Proxy-Connection",
    }
)


class Head(NamedTuple):
    """The status line and the fields of a response."""

    status: int
    headers: Headers
    """As Scrapy's handlers give them: without those of the connection, the body's length first."""
    size: int
    """Bytes up to the body."""
    length: int
    """Bytes of the body; -1: it comes in chunks."""
    closes: bool
    """The server closes the connection behind the body."""


def read_head(data: bytes) -> Head | None:
    """The head that `data` begins with; None if it has none that is ordinary."""
    end = data.find(END)
    if end < 0 or end > LONGEST:
        return None
    first, *lines = data[:end].split(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        return None
    code = int(status[1])
    fields: dict[bytes, list[bytes]] = {}
    of_connection: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = _spelled(name)
        if not (name and colon) or b"\n" in value or b"\r" in value:
            return None
        (of_connection if name in _OF_THE_CONNECTION else fields).setdefault(name, []).append(value.strip())
    length = 0 if code in _BODILESS else _length(of_connection)
    if length is None:
        return None
    headers = Headers()
    if length >= 0:
        dict.__setitem__(headers, b"Content-Length", [b"%d" % length])
    dict.update(headers, fields)  # in the spelling that its own `update` would give them
    return Head(code, headers, end + len(END), length, b"close" in of_connection.get(b"Connection", ()))


def hopeless(data: bytes) -> bool:
    """Whether what came so far, no head yet, cannot become an ordinary one."""
    return (
        not data.startswith(_BEGINNING[: len(data)]) or data.count(b"\n") != data.count(b"\r\n") or len(data) > LONGEST
    )


@lru_cache(maxsize=512)
def _spelled(name: bytes) -> bytes:
    """A field's name as Scrapy spells it; empty: it is none."""
    return name.title() if _NAME.fullmatch(name) else b""


def _length(fields: dict[bytes, list[bytes]]) -> int | None:
    """Of a body; -1: in chunks; None: nobody says, or it is said in another way than most say it."""
    if encodings := fields.get(b"Transfer-Encoding"):
        return -1 if [one.lower() for one in encodings] == [b"chunked"] else None
    match fields.get(b"Content-Length"):
        case [value] if _LENGTH.fullmatch(value):
            return int(value)
    return None
