"""When a delivery may go out. Pure: times are the record's UTC form, zones their names."""

import hashlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.settings import Channel
from monitor.times import format_utc, local

FIRST_PAUSE, LONGEST_PAUSE = 60.0, 86400.0
"""Seconds between a failure and the next attempt: the first time, and at most."""
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
    return max(muted, quiet_until(channel, max(muted, now), zone))


def pause(attempts: int, salt: str) -> float:
    """Seconds after the `attempts`-th failure: doubling, up to a day, and up to a fifth less, so that what failed
    together does not come back together. The same for the same `salt`."""
    longest = min(FIRST_PAUSE * 2.0 ** min(max(attempts - 1, 0), 30), LONGEST_PAUSE)
    share = int.from_bytes(hashlib.sha256(f"{salt}:{attempts}".encode()).digest()[:4], "big") / 2**32
    return longest * (1 - _JITTER * share)
