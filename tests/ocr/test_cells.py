"""What stands in a cell, and how sure that is."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.ocr.plain import table, write

np = pytest.importorskip("numpy", reason="the ocr extra is not installed")
cells = pytest.importorskip("monitor.ocr.cells", reason="the ocr extra is not installed")
ink = pytest.importorskip("monitor.ocr.ink")
reader = pytest.importorskip("monitor.ocr.reader")
ruling = pytest.importorskip("monitor.ocr.ruling")
shapes = pytest.importorskip("monitor.ocr.shapes")


def read(picture: Image.Image) -> list[cells.Words]:
    grey = np.asarray(picture)
    (grid,) = ruling.grids(grey)
    found: list[cells.Words] = cells.read(grey, grid, reader._model())
    return found


def glyph(words: str, size: int = 28) -> tuple[np.ndarray, float]:
    picture = Image.new("L", (size * 4, size * 3), 255)
    write(ImageDraw.Draw(picture), (size * 2, size), words, ImageFont.load_default(size))
    found = ink.spot(np.asarray(picture), 255.0)
    return found.ink, size * 0.72


@pytest.mark.parametrize("size", [14, 18, 28, 40])
@pytest.mark.parametrize("words", ["0", "/", "—"])
def test_marks_by_their_shape(words: str, size: int) -> None:
    assert shapes.shape(*glyph(words, size)) == words


@pytest.mark.parametrize(
    "words",
    ["1", "2", "3", "4", "5", "6", "7", "8", "9", "D", "A", "P", "00", "10", ".", ",", "-1", "l", "\\", ""],
)
@pytest.mark.parametrize("size", [14, 28])
def test_nothing_else_has_such_a_shape(words: str, size: int) -> None:
    assert shapes.shape(*glyph(words, size)) == ""


@pytest.mark.parametrize("size", [13, 18, 28])
def test_figures_are_read(size: int) -> None:
    rows = [
        ["new", "120", "7", "1,234"],
        ["old", "0", "68", "3.75"],
        ["out", "", "/", "90"],
        ["sum", "0", "—", "20563"],
    ]
    found = read(table(rows, size=size, cell=(size * 5, size * 2)))
    figures = [(one.text, one.sure >= cells.DOUBT) for place, one in enumerate(found) if place % 4]
    assert figures == [(words, True) for row in rows for words in row[1:]]


def test_a_blank_cell_is_blank_by_its_ink() -> None:
    picture = table([["ab", "5", ""], ["cd", "", "12"]], cell=(200, 48))
    assert [(one.text, one.sure) for one in read(picture)][2:5:2] == [("", 0.99), ("", 0.99)]
    ImageDraw.Draw(picture).line([(520, 40), (524, 52)], 225, 2)
    blank = read(picture)[2]
    assert (blank.text, blank.sure < cells.DOUBT) == ("", True)


def test_ink_that_runs_into_a_rule_is_doubtful() -> None:
    picture = table([["ab", "5", "6"], ["cd", "7", "12"]], cell=(200, 48))
    ImageDraw.Draw(picture).text((586, 20 + 24), "123456", 0, ImageFont.load_default(24), "lm")
    found = read(picture)
    assert found[1].sure >= cells.DOUBT
    assert found[2].sure < cells.DOUBT


def test_two_readings_that_differ_are_doubtful() -> None:
    line = cells.Line
    assert cells._agreed(line("12", 0.99), line("12", 0.95)) == cells.Words("12", 0.95, True)
    assert cells._agreed(line("12", 0.99), line("17", 0.95)) == cells.Words("12", 0.6, True)


def test_a_nought_unlike_the_others_is_read_itself() -> None:
    rows = [["0"] * 6 for _ in range(4)]
    picture = table(rows, cell=(100, 48))
    ImageDraw.Draw(picture).rectangle([120 + 3, 20 + 3, 120 + 96, 20 + 44], 255)
    ImageDraw.Draw(picture).text((170, 44), "8", 0, ImageFont.load_default(24), "mm")
    assert [one.text for one in read(picture)] == ["0", "8", *["0"] * 22]
