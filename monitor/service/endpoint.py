"""An HTTP server for a few pages that are made when they are asked for.

In: pages by path, each a function that gives status, media type and content. Out: answers to GET and HEAD of just these
paths, from few clients at once, in bounded time. A request whose Host is a name that is not the server's own is refused:
a page in somebody's browser must not read it by pointing a name at this machine.
"""

import ipaddress
import logging
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds for each step of a request."""
LONGEST = 20.0
"""Seconds after which a connection is cut, however it trickles."""
AT_ONCE = 8
POLL = 0.5
"""Seconds between two looks at whether it should stop, or somebody trickles."""
Pages = dict[str, Callable[[], tuple[HTTPStatus, str, bytes]]]
"""By path: status, media type and content."""


class _Handler(BaseHTTPRequestHandler):
    server: "Endpoint"
    timeout = _PATIENCE
    protocol_version = "HTTP/1.0"
    server_version, sys_version = "nianbao", ""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        if not self.server.is_own(self.headers.get_all("Host") or []):
            self._say(
                HTTPStatus.MISDIRECTED_REQUEST, "text/plain; charset=utf-8", b"this is no host of that name\n", body
            )
            return
        path = self.path.partition("?")[0]
        make = self.server.pages.get(path)
        if make is None:
            told = f"there are {' and '.join(self.server.pages)}\n".encode()
            self._say(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", told, body)
            return
        try:
            status, kind, content = make()
        except Exception:
            log.exception("%s could not be answered", path)
            status, kind, content = HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"see the service's log\n"
        self._say(status, kind, content, body)

    def _say(self, status: HTTPStatus, kind: str, content: bytes, body: bool) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("health endpoint: %s", format % args)


class Endpoint(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Not HTTPServer, which looks the host's full name up and may wait for a name server."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 16

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pages = pages
        self._host = host.lower()
        self._open: dict[Any, float] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    @property
    def address(self) -> str:
        """`http://127.0.0.1:8765`."""
        host, port = self.server_address[:2]
        shown = f"[{host!s}]" if ":" in str(host) else str(host)
        return f"http://{shown}:{port}"

    def start(self) -> None:
        """Begins to answer, in a thread of its own."""
        threading.Thread(target=self.serve_forever, args=(POLL,), name="health", daemon=True).start()

    def is_own(self, hosts: Sequence[str]) -> bool:
        """Whether the Host header is an address, localhost, or the name that it was told to listen at."""
        if len(hosts) != 1:
            return False
        name = hosts[0].strip().lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in ("localhost", self._host)
        return True

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._open) >= AT_ONCE
            if not full:
                self._open[request] = time.monotonic()
        if full:
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def service_actions(self) -> None:
        """Cuts off whoever trickles."""
        oldest = time.monotonic() - LONGEST
        with self._lock:
            slow = [request for request, begun in self._open.items() if begun < oldest]
        for request in slow:
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("health endpoint: a client went away", exc_info=True)


def listen(at: tuple[str, int], pages: Pages) -> Endpoint | None:
    """Listens at host and port, at a free port where that one is taken; None: the host is none of this machine's."""
    host, port = at
    for candidate in (port, 0):
        try:
            server = Endpoint(host, candidate, pages)
        except OSError as error:
            log.warning("health: %s, port %d: %s; trying a free port", host, candidate, error.strerror)
            continue
        if not _loopback(server.server_address[0]):
            log.warning("health: %s is no loopback address: whoever reaches this machine can read it", host)
        return server
    log.error("health: nothing answers at %s; set service.listen to an address of this machine", host)
    return None


def _loopback(host: object) -> bool:
    return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
