"""Surveys of portals: each in a process of its own, started here, and gone when this is left.

In: orders (crawler/scout/survey_model.py). Out: surveys, as they end. No more than a few at a time, and never two of one
authority: a host is not asked twice at once. A survey that crashes, hangs or is killed is a survey that says so.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import msgspec

from crawler.page.address import bare, host_of
from crawler.portal import Portal
from crawler.scout.own import is_own, registrable, typed
from crawler.scout.survey_model import ORDER, SURVEY, Order, Survey, Told, Tried
from monitor.briefing import default_agent, mail_of
from monitor.settings import Settings

PARALLEL = 4
_PATIENCE = 90.0
"""Seconds beyond its limit after which the process that keeps a survey is itself killed."""
_LARGEST = 60_000_000
_ROOT = Path(__file__).resolve().parents[1]

Progress = Callable[[Order, Told], None]


def order_of(
    url: str, settings: Settings, now: str, *, proxy: str = "", known: Portal | None = None, requests: int = 40
) -> Order:
    """The order of a survey that starts at `url`, as an operator typed it. With `known`, a portal whose section is gone, its
    new address is looked for, by that portal's proxy and policy. Raises ValueError (what is wrong with the address)."""
    policy = settings.policy if known is None else settings.policy.overridden(known.policy)
    return Order(
        typed(url),
        now,
        settings.service.user_agent or default_agent(settings.service.contact),
        policy,
        contact=mail_of(settings.service.contact),
        proxy=proxy or (known.proxy if known is not None else ""),
        known=known,
        requests=requests,
    )


def scout(
    orders: Sequence[Order], progress: Progress = lambda _order, _told: None, *, parallel: int = PARALLEL
) -> Generator[tuple[Order, Survey], None, None]:
    """Makes surveys; gives each with its order as soon as it is there. `progress` is called from other threads.

    Whoever stops asking (Ctrl-C, an error) ends what is under way.
    """
    waiting = list(orders)
    running: dict[Future[Survey], Order] = {}
    processes = _Processes()
    with ThreadPoolExecutor(max(1, parallel), "scout") as pool:
        try:
            while waiting or running:
                busy = {_authority(order.url) for order in running.values()}
                for order in list(waiting):
                    if len(running) >= parallel:
                        break
                    if _authority(order.url) not in busy:
                        busy.add(_authority(order.url))
                        waiting.remove(order)
                        running[pool.submit(_survey, order, progress, processes)] = order
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for one in done:
                    yield running.pop(one), one.result()
        finally:
            processes.end()


def _authority(url: str) -> str:
    """Whose host an address names: what is not asked twice at once."""
    host = host_of(url)
    return registrable(host) or bare(host)


class _Processes:
    """What is under way, so that it can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._ended = False

    def add(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.add(process)
            if self._ended:
                process.terminate()

    def remove(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            self._running.discard(process)

    def end(self) -> None:
        """Ends all of them; each clears up behind itself."""
        with self._lock:
            self._ended = True
            for process in self._running:
                process.terminate()


def _survey(order: Order, progress: Progress, processes: _Processes) -> Survey:
    """One survey. Never raises for what becomes of its process."""
    with tempfile.TemporaryDirectory(prefix="nianbao-scout-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        tried: list[Tried] = []
        try:
            (folder / ORDER).write_bytes(msgspec.json.encode(order))
            why = _run(order, folder, progress, processes, tried)
            path = folder / SURVEY
            if path.stat().st_size > _LARGEST:
                why = "its result is too large"
            else:
                return msgspec.json.decode(path.read_bytes(), type=Survey)
        except FileNotFoundError:
            why = why or "its process ended without a result"
        except (OSError, msgspec.MsgspecError) as error:
            why = f"{type(error).__name__}: {error}"
    return Survey(
        order.url,
        "failed",
        trouble=f"the survey failed: {why}"[:500],
        remedy="try once more; if it fails again, write the file by hand (docs/portals.md)",
        tried=tuple(tried),
    )


def _run(order: Order, folder: Path, progress: Progress, processes: _Processes, tried: list[Tried]) -> str:
    """Starts a survey's process and waits for its end; the last line that it wrote."""
    with (folder / "scout.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "crawler.scout", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C comes to us alone, and we end it
            cwd=_ROOT,
        )
    processes.add(process)
    late = threading.Timer(order.seconds + _PATIENCE, _kill, (process,))
    late.daemon = True
    late.start()
    try:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                with contextlib.suppress(msgspec.MsgspecError):
                    told = msgspec.json.decode(line, type=Told)
                    tried.append(Tried(told.url, "", "under way"))
                    progress(order, told)
        process.wait()
    finally:
        late.cancel()
        processes.remove(process)
    said = (folder / "scout.log").read_bytes()[-20_000:].decode("utf-8", "replace").strip()
    if process.returncode < 0:
        return f"killed by {signal.Signals(-process.returncode).name}"
    return said.rpartition("\n")[2]


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


__all__ = ["PARALLEL", "Progress", "is_own", "order_of", "scout"]
