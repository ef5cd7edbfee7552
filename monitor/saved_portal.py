"""A portal file against pages that were saved with it: what reads differently than it did. No network.

In: a folder with an expected.json (`HOME/portals/saved/NAME`, or one of tests/portals) and a portal file as it says now. Out:
`Checked`: how much was tried, and a `Difference` for each thing that is not as expected.json has it.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from crawler import families
from crawler.families.base import ListPage, Step
from crawler.page.model import Hint
from crawler.portal import Portal
from crawler.scout import expected

EXPECTED = "expected.json"
_THIS_YEAR = 2026
"""For an expected.json that does not say in which year it was written."""
_TOLD = 200


class SavedPortalError(ValueError):
    """A folder that cannot be walked; the message is one line that names file and remedy."""


class Difference(msgspec.Struct, frozen=True):
    """Something that a saved page no longer yields, or yields now."""

    file: str
    what: str
    """The key of expected.json: `links`, `title`, `year`, …"""
    expected: str
    found: str


class Checked(msgspec.Struct, frozen=True):
    """What came of a folder."""

    sections: int
    reports: int
    differences: tuple[Difference, ...]


def folder_of(home: Path, name: str) -> Path:
    """Where a portal's saved pages lie in a home."""
    return home / "portals" / "saved" / name


def check_saved(folder: Path, portal: Portal) -> Checked:
    """Walks a folder. Raises SavedPortalError if it has no usable expected.json, or a page that that names is missing."""
    path = folder / EXPECTED
    try:
        wanted = json.loads(path.read_bytes())
        sections, reports = list(wanted.get("sections", [])), list(wanted.get("reports", []))
        this_year = int(wanted.get("this_year", _THIS_YEAR))
    except OSError as error:
        raise SavedPortalError(
            f"{path}: {error.strerror}; pages are saved by `nianbao portals add`, with --replace for a portal that is there already"
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise SavedPortalError(
            f"{path}: not the form of saved pages: {error}; remove the folder, or mend the file"
        ) from None
    walk = _Walk(folder, portal, this_year)
    try:
        for entry in sections:
            walk.section(entry)
        for entry in reports:
            walk.report(entry)
    except OSError as error:
        raise SavedPortalError(f"{folder}: {error.filename}: {error.strerror}; {EXPECTED} names it") from None
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SavedPortalError(f"{path}: an entry cannot be read: {type(error).__name__}: {error}") from None
    return Checked(len(sections), len(reports), tuple(walk.differences))


class _Walk:
    """One folder, as far as it was walked."""

    def __init__(self, folder: Path, portal: Portal, this_year: int) -> None:
        self._folder, self._portal, self._this_year = folder, portal, this_year
        self.differences: list[Difference] = []

    def _body(self, entry: dict[str, Any]) -> bytes:
        name = entry["file"]
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a file in that folder")
        body: bytes = (self._folder / name).read_bytes()
        return body

    def section(self, entry: dict[str, Any]) -> None:
        """A list page, and the pages that it leads to."""
        step = families.get(self._portal.family).first(entry["url"])
        self._list(entry, msgspec.structs.replace(step, number=entry.get("number", step.number)), None)

    def _list(self, entry: dict[str, Any], step: Step, before: ListPage | None) -> None:
        page = expected.read_list(self._portal, entry, self._body(entry), step, self._this_year, before)
        said = expected.list_says(page)
        for key in ("links", "next", "columns"):
            self._compare(entry, key, entry.get(key, []), said[key])
        for key in ("expected", "pages", "refresh"):
            if key in entry:
                self._compare(entry, key, entry[key], said.get(key))
        problem = said.get("problem", "")
        if (entry.get("problem", "") not in problem) or (problem and "problem" not in entry):
            self._compare(entry, "problem", entry.get("problem", ""), problem)
        then = entry.get("then") or []
        then = then if isinstance(then, list) else [then]
        for following, step_on in zip(then, page.next, strict=False):
            if following is not None:
                section = entry.get("section") or entry.get("url") or step.url
                self._list({"section": section, **following}, step_on, page)

    def report(self, entry: dict[str, Any]) -> None:
        """A report page, read with what the list said of it and without."""
        body = self._body(entry)
        place = entry.get("part", 0)
        for how, hint, wanted in (
            ("", expected.hint_of(entry), entry),
            (" (without its list)", Hint(), {**entry, **entry.get("bare", {})}),
        ):
            page = expected.read_report(self._portal, entry, body, hint)
            if place >= len(page.reports):
                self._compare(entry, f"reports{how}", place + 1, f"{len(page.reports)}: {page.state} {page.marker}")
                continue
            said = expected.report_says(page.reports[place])
            for key, value in said.items():
                if key in wanted:
                    self._compare(entry, f"{key}{how}", _plain(wanted[key]), _plain(value))

    def _compare(self, entry: dict[str, Any], what: str, wanted: Any, found: Any) -> None:
        if what == "links":
            wanted = sorted(wanted, key=lambda link: str(link["url"]))
            for one in (link for link in wanted if link not in found):
                self._differ(
                    entry, "link", one, next((link for link in found if link["url"] == one["url"]), "not listed")
                )
            known = {link["url"] for link in wanted}
            for one in (link for link in found if link["url"] not in known):
                self._differ(entry, "link", "not listed", one)
        elif wanted != found:
            self._differ(entry, what, wanted, found)

    def _differ(self, entry: dict[str, Any], what: str, wanted: Any, found: Any) -> None:
        self.differences.append(Difference(entry["file"], what, _short(wanted), _short(found)))


def _plain(value: Any) -> Any:
    """Texts are compared without white space: a page's own line breaks say nothing."""
    return "".join(value.split()) if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…"


__all__ = ["EXPECTED", "Checked", "Difference", "SavedPortalError", "check_saved", "folder_of"]
