"""Workers and queues for processes other than the service, which gives passes out: register and record together say it too."""

import re
import sqlite3
from collections.abc import Mapping

from crawler.portal import PortalError, parse_portal
from monitor.home import Home
from monitor.settings import Service
from monitor.store import Store, StoreError
from monitor.workers.asking import ask
from monitor.workers.roster import Crews, queue_of, with_passes
from monitor.workers.wire import queue_name

_TELLING = re.compile(rb"""(?m)^(?:\xef\xbb\xbf)?[ \t]*["']?(?:render|exit|enabled|formerly)["']?[ \t]*=""")
"""Keys of a portal file without which its passes go to the queue that most go to. To read a file whole takes a millisecond, and
there may be ten thousand."""
_Stamp = tuple[int, int, int]


def look(home: Home, service: Service, now: str, queues: Mapping[str, str], before: Crews | None = None) -> Crews:
    """All workers and queues, within some seconds. `queues`: as `PortalQueues.read` gives them; `before`: what was seen the last
    time. Of a record that cannot be read no passes are known."""
    begun: dict[str, str] = {}
    try:
        if home.has_record():
            with home.reader() as store:
                begun = passes_begun(store)
    except (OSError, sqlite3.Error, StoreError):  # who asks for the record itself is told so
        begun = {}
    return with_passes(ask(service, queues, (), now, before=before), queues, begun, now)


def passes_begun(store: Store) -> dict[str, str]:
    """Portals whose pass has begun and not ended, and when that was: it waits for a worker, or is made by one."""
    rows = store.rows("SELECT portal, started_at FROM crawls WHERE outcome IS NULL ORDER BY id")
    return {row["portal"]: row["started_at"] for row in rows}


class PortalQueues:
    """The queues of the enabled portals of a home. A file is read again when it changed."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._known: dict[str, tuple[_Stamp, str, str]] = {}
        """Stamp of the file, queue (empty: the portal is not read), and the name that the portal had before."""

    def read(self) -> dict[str, str]:
        """By name of the portal. A file that cannot be used is left out."""
        known = {}
        for name, path in self._home.portal_files().items():
            try:
                found = path.stat()
                stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
                before = self._known.get(name)
                known[name] = before if before and before[0] == stamp else (stamp, *_read(name, path.read_bytes()))
            except (OSError, PortalError, UnicodeDecodeError):
                continue
        self._known = known
        renamed = {formerly for _, _, formerly in known.values()}
        return {name: queue for name, (_, queue, _) in known.items() if queue and name not in renamed}


def _read(name: str, content: bytes) -> tuple[str, str]:
    """Queue and former name. Raises PortalError, UnicodeDecodeError."""
    if not _TELLING.search(content):
        return queue_name("plain"), ""
    from crawler.families import names

    portal = parse_portal(name, content.decode("utf-8-sig"), names())
    return queue_of(portal) if portal.enabled else "", portal.formerly if portal.formerly != name else ""
