"""CSS selectors for an element that will still name it tomorrow and on the next page.

Pure. Only ids and classes that read like names someone chose: no positions (`nth-child`), no states (`active`, `odd`), no names that a
build tool or a database made up (`_3fK2a`, `post-7043272`).
"""

import re
from collections.abc import Iterator, Sequence

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{1,40}")
_MADE_UP = re.compile(
    r"\d{3,}|[0-9a-f]{8,}|(?:^|[-_])[a-z]*\d+[a-z][a-z0-9]*$|^(?:css|sc|jss|ng|v|js|data)-|^_|__\w{5}$", re.I
)
_STATE = re.compile(
    r"(?:.*[-_])?(?:on|off|cur|curr|current|active|selected|hover|odd|even|first|last|open|close|show|hide|hidden|block|none|clearfix|clear|cf|fl|fr|left|right|"
    r"bold|red|gray|disabled|m[tblrxy]?|p[tblrxy]?|w|h)(?:[-_]?\d{1,3})?",
    re.I,
)


def stable(name: str) -> bool:
    """Whether an id or class is a name that someone chose for what the element is."""
    return bool(_NAME.fullmatch(name)) and not _MADE_UP.search(name) and not _STATE.fullmatch(name)


def own(tag: str, identifier: str | None, classes: str | None) -> Iterator[str]:
    """Selectors that name an element by itself, best first."""
    if identifier and stable(identifier.strip()):
        yield f"#{identifier.strip()}"
    names = [name for name in (classes or "").split() if stable(name)]
    for name in names:
        yield f"{tag}.{name}"
    if len(names) > 1:
        yield f"{tag}." + ".".join(names[:3])


def within(outer: Sequence[str], inner: Sequence[str]) -> Iterator[str]:
    """Selectors of an element by a box that it stands in."""
    for box in outer:
        for name in inner:
            yield f"{box} {name}"
