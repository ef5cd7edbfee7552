"""crawler.rendered.gate: what gets through to a portal, on real sockets."""

import asyncio
import base64
from collections.abc import Awaitable, Callable

import pytest

from crawler.guard import Guard
from crawler.portal import Policy, Portal
from crawler.rendered.gate import Gate, Visit


async def origin(
    received: list[bytes], answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
) -> asyncio.Server:
    """A server that says the same to everybody, and keeps what it was told."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got = await asyncio.wait_for(reader.read(65_536), 5)
        received.append(got)
        writer.write(answer)
        await writer.drain()
        more = await asyncio.wait_for(reader.read(65_536), 0.3) if b"CONNECT" not in got else b""
        if more:
            received.append(more)
        writer.close()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (TimeoutError, OSError):
            writer.close()

    return await asyncio.start_server(quietly, "127.0.0.1", 0)


def port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def visit(gate: Gate, private: bool = True, upstream: str = "") -> Visit:
    policy = Policy(allow_private=private)
    made = gate.admit(
        Guard(Portal("p", "p", "generic", ("http://127.0.0.1/", "http://localhost/")), policy), private, upstream
    )
    made.budget = 1_000_000
    return made


async def ask(gate: Gate, text: str, who: Visit | None, password: str = "") -> bytes:
    """What comes back until the connection ends."""
    _, _, at = gate.proxy(who or Visit(Guard(Portal("p", "p", "generic", ("http://x/",)), Policy()), True, ""))[
        "server"
    ].rpartition(":")
    reader, writer = await asyncio.open_connection("127.0.0.1", int(at))
    if who is not None:
        token = base64.b64encode(f"{who.name}:{password or who.password}".encode()).decode()
        text = text.replace("\r\n\r\n", f"\r\nProxy-Authorization: Basic {token}\r\n\r\n", 1)
    writer.write(text.encode())
    got = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return got


def run(what: Callable[[Gate], Awaitable[None]]) -> None:
    async def main() -> None:
        gate = Gate()
        await gate.open()
        try:
            await what(gate)
        finally:
            await gate.close()

    asyncio.run(main())


def test_a_request_goes_through_without_what_is_the_gates() -> None:
    async def what(gate: Gate) -> None:
        received: list[bytes] = []
        server = await origin(received)
        me = visit(gate)
        url = f"http://127.0.0.1:{port(server)}/nb/?a=1"
        got = await ask(
            gate,
            f"POST {url} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nxyGET / HTTP/1.1\r\n\r\n",
            me,
        )
        assert got.endswith(b"ok")
        text = b"".join(received)
        assert text.startswith(b"POST /nb/?a=1 HTTP/1.1\r\n")
        assert b"roxy-" not in text and me.password.encode() not in text  # noqa: PT018
        assert text.endswith(b"Connection: close\r\n\r\nxy")  # and not the next request, to wherever that goes
        assert me.addresses == {"127.0.0.1": "127.0.0.1"}
        server.close()

    run(what)


@pytest.mark.parametrize("who", ["nobody", "a liar", "one who left"])
def test_only_visitors_get_anything(who: str) -> None:
    async def what(gate: Gate) -> None:
        received: list[bytes] = []
        server = await origin(received)
        me = visit(gate)
        if who == "one who left":
            gate.dismiss(me)
        for text in (
            f"GET http://127.0.0.1:{port(server)}/ HTTP/1.1\r\n\r\n",
            f"CONNECT 127.0.0.1:{port(server)} HTTP/1.1\r\n\r\n",
        ):
            got = await ask(gate, text, None if who == "nobody" else me, "wrong" if who == "a liar" else "")
            assert got.startswith(b"HTTP/1.1 407"), got
        assert received == []
        server.close()

    run(what)


def test_the_guard_decides_and_names_are_judged_by_their_addresses() -> None:
    async def what(gate: Gate) -> None:
        received: list[bytes] = []
        server = await origin(received)
        me, stranger = visit(gate), visit(gate, private=False)
        for text in (
            f"GET http://127.0.0.2:{port(server)}/ HTTP/1.1\r\n\r\n",
            f"GET https://127.0.0.1:{port(server)}/ HTTP/1.1\r\n\r\n",
            f"GET ftp://127.0.0.1:{port(server)}/ HTTP/1.1\r\n\r\n",
            f"GET http://127.0.0.1@127.0.0.2:{port(server)}/ HTTP/1.1\r\n\r\n",
            "nonsense\r\n\r\n",
            "GET http://127.0.0.1:99999/ HTTP/1.1\r\n\r\n",
        ):
            assert await ask(gate, text, me) in (b"",), text
        assert (await ask(gate, f"CONNECT 127.0.0.2:{port(server)} HTTP/1.1\r\n\r\n", me)).startswith(b"HTTP/1.1 403")
        assert "127.0.0.2" in me.refusals
        # A name that is the portal's, and an address that is nobody's business.
        assert await ask(gate, f"GET http://localhost:{port(server)}/ HTTP/1.1\r\n\r\n", stranger) == b""
        assert stranger.trouble["localhost"].startswith("private address")
        assert (await ask(gate, f"GET http://localhost:{port(server)}/ HTTP/1.1\r\n\r\n", me)).endswith(b"ok")
        assert len(received) == 1
        server.close()

    run(what)


def test_what_cannot_be_reached_answers_nothing() -> None:
    async def what(gate: Gate) -> None:
        server = await origin([])
        free = port(server)
        server.close()
        await server.wait_closed()
        me = visit(gate)
        assert await ask(gate, f"GET http://127.0.0.1:{free}/ HTTP/1.1\r\n\r\n", me) == b""
        assert me.trouble == {"127.0.0.1": "refused"}

    run(what)


def test_nobody_gets_more_than_the_budget() -> None:
    async def what(gate: Gate) -> None:
        server = await origin([], b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 3_000_000)
        me = visit(gate)
        got = await ask(gate, f"GET http://127.0.0.1:{port(server)}/ HTTP/1.1\r\n\r\n", me)
        assert len(got) <= 1_000_000
        assert me.budget < 0
        server.close()

    run(what)


def test_a_portals_own_proxy_is_used_and_gets_its_password() -> None:
    async def what(gate: Gate) -> None:
        received: list[bytes] = []
        proxy = await origin(received)
        me = visit(gate, upstream=f"http://user:p%40ss@127.0.0.1:{port(proxy)}")
        expected = b"Proxy-Authorization: Basic " + base64.b64encode(b"user:p@ss")
        assert (await ask(gate, "GET http://localhost/nb/ HTTP/1.1\r\nHost: localhost\r\n\r\n", me)).endswith(b"ok")
        assert received[0].startswith(b"GET http://localhost/nb/ HTTP/1.1\r\n")
        assert expected in received[0]
        got = await ask(gate, "CONNECT localhost:443 HTTP/1.1\r\n\r\n", me)
        assert got.startswith(b"HTTP/1.1 200")
        assert received[1].startswith(b"CONNECT localhost:443 HTTP/1.1\r\n")
        assert expected in received[1]
        proxy.close()
        refusing = await origin([], b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
        other = visit(gate, upstream=f"http://127.0.0.1:{port(refusing)}")
        assert await ask(gate, "CONNECT localhost:443 HTTP/1.1\r\n\r\n", other) == b""
        assert other.trouble == {"localhost": "status 502 of the proxy"}
        refusing.close()
        await refusing.wait_closed()
        assert await ask(gate, "CONNECT localhost:443 HTTP/1.1\r\n\r\n", other) == b""
        assert other.trouble == {"localhost": "proxy: refused"}
        closed = await origin([], b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        third = visit(gate, upstream=f"http://127.0.0.1:{port(closed)}")
        assert await ask(gate, "CONNECT localhost:443 HTTP/1.1\r\n\r\n", third) == b""
        assert third.trouble == {"localhost": "proxy: answers 407"}
        closed.close()

    run(what)
