"""The families that a portal file may name. Adding one: a module here whose docstring is its manual, with a class of its name,
and its name below. A family is imported when a portal of it is read: a pass needs one of them, and the supervisor none.
"""

from functools import cache
from importlib import import_module

from crawler.families.base import Family, Markup
from crawler.families.base import markup_of as _with_overrides
from crawler.portal import Portal

_NAMES = ("trs", "hanweb", "gkmlpt", "querylist", "ucap", "lonsun", "vsb", "uuid", "hex", "generic")

__all__ = ["Family", "Markup", "get", "markup_of", "names"]


@cache
def get(name: str) -> Family:
    """The family called `name`. Raises KeyError for an unknown one (portal files are checked before)."""
    if name not in _NAMES:
        raise KeyError(name)
    family: Family = getattr(import_module(f"{__name__}.{name}"), name.capitalize())()
    return family


def names() -> frozenset[str]:
    """What `family` may be in a portal file."""
    return frozenset(_NAMES)


def markup_of(portal: Portal) -> Markup:
    """The CSS selectors for a portal's report pages: its own first, its family's next."""
    return _with_overrides(portal, get(portal.family).markup)
