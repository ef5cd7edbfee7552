"""The fleet: who may start, who waits for whom, and what follows from an end; with processes that the test ends."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from crawler.orders import Ended
from crawler.portal import PolicyOverrides, Portal
from monitor.engine import Local
from monitor.fleet import Fleet, FleetStopped, Progress
from monitor.home import Home
from monitor.processes import Process
from monitor.run import longest_first
from monitor.settings import Settings
from monitor.store import Store

NOW = "2026-11-22T00:00:00Z"


class Hand(Local):
    """Makes no processes: passes run until the test, or a stop, ends them."""

    def __init__(self) -> None:
        super().__init__(Path(), 3)
        self.begun: dict[str, Process] = {}
        self.order: list[str] = []
        self.stopped: dict[int, str] = {}
        self.refuses: OSError | None = None

    def start(self, process: Process) -> None:
        if self.refuses:
            raise self.refuses
        process.pid = 1
        self.order.append(process.order.portal)
        self.begun[process.order.portal] = process

    def end(self, name: str) -> None:
        """The process of a portal's pass ends, without a run.json."""
        process = self.begun.pop(name)
        process.end = Ended(process.order.crawl, 1)
        process.ended(process)

    def stop(self, crawl: int, why: str) -> None:
        self.stopped[crawl] = why
        for name, process in [*self.begun.items()]:
            if process.order.crawl == crawl:
                self.end(name)

    def kill(self) -> None:
        for name in [*self.begun]:
            self.end(name)

    def close(self) -> None:
        assert not self.begun, "passes were left under way"


class Bench:
    """A fleet and the hand that ends its passes."""

    def __init__(self, path: Path) -> None:
        self.home = Home(path / "home")
        self.home.create()
        self.store = Store.open(self.home.database)
        self.hand = Hand()
        self.fleet = Fleet(self.home, self.store, Settings, lambda: NOW, self.hand)

    def submit(self, name: str, *hosts: str, **more: object):  # type: ignore[no-untyped-def]
        return self.fleet.submit(portal(name, *hosts), "full", **more)  # type: ignore[arg-type]

    @property
    def running(self) -> list[str]:
        """Once all that can be settled and begun has been."""
        self.fleet.record(lambda: None)
        return sorted(one.portal for one in self.fleet.running())

    def outcomes(self) -> list[tuple[str, str | None]]:
        rows = self.fleet.record(lambda: self.store.rows("SELECT portal, outcome FROM crawls ORDER BY id"))
        return [(row["portal"], row["outcome"]) for row in rows]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.fleet.stop("the test is over")
    made.store.close()


def portal(name: str, *hosts: str) -> Portal:
    first, *others = hosts or (f"{name}.example",)
    return Portal(
        name, name, "generic", (f"http://{first}/nb/",), allowed_hosts=tuple(others), policy=PolicyOverrides()
    )


def test_no_more_than_so_many_run_and_the_others_follow_in_their_order(bench: Bench) -> None:
    futures = {name: bench.submit(name) for name in "abcde"}
    assert bench.running == ["a", "b", "c"]
    assert bench.fleet.waiting() == 2
    bench.hand.end("b")
    assert futures["b"].result(5).outcome == "killed"
    assert bench.running == ["a", "c", "d"]
    bench.hand.end("a")
    assert futures["a"].result(5)
    assert bench.running == ["c", "d", "e"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a.example",), ("A.EXAMPLE",)),
        (("a.example",), ("www.a.example:8080",)),
        (("a.example", "files.example"), ("b.example", "FILES.example.")),
        (("a.example", "b.example"), ("b.example",)),
    ],
)
def test_portals_that_share_a_host_are_read_one_after_the_other(
    bench: Bench, one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    bench.submit("one", *one)
    bench.submit("other", *other)
    bench.submit("third")
    assert bench.running == ["one", "third"]
    bench.hand.end("one")
    assert bench.running == ["other", "third"]


def test_who_waits_for_a_host_is_not_overtaken_on_it(bench: Bench) -> None:
    """`both` waits for x; `y` came later and would take y for as long as others like it come."""
    bench.submit("x", "x.example")
    bench.submit("both", "x.example", "y.example")
    bench.submit("y", "y.example")
    assert bench.running == ["x"]
    bench.hand.end("x")
    assert bench.running == ["both"]
    bench.hand.end("both")
    assert bench.running == ["y"]


def test_a_portal_is_read_once_at_a_time(bench: Bench) -> None:
    first, second = bench.submit("a", "one.example"), bench.submit("a", "two.example")
    assert bench.running == ["a"]
    bench.hand.end("a")
    assert first.result(5).crawl == 1
    assert bench.running == ["a"]
    bench.hand.end("a")
    assert second.result(5).crawl == 2


def test_a_pass_that_waits_can_be_called_off(bench: Bench) -> None:
    bench.submit("x", "x.example")
    off, after = bench.submit("off", "x.example"), bench.submit("after", "x.example")
    assert bench.running == ["x"]
    assert off.cancel()
    assert bench.fleet.waiting() == 1
    bench.hand.end("x")
    assert bench.running == ["after"]
    bench.hand.end("after")
    assert after.result(5)
    assert bench.outcomes() == [("x", "killed"), ("after", "killed")]


def test_what_keeps_one_from_being_briefed_keeps_no_other(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor import bookkeeping

    right = bookkeeping.write_briefing

    def briefs(store, runs, one, *rest, **more):  # type: ignore[no-untyped-def]
        if one.name == "bad":
            raise KeyError("a fault of our own")
        return right(store, runs, one, *rest, **more)

    monkeypatch.setattr(bookkeeping, "write_briefing", briefs)
    bad, good = bench.submit("bad"), bench.submit("good")
    assert isinstance(bad.exception(5), KeyError)
    assert bench.running == ["good"]
    assert bench.outcomes() == [("good", None)], "a pass that never began is no pass"
    bench.hand.end("good")
    assert good.result(5).crawl == 2


def test_a_pass_whose_process_cannot_start_never_was(bench: Bench) -> None:
    bench.hand.refuses = OSError("no more processes")
    assert isinstance(bench.submit("a").exception(5), OSError)
    assert bench.outcomes() == []
    bench.hand.refuses = None
    future = bench.submit("b")
    assert bench.running == ["b"]
    process = bench.hand.begun.pop("b")
    process.never = "BlockingIOError: fork"
    process.ended(process)
    assert "fork" in str(future.exception(5))
    assert bench.outcomes() == []
    assert bench.running == []


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), sqlite3.OperationalError("locked")])
def test_a_pass_that_cannot_be_settled_waits_and_its_portal_is_not_read_before_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from monitor import bookkeeping

    right = bookkeeping.settle_killed
    full = True

    def settles(store, folder, settings, number, name, *rest, **more):  # type: ignore[no-untyped-def]
        if full and name == "a":
            raise error
        return right(store, folder, settings, number, name, *rest, **more)

    monkeypatch.setattr(bookkeeping, "settle_killed", settles)
    first, other = bench.submit("a"), bench.submit("b")
    assert bench.running == ["a", "b"]
    bench.hand.end("a")
    bench.hand.end("b")
    assert first.exception(5) is error
    assert other.result(5).outcome == "killed"
    assert bench.submit("a").exception(5) is error
    with pytest.raises(type(error)):
        bench.fleet.recover()
    assert bench.outcomes() == [("a", None), ("b", "killed")]
    full = False
    third = bench.submit("a")
    assert bench.running == ["a"]
    assert bench.outcomes() == [("a", "killed"), ("b", "killed"), ("a", None)]
    assert bench.fleet.recover() == [], "one that is under way is nobody's to settle"
    bench.hand.end("a")
    assert third.result(5).crawl == 3


def test_what_an_earlier_process_left_is_settled(bench: Bench) -> None:
    def leave() -> None:
        for name in ("a", "b"):
            bench.store.sync_portal(portal(name))
            bench.store.start_crawl(name, "full", NOW)

    bench.fleet.record(leave)
    with bench.fleet.hold(frozenset({"b"})):
        assert [one.portal for one in bench.fleet.recover()] == ["a"]
    assert [one.portal for one in bench.fleet.recover()] == ["b"]


def test_held_portals_are_at_rest(bench: Bench) -> None:
    bench.submit("a", "x.example")
    assert bench.running == ["a"]
    with bench.fleet.hold(frozenset({"a", "b"})) as waiting:
        assert next(waiting) == ("a",)
        bench.submit("b", "x.example")
        bench.submit("c", "x.example")
        threading.Timer(0.05, bench.hand.end, ["a"]).start()
        assert list(waiting) == []
        assert bench.running == ["c"], "one that is held takes no host from others"
        bench.hand.end("c")
        assert bench.running == []
        with bench.fleet.hold(None) as all_of_them:
            assert list(all_of_them) == []
            bench.submit("d")
            assert bench.running == []
        assert bench.running == ["d"]
    assert bench.running == ["b", "d"]


def test_progress_that_cannot_be_shown_is_no_trouble(bench: Bench) -> None:
    seen: list[Progress] = []

    def show(told: Progress) -> None:
        seen.append(told)
        raise BrokenPipeError

    future = bench.submit("a", progress=show)
    assert bench.running == ["a"]
    process = bench.hand.begun["a"]
    process.done, process.total = 3, 7
    process.heard(process)
    bench.hand.end("a")
    assert future.result(5)
    assert (seen[-2:]) == [Progress("a", 3, 7), Progress("a", 3, 7, finished=True)]


def test_after_a_stop_nothing_begins(bench: Bench) -> None:
    runs, waits = bench.submit("a", "x.example"), bench.submit("b", "x.example")
    assert bench.running == ["a"]
    bench.fleet.stop("enough")
    assert bench.hand.stopped == {1: "enough"}
    assert runs.result(0).outcome == "killed"
    assert waits.cancelled()
    assert bench.submit("c").cancelled()
    with pytest.raises(FleetStopped):
        bench.fleet.recover()
    with bench.fleet.hold(None) as waiting:
        assert list(waiting) == []


def test_a_pass_that_nobody_hears_of_again_is_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.clerk._LOOK", 0.02)
    monkeypatch.setattr("monitor.fleet._BACKSTOP", -7200.0)
    assert bench.submit("a").result(5).outcome == "killed"


def test_threads_of_one_process_take_turns_at_the_record(tmp_path: Path) -> None:
    """Each through a connection of its own, without a time-out that would save the one that comes too late."""
    path = tmp_path / "nianbao.db"
    stores = [Store.open(path) for _ in range(4)]
    for store in stores:
        store.run("PRAGMA busy_timeout = 0")
    stores[0].sync_portal(portal("a"))
    faults: list[BaseException] = []

    def write(store: Store) -> None:
        try:
            for _ in range(25):
                store.start_crawl("a", "full", NOW)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert stores[0].row("SELECT count(*) AS n FROM crawls") == {"n": 100}
    for store in stores:
        store.close()


def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    with Store.open(tmp_path / "nianbao.db") as store:
        store.sync_portal(portal("a"))

        def write() -> None:
            with store.transaction():
                store.run("PRAGMA defer_foreign_keys = ON")  # so that it is the COMMIT that fails
                store.run("INSERT INTO crawls (portal, mode, started_at) VALUES ('nobody', 'full', ?)", (NOW,))

        with pytest.raises(sqlite3.IntegrityError):
            write()
        assert store.start_crawl("a", "full", NOW)


def test_only_so_many_that_need_a_process_of_their_own_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.engine.APART", 1)
    for name in ("a", "b"):
        bench.fleet.submit(msgspec.structs.replace(portal(name), render=True), "full")
    bench.submit("c")
    assert bench.running == ["a", "c"]
    assert {name: one.order.together for name, one in bench.hand.begun.items()} == {
        "a": 1,
        "c": Settings().service.together,
    }
    bench.hand.end("a")
    assert bench.running == ["b", "c"]


def test_one_that_waits_to_be_made_again_does_not_count_as_hanging(bench: Bench) -> None:
    bench.submit("a")
    assert bench.running == ["a"]
    process = bench.hand.begun["a"]
    (turn,) = bench.fleet._under_way
    late, process.waits = turn.overdue, True
    process.heard(process)
    assert turn.overdue == float("inf")
    process.waits = False
    process.heard(process)
    assert late <= turn.overdue < float("inf")


def test_a_portal_whose_pass_ended_its_process_is_suspect_the_next_time(bench: Bench) -> None:
    bench.submit("a")
    assert bench.running == ["a"]
    assert not bench.hand.begun["a"].order.suspect
    bench.hand.begun["a"].pid = 7
    bench.hand.end("a")  # with status 1
    bench.submit("a")
    assert bench.running == ["a"]
    assert bench.hand.begun["a"].order.suspect


def test_those_that_will_take_longest_come_first(bench: Bench) -> None:
    def write() -> None:
        for number, (name, requests) in enumerate((("a", 3), ("b", 100), ("b", 90), ("c", 200)), 1):
            bench.store.sync_portal(portal(name))
            bench.store.run(
                "INSERT INTO crawls (id, portal, mode, started_at, outcome, requests) VALUES (?, ?, 'full', ?, 'ok', ?)",
                (number, name, NOW, requests),
            )

    bench.fleet.record(write)
    quick = msgspec.structs.replace(portal("c"), policy=PolicyOverrides(delay=0.1))
    chosen = [portal("a"), portal("b"), quick, portal("new")]
    order = bench.fleet.record(lambda: longest_first(bench.store, Settings(), chosen))
    assert [one.name for one in order] == ["b", "new", "c", "a"]
