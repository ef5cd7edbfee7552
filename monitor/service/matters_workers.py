"""What operators should hear of workers: passes that wait where nobody takes them, a broker or register that does not answer. Pure.

In: workers and queues as the service knows them, and the present (UTC). Out: what is wrong, as `monitor.service.matters` has it,
and of which matters that can be said at all: who cannot ask the register knows nothing of workers.
"""

from collections.abc import Collection

from monitor.markup import clean
from monitor.redact import redact
from monitor.service.matters import DAY, Matter
from monitor.times import shift, to_utc
from monitor.workers.roster import Crew, Crews
from monitor.workers.wire import exit_of, kind_of

NOBODY = 600.0
"""Seconds for which passes waited and nobody took from their queue: workers are renewed in less."""
CUT_OFF = 300.0
"""Seconds for which broker or register did not answer: a restart takes less."""
_WHAT = "workers"
_BROKER = "broker"


def workers(crews: Crews | None, now: str, known: Collection[str]) -> tuple[list[Matter], set[str]]:
    """What is wrong, and of which matters (as `Teller.tell` has them) it can be said whether they are. `crews`: None where nobody
    has asked, or there are no workers; `known`: queues of which operators heard already."""
    if crews is None:
        return [], set()
    found = []
    if not crews.reachable and crews.cut_off_since and shift(crews.cut_off_since, CUT_OFF) <= now:
        found.append(_cut_off(crews))
    looked_at = {_BROKER} if crews.reachable else set()
    if not crews.register:
        found += [_nobody(crew, now) for crew in crews.queues if _is_left(crew, now)]
        # Where nothing waits for the moment, nothing has got better: a service that starts anew takes back what waited.
        looked_at |= {crew.queue for crew in crews.queues if crew.workers}
        looked_at |= {*known} - {crew.queue for crew in crews.queues} - {_BROKER}
    return found, {f"{_WHAT}/{whom}" for whom in looked_at}


def _is_left(crew: Crew, now: str) -> bool:
    return bool(crew.waiting and crew.nobody_since) and shift(max(crew.since, crew.nobody_since), NOBODY) <= now


def _cut_off(crews: Crews) -> Matter:
    what = "任务代理（broker）" if crews.broker else "任务登记处（Redis）"
    said = clean(redact(crews.broker or crews.register), 120)
    return Matter(
        what="workers",
        whom=_BROKER,
        level=2,
        since=crews.cut_off_since,
        reason=f"{what}连不上（{said}），新的读取派不出去，各门户目前无人监看。",
        remedy="检查 Redis（或 RabbitMQ）是否在运行、网络和密码，再看 nianbao doctor；恢复后自动继续，读到的不会丢失。",
        again=DAY,
        ended="读取任务恢复派发。",
    )


def _nobody(crew: Crew, now: str) -> Matter:
    minutes = (to_utc(now) - to_utc(crew.since)).total_seconds() // 60
    label = exit_of(crew.queue)
    options = (" --queue rendered" if kind_of(crew.queue) == "rendered" else "") + (f" --exit {label}" if label else "")
    return Matter(
        what="workers",
        whom=crew.queue,
        count=crew.waiting,
        since=crew.since,
        reason=f"队列 {crew.queue}{_sort(crew.queue)}有 {crew.waiting} 个门户在等读取，最久 {minutes:.0f} 分钟，没有采集节点在取。",
        remedy=f"在采集机上启动或重启 nianbao worker{options}，再用 nianbao workers 查看；等待中的读取会自动补做。",
        again=DAY,
        ended=f"队列 {crew.queue} 里不再有读取空等。",
    )


def _sort(queue: str) -> str:
    """What a queue is for, in words: （需浏览器，出口 cn-south）; a space where that is nothing special."""
    label = exit_of(queue)
    words = [*(["需浏览器"] if kind_of(queue) == "rendered" else []), *([f"出口 {label}"] if label else [])]
    return f"（{'，'.join(words)}）" if words else " "
