"""The record's file: schema, transactions, readers and writers side by side."""

import contextlib
import sqlite3
import subprocess
import sys

import pytest
from sqlite_utils.utils import sqlite3 as used_sqlite

from crawler.portal import Organ, Portal
from monitor.home import Home, HomeError, HomeLocked
from monitor.store import Store, StoreError

PORTAL = Portal("linhai", "临海市人民政府", "generic", ("https://www.linhai.gov.cn/a/", "https://www.linhai.gov.cn/b/"))


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "nianbao.db") as opened:
        yield opened


def test_every_table_of_ours_is_strict(store):
    tables = {row["name"]: row for row in store.rows("PRAGMA table_list") if row["type"] == "table"}
    ours = {"portals", "organs", "crawls", "sections", "links", "reports", "pages", "page_reports", "companions", "versions",
            "attachments", "readings", "figures", "findings", "events", "deliveries"}  # fmt: skip
    assert ours <= tables.keys()
    assert [name for name in ours if not tables[name]["strict"]] == []


def test_views_for_staff_can_be_read(store):
    for view in ("年报一览", "变更记录", "统计数据", "统计数据明细", "核对问题", "逾期未公开", "门户健康"):
        assert store.rows(f"SELECT * FROM {view}") == []


def test_types_and_foreign_keys_are_enforced(store):
    store.sync_portal(PORTAL)
    with pytest.raises(used_sqlite.IntegrityError, match="cannot store TEXT"):
        store.insert("crawls", {"portal": "linhai", "mode": "full", "started_at": "t", "requests": "many"})
    with pytest.raises(used_sqlite.IntegrityError, match="FOREIGN KEY"):
        store.insert("crawls", {"portal": "nobody", "mode": "full", "started_at": "t"})
    with pytest.raises(used_sqlite.IntegrityError, match="CHECK"):
        store.insert("crawls", {"portal": "linhai", "mode": "half", "started_at": "t"})


def test_opening_again_changes_nothing(tmp_path):
    path = tmp_path / "nianbao.db"
    with Store.open(path) as store:
        before = list(store.conn.iterdump())
    with Store.open(path) as store:
        assert list(store.conn.iterdump()) == before
        assert store.row("PRAGMA journal_mode") == {"journal_mode": "wal"}
        assert store.row("PRAGMA synchronous") == {"synchronous": 2}


def test_a_transaction_is_all_or_none(store):
    row = {"name": "a", "title": "a", "family": "trs"}
    with pytest.raises(used_sqlite.IntegrityError), store.transaction():
        _ = [store.insert("portals", row) for _ in range(2)]
    assert store.rows("SELECT * FROM portals") == []
    with store.transaction():
        store.insert("portals", {"name": "a", "title": "a", "family": "trs"})
    assert len(store.rows("SELECT * FROM portals")) == 1


def test_a_reader_sees_the_last_commit_beside_a_writer_and_cannot_write(store, tmp_path):
    store.sync_portal(PORTAL)
    with Store.open_reader(tmp_path / "nianbao.db") as reader:
        with store.transaction():
            store.run("UPDATE portals SET title = 'new'")
            assert reader.row("SELECT title FROM portals") == {"title": PORTAL.title}
        assert reader.row("SELECT title FROM portals") == {"title": "new"}
        with pytest.raises(used_sqlite.OperationalError, match="readonly"):
            reader.run("UPDATE portals SET title = 'x'")


def test_what_is_no_record_is_named(tmp_path):
    with pytest.raises(StoreError, match="run `nianbao crawl` first"):
        Store.open_reader(tmp_path / "none.db")
    (tmp_path / "bad.db").write_bytes(b"this is no database at all, just text" * 100)
    with pytest.raises(StoreError, match=r"bad\.db"):
        Store.open(tmp_path / "bad.db")
    with pytest.raises(StoreError, match=r"bad\.db"):
        Store.open_reader(tmp_path / "bad.db")


def test_a_second_writer_is_turned_away(tmp_path):
    home = Home(tmp_path / "home")
    with home.writing():
        with pytest.raises(HomeLocked, match="another nianbao process"), home.writing():
            pass
        with home.reader() as reader:
            assert reader.rows("SELECT * FROM reports") == []
    with home.writing():
        pass


def test_the_lock_dies_with_its_process(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from monitor.home import Home\n"
        "with Home(Path(sys.argv[1])).writing(): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path / "home")]).returncode == 9
    with Home(tmp_path / "home").writing():
        pass


def test_a_home_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeError, match="--home"), Home(tmp_path / "file" / "home").writing():
        pass


def test_crawl_numbers_are_never_given_twice(store):
    store.sync_portal(PORTAL)
    first = store.start_crawl("linhai", "full", "2026-01-01T00:00:00Z")
    assert [row["id"] for row in store.unsettled()] == [first]
    store.run("DELETE FROM crawls")
    assert store.start_crawl("linhai", "full", "2026-01-01T00:00:00Z") == first + 1


def test_sections_taken_out_of_the_file_sleep(store):
    store.sync_portal(PORTAL)
    store.sync_portal(Portal("linhai", "临海", "generic", PORTAL.sections[:1]))
    assert [row["active"] for row in store.rows("SELECT active FROM sections ORDER BY url")] == [1, 0]
    store.sync_portal(PORTAL)
    assert [row["active"] for row in store.rows("SELECT active FROM sections ORDER BY url")] == [1, 1]


def organs(store):
    return [(one.id, one.name, one.aliases, one.kind, one.declared) for one in store.organs("linhai")]


def declare(store, *declared):
    store.sync_portal(Portal("linhai", "临海", "generic", PORTAL.sections, organs=declared))


def test_declared_organs_are_found_by_any_of_their_names(store):
    declare(store, Organ("市甲局"))
    declare(store, Organ("市乙局", aliases=("市甲局",)))
    assert organs(store) == [(1, "市乙局", ("市甲局",), "department", True)]
    declare(store, Organ("市甲局"))  # the name that it was seen under is kept
    assert organs(store) == [(1, "市甲局", ("市乙局",), "department", True)]
    declare(store)
    assert organs(store) == [(1, "市甲局", ("市乙局",), "department", False)]


def test_two_organs_that_are_declared_one_are_united_with_their_reports(store):
    declare(store, Organ("市甲局"), Organ("市乙局"))
    report = {
        "portal": "linhai", "organ": "x", "title": "t", "url": "u", "first_seen_at": "t", "last_seen_at": "t",
        "last_verified_at": "t",
    }  # fmt: skip
    for organ, year in ((1, 2023), (2, 2023), (2, 2024)):
        store.insert("reports", {**report, "organ_id": organ, "year": year})
    declare(store, Organ("市甲局", aliases=("市乙局",)))
    assert organs(store) == [(1, "市甲局", ("市乙局",), "department", True)]
    rows = store.rows("SELECT organ_id, year, variant FROM reports ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [(1, 2023, 0), (1, 2023, 1), (1, 2024, 0)]


def test_a_renamed_portal_is_renamed_everywhere(store):
    declare(store, Organ("市甲局"))
    store.start_crawl("linhai", "full", "2026-01-01T00:00:00Z")
    store.sync_portal(Portal("new", "临海", "generic", PORTAL.sections, formerly="linhai"))
    store.sync_portal(Portal("new", "临海", "generic", PORTAL.sections, formerly="linhai"))
    assert store.rows("PRAGMA foreign_key_check") == []
    for table in ("organs", "crawls", "sections"):
        assert {row["portal"] for row in store.rows(f"SELECT portal FROM {table}")} == {"new"}
    assert [row["name"] for row in store.rows("SELECT name FROM portals")] == ["new"]


def test_the_record_is_an_ordinary_database(store, tmp_path):
    store.sync_portal(PORTAL)
    with sqlite3.connect(tmp_path / "nianbao.db") as plain:
        assert plain.execute("SELECT 代号, 状态 FROM 门户健康").fetchall() == [("linhai", "未读取")]
    plain.close()


def test_a_record_of_an_earlier_release_can_be_read_before_it_is_migrated(tmp_path):
    from sqlite_utils import Database

    from monitor.migrations import migrations

    path = tmp_path / "old.db"
    old = Database(path)
    migrations.apply(old, stop_before="m002_detection")
    old.close()
    before = path.read_bytes()
    with Store.open_reader(path) as reader:
        assert reader.rows("SELECT withdrawn_at FROM reports") == []
        with pytest.raises(used_sqlite.OperationalError):
            reader.run("DELETE FROM reports")
    assert path.read_bytes() == before


def test_a_record_whose_making_was_cut_off_is_an_empty_one(tmp_path):
    path = tmp_path / "nianbao.db"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
    with Store.open_reader(path) as store:
        assert store.rows("SELECT * FROM portals") == []
    with Store.open(path) as store:
        assert store.rows("SELECT * FROM portals") == []


def test_another_program_s_file_is_none(tmp_path):
    path = tmp_path / "nianbao.db"
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE other (x)")
    with pytest.raises(StoreError, match="is it a nianbao database"):
        Store.open_reader(path)
