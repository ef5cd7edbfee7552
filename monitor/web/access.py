"""The door: who may see the pages, and how far a request gets that nobody should have sent.

One guard stands in front of everything: nothing reaches a page, ours or Datasette's, that is malformed, comes by a strange
host name, was sent from another website's page, or comes from somebody who has to sign in and has not. Every answer leaves
through it too (`monitor.web.headers`).

Who may sign in is read from nianbao.toml again whenever that file changes: a user who was removed is out with the next
request.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from datasette.utils.asgi import Request, Response

from monitor.home import Home
from monitor.settings import FILE, Settings, SettingsError
from monitor.settings_web import User, Web
from monitor.web import gate, signin
from monitor.web.gate import Refusal
from monitor.web.headers import CSP, Circumstances, dressed
from monitor.web.sessions import COOKIE, Sessions, secret_at
from monitor.web.site import LOCAL, NOBODY, Actor, Route, Site

log = logging.getLogger(__name__)

__all__ = ["CSP", "Access"]

_BODY_SECONDS = 20
_FORM = Refusal(403, "没有执行", "提交的内容不是从这些页面发出的，或者页面打开得太久。请返回并刷新页面，再提交一次。")

Message = dict[str, Any]


class Access:
    """The door. `required`, `users`, `routes` (sign-in's own pages), `guard(app)` (ASGI), `secret`, `feed_token(actor)`."""

    def __init__(self, home: Home, settings: Settings, clock: Callable[[], str]) -> None:
        """Raises OSError if there is no secret yet and none can be written."""
        self._home = home
        self._file = home.path / FILE
        self._stamp = _stamp(self._file)
        self._web = settings.web
        self._listens = settings.web.listens_at[0]
        self._open = settings.web.on_loopback
        url = urlsplit(settings.service.web_url)
        self._secure = url.scheme == "https"
        self._own = (url.netloc.rpartition("@")[2].lower(),) if url.netloc else ()
        self._hosts = {name for name in (url.hostname or "", self._listens.lower()) if name}
        self.secret = secret_at(home.path / "web.secret")
        self.sessions = Sessions(self.secret, clock)
        self.throttle = signin.Throttle(time.monotonic)
        self.hasher = signin.Hasher()
        self.routes: list[Route] = signin.ROUTES
        self.users: dict[str, User] = {user.name: user for user in settings.web.user}

    def attach(self, site: Site) -> None:
        self._site = site

    @property
    def required(self) -> bool:
        """Whether visitors have to sign in: wherever somebody can, and wherever other machines get in."""
        return bool(self.users) or not self._open

    @property
    def session_seconds(self) -> int:
        return self._web.session_seconds

    def feed_token(self, actor: Actor) -> str:
        """What `?token=` of a feed must be for this visitor's reader; empty where nobody signs in."""
        user = self.users.get(actor.name)
        return self.sessions.feed_token(user) if user is not None else ""

    def refresh(self) -> None:
        """Looks whether nianbao.toml has changed, and reads it if so. What cannot be read changes nothing."""
        stamp = _stamp(self._file)
        if stamp == self._stamp or stamp is None:  # an editor may be about to put it back
            return
        self._stamp = stamp
        try:
            self._renew(self._home.settings().web)
        except SettingsError as error:
            log.warning("nianbao.toml was changed and cannot be used; who may sign in stays as it was: %s", error)

    def _renew(self, web: Web) -> None:
        if web.user != self._web.user:
            log.info("who may sign in has changed: %d users", len(web.user))
        self._web = web
        self.users = {user.name: user for user in web.user}

    # The guard --------------------------------------------------------------------------------------------------

    def guard(self, app: Any) -> Any:
        """The application behind the door."""

        async def guarded(scope: Message, receive: Any, send: Any) -> None:
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            elif scope["type"] == "http":
                await self._answer(app, scope, receive, send)

        return guarded

    async def _answer(self, app: Any, scope: Message, receive: Any, send: Any) -> None:
        path = scope["path"]
        begun = False
        only_head = scope["method"] == "HEAD"
        about = Circumstances(
            secure=self._secure or scope.get("scheme") == "https",
            static=False,
            versioned=b"v=" in (scope.get("query_string") or b""),
        )

        async def safely(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                static = message["status"] == 200 and gate.is_static(gate.route_path(scope, self._base))
                message = dressed(message, Circumstances(about.secure, static, about.versioned))
            elif only_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            passed = await self._examined(scope, receive)
            if isinstance(passed, Response):
                await passed.asgi_send(safely)
            else:
                await app(*passed, safely)
        except Exception:
            log.exception("%s failed", path)
            if not begun:
                await Response.text("出错了；原因已记入日志，请告知管理员。\n", status=500).asgi_send(safely)

    async def _examined(self, scope: Message, receive: Any) -> Response | tuple[Message, Any]:
        """The request as pages get it, or the answer to one that no page gets."""
        if (refusal := gate.malformed(scope)) is not None:
            return await self._refused(scope, refusal, plain=True)
        self.refresh()
        path = gate.route_path(scope, self._base)
        if not self.required and (refusal := gate.strange_host(scope, self._hosts)) is not None:
            return await self._refused(scope, refusal, plain=True)
        cookies = gate.own_cookies(scope)
        actor = self._actor(scope, path, cookies)
        scope = {
            **scope,
            "method": "GET" if scope["method"] == "HEAD" else scope["method"],
            "headers": _own_headers(scope, cookies),
            "nianbao.actor": actor or NOBODY,
            "actor": {"id": actor.name} if actor is not None else None,
        }
        if actor is None and not (gate.is_static(path) or path in ("/-/login", "/robots.txt")):
            return await self._sent_to_sign_in(scope, path)
        if gate.is_hidden(path):
            scope = {**scope, "path": "/-/", "raw_path": b"/-/none"}
        if scope["method"] == "POST":
            return await self._posted(scope, receive, path, cookies)
        return scope, receive

    @property
    def _base(self) -> str:
        return str(self._site.datasette.setting("base_url"))

    def _actor(self, scope: Message, path: str, cookies: dict[str, str]) -> Actor | None:
        if not self.required:
            return LOCAL
        user = self.sessions.user(cookies.get(COOKIE, ""), self.users)
        if user is not None:
            return Actor(user.name, user.role)
        if gate.is_feed(path) and scope["method"] != "POST":
            given = parse_qs((scope.get("query_string") or b"").decode("ascii")).get("token", [""])[0]
            if (user := self.sessions.feed_user(given, self.users)) is not None:
                return Actor(user.name, "reader")
        return None

    async def _sent_to_sign_in(self, scope: Message, path: str) -> Response:
        """A person gets the form, a program is told."""
        if not self.users:
            said = Refusal(503, "无法登录", "还没有人可以登录；请在 nianbao.toml 中添加 [[web.user]]。")
            return await self._refused(scope, said, plain=True)
        accept = gate.header(scope, "accept")
        if gate.is_file(path) or (accept and "text/html" not in accept and "*/*" not in accept):
            headers = (("www-authenticate", 'Session realm="nianbao"'),)
            return await self._refused(scope, Refusal(401, "需要登录", "请先登录，再取这个文件。", headers), plain=True)
        query = (scope.get("query_string") or b"").decode("ascii")
        following = f"{path}?{query}" if query else path
        if scope["method"] == "POST":
            sent_from = urlsplit(gate.header(scope, "referer"))
            same = sent_from.netloc == gate.header(scope, "host")
            following = (
                f"{sent_from.path}?{sent_from.query}" if same and sent_from.query else sent_from.path if same else "/"
            )
            following = "/" + following.removeprefix(self._base)
        following = gate.own_path(following)
        return Response.redirect(self._site.path("/-/login", next=following if following != "/" else None), status=303)

    async def _posted(
        self, scope: Message, receive: Any, path: str, cookies: dict[str, str]
    ) -> Response | tuple[Message, Any]:
        """A form: whole, within bounds, and sent from one of our own pages."""
        if not gate.takes_posts(path):
            return await self._refused(
                scope, Refusal(405, "不支持的操作", "这里只能查看，不能提交。", (("allow", "GET, HEAD"),))
            )
        if gate.from_elsewhere(scope, self._own):
            return await self._refused(scope, _FORM)
        body = await _body(scope, receive)
        if isinstance(body, Refusal):
            return await self._refused(scope, body)
        fields = gate.fields_of(scope, body)
        if fields is None or not gate.has_token(fields, cookies, self.secret):
            return await self._refused(scope, _FORM)
        whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return whole.pop() if whole else await receive()

        return scope, again

    async def _refused(self, scope: Message, refusal: Refusal, plain: bool = False) -> Response:
        """`plain`: a line of text, as for requests that may not even have an address."""
        headers = dict(refusal.headers)
        path = str(scope["path"])
        if path.endswith(".json"):
            said = {"ok": False, "error": refusal.message, "title": refusal.title, "status": refusal.status}
            return Response.json(said, status=refusal.status, headers=headers)
        if plain:
            return Response.text(f"{refusal.title}：{refusal.message}\n", status=refusal.status, headers=headers)
        values = {"title": refusal.title, "error": refusal.message, "status": refusal.status}
        token = gate.own_cookies(scope).get(gate.CSRF_COOKIE, "")
        request = Request({**scope, "csrftoken": lambda: token}, None)
        await self._site.datasette.invoke_startup()
        return await self._site.page(request, "error.html", values, status=refusal.status, headers=headers)


async def _body(scope: Message, receive: Any) -> bytes | Refusal:
    """What was sent, whole."""
    large = Refusal(413, "内容过长", f"一次最多提交 {gate.BODY // 1024} KB。")
    length = gate.header(scope, "content-length")
    if re.fullmatch(r"\d+", length, re.ASCII) and (len(length) > 9 or int(length) > gate.BODY):
        return large
    body = b""
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return Refusal(400, "请求有误", "内容没有收完。")
                body += bytes(message.get("body", b""))
                if len(body) > gate.BODY:
                    return large
                if not message.get("more_body"):
                    return body
    except TimeoutError:
        return Refusal(408, "请求有误", "内容没有在限定时间内收完。")


def _own_headers(scope: Message, cookies: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Without what would let a request past Datasette's own checks, and with no cookies but ours."""
    left_out = (b"cookie", b"authorization", b"x-csrftoken")
    kept = [(bytes(name), bytes(value)) for name, value in scope.get("headers") or () if name not in left_out]
    if cookies:
        kept.append((b"cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()).encode()))
    return kept


def _stamp(path: Path) -> tuple[int, int, int] | None:
    with suppress(OSError):
        found = path.stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
