"""Captured responses as the pages give them out: archived records as WARC, bytes as downloads, pages and pictures made harmless.

What a capture says is never trusted: bytes leave as attachments that no browser opens by itself, pages leave sanitised, with
a policy of their own, and pictures only if their first bytes say that they are some.
"""

import base64
import re
import threading
import unicodedata
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

import msgspec

from crawler.documents.kinds import HTML, PICTURES, PLAIN, sniff
from crawler.page.address import join, normalise
from crawler.page.decode import decode
from monitor.archive import ArchiveError, Capture, article_parts, read_capture
from monitor.bundle import members
from monitor.store import Row, Store
from monitor.web.sanitise import Shown, document, plain, sanitise

MOST_BYTES = 64_000_000
"""Of one captured body: more than a crawler ever keeps."""
MOST_WARC = 256_000_000
"""Of WARC records given at once."""
_MOST_PICTURE = 5_000_000
_MOST_PICTURES = 12_000_000
_GZIP = b"\x1f\x8b"
INLINE = frozenset(PICTURES) - {"image/tiff"}
"""Pictures that a browser may show: what they are was told by their bytes."""
_OURS = frozenset(
    {
        *("pdf", "doc", "docx", "wps", "xls", "xlsx", "et", "ppt", "pptx", "dps", "ofd", "rtf", "txt", "csv", "ceb"),
        *("zip", "rar", "7z", "png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff"),
    }
)
"""Endings of file names that are kept: what people expect of attachments, and no program or page among them."""
_LONGEST_NAME = 120


class Frame(msgspec.Struct, frozen=True):
    """A captured page as it is shown in a frame."""

    document: str
    kind: str
    """`page`, `text`, `picture` or `other`: nothing that could be shown."""
    pictures: int = 0
    missing: int = 0
    cut: bool = False


def there(archive: Path, ref: str) -> bool:
    """Whether a capture seems to be there: its file is, and a record can begin at its place. Cheap; `read_capture` tells
    whether it is whole."""
    name, _, offset = ref.rpartition("#")
    try:
        with (archive / name).open("rb") as file:
            file.seek(int(offset))
            return file.read(2) in (_GZIP, b"WA")
    except (OSError, ValueError, OverflowError):
        return False


def capture_of(archive: Path, ref: str) -> Capture:
    """The response behind a reference. Raises ArchiveError."""
    if not ref:
        raise ArchiveError("nothing was captured")
    return read_capture(archive, ref, MOST_BYTES)


def write_warc(archive: Path, refs: Iterable[str], target: BinaryIO) -> tuple[int, list[str]]:
    """Writes a WARC file of archived records as they lie there, responses with their requests, each once; how many responses,
    and the references that could not be opened. Raises ArchiveError if the first cannot, or for more than `MOST_WARC` bytes."""
    begun, written, size = False, 0, 0
    missing: list[str] = []
    for ref in dict.fromkeys(refs):
        name, _, offset = ref.rpartition("#")
        try:
            capture_of(archive, ref)
            found = members(archive / name, int(offset), 2)
            head = b"" if begun else members(archive / name, 0, 1)
        except (ArchiveError, OSError, ValueError, zlib.error) as error:
            if not written and not missing:
                raise ArchiveError(f"{ref}: {error}") from error
            missing.append(ref)
            continue
        size += len(head) + len(found)
        if size > MOST_WARC:
            raise ArchiveError(f"{ref}: the records are larger than {MOST_WARC} bytes")
        target.write(head + found)
        begun, written = True, written + 1
    return written, missing


def refs_of_version(store: Store, version: Row) -> list[str]:
    """Its page first, then its further pages, attachments and pictures."""
    refs = [version["archive_ref"]]
    refs += [part["archive_ref"] for part in article_parts(store, version["archive_ref"])]
    rows = store.rows("SELECT archive_ref FROM attachments WHERE version = ? ORDER BY id", (version["id"],))
    return [ref for ref in (*refs, *(row["archive_ref"] for row in rows)) if ref]


class Frames:
    """The frames made last: a page asks for the same one twice, for what stands around it and for itself."""

    def __init__(self, most: int = 4) -> None:
        self._most = most
        self._turn = threading.Lock()
        self._made: dict[tuple[Path, int, str, int], Frame] = {}

    def of(self, store: Store, archive: Path, version: Row, part: int) -> Frame:
        """As `frame_of`; a capture that is no longer there is not shown from memory."""
        if not there(archive, version["archive_ref"]):
            raise ArchiveError(f"{version['archive_ref']}: is not there")
        key = (archive, version["id"], version["archive_ref"], part)
        with self._turn:
            found = self._made.get(key)
        if found is None:
            found = frame_of(store, archive, version, part)
            with self._turn:
                self._made[key] = found
                while len(self._made) > self._most:
                    del self._made[next(iter(self._made))]
        return found


def frame_of(store: Store, archive: Path, version: Row, part: int) -> Frame:
    """A captured page made harmless. `part`: 1 is the page, from 2 the further ones of its article. Raises ArchiveError, also
    where there is no such part."""
    ref, url = version["archive_ref"], version["url"]
    if part > 1:
        further = article_parts(store, ref)
        if part - 2 >= len(further):
            raise ArchiveError("there is no such page")
        ref, url = further[part - 2]["archive_ref"], further[part - 2]["url"]
    capture = capture_of(archive, ref)
    kind = sniff(capture.body, capture.content_type)
    if kind in INLINE:
        shown = data_url(capture.body)
        return Frame(document(f'<img alt="存档图片" src="{shown}">'), "picture", 1) if shown else Frame("", "other")
    if kind.startswith(("text/", "application/json", "application/javascript", "application/xhtml")) or _is_markup(
        capture
    ):
        text = decode(capture.body, capture.content_type)
        if kind == PLAIN or not _looks_like_markup(text):
            return Frame(plain(text), "text")
        page: Shown = sanitise(text, capture.url or url, _pictures(store, archive, version, capture.url or url))
        return Frame(page.document, "page", page.pictures, page.missing, page.cut)
    return Frame("", "other")


def _is_markup(capture: Capture) -> bool:
    essence = capture.content_type.partition(";")[0].strip().lower()
    return essence in ("", HTML, "application/xml", "application/octet-stream") and _looks_like_markup(
        decode(capture.body[:4096], capture.content_type)
    )


def _looks_like_markup(text: str) -> bool:
    return re.search(r"<\s*[a-zA-Z!/?]", text[:200_000]) is not None


def _pictures(store: Store, archive: Path, version: Row, base: str) -> dict[str, str]:
    """The version's captured pictures, by address, as `data:` addresses."""
    found: dict[str, str] = {}
    size = 0
    rows = store.rows(
        "SELECT url, archive_ref FROM attachments WHERE version = ? AND kind = 'picture' AND archive_ref <> '' ORDER BY id",
        (version["id"],),
    )
    for row in rows:
        try:
            shown = data_url(capture_of(archive, row["archive_ref"]).body)
        except ArchiveError:
            continue
        size += len(shown)
        if size > _MOST_PICTURES:
            break
        if shown:
            found[join(base, row["url"]) or _spelled(row["url"])] = shown
    return found


def _spelled(url: str) -> str:
    try:
        return normalise(url)
    except ValueError:
        return url


def data_url(body: bytes) -> str:
    """A picture as a `data:` address; empty if its bytes are none that a browser may show, or too many."""
    kind = sniff(body)
    if kind not in INLINE or len(body) > _MOST_PICTURE:
        return ""
    return f"data:{kind};base64,{base64.b64encode(body).decode()}"


def file_name(name: str, ending: str = "") -> str:
    """A name for a download: no folder, no control or direction mark, not too long. `ending`: what it gets; else its own, if that
    is one of a document or picture, and `.bin` if not."""
    name = re.split(r"[/\\]", name)[-1] if not ending else name
    kept = "".join("_" if char in '<>:"/\\|?*%' else char for char in name if unicodedata.category(char)[0] != "C")
    kept = " ".join(kept.split()).strip(". ")
    if not ending:
        stem, dot, own = kept.rpartition(".")
        if dot and own.lower() in _OURS:
            kept, ending = stem, f".{own}"
        else:
            ending = ".bin"
    return (kept[: _LONGEST_NAME - len(ending)].strip(". ") or "download") + ending


def disposition(name: str) -> str:
    """Content-Disposition of a download (RFC 6266, RFC 5987)."""
    ascii_name = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_-.") or "download"
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
