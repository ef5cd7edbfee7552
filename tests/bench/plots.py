"""The tables and plots of docs/performance.md, from the results that are kept beside this file.

    make bench-plots

Tables stand between `<!-- NAME -->` and `<!-- /NAME -->`; what is around them is written by hand. The plots are SVG without a
background, in colours that can be read on white and on black; the same results give the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import msgspec
from matplotlib import pyplot as plt

from tests.bench.document import PAGE, PEERS, RUNS, written
from tests.bench.measure import ROOT, summary
from tests.bench.results import Peers, Results, Run
from tests.bench.tables import ABOVE, TARGETS, TITLES

IMAGES = ROOT / "docs" / "images"
GREY = "#7d8590"
COLOURS = {
    "bare": GREY,
    "raw": "#a371b8",
    "unchanged": "#2f81f7",
    "304": "#2ea067",
    "noise": "#d9822b",
    "first": "#d1495b",
    "changed": "#3aa6b9",
}
STYLE: dict[str, Any] = {
    "svg.hashsalt": "nianbao",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": GREY,
    "axes.labelcolor": GREY,
    "axes.edgecolor": GREY,
    "axes.titlecolor": GREY,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
}


def cpu(runs: Sequence[Run]) -> None:
    """CPU a page, and as a ratio, of passes that find nothing new."""
    steps = ("bare", "raw", "unchanged", "304", "noise")
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    for step in steps:
        _line(left, runs, step, [run.cpu_a_page(step) for run in runs])
        if step != "raw":
            _line(right, runs, step, [run.ratio(step) for run in runs])
    for step, (small, large) in TARGETS.items():
        for run in runs:
            if run.pages >= 1_000:
                limit = small if run.pages < 5_000 else large
                right.plot(
                    run.pages, limit, marker="v", color=COLOURS[step], markersize=8, fillstyle="none", linestyle=""
                )
    left.set_title("ms of CPU a page")
    right.set_title("times bare Scrapy's; triangles: targets")
    for axes in (left, right):
        _sizes(axes, runs)
    left.legend(fontsize=9)
    _save("performance-cpu.svg")


def first(runs: Sequence[Run]) -> None:
    """The first pass and the one that finds 1 % changed."""
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.3))
    for step in ("first", "bare"):
        _line(left, runs, step, [run.cpu_a_page(step) for run in runs])
    limits = [run.cpu_a_page("bare").median + ABOVE for run in runs]
    left.plot(
        [run.pages for run in runs],
        limits,
        color=COLOURS["first"],
        linestyle=":",
        label=f"bare Scrapy + {ABOVE:.0f} ms",
    )
    left.set_title("first pass: ms of CPU a page")
    left.legend(fontsize=9)
    for step in ("first", "unchanged", "304", "noise", "changed"):
        _line(right, runs, step, [run.of(step, "peak") for run in runs])
    right.axhline(150, color=GREY, linestyle=":")
    right.set_title("MB of the largest process; dotted: target")
    right.legend(fontsize=8)
    for axes in (left, right):
        _sizes(axes, runs)
    _save("performance-first.svg")


def peers(found: Peers) -> None:
    """CPU of a check of unchanged pages, tool by tool."""
    rows = [(name, peer) for name, peer in found.peers.items() if not peer.trouble]
    rows.sort(key=lambda row: -summary([cost.cpu for cost in row[1].costs["unchanged"]]).median)
    _, axes = plt.subplots(figsize=(9, 0.75 * len(rows) + 0.9))
    for place, (_, peer) in enumerate(rows):
        for shift, step in ((0.19, "first"), (-0.19, "unchanged")):
            ms = summary([cost.cpu for cost in peer.costs[step]]).median / found.pages * 1000
            label = ("first check" if step == "first" else "unchanged") if place == 0 else None
            axes.barh(place + shift, ms, 0.34, color=COLOURS[step], label=label)
            axes.annotate(f"{ms:.1f}", (ms, place + shift), (4, 0), textcoords="offset points", va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [f"{name} {peer.version}".strip() for name, peer in rows])
    axes.set_title(f"ms of CPU a page, {found.pages} pages, start-up included")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(fontsize=9, loc="upper right")
    _save("performance-peers.svg")


def _line(axes: Any, runs: Sequence[Run], step: str, values: Sequence[Any]) -> None:
    sizes = [run.pages for run in runs]
    axes.fill_between(
        sizes, [one.low for one in values], [one.high for one in values], color=COLOURS[step], alpha=0.15, lw=0
    )
    axes.plot(sizes, [one.median for one in values], color=COLOURS[step], marker="o", markersize=4, label=TITLES[step])


def _sizes(axes: Any, runs: Sequence[Run]) -> None:
    axes.set_xscale("log")
    axes.set_xticks([run.pages for run in runs], [f"{run.pages:,}" for run in runs])
    axes.minorticks_off()
    axes.set_xlabel("pages in a pass")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y")


def _save(name: str) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    plt.tight_layout()
    plt.savefig(IMAGES / name, metadata={"Date": None, "Creator": None})
    plt.close()
    # matplotlib leaves blanks at the ends of lines.
    text = (IMAGES / name).read_text("utf-8")
    (IMAGES / name).write_text("".join(f"{line.rstrip()}\n" for line in text.splitlines()), "utf-8")


def main() -> None:
    mpl.use("svg")
    runs = msgspec.json.decode(RUNS.read_bytes(), type=Results)
    with mpl.rc_context(STYLE):
        cpu(runs.of("wps"))
        first(runs.of("wps"))
        if PEERS.exists():
            peers(msgspec.json.decode(PEERS.read_bytes(), type=Peers))
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
    for path in sorted(IMAGES.glob("performance-*.svg")):
        print(f"{Path(path).relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB")


if __name__ == "__main__":
    main()
