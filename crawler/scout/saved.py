"""The pages behind a proposal, as a test of the portal file: files and an expected.json that says what they must yield.

In: the proposal, the sections' lists and the reports that were read. Out: `SavedFile`s. The bytes are those that answered;
what they must yield is computed from them once more (`crawler.scout.expected`), as whoever tries an edit will. Pure.
"""

import json
from typing import Any

from crawler.fetching import Answer
from crawler.page.model import Hint
from crawler.portal import Portal
from crawler.scout import expected
from crawler.scout.found import Candidate
from crawler.scout.lists import PageOfList
from crawler.scout.samples import Sample
from crawler.scout.survey_model import SavedFile

EXPECTED = "expected.json"
_LARGEST = 2_000_000
_MOST = 12_000_000
"""Bytes of one page, and of all."""


class _Folder:
    """Files of one portal, each under a name of its own."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self._names: dict[int, str] = {}

    def take(self, stem: str, answer: Answer) -> str:
        """The name under which an answer is kept; "" if it is too large for that."""
        if (known := self._names.get(id(answer))) is not None:
            return known
        if len(answer.body) > _LARGEST or sum(map(len, self.files.values())) + len(answer.body) > _MOST:
            return ""
        suffix = _suffix(answer)
        name, number = f"{stem}.{suffix}", 1
        while name in self.files:
            number += 1
            name = f"{stem}_{number}.{suffix}"
        self.files[name] = answer.body
        self._names[id(answer)] = name
        return name


def _suffix(answer: Answer) -> str:
    start = answer.body[:400].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, suffix in (
        (b"%pdf", "pdf"),
        (b"{\\rtf", "rtf"),
        (b"{", "json"),
        (b"[", "json"),
        (b"pk\x03\x04", "docx"),
        (b"\xd0\xcf", "doc"),
    ):
        if start.startswith(mark):
            return suffix
    return "xml" if start.startswith((b"<?xml", b"<datastore")) and b"<html" not in start else "html"


def saved_pages(
    portal: Portal, chosen: tuple[Candidate, ...], read: tuple[Sample, ...], this_year: int
) -> tuple[SavedFile, ...]:
    """The files. What cannot be kept is left out of expected.json too."""
    folder = _Folder()
    sections = [entry for one in chosen for entry in _section(folder, portal, one, this_year)]
    reports = [entry for one in read for entry in _reports(folder, portal, one)]
    said = {"this_year": this_year, "sections": sections, "reports": reports}
    text = json.dumps(said, ensure_ascii=False, indent=2) + "\n"
    return (*(SavedFile(name, body) for name, body in folder.files.items()), SavedFile(EXPECTED, text.encode()))


def _section(folder: _Folder, portal: Portal, candidate: Candidate, this_year: int) -> list[dict[str, Any]]:
    """A section's first page with the one after it, and the first of its year columns."""
    pages = candidate.read.pages
    found = [_chain(folder, portal, candidate.url, pages, this_year)]
    column = next((one for one in pages[1:] if one.year is not None), None)
    if column is not None:
        found.append(_chain(folder, portal, column.answer.url, [column], this_year))
    return [entry for entry in found if entry]


def _chain(folder: _Folder, portal: Portal, url: str, pages: list[PageOfList], this_year: int) -> dict[str, Any]:
    first = pages[0]
    entry = _entry(folder, "section", first)
    if not entry:
        return {}
    entry["url"] = url
    if first.year is not None:
        entry["year"] = first.year
    page = expected.read_list(portal, entry, first.answer.body, first.step, this_year)
    entry |= expected.list_says(page)
    then: list[dict[str, Any] | None] = [None] * len(page.next)
    for place, step in enumerate(page.next):
        following = next((one for one in pages[1:] if one.year is None and one.step == step), None)
        further = _entry(folder, "section_next", following) if following is not None else {}
        if following is not None and further:
            if following.answer.url != step.url:
                further["url"] = following.answer.url
            again = expected.read_list(
                portal, {**further, "section": url}, following.answer.body, step, this_year, page
            )
            then[place] = further | expected.list_says(again)
    if any(then):
        entry["then"] = then
    return entry


def _entry(folder: _Folder, stem: str, one: PageOfList) -> dict[str, Any]:
    name = folder.take(stem, one.answer)
    return {"file": name, **_content_type(one.answer)} if name else {}


def _content_type(answer: Answer) -> dict[str, str]:
    """The header of an answer, where it says more than `text/html`."""
    header = answer.header("Content-Type")
    return {"content_type": header} if header and header != expected.HTML else {}


def _reports(folder: _Folder, portal: Portal, sample: Sample) -> list[dict[str, Any]]:
    """An entry for each report on a page, with what the page says without the list's help."""
    if not sample.page.reports:
        return []
    name = folder.take("report", sample.answer)
    if not name:
        return []
    head = {"file": name, "url": sample.answer.url, **_content_type(sample.answer)}
    page = expected.read_report(portal, head, sample.answer.body, sample.hint)
    bare = expected.read_report(portal, head, sample.answer.body, Hint())
    found = []
    for place, report in enumerate(page.reports):
        said = expected.report_says(report)
        entry = {**head, **said}
        hint = {"title": sample.hint.title, "date": sample.hint.date, "year": sample.hint.year}
        if sample.hint != Hint(said["title"], said["published_on"]):
            entry["hint"] = {key: value for key, value in hint.items() if value}
        if len(page.reports) > 1:
            entry["part"] = place
        alone = expected.report_says(bare.reports[place]) if place < len(bare.reports) else None
        if alone is not None and alone != said:
            entry["bare"] = {key: value for key, value in alone.items() if value != said[key]}
        found.append(entry)
    return found
