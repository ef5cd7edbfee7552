"""All of the program at once, for a process that lives for months.

A command imports what it needs where it needs it, and has ended before anybody could notice. The service must not: a new release
may be put in the place of this one while it runs, and half of each would be neither.
"""

import pkgutil
from importlib import import_module

import crawler.documents
import crawler.families
import crawler.page
import monitor

_PACKAGES = (monitor, crawler.page, crawler.families, crawler.documents)
_LIBRARIES = ("opencc", "requests", "warcio.archiveiterator", "warcio.warcwriter")
_OTHERS = tuple(
    f"monitor.{name}"
    for name in ("cli", "demo", "export", "inspection", "ocr", "restore", "scouting", "search", "web", "workers")
)
"""What only commands use, what runs in processes of its own, and what an installation without workers need not have: whoever opens
the engine imports that whole."""


def import_all() -> None:
    """Imports what the service may ever need."""
    for name in (*_LIBRARIES, "monitor.ocr.recogniser", "monitor.ocr.worker"):
        import_module(name)
    for package in _PACKAGES:
        _import(f"{package.__name__}.", list(package.__path__))


def _import(prefix: str, paths: list[str]) -> None:
    for _, name, is_package in pkgutil.iter_modules(paths, prefix):
        if name not in _OTHERS:
            module = import_module(name)
            if is_package:
                _import(f"{name}.", list(module.__path__))
