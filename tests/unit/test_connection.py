"""A connection that is kept: the short way, what ends it, and the pool. No socket: tests/e2e/two_handlers.py has some."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.web._newclient import Request
from twisted.web.http_headers import Headers

from crawler.connection import GOING_ON, Connection, Nothing, Odd, Pool, Whole

ASKED = b"GET / HTTP/1.1\r\nHost: a.cn\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"


class Transport(StringTransport):
    """Remembers that it was aborted."""

    gone = False

    def abortConnection(self) -> None:
        self.gone = True


class Kept:
    """A connection and what became of it."""

    def __init__(self) -> None:
        self.idle: list[Connection] = []
        self.transport = Transport(peerAddress=IPv4Address("TCP", "10.0.0.1", 80))
        self.connection = Connection(self.idle.append)
        self.connection.makeConnection(self.transport)

    async def ask(self, *steps: Any, most: int = 1000, seconds: float = 5.0) -> Whole:
        """Asks; the server then does `steps`: sends bytes, or closes."""
        waiting = asyncio.ensure_future(self.connection.ask(ASKED, most, seconds))
        await asyncio.sleep(0)
        for step in steps:
            if isinstance(step, bytes):
                self.connection.dataReceived(step)
            else:
                self.connection.connectionLost(Failure(step))
        return await waiting


def run(do: Callable[[Kept], Any]) -> Any:
    async def made() -> Any:
        return await do(Kept())

    return asyncio.run(made())


@pytest.mark.parametrize("answer", [ANSWER, CHUNKS], ids=["length", "chunks"])
def test_an_ordinary_answer_in_any_pieces(answer: bytes) -> None:
    async def ask(kept: Kept) -> None:
        for size in range(1, len(answer) + 1):
            whole = await kept.ask(*(answer[place : place + size] for place in range(0, len(answer), size)))
            assert (whole.head.status, whole.body) == (200, b"hello")
        assert len(kept.idle) == len(answer)
        assert kept.transport.value() == ASKED * len(answer)
        assert str(kept.connection.peer[1]) == "10.0.0.1"

    run(ask)


@pytest.mark.parametrize(
    "answer", [ANSWER + b"x", CHUNKS + b"x", ANSWER.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)]
)
def test_a_connection_that_cannot_be_used_again_is_closed(answer: bytes) -> None:
    async def ask(kept: Kept) -> None:
        assert (await kept.ask(answer)).body == b"hello"
        assert not kept.idle
        assert kept.transport.disconnecting

    run(ask)


def test_a_connection_that_was_closed_meanwhile_says_nothing() -> None:
    async def ask(kept: Kept) -> None:
        with pytest.raises(Nothing):
            await kept.ask(ConnectionDone())
        assert kept.connection.state == "CONNECTION_LOST"

    run(ask)


def test_who_waits_too_long_or_no_longer_lets_go_of_the_connection() -> None:
    async def ask(kept: Kept) -> None:
        with pytest.raises(TimeoutError):
            await kept.ask(ANSWER[:10], seconds=0.0)
        assert kept.transport.gone
        assert not kept.idle

    async def cancel(kept: Kept) -> None:
        waiting = asyncio.ensure_future(kept.ask())
        await asyncio.sleep(0.001)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert kept.transport.gone

    run(ask)
    run(cancel)


@pytest.mark.parametrize(
    "steps",
    [
        [ANSWER.replace(b"1.1", b"1.0")],
        [ANSWER[:-2], ConnectionDone()],
        [CHUNKS[:-9], ConnectionDone()],
        [CHUNKS.replace(b"\r\n2\r\n", b"\r\nzz\r\n")],
        [ANSWER.replace(b"5", b"2000")],
        [CHUNKS.replace(b"2\r\nhe", b"7d0\r\n" + b"h" * 2000)],
    ],
    ids=["1.0", "torn", "torn chunks", "bad chunk", "too large", "too large in chunks"],
)
def test_whatever_is_odd_is_told_to_twisted_as_if_it_had_just_come(steps: list[Any]) -> None:
    async def ask(kept: Kept) -> list[Any]:
        with pytest.raises(Odd):
            await kept.ask(*steps)
        told = []
        answered = kept.connection.go_on(Request(b"GET", b"/", Headers({"Host": ["a.cn"]}), None, persistent=True))  # type: ignore[no-untyped-call]
        answered.addBoth(told.append)
        await asyncio.sleep(0.001)
        assert kept.transport.value() == ASKED  # nothing was asked twice
        return [getattr(told[0], "code", None), type(getattr(told[0], "value", None))]

    async def plain(kept: Kept) -> list[Any]:
        told: list[Any] = []
        kept.connection.request(Request(b"GET", b"/", Headers({"Host": ["a.cn"]}), None, persistent=True)).addBoth(
            told.append
        )  # type: ignore[no-untyped-call]
        for step in steps:
            if isinstance(step, bytes):
                kept.connection.dataReceived(step)
            else:
                kept.connection.connectionLost(Failure(step))
        return [getattr(told[0], "code", None), type(getattr(told[0], "value", None))]

    assert run(ask) == run(plain)


def test_the_pool_gives_the_youngest_and_lets_go_of_what_is_of_no_use() -> None:
    pool = Pool(None, 2)
    kept = [Kept() for _ in range(4)]
    first, second, third, fourth = (one.connection for one in kept)
    assert pool.take("key") is None
    for connection in (first, second, third):
        pool._putConnection("key", connection)
    assert kept[0].transport.disconnecting  # one too many: the oldest
    assert pool.take("other") is None
    assert pool.take("key") is third
    second.connectionLost(Failure(ConnectionDone()))
    assert pool.take("key") is None
    pool._putConnection("key", second := Kept().connection)
    second.dataReceived(b"nobody asked for this")
    assert pool.take("key") is None
    pool._putConnection("key", fourth)
    fourth.since -= pool.cachedConnectionTimeout + 1
    assert pool.take("key") is None
    assert kept[3].transport.disconnecting


def test_scrapy_s_agent_gets_an_idle_connection_or_the_one_that_it_is_to_go_on_with() -> None:
    pool = Pool(None, 2)
    kept, other = Kept(), Kept()
    pool._putConnection("key", kept.connection)
    got: list[Any] = []
    token = GOING_ON.set(other.connection)
    pool.getConnection("key", None).addCallback(got.append)
    pool.getConnection("key", None).addCallback(got.append)
    GOING_ON.reset(token)
    assert got[0]._connection is other.connection  # once
    assert got.pop()._clientProtocol is kept.connection
    pool._putConnection("key", kept.connection)
    pool.closeCachedConnections()
    assert kept.transport.disconnecting
    assert pool.take("key") is None
