"""nianbao.toml: how this installation reads, when, and whom it tells.

In: the text of the file (docs/alerts.md, docs/settings.md) and the environment. Out: one frozen, validated
`Settings`, or a `SettingsError` of one line that names file, key and remedy. `${NAME}` in a string is read from the
environment; inside the user part or a query value of an address it is percent-encoded on the way in, so that a
password may hold any character. Neither `repr` nor `str` of these values shows a secret.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from crawler.portal import Policy, PolicyOverrides, decode_struct, seconds
from monitor.event_detail import KINDS
from monitor.redact import redact, secrets_of

FILE = "nianbao.toml"
LANGUAGES = ("zh", "en")
TOLD = tuple(kind for kind in KINDS if kind != "finding")
"""What a channel is told unless it says otherwise."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+")
_NAME = re.compile(r"[\w.-]+")

DEFAULT_TOML = """\
# Settings of this nianbao installation. Every line that is commented out shows its default.
# ${NAME} is read from the environment: write no password into this file.

[service]
# language   = "zh"               # of the messages: zh | en
# timezone   = "Asia/Shanghai"    # of the times in them, of digests and quiet hours
# user_agent = ""                 # how the crawler presents itself; empty: nianbao/VERSION and the contact
# contact    = ""                 # an address at which a webmaster reaches you
# heartbeat  = ""                 # pinged after each good pass
# web_url    = ""                 # where readers reach the staff pages; empty: messages name the command instead

[schedule]
# season          = "01-01..04-10"        # month-day: when reports are due
# season_passes   = ["08:30", "14:30"]    # local times of a day's passes within it
# offseason_passes = ["08:30"]            # and outside
# jitter          = "10m"                 # passes start up to this much later
# recheck_old     = "7d"                  # how often a report that is no longer news is checked again

[policy]                          # a portal's own file may say otherwise
# delay                  = 1.0    # seconds between two requests to one host
# concurrency            = 2      # requests in flight to one host
# obey_robots            = true
# takedown_confirmations = 3      # consecutive readings that must find a report gone
# takedown_after         = "24h"  # and at least this long
# allow_private          = false  # true: may fetch loopback and private addresses

# Who is told. Any Apprise address works; mailto(s), dingtalk, wecombot, feishu, lark, json(s) are tested here.
# [[channel]]
# name    = "office"
# url     = "mailtos://user:${SMTP_PASSWORD}@smtp.example.cn?to=desk@example.cn"
# kinds   = ["appeared", "changed", "taken_down", "restored", "moved", "overdue"]  # default: all but "finding"
# portals = ["*"]                 # names or patterns
# regions = ["33*"]               # GB/T 2260 codes or patterns
# organs  = ["*"]                 # names or patterns
# digest  = "none"                # none | hourly | daily@08:30
# quiet   = "22:00-07:00"         # held, not dropped
# max_attempts = 12               # tries before a delivery is given up, loudly
# timeout = 30                    # seconds to wait for the receiver
"""


class SettingsError(ValueError):
    """Settings that cannot be used; the message is one line that names file, key and remedy."""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[service]`."""

    language: str = "zh"
    timezone: str = "Asia/Shanghai"
    user_agent: str = ""
    contact: str = ""
    heartbeat: str = ""
    web_url: str = ""
    """Where readers reach the staff pages, without a final slash; empty: messages name the command instead."""

    def __repr__(self) -> str:
        fields = (f"{name}={redact(str(getattr(self, name)))!r}" for name in self.__struct_fields__)
        return f"Service({', '.join(fields)})"


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[schedule]`. Times are local ones of `service.timezone`."""

    season: str = "01-01..04-10"
    season_passes: tuple[str, ...] = ("08:30", "14:30")
    offseason_passes: tuple[str, ...] = ("08:30",)
    jitter: str = "10m"
    recheck_old: str = "7d"

    @property
    def jitter_seconds(self) -> int:
        """Most seconds by which a pass starts later."""
        return seconds(self.jitter, "schedule.jitter")

    @property
    def recheck_old_seconds(self) -> int:
        """Seconds between two checks of a report that is no longer news."""
        return seconds(self.recheck_old, "schedule.recheck_old")


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[channel]]`: one destination and what it is told."""

    name: str
    url: str
    """With the environment's values filled in: secret."""
    kinds: tuple[str, ...] = TOLD
    portals: tuple[str, ...] = ("*",)
    regions: tuple[str, ...] = ("*",)
    organs: tuple[str, ...] = ("*",)
    digest: str = "none"
    quiet: str = ""
    max_attempts: int = 12
    timeout: float = 30.0
    """Seconds to wait for the receiver."""

    @property
    def secrets(self) -> frozenset[str]:
        """What of the address must not be seen."""
        return secrets_of(self.url)

    @property
    def digest_at(self) -> str:
        """`08:30` of `daily@08:30`; empty for the others."""
        return self.digest.partition("@")[2]

    @property
    def quiet_hours(self) -> tuple[str, str] | None:
        """Local times between which nothing is sent: `("22:00", "07:00")`."""
        start, dash, end = self.quiet.partition("-")
        return (start, end) if dash else None

    def __repr__(self) -> str:
        scheme = self.url.partition("://")[0]
        return f"Channel(name={self.name!r}, url='{scheme}://***', kinds={self.kinds!r}, digest={self.digest!r})"


class Settings(msgspec.Struct, frozen=True):
    """nianbao.toml, whole."""

    service: Service = Service()
    schedule: Schedule = Schedule()
    policy: Policy = Policy()
    channels: tuple[Channel, ...] = ()

    def channel(self, name: str) -> Channel | None:
        """The channel of that name, or None."""
        return next((channel for channel in self.channels if channel.name == name), None)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    service: Service = Service()
    schedule: Schedule = Schedule()
    policy: PolicyOverrides = PolicyOverrides()
    channel: tuple[Channel, ...] = ()


def load_settings(home: Path, environ: Mapping[str, str], check_url: Callable[[str], str]) -> Settings:
    """`home`'s settings; the defaults where it has none.

    `check_url` says what is wrong with a channel's address, or "" (monitor.channels.check). Raises SettingsError.
    """
    path = home / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}; make it a readable UTF-8 file") from None
    return parse_settings(text, environ, check_url, where=str(path))


def parse_settings(
    text: str, environ: Mapping[str, str], check_url: Callable[[str], str], where: str = FILE
) -> Settings:
    """The text of nianbao.toml as Settings. `where` is how messages call the file. Raises SettingsError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{where}: not valid TOML: {error}; mend that line") from None
    used: set[str] = set()
    try:
        file = decode_struct({key: _filled(value, key, environ, used) for key, value in data.items()}, _File)
        _check_service(file.service)
        _check_schedule(file.schedule)
        _check_channels(file.channel, check_url)
        policy = Policy().overridden(file.policy)
    except ValueError as error:
        raise SettingsError(f"{where}: {redact(str(error), used)}".replace("\n", " ")) from None
    return Settings(service=file.service, schedule=file.schedule, policy=policy, channels=file.channel)


def _filled(value: Any, key: str, environ: Mapping[str, str], used: set[str]) -> Any:
    """`value` with each `${NAME}` in it replaced; what was read goes into `used`. Raises ValueError."""
    if isinstance(value, dict):
        return {name: _filled(inner, f"{key}.{name}", environ, used) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, f"{key}[{index}]", environ, used) for index, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    text: str = value

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"{key}: {match[0]} is no reference; write ${{NAME}} with a variable's name")
        if name not in environ:
            raise ValueError(f"{key}: ${{{name}}} is not set in the environment; export {name} before starting")
        used.add(environ[name])
        before, after = text[: match.start()], text[match.end() :]
        in_user = (
            "://" in before
            and not re.search(r"[/?#]", before.partition("://")[2])
            and ("@" in re.split(r"[/?#]", after, maxsplit=1)[0])
        )
        in_query = "?" in before and before.endswith("=")
        return quote(environ[name], safe="") if in_user or in_query else environ[name]

    return _REFERENCE.sub(fill, text)


def _check_service(service: Service) -> None:
    if service.language not in LANGUAGES:
        raise ValueError(f'service.language: "{service.language}" is not one of {", ".join(LANGUAGES)}; write one')
    try:
        ZoneInfo(service.timezone)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'service.timezone: "{service.timezone}" is no time zone; write one such as "Asia/Shanghai"'
        ) from None
    for key in ("heartbeat", "web_url"):
        value = getattr(service, key)
        if value and not re.match(r"https?://[^/\s]", value):
            raise ValueError(f"service.{key}: is not an http or https address; write one, or leave it empty")


def _check_schedule(schedule: Schedule) -> None:
    start, dots, end = schedule.season.partition("..")
    if not (dots and _DAY.fullmatch(start) and _DAY.fullmatch(end)):
        raise ValueError(f'schedule.season: "{schedule.season}" is no span; write month-day, such as "01-01..04-10"')
    for key in ("season_passes", "offseason_passes"):
        for index, time in enumerate(getattr(schedule, key)):
            if not _TIME.fullmatch(time):
                raise ValueError(f'schedule.{key}[{index}]: "{time}" is no time; write HH:MM, such as "08:30"')
    _ = schedule.jitter_seconds, schedule.recheck_old_seconds  # raise ValueError, naming the key


def _check_channels(channels: tuple[Channel, ...], check_url: Callable[[str], str]) -> None:
    seen: dict[str, int] = {}
    for index, channel in enumerate(channels):
        key = f"channel[{index}]"
        if not _NAME.fullmatch(channel.name):
            raise ValueError(f'{key}.name: "{channel.name}" may hold letters, digits, "_", "-" and "." only')
        if channel.name in seen:
            raise ValueError(f'{key}.name: "{channel.name}" is channel[{seen[channel.name]}]\'s too; rename one')
        seen[channel.name] = index
        if not channel.kinds:
            raise ValueError(f"{key}.kinds: is empty; leave the key out to be told everything but findings")
        for place, kind in enumerate(channel.kinds):
            if kind not in KINDS:
                raise ValueError(f'{key}.kinds[{place}]: unknown "{kind}"; {_nearest_kind(kind)}')
        if channel.digest not in ("none", "hourly") and not (
            channel.digest.startswith("daily@") and _TIME.fullmatch(channel.digest_at)
        ):
            raise ValueError(f'{key}.digest: "{channel.digest}" is none of none, hourly, daily@HH:MM')
        hours = channel.quiet_hours
        if channel.quiet and (hours is None or not all(_TIME.fullmatch(time) for time in hours)):
            raise ValueError(f'{key}.quiet: "{channel.quiet}" is no span; write HH:MM-HH:MM, such as "22:00-07:00"')
        if hours and hours[0] == hours[1]:
            raise ValueError(f'{key}.quiet: "{channel.quiet}" is empty or the whole day; give two different times')
        if channel.max_attempts < 1:
            raise ValueError(f"{key}.max_attempts: {channel.max_attempts} is too small; 1 is the least")
        if not 0 < channel.timeout <= 600:
            raise ValueError(f"{key}.timeout: {channel.timeout} is out of range; give seconds between 0 and 600")
        if not _SCHEME.fullmatch(channel.url):
            raise ValueError(f'{key}.url: is no address; write one that begins with a scheme, such as "mailto://"')
        if problem := check_url(channel.url):
            raise ValueError(f"{key}.url: {redact(problem, channel.secrets)}")


def _nearest_kind(kind: str) -> str:
    close = get_close_matches(kind, KINDS, n=1, cutoff=0.5)
    return f'did you mean "{close[0]}"?' if close else f"known: {', '.join(KINDS)}"
