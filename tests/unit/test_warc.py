"""The records of a capture are those that warcio writes, and it reads them."""

import io

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler.warc import Exchange, WarcWriter

NAMED = ("WARC-Record-ID", "WARC-Date", "WARC-Concurrent-To")
"""Of a record's own making: no two are the same."""
EXCHANGE = Exchange(
    "http://x.gov.cn/a/b.html?c=d",
    200,
    (("Content-Type", "text/html"), ("Content-Encoding", "gzip"), ("X-Odd", "名 “a”")),
    "正文".encode() * 1000,
    request_headers=(("Accept", "*/*"), ("User-Agent", "nianbao")),
    request_body=b"q=1",
    method="POST",
    ip_address="192.0.2.1",
)


def records(file: io.BytesIO) -> list[tuple[list[tuple[str, str]], str, list[tuple[str, str]], bytes]]:
    file.seek(0)
    found = []
    for record in ArchiveIterator(file, check_digests="raise"):
        heads = [(name, value) for name, value in record.rec_headers.headers if name not in NAMED]
        http = record.http_headers
        first = f"{http.protocol} {http.statusline}" if http else ""
        found.append((heads, first, http.headers if http else [], record.content_stream().read()))
    return found


def by_warcio() -> io.BytesIO:
    file = io.BytesIO()
    writer = WARCWriter(file, gzip=True)
    writer.write_record(
        writer.create_warcinfo_record("a.warc.gz", {"software": "nianbao", "format": "WARC File Format 1.0"})
    )
    answer = [("Content-Type", "text/html"), ("X-Odd", "名 “a”"), ("Content-Length", "6000")]
    asked = StatusAndHeaders(
        "POST /a/b.html?c=d HTTP/1.1", list(EXCHANGE.request_headers), protocol="", is_http_request=True
    )
    for kind, body, head, more in (
        ("response", EXCHANGE.body, StatusAndHeaders("200 OK", answer, "HTTP/1.1"), {"WARC-IP-Address": "192.0.2.1"}),
        ("request", EXCHANGE.request_body, asked, {"WARC-Concurrent-To": "x"}),
    ):
        record = writer.create_warc_record(
            EXCHANGE.url, kind, payload=io.BytesIO(body), http_headers=head, warc_headers_dict=more
        )
        writer.write_record(record)
        record.raw_stream.close()
    return file


def test_records_are_those_of_warcio() -> None:
    file = io.BytesIO()
    writer = WarcWriter(file, "a.warc.gz", gzip=True)
    offset = writer.append(EXCHANGE)
    assert records(file) == records(by_warcio())
    file.seek(offset)
    response, request = ArchiveIterator(file)
    assert request.rec_headers.get_header("WARC-Concurrent-To") == response.rec_headers.get_header("WARC-Record-ID")


def test_a_file_without_exchanges_stays_empty() -> None:
    file = io.BytesIO()
    WarcWriter(file, "a.warc.gz", gzip=True)
    assert file.getvalue() == b""
    WarcWriter(file, "a.warc.gz", gzip=True).begin()
    assert len(records(file)) == 1


def test_an_odd_status_and_no_headers() -> None:
    file = io.BytesIO()
    WarcWriter(file, gzip=False).append(Exchange("http://x.gov.cn", 599, (), b""))
    (_, first, headers, body), (_, asked, _, _) = records(file)
    assert (first, headers, body, asked) == ("HTTP/1.1 599 Unknown", [("Content-Length", "0")], b"", "GET / HTTP/1.1")
