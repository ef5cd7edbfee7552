"""A report's history on a terminal or in a pipe: what a page had a part in is neutralised, Chinese is two columns wide."""

import sys
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from monitor.cli.common import line
from monitor.history_words import history_lines

_COLOURS = {"head": "bold", "event": "bold", "reading": "dim", "quiet": "dim", "correction": "cyan", "wrong": "red"}


def show_history(told: dict[str, Any], zone: str) -> None:
    """Prints what `monitor.history.History.told` gives; times in `zone`."""
    lines = history_lines(told, zone)
    if not sys.stdout.isatty():
        for indent, _, text in lines:
            sys.stdout.write(f"{' ' * indent}{line(text)}".rstrip() + "\n")
        return
    console = Console(highlight=False)
    for indent, style, text in lines:
        console.print(Padding(Text(line(text), style=_COLOURS.get(style, "")), (0, 0, 0, indent), expand=False))
