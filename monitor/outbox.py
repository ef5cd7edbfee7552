"""The outbox: events become deliveries inside settle's transaction; due deliveries become messages, sent and marked.

`enqueue` decides who is told what, and what is told together. `deliver` sends what is due: one message for each
channel and group, leased before and marked after, so that a crash in between leaves a delivery `sending`; the next
`deliver` sends it again, marked 可能重复. So a delivery is sent at least once, and counts as sent only by the
receiver's own answer. A failure is tried again with growing pauses and is `dead` after the channel's `max_attempts`,
loudly: an event `service` tells the other channels, once a channel and day. Nothing here sleeps; the caller holds the
home (one process sends at a time) and hands in the present.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from monitor import channels as senders
from monitor import outbox_store as record
from monitor.chat import Answer
from monitor.due import hold_until, pause
from monitor.event_detail import Service as ServiceDetail
from monitor.event_detail import encode
from monitor.event_view import Style
from monitor.message import Message, compose, digest, trial_message
from monitor.outbox_store import UNCERTAIN, Delivery
from monitor.recipients import DIGEST, enqueue
from monitor.redact import redact
from monitor.settings import Channel, Settings
from monitor.store import Store
from monitor.times import shift

log = logging.getLogger(__name__)

Send = Callable[[str, Message, float], Answer]

_GIVE_WAY = 3
"""Failures in a row after which a channel is left alone for the rest of a round."""
_WAIT = 300.0
"""Seconds until it is tried again."""


class Delivered(msgspec.Struct, frozen=True):
    """What a round of sending came to. Counts are deliveries, but for `messages`."""

    messages: int = 0
    sent: int = 0
    failed: int = 0
    dead: int = 0
    held: int = 0
    skipped: int = 0
    deferred: int = 0
    """Left for later: the receiver's rate, or a channel that fails."""
    reclaimed: int = 0
    """Found in the middle of an attempt that a crash cut off."""
    errors: tuple[str, ...] = ()
    """`channel: why`, without secrets."""
    next_due: str | None = None


class _Round:
    """One pass over what is due."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], str], send: Send) -> None:
        self.store, self.settings, self.clock, self.send = store, settings, clock, send
        self.counts: Counter[str] = Counter()
        self.errors: dict[str, None] = {}
        self.told_dead = False

    def run(self, now: str) -> None:
        by_channel: dict[str, list[Delivery]] = {}
        for row in record.waiting(self.store, now):
            by_channel.setdefault(row.channel, []).append(row)
        for name, rows in by_channel.items():
            channel = self.settings.channel(name)
            if channel is None:
                self._put(rows, "skipped", now, "通道已不在设置中；恢复后可用 nianbao alerts retry 重发")
                continue
            withdrawn = [row for row in rows if row.retracted_at and row.purpose == "event" and not row.uncertain]
            self._put(withdrawn, "skipped", now, "通知前事件已撤回")
            self._channel(channel, self._ready(channel, [row for row in rows if row not in withdrawn], now), now)

    def _put(self, rows: Sequence[Delivery], state: str, due: str, error: str | None = None) -> None:
        if rows:
            with self.store.transaction():
                record.put(self.store, [row.id for row in rows], state, due, error)
            self.counts[state] += len(rows)

    def _ready(self, channel: Channel, rows: Sequence[Delivery], now: str) -> list[Delivery]:
        """Those that nothing holds back; the others are held, until when they may go."""
        ready: list[Delivery] = []
        for row in rows:
            awaits_digest = row.state == "held" and row.message.startswith(DIGEST) and channel.digest != "none"
            until = hold_until(channel, row.muted_until or "", now, self.settings.service.timezone)
            if awaits_digest and row.next_attempt_at > now:
                until = max(until, row.next_attempt_at)
            if not until:
                ready.append(row)
            elif row.state == "held" and row.next_attempt_at == until:
                self.counts["held"] += 1
            else:
                self._put([row], "held", until)
        return ready

    def _channel(self, channel: Channel, rows: Sequence[Delivery], now: str) -> None:
        groups: dict[str, list[Delivery]] = {}
        for row in rows:
            groups.setdefault(row.message or f"delivery/{row.id}", []).append(row)
        queue = list(groups.values())
        limit = senders.per_minute(channel.url)
        if limit is not None:
            room = limit - record.sent_since(self.store, channel.name, shift(now, -59))
            if room <= 0:
                self._defer(queue, shift(now, 60))
                return
            if len(queue) > room:
                # More than a minute's worth at once: the last message of the minute tells the rest.
                queue = [*queue[: room - 1], [row for group in queue[room - 1 :] for row in group]]
        failures = 0
        for index, group in enumerate(queue):
            failures = 0 if self._send(channel, group) else failures + 1
            if failures >= _GIVE_WAY:
                self._defer(queue[index + 1 :], shift(self.clock(), _WAIT))
                return

    def _defer(self, groups: Sequence[Sequence[Delivery]], due: str) -> None:
        rows = [row for group in groups for row in group]
        with self.store.transaction():
            for row in rows:
                record.put(self.store, [row.id], row.state if row.state != "held" else "pending", due)
        self.counts["deferred"] += len(rows)

    def _send(self, channel: Channel, group: Sequence[Delivery]) -> bool:
        """Leases, sends and marks one message. Returns whether the receiver took it."""
        taken = set(record.lease(self.store, [row.id for row in group]))
        rows = [row for row in group if row.id in taken]
        if not rows:
            return True
        try:
            message = self._message(channel, rows)
        except ValueError as error:
            answer = Answer(False, f"the message could not be made: {error}")
        else:
            answer = self.send(channel.url, message, channel.timeout)
        now = self.clock()
        if answer.ok:
            record.mark_sent(self.store, taken, now)
            self.counts["sent"] += len(rows)
            self.counts["messages"] += 1
            return True
        self._failed(channel, rows, answer, now)
        return False

    def _message(self, channel: Channel, rows: Sequence[Delivery]) -> Message:
        service = self.settings.service
        style = Style(
            language=service.language,
            zone=service.timezone,
            web_url=service.web_url,
            duplicate=any(row.uncertain for row in rows),
        )
        views = record.views(self.store, [(row.event, row.purpose) for row in rows])
        keys = {row.message for row in rows}
        if all(key.startswith(DIGEST) for key in keys):
            kind = channel.digest.partition("@")[0]
            return digest(views, style, "digest" if kind == "none" else kind, max(keys).removeprefix(DIGEST))
        if len(rows) > 1 and (len(keys) > 1 or "" in keys):
            return digest(views, style, "digest", self.clock())
        return compose(views, style)

    def _failed(self, channel: Channel, rows: Sequence[Delivery], answer: Answer, now: str) -> None:
        error = redact(answer.error, channel.secrets)
        self.errors[f"{channel.name}: {error}"] = None
        attempts = max(row.attempts for row in rows) + 1
        wait = max(pause(attempts, f"{channel.name}/{rows[0].id}"), answer.retry_after or 0.0)
        given_up = [row for row in rows if row.attempts + 1 >= channel.max_attempts]
        with self.store.transaction():
            for row in rows:
                mark = UNCERTAIN if answer.uncertain or row.uncertain else ""
                state = "dead" if row in given_up else "failed"
                record.put(self.store, [row.id], state, shift(now, wait), mark + error)
            if given_up:
                self.told_dead |= self._tell_dead(channel, len(given_up), error, now)
        self.counts["dead"] += len(given_up)
        self.counts["failed"] += len(rows) - len(given_up)
        level = logging.ERROR if given_up else logging.WARNING
        log.log(level, "channel %s: attempt %d: %s%s", channel.name, attempts, error, "; given up" if given_up else "")

    def _tell_dead(self, channel: Channel, number: int, error: str, now: str) -> bool:
        """The event that says so, to the other channels; at most one a channel and day. Within the transaction."""
        key = f"service/channel_dead/{channel.name}/{now[:10]}"
        if self.store.row("SELECT 1 FROM events WHERE key = ?", (key,)):
            return False
        reason = (
            f"通道“{channel.name}”试了 {channel.max_attempts} 次仍未送达，已放弃 {number} 条通知（{error}）。"
            f"修好后运行 nianbao alerts retry 重发。"
        )
        detail = ServiceDetail(what="channel_dead", reason=reason, channel=channel.name, count=number)
        values = {"key": key, "kind": "service", "detected_at": now, "summary": reason, "detail": encode(detail)}
        event = self.store.insert("events", values)
        others = [other for other in self.settings.channels if other.name != channel.name]
        return enqueue(self.store, [event], others, now, self.settings.service.timezone) > 0


def deliver(
    store: Store,
    settings: Settings,
    now: str,
    clock: Callable[[], str] | None = None,
    send: Send = senders.send,
) -> Delivered:
    """Sends what is due at `now` (UTC). `clock` gives the time that attempts are recorded with (default: `now`).

    Failures of receivers are counted and named, never raised.
    """
    reclaimed = record.reclaim(store, now)
    work = _Round(store, settings, clock or (lambda: now), send)
    work.run(now)
    if work.told_dead:
        work.run(now)  # what the other channels are to hear of it, at once
    counts = work.counts
    return Delivered(
        messages=counts["messages"],
        sent=counts["sent"],
        failed=counts["failed"],
        dead=counts["dead"],
        held=counts["held"],
        skipped=counts["skipped"],
        deferred=counts["deferred"],
        reclaimed=reclaimed,
        errors=tuple(work.errors),
        next_due=record.next_due(store),
    )


def try_channel(channel: Channel, settings: Settings, now: str, send: Send = senders.send) -> Answer:
    """Sends a real test message, outside of the record."""
    style = Style(language=settings.service.language, zone=settings.service.timezone)
    answer = send(channel.url, trial_message(channel.name, now, style), channel.timeout)
    return msgspec.structs.replace(answer, error=redact(answer.error, channel.secrets))
