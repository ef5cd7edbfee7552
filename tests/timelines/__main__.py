"""Plays seeds and prints, by kind, what was expected, found, missed and false. Exits 1 if anything was wrong.

python -m tests.timelines [SEED …] [--count N] [--passes N] [--minutes N] [--portals NAME …] [--without ACT …] [--scheduled]
    [--json FILE]

Stopped early (Ctrl-C, --minutes), it still prints what was played, and exits 130 or as if that were all.
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
    parser.add_argument("--minutes", type=float, help="play no further pass after so many minutes")
    parser.add_argument("--portals", nargs="+", default=list(PORTALS))
    parser.add_argument("--without", nargs="+", default=[], help="acts that do not happen")
    parser.add_argument("--scheduled", action="store_true", help="most passes read what is due, as the service's do")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    seeds = options.seeds or [random.randrange(10**6)]
    if options.count > 1:
        seeds = list(range(seeds[0], seeds[0] + options.count))
    total, played, stopped = Score(), [], False
    start = time.process_time()
    end = None if options.minutes is None else time.monotonic() + options.minutes * 60
    for seed in seeds:
        if end is not None and time.monotonic() >= end:
            break
        print(f"seed {seed}", end=": ", flush=True)
        score = Score()
        try:
            with tempfile.TemporaryDirectory() as folder:
                play(
                    seed,
                    options.passes,
                    Path(folder),
                    options.portals,
                    options.without,
                    score=score,
                    end=end,
                    scheduled=options.scheduled,
                )
        except KeyboardInterrupt:
            stopped = True
        print(f"{score.passes} passes, {score.expected.total()} events expected, {len(score.wrong)} wrong", flush=True)
        print("".join(f"  {line}\n" for line in score.wrong), end="", flush=True)
        total.add(score)
        played.append(seed)
        if stopped:
            break
    _report(options, total, played, time.process_time() - start)
    return 130 if stopped else 1 if total.wrong else 0


def _report(options: argparse.Namespace, total: Score, seeds: list[int], spent: float) -> None:
    print(
        f"\n{len(seeds)} seeds, {total.passes} passes, {spent:.0f} s of CPU ({spent / max(total.passes, 1) * 1000:.0f} ms a pass)"
    )
    if options.scheduled:
        print(
            f"{total.sampled} read what was due ({total.asked} of {total.asked + total.left} reports), "
            f"{total.widened} more everything after all"
        )
    print(f"{'':18}{'expected':>9}{'found':>9}{'missed':>9}{'false':>9}")
    for kind in sorted({*total.expected, *total.false}):
        row = (total.expected[kind], total.found[kind], total.missed[kind], total.false[kind])
        print(f"{kind:18}" + "".join(f"{number:9}" for number in row))
    if options.json:
        options.json.write_bytes(
            msgspec.json.format(json.dumps({**vars(total), "seeds": seeds, "cpu": spent}).encode())
        )


if __name__ == "__main__":
    sys.exit(main())
