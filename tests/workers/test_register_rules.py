"""The rules of the register against a model, on a real Redis: any order of what workers, the service and fate may do.

Time is the machine's own here: `pass_time` takes it from what every key has left, so that a claim of a minute runs out at once.
The model knows what each worker believes to hold; it drops what it could not renew in time, as monitor.workers.crew does.
"""

from collections.abc import Iterator

import pytest
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from monitor.workers.register import Hold, HostBusy, Register, Taken
from monitor.workers.wire import PREFIX, Beat, Handed
from tests.unit.soak import examples
from tests.workers.redis_server import RedisServer, task_name

LOST = 50.0
"""Seconds that a claim lasts; a worker that could not renew it for this share has ended its pass:"""
ENDS = 0.7
QUIET = 12.0
PAUSE = 20.0
WORKERS = ("a@1", "b@2", "c@3")
PASSES = {"p": ("one.cn",), "q": ("one.cn", "two.cn"), "r": ("two.cn",), "s": ("three.cn",)}
worker_names = st.sampled_from(WORKERS)
passes = st.sampled_from([*PASSES])


class Claim:
    """What a worker believes."""

    def __init__(self, hold: Hold, worker: str, now: float) -> None:
        self.hold, self.worker, self.renewed = hold, worker, now
        self.number = 0

    def beat(self) -> Beat:
        self.number += 1
        return Beat(self.worker, self.number)


class Rules(RuleBasedStateMachine):
    """Of one Redis, emptied before each run."""

    server: RedisServer
    raw: "redis.Redis"

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.rounds = dict.fromkeys(PASSES, 0)
        """Which pass of a portal: a new one has a new name."""
        self.held: list[Claim] = []
        self.over: list[Claim] = []
        """Those that ended, however: they may ask late."""
        self.ends: dict[str, str] = {}
        """Why a pass is never made again."""
        self.free_at: dict[str, float] = {}
        """When a host may be asked again after a pass, as far as its pause goes."""
        self.flushed = -1e9
        self.register = Register(self.server.url)

    def teardown(self) -> None:
        self.register.close()

    @initialize()
    def begin(self) -> None:
        self.raw.flushall()
        self.server.age()
        for name, worker in zip("qs", WORKERS, strict=False):
            self.claim(name, worker, False)

    # Workers ------------------------------------------------------------------------------------------------------

    def task(self, name: str) -> str:
        return task_name(f"{name}{self.rounds[name]}")

    @rule(name=passes, worker=worker_names, due=st.booleans())
    def claim(self, name: str, worker: str, due: bool) -> None:
        """A message arrives, for the first time or again; if it is due, of the next pass."""
        self.rounds[name] += due and self.task(name) in self.ends
        hold = Hold(self.task(name), PASSES[name], LOST)
        claim = Claim(hold, worker, self.now)
        holder = self._holder(hold.task)
        hosts = {host for one in self.held for host in one.hold.hosts}
        try:
            self.register.claim(hold, worker, claim.beat())
        except Taken:
            assert holder or hold.task in self.ends or self._remembered(hold.task), "it was nobody's"
            return
        except HostBusy:
            return
        assert holder is None, "two make one pass"
        assert hold.task not in self.ends, f"it was {self.ends[hold.task]}"
        assert not hosts & {*hold.hosts}, "two ask one host"
        assert all(self.now >= self.free_at.get(host, 0.0) for host in hold.hosts), "it is to be left alone"
        assert self.now - self.flushed >= QUIET, "those who hold passes come first"
        self.held.append(claim)

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 9))
    def claim_again(self, place: int) -> None:
        """The answer was lost: the same worker asks again."""
        claim = self.held[place % len(self.held)]
        self.register.claim(claim.hold, claim.worker, claim.beat())
        claim.renewed = self.now

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 9), bystander=worker_names)
    def renew(self, place: int, bystander: str) -> None:
        claim = self.held[place % len(self.held)]
        self._renew([one for one in self.held if one.worker == claim.worker])
        foreign = Hold(claim.hold.task, claim.hold.hosts, LOST)
        assert self.register.renew([(foreign, Beat(bystander, 1))], bystander) == {foreign.task: None}

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 9), pause=st.sampled_from([0.0, PAUSE]))
    def hand(self, place: int, pause: float) -> None:
        claim = self.held.pop(place % len(self.held))
        hold = claim.hold
        handed = Handed(hold.task, 1, claim.worker)
        assert self.register.hand(hold, claim.worker, handed, pause)
        assert self.register.handed(hold.task) == handed
        self.over.append(claim)
        self.ends[hold.task] = "made"
        if pause:
            self.free_at.update(dict.fromkeys(hold.hosts, self.now + pause))

    @precondition(lambda self: self.over)
    @rule(place=st.integers(0, 99), hands=st.booleans())
    def comes_back(self, place: int, hands: bool) -> None:
        """A worker that was cut off, and asks long after it ended its pass: it disturbs nobody."""
        claim = self.over[place % len(self.over)]
        hold = claim.hold
        holder, why = self._holder(hold.task), self.ends.get(hold.task)
        before = {host: self.raw.get(f"{PREFIX}:host:{host}") for host in hold.hosts}
        if hands:
            first = self.register.handed(hold.task)
            mine = self.register.hand(hold, claim.worker, Handed(hold.task, 1, claim.worker), 0.0)
            assert not mine or (holder is None and why in (None, "made"))
            if why == "made" and first is not None:
                assert self.register.handed(hold.task) == first
            if mine:
                self.ends[hold.task] = "made"
        elif self.register.renew([(hold, claim.beat())], claim.worker)[hold.task] is not None:
            assert holder is None, "two make one pass"
            assert why is None, f"it was {why}"
            self.over.remove(claim)
            claim.renewed = self.now
            self.held.append(claim)
        for host, was in before.items():
            if was not in (None, hold.task):
                assert self.raw.get(f"{PREFIX}:host:{host}") == was

    # The service ----------------------------------------------------------------------------------------------------

    @rule(name=passes, withdraws=st.booleans())
    def call_off(self, name: str, withdraws: bool) -> None:
        """The service gives up only what has been silent for long (monitor.workers.dispatch)."""
        task, holder = self.task(name), self._holder(self.task(name))
        if self.register.withdraw(task) if withdraws else self.register.give_up(task):
            assert holder is None, "somebody makes it"
            self.ends.setdefault(task, "withdrawn" if withdraws else "given up")

    @rule(name=passes)
    def stop(self, name: str) -> None:
        claim = self._holder(self.task(name))
        if self.register.stop(self.task(name), "early"):
            [held] = self.register.held([self.task(name)]).values()
            assert held.state == "claimed"
            if claim is not None:
                said = self.register.renew([(claim.hold, claim.beat())], claim.worker)
                assert said == {claim.hold.task: "early"}
                claim.renewed = self.now

    # Fate -----------------------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 5.0, 12.0, 25.0, 60.0]))
    def pass_time(self, seconds: float) -> None:
        """Nobody renews meanwhile."""
        self.now += seconds
        for key in self.raw.scan_iter():
            left = self.raw.pttl(key)
            if 0 <= left <= seconds * 1000:
                self.raw.delete(key)
            elif left > 0:
                self.raw.pexpire(key, int(left - seconds * 1000))
        since = self.raw.hget(f"{PREFIX}:register", "since")
        if since is not None:
            self.raw.hset(f"{PREFIX}:register", "since", str(int(since) - int(seconds * 1000)))
        for claim in [one for one in self.held if self.now - one.renewed > LOST * ENDS]:
            self.held.remove(claim)
            self.over.append(claim)

    @rule()
    def everybody_renews(self) -> None:
        for worker in WORKERS:
            self._renew([one for one in self.held if one.worker == worker])

    @rule(really=st.sampled_from([True, *[False] * 9]))
    def forget(self, really: bool) -> None:
        """Redis loses its memory: those who hold a pass renew before the register is a moment old."""
        if not really:
            return
        self.raw.flushall()
        self.flushed = self.now
        self.ends.clear()
        self.free_at.clear()
        for name in PASSES:  # what was made is not given out again by a broker that lost its messages too
            self.rounds[name] += self._holder(self.task(name)) is None
        self.over.clear()
        with_any = Hold(task_name("any"), ("any.cn",), LOST)
        with pytest.raises(HostBusy):
            self.register.claim(with_any, "a@1", Beat("a@1", 1))
        self.everybody_renews()

    # What always holds ----------------------------------------------------------------------------------------------

    @invariant()
    def each_host_is_one_passs(self) -> None:
        hosts = [host for one in self.held for host in one.hold.hosts]
        assert len(hosts) == len({*hosts})
        tasks = [one.hold.task for one in self.held]
        assert len(tasks) == len({*tasks})

    @invariant()
    def what_is_held_is_known(self) -> None:
        known = self.register.held([one.hold.task for one in self.held])
        for one in self.held:
            assert known[one.hold.task].state == "claimed"
            assert known[one.hold.task].worker == one.worker
            assert not self.register.withdraw(one.hold.task)

    def _renew(self, claims: list[Claim]) -> None:
        if not claims:
            return
        worker = claims[0].worker
        said = self.register.renew([(one.hold, one.beat()) for one in claims], worker)
        for one in claims:
            assert said[one.hold.task] is not None, "it was this worker's"
            one.renewed = self.now

    def _holder(self, task: str) -> Claim | None:
        return next((one for one in self.held if one.hold.task == task), None)

    def _remembered(self, task: str) -> bool:
        """A claim that its worker has dropped, and that has not run out."""
        return any(one.hold.task == task and self.now - one.renewed <= LOST for one in self.over)


@pytest.fixture
def rules(redis: RedisServer) -> Iterator[type[Rules]]:
    with redis_client(redis) as raw:

        class OnThisRedis(Rules):
            server = redis

        OnThisRedis.raw = raw
        yield OnThisRedis


def redis_client(server: RedisServer) -> "redis.Redis":
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_any_order_of_what_may_happen(rules: type[Rules]) -> None:
    run_state_machine_as_test(
        rules,
        settings=settings(examples(60), stateful_step_count=40),
    )
