"""Tidying the record waits for whoever writes: it says nothing about the record that is not so."""

import sqlite3
import threading
from pathlib import Path

from monitor.store import Store


def test_tidying_waits_for_another_writer(tmp_path: Path) -> None:
    path = tmp_path / "nianbao.db"
    with Store.open(path) as store:
        with store.transaction():
            store.run("INSERT INTO portals (name, title, family) VALUES ('linhai', '临海市', 'hanweb')")
            crawls = [("linhai", "full", "2026-11-22T00:00:00Z")] * 300
            store.run_many("INSERT INTO crawls (portal, mode, started_at) VALUES (?, ?, ?)", crawls)
        store.rows(
            "SELECT c.id FROM crawls c JOIN portals p ON p.name = c.portal WHERE c.portal = 'linhai' AND c.id < 5"
        )
        assert store.rows("PRAGMA optimize(-1)"), "there is nothing to renew: this test would prove nothing"
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO notes (name, value) VALUES ('one', 'two')")
        end = threading.Timer(0.1, other.execute, ("COMMIT",))
        end.start()
        assert store.tidy()
        end.join()
        other.close()
        assert not store.rows("PRAGMA optimize(-1)")
