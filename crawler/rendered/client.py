"""A pass's side: asks for a page, gets what it showed.

The nursery leaves every pass a door (`inherit`): whoever knocks gets a connection to the fleet's one browser, which starts
with the first knock. If the browser's process ends, the pass knocks again. A pass without a door, run by hand, starts a
browser of its own, which ends with it.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from crawler.rendered import wire
from crawler.rendered.wire import NO_BROWSER, Ask, Failed, Gone, NotShown, Shown, Visitor, Wait

_SILENCE = 45.0
"""Seconds without a word after which the browser's process counts as hanging."""
_KNOCK = 30.0
_TRIES = 3

_door: socket.socket | None = None


def inherit(door: socket.socket) -> None:
    """In a pass that the nursery made: where to knock."""
    global _door
    _door = door


class _Lost(NotShown):
    """The browser's process ended, or does not answer: nobody knows what it would have shown."""


class Browser:
    """The browser, for one pass. `close` it."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._lock = asyncio.Lock()
        self._writer: asyncio.StreamWriter | None = None
        self._listener: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[Shown]] = {}
        self._number = 0
        self._heard = 0.0
        self._own: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    async def show(self, url: str, headers: Mapping[str, str], seconds: float, most: int) -> Shown:
        """A page as a reader sees it, its list followed to the end. Raises NotShown."""
        for attempt in range(_TRIES):
            try:
                return await self._show(url, headers, seconds, most)
            except _Lost:
                if attempt == _TRIES - 1:
                    raise
                await asyncio.sleep(0.5)
        raise AssertionError("unreachable")

    async def _show(self, url: str, headers: Mapping[str, str], seconds: float, most: int) -> Shown:
        loop = asyncio.get_running_loop()
        async with self._lock:
            writer = await self._connected()
        self._number += 1
        number = self._number
        shown: asyncio.Future[Shown] = loop.create_future()
        self._asked[number] = shown
        self._heard = loop.time()
        try:
            wire.say(writer, Ask(number, url, tuple(headers.items()), seconds, most))
            await writer.drain()
            while not shown.done():
                await asyncio.wait({shown}, timeout=1.0)
                if loop.time() - self._heard > _SILENCE:
                    self._drop()
                    raise NotShown("the browser does not answer")
            return await shown
        except OSError as error:
            raise _Lost("the browser ended") from error
        finally:
            self._asked.pop(number, None)

    async def close(self) -> None:
        """Nothing more will be asked."""
        self._drop()
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._own is not None:
            own, self._own = self._own, None
            try:
                await asyncio.to_thread(own.wait, 15.0)
            except subprocess.TimeoutExpired:
                own.terminate()

    def _drop(self) -> None:
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._fail("the browser ended")

    def _fail(self, marker: str) -> None:
        for one in self._asked.values():
            if not one.done():
                one.set_exception(_Lost(marker))

    async def _connected(self) -> asyncio.StreamWriter:
        for attempt in range(_TRIES):
            if self._writer is not None and self._listener is not None and not self._listener.done():
                return self._writer
            self._drop()
            try:
                connection = await self._connection()
                reader, writer = await asyncio.open_connection(sock=connection)
                wire.say(writer, self._visitor)
                await writer.drain()
            except (OSError, TimeoutError) as error:
                if attempt == _TRIES - 1:
                    raise NotShown(f"{NO_BROWSER}: {error or 'nobody opens'}") from error
                await asyncio.sleep(0.5)
                continue
            self._writer = writer
            self._listener = asyncio.ensure_future(self._listen(reader))
            return writer
        raise AssertionError("unreachable")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                said = await wire.told(reader)
                self._heard = asyncio.get_running_loop().time()
                if isinstance(said, Wait):
                    continue
                future = self._asked.get(said.number)
                if future is None or future.done():
                    continue
                if isinstance(said, Failed):
                    future.set_exception(NotShown(said.marker, said.rule, said.detail))
                else:
                    future.set_result(said)
        except (Gone, ValueError):  # msgspec's errors are values that are none
            self._fail("the browser ended")

    async def _connection(self) -> socket.socket:
        """A connection of our own. Raises OSError, TimeoutError."""
        if _door is not None:
            return await asyncio.wait_for(_knock(_door), _KNOCK)
        if self._own is None or self._own.poll() is not None:
            self._control, theirs = socket.socketpair()
            with theirs:
                self._own = subprocess.Popen(
                    [sys.executable, "-m", "crawler.rendered.host", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    cwd=Path(__file__).resolve().parents[2],
                )
        assert self._control is not None
        mine, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._control, [b"+"], [theirs.fileno()])
        mine.setblocking(False)
        return mine


async def _knock(door: socket.socket) -> socket.socket:
    loop = asyncio.get_running_loop()
    door.setblocking(False)
    opened: asyncio.Future[socket.socket] = loop.create_future()

    def answered() -> None:
        try:
            data, sockets, _, _ = socket.recv_fds(door, 512, 1)
        except BlockingIOError:
            return
        except OSError as error:
            data, sockets = str(error).encode(), []
        loop.remove_reader(door)
        if opened.done():
            for one in sockets:
                socket.close(one)
        elif sockets:
            opened.set_result(socket.socket(fileno=sockets[0]))
        else:
            opened.set_exception(OSError(data.decode("utf-8", "replace") or "the nursery is gone"))

    loop.add_reader(door, answered)
    try:
        door.send(b"?")
        connection = await opened
    finally:
        with contextlib.suppress(ValueError):
            loop.remove_reader(door)
    connection.setblocking(False)
    return connection
