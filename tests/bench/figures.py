"""CPU of reading a page with the three national tables: the page's bytes to text, and the text to figures.

    python tests/bench/figures.py [--pages 60] [--rounds 3]

Pages of all shapes that `tests.tables` knows, each another one; the times are medians and the slowest tenth. "figures" is what
the target of 6 ms is for. Exits 1 if its median is above.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2]))

from crawler.families.base import Markup
from crawler.page.model import Fetched
from crawler.page.reader import read_page
from monitor.figures import read
from tests.tables.check import ADDRESS, PORTAL, draw
from tests.tables.shapes import SHAPES

TARGET = 6.0
T = TypeVar("T")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pages", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    shapes = list(SHAPES)
    pages = [draw(10_000 + number, shapes[number % len(shapes)]).html for number in range(options.pages)]
    fetched = [Fetched(ADDRESS, 200, "text/html; charset=utf-8", html) for html in pages]
    read_page(fetched[0], PORTAL, Markup())  # tables that are built once
    parsing: list[float] = []
    first: list[float] = []
    again: list[float] = []
    for turn in range(options.rounds):
        for one in fetched:
            text = ""

            def parse(one: Fetched = one) -> str:
                return read_page(one, PORTAL, Markup()).reports[0].text

            spent, text = _spent(parse)
            parsing.append(spent)
            spent, _ = _spent(lambda text=text: read(text))
            (again if turn else first).append(spent)
    size = sum(map(len, pages)) / len(pages) / 1000
    print(f"{len(pages)} pages, {size:.0f} kB on average; ms of CPU:      median   slowest tenth")
    for name, times in (("page to text", parsing), ("figures, words not met before", first), ("figures", again)):
        print(f"{name:52}{statistics.median(times):8.2f}{statistics.quantiles(times, n=10)[-1]:12.2f}")
    return 0 if statistics.median(again or first) < TARGET else 1


def _spent(do: Callable[[], T]) -> tuple[float, T]:
    start = time.process_time()
    result = do()
    return (time.process_time() - start) * 1000, result


if __name__ == "__main__":
    sys.exit(main())
