"""A connection to a host that is kept for many requests, and the pool of those that are idle.

It is Twisted's (as Scrapy makes it lenient), and serves the requests that Scrapy's handler sends over it. `ask` sends one and
reads an ordinary answer in a fraction of the time: nearly all pages of nearly all passes are as they were, and what they cost is
what their fetch costs. As soon as anything is not ordinary (crawler/heads.py), all that was received is given to Twisted's parser as if it
had just come, and Scrapy's handler goes on from there: broken servers, torn connections and bodies that are too large end as
they always did, in the same words.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from typing import Any, NamedTuple

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientProtocol
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.ssl import Certificate
from twisted.python.failure import Failure
from twisted.web.client import HTTPConnectionPool, _RetryingHTTP11ClientProtocol
from twisted.web.http import _ChunkedTransferDecoder

from crawler.heads import END, Head, hopeless, read_head

LARGEST = 1_000_000
"""Bytes of a body that is read here; what is larger is put together by Scrapy, in half the memory."""


GOING_ON: ContextVar["Connection | None"] = ContextVar("going_on", default=None)
"""The connection that the download of this context goes on with."""


class Whole(NamedTuple):
    """An ordinary answer."""

    head: Head
    body: bytes


class Nothing(Exception):
    """The connection was closed before anything came: it had been idle for too long. Ask over another one."""


class Odd(Exception):
    """The answer is not ordinary: Scrapy's handler is to go on with the connection (`GOING_ON`)."""


class _Chunks:
    """A body in chunks: whole, once `feed` has said so."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._done = False
        self.rest = b""
        """What came behind it."""
        self._decoder = _ChunkedTransferDecoder(self._parts.append, self._finish)

    def _finish(self, rest: bytes) -> None:
        self._done, self.rest = True, rest

    def feed(self, data: bytes) -> bytes | None:
        """Takes what came; the body, if that was the rest of it. Raises what Twisted's decoder raises."""
        self._decoder.dataReceived(data)
        return b"".join(self._parts) if self._done else None


class Connection(_LenientHTTP11ClientProtocol):
    """One at a time: a request of Twisted's, or `ask`."""

    def __init__(self, quiescent: Callable[["Connection"], None]) -> None:
        super().__init__(quiescent)  # type: ignore[no-untyped-call]
        self._idle = quiescent
        self._waiting: asyncio.Future[Whole] | None = None
        self._received: list[bytes] = []
        self._size = 0
        self._head: Head | None = None
        self._chunks: _Chunks | None = None
        self._most = 0
        self._odd = False
        self._lost: Failure | None = None
        self.peer: tuple[Any, Any] = (None, None)
        """Certificate, if there is one, and IP address of the other end, once `ask` was called."""
        self.since = 0.0
        """When it became idle."""

    def _look_at_peer(self) -> None:
        if self.peer[1] is None:
            transport: Any = self.transport
            try:
                certificate = Certificate(transport.getPeerCertificate())  # type: ignore[no-untyped-call]
            except AttributeError:
                certificate = None
            self.peer = certificate, ipaddress.ip_address(transport.getPeer().host)

    async def ask(self, request: bytes, most: int, seconds: float) -> Whole:
        """Sends a request and gives its answer. `most`: bytes of the body. Raises Nothing, Odd, and TimeoutError after so many
        seconds."""
        self._look_at_peer()
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Whole] = loop.create_future()
        self._waiting = waiting
        self._most = min(most, LARGEST)
        timer = loop.call_later(seconds, _time_out, waiting)
        transport: Any = self.transport
        try:
            transport.write(request)
            return await waiting
        except (TimeoutError, asyncio.CancelledError):
            self._waiting = None
            transport.abortConnection()
            raise
        finally:
            timer.cancel()

    def dataReceived(self, data: bytes) -> None:
        """See Twisted."""
        if self._waiting is None and not self._odd:
            super().dataReceived(data)  # type: ignore[no-untyped-call]
            return
        self._received.append(data)
        self._size += len(data)
        if self._odd:
            return
        if self._head is None:
            data = data if len(self._received) == 1 else b"".join(self._received)
            if END in data:
                self._head = read_head(data)
            elif not hopeless(data):
                return
            if self._head is None or self._head.length > self._most:
                self._hand_over()
                return
            if self._head.length < 0:
                self._chunks = _Chunks()
                data = data[self._head.size :]
        self._go_on(self._head, data)

    def _go_on(self, head: Head, data: bytes) -> None:
        """Looks whether the body is whole. `data`: what came last of it."""
        if self._chunks is not None:
            if self._size > self._most:
                self._hand_over()
                return
            try:
                body = self._chunks.feed(data)
            except Exception:
                self._hand_over()  # Twisted's parser says what it thinks of it
                return
            if body is not None:
                self._finish(Whole(head, body), head.closes or bool(self._chunks.rest))
        elif self._size >= head.size + head.length:
            received = self._received[0] if len(self._received) == 1 else b"".join(self._received)
            rest = self._size > head.size + head.length
            self._finish(Whole(head, received[head.size : head.size + head.length]), head.closes or rest)

    def _finish(self, whole: Whole, closes: bool) -> None:
        waiting, self._waiting = self._waiting, None
        self._forget()
        if closes:
            transport: Any = self.transport
            transport.loseConnection()
        else:
            self._idle(self)
        if waiting is not None and not waiting.done():
            waiting.set_result(whole)

    def _forget(self) -> None:
        self._received, self._size, self._head, self._chunks = [], 0, None, None

    def _hand_over(self) -> None:
        """From now on what comes is kept until Scrapy's handler has sent its request, which is never sent."""
        self._odd = True
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Odd())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """See Twisted."""
        if self._odd or (self._waiting is not None and self._received):
            self._lost = reason
            if not self._odd:
                self._hand_over()
            return
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(Nothing())
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def go_on(self, request: Any) -> Deferred[Any]:
        """Takes Twisted's request for the one that was sent, and lets its parser read what came of it."""
        request.writeTo = _nowhere
        answered: Deferred[Any] = self.request(request)
        asyncio.get_running_loop().call_soon(self._tell_all)  # once somebody listens
        return answered

    def _tell_all(self) -> None:
        received, lost = self._received, self._lost
        self._odd = False
        self._forget()
        for data in received:
            if self._parser is not None:
                super().dataReceived(data)  # type: ignore[no-untyped-call]
        if lost is not None:
            super().connectionLost(lost)  # type: ignore[no-untyped-call]


def _time_out(waiting: "asyncio.Future[Whole]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


def _nowhere(transport: object) -> Deferred[None]:
    return succeed(None)


class _Resumed:
    """A connection whose request has been sent already."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def request(self, request: Any) -> Deferred[Any]:
        return self._connection.go_on(request)


class _Connections(Factory):
    noisy = False

    def __init__(self, quiescent: Callable[[Connection], None], metadata: str) -> None:
        self._quiescent = quiescent

    def buildProtocol(self, addr: object) -> Connection:
        return Connection(self._quiescent)


class Pool(HTTPConnectionPool):
    """Idle connections by scheme, host and port. Nothing watches over them: one that its server has closed, or that is too old,
    is let go of when it is its turn."""

    _factory: Any = _Connections

    def __init__(self, reactor: Any, most: int) -> None:
        super().__init__(reactor, persistent=True)  # type: ignore[no-untyped-call]
        self.maxPersistentPerHost = most
        self._idle: dict[Hashable, list[Connection]] = {}

    def take(self, key: Hashable) -> Connection | None:
        """An idle connection, the youngest first."""
        idle = self._idle.get(key)
        while idle:
            connection = idle.pop()
            if connection.state == "QUIESCENT" and not getattr(connection.transport, "disconnecting", False):
                if time.monotonic() - connection.since < self.cachedConnectionTimeout:
                    return connection
                _close(connection)
        return None

    def getConnection(self, key: Hashable, endpoint: Any) -> Deferred[Any]:
        """See Twisted: an idle one, and another one if that was closed meanwhile; or a new one."""
        if (resumed := GOING_ON.get()) is not None:
            GOING_ON.set(None)  # whatever begins in this context from now on needs a connection of its own
            return succeed(_Resumed(resumed))
        connection = self.take(key)
        if connection is None:
            made: Deferred[Any] = self._newConnection(key, endpoint)
            return made
        return succeed(
            _RetryingHTTP11ClientProtocol(connection, lambda: self._newConnection(key, endpoint))  # type: ignore[no-untyped-call]
        )

    def _putConnection(self, key: Hashable, connection: Connection) -> None:
        idle = self._idle.setdefault(key, [])
        if len(idle) >= self.maxPersistentPerHost:
            _close(idle.pop(0))
        connection.since = time.monotonic()
        idle.append(connection)

    def closeCachedConnections(self) -> Deferred[None]:
        """See Twisted."""
        for idle in self._idle.values():
            for connection in idle:
                _close(connection)
        self._idle.clear()
        closed: Deferred[None] = super().closeCachedConnections()  # type: ignore[no-untyped-call]
        return closed


def _close(connection: Connection) -> None:
    transport: Any = connection.transport
    transport.loseConnection()
