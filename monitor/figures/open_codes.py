"""What a report says in figures outside the three national tables: indicators of old forms, and numbers in prose. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from crawler.page.text import Block
from monitor.figures import indicators, prose
from monitor.figures.model import Figure, Problem, Source


class Part(NamedTuple):
    """The page itself (`url` empty), or what an attachment lends."""

    source: Source
    url: str
    blocks: Sequence[Block]


def indicators_of(parts: Iterable[Part], year: int | None) -> indicators.Found:
    """The indicators of the first part that has some; the problems of the first that has any, if none has."""
    problems: tuple[Problem, ...] = ()
    for part in parts:
        found = indicators.extract(part.blocks, year, part.source)
        if found.figures:
            return indicators.Found(tuple(_placed(found.figures, part)), found.problems)
        problems = problems or found.problems
    return indicators.Found((), problems)


def prose_of(parts: Iterable[Part], year: int | None, organs: Sequence[str]) -> tuple[Figure, ...]:
    """The figures in the running text of the first part that has some. What was recognised in a picture is no text."""
    for part in parts:
        if part.source != "ocr" and (told := prose.read(part.blocks, year, organs)).told:
            return tuple(_placed(told.figures, part))
    return ()


def _placed(figures: Iterable[Figure], part: Part) -> Iterable[Figure]:
    return (msgspec.structs.replace(one, url=part.url) for one in figures) if part.url else figures
