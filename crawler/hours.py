"""Hours of a day, such as the quiet hours of a portal: `22:00-06:00`. Pure. Times are local ones of some zone."""

import re

import msgspec

_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_DAY = 24 * 60
_LONGEST = 20 * 60
"""Minutes: a portal must be readable some time of the day."""


class Hours(msgspec.Struct, frozen=True):
    """From `start` to `end`, in minutes since midnight; the end does not belong to them, and may lie on the next day."""

    start: int
    end: int

    def hold(self, minute: float) -> bool:
        """Whether a minute of the day lies in them."""
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    @property
    def length(self) -> int:
        """In minutes, 1 to 1439."""
        return (self.end - self.start) % _DAY


def parse_hours(text: str, key: str) -> Hours | None:
    """`"22:00-06:00"`; None for an empty text. Raises ValueError that names `key` and says what would be right."""
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f'{key}: "{text}" is no span of hours; write HH:MM-HH:MM, such as "22:00-06:00"')
    hours = Hours(int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))
    if not hours.length:
        raise ValueError(f'{key}: "{text}" is empty or the whole day; give two different times, such as "22:00-06:00"')
    if hours.length > _LONGEST:
        raise ValueError(
            f'{key}: "{text}" leaves less than four hours a day to read the portal; give a shorter span, such as "22:00-06:00"'
        )
    return hours
