"""The steps between which the program is killed: what they are called, and the function before, in or after which they lie.

A boundary is armed by the environment (`SOAK_FUSE`, see fuse/sitecustomize.py): the process that reaches it for the nth
time kills itself. So each process of the program, however it was started, may be the one.
"""

import json
from pathlib import Path
from typing import Literal, NamedTuple

Step = Literal["before", "begun", "ending", "after"]
"""`begun` and `ending` lie within the block that a context manager is entered for."""
FUSES = Path(__file__).with_name("fuse")


class Boundary(NamedTuple):
    """A step of the program. `most`: the fuse blows at its first to `most`th time."""

    name: str
    module: str
    attribute: str
    step: Step
    most: int = 1
    when: Literal["pass", "start", "killed"] = "pass"
    """What must be going on for it to be reached: passes with news, a start on an empty home, a start after passes that
    were killed."""

    def environment(self, file: Path, nth: int) -> dict[str, str]:
        """Variables that arm it. `file` appears when it blows."""
        spec = {"module": self.module, "attribute": self.attribute, "step": self.step}
        return {"SOAK_FUSE": json.dumps({**spec, "file": str(file), "nth": nth})}


def _both(
    name: str, module: str, attribute: str, most: int = 1, when: Literal["pass", "start", "killed"] = "pass"
) -> list[Boundary]:
    return [Boundary(f"{step} {name}", module, attribute, step, most, when) for step in ("before", "after")]


BOUNDARIES: tuple[Boundary, ...] = (
    # The record
    *(
        Boundary(f"transaction {step}", "monitor.store", "Store.transaction", step, 12)
        for step in ("before", "begun", "ending", "after")
    ),
    *_both("a statement", "monitor.store", "Store.run", 120),
    # A pass: its number, what it is told, its processes, what it brings home
    *_both("numbering a pass", "monitor.store", "Store.start_crawl", 5),
    *_both("the briefing", "monitor.briefing", "write_briefing", 5),
    *_both("an observation", "crawler.run_folder", "RunWriter.tell", 20),
    *_both("a capture", "crawler.run_folder", "RunWriter.capture", 3),
    *_both("finishing the run folder", "crawler.run_folder", "RunWriter.finish"),
    *_both("a sync to disk", "os", "fsync", 12),
    *_both("a renaming", "os", "replace", 6),
    # Settling
    *_both("keeping the capture", "monitor.archive", "keep_capture", 3),
    *_both("settling", "monitor.settle", "settle", 3),
    *_both("recording a killed pass", "monitor.settle", "settle_killed", 1, "killed"),
    *_both("clearing run folders", "monitor.retention", "expire", 3),
    *_both("queueing alerts", "monitor.recipients", "enqueue", 3),
    # Sending
    *_both("reclaiming", "monitor.outbox_store", "reclaim"),
    *_both("leasing", "monitor.outbox_store", "lease", 3),
    *_both("sending", "monitor.channels", "send", 3),
    *_both("noting what was told", "monitor.journal", "append", 2),
    *_both("comparing with what was told", "monitor.journal", "reconcile"),
    *_both("marking as sent", "monitor.outbox_store", "mark_sent", 3),
    # Starting
    *_both("a script of a migration", "monitor.migrations", "_run", 8, "start"),
)
