"""Pictures in which national tables may stand: which ones are worth recognising, and what was found, kept by their bytes.

Recognising takes seconds a picture, so a picture is read once, and only where a report has its tables nowhere else. What a
pass changed on a known report is read before it is settled, for the alert speaks of it; a new portal's whole stock, and
what a pass had no time for, afterwards. Nothing here enters a hash or makes a change.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from crawler.documents.kinds import PICTURES
from crawler.documents.model import without_marks
from crawler.observation import AttachmentRead
from crawler.page.address import normalise
from crawler.page.text import Block
from monitor import figures
from monitor.archive import ArchiveError, read_capture
from monitor.documents import encode
from monitor.intake import Run
from monitor.store import Row, Store

log = logging.getLogger(__name__)

BEFORE_SETTLING = 120.0
"""Seconds that recognising may hold up a pass's alerts. What is begun is ended."""
AFTERWARDS = 900.0
"""Seconds of one command that may go to what is left."""
_LEAST_BYTES = 2_000
"""Of a picture that could show a table of 170 figures."""
_FIRST_YEAR = 2019
"""Of the national tables."""

_WITHOUT_TABLES = """
    r.withdrawn_at IS NULL AND r.year >= :first AND (
        SELECT count(DISTINCT substr(f.field, 1, instr(f.field, '.'))) FROM figures f
        WHERE f.version = r.current_version AND f.source IN ('html', 'pdf', 'docx')
        AND (f.field LIKE 'proactive.%' OR f.field LIKE 'requests.%' OR f.field LIKE 'review.%')) < 3
"""


_WAITING = f"""
    FROM reports r JOIN attachments a ON a.version = r.current_version
    LEFT JOIN picture_readings p ON p.sha256 = a.sha256 AND (p.reader = :reader OR :reader = '')
    WHERE ((a.text = '' AND a.pixels <> '') OR a.text LIKE '%图像 %') AND a.archive_ref <> '' AND p.sha256 IS NULL
    AND (a.size >= :least OR a.kind = 'document') AND {_WITHOUT_TABLES}
"""


class Recognised(Protocol):
    """What was found in a picture."""

    @property
    def blocks(self) -> tuple[Block, ...]: ...
    @property
    def problem(self) -> str:
        """Why it could not be read; empty: it was, whatever it shows."""


class Reader(Protocol):
    """Reads pictures; never raises."""

    def read(self, body: bytes, media_type: str, url: str) -> Recognised: ...


class Picture(msgspec.Struct, frozen=True):
    """A picture, or a document that is nothing but pictures."""

    sha256: str
    media_type: str
    url: str
    ref: str
    """Of its capture."""


def waiting(store: Store, reader: str = "") -> int:
    """How many pictures in which tables may stand nobody has read yet, or only another reader than the one named."""
    row = store.row(
        f"SELECT count(DISTINCT a.sha256) AS n {_WAITING}",
        {"reader": reader, "first": _FIRST_YEAR, "least": _LEAST_BYTES},
    )
    return row["n"] if row else 0


def portals_waiting(store: Store, reader: str) -> list[str]:
    """The portals of those pictures."""
    values = {"reader": reader, "first": _FIRST_YEAR, "least": _LEAST_BYTES}
    return [row["portal"] for row in store.rows(f"SELECT DISTINCT r.portal {_WAITING} ORDER BY r.portal", values)]


class Pictures:
    """Recognises the pictures of one home's reports."""

    def __init__(self, store: Store, archive: Path, reader: Reader, name: str, clock: Callable[[], str]) -> None:
        """`name` is the reader's, with its version: pictures that another one read are read again."""
        self.store = store
        self.archive = archive
        self.reader = reader
        self.name = name
        self.clock = clock

    def of_pass(self, run: Run, capture: str, seconds: float = BEFORE_SETTLING) -> int:
        """Reads what a pass brought that its alerts may speak of, before it is settled. How many pictures were read."""
        came = {
            normalise(seen.url): seen
            for seen in run.attachments.values()
            if seen.reading == "present" and seen.capture and _may_show_tables(seen)
        }
        if not came or not capture or not self._told_baseline(run.job.portal.name):
            return 0
        wanted = [
            Picture(seen.sha256, seen.media_type, url, f"{capture}#{seen.capture}")
            for url, seen in came.items()
            if url in self._without_tables(run, came)
        ]
        return self._read(wanted, seconds)

    def catch_up(
        self,
        portal: str,
        seconds: float = AFTERWARDS,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> int:
        """Reads what nobody read yet, the latest reports first. How many pictures were read."""
        rows = self.store.rows(
            f"SELECT a.sha256, a.media_type, a.url, a.archive_ref {_WAITING} AND r.portal = :portal ORDER BY r.year DESC, a.id",
            {"portal": portal, "reader": self.name, "first": _FIRST_YEAR, "least": _LEAST_BYTES},
        )
        pictures = {
            row["sha256"]: Picture(row["sha256"], row["media_type"], row["url"], row["archive_ref"]) for row in rows
        }
        return self._read(pictures.values(), seconds, lambda done: progress(done, len(pictures)))

    def _told_baseline(self, portal: str) -> bool:
        """Whether the portal's reports are told one by one by now."""
        row = self.store.row("SELECT 1 FROM events WHERE kind = 'baseline' AND portal = ?", (portal,))
        return row is not None

    def _without_tables(self, run: Run, came: dict[str, AttachmentRead]) -> set[str]:
        """Addresses of those pictures that belong to reports which have their tables nowhere else."""
        wanted = set()
        for page in run.pages.values():
            for seen in page.reports:
                report = seen.report
                if report is None or (report.year is not None and report.year < _FIRST_YEAR):
                    continue
                urls = {normalise(item.url) for item in report.attachments} & came.keys()
                if urls and not _has_tables(report.text):
                    wanted |= urls
        rows = self.store.rows(
            f"""SELECT a.url FROM reports r JOIN attachments a ON a.version = r.current_version
            WHERE r.portal = :portal AND a.url IN (SELECT value FROM json_each(:urls)) AND {_WITHOUT_TABLES}""",  # noqa: S608
            {
                "portal": run.job.portal.name,
                "first": _FIRST_YEAR,
                "urls": msgspec.json.encode(list(came)).decode(),
            },
        )
        return wanted | {row["url"] for row in rows}

    def _read(
        self, pictures: Iterable[Picture], seconds: float, progress: Callable[[int], None] = lambda _done: None
    ) -> int:
        end = time.monotonic() + seconds
        done = 0
        for picture in self._unread(pictures):
            if time.monotonic() >= end:
                log.info("%s and others: no time left to recognise them in this pass", picture.url)
                break
            try:
                body = read_capture(self.archive, picture.ref).body
            except ArchiveError as error:
                log.warning("%s: %s", picture.url, error)
                continue
            found = self.reader.read(body, picture.media_type, picture.url)
            self._keep(picture, found)
            done += 1
            progress(done)
        return done

    def _unread(self, pictures: Iterable[Picture]) -> Iterator[Picture]:
        for picture in pictures:
            known = self.store.row(
                "SELECT 1 FROM picture_readings WHERE sha256 = ? AND reader = ?", (picture.sha256, self.name)
            )
            if known is None:
                yield picture

    def _keep(self, picture: Picture, found: Recognised) -> None:
        """The reading, and in the same transaction the note that figures of versions with that picture are out of date."""
        values: Row = {
            "sha256": picture.sha256,
            "reader": self.name,
            "blocks": encode(found.blocks),
            "problem": found.problem[:500],
            "read_at": self.clock(),
        }
        with self.store.transaction():
            self.store.run(
                """INSERT OR REPLACE INTO picture_readings (sha256, reader, blocks, problem, read_at)
                VALUES (:sha256, :reader, :blocks, :problem, :read_at)""",
                values,
            )
            self.store.run(
                "UPDATE versions SET figures_by = '' WHERE id IN (SELECT version FROM attachments WHERE sha256 = ?)",
                (picture.sha256,),
            )


def _may_show_tables(seen: AttachmentRead) -> bool:
    shown = bool(seen.pixels) if not seen.text else without_marks(seen.text) != seen.text
    if not shown or not seen.sha256:
        return False
    return seen.size >= _LEAST_BYTES or seen.media_type not in PICTURES


def _has_tables(text: str) -> bool:
    """Whether all three national tables stand in a page's own text."""
    return {one.field.partition(".")[0] for one in figures.extract(text).figures} >= {"proactive", "requests", "review"}
