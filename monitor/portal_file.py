"""Edits of the operator's portal files that keep their comments and their order. Each edit is read back before it is put in place."""

import re
from pathlib import Path

from crawler.families import names
from crawler.portal import BUILT_IN, parse_portal
from monitor.home import Home

_TABLE = re.compile(r"(?m)^[ \t]*\[")


def mark_verified(home: Home, name: str, date: str) -> bool:
    """Writes `verified` into HOME/portals/NAME.toml, which begins as a copy of the built-in file. False: it says so already.

    Raises OSError, and PortalError for a file that cannot be edited.
    """
    own = home.path / "portals" / f"{name}.toml"
    text = (own if own.exists() else BUILT_IN / f"{name}.toml").read_text(encoding="utf-8-sig")
    if parse_portal(name, text, names(), str(own)).verified == date:
        return False
    put(own, with_key(text, "verified", f'"{date}"'))
    return True


def with_key(text: str, key: str, value: str) -> str:
    """A portal file's text with a top-level key set to a TOML value: in its line, else above the first table."""
    head = _TABLE.search(text)
    end = head.start() if head else len(text)
    top, rest = text[:end], text[end:]
    line = re.compile(rf"(?m)^{re.escape(key)}([ \t]*)=.*$")
    if line.search(top):
        return line.sub(lambda match: f"{key}{match[1]}= {value}", top, count=1) + rest
    above = f"{top.rstrip()}\n" if top.strip() else ""
    return f"{above}{key} = {value}\n" + (f"\n{rest}" if rest else "")


def put(path: Path, text: str) -> None:
    """Puts a portal file in place, whole or not at all. Raises PortalError for text that is none, and OSError."""
    parse_portal(path.stem, text, names(), str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.stem}.toml.tmp"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
