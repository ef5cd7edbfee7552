"""A group's commands, each imported when it is called: nobody waits for the parts of commands that were not asked for.

In: where each command is, and the beginning of its help. Out: a mapping that click takes for the group's commands. Lists
(`--help`, what a shell completes, a name that was mistyped) need no more than names and beginnings.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module

import click


class Commands(MutableMapping[str, click.Command]):
    """Commands by name."""

    def __init__(self, elsewhere: Mapping[str, tuple[str, str]]) -> None:
        """`elsewhere`: by name, `module:attribute`, and the first sentence of the help (a test holds it to the command's)."""
        self._elsewhere = elsewhere
        self._here: dict[str, click.Command] = {}

    def listed(self, name: str) -> click.Command | None:
        """A command as lists show it: of one that nobody called yet, name and beginning."""
        if name in self._here or name not in self._elsewhere:
            return self._here.get(name)
        return click.Command(name, help=self._elsewhere[name][1])

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._here:
            module, _, attribute = self._elsewhere[name][0].partition(":")
            self._here[name] = getattr(import_module(module), attribute)
        return self._here[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._here[name] = command

    def __delitem__(self, name: str) -> None:
        del self._here[name]

    def __contains__(self, name: object) -> bool:
        return name in self._here or name in self._elsewhere

    def __iter__(self) -> Iterator[str]:
        return iter({**self._elsewhere, **self._here})

    def __len__(self) -> int:
        return len({**self._elsewhere, **self._here})
