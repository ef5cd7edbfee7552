"""Passes of run folders, each in a process of its own that is forked from a warm one, as the nursery's are: what `python -m crawler
FOLDER` does, without importing all of it for each.

    with WarmPasses() as passes:
        done = passes.run(folder)
"""

import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Self

import msgspec

_SERVE = """
import os, signal, sys
import msgspec
from crawler.__main__ import main
from crawler.process import warm, warm_more

warm()
warm_more()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin.buffer:
    folder, out, err = msgspec.json.decode(line)
    if os.fork():
        continue
    # Somebody must stay between it and the warm process: it ends early when its parent is gone.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if not child:
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            os._exit(main([folder]))
        except BaseException:
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        finally:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(1, msgspec.json.encode((folder, code)) + b"\\n")
    os._exit(0)
"""


class WarmPasses:
    """The warm process. Any thread may use it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._lock = threading.Lock()
        self._under_way: dict[str, Future[int]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def run(self, folder: Path) -> "subprocess.CompletedProcess[str]":
        """Makes the pass of a folder. Raises TimeoutError after two minutes."""
        out, err = folder.with_name(f"{folder.name}.out"), folder.with_name(f"{folder.name}.err")
        ended: Future[int] = Future()
        with self._lock:
            assert self._process.stdin is not None
            self._under_way[str(folder)] = ended
            self._process.stdin.write(msgspec.json.encode((str(folder), str(out), str(err))) + b"\n")
            self._process.stdin.flush()
        code = ended.result(120)
        return subprocess.CompletedProcess([str(folder)], code, out.read_text("utf-8"), err.read_text("utf-8"))

    def close(self) -> None:
        """Returns when the warm process has ended, and all that it started."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._listener.join(30)
        self._process.wait(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:  # its end: neither the warm process nor any pass is left
            for line in lines:
                folder, code = msgspec.json.decode(line, type=tuple[str, int])
                self._under_way.pop(folder).set_result(code)
