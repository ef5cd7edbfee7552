"""Small ruled tables of Latin letters and digits, drawn by Pillow with the font that it carries: no browser, no fonts."""

import io

from PIL import Image, ImageDraw, ImageFont

Rows = list[list[str]]


def table(
    rows: Rows,
    *,
    size: int = 24,
    cell: tuple[int, int] = (110, 48),
    rule: int = 0,
    line: int = 2,
    joined: tuple[int, int] = (-1, -1),
) -> Image.Image:
    """A grid with a cell for each word. `rule`: grey of the rules; `joined`: the place that has no rule to its right."""
    width, height = cell
    picture = Image.new("L", (width * len(rows[0]) + 40, height * len(rows) + 40), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    for i in range(len(rows) + 1):
        draw.line([(20, 20 + i * height), (20 + width * len(rows[0]), 20 + i * height)], rule, line)
    for j in range(len(rows[0]) + 1):
        for i in range(len(rows)):
            if (i, j - 1) != joined:
                x = 20 + j * width
                draw.line([(x, 20 + i * height), (x, 20 + (i + 1) * height)], rule, line)
    for i, row in enumerate(rows):
        for j, words in enumerate(row):
            shift = width // 2 if (i, j) == joined else 0
            write(draw, (20 + j * width + width // 2 + shift, 20 + i * height + height // 2), words, font)
    return picture


def write(draw: ImageDraw.ImageDraw, middle: tuple[int, int], words: str, font: ImageFont.FreeTypeFont) -> None:
    """Words around a point. The font has no long dash."""
    if words == "—":
        x, y = middle
        reach = round(font.size / 2)
        draw.line([(x - reach, y), (x + reach, y)], 0, max(1, round(font.size / 14)))
    else:
        draw.text(middle, words, 0, font, "mm")


def saved(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
