"""Random timelines: what is said equals what was done. More seeds: `python tests/e2e/timelines.py 1 2 3 …`."""

from pathlib import Path

import pytest

from tests.timelines.play import play


@pytest.mark.parametrize("seed", [78, 81, 300, 303])
def test_what_is_said_equals_what_was_done(seed: int, tmp_path: Path) -> None:
    score = play(seed, 12, tmp_path)
    assert score.wrong == []
    assert score.expected.total() > 30
    assert score.found == score.expected


@pytest.mark.parametrize("seed", [103])
def test_the_same_holds_for_passes_that_read_what_is_due(seed: int, tmp_path: Path) -> None:
    """And nothing is left unread for longer than the rhythm allows."""
    score = play(seed, 14, tmp_path, scheduled=True)
    assert score.wrong == []
    assert score.found == score.expected
    assert score.sampled > 30, "passes that read a part"
    assert score.widened > 30, "passes that read everything after all"
    assert score.left > score.asked / 2, "and left something out"
