"""The heartbeat: pinged after good passes, in a thread of its own, and nothing but its host in the log."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monitor.service.heartbeat import Heartbeat, ping

TOKEN = "0d9a8b7c-6e5f"


class Switch(ThreadingHTTPServer):
    """A dead man's switch: counts its pings, and answers as it is told to."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.pings: list[str] = []
        self.status = 200
        self.wait = threading.Event()
        self.wait.set()
        super().__init__(("127.0.0.1", 0), _Answer)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/{TOKEN}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()


class _Answer(BaseHTTPRequestHandler):
    server: Switch

    def do_GET(self) -> None:
        self.server.pings.append(self.path)
        self.server.wait.wait(5)
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def switch() -> Iterator[Switch]:
    made = Switch()
    yield made
    made.wait.set()
    made.shutdown()
    made.server_close()


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_good_pass_is_pinged(switch: Switch) -> None:
    heart = Heartbeat(lambda: switch.url, least=0.0)
    heart.start()
    heart.beat()
    until(lambda: heart.counts() == {"ok": 1, "failed": 0})
    heart.beat()
    until(lambda: heart.counts()["ok"] == 2)
    heart.stop()
    assert switch.pings == [f"/{TOKEN}"] * 2


def test_many_passes_at_once_are_one_ping_and_wait_for_none(switch: Switch) -> None:
    switch.wait.clear()
    heart = Heartbeat(lambda: switch.url, least=0.2)
    heart.start()
    begun = time.monotonic()
    for _ in range(500):
        heart.beat()
    assert time.monotonic() - begun < 1.0
    until(lambda: len(switch.pings) == 1)
    heart.beat()
    switch.wait.set()
    until(lambda: heart.counts()["ok"] == 2)
    assert time.monotonic() - begun >= 0.2
    time.sleep(0.3)
    assert len(switch.pings) == 2
    heart.stop()


def test_without_an_address_nothing_is_pinged_until_there_is_one(switch: Switch) -> None:
    address = ""
    heart = Heartbeat(lambda: address, least=0.0)
    heart.start()
    heart.beat()
    time.sleep(0.05)
    assert switch.pings == []
    address = switch.url
    heart.beat()
    until(lambda: len(switch.pings) == 1)
    heart.stop()


@pytest.mark.parametrize(
    ("status", "said"), [(200, ""), (204, ""), (302, "redirects"), (404, "HTTP 404"), (500, "HTTP 500")]
)
def test_what_the_far_side_answers(switch: Switch, status: int, said: str) -> None:
    switch.status = status
    error = ping(switch.url)
    assert said in error
    assert bool(error) == bool(said)
    assert TOKEN not in error
    assert switch.pings == [f"/{TOKEN}"]  # no redirect was followed


def test_a_far_side_that_is_gone_is_told_without_its_secret(switch: Switch, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    address = f"http://user:hunter2@127.0.0.1:{port}/{TOKEN}?key=s3cret"
    caplog.set_level(logging.DEBUG)
    heart = Heartbeat(lambda: address, least=0.0)
    heart.start()
    for number in (1, 2):
        heart.beat()
        until(lambda number=number: heart.counts()["failed"] == number)  # type: ignore[misc]
    told = [record for record in caplog.records if record.name.endswith("heartbeat")]
    assert [record.levelname for record in told] == ["WARNING", "INFO"]
    assert told[0].getMessage() == "heartbeat: 127.0.0.1: ConnectionError: Connection refused"
    assert TOKEN not in "".join(record.getMessage() for record in told)
    address = switch.url
    heart.beat()
    until(lambda: heart.counts()["ok"] == 1)
    until(lambda: "answers again" in caplog.text)
    heart.stop()


def test_an_answer_that_trickles_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        stop = threading.Event()

        def trickle() -> None:
            line, _ = slow.accept()
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.05):
                    try:
                        line.sendall(b"X-More: a\r\n")
                    except OSError:
                        return

        threading.Thread(target=trickle, daemon=True).start()
        heart = Heartbeat(lambda: f"http://127.0.0.1:{slow.getsockname()[1]}/", least=0.0, in_all=0.3)
        heart.start()
        heart.beat()
        until(lambda: heart.counts()["failed"] == 1)
        heart.stop()
        stop.set()
