"""What a soak came to, as a page for people. In: outcomes of its rounds. Out: Markdown."""

import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from tests.soak.boundaries import BOUNDARIES
from tests.soak.judge import united
from tests.soak.soak import Outcome

_SHOWN = 40
"""Faults of a kind that are shown."""


def unhit(outcomes: Iterable[Outcome]) -> list[str]:
    """Boundaries at which nothing was killed."""
    hit = {kill.boundary for outcome in outcomes for kill in outcome.kills}
    return [boundary.name for boundary in BOUNDARIES if boundary.name not in hit]


def page(outcomes: Sequence[Outcome], command: str, commit: str, kills: int) -> str:
    """The whole report. `kills`: how many were asked for."""
    total = united(outcome.verdict for outcome in outcomes)
    done = [kill for outcome in outcomes for kill in outcome.kills]
    unreached: Counter[str] = sum((outcome.unreached for outcome in outcomes), Counter())
    hits = Counter(kill.boundary for kill in done)
    missing = unhit(outcomes) if kills >= 2 * len(BOUNDARIES) else []
    faults = {
        "Lost": total.lost,
        "Doubled": total.doubled,
        "False": total.false,
        "Unsound": total.unsound,
        "Slips": total.slips,
    }
    seconds, quiet = sum(outcome.seconds for outcome in outcomes), sum(outcome.quiet for outcome in outcomes)
    lines = [
        "# Killed, and judged",
        "",
        "Made by `tests/soak`: the service is started as a user starts it and killed (SIGKILL) at random instants and at every",
        "step boundary, while labelled acts happen on loopback portals; afterwards it runs undisturbed, and everything that it",
        "said is held against what each of its passes was shown.",
        "",
        f"    {command}",
        "",
        f"Commit {commit}; Python {platform.python_version()}; {len(outcomes)} rounds with a home each, seeds "
        f"{', '.join(str(outcome.seed) for outcome in outcomes)}.",
        "",
        *_table(
            ("", ""),
            [
                ("kills", f"{len(done)} of {kills}"),
                ("step boundaries hit", f"{len(BOUNDARIES) - len(unhit(outcomes))} of {len(BOUNDARIES)}"),
                ("boundaries armed and not reached in time", _counts(unreached) or "none"),
                ("time under fire, and at rest", f"{seconds / 60:.0f} min, {quiet / 60:.0f} min (sums of all rounds)"),
                ("passes", _counts(total.passes)),
                ("acts on the portals", str(sum(outcome.acts.total() for outcome in outcomes))),
                ("events", str(total.owed.total())),
                ("pairs of pass and report judged without doubt", str(total.certain)),
                ("deliveries expected", str(total.expected)),
                ("**lost**", f"**{len(total.lost)}** ({total.expected - total.arrived} deliveries)"),
                ("**doubled without a word**", f"**{len(total.doubled)}**"),
                ("doubled, marked 可能重复, under way at a kill", str(total.marked_repeats)),
                ("marked 可能重复, arrived once", str(total.marked_singles)),
                ("**false**", f"**{len(total.false)}**"),
                ("said to be off a list that changed between two of its pages", str(len(total.slips))),
                ("**unsound** (record, archive, processes left over)", f"**{len(total.unsound)}**"),
            ],
        ),
        "",
        "## Kills",
        "",
        *_table(("what was killed", "kills"), Counter(kill.what for kill in done).most_common()),
        "",
        *_table(
            ("in the middle of", "kills of the service"), Counter(kill.phase or "-" for kill in done).most_common()
        ),
        "",
        *_table(("step boundary", "kills"), [(boundary.name, hits[boundary.name]) for boundary in BOUNDARIES]),
        "",
        "## Events, by kind",
        "",
        *_table(("kind", "events"), total.owed.most_common()),
        "",
        "Acts: " + _counts(sum((outcome.acts for outcome in outcomes), Counter())) + ".",
    ]
    memory = [one for outcome in outcomes for one in outcome.memory]
    if memory:
        rows = [
            (one.passes, f"{one.service / 1e6:.0f} MB", f"{one.all / 1e6:.0f} MB", one.processes, one.zombies)
            for one in memory
        ]
        lines += ["", "## Memory, undisturbed", ""]
        lines += _table(("passes", "the service (RSS)", "all processes (RSS)", "processes", "zombies"), rows)
    for name, found in faults.items():
        if found:
            lines += ["", f"## {name}", "", *(f"- {one}" for one in found[:_SHOWN])]
            lines += [f"- … {len(found)} in all"] if len(found) > _SHOWN else []
    if missing:
        lines += ["", f"Boundaries not hit: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda one: -one[1]))


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    return [
        "| " + " | ".join(head) + " |",
        "|" + " --- |" * len(head),
        *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows),
    ]
