"""Mutants of the law, and whether the tests notice them.

    python -m tests.mutants                       all of them, each against the tests that it names
    python -m tests.mutants NAME … --find FILE …  which tests of these files notice it
    python -m tests.mutants --by timelines        those of detection, against random timelines over the scripted world
    python -m tests.mutants --by tests/unit/X.py  against one file of tests, whatever they name

Exit status: 0 all died, 1 some survived, 2 the run proves nothing (stale mutants, tests that fail without any).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.mutants.catalogue import ALL, DETECTION
from tests.mutants.law import LAW
from tests.mutants.mutant import Mutant
from tests.mutants.runner import Bench, Outcome, Trial, pytest_of, run


def summary(outcomes: Sequence[Outcome]) -> str:
    """A line for each sentence of the law: how many mutants, how many died."""
    lines = [f"{'law':24} {'mutants':>7} {'died':>5}"]
    for key in LAW:
        own = [one for one in outcomes if one.mutant.law == key]
        if own:
            lines.append(f"{key:24} {len(own):>7} {sum(one.fate == 'killed' for one in own):>5}")
    died = sum(one.fate == "killed" for one in outcomes)
    lines.append(f"{'all':24} {len(outcomes):>7} {died:>5}")
    return "\n".join(lines)


def tell(outcome: Outcome) -> None:
    """A line as soon as it is known."""
    mark = {"killed": "killed  ", "SURVIVED": "SURVIVED", "does not apply": "STALE   ", "breaks": "BREAKS  "}
    by = ", ".join(one.rpartition("::")[2] or one for one in outcome.by[:3])
    line = f"{mark[outcome.fate]} {outcome.seconds:5.1f} s  {outcome.mutant.law:20} {outcome.mutant.name}"
    print(f"{line}{'  ← ' + by if by else ''}{outcome.said and chr(10) + outcome.said}", flush=True)


def chosen(names: Sequence[str], everything: Sequence[Mutant]) -> list[Mutant]:
    """Those of that name or that sentence of the law; none named: all. Raises SystemExit for a name that nothing has."""
    if not names:
        return list(everything)
    found = [one for one in ALL if one.name in names or one.law in names]
    missing = set(names) - {one.name for one in found} - {one.law for one in found}
    if missing:
        raise SystemExit(f"there is no mutant {', '.join(sorted(missing))}")
    return found


def trial_of(options: argparse.Namespace) -> Callable[[Mutant], Trial]:
    """How each mutant is tried."""
    if options.find:
        return lambda _: pytest_of(options.find, every=True)
    if options.by == "timelines":
        command = (sys.executable, "tests/e2e/timelines.py", *options.seeds, "--passes", str(options.passes))
        return lambda _: Trial(command)
    if options.by:
        return lambda _: pytest_of([options.by])
    return lambda mutant: pytest_of(mutant.killers)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="mutants, or sentences of the law; none: all")
    parser.add_argument("--jobs", type=int, default=2, help="at once")
    parser.add_argument("--find", nargs="+", default=[], metavar="FILE", help="tells all tests of these that notice")
    parser.add_argument("--by", default="", help="`timelines`, or a file of tests")
    parser.add_argument("--seeds", nargs="+", default=["1"], help="of the timelines")
    parser.add_argument("--passes", type=int, default=10, help="of the timelines")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin none after so long")
    options = parser.parse_args()
    mutants = chosen(options.names, DETECTION if options.by else ALL)
    if not options.find:
        named = pytest_of(sorted({test for one in mutants for test in one.killers}), every=True)
        with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
            harm = Bench(Path(folder)).unharmed(trial_of(options)(mutants[0]) if options.by else named)
        if harm:
            print(f"without any mutant, these tests fail already:\n{harm}")
            return 2
    began = time.monotonic()
    outcomes = run(mutants, trial_of(options), options.jobs, tell, began + 60 * options.minutes)
    print(summary(outcomes))
    print(f"{time.monotonic() - began:.0f} s")
    if any(one.fate in ("does not apply", "breaks") for one in outcomes):
        return 2
    return 1 if any(one.fate == "SURVIVED" for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
