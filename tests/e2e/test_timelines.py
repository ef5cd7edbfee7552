"""Random timelines: what is said equals what was done. More seeds: `python tests/e2e/timelines.py 1 2 3 …`."""

from pathlib import Path

import pytest

from tests.e2e.timelines import play


@pytest.mark.parametrize("seed", [1, 20261122])
def test_what_is_said_equals_what_was_done(seed: int, tmp_path: Path) -> None:
    assert play(seed, 8, tmp_path) == []
