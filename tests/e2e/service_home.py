"""A home for tests of the service: the built-in portals, which are real websites, are disabled in it."""

import re
from pathlib import Path

from crawler.portal import BUILT_IN


def disable_built_in(home: Path) -> None:
    """Overrides each built-in portal by the same file with `enabled = false`."""
    folder = home / "portals"
    folder.mkdir(parents=True, exist_ok=True)
    for file in BUILT_IN.glob("*.toml"):
        text = re.sub(r"(?m)^enabled\s*=.*\n", "", file.read_text(encoding="utf-8"))
        (folder / file.name).write_text(f"enabled = false\n{text}", encoding="utf-8")
