"""Receivers of a soak: a webhook and a mailbox that note which events each message tells.

Which ones a message tells is asked of the record while the message is being received: they are those that the channel has
under way (`sending`). The judge then compares with the text, which must name each of them.
"""

import asyncio
import json
import random
import socket
import sqlite3
import threading
import time
from pathlib import Path
from typing import Literal, NamedTuple

import aiosmtpd.controller
import aiosmtpd.smtp

from monitor.demo.server import Request, Response, Web
from monitor.demo.sinks import readable

Channel = Literal["hook", "mail"]
CHANNELS: tuple[Channel, ...] = ("hook", "mail")


class Arrival(NamedTuple):
    """A message that a receiver took."""

    channel: Channel
    at: float
    subject: str
    text: str
    told: tuple[tuple[int, str], ...]
    """(event, purpose) of the deliveries that were under way."""

    @property
    def marked(self) -> bool:
        """It says itself that it may be a repeat."""
        return "可能重复" in self.subject


class Receivers:
    """Both, on loopback, until the context ends. `slowness`: seconds that they take for a message, at most."""

    def __init__(self, database: Path, seed: int, slowness: float = 0.25) -> None:
        self.arrivals: list[Arrival] = []
        self.trouble: dict[Channel, Literal["stall", "refuse"]] = {}
        """`stall`: takes messages and never says so; `refuse`: takes none."""
        self._database, self._slowness = database, slowness
        self._dice = random.Random(f"receivers {seed}")
        self._lock = threading.Lock()
        self._web = Web()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = int(free.getsockname()[1])
        self._smtp = aiosmtpd.controller.Controller(self, hostname="127.0.0.1", port=self._port)

    def __enter__(self) -> "Receivers":
        self._web.__enter__()
        self._hook = self._web.listen(self._posted)
        self._smtp.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._smtp.stop()
        self._web.__exit__(*error)

    @property
    def urls(self) -> dict[Channel, str]:
        """Their addresses, as channels have them."""
        people = "from=nianbao@example.invalid&to=desk@example.invalid"
        return {
            "hook": f"json://{self._hook.netloc}/alerts",
            "mail": f"mailto://127.0.0.1:{self._port}?{people}&mode=insecure",
        }

    def _stalls(self, channel: Channel) -> bool:
        return self.trouble.get(channel) == "stall"

    def _pause(self) -> float:
        """Most answers come at once; some take long enough for a kill to meet the message on its way."""
        with self._lock:
            return self._dice.uniform(0.0, self._slowness) if self._dice.random() < 0.4 else 0.0

    def _posted(self, request: Request) -> Response:
        if "hook" in self.trouble:
            return Response(b'{"ok": false}', 500, "application/json", action="stall" if self._stalls("hook") else "")
        said = json.loads(request.body)
        self._take("hook", str(said["title"]), str(said["message"]))
        time.sleep(self._pause())  # the server has this thread to itself
        return Response(b'{"ok": true}', 200, "application/json")

    async def handle_DATA(
        self, server: aiosmtpd.smtp.SMTP, session: aiosmtpd.smtp.Session, envelope: aiosmtpd.smtp.Envelope
    ) -> str:
        """See aiosmtpd."""
        if self.trouble.get("mail") == "refuse":
            return "451 Try again later"
        raw = envelope.content
        assert isinstance(raw, bytes)
        self._take("mail", *readable(raw))
        while self._stalls("mail"):
            await asyncio.sleep(0.05)
        await asyncio.sleep(self._pause())
        return "250 Message accepted for delivery"

    def _take(self, channel: Channel, subject: str, text: str) -> None:
        at = time.time()
        told = self._under_way(channel)
        with self._lock:
            self.arrivals.append(Arrival(channel, at, subject, text, told))

    def _under_way(self, channel: Channel) -> tuple[tuple[int, str], ...]:
        with sqlite3.connect(f"{self._database.as_uri()}?mode=ro", uri=True, timeout=10) as record:
            sql = "SELECT event, purpose FROM deliveries WHERE channel = ? AND state = 'sending' ORDER BY event"
            found = tuple((int(event), str(purpose)) for event, purpose in record.execute(sql, (channel,)))
        record.close()
        return found
