"""When a delivery may go out. Pure: times are the record's UTC form, zones their names."""

import hashlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.settings import Channel
from monitor.times import format_utc, local

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 86400.0
"""Seconds between a failure and the next attempt: the first time, and at most."""
LONGEST_DEFERRAL = 300.0
"""Seconds that what was never refused is put off at most: the receiver's rate, or a channel that fails."""
NO_END = "9999-01-01T00:00:00Z"
"""Until when a portal is muted that is muted until further notice."""
_JITTER = 0.2


def _at(day: datetime, clock: str, zone: str) -> datetime:
    """That day's `HH:MM` in `zone`."""
    return datetime.combine(day.date(), time.fromisoformat(clock), ZoneInfo(zone))


def quiet_until(channel: Channel, now: str, zone: str) -> str:
    """The end of the quiet hours that `now` lies in; empty outside of them."""
    if channel.quiet_hours is None:
        return ""
    start, end = channel.quiet_hours
    present = local(now, zone)
    clock = present.strftime("%H:%M")
    overnight = start > end
    if not (start <= clock < end if not overnight else clock >= start or clock < end):
        return ""
    day = present + timedelta(days=1) if overnight and clock >= start else present
    return format_utc(_at(day, end, zone))


def digest_time(channel: Channel, now: str, zone: str) -> str:
    """When the digest after `now` goes out; empty for a channel that has none."""
    present = local(now, zone)
    if channel.digest == "hourly":
        return format_utc(present.replace(minute=0, second=0) + timedelta(hours=1))
    if not channel.digest_at:
        return ""
    due = _at(present, channel.digest_at, zone)
    return format_utc(due if due > present else _at(present + timedelta(days=1), channel.digest_at, zone))


def hold_until(channel: Channel, muted_until: str, now: str, zone: str) -> str:
    """Until when nothing of a portal may go out on the channel: quiet hours, a muted portal. Empty: it may now."""
    muted = muted_until if muted_until > now else ""
    if muted >= NO_END:
        return muted
    return max(muted, quiet_until(channel, max(muted, now), zone))


def first_chance(channel: Channel, muted_until: str, now: str, zone: str) -> str:
    """When what happens `now` may go out: once its portal is no longer muted, with the next digest if the channel has
    one, after the quiet hours that this falls in. Empty: at once."""
    muted = muted_until if muted_until > now else ""
    if muted >= NO_END:
        return muted
    due = digest_time(channel, muted or now, zone) or muted
    return max(due, quiet_until(channel, due or now, zone))


def digest_hold(channel: Channel, muted_until: str, planned: str, now: str, zone: str) -> str:
    """Until when what waits for a digest has to wait on, `planned` being when it was to go out. Empty: it may now.

    Never longer than until the next digest from now, so that a clock that was wrong, a portal that is muted no more or
    a digest that is more frequent now delays nothing.
    """
    if muted_until > now:
        return first_chance(channel, muted_until, now, zone)
    due = min(planned, digest_time(channel, now, zone))
    if due <= now:
        return quiet_until(channel, now, zone)
    return max(due, quiet_until(channel, due, zone))


def pause(attempts: int, salt: str) -> float:
    """Seconds after the `attempts`-th failure: doubling, up to a day, and up to a fifth less, so that what failed
    together does not come back together. The same for the same `salt`."""
    longest = min(FIRST_PAUSE * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_PAUSE)
    share = int.from_bytes(hashlib.sha256(f"{salt}:{attempts}".encode()).digest()[:4], "big") / 2**32
    return longest * (1 - _JITTER * share)
