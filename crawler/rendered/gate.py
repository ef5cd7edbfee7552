"""What Chromium may connect to: a proxy on loopback that all of its traffic goes through.

A browser resolves names itself, follows redirects without asking and opens connections from workers, frames and sockets.
So it gets no connection of its own: every context has this proxy, with a name and password of its own, and the gate judges
each connection by that visitor's guard: host as text, then each address that the name resolves to, and connects to the very
address that it judged. The guard refuses what lies off the portal's hosts; a private address too, unless its policy allows it.

A connection that cannot be made is closed without a word, so that no answer of ours is taken for the portal's; `Visit.trouble`
says why. Other users of the machine can see the port, and get nothing from it.
"""

import asyncio
import base64
import contextlib
import secrets
import socket
import ssl
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from crawler.guard import Guard, Refusal, is_private, literal_address
from crawler.page.verdict import PROXY

_HEAD = 65_536
"""Bytes of a request's head."""
_CONNECT, _IDLE = 20.0, 120.0
"""Seconds to connect, and without a byte."""
_CONNECTIONS = 64
"""Of one visitor at once."""
_BEYOND = frozenset({"502", "503", "504"})
"""Statuses with which a proxy says that it does not reach the site."""
_CHUNK = 65_536
_OWN = frozenset({"connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "upgrade"})

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Visit:
    """One context's way through the gate."""

    def __init__(self, guard: Guard, private: bool, upstream: str) -> None:
        self.guard = guard
        self.private = private
        self.upstream = upstream
        self.name, self.password = secrets.token_hex(8), secrets.token_hex(16)
        self.budget = 0
        """Bytes that may still come in."""
        self.trouble: dict[str, str] = {}
        """By host: why the last connection to it came to nothing."""
        self.refusals: dict[str, Refusal] = {}
        """By host, what the guard refused."""
        self.addresses: dict[str, str] = {}
        """By host: which of its addresses answered."""
        self.connections: set[asyncio.Task[None]] = set()


class _Closed(Exception):
    """A connection that is not made; the message is why."""


class Gate:
    """The proxy. `open` it, `admit` visitors, `close` it."""

    def __init__(self) -> None:
        self._visits: dict[str, Visit] = {}
        self._server: asyncio.Server | None = None
        self._port = 0

    async def open(self) -> None:
        """Listens on a free port of loopback. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_HEAD)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Ends every connection."""
        for visit in [*self._visits.values()]:
            self.dismiss(visit)
        if self._server is not None:
            self._server.close()
            self._server = None

    def admit(self, guard: Guard, private: bool, upstream: str) -> Visit:
        """A visitor. `upstream`: the portal's own proxy, or empty."""
        visit = Visit(guard, private, upstream)
        self._visits[visit.name] = visit
        return visit

    def dismiss(self, visit: Visit) -> None:
        """Nothing of it goes through any more."""
        self._visits.pop(visit.name, None)
        for task in visit.connections:
            task.cancel()

    def proxy(self, visit: Visit) -> dict[str, str]:
        """What a context is told, as Playwright has it. Loopback is no exception: tests live there."""
        server = f"http://127.0.0.1:{self._port}"
        return {"server": server, "username": visit.name, "password": visit.password, "bypass": "<-loopback>"}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        visit: Visit | None = None
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _IDLE)
            method, target, headers = _parse(head)
            visit = self._who(headers)
            if visit is None:
                # The browser asks once without its name, and then keeps the connection for the next try.
                writer.write(
                    b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=gate\r\n"
                    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
                await writer.drain()
                return
            if len(visit.connections) >= _CONNECTIONS:
                return
            visit.connections.add(task)
            await self._let_through(visit, method, target, headers, (reader, writer))
        except (_Closed, OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # what went wrong stands in visit.trouble
        finally:
            if visit is not None:
                visit.connections.discard(task)
            writer.close()

    def _who(self, headers: list[tuple[str, str]]) -> Visit | None:
        for name, value in headers:
            if name.lower() == "proxy-authorization":
                scheme, _, token = value.partition(" ")
                with contextlib.suppress(ValueError):
                    user, _, password = base64.b64decode(token.strip(), validate=True).decode("ascii").partition(":")
                    visit = self._visits.get(user) if scheme.lower() == "basic" else None
                    if visit is not None and secrets.compare_digest(visit.password, password):
                        return visit
        return None

    async def _let_through(
        self, visit: Visit, method: str, target: str, headers: list[tuple[str, str]], browser: _Ends
    ) -> None:
        tunnel = method == "CONNECT"
        parts = urlsplit(f"https://{target}/" if tunnel else target)
        url = parts._replace(fragment="").geturl()
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        refusal = visit.guard.refusal(url)
        if refusal is None and not tunnel and parts.scheme != "http":
            refusal = Refusal("refused_address", f"not a proxied address: {target[:200]}")
        if refusal is not None:
            visit.refusals[host] = refusal
            if tunnel:
                browser[1].write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await browser[1].drain()
            return
        reader, writer = await _upstream(visit, host, port, tunnel)
        try:
            if tunnel:
                browser[1].write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                sending = asyncio.ensure_future(_pump(browser[0], writer, None))
            else:
                origin = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
                first = target if visit.upstream else origin
                writer.write(_head(method, first, headers, visit.upstream).encode("latin-1"))
                sending = asyncio.ensure_future(_body(browser[0], writer, headers))
            receiving = asyncio.ensure_future(_pump(reader, browser[1], visit))
            try:
                await asyncio.wait({sending, receiving} if tunnel else {receiving}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in (sending, receiving):
                    one.cancel()
                await asyncio.gather(sending, receiving, return_exceptions=True)
        finally:
            writer.close()


def _parse(head: bytes) -> tuple[str, str, list[tuple[str, str]]]:
    """Method, target and headers. Raises ValueError."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    method, target, _ = first.split(" ")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name != name.strip():
            raise ValueError("no header")
        headers.append((name, value.strip()))
    return method, target, headers


def _head(method: str, target: str, headers: Iterable[tuple[str, str]], upstream: str) -> str:
    """A request that ends its connection: the next one, to whatever host, is judged anew."""
    kept = [f"{name}: {value}\r\n" for name, value in headers if name.lower() not in _OWN]
    if upstream and (credentials := _credentials(upstream)):
        kept.append(f"Proxy-Authorization: {credentials}\r\n")
    return f"{method} {target} HTTP/1.1\r\n{''.join(kept)}Connection: close\r\n\r\n"


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: list[tuple[str, str]]) -> None:
    """Sends a request's body on, and nothing after it."""
    sizes = {value for name, value in headers if name.lower() == "content-length"}
    if len(sizes) > 1 or any(name.lower() == "transfer-encoding" for name, _ in headers):
        writer.close()
        return
    left = int(next(iter(sizes), "0"))
    while left > 0:
        data = await reader.read(min(left, _CHUNK))
        if not data:
            break
        left -= len(data)
        writer.write(data)
        await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, visit: Visit | None) -> None:
    """Bytes on their way; those for the browser within its visitor's budget."""
    while data := await asyncio.wait_for(reader.read(_CHUNK), _IDLE):
        if visit is not None:
            visit.budget -= len(data)
            if visit.budget < 0:
                raise _Closed("too much")
        writer.write(data)
        await writer.drain()


async def _upstream(visit: Visit, host: str, port: int, tunnel: bool) -> _Ends:
    """A connection to the portal, or to the portal's proxy. Raises _Closed; the visitor's trouble says why."""
    try:
        if not visit.upstream:
            ends = await _reach(visit, host, port)
        else:
            ends = await _through(visit.upstream, f"{host}:{port}" if ":" not in host else f"[{host}]:{port}", tunnel)
    except _Closed as error:
        visit.trouble[host] = str(error)
        raise
    visit.trouble.pop(host, None)
    return ends


async def _reach(visit: Visit, host: str, port: int) -> _Ends:
    try:
        infos = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise _Closed("DNS") from None
    why = "refused"
    for address in dict.fromkeys(str(info[4][0]) for info in infos):
        literal = literal_address(address)
        if literal is None or (is_private(literal) and not visit.private):
            why = f"private address {address}"
            visit.refusals[host] = Refusal("refused_address", f"{host}: {why}")
            continue
        try:
            ends = await asyncio.wait_for(asyncio.open_connection(address, port, limit=_CHUNK), _CONNECT)
            visit.addresses[host] = address
            return ends
        except TimeoutError:
            why = "time-out"
        except OSError:
            why = "refused"
    raise _Closed(why)


async def _through(upstream: str, target: str, tunnel: bool) -> _Ends:
    parts = urlsplit(upstream)
    secure = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if secure else 80)
    try:
        reader, writer = await asyncio.wait_for(
            asyncio.open_connection(parts.hostname, port, ssl=secure, limit=_HEAD), _CONNECT
        )
    except TimeoutError:
        raise _Closed(f"{PROXY}time-out") from None
    except socket.gaierror:
        raise _Closed(f"{PROXY}DNS") from None
    except OSError:
        raise _Closed(f"{PROXY}refused") from None
    if tunnel:
        credentials = _credentials(upstream)
        own = f"Proxy-Authorization: {credentials}\r\n" if credentials else ""
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{own}\r\n".encode("latin-1"))
        try:
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _CONNECT)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            answer = b""
        if answer[9:12] != b"200":
            writer.close()
            status = answer[9:12].decode("latin-1")
            if status in _BEYOND:
                raise _Closed(f"status {status} of the proxy")
            raise _Closed(f"{PROXY}answers {status}" if status.isdigit() else f"{PROXY}is none")
    return reader, writer


def _credentials(upstream: str) -> str:
    parts = urlsplit(upstream)
    if not parts.username:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
