"""What of docs/performance.md follows from the results: its tables, between markers. Without matplotlib, so that a test sees to it."""

import re
from collections.abc import Callable

import msgspec

from tests.bench import tables
from tests.bench.measure import ROOT
from tests.bench.results import Peers, Results

PAGE = ROOT / "docs" / "performance.md"
RUNS = ROOT / "tests" / "bench" / "results" / "passes.json"
PEERS = RUNS.parent / "peers.json"


def written(text: str) -> str:
    """The page with its tables as the results are. Raises KeyError for a marker that names no table."""
    runs = msgspec.json.decode(RUNS.read_bytes(), type=Results)
    mine, word = runs.of("wps"), runs.of("word")
    made: dict[str, Callable[[], str]] = {
        "machine": lambda: tables.machine(runs),
        "cpu": lambda: tables.cpu(mine),
        "targets": lambda: tables.targets(mine),
        "wall": lambda: tables.wall(mine),
        "memory": lambda: tables.memory(mine),
        "disk": lambda: tables.disk(mine),
        "spread": lambda: tables.spread(mine),
        "word": lambda: tables.cpu(word) if word else "",
        "peers": lambda: tables.peers(msgspec.json.decode(PEERS.read_bytes(), type=Peers)),
    }

    def fill(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n{made[match[1]]()}\n<!-- /{match[1]} -->"

    return re.sub(r"(?s)<!-- (\w+) -->\n.*?<!-- /\1 -->", fill, text)
