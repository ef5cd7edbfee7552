"""Times as the record writes them (UTC, `YYYY-MM-DDTHH:MM:SSZ`, always that width) and as readers see them. Pure."""

import contextlib
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}Z", re.ASCII)  # 24:00 is one to some Pythons


def to_utc(text: str) -> datetime:
    """`2026-11-21T00:31:00Z` → an aware datetime. Raises ValueError for any other form."""
    with contextlib.suppress(ValueError):  # the 31st of February
        if _FORM.fullmatch(text):
            return datetime.fromisoformat(text)
    raise ValueError(f'"{text}" is not a UTC time such as 2026-11-21T00:31:00Z')


def format_utc(moment: datetime) -> str:
    """An aware datetime → the record's form; fractions of a second are dropped. Raises ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no UTC form")
    utc = moment.astimezone(UTC)
    # Not strftime: %Y is not padded to four digits on every platform.
    return f"{utc.year:04}-{utc.month:02}-{utc.day:02}T{utc.hour:02}:{utc.minute:02}:{utc.second:02}Z"


def shift(text: str, seconds: float) -> str:
    """The record's time `seconds` later (earlier, if negative), kept within years 1 to 9999."""
    moment = to_utc(text)
    try:
        return format_utc(moment + timedelta(seconds=seconds))
    except OverflowError:
        return "9999-12-31T23:59:59Z" if seconds > 0 else "0001-01-01T00:00:00Z"


def local(text: str, zone: str = "Asia/Shanghai") -> datetime:
    """The record's time as an aware datetime of the time zone `zone`."""
    return to_utc(text).astimezone(ZoneInfo(zone))


def shown(text: str, zone: str = "Asia/Shanghai") -> str:
    """The record's time as readers see it: `2026-11-21 08:31`, in the time zone `zone`; what is no time, unchanged."""
    try:
        return local(text, zone).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text
