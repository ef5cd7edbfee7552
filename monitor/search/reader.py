"""The index as searches read it, beside whoever writes it."""

import threading
from pathlib import Path

from monitor.search import index
from monitor.sqlite import sqlite3


class _Kept(threading.local):
    conn: sqlite3.Connection | None = None
    file: tuple[int, int] = (0, 0)


class Reader:
    """Connections to an index, one a thread, that cannot write; a file that was exchanged is opened again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept = _Kept()

    def connection(self) -> sqlite3.Connection | None:
        """None: there is no index yet, or none that could be used. Raises sqlite3.Error."""
        kept = self._kept
        try:
            found = self.path.stat()
        except OSError:
            return None
        if kept.conn is not None and kept.file == (found.st_dev, found.st_ino):
            return kept.conn
        if kept.conn is not None:
            kept.conn.close()
            kept.conn = None
        conn = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True, timeout=5, isolation_level=None)
        try:
            usable = conn.execute("PRAGMA user_version").fetchone()[0] == index.FORM
        except sqlite3.Error:
            conn.close()
            raise
        if not usable:
            conn.close()
            return None
        kept.conn, kept.file = conn, (found.st_dev, found.st_ino)
        return conn
