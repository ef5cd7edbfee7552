"""One message, one destination, a true answer: the one user of Apprise.

In: a channel's address and a `Message`. Out: an `Answer`, whose `ok` is the receiver's own word. `send` never raises
for what a network or a receiver does, and comes back in bounded time. DingTalk, WeCom and Feishu go to `monitor.chat`, which says
why. For the others: one Apprise object per destination (its throttle sleeps seconds between messages), no redirects
(a POST that is redirected to a log-in page ends in a 200), and the cause of a failure from Apprise's own log, without
secrets.
"""

import logging
import re
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from monitor import chat
from monitor.chat import Answer
from monitor.markup import cut
from monitor.message import Message
from monitor.parts import ROOM_FOR_MARKS, first_line, in_bytes, numbered, split
from monitor.redact import redact, secrets_of

__all__ = ["Answer", "check", "parts", "per_minute", "send"]

per_minute = chat.per_minute

_MAIL = frozenset({"mailto", "mailtos"})
_NOISE = re.compile(
    r"^(Email (From|To|Cc|Bcc|Reply-To)|SMTP Host|Login ID|Loaded|Connecting|Securing|Applying|Preparing|"
    r".*Payload:|.*URL:|Using |Threaded |Response Details|.* send\(\) completed)"
)
_STEPS = 5
"""How many times its time-out a receiver may take in all: one that sends a byte now and then never times out."""


class _Listener(logging.Filter):
    """Keeps what a thread's Apprise logs for that thread (another may still be busy with a receiver that was given up),
    and from everyone else: at debug level it holds tokens and payloads."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        lines: list[str] | None = getattr(self.heard, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())
        return False


_LISTENER = _Listener()


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise logs meanwhile in this thread."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(_LISTENER)
    lines: list[str] = []
    _LISTENER.heard.lines = lines
    try:
        yield lines
    finally:
        _LISTENER.heard.lines = None


@cache
def _apprise() -> tuple[Any, Any]:
    """(apprise, its schemes by name). Half a second to import: commands that send nothing do without."""
    with warnings.catch_warnings():
        # Its plugins import modules of Python 3.11 that 3.13 drops (imghdr), with shims of their own for then.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise
        from apprise.manager_plugins import NotificationManager

        plugins: Any = NotificationManager()  # type: ignore[no-untyped-call]
        plugins.load_modules()
    return apprise, plugins


def _service(url: str) -> tuple[Any, str]:
    """(Apprise's object for the address, "") or (None, what is wrong)."""
    apprise, plugins = _apprise()
    with _listening() as lines:
        # In this thread: its log is ours, and no pool waits at the program's end for a receiver that was given up.
        asset = apprise.AppriseAsset(async_mode=False, service_timeout=0)
        service = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is not None:
        return service, ""
    scheme = url.partition("://")[0].lower()
    if scheme not in plugins:
        return None, f'"{scheme}" is no kind of channel that Apprise knows'
    cause = next((line for line in reversed(lines) if not _NOISE.match(line)), "Apprise cannot use it")
    return None, redact(" ".join(cause.split())[:200], secrets_of(url))


def check(url: str) -> str:
    """What is wrong with a channel's address and what would be right; "" if nothing is. Sends nothing."""
    try:
        if chat.parse(url) is not None:
            return ""
    except ValueError as error:
        return str(error)
    _, problem = _service(url)
    return f"{problem}; see https://appriseit.com/services/ for its form" if problem else ""


_MOST_STUCK = 3
"""Threads that may be left with one receiver that comes to no end, before it gets no more messages."""
_stuck: dict[str, list[threading.Thread]] = {}


def send(url: str, message: Message, timeout: float = 30.0) -> Answer:
    """Delivers `message` to `url`; waits at most `timeout` seconds for each step of the receiver, and five times that in
    all."""
    stuck = [thread for thread in _stuck.pop(url, []) if thread.is_alive()]
    if stuck:
        _stuck[url] = stuck
    if len(stuck) >= _MOST_STUCK:
        return Answer(False, f"the receiver has come to no end with {len(stuck)} earlier messages", 60.0)
    done: Future[Answer] = Future()

    def work() -> None:
        try:
            done.set_result(_send(url, message, timeout))
        except BaseException as error:
            done.set_exception(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        return done.result(timeout * _STEPS)
    except TimeoutError:
        if done.done():
            raise
        _stuck[url] = [*stuck, thread]
        return Answer(False, f"the receiver came to no end within {timeout * _STEPS:g} s", uncertain=True)


def parts(url: str, message: Message) -> list[Message]:
    """`message` as the receiver takes it: whole, or in numbered parts that each fit. Mail is never parted."""
    try:
        target = chat.parse(url)
    except ValueError:
        return [message]
    if target is not None:
        room = chat.LIMITS[target.robot]
        if in_bytes(message.markdown) <= room:
            return [message]
        body = message.markdown.partition("\n")[2]
        room -= in_bytes(first_line(message)) + ROOM_FOR_MARKS
        return numbered(message, split(body, room, in_bytes), markdown=True)
    scheme = url.partition("://")[0].lower()
    if scheme in _MAIL:
        return [message]
    service, _ = _service(url)
    if service is None:
        return [message]
    room = _room(service, message.subject)
    if len(_body(service, scheme, message)[0]) <= room or len(message.text) <= room:
        return [message]
    return numbered(message, split(message.text.strip("\n"), room - ROOM_FOR_MARKS, len), markdown=False)


def _room(service: Any, subject: str) -> int:
    """Characters of text that the receiver takes."""
    return int(service.body_maxlen) - (0 if service.title_maxlen else len(subject) + 8)


def _body(service: Any, scheme: str, message: Message) -> tuple[str, Any]:
    """The form of the message that the receiver shows, and which that is."""
    formats = _apprise()[0].NotifyFormat
    form = service.resolve_format(formats.HTML if scheme in _MAIL else formats.TEXT)
    body = {formats.HTML: message.html, formats.MARKDOWN: message.markdown}.get(form, message.text)
    return (body, form) if body else (message.text, formats.TEXT)  # a part of a long message is text alone


def _send(url: str, message: Message, timeout: float) -> Answer:
    try:
        target = chat.parse(url)
    except ValueError as error:
        return Answer(False, str(error))
    if target is not None:
        return chat.send(target, message, timeout)
    service, problem = _service(url)
    if service is None:
        return Answer(False, problem)
    return _notify(url, service, message, timeout)


def _notify(url: str, service: Any, message: Message, timeout: float) -> Answer:
    apprise, _ = _apprise()
    scheme, _, rest = url.partition("://")
    asked = {name.lower() for name in parse_qs(rest.partition("?")[2], keep_blank_values=True)}
    if "cto" not in asked:
        service.socket_connect_timeout = timeout
    if "rto" not in asked:
        service.socket_read_timeout = timeout
    if "redirect" not in asked:
        service.redirects = False
    body, form = _body(service, scheme.lower(), message)
    room = _room(service, message.subject)
    if scheme.lower() not in _MAIL and len(body) > room:
        # Short enough in bytes is short enough in characters.
        body, form = cut(message.text, room), apprise.NotifyFormat.TEXT
    outbox = apprise.Apprise()
    outbox.add(service)
    with _listening() as lines:
        try:
            result = outbox.notify(body=body, title=message.subject, body_format=form)
        except Exception as error:  # a plugin's own fault: a hundred of them, and one must not stop the others
            return Answer(False, redact(f"{type(error).__name__}: {error}"[:300], secrets_of(url)), uncertain=True)
    if bool(result):
        return Answer(True)
    return _refusal(scheme.lower(), lines, secrets_of(url))


def _refusal(scheme: str, lines: list[str], secrets: frozenset[str]) -> Answer:
    told = [" ".join(line.split()) for line in lines if not _NOISE.match(line)]
    told = [line for line in told if not line.startswith("Sent ")] or ["no reason was given"]
    text = redact("; ".join(dict.fromkeys(told))[:400], secrets)
    # Some recipients took it, or it went out and no answer came: another attempt may be a repeat.
    partly = any(line.startswith("Sent ") for line in lines)
    unanswered = any(re.search(r"(?i)timed out|aborted|unexpectedly closed", line) for line in lines) and not any(
        re.search(r"Connection error while submitting|ConnectTimeout|Failed to establish", line) for line in lines
    )
    busy = any(re.search(r"error=(429|503)\b", line) for line in lines)
    return Answer(False, f"{scheme}: {text}", 60.0 if busy else None, uncertain=partly or unanswered)
