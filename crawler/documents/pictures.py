"""A picture's bytes → the SHA-256 of its decoded pixels, so that a re-save is no change. Pure.

Of an animation the first frame counts; of a TIFF, which is how faxes and scanners save many pages, every page.
"""

import hashlib
import io
import warnings
from collections.abc import Sequence
from typing import Any

from crawler.documents import model
from crawler.documents.kinds import PICTURES, sniff
from crawler.documents.model import Unreadable


def pixels(body: bytes, kind: str) -> str:
    """Digest (hex) of size and RGBA pixels; metadata and compression do not count. Raises what Pillow raises over
    damaged bytes, and Unreadable beyond the limits."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of large pictures; the limit here is our own
        with Image.open(io.BytesIO(body), formats=[PICTURES[kind]]) as picture:
            count = getattr(picture, "n_frames", 1) if kind == "image/tiff" else 1
            if count > model.MAX_PAGES:
                raise Unreadable(f"{count} pages; the limit is {model.MAX_PAGES}")
            frames = []
            for number in range(count):
                picture.seek(number)
                frames.append(_frame(picture))
    return frames[0] if len(frames) == 1 else combined(frames)


def _frame(picture: Any) -> str:
    width, height = picture.size
    if width * height > model.MAX_PIXELS:
        raise Unreadable(f"{width} x {height} pixels; the limit is {model.MAX_PIXELS}")
    picture.load()
    opaque = picture.convert("RGB") if picture.mode in ("CMYK", "YCbCr", "LAB", "HSV") else picture
    return hashlib.sha256(b"%dx%d:" % (width, height) + opaque.convert("RGBA").tobytes()).hexdigest()


def inner(body: bytes) -> str:
    """Digest of a picture inside a document: of its pixels, else (EMF, WMF, damaged) of its bytes. Never raises."""
    kind = sniff(body)
    if kind in PICTURES:
        try:
            return pixels(body, kind)
        except Exception:  # what Pillow raises over damaged bytes is no closed list; the bytes still tell
            return hashlib.sha256(body).hexdigest()
    return hashlib.sha256(body).hexdigest()


def combined(digests: Sequence[str]) -> str:
    """One digest of pictures or pages in their order."""
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
