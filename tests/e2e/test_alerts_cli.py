"""`nianbao alerts` and `portals mute` as an operator uses them, on a home with a record and a real webhook."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from crawler.portal import Portal
from monitor.cli import cli
from monitor.event_detail import Changed, FigureChange, encode
from monitor.home import Home
from monitor.recipients import enqueue
from monitor.store import Store
from monitor.times import shift
from tests.e2e.receivers import Robots

NOW = "2026-11-21T00:31:00Z"
PORTAL_FILE = """title = "临海市人民政府"
family = "generic"
sections = ["https://www.linhai.gov.cn/a/"]
organ = "临海市人民政府"
region = "331082"
level = "county"
"""


class Desk:
    """An operator at a home."""

    def __init__(self, folder: Path, robots: Robots) -> None:
        self.home, self.robots = Home(folder), robots
        self.home.create()
        (folder / "portals" / "linhai.toml").write_text(PORTAL_FILE, encoding="utf-8")
        self.set(f'[[channel]]\nname = "hook"\nurl = "{robots.hook_url}"\nmax_attempts = 1\n')

    def set(self, toml: str) -> None:
        (self.home.path / "nianbao.toml").write_text(toml, encoding="utf-8")

    def happens(self, number: int = 1, now: str = NOW) -> None:
        """Changes of the portal's report, to be told."""
        with self.home.writing() as store:
            if not store.rows("SELECT 1 FROM portals"):
                store.sync_portal(Portal("linhai", "临海市人民政府", "generic", ("https://www.linhai.gov.cn/a/",)))
            for _ in range(number):
                self._event(store, now)

    def _event(self, store: Store, now: str) -> None:
        count = len(store.rows("SELECT 1 FROM events"))
        detail = encode(Changed(figures=(FigureChange("总计", "248", str(249 + count), "表三"),)))
        values = {
            "key": f"changed/{count}",
            "kind": "changed",
            "portal": "linhai",
            "organ": "临海市人民政府",
            "year": 2020,
        }
        with store.transaction():
            event = store.insert("events", {**values, "detected_at": now, "summary": "表三 1 处", "detail": detail})
            enqueue(store, [event], self.home.settings().channels, now, "Asia/Shanghai")

    def run(self, *words: str, code: int = 0, now: str = NOW) -> str:
        """A command's output; its exit code must be `code`."""
        result: Result = CliRunner().invoke(cli, ["--home", str(self.home.path), "--now", now, *words])
        assert result.exit_code == code, result.output
        return result.output

    def read(self, *words: str, code: int = 0, now: str = NOW) -> Any:
        return json.loads(self.run(*words, "--json", code=code, now=now))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Robots() as robots:
        yield Desk(tmp_path, robots)


def test_given_up_listed_and_tried_again(desk: Desk) -> None:
    desk.happens(2)
    desk.robots.answers["hook"] = ["dingtalk", "reset"]  # answers with an error of its own kind
    desk.robots.refuse()
    failed = desk.run("alerts", "retry", code=1)
    assert "nothing to try again" in failed
    assert "0 sent in 0 messages, 0 failed, 2 given up" in failed
    listed = desk.run("alerts")
    assert listed.count("已放弃") == 2
    assert "hook: 2 given up; when it is mended: nianbao alerts retry --channel hook" in listed
    desk.robots.accept()
    desk.robots.answers["hook"] = []
    assert "1 deliveries are due again\n1 sent in 1 messages" in desk.run("alerts", "retry", "1")
    assert "delivery 1 was left as it is: sent" in desk.run("alerts", "retry", "1")
    assert desk.read("alerts", "retry", "--channel", "hook")["sent"] == 1
    assert [row["state"] for row in desk.read("alerts")] == ["sent", "sent"]
    for words in (("alerts", "retry", "9"), ("alerts", "retry", "--channel", "hok"), ("alerts", "--channel", "hok")):
        assert "hook" in desk.run(*words, code=2) or words[-1] == "9"


def test_the_listing_says_when_the_next_attempt_is(desk: Desk) -> None:
    desk.set(f'[[channel]]\nname = "hook"\nurl = "{desk.robots.hook_url}"\ndigest = "daily@08:00"\n')
    desk.happens()
    head, row = (line.split("\t") for line in desk.run("alerts").splitlines())
    assert dict(zip(head, row, strict=True))["下次"] == "2026-11-22 08:00"
    assert dict(zip(head, row, strict=True))["时间"] == ""


def test_mute_holds_and_unmute_sends(desk: Desk) -> None:
    assert "muted until `nianbao portals unmute`; 0 alerts wait" in desk.run("portals", "mute", "linhai")
    assert "解除为止" in desk.run("portals")
    desk.happens(2)
    assert "2 wait" in desk.run("alerts", "retry")
    assert "解除静音后" in desk.run("alerts")
    until = shift(NOW, 3600)
    assert desk.read("portals", "mute", "linhai", "--until", until)["muted_until"] == until
    rows = {row["name"]: row["muted_until"] for row in desk.read("portals")}
    assert rows["linhai"] == until
    assert {row["name"]: row for row in desk.read("portals", now=until)}["linhai"]["muted_until"] is None
    assert desk.robots.posted["hook"] == []
    assert "2 alerts were waiting; 2 sent" in desk.run("portals", "unmute", "linhai")
    assert len(desk.robots.texts("hook")) == 2
    assert "0 alerts were waiting" in desk.run("portals", "unmute", "linhai")
    assert "past" in desk.run("portals", "mute", "linhai", "--until", "2020-01-01", code=2)
    assert "no portal linhia" in desk.run("portals", "mute", "linhia", code=2)


def test_replay_and_test_say_what_they_did(desk: Desk) -> None:
    desk.happens()
    desk.run("alerts", "retry")
    assert "nothing new" in desk.run("alerts", "replay", "--since", "2026-11-01")
    desk.set(
        f'[[channel]]\nname = "hook"\nurl = "{desk.robots.hook_url}"\n'
        f'[[channel]]\nname = "new"\nurl = "{desk.robots.hook_url}?second=1"\n'
    )
    assert "1 deliveries are new\n1 sent" in desk.run("alerts", "replay", "--since", "2026-11-01")
    assert "nothing new" in desk.run("alerts", "replay", "--since", "2026-11-22")
    assert desk.run("alerts", "test", "new") == "new: delivered\n"
    desk.robots.refuse()
    assert {row["ok"] for row in desk.read("alerts", "test", code=1)} == {False}
    assert "no channel nobody" in desk.run("alerts", "test", "nobody", code=2)
