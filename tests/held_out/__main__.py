"""python -m tests.held_out [NAME or FAMILY…] [--start home|column|report] [--jobs N] [--keep DIR]"""

import argparse
import itertools
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.held_out.corpus import sites
from tests.held_out.runner import Score, as_dict, run
from tests.held_out.site import COLUMN, HOME, REPORT


def _rates(scores: list[Score]) -> str:
    expected = sum(score.expected for score in scores)
    found = sum(score.found for score in scores)
    extra = sum(len(score.extra) for score in scores)

    def part(some: int, of: int) -> str:
        return f"{some}/{of} ({100 * some / of:.1f} %)" if of else "-"

    rates = {
        "family": part(sum(s.family_right for s in scores), len(scores)),
        "section": part(sum(s.section_right for s in scores), len(scores)),
        "reports": part(found, expected),
        "wrong extra": part(extra, found + extra),
        "years": part(sum(s.year_right for s in scores), found),
        "organs": part(sum(s.organ_right for s in scores), found),
        "dates": part(sum(s.date_right for s in scores), found),
        "wrong dates": part(sum(s.date_wrong for s in scores), found),
        "told by a second pass": str(sum(len(s.stirred) for s in scores)),
    }
    return " · ".join(f"{name} {rate}" for name, rate in rates.items())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.held_out")
    parser.add_argument("names", nargs="*", help="sites or families; none: all")
    parser.add_argument("--start", choices=(HOME, COLUMN, REPORT), action="append")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for portal files, output and requests of every run")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    work = [
        (make, site.name, start)
        for make, site in ((make, make()) for make in sites())
        if not options.names or site.name in options.names or site.family in options.names
        for start in site.starts
        if not options.start or start in options.start
    ]
    work.sort(key=lambda item: (HOME, COLUMN, REPORT).index(item[2]))
    scores: list[Score] = []
    counter = itertools.count(11)
    with ThreadPoolExecutor(options.jobs) as pool:
        for score in pool.map(lambda item: run(item[0](), item[2], next(counter) % 200 + 11, options.keep), work):
            scores.append(score)
            print(score.line(), flush=True)
            for name, rows in (("missed", score.missed), ("extra", score.extra), ("second pass", score.stirred)):
                for row in rows[:3]:
                    print(f"    {name}: {row}")
            if not score.section_right:
                print(f"    sections: {' '.join(score.sections)}")
            if options.keep:
                with (options.keep / "scores.jsonl").open("a", encoding="utf-8") as out:
                    out.write(as_dict(score) + "\n")
    groups: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        groups[f"start {score.start}"].append(score)
        groups[f"site {score.site}"].append(score)
    for name in sorted(groups):
        print(f"{name:30} {_rates(groups[name])}")
    print(f"{'all':30} {_rates(scores)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
