"""Logs of the service: structured lines without secrets, as text or as one JSON object a line.

In: whatever any library or module of ours logs through the standard library, with `extra={"portal": …, "crawl": …}` or
structlog's context variables where it is known about what. Out: lines on standard error, and in a file that is rotated
by size if the settings name one. Each has time (UTC), level, logger, message; none holds a secret, nor anything that
steers a terminal or forges a line. structlog's ProcessorFormatter makes them; what it would show is redacted before it
is rendered, tracebacks included, so that JSON stays JSON.
"""

import contextlib
import json
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog
from structlog.typing import EventDict, WrappedLogger

from monitor.markup import STEERING
from monitor.redact import redact, secrets_of
from monitor.settings import FILE, Settings

FILE_BYTES = 10_000_000
FILES_KEPT = 5
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PORTAL = re.compile(r"[a-z0-9_]+")
_SHORTEST = 3
_TOKEN = 8
"""Characters from which a part of the heartbeat's path counts as a token."""
_FIRST = ("time", "level", "logger", "portal", "crawl", "message")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_DEEPEST = 4


class Secrets:
    """What must not be seen, word for word; may be renewed while logs are written."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._words: tuple[str, ...] = ()
        self.know(words)

    def know(self, words: Iterable[str]) -> None:
        """These are the secrets now."""
        forms = {form for word in words if len(word) >= _SHORTEST for form in _forms(word)}
        self._words = tuple(sorted(forms, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """`text` without them, and without what looks like one."""
        return redact(text, self._words)


def _forms(word: str) -> set[str]:
    """A secret as it stands, and as a traceback, JSON or an address would write it."""
    return {word, unquote(word), repr(word)[1:-1], json.dumps(word)[1:-1], json.dumps(word, ensure_ascii=False)[1:-1]}


def secrets_in(home: Path, settings: Settings, environ: Mapping[str, str]) -> set[str]:
    """Secrets of an installation: what its files take from the environment, what stands in channels' and proxies'
    addresses and in those of broker and register, the heartbeat's token."""
    found = {secret for channel in settings.channels for secret in channel.secrets}
    for address in (settings.service.broker, settings.service.results, settings.service.parcels):
        found |= secrets_of(address)
    for path in (home / FILE, *(home / "portals").glob("*.toml")):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            continue
        values = {environ[name] for name in _REFERENCE.findall(text) if name in environ}
        found |= values | {secret for value in values if "://" in value for secret in secrets_of(value)}
    for name, value in environ.items():
        if name.lower() in _PROXIES:
            found |= secrets_of(value)
    heartbeat = urlsplit(settings.service.heartbeat)
    found |= {part for part in heartbeat.path.split("/") if len(part) >= _TOKEN}
    found |= {value for _, value in parse_qsl(heartbeat.query)} | {heartbeat.password or "", heartbeat.username or ""}
    return {secret for secret in found if len(secret) >= _SHORTEST}


class _Safe:
    """structlog processor: nothing but harmless text, numbers and lists of such; no secret."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return {self._text(_one_line(key)): self._value(value) for key, value in event.items()}

    def _value(self, value: Any, depth: int = 0) -> Any:
        if value is None or isinstance(value, (bool, int, float)):
            return value
        if depth < _DEEPEST and isinstance(value, Mapping):
            return {self._text(str(key)): self._value(inner, depth + 1) for key, inner in value.items()}
        if depth < _DEEPEST and isinstance(value, (list, tuple, set, frozenset)):
            return [self._value(inner, depth + 1) for inner in value]
        return self._text(value if isinstance(value, str) else repr(value))

    def _text(self, text: str) -> str:
        return self._secrets.hide(STEERING.sub("\ufffd", text))


def _ordered(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """`message` for structlog's `event`; what every line has comes first."""
    event["message"] = event.pop("event", "")
    return {key: event[key] for key in _FIRST if key in event} | {
        key: value for key, value in event.items() if key not in _FIRST
    }


def _as_json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    line = json.dumps(event, ensure_ascii=False, default=repr)
    return line.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")  # ends of lines to some readers


def _as_text(logger: WrappedLogger, name: str, event: EventDict) -> str:
    """`2026-11-22T08:30:00Z WARNING monitor.fleet: linhai #42: message key=value`, a traceback below it, indented."""
    about = " ".join(
        str(event[key]) if key == "portal" else f"#{event[key]}" for key in ("portal", "crawl") if key in event
    )
    rest = [
        f"{key}={_one_line(value)}" for key, value in event.items() if key not in (*_FIRST, "exception", "stack_info")
    ]
    message = _one_line(event["message"])
    line = f"{event['time']} {event['level'].upper()} {event['logger']}: {_one_line(about) + ': ' if about else ''}{message}"
    line = " ".join([line, *rest])
    for part in ("exception", "stack_info"):
        if part in event:
            line += "\n" + "\n".join(f"    {below}" for below in str(event[part]).splitlines())
    return line


def _one_line(value: object) -> str:
    """A page's words must not look like a line of ours."""
    return re.sub(r"[\n\r\x0b\x0c\x85\u2028\u2029]+", " | ", str(value))


def _about(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Portal and pass, where the message says them as our own lines do: `linhai: pass 42: …`, `linhai: …`."""
    record, args = event["_record"], event.pop("positional_args", ())
    if record.name.startswith("monitor.") and isinstance(args, tuple) and args and str(record.msg).startswith("%s: "):
        portal = str(args[0])
        if _PORTAL.fullmatch(portal):
            event.setdefault("portal", portal)
        if str(record.msg).startswith("%s: pass %d") and len(args) > 1:
            event.setdefault("crawl", args[1])
    return event


def _without_arguments(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """The text says it already."""
    event.pop("positional_args", None)
    return event


def _named(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """The record's own time, level and logger."""
    record: logging.LogRecord = event["_record"]
    moment = time.gmtime(record.created)
    event["time"] = time.strftime("%Y-%m-%dT%H:%M:%S", moment) + f".{int(record.msecs):03}Z"
    event["level"] = record.levelname.lower()
    event["logger"] = record.name
    return event


class Formatter(structlog.stdlib.ProcessorFormatter):
    """A line of the log. A record that cannot be rendered is a line that says so."""

    def __init__(self, form: str, secrets: Secrets) -> None:
        render = _as_json if form == "json" else _as_text
        super().__init__(
            pass_foreign_args=True,
            foreign_pre_chain=[structlog.contextvars.merge_contextvars, structlog.stdlib.ExtraAdder()],
            processors=[
                _named,
                *([_about] if form == "json" else [_without_arguments]),
                structlog.processors.format_exc_info,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _ordered,
                _Safe(secrets),
                render,
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        try:
            return super().format(record)
        except Exception as error:  # wrong arguments of somebody's log call: said, without showing them
            place = f"{record.pathname}:{record.lineno}"
            told = logging.LogRecord(
                record.name, record.levelno, record.pathname, record.lineno,
                f"a line of {place} could not be written: {type(error).__name__}", None, None,
            )  # fmt: skip
            told.created, told.msecs = record.created, record.msecs
            return super().format(told)


class _Calm:
    """Mixed into handlers: what goes wrong while logging is said once in a while, and shows nothing of the record."""

    _last = 0.0

    def handleError(self, record: logging.LogRecord) -> None:
        error = sys.exc_info()[0]
        now = time.monotonic()
        if now - _Calm._last > 60 or not _Calm._last:
            _Calm._last = now
            try:
                os.write(2, f"nianbao: the log cannot be written: {error.__name__ if error else 'why'}\n".encode())
            except OSError:
                return


class _ToStandardError(_Calm, logging.StreamHandler[Any]):
    pass


class _ToFile(_Calm, RotatingFileHandler):
    def close(self) -> None:
        """A full disk refuses what the file still holds back."""
        with contextlib.suppress(OSError):
            super().close()


def configure(settings: Settings, home: Path, environ: Mapping[str, str] = os.environ) -> Secrets:
    """Sets the root logger up as `[service]` says, in place of what it had; warnings and uncaught exceptions are logged
    too. Returns the secrets, to be renewed when settings change. A file that cannot be opened is a warning."""
    service = settings.service
    secrets = Secrets(secrets_in(home, settings, environ))
    formatter = Formatter(service.log, secrets)
    root = logging.getLogger()
    for old in [*root.handlers]:
        root.removeHandler(old)
        old.close()
    handlers: list[logging.Handler] = [_ToStandardError()]
    trouble = ""
    if service.log_file:
        try:
            handlers.append(_file(home / service.log_file))
        except OSError as error:
            trouble = f"{service.log_file}: {error.strerror}; the log goes to standard error alone"
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    root.setLevel(service.log_level.upper())
    # Their debug lines hold tokens and payloads; the formatter would hide those, but nobody needs them.
    for name in ("urllib3", "apscheduler", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)
    _catch()
    if trouble:
        logging.getLogger(__name__).warning(trouble)
    return secrets


def _file(path: Path) -> logging.Handler:
    """Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _ToFile(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", errors="backslashreplace")


def _catch() -> None:
    """What nobody caught is logged: the interpreter would print it as it stands, secrets and all."""
    log = logging.getLogger("uncaught")

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("uncaught exception", exc_info=(kind, error, trace))

    def in_thread(told: threading.ExceptHookArgs) -> None:
        if told.exc_type is not SystemExit:
            value = told.exc_value or told.exc_type()
            name = told.thread.name if told.thread else "unknown"
            log.error("uncaught exception in thread %s", name, exc_info=(told.exc_type, value, told.exc_traceback))

    def unraisable(told: Any) -> None:
        log.error("exception that nobody could catch: %s", told.err_msg or "", exc_info=told.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = uncaught, in_thread, unraisable


def about(**known: object) -> Any:
    """What the lines of this thread are about meanwhile: `with about(portal="linhai", crawl=42): …`."""
    return structlog.contextvars.bound_contextvars(**known)
