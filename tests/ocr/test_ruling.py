"""Where the cells of a ruled table are."""

import pytest
from PIL import Image, ImageDraw

from tests.ocr.plain import table

np = pytest.importorskip("numpy", reason="the ocr extra is not installed")
lines = pytest.importorskip("monitor.ocr.lines", reason="the ocr extra is not installed")
ruling = pytest.importorskip("monitor.ocr.ruling", reason="the ocr extra is not installed")

ROWS = [["abc", "1", "2"], ["def", "3", "4"], ["ghi", "55", "66"], ["jkl", "7", "8"]]


def grids(picture: Image.Image) -> list[ruling.Grid]:
    found: list[ruling.Grid] = ruling.grids(lines.straightened(np.asarray(picture)))
    return found


@pytest.mark.parametrize(
    "picture",
    [
        table(ROWS, cell=(200, 48)),
        table(ROWS, cell=(200, 48), rule=200, line=1),
        table(ROWS, cell=(200, 48)).point(lambda level: level * 2 // 3 + 20),
        table(ROWS, cell=(200, 48)).rotate(0.8, Image.Resampling.BICUBIC, fillcolor=255),
        table(ROWS, cell=(200, 48)).rotate(-1.9, Image.Resampling.BICUBIC, expand=True, fillcolor=255),
        table(ROWS, cell=(400, 96), size=40, line=5),
        table(ROWS, cell=(100, 24), size=14, line=1),
    ],
    ids=["plain", "faint", "on grey", "tilted", "more tilted", "large", "small"],
)
def test_every_cell_of_a_table(picture: Image.Image) -> None:
    (grid,) = grids(picture)
    assert (grid.rows, grid.columns, len(grid.cells)) == (4, 3, 12)
    assert not any(cell.unsure for cell in grid.cells)
    assert [(cell.top, cell.left) for cell in grid.cells] == [(i, j) for i in range(4) for j in range(3)]


def test_torn_rules_are_rules() -> None:
    picture = table(ROWS, cell=(200, 48))
    draw = ImageDraw.Draw(picture)
    for place in range(30, 600, 37):
        draw.rectangle([place, 0, place + 3, picture.height], 255)
    (grid,) = grids(picture)
    assert len(grid.cells) == 12


def test_cells_without_a_rule_between_them_are_one() -> None:
    (grid,) = grids(table(ROWS, cell=(200, 48), joined=(1, 1)))
    assert [(cell.left, cell.right) for cell in grid.cells if cell.top == 1] == [(0, 1), (1, 3)]


def test_half_a_rule_is_doubt() -> None:
    picture = table(ROWS, cell=(200, 48), joined=(1, 1))
    ImageDraw.Draw(picture).line([(420, 70), (420, 92)], 0, 2)
    (grid,) = grids(picture)
    assert any(cell.unsure for cell in grid.cells if cell.top == 1)
    assert not any(cell.unsure for cell in grid.cells if cell.top != 1)


def test_a_table_cut_by_the_end_of_the_picture_has_its_last_row() -> None:
    whole = table(ROWS, cell=(200, 48))
    (grid,) = grids(whole.crop((0, 0, whole.width, 20 + 3 * 48 - 4)))
    assert (grid.rows, len(grid.cells)) == (3, 9)
    (grid,) = grids(whole.crop((0, 24 + 48, whole.width, whole.height)))
    assert (grid.rows, len(grid.cells)) == (3, 9)


def test_two_tables_one_below_the_other() -> None:
    one = table(ROWS, cell=(200, 48))
    both = Image.new("L", (one.width, one.height * 2), 255)
    both.paste(one, (0, 0))
    both.paste(table(ROWS[:2], cell=(200, 48)), (0, one.height))
    assert [grid.rows for grid in grids(both)] == [4, 2]


def test_text_is_no_table() -> None:
    picture = Image.new("L", (900, 600), 255)
    draw = ImageDraw.Draw(picture)
    for line in range(18):
        draw.text((20, 20 + line * 30), "HEITZLFMN lorem ipsum dolor " * 4, 0, font_size=20)
    assert grids(picture) == []
    assert grids(Image.new("L", (900, 600), 255)) == []
    assert grids(Image.new("L", (9, 6), 0)) == []
