"""Pictures of the national tables as reports show them, the truth known: rendered by Chromium, then spoiled.

A `Look` says how the tables are set and what happens to the picture; `Press` renders many in one browser.
"""

import html
import io
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageFilter

from monitor.demo.national_tables import numbers, row_labels
from monitor.figures.cells import read, value
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS
from tests.chromium import Drive, chromium

Truth = dict[str, tuple[float | None, str]]
_HEADINGS = {
    "二": "二、主动公开政府信息情况",
    "三": "三、收到和处理政府信息公开申请情况",
    "四": "四、政府信息公开行政复议、行政诉讼情况",
}
_PROACTIVE = (
    "rules",
    "normative_documents",
    "licences",
    "other_services",
    "penalties",
    "compulsion",
    "fees",
    "procurement",
)
"""Rows of table 2 as printed; those of both forms."""


@dataclass(frozen=True)
class Look:
    """How a report's tables become pictures."""

    dpi: int = 150
    font: str = "Noto Sans CJK SC"
    points: float = 10.5
    rule: str = "1px solid #000"
    """CSS, in pixels of 96 dpi."""
    background: str = "#fff"
    ink: str = "#000"
    shaded: bool = False
    """Header and label cells on grey."""
    align: str = "center"
    jpeg: int = 0
    """Quality; 0: PNG."""
    skew: float = 0.0
    """Degrees."""
    noise: float = 0.0
    """Standard deviation, of 255."""
    blur: float = 0.0
    broken: float = 0.0
    """How many of 1000 pixels of white specks a rule gets, as share."""
    grey: bool = False
    layout: str = "one"
    """`one` picture for all tables, `each` a picture of its own, `split`: table 3 cut in two."""
    headings: bool = True
    resized: float = 1.0
    """What an editor did to the picture's size after it was made."""

    @property
    def condition(self) -> str:
        """One word for the bench's table."""
        if self.broken:
            return "broken rules"
        if self.resized != 1.0:
            return "resized"
        if self.skew:
            return "skewed"
        if self.noise or self.blur:
            return "noisy"
        if self.jpeg:
            return "jpeg"
        return "clean"


@dataclass
class Report:
    """Pictures of one report and what they say."""

    form: str
    look: Look
    truth: Truth
    pictures: list[tuple[bytes, str]] = field(default_factory=list)
    """(bytes, media type) in reading order."""


def drawn(rng: random.Random, form: str, odd: float) -> Truth:
    """Values of a form, printed as portals print them; `odd`: how often not as plain digits."""
    return {code: _printed(rng, amount, FIELDS[code].unit, odd) for code, amount in numbers(rng, form).items()}


def _printed(rng: random.Random, amount: float, unit: str, odd: float) -> tuple[float | None, str]:
    plain = f"{amount:.4f}".rstrip("0").rstrip(".") if amount != int(amount) else str(int(amount))
    if rng.random() >= odd:
        return amount, plain
    if amount == 0:
        raw = rng.choice(["", "/", "—", "0.0", "0件"]) if unit == "件" else rng.choice(["", "/", "—", "0.0000"])
    elif amount < 0:
        raw = rng.choice([f"减少{-int(amount)}", f"－{-int(amount)}"])
    elif unit == "万元":
        raw = rng.choice([f"{amount:.2f}", f"{amount:,.4f}", f"{plain}万元", f"{amount:.6f}"])
    else:
        raw = rng.choice([f"{int(amount):,}", f"{plain}件"])
    reading = read(raw)
    return (value(reading, unit) if reading.kind == "number" else None), raw


def random_look(rng: random.Random, dpi: int) -> Look:
    """A look out of all that happens to such pictures."""
    spoiled = rng.choice(["clean", "clean", "jpeg", "jpeg", "skew", "noise", "broken", "resized"])
    return Look(
        dpi=dpi,
        font=rng.choice(["Noto Sans CJK SC", "Noto Serif CJK SC", "Liberation Serif, Noto Serif CJK SC"]),
        points=rng.choice([9, 10.5, 10.5, 12]),
        rule=rng.choice(["1px solid #000", "1px solid #000", "1px solid #999", "1px solid #c8c8c8", "2px solid #333"]),
        background=rng.choice(["#fff", "#fff", "#fff", "#eee", "#fdf6e3"]),
        ink=rng.choice(["#000", "#000", "#333"]),
        shaded=rng.random() < 0.2,
        align=rng.choice(["center", "center", "center", "left", "right"]),
        jpeg=rng.choice([60, 75, 90]) if spoiled in ("jpeg", "noise") or rng.random() < 0.3 else 0,
        skew=rng.uniform(-1, 1) if spoiled == "skew" else 0.0,
        noise=rng.uniform(3, 10) if spoiled == "noise" else 0.0,
        blur=rng.uniform(0.3, 0.7) * dpi / 150 if spoiled == "noise" else 0.0,
        broken=rng.uniform(0.02, 0.08) if spoiled == "broken" else 0.0,
        grey=rng.random() < 0.3,
        layout=rng.choice(["one", "one", "each", "split"]),
        headings=rng.random() < 0.6,
        resized=rng.uniform(0.85, 1.25) if spoiled == "resized" else 1.0,
    )


class Press:
    """Renders reports in one browser."""

    def __init__(self, drive: Drive[None]) -> None:
        self._drive = drive

    def report(self, rng: random.Random, form: str, look: Look, odd: float = 0.1) -> Report:
        """A report with random figures, as pictures."""
        made = Report(form, look, drawn(rng, form, odd))
        tables = {"二": _proactive(made), "三": _requests(made), "四": _reviews(made)}
        titles = {kind: f"<p>{_HEADINGS[kind]}</p>" if look.headings else "" for kind in tables}
        if look.layout == "one":
            sheets = ["<br>".join(titles[kind] + table for kind, table in tables.items())]
        else:
            sheets = [titles[kind] + table for kind, table in tables.items()]
        self._drive(lambda browser: _shoot(browser, rng, sheets, made))
        return made


@contextmanager
def press() -> Iterator[Press]:
    """A browser to render in."""
    with chromium("--font-render-hinting=none") as drive:
        yield Press(drive)


def _shoot(browser: Any, rng: random.Random, sheets: Sequence[str], made: Report) -> None:
    """Adds the pictures of the sheets to a report."""
    look = made.look
    page = browser.new_page(
        viewport={"width": 660, "height": 800}, device_scale_factor=look.dpi / 96, java_script_enabled=False
    )
    try:
        for sheet in sheets:
            page.set_content(_page(sheet, look))
            shot = page.locator("#sheet").screenshot(type="png")
            # Where it may be cut: below a row of table 3.
            cut = None
            if look.layout == "split" and sheet is sheets[1]:
                row = page.locator("tr").nth(rng.choice([8, 14, 20])).bounding_box()
                top = page.locator("#sheet").bounding_box()
                cut = round((row["y"] - top["y"]) * look.dpi / 96)
            made.pictures.extend(_spoiled(rng, shot, look, cut))
    finally:
        page.close()


def _page(sheet: str, look: Look) -> str:
    shade = "th{background:#e4e4e4}" if look.shaded else ""
    return f"""<html><head><meta charset="utf-8"><style>
body{{margin:0;background:{look.background};color:{look.ink};font:{look.points}pt/1.35 {look.font}}}
#sheet{{padding:12px;width:626px;background:{look.background}}} p{{margin:8px 0;font-weight:bold}}
table{{border-collapse:collapse;width:100%;table-layout:fixed}} {shade}
td,th{{border:{look.rule};padding:2px 3px;font-weight:normal;height:22px;vertical-align:middle}}
td{{text-align:{look.align};overflow-wrap:anywhere}} td.w{{font-size:{look.points * 0.75}pt;letter-spacing:-0.2px}}
th.l{{text-align:left}}
</style></head><body><div id="sheet">{sheet}</div></body></html>"""


def _spoiled(rng: random.Random, shot: bytes, look: Look, cut: int | None) -> Iterator[tuple[bytes, str]]:
    whole = Image.open(io.BytesIO(shot)).convert("RGB")
    width, height = whole.size
    parts = [whole]
    if cut is not None:
        parts = [whole.crop((0, 0, width, cut)), whole.crop((0, cut, width, height))]
    for part in parts:
        yield _saved(_worn(rng, part, look), look)


def _worn(rng: random.Random, picture: Image.Image, look: Look) -> Image.Image:
    if look.grey:
        picture = picture.convert("L").convert("RGB")
    paper = picture.getpixel((0, 0))
    if look.broken:
        picture = _broken(rng, picture, look, paper)
    if look.resized != 1.0:
        size = (round(picture.width * look.resized), round(picture.height * look.resized))
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    if look.skew:
        picture = picture.rotate(look.skew, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    if look.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(look.blur))
    if look.noise:
        grain = Image.frombytes("L", picture.size, _grain(rng, picture.width * picture.height, look.noise))
        dark = Image.frombytes("L", picture.size, _grain(rng, picture.width * picture.height, look.noise))
        from PIL import ImageChops

        picture = ImageChops.subtract(
            ImageChops.add(picture, Image.merge("RGB", [grain] * 3)), Image.merge("RGB", [dark] * 3)
        )
    return picture


def _grain(rng: random.Random, count: int, deviation: float) -> bytes:
    """Half of a normal distribution, a byte a pixel, from a table: gauss() for each pixel would take minutes."""
    table = bytes(min(255, int(abs(rng.gauss(0, deviation)))) for _ in range(256))
    return rng.randbytes(count).translate(table)


def _broken(rng: random.Random, picture: Image.Image, look: Look, paper: Any) -> Image.Image:
    """Short gaps across rules and everything else that is a long line: long dark runs lose pieces."""
    pixels = picture.convert("L")
    dark = pixels.point(lambda level: 255 if level < sum(paper) / 3 - 25 else 0)
    run = max(40, picture.width // 15)
    across = dark.resize((max(1, dark.width // run), dark.height), Image.Resampling.BOX).point(
        lambda level: 255 if level > 250 else 0
    )
    gaps = picture.copy()
    for y in range(across.height):
        for x in range(across.width):
            if across.getpixel((x, y)) and rng.random() < look.broken * 10:
                start, length = x * run + rng.randrange(run), rng.randrange(2, max(3, run // 8))
                gaps.paste(paper, (start, y, min(picture.width, start + length), y + 1))
    return gaps


def _saved(picture: Image.Image, look: Look) -> tuple[bytes, str]:
    out = io.BytesIO()
    if look.jpeg:
        picture.save(out, "JPEG", quality=look.jpeg)
        return out.getvalue(), "image/jpeg"
    picture.save(out, "PNG")
    return out.getvalue(), "image/png"


def _head(words: str, rows: int = 1, columns: int = 1, kind: str = "") -> str:
    spans = (f' rowspan="{rows}"' if rows > 1 else "") + (f' colspan="{columns}"' if columns > 1 else "")
    return f"<th{spans}{' class=l' if kind else ''}>{html.escape(words)}</th>"


def _cell(made: Report, code: str, columns: int = 1) -> str:
    span = f' colspan="{columns}"' if columns > 1 else ""
    printed = made.truth[code][1]
    # What would not fit a line is printed smaller, as typists do; what still does not is wrapped.
    small = " class=w" if len(printed) > 4 and not code.startswith("proactive") else ""
    return f"<td{span}{small}>{html.escape(printed)}</td>"


def _proactive(made: Report) -> str:
    rows: list[str] = []
    clause = heads = None
    for row in _PROACTIVE:
        fellows = [c for c, f in FIELDS.items() if f.table == "二" and f.row == row and made.form in f.forms]
        if not fellows:
            continue
        fellows.sort(key=lambda code: code.endswith(".decisions"))
        one = FIELDS[fellows[0]]
        own, _, words = one.row_label.partition(" ")
        names = [_full(FIELDS[fellow].column_label) for fellow in fellows]
        if made.form == "2019":
            names = ["处理决定数量" if name == "本年处理决定数量" else name for name in names]
        if own != clause:
            rows.append(f"<tr>{_head(_full(own), columns=4)}</tr>")
        spans = {3: (1, 1, 1), 2: (1, 2), 1: (3,)}[len(fellows)]
        if own != clause or names != heads:
            cells = "".join(_head(name, columns=span) for name, span in zip(names, spans, strict=True))
            rows.append(f"<tr>{_head('信息内容')}{cells}</tr>")
        clause, heads = own, names
        cells = "".join(_cell(made, fellow, span) for fellow, span in zip(fellows, spans, strict=True))
        rows.append(f"<tr>{_head(words)}{cells}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _requests(made: Report) -> str:
    names = [FIELDS[f"requests.new.{one}"].column_label for one in APPLICANTS]
    note = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
    rows = [
        f"<tr>{_head(note, 3, 3)}{_head('申请人情况', 1, 7)}</tr>",
        f"<tr>{_head('自然人', 2)}{_head('法人或其他组织', 1, 5)}{_head('总计', 2)}</tr>",
        "<tr>" + "".join(map(_head, names[1:6])) + "</tr>",
    ]
    order = [row_labels(row) for row in REQUEST_ROWS[made.form]]
    opened: list[str] = []
    for row, words in zip(REQUEST_ROWS[made.form], order, strict=True):
        cells = ""
        for depth, word in enumerate(words):
            last = depth == len(words) - 1
            if not last and opened[: depth + 1] == words[: depth + 1]:
                continue
            below = 1 if last else sum(other[: depth + 1] == words[: depth + 1] for other in order)
            cells += _head(_full(word), below, 4 - len(words) if last else 1, "l")
        opened = words[:-1]
        figures = "".join(_cell(made, f"requests.{row}.{column}") for column in APPLICANTS)
        rows.append(f"<tr>{cells}{figures}</tr>")
    widths = [7, 9, 26] + [8] * 6 + [10]
    columns = "".join(f'<col style="width:{width}%">' for width in widths)
    return f"<table>{columns}{''.join(rows)}</table>"


def _full(words: str) -> str:
    return words.replace("(", "（").replace(")", "）")


def _reviews(made: Report) -> str:
    outcomes = ["结果维持", "结果纠正", "其他结果", "尚未审结", "总计"]
    return (
        "<table><tr>"
        + _head("行政复议", 1, 5)
        + _head("行政诉讼", 1, 10)
        + "</tr><tr>"
        + "".join(_head(name, 2) for name in outcomes)
        + _head("未经复议直接起诉", 1, 5)
        + _head("复议后起诉", 1, 5)
        + "</tr><tr>"
        + "".join(map(_head, outcomes * 2))
        + "</tr><tr>"
        + "".join(_cell(made, code) for code in REVIEW_CELLS)
        + "</tr></table>"
    )
