"""Reads the further parts of an article that is split over several pages: the first part's judgement → the whole one's.

Which they are, and whether an answer is one, says `crawler.page.parts`. An article is read whole or not at all: while a part
that was read before is blocked, unreachable or gone, the page says nothing about its report, as a page that is cut off. A part
that the record calls confirmed gone, or that was never read, is left out. Unchanged: a request and a hash for each part.
"""

from collections.abc import Mapping
from typing import Protocol

import msgspec

from crawler.fetching import Answer, Fetcher
from crawler.observation import KnownPage, KnownPart, PartRead, Reading
from crawler.page.address import normalise, twin_of
from crawler.page.model import Fetched, Hint, Page, PagePart

_GONE = (404, 410)


class Reader(Protocol):
    """Reads a page that is the first of an article, with the answers of its further parts."""

    def __call__(self, answer: Answer, hint: Hint, further: Mapping[str, Fetched]) -> Page | None:
        """None if it cannot be parsed."""


class Whole(msgspec.Struct):
    """What an article turned out to be, beside what its first part said. `failure` empty: it was read whole."""

    page: Page | None
    parts: tuple[PartRead, ...] = ()
    answers: dict[str, Answer] = {}
    """By part, to be captured."""
    failure: Reading | None = None
    marker: str = ""


class Articles:
    """Reads further parts for one pass."""

    def __init__(self, fetcher: Fetcher, read: Reader) -> None:
        self._fetcher = fetcher
        self._read = read

    async def unchanged(self, known: KnownPage) -> Whole | None:
        """The parts of a page whose first part is unchanged; None: one of them is not, and the article must be read."""
        told = []
        for place, part in enumerate(known.parts, 2):
            answer = await self._ask(part.url, part)
            if answer.failure or answer.status >= 500:
                return Whole(None, failure=answer.failure or "unreachable", marker=_marker(place, answer))
            same = answer.status == 304 or (answer.status == 200 and answer.body_hash == part.body_hash)
            if part.gone and answer.status in _GONE:
                told.append(PartRead(part.url, "gone"))
            elif same and not part.gone and _stayed(part.url, answer):
                told.append(PartRead(part.url, "same"))
            else:
                return None
        return Whole(None, tuple(told))

    async def whole(self, first: Answer, page: Page, known: KnownPage | None, hint: Hint) -> Whole:
        """The article that `page` begins, read to its end."""
        answers: dict[str, Answer] = {}
        fetched: dict[str, Fetched] = {}
        render = first.request is not None and "render" in first.request.meta
        while todo := [part.url for part in page.parts if part.url not in answers]:
            for url in todo:
                answer = answers[url] = await self._ask(url, None, render)
                if not answer.failure:
                    fetched[url] = Fetched(answer.url, answer.status, answer.header("Content-Type"), answer.body)
            again = self._read(first, hint, fetched)
            if again is None or again.state != "present":
                return Whole(again, failure="unreachable", marker="unreadable")
            page = again
        return self._judge(page, answers, {part.url: part for part in known.parts} if known is not None else {})

    def _judge(self, page: Page, answers: dict[str, Answer], before: dict[str, KnownPart]) -> Whole:
        told = []
        failure: tuple[Reading, str] | None = None
        for place, part in enumerate(page.parts, 2):
            answer, known = answers[part.url], before.get(part.url)
            reading = _reading(part, answer)
            if reading == "present":
                steady = _stayed(part.url, answer)
                etag, modified = (answer.header(name) if steady else "" for name in ("ETag", "Last-Modified"))
                told.append(PartRead(part.url, "present", etag, modified, answer.body_hash))
                continue
            marker = _marker(place, answer, part.marker)
            if reading in ("blocked", "unreachable"):
                failure = failure or (reading, marker)
                continue
            digest = answer.body_hash if answer.response is not None else ""
            told.append(PartRead(part.url, "gone", body_hash=digest, marker=marker))
            if known is not None and not known.gone:
                failure = failure or ("unreachable", marker)
        if failure is not None:
            return Whole(page, tuple(told), answers, *failure)
        return Whole(page, tuple(told), answers)

    async def _ask(self, url: str, known: KnownPart | None, render: bool = False) -> Answer:
        etag, modified = (known.etag, known.last_modified) if known is not None else ("", "")
        return await self._fetcher.fetch(url, etag=etag, last_modified=modified, render=render)


def _reading(part: PagePart, answer: Answer) -> Reading:
    return answer.failure or part.state or "unreachable"


def _marker(place: int, answer: Answer, said: str = "") -> str:
    return f"part {place}: {answer.marker or said or f'status {answer.status}'}"


def _stayed(url: str, answer: Answer) -> bool:
    return answer.url == url or normalise(answer.url) == url or twin_of(answer.url) == twin_of(url)
