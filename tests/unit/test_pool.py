"""crawler.rendered.pool: when a browser is started, and when not. Nothing is forked here."""

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawler import kernel
from crawler.rendered import pool as subject
from crawler.rendered.engine import Bounds
from crawler.rendered.pool import Pool


class Machine:
    """A clock, and what was forked and killed."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self.now, self.forked, self.killed = 1000.0, 0, list[int]()
        self.folders: list[str] = []
        patch.setattr(subject.time, "monotonic", lambda: self.now)
        patch.setattr(kernel, "kill", lambda pid, number: self.killed.append(pid))
        self.pool = Pool(str(folder / "nianbao-"))
        self.mine, self.theirs = socket.socketpair()
        self.mine.settimeout(5)

    def fork(self, serve: Callable[[], int], first: Callable[[], None], temporary: str) -> int:
        self.forked += 1
        self.folders.append(temporary)
        return 100 + self.forked

    def knock(self) -> str:
        """Empty: the door was opened."""
        self.pool.open(self.theirs, Bounds(), self.fork)
        data, sockets, _, _ = socket.recv_fds(self.mine, 512, 1)
        for one in sockets:
            socket.close(one)
        return "" if sockets else data.decode()


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Machine]:
    made = Machine(monkeypatch, tmp_path)
    yield made
    made.pool.end()
    made.mine.close()
    made.theirs.close()


def test_the_first_knock_starts_one_and_a_dead_one_is_replaced(machine: Machine) -> None:
    assert machine.pool.keeper == 0
    machine.knock()
    assert (machine.forked, machine.pool.keeper) == (1, 101)
    # Nobody listens at the other end: it has ended, and its keeper is not waited for yet.
    assert machine.knock() == "the browser is being cleared away"
    assert not machine.pool.reaped(7)
    machine.now += 60
    assert machine.pool.reaped(101)
    assert not Path(machine.folders[0]).exists()
    machine.knock()
    assert machine.forked == 2


def test_one_that_never_lives_long_is_not_started_for_a_while(machine: Machine) -> None:
    for number in range(3):
        machine.knock()
        machine.now += 1
        assert machine.pool.reaped(101 + number)
    assert machine.knock() == "the browser does not stay alive on this machine"
    machine.now += 31
    machine.knock()
    assert machine.forked == 4


def test_silence_and_memory(machine: Machine) -> None:
    machine.knock()
    tree = {101: [kernel.Process(999_999_999, 101, 100_000_000)]}
    machine.pool.watch(tree, signal.SIGUSR1)
    assert machine.killed == []
    machine.now += 61
    machine.pool.watch(tree, signal.SIGUSR1)
    assert machine.killed == [101]
    machine.now -= 61
    machine.pool.watch({101: [kernel.Process(999_999_999, 101, 4_000_000_000)]}, signal.SIGUSR1)
    assert machine.killed == [101, 101]


def test_a_fleet_that_ends_starts_none(machine: Machine) -> None:
    machine.pool.end()
    assert machine.knock() == "the fleet ends"
    assert machine.forked == 0


def test_a_machine_without_room_says_so(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fork(*_: object) -> int:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(machine, "fork", fork)
    assert "temporarily unavailable" in machine.knock()
    assert machine.pool.fileno() is None
