"""Arms a fuse in every Python process of a soak, and sets its clock.

This folder stands in their PYTHONPATH, and Python imports a module of this name at start. `SOAK_FUSE` (JSON) says at which
call of which function the process kills itself; tests/soak/boundaries.py makes it. Nothing of the program knows of this.
"""

import contextlib
import faulthandler
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any


class Fuse:
    """Kills its process at the `nth` time that `step` is reached."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.module, self.attribute, self.step = spec["module"], spec["attribute"], spec["step"]
        self.file, self.left = spec["file"], spec["nth"]

    def reached(self, step: str) -> None:
        """Counts down where it is the step that this fuse is for."""
        if step != self.step:
            return
        self.left -= 1
        if self.left:
            return
        with contextlib.suppress(FileExistsError), open(self.file, "x") as file:  # noqa: PTH123 (one process blows it)
            file.write(str(os.getpid()))
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    def wire(self, module: ModuleType) -> None:
        """Puts the fuse around the function. Raises AttributeError if the module has none of that name."""
        *path, name = self.attribute.split(".")
        owner: Any = functools.reduce(getattr, path, module)
        setattr(owner, name, self.around(getattr(owner, name)))

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with the fuse before and after it, or within the block that it is the context of."""
        if inspect.isgeneratorfunction(inspect.unwrap(function)) and hasattr(function, "__wrapped__"):

            @contextlib.contextmanager
            def block(*args: Any, **named: Any) -> Iterator[Any]:
                self.reached("before")
                with function(*args, **named) as value:
                    self.reached("begun")
                    yield value
                    self.reached("ending")
                self.reached("after")

            return block

        @functools.wraps(function)
        def call(*args: Any, **named: Any) -> Any:
            self.reached("before")
            value = function(*args, **named)
            self.reached("after")
            return value

        return call


class Finder(importlib.abc.MetaPathFinder):
    """Wires the fuse into its module right after that was loaded, before anyone can import a function from it."""

    def __init__(self, fuse: Fuse) -> None:
        self.fuse = fuse

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """See MetaPathFinder."""
        if name != self.fuse.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self.fuse.wire(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


faulthandler.register(signal.SIGUSR1)  # where its threads are, for whoever looks into one that hangs
if os.environ.get("SOAK_CLOCK"):
    import soak_clock  # type: ignore[import-not-found]  # beside this module

    soak_clock.shift(os.environ["SOAK_CLOCK"])
if os.environ.get("SOAK_FUSE"):
    fuse = Fuse(json.loads(os.environ["SOAK_FUSE"]))
    if fuse.module in sys.modules:  # os, say
        fuse.wire(sys.modules[fuse.module])
    else:
        sys.meta_path.insert(0, Finder(fuse))
