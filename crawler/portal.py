"""What a portal file may say.

In: the text of a TOML file (docs/portals.md). Out: a frozen, validated `Portal`, or a `PortalError` that names the
file, the key, what is wrong with it and what would be right. Nothing here touches the network or the clock.
"""

import difflib
import hashlib
import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import cssselect
import msgspec

from crawler.hours import parse_hours

BUILT_IN = Path(__file__).parent / "portals"

Level = Literal["province", "prefecture", "county", "township", "department"]
OrganKind = Literal["government", "office", "department", "township"]

_NAME = re.compile(r"[a-z0-9_]+")
LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}")
"""Of workers and of their exits to the network: part of a queue's name."""
_REGION = re.compile(r"\d{6}")
_SITE_ID = re.compile(r"\d{10}|bm\d{8}")
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = 3653 * 86400
T = TypeVar("T", bound=msgspec.Struct)


class PortalError(ValueError):
    """A portal file that cannot be used; the message is one line that names file, key and remedy."""


class Selectors(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """CSS selectors that override the family's; empty means the family's own."""

    link: str = ""
    next: str = ""
    title: str = ""
    date: str = ""
    source: str = ""
    body: str = ""


class PolicyOverrides(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`[policy]` as written in a portal file or in nianbao.toml: only what it sets."""

    delay: float | None = None
    concurrency: int | None = None
    obey_robots: bool | None = None
    takedown_confirmations: int | None = None
    takedown_after: str | None = None
    allow_private: bool | None = None
    quiet: str | None = None
    old_tls: bool | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a portal is read and when a report counts as taken down."""

    delay: float = 1.0
    """Seconds between two requests to one host."""
    concurrency: int = 2
    """Requests in flight to one host."""
    obey_robots: bool = True
    takedown_confirmations: int = 3
    """Consecutive readings that must find a report gone."""
    takedown_after: int = 86400
    """Seconds that those readings must span at least."""
    allow_private: bool = False
    """Whether loopback and private addresses may be fetched (tests, intranets)."""
    quiet: str = ""
    """Local times between which no scheduled pass asks the portal: `22:00-06:00`."""
    old_tls: bool = False
    """Whether TLS 1.0 and 1.1, their ciphers and renegotiation without RFC 5746 will do."""

    def overridden(self, by: PolicyOverrides) -> "Policy":
        """This policy with every value that `by` sets. Raises ValueError (`key: what is wrong`)."""
        changes: dict[str, Any] = {
            key: value for key in by.__struct_fields__ if (value := getattr(by, key)) is not None
        }
        if "takedown_after" in changes:
            changes["takedown_after"] = seconds(changes["takedown_after"], "policy.takedown_after")
        parse_hours(changes.get("quiet", ""), "policy.quiet")
        for key, least in (("delay", 0), ("concurrency", 1), ("takedown_confirmations", 1)):
            if key in changes and not math.isfinite(changes[key]):
                raise ValueError(f"policy.{key}: {changes[key]} is no number of seconds; write one such as 1.0")
            if key in changes and changes[key] < least:
                raise ValueError(f"policy.{key}: {changes[key]} is too small; {least} is the least")
        return msgspec.structs.replace(self, **changes)


class Organ(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An organ that must publish on the portal."""

    name: str
    aliases: tuple[str, ...] = ()
    kind: OrganKind | None = None
    since: int | None = None
    """First report year that it owes."""
    until: int | None = None
    """Last report year that it owes."""


class Portal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One government website. `name` is the stem of its file."""

    name: str
    title: str
    family: str
    sections: tuple[str, ...]
    site_id: str = ""
    organ: str = ""
    organs: tuple[Organ, ...] = ()
    formerly: str = ""
    region: str = ""
    level: Level = "county"
    render: bool = False
    enabled: bool = True
    allowed_hosts: tuple[str, ...] = ()
    verified: str = ""
    proxy: str = ""
    exit: str = ""
    selectors: Selectors = Selectors()
    policy: PolicyOverrides = PolicyOverrides()

    @property
    def hosts(self) -> frozenset[str]:
        """Host names (lower case, no port) of the portal's own sections."""
        return frozenset(host for section in self.sections if (host := urlsplit(section).hostname))

    def rules(self, revision: str) -> str:
        """Hash (16 hex digits) of what reads this portal's report pages: `revision`, family, selectors, rendering."""
        own = self.selectors
        return _digest(revision, self.family, self.render, self.organ, own.title, own.date, own.source, own.body)

    def list_rules(self, revision: str) -> str:
        """Hash (16 hex digits) of what reads this portal's lists: `revision`, family, selectors, rendering."""
        return _digest(revision, self.family, self.render, self.selectors.link, self.selectors.next)


def _digest(*what: object) -> str:
    return hashlib.sha256(msgspec.json.encode(what)).hexdigest()[:16]


def proxy_address(portal: Portal, environ: Mapping[str, str]) -> str:
    """The portal's proxy, each `${NAME}` in it read from the environment: the secret is in no file of ours.

    Raises PortalError for a variable that is not set.
    """

    def fill(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise PortalError(
                f"{portal.name}.toml: proxy: ${{{match[1]}}} is not set in the environment; export {match[1]} before starting"
            )
        return environ[match[1]]

    return _VARIABLE.sub(fill, portal.proxy)


def seconds(text: str, key: str) -> int:
    """`"24h"` → 86400. Units: s, m, h, d. Raises ValueError that names `key`."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{key}: "{text}" is not a duration; write a number and s, m, h or d, such as "24h"')
    result = int(match[1]) * _SECONDS[match[2]] if len(match[1]) < 12 else _LONGEST + 1
    if result > _LONGEST:
        raise ValueError(f'{key}: "{text}" is longer than ten years; write a shorter time, such as "24h"')
    return result


def decode_struct(data: Mapping[str, Any], kind: type[T]) -> T:
    """`data` as a `kind`, strictly. Raises ValueError: `key: what is wrong; what would be right`."""
    try:
        return msgspec.convert(dict(data), kind, strict=True)
    except msgspec.ValidationError as error:
        raise ValueError(_explain(str(error), data, kind)) from None


def parse_portal(name: str, text: str, families: frozenset[str], where: str = "") -> Portal:
    """Reads a portal file's text.

    `where` is how messages call the file (default `NAME.toml`). Raises PortalError.
    """
    where = where or f"{name}.toml"

    def refuse(message: str) -> PortalError:
        return PortalError(f"{where}: {message}")

    if not _NAME.fullmatch(name):
        raise refuse(f'the file\'s name "{name}" may hold only a-z, 0-9 and _; rename it')
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise refuse(f"not valid TOML: {error}") from None
    if "name" in data:
        raise refuse("name: the file's stem is the portal's name; delete this key")
    organs = data.get("organs")
    if isinstance(organs, list):
        data["organs"] = [{"name": organ} if isinstance(organ, str) else organ for organ in organs]
    try:
        portal = decode_struct({"name": name, **data}, Portal)
        _check(portal, families)
        Policy().overridden(portal.policy)
    except ValueError as error:
        raise refuse(str(error)) from None
    return portal


def _check(portal: Portal, families: frozenset[str]) -> None:
    if portal.family not in families:
        raise ValueError(f'family: unknown "{portal.family}"; {_nearest(portal.family, families)}')
    if not portal.title.strip():
        raise ValueError("title: is empty; write the portal's name as people know it")
    if not portal.sections:
        raise ValueError("sections: is empty; give at least one address of a list page")
    for index, section in enumerate(portal.sections):
        parts = _split(section, f"sections[{index}]")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f'sections[{index}]: "{section}" is not an http or https address')
        if "@" in parts.netloc:
            raise ValueError(
                f"sections[{index}]: holds a user or a password, which messages would show; write the address without it"
            )
        for field in re.findall(r"\{(.*?)\}", section):
            if field != "year":
                raise ValueError(f"sections[{index}]: unknown {{{field}}}; only {{year}} is filled in")
    for index, host in enumerate(portal.allowed_hosts):
        if not host or "/" in host or (":" in host.strip("[]").removeprefix("::") and "." in host):
            raise ValueError(
                f'allowed_hosts[{index}]: "{host}" is not a bare host name; write it without scheme and port'
            )
    if portal.region and not _REGION.fullmatch(portal.region):
        raise ValueError(f'region: "{portal.region}" is not a GB/T 2260 code of six digits')
    if portal.site_id and not _SITE_ID.fullmatch(portal.site_id):
        raise ValueError(f'site_id: "{portal.site_id}" is neither ten digits nor bm and eight digits')
    if portal.formerly and not _NAME.fullmatch(portal.formerly):
        raise ValueError(f'formerly: "{portal.formerly}" is not a portal\'s name (a-z, 0-9 and _)')
    if portal.exit and not LABEL.fullmatch(portal.exit):
        raise ValueError(f'exit: "{portal.exit}" is no label; write letters, digits, dots, dashes and underscores')
    if portal.verified and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", portal.verified):
        raise ValueError(f'verified: "{portal.verified}" is not a date such as 2026-11-22')
    for key in portal.selectors.__struct_fields__:
        try:
            cssselect.parse(getattr(portal.selectors, key) or "*")
        except cssselect.SelectorError as error:
            raise ValueError(f"selectors.{key}: not a CSS selector: {error}; write one such as div.content") from None
    named: dict[str, int] = {}
    for index, organ in enumerate(portal.organs):
        if not organ.name.strip():
            raise ValueError(f"organs[{index}].name: is empty")
        for name in {organ.name, *organ.aliases}:
            if named.setdefault(name.strip(), index) != index:
                raise ValueError(f'organs[{index}]: "{name}" is organs[{named[name.strip()]}] already; name each once')
        if organ.since and organ.until and organ.until < organ.since:
            raise ValueError(f"organs[{index}].until: {organ.until} is before since = {organ.since}")


def _split(url: str, key: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f'{key}: "{url}" is not an address: {error}') from None
    return parts


def _nearest(word: str, known: frozenset[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.5)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(sorted(known))}"


def _explain(message: str, data: Mapping[str, Any], kind: type[msgspec.Struct]) -> str:
    """msgspec's sentence, turned round: the key first, then what is wrong, then the remedy."""
    problem, _, path = message.partition(" - at `")
    path = path.rstrip("`").removeprefix("$").removeprefix(".")
    unknown = re.search(r"unknown field `(.+?)`", problem)
    if unknown:
        fields = _fields_at(kind, path)
        key = f"{path}.{unknown[1]}" if path else unknown[1]
        return f"{key}: unknown key; {_nearest(unknown[1], fields)}"
    missing = re.search(r"missing required field `(.+?)`", problem)
    if missing:
        key = f"{path}.{missing[1]}" if path else missing[1]
        return f"{key}: is missing; it is required"
    return f"{path or 'file'}: {problem[0].lower()}{problem[1:]}"


def _fields_at(kind: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    """Names that may stand at `path` (`policy`, `organs[0]`) below `kind`."""
    info: Any = msgspec.inspect.type_info(kind)
    for step in filter(None, re.sub(r"\[.*?\]", "", path).split(".")):
        info = next((field.type for field in info.fields if field.encode_name == step), info)
        while not isinstance(info, msgspec.inspect.StructType):
            inner = getattr(info, "item_type", None) or getattr(info, "types", (None,))[0]
            if inner is None:
                return ()
            info = inner
    return tuple(field.encode_name for field in info.fields if field.encode_name != "name" or info.cls is not Portal)
