"""A cell's value and its number format → what a reader of the spreadsheet sees. Pure.

In: the value and the format code (`0.00%`, `#,##0.00_ `, `yyyy"年"m"月"d"日"`). Out: its text. What the code does not
decide is shown as the spreadsheet's `General` shows it: 12 for 12.0, 0.3 for 0.1 + 0.2, no exponents.
"""

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

_SECTIONS = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_PLACES = re.compile(r"[#0?][#0?,]*(?:\.([#0?]*))?,*")
_HIDDEN = re.compile(r"\[[^\]]*\]|_.|\*.")
"""Colours and conditions; room the width of a character; a character that fills the cell."""
_LITERAL = re.compile(r'"([^"]*)"|\\(.)')


def shown(value: object, form: str = "General") -> str:
    """`value` as displayed under the format code `form`; None is nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime | date | time | timedelta):
        return _moment(value, form)
    if isinstance(value, int | float):
        return _number(value, form)
    return str(value)


def _general(value: Decimal) -> str:
    text = format(value.normalize(), "f")
    return "0" if text in ("-0", "") else text


def _number(value: float, form: str) -> str:
    if value != value or value in (float("inf"), float("-inf")):
        return ""
    exact = Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g"))
    sections = _SECTIONS.split(form)
    if len(sections) >= 3 and exact == 0:
        section = sections[2]
    elif len(sections) >= 2 and exact < 0:
        section, exact = sections[1], -exact  # this section brings its own sign
    else:
        section = sections[0]
    plain = _HIDDEN.sub("", section)
    bare = _LITERAL.sub("", plain)
    places = _PLACES.search(bare)
    if "general" in bare.lower() or "@" in bare or "E+" in bare.upper() or "/" in bare:
        return _general(Decimal(value) if isinstance(value, int) else Decimal(format(value, ".15g")))
    literals = _LITERAL.sub(lambda found: "\x00" * len(found[1] or found[2] or ""), plain)
    if places is None:
        return _unquoted(plain).strip() if form.strip() else _general(exact)
    decimals = len(places[1] or "")
    scaled = exact * 100 if "%" in bare else exact
    thousands = re.search(r"[#0?](,+)(?![#0?,.])", bare)
    if thousands:
        scaled /= Decimal(1000) ** len(thousands[1])
    rounded = scaled.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    digits = format(rounded, ",f" if re.search(r"[#0?],[#0?]", bare) else "f")
    optional = len(re.findall(r"[#?]", places[1] or ""))
    while optional and "." in digits and digits.endswith("0"):
        digits, optional = digits[:-1], optional - 1
    digits = digits.removesuffix(".")
    if digits.startswith("-") and not digits.strip("-0.,"):
        digits = digits[1:]
    width = len(places[0].partition(".")[0].replace(",", "").replace("#", "").replace("?", ""))
    digits = digits.zfill(width) if width > 1 and "," not in places[0] and "." not in digits else digits
    if not rounded and "0" not in places[0]:
        digits = ""  # nothing but optional places: a zero leaves them blank
    spot = _PLACES.search(literals)
    if spot is None:
        return digits
    # The literals were made as long as what they show, so that the place of the figures is found in what is shown.
    flat = _unquoted(plain)
    return f"{flat[: spot.start()]}{digits}{flat[spot.end() :]}".strip()


def _unquoted(form: str) -> str:
    return _LITERAL.sub(lambda found: found[1] or found[2] or "", form)


def _moment(value: datetime | date | time | timedelta, form: str) -> str:
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    if isinstance(value, time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    if "年" in form:
        day = f"{value.day}日" if "d" in form.lower() else ""
        month = f"{value.month}月" if "m" in form.lower() else ""
        return f"{value.year}年{month}{day}"
    text = value.strftime("%Y-%m-%d")
    if isinstance(value, datetime) and value.time() != time():
        text += value.strftime(" %H:%M:%S" if value.second else " %H:%M")
    return text
