"""What an event says, of what: so that a record which does not know that it was told can see that it was. Pure.

An event's key names its subject and counts (`changed:PORTAL:ORGAN:YEAR:VARIANT:2`). The number alone proves nothing once
a record was replaced by an older copy: there the second change may be another one. So what counts is the subject and
what was said of it last. Kinds that follow one another (a take-down and what restores it) have one subject.
"""

import hashlib
import re

import msgspec

from monitor.event_detail import (
    Baseline,
    Changed,
    Detail,
    Finding,
    Moved,
    PortalTrouble,
    Service,
)

_FAMILIES = {
    "appeared": "content", "changed": "content", "taken_down": "presence", "restored": "presence",
    "delisted": "listing", "relisted": "listing", "moved": "address", "portal_down": "portal", "portal_broken": "portal",
    "portal_recovered": "portal",
}  # fmt: skip
_NUMBERED = re.compile(r"([a-z_]+):(.*):\d+", re.DOTALL)


def said(kind: str, detail: Detail | None, content: str) -> str:
    """What an event of that kind says of its subject, as a hash. `detail` None: it cannot be read. `content`: the hash of
    the version that it is about."""
    essentials: list[object]
    match detail:
        case Changed(reason=reason):
            essentials = [content, reason]
        case Moved(to_url=address):
            essentials = [address]
        case Finding(rule=rule, detail=text):
            essentials = [content, rule, text]
        case PortalTrouble(sections=sections, gone=gone):
            essentials = [kind, sorted(sections), gone > 0]
        case Baseline(reports=reports, organs=organs, sections=lists, overdue=overdue):
            essentials = [reports, organs, lists, len(overdue)]
        case Service(what=what, channel=channel, last_verified_at=verified):
            essentials = [what, channel, verified]
        case _ if kind == "appeared":
            essentials = [content, ""]
        case _:
            essentials = [kind]
    return hashlib.sha256(msgspec.json.encode(essentials)).hexdigest()[:16]


def subject(key: str, said: str, purpose: str) -> str:
    """What the event with that key says something of."""
    if purpose != "event":
        return key
    match = _NUMBERED.fullmatch(key)
    if match is None:
        return key
    kind, about = match.groups()
    if kind == "finding":  # each is a matter of its own
        return f"finding:{about}:{said}"
    return f"{_FAMILIES.get(kind, kind)}:{about}"
