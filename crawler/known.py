"""What a pass knew before it began, found by address. Memory: about a hundred bytes a page."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from crawler.observation import KnownPage
from crawler.page.address import normalise
from crawler.run_folder import Known


def key_of(url: str) -> int:
    """A short key of an address in its one spelling. 64 bits: no two of a portal's addresses meet."""
    try:
        spelled = normalise(url)
    except (ValueError, UnicodeError):
        spelled = url
    return int.from_bytes(hashlib.blake2b(spelled.encode("utf-8", "surrogatepass"), digest_size=8).digest())


class KnownPages:
    """The pages of known.jsonl: in order, and by address. Attachments apart. Raises RunFolderError for a broken file."""

    def __init__(self, path: Path | None) -> None:
        self._known = Known(path) if path is not None else None
        self._pages: dict[int, int] = {}
        self._attachments: dict[int, int] = {}
        self.missing = False
        """A report on one of them is missing."""
        self.due = 0
        """Pages that a pass over a sample reads."""
        for place, page in self._known.placed() if self._known else ():
            if page.role == "attachment" and not page.reports:
                self._attachments[key_of(page.url)] = place
            else:
                self._pages[key_of(page.url)] = place
                self.due += page.due
            self.missing |= page.missing

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, url: str) -> bool:
        return key_of(url) in self._pages

    def pages(self, only_missing: bool = False) -> Iterator[KnownPage]:
        """The pages to read again, read from disk one at a time. Section pages without a report are read as sections."""
        for page in self._known or ():
            if page.role == "attachment" and not page.reports:
                continue
            if (page.role == "section" and not page.reports) or (only_missing and not page.missing):
                continue
            yield page

    def page(self, url: str) -> KnownPage | None:
        """The known page at `url`."""
        return self._at(self._pages.get(key_of(url)))

    def attachment(self, url: str) -> KnownPage | None:
        """The known attachment at `url`; a report that is itself a document counts too."""
        key = key_of(url)
        return self._at(self._attachments.get(key, self._pages.get(key)))

    def _at(self, place: int | None) -> KnownPage | None:
        return self._known.at(place) if self._known is not None and place is not None else None

    def close(self) -> None:
        """Closes the file."""
        if self._known is not None:
            self._known.close()
