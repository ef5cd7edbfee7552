"""The register of passes, on a real Redis: one claim a pass and a host, whatever is lost or comes twice."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import redis as redis_client

from monitor.workers.register import Hold, HostBusy, Register, RegisterError, Taken
from monitor.workers.wire import Beat, Handed, WorkerSeen
from tests.workers.cut import Cut
from tests.workers.redis_server import RedisServer, task_name

ONE, TWO = "one@a", "two@b"


@pytest.fixture
def register(redis: RedisServer) -> Iterator[Register]:
    opened = Register(redis.url)
    yield opened
    opened.close()


@pytest.fixture
def new(request: pytest.FixtureRequest) -> Callable[..., Hold]:
    """Holds on tasks and hosts of this test's own."""
    own = uuid4().hex[:8]

    def make(task: str = "t", *hosts: str, seconds: float = 60.0) -> Hold:
        return Hold(task_name(f"{own} {task}"), tuple(f"{host}.{own}.cn" for host in hosts or ("h",)), seconds)

    return make


def beat(worker: str = ONE, number: int = 1, **more: int) -> Beat:
    return Beat(worker, number, **more)  # type: ignore[arg-type]


def handed(hold: Hold, worker: str = ONE) -> Handed:
    return Handed(hold.task, 1, worker)


def again(hold: Hold) -> Hold:
    """The claim of somebody else who was given the same pass."""
    return Hold(hold.task, hold.hosts, hold.seconds)


def state(register: Register, hold: Hold) -> str:
    found = register.held([hold.task]).get(hold.task)
    return found.state if found else ""


def until(what: Callable[[], object], within: float = 30.0) -> None:
    end = time.monotonic() + within
    while not what():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


# One pass, one worker -------------------------------------------------------------------------------------------------


def test_a_pass_that_is_delivered_twice_is_made_once(register: Register, new: Callable[..., Hold]) -> None:
    hold = new()
    register.claim(hold, ONE, beat())
    for worker in (ONE, TWO):
        with pytest.raises(Taken, match="claimed"):
            register.claim(again(hold), worker, beat(worker))
    assert register.hand(hold, ONE, handed(hold), 0)
    for late in (hold, again(hold)):
        with pytest.raises(Taken, match="made"):
            register.claim(late, ONE, beat())
    assert register.renew([(hold, beat())], ONE) == {hold.task: None}


def test_of_many_who_want_it_at_once_one_has_it(redis: RedisServer, new: Callable[..., Hold]) -> None:
    """Each on its own connection, all at the same instant: ten passes, then ten passes on one host."""
    workers = [f"worker{number}@m" for number in range(8)]
    registers = {worker: Register(redis.url) for worker in workers}
    gate = threading.Barrier(len(workers))

    def claims(worker: str, hold: Hold) -> bool:
        gate.wait(30)
        try:
            registers[worker].claim(again(hold), worker, beat(worker))
        except (Taken, HostBusy):
            return False
        return True

    with ThreadPoolExecutor(len(workers)) as at_once:
        for number in range(10):
            hold = new(f"t{number}", f"h{number}")
            assert sum(at_once.map(claims, workers, [hold] * len(workers))) == 1
        for number in range(10):
            holds = [new(f"u{number}-{place}", f"shared{number}") for place in range(len(workers))]
            assert sum(at_once.map(claims, workers, holds)) == 1
    for opened in registers.values():
        opened.close()


def test_what_is_withdrawn_is_nobodys(register: Register, new: Callable[..., Hold]) -> None:
    hold = new()
    assert register.withdraw(hold.task)
    assert register.withdraw(hold.task), "asked again, it says the same"
    with pytest.raises(Taken, match="withdrawn"):
        register.claim(hold, ONE, beat())
    assert state(register, hold) == "withdrawn"
    claimed = new("u", "u")
    register.claim(claimed, ONE, beat())
    assert not register.withdraw(claimed.task)
    assert state(register, claimed) == "claimed"
    register.hand(claimed, ONE, handed(claimed, ONE), 0)
    assert not register.withdraw(claimed.task), "it was made"


def test_who_comes_back_after_the_pass_was_given_up_has_lost_it(register: Register, new: Callable[..., Hold]) -> None:
    hold = new(seconds=0.05)
    register.claim(hold, ONE, beat())
    until(lambda: state(register, hold) == "")
    assert register.give_up(hold.task)
    assert register.renew([(hold, beat())], ONE) == {hold.task: None}
    with pytest.raises(Taken, match="lost"):
        register.claim(hold, TWO, beat(TWO))
    assert not register.hand(hold, ONE, handed(hold), 0)
    assert state(register, hold) == "lost", "a late end changes nothing"
    assert register.handed(hold.task) is None


def test_a_claim_that_is_renewed_is_not_given_up(register: Register, new: Callable[..., Hold]) -> None:
    hold = new()
    register.claim(hold, ONE, beat())
    assert not register.give_up(hold.task)
    assert register.renew([(hold, beat(number=2, done=3, total=9))], ONE) == {hold.task: ""}
    found = register.held([hold.task, "unknown"])
    assert set(found) == {hold.task}
    assert found[hold.task].worker == ONE
    assert found[hold.task].beat == beat(number=2, done=3, total=9)


def test_renewing_lengthens_the_claim_and_its_hosts(register: Register, new: Callable[..., Hold]) -> None:
    short, long = new("t", "a", "b", seconds=0.3), new("u", "b", seconds=60)
    register.claim(short, ONE, beat())
    for number in range(2, 12):  # half a second in all
        time.sleep(0.05)
        assert register.renew([(short, beat(number=number))], ONE) == {short.task: ""}
        with pytest.raises(HostBusy):
            register.claim(long, TWO, beat(TWO))
    until(lambda: state(register, short) == "")
    register.claim(long, TWO, beat(TWO))
    assert register.renew([(short, beat())], ONE) == {short.task: None}, "the host is another pass's now"
    assert register.renew([(long, beat(TWO))], TWO) == {long.task: ""}


def test_a_released_pass_stays_made_when_its_claim_had_run_out(register: Register, new: Callable[..., Hold]) -> None:
    """A machine that slept past its claim ends the pass before anybody noticed."""
    hold = new(seconds=0.05)
    register.claim(hold, ONE, beat())
    until(lambda: state(register, hold) == "")
    register.hand(hold, ONE, handed(hold, ONE), 30)
    with pytest.raises(Taken, match="made"):
        register.claim(hold, TWO, beat(TWO))
    with pytest.raises(HostBusy):
        register.claim(new("u"), TWO, beat(TWO))


def test_stop_is_heard_with_the_next_sign_of_life(register: Register, new: Callable[..., Hold]) -> None:
    hold, other = new(), new("u", "u")
    assert not register.stop(hold.task, "early"), "nobody makes it"
    register.claim(hold, ONE, beat())
    register.claim(other, ONE, beat())
    assert register.stop(hold.task, "the service stops")
    assert register.stop(hold.task, "another reason")
    said = register.renew([(hold, beat()), (other, beat())], ONE)
    assert said == {hold.task: "the service stops", other.task: ""}
    assert register.renew([], ONE) == {}
    register.hand(hold, ONE, handed(hold, ONE), 0)
    assert not register.stop(hold.task, "late")


# One host, one pass ---------------------------------------------------------------------------------------------------


def test_a_host_is_one_passs_and_left_alone_after_it(register: Register, new: Callable[..., Hold]) -> None:
    first, second, apart = new("t", "a", "b"), new("u", "c", "b"), new("v", "d")
    register.claim(first, ONE, beat())
    with pytest.raises(HostBusy) as busy:
        register.claim(second, TWO, beat(TWO))
    assert busy.value.host == second.hosts[1]
    assert 50 < busy.value.seconds <= 60
    assert state(register, second) == "", "what could not be claimed whole is not claimed at all"
    register.claim(apart, TWO, beat(TWO))
    register.hand(first, ONE, handed(first, ONE), 0.2)
    with pytest.raises(HostBusy) as busy:
        register.claim(second, TWO, beat(TWO))
    assert busy.value.seconds <= 0.2
    started = time.monotonic()
    until(lambda: _claims(register, second))
    assert time.monotonic() - started > 0.05


def _claims(register: Register, hold: Hold) -> bool:
    with suppress(HostBusy):
        register.claim(hold, TWO, beat(TWO))
        return True
    return False


def test_a_release_frees_no_host_of_another(register: Register, new: Callable[..., Hold]) -> None:
    gone, held = new("t", "a", seconds=0.05), new("u", "a")
    register.claim(gone, ONE, beat())
    until(lambda: _claims(register, held))
    register.hand(gone, ONE, handed(gone, ONE), 0)
    with pytest.raises(HostBusy):
        register.claim(new("v", "a"), ONE, beat())
    assert register.renew([(held, beat(TWO))], TWO) == {held.task: ""}


# What can be lost -----------------------------------------------------------------------------------------------------


def test_who_holds_a_pass_tells_a_register_that_forgot(tmp_path: Path, needs_redis: None) -> None:
    """Redis starts again without its data: holders come first, and nobody takes a host before they could."""
    mine, wanted = (Hold(task_name(task), ("a.cn",), 3.0) for task in ("mine", "wanted"))
    with RedisServer(tmp_path / "redis") as server:
        register = Register(server.url)
        server.age()
        register.claim(mine, ONE, beat())
        server.restart(forgets=True)
        for hold in (wanted, again(mine)):
            with pytest.raises(HostBusy):
                register.claim(hold, TWO, beat(TWO))
        assert register.renew([(mine, beat(number=2))], ONE) == {mine.task: ""}
        with pytest.raises(Taken):
            register.claim(again(mine), TWO, beat(TWO))
        with pytest.raises(HostBusy) as busy:
            register.claim(wanted, TWO, beat(TWO))
        assert busy.value.seconds <= 3.0 * 0.24
        until(lambda: _claims(register, Hold(uuid4().hex, ("b.cn",), 3.0)))
        with pytest.raises(HostBusy) as busy:
            register.claim(wanted, TWO, beat(TWO))
        assert busy.value.seconds > 1.0, "of the one who holds it"
        server.restart(forgets=True)
        assert register.hand(mine, ONE, handed(mine), 60)
        with pytest.raises(Taken, match="made"):
            register.claim(again(mine), TWO, beat(TWO))
        server.age()
        with pytest.raises(HostBusy):
            register.claim(wanted, TWO, beat(TWO))
        register.close()


def test_a_register_that_came_back_with_old_data_waits_too(tmp_path: Path, needs_redis: None) -> None:
    """Killed after its last snapshot: it knows that it was there, and not what it gave out since."""
    mine, wanted = (Hold(task_name(task), ("a.cn",), 60) for task in ("mine", "wanted"))
    with RedisServer(tmp_path / "redis") as server:
        register = Register(server.url)
        server.age()
        with redis_client.Redis.from_url(server.url) as raw:
            raw.save()
        register.claim(mine, ONE, beat())
        server.restart(forgets=False)
        assert state(register, mine) == ""
        with pytest.raises(HostBusy):
            register.claim(wanted, TWO, beat(TWO))
        assert register.renew([(mine, beat())], ONE) == {mine.task: ""}
        register.close()


def test_a_register_that_keeps_its_data_forgets_nothing(tmp_path: Path, needs_redis: None) -> None:
    """Killed between two answers, it knows all that it had said."""
    with RedisServer(tmp_path / "redis", keeps=True) as server:
        register = Register(server.url)
        server.age()
        made, held = (Hold(task_name(name), (f"{name}.cn",), 60) for name in ("made", "held"))
        for hold in (made, held):
            register.claim(hold, ONE, beat())
        register.hand(made, ONE, handed(made), 60)
        register.withdraw("gone")
        server.restart(forgets=False)
        assert {task: one.state for task, one in register.held([made.task, held.task, "gone"]).items()} == {
            made.task: "made",
            held.task: "claimed",
            "gone": "withdrawn",
        }
        assert register.handed(made.task) == handed(made)
        server.age()
        with pytest.raises(HostBusy):
            register.claim(Hold("next", ("made.cn",), 60), TWO, beat(TWO))
        assert register.renew([(held, beat())], ONE) == {held.task: ""}
        register.close()


def test_what_is_handed_over_twice_is_handed_over_once(register: Register, new: Callable[..., Hold]) -> None:
    """The answer was lost: the worker asks again, and must not take its own result for nobody's."""
    hold = new()
    register.claim(hold, ONE, beat())
    for _ in range(2):
        assert register.hand(hold, ONE, handed(hold), 60)
    assert not register.hand(again(hold), TWO, handed(hold, TWO), 0)
    assert register.handed(hold.task) == handed(hold)
    register.forget(hold.task)
    assert register.handed(hold.task) is None
    assert register.hand(hold, ONE, handed(hold), 60)
    assert register.handed(hold.task) is None, "what the service has taken does not come back"
    with pytest.raises(HostBusy):
        register.claim(new("u"), TWO, beat(TWO))


def test_a_claim_whose_answer_is_lost_is_the_claimants_when_it_asks_again(
    redis: RedisServer, new: Callable[..., Hold]
) -> None:
    hold = new()
    with Cut(redis.port) as wire:
        register = Register(wire.url, timeout=0.5)
        register.ping()
        wire.hang(there=False, back=True)
        with pytest.raises(RegisterError):
            register.claim(hold, ONE, beat())
        wire.reset()
        wire.heal()
        direct = Register(redis.url)
        assert state(direct, hold) == "claimed"
        for worker in (ONE, TWO):
            with pytest.raises(Taken):
                direct.claim(again(hold), worker, beat(worker))
        register.claim(hold, ONE, beat())
        assert register.renew([(hold, beat())], ONE) == {hold.task: ""}
        direct.close()
        register.close()


def test_silence_is_an_error_within_its_time(redis: RedisServer, new: Callable[..., Hold]) -> None:
    hold = new()
    with Cut(redis.port) as wire:
        register = Register(wire.url, timeout=0.3)
        register.claim(hold, ONE, beat())
        for cut in (wire.hang, wire.refuse):
            cut()
            started = time.monotonic()
            with pytest.raises(RegisterError):
                register.renew([(hold, beat())], ONE)
            assert time.monotonic() - started < 10
            wire.reset()
            wire.heal()
            assert register.renew([(hold, beat())], ONE) == {hold.task: ""}
        register.close()


# Workers --------------------------------------------------------------------------------------------------------------


def seen(name: str, **more: object) -> WorkerSeen:
    now = "2026-02-10T01:00:00Z"
    return WorkerSeen(name, name.partition("@")[2], "0.1.0", now, now, ("nianbao.plain",), **more)  # type: ignore[arg-type]


def test_workers_are_there_as_long_as_they_say_so(redis: RedisServer, register: Register) -> None:
    one, two = seen("one@a", slots=4, running=("yunxi",)), seen("two@b")
    for worker in (two, one, one):
        register.announce(worker)
    assert register.workers() == [one, two]
    register.leave("one@a")
    assert register.workers() == [two]
    raw = redis_client.Redis.from_url(redis.url, decode_responses=True)
    assert 0 < raw.ttl("nianbao:worker:two@b") <= 60
    raw.set("nianbao:worker:two@b", '{"name": "two@b", "slots": "many"}')
    assert register.workers() == [], "an unknown version is left out"
    raw.delete("nianbao:worker:two@b")
    assert register.workers() == []
    assert raw.smembers("nianbao:workers") == set()
    raw.close()


def test_nothing_is_kept_for_ever(redis: RedisServer, register: Register, new: Callable[..., Hold]) -> None:
    """Whatever a pass leaves in Redis has an end of life."""
    holds = {name: new(name, name) for name in ("claimed", "made", "lost", "withdrawn")}
    for name in ("claimed", "made"):
        register.claim(holds[name], ONE, beat())
    register.renew([(holds["claimed"], beat())], ONE)
    register.hand(holds["made"], ONE, handed(holds["made"]), 60)
    register.give_up(holds["lost"].task)
    register.withdraw(holds["withdrawn"].task)
    raw = redis_client.Redis.from_url(redis.url, decode_responses=True)
    named = [word for hold in holds.values() for word in (hold.task, *hold.hosts)]
    keys = [key for key in raw.scan_iter() if any(word in key for word in named)]
    assert len(keys) == 7
    assert all(raw.ttl(key) > 0 for key in keys)
    raw.close()


def test_what_nobody_can_read_hides_nobody(redis: RedisServer, register: Register) -> None:
    register.announce(seen("one@a"))
    raw = redis_client.Redis.from_url(redis.url)
    raw.sadd("nianbao:workers", b"\xff\xfe", "evil@b", "huge@b")
    raw.set("nianbao:worker:evil@b", b"\xff\xfe\x00")
    raw.set("nianbao:worker:huge@b", json.dumps(json.loads(raw.get("nianbao:worker:one@a")) | {"memory": 10**400}))
    assert [worker.name for worker in register.workers()] == ["one@a"]
    raw.close()
