"""Reads what a run was asked, writes what it saw.

In: a folder with job.json and known.jsonl. Out: observations.jsonl, capture.warc.gz and sections.warc while the pass goes
on, run.json last (temporary file, fsync, rename), after the others were synced: where run.json stands, they are whole.

What lists say is spooled as it comes, uncompressed: whether a pass says something that rests on it is known only when it
is settled (monitor.archive keeps it then), and nearly every pass says nothing.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from crawler.observation import (
    CAPTURE,
    JOB,
    KNOWN,
    OBSERVATIONS,
    RUN,
    SECTIONS,
    Job,
    KnownPage,
    Limits,
    Observation,
    RunSummary,
)
from crawler.warc import Exchange, WarcWriter

__all__ = ["Exchange", "Known", "RunFolderError", "RunWriter", "Sink", "read_job", "write_known"]

_FLUSH_EVERY = 50

_encode = msgspec.json.Encoder().encode
_decode_known = msgspec.json.Decoder(KnownPage).decode


class RunFolderError(ValueError):
    """A run folder that cannot be used; the message names file and cause."""


class Sink(Protocol):
    """Where observations and captures go."""

    def tell(self, observation: Observation) -> None:
        """Records one observation."""

    def capture(self, exchange: Exchange) -> str:
        """Keeps a response; the place where it stands."""

    def capture_list(self, exchange: Exchange) -> str:
        """Keeps a section's response until the pass is settled; the place where it stands, "" if it is not kept."""


def read_job(folder: Path) -> Job:
    """The folder's job.json. Raises RunFolderError."""
    path = folder / JOB
    try:
        return msgspec.json.decode(path.read_bytes(), type=Job)
    except OSError as error:
        raise RunFolderError(f"{path}: {error.strerror}") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise RunFolderError(f"{path}: {error}") from None


class Known:
    """The pages of known.jsonl, in order and by address; read from disk when asked for, so that memory holds only
    their places."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO | None = None
        self._path = path

    def __iter__(self) -> Iterator[KnownPage]:
        for _, page in self.placed():
            yield page

    def placed(self) -> Iterator[tuple[int, KnownPage]]:
        """Pages with their places (for `at`). Raises RunFolderError for a broken line."""
        if not self._path.exists():
            return
        with self._path.open("rb") as lines:
            place = 0
            for line in lines:
                if line.strip():
                    yield place, self._parse(line)
                place += len(line)

    def at(self, place: int) -> KnownPage:
        """The page at a place that `placed` gave."""
        if self._file is None:
            self._file = self._path.open("rb")
        self._file.seek(place)
        return self._parse(self._file.readline())

    def _parse(self, line: bytes) -> KnownPage:
        try:
            return _decode_known(line)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise RunFolderError(f"{self._path}: {error}") from None

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()


class RunWriter:
    """Appends to one run's folder. Not for a folder that has a run.json: that pass is over (raises RunFolderError)."""

    def __init__(self, folder: Path, section_bytes: int = Limits().section_bytes) -> None:
        if (folder / RUN).exists():
            raise RunFolderError(f"{folder / RUN}: this pass is over; a new one needs a new folder")
        self._folder = folder
        # A pass that was killed before is begun anew: nothing in its files counts.
        self._observations: BinaryIO = (folder / OBSERVATIONS).open("wb")
        self._capture: BinaryIO = (folder / CAPTURE).open("wb")
        self._warc = WarcWriter(self._capture, CAPTURE, gzip=True)
        self._sections: BinaryIO = (folder / SECTIONS).open("wb")
        self._lists = WarcWriter(self._sections, gzip=False)
        self._section_bytes = section_bytes
        self._lines = 0
        self.closed = False

    def tell(self, observation: Observation) -> None:
        """Appends one observation."""
        self._observations.write(_encode(observation) + b"\n")
        self._lines += 1
        # The first lines go out one by one: a pass that is killed then shows that the portal answered.
        if self._lines < _FLUSH_EVERY or self._lines % _FLUSH_EVERY == 0:
            self._observations.flush()

    def capture(self, exchange: Exchange) -> str:
        """Appends a response and its request; the offset of the response's record."""
        return str(self._warc.append(exchange))

    def capture_list(self, exchange: Exchange) -> str:
        """Appends a section's response and its request to the spool; the offset of the response's record, or "" once
        the spool holds as much as a pass may keep."""
        if self._sections.tell() + len(exchange.body) > self._section_bytes:
            return ""
        return str(self._lists.append(exchange))

    def finish(self, summary: RunSummary) -> None:
        """Syncs both files and writes run.json; nothing can be told afterwards."""
        if self.closed:
            return
        for file in (self._observations, self._capture, self._sections):
            file.flush()
            os.fsync(file.fileno())
            file.close()
        self.closed = True
        summary = msgspec.structs.replace(summary, files=_digests(self._folder))
        temporary = self._folder / f".{RUN}.tmp"
        with temporary.open("wb") as file:
            file.write(_encode(summary))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._folder / RUN)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _digests(folder: Path) -> dict[str, str]:
    digests = {}
    for name in (JOB, OBSERVATIONS, CAPTURE, SECTIONS):
        if (folder / name).exists():
            with (folder / name).open("rb") as file:
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def write_known(folder: Path, pages: Iterable[KnownPage]) -> None:
    """Writes known.jsonl (the monitor and the tests do)."""
    with (folder / KNOWN).open("wb") as file:
        file.writelines(_encode(page) + b"\n" for page in pages)
