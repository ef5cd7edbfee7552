"""The staff pages beside the service: a process of their own, so that nothing that visitors ask for delays a pass or an alert.

It ends with the service, however that ends: it listens to a pipe that the service holds. If it dies it is started again, after
growing pauses; if it cannot start, because of a setting, it is tried again when the settings change, and each minute.
"""

import contextlib
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from monitor.home import Home
from monitor.settings import Settings
from monitor.settings_web import Web

log = logging.getLogger(__name__)

_PAUSES = (1.0, 5.0, 15.0, 60.0)
"""Seconds before it is started again; the last one from then on."""
_SETTLED = 300.0
"""Seconds after which a process that dies is no longer the one that would not start."""
_PATIENCE = 10.0
"""Seconds that it gets to end."""
_PROGRAM = "monitor.cli.beside"


class Pages:
    """Keeps one `nianbao web` going between `start` and `stop`."""

    def __init__(self, home: Home, settings: Settings, command: Callable[[Home], list[str]] | None = None) -> None:
        self._home = home
        self._started_by = _read_at_start(settings)
        self._command = command or _command
        self._wake = threading.Event()
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="staff pages", daemon=True)
        self._down_since = 0.0

    def start(self) -> None:
        self._thread.start()

    def refresh(self, settings: Settings) -> None:
        """Settings were read again: where those changed that are read at its start, or it is not there, it is started anew."""
        with self._lock:
            before, self._started_by = self._started_by, _read_at_start(settings)
            if before == self._started_by and self._child is not None:
                return
            if self._child is not None:
                self._child.terminate()
        self._wake.set()

    def stop(self) -> None:
        """Returns when it has ended."""
        self._ends.set()
        self._wake.set()
        with self._lock:
            if self._child is not None:
                self._child.terminate()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE + 5)

    @property
    def down_seconds(self) -> float:
        """For how long there have been no pages; 0: they are there."""
        since = self._down_since
        return time.monotonic() - since if since else 0.0

    def _keep(self) -> None:
        failures = 0
        while not self._ends.is_set():
            began = time.monotonic()
            status = self._serve()
            if self._ends.is_set():
                return
            self._down_since = self._down_since or time.monotonic()
            if self._wake.is_set():  # it was asked to read its settings again
                self._wake.clear()
                failures = 0
                continue
            failures = 0 if time.monotonic() - began > _SETTLED else failures
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            failures += 1
            log.error("the staff pages ended with status %s; they are started again in %g s", status, pause)
            self._wake.wait(pause)
            self._wake.clear()

    def _serve(self) -> int | str:
        """From a start to an end; its exit status, or why it could not be started."""
        with self._lock:
            if self._ends.is_set():
                return 0
            try:
                child = self._child = subprocess.Popen(
                    self._command(self._home),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # what a terminal sends to all comes to the service, which decides
                    cwd=Path(__file__).resolve().parents[2],
                )
            except OSError as error:
                return str(error)
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_PAUSES[0])
            if child.poll() is None:
                self._down_since = 0.0
            while child.poll() is None and not self._ends.is_set():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(1.0)
            try:
                return child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                return child.wait()
        finally:
            with self._lock:
                self._child = None
            if child.stdin is not None:
                child.stdin.close()


def _read_at_start(settings: Settings) -> tuple[Web, bool, str, str, str, str, str]:
    """Who may sign in is looked up while it runs."""
    web, service = settings.web, settings.service
    public = (msgspec.structs.replace(web, user=()), bool(web.user), service.web_url, service.timezone)
    return *public, service.engine, service.broker, service.results


def _command(home: Home) -> list[str]:
    return [sys.executable, "-m", _PROGRAM, str(home.path)]
