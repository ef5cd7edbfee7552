"""Prometheus metrics: what the record and the service say at the moment of a scrape.

In: a read-only connection to the record, opened for each scrape, and what the service knows of itself. Out: the text
that Prometheus reads. What only grows (passes, events) is summed up once and then from where the last scrape ended, so
that a scrape stays cheap with thousands of portals and years of passes; a counter begins anew with the process, as
Prometheus expects.
"""

import logging
import math
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from monitor.home import Home
from monitor.service import facts
from monitor.service.heartbeat import Heartbeat
from monitor.service.state import State
from monitor.service.watch import rooms
from monitor.store import Store, StoreError
from monitor.times import to_utc
from monitor.workers.roster import Crews

log = logging.getLogger(__name__)

_BUCKETS = (10, 30, 60, 120, 300, 600, 1800, 3600, 7200)
"""Seconds that passes take."""
_SUMS = ("requests", "responses", "bytes", "errors")
_SECONDS = "unixepoch(finished_at) - unixepoch(started_at)"


class _Passes:
    """All passes that ended, summed up. Those below `upto` never change any more and are counted once."""

    def __init__(self) -> None:
        self.upto = 0
        self.passes: Counter[tuple[str, str]] = Counter()
        self.sums: Counter[str] = Counter()
        self.buckets: Counter[tuple[str, int]] = Counter()
        self.seconds: Counter[str] = Counter()

    def add(self, store: Store, after: int, upto: int) -> None:
        """Counts the ended passes with after < id <= upto."""
        columns = [f"sum({name}) AS {name}" for name in _SUMS]
        columns += [f"sum({_SECONDS} <= {limit}) AS within_{limit}" for limit in _BUCKETS]
        rows = store.rows(
            f"SELECT mode, outcome, count(*) AS passes, sum({_SECONDS}) AS seconds, {', '.join(columns)} FROM crawls "  # noqa: S608
            "WHERE id > ? AND id <= ? AND outcome IS NOT NULL GROUP BY mode, outcome",
            (after, upto),
        )
        for row in rows:
            self.passes[row["mode"], row["outcome"]] += row["passes"]
            self.sums.update({name: row[name] for name in _SUMS})
            self.seconds[row["mode"]] += max(0, row["seconds"] or 0)
            self.buckets.update({(row["mode"], limit): row[f"within_{limit}"] or 0 for limit in _BUCKETS})

    def copy(self) -> "_Passes":
        other = _Passes()
        other.upto = self.upto
        for name in ("passes", "sums", "buckets", "seconds"):
            setattr(other, name, Counter(getattr(self, name)))
        return other


class RecordCollector(Collector):
    """What the record says."""

    def __init__(self, home: Home, clock: Callable[[], str], portals: Callable[[], Collection[str]]) -> None:
        self._home, self._clock, self._portals = home, clock, portals
        self._lock = threading.Lock()
        self._settled = _Passes()
        self._events: Counter[str] = Counter()
        self._last_event = 0

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked of the record before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See Collector. A record that cannot be read is told by `nianbao_record_readable`, and by the lack of the rest."""
        found: list[Metric] = []
        try:
            with self._lock, self._home.reader() as store:
                found += self._passes(store)
                found += self._counts(store)
                found += self._of_portals(store)
        except (OSError, sqlite3.Error, StoreError) as error:
            log.warning("metrics: the record cannot be read: %s", error)
            found = []
        yield GaugeMetricFamily("nianbao_record_readable", "1: the record could be read.", value=float(bool(found)))
        yield from found
        yield from self._disk()

    def _passes(self, store: Store) -> Iterator[Metric]:
        row = store.row(
            "SELECT (SELECT coalesce(max(id), 0) FROM crawls) AS last, "
            "(SELECT min(id) FROM crawls WHERE outcome IS NULL AND id > ?) AS open",
            (self._settled.upto,),
        )
        assert row is not None
        if row["last"] < self._settled.upto:  # another record: one that was restored
            self._settled = _Passes()
            return (yield from self._passes(store))
        settled = row["open"] - 1 if row["open"] is not None else row["last"]
        self._settled.add(store, self._settled.upto, settled)
        self._settled.upto = settled
        now = self._settled.copy()
        now.add(store, settled, row["last"])
        passes = CounterMetricFamily("nianbao_passes", "Passes that ended.", labels=["mode", "outcome"])
        for (mode, outcome), number in sorted(now.passes.items()):
            passes.add_metric([mode, outcome], number)
        yield passes
        for name, words in (
            ("requests", "Requests made by passes."),
            ("responses", "Responses that passes read."),
            ("bytes", "Bytes that passes read."),
            ("errors", "Requests of passes that failed."),
        ):
            yield CounterMetricFamily(f"nianbao_pass_{name}", words, value=now.sums[name])
        duration = HistogramMetricFamily("nianbao_pass_duration_seconds", "How long passes took.", labels=["mode"])
        for mode in sorted({mode for mode, _ in now.passes}):
            total = sum(number for (of, _), number in now.passes.items() if of == mode)
            buckets = [(f"{limit}.0", float(now.buckets[mode, limit])) for limit in _BUCKETS]
            duration.add_metric([mode], [*buckets, ("+Inf", float(total))], sum_value=now.seconds[mode])
        yield duration

    def _counts(self, store: Store) -> Iterator[Metric]:
        rows = store.rows(
            "SELECT kind, count(*) AS n, max(id) AS last FROM events WHERE id > ? GROUP BY kind", (self._last_event,)
        )
        self._events.update({row["kind"]: row["n"] for row in rows})
        self._last_event = max([self._last_event, *(row["last"] for row in rows)])
        events = CounterMetricFamily("nianbao_events", "Events recorded.", labels=["kind"])
        for kind, number in sorted(self._events.items()):
            events.add_metric([kind], number)
        yield events
        reports = GaugeMetricFamily("nianbao_reports", "Reports that are watched.", labels=["status"])
        for status, number in facts.reports_by_status(store):
            reports.add_metric([status], number)
        yield reports
        deliveries = GaugeMetricFamily("nianbao_deliveries", "Deliveries in the outbox.", labels=["channel", "state"])
        for (channel, state), number in facts.deliveries(store).items():
            deliveries.add_metric([channel, state], number)
        yield deliveries

    def _of_portals(self, store: Store) -> Iterator[Metric]:
        """Of the enabled ones."""
        now = to_utc(self._clock()).timestamp()
        enabled = self._portals()
        health = GaugeMetricFamily(
            "nianbao_portal_health", "1 for the state that the portal is in.", labels=["portal", "health"]
        )
        freshness = GaugeMetricFamily(
            "nianbao_portal_freshness_seconds",
            "Since a pass last read every section to its end; +Inf: none did yet.",
            labels=["portal"],
        )
        sql = "SELECT name, health, unixepoch(last_complete_at) AS complete FROM portals ORDER BY name"
        for row in store.rows(sql):
            if row["name"] in enabled:
                health.add_metric([row["name"], row["health"]], 1)
                since = row["complete"]
                freshness.add_metric([row["name"]], max(0.0, now - since) if since is not None else math.inf)
        yield health
        yield freshness

    def _disk(self) -> Iterator[Metric]:
        free = GaugeMetricFamily("nianbao_disk_free_bytes", "Room left.", labels=["where"])
        size = GaugeMetricFamily("nianbao_database_bytes", "Size of the record's files.", labels=["file"])
        try:
            for room in rooms(self._home):
                free.add_metric([room.where], room.free)
            for name, path in (
                ("database", self._home.database),
                ("log", self._home.database.with_name("nianbao.db-wal")),
            ):
                size.add_metric([name], path.stat().st_size if path.exists() else 0)
        except OSError as error:
            log.warning("metrics: the disk cannot be measured: %s", error)
        yield free
        yield size


class ServiceCollector(Collector):
    """What the service knows of itself."""

    def __init__(
        self,
        version: str,
        clock: Callable[[], str],
        state: Callable[[], State],
        problems: Callable[[], Collection[tuple[str, str]]],
        heartbeat: Heartbeat | None,
    ) -> None:
        self._version, self._clock, self._state = version, clock, state
        self._problems, self._heartbeat = problems, heartbeat

    def describe(self) -> Iterable[Metric]:
        """Nothing is asked before the first scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See Collector."""
        state = self._state()
        python = ".".join(map(str, sys.version_info[:3]))
        build = InfoMetricFamily("nianbao_build", "Version of the program.")
        build.add_metric([], {"version": self._version, "python": python})
        yield build
        since = to_utc(state.since).timestamp()
        yield GaugeMetricFamily("nianbao_service_start_time_seconds", "When the service was started.", value=since)
        yield GaugeMetricFamily("nianbao_passes_running", "Passes under way.", value=len(state.running))
        yield GaugeMetricFamily("nianbao_passes_waiting", "Passes that are due and wait.", value=state.waiting)
        late = 0.0
        if state.coming is not None:
            late = max(0.0, (to_utc(self._clock()) - to_utc(state.coming.at)).total_seconds())
        yield GaugeMetricFamily(
            "nianbao_next_pass_overdue_seconds", "By how much the next planned pass is late.", value=late
        )
        if state.crews is not None:
            yield from _of_workers(state.crews, self._clock())
        problems = GaugeMetricFamily(
            "nianbao_problem", "1 for each matter that the watch finds wrong.", labels=["what", "whom"]
        )
        for what, whom in sorted(set(self._problems())):
            problems.add_metric([what, whom], 1)
        yield problems
        if self._heartbeat is not None:
            pings = CounterMetricFamily("nianbao_heartbeat_pings", "Pings of the heartbeat address.", labels=["result"])
            for result, number in self._heartbeat.counts().items():
                pings.add_metric([result], number)
            yield pings


def _of_workers(crews: Crews, now: str) -> Iterator[Metric]:
    """Where the register does not answer, only that: old numbers would look like new ones."""
    yield GaugeMetricFamily("nianbao_broker_reachable", "1: broker and register answer.", value=float(crews.reachable))
    if crews.register:
        return
    families = {
        name: GaugeMetricFamily(name, words, labels=["queue"])
        for name, words in (
            ("nianbao_workers", "Workers that take passes from the queue."),
            ("nianbao_worker_slots", "Passes of the queue that they can make at the same time."),
            ("nianbao_queue_waiting", "Passes that no worker has claimed."),
            ("nianbao_queue_oldest_seconds", "For how long the first of them waits."),
        )
    }
    for crew in crews.queues:
        oldest = max(0.0, (to_utc(now) - to_utc(crew.since)).total_seconds()) if crew.since else 0.0
        for family, value in zip(families.values(), (len(crew.workers), crew.slots, crew.waiting, oldest), strict=True):
            family.add_metric([crew.queue], value)
    yield from families.values()
    under_way = GaugeMetricFamily("nianbao_passes_under_way", "Passes that a worker makes.", labels=["worker"])
    for worker in crews.workers:
        under_way.add_metric([worker.name], len(worker.running))
    yield under_way


class Metrics:
    """The text for /metrics."""

    def __init__(self, *collectors: Collector) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        for collector in collectors:
            self._registry.register(collector)

    def text(self) -> bytes:
        """Prometheus text exposition format 0.0.4."""
        return generate_latest(self._registry)
