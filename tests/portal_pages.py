"""The saved pages of the built-in portals, and what `tests/portals/NAME/expected.json` may say of them.

`sections`: list pages.
    file, url, number, year, content_type     the saved answer, and what it was asked for
    links, next, columns, refresh, problem, expected, pages     what `ListPage` must hold; `next` as addresses, of which
        one without `?` is compared by its path; `problem` is a part of the sentence
    sends     for each of `next`, fields that its form, JSON body or query must hold
    then      the answers to `next`: one, or a list of them (null: not saved), each like a section
`reports`: pages that hold a report, read with what the list said of it (`hint`; title and date unless it says more) and
    without (`bare` says what differs then).
    file, url, content_type, part     the saved page; `part` counts the reports of a page that holds several
    title, organ, year, source, published_on, first, last, tables, attachments, findings     what `Report` must hold
    figures, form, problems     what is read from its tables; null is a cell without a value, {} no figure at all
    same_as     another saved page that must have the same text
`pages`: what else a link may lead to: file, url, status, content_type, state, marker, refresh.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from crawler import families
from crawler.families.base import Step
from crawler.portal import BUILT_IN, Portal, parse_portal

PORTALS = sorted(path.stem for path in BUILT_IN.glob("*.toml"))
SAVED = Path(__file__).parent / "portals"

_ANSWER = frozenset(
    {"file", "url", "content_type", "links", "next", "columns", "refresh", "problem", "expected", "pages"}
)
KEYS = {
    "sections": _ANSWER | {"number", "year", "sends", "then"},
    "reports": frozenset(
        {
            "file",
            "url",
            "content_type",
            "part",
            "hint",
            "bare",
            "title",
            "organ",
            "year",
            "source",
            "published_on",
            "first",
        }
        | {"last", "tables", "attachments", "findings", "figures", "form", "problems", "same_as"}
    ),
    "pages": frozenset({"file", "url", "status", "content_type", "state", "marker", "refresh"}),
}


class Case(msgspec.Struct, frozen=True):
    """A saved page: of which portal, and what it must yield."""

    portal: str
    what: dict[str, Any]

    def __str__(self) -> str:
        part = f"-{self.what['part']}" if "part" in self.what else ""
        return f"{self.portal}-{self.what['file']}{part}"

    @property
    def body(self) -> bytes:
        return (SAVED / self.portal / str(self.what["file"])).read_bytes()


@cache
def source_of(name: str) -> str:
    """A built-in portal file's text."""
    return (BUILT_IN / f"{name}.toml").read_text("utf-8")


@cache
def load(name: str) -> Portal:
    """A built-in portal."""
    return parse_portal(name, source_of(name), families.names())


@cache
def expected(name: str) -> dict[str, Any]:
    """What a portal's saved pages must yield; empty where there are none."""
    path = SAVED / name / "expected.json"
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def files_of(wanted: Any) -> set[str]:
    """The files that an `expected.json` names, at any depth."""
    if isinstance(wanted, list):
        return {file for item in wanted for file in files_of(item)}
    if isinstance(wanted, dict):
        inside = {file for item in wanted.values() for file in files_of(item)}
        return inside | ({wanted["file"]} if "file" in wanted else set())
    return set()


def same_address(step: Step, wanted: str) -> str:
    """The step's address in the words of `wanted`: without its query where that has none."""
    return step.url if "?" in wanted else step.url.partition("?")[0]


def sent(step: Step) -> dict[str, str]:
    """What a step sends: its form, its JSON body, its query."""
    fields = dict(parse_qsl(urlsplit(step.url).query, keep_blank_values=True)) | dict(step.form or ())
    body = json.loads(step.json) if step.json else None
    return fields | ({key: str(value) for key, value in body.items()} if isinstance(body, dict) else {})
