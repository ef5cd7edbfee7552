"""Asks register and broker how they are, for whoever must not wait for them: within some seconds, and without a secret in the answer.

In: the settings' addresses. Out: what they say, or one line that says why they do not. The libraries are imported when something is
asked, as only installations with `engine = "celery"` need to have them.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from monitor.settings import Service
from monitor.workers.address import is_redis, why
from monitor.workers.roster import Crews, Given, cut_off, muster, skews

if TYPE_CHECKING:
    from monitor.workers.register import Keeps

T = TypeVar("T")

PATIENCE = 3.0
"""Seconds that whoever asks waits in all."""
_STEP = 2.0
"""Seconds that a server gets for each answer."""
_LIBRARIES = ("celery", "redis")


class Unanswered(Exception):
    """Nobody answered, or said no; the message is one line without secrets."""


class Question(Generic[T]):
    """Something that is asked in a thread of its own, which nobody waits for longer than they like, nor at the program's end."""

    def __init__(self, work: Callable[[], T], address: str = "") -> None:
        """`work` may raise what it likes; what is secret in `address` is in no message."""
        self._work, self._address = work, address
        self._answer: list[T] = []
        self._error = ""
        self._thread = threading.Thread(target=self._ask, name="question", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            self._answer.append(self._work())
        except Exception as error:  # whatever it is, it is an answer that did not come
            self._error = why(error, self._address)

    def answer(self, patience: float) -> T:
        """Raises Unanswered, after so many seconds at most."""
        self._thread.join(max(0.0, patience))
        if self._answer:
            return self._answer[0]
        raise Unanswered(self._error or f"no answer within {patience:.0f} s")


def missing() -> str:
    """What keeps this installation from asking anything; empty: nothing."""
    absent = [name for name in _LIBRARIES if find_spec(name) is None]
    return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed" if absent else ""


def ask(
    service: Service,
    queues: Mapping[str, str],
    given: Sequence[Given],
    now: str,
    *,
    before: Crews | None = None,
    patience: float = PATIENCE,
) -> Crews:
    """All workers and queues, within `patience` seconds. The rest as for `monitor.workers.roster.muster`. Raises nothing."""
    address = service.register_address
    asked = Question(lambda: _crews(address, queues, given, now, before), address)
    other = Question(lambda: _greet(service.broker), service.broker) if service.broker != address else None
    end = time.monotonic() + patience
    try:
        found = asked.answer(patience)
    except Unanswered as error:
        found = cut_off(now, register=str(error), before=before)
    if other is None:
        return found
    try:
        other.answer(end - time.monotonic())
    except Unanswered as error:
        since = found.cut_off_since or cut_off(now, register="", before=before).cut_off_since
        return msgspec.structs.replace(found, broker=str(error), cut_off_since=since)
    return found


def keeps(address: str, patience: float = PATIENCE) -> "Keeps":
    """How safe what the Redis at an address holds is. Raises Unanswered."""

    def work() -> "Keeps":
        from monitor.workers.register import Register

        with closing(Register(address, timeout=_STEP)) as register:
            return register.keeps()

    return Question(work, address).answer(patience)


def _crews(
    address: str,
    queues: Mapping[str, str],
    given: Sequence[Given],
    now: str,
    before: Crews | None,
) -> Crews:
    """Raises what the register raises."""
    from monitor.workers.register import Register

    with closing(Register(address, timeout=_STEP)) as register:
        workers = register.workers()
        silent = register.silent([worker.name for worker in workers])
        ahead = skews(workers, silent, datetime.now(UTC))
    return muster(workers, queues, given, now, ahead, before=before)


def _greet(address: str) -> None:
    """Returns if the broker at an address lets us in. Raises what its library raises."""
    if is_redis(address):
        from monitor.workers.register import Register

        with closing(Register(address, timeout=_STEP)) as register:
            register.ping()
    else:
        import kombu

        library: Any = kombu  # its types are none
        with library.Connection(address, connect_timeout=_STEP, heartbeat=0) as connection:
            connection.connect()
