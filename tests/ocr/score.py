"""How well a report's pictures were read, by its figures: from bytes to code and value, end to end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from crawler.page.text import Block
from monitor.figures.national import extract_blocks
from monitor.ocr.cells import DOUBT
from tests.ocr.pictures import Report

Read = Callable[[bytes, str], Sequence[Block]]
_DASHES = str.maketrans("－—", "--")


@dataclass
class Score:
    """Cells of one or more reports."""

    pictures: int = 0
    cells: int = 0
    right: int = 0
    """As printed: the value, or for a cell without one its mark."""
    doubtful: int = 0
    """Flagged: confidence below 0.9, or no figure at all, which is a problem that staff see."""
    wrong: int = 0
    """Not right and not flagged."""
    extra: int = 0
    """Figures that the pictures do not have."""
    seconds: float = 0.0
    missed: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Takes another score in."""
        for name in ("pictures", "cells", "right", "doubtful", "wrong", "extra", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.missed += other.missed

    def share(self, name: str) -> float:
        return 100.0 * float(getattr(self, name)) / max(1, self.cells)


def score(report: Report, read: Read) -> Score:
    """Reads a report's pictures and compares its figures with the truth."""
    blocks = [block for body, media_type in report.pictures for block in read(body, media_type)]
    found = extract_blocks(blocks, "ocr").by_field()
    made = Score(len(report.pictures), len(report.truth), extra=len(found.keys() - report.truth.keys()))
    for code, (value, raw) in report.truth.items():
        one = found.get(code)
        flagged = one is None or one.confidence < DOUBT
        right = one is not None and one.value == value and (value is not None or _mark(one.raw) == _mark(raw))
        made.right += right
        made.doubtful += flagged
        made.wrong += not right and not flagged
        if not right:
            made.missed.append(
                f"{code}: {raw!r} read as {one.raw!r}, {one.confidence:.2f}" if one else f"{code}: {raw!r} not read"
            )
    return made


def _mark(raw: str) -> str:
    return raw.translate(_DASHES).strip()
