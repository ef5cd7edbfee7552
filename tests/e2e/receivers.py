"""Receivers of alerts for the tests: a real SMTP server, and robots that answer as DingTalk, WeCom and Feishu do.

    with Mailbox() as mailbox, Robots() as robots:
        mailbox.url, robots.endpoints["dingtalk"], robots.hook_url
        mailbox.mails, robots.texts("dingtalk")

The robots refuse as the real ones do: HTTP 200 and an error code in the body. `robots.point(monkeypatch)` makes
monitor.chat talk to them.
"""

import email
import email.policy
import json
import socket
from collections import defaultdict
from dataclasses import dataclass, field
from email.message import EmailMessage
from types import TracebackType
from typing import Any

import aiosmtpd.controller
import aiosmtpd.handlers
import aiosmtpd.smtp
import pytest

from monitor import chat
from monitor.demo.server import Action, Request, Response, Web
from monitor.demo.sinks import readable


@dataclass(frozen=True)
class Mail:
    """A mail as it was taken in."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def html(self) -> str:
        """Its HTML part, or nothing."""
        part = self.message.get_body(("html",))
        return str(part.get_content()) if part is not None else ""


class Mailbox:
    """A mail server on loopback that records what it takes.

    `refuse` is what it answers to DATA instead of taking it (`"451 try later"`, `"554 no"`), as often as
    `refusals` says (None: for ever); `refused_recipients` are refused at RCPT.
    """

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.mails: list[Mail] = []
        self.refuse = ""
        self.refusals: int | None = None
        self.refused_recipients: set[str] = set()
        # The controller asks its own port whether it is up, so that it must be told a real one.
        with socket.create_server((host, 0)) as free:
            self.port = int(free.getsockname()[1])
        self._controller = aiosmtpd.controller.Controller(self, hostname=host, port=self.port)

    # aiosmtpd's hooks

    async def handle_RCPT(
        self,
        server: aiosmtpd.smtp.SMTP,
        session: aiosmtpd.smtp.Session,
        envelope: aiosmtpd.smtp.Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if address in self.refused_recipients:
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(
        self, server: aiosmtpd.smtp.SMTP, session: aiosmtpd.smtp.Session, envelope: aiosmtpd.smtp.Envelope
    ) -> str:
        if self.refuse and self.refusals != 0:
            if self.refusals is not None:
                self.refusals -= 1
            return self.refuse
        raw = envelope.content
        assert isinstance(raw, bytes)
        subject, text = readable(raw)
        self.mails.append(Mail(str(envelope.mail_from), tuple(map(str, envelope.rcpt_tos)), subject, text, raw))
        return "250 Message accepted for delivery"

    def __enter__(self) -> "Mailbox":
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """As a channel's address."""
        people = "from=nianbao@example.invalid&to=desk@example.invalid"
        return f"mailto://127.0.0.1:{self.port}?{people}&mode=insecure"

    @property
    def subjects(self) -> list[str]:
        """First lines, in the order of arrival."""
        return [mail.subject for mail in self.mails]


_TAKEN: dict[str, dict[str, Any]] = {
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "wecombot": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"},
    "hook": {"ok": True},
}
REFUSALS: dict[str, dict[str, Any]] = {
    "dingtalk": {"errcode": 310000, "errmsg": "keywords not in content"},
    "dingtalk busy": {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"},
    "wecombot": {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1700000000000000000000000]"},
    "wecombot busy": {"errcode": 45009, "errmsg": "api freq out of limit"},
    "feishu": {"code": 19001, "data": {}, "msg": "param invalid: incoming webhook access token invalid"},
    "feishu busy": {"code": 11232, "data": {}, "msg": "frequency limited psm[lark.oapi.app_platform_runtime]"},
}
"""What each says, with HTTP 200, when it does not take a message; `busy`: when too many came."""


@dataclass
class Posted:
    """A message that a robot was sent."""

    target: str
    """Path and query."""
    body: dict[str, Any]
    taken: bool


@dataclass
class Robots:
    """All robots and a plain JSON hook on one loopback server.

    `answers[robot]` holds answers for the next messages: a key of `REFUSALS`, a `Response`, or an action
    (`reset`, `stall`, `truncate`). With none left, messages are taken.
    """

    posted: dict[str, list[Posted]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, list[str | Response]] = field(default_factory=lambda: defaultdict(list))

    def __enter__(self) -> "Robots":
        self._web = Web()
        self._web.__enter__()
        self._listener = self._web.listen(self._answer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._web.__exit__(kind, error, trace)

    @property
    def endpoints(self) -> dict[chat.Robot, str]:
        """Addresses as monitor.chat.ENDPOINTS has them."""
        url = self._listener.url
        return {
            "dingtalk": f"{url}/dingtalk/robot/send",
            "wecombot": f"{url}/wecombot/cgi-bin/webhook/send",
            "feishu": f"{url}/feishu/open-apis/bot/v2/hook/",
            "lark": f"{url}/feishu/open-apis/bot/v2/hook/",
        }

    @property
    def hook_url(self) -> str:
        """The plain hook as a channel's address."""
        return f"json://{self._listener.netloc}/hook/alerts"

    def point(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lets monitor.chat talk to these robots for the length of a test."""
        monkeypatch.setattr(chat, "ENDPOINTS", self.endpoints)

    def texts(self, robot: str) -> list[str]:
        """The texts of the messages that it took."""
        return [_text(posted.body) for posted in self.posted[robot] if posted.taken]

    def refuse(self) -> None:
        """Closes the listening socket."""
        self._listener.refuse()

    def accept(self) -> None:
        """Listens again, at the same port."""
        self._listener.accept()

    def _answer(self, request: Request) -> Response:
        robot = request.path.split("/")[1]
        waiting = self.answers[robot]
        answer: str | Response = waiting.pop(0) if waiting else ""
        body = json.loads(request.body)
        self.posted[robot].append(Posted(request.target, body, not answer))
        if isinstance(answer, Response):
            return answer
        if answer in ("reset", "stall", "truncate"):
            action: Action = answer  # type: ignore[assignment]
            return Response(b'{"errcode": 0}', action=action)
        said = REFUSALS[answer] if answer else _TAKEN[robot]
        return Response(json.dumps(said).encode(), 200, "application/json")


def _text(body: dict[str, Any]) -> str:
    """What a reader sees of a robot's message."""
    if "markdown" in body:
        return str(body["markdown"].get("text") or body["markdown"].get("content") or "")
    if "card" in body:
        card = body["card"]
        title = card["header"]["title"]["content"]
        return "\n".join([title, *(element.get("content", "") for element in card["elements"])])
    return f"{body.get('title', '')}\n{body.get('message', '')}"
