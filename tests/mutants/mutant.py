"""What a mutant is: one place of the code bent, so that one sentence of the law no longer holds, and the tests that notice."""

from pathlib import Path

import msgspec


class Stale(ValueError):
    """The code that a mutant bends is not there, or stands there more than once."""


class Mutant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`old` stands in `file` exactly once; with `new` in its place `law` is broken, and one of `killers` must fail."""

    name: str
    law: str
    """A key of `LAW`."""
    bends: str
    """What of it is bent, in the words of the law."""
    file: str
    old: str
    new: str
    killers: tuple[str, ...]
    """Node ids of tests."""

    def apply(self, root: Path) -> str:
        """The bent text of its file under `root`. Raises Stale."""
        path = root / self.file
        text = path.read_text("utf-8") if path.exists() else ""
        found = text.count(self.old)
        if found != 1 or self.new == self.old:
            raise Stale(f"{self.name}: {self.file} holds its text {found} times, not once: {self.old!r}")
        return text.replace(self.old, self.new)
