"""How other commands reach a running service: a Unix socket in the home, one JSON object a line.

A client says one request and reads answers until the service closes. `crawl` hands its passes over and hears of their
progress; commands that write (`correct`, `retract`, `alerts retry`, …) ask for leave, write to the record themselves
while they have it, and end it by closing; `send` asks that what is due goes out now. Only the home's owner may connect
(the socket's mode). A path that is too long for a socket's address is reached through the folder's descriptor.

What the service does for each request is `Desk`, which the service itself implements.
"""

import contextlib
import logging
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import msgspec

from crawler.observation import Mode
from monitor.fleet import Progress
from monitor.home import ServiceError
from monitor.outbox import Delivered
from monitor.settle import Settled

log = logging.getLogger(__name__)

SOCKET = ".service.sock"
VERSION = 1
"""Of the protocol: a client of another release is told so."""
_LONGEST = 1 << 20
"""Bytes of one line."""


class NoService(RuntimeError):
    """No service answers in this home."""


class Crawl(msgspec.Struct, frozen=True, tag="crawl"):
    """Passes now, over the named portals or (none named) over all enabled ones."""

    portals: tuple[str, ...]
    mode: Mode
    send: bool = True
    version: int = VERSION


class Write(msgspec.Struct, frozen=True, tag="write"):
    """Leave to write to the record, while no pass of these portals (None: of any) is under way, until the connection
    ends."""

    portals: tuple[str, ...] | None
    version: int = VERSION


class Send(msgspec.Struct, frozen=True, tag="send"):
    """Send what is due now."""

    version: int = VERSION


Asked = Crawl | Write | Send


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer; each has one of these."""

    progress: Progress | None = None
    settled: Settled | None = None
    sent: Delivered | None = None
    waiting: tuple[str, ...] = ()
    """Portals whose passes must end before leave is given."""
    granted: bool = False
    error: str = ""
    end: bool = False


class Desk(Protocol):
    """What the service does for those who ask."""

    def crawl(self, request: Crawl) -> Iterator[Said]:
        """Makes the passes; progress, results and what was sent. Raises ServiceError."""

    def leave(self, portals: frozenset[str] | None) -> AbstractContextManager[Iterator[tuple[str, ...]]]:
        """Leave to write: yields, until it is given, the portals that it waits for."""

    def send(self) -> Delivered:
        """Sends what is due."""


@contextlib.contextmanager
def _address(home: Path) -> Iterator[str]:
    """The socket's address, short enough for the kernel (108 bytes)."""
    path = str(home / SOCKET)
    if len(os.fsencode(path)) < 100:
        yield path
        return
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET}"
    finally:
        os.close(folder)


class _Handler(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                request = msgspec.json.decode(self.rfile.readline(_LONGEST), type=Asked)
                if request.version != VERSION:
                    raise ServiceError("the running service is of another release; restart it")
                self._answer(request)
                self.say(Said(end=True))
            except msgspec.DecodeError as error:
                self.say(Said(error=f"not understood: {error}; restart the service if it is of another release"))
            except ServiceError as error:
                self.say(Said(error=str(error)))
            except Exception as error:
                if isinstance(error, (BrokenPipeError, ConnectionResetError)):
                    raise
                log.exception("a request to the service failed")
                self.say(Said(error=f"the service failed at it: {type(error).__name__}: {error}"))

    def _answer(self, request: Asked) -> None:
        desk = self.server.desk
        match request:
            case Crawl():
                for said in desk.crawl(request):
                    self.say(said)
            case Write(portals):
                with desk.leave(None if portals is None else frozenset(portals)) as waiting:
                    for names in waiting:
                        self.say(Said(waiting=names))
                    self.say(Said(granted=True))
                    self.rfile.readline(_LONGEST)  # until the client closes, or dies
            case Send():
                self.say(Said(sent=desk.send()))

    def say(self, said: Said) -> None:
        self.wfile.write(msgspec.json.encode(said) + b"\n")


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: str, desk: Desk) -> None:
        self.desk = desk
        super().__init__(address, _Handler)


class Control:
    """The listening side. Only the process that holds the home may make one."""

    def __init__(self, home: Path, desk: Desk) -> None:
        self._path = home / SOCKET
        self._path.unlink(missing_ok=True)  # of a service that was killed: whoever holds the home's lock owns it
        mask = os.umask(0o177)
        try:
            with _address(home) as address:
                self._server = _Server(address, desk)
        finally:
            os.umask(mask)
        threading.Thread(target=self._server.serve_forever, name="control", daemon=True).start()

    def close(self) -> None:
        """Takes no more requests; those under way are cut off when the process ends."""
        self._server.shutdown()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


def answers(home: Path) -> bool:
    """Whether a service answers in `home`."""
    with socket.socket(socket.AF_UNIX) as line, _address(home) as address:
        return line.connect_ex(address) == 0


def ask(home: Path, request: Asked) -> Generator[Said]:
    """Says `request` to the service of `home`; its answers, until it is done. Closing the iterator ends the request.

    Raises NoService (none answers), ServiceError (it refused, failed or went away).
    """
    line = socket.socket(socket.AF_UNIX)
    try:
        try:
            with _address(home) as address:
                line.connect(address)
        except OSError:
            raise NoService(f"{home}: no service answers in this home") from None
        with line.makefile("rb") as talk:
            try:
                line.sendall(msgspec.json.encode(request) + b"\n")
                for answer in talk:
                    said = msgspec.json.decode(answer, type=Said)
                    if said.error:
                        raise ServiceError(said.error)
                    if said.end:
                        return
                    yield said
            except (ConnectionError, msgspec.DecodeError):
                pass
            raise ServiceError("the service stopped before it was done; what it had recorded stands")
    finally:
        line.close()


@contextlib.contextmanager
def leave(home: Path, portals: Collection[str] | None, tell: Callable[[tuple[str, ...]], None]) -> Iterator[None]:
    """Leave from the running service to write to the record, while no pass of `portals` (None: of any) is under way.
    `tell` is called with the names of those that must end first. Raises NoService, ServiceError."""
    answers = ask(home, Write(None if portals is None else tuple(portals)))
    for said in answers:
        if said.granted:
            break
        tell(said.waiting)
    try:
        yield
    finally:
        answers.close()
