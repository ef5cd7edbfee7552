"""Forty pictures of the national form, from bytes to figures: how many cells are right, doubtful, wrong and not flagged."""

import dataclasses
import random

import pytest

from tests.ocr.pictures import Look, Press, random_look

pytest.importorskip("onnxruntime", reason="the ocr extra is not installed")
from tests.ocr.score import Score, score

_EACH = Look(layout="each")
LOOKS: dict[str, Look] = {
    "small": dataclasses.replace(_EACH, dpi=96, points=9),
    "small serif": dataclasses.replace(_EACH, dpi=96, font="Noto Serif CJK SC", rule="1px solid #999"),
    "small jpeg": dataclasses.replace(_EACH, dpi=96, jpeg=60, grey=True),
    "small, torn rules": dataclasses.replace(_EACH, dpi=96, broken=0.06, background="#eee"),
    "small, tilted": dataclasses.replace(_EACH, dpi=96, skew=-0.7, rule="2px solid #333"),
    "plain": dataclasses.replace(_EACH, font="Liberation Serif, Noto Serif CJK SC", align="left"),
    "faint rules on grey": dataclasses.replace(
        _EACH, rule="1px solid #c8c8c8", background="#eee", jpeg=75, shaded=True
    ),
    "noisy": dataclasses.replace(_EACH, noise=6.0, blur=0.4, jpeg=75, align="right"),
    "tilted, cut in two": Look(skew=0.9, layout="split", headings=False),
    "resized": dataclasses.replace(_EACH, resized=1.17, background="#fdf6e3"),
    "large": dataclasses.replace(_EACH, dpi=300, jpeg=60, points=12),
    "large, tilted": dataclasses.replace(_EACH, dpi=300, skew=-1.0, ink="#333"),
    "one long picture": Look(dpi=150, jpeg=80),
}
"""Three pictures each, four where table 3 is cut, one where all is one."""


@pytest.mark.browser
@pytest.mark.parametrize("name", LOOKS)
def test_figures_of_rendered_tables(press: Press, name: str) -> None:
    from monitor.ocr import reader

    look = LOOKS[name]
    rng = random.Random(f"2026 {name}")
    report = press.report(rng, rng.choice(("2019", "2021")), look)
    found = score(report, reader.read)
    assert found.share("right") >= (95 if look.dpi == 96 else 99), found.missed
    assert found.share("doubtful") <= 5, found.missed
    assert found.wrong == 0, found.missed
    assert found.extra == 0


def test_forty_pictures() -> None:
    """What the test above reads in all."""
    assert sum({"each": 3, "split": 4, "one": 1}[look.layout] for look in LOOKS.values()) >= 38


def test_any_look_is_one_of_all_that_happens() -> None:
    """The bench's looks reach every condition at every resolution, and those of the test above are among them."""
    drawn = {random_look(random.Random(seed), 150).condition for seed in range(100)}
    assert drawn == {"clean", "jpeg", "skewed", "noisy", "broken rules", "resized"}
    assert {look.condition for look in LOOKS.values()} <= drawn
    assert {look.dpi for look in LOOKS.values()} == {96, 150, 300}


def test_scores_add_up() -> None:
    total = Score(1, 10, right=9, doubtful=1)
    total.add(Score(2, 30, right=30, missed=["a"]))
    assert (total.pictures, total.share("right"), total.missed) == (3, 97.5, ["a"])
