"""Writes WARC records (ISO 28500): what was asked, and what came back, each a gzip member of its own.

In: exchanges. Out: the same records that warcio would write, which reads them (monitor.archive), without its temporary
files and at a tenth of the time: a first pass writes one pair of them for every page.
"""

import base64
import hashlib
import uuid
import zlib
from datetime import UTC, datetime
from http import HTTPStatus
from typing import BinaryIO

import msgspec

_LEVEL = 6
"""Of gzip: the highest one takes twice the time and saves a twentieth of the room."""
# What describes the transfer, not the resource: the body is stored as it was decoded.
_TRANSFER = frozenset({"content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive"})

Headers = tuple[tuple[str, str], ...]


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer, as a capture keeps them."""

    url: str
    status: int
    headers: Headers
    body: bytes
    """Decoded: no Content-Encoding."""
    method: str = "GET"
    request_headers: Headers = ()
    request_body: bytes = b""
    ip_address: str = ""


class WarcWriter:
    """Appends records to a file. `name`: what the file says it is called, before its first record, so that one without
    exchanges stays empty; none: it says nothing. `gzip`: each record is compressed by itself."""

    def __init__(self, file: BinaryIO, name: str = "", *, gzip: bool) -> None:
        self._file = file
        self._name = name
        self._gzip = gzip

    def begin(self) -> None:
        """Writes the record that a WARC file begins with, if that is not there yet."""
        name, self._name = self._name, ""
        if not name:
            return
        said = b"software: nianbao\r\nformat: WARC File Format 1.0\r\n"
        fields = {"WARC-Type": "warcinfo", "WARC-Record-ID": _id(), "WARC-Filename": name, "WARC-Date": _now()}
        self._write({**fields, "WARC-Block-Digest": _digest(said)}, "application/warc-fields", said)

    def append(self, exchange: Exchange) -> int:
        """Writes a response and its request; the offset of the response."""
        self.begin()
        offset = self._file.tell()
        about, date = {"WARC-IP-Address": exchange.ip_address} if exchange.ip_address else {}, _now()
        response = _id()
        self._http("response", response, about, date, exchange.url, _response_head(exchange), exchange.body)
        about = {"WARC-Concurrent-To": response}
        self._http("request", _id(), about, date, exchange.url, _request_head(exchange), exchange.request_body)
        return offset

    def _http(
        self, kind: str, number: str, about: dict[str, str], date: str, url: str, head: bytes, body: bytes
    ) -> None:
        block = head + body
        fields = {
            **about,
            "WARC-Type": kind,
            "WARC-Record-ID": number,
            "WARC-Target-URI": url,
            "WARC-Date": date,
            "WARC-Payload-Digest": _digest(body),
            "WARC-Block-Digest": _digest(block),
        }
        self._write(fields, f"application/http; msgtype={kind}", block)

    def _write(self, fields: dict[str, str], media_type: str, block: bytes) -> None:
        fields = {**fields, "Content-Type": media_type, "Content-Length": str(len(block))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        record = b"".join((f"WARC/1.0\r\n{lines}\r\n".encode(), block, b"\r\n\r\n"))
        if self._gzip:
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS + 16)
            record = packer.compress(record) + packer.flush()
        self._file.write(record)


def _response_head(exchange: Exchange) -> bytes:
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = "Unknown"
    kept = [(name, value) for name, value in exchange.headers if name.lower() not in _TRANSFER]
    return _head("HTTP/1.1", f"{exchange.status} {phrase}", (*kept, ("Content-Length", str(len(exchange.body)))))


def _request_head(exchange: Exchange) -> bytes:
    path = exchange.url.split("://", 1)[-1].partition("/")[2]
    return _head(exchange.method, f"/{path} HTTP/1.1", exchange.request_headers)


def _head(first: str, line: str, headers: Headers) -> bytes:
    text = f"{first} {line}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
    if text.isascii():
        return text.encode()
    from warcio.statusandheaders import StatusAndHeaders  # knows how such headers are written; few sites send any

    said: bytes = StatusAndHeaders(line, list(headers), protocol=first).to_ascii_bytes()
    return said


def _digest(data: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()}"


def _id() -> str:
    return f"<urn:uuid:{uuid.uuid4()}>"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
