"""The socket by which other commands reach a running service."""

import contextlib
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.fleet import Progress
from monitor.home import ServiceError
from monitor.outbox import Delivered
from monitor.service import control
from monitor.service.control import Control, Crawl, NoService, Said, Send, Write
from monitor.settle import Settled


class Desk:
    """A service that records what it was asked."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.held = threading.Event()
        self.released = threading.Event()
        self.closed = threading.Event()
        self.blocks = threading.Event()

    def crawl(self, request: Crawl) -> Iterator[Said]:
        if "nowhere" in request.portals:
            raise ServiceError("no portal nowhere; `nianbao portals` lists them")
        if "broken" in request.portals:
            raise RuntimeError("a fault of our own")
        try:
            yield Said(progress=Progress("linhai", 1, 2))
            if "slow" in request.portals:
                for number in range(10_000):
                    yield Said(progress=Progress("slow", number, 10_000))
                    if self.blocks.wait(0.01):
                        break
            yield Said(settled=Settled("linhai", 7, "ok", 3, (1, 2), True))
        finally:
            self.closed.set()

    @contextlib.contextmanager
    def leave(self, portals: frozenset[str] | None) -> Iterator[Iterator[tuple[str, ...]]]:
        self.log.append(f"held {'all' if portals is None else ','.join(portals)}")
        self.held.set()
        try:
            yield iter([tuple(portals)] if portals else [])
        finally:
            self.log.append("released")
            self.released.set()

    def send(self) -> Delivered:
        return Delivered(messages=1, sent=4)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    desk = Desk()
    listening = Control(home, desk)
    yield desk
    desk.blocks.set()
    listening.close()
    assert not (home / control.SOCKET).exists()


def test_a_request_is_answered_to_its_end(home: Path, desk: Desk) -> None:
    answers = list(control.ask(home, Crawl(("linhai",), "full")))
    assert answers[0].progress == Progress("linhai", 1, 2)
    assert answers[1].settled == Settled("linhai", 7, "ok", 3, (1, 2), True)
    assert list(control.ask(home, Send())) == [Said(sent=Delivered(messages=1, sent=4))]


def test_a_path_may_be_longer_than_an_address(tmp_path: Path) -> None:
    home = tmp_path / ("很长的目录" * 8) / ("d" * 100)
    home.mkdir(parents=True)
    listening = Control(home, Desk())
    assert list(control.ask(home, Send())) == [Said(sent=Delivered(messages=1, sent=4))]
    listening.close()


def test_the_socket_is_its_owners_alone(home: Path, desk: Desk) -> None:
    mode = (home / control.SOCKET).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) & 0o077 == 0


def test_leave_lasts_until_it_is_given_back(home: Path, desk: Desk) -> None:
    waited: list[tuple[str, ...]] = []
    with control.leave(home, ("linhai",), waited.append):
        assert waited == [("linhai",)]
        assert desk.log == ["held linhai"]
        assert not desk.released.wait(0.1)
    assert desk.released.wait(5)


def test_leave_ends_with_whoever_had_it(home: Path, desk: Desk) -> None:
    with contextlib.suppress(RuntimeError), control.leave(home, None, lambda _: None):
        raise RuntimeError("the command died")
    assert desk.released.wait(5)
    assert desk.log == ["held all", "released"]


def test_who_hangs_up_ends_what_was_asked(home: Path, desk: Desk) -> None:
    answers = control.ask(home, Crawl(("slow",), "full"))
    next(answers)
    answers.close()
    assert desk.closed.wait(10)


@pytest.mark.parametrize(
    ("portals", "said"), [("nowhere", "no portal nowhere"), ("broken", "RuntimeError: a fault of our own")]
)
def test_a_refusal_is_told(home: Path, desk: Desk, portals: str, said: str) -> None:
    with pytest.raises(ServiceError, match=said):
        list(control.ask(home, Crawl((portals,), "full")))
    assert list(control.ask(home, Send()))  # and the next is served


def test_a_client_of_another_release_is_told(home: Path, desk: Desk) -> None:
    with pytest.raises(ServiceError, match="another release"):
        list(control.ask(home, Send(version=99)))


@pytest.mark.parametrize(
    "line",
    [b"", b"\n", b"GET / HTTP/1.1\r\n\r\n", b'{"type":"shout"}\n', b"\xff" * 2000 + b"\n", b'{"type":"crawl"}\n'],
)
def test_nonsense_is_refused_and_the_next_is_served(home: Path, desk: Desk, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as talk, control._address(home) as address:
        talk.connect(address)
        talk.sendall(line)
        talk.shutdown(socket.SHUT_WR)
        talk.settimeout(5)
        answer = b"".join(iter(lambda: talk.recv(4096), b""))
    assert b"not understood" in answer
    assert list(control.ask(home, Send()))


def test_a_socket_that_a_killed_service_left_is_no_service(home: Path) -> None:
    with control._address(home) as address, socket.socket(socket.AF_UNIX) as left:
        left.bind(address)
    with pytest.raises(NoService):
        list(control.ask(home, Send()))
    desk = Desk()
    listening = Control(home, desk)
    assert list(control.ask(home, Send()))
    listening.close()
    with pytest.raises(NoService):
        list(control.ask(home, Write(None)))


def test_a_service_that_goes_away_is_told(home: Path) -> None:
    with control._address(home) as address, socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()

        def hang_up() -> None:
            talk, _ = server.accept()
            talk.recv(100)
            talk.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(ServiceError, match="stopped before it was done"):
            list(control.ask(home, Send()))
        thread.join()


def test_a_service_that_dies_before_it_is_spoken_to_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words find nobody any more: one error, and no traceback of a pipe."""
    address_of = control._address
    with socket.socket(socket.AF_UNIX) as listener:
        with address_of(tmp_path) as address:
            listener.bind(address)
        listener.listen()

        @contextlib.contextmanager
        def dies_once_reached(home: Path) -> Iterator[str]:
            with address_of(home) as address:
                yield address
            line, _ = listener.accept()
            line.close()

        monkeypatch.setattr(control, "_address", dies_once_reached)
        with pytest.raises(ServiceError, match="stopped before it was done"):
            list(control.ask(tmp_path, Crawl(("x",), "full", send=False)))
