"""A report's page, its versions, and what was captured of them: shown harmless, or given out as it lies in the archive."""

import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from datasette.utils.asgi import NotFound, Request, Response

from crawler.documents.kinds import sniff
from monitor.archive import ArchiveError
from monitor.bundle import write_bundle
from monitor.history import History
from monitor.section_evidence import section_readings
from monitor.store import Row, Store
from monitor.web.captures import (
    INLINE,
    Frames,
    capture_of,
    disposition,
    file_name,
    refs_of_version,
    write_warc,
)
from monitor.web.report_data import report_page, version_page, version_text
from monitor.web.sanitise import CSP as FRAME_CSP
from monitor.web.site import Route, Site, number

EVIDENCE_MS = 60_000
"""What a bundle may take."""
MOST_EVIDENCE = 200_000_000
"""Bytes of attachments of which a bundle is made here: it is made in memory. `nianbao show --evidence` makes any."""
_WARC_MS = 30_000
_CHUNK = 1 << 16
_DOWNLOAD_CSP = "default-src 'none'; sandbox"
_frames = Frames()
_bundling = threading.Lock()
"""One bundle at a time."""


class FileAnswer:
    """A file, sent piece by piece and closed. As Datasette's own responses are sent."""

    def __init__(self, file: BinaryIO, name: str, content_type: str = "application/octet-stream") -> None:
        self._file = file
        self.headers = {
            "content-type": content_type,
            "content-length": str(file.seek(0, 2)),
            "content-disposition": disposition(name),
            "content-security-policy": _DOWNLOAD_CSP,
            "cache-control": "private, no-store",
        }
        file.seek(0)

    async def asgi_send(self, send: Callable[[Mapping[str, Any]], Any]) -> None:
        headers = [(key.encode(), value.encode()) for key, value in self.headers.items()]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            while data := self._file.read(_CHUNK):
                await send({"type": "http.response.body", "body": data, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self._file.close()


def _bytes(body: bytes, name: str) -> Response:
    return Response(
        body,
        headers={
            "content-disposition": disposition(name),
            "content-security-policy": _DOWNLOAD_CSP,
            "cache-control": "private, no-store",
        },
        content_type="application/octet-stream",
    )


async def _lost(site: Site, request: Request) -> Response:
    """A capture that is missing or damaged."""
    said = "存档中的这份响应缺失或已损坏，无法打开。可运行 nianbao archive verify 核对全部存档。"
    return await site.page(request, "error.html", {"title": "存档无法打开", "error": said, "status": 404}, status=404)


def _row(store: Store, table: str, number: int) -> Row:
    row = store.row(f"SELECT * FROM {table} WHERE id = ?", (number,))  # noqa: S608 (our own words)
    if row is None:
        raise NotFound("没有这个编号")
    return row


def _named(store: Store, report: int) -> str:
    """For names of files: organ and year."""
    row = store.row("SELECT o.name, r.year FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.id = ?", (report,))
    return f"{row['name'][:60]}{row['year']}年" if row else str(report)


# Pages ----------------------------------------------------------------------------------------------------------------


async def report(site: Site, request: Request) -> Response:
    wanted, now, everything = number(request, "id"), site.now, request.args.get("all") == "1"
    found = await site.read(lambda store: report_page(store, site.home.archive, wanted, now, everything=everything))
    if found is None:
        raise NotFound("没有这份年报；可能已重建记录，请从检索或门户进入。")
    return await site.page(request, "report.html", {"r": found})


async def version(site: Site, request: Request) -> Response:
    wanted, seq = number(request, "id"), number(request, "seq")
    if request.args.get("as") == "text":
        text = await site.read(lambda store: version_text(store, wanted, seq))
        if text is None:
            raise NotFound("没有这个版本")
        return Response(
            text, headers={"content-security-policy": _DOWNLOAD_CSP}, content_type="text/plain; charset=utf-8"
        )
    found = await site.read(lambda store: version_page(store, site.home.archive, wanted, seq))
    if found is None:
        raise NotFound("没有这个版本")
    return await site.page(request, "version.html", {"v": found})


def _part(request: Request) -> int:
    part = request.args.get("part") or "1"
    return int(part) if part.isascii() and part.isdigit() and len(part) < 4 else 1


async def captured_page(site: Site, request: Request) -> Response:
    """What the page looked like: the frame around it."""
    wanted, part = number(request, "id"), _part(request)

    def read(store: Store) -> tuple[Row, Row, Any, int]:
        row = _row(store, "versions", wanted)
        of = _row(store, "reports", row["report"])
        parts = store.row("SELECT count(*) AS n FROM article_parts WHERE first = ?", (row["archive_ref"],))
        try:
            return row, of, _frames.of(store, site.home.archive, row, part), parts["n"] if parts else 0
        except ArchiveError:
            return row, of, None, parts["n"] if parts else 0

    row, of, frame, parts = await site.read(read)
    values = {"version": row, "report": of, "frame": frame, "part": part, "parts_of": parts + 1}
    return await site.page(request, "capture.html", values)


async def frame(site: Site, request: Request) -> Response:
    """The captured page itself, for the frame."""
    wanted, part = number(request, "id"), _part(request)
    try:
        found = await site.read(
            lambda store: _frames.of(store, site.home.archive, _row(store, "versions", wanted), part)
        )
    except ArchiveError:
        return await _lost(site, request)
    headers = {"content-security-policy": FRAME_CSP, "cache-control": "private, no-store"}
    return Response(found.document, headers=headers, content_type="text/html; charset=utf-8")


# Downloads --------------------------------------------------------------------------------------------------------------


async def capture_bytes(site: Site, request: Request) -> Response:
    """The response's body. A page is named as text: opened from the disk, it would run."""
    wanted = number(request, "id")

    def read(store: Store) -> tuple[bytes, str]:
        row = _row(store, "versions", wanted)
        body = capture_of(site.home.archive, row["archive_ref"]).body
        kind = sniff(body)
        own = f".{kind.partition('/')[2]}" if kind in (*INLINE, "application/pdf") else ".html.txt"
        return body, file_name(f"{_named(store, row['report'])}-v{row['seq']}-原始响应", own)

    try:
        return _bytes(*await site.read(read))
    except ArchiveError:
        return await _lost(site, request)


async def _warc(
    site: Site, request: Request, chosen: Callable[[Store], tuple[list[str], str]]
) -> Response | FileAnswer:
    """`chosen`: references, and what to call the file."""

    def read(store: Store) -> tuple[BinaryIO, str]:
        refs, name = chosen(store)
        if not refs:
            raise ArchiveError("nothing was captured")
        file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115 (closed once it is sent)
        try:
            write_warc(site.home.archive, refs, file)
        except BaseException:
            file.close()
            raise
        return file, name

    try:
        file, name = await site.read(read, _WARC_MS)
    except ArchiveError:
        return await _lost(site, request)
    return FileAnswer(file, file_name(name, ".warc.gz"))


async def version_warc(site: Site, request: Request) -> Response | FileAnswer:
    wanted = number(request, "id")

    def chosen(store: Store) -> tuple[list[str], str]:
        row = _row(store, "versions", wanted)
        return refs_of_version(store, row), f"{_named(store, row['report'])}-v{row['seq']}"

    return await _warc(site, request, chosen)


async def reading_warc(site: Site, request: Request) -> Response | FileAnswer:
    wanted = number(request, "id")

    def chosen(store: Store) -> tuple[list[str], str]:
        row = _row(store, "readings", wanted)
        return [row["archive_ref"]] if row["archive_ref"] else [], f"{_named(store, row['report'])}-读取{row['id']}"

    return await _warc(site, request, chosen)


async def sections_warc(site: Site, request: Request) -> Response | FileAnswer:
    """The lists that the pass of a reading read."""
    wanted = number(request, "id")

    def chosen(store: Store) -> tuple[list[str], str]:
        row = _row(store, "readings", wanted)
        of = _row(store, "reports", row["report"])
        refs = [ref for one in section_readings(store, of["portal"], row["crawl"]) for ref in one["captures"]]
        return refs, f"{of['portal']}-栏目-第{row['crawl']}次读取"

    return await _warc(site, request, chosen)


async def attachment(site: Site, request: Request) -> Response:
    """As captured. `?inline=1` shows a picture that is one by its bytes."""
    wanted, inline = number(request, "id"), request.args.get("inline") == "1"

    def read(store: Store) -> tuple[bytes, str]:
        row = _row(store, "attachments", wanted)
        return capture_of(site.home.archive, row["archive_ref"]).body, row["name"] or row["url"].rpartition("/")[2]

    try:
        body, name = await site.read(read)
    except ArchiveError:
        return await _lost(site, request)
    kind = sniff(body)
    if inline and kind in INLINE:
        headers = {"content-security-policy": _DOWNLOAD_CSP, "cache-control": "private, max-age=600"}
        return Response(body, headers=headers, content_type=kind)
    return _bytes(body, file_name(name))


async def evidence(site: Site, request: Request) -> Response | FileAnswer:
    """The bundle that others can check without nianbao."""
    wanted = number(request, "id")
    if not _bundling.acquire(blocking=False):
        said = "正在生成另一份证据包，请稍后再试。"
        values = {"title": "请稍候", "error": said, "status": 503}
        return await site.page(request, "error.html", values, status=503, headers={"retry-after": "10"})

    def read(store: Store) -> tuple[BinaryIO, str] | None:
        row = _row(store, "reports", wanted)
        size = store.row(
            """SELECT coalesce(sum(size), 0) AS n FROM (SELECT DISTINCT archive_ref, size FROM attachments WHERE version IN
            (SELECT id FROM versions WHERE report = ?))""",
            (wanted,),
        )
        if size and size["n"] > MOST_EVIDENCE:
            return None
        with tempfile.TemporaryDirectory(prefix="nianbao-") as folder:
            path = Path(folder) / "evidence.zip"
            write_bundle(History(store, row, site.home.archive), path)
            return path.open("rb"), f"证据-{_named(store, wanted)}"

    try:
        made = await site.read(read, EVIDENCE_MS)
    finally:
        _bundling.release()
    if made is None:
        said = f"这份年报的附件太多，请在服务器上运行 nianbao show {wanted} --evidence 文件.zip 生成。"
        values = {"title": "证据包过大", "error": said, "status": 413}
        return await site.page(request, "error.html", values, status=413)
    return FileAnswer(made[0], file_name(made[1], ".zip"), "application/zip")


_ID, _SEQ = r"(?P<id>[0-9]{1,19})", r"(?P<seq>[0-9]{1,9})"
ROUTES: list[Route] = [
    (f"/report/{_ID}", report),
    (f"/report/{_ID}/v{_SEQ}", version),
    (rf"/report/{_ID}/evidence\.zip", evidence),
    (f"/version/{_ID}/page", captured_page),
    (f"/version/{_ID}/frame", frame),
    (f"/version/{_ID}/capture", capture_bytes),
    (rf"/version/{_ID}/capture\.warc\.gz", version_warc),
    (rf"/reading/{_ID}/capture\.warc\.gz", reading_warc),
    (rf"/reading/{_ID}/sections\.warc\.gz", sections_warc),
    (f"/attachment/{_ID}", attachment),
]
