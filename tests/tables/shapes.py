"""The shapes by name: each sets what it is about, and leaves the rest of the `Look` as usual. `mixed` sets anything."""

import random
from collections.abc import Callable
from typing import Any, get_args

from tests.tables.arrange import BETWEEN
from tests.tables.look import Broken, Look, Markup

Choose = Callable[[random.Random], dict[str, Any]]

_MARKUPS: tuple[Markup, ...] = get_args(Markup)
_BROKEN: tuple[Broken, ...] = get_args(Broken)
_SCRIPTS = ("s2t", "s2tw", "s2twp", "s2hk")


def _cut(rng: random.Random, again: bool) -> dict[str, Any]:
    return {"pieces": rng.choice([2, 3]), "head_again": again, "between": rng.choice(BETWEEN)}


SHAPES: dict[str, Choose] = {
    "official form": lambda rng: {},
    "label columns": lambda rng: {"labels": rng.choice([1, 2]), "group_lines": rng.random() < 0.5},
    "unresolved groups": lambda rng: {"labels": rng.choice([2, 3]), "unresolved": True},
    "headers": lambda rng: {"heads": rng.choice(["two rows", "names only", "no note", "bare"])},
    "loose wording": lambda rng: {"wording": "loose", "labels": rng.choice([1, 2, 3])},
    "numbering": lambda rng: {"wording": rng.choice(["bare", "other numbers"]), "labels": rng.choice([1, 2, 3])},
    "word": lambda rng: {"markup": "word", "broken": rng.choice(["", "br", "mixed"])},
    "wps": lambda rng: {"markup": "wps"},
    "single characters": lambda rng: {"markup": "single characters"},
    "upper case": lambda rng: {"markup": "upper case"},
    "unclosed": lambda rng: {"markup": rng.choice(["unclosed", "unclosed inline"])},
    "header cells": lambda rng: {"markup": "header cells"},
    "row groups": lambda rng: {"groups": rng.choice(["none", "thead", "out of order", "several"])},
    "broken words": lambda rng: {"broken": rng.choice(_BROKEN[1:]), "markup": rng.choice(["plain", "wps"])},
    "cut": lambda rng: _cut(rng, False),
    "cut, header again": lambda rng: _cut(rng, True),
    "nested": lambda rng: {"nested": rng.choice(["layout", "deep"])},
    "cell tables": lambda rng: {"nested": "cell"},
    "hundreds of columns": lambda rng: {"wide": rng.choice([53, 370, 371, 999])},
    "absurd spans": lambda rng: {"absurd": True, "groups": rng.choice(["none", "thead", "tbody", "several"])},
    "column doubled": lambda rng: {"doubled": True},
    "column lost": lambda rng: {"lost": True},
    "joined": lambda rng: {"joined": rng.choice(["filled", "ragged"]), "title": rng.random() < 0.5},
    "other order": lambda rng: {"shuffled": True},
    "title row": lambda rng: {"title": True, "chapters": rng.random() < 0.5},
    "no chapters": lambda rng: {"chapters": False},
    "several rows": lambda rng: {
        "parts": rng.choice(["contracts", "services", "both", "subtotals"]),
        "way": rng.choice(["plain", "units"]),
    },
    "units": lambda rng: {"way": "units"},
    "yuan": lambda rng: {"yuan": True},
    "full width": lambda rng: {"way": "full-width"},
    "thousands": lambda rng: {"way": "thousands"},
    "spaces": lambda rng: {"way": "spaces"},
    "changes": lambda rng: {"way": "changes"},
    "blanks": lambda rng: {"way": "blanks"},
    "traditional": lambda rng: {
        "script": rng.choice(_SCRIPTS),
        "wording": rng.choice(["form", "loose", "bare"]),
        "labels": rng.choice([1, 2, 3]),
    },
    "hidden": lambda rng: {"hidden": True},
    "header again": lambda rng: {"again": rng.choice([3, 5, 8])},
    "spacers": lambda rng: {"spacers": rng.choice(["rows", "columns", "both"])},
    "footnotes": lambda rng: {"notes": True},
    "mixed": lambda rng: _mixed(rng),
}


def _mixed(rng: random.Random) -> dict[str, Any]:
    """Four to eight of the others at once, the later ones over the earlier."""
    names = [name for name in SHAPES if name not in ("mixed", "column lost")]
    chosen: dict[str, Any] = {}
    for name in rng.sample(names, rng.randrange(4, 9)):
        chosen |= SHAPES[name](rng)
    if rng.random() < 0.3:
        chosen["way"] = "mixed"
    return chosen


def look(rng: random.Random, shape: str) -> Look:
    return Look(**SHAPES[shape](rng))
