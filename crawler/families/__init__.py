"""The families that a portal file may name. Adding one: a module here whose docstring is its manual, and a line below."""

from crawler.families.base import Family, Markup
from crawler.families.base import markup_of as _with_overrides
from crawler.families.generic import Generic
from crawler.families.gkmlpt import Gkmlpt
from crawler.families.hanweb import Hanweb
from crawler.families.trs import Trs
from crawler.portal import Portal

_FAMILIES: dict[str, Family] = {family.name: family for family in (Trs(), Hanweb(), Gkmlpt(), Generic())}

__all__ = ["Family", "Markup", "get", "markup_of", "names"]


def get(name: str) -> Family:
    """The family called `name`. Raises KeyError for an unknown one (portal files are checked before)."""
    return _FAMILIES[name]


def names() -> frozenset[str]:
    """What `family` may be in a portal file."""
    return frozenset(_FAMILIES)


def markup_of(portal: Portal) -> Markup:
    """The CSS selectors for a portal's report pages: its own first, its family's next."""
    return _with_overrides(portal, get(portal.family).markup)
