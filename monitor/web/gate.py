"""What of a request is looked at before anybody answers it: its form, where it came from, and whose page it was sent on.
Pure."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec
from datasette.utils import tilde_decode
from itsdangerous import BadSignature, URLSafeSerializer

from monitor.settings_web import is_loopback
from monitor.web.sessions import COOKIE

CSRF_COOKIE = "ds_csrftoken"
_COOKIES = (COOKIE, CSRF_COOKIE, "ds_messages")
"""Those that are ours. Cookies know no ports: what other programs of the same machine have set comes along too."""
BODY = 64 * 1024
PATH, QUERY, HEADERS = 2048, 16 * 1024, 32 * 1024
"""The most bytes."""
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_POSTS = re.compile(r"/-/(login|logout)|/event/\d+(/[a-z]+(/\d+)?)?|/notes(/[a-z]+(/\d+)?)?")
"""Where something may be sent to. Everything else is only read."""
_HIDDEN = re.compile(r"/(-(/.*)?|_[^/]*(/.*)?|:memory:.*|nianbao\.db)", re.DOTALL)
_SHOWN = re.compile(r"/-/(login|logout|static/[\w./-]+|static-plugins/[\w./-]+)", re.ASCII)
_FILES = re.compile(
    r".*\.(json|jsono|csv|tsv|atom|xml|ics|xlsx|gz|zip|db|blob)|/(version|reading)/\d+/capture.*|/attachment/\d+.*"
)


class Refusal(msgspec.Struct, frozen=True):
    """Why a request is not answered; `title` and `message` are for whoever sent it."""

    status: int
    title: str
    message: str
    headers: tuple[tuple[str, str], ...] = ()


def header(scope: Mapping[str, Any], name: str) -> str:
    """The first of that name; empty: there is none."""
    key = name.encode()
    return next((bytes(value).decode("latin-1") for found, value in scope.get("headers") or () if found == key), "")


def malformed(scope: Mapping[str, Any]) -> Refusal | None:
    """A request that no browser sends, or one that is too large."""
    raw = bytes(scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).partition(b"?")[0]
    if len(raw) > PATH or len(scope.get("query_string") or b"") > QUERY:
        return Refusal(414, "地址过长", "请求的地址或查询条件过长，请缩短后再试。")
    if sum(len(name) + len(value) for name, value in scope.get("headers") or ()) > HEADERS:
        return Refusal(431, "请求有误", "请求头过大。")
    if not re.fullmatch(rb"/(?:[!-\[\]-~]*)", raw) or raw.startswith(b"//") or b"%00" in raw:
        return Refusal(400, "请求有误", "地址的格式不正确。")
    if not re.fullmatch(rb"[!-~]*", bytes(scope.get("query_string") or b"")):
        return Refusal(400, "请求有误", "查询条件的格式不正确。")
    asked = parse_qsl(bytes(scope.get("query_string") or b"").decode("ascii"))
    # JSON that Datasette takes apart unseen.
    if any(name.startswith("_facet") and text.startswith("{") for name, text in asked):
        return Refusal(400, "请求有误", "查询条件的格式不正确。")
    hosts = {bytes(value) for name, value in scope.get("headers") or () if name == b"host"}
    if len(hosts) > 1 or not all(_HOST.fullmatch(host.decode("latin-1")) for host in hosts):
        return Refusal(400, "请求有误", "主机名的格式不正确。")
    if scope["method"] not in ("GET", "HEAD", "POST"):
        return Refusal(405, "不支持的操作", "这里只能查看和提交。", (("allow", "GET, HEAD, POST"),))
    return None


def host_name(text: str) -> str:
    """Of a Host header, without the port: `[::1]:80` → `::1`."""
    found = _HOST.fullmatch(text)
    return found[1].strip("[]").lower() if found else ""


def strange_host(scope: Mapping[str, Any], known: Iterable[str]) -> Refusal | None:
    """A name by which these pages are not reached: another website's, made to lead here (DNS rebinding)."""
    name = host_name(header(scope, "host"))
    if name and (is_loopback(name) or name in known):
        return None
    return Refusal(421, "主机名不符", "请用 nianbao.toml 中 web_url 或 listen 的地址打开这些页面。")


def route_path(scope: Mapping[str, Any], base: str) -> str:
    """The path below `base` (`/` or `/nb/`), as routes see it: percent-encoded."""
    raw = bytes(scope.get("raw_path") or scope["path"].encode("utf-8", "replace")).partition(b"?")[0].decode("ascii")
    return "/" + raw[len(base) :] if base != "/" and raw.startswith(base) else raw


def is_static(path: str) -> bool:
    """Sheets, scripts and pictures of the pages themselves: the same for everybody, secret for nobody."""
    return path.startswith(("/static/", "/-/static/", "/-/static-plugins/")) or path == "/favicon.ico"


def is_hidden(path: str) -> bool:
    """Datasette's own workings, under whatever spelling."""
    spellings = {path, unquote(path), tilde_decode(path), unquote(tilde_decode(path))}
    return any(_HIDDEN.fullmatch(one) for one in spellings) and not _SHOWN.fullmatch(path)


def is_file(path: str) -> bool:
    """What programs ask for, not people: nobody could fill in a form there."""
    return _FILES.fullmatch(path) is not None


def takes_posts(path: str) -> bool:
    return _POSTS.fullmatch(path) is not None


def is_feed(path: str) -> bool:
    """Where a token will do."""
    return path.startswith("/feeds/") or path == "/calendar.ics"


def own_cookies(scope: Mapping[str, Any]) -> dict[str, str]:
    """The cookies that are ours. Those of others cannot be in the way."""
    found: dict[str, str] = {}
    for name, value in scope.get("headers") or ():
        if name != b"cookie":
            continue
        for part in bytes(value).decode("latin-1").split(";"):
            key, equals, text = part.strip().partition("=")
            if key in _COOKIES and equals and re.fullmatch(r"[\w.=-]*", text, re.ASCII):
                found.setdefault(key, text)
    return found


def from_elsewhere(scope: Mapping[str, Any], own: Iterable[str]) -> bool:
    """Whether what is sent comes from a page that is not ours. `own`: host names with port by which we are reached."""
    site = header(scope, "sec-fetch-site")
    if site:
        return site not in ("same-origin", "none")
    origin = header(scope, "origin")
    if not origin:
        return False  # no browser of these years; the form's token decides
    return urlsplit(origin).netloc.lower() not in {header(scope, "host").lower(), *own}


def has_token(fields: Mapping[str, str], cookies: Mapping[str, str], secret: str) -> bool:
    """Whether a form was sent from one of our pages: it holds the token of the browser's cookie, which we signed."""
    given, own = fields.get("csrftoken", ""), cookies.get(CSRF_COOKIE, "")
    if not given or given != own:
        return False
    try:
        URLSafeSerializer(secret).loads(own, "csrftoken")
    except BadSignature:
        return False
    return True


def fields_of(scope: Mapping[str, Any], body: bytes) -> dict[str, str] | None:
    """The fields of a form; None: it is none. Of several with one name, the last."""
    if header(scope, "content-type").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000, errors="strict"))
    except ValueError:
        return None


def own_path(text: str) -> str:
    """Where to go on after signing in: an address of these pages, else the front page. `text` came from outside."""
    if (
        not re.fullmatch(r"/[^\x00-\x20\x7f\\]*", text)
        or text.startswith("//")
        or len(text) > PATH
        or text.startswith(("/-/", "/static/"))
    ):
        return "/"
    return quote(text, safe="/?&=%:@!$'()*+,;~.-_[]")


def network(address: str) -> str:
    """What one visitor can easily have: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:
        return "?"
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else found.exploded[:19]
