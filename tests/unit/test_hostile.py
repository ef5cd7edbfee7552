"""What pages, servers and addresses say must harm neither a terminal, nor a message, nor a request."""

import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import click
import pytest
from rich.text import Text

from crawler.guard import Guard
from crawler.portal import Policy, Portal, PortalError, parse_portal
from monitor import channels
from monitor.cli.common import Context, echo_json, line, print_change, say, tell, utc_time
from monitor.event_detail import Changed, FigureChange
from monitor.event_view import EventView, Style
from monitor.markup import is_web, printable
from monitor.message import Message, compose

EVIL = "\x1b]0;pwned\x07\x1b[31m\x9b32m\u202e反\u2066\r\n【年报撤下】假\x00\x7f<script>alert(1)</script>[点](http://e.example) @all <@all>"
STEERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_nothing_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say(EVIL)
    tell(EVIL)
    print_change(EVIL, Text(EVIL))
    Context().show([{"a": EVIL}], {"a": "甲"}, "")
    shown = capsys.readouterr().out
    assert "反" in shown
    assert not STEERS.search(shown)
    assert "\n" not in line(EVIL)
    assert printable("甲\t乙\n") == "甲\t乙\n"


def test_json_keeps_what_a_page_said_and_steers_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    echo_json({"title": EVIL})
    shown = capsys.readouterr().out
    assert not STEERS.search(shown)
    assert json.loads(shown) == {"title": EVIL}


def test_brackets_of_a_page_are_no_markup_of_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    Context().show([{"a": "[/b] [link=http://e.example]x[/link] :smile:"}], {"a": "甲"}, "")
    assert "[/b] [link=http://e.example]x[/link] :smile:" in " ".join(capsys.readouterr().out.split())


def hostile_message(text: str) -> Message:
    detail = Changed(figures=(FigureChange(text, text, text + "1", text),))
    view = EventView(
        id=1, kind="changed", detected_at="2026-01-26T00:30:00Z", detail=detail, portal="p", portal_title=text,
        report=1, organ=text, year=2025, title=text, url="http://a.gov.cn\\@e.example/", findings=(text,),
    )  # fmt: skip
    return compose([view], Style())


def test_a_message_holds_no_markup_of_a_page() -> None:
    message = hostile_message(EVIL)
    assert not STEERS.search(message.subject + message.text.replace("\n", "") + message.markdown.replace("\n", ""))
    assert "\n" not in message.subject
    assert "<script" not in message.html
    assert "](http" not in message.markdown
    assert "@" not in message.markdown
    assert "<" not in message.markdown
    assert "href" not in message.html  # the page's address is one that browsers read otherwise


def test_a_page_that_never_ends_makes_no_endless_message() -> None:
    message = hostile_message("甲" * 100_000)
    assert len(message.subject.encode()) < 400
    assert len(message.html.encode()) < 20_000


@pytest.mark.parametrize(
    "url", ["http://u@a.gov.cn/", "http://u:p@a.gov.cn/", "http://e.example\\@a.gov.cn/", "javascript:alert(1)", "http://a\n.cn"]
)  # fmt: skip
def test_such_an_address_becomes_no_link(url: str) -> None:
    assert not is_web(url)


@pytest.mark.parametrize(
    "url", ["http://u@www.a.gov.cn/", "http://u:p@www.a.gov.cn/", "http://e.example\\@www.a.gov.cn/", "HTTP:\\\\u@www.a.gov.cn/"]
)  # fmt: skip
def test_an_address_that_reads_in_two_ways_is_not_asked_for(url: str) -> None:
    guard = Guard(Portal("p", "p", "generic", ("https://www.a.gov.cn/nb/",)), Policy())
    assert guard.refusal(url) is not None
    assert guard.refusal("https://www.a.gov.cn/a@b\\c?x=@#@") is None


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("[policy]\ndelay = nan", "policy.delay: nan is no number"),
        ("[policy]\ndelay = inf", "policy.delay: inf is no number"),
        ('[policy]\ntakedown_after = "99999999999999999999d"', "longer than ten years"),
        ('[selectors]\nbody = "div["', "selectors.body: not a CSS selector"),
        ('organs = ["甲局", { name = "乙局", aliases = ["甲局"] }]', 'organs[1]: "甲局" is organs[0] already'),
        ('allowed_hosts = []\nsections = ["http://u:pw@a.gov.cn/"]', "sections[0]: holds a user or a password"),
    ],
)
def test_a_portal_file_that_would_go_wrong_later(lines: str, says: str) -> None:
    sections = "" if "sections" in lines else 'sections = ["http://a.gov.cn/nb/"]\n'
    text = f'title = "甲"\nfamily = "generic"\n{sections}{lines}\n'
    with pytest.raises(PortalError) as refused:
        parse_portal("p", text, frozenset({"generic"}))
    assert says in str(refused.value)
    assert "pw" not in str(refused.value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "", "now", "1"])
def test_a_time_that_is_none(text: str) -> None:
    with pytest.raises(click.BadParameter):
        utc_time(text)


@contextmanager
def dripping() -> Iterator[int]:
    """The port of a server that answers a byte at a time, and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                stream, _ = server.accept()
                with stream:
                    stream.recv(65536)
                    stream.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                    for _ in range(40):
                        stream.sendall(b"y")
                        time.sleep(0.05)
            except OSError:
                return

        thread = Thread(target=serve)
        thread.start()
        yield int(server.getsockname()[1])
        server.close()
    thread.join()


def test_a_receiver_that_drips_is_given_up() -> None:
    message = Message("题", "文\n", "<p>文</p>", "**题**")
    with dripping() as port:
        started = time.monotonic()
        answer = channels.send(f"json://127.0.0.1:{port}/", message, 0.2)
        assert time.monotonic() - started < 3
    assert (answer.ok, answer.uncertain) == (False, True)
    assert "came to no end" in answer.error
