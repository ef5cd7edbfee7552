"""DingTalk, WeCom and Feishu/Lark robots: one message, one destination, a true answer.

Why not Apprise's own plugins: these three refuse with HTTP 200 and an error code in the body, which Apprise 2.2 takes
for success; it signs DingTalk's address twice over, does not sign Feishu's at all, and counts WeCom's limit in
characters where it is one of bytes. The forms of address are Apprise's, so that an address works here as there:

    dingtalk://TOKEN  dingtalk://SECRET@TOKEN  dingtalk://TOKEN/13800000000   (telephone numbers to be called, @)
    wecombot://KEY
    feishu://TOKEN  feishu://SECRET@TOKEN  lark://TOKEN  (or ?secret=)
    and the robot's own https address, as its vendor's page shows it

In: an address and a `Message`. Out: an `Answer`. Pauses are never slept here: a rate that is exceeded is a refusal
with `retry_after`, and `per_minute` tells the outbox what to keep to. `requests` honours HTTPS_PROXY and
REQUESTS_CA_BUNDLE.
"""

import base64
import hashlib
import hmac
import json
import logging
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, unquote

import msgspec

from monitor.markup import fit
from monitor.message import Message
from monitor.redact import redact

if TYPE_CHECKING:
    import requests

# At debug level it logs the path and query of every request, tokens and all.
logging.getLogger("urllib3").setLevel(logging.INFO)

Robot = Literal["dingtalk", "wecombot", "feishu", "lark"]

ENDPOINTS: dict[Robot, str] = {
    "dingtalk": "https://oapi.dingtalk.com/robot/send",
    "wecombot": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/",
    "lark": "https://open.larksuite.com/open-apis/bot/v2/hook/",
}
LIMITS: dict[Robot, int] = {"dingtalk": 18_000, "wecombot": 2_048, "feishu": 18_000, "lark": 18_000}
"""Bytes of UTF-8 for the message's text. DingTalk refuses a request of more than 20,000 bytes, Feishu one of more
than 20 KB, WeCom a text of more than 2,048 (its markdown has had more at times; the lower limit holds for both)."""
RATES: dict[Robot, int] = {"dingtalk": 20, "wecombot": 20, "feishu": 100, "lark": 100}
"""Messages a minute that a robot takes."""

_TOO_FAST = {"dingtalk": {130101, 130102, -1}, "wecombot": {45009, -1}, "feishu": {9499, 11232}, "lark": {9499, 11232}}
_TOO_FAST_PAUSE = 60.0
_NATIVE = (
    ("dingtalk", re.compile(r"(?i)https://oapi\.dingtalk\.com/robot/send\?(?:.*&)?access_token=(?P<token>[\w-]+)")),
    (
        "wecombot",
        re.compile(r"(?i)https?://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send/?\?(?:.*&)?key=(?P<token>[\w-]+)"),
    ),
    ("feishu", re.compile(r"(?i)https://open\.feishu\.cn/open-apis/bot/v2/hook/(?P<token>[\w-]+)")),
    ("lark", re.compile(r"(?i)https://open\.larksuite\.com/open-apis/bot/v2/hook/(?P<token>[\w-]+)")),
)
_OURS = re.compile(r"(?i)(?P<robot>dingtalk|wecombot|feishu|lark)://(?P<rest>.*)", re.DOTALL)
_PHONE = re.compile(r"\+?[\d() -]{11,18}")


class Answer(msgspec.Struct, frozen=True):
    """What became of a message."""

    ok: bool
    """The receiver itself said that it took it."""
    error: str = ""
    """Why not, in a line without secrets."""
    retry_after: float | None = None
    """Seconds that the receiver asks to wait."""
    uncertain: bool = False
    """It may have arrived all the same (no answer in time, or some of several recipients took it)."""


class Target(msgspec.Struct, frozen=True):
    """A robot's address, taken apart."""

    robot: Robot
    token: str
    secret: str = ""
    phones: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Target(robot={self.robot!r}, token='***')"


def parse(url: str) -> Target | None:
    """The robot that `url` addresses; None if it is none. Raises ValueError: a robot's address with a fault."""
    for robot, native in _NATIVE:
        if match := native.match(url):
            query = parse_qs(url.partition("?")[2])
            return Target(robot=robot, token=match["token"], secret=query.get("secret", [""])[0])  # type: ignore[arg-type]
    ours = _OURS.fullmatch(url.strip())
    if ours is None:
        return None
    name: Any = ours["robot"].lower()
    rest, _, query_text = ours["rest"].partition("?")
    query = parse_qs(query_text)
    authority, *path = rest.split("/")
    secret, _, token = authority.rpartition("@")
    token = unquote(query.get("token", query.get("key", [token]))[0])
    secret = unquote(query.get("secret", [unquote(secret)])[0])
    if not re.fullmatch(r"[\w-]+", token):
        raise ValueError(f"names no token; write {name}:// and the token that the robot's settings page shows")
    if secret and name == "wecombot":
        raise ValueError("a WeCom robot has no signing secret; write wecombot:// and the key alone")
    phones = tuple(
        re.sub(r"\D", "", unquote(phone))
        for phone in [*path, *",".join(query.get("to", [])).split(",")]
        if phone and _PHONE.fullmatch(unquote(phone))
    )
    return Target(robot=name, token=token, secret=secret, phones=phones)


def per_minute(url: str) -> int | None:
    """Messages a minute that the destination takes; None: no limit is known."""
    try:
        target = parse(url)
    except ValueError:
        return None
    return RATES[target.robot] if target else None


def dingtalk_sign(secret: str, timestamp: str) -> str:
    """DingTalk: HMAC-SHA256 of `timestamp LF secret` under the secret, Base64; `timestamp` in milliseconds."""
    digest = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def feishu_sign(secret: str, timestamp: str) -> str:
    """Feishu: HMAC-SHA256 of nothing under `timestamp LF secret`, Base64; `timestamp` in seconds."""
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def request_of(
    target: Target, message: Message, clock: Callable[[], float]
) -> tuple[str, dict[str, str], dict[str, Any]]:
    """(address, query, JSON body) of the request that delivers `message`. `clock`: seconds since 1970."""
    limit = LIMITS[target.robot]
    body: dict[str, Any]
    if target.robot == "dingtalk":
        query = {"access_token": target.token}
        if target.secret:
            stamp = str(round(clock() * 1000))
            query |= {"timestamp": stamp, "sign": dingtalk_sign(target.secret, stamp)}
        text = fit(message.markdown, limit)
        if target.phones:
            text += "\n\n" + " ".join(f"@{phone}" for phone in target.phones)
        # DingTalk joins lines that no blank line parts; two spaces at the end break them.
        text = re.sub(r"(?<!\n)\n(?!\n)", "  \n", text)
        body = {
            "msgtype": "markdown",
            "markdown": {"title": message.subject, "text": text},
            "at": {"atMobiles": list(target.phones), "isAtAll": False},
        }
        return ENDPOINTS["dingtalk"], query, body
    if target.robot == "wecombot":
        body = {"msgtype": "markdown", "markdown": {"content": fit(message.markdown, limit)}}
        return ENDPOINTS["wecombot"], {"key": target.token}, body
    body = {
        "msg_type": "interactive",
        "card": {
            "config": {"wide_screen_mode": True},
            "header": {"title": {"tag": "plain_text", "content": message.subject}},
            "elements": [{"tag": "markdown", "content": fit(message.markdown, limit)}],
        },
    }
    if target.secret:
        stamp = str(int(clock()))
        body |= {"timestamp": stamp, "sign": feishu_sign(target.secret, stamp)}
    return ENDPOINTS[target.robot] + target.token, {}, body


def send(target: Target, message: Message, timeout: float, clock: Callable[[], float] = time.time) -> Answer:
    """Posts `message`, waits at most `timeout` seconds each for the connection and for the answer. Never raises for
    what the network or the receiver does."""
    import requests  # only who sends pays for it

    address, query, body = request_of(target, message, clock)
    secrets = [target.token, target.secret]
    try:
        response = requests.post(
            address,
            params=query,
            data=json.dumps(body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
            timeout=timeout,
            allow_redirects=False,
        )
        return _judge(target.robot, response, secrets)
    except requests.ReadTimeout:
        return Answer(False, f"{target.robot}: no answer within {timeout:g} s", uncertain=True)
    except requests.RequestException as error:
        # A connection that was cut after the request went out may have delivered it.
        cut = isinstance(error, requests.ConnectionError) and "aborted" in str(error).lower()
        return Answer(False, redact(f"{target.robot}: {_cause(error)}", secrets), uncertain=cut)


def _judge(robot: Robot, response: "requests.Response", secrets: list[str]) -> Answer:
    """The receiver's own word: HTTP 200 and code 0 in a JSON object. All else is a refusal."""
    if response.status_code != 200:
        return Answer(False, f"{robot}: HTTP {response.status_code}", _retry_after(response))
    try:
        answer = json.loads(response.content.decode("utf-8"))
    except (ValueError, RecursionError):
        return Answer(False, f"{robot}: HTTP 200, but the answer is not the robot's JSON", uncertain=True)
    codes = (
        [answer[key] for key in ("errcode", "code", "StatusCode") if key in answer] if isinstance(answer, dict) else []
    )
    if not codes:
        return Answer(False, f"{robot}: HTTP 200, but the answer names no code", uncertain=True)
    if all(type(code) is int and code == 0 for code in codes):
        return Answer(True)
    code = next(code for code in codes if not (type(code) is int and code == 0))
    words = str(answer.get("errmsg") or answer.get("msg") or answer.get("StatusMessage") or "")
    said = redact(" ".join(f"{robot}: refused with code {code}: {words}".split())[:300], secrets)
    return Answer(False, said, _TOO_FAST_PAUSE if code in _TOO_FAST[robot] else None)


def _retry_after(response: "requests.Response") -> float | None:
    value = response.headers.get("Retry-After", "")
    if value.isascii() and value.isdigit():
        return min(float(value), 86400.0)
    return _TOO_FAST_PAUSE if response.status_code == 429 else None


def _cause(error: BaseException) -> str:
    """The innermost reason, in a line: `Connection refused`, `certificate verify failed`, …"""
    text = str(error)
    inner = re.findall(r"(?:\[Errno -?\d+\] |\[SSL: \w+\] )([^'\")(]+)", text)
    return f"{type(error).__name__}: {inner[-1].strip() if inner else ' '.join(text.split())[:200]}"
