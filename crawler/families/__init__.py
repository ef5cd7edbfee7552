"""The families that a portal file may name. Adding one: a module here whose docstring is its manual, and a line below."""

from crawler.families.base import Family, Markup
from crawler.families.base import markup_of as _with_overrides
from crawler.families.generic import Generic
from crawler.families.gkmlpt import Gkmlpt
from crawler.families.hanweb import Hanweb
from crawler.families.hex import Hex
from crawler.families.lonsun import Lonsun
from crawler.families.querylist import Querylist
from crawler.families.trs import Trs
from crawler.families.ucap import Ucap
from crawler.families.uuid import Uuid
from crawler.families.vsb import Vsb
from crawler.portal import Portal

_FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (Trs(), Hanweb(), Gkmlpt(), Querylist(), Ucap(), Lonsun(), Vsb(), Uuid(), Hex(), Generic())
}

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
