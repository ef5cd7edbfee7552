"""What machines do to a service, for real: full and read-only disks, locked records, receivers and networks that fail, clocks that
jump, a record of yesterday. Whatever it was, every alert arrives once it can, and nothing is said that is only its doing.
"""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.demo.acts import Portal
from monitor.demo.text import write_paper
from monitor.demo.world import World
from monitor.service import control
from tests.e2e.receivers import Mailbox, Robots
from tests.e2e.service_home import disable_built_in
from tests.soak.disturbances import (
    CannotBeMade,
    Clock,
    Disturbance,
    FullDisk,
    Locked,
    NoNetwork,
    RefusingHook,
    StallingMail,
    small_disk,
)
from tests.soak.program import Program
from tests.soak.soak import Plan, Soak

HOUR, YEAR = 3600.0, 365 * 86400.0
SETTINGS = """
[service]
listen = ""
[schedule]
jitter = "0s"
[[channel]]
name = "duty"
url = "{hook}"
[[channel]]
name = "desk"
url = "{mail}"
"""


# All sorts of things, while everything goes on ----------------------------------------------------------------------


def disturbed(folder: Path, *disturbances: Disturbance) -> None:
    """Labelled acts, passes and messages go on meanwhile; then everything that was owed must have arrived."""
    outcome = Soak(Plan(20261123, 0, portals=3, pace=2.0, disturbances=disturbances), folder).run()
    verdict = outcome.verdict
    found = {"lost": verdict.lost, "doubled": verdict.doubled, "false": verdict.false, "unsound": verdict.unsound}
    assert not any(found.values()), found
    assert verdict.owed["changed"] > len(disturbances), verdict
    assert verdict.arrived == verdict.expected


def test_disks_records_receivers_and_networks_that_fail(tmp_path: Path) -> None:
    """One after another, in one life of a service: it begins and comes to rest but once, which takes the most time."""
    others = (Locked(4.0), StallingMail(4.0), RefusingHook(2.0), NoNetwork(3.0))
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(small_disk(tmp_path))
        except CannotBeMade as error:
            (tmp_path / "disk").rmdir()
            disturbed(tmp_path, *others)
            pytest.skip(f"{error}: all but the full disk was tried")
        disturbed(tmp_path, FullDisk(3.0), FullDisk(1.0), *others)


@pytest.mark.long
def test_a_clock_that_jumps(tmp_path: Path) -> None:
    disturbed(tmp_path, Clock(5.0, HOUR), Clock(6.0, YEAR), Clock(5.0, -YEAR))


# One thing at a time -------------------------------------------------------------------------------------------------


class Stage:
    """A home with a portal, two receivers, and a service that is started when asked."""

    def __init__(self, folder: Path, site: Portal, robots: Robots, mailbox: Mailbox) -> None:
        self.folder, self.site, self.robots, self.mailbox = folder, site, robots, mailbox
        self.home = folder / "home"
        self.program = Program(self.home, folder / "serve.log")

    def crawl(self) -> list[str]:
        """A pass by the running service, and what it sends; the outcomes of passes."""
        said = [*control.ask(self.home, control.Crawl((), "full"))]
        return [one.settled.outcome for one in said if one.settled is not None]

    def serve(self) -> None:
        """Starts the service; returns when it answers."""
        self.program.start("serve")
        assert self.until(lambda: list(control.ask(self.home, control.Send())), 30), self.said

    def until(self, what: Callable[[], object], within: float = 20.0) -> bool:
        """Waits for it."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            with contextlib.suppress(control.NoService, sqlite3.Error):
                if what():
                    return True
            time.sleep(0.05)
        return False

    def kill(self) -> None:
        """SIGKILL to everything of it."""
        self.program.kill({"service", "nursery", "keeper", "pass", "other"})
        assert not self.program.gone(10)

    @property
    def said(self) -> str:
        """Its log."""
        return self.program.log.read_text(encoding="utf-8", errors="replace")

    def told(self, words: str) -> tuple[int, int]:
        """How many messages say so: at the hook, in the mailbox."""
        hook = sum(words in text for text in self.robots.texts("hook"))
        return hook, sum(words in subject for subject in self.mailbox.subjects)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with World("haitang") as world, Robots() as robots, Mailbox() as mailbox:
        home = tmp_path / "home"
        disable_built_in(home)
        world.write_portals(home, confirmations=1, after="0s")
        settings = SETTINGS.format(hook=robots.hook_url, mail=mailbox.url)
        (home / "nianbao.toml").write_text(settings, encoding="utf-8")
        made = Stage(tmp_path, world["haitang"], robots, mailbox)
        yield made
        made.program.kill({"service", "nursery", "keeper", "pass", "other"})


def test_yesterdays_record_says_nothing_again(stage: Stage) -> None:
    stage.serve()
    assert stage.crawl() == ["ok"]
    assert stage.until(lambda: stage.told("建立基线") == (1, 1)), stage.said
    copy = stage.folder / "yesterday.db"
    with contextlib.closing(sqlite3.connect(stage.home / "nianbao.db")) as record:
        record.execute("VACUUM INTO ?", (str(copy),))
    first, second, third = stage.site.live()[:3]
    stage.site.edit_digit(first)
    stage.site.take_down(second)
    stage.site.publish(write_paper("海棠区审计局", 2019))
    stage.crawl()
    for words in ("年报变更", "年报撤下", "年报公开"):
        assert stage.until(lambda words=words: stage.told(words) == (1, 1)), (words, stage.said)  # type: ignore[misc]
    stage.kill()

    for file in stage.home.glob("nianbao.db*"):
        file.unlink()
    shutil.copy(copy, stage.home / "nianbao.db")
    stage.serve()
    for _ in range(2):
        stage.crawl()
    stage.site.edit_digit(third)
    stage.site.restore(second)
    stage.crawl()
    assert stage.until(lambda: stage.told("年报变更") == (2, 2) and stage.told("年报恢复") == (1, 1)), stage.said
    counts = {words: stage.told(words) for words in ("建立基线", "年报变更", "年报撤下", "年报公开", "年报恢复")}
    assert counts == {
        "建立基线": (1, 1),
        "年报变更": (2, 2),
        "年报撤下": (1, 1),
        "年报公开": (1, 1),
        "年报恢复": (1, 1),
    }
    assert stage.told("可能重复") == (0, 0)
    assert stage.program.stop() == 0


def test_a_home_that_cannot_be_written(stage: Stage) -> None:
    """Said in one line, by whatever would write; as soon as it can be, all goes on."""
    stage.serve()
    stage.crawl()
    assert stage.program.stop() == 0
    bind = ["mount", "--bind", str(stage.home), str(stage.home)]
    if os.geteuid() != 0 or subprocess.run(bind, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here (it takes root and CAP_SYS_ADMIN)")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(stage.home)], check=True)
        for command in ("serve", "crawl"):
            code, said = stage.program.run(command)
            assert code == 2, said
            assert len(said.strip().splitlines()) == 1, said
            assert "Traceback" not in said
        code, said = stage.program.run("reports")  # whoever only reads can
        assert code == 0, said
        assert "在线" in said
    finally:
        subprocess.run(["umount", str(stage.home)], check=True)
    stage.serve()
    assert stage.crawl() == ["ok"]
    assert stage.program.stop() == 0


@pytest.mark.parametrize("file", ["observations.jsonl", "capture.warc.gz"])
def test_a_run_folder_that_was_damaged(stage: Stage, file: str) -> None:
    """The pass whose folder it is says nothing; the next one makes up for it."""
    stage.serve()
    stage.crawl()
    stage.kill()
    stage.site.edit_digit(stage.site.live()[0])
    # A pass that finished and was not settled before the machine went down, whose files the disk did not keep.
    before = {folder.name for folder in (stage.home / "runs" / "haitang").iterdir()}
    boundary = {"module": "monitor.settle", "attribute": "settle", "step": "before", "nth": 1}
    fuse = {"SOAK_FUSE": json.dumps({**boundary, "file": str(stage.folder / "fuse")})}
    stage.program.start("serve", fuse=fuse)
    stage.until(lambda: [*control.ask(stage.home, control.Send())])
    with contextlib.suppress(RuntimeError):
        stage.crawl()
    assert stage.until(lambda: not stage.program.running)
    stage.kill()
    (fresh,) = [
        f for f in (stage.home / "runs" / "haitang").iterdir() if f.name not in before and (f / "run.json").exists()
    ]
    data = (fresh / file).read_bytes()
    (fresh / file).write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    stage.serve()
    stage.crawl()
    assert stage.until(lambda: stage.told("年报变更") == (1, 1)), stage.said
    assert stage.program.stop() == 0
    code, said = stage.program.run("archive", "verify")
    assert code == 0, said
    with contextlib.closing(sqlite3.connect(stage.home / "nianbao.db")) as record:
        assert record.execute("SELECT count(*) FROM crawls WHERE outcome IS NULL").fetchall() == [(0,)]
        assert record.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
