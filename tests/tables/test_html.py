"""Every figure of every shape of HTML table; no wrong one of a damaged table. Thousands: `python -m tests.tables`."""

import pytest

from tests.tables import check, damage
from tests.tables.shapes import SHAPES


@pytest.mark.parametrize("shape", SHAPES)
def test_every_cell(shape: str) -> None:
    for seed in range(40 if shape == "mixed" else 5):
        score = check.play(seed, shape)
        assert score.perfect, (seed, score)


@pytest.mark.parametrize("way", damage.WAYS)
def test_no_wrong_figure_of_a_damaged_table(way: str) -> None:
    placed = 0
    for seed in range(12):
        score = damage.play(seed, way)
        assert score.perfect, (seed, score)
        placed += score.right
    assert placed > 12 * 198 * 0.6, "what is whole is still read"
