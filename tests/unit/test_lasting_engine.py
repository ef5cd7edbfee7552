"""A fleet whose passes are made elsewhere: they outlive it, and the next one of the home takes them up."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from crawler.orders import Ended
from crawler.portal import Portal
from monitor.bookkeeping import SENT
from monitor.engine import Full
from monitor.fleet import Fleet, FleetStopped
from monitor.home import Home
from monitor.processes import Process
from monitor.settings import Settings
from monitor.store import Store
from monitor.turns import Turn
from monitor.workers.roster import Crews
from tests.unit.test_passes_at_once import portal

NOW = "2026-11-23T00:00:00Z"


class Elsewhere:
    """Passes that begin when the test says so, and go on whatever becomes of the fleet."""

    lasting = True

    def __init__(self, begun: dict[int, str] | None = None) -> None:
        self.begun = begun if begun is not None else {}
        """By crawl: the worker that makes it. What the next engine of the home finds, too."""
        self.passes: dict[int, Process] = {}
        self.stopped: dict[int, str] = {}
        self.forgotten: list[int] = []
        self.places = 2
        self.room: Callable[[], None] = lambda: None
        self.looks = 0

    def listen(self, room: Callable[[], None]) -> None:
        self.room = room

    def full(self, under_way: Sequence[Turn]) -> Full | None:
        self.looks += 1
        return None if len(under_way) >= self.places else lambda _: False

    def start(self, process: Process) -> None:
        self.passes[process.order.crawl] = process

    def adopt(self, process: Process) -> bool:
        if process.order.crawl not in self.begun:
            return False
        self.start(process)
        return True

    def begin(self, name: str) -> int:
        """A worker takes a portal's pass."""
        [(crawl, process)] = [one for one in self.passes.items() if one[1].order.portal == name]
        self.begun[crawl] = process.worker = "w1@far"
        process.pid = 7
        process.heard(process)
        return crawl

    def end(self, crawl: int, *, lost: str = "", never: str = "") -> None:
        process = self.passes.pop(crawl)
        process.end, process.lost, process.never = Ended(crawl, 1), lost, never
        process.ended(process)

    def stop(self, crawl: int, why: str) -> None:
        self.stopped[crawl] = why
        self.end(crawl)

    def withdraw(self, crawls: Collection[int]) -> frozenset[int]:
        taken = frozenset(crawl for crawl in crawls if crawl not in self.begun)
        for crawl in taken:
            del self.passes[crawl]
        return taken

    def forget(self, crawl: int) -> None:
        self.forgotten.append(crawl)

    def crews(self, portals: Mapping[str, Portal], now: str) -> Crews | None:
        return None

    def tend(self) -> None: ...

    def kill(self) -> None: ...

    def close(self) -> None: ...


class Site:
    """One home, and one fleet of it after the other."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path / "home")
        self.home.create()
        self.store = Store.open(self.home.database)
        self.open()

    def open(self) -> None:
        """The next process of the home."""
        self.engine = Elsewhere(getattr(self, "engine", Elsewhere()).begun)
        self.fleet = Fleet(self.home, self.store, Settings, lambda: NOW, self.engine)

    def submit(self, name: str, *hosts: str):  # type: ignore[no-untyped-def]
        future = self.fleet.submit(portal(name, *hosts), "full")
        self.settle()
        return future

    def settle(self) -> None:
        """Until all is done that can be."""
        self.fleet.record(lambda: None)

    def outcomes(self) -> list[tuple[str, str | None, str | None]]:
        rows = self.fleet.record(lambda: self.store.rows("SELECT portal, outcome, detail FROM crawls ORDER BY id"))
        return [(row["portal"], row["outcome"], json.loads(row["detail"]).get("reason")) for row in rows]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.fleet.stop("the test is over", leave=True)
    made.store.close()


def test_who_makes_a_pass_is_seen(site: Site) -> None:
    site.submit("linhai")
    assert [(one.portal, one.worker) for one in site.fleet.running()] == [("linhai", "")]
    site.engine.begin("linhai")
    assert [(one.worker, one.pid) for one in site.fleet.running()] == [("w1@far", 7)]


def test_what_a_worker_has_begun_is_taken_up_by_the_next_process_of_the_home(site: Site) -> None:
    begun, waits = site.submit("linhai"), site.submit("haizhu")
    crawl = site.engine.begin("linhai")
    site.fleet.stop("the service stops", leave=True)
    assert "goes on at a worker" in str(begun.exception(0))
    assert "called off" in str(waits.exception(0))
    assert isinstance(begun.exception(0), FleetStopped)
    assert site.store.values("SELECT portal FROM crawls WHERE outcome IS NULL") == [("linhai",)], (
        "the other never began"
    )
    assert not site.engine.stopped

    site.open()
    assert [(one.portal, one.crawl) for one in site.fleet.running()] == [("linhai", crawl)]
    again = site.submit("linhai")
    shared = site.submit("same_host", "linhai.example")
    site.settle()
    assert [*site.engine.passes] == [crawl], "its portal and its hosts are taken"
    assert site.fleet.recover() == [], "it is nobody's leftover"
    site.engine.end(crawl)
    site.settle()
    assert site.outcomes()[0] == ("linhai", "killed", "ended with status 1")
    assert site.engine.forgotten == [crawl]
    assert {one.order.portal for one in site.engine.passes.values()} == {"linhai"}, "who waited is next"
    assert not again.done()
    assert not shared.done()


def test_a_pass_of_which_nobody_knows_is_ended_as_ever(site: Site) -> None:
    site.submit("linhai")
    site.engine.begin("linhai")
    site.fleet.stop("the service stops", leave=True)
    site.engine.begun.clear()
    site.open()
    assert [(one.portal, one.outcome) for one in site.fleet.recover()] == [("linhai", "killed")]


def test_whoever_interrupts_a_pass_by_hand_gets_what_it_saw(site: Site) -> None:
    future = site.submit("linhai")
    crawl = site.engine.begin("linhai")
    site.fleet.stop("stopped")
    assert site.engine.stopped == {crawl: "stopped"}
    assert future.result(0).outcome == "killed"


def test_whoever_reads_one_portal_by_hand_ends_no_other_pass(site: Site) -> None:
    site.submit("linhai")
    site.engine.begin("linhai")
    site.fleet.stop("the service stops", leave=True)
    site.open()
    own = site.submit("haizhu")
    crawl = site.engine.begin("haizhu")
    site.fleet.stop("stopped")
    assert [*site.engine.stopped] == [crawl]
    assert own.result(0).outcome == "killed"
    assert site.store.values("SELECT portal FROM crawls WHERE outcome IS NULL") == [("linhai",)]


def test_why_a_pass_is_lost_stands_in_the_record(site: Site) -> None:
    future = site.submit("linhai")
    crawl = site.engine.begin("linhai")
    site.engine.end(crawl, lost="w1@far was not heard of for 300 s")
    assert future.result(5).outcome == "killed"
    assert site.outcomes() == [("linhai", "killed", "w1@far was not heard of for 300 s")]


@pytest.mark.parametrize("back_to_one_machine", [False, True])
def test_what_becomes_of_workers_says_nothing_about_a_portal(site: Site, back_to_one_machine: bool) -> None:
    """Three times in a row nothing arrives, and nobody says that the portal cannot be read."""
    for _ in range(3):
        site.submit("linhai")
        crawl = site.engine.begin("linhai")
        if back_to_one_machine:
            (site.home.runs / "linhai" / str(crawl) / SENT).write_text("{}")
            site.fleet.stop("the service stops", leave=True)
            site.engine.begun.clear()
            site.open()
            assert [one.outcome for one in site.fleet.recover()] == ["killed"]
        else:
            site.engine.end(crawl, lost="w1@far was not heard of for 300 s")
            site.settle()
    assert [outcome for _, outcome, _ in site.outcomes()] == ["killed"] * 3
    assert site.store.values("SELECT empty_passes FROM portals") == [(0,)]
    assert site.store.values("SELECT count(*) FROM events") == [(0,)]


def test_a_pass_that_no_worker_could_begin_leaves_no_number(site: Site) -> None:
    future = site.submit("linhai")
    [crawl] = site.engine.passes
    site.engine.end(crawl, never="w1@far: no space left on device")
    with pytest.raises(ChildProcessError, match="no space left"):
        future.result(5)
    assert site.outcomes() == []
    assert site.engine.forgotten == [crawl]


def test_whoever_needs_a_portal_at_rest_waits_for_no_pass_that_nobody_has_begun(site: Site) -> None:
    future = site.submit("linhai")
    with site.fleet.hold(frozenset({"linhai"})) as waiting:
        assert [*waiting] == []
        assert "called off" in str(future.exception(0))
    begun = site.submit("linhai")
    site.engine.begin("linhai")
    with site.fleet.hold(frozenset({"linhai"})) as waiting:
        assert next(waiting) == ("linhai",)
        assert not begun.done()


def test_room_that_a_worker_brings_is_used_and_thousands_are_not_looked_through_for_each_word(site: Site) -> None:
    for name in "abcd":
        site.submit(name)
    assert len(site.engine.passes) == 2
    looks = site.engine.looks
    for process in [*site.engine.passes.values()] * 5:
        process.heard(process)
        site.settle()
    assert site.engine.looks == looks
    site.engine.places = 3
    site.engine.room()
    site.settle()
    assert len(site.engine.passes) == 3


def test_a_pass_that_is_whole_in_its_folder_is_settled_and_not_waited_for(site: Site) -> None:
    site.submit("linhai")
    crawl = site.engine.begin("linhai")
    site.fleet.stop("the service stops", leave=True)
    (site.home.runs / "linhai" / str(crawl) / "run.json").write_bytes(msgspec.json.encode({}))
    site.open()
    assert site.fleet.running() == []
    assert [one.outcome for one in site.fleet.recover()] == ["killed"], "a damaged one, here"
