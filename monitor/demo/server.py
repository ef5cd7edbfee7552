"""A small HTTP server for loopback: one thread, any number of portals, and every way to fail that networks know.

In: a function from `Request` to `Response`. `Response.action` can cut the answer short, stall it or reset the
connection; `Listener.refuse` closes the listening socket, so that the address refuses connections.
"""

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

Action = Literal["", "reset", "stall", "truncate"]
_STALL = 600.0


class Request(NamedTuple):
    """What a client asked for. Header names are in lower case."""

    method: str
    path: str
    """Unquoted, with the leading slash."""
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]
    target: str
    """Path and query as sent."""
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    """An answer. `headers` go out as they are; length, date and connection are added."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)
    action: Action = ""


Answer = Callable[[Request], Response]


class Listener:
    """One address that answers. Made by `Web.listen`; the methods may be called from any thread."""

    def __init__(self, web: "Web", answer: Answer, host: str) -> None:
        self._web = web
        self._answer = answer
        self.host = host
        self.port = 0
        self.clock_offset = 0.0
        """Seconds that this server's clock is ahead of the machine's."""
        self.gzip = False
        """Compress every answer, whatever the client accepts."""
        self.log: list[tuple[str, str, int]] = []
        """Method, target and status of every answer since the last `clear`."""
        self._server: asyncio.Server | None = None
        self._exchanges: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def netloc(self) -> str:
        """HOST:PORT."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """http://HOST:PORT, no slash at its end."""
        return f"http://{self.netloc}"

    def accept(self) -> None:
        """Listens, at the port it had before if it had one."""
        self._web.call(self._open())

    def refuse(self) -> None:
        """Stops listening and drops every connection."""
        self._web.call(self._close())

    async def _open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=2**20)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task, writer in self._exchanges.items():
            writer.transport.abort()
            task.cancel()  # It may be stalling.
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served outside of any task")
        self._exchanges[task] = writer
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # The client went away, or the server is closing: nothing is owed to anybody.
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            del self._exchanges[task]

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer. False: the connection is done."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.split("\r\n")
        method, target, _ = line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (h.partition(":") for h in rest) if name}
        body = await reader.readexactly(int(headers.get("content-length") or 0))
        parts = urlsplit(target)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(method, unquote(parts.path), query, form, headers, target, body)
        response = self._answer(request)
        self.log.append((method, target, 0 if response.action else response.status))
        return await self._send(writer, request, response)

    async def _send(self, writer: asyncio.StreamWriter, request: Request, response: Response) -> bool:
        if response.action == "reset":
            # Linger of no seconds makes the kernel answer with RST instead of an orderly end.
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        if response.action == "stall":
            await asyncio.sleep(_STALL)
            return False
        body = gzip.compress(response.body, 1, mtime=0) if self.gzip and response.body else response.body
        headers = {
            "Date": formatdate(time.time() + self.clock_offset, usegmt=True),
            "Content-Type": response.content_type,
            "Content-Length": str(len(body)),
            **({"Content-Encoding": "gzip"} if body is not response.body else {}),
            **response.headers,
        }
        if response.status == HTTPStatus.NOT_MODIFIED:
            body = b""
            del headers["Content-Length"], headers["Content-Type"]
        phrase = HTTPStatus(response.status).phrase if response.status in set(HTTPStatus) else "Unknown"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {response.status} {phrase}\r\n{lines}\r\n".encode("latin-1"))
        if request.method != "HEAD":
            writer.write(body[: len(body) // 2] if response.action == "truncate" else body)
        await writer.drain()
        return response.action == "" and request.headers.get("connection", "").lower() != "close"


class Web:
    """The thread that all listeners share. A context manager."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-web", daemon=True)
        self._listeners: list[Listener] = []
        self._others: list[asyncio.Server] = []

    def __enter__(self) -> "Web":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.refuse()
        for server in self._others:
            self.call(_closed(server))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def host(self, number: int, name: str) -> str:
        """The host that the `number`-th portal, called `name`, is served at."""
        return f"127.0.0.{number}"

    def listen(self, answer: Answer, host: str = "127.0.0.1") -> Listener:
        """A new listener at a free port of `host`. Where only 127.0.0.1 exists (macOS), there."""
        listener = Listener(self, answer, host)
        try:
            listener.accept()
        except OSError:
            listener.host = "127.0.0.1"
            listener.accept()
        self._listeners.append(listener)
        return listener

    def talk(self, protocol: Callable[[], asyncio.Protocol], host: str = "127.0.0.1") -> int:
        """Serves another protocol than HTTP at a free port of `host`, which it returns."""
        future = asyncio.run_coroutine_threadsafe(self._talk(protocol, host), self._loop)
        return future.result(30)

    async def _talk(self, protocol: Callable[[], asyncio.Protocol], host: str) -> int:
        server = await self._loop.create_server(protocol, host, 0)
        self._others.append(server)
        return int(server.sockets[0].getsockname()[1])

    def call(self, coroutine: Coroutine[None, None, None]) -> None:
        """Runs a coroutine in the thread and waits for it. Raises what it raises."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)


async def _closed(server: asyncio.Server) -> None:
    server.close()
    await server.wait_closed()
