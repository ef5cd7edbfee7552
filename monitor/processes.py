"""The supervisor's side of passes' processes: what the nursery is told, and what it tells.

In: orders. Out: calls of whoever gave the order, from one thread, while the pass goes on, and once when nothing of it is
left, whatever became of it: a crash, a limit, a nursery that died. The nursery starts with the first order, and again
if it died; passes that were under way then end by themselves, and count as ended when the last of them has.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from crawler.observation import LOG
from crawler.orders import Again, Asked, Ended, Gone, Order, Progressed, Said, Started, Stop
from crawler.portal import Portal

_TAIL = 65_536
_SIGNALS = {-one.value: one.name for one in signal.Signals}

log = logging.getLogger(__name__)
_said = msgspec.json.Decoder(Said).decode


class Process(msgspec.Struct):
    """A pass's process, and what is known of it."""

    order: Order
    portal: Portal
    heard: Callable[["Process"], None]
    """Called when something new is known."""
    ended: Callable[["Process"], None]
    """Called once, last."""
    pid: int = 0
    done: int = 0
    total: int = 0
    memory: int = 0
    """Bytes, the most that was seen."""
    never: str = ""
    """Why the nursery could not start it; empty: it did not say so."""
    waits: bool = False
    """It is to be made again, by itself, when there is room."""
    end: Ended | None = None
    """How it ended; None: nobody saw it."""
    worker: str = ""
    """Who makes it; empty: this machine, or nobody yet."""
    lost: str = ""
    """Why what it wrote never arrived; empty: it did, or was never on its way."""

    @property
    def fault(self) -> str:
        """Why it never began; empty: it did."""
        return self.never or ("" if self.pid or self.end or self.lost else "the process that starts passes died")


class Processes:
    """Starts passes and hears of them. Use it from any thread; `close` it."""

    def __init__(self, whose: Path) -> None:
        """`whose` is the home, for those who list processes."""
        self._whose = whose
        self._lock = threading.Lock()
        self._nursery: _Nursery | None = None

    def start(self, process: Process) -> None:
        """Starts a pass. Raises OSError if no process can be started."""
        with self._lock:
            if self._nursery is None or not self._nursery.take(process):
                self._nursery = _Nursery(self._whose)
                self._nursery.take(process)

    def stop(self, crawl: int, why: str) -> None:
        """Ends a pass early; if it does not end, it is killed."""
        with self._lock:
            if self._nursery is not None:
                self._nursery.tell(Stop(crawl, why))

    def kill(self) -> None:
        """Kills the nursery. What it started ends by itself, as soon as that can be."""
        with self._lock:
            if self._nursery is not None:
                self._nursery.kill()

    def close(self) -> None:
        """Ends the nursery, and every pass with it; returns when nothing is left."""
        with self._lock:
            if self._nursery is not None:
                self._nursery.close()
                self._nursery = None


class _Nursery:
    """One nursery process and the thread that listens to it."""

    def __init__(self, whose: Path) -> None:
        self._lock = threading.Lock()
        self._wards: dict[int, Process] = {}
        self._dead = False
        self._child = subprocess.Popen(
            [sys.executable, "-m", "crawler.nursery", str(whose)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # what a terminal sends to all comes to the supervisor, who decides
            cwd=Path(__file__).resolve().parents[1],
        )
        self._thread = threading.Thread(target=self._listen, name="nursery", daemon=True)
        self._thread.start()

    def take(self, process: Process) -> bool:
        """Gives an order; False if this nursery is dead."""
        with self._lock:
            if self._dead or self._child.poll() is not None:
                return False
            self._wards[process.order.crawl] = process
        self.tell(process.order)  # if it dies over it, the listener says what became of the pass
        return True

    def tell(self, asked: Asked) -> None:
        """Says something to the nursery, if it still listens."""
        assert self._child.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it died; whoever listened has closed the file
            self._child.stdin.write(msgspec.json.encode(asked) + b"\n")
            self._child.stdin.flush()

    def kill(self) -> None:
        """Ends it at once."""
        self._child.kill()

    def close(self) -> None:
        """Ends it; waits until its passes have ended."""
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        self._thread.join()

    def _listen(self) -> None:
        assert self._child.stdout is not None
        with self._child.stdout as lines:
            for line in lines:
                try:
                    self._hear(_said(line))
                except msgspec.MsgspecError:
                    log.warning("the nursery wrote nonsense: %r", line[:200])
        # Nobody holds the other end any more: neither the nursery nor any pass.
        code = self._child.wait()
        assert self._child.stdin is not None
        with contextlib.suppress(OSError):
            self._child.stdin.close()
        with self._lock:
            self._dead = True
            lost = [*self._wards.values()]
            self._wards.clear()
        if code:
            log.error("the process that starts passes ended with status %d; the next pass starts another one", code)
        for process in lost:
            process.ended(process)

    def _hear(self, said: Said) -> None:
        process = self._wards.get(said.crawl)
        if process is None:
            return
        match said:
            case Started():
                process.pid, process.waits = said.pid, False
                process.heard(process)
            case Again():
                log.info("%s: pass %d is made by itself", process.order.portal, said.crawl)
                process.waits = True
                process.heard(process)
            case Progressed():
                process.done, process.total = said.done, said.total
                process.heard(process)
            case Ended():
                process.end = said
            case Gone():
                process.memory, process.never = said.memory, said.error
                with self._lock:
                    del self._wards[said.crawl]
                process.ended(process)


def written(folder: Path) -> str:
    """What a pass wrote; its end, if that is much."""
    try:
        with (folder / LOG).open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def how_it_ended(end: Ended | None, said: str) -> str:
    """In words, for a pass without its run.json. `said` is what it wrote."""
    if end is None:
        why = "ended with the process that watched over it"
    elif end.forced:
        why = f"{end.stopped}; it did not stop, and was killed"
    elif end.status is None:
        why = "it waited to be made again"
    elif end.status < 0:
        why = f"killed by {_SIGNALS.get(end.status, f'signal {-end.status}')}"
    else:
        why = f"ended with status {end.status}"
    if end is not None and end.stopped and not end.forced:
        why = f"{end.stopped}; {why}"
    last = _last_words(said)
    return f"{why}: {last}" if last else why


def _last_words(said: str) -> str:
    """The last line; of a crash, where it happened."""
    _, crash, trace = said.rpartition("(most recent call first):")
    lines = [line.strip() for line in (trace if crash else said).splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[0] if crash else lines[-1]
