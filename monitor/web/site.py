"""What every page is given: the record to ask, templates to answer with, who asks, and what time it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import msgspec
from datasette.app import Datasette
from datasette.utils.asgi import NotFound, Request, Response

from monitor.home import Home
from monitor.settings import Settings
from monitor.store import Store
from monitor.web.record import Files, read

if TYPE_CHECKING:
    from monitor.web.access import Access

T = TypeVar("T")

PAGE_MS = 5000
"""What a page's own questions to the record may take."""


class Actor(msgspec.Struct, frozen=True):
    """Who asks."""

    name: str
    role: str
    """`reader` or `editor`."""

    @property
    def edits(self) -> bool:
        return self.role == "editor"


LOCAL = Actor("本机用户", "editor")
"""Whoever asks where nobody has to sign in: on this machine."""
NOBODY = Actor("", "reader")
"""Whoever sees what everybody may: the form to sign in."""


class Site:
    """One server's pages."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        clock: Callable[[], str],
        datasette: Datasette,
        access: "Access",
    ) -> None:
        """`clock`: the present, in the record's form."""
        self.home, self.settings, self.datasette, self.access = home, settings, datasette, access
        self._clock = clock
        self._files = Files(home.database)

    @property
    def now(self) -> str:
        """UTC, in the record's form."""
        return self._clock()

    @property
    def zone(self) -> str:
        """In which readers see times."""
        return self.settings.service.timezone

    def path(self, path: str, **query: object) -> str:
        """An address of these pages, below the path at which they are reached: `site.path("/search", q="公开")`. What is None
        or empty is left out of the query."""
        found: str = str(self.datasette.urls.path(path))
        given = {key: value for key, value in query.items() if value not in (None, "")}
        return f"{found}?{urlencode(given, doseq=True)}" if given else found

    async def read(self, work: Callable[[Store], T], limit_ms: int = PAGE_MS) -> T:
        """What `work` says of the record as it is at one moment; it runs in a thread. Raises what it raises, NoRecord, and
        sqlite3.OperationalError ("interrupted") if its questions take longer than `limit_ms` milliseconds."""
        return await read(self.datasette, self._files, work, limit_ms)

    async def page(
        self,
        request: Request,
        template: str,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A template of `templates/`, filled."""
        html = await self.datasette.render_template(template, dict(values), request=request)
        return Response.html(html, status=status, headers=dict(headers or {}))

    def actor(self, request: Request) -> Actor:
        """Who asks; nobody with a name, where the door was not passed."""
        found = request.scope.get("nianbao.actor")
        return found if isinstance(found, Actor) else NOBODY


Handler = Callable[[Site, Request], Awaitable[Response]]
Route = tuple[str, Handler]
"""A regular expression of the whole path (named groups are `request.url_vars`, still percent-encoded), and who answers."""


def number(request: Request, name: str) -> int:
    """A number of the path. Raises NotFound where it is larger than any id."""
    value = int(request.url_vars[name])
    if value >= 2**63:
        raise NotFound("没有这个编号")
    return value
