"""Charts as SVG that a page holds itself: no style, no script, colours by the page's classes. Pure.

What is missing is a gap, never 0. Doubtful values have a hollow mark. Every value is in the table beside the chart.
"""

import math
from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup

from monitor.export.values import seen

COLOURS = 8
"""Classes `c0`, `c1`, … of figures.css; after that the same ones with dashes."""
_WIDTH, _HEIGHT = 860, 340
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 230, 14, 30
_LABEL = 15
"""Height of a line's name."""
_BAR, _NAMES, _VALUES = 26, 210, 110


class Point(msgspec.Struct, frozen=True):
    """One value."""

    value: float
    doubt: bool = False


class Line(msgspec.Struct, frozen=True):
    """One organ's values, by year."""

    name: str
    points: dict[int, Point]


class Bar(msgspec.Struct, frozen=True):
    """One organ's value; None: there is none."""

    name: str
    point: Point | None


def number(value: float) -> str:
    """12,345 or 3.5: whole numbers without decimals."""
    if not math.isfinite(value):
        return "—"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"


def short(value: float) -> str:
    """For an axis: 250, 1.5万, 3亿."""
    for size, word in ((1e8, "亿"), (1e4, "万")):
        if abs(value) >= size:
            return f"{value / size:,.4g}{word}"
    return f"{value:,.4g}"


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`; 0 is between them."""
    low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        high = 1.0
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def line_chart(key: str, title: str, years: Sequence[int], lines: Sequence[Line]) -> Markup:
    """Values over years, a line an organ, each named at its end. `key`: what its ids begin with."""
    values = [point.value for line in lines for point in line.points.values()]
    if not values or not years:
        return Markup("")
    scale = ticks(min(values), max(values))
    inner, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(year: int) -> float:
        return _LEFT + (inner / 2 if len(years) == 1 else inner * (year - years[0]) / (years[-1] - years[0]))

    def y(value: float) -> float:
        return _TOP + high * (scale[-1] - value) / (scale[-1] - scale[0])

    parts = list(_grid(scale, years, x, y))
    ends = []
    for place, line in enumerate(lines):
        told = sorted(line.points)
        if not told:
            continue
        colour = f"c{place % COLOURS}"
        dash = Markup(' stroke-dasharray="6 4"') if place >= COLOURS else Markup("")
        path = " ".join(
            f"{'L' if year - 1 in line.points else 'M'}{x(year):.1f} {y(line.points[year].value):.1f}" for year in told
        )
        parts.append(Markup('<path class="line {}" d="{}" fill="none"{}/>').format(colour, path, dash))
        parts += [_mark(place, colour, x(year), y(line.points[year].value), line, year) for year in told]
        ends.append((y(line.points[told[-1]].value), place, line, told[-1]))
    parts += _names(ends, years[-1], x)
    years_told = f"{years[0]} 年" if len(years) == 1 else f"{years[0]} 至 {years[-1]} 年"
    return _svg(key, _HEIGHT, title, f"折线图：{len(lines)} 个机关，{years_told}。数值见下表。", parts)


def _grid(scale: Sequence[float], years: Sequence[int], x, y) -> Iterable[Markup]:  # type: ignore[no-untyped-def]
    for value in scale:
        kind = "axis" if value == 0 else "grid-line"
        yield Markup('<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            kind, _LEFT, _WIDTH - _RIGHT, y(value), y(value)
        )
        yield Markup('<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            _LEFT - 8, y(value) + 4, short(value)
        )
    every = 1 + (len(years) - 1) // 13
    for year in years:
        if (years[-1] - year) % every == 0:
            yield Markup('<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                x(year), _HEIGHT - 8, year
            )


def _mark(place: int, colour: str, x: float, y: float, line: Line, year: int) -> Markup:
    """A point: its form tells lines apart for those who do not see colours."""
    point = line.points[year]
    form = (
        f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        f"M{x - 3.6:.1f} {y - 3.6:.1f}h7.2v7.2h-7.2z",
        f"M{x:.1f} {y - 4.8:.1f}l4.6 8h-9.2z",
        f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
    )[place % 4]
    words = f"{_name(line.name)} {year} 年：{number(point.value)}{'（存疑）' if point.doubt else ''}"
    return Markup('<path class="mark {}{}" d="{}"><title>{}</title></path>').format(
        colour, " doubt" if point.doubt else "", form, words
    )


def _names(ends: list[tuple[float, int, Line, int]], last: int, x) -> Iterable[Markup]:  # type: ignore[no-untyped-def]
    """Names at the right, apart from each other, each led to its line's end."""
    ends = sorted(ends, key=lambda end: (end[0], end[1]))
    room = _HEIGHT - _BOTTOM + 4
    places: list[float] = []
    for end in ends:
        places.append(max(end[0], places[-1] + _LABEL if places else _TOP + 4))
    for back in range(len(places) - 1, -1, -1):
        places[back] = min(places[back], room - _LABEL * (len(places) - 1 - back))
    for at, (height, place, line, year) in zip(places, ends, strict=True):
        right = _WIDTH - _RIGHT
        yield Markup('<path class="lead c{}" d="M{:.1f} {:.1f}L{} {:.1f}h8" fill="none"/>').format(
            place % COLOURS, x(year) + 6, height, right + 8, at
        )
        when = "" if year == last else f"（{year}）"
        yield Markup('<text class="name" x="{}" y="{:.1f}">{} <tspan class="value">{}</tspan>{}</text>').format(
            right + 20, at + 4, _cut(line.name, 11), number(line.points[year].value), when
        )


def bar_chart(key: str, title: str, bars: Sequence[Bar]) -> Markup:
    """Organs beside each other, each with its value."""
    values = [bar.point.value for bar in bars if bar.point is not None]
    if not values:
        return Markup("")
    low, high = min(0.0, *values), max(0.0, *values)
    span = (high - low) or 1.0
    inner = _WIDTH - _NAMES - _VALUES * (2 if low < 0 else 1)
    zero = _NAMES + (_VALUES if low < 0 else 0) + inner * -low / span
    parts = []
    for place, bar in enumerate(bars):
        top = 6 + place * _BAR
        parts.append(
            Markup('<text class="name" x="{}" y="{}" text-anchor="end">{}</text>').format(
                _NAMES - 10, top + 16, _cut(bar.name, 14)
            )
        )
        if bar.point is None:
            parts.append(Markup('<text class="none" x="{:.1f}" y="{}">空</text>').format(zero + 6, top + 16))
            continue
        size = inner * abs(bar.point.value) / span
        left = zero - size if bar.point.value < 0 else zero
        doubt = bar.point.doubt
        parts.append(
            Markup(
                '<rect class="bar{}" x="{:.1f}" y="{}" width="{:.1f}" height="18" rx="2"><title>{}</title></rect>'
            ).format(
                " doubt" if doubt else "", left, top + 2, max(size, 0.5),
                f"{_name(bar.name)}：{number(bar.point.value)}{'（存疑）' if doubt else ''}",
            )
        )  # fmt: skip
        behind = bar.point.value < 0
        parts.append(
            Markup('<text class="value" x="{:.1f}" y="{}" text-anchor="{}">{}{}</text>').format(
                left - 6 if behind else left + size + 6, top + 16, "end" if behind else "start",
                number(bar.point.value), " ?" if doubt else "",
            )
        )  # fmt: skip
    height = 12 + len(bars) * _BAR
    parts.append(Markup('<line class="axis" x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="{1}"/>').format(zero, height - 4))
    return _svg(key, height, title, f"条形图：{len(bars)} 个机关。数值见下表。", parts)


def _svg(key: str, height: int, title: str, about: str, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
        '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>{}</svg>'
    ).format(_WIDTH, height, key, key, key, _name(title), key, about, Markup("").join(parts))


def _name(text: str) -> str:
    return " ".join(seen(text).split())[:200]


def _cut(text: str, most: int) -> str:
    name = _name(text)
    return name if len(name) <= most else name[: most - 1] + "…"
