"""What differs at every request although nothing changed: counters, clocks, weather, tokens, rotating links.

A page is rendered once with `{{marks}}` in it; `Noise.fill` puts this request's words in. `Noise(frozen=True)` gives
the same words for ever, as a static page does that can be asked for conditionally.
"""

import hashlib
import itertools
import re
import threading

MARKS = re.compile(r"\{\{(token|number|today|weekday|weather|clock|related|hot)\}\}")

_WEATHER = ("晴", "多云", "阴", "小雨", "雷阵雨", "雾")
_WEEKDAYS = "一二三四五六日"
_RELATED = (
    "{county}召开政务公开工作部署会",
    "一图读懂{county}民生实事项目",
    "{county}政府网站工作年度报表",
    "关于开展年度报告编制工作的通知",
    "{county}法治政府建设年度报告",
    "{county}部门决算公开目录",
    "政府信息公开指南（修订版）",
    "{county}行政许可事项清单",
)
_HOT = ("社保缴费", "新生儿落户", "公积金提取", "不动产登记", "学区划分", "养老认证", "营业执照")


class Noise:
    """Words that change with every request; thread-safe."""

    def __init__(self, county: str, *, frozen: bool = False) -> None:
        self._county = county
        self._frozen = frozen
        self._requests = itertools.count(1)
        self._lock = threading.Lock()

    def fill(self, page: str) -> str:
        """`page` with every mark replaced."""
        with self._lock:
            turn = 0 if self._frozen else next(self._requests)
        marks = itertools.count()

        def word(match: re.Match[str]) -> str:
            return self._word(match[1], turn, next(marks))

        return MARKS.sub(word, page)

    def _word(self, mark: str, turn: int, place: int) -> str:
        digest = hashlib.md5(f"{mark} {turn} {place}".encode(), usedforsecurity=False).hexdigest()
        number = int(digest[:8], 16)
        if mark == "token":
            return digest
        if mark == "number":
            return str(100 + turn * 3 + place)
        if mark == "today":
            return f"2026年{number % 12 + 1}月{number % 28 + 1}日"
        if mark == "weekday":
            return "星期" + _WEEKDAYS[number % 7]
        if mark == "clock":
            return f"2026-11-{number % 28 + 1:02} {number % 24:02}:{number % 60:02}:{number // 7 % 60:02}"
        if mark == "weather":
            low = number % 20
            return f"{_WEATHER[number % 6]} 温度:{low}-{low + 9}℃"
        if mark == "hot":
            return "".join(f"<a href='/search?w={(turn + i) % 7}'>{_HOT[(turn + i) % 7]}</a> " for i in range(3))
        return "".join(
            f'<li><a href="/zwdt/{(turn + i) % 8}.html">{_RELATED[(turn + i) % 8].format(county=self._county)}</a>'
            f"<span>11-{(turn + i) % 28 + 1:02}</span></li>"
            for i in range(4)
        )
