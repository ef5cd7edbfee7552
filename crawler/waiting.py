"""`Retry-After`: how long a host asks to be left alone. Pure. In: the header, and the answer's own `Date`. Out: seconds."""

import email.utils
import re

LONGEST = 86400.0
"""Seconds that are heeded at most: a portal is read once a day at least."""
_SECONDS = re.compile(r"\s*(\d{1,15})(?:\.\d+)?\s*")


def retry_after(value: str, date: str, now: float) -> float | None:
    """Seconds from now on, 0 to a day; None: the header says nothing. A date counts from the answer's `date`, so that neither
    clock needs to be right; from `now` (seconds since 1970) where the answer has none."""
    if match := _SECONDS.fullmatch(value):
        return min(float(match[1]), LONGEST)
    until = _moment(value)
    if until is None:
        return None
    begun = _moment(date)
    return min(max(until - (now if begun is None else begun), 0.0), LONGEST)


def _moment(text: str) -> float | None:
    if not text or len(text) > 100:
        return None
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
