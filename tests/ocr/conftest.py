"""Skips for want of the extra, of a browser, of a font."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler import browser
from monitor import ocr


@pytest.fixture(autouse=True, scope="session")
def extra() -> None:
    if not ocr.available():
        pytest.skip("the ocr extra is not installed")


@pytest.fixture(scope="session")
def press() -> Iterator[object]:
    """Renders pictures of the form."""
    from tests.ocr import pictures

    if not browser.available():
        pytest.skip("no Chromium, or the browser extra is not installed")
    if not any(Path("/usr/share/fonts").rglob("Noto*CJK*")):
        pytest.skip("no Chinese font (Noto CJK) is installed")
    with pictures.press() as made:
        yield made
