"""Plays cases and prints, by shape, how many cells were right, wrong and missing. Exits 1 if not all were right.

python -m tests.tables [--cases N] [--seed S] [--shape NAME …] [--damage] [--show N] [--json]

Of damaged tables (`--damage`) what is lost does not count as missing; it is wrong if a figure is, or if nothing tells.
"""

import argparse
import json
import sys
import time

from tests.tables import damage
from tests.tables.check import Score, play
from tests.tables.shapes import SHAPES


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=1000, help="all shapes in turn")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shape", nargs="+", choices=[*SHAPES, *damage.WAYS])
    parser.add_argument("--damage", action="store_true")
    parser.add_argument("--show", type=int, default=3, help="lines of what went wrong, for each shape")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    names = options.shape or list(damage.WAYS if options.damage else SHAPES)
    scores = {shape: Score() for shape in names}
    start = time.process_time()
    for number in range(options.cases):
        shape = names[number % len(names)]
        seed = options.seed + number // len(names)
        score = play(seed, shape) if shape in SHAPES else damage.play(seed, shape)
        for name in ("wrong", "missing", "extra", "told"):
            setattr(score, name, [f"seed {seed}: {line}" for line in getattr(score, name)])
        scores[shape].add(score)
    seconds = time.process_time() - start
    if options.json:
        print(json.dumps({shape: _counts(score) for shape, score in scores.items()}, ensure_ascii=False, indent=1))
    else:
        _show(scores, seconds, options.show)
    return 0 if all(score.perfect for score in scores.values()) else 1


def _counts(score: Score) -> dict[str, int]:
    kinds = ("wrong", "missing", "extra", "told")
    return {"cases": score.cases, "right": score.right} | {kind: len(getattr(score, kind)) for kind in kinds}


def _show(scores: dict[str, Score], seconds: float, lines: int) -> None:
    print(f"{'shape':30}{'cases':>7}{'right':>9}{'wrong':>7}{'missing':>9}{'extra':>7}{'told':>6}")
    total = Score()
    for shape, score in scores.items():
        total.add(score)
        _line(shape, score)
        for kind in ("told", "wrong", "missing", "extra"):
            print("".join(f"    {kind}: {line}\n" for line in getattr(score, kind)[:lines]), end="")
    _line("all", total)
    print(f"{seconds:.1f} s of CPU")


def _line(name: str, score: Score) -> None:
    counts = _counts(score)
    print(
        f"{name:30}{counts['cases']:7}{counts['right']:9}{counts['wrong']:7}{counts['missing']:9}"
        f"{counts['extra']:7}{counts['told']:6}"
    )


if __name__ == "__main__":
    sys.exit(main())
