"""A grid as the HTML of one editor or another."""

import random
from html import escape

from tests.tables.grid import Grid, Rows, Spanned, spans
from tests.tables.look import Look

_BREAKS = {
    "space": (" ",),
    "wide space": ("\u3000", "&emsp;", "\u2002"),
    "line": ("\n", "\r\n      ", "\t"),
    "br": ("<br>", "<br/>", "<BR>\n"),
    "p": ("</p><p>",),
    "zero width": ("\u200b", "\ufeff", "&#8203;", "&zwnj;", "\u2060", "&#xFEFF;", "\u00ad"),
    "nbsp": ("&nbsp;", "\xa0", "&nbsp; "),
}
_BORDERS = ("windowtext 1.0pt", "black .5pt", "#000 0.75pt")


def table_html(rng: random.Random, grid: Grid, look: Look) -> str:
    return rows_html(rng, spans(grid, weights(rng, grid, look)), look, heads_of(grid))


def weights(rng: random.Random, grid: Grid, look: Look) -> list[int] | None:
    """How many columns of the markup each column is."""
    width = max(map(len, grid))
    if look.wide < 2 * width:
        return None
    if look.wide % 53 == 0 and 53 * width <= 1000:
        return [53] * width
    places = sorted(rng.sample(range(1, look.wide), width - 1))
    return [end - start for start, end in zip([0, *places], [*places, look.wide], strict=True)]


def heads_of(grid: Grid) -> int:
    """Rows in front of the first figures."""
    return next((index for index, row in enumerate(grid) if any(cell.kind == "data" for cell in row)), 0)


def rows_html(rng: random.Random, rows: Rows, look: Look, heads: int) -> str:
    """The table. `heads`: rows that a thead may hold."""
    spoilt = _Absurd(rng, rows, look.joined == "ragged") if look.absurd else None
    lines = []
    for index, row in enumerate(rows):
        cells = [_cell(rng, one, look, spoilt.of(index, place) if spoilt else "") for place, one in enumerate(row)]
        if look.hidden and rng.random() < 0.2:
            style = rng.choice(['style="display:none"', "style='DISPLAY: none;'", "hidden"])
            cells.insert(rng.randrange(len(cells) + 1), f"<td {style}>77</td>")
        end = "" if look.markup == "unclosed" else "</tr>"
        lines.append(f"<tr{_row_style(rng, look)}>{''.join(cells)}{end}\n")
    lines = _grouped(rng, lines, _breaks(rows), heads, look)
    attributes = {
        "word": ' class=MsoNormalTable border=1 cellspacing=0 cellpadding=0 style="border-collapse:collapse;mso-yfti-tbllook:1184"',
        "wps": ' style="border-collapse:collapse" width="568"',
        "unclosed": " border=1",
    }.get(look.markup, ' border="1" cellspacing="0"')
    columns = "<colgroup><col width=60><col></colgroup>" if rng.random() < 0.2 else ""
    html = f"<table{attributes}>{columns}\n{''.join(lines)}</table>"
    return _shouted(html) if look.markup == "upper case" else html


def _shouted(html: str) -> str:
    """Tags in capitals, as editors of the nineties write them."""
    parts = html.split("<")
    return "<".join(
        [parts[0], *(tag.upper() + sign + text for tag, sign, text in (one.partition(">") for one in parts[1:]))]
    )


def _row_style(rng: random.Random, look: Look) -> str:
    return f" style='mso-yfti-irow:{rng.randrange(30)};height:19.5pt'" if look.markup == "word" else ""


def _breaks(rows: Rows) -> list[int]:
    """Row numbers in front of which no cell of an earlier row goes on."""
    return [
        place
        for place in range(1, len(rows))
        if all(above + one.rows <= place for above in range(place) for one in rows[above])
    ]


def _grouped(rng: random.Random, lines: list[str], breaks: list[int], heads: int, look: Look) -> list[str]:
    """The rows in thead, tbody, tfoot."""
    lines = list(lines)
    if look.hidden:
        lines = [
            part
            for line in lines
            for part in (
                [f"<tr style='display:none'>{'<td>88</td>' * 10}</tr>", line] if rng.random() < 0.1 else [line]
            )
        ]
        return ["<tbody>", *lines, "</tbody>"]
    # The parser keeps a thead in a cell that nobody closed.
    end = "" if look.markup == "unclosed" and look.groups != "out of order" else "</{}>"
    body, head, foot = (
        ("<tbody>", end.format("tbody")),
        ("<thead>", end.format("thead")),
        ("<tfoot>", end.format("tfoot")),
    )
    if look.groups == "none":
        return lines
    if look.groups == "tbody" or not breaks or heads not in breaks:
        return [body[0], *lines, body[1]]
    if look.groups == "several":
        places = sorted(rng.sample(breaks, min(len(breaks), 3)))
        cut = zip([0, *places], [*places, len(lines)], strict=True)
        return [part for start, stop in cut for part in (body[0], *lines[start:stop], body[1])]
    top = [head[0], *lines[:heads], head[1]]
    last = max(breaks) if look.groups == "out of order" and max(breaks) > heads else len(lines)
    middle = [body[0], *lines[heads:last], body[1]]
    bottom = [foot[0], *lines[last:], foot[1]] if last < len(lines) else []
    if look.groups == "thead":
        return [*top, *middle, *bottom]
    pieces = [top, middle, bottom]
    rng.shuffle(pieces)
    return [line for piece in pieces for line in piece]


class _Absurd:
    """Spans that say nothing, or more than there is: no browser shows another table for them."""

    def __init__(self, rng: random.Random, rows: Rows, ragged: bool) -> None:
        self.rng = rng
        self.ragged = ragged
        self.rows = rows
        self.last = len(rows) - 1

    def of(self, index: int, place: int) -> str:
        """The attributes of a cell."""
        one, rng = self.rows[index][place], self.rng
        cols, rows = str(one.cols), str(one.rows)
        figures = any(
            other.cell.kind == "data" for other in self.rows[index]
        )  # in header rows a cell from above may follow
        alone = place == len(self.rows[index]) - 1 and figures and not self.ragged and one.rows == 1
        if alone and rng.random() < 0.3:
            cols = rng.choice(["1000", "1001", "65535", "999999999", str(one.cols + 3)])
        elif one.cols == 1:
            cols = rng.choice(["1", "0", "-1", "-53", "abc", "", "1.9", " 1 ", "１", "1e3"])
        if index == self.last and one.rows == 1:
            rows = rng.choice(["1", "0", "2", "17", "65535", "65534", "99999999999"])
        elif one.rows == 1:
            rows = rng.choice(["1", "-1", "abc", "", "1.5", "+1", "-65535"])
        else:
            rows = rng.choice([rows, f"{rows}.7", f" {rows}", f"+{rows}", f"{rows}px"])
        return f' rowspan="{rows}" colspan="{cols}"'


def _cell(rng: random.Random, one: Spanned, look: Look, spoilt: str) -> str:
    span = spoilt or (f' rowspan="{one.rows}"' if one.rows > 1 else "") + (
        f' colspan="{one.cols}"' if one.cols > 1 else ""
    )
    tag = "th" if look.markup == "header cells" and (one.cell.kind == "head" or rng.random() < 0.2) else "td"
    words = one.cell.text
    text = escape(words) if one.cell.kind != "other" else words
    if look.broken and one.cell.kind != "data" and len(words) > 2:
        text = _broken(rng, words, look)
    if look.hidden and rng.random() < 0.15:
        text = rng.choice(["<span style='display:none'>99</span>", "<i hidden>8</i>", "<!-- 7 -->"]) + text
    end = "" if look.markup == "unclosed" else f"</{tag}>"
    inner = _inner(rng, text, words, look)
    if look.nested == "cell" and words and rng.random() < 0.3:
        inner = f"<table><tbody><tr><td>{inner}</td></tr></tbody></table>"
    if look.markup == "word":
        frame = f"border:solid {rng.choice(_BORDERS)};mso-border-alt:solid windowtext .5pt;padding:0cm 5.4pt 0cm 5.4pt"
        return f"<td width={rng.randrange(30, 99)}{span} valign=top style='width:{rng.random() * 90:.2f}pt;{frame}'>\n  {inner}{end}"
    return f"<{tag}{span}>{inner}{end}"


def _broken(rng: random.Random, words: str, look: Look) -> str:
    """Words with a break in one or two places, none of them between a number and its sign."""
    places = rng.sample(range(1, len(words)), min(rng.choice([1, 1, 2]), len(words) - 1))
    parts, last = [], 0
    for place in sorted(places):
        kind = rng.choice([one for one in _BREAKS if one != "p" or look.markup != "upper case"])
        kind = kind if look.broken == "mixed" else look.broken
        parts += [escape(words[last:place]), rng.choice(_BREAKS[kind])]
        last = place
    return "".join([*parts, escape(words[last:])])


def _inner(rng: random.Random, text: str, words: str, look: Look) -> str:
    if look.markup == "word":
        office = "<span lang=EN-US><o:p></o:p></span>" if rng.random() < 0.7 else "<o:p>&nbsp;</o:p>"
        if rng.random() < 0.05:
            office = "<![if !supportEmptyParas]>&nbsp;<![endif]>" + office
        style = "font-size:10.0pt;font-family:宋体;mso-bidi-font-family:宋体;mso-font-kerning:0pt"
        inner = f"<span lang=EN-US style='{style}'>{text}</span>{office}"
        return f"<p class=MsoNormal align=center style='text-align:center;mso-pagination:widow-orphan'>{inner}</p>"
    if look.markup == "wps":
        return f'<p style="text-align:center"><span style=";font-family:仿宋;font-size:14px">{text}&nbsp;</span></p>'
    if look.markup == "single characters" and text == escape(words) and "&" not in text:
        tags = ("<font face='宋体'>{}</font>", "<span><span style='color:red'>{}</span></span>", "<b>{}</b>", "{}")
        return "".join(rng.choice(tags).format(char) for char in text)
    if look.markup == "upper case":
        return f'<p align="center"><font face="宋体" size="2">{text}</font></p>'
    if look.markup == "unclosed":
        return f"<p>{text}" if rng.random() < 0.5 else text
    if look.markup == "unclosed inline":
        return rng.choice(["<span style='a'><font size=2>{}", "<b>{}", "<p><span>{}</p>", "{}</span>", "<u>{}"]).format(
            text
        )
    return f"<p>{text}</p>" if "</p><p>" in text else text
