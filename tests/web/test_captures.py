"""Captured responses given out: as WARC that others read, as downloads that nothing opens, as pages in which nothing runs."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawler.warc import Exchange, WarcWriter
from monitor.archive import ArchiveError, read_capture
from monitor.home import Home
from monitor.store import Store
from monitor.web import captures, report
from monitor.web.captures import disposition, file_name, frame_of, there, write_warc
from monitor.web.sanitise import CSP
from tests.chromium import Drive
from tests.web.conftest import Look, Pages, Served, until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c6360f8cf50"
    "0f0003860180 5a34 7d6b0000000049454e44ae426082".replace(" ", "")
)


def records(data: bytes) -> list[tuple[str, str, bytes]]:
    """Type, address and body of each record of a WARC file; digests are checked."""
    return [
        (one.rec_type, one.rec_headers.get_header("WARC-Target-URI") or "", one.content_stream().read())
        for one in ArchiveIterator(io.BytesIO(data), check_digests="raise")
    ]


def capture(home: Home, name: str, *bodies: tuple[str, bytes, str]) -> list[str]:
    """Writes captures of (address, body, media type) into the archive; their references."""
    path = home.archive / "haitang" / f"{name}.warc.gz"
    with path.open("wb") as file:
        writer = WarcWriter(file, path.name, gzip=True)
        places = [
            writer.append(Exchange(url, 200, (("Content-Type", media_type),), body)) for url, body, media_type in bodies
        ]
    return [f"haitang/{name}.warc.gz#{place}" for place in places]


def change(home: Home, sql: str, *values: object) -> None:
    store = Store.open(home.database)
    store.run(sql, values)
    store.close()


def row(home: Home, sql: str, *values: object) -> dict[str, Any]:
    with home.reader() as store:
        found = store.row(sql, values)
    assert found is not None
    return found


# WARC -------------------------------------------------------------------------------------------------------------------


def test_a_version_s_warc_holds_its_page_and_attachments_byte_for_byte(pages: Pages) -> None:
    version = row(pages.home, "SELECT version AS id, archive_ref FROM attachments WHERE kind = 'document' LIMIT 1")
    answer = pages(f"/version/{version['id']}/capture.warc.gz")
    assert answer.status_code == 200
    found = records(answer.content)
    assert [kind for kind, _, _ in found] == ["warcinfo", "response", "request", "response", "request"]
    page = row(pages.home, "SELECT archive_ref, page_hash, url FROM versions WHERE id = ?", version["id"])
    assert found[1][1] == page["url"]
    assert hashlib.sha256(found[1][2]).hexdigest() == page["page_hash"]
    assert found[3][2] == read_capture(pages.home.archive, version["archive_ref"]).body
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_reading_s_warc_is_the_answer_of_then(pages: Pages) -> None:
    reading = row(pages.home, "SELECT * FROM readings WHERE reading = 'gone' AND archive_ref <> '' LIMIT 1")
    found = records(pages(f"/reading/{reading['id']}/capture.warc.gz").content)
    assert [kind for kind, _, _ in found] == ["warcinfo", "response", "request"]
    assert found[1][2] == read_capture(pages.home.archive, reading["archive_ref"]).body
    lists = records(pages(f"/reading/{reading['id']}/sections.warc.gz").content)
    told = row(
        pages.home, "SELECT count(*) AS n, min(captures) AS c FROM section_readings WHERE crawl = ?", reading["crawl"]
    )
    assert told["n"] == 1
    assert sum(kind == "response" for kind, _, _ in lists) == told["c"].count("warc.gz#") >= 1


def test_a_reading_without_a_capture_says_so(pages: Pages) -> None:
    reading = row(pages.home, "SELECT id FROM readings WHERE archive_ref = '' LIMIT 1")
    answer = pages(f"/reading/{reading['id']}/capture.warc.gz")
    assert answer.status_code == 404
    assert "存档无法打开" in answer.text


@pytest.mark.parametrize("damage", ["gone", "cut", "garbage", "elsewhere"])
def test_a_capture_that_is_lost_or_damaged_is_said(home: Home, damage: str) -> None:
    version = row(home, "SELECT v.id, v.report, v.seq, v.archive_ref FROM versions v WHERE id = 1")
    path = home.archive / version["archive_ref"].rpartition("#")[0]
    match damage:
        case "gone":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[: int(version["archive_ref"].rpartition("#")[2]) + 200])
        case "garbage":
            path.write_bytes(bytes(len(path.read_bytes())))
        case "elsewhere":
            change(home, "UPDATE versions SET archive_ref = 'haitang/4.warc.gz#99999999999999999999' WHERE id = 1")
    pages = Pages(home)
    for address in ("frame", "capture", "capture.warc.gz"):
        answer = pages(f"/version/1/{address}")
        assert (answer.status_code, "存档无法打开" in answer.text) == (404, True), address
        assert str(home.path) not in answer.text
    shown = pages("/version/1/page")
    assert shown.status_code == 200
    assert "缺失或已损坏" in shown.text
    assert "<iframe" not in shown.text
    told = pages(f"/report/{version['report']}")
    assert told.status_code == 200
    # That a record's end is missing shows when it is opened.
    assert ("当前版本的存档缺失" in told.text) is (damage != "cut")
    assert pages(f"/report/{version['report']}/v{version['seq']}").status_code == 200
    assert pages(f"/report/{version['report']}/evidence.zip").status_code == 200


def test_a_lost_attachment_is_left_out_of_the_warc(home: Home) -> None:
    version = row(home, "SELECT version AS id FROM attachments WHERE kind = 'document' LIMIT 1")["id"]
    change(home, "UPDATE attachments SET archive_ref = 'haitang/404.warc.gz#0' WHERE version = ?", version)
    found = records(Pages(home)(f"/version/{version}/capture.warc.gz").content)
    assert [kind for kind, _, _ in found] == ["warcinfo", "response", "request"]


def test_what_is_too_large_is_not_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a few bytes of gzip would become many."""
    [ref] = capture(home, "900", ("http://a.gov.cn/x.html", bytes(30_000_000), "text/html"))
    assert (home.archive / "haitang/900.warc.gz").stat().st_size < 100_000
    assert len(read_capture(home.archive, ref, 30_000_000).body) == 30_000_000
    with pytest.raises(ArchiveError, match="larger than"):
        read_capture(home.archive, ref, 29_999_999)
    monkeypatch.setattr(captures, "MOST_BYTES", 1_000_000)
    change(home, "UPDATE versions SET archive_ref = ? WHERE id = 1", ref)
    pages = Pages(home)
    assert [pages(f"/version/1/{name}").status_code for name in ("frame", "capture", "capture.warc.gz")] == [404] * 3
    monkeypatch.setattr(captures, "MOST_BYTES", 64_000_000)
    monkeypatch.setattr(captures, "MOST_WARC", 1_000)
    with pytest.raises(ArchiveError, match="larger than"):
        write_warc(home.archive, [ref], io.BytesIO())


def test_there_tells_what_is_there(home: Home) -> None:
    [ref] = capture(home, "900", ("http://a.gov.cn/", b"x", "text/plain"))
    assert there(home.archive, ref)
    name = ref.rpartition("#")[0]
    for lost in (
        "",
        name,
        f"{name}#",
        f"{name}#x",
        f"{name}#1",
        f"{name}#-5",
        f"{name}#999999",
        "haitang/none.warc.gz#0",
    ):
        assert not there(home.archive, lost), lost


# Downloads --------------------------------------------------------------------------------------------------------------


def test_raw_bytes_only_leave_as_a_download(pages: Pages) -> None:
    attachment = row(pages.home, "SELECT id FROM attachments WHERE kind = 'document' LIMIT 1")["id"]
    for path in ("/version/1/capture", f"/attachment/{attachment}", f"/attachment/{attachment}?inline=1"):
        answer = pages(path)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith('attachment; filename="')
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    version = row(pages.home, "SELECT page_hash FROM versions WHERE id = 1")
    assert hashlib.sha256(pages("/version/1/capture").content).hexdigest() == version["page_hash"]
    assert pages("/version/1/capture").headers["content-disposition"].endswith(".html.txt")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (PNG, "image/png"),
        (b"GIF89a" + bytes(20), "image/gif"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', ""),
        (b"<html><script>alert(1)</script>", ""),
        (b"%PDF-1.7", ""),
        (b"II*\x00" + bytes(20), ""),
        (b"", ""),
    ],
)
def test_only_a_picture_by_its_bytes_is_shown(home: Home, body: bytes, shown: str) -> None:
    [ref] = capture(home, "900", ("http://a.gov.cn/x.png", body, "image/png"))
    change(home, "UPDATE attachments SET archive_ref = ?, media_type = 'image/svg+xml' WHERE id = 1", ref)
    answer = Pages(home)("/attachment/1?inline=1")
    assert answer.headers["content-type"] == (shown or "application/octet-stream")
    assert ("content-disposition" in answer.headers) is not bool(shown)
    assert answer.content == body
    assert bool(captures.data_url(body)) is bool(shown)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("附件：年报.pdf", "附件：年报.pdf"),
        ("../../etc/passwd", "passwd.bin"),
        ("..\\..\\x.docx", "x.docx"),
        ("年报\u202efdp.exe", "年报fdp.exe.bin"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
        ('a"b<c>|?*.xlsx', "a_b_c____.xlsx"),
        ("page.html", "page.html.bin"),
        ("x.svg", "x.svg.bin"),
        ("", "download.bin"),
        ("...", "download.bin"),
        (".pdf", "pdf.bin"),
        ("长" * 400 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_names_of_downloads_harm_nobody(name: str, kept: str) -> None:
    assert file_name(name) == kept
    header = disposition(file_name(name))
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_a_hostile_attachment_name_splits_no_header(home: Home) -> None:
    change(
        home,
        "UPDATE attachments SET name = ? WHERE id = 1",
        'x"\r\nSet-Cookie: a=b\r\n\r\n<script>alert(1)</script>.pdf',
    )
    answer = Pages(home)("/attachment/1")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    of = row(home, "SELECT v.report FROM attachments a JOIN versions v ON v.id = a.version WHERE a.id = 1")["report"]
    shown = Pages(home)(f"/report/{of}")
    assert "Set-Cookie: a=b" in shown.text
    assert "<script>alert" not in shown.text


# Bundles ----------------------------------------------------------------------------------------------------------------


def test_the_evidence_bundle_is_whole_and_leaves_nothing_behind(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    number = row(pages.home, "SELECT report FROM events WHERE kind = 'taken_down'")["report"]
    answer = pages(f"/report/{number}/evidence.zip")
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as bundle:
        assert bundle.testzip() is None
        assert {"record.json", "manifest.json", "SHA256SUMS", "check.py", "说明.txt"} <= set(bundle.namelist())
        assert "返回 404" in bundle.read("说明.txt").decode()
    assert list(tmp_path.iterdir()) == []


def test_one_bundle_at_a_time(pages: Pages) -> None:
    assert report._bundling.acquire(blocking=False)
    try:
        busy = pages("/report/1/evidence.zip")
    finally:
        report._bundling.release()
    assert busy.status_code == 503
    assert busy.headers["retry-after"] == "10"
    assert pages("/report/1/evidence.zip").status_code == 200
    assert pages("/report/999999/evidence.zip").status_code == 404
    assert pages("/report/1/evidence.zip").status_code == 200  # the turn was given back


def test_a_bundle_that_would_be_too_large_is_not_made(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    number = row(pages.home, "SELECT v.report FROM attachments a JOIN versions v ON v.id = a.version LIMIT 1")["report"]
    monkeypatch.setattr(report, "MOST_EVIDENCE", 10)
    answer = pages(f"/report/{number}/evidence.zip")
    assert answer.status_code == 413
    assert f"nianbao show {number} --evidence" in answer.text


# Captured pages -----------------------------------------------------------------------------------------------------------


def test_the_frame_has_a_policy_of_its_own(pages: Pages) -> None:
    answer = pages("/version/1/frame")
    assert answer.headers["content-security-policy"] == CSP
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers.get("x-frame-options", "SAMEORIGIN") == "SAMEORIGIN"
    outer = pages("/version/1/page")
    assert '<iframe class="captured" sandbox="" src="/version/1/frame"' in outer.text
    assert "frame-src 'self'" in outer.headers["content-security-policy"]


def test_other_things_than_pages_are_shown_as_what_they_are(home: Home) -> None:
    refs = capture(
        home,
        "900",
        ("http://a.gov.cn/api", '{"title": "年报", "x": "</pre><script>alert(1)</script>"}'.encode("gbk"), "application/json; charset=gbk"),
        ("http://a.gov.cn/x.pdf", b"%PDF-1.7 x", "text/html"),
        ("http://a.gov.cn/x.png", PNG, "text/html"),
        ("http://a.gov.cn/x", "<p>公开</p><script>1</script>".encode("gbk"), ""),
        ("http://a.gov.cn/x.txt", "年报 1 < 2".encode(), "text/plain"),
    )  # fmt: skip
    with home.reader() as store:
        version = store.row("SELECT * FROM versions WHERE id = 1")
        assert version is not None
        shown = [frame_of(store, home.archive, {**version, "archive_ref": ref}, 1) for ref in refs]
        with pytest.raises(ArchiveError):
            frame_of(store, home.archive, version, 2)
    assert [one.kind for one in shown] == ["page", "other", "picture", "page", "text"]
    assert "年报" in shown[0].document
    assert not any("<script" in one.document for one in shown)
    assert "1 &lt; 2" in shown[4].document
    assert "公开" in shown[3].document


def test_pictures_of_the_report_stand_in_the_captured_page(pages: Pages) -> None:
    picture = row(pages.home, "SELECT version FROM attachments WHERE kind = 'picture' AND archive_ref <> '' LIMIT 1")
    answer = pages(f"/version/{picture['version']}/frame")
    assert '<img src="data:image/png;base64,' in answer.text


def test_the_pages_of_a_split_article_are_shown_one_by_one(home: Home) -> None:
    refs = capture(
        home,
        "900",
        ("http://a.gov.cn/x.html", "<p>第一部分</p>".encode(), "text/html"),
        ("http://a.gov.cn/x_2.html", "<p>第二部分</p><script>1</script>".encode(), "text/html"),
    )
    change(home, "UPDATE versions SET archive_ref = ? WHERE id = 1", refs[0])
    change(
        home,
        "INSERT INTO article_parts (first, seq, url, sha256, archive_ref) VALUES (?, 2, 'http://a.gov.cn/x_2.html', 'x', ?)",
        *refs,
    )
    pages = Pages(home)
    assert "第一部分" in pages("/version/1/frame").text
    second = pages("/version/1/frame?part=2")
    assert "第二部分" in second.text
    assert "<script" not in second.text
    outer = pages("/version/1/page?part=2").text
    assert 'src="/version/1/frame?part=2"' in outer
    assert 'href="/version/1/page?part=1"' in outer
    assert pages("/version/1/frame?part=3").status_code == 404
    assert "缺失或已损坏" in pages("/version/1/page?part=3").text
    assert sum(kind == "response" for kind, _, _ in records(pages("/version/1/capture.warc.gz").content)) >= 2


def test_frames_are_made_once_and_few_are_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(store: Store, archive: Path, version: dict[str, Any], part: int) -> captures.Frame:
        made.append(version["id"])
        return frame_of(store, archive, version, part)

    monkeypatch.setattr(captures, "frame_of", counted)
    frames = captures.Frames(most=2)
    with home.reader() as store:
        versions = store.rows("SELECT * FROM versions ORDER BY id LIMIT 3")
        for place in (0, 0, 1, 0, 2, 2, 0):
            assert frames.of(store, home.archive, versions[place], 1).kind == "page"
        assert made == [versions[place]["id"] for place in (0, 1, 2, 0)]
        (home.archive / versions[0]["archive_ref"].rpartition("#")[0]).unlink()
        with pytest.raises(ArchiveError):
            frames.of(store, home.archive, versions[0], 1)


class _Canary(BaseHTTPRequestHandler):
    heard: list[str] = []  # noqa: RUF012 (one server)

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(204)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def canary() -> Iterator[str]:
    """A server that hears whoever asks for anything."""
    _Canary.heard.clear()
    server = HTTPServer(("127.0.0.1", 0), _Canary)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


PAGE = """<html><head><meta http-equiv="refresh" content="0;url=CANARY/refresh"><base href="CANARY/" target="_top">
<link rel="stylesheet" href="CANARY/css"><style>@import "CANARY/import"; body { background: url(CANARY/bg) }</style>
<script src="CANARY/js"></script><script>top.document.title = "跑了"; new Image().src = "CANARY/image"</script></head>
<body onload="fetch('CANARY/load')"><p id="words">全年收到申请 146 件</p><img src="CANARY/img" onerror="top.name='x'">
<svg onload="fetch('CANARY/svg')"><script>fetch('CANARY/s')</script></svg><iframe src="CANARY/frame"></iframe>
<form action="CANARY/form"><input autofocus onfocus="this.form.submit()"></form>
<a href="CANARY/link" target="_top">去别处</a><video src="CANARY/video"></video><object data="CANARY/object"></object>
<div style="position:fixed;inset:0;background:url(CANARY/fixed)">盖住</div></body></html>"""


@pytest.mark.browser
def test_a_script_in_a_captured_page_does_not_run_and_nothing_is_loaded(
    home: Home, canary: str, look: Look, drive: Drive[Any]
) -> None:
    def bad(where: str) -> str:
        return PAGE.replace("CANARY", f"{canary}/{where}")

    def unprotected(browser: Any) -> None:
        tab = browser.new_page()
        tab.set_content(bad("bare"), wait_until="commit")
        heard = {f"/bare/{name}" for name in ("js", "css", "img", "image")}
        assert until(lambda: tab.wait_for_timeout(100) or heard <= set(_Canary.heard))  # it is as bad as it looks
        tab.close()

    drive(unprotected)
    [ref] = capture(home, "900", ("http://a.gov.cn/x.html", bad("kept").encode("gbk"), "text/html; charset=utf-8"))
    change(home, "UPDATE versions SET archive_ref = ? WHERE id = 1", ref)
    one = Served(home.path)

    def then(tab: Any) -> None:
        frame = tab.frame_locator("iframe.captured")
        assert "146 件" in frame.locator("body").inner_text()
        frame.get_by_text("去别处").click()
        tab.wait_for_timeout(700)
        assert tab.url == f"{one.url}/version/1/page"
        assert "跑了" not in tab.title()
        assert tab.frames[1].url == f"{one.url}/version/1/frame"

    try:
        seen = look(f"{one.url}/version/1/page", then)
    finally:
        one.stop()
    assert seen.said == ()
    assert seen.faults == ()
    assert [path for path in _Canary.heard if path.startswith("/kept")] == []
