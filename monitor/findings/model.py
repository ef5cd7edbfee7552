"""What is checked and what a check says, as frozen values."""

from typing import NamedTuple

import msgspec

from crawler.page.model import Severity
from monitor.figures import Figures

SURE = 0.9
"""Confidence from which a recognised figure is taken at its word. One below is as good as a blank: nothing rests on it."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that does not add up. `rule` and `place` tell it from the report's others."""

    rule: str
    severity: Severity
    detail: str
    """One line of Chinese for alerts: place and figures."""
    place: str = ""
    """表三 总计, 正文 一、总体情况."""
    fields: tuple[str, ...] = ()
    """Codes of the figures that it is about."""


class Subject(msgspec.Struct, frozen=True):
    """A report, as far as its findings depend on it."""

    text: str
    """In the form of `crawler.page.text`."""
    year: int | None
    figures: Figures = Figures()
    names: tuple[str, ...] = ()
    """Its organ's, the present one first."""
    published_on: str = ""
    """YYYY-MM-DD or empty."""
    has_files: bool = False
    """It links a document or shows a picture: a table that its text lacks may stand there."""


class Earlier(NamedTuple):
    """The same organ's report of the year before."""

    year: int
    figures: Figures
    text: str = ""


def values_of(figures: Figures) -> dict[str, float]:
    """By field: the values that findings may rest on."""
    return {one.field: one.value for one in figures.figures if one.value is not None and one.confidence >= SURE}


def number(value: float) -> str:
    """A value as people write it: `12`, `380.5`."""
    return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0")
