"""The receivers of the tests and of the demo take and refuse as they say; the channels are true against them."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from monitor import channels
from monitor.demo.server import Response, Web
from monitor.demo.sinks import Sinks
from monitor.message import Style, trial_message


def load() -> ModuleType:
    """tests/e2e/receivers.py: the tests are no package, so that it is loaded by its path."""
    path = Path(__file__).parents[1] / "e2e" / "receivers.py"
    spec = importlib.util.spec_from_file_location("receivers", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["receivers"] = module
    spec.loader.exec_module(module)
    return module


receivers = load()
MESSAGE = trial_message("office", "2026-01-30T00:30:00Z", Style())


@pytest.fixture
def robots(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with receivers.Robots() as served:
        served.point(monkeypatch)
        yield served


def test_a_mailbox_takes_and_refuses() -> None:
    with receivers.Mailbox() as mailbox:
        assert channels.send(mailbox.url, MESSAGE, 5).ok
        (mail,) = mailbox.mails
        assert mailbox.subjects == [MESSAGE.subject]
        assert mail.recipients == ("desk@example.invalid",)
        assert mail.html
        mailbox.refuse, mailbox.refusals = "451 try later", 1
        assert not channels.send(mailbox.url, MESSAGE, 5).ok
        assert channels.send(mailbox.url, MESSAGE, 5).ok
        mailbox.refused_recipients.add("desk@example.invalid")
        assert not channels.send(mailbox.url, MESSAGE, 5).ok
        assert len(mailbox.mails) == 2


ADDRESSES = {
    "dingtalk": "dingtalk://abcdef0123456789",
    "wecombot": "wecombot://abcdef01-2345",
    "feishu": "feishu://abc-01",
}


@pytest.mark.parametrize("robot", sorted(ADDRESSES))
def test_robots_take_and_refuse_with_status_200(robots: Any, robot: str) -> None:
    assert channels.send(ADDRESSES[robot], MESSAGE, 5).ok
    for refusal in (robot, f"{robot} busy", "reset", "truncate"):
        robots.answers[robot].append(refusal)
        assert not channels.send(ADDRESSES[robot], MESSAGE, 5).ok
    robots.answers[robot].append(Response(b"<html>login</html>", 200))
    assert not channels.send(ADDRESSES[robot], MESSAGE, 5).ok
    assert len(robots.texts(robot)) == 1
    assert len(robots.posted[robot]) == 6


def test_a_hook_takes_and_is_down(robots: Any) -> None:
    assert channels.send(robots.hook_url, MESSAGE, 5).ok
    assert MESSAGE.subject in robots.texts("hook")[0]
    robots.refuse()
    assert not channels.send(robots.hook_url, MESSAGE, 5).ok
    robots.accept()
    assert channels.send(robots.hook_url, MESSAGE, 5).ok


def test_the_demo_has_a_mailbox_and_a_webhook_of_its_own() -> None:
    with Web() as web:
        sinks = Sinks(web)
        assert channels.check(sinks.mail_url) == channels.check(sinks.hook_url) == ""
        assert channels.send(sinks.mail_url, MESSAGE, 5).ok
        assert channels.send(sinks.hook_url, MESSAGE, 5).ok
        mail, hook = sinks.take()
        assert (mail.by, hook.by) == ("mail", "webhook")
        assert mail.subject == hook.subject == MESSAGE.subject
        assert hook.text
        assert mail.text
        assert sinks.take() == []
