"""The outbox: events become deliveries inside settle's transaction; due deliveries become messages, sent and marked.

`enqueue` decides who is told what, and what is told together. `deliver` sends what is due: one message for each
channel and group, leased before and marked after, so that a crash in between leaves a delivery `sending`; the next
`deliver` sends it again, marked 可能重复. So a delivery is sent at least once, and counts as sent only by the
receiver's own answer. A failure is tried again with growing pauses and is `dead` after the channel's `max_attempts`,
loudly: an event `service` tells the other channels, once a channel and day. Nothing here sleeps; the caller holds the
home (one process sends at a time) and hands in the present.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec

from monitor import channels as senders
from monitor import journal
from monitor import outbox_store as record
from monitor.chat import Answer
from monitor.due import LONGEST_DEFERRAL, digest_hold, hold_until, pause
from monitor.event_detail import Service as ServiceDetail
from monitor.event_detail import encode
from monitor.event_view import Style
from monitor.message import Message, compose, digest, trial_message
from monitor.outbox_store import CHANNEL_GONE, UNCERTAIN, Delivery
from monitor.parts import mark
from monitor.recipients import DIGEST, enqueue
from monitor.redact import redact
from monitor.settings import Channel, Settings
from monitor.store import Store
from monitor.times import shift

log = logging.getLogger(__name__)

Send = Callable[[str, Message, float], Answer]

_GIVE_WAY = 3
"""Failures in a row after which a channel is left alone for the rest of a round."""
_NO_LIMIT = 1_000_000
"""Messages a minute for a receiver of which no limit is known."""


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


def together(one: Delivered, other: Delivered) -> Delivered:
    """What two rounds came to, the second after the first."""
    return msgspec.structs.replace(
        other,
        messages=one.messages + other.messages,
        sent=one.sent + other.sent,
        failed=one.failed + other.failed,
        dead=one.dead + other.dead,
        errors=tuple(dict.fromkeys((*one.errors, *other.errors))),
    )


class _Part(msgspec.Struct, frozen=True):
    """A message, or one of the parts of a long one."""

    message: Message
    progress: str
    """For `deliveries.sent_parts`, once the receiver took it; empty: it is the whole."""


class _Round:
    """One pass over what is due."""

    def __init__(
        self, store: Store, settings: Settings, clock: Callable[[], str], send: Send, go_on: Callable[[], bool]
    ) -> None:
        self.store, self.settings, self.clock, self.send, self.go_on = store, settings, clock, send, go_on
        self.counts: Counter[str] = Counter()
        self.errors: dict[str, None] = {}
        self.told_dead = False

    def run(self, now: str, channels: Collection[str] | None) -> None:
        by_channel: dict[str, list[Delivery]] = {}
        for row in record.waiting(self.store, now, channels):
            by_channel.setdefault(row.channel, []).append(row)
        for name, rows in by_channel.items():
            channel = self.settings.channel(name)
            if channel is None:
                log.warning("channel %s is no longer set: %d alerts wait for it to come back", name, len(rows))
                for row in rows:
                    self._put([row], "skipped", now, (UNCERTAIN if row.uncertain else "") + CHANNEL_GONE)
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
        later: dict[str, list[Delivery]] = {}
        zone = self.settings.service.timezone
        for row in rows:
            if row.state == "held" and row.message.startswith(DIGEST) and channel.digest != "none":
                until = digest_hold(channel, row.muted_until or "", row.next_attempt_at, now, zone)
            else:
                until = hold_until(channel, row.muted_until or "", now, zone)
            if not until:
                ready.append(row)
            elif row.state == "held" and row.next_attempt_at == until:
                self.counts["held"] += 1
            else:
                later.setdefault(until, []).append(row)
        for until, held in later.items():
            self._put(held, "held", until)
        return ready

    def _channel(self, channel: Channel, rows: Sequence[Delivery], now: str) -> None:
        groups: dict[str, list[Delivery]] = {}
        for row in rows:
            key = DIGEST if row.message.startswith(DIGEST) else row.message
            groups.setdefault(key or f"delivery/{row.id}", []).append(row)
        queue = list(groups.values())
        limit = senders.per_minute(channel.url)
        room = _NO_LIMIT
        if limit is not None:
            room = limit - record.sent_within(self.store, channel.name, shift(now, -59), shift(now, 60))
            if 0 < room < len(queue):
                # More than a minute's worth at once: the last message of the minute tells the rest.
                queue = [*queue[: room - 1], [row for group in queue[room - 1 :] for row in group]]
        failures = 0
        for index, group in enumerate(queue):
            if not self.go_on():
                return
            if room <= 0:
                self._defer(queue[index:], shift(self.clock(), 60))
                return
            posted, taken = self._send(channel, group, room)
            room -= posted
            failures = 0 if taken else failures + 1
            if failures >= _GIVE_WAY:
                self._defer(queue[index + 1 :], shift(self.clock(), LONGEST_DEFERRAL))
                return

    def _defer(self, groups: Sequence[Sequence[Delivery]], due: str) -> None:
        rows = [row for group in groups for row in group]
        with self.store.transaction():
            for row in rows:
                record.put(self.store, [row.id], row.state if row.state != "held" else "pending", due)
        self.counts["deferred"] += len(rows)

    def _send(self, channel: Channel, group: Sequence[Delivery], room: int) -> tuple[int, bool]:
        """Leases, sends and marks one message, in at most `room` parts now. How many parts the receiver took, and
        whether it refused none."""
        taken = set(record.lease(self.store, [row.id for row in group]))
        rows = [row for row in group if row.id in taken]
        if not rows:
            return 0, True
        posted = 0
        rows = self._readable(channel, rows)
        if not rows:
            return 0, False
        taken = {row.id for row in rows}
        parts = self._parts(channel, rows)
        for part in parts:
            if posted == room:
                self._defer([[msgspec.structs.replace(row, state="pending") for row in rows]], shift(self.clock(), 60))
                return posted, True
            answer = self.send(channel.url, part.message, channel.timeout)
            if not answer.ok:
                self._failed(channel, rows, answer)
                return posted, False
            posted += 1
            self.counts["messages"] += 1
            if part is not parts[-1]:
                record.mark_part(self.store, taken, part.progress)
        self._sent(channel, taken, parts[-1].progress)
        return posted, True

    def _readable(self, channel: Channel, rows: Sequence[Delivery]) -> list[Delivery]:
        """Those of which a message can be made: one that another release wrote must not keep a digest back."""
        readable = []
        for row in rows:
            try:
                record.views(self.store, [(row.event, row.purpose)])
            except ValueError as error:
                self._failed(channel, [row], Answer(False, f"the message could not be made: {error}"))
            else:
                readable.append(row)
        return readable

    def _sent(self, channel: Channel, ids: Collection[int], progress: str) -> None:
        now = self.clock()
        journal.note(self.store, ids, now)
        revived = record.mark_sent(self.store, channel.name, ids, now, progress)
        self.counts["sent"] += len(ids)
        if revived:
            log.warning(
                "channel %s works again; see `nianbao alerts --state dead --channel %s`", channel.name, channel.name
            )

    def _parts(self, channel: Channel, rows: Sequence[Delivery]) -> list[_Part]:
        """What is still to be sent of the rows' message."""
        doubtful = any(row.uncertain for row in rows)
        pieces = senders.parts(channel.url, self._message(channel, rows))
        digest = hashlib.sha256("\n".join(piece.subject + piece.text for piece in pieces).encode()).hexdigest()[:12]
        before = {record.parts_of(row.sent_parts) for row in rows}
        begun, again = 0, any(taken for taken, _, _ in before)
        if len(before) == 1 and next(iter(before))[1:] == (len(pieces), digest):
            # What is left reads as it did. Otherwise it goes out again as a whole.
            begun, again = next(iter(before))[0], False
        if len(pieces) == 1:
            return [_Part(self._message(channel, rows, duplicate=True) if doubtful or again else pieces[0], "")]
        return [
            _Part(
                mark(piece, self.settings.service.language) if again or (doubtful and index == begun) else piece,
                f"{index + 1}/{len(pieces)} {digest}",
            )
            for index, piece in enumerate(pieces)
            if index >= begun
        ]

    def _message(self, channel: Channel, rows: Sequence[Delivery], *, duplicate: bool = False) -> Message:
        service = self.settings.service
        style = Style(
            language=service.language,
            zone=service.timezone,
            web_url=service.web_url,
            duplicate=duplicate,
        )
        views = record.views(self.store, [(row.event, row.purpose) for row in rows])
        keys = {row.message for row in rows}
        if all(key.startswith(DIGEST) for key in keys):
            kind = channel.digest.partition("@")[0]
            return digest(views, style, "digest" if kind == "none" else kind, max(keys).removeprefix(DIGEST))
        if len(rows) > 1 and (len(keys) > 1 or "" in keys):
            return digest(views, style, "digest", self.clock())
        return compose(views, style)

    def _failed(self, channel: Channel, rows: Sequence[Delivery], answer: Answer) -> None:
        now = self.clock()
        error = redact(answer.error, channel.secrets)
        self.errors[f"{channel.name}: {error}"] = None
        attempts = max(row.attempts for row in rows) + 1
        wait = max(pause(attempts, f"{channel.name}/{rows[0].id}"), answer.retry_after or 0.0)
        given_up = [row for row in rows if row.attempts + 1 >= channel.max_attempts]
        with self.store.transaction():
            for row in rows:
                doubt = UNCERTAIN if answer.uncertain or row.uncertain else ""
                state = "dead" if row in given_up else "failed"
                due = now if row in given_up else shift(now, wait)
                record.put(self.store, [row.id], state, due, doubt + error)
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
    channels: Collection[str] | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> Delivered:
    """Sends what is due at `now` (UTC) on `channels` (names; None: on all). `clock` gives the time that attempts are
    recorded with (default: `now`); `go_on` is asked before each message: False leaves the rest for another time.

    Nobody else may be sending on these channels. Threads may each send on a channel of their own, with a connection of
    their own. Failures of receivers are counted and named, never raised.
    """
    if record.left_sending(store, channels):
        journal.reconcile(store)
    reclaimed = record.reclaim(store, now, channels)
    record.follow_renames(store, {one.name: _address(one) for one in settings.channels})
    record.bring_back(store, [one.name for one in settings.channels if channels is None or one.name in channels], now)
    work = _Round(store, settings, clock or (lambda: now), send, go_on)
    work.run(now, channels)
    if work.told_dead:
        work.run(now, channels)  # what the other channels are to hear of it, at once
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


def _address(channel: Channel) -> str:
    """A hash of its address, long enough to tell a home's channels apart and too short to find a secret with."""
    return hashlib.sha256(channel.url.encode()).hexdigest()[:8]


def try_channel(channel: Channel, settings: Settings, now: str, send: Send = senders.send) -> Answer:
    """Sends a real test message, outside of the record."""
    style = Style(language=settings.service.language, zone=settings.service.timezone)
    answer = send(channel.url, trial_message(channel.name, now, style), channel.timeout)
    return msgspec.structs.replace(answer, error=redact(answer.error, channel.secrets))
