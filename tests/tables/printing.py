"""How a portal prints a figure: value → (value that it says, cell as printed)."""

import random
from typing import Literal

Way = Literal["plain", "blanks", "units", "full-width", "thousands", "changes", "spaces", "mixed"]
Printed = tuple[float | None, str]
WAYS: tuple[Way, ...] = ("plain", "blanks", "units", "full-width", "thousands", "changes", "spaces")

_FULL = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
_BLANKS = ("", "/", "—", "－", "——", "-", "\\", "--", "无", "／", "\u3000", "\xa0")
_COUNTERS = ("件", "项", "条", "个", "宗", "件次")


def plain(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:.4f}".rstrip("0").rstrip(".")


def printed(rng: random.Random, value: float, unit: str, column: str, way: Way) -> Printed:
    """One cell. A way that does not fit the value prints it plainly."""
    if way == "mixed":
        way = rng.choice(WAYS)
    usual = plain(value)
    whole = value == int(value)
    if way == "blanks" and value == 0 and rng.random() < 0.6:
        return None, rng.choice(_BLANKS)
    if way == "full-width":
        return value, usual.translate(_FULL)
    if way == "thousands":
        comma = rng.choice([",", "，"])
        return value, (f"{int(value):,}" if whole else f"{value:,.4f}").replace(",", comma)
    if way == "spaces":
        before, behind = rng.choice([("", " "), (" ", ""), ("\u3000", "\u3000"), ("\xa0", "\xa0 "), ("\u2003", "\n")])
        return value, before + usual + behind
    if way == "changes" and column == "items_change":
        return value, _change(rng, int(value))
    if way == "changes" and whole and rng.random() < 0.3:
        return value, f"{usual}.0"
    if way == "units":
        return value, _with_unit(rng, value, usual, unit, column)
    return value, usual


def _change(rng: random.Random, value: int) -> str:
    if value == 0:
        return rng.choice(["0", "无变化", "持平", "0/0", "+0", "不变", "无增减", "增0减0", "0/-0"])
    size = abs(value)
    if value > 0:
        ways = [f"+{size}", f"增{size}", f"增加{size}", f"＋{size}", f"新增{size}项", f"增加 {size} 项", f"↑{size}"]
        return rng.choice([*ways, f"增{size + 2}/减2", f"增加{size + 2}、减少2", f"+{size + 2}/-2", f"增{size + 1}减1"])
    ways = [f"-{size}", f"－{size}", f"减{size}", f"减少{size}", f"减少{size}项", f"−{size}", f"↓{size}"]
    return rng.choice([*ways, f"增2/减{size + 2}", f"增加1，减少{size + 1}", f"+1/-{size + 1}"])


def _with_unit(rng: random.Random, value: float, usual: str, unit: str, column: str) -> str:
    if unit == "万元":
        yuan = f"{value * 1e4:.0f}"
        ways = [f"{usual}万元", f"{usual} 万元", f"{usual}（万元）", f"{usual}万", f"{yuan}元", f"{int(yuan):,}元"]
        return rng.choice([*ways, f"{usual}万元人民币"])
    return usual + rng.choice(_COUNTERS) if column != "items_change" else usual + "项"
