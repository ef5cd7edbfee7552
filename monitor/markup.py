"""A message's parts → plain text, HTML and chat Markdown. Pure.

In: blocks whose texts come from pages, which are hostile input: `clean` makes each a single line without control or
direction marks, HTML is escaped, and what a chat would take for a link, a mention or emphasis is made harmless. Out:
three texts that say the same. `fit` shortens to a number of bytes of UTF-8 and never cuts a character.
"""

import html
import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

import msgspec

# What a chat's Markdown acts on, and look-alikes that it leaves alone: not every chat understands backslashes.
_HARMLESS = str.maketrans(
    {"[": "［", "]": "］", "<": "＜", ">": "＞", "*": "＊", "`": "ˋ", "@": "＠", "\\": "＼", "~": "～"}
)

STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal acts on: control characters (escape sequences begin with one) but tab and line feed, and direction
marks."""


class Line(msgspec.Struct, frozen=True):
    """A paragraph of one line."""

    text: str
    quiet: bool = False
    """Background information: small print."""
    brief: bool = True
    """Whether the short form for chats has it."""
    telling: bool = False
    """A difference, of which the short form has only the first few."""


class Head(msgspec.Struct, frozen=True):
    """What the following lines are about."""

    text: str


class Rows(msgspec.Struct, frozen=True):
    """Label and value, a row each."""

    rows: tuple[tuple[str, str], ...]


class Links(msgspec.Struct, frozen=True):
    """Name and target. A target that is no web address (a hash, a command) is shown as it is."""

    links: tuple[tuple[str, str], ...]


class Gap(msgspec.Struct, frozen=True):
    """An empty line."""


Block = Line | Head | Rows | Links | Gap


def clean(text: str, limit: int = 300) -> str:
    """One line, at most `limit` characters: white space runs become a space; zero-width, control and direction
    characters go (a right-to-left override would show a figure backwards)."""
    words = ("".join(char for char in word if unicodedata.category(char)[0] != "C") for word in text.split())
    line = " ".join(filter(None, words))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def printable(text: str) -> str:
    """`text`, laid out as it is, without what would steer a terminal."""
    return STEERING.sub("", text)


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def is_web(url: str) -> bool:
    """Whether it may become a link: http or https with a host that can be read in one way only, and nothing that ends an
    attribute."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and not re.search(r"[\s\"'<>\\]", url)
    )


def as_text(blocks: Iterable[Block]) -> str:
    """Plain text, the values of rows aligned."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Rows(rows):
                wide = min(max((width(label) for label, _ in rows), default=0), 44)
                lines += [f"  {label}{' ' * max(wide - width(label), 0)}  {value}" for label, value in rows]
            case Links(links):
                lines.append("　".join(f"{name} {target}" for name, target in links))
            case Gap():
                lines.append("")
            case _:
                lines.append(block.text)
    return "\n".join(lines).strip("\n") + "\n"


def as_html(subject: str, blocks: Iterable[Block]) -> str:
    """An HTML fragment, everything escaped, that mail programs show without style sheets."""
    parts = [f"<p><b>{html.escape(subject)}</b></p>"]
    for block in blocks:
        match block:
            case Rows(rows):
                # No table: telephones squeeze it, and Apprise's plain text breaks a line after each cell.
                cells = "<br>".join(f"{html.escape(label)}　<b>{html.escape(value)}</b>" for label, value in rows)
                parts.append(f"<p>{cells}</p>")
            case Links(links):
                parts.append("<p>" + "　".join(_html_link(name, target) for name, target in links) + "</p>")
            case Head(text):
                parts.append(f"<p><b>{html.escape(text)}</b></p>")
            case Line(text, quiet):
                shown = html.escape(text)
                parts.append(f'<p style="color:#666"><small>{shown}</small></p>' if quiet else f"<p>{shown}</p>")
    return "\n".join(parts) + "\n"


def _html_link(name: str, target: str) -> str:
    shown = html.escape(target)
    if not is_web(target):
        return f"{html.escape(name)} {shown}"
    return f'{html.escape(name)} <a href="{html.escape(target, quote=True)}">{shown}</a>'


def as_markdown(subject: str, blocks: Iterable[Block], telling: int = 2) -> str:
    """The short form for chats: the first line, the `telling` most telling differences, marks, links."""
    lines = [f"**{_harmless(subject)}**"]
    head = ""
    for block in blocks:
        match block:
            case Head(text):
                head = text
            case Rows() | Line(telling=True):
                shown = _differences(block)[:telling]
                telling -= len(shown)
                if shown and head:
                    lines.append(_harmless(head))
                    head = ""
                lines += shown
            case Line(text, brief=True):
                lines.append(_harmless(text))
            case Links(links):
                lines.append("　".join(_markdown_link(name, target) for name, target in links))
            case _:
                pass
    return "\n".join(lines)


def _differences(block: Rows | Line) -> list[str]:
    if isinstance(block, Line):
        return [f"- {_harmless(block.text)}"]
    return [f"- {_harmless(label)}　**{_harmless(value)}**" for label, value in block.rows]


def _harmless(text: str) -> str:
    line = text.translate(_HARMLESS)
    return re.sub(r"^(#+|[-+]\s|\d+\.\s)", lambda mark: "\u200b" + mark[0], line)


def _markdown_link(name: str, target: str) -> str:
    if not is_web(target):
        return f"{name} {_harmless(target)}"
    return f"[{name}]({quote(target, safe=':/?#@!$&*+,;=%~-._')})"


def cut(text: str, most: int) -> str:
    """The longest beginning of `text` of at most `most` bytes of UTF-8, with … in place of the rest."""
    data = text.encode()
    if len(data) <= most:
        return text
    mark = "…" if most >= 3 else ""
    return data[: most - len(mark.encode())].decode(errors="ignore") + mark


def fit(markdown: str, max_bytes: int) -> str:
    """`markdown` in at most `max_bytes` bytes: the first line and the last (its links) stay, lines before the last go
    first, and a line says how many. Only what cannot fit otherwise is cut within a line."""
    if len(markdown.encode()) <= max_bytes:
        return markdown
    first, *middle = markdown.split("\n")
    last = middle.pop() if middle else ""
    left = len(middle)
    while left:
        left -= 1
        text = "\n".join([first, *middle[:left], f"……（另有 {len(middle) - left} 行）", last])
        if len(text.encode()) <= max_bytes:
            return text
    if not last:
        return cut(first, max_bytes)
    # Not even the first line and the links fit together: whole links as far as they go, then the line's beginning.
    links = last.split("　")
    while links and len("　".join(links).encode()) > max_bytes // 2:
        links.pop()
    tail = "\n" + "　".join(links) if links else ""
    closing = "**" if first.startswith("**") else ""
    room = max_bytes - len(tail.encode()) - len(closing)
    return cut(first.removesuffix("**") if closing else first, room) + closing + tail
