"""Signing in and out: the form, its slowness towards guesses, the cookie.

Whoever guesses is slowed down by name and by address; a name that nobody has takes as long and is answered in the same words
as a wrong password. Hashing takes 32 MB and a processor for 0.1 s a try: two at a time, in threads of their own, so that a
flood of tries keeps nobody from reading.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
from datasette.utils.asgi import Request, Response

from monitor.markup import clean
from monitor.settings_web import User
from monitor.web.gate import CSRF_COOKIE, network, own_path
from monitor.web.passwords import decoy, matches
from monitor.web.sessions import COOKIE
from monitor.web.site import Route, Site

if TYPE_CHECKING:
    from monitor.web.access import Access

log = logging.getLogger(__name__)

FREE_BY_NAME, FREE_BY_ADDRESS = 4, 12
"""Tries that cost nothing but themselves."""
LONGEST_BY_NAME, LONGEST_BY_ADDRESS = 60, 900
"""Seconds, at most, until the next one: a name's owner must not be kept out for long by somebody else."""
_FORGET = 3600
"""Seconds after which a failure is forgotten."""
_KEPT = 10_000
_WAITING = 20
"""Tries that wait for a thread; more are turned away."""
_LONGEST_PASSWORD = 1000

WRONG = "姓名或密码不正确。"


class _Tries(msgspec.Struct):
    failures: int = 0
    not_before: float = 0.0
    last: float = 0.0


class Throttle:
    """Counts tries and says how long to wait. Bounded in memory: of too many, those longest ago are forgotten."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        """`ticks`: seconds of a clock that only goes forward."""
        self._ticks = ticks
        self._tries: OrderedDict[tuple[str, str], _Tries] = OrderedDict()

    def wait(self, name: str, address: str) -> int:
        """Seconds until the next try may be made; 0: now, and it is counted as a failure until `forgive`."""
        now = self._ticks()
        both = (
            (("name", name), FREE_BY_NAME, LONGEST_BY_NAME),
            (("address", address), FREE_BY_ADDRESS, LONGEST_BY_ADDRESS),
        )
        found = [(self._of(key, now), free, longest) for key, free, longest in both]
        if (left := max(tries.not_before for tries, _, _ in found) - now) > 0:
            return int(left) + 1
        for tries, free, longest in found:
            tries.failures += 1
            tries.last = now
            over = tries.failures - free
            tries.not_before = now + min(2.0 ** min(over, 20), longest) if over >= 0 else 0.0
        return 0

    def forgive(self, name: str, address: str) -> None:
        """The last try was right: its name has no failures, its address one less."""
        self._tries.pop(("name", name), None)
        if (tries := self._tries.get(("address", address))) is not None:
            tries.failures, tries.not_before = max(tries.failures - 1, 0), 0.0

    def __len__(self) -> int:
        return len(self._tries)

    def _of(self, key: tuple[str, str], now: float) -> _Tries:
        tries = self._tries.get(key)
        if tries is None or now - tries.last > _FORGET:
            tries = self._tries[key] = _Tries(last=now)
        self._tries.move_to_end(key)
        while len(self._tries) > _KEPT:
            self._tries.popitem(last=False)
        return tries


class Hasher:
    """Checks passwords, few at a time and off the pages' own thread."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, "password")
        self._under_way = 0

    @property
    def full(self) -> bool:
        return self._under_way >= _WAITING

    async def matches(self, password: str, line: str) -> bool:
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, matches, password, line)
        finally:
            self._under_way -= 1


async def login(site: Site, request: Request) -> Response:
    """The form (GET), and what is filled in (POST)."""
    access = site.access
    following = own_path(request.args.get("next") or "/")
    if not access.required:
        return Response.redirect(site.path("/"))
    if request.method == "POST":
        return await _try(site, request)
    if site.actor(request).name:
        return Response.redirect(site.path(following))
    return await _form(site, request, following)


async def _form(
    site: Site, request: Request, following: str, *, name: str = "", error: str = "", status: int = 200, wait: int = 0
) -> Response:
    values = {"next": following, "name": name, "error": error}
    headers = {"Retry-After": str(wait)} if wait else {}
    return await site.page(request, "signin.html", values, status=status, headers=headers)


async def _try(site: Site, request: Request) -> Response:
    access = site.access
    fields = await request.post_vars()
    name, password = fields.get("name", "").strip()[:40], fields.get("password", "")
    following = own_path(fields.get("next", ""))
    address = network((request.scope.get("client") or ("",))[0])
    if access.hasher.full:
        said = "同时登录的人过多，请稍后再试。"
        return await _form(site, request, following, name=name, error=said, status=503, wait=5)
    if wait := access.throttle.wait(name, address):
        said = f"尝试次数过多，请 {wait} 秒后再试。"
        return await _form(site, request, following, name=name, error=said, status=429, wait=wait)
    user = access.users.get(name)
    right = await _right(access, user, password)
    user = access.users.get(name)  # while it was checked, the settings may have changed
    if not right or user is None:
        log.warning("sign-in failed: %s from %s", clean(user.name) if user else "a name that nobody has", address)
        return await _form(site, request, following, name=name, error=WRONG, status=403)
    access.throttle.forgive(name, address)
    log.info("signed in: %s from %s", clean(user.name), address)
    answer = Response.redirect(site.path(following), status=303)
    lasting = access.session_seconds
    answer.set_cookie(COOKIE, access.sessions.issue(user, lasting), max_age=lasting, httponly=True, path=site.path("/"))
    answer.set_cookie(CSRF_COOKIE, "", max_age=0)  # whoever knew the one before knows nothing of this visitor's
    return answer


async def _right(access: "Access", user: User | None, password: str) -> bool:
    line = user.password if user is not None else decoy(next((one.password for one in access.users.values()), ""))
    found = await access.hasher.matches(password[:_LONGEST_PASSWORD], line)
    return found and user is not None and len(password) <= _LONGEST_PASSWORD and user == access.users.get(user.name)


async def logout(site: Site, request: Request) -> Response:
    """Ends the session: here, and for whoever has a copy of its cookie."""
    if request.method == "POST":
        site.access.sessions.end(request.cookies.get(COOKIE, ""))
    answer = Response.redirect(site.path("/"), status=303)
    if request.method == "POST":
        answer.set_cookie(COOKIE, "", max_age=0, httponly=True, path=site.path("/"))
    return answer


async def robots(_: Site, __: Request) -> Response:
    """Nothing here is for search engines."""
    return Response.text("User-agent: *\nDisallow: /\n")


ROUTES: list[Route] = [("/-/login", login), ("/-/logout", logout), (r"/robots\.txt", robots)]
