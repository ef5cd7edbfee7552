"""Mail servers and robots at their worst: each costs bounded time, is told apart rightly, and gets the message in the end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from monitor import channels, chat
from monitor.message import Message

MESSAGE = Message(
    "【年报变更】临海市 2020 年", "正文 248 → 284\n", "<p>正文</p>", "**【年报变更】临海市 2020 年**\n正文"
)
TIMEOUT = 0.4
Talk = Callable[[socket.socket], None]


@contextmanager
def server(talk: Talk) -> Iterator[int]:
    """Talks like that to whoever connects. Its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1])
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def smtp(step: str, answer: str) -> Talk:
    """A mail server that at `step` (CONNECT, EHLO, MAIL, RCPT, DATA, END) says `answer`, or does it: `close`, `reset`,
    `stall`, `drip`; and takes everything before."""

    def talk(connection: socket.socket) -> None:
        def say(now: str, usual: str) -> bool:
            if now != step:
                connection.sendall(usual.encode() + b"\r\n")
                return True
            if answer == "stall":
                time.sleep(4 * TIMEOUT)
            elif answer == "drip":
                for char in "220 " + "x" * 60:
                    connection.sendall(char.encode())
                    time.sleep(TIMEOUT / 4)
            elif answer == "reset":
                reset(connection)
            elif answer != "close":
                connection.sendall(answer.encode() + b"\r\n")
                return True
            return False

        lines = connection.makefile("rb")
        if not say("CONNECT", "220 ready"):
            return
        for line in lines:
            word = line[:4].decode().upper().strip()
            if word == "DATA":
                if not say("DATA", "354 go on"):
                    return
                if step == "DATA":
                    continue
                if step == "MIDDLE":
                    lines.readline()
                    reset(connection)
                    return
                while (part := lines.readline()) not in (b".\r\n", b""):
                    pass
                if not part or not say("END", "250 taken"):
                    return
            elif word == "QUIT":
                say("QUIT", "221 bye")
                return
            elif not say({"HELO": "EHLO"}.get(word, word), "250 ok"):
                return

    return talk


@pytest.mark.parametrize(
    ("step", "answer", "says", "uncertain"),
    [
        ("CONNECT", "554 go away", "554", False),
        ("CONNECT", "421 too busy", "421", False),
        ("CONNECT", "stall", "timed out", None),
        ("CONNECT", "reset", "", None),
        ("CONNECT", "drip", "came to no end", True),
        ("MAIL", "451 try later", "451", False),
        ("MAIL", "552 too much", "552", False),
        ("RCPT", "450 greylisted", "450", False),
        ("RCPT", "550 no such user", "550", False),
        ("DATA", "451 not now", "451", False),
        ("DATA", "554 no", "554", False),
        ("MIDDLE", "", "", None),
        ("END", "452 disk full", "452", False),
        ("END", "554 looks like spam", "554", False),
        ("END", "stall", "timed out", True),
        ("END", "close", "unexpectedly closed", True),
        ("END", "reset", "", True),
    ],
)
def test_a_mail_server_that_will_not(step: str, answer: str, says: str, uncertain: bool | None) -> None:
    """`uncertain` None: it cannot have arrived, and whether that is known does not matter."""
    with server(smtp(step, answer)) as port:
        began = time.monotonic()
        said = channels.send(
            f"mailto://127.0.0.1:{port}?to=desk@example.cn&from=n@example.cn&mode=insecure", MESSAGE, TIMEOUT
        )
        assert time.monotonic() - began < 5 * TIMEOUT + 2
    assert not said.ok
    assert says in said.error
    assert uncertain is None or said.uncertain is uncertain


def test_a_mail_server_that_takes_it() -> None:
    with server(smtp("NEVER", "")) as port:
        assert channels.send(f"mailto://127.0.0.1:{port}?to=a@b.cn&from=n@b.cn&mode=insecure", MESSAGE, 5).ok


def http(answer: str) -> Talk:
    """A robot that reads the request and does `answer`: `close`, `reset`, `stall`, `drip`, `drip body`, or says it."""

    def talk(connection: socket.socket) -> None:
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        if answer == "stall":
            time.sleep(4 * TIMEOUT)
        elif answer == "reset":
            reset(connection)
        elif answer in ("drip", "drip body"):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n"
            if answer == "drip body":
                connection.sendall(head)
            for byte in b" " * 80 if answer == "drip body" else head:
                connection.sendall(bytes([byte]))
                time.sleep(TIMEOUT / 4)
        elif answer != "close":
            connection.sendall(answer.encode())

    return talk


@pytest.mark.parametrize("robot", ["dingtalk://token", "json://127.0.0.1:{port}/hook"])
@pytest.mark.parametrize(
    ("answer", "uncertain"),
    [
        ("stall", True),
        ("close", True),
        ("reset", True),
        ("drip", True),
        ("drip body", True),
        ("HTTP/1.1 503 busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", False),
        ("HTTP/1.1 400 no\r\nContent-Length: 0\r\n\r\n", False),
    ],
)
def test_a_robot_or_hook_that_will_not(
    robot: str, answer: str, uncertain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(http(answer)) as port:
        monkeypatch.setitem(chat.ENDPOINTS, "dingtalk", f"http://127.0.0.1:{port}/robot/send")
        began = time.monotonic()
        said = channels.send(robot.format(port=port), MESSAGE, TIMEOUT)
        assert time.monotonic() - began < 5 * TIMEOUT + 2
    assert not said.ok
    assert said.uncertain is uncertain


def test_a_receiver_that_comes_to_no_end_holds_few_threads() -> None:
    """Each message to it would leave another thread, for months."""
    with server(http("stall")) as port:
        url = f"json://127.0.0.1:{port}/hook?rto={40 * TIMEOUT}"
        before = threading.active_count()
        answers = [channels.send(url, MESSAGE, TIMEOUT / 40) for _ in range(9)]
        assert threading.active_count() <= before + 4
        assert [answer.uncertain for answer in answers] == [True] * 3 + [False] * 6
        assert "earlier messages" in answers[-1].error
