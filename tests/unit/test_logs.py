"""The service's logs: one line each, told about what, harmless to a terminal, and without a secret whatever is tried."""

import io
import json
import logging
import re
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor import channels
from monitor.service import logs
from monitor.settings import Settings, parse_settings

SECRETS = {
    "SMTP_PASSWORD": "corr3ct h\"orse/ba'ttery\\st@ple",
    "DING_TOKEN": "8f1b2c3d4e5f60718293a4b5c6d7e8f9",
    "CN_PROXY": "http://reader:pr0xyw0rd@proxy.example.cn:8080",
    "HTTPS_PROXY": "http://me:0utw4rd@10.0.0.1:3128",
}
PING = "0d9a8b7c-6e5f-4a3b-2c1d-0e9f8a7b6c5d"
TOML = f"""
[service]
heartbeat = "https://ping.example.org/{PING}?key=qu3rys3cret"

[[channel]]
name = "office"
url  = "mailtos://desk:${{SMTP_PASSWORD}}@smtp.example.cn?to=desk@example.cn"

[[channel]]
name = "duty"
url  = "dingtalk://${{DING_TOKEN}}"
"""


class Journal:
    """Logs as they are configured, and what they wrote."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "portals").mkdir()
        (home / "nianbao.toml").write_text(TOML, encoding="utf-8")
        (home / "portals" / "linhai.toml").write_text('proxy = "${CN_PROXY}"', encoding="utf-8")
        self.settings = parse_settings(TOML, SECRETS, channels.check)
        self.out = io.StringIO()

    def begin(self, **service: Any) -> logs.Secrets:
        changed = msgspec.structs.replace(self.settings.service, **service)
        secrets = logs.configure(msgspec.structs.replace(self.settings, service=changed), self.home, SECRETS)
        for handler in logging.getLogger().handlers:
            if type(handler).__name__ == "_ToStandardError":
                handler.setStream(self.out)  # type: ignore[attr-defined]
        return secrets

    @property
    def text(self) -> str:
        return self.out.getvalue()

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook, sys.unraisablehook)
    handlers, level = [*root.handlers], root.level
    root.handlers = []
    yield Journal(tmp_path)
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


log = logging.getLogger("monitor.fleet")


# What a line says ----------------------------------------------------------------------------------------------------


def test_a_line_of_text(journal: Journal) -> None:
    journal.begin()
    log.warning("pass ended: %s", "cut_short", extra={"portal": "linhai", "crawl": 42, "seconds": 3.5})
    log.debug("not at this level")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING monitor\.fleet: linhai #42: pass ended: cut_short seconds=3\.5\n",
        journal.text,
    )


def test_a_line_of_json(journal: Journal) -> None:
    journal.begin(log="json")
    log.warning("读完：%d 篇", 7, extra={"portal": "linhai", "crawl": 42})
    (line,) = journal.objects
    assert list(line) == ["time", "level", "logger", "portal", "crawl", "message"]
    assert line | {"time": ""} == {
        "time": "", "level": "warning", "logger": "monitor.fleet", "portal": "linhai", "crawl": 42, "message": "读完：7 篇",
    }  # fmt: skip
    assert "读完" in journal.text  # not escaped: people read it too


def test_what_our_own_lines_are_about(journal: Journal) -> None:
    journal.begin(log="json")
    log.warning("%s: pass %d: %s", "linhai", 42, "ok")
    log.warning("%s: due: %s", "linhai", "full")
    log.warning("%s: cannot be read", "/etc/nianbao.toml")
    logging.getLogger("library").warning("%s: pass %d", "x", 1)
    about = [(line.get("portal"), line.get("crawl")) for line in journal.objects]
    assert about == [("linhai", 42), ("linhai", None), (None, None), (None, None)]


def test_what_a_thread_is_about(journal: Journal) -> None:
    journal.begin(log="json")
    with logs.about(portal="linhai", crawl=7):
        log.warning("within")
    log.warning("after")
    assert [line.get("portal") for line in journal.objects] == ["linhai", None]


def test_a_traceback_is_part_of_its_line(journal: Journal) -> None:
    for form in ("json", "text"):
        journal.begin(log=form)
        try:
            raise ValueError("first\nsecond")
        except ValueError:
            log.exception("it failed")
    first, *rest = journal.text.splitlines()
    assert "ValueError: first" in json.loads(first)["exception"]
    assert rest[0].endswith("it failed")
    assert rest[1] == "    Traceback (most recent call last):"
    assert rest[-1] == "    second"


def test_the_level_is_the_settings(journal: Journal) -> None:
    journal.begin(log_level="debug")
    log.debug("heard")
    logging.getLogger("urllib3.connectionpool").debug("GET /token")
    assert "heard" in journal.text
    assert "/token" not in journal.text
    journal.begin(log_level="error")
    log.warning("silent")
    assert "silent" not in journal.text


# What must not pass --------------------------------------------------------------------------------------------------


def test_a_page_cannot_steer_a_terminal_or_forge_a_line(journal: Journal) -> None:
    bad = "x\x1b[2J\u202e\x9b31m\ud800\r\n2026-01-01T00:00:00.000Z ERROR nianbao: forged\u2028too"
    for form in ("text", "json"):
        journal.begin(log=form)
        log.warning("title: %s", bad, extra={"title": bad, bad: 1})
    lines = journal.text.splitlines()
    assert len(lines) == 2
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800]", journal.text.replace("\n", ""))
    assert "forged" in json.loads(lines[1])["title"]


def attempts() -> dict[str, Any]:
    """Ways in which a secret may get into a log."""
    password, token, proxy = SECRETS["SMTP_PASSWORD"], SECRETS["DING_TOKEN"], SECRETS["CN_PROXY"]
    url = f"https://ping.example.org/{PING}?key=qu3rys3cret"

    def in_a_traceback() -> None:
        try:
            try:
                raise RuntimeError(f"login as desk with {password!r} refused")
            except RuntimeError as error:
                raise OSError(
                    f"HTTPSConnectionPool: Max retries exceeded with url: /robot/send?access_token={token}"
                ) from error
        except OSError:
            log.exception("sending failed through %s", proxy)

    def in_a_group() -> None:
        try:
            raise ExceptionGroup("several", [ValueError(password), KeyError(token)])
        except ExceptionGroup:
            log.error("several", exc_info=True)

    def in_a_note() -> None:
        error = ValueError("no")
        error.add_note(f"while sending to {proxy}")
        log.error("noted", exc_info=error)

    def in_a_thread() -> None:
        def work() -> None:
            raise RuntimeError(password)

        thread = threading.Thread(target=work, name=f"to {token}")
        thread.start()
        thread.join()

    def in_a_warning() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            logging.captureWarnings(True)
            warnings.warn(f"deprecated: {token}", UserWarning, stacklevel=1)

    def in_json_of_a_library() -> None:
        log.warning(json.dumps({"password": password, "deep": [token]}))

    return {
        "message": lambda: log.warning("password is %s", password),
        "percent-encoded": lambda: log.warning(
            "mailtos://desk:corr3ct%20h%22orse%2Fba%27ttery%5Cst%40ple@smtp.example.cn"
        ),
        "extra": lambda: log.warning("x", extra={"to": [{"url": proxy}], "token": token}),
        "object": lambda: log.warning("%r", msgspec.structs.replace(Settings().service, heartbeat=url)),
        "bytes": lambda: log.warning("sent %r", token.encode()),
        "key": lambda: log.warning("x", extra={token: 1}),
        "logger": lambda: logging.getLogger(f"apprise.{token}").warning("x"),
        "traceback": in_a_traceback,
        "group": in_a_group,
        "note": in_a_note,
        "thread": in_a_thread,
        "warning": in_a_warning,
        "json": in_json_of_a_library,
        "heartbeat": lambda: log.warning("GET %s failed", url),
        "heartbeat's path": lambda: log.warning("url: /%s", PING),
        "proxy of the environment": lambda: log.warning("via %s", SECRETS["HTTPS_PROXY"]),
        "proxy's password alone": lambda: log.warning("user reader, pr0xyw0rd"),
        "not known": lambda: log.warning(
            "https://hook.example.cn/services/T0/B0/Zz9 Authorization: Bearer abcdef123456"
        ),
        "stack": lambda: log.warning("x %s", password, stack_info=True),
        "wrong arguments": lambda: log.warning("two %s %s", password),  # noqa: PLE1206
        "not printable": lambda: log.warning("%s", Sulky(password)),
    }


class Sulky:
    """Cannot be shown."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __str__(self) -> str:
        raise RuntimeError(self.secret)

    __repr__ = __str__


LEAKS = re.compile(
    r"corr3ct|orse|ttery|st@ple|8f1b2c3d|pr0xyw0rd|0utw4rd|0d9a8b7c|qu3rys3cret|T0/B0|abcdef123456", re.IGNORECASE
)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("name", attempts())
def test_no_secret_passes(journal: Journal, name: str, form: str, capfd: pytest.CaptureFixture[str]) -> None:
    journal.begin(log=form, log_file="nianbao.log")
    attempts()[name]()
    written = (journal.home / "nianbao.log").read_text(encoding="utf-8")
    assert written == journal.text
    assert written
    assert not LEAKS.search(written), written
    assert not LEAKS.search("".join(capfd.readouterr()))
    if form == "json":
        assert journal.objects


def test_secrets_are_those_of_the_settings_in_force(journal: Journal) -> None:
    secrets = journal.begin()
    log.warning("n3wpassw0rd")
    assert "n3wpassw0rd" in journal.text
    secrets.know({"n3wpassw0rd"})
    log.warning("again n3wpassw0rd")
    assert "again n3w" not in journal.text


# Where it goes -------------------------------------------------------------------------------------------------------


def test_the_file_is_rotated(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 2000)
    monkeypatch.setattr(logs, "FILES_KEPT", 2)
    journal.begin(log_file="log/nianbao.log")
    for number in range(200):
        log.warning("line %d", number)
    files = sorted((journal.home / "log").iterdir())
    assert [path.name for path in files] == ["nianbao.log", "nianbao.log.1", "nianbao.log.2"]
    assert all(path.stat().st_size <= 2000 for path in files)
    assert "line 199" in files[0].read_text()


def test_a_file_that_cannot_be_written_is_a_warning(journal: Journal, capfd: pytest.CaptureFixture[str]) -> None:
    (journal.home / "taken").write_text("")
    journal.begin(log_file="taken/nianbao.log")
    assert "the log goes to standard error alone" in capfd.readouterr().err


def test_a_disk_that_is_full_stops_nothing_and_says_it_once(
    journal: Journal, capfd: pytest.CaptureFixture[str]
) -> None:
    if not Path("/dev/full").exists():
        pytest.fail("no /dev/full")
    journal.begin(log_file="/dev/full")
    for _ in range(50):
        log.warning("password is %s", SECRETS["SMTP_PASSWORD"])
    said = capfd.readouterr().err
    assert said.count("the log cannot be written: OSError") <= 1
    assert not LEAKS.search(said)
    assert journal.text.count("password") == 50
