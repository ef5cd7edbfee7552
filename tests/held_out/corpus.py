"""All sites."""

import importlib
from collections.abc import Callable

from tests.held_out.site import Site

MODULES = ("trs", "hanweb", "gkmlpt", "ucap", "lonsun", "querylist", "vsb", "uuids", "hexa", "unknown", "hard")


def sites() -> list[Callable[[], Site]]:
    return [make for name in MODULES for make in importlib.import_module(f"tests.held_out.{name}").SITES]
