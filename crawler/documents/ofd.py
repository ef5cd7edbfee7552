"""OFD (GB/T 33190, the national fixed-layout format) → text with the grids of its ruled tables. Raises Unreadable.

A ZIP of XML: pages of text objects, paths and pictures at places in millimetres, y downwards, with page templates beneath.
Text objects come in any order, so lines are made by their places.
"""

import re
from collections.abc import Iterator
from typing import Any

from crawler.documents import model, pictures, printed, ruled
from crawler.documents.lines import paragraphs
from crawler.documents.model import Content, Unreadable, mark
from crawler.documents.package import Package, beside
from crawler.documents.printed import Line, Word
from crawler.documents.ruled import Rule

_POINTS = 72 / 25.4
"""A millimetre."""
_PATH = re.compile(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_ARGUMENTS = {"M": 2, "L": 2, "S": 2, "Q": 4, "B": 6, "A": 7, "C": 0}
_MAX_WORDS = 500_000
"""Characters and lines of one page."""


def read(body: bytes) -> Content:
    """All pages of all documents in the package, in order; pictures by their pixels."""
    package = Package(body)
    root = package.xml("OFD.xml")
    reader = _Reader(package)
    pages: list[list[Line]] = []
    size = 0
    for doc in _all(root, "DocRoot"):
        for page in reader.pages(beside("OFD.xml", (doc.text or "").strip())):
            pages.append(page)
            size += sum(len(line) for line in page if isinstance(line, str))
            if len(pages) > model.MAX_PAGES:
                raise Unreadable(f"more than {model.MAX_PAGES} pages")
            if size > model.MAX_TEXT:
                raise Unreadable(f"more than {model.MAX_TEXT} characters")
    return Content(tuple(paragraphs(printed.unpaged(pages))), tuple(reader.digests))


class _Page:
    """What is drawn on one page, in points, y downwards."""

    def __init__(self) -> None:
        self.words: list[Word] = []
        self.across: list[Rule] = []
        self.upright: list[Rule] = []
        self.pictures: list[str] = []

    def lines(self) -> list[Line]:
        tables = ruled.tables(self.across, self.upright, down=True)
        return [*printed.lines(_in_lines(self.words), tables), *map(mark, self.pictures)]


class _Reader:
    def __init__(self, package: Package) -> None:
        self._package = package
        self._media: dict[str, str] = {}
        self._known: dict[str, str] = {}
        self.digests: list[str] = []

    def pages(self, document: str) -> Iterator[list[Line]]:
        root = self._package.xml(document)
        self._media = {}
        for name in ("PublicRes", "DocumentRes"):
            for element in _all(root, name):
                self._resources(beside(document, (element.text or "").strip()))
        templates = {one.get("ID", ""): beside(document, one.get("BaseLoc", "")) for one in _all(root, "TemplatePage")}
        for listed in _all(root, "Pages"):
            for entry in listed:
                if _tag(entry) != "Page":
                    continue
                place = beside(document, entry.get("BaseLoc", ""))
                page = _Page()
                content = self._package.xml(place)
                for used in _all(content, "Template"):
                    if used.get("TemplateID", "") in templates:
                        self._draw(self._package.xml(templates[used.get("TemplateID", "")]), page)
                self._draw(content, page)
                yield page.lines()

    def _resources(self, name: str) -> None:
        if not self._package.holds(name):
            return
        root = self._package.xml(name)
        base = root.get("BaseLoc", "")
        for media in _all(root, "MultiMedia"):
            for file in _all(media, "MediaFile"):
                path = (file.text or "").strip()
                self._media[media.get("ID", "")] = beside(name, path if path.startswith("/") else f"{base}/{path}")

    def _draw(self, content: Any, page: _Page) -> None:
        for item in content.iter("{*}TextObject", "{*}PathObject", "{*}ImageObject"):
            if item.get("Visible", "true") == "false":
                continue
            box = _floats(item.get("Boundary", ""))
            if len(box) != 4:
                continue
            matrix = _floats(item.get("CTM", ""))
            matrix = matrix if len(matrix) == 6 else [1, 0, 0, 1, 0, 0]
            if _tag(item) == "TextObject":
                page.words.extend(_characters(item, box, matrix))
            elif _tag(item) == "PathObject":
                for shape in _shapes(item, box, matrix):
                    ruled.add_shape(shape, item.get("Stroke", "true") != "false", page.across, page.upright)
            else:
                self._picture(item, page)
            if len(page.words) + len(page.across) + len(page.upright) > _MAX_WORDS:
                raise Unreadable(f"more than {_MAX_WORDS} characters on a page")

    def _picture(self, item: Any, page: _Page) -> None:
        name = self._media.get(item.get("ResourceID", ""), "")
        if not self._package.holds(name):
            return
        if name not in self._known:
            self._known[name] = pictures.inner(self._package.read(name))
        self.digests.append(self._known[name])
        page.pictures.append(self._known[name])


def _characters(item: Any, box: list[float], matrix: list[float]) -> Iterator[Word]:
    """A text object's characters. A delta is the way to the next character; without one it is the size of the type."""
    size = _floats(item.get("Size", ""))[:1] or [3.5]
    for code in _all(item, "TextCode"):
        text = code.text or ""
        x, y = (_floats(code.get(name, "0"))[:1] or [0.0] for name in ("X", "Y"))
        across, down = _deltas(code.get("DeltaX", ""), len(text)), _deltas(code.get("DeltaY", ""), len(text))
        here = [x[0], y[0]]
        for index, char in enumerate(text):
            wide = across[index] if index < len(across) else 0.0 if down else size[0]
            left, base = _placed(here[0], here[1], box, matrix)
            broad = max(size[0] * (0.5 if char.isascii() else 1.0), min(wide, 1.2 * size[0]))
            right, _ = _placed(here[0] + broad, here[1], box, matrix)
            _, head = _placed(here[0], here[1] - size[0], box, matrix)
            height = abs(base - head) or size[0] * _POINTS
            yield Word(char, min(left, right), max(left, right), base, base - 0.35 * height, height)
            here[0] += wide
            here[1] += down[index] if index < len(down) else 0.0


def _deltas(told: str, count: int) -> list[float]:
    """`3.5 3.5 g 4 3.2`: `g n d` stands for n times d."""
    found: list[float] = []
    words = told.split()
    at = 0
    while at < len(words) and len(found) < count:
        if words[at] == "g" and at + 2 < len(words) and words[at + 1].isdecimal():
            found.extend((_floats(words[at + 2]) or [0.0]) * min(int(words[at + 1]), count))
            at += 3
        else:
            found.extend(_floats(words[at]))
            at += 1
    return found


def _shapes(item: Any, box: list[float], matrix: list[float]) -> Iterator[list[tuple[float, float]]]:
    """A path's shapes. A path object is clipped to its boundary; curves are no lines of a table."""
    for data in _all(item, "AbbreviatedData"):
        words = _PATH.findall(data.text or "")[:200_000]
        shape: list[tuple[float, float]] = []
        at = 0
        while at < len(words):
            verb = words[at].upper()
            if verb not in _ARGUMENTS:
                at += 1
                continue
            numbers = _floats(" ".join(words[at + 1 : at + 1 + _ARGUMENTS[verb]]))
            at += 1 + _ARGUMENTS[verb]
            if len(numbers) != _ARGUMENTS[verb]:
                break
            if verb in "MS":
                if len(shape) > 1:
                    yield shape
                shape = [_placed(numbers[0], numbers[1], box, matrix)]
            elif verb == "L":
                shape.append(_placed(numbers[0], numbers[1], box, matrix))
            elif verb == "C" and shape:
                shape.append(shape[0])
            elif shape:
                if len(shape) > 1:
                    yield shape
                shape = [_placed(numbers[-2], numbers[-1], box, matrix)]
        if len(shape) > 1:
            yield shape


def _placed(x: float, y: float, box: list[float], matrix: list[float]) -> tuple[float, float]:
    """A place in an object as one on the page, in points."""
    a, b, c, d, e, f = matrix
    return (a * x + c * y + e + box[0]) * _POINTS, (b * x + d * y + f + box[1]) * _POINTS


def _in_lines(words: list[Word]) -> Iterator[Word]:
    """Words in reading order: by line, then from left to right. A wide gap is a space."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.base, word.left)):
        if rows and abs(word.base - rows[-1][0].base) <= 0.4 * max(word.size, rows[-1][0].size):
            rows[-1].append(word)
        else:
            rows.append([word])
    for row in rows:
        row.sort(key=lambda word: word.left)
        for index, word in enumerate(row):
            if index and word.left - row[index - 1].right > 0.8 * word.size:
                yield word._replace(text=" ")
            yield word
        yield Word("\n")


def _floats(text: str) -> list[float]:
    """Numbers of a list; none of one that is damaged."""
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        return []


def _all(element: Any, name: str) -> Iterator[Any]:
    yield from element.iter("{*}" + name)


def _tag(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
