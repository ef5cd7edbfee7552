"""The notes as pages use them: in threads of their own, and never in the way of a page that only reads the record."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from datasette.utils.asgi import Request

from monitor.notes import Notes
from monitor.web.site import LOCAL, Actor, Site

T = TypeVar("T")
_threads = ThreadPoolExecutor(2, "notes")
_desks: "WeakKeyDictionary[Site, Notes]" = WeakKeyDictionary()


def notes_of(site: Site) -> Notes:
    """The notes of a site's home."""
    if (found := _desks.get(site)) is None:
        found = _desks[site] = Notes(site.home.path / "notes.db")
    return found


async def on_notes(site: Site, work: Callable[[Notes], T]) -> T:
    """What `work` says of the notes, in a thread. Raises NotesError, Refused."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work, notes_of(site))


def people(site: Site) -> list[str]:
    """To whom an event can be given."""
    return sorted(site.access.users) or [LOCAL.name]


def may_take(actor: Actor, whom: str) -> bool:
    """Whether a visitor may give an event to somebody."""
    return actor.edits or whom in ("", actor.name)


def fresh() -> str:
    """What makes a form one of its kind: sent twice, it is taken once."""
    return secrets.token_urlsafe(12)


def once(actor: Actor, fields: dict[str, Any]) -> str | None:
    """A form's mark, bound to who sends it; None: it has none."""
    mark = str(fields.get("once", ""))[:100]
    return hashlib.sha256(f"{actor.name}\0{mark}".encode()).hexdigest() if mark else None


def say(site: Site, request: Request, text: str) -> None:
    """Tells the visitor on the next page."""
    site.datasette.add_message(request, text, site.datasette.INFO)
