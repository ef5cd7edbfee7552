"""The crawl process by hand: `python -m crawler RUN_FOLDER` makes the pass of a folder, as the nursery's children do.

Standard output: progress as JSON lines (`{"event": "progress", "portal": …, "crawl": …, "done": n, "total": m}`), at most
five a second. Standard error: the log. Exit 0 even when the portal failed: run.json tells; 1 for a pass that never began,
2 for a folder that cannot be used. SIGTERM and SIGINT end the pass early (`cut_short`), and so does the death of the
process that started it.
"""

import contextlib
import logging
import os
import sys
from pathlib import Path

import msgspec

from crawler.orders import Progressed
from crawler.process import run
from crawler.run_folder import RunFolderError


def main(arguments: list[str]) -> int:
    """Makes the pass; the exit code."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        sys.stderr.write("usage: python -m crawler RUN_FOLDER\n")
        return 2
    try:
        code = run(Path(arguments[0]), _print)
    except RunFolderError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stderr.flush()
    logging.shutdown()
    os._exit(code)  # a document that is still being read, or a download that ignores its end, must not keep the process


def _print(told: Progressed) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more; the pass goes on
        os.write(1, msgspec.json.encode(told) + b"\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
