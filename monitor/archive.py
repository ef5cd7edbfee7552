"""Captured responses: WARC files under HOME/archive/ and the references that the record holds to them.

A pass has one for pages and attachments, `PORTAL/CRAWL.warc.gz`, and, where it said something that rests on what lists
say, one for those, `PORTAL/CRAWL.sections.warc.gz`. A reference is `FILE#OFFSET`: the byte at which the response's record
starts (each is a gzip member of its own, so one is read without the others).
"""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from crawler.observation import CAPTURE, SECTIONS
from crawler.warc import WarcWriter
from monitor.store import Row, Store

_NUMBER = re.compile(r"[0-9]{1,12}")


class ArchiveError(RuntimeError):
    """A capture is missing or damaged; the message names it."""


class Capture(msgspec.Struct, frozen=True):
    """A response as it was captured; `captured_at` is the WARC record's own date (true UTC)."""

    url: str
    status: int
    content_type: str
    body: bytes
    captured_at: str


class Fault(msgspec.Struct, frozen=True):
    """Something in the record that the archive contradicts."""

    version: int | None
    """None: the capture behind a reading or a list."""
    ref: str
    problem: str


def keep_capture(folder: Path, archive: Path, portal: str, crawl: int) -> str:
    """Copies a run's WARC into the archive and syncs it. Its reference without offset; empty if nothing was captured.

    Doing it again is harmless: a settle that was killed before its commit starts over.
    """
    source = folder / CAPTURE
    if not source.exists() or source.stat().st_size == 0:
        return ""
    with _kept(archive / portal / f"{crawl}.warc.gz") as new, source.open("rb") as old:
        shutil.copyfileobj(old, new, 1 << 20)
    return f"{portal}/{crawl}.warc.gz"


def keep_lists(folder: Path, archive: Path, portal: str, crawl: int) -> dict[str, str]:
    """Compresses what a run's sections were read from into the archive and syncs it. By the offset that the run knows a
    response by: its reference. Empty if the run kept none; harmless to do again.
    """
    source = folder / SECTIONS
    if not source.exists() or source.stat().st_size == 0:
        return {}
    from warcio.archiveiterator import ArchiveIterator
    from warcio.warcwriter import WARCWriter

    name = f"{crawl}.sections.warc.gz"
    references = {}
    with _kept(archive / portal / name) as new, source.open("rb") as old:
        WarcWriter(new, name, gzip=True).begin()
        writer = WARCWriter(new, gzip=True)
        records = ArchiveIterator(old, no_record_parse=False)
        for record in records:
            place = new.tell()
            writer.write_record(record)
            if record.rec_type == "response":
                references[str(records.get_record_offset())] = f"{portal}/{name}#{place}"
    return references


@contextlib.contextmanager
def _kept(target: Path) -> Iterator[BinaryIO]:
    """A file in the archive that is there whole, and synced, or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.partial")
    with partial.open("wb") as new:
        yield new
        new.flush()
        os.fsync(new.fileno())
    partial.replace(target)
    for directory in (target.parent, target.parent.parent):
        sync_directory(directory)


def sync_directory(directory: Path) -> None:
    """Makes a rename in it survive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_capture(archive: Path, ref: str, most: int | None = None) -> Capture:
    """The response behind a reference. Raises ArchiveError, also for a body of more than `most` bytes."""
    from warcio.archiveiterator import ArchiveIterator

    name, _, offset = ref.rpartition("#")
    path = archive / name
    try:
        with path.open("rb") as file:
            file.seek(int(offset))
            for record in ArchiveIterator(file, check_digests="raise"):
                headers = record.http_headers
                if record.rec_type not in ("response", "resource"):
                    raise ArchiveError(f"{ref}: holds a {record.rec_type} record, not a response")
                if not record.rec_headers.get_header("WARC-Target-URI"):
                    raise ArchiveError(f"{ref}: damaged (no WARC record begins there)")
                return Capture(
                    url=record.rec_headers.get_header("WARC-Target-URI"),
                    status=int(headers.get_statuscode()) if headers else 200,
                    content_type=(headers.get_header("Content-Type") if headers else record.content_type) or "",
                    body=_body(record.content_stream(), ref, most),
                    captured_at=record.rec_headers.get_header("WARC-Date"),
                )
    except ArchiveError:
        raise
    except (OSError, ValueError, EOFError) as error:
        raise ArchiveError(f"{ref}: {error}") from error
    except Exception as error:  # warcio raises its own, unrelated classes for damaged records
        raise ArchiveError(f"{ref}: damaged ({type(error).__name__}: {error})") from error
    raise ArchiveError(f"{ref}: the archive ends before it")


def _body(stream: BinaryIO, ref: str, most: int | None) -> bytes:
    if most is None:
        return stream.read()
    found = bytearray()
    while data := stream.read(1 << 16):
        found += data
        if len(found) > most:
            raise ArchiveError(f"{ref}: is larger than {most} bytes")
    return bytes(found)


def article_parts(store: Store, first: str) -> list[Row]:
    """The captures of an article's further pages, by the reference of its first page's, in page order: url, sha256,
    archive_ref. None for an article of one page."""
    return store.rows("SELECT url, sha256, archive_ref FROM article_parts WHERE first = ? ORDER BY seq", (first,))


def combined_hash(page_hash: str, parts: Sequence[str], attachments: Sequence[str]) -> str:
    """versions.body_hash: over the bytes of the page, of the further ones of its article and of its attachments, as their
    SHA-256 in page order."""
    return hashlib.sha256("\n".join([page_hash, *parts, *attachments]).encode()).hexdigest()


def chain_hash(previous: Row | None) -> str:
    """versions.previous_hash: over the version before it; empty for a report's first."""
    if previous is None:
        return ""
    parts = (previous["previous_hash"], previous["body_hash"], previous["captured_at"], previous["archive_ref"])
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def verify(store: Store, archive: Path) -> Iterator[Fault | None]:
    """Checks every stored version against its capture and its predecessor, and that the captures behind readings and lists
    are whole: None for each that holds, else a Fault."""
    previous: dict[int, Row] = {}
    version: Row
    for version in store.rows("SELECT * FROM versions ORDER BY report, seq"):
        faults = list(_faults(store, archive, version, previous.get(version["report"])))
        previous[version["report"]] = version
        if faults:
            yield from faults
        else:
            yield None
    for ref in evidence_refs(store):
        try:
            read_capture(archive, ref)
        except ArchiveError as error:
            yield Fault(None, ref, str(error))
        else:
            yield None


def last_number(*folders: Path) -> int:
    """The highest number of a pass that left a capture or a run folder under `folders`, whatever the record knows."""
    names = (entry.name for folder in folders for portal in _entries(folder) for entry in _entries(Path(portal.path)))
    numbers = (name.partition(".")[0] for name in names)
    # What is longer than any count of passes is somebody else's file, and SQLite's numbers end somewhere.
    return max((int(number) for number in numbers if _NUMBER.fullmatch(number)), default=0)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def referred_files(store: Store) -> list[str]:
    """The capture files that the record refers to, in order."""
    refs = set(evidence_refs(store))
    for table in ("versions", "attachments", "article_parts"):
        refs |= {row["archive_ref"] for row in store.rows(f"SELECT archive_ref FROM {table} WHERE archive_ref <> ''")}  # noqa: S608
    return sorted({name for ref in refs if (name := ref.rpartition("#")[0])})


def unknown_files(store: Store, archive: Path) -> list[str]:
    """Capture files of passes that the record does not know, in order: those of a record that was lost."""
    known = {str(row["id"]) for row in store.rows("SELECT id FROM crawls")}
    files = (f"{portal.name}/{entry.name}" for portal in _entries(archive) for entry in _entries(Path(portal.path)))
    return sorted(name for name in files if name.rpartition("/")[2].partition(".")[0] not in known)


def evidence_refs(store: Store) -> list[str]:
    """References to the captures behind readings and lists, in order."""
    rows = store.rows(
        """SELECT archive_ref AS ref FROM readings WHERE archive_ref <> ''
        UNION SELECT j.value FROM section_readings s, json_each(s.captures) j"""
    )
    return sorted(row["ref"] for row in rows)


def _faults(store: Store, archive: Path, version: Row, before: Row | None) -> Iterator[Fault]:
    number, ref = version["id"], version["archive_ref"]
    if version["previous_hash"] != chain_hash(before):
        yield Fault(number, ref, "the chain is broken: the version before it was altered")
    attachments = store.rows("SELECT * FROM attachments WHERE version = ? ORDER BY id", (number,))
    parts = article_parts(store, ref)
    if version["body_hash"] != combined_hash(
        version["page_hash"], [row["sha256"] for row in parts], [row["sha256"] for row in attachments]
    ):
        yield Fault(number, ref, "body_hash does not follow from the page's and the attachments' hashes")
    captures = [(ref, version["page_hash"], version["url"])]
    captures += [(row["archive_ref"], row["sha256"], row["url"]) for row in parts]
    captures += [(row["archive_ref"], row["sha256"], row["url"]) for row in attachments if row["archive_ref"]]
    for capture_ref, expected, url in captures:
        try:
            found = hashlib.sha256(read_capture(archive, capture_ref).body).hexdigest()
        except ArchiveError as error:
            yield Fault(number, capture_ref, f"{url}: {error}")
            continue
        if found != expected:
            yield Fault(
                number, capture_ref, f"{url}: the captured bytes have SHA-256 {found}, the record says {expected}"
            )
