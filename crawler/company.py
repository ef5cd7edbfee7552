"""Several passes in one process: they share its start-up, its memory and its reactor.

In: orders and stops, a message each, over a socket from the nursery, until it is closed. Out: over that socket, a sign of life every second
and a word for each pass that has ended; to the supervisor, the same as of a pass that has a process of its own.

Each pass has its own crawl.log: what is written while it runs, by it or on its behalf, goes there. A crash, too much memory or a
loop that stands still ends the process, and nobody asks here whose fault it was: the nursery makes each pass again by itself.
"""

import asyncio
import contextlib
import io
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TextIO

import msgspec
from scrapy.utils.log import configure_logging

from crawler.observation import LOG, ORPHANED, WATCHER_ENDED
from crawler.orders import Asked, Beat, Ended, Order, Over, Said, Started, Stop
from crawler.process import Work, passes_settings, prepare_reactor
from crawler.run_folder import RunFolderError, read_job
from crawler.spiders.portal_spider import PortalSpider

NO_MEMORY = 71
"""Exit status: there was no memory for one of them."""
_BEAT = 1.0
_TICK = 1.0
_LOG_BYTES = 50_000_000

_asked = msgspec.json.Decoder(Asked).decode


class _Log:
    """A pass's log, made when something is written."""

    def __init__(self, path: Path, full: Callable[[], None]) -> None:
        self._path, self._full = path, full
        self._file: TextIO | None = None
        self._bytes = 0

    def write(self, text: str) -> None:
        if self._bytes > _LOG_BYTES:
            self._full()
            return
        if self._file is None:
            self._file = self._path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._bytes += len(text.encode("utf-8", "replace"))
        self._file.write(text)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


_log: ContextVar[_Log | None] = ContextVar("log", default=None)
"""Of the pass on whose behalf something is done."""


class _Written(io.TextIOBase):
    """Standard output and standard error: each pass's log; what no pass can be told to have written goes to `other`."""

    def __init__(self, other: TextIO) -> None:
        self._other = other

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):  # a full disk, a pass that is over
            (_log.get() or self._other).write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._other.flush()


def _no_memory() -> None:
    os._exit(NO_MEMORY)


class Company:
    """The passes of this process. `serve` once."""

    def __init__(self, control: socket.socket, tell: Callable[[Said], None]) -> None:
        """`tell`: what the supervisor is to hear."""
        self._control, self._tell = control, tell
        self._settings = passes_settings()
        self._works: dict[int, Work] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._closed = asyncio.Event()

    def serve(self) -> int:
        """Until the socket is closed and every pass has ended."""
        sys.stdout = sys.stderr = _Written(sys.stderr)
        configure_logging(self._settings)
        # Nobody could say whose memory was gone.
        PortalSpider.out_of_memory = staticmethod(_no_memory)
        reactor = prepare_reactor(self._settings)
        loop = asyncio.get_event_loop()
        self._control.setblocking(False)
        loop.add_reader(self._control.fileno(), self._hear)
        loop.add_signal_handler(signal.SIGTERM, self._stop_all, WATCHER_ENDED)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGINT))
        task = loop.create_task(self._until_all_have_ended())
        task.add_done_callback(lambda _: reactor.stop())
        reactor.run(installSignalHandlers=False)
        task.result()
        return 0

    async def _until_all_have_ended(self) -> None:
        parent = os.getppid()
        while not (self._closed.is_set() and not self._tasks):
            self._say(Beat())
            if os.getppid() != parent:
                self._stop_all(ORPHANED)
            if self._closed.is_set():
                await asyncio.wait([*self._tasks.values()], timeout=_BEAT)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closed.wait(), _BEAT)

    def _hear(self) -> None:
        loop = asyncio.get_event_loop()
        while True:
            try:
                got = self._control.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                got = b""
            if not got:
                loop.remove_reader(self._control.fileno())
                self._closed.set()
                self._stop_all(WATCHER_ENDED)  # the nursery closes it when none is left; else it died
                return
            match _asked(got):
                case Order() as order:
                    self._tasks[order.crawl] = loop.create_task(self._make(order))
                case Stop(crawl, why):
                    if crawl in self._works:
                        self._works[crawl].stop(why)

    def _stop_all(self, why: str) -> None:
        for work in self._works.values():
            work.stop(why)

    async def _make(self, order: Order) -> None:
        folder = Path(order.folder)
        log = _Log(folder / LOG, lambda: self._works[order.crawl].stop(f"wrote more than {_LOG_BYTES / 1e6:.0f} MB"))
        _log.set(log)
        code, stopped = 70, ""
        try:
            work = self._works[order.crawl] = Work(folder, read_job(folder), self._settings, self._tell)
            self._tell(Started(order.crawl, os.getpid()))
            code = await work.run(_TICK)
            stopped = work.stopped
        except RunFolderError as error:
            log.write(f"{error}\n")
            code = 2
        except MemoryError:
            os._exit(NO_MEMORY)
        except Exception:
            traceback.print_exc()
        finally:
            self._works.pop(order.crawl, None)
            self._tasks.pop(order.crawl, None)
            with contextlib.suppress(OSError):
                log.close()
            self._tell(Ended(order.crawl, code, stopped))
            self._say(Over(order.crawl))

    def _say(self, said: Beat | Over) -> None:
        try:
            self._control.send(msgspec.json.encode(said))
        except BlockingIOError:
            if isinstance(said, Over):
                asyncio.get_event_loop().call_later(_BEAT, self._say, said)
        except OSError:
            pass  # the nursery is gone


def serve(control: socket.socket, tell: Callable[[Said], None]) -> int:
    """Makes the passes that are asked for over `control`."""
    return Company(control, tell).serve()
