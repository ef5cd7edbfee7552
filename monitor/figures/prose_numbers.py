"""Numbers in running text: `1,234`, `1.2万`, `二十三`. Pure."""

import re

NUMBER = r"(?P<n>\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?|[〇零一二两三四五六七八九十百千]{1,9})(?P<wan>万)?"
"""For folded text; `amount` reads its two groups."""
_LONGEST = 40
"""Characters of a number; longer ones are nobody's count, and no float holds them."""
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile(
    r"(?:[一二两三四五六七八九]千零?)?(?:[一二两三四五六七八九]百零?)?(?:[一二三四五六七八九]?十)?[一二两三四五六七八九]?|零|〇"
)


def amount(match: re.Match[str]) -> float | None:
    """What a match of NUMBER says; None for characters that are no number together (十百) or that are far too many."""
    words = match["n"]
    if len(words) > _LONGEST:
        return None
    number = chinese(words) if words[0] not in "0123456789" else float(words.replace(",", ""))
    if number is None:
        return None
    return round(number * 1e4, 6) if match["wan"] else number


def chinese(words: str) -> float | None:
    """`二十三` → 23; None for what is no such number."""
    if not words or _CHINESE.fullmatch(words) is None:
        return None
    total, digit = 0, 0
    for char in words:
        if char in _PLACES:
            total += (digit or 1) * _PLACES[char]
            digit = 0
        else:
            digit = _DIGITS[char]
    return float(total + digit)
