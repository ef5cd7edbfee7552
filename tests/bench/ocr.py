"""Hundreds of pictures of the national form, read: right, doubtful, wrong and not flagged; by resolution and by damage.

`make bench-ocr`, or `python -m tests.bench.ocr [REPORTS] [FIRST SEED]`. The table goes into docs/figures.md.
"""

import random
import sys
import time
from collections import defaultdict

from monitor.ocr import reader, reads_with
from tests.ocr.pictures import press, random_look
from tests.ocr.score import Score, score

RESOLUTIONS = (96, 150, 300)


def main(reports: int, first: int) -> None:
    totals: dict[tuple[int, str], Score] = defaultdict(Score)
    with press() as rendered:
        for seed in range(first, first + reports):
            rng = random.Random(seed)
            look = random_look(rng, RESOLUTIONS[seed % 3])
            report = rendered.report(rng, ("2019", "2021")[seed // 3 % 2], look)
            began = time.process_time()
            found = score(report, reader.read)
            found.seconds = time.process_time() - began
            for name in (look.condition, "all"):
                totals[look.dpi, name].add(found)
            for missed in found.missed[:3]:
                print(f"seed {seed} ({look.dpi} dpi, {look.condition}): {missed}", file=sys.stderr)
    print(f"Reader: {reads_with()}\n")
    print("| dpi | condition | pictures | cells | right | doubtful | wrong, not flagged | CPU s a picture |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for (dpi, name), one in sorted(totals.items()):
        print(
            f"| {dpi} | {name} | {one.pictures} | {one.cells} | {one.share('right'):.2f} % | {one.share('doubtful'):.2f} % "
            f"| {one.share('wrong'):.3f} % | {one.seconds / one.pictures:.1f} |"
        )


if __name__ == "__main__":
    main(*(int(sys.argv[place]) if len(sys.argv) > place else usual for place, usual in ((1, 120), (2, 1000))))
