"""PDF → text with the grids of its ruled tables; pages without text are their pixels. Raises Unreadable.

PDFium gives everything: characters with their places, the lines that are drawn, decoded pictures, rendered pages. One
document at a time in a process: PDFium keeps state of its own and is not safe in threads.
"""

import ctypes
import hashlib
from collections.abc import Iterator
from typing import Any

from crawler.documents import model, printed, ruled
from crawler.documents.lines import paragraphs
from crawler.documents.model import LOCKED, Content, Unreadable, mark, without_marks
from crawler.documents.printed import Line, Placed, Word
from crawler.documents.ruled import Rule
from crawler.page.text import render

SCALE = 1.5
"""Pixels a point, 108 a inch, of rendered pages: a changed digit of a scan changes many of them."""
MAX_SIDE = 2_000
"""Pixels of a rendered page's longer side."""
_DEPTH = 4
"""Forms within forms."""
_MAX_OBJECTS = 200_000
_MAX_SEGMENTS = 60_000
"""Of a page's paths; a map or a chart has more, and no tables. A dash is four."""
_SHARE = 0.01
"""Of the page's area: smaller pictures are ornaments and pieces of lines."""


def read(body: bytes) -> Content:
    """The document's text, or the digests of its rendered pages where it has none."""
    import pypdfium2

    try:
        opened = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(LOCKED) from None
        raise
    with opened as document:
        count = len(document)
        if count > model.MAX_PAGES:
            raise Unreadable(f"{count} pages; the limit is {model.MAX_PAGES}")
        pages: list[list[Line]] = []
        size = 0
        for number in range(count):
            page = document[number]
            lines = _lines(page)
            pages.append(lines)
            size += sum(len(line) if isinstance(line, str) else len(render([line.table])) for line in lines)
            page.close()
            if size > model.MAX_TEXT:
                raise Unreadable(f"more than {model.MAX_TEXT} characters")
        if not any(map(_says, pages)):
            return Content((), tuple(_rendered(document[number]) for number in range(count)))
        for number, lines in enumerate(pages):
            if not _says(lines) and any(True for _ in document[number].get_objects(max_depth=1)):
                pages[number] = [mark(_rendered(document[number]), number + 1)]  # scanned, among pages of text
    return Content(tuple(paragraphs(printed.unpaged(pages))))


def _says(lines: list[Line]) -> bool:
    return any(isinstance(line, Placed) or without_marks(line).strip() for line in lines)


def _lines(page: Any) -> list[Line]:
    """A page's lines and tables in the order of its content, then the marks of the pictures on it."""
    turn = page.get_rotation() // 90
    across, upright, pictures = _drawn(page, turn)
    textpage = page.get_textpage()
    try:
        lines = printed.lines(_words(textpage, turn), ruled.tables(across, upright, down=False))
    finally:
        textpage.close()
    return [*lines, *map(mark, pictures)]


def _turned(x: float, y: float, turn: int) -> tuple[float, float]:
    """A place on a page that is shown after so many quarter turns to the right."""
    return ((x, y), (y, -x), (-x, -y), (-y, x))[turn % 4]


def _words(textpage: Any, turn: int) -> Iterator[Word]:
    """Each character with its place. A line break has none."""
    from pypdfium2 import raw

    box = raw.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    for index in range(raw.FPDFText_CountChars(textpage)):
        code = raw.FPDFText_GetUnicode(textpage, index)
        if code in (10, 13):
            if code == 10:
                yield Word("\n")
            continue
        if not code or code > 0x10FFFF or 0xD800 <= code < 0xE000:
            continue
        raw.FPDFText_GetLooseCharBox(textpage, index, box)
        raw.FPDFText_GetCharOrigin(textpage, index, x, y)
        (x0, y0), (x1, y1) = _turned(box.left, box.bottom, turn), _turned(box.right, box.top, turn)
        base = _turned(x.value, y.value, turn)[1]
        yield Word(chr(code), min(x0, x1), max(x0, x1), base, (y0 + y1) / 2, abs(y1 - y0))


def _drawn(page: Any, turn: int) -> tuple[list[Rule], list[Rule], list[str]]:
    """What is drawn on a page: horizontal lines, vertical lines, digests of pictures."""
    from pypdfium2 import raw

    across: list[Rule] = []
    upright: list[Rule] = []
    pictures: list[str] = []
    area = max(1.0, page.get_width() * page.get_height())
    segments = 0
    for count, item in enumerate(page.get_objects(max_depth=_DEPTH)):
        if count > _MAX_OBJECTS:
            raise Unreadable(f"more than {_MAX_OBJECTS} objects on a page")
        if item.type == raw.FPDF_PAGEOBJ_PATH and segments <= _MAX_SEGMENTS:
            segments += raw.FPDFPath_CountSegments(item)
            if segments <= _MAX_SEGMENTS:
                _rules(item, turn, across, upright)
        elif item.type == raw.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            if abs((right - left) * (top - bottom)) >= _SHARE * area:
                pictures.append(_picture(item))
    if segments > _MAX_SEGMENTS:
        return [], [], pictures
    return across, upright, pictures


def _rules(path: Any, turn: int, across: list[Rule], upright: list[Rule]) -> None:
    """Adds a path's lines: straight strokes, and filled rectangles as thin as one."""
    from pypdfium2 import raw

    fill, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, fill, stroke)
    if not fill.value and not stroke.value:
        return
    matrix = path.get_matrix()
    above = path.container
    while above is not None:
        matrix = matrix.multiply(above.get_matrix())
        above = above.container
    shapes: list[list[tuple[float, float]]] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for index in range(raw.FPDFPath_CountSegments(path)):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        across_page, up_page = matrix.on_point(x.value, y.value)
        point = _turned(across_page, up_page, turn)
        if kind == raw.FPDF_SEGMENT_MOVETO or not shapes:
            shapes.append([point])
        elif kind == raw.FPDF_SEGMENT_BEZIERTO:
            shapes.append([point])  # a curve is no line of a table
        else:
            shapes[-1].append(point)
        if raw.FPDFPathSegment_GetClose(segment) and len(shapes[-1]) > 2:
            shapes[-1].append(shapes[-1][0])
    for shape in shapes:
        ruled.add_shape(shape, bool(stroke.value), across, upright)


def _picture(item: Any) -> str:
    """Digest of a picture's decoded pixels; of its stored bytes where PDFium cannot decode it."""
    try:
        bitmap = item.get_bitmap(render=False)
    except Exception:  # a filter or colour space that PDFium does not know
        return hashlib.sha256(bytes(item.get_data())).hexdigest()
    return _digest(bitmap)


def _rendered(page: Any) -> str:
    """Digest of a page as it looks."""
    scale = min(SCALE, MAX_SIDE / max(page.get_width(), page.get_height(), 1.0))
    return _digest(page.render(scale=scale, may_draw_forms=False))


def _digest(bitmap: Any) -> str:
    head = b"%dx%d %d:" % (bitmap.width, bitmap.height, bitmap.format)
    digest = hashlib.sha256(head)
    wide = bitmap.width * bitmap.n_channels
    view = memoryview(bitmap.buffer).cast("B")
    for row in range(bitmap.height):  # without what pads a row, which nobody has set
        digest.update(view[row * bitmap.stride : row * bitmap.stride + wide])
    bitmap.close()
    return digest.hexdigest()
