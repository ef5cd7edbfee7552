"""Attachments' text as it is extracted today: the monitor's one use of the document readers.

In: an attachment as a version holds it. Out: the same with the text that today's extractor finds in its stored bytes.
What cannot be read any more keeps the text last read: bytes that did not change have not lost their words.
"""

from pathlib import Path

import msgspec

from crawler.documents.extractor import Extractor
from crawler.page.model import PageFinding
from monitor.archive import ArchiveError, read_capture
from monitor.versions import EXTRACTOR, GONE, Held


class Extracted(msgspec.Struct, frozen=True):
    """An attachment after its stored bytes were asked again."""

    held: Held
    findings: tuple[PageFinding, ...] = ()
    problem: str = ""
    """Why its stored bytes could not be asked; then `held` is as it was."""


def outdated(held: Held) -> bool:
    """Whether its text was extracted by another extractor than today's, from bytes that are stored."""
    return held.extractor != EXTRACTOR and held.sha256 not in ("", GONE) and bool(held.archive_ref)


def extract_again(archive: Path, held: Held, documents: Extractor) -> Extracted:
    """Reads the stored bytes of an attachment anew, in the child process. Raises nothing: `problem` tells."""
    try:
        capture = read_capture(archive, held.archive_ref)
    except ArchiveError as error:
        return Extracted(held, problem=str(error))
    read = documents.extract(capture.body, capture.content_type, held.url)
    return Extracted(
        msgspec.structs.replace(
            held,
            text=read.text or held.text,
            pixels=read.pixels or held.pixels,
            media_type=read.media_type or held.media_type,
            extractor=EXTRACTOR,
        ),
        read.findings,
    )
