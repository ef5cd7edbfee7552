"""The bytes of a picture or of a scanned document → its pages, grey, at a size that reads well. Raises Unreadable.

Pictures (the first frame; of a TIFF every page), the pages of a PDF as they look, the pictures in a DOCX. Run it in a process
of its own (monitor.ocr.recogniser): these are a stranger's bytes.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator

import cv2
import numpy as np
import pypdfium2
from PIL import Image, ImageOps

from crawler.documents.kinds import DOCX, PDF, PICTURES, sniff
from crawler.documents.model import Unreadable
from monitor.ocr.lines import Picture

MAX_PAGES = 20
MAX_PIXELS = 60_000_000
"""Of one picture, as stored."""
MAX_BYTES = 60_000_000
"""Of one picture in a document, unpacked."""
WIDTH = 1500
"""Pixels across that are enough for any page of the form; more only costs time."""
TALLEST = 16_000
_SMALLEST = 120
"""Pixels across and down, below which a picture is an ornament."""
_DPI = 170
"""Of rendered PDF pages: A4 then is 1,400 pixels across."""
_NUMBER = re.compile(r"\d+")


def pages(body: bytes, media_type: str) -> Iterator[Picture]:
    """Each page or picture of the document, dark on white."""
    kind = sniff(body, media_type)
    if kind in PICTURES:
        yield from _frames(body, kind)
    elif kind == PDF:
        yield from _rendered(body)
    elif kind == DOCX:
        yield from _held(body)
    else:
        raise Unreadable(f"{kind} is no picture and no document of pictures")


def _frames(body: bytes, kind: str) -> Iterator[Picture]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit here is our own
        with Image.open(io.BytesIO(body), formats=[PICTURES[kind]]) as picture:
            count = getattr(picture, "n_frames", 1) if kind == "image/tiff" else 1
            for number in range(min(count, MAX_PAGES)):
                picture.seek(number)
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise Unreadable(f"{width} x {height} pixels; the limit is {MAX_PIXELS}")
                if min(width, height) >= _SMALLEST:
                    yield _fitting(_grey(ImageOps.exif_transpose(picture)))


def _grey(picture: Image.Image) -> Picture:
    if picture.mode in ("RGBA", "LA", "PA", "P"):
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture)
    elif picture.mode.startswith("I;16") or picture.mode in ("I", "F"):
        levels = np.asarray(picture).astype(np.float32)
        span = float(levels.max() - levels.min()) or 1.0
        spread: Picture = ((levels - levels.min()) * (255.0 / span)).astype(np.uint8)
        return spread
    grey: Picture = np.asarray(picture.convert("L"))
    return grey


def _fitting(grey: Picture) -> Picture:
    """Not larger than is of use; light ink on dark ground turned round."""
    height, width = grey.shape
    scale = min(1.0, WIDTH / width, TALLEST / height)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        grey = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return 255 - grey if float(np.median(grey)) < 90 else grey


def _rendered(body: bytes) -> Iterator[Picture]:
    try:
        opened = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        raise Unreadable(f"it is damaged or encrypted: {error}") from error
    with opened as document:
        for number in range(min(len(document), MAX_PAGES)):
            page = document[number]
            width, height = page.get_size()
            scale = min(_DPI / 72, WIDTH / max(width, 1.0), TALLEST / max(height, 1.0))
            if width * height * scale * scale > MAX_PIXELS:
                raise Unreadable(f"a page of {width:.0f} x {height:.0f} points")
            bitmap = page.render(scale=scale, grayscale=True)
            yield _fitting(np.array(bitmap.to_numpy()).reshape(bitmap.height, -1)[:, : bitmap.width])
            bitmap.close()
            page.close()


def _held(body: bytes) -> Iterator[Picture]:
    """The pictures that a DOCX holds, in the order of their numbers, which is that of the text."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile as error:
        raise Unreadable(f"it is damaged: {error}") from error
    with archive:
        held = [one for one in archive.infolist() if one.filename.startswith("word/media/")]
        held.sort(key=lambda one: [int(number) for number in _NUMBER.findall(one.filename)])
        for one in held[:MAX_PAGES]:
            if one.file_size > MAX_BYTES:
                raise Unreadable(f"a picture of {one.file_size} bytes; the limit is {MAX_BYTES}")
            picture = archive.read(one)
            if (kind := sniff(picture)) in PICTURES:
                yield from _frames(picture, kind)
