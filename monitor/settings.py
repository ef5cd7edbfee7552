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
from monitor.settings_web import Web, check_web
from monitor.settings_workers import check_workers

FILE = "nianbao.toml"
LANGUAGES = ("zh", "en")
TOLD = tuple(kind for kind in KINDS if kind != "finding")
"""What a channel is told unless it says otherwise."""

_REFERENCE = re.compile(r"\$\{([^}]*)\}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+")
_NAME = re.compile(r"[\w.-]+")
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d{1,5})")
_SIZE = re.compile(r"(\d{1,9})\s*([KMGT]?B)")
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
LOGS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warning", "error")

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
# listen     = "127.0.0.1:8765"   # where `serve` answers /health and /metrics; empty: nowhere
# log        = "text"             # of `serve`: text | json
# log_level  = "info"             # debug | info | warning | error
# log_file   = ""                 # besides standard error: a file, rotated by size; relative to this folder
# disk_low   = "2GB"              # with less room than this left, operators are told
# parallel   = 200                # portals read at the same time; never two on one host
# together   = 50                 # of them, read by one process; 1: each has a process of its own
# pass_time  = "2h"               # a pass that takes longer is ended
# pass_memory = "1500MB"          # a pass whose processes take more is ended; the browser counts for itself:
# browser_memory = "1500MB"       # all of it; a single page of it gets 600 MB
# browser_pages = 4               # that are open in it at the same time
# keep_runs  = 3                  # run folders that stay per portal, for whoever wants to look
# keep_runs_for = "30d"           # and no longer than this; those that could not be settled stay as long
# engine     = "local"            # who makes passes: local | celery, the workers of docs/scaling.md, which need:
# broker     = ""                 # "redis://:${REDIS_PASSWORD}@10.0.0.1:6379/0", or RabbitMQ: "amqp://..."
# results    = ""                 # Redis where passes are claimed and handed back; empty: the broker
# parcels    = ""                 # a place for big run folders: "/mnt/share/parcels", "s3://bucket/nianbao"
# worker_lost = "5m"              # a worker that is not heard of for so long is lost, and its passes with it

[schedule]
# season             = "01-01..04-15"      # month-day: when reports are due
# season_passes      = ["08:30", "14:30", "20:30"]  # local times of a day's full passes within it
# offseason_passes   = ["08:30"]           # and outside
# season_discover    = "2h"                # how often the lists alone are read in between; "": never
# offseason_discover = "12h"
# jitter             = "10m"               # full passes start up to this much later
# recheck_old        = "7d"                # how often a report that is no longer news is checked again

[policy]                          # a portal's own file may say otherwise
# delay                  = 1.0    # seconds between two requests to one host
# concurrency            = 2      # requests in flight to one host
# obey_robots            = true
# takedown_confirmations = 3      # consecutive readings that must find a report gone
# takedown_after         = "24h"  # and at least this long
# allow_private          = false  # true: may fetch loopback and private addresses
# quiet                  = ""     # "22:00-06:00": local times between which no scheduled pass asks a portal
# old_tls                = false  # true: TLS 1.0 and 1.1 will do; rather for single portals, in their files

[web]                             # the staff pages: `nianbao web`, `nianbao serve --web`
# listen      = "127.0.0.1:8766"  # reached from other machines only once somebody has to sign in:
# session     = "12h"             # after which whoever signed in does so again
# certificate = ""                # PEM file for https; empty: http, as behind a proxy that speaks https
# key         = ""                # its key, where that is a file of its own

# [[web.user]]
# name     = "王芳"
# password = "scrypt$32768$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="  # `nianbao web password`
# role     = "editor"             # reader | editor: may also settle what others say of events

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


APART = 8
"""Passes at the same time that need a process of their own (a browser), whatever `parallel` allows."""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[service]`."""

    language: str = "zh"
    timezone: str = "Asia/Shanghai"
    user_agent: str = ""
    contact: str = ""
    heartbeat: str = ""
    web_url: str = ""
    """Where readers reach the staff pages, without a final slash; empty: messages name the command instead."""
    listen: str = "127.0.0.1:8765"
    """Host and port at which `serve` answers /health and /metrics; empty: nowhere."""
    log: str = "text"
    log_level: str = "info"
    log_file: str = ""
    """Written besides standard error; relative to the home. Empty: none."""
    disk_low: str = "2GB"
    parallel: int = 200
    """Passes at the same time."""
    together: int = 50
    """Passes that one process makes at the same time."""
    pass_time: str = "2h"  # noqa: S105 (of a pass, no password)
    pass_memory: str = "1500MB"  # noqa: S105
    browser_memory: str = "1500MB"
    browser_pages: int = 4
    """Open at the same time, whatever the number of passes."""
    keep_runs: int = 3
    """Run folders that stay per portal once they are settled."""
    keep_runs_for: str = "30d"
    engine: str = "local"
    """Who makes passes."""
    broker: str = ""
    """With the environment's values filled in, as the next two: secret."""
    results: str = ""
    parcels: str = ""
    """An address as fsspec knows them; empty: all travels through the broker."""
    worker_lost: str = "5m"

    @property
    def register_address(self) -> str:
        """The Redis where passes are claimed and handed back."""
        return self.results or self.broker

    @property
    def worker_lost_seconds(self) -> int:
        """After which a worker that is not heard of is lost."""
        return seconds(self.worker_lost, "service.worker_lost")

    @property
    def pass_time_seconds(self) -> int:
        """By the clock, after which a pass is ended."""
        return seconds(self.pass_time, "service.pass_time")

    @property
    def pass_memory_bytes(self) -> int:
        """What all processes of a pass may take together."""
        return size(self.pass_memory, "service.pass_memory")

    @property
    def browser_memory_bytes(self) -> int:
        """What all processes of the one browser may take together."""
        return size(self.browser_memory, "service.browser_memory")

    @property
    def keep_runs_for_seconds(self) -> int:
        """Seconds for which a run folder stays at most."""
        return seconds(self.keep_runs_for, "service.keep_runs_for")

    @property
    def listens_at(self) -> tuple[str, int] | None:
        """Host and port of `listen`; None: it listens nowhere."""
        match = _LISTEN.fullmatch(self.listen)
        return (match[1].strip("[]"), int(match[2])) if match else None

    @property
    def disk_low_bytes(self) -> int:
        """Room on the disk under which operators are told."""
        return size(self.disk_low, "service.disk_low")

    def __repr__(self) -> str:
        fields = (f"{name}={redact(str(getattr(self, name)))!r}" for name in self.__struct_fields__)
        return f"Service({', '.join(fields)})"


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[schedule]`. Times are local ones of `service.timezone`."""

    season: str = "01-01..04-15"
    season_passes: tuple[str, ...] = ("08:30", "14:30", "20:30")
    """Times of full passes."""
    offseason_passes: tuple[str, ...] = ("08:30",)
    season_discover: str = "2h"
    """How often the lists alone are read in between; empty: never."""
    offseason_discover: str = "12h"
    jitter: str = "10m"
    recheck_old: str = "7d"

    @property
    def season_discover_seconds(self) -> int:
        """Seconds between two looks at the lists within the season; 0: there are none."""
        return seconds(self.season_discover, "schedule.season_discover") if self.season_discover else 0

    @property
    def offseason_discover_seconds(self) -> int:
        """The same outside of it."""
        return seconds(self.offseason_discover, "schedule.offseason_discover") if self.offseason_discover else 0

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
    web: Web = Web()

    def channel(self, name: str) -> Channel | None:
        """The channel of that name, or None."""
        return next((channel for channel in self.channels if channel.name == name), None)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    service: Service = Service()
    schedule: Schedule = Schedule()
    policy: PolicyOverrides = PolicyOverrides()
    channel: tuple[Channel, ...] = ()
    web: Web = Web()


def size(text: str, key: str) -> int:
    """`"2GB"` → 2,000,000,000 bytes. Units: B, KB, MB, GB, TB. Raises ValueError that names `key`."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{key}: "{text}" is not a size; write a number and B, KB, MB, GB or TB, such as "2GB"')
    return int(match[1]) * _UNITS[match[2]]


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
        check_web(file.web)
        policy = Policy().overridden(file.policy)
    except ValueError as error:
        raise SettingsError(f"{where}: {redact(str(error), used)}".replace("\n", " ")) from None
    return Settings(service=file.service, schedule=file.schedule, policy=policy, channels=file.channel, web=file.web)


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
    for key in ("user_agent", "contact"):
        value = getattr(service, key)
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise ValueError(f"service.{key}: holds a line break or a control character; write one line")
        if re.search(r"://[^/\s@]*:[^/\s@]*@", value):
            raise ValueError(f"service.{key}: holds a password, which every portal would be sent; leave it out")
    for key in ("heartbeat", "web_url"):
        value = getattr(service, key)
        if value and not re.match(r"https?://[^/\s]", value):
            raise ValueError(f"service.{key}: is not an http or https address; write one, or leave it empty")
    if service.listen:
        at = service.listens_at
        if at is None or at[1] > 65535:
            raise ValueError(
                f'service.listen: "{service.listen}" is no host and port; write one such as "127.0.0.1:8765", or leave it empty'
            )
    for key, known in (("log", LOGS), ("log_level", LOG_LEVELS)):
        if getattr(service, key) not in known:
            raise ValueError(f'service.{key}: "{getattr(service, key)}" is not one of {", ".join(known)}; write one')
    if service.keep_runs < 0:
        raise ValueError(f"service.keep_runs: {service.keep_runs} is too small; 0 is the least")
    _ = service.keep_runs_for_seconds
    _ = service.disk_low_bytes  # raises ValueError, naming the key
    if not 1 <= service.parallel <= 1000:
        raise ValueError(f"service.parallel: {service.parallel} is out of range; write 1 to 1000")
    check_workers(service)
    if not 1 <= service.together <= 100:
        raise ValueError(f"service.together: {service.together} is out of range; write 1 to 100")
    if not 60 <= service.pass_time_seconds <= 86400:
        raise ValueError(f'service.pass_time: "{service.pass_time}" is out of range; write a time from 1m to 1d')
    if service.pass_memory_bytes < 300_000_000:
        raise ValueError(f'service.pass_memory: "{service.pass_memory}" is too little for any pass; 300MB is the least')
    if service.browser_memory_bytes < 600_000_000:
        raise ValueError(
            f'service.browser_memory: "{service.browser_memory}" is too little for any browser; 600MB is the least'
        )
    if not 1 <= service.browser_pages <= 16:
        raise ValueError(f"service.browser_pages: {service.browser_pages} is out of range; 1 to 16 are possible")


def _check_schedule(schedule: Schedule) -> None:
    start, dots, end = schedule.season.partition("..")
    if not (dots and _DAY.fullmatch(start) and _DAY.fullmatch(end)):
        raise ValueError(f'schedule.season: "{schedule.season}" is no span; write month-day, such as "01-01..04-15"')
    for key in ("season_passes", "offseason_passes"):
        times = getattr(schedule, key)
        for index, time in enumerate(times):
            if not _TIME.fullmatch(time):
                raise ValueError(f'schedule.{key}[{index}]: "{time}" is no time; write HH:MM, such as "08:30"')
            if time in times[:index]:
                raise ValueError(f'schedule.{key}[{index}]: "{time}" stands there twice; write each time once')
        if not times:
            raise ValueError(f'schedule.{key}: is empty; write at least one time, such as "08:30"')
    for key, least, most in (
        ("season_discover", "10m", "1d"),
        ("offseason_discover", "10m", "1d"),
        ("jitter", "0s", "6h"),
        ("recheck_old", "1d", "12d"),
    ):
        value = getattr(schedule, key)
        if not value and key.endswith("discover"):
            continue
        if not seconds(least, "") <= seconds(value, f"schedule.{key}") <= seconds(most, ""):
            why = "; a report that nobody could verify for 14 days is told to operators" if key == "recheck_old" else ""
            raise ValueError(f'schedule.{key}: "{value}" is out of range; give {least} to {most}{why}')


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
