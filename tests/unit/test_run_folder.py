"""Writing and reading a run's folder."""

import hashlib
from pathlib import Path

import msgspec
import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.known import KnownPages
from crawler.observation import FindingSeen, KnownPage, KnownReport, Observation, RunSummary
from crawler.run_folder import Exchange, Known, RunFolderError, RunWriter, read_job, write_known

SUMMARY = RunSummary("p", 1, "full", "ok", "2026-11-22T00:00:00Z", "2026-11-22T00:00:01Z")


def test_what_is_told_can_be_read(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)
    writer.tell(FindingSeen("off_host", "warning", "甲"))
    headers = (("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked"), ("Content-Type", "text/html"))
    offsets = [
        writer.capture(Exchange(f"http://x/{n}?a=b", 200, headers, f"第{n}页".encode(), request_headers=(("A", "b"),)))
        for n in range(2)
    ]
    writer.finish(SUMMARY)
    (line,) = (tmp_path / "observations.jsonl").read_bytes().splitlines()
    assert msgspec.json.decode(line, type=Observation) == FindingSeen("off_host", "warning", "甲")
    summary = msgspec.json.decode((tmp_path / "run.json").read_bytes(), type=RunSummary)
    assert msgspec.structs.replace(summary, files={}) == SUMMARY
    assert summary.files == {
        name: hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
        for name in ("observations.jsonl", "capture.warc.gz", "sections.warc")
    }
    with (tmp_path / "capture.warc.gz").open("rb") as file:
        file.seek(int(offsets[1]))
        records = ArchiveIterator(file)
        record = next(iter(records))
        assert record.http_headers.get_header("Content-Length") == str(len("第1页".encode()))
        assert record.http_headers.get_header("Content-Encoding") is None
        assert record.content_stream().read().decode() == "第1页"
        request = next(iter(records))
        assert request.rec_type == "request"
        assert request.http_headers.statusline == "/1?a=b HTTP/1.1"
        assert request.rec_headers.get_header("WARC-Concurrent-To") == record.rec_headers.get_header("WARC-Record-ID")


def test_a_pass_that_is_killed_shows_what_it_had_seen(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)
    for number in range(3):
        writer.tell(FindingSeen("off_host", "warning", str(number)))
    assert len((tmp_path / "observations.jsonl").read_bytes().splitlines()) == 3
    writer.finish(SUMMARY)


def test_nothing_follows_the_end(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path)
    writer.finish(SUMMARY)
    writer.finish(msgspec.structs.replace(SUMMARY, outcome="failed"))
    assert b'"ok"' in (tmp_path / "run.json").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(RunFolderError, match=r"this pass is over"):
        RunWriter(tmp_path)


def test_a_broken_job(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"job\.json: No such file"):
        read_job(tmp_path)
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(RunFolderError, match=r"job\.json: Input data was truncated"):
        read_job(tmp_path)


def test_known_pages_are_found_by_address(tmp_path: Path) -> None:
    pages = [
        KnownPage("http://x.gov.cn/a.html", "primary", reports=(KnownReport(1, "h"),)),
        KnownPage("http://x.gov.cn/a.pdf", "attachment", etag='"e"'),
        KnownPage("http://x.gov.cn/list/", "section"),
        KnownPage("http://x.gov.cn/b.html", "view", missing=True),
    ]
    write_known(tmp_path, pages)
    known = KnownPages(tmp_path / "known.jsonl")
    assert "http://X.gov.cn:80/a.html#top" in known
    assert known.page("http://x.gov.cn/b.html") == pages[3]
    assert known.attachment("http://x.gov.cn/a.pdf") == pages[1]
    assert known.page("http://x.gov.cn/c.html") is None
    assert [*known.pages()] == [pages[0], pages[3]]
    assert [*known.pages(only_missing=True)] == [pages[3]]
    assert known.missing
    known.close()


def test_a_broken_known_file(tmp_path: Path) -> None:
    (tmp_path / "known.jsonl").write_text('{"type":"known"}\n')
    with pytest.raises(RunFolderError, match=r"known\.jsonl"):
        [*Known(tmp_path / "known.jsonl")]
    assert len(KnownPages(tmp_path / "none.jsonl")) == 0


def test_what_lists_say_is_spooled_and_bounded(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, section_bytes=3000)
    exchange = Exchange(
        "http://x/list/", 200, (("Content-Type", "text/html"),), b"<li>" * 250, method="POST", request_body=b"p=1"
    )
    places = [writer.capture_list(exchange) for _ in range(4)]
    assert [bool(place) for place in places] == [True, True, False, False]
    (tmp_path / "sections.warc").stat()
    writer.finish(SUMMARY)
    with (tmp_path / "sections.warc").open("rb") as file:
        records = [
            (record.rec_type, record.content_stream().read()) for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert records == [("response", b"<li>" * 250), ("request", b"p=1")] * 2
