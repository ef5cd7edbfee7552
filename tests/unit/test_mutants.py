"""The mutants of the law (tests/mutants): each applies, each sentence has one, and those tried here are noticed.

All of them: `make mutants`, or `python -m tests.mutants NAME` for one.
"""

import hashlib
import tempfile
from pathlib import Path

import pytest

from tests.mutants.catalogue import ALL
from tests.mutants.law import LAW
from tests.mutants.mutant import Mutant, Stale
from tests.mutants.runner import ROOT, Bench, pytest_of, run

SLOW = ("tests/e2e/", "tests/law/")
"""Whose tests read a whole world before the first of them says anything."""
TRIED = 12


def turn() -> list[Mutant]:
    """Other mutants with each state of the sources: the same on every machine, all of them in the course of time."""
    digest = hashlib.sha256()
    for path in sorted(path for part in ("monitor", "crawler") for path in (ROOT / part).rglob("*.py")):
        digest.update(path.read_bytes())
    quick = [one for one in ALL if not any(killer.startswith(SLOW) for killer in one.killers)]
    start = int.from_bytes(digest.digest()[:4], "big")
    return [quick[(start + step * len(quick) // TRIED) % len(quick)] for step in range(TRIED)]


@pytest.mark.parametrize("mutant", ALL, ids=lambda one: one.name)
def test_a_mutant_applies_and_names_tests_that_are_there(mutant: Mutant) -> None:
    assert mutant.apply(ROOT)
    assert mutant.bends
    assert mutant.killers
    for killer in mutant.killers:
        file, _, test = killer.partition("::")
        words = (ROOT / file).read_text("utf-8")
        assert not test or f"def {test.partition('[')[0]}(" in words, killer


def test_every_sentence_of_the_law_has_a_mutant() -> None:
    assert [key for key in LAW if not any(one.law == key for one in ALL)] == []
    assert {f"rule {number}" for number in range(1, 15)} <= LAW.keys()


def test_what_is_stale_is_said() -> None:
    gone = Mutant("n", "rule 1", "b", "monitor/lifecycle.py", "no such words", "", ("t",))
    twice = Mutant("n", "rule 1", "b", "monitor/lifecycle.py", "facts", "", ("t",))
    for one in (gone, twice):
        with pytest.raises(Stale):
            one.apply(ROOT)


def test_mutants_die() -> None:
    """A few of them, each within its own copy of the tree; and without any, the same tests pass there."""
    mutants = turn()
    with tempfile.TemporaryDirectory() as folder:
        named = sorted({test for one in mutants for test in one.killers})
        assert Bench(Path(folder)).unharmed(pytest_of(named, every=True)) == ""
    outcomes = run(mutants, lambda one: pytest_of(one.killers), jobs=2)
    assert [(one.mutant.name, one.fate, one.said) for one in outcomes if one.fate != "killed"] == []


def test_a_mutant_that_nothing_notices_survives() -> None:
    harmless = Mutant(
        "none", "rule 1", "nothing", "monitor/lifecycle.py", "MASS_COUNT = 3\n", "MASS_COUNT = 1 + 2\n",
        ("tests/unit/test_lifecycle.py::test_present_resets_the_count",),
    )  # fmt: skip
    [outcome] = run([harmless], lambda one: pytest_of(one.killers))
    assert outcome.fate == "SURVIVED"
