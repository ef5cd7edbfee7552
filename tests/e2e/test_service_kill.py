"""The service, killed at random instants and at step boundaries, loses no alert and says none twice without saying so.

A small part of `make soak`, whose result lies in tests/soak/RESULT.md.
"""

from pathlib import Path

from tests.soak.boundaries import BOUNDARIES, Boundary
from tests.soak.soak import Kill, Plan, Soak

RANDOM, AT_BOUNDARIES = 20, 4


def sample(seed: int) -> tuple[Boundary, ...]:
    """Some boundaries, other ones for each seed, with one of a start on an empty home."""
    chosen = [boundary for boundary in BOUNDARIES if boundary.when == "pass"]
    starts = [boundary for boundary in BOUNDARIES if boundary.when == "start"]
    places = range(seed, seed + AT_BOUNDARIES - 1)
    return (starts[seed % len(starts)], *(chosen[place * 5 % len(chosen)] for place in places))


def test_killed_again_and_again_it_tells_everything_once(tmp_path: Path) -> None:
    seed = 20261122
    kills: list[Kill] = []
    boundaries = sample(seed)
    plan = Plan(
        seed, RANDOM + 1, portals=3, pace=2.0, boundaries=boundaries, boundary_share=0.0, longest_wait=1.5, hit_all=True
    )
    outcome = Soak(plan, tmp_path, kills.append).run()
    verdict = outcome.verdict
    found = {"lost": verdict.lost, "doubled": verdict.doubled, "false": verdict.false, "unsound": verdict.unsound}
    assert not any(found.values()), found
    assert {kill.boundary for kill in kills} == {"", *(boundary.name for boundary in boundaries)}
    assert sum(not kill.boundary for kill in kills) >= RANDOM
    # A soak in which little happened proves little.
    assert verdict.certain > 50, verdict
    assert verdict.owed.total() > 15, verdict
    assert verdict.arrived == verdict.expected
