"""Reports of a run folder whose texts stay on disk: a first pass brings more of them than memory should hold.

In: a line of observations.jsonl and its place. Out: the page that it tells of, each report on it without its text, which is read
again from the same place whenever somebody asks for it.
"""

import zlib
from pathlib import Path
from typing import Any

import msgspec

from crawler.observation import PageRead, ReportSeen
from crawler.page.model import Report

_RECENT = 4
"""Pages whose texts are held; the same report is asked for several times in a row."""
_decode = msgspec.json.Decoder(PageRead, strict=True).decode


class TextError(RuntimeError):
    """A line of observations.jsonl is not what it was a moment ago."""


class Texts:
    """The texts of one run's reports."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._recent: dict[int, tuple[str, ...]] = {}

    def of(self, place: int, check: int) -> tuple[str, ...]:
        """Of the reports on the page that is told at a place. Raises OSError, TextError."""
        texts = self._recent.pop(place, None)
        if texts is None:
            with self._path.open("rb", buffering=0) as file:
                file.seek(place)
                line = file.read(check >> 32)
            if check != _check(line):
                raise TextError(f"{self._path}: byte {place}: is not what it was; the disk may be failing")
            seen = _decode(line).reports
            texts = tuple(one.report.text if one.report is not None else "" for one in seen)
            while len(self._recent) >= _RECENT:
                del self._recent[next(iter(self._recent))]
        self._recent[place] = texts
        return texts


class ReportOnDisk(Report, frozen=True, kw_only=True):
    """A report without its text. What copies it field by field (msgspec.structs) finds none: take `whole` first."""

    texts: Texts
    place: int
    """Of its page's line."""
    check: int
    """Length and checksum of that."""
    index: int
    """Among the page's reports."""

    @property  # type: ignore[misc]  # the field itself holds nothing
    def text(self) -> str:
        return self.texts.of(self.place, self.check)[self.index]


def whole(report: Report) -> Report:
    """The same with its text, to be compared and written, and let go."""
    return Report(**{field: getattr(report, field) for field in Report.__struct_fields__})


def on_disk(page: PageRead, texts: Texts, place: int, line: bytes) -> PageRead:
    """The page that a line tells of, its reports without their texts."""
    if all(seen.report is None for seen in page.reports):
        return page
    check = _check(line)
    return msgspec.structs.replace(
        page,
        reports=tuple(
            seen if seen.report is None else _without_text(seen, seen.report, texts, place, check, index)
            for index, seen in enumerate(page.reports)
        ),
    )


def _without_text(seen: ReportSeen, report: Report, texts: Texts, place: int, check: int, index: int) -> ReportSeen:
    fields: dict[str, Any] = {field: getattr(report, field) for field in Report.__struct_fields__}
    fields["text"] = None
    fields["text_hash"] = seen.text_hash if seen.text_hash == report.text_hash else report.text_hash
    fields["attachments"] = seen.attachments if seen.attachments == report.attachments else report.attachments
    kept = ReportOnDisk(**fields, texts=texts, place=place, check=check, index=index)
    return ReportSeen(seen.text_hash, kept, seen.attachments)


def _check(line: bytes) -> int:
    return len(line) << 32 | zlib.crc32(line)
