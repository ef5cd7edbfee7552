"""Imports at the start of a process, without what costs time and serves nothing there."""

import contextlib
import gc
import inspect
import sys
from collections.abc import Iterator
from types import SimpleNamespace


@contextlib.contextmanager
def swift() -> Iterator[None]:
    """For a process with one thread that imports what stays to its end.

    Nothing is collected meanwhile: there is nothing to be found. And who asks for the stack is told no more than which module it is
    of: Scrapy asks, for each class that it keeps for old programs, in order to name its module, and `inspect` looks at the sources of
    all modules for that, a tenth of the whole start.
    """
    collecting, stack = gc.isenabled(), inspect.stack
    gc.disable()
    inspect.stack = _nearest  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.stack = stack
        if collecting:
            gc.enable()


def _nearest(_: int = 1) -> list[tuple[SimpleNamespace]]:
    """Of who asks and of its caller: something that `inspect.getmodule` knows the module of."""
    asking = sys._getframe(1)
    frames = (asking, asking.f_back or asking)
    return [(SimpleNamespace(__module__=frame.f_globals["__name__"]),) for frame in frames]
