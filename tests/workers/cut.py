"""A wire that can be cut: a proxy on loopback between one client and a server, one for each worker and for the service.

A partition is silence: nothing goes through, nothing is refused, and what was under way arrives when it heals, however
late, as TCP has it. Network namespaces could do the same, where root allows; this needs no rights, and is as true to what a
client can see: `hang` one or both ways, `reset` what is open, `refuse` what comes.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Self

from tests.workers.redis_server import free_port

_HOST = "127.0.0.1"
_AT_ONCE = 65_536


class Cut:
    """A wire to a port of loopback. A context manager; the methods may be called from any thread."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = free_port()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="cut", daemon=True)
        self._server: asyncio.Server | None = None
        self._there, self._back = asyncio.Event(), asyncio.Event()
        """Whether bytes go there and come back."""
        self._there.set()
        self._back.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """The address of the Redis behind it."""
        return f"redis://{_HOST}:{self.port}/0"

    def hang(self, *, there: bool = True, back: bool = True) -> None:
        """From now on bytes are held: on their way `there`, on their way `back`."""
        self._do(self._set(not there, not back))

    def reset(self) -> None:
        """Every open connection ends with a reset; what was held is lost."""
        self._do(self._reset())

    def refuse(self) -> None:
        """Every open connection is reset, and no other comes about."""
        self._do(self._refuse())

    def heal(self) -> None:
        """All goes through, what was held first."""
        self._do(self._heal())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _set(self, there: bool, back: bool) -> None:
        for way, through in ((self._there, there), (self._back, back)):
            way.set() if through else way.clear()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, _HOST, self.port)

    async def _heal(self) -> None:
        await self._set(True, True)
        await self._listen()

    async def _reset(self) -> None:
        for end in [*self._ends]:
            sock = end.get_extra_info("socket")
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.transport.abort()
        for task in [*self._tasks]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._reset()

    async def _close(self) -> None:
        await self._refuse()
        await self._loop.shutdown_asyncgens()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._ends.add(writer)
        upper: asyncio.StreamWriter | None = None
        try:
            answers, upper = await asyncio.open_connection(_HOST, self._to)
            self._ends.add(upper)
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, upper, self._there))
                both.create_task(self._pump(answers, writer, self._back))
        except* (OSError, asyncio.CancelledError):
            pass  # one side is gone, or the wire was cut
        finally:
            for end in (writer, upper):
                if end is not None:
                    self._ends.discard(end)
                    end.transport.abort()
            self._tasks.discard(task)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: asyncio.Event) -> None:
        while data := await reader.read(_AT_ONCE):
            await way.wait()
            writer.write(data)
            await writer.drain()
        await way.wait()
        if writer.can_write_eof():
            writer.write_eof()
