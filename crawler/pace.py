"""The pause between two requests to one host, kept by all processes of this user on this machine together.

A pass waits its `turn` before each request. Whoever wants one locks the host's file (crawler/host_files.py) for some
microseconds, speaks for a time after what stands there, and waits: by the machine's monotonic clock, which no clock step and
no time zone moves. Then it looks again when the last request really went out, for a busy machine wakes nobody in time. Each
process speaks for one time per host at most, so that several of them take turns, and one that is killed costs the others a
single pause. A place of the host is locked while a request is under way: no more than `concurrency` are, whoever makes them.

The folder: `NIANBAO_PACE`, else `nianbao-pace-UID` under /dev/shm or the temporary directory. Where it cannot be used (planted by
somebody else, a full disk) each process keeps its own pauses, and says so once.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from crawler.host_files import FOLDER, NEVER, Busy, HostFiles, Times, default_folder, let_go

JITTER = 0.3
"""Share of a pause by which it is longer or shorter: a firewall counts equal intervals as a robot's."""
_LOCK_PATIENCE = 2.0
_PLACE_LOOK, _PLACE_PATIENCE = 0.05, 180.0
"""Seconds between two looks for a free place; after so many, somebody stopped in the middle of a request."""

logger = logging.getLogger(__name__)


class _Host:
    """What this process knows of a host."""

    __slots__ = ("held", "sent", "turn")

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.sent = self.held = NEVER


_Step = Callable[[_Host, Times, float], float]


class Pace:
    """The pauses of one process. `folder`: None for `default_folder()`. `clock`: seconds, the same for all processes."""

    def __init__(
        self,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        factor: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311 (no secret)
    ) -> None:
        self._clock, self._factor = clock, factor
        self._files = HostFiles(folder or default_folder(), clock)
        self._hosts: dict[str, _Host] = {}
        self.alone = ""
        """Why this process keeps its pauses by itself; empty: it shares them, or has not made any yet."""

    @contextlib.asynccontextmanager
    async def turn(self, host: str, delay: float, concurrency: int = 1, least: float = 0.0) -> AsyncIterator[None]:
        """Waits until a request to `host` may go out, `delay` seconds (a third more or less, but no less than `least`) after the
        one before, with fewer than `concurrency` under way; the request is under way until the context ends. A delay of 0 costs
        nothing: no file is touched, and only `hold` is heeded."""
        here = self._hosts.get(host)
        if delay <= 0 and (here is None or here.held <= self._clock()):
            yield
            return
        here = here or self._hosts.setdefault(host, _Host())
        place: int | None = None
        try:
            async with here.turn:
                if delay > 0:
                    place = await self._place(host, concurrency)
                await self._wait(host, here, delay, least)
            yield
        finally:
            if place is not None:
                let_go(place)

    def hold(self, host: str, seconds: float) -> None:
        """No request to `host` goes out for so long, from this process or another."""
        here = self._hosts.setdefault(host, _Host())
        here.held = max(here.held, self._clock() + seconds)
        if self.alone:
            return
        try:
            with self._files.times(host) as file:
                said = self._files.read(file, seconds)
                self._files.write(file, Times(said.spoken, said.sent, max(said.held, here.held)))
        except Busy:
            pass  # this process heeds it all the same
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Lets go of the folder."""
        self._files.close()

    async def _wait(self, host: str, here: _Host, delay: float, least: float) -> None:
        """Speaks for the next time at which a request may go out, and waits until it may."""
        pause = max(delay * self._factor(), least)
        left = await self._look(host, here, delay, pause, self._speak)
        while left > 0:
            await asyncio.sleep(left)
            left = await self._look(host, here, delay, pause, self._send)

    async def _look(self, host: str, here: _Host, delay: float, pause: float, what: _Step) -> float:
        """Does a step on what the host's file says; seconds until the next look, 0: the request goes out now."""
        begun = self._clock()
        while delay > 0 and not self.alone:
            try:
                with self._files.times(host) as file:
                    said = self._files.read(file, delay)
                    left = what(here, said, pause)
                    self._files.write(file, said)
                    return left
            except Busy:
                if self._clock() - begun > _LOCK_PATIENCE:
                    break  # whoever holds it was stopped in the middle of it
                await asyncio.sleep(0.002)
            except OSError as error:
                self._give_up(error)
        return self._send(here, Times(), pause)

    def _speak(self, here: _Host, said: Times, pause: float) -> float:
        now = self._clock()
        said.spoken = max(now, here.sent + pause, here.held, said.spoken + pause, said.held)
        return said.spoken - now or self._send(here, said, pause)

    def _send(self, here: _Host, said: Times, pause: float) -> float:
        now = self._clock()
        soonest = max(here.sent + pause, here.held, said.sent + pause, said.held)
        if soonest > now:
            return soonest - now
        here.sent = said.sent = now
        said.spoken = max(said.spoken, now)
        return 0.0

    async def _place(self, host: str, concurrency: int) -> int | None:
        """One of the host's places, locked; None: this process goes by itself."""
        begun = self._clock()
        while not self.alone:
            for number in range(concurrency):
                try:
                    return self._files.place(host, number)
                except Busy:
                    continue
                except OSError as error:
                    self._give_up(error)
                    return None
            if self._clock() - begun > _PLACE_PATIENCE:
                logger.warning("%s: its places were taken for %g s; the request goes out", host, _PLACE_PATIENCE)
                return None
            await asyncio.sleep(_PLACE_LOOK)
        return None

    def _give_up(self, error: OSError) -> None:
        """From now on by itself."""
        if not self.alone:
            self.alone = f"{error.filename or self._files.folder}: {error.strerror or error}"
            logger.warning(
                "%s; this process keeps the pauses between its requests by itself, whatever else asks the same hosts: set "
                "%s to a folder of this user's own",
                self.alone,
                FOLDER,
            )
            self.close()
