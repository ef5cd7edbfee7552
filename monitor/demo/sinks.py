"""Where the demo's messages arrive: a mailbox that speaks just enough SMTP, and a webhook that takes JSON.

Both keep what came, in the order of arrival. They are for the demo; the tests use a real SMTP server (aiosmtpd).
"""

import asyncio
import email
import email.policy
import json
import queue
from email.message import EmailMessage
from typing import NamedTuple

from monitor.demo.server import Request, Response, Web


class Arrived(NamedTuple):
    """A message as its reader sees it."""

    by: str
    """`mail` or `webhook`."""
    subject: str
    text: str


class Sinks:
    """A mailbox and a webhook on loopback."""

    def __init__(self, web: Web) -> None:
        self._arrived: queue.SimpleQueue[Arrived] = queue.SimpleQueue()
        self._port = web.talk(lambda: _Smtp(self._arrived))
        self._hook = web.listen(self._posted)

    @property
    def mail_url(self) -> str:
        """The mailbox as a channel's address."""
        people = "from=nianbao@example.invalid&to=desk@example.invalid"
        return f"mailto://127.0.0.1:{self._port}?{people}&mode=insecure"

    @property
    def hook_url(self) -> str:
        """The webhook as a channel's address."""
        return f"json://{self._hook.netloc}/alerts"

    def take(self) -> list[Arrived]:
        """What arrived since the last call."""
        found = []
        while not self._arrived.empty():
            found.append(self._arrived.get())
        return found

    def _posted(self, request: Request) -> Response:
        try:
            said = json.loads(request.body)
            self._arrived.put(Arrived("webhook", str(said["title"]), str(said["message"])))
        except (ValueError, KeyError, TypeError):
            return Response(b'{"ok": false}', 400, "application/json")
        return Response(b'{"ok": true}', 200, "application/json")


def readable(raw: bytes) -> tuple[str, str]:
    """Subject and plain text of a mail."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes EmailMessage")
    body = message.get_body(("plain", "html"))
    return str(message["subject"] or ""), str(body.get_content()) if body is not None else ""


class _Smtp(asyncio.Protocol):
    """One SMTP session (RFC 5321, without extensions that the demo's own client would not ask for)."""

    def __init__(self, arrived: "queue.SimpleQueue[Arrived]") -> None:
        self._arrived = arrived
        self._buffer = b""
        self._in_data = False
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.WriteTransport):
            raise TypeError("a connection that cannot be written to")
        self._transport = transport
        self._say("220 demo.invalid ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            head, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            if self._in_data:
                self._in_data = False
                # A line that began with a dot went out with two (RFC 5321, 4.5.2).
                self._arrived.put(Arrived("mail", *readable(head.replace(b"\r\n..", b"\r\n.") + b"\r\n")))
                self._say("250 OK")
            else:
                self._command(head.decode("latin-1").upper())

    def _command(self, line: str) -> None:
        verb = line.partition(" ")[0]
        if verb == "DATA":
            self._in_data = True
            self._say("354 End with a dot on a line of its own")
        elif verb == "EHLO":
            self._say("250-demo.invalid\r\n250-8BITMIME\r\n250 SMTPUTF8")
        elif verb == "QUIT":
            self._say("221 Bye")
            if self._transport is not None:
                self._transport.close()
        else:
            known = verb in ("HELO", "MAIL", "RCPT", "RSET", "NOOP")
            self._say("250 OK" if known else "502 Command not implemented")

    def _say(self, line: str) -> None:
        if self._transport is not None:
            self._transport.write(line.encode("ascii") + b"\r\n")
