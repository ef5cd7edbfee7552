"""Nothing lost, nothing twice: a service and four workers, real processes and a real Redis, and what may befall them.

In each test a report changes, a pass is under way at a worker, and something dies, stops or is cut off. Whatever became of that
pass, the change has been told once when the next pass is over, and no host was ever asked by two machines at once.

One thing is not promised, and not tested: a worker whose own process stops (a debugger) while its passes go on cannot know
that its claim runs out. A machine that sleeps as a whole can, when it wakes.
"""

import json
import time
from collections.abc import Iterator

import pytest
import redis

from monitor.demo.acts import Portal
from monitor.workers.wire import Queue, queue_name
from tests.workers.ground import DAWDLE, LOST, Ground, Pass, Worker
from tests.workers.watched_web import shortest_gap

ONE, TWO, SLOW, PINNED = "yunxi", "linhe", "haitang", "taihe"
DELAY = 0.5
SHORTEST = DELAY * 0.7 - 0.15
"""Seconds between two requests: pauses are a third longer or shorter (crawler/pace.py), and a busy machine notes some late."""


@pytest.fixture(scope="module")
def ground(needs_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """All parcels travel through a shared folder here; in tests/workers/test_same_events.py all travel in messages."""
    folder = tmp_path_factory.mktemp("ground")
    with Ground(folder, ONE, TWO, SLOW, PINNED, inline=0, slow={SLOW: DELAY}, pinned={PINNED: "south"}) as ground:
        ground.baseline()
        yield ground


@pytest.fixture(autouse=True)
def judged(ground: Ground) -> Iterator[None]:
    """What always holds is looked at after each test."""
    yield
    ground.judge()


@pytest.fixture
def change(ground: Ground) -> Iterator[Portal]:
    """A report of a portal changes; when the test is over, that has been told once."""
    site = ground.world[ONE]
    assert ground.news(ONE) == []
    site.edit_digit(site.items[-1])
    yield site
    ground.heal()
    for _ in range(2):
        assert ground.crawl(ONE) == "ok", ground.story()
    assert ground.news(ONE) == ["changed"], ground.story()


def ended(ground: Ground, asked: Pass, portal: str = ONE) -> str:
    """How a pass that was asked for has ended."""
    ground.until(lambda: asked.over)
    return ground.outcomes(portal)[-1]


def last_asked(ground: Ground, worker: Worker) -> float:
    """When a worker asked a host last."""
    return max(one.start for one in ground.web.asked if one.machine == worker.machine.mark)


# Workers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["its process is killed", "its machine loses power"])
def test_a_worker_that_dies(ground: Ground, change: Portal, how: str) -> None:
    asked, worker = ground.under_way(ONE)
    if how == "its process is killed":
        worker.machine.kill()
        ground.until(lambda: not worker.machine.pids())  # what it had started ends by itself
    else:
        worker.machine.power_off()
    begun = time.monotonic()
    assert ended(ground, asked) == "killed", ground.story()
    assert time.monotonic() - begun < LOST + 20
    assert f"{worker.name}@" in ground.detail(ONE)
    assert "was not heard of" in ground.detail(ONE)
    ground.go_on(ONE)
    assert ground.crawl(ONE) == "ok", "the others go on"
    ground.revive(worker)


def test_a_worker_that_is_told_to_end_hands_over_what_it_has(ground: Ground, change: Portal) -> None:
    asked, worker = ground.dawdling(ONE)
    assert worker.machine.terminate() == 0, worker.said
    assert ended(ground, asked) == "cut_short"
    assert worker.machine.pids() == []
    assert not any(one.name.startswith(f"{worker.name}@") for one in ground.register.workers())
    ground.revive(worker)


def test_a_worker_that_was_cut_off_comes_back_with_its_result(ground: Ground, change: Portal) -> None:
    """The pass was given up and made by another meanwhile: what it saw is nobody's."""
    asked, worker = ground.under_way(ONE)
    worker.wire.hang()
    ground.go_on(ONE)  # it sees everything, and cannot say so
    assert ended(ground, asked) == "killed", ground.story()
    first = len(ground.outcomes(ONE))
    assert ground.crawl(ONE) == "ok"
    assert ground.maker(ground.asked(ONE)[-1]) is not worker
    worker.wire.heal()
    ground.until(lambda: "was given up meanwhile" in worker.machine.said)
    ground.await_workers(worker.name)
    assert ground.outcomes(ONE)[first:] == ["ok"]
    assert ground.outcomes(ONE)[first - 1] == "killed"


def test_a_worker_that_is_cut_off_ends_its_pass_before_another_begins(ground: Ground, change: Portal) -> None:
    asked, worker = ground.dawdling(ONE)
    worker.wire.hang()
    cut = time.monotonic()
    assert ended(ground, asked) == "killed", ground.story()
    again, other = ground.under_way(ONE)
    assert other is not worker
    ground.go_on(ONE)
    assert ended(ground, again) == "ok"
    time.sleep(max(0.0, cut + LOST + 3 * DAWDLE / 2 - time.monotonic()))  # it would have asked once more by now
    assert last_asked(ground, worker) - cut < LOST, "it let go before its claim ran out"


def test_a_machine_that_sleeps_through_its_claim(ground: Ground, change: Portal) -> None:
    asked, worker = ground.under_way(ONE)
    worker.machine.freeze()
    assert ended(ground, asked) == "killed", ground.story()
    ground.go_on(ONE)
    assert ground.crawl(ONE) == "ok"
    passes = len(ground.outcomes(ONE))
    given_up = worker.machine.said.count("was given up meanwhile")
    worker.machine.thaw()
    ground.until(lambda: worker.machine.said.count("was given up meanwhile") > given_up)
    assert len(ground.outcomes(ONE)) == passes
    ground.await_workers(worker.name)


def test_connections_are_cut(ground: Ground, change: Portal) -> None:
    """Of the worker, whose message is not acknowledged, and of the service: all connect again, and the pass goes on."""
    asked, worker = ground.under_way(ONE)
    worker.wire.reset()
    ground.wire.reset()
    time.sleep(1.0)
    ground.go_on(ONE)
    assert ended(ground, asked) == "ok", ground.story()
    assert ground.maker(ground.asked(ONE)[-1]) is worker
    assert worker.machine.running


# The service ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_service_that_comes_back_takes_up_the_pass(ground: Ground, change: Portal, how: str) -> None:
    _, worker = ground.under_way(ONE)
    passes = len(ground.outcomes(ONE))
    ground.up = False
    if how == "killed":
        ground.service.power_off()
    else:
        assert ground.service.terminate() == 0, ground.story()
    assert ground.outcomes(ONE)[-1] is None, "it goes on"
    ground.service.start()
    ground.up = True
    ground.until(lambda: len(ground.rows("SELECT 1 FROM crawls")) >= passes)
    ground.go_on(ONE)
    ground.until(lambda: ground.outcomes(ONE)[-1] is not None)
    assert ground.outcomes(ONE)[-1] == "ok"
    assert len(ground.outcomes(ONE)) == passes
    assert ground.news(ONE, again=True) == ["changed"]
    assert worker.machine.running


def test_a_pass_that_ends_while_there_is_no_service_is_settled_by_the_next(ground: Ground, change: Portal) -> None:
    ground.under_way(ONE)
    ground.up = False
    ground.service.power_off()
    ground.go_on(ONE)
    ground.until(ground.waits_for_the_service)
    ground.service.start()
    ground.up = True
    ground.until(lambda: ground.outcomes(ONE)[-1] is not None)
    assert ground.outcomes(ONE)[-1] == "ok"


@pytest.mark.parametrize("parcel", ["waits", "vanishes"])
def test_what_is_handed_over_while_the_service_is_cut_off(ground: Ground, change: Portal, parcel: str) -> None:
    """A parcel that waits is fetched; one that never arrives is a killed pass, and the next one sees all of it again."""
    asked, _ = ground.under_way(ONE)
    ground.wire.hang()
    ground.go_on(ONE)
    ground.until(ground.waits_for_the_service)
    if parcel == "vanishes":
        [seen] = [file for file in (ground.folder / "parcels").iterdir() if ".seen" in file.name]
        seen.unlink()
    time.sleep(LOST + 1)  # nobody is blamed for the silence of the wire
    ground.wire.heal()
    if parcel == "waits":
        assert ended(ground, asked) == "ok", ground.story()
    else:
        assert ended(ground, asked) == "killed", ground.story()
        assert "never arrived" in ground.detail(ONE)


# Redis ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("forgets", [False, True], ids=["with its data", "without its data"])
def test_redis_is_killed_and_comes_back(ground: Ground, change: Portal, forgets: bool) -> None:
    asked, worker = ground.under_way(ONE)
    ground.redis.restart(forgets=forgets)
    time.sleep(1.0)
    ground.go_on(ONE)
    assert ended(ground, asked) == "ok", ground.story()
    assert ground.maker(ground.asked(ONE)[-1]) is worker
    ground.await_workers()


def test_redis_is_gone_for_longer_than_a_claim_lasts(ground: Ground, change: Portal) -> None:
    """Every worker ends its passes; nobody waits for ever for them, and all go on when it is back."""
    asked, worker = ground.dawdling(ONE)
    ground.redis.kill()
    gone = time.monotonic()
    time.sleep(LOST + 1)
    assert last_asked(ground, worker) - gone < LOST
    ground.redis.start()
    assert ended(ground, asked) == "killed", ground.story()
    ground.await_workers()


def test_a_message_that_got_lost_is_sent_again(ground: Ground, change: Portal) -> None:
    """A worker had taken it from the queue, and nothing came through any more."""
    for worker in ground.workers:
        worker.wire.hang()
    asked = ground.ask(ONE)
    waits = redis.Redis.from_url(ground.redis.url)
    ground.until(lambda: ground.outcomes(ONE)[-1] is None)
    time.sleep(0.5)
    ground.redis.restart(forgets=True)
    assert waits.llen(queue_name("plain")) == 0
    for worker in ground.workers:
        worker.wire.reset()
        worker.wire.heal()
    assert ended(ground, asked) == "ok", ground.story()
    assert "is sent again" in ground.service.said
    waits.close()
    ground.await_workers()


def test_a_message_that_comes_twice_is_one_pass(ground: Ground, change: Portal) -> None:
    """While the pass is made, and after it: as a broker gives out again what nobody acknowledged in time."""
    asked, worker = ground.under_way(ONE)
    since = time.monotonic()
    broker = redis.Redis.from_url(ground.redis.url, decode_responses=True)
    [message] = [one for one in broker.hvals("unacked") if ONE in one]
    again = json.dumps(json.loads(message)[0])
    passes = len(ground.outcomes(ONE))

    def comes_again() -> None:
        before = sum(one.machine.said.count("is not made here") for one in ground.workers)
        broker.lpush(queue_name("plain"), again)
        ground.until(lambda: sum(one.machine.said.count("is not made here") for one in ground.workers) > before)

    comes_again()
    ground.go_on(ONE)
    assert ended(ground, asked) == "ok", ground.story()
    comes_again()
    assert len(ground.outcomes(ONE)) == passes
    assert {one.machine for one in ground.asked(ONE, since)} <= {worker.machine.mark}
    broker.close()


# Politeness -----------------------------------------------------------------------------------------------------------


def test_one_host_is_asked_at_its_pace_whoever_asks(ground: Ground) -> None:
    """Two homes share the workers, and read the same portal at the same time."""
    other = ground.lodge("other", SLOW)
    since = time.monotonic()
    asked, worker = ground.under_way(SLOW)
    other.start()
    ground.until(lambda: (other.home / "runs" / SLOW / "1" / "sent.json").exists())
    time.sleep(2.0)  # its pass waits at a worker
    assert {one.machine for one in ground.asked(SLOW, since)} == {worker.machine.mark}
    ground.go_on(SLOW)
    assert ended(ground, asked, SLOW) == "ok"
    ground.until(lambda: not other.running)
    assert other.process is not None
    assert other.process.returncode == 0, other.said
    assert len(ground.asked(SLOW, since)) >= 10, "two passes"
    assert shortest_gap(ground.asked(SLOW, since)) >= SHORTEST


def test_a_pinned_portal_is_read_where_it_is_pinned(ground: Ground) -> None:
    for _ in range(3):
        assert ground.crawl(PINNED) == "ok"
    assert {ground.maker(one).name for one in ground.asked(PINNED)} == {"w1"}
    kind: Queue = "plain"
    assert (
        queue_name(kind, "south") in next(one for one in ground.register.workers() if one.name.startswith("w1@")).queues
    )
