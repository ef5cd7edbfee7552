"""Every portal is a spider: `scrapy list` and `scrapy crawl NAME` read portal files.

Built-in files lie in crawler/portals/, the operator's in HOME/portals/ (`NIANBAO_HOME`, else `state/` beside
scrapy.cfg); a file of the same name overrides. A small class in crawler/spiders/ whose `name` is a portal's is used in
place of the general one, where a portal fits no family.
"""

import os
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, Self

from crawler import families, spiders
from crawler.portal import BUILT_IN, Portal, PortalError, parse_portal

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.settings import BaseSettings


Names = list[str]  # inside the loader, `list` is Scrapy's name for another thing


def default_home() -> Path:
    """`NIANBAO_HOME`, else `state/` beside scrapy.cfg (the current folder, if that is not a checkout)."""
    given = os.environ.get("NIANBAO_HOME")
    if given:
        return Path(given)
    root = Path(__file__).resolve().parent.parent
    return (root if (root / "scrapy.cfg").exists() else Path.cwd()) / "state"


def load_portals(home: Path | None) -> dict[str, Portal]:
    """All portals by name, in order of name; those of HOME/portals/ override. `home` None: the built-in ones only.

    Raises PortalError: one line that names file, key and remedy.
    """
    portals: dict[str, Portal] = {}
    for folder in (BUILT_IN, home / "portals" if home is not None else None):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            portals[path.stem] = load_portal(path)
    return dict(sorted(portals.items()))


def load_portal(path: Path) -> Portal:
    """One portal file. Raises PortalError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PortalError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PortalError(f"{path}: not UTF-8; save it as UTF-8") from None
    return parse_portal(path.stem, text, families.names(), str(path))


class PortalSpiderLoader:
    """Scrapy's SPIDER_LOADER_CLASS: a spider class for each portal file, made when asked for."""

    def __init__(self, home: Path | None) -> None:
        self._portals = load_portals(home)

    @classmethod
    def from_settings(cls, settings: "BaseSettings") -> Self:
        """The loader for NIANBAO_HOME (setting or environment)."""
        home = settings.get("NIANBAO_HOME")
        return cls(Path(home) if home else default_home())

    def list(self) -> Names:
        """Names of all portals."""
        return [*self._portals]

    def load(self, spider_name: str) -> "type[Spider]":
        """The spider class of a portal. Raises KeyError (Scrapy's message for an unknown spider follows from it)."""
        if spider_name not in self._portals:
            raise KeyError(f"Spider not found: {spider_name}")
        return spider_class(self._portals[spider_name])

    def find_by_request(self, request: "Request") -> Names:
        """Names of the portals whose hosts hold the request's address."""
        from crawler.guard import Guard
        from crawler.portal import Policy

        return [name for name, portal in self._portals.items() if Guard(portal, Policy()).allows_host(request.url)]


def spider_class(portal: Portal) -> "type[Spider]":
    """A spider class for a portal: its exception in crawler/spiders/, else the general one."""
    from crawler.spiders.portal_spider import PortalSpider

    base: Any = PortalSpider
    for module in iter_modules(spiders.__path__):
        if module.name == portal.name:
            base = next(
                candidate
                for candidate in vars(import_module(f"{spiders.__name__}.{module.name}")).values()
                if isinstance(candidate, type) and issubclass(candidate, PortalSpider) and candidate is not PortalSpider
            )
    return type(f"{portal.name}_spider", (base,), {"name": portal.name, "portal": portal})
