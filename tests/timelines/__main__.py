"""Plays seeds and prints, by kind, what was expected, found, missed and false. Exits 1 if anything was wrong.

python -m tests.timelines [SEED …] [--passes N] [--portals NAME …] [--json FILE]
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from tests.timelines.play import PORTALS, Score, play


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("seeds", type=int, nargs="*")
    parser.add_argument("--count", type=int, default=1, help="so many seeds from the first (or a random) one on")
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--portals", nargs="+", default=list(PORTALS))
    parser.add_argument("--without", nargs="+", default=[], help="acts that do not happen")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seeds = options.seeds or [random.randrange(10**6)]
    if options.count > 1:
        seeds = list(range(seeds[0], seeds[0] + options.count))
    total = Score()
    start = time.process_time()
    for seed in seeds:
        print(f"seed {seed}", end=": ", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            score = play(seed, options.passes, Path(folder), options.portals, options.without)
        print(f"{score.passes} passes, {score.expected.total()} events expected, {len(score.wrong)} wrong", flush=True)
        print("".join(f"  {line}\n" for line in score.wrong), end="", flush=True)
        total.add(score)
    spent = time.process_time() - start
    print(
        f"\n{len(seeds)} seeds, {total.passes} passes, {spent:.0f} s of CPU ({spent / max(total.passes, 1) * 1000:.0f} ms a pass)"
    )
    print(f"{'':18}{'expected':>9}{'found':>9}{'missed':>9}{'false':>9}")
    for kind in sorted({*total.expected, *total.false}):
        row = (total.expected[kind], total.found[kind], total.missed[kind], total.false[kind])
        print(f"{kind:18}" + "".join(f"{number:9}" for number in row))
    if options.json:
        options.json.write_bytes(
            msgspec.json.format(json.dumps({**vars(total), "seeds": seeds, "cpu": spent}).encode())
        )
    return 1 if total.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
