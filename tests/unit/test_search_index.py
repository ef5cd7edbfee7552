"""The index follows the record: resumed after any end, made anew when it is of no use, one that writes at a time."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.search import index
from monitor.search.found import MOST, Asked, Found
from monitor.search.index import Indexer, Progress, path_of
from monitor.search.reader import Reader
from monitor.search.results import search
from monitor.sqlite import sqlite3
from monitor.store import Store, StoreError

NOW = "2026-01-20T01:00:00Z"


class Recorded:
    """A record, written row by row."""

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.store = Store.open(home / "nianbao.db")

    def portal(self, name: str, title: str, region: str = "331082") -> str:
        with self.store.transaction():
            if not self.store.row("SELECT 1 FROM portals WHERE name = ?", (name,)):
                row = {
                    "name": name,
                    "title": title,
                    "family": "generic",
                    "region": region,
                    "level": "county",
                    "organ": title,
                }
                self.store.insert("portals", row)
        return name

    def report(
        self,
        organ: str = "临海市人民政府",
        year: int = 2024,
        portal: str = "linhai",
        title: str = "",
        region: str = "331082",
    ) -> int:
        self.portal(portal, f"{portal}门户", region)
        with self.store.transaction():
            known = self.store.row("SELECT id FROM organs WHERE portal = ? AND name = ?", (portal, organ))
            number = (
                known["id"]
                if known
                else self.store.insert("organs", {"portal": portal, "name": organ, "kind": "government"})
            )
            return self.store.insert(
                "reports",
                {
                    "portal": portal, "organ_id": number, "organ": organ, "year": year, "title": title or f"{organ}{year}年度报告",
                    "url": f"https://{portal}.example/{number}/{year}", "first_seen_at": NOW, "last_seen_at": NOW,
                    "last_verified_at": NOW,
                },
            )  # fmt: skip

    def version(self, report: int, text: str, *, attachments: tuple[tuple[str, str], ...] = (), at: str = NOW) -> int:
        """Becomes the current one."""
        with self.store.transaction():
            row = self.store.row("SELECT portal, title, organ FROM reports WHERE id = ?", (report,))
            assert row is not None
            seq = self.store.values("SELECT count(*) + 1 FROM versions WHERE report = ?", (report,))[0][0]
            crawl = self.store.insert("crawls", {"portal": row["portal"], "mode": "full", "started_at": at})
            version = self.store.insert(
                "versions",
                {
                    "report": report, "seq": seq, "crawl": crawl, "captured_at": at, "content_hash": f"{hash(text)}",
                    "text_hash": "t", "body_hash": f"{hash(text)}", "rules": "r", "title": row["title"], "organ": row["organ"],
                    "source": "", "published_on": "", "url": "https://x.example/", "http_status": 200, "text": text,
                    "significance": "content", "archive_ref": "", "previous_hash": "", "strict_hash": "", "page_hash": "",
                    "page_text_hash": "", "body_key": "",
                },
            )  # fmt: skip
            for name, words in attachments:
                self.store.insert(
                    "attachments", {"version": version, "url": "https://x.example/a", "name": name, "text": words}
                )
            self.store.update("reports", report, {"current_version": version})
        return version

    def update(self) -> bool:
        return Indexer(self.home).update(self.store)

    def find(self, text: str, **limits: object) -> Found:
        conn = Reader(path_of(self.home)).connection()
        assert conn is not None
        try:
            return search(self.store, conn, Asked(text=text, **limits))  # type: ignore[arg-type]
        finally:
            conn.close()

    def found(self, text: str, **limits: object) -> list[int]:
        return [hit.report for hit in self.find(text, **limits).hits]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Recorded]:
    one = Recorded(tmp_path / "home")
    yield one
    one.store.close()


def rows(record: Recorded) -> list[int]:
    """The versions of the index, as often as they are in it."""
    with sqlite3.connect(path_of(record.home)) as conn:
        versions = [number for (number,) in conn.execute("SELECT version FROM documents ORDER BY version")]
        for table in ("words", "titles"):
            sizes = [number for (number,) in conn.execute(f"SELECT id FROM {table}_docsize ORDER BY id")]
            assert sizes == versions, table
    conn.close()
    return versions


# The index -------------------------------------------------------------------------------------------------------


def test_it_follows_the_record(record: Recorded) -> None:
    one = record.report()
    record.version(one, "依申请公开248件")
    assert record.update()
    assert record.found("248") == [one]
    two = record.report(year=2025)
    record.version(two, "依申请公开248件", attachments=(("附表.docx", "合计 13.76"),))
    assert record.found("248") == [one]
    assert record.find("248").progress == Progress(1, 2)
    assert record.find("248").progress.percent == 50
    assert record.update()
    assert sorted(record.found("248")) == [one, two]
    assert record.found("13.76") == record.found("附表") == [two]
    assert record.find("248").progress.complete


def test_one_that_is_of_another_form_is_made_anew(record: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    record.version(record.report(), "公开")
    record.update()
    monkeypatch.setattr(index, "FORM", index.FORM + 1)
    assert Reader(path_of(record.home)).connection() is None
    record.update()
    assert rows(record) == [1]
    assert len(record.found("公开")) == 1


def test_a_restored_record_is_another_one(record: Recorded, tmp_path: Path) -> None:
    """A backup of before the last version; then another version gets its number."""
    report = record.report()
    record.version(report, "甲方案")
    record.store.conn.execute("VACUUM INTO ?", (str(tmp_path / "backup.db"),))
    record.version(report, "乙方案")
    record.update()
    assert record.found("乙方案") == [report]
    record.store.close()
    for name in ("nianbao.db-wal", "nianbao.db-shm"):
        (record.home / name).unlink(missing_ok=True)
    (tmp_path / "backup.db").replace(record.home / "nianbao.db")
    record.store = Store.open(record.home / "nianbao.db")
    assert record.find("乙方案").progress.percent == 0  # what the index says is not of this record
    record.version(report, "丙方案", at="2026-02-01T01:00:00Z")
    record.update()
    assert record.found("乙方案") == []
    assert record.found("丙方案") == record.found("甲方案") == [report]
    assert rows(record) == [1, 2]


def test_a_record_that_became_shorter_is_another_one(record: Recorded, tmp_path: Path) -> None:
    record.version(record.report(), "甲方案")
    record.version(record.report(year=2025), "乙方案")
    record.update()
    other = Recorded(tmp_path / "other")
    other.version(other.report(), "甲方案")
    path_of(record.home).rename(path_of(other.home))
    other.update()
    assert rows(other) == [1]
    other.store.close()


@pytest.mark.parametrize("damage", ["nothing", "words", "middle", "empty"])
def test_a_damaged_one_is_made_anew(record: Recorded, damage: str) -> None:
    for year in range(2000, 2030):
        record.version(record.report(year=year), f"依申请公开{year}件。" * 200)
    record.update()
    path = path_of(record.home)
    data = bytearray(path.read_bytes())
    if damage == "nothing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "words":
        path.write_bytes(b"no database at all " * 1000)
    else:
        data[4096 * 2 :] = b"\xff" * (len(data) - 4096 * 2)
        path.write_bytes(data)
        with pytest.raises(sqlite3.DatabaseError) as raised:
            record.found("2007")
        assert index.is_damage(raised.value)
        index.condemn(path)
    record.update()
    assert len(record.found("2007")) == 1
    assert rows(record) == list(range(1, 31))
    assert not path.with_name("search.db-damaged").exists()


def test_trouble_with_the_record_is_none_of_the_index(record: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    record.version(record.report(), "公开")
    record.update()
    made = path_of(record.home).stat().st_ino
    record.version(record.report(year=2025), "公开")

    def malformed(*_: object) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    with monkeypatch.context() as patch:
        patch.setattr(record.store, "values", malformed)
        with pytest.raises(StoreError, match="the record cannot be read"):
            record.update()
    assert path_of(record.home).stat().st_ino == made
    record.update()
    assert rows(record) == [1, 2]


def test_a_reader_opens_the_new_file(record: Recorded) -> None:
    record.version(record.report(), "甲方案")
    record.update()
    reader = Reader(path_of(record.home))
    before = reader.connection()
    index.condemn(path_of(record.home))
    record.update()
    after = reader.connection()
    assert after is not before
    assert after is not None
    assert search(record.store, after, Asked(text="甲方案")).count == 1
    assert reader.connection() is after
    after.close()


def test_one_at_a_time_writes(record: Recorded) -> None:
    record.version(record.report(), "公开")
    with index._alone(path_of(record.home)) as alone:
        assert alone
        assert record.update() is False
    assert record.update() is True


_KILLED = """
import sys
from pathlib import Path
from monitor.search.index import Indexer
from monitor.search import index
from monitor.store import Store, StoreError
index._COMMIT_SECONDS = 0.02
home = Path(sys.argv[1])
print("begins", flush=True)
Indexer(home).update(Store.open_reader(home / "nianbao.db"), lambda done, total: print(done, flush=True))
print("done", flush=True)
"""


def test_killed_at_any_instant_it_goes_on_without_doubles(record: Recorded) -> None:
    total = 400
    with record.store.transaction():
        record.store.run("PRAGMA defer_foreign_keys = ON")
    for year in range(total):
        record.version(record.report(year=year + 1), f"依申请公开{year}件，办结率13.76%。" * 100)
    kills = 0
    for delay in (0.0, 0.03, 0.07, 0.11, 0.02, 0.05):
        process = subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(record.home)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        for line in process.stdout:  # it is at work: something was committed by this very process
            if line.strip().isdigit() and int(line) > 0:
                break
        time.sleep(delay)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
    assert kills > 1
    record.update()
    assert rows(record) == list(range(1, total + 1))
    assert len(record.found("依申请公开399件")) == 1


def test_in_the_background_it_follows_and_ends(record: Recorded) -> None:
    report = record.report()
    record.version(report, "甲方案")
    indexer = Indexer(record.home)
    indexer.start()
    try:
        assert _until(lambda: indexer.state().progress == Progress(1, 1))
        record.version(report, "乙方案")
        indexer.wake()
        assert _until(lambda: indexer.state().progress == Progress(2, 2))
        assert record.found("乙方案") == [report]
        assert indexer.state().problem == ""
    finally:
        indexer.stop()
    record.version(report, "丙方案")
    indexer.wake()
    assert record.find("丙方案").count == 0


def test_without_a_record_it_waits(tmp_path: Path) -> None:
    indexer = Indexer(tmp_path)
    indexer.start()
    assert _until(lambda: not indexer.state().running)
    indexer.stop()
    assert not path_of(tmp_path).exists()
    assert indexer.state().problem == ""


def _until(true: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


# Results ---------------------------------------------------------------------------------------------------------


def test_what_only_an_old_version_says_is_found_and_comes_last(record: Recorded) -> None:
    edited, kept, added = (record.report(year=year) for year in (2021, 2022, 2023))
    record.version(edited, "满意率99%")
    record.version(edited, "删去了")
    record.version(kept, "满意率98%")
    record.version(added, "没有")
    record.version(added, "满意率97%")
    record.update()
    found = record.find("满意率")
    assert [hit.report for hit in found.hits][-1] == edited
    by_report = {hit.report: hit for hit in found.hits}
    assert by_report[edited].only_old
    assert (by_report[edited].shown.seq, by_report[edited].gone_in) == (1, 2)
    assert (by_report[added].shown.seq, by_report[added].new_in, by_report[added].gone_in) == (2, 2, None)
    assert (by_report[kept].new_in, by_report[kept].only_old) == (None, False)
    assert sorted(record.found("满意率", versions="current")) == [kept, added]


def test_a_title_counts_most(record: Recorded) -> None:
    body = record.report(organ="财政局")
    record.version(body, "税务税务。" + "其他内容很多。" * 50)
    title = record.report(organ="税务局")
    record.version(title, "其他内容很多。" * 50)
    record.update()
    assert record.found("税务") == [title, body]
    assert record.found("税务", where="title") == [title]
    assert record.found("税务", where="text") == [body]
    assert record.found("税务", where="attachments") == []


def test_limits_are_the_records_own(record: Recorded) -> None:
    one = record.report(organ="教育局", year=2023, portal="linhai", region="331082")
    two = record.report(organ="公安局", year=2024, portal="haizhu", region="440105")
    for report in (one, two):
        record.version(report, "公开")
    record.update()
    assert (
        record.found("公开", portal="linhai")
        == record.found("公开", year=2023)
        == record.found("公开", organ="教育")
        == [one]
    )
    assert record.found("公开", region="44") == [two]
    assert record.found("公开", region="44", year=2023) == []
    with record.store.transaction():  # corrected by hand: the index knows nothing of it
        record.store.update("reports", one, {"year": 2022})
    assert record.found("公开", year=2022) == [one]
    with record.store.transaction():
        record.store.update("reports", one, {"withdrawn_at": NOW})
    assert record.found("公开") == [two]
    assert record.found("公开", portal="linhai") == []


def test_more_than_can_be_ranked_is_said(record: Recorded) -> None:
    with record.store.transaction():
        record.store.run("PRAGMA defer_foreign_keys = ON")
    first = record.report(year=1, title="稀有的标题")
    record.version(first, "公开")
    record.version(first, "公开")
    for year in range(2, MOST + 100):
        record.version(record.report(year=year), "公开")
    record.update()
    found = record.find("公开")
    assert (found.count, found.more, found.pages, found.late) == (MOST, True, MOST // 20, False)
    assert len({hit.report for page in (1, 2) for hit in record.find("公开", page=page).hits}) == 40
    assert found.hits[0].year == MOST + 99
    assert record.find("公开", year=1).count == 1
    assert record.find("公开", page=9999).page == MOST // 20


def test_time_that_is_up_is_said(record: Recorded) -> None:
    for year in range(1, 200):
        record.version(record.report(year=year), f"公开{year}" * 50)
    record.update()
    conn = Reader(path_of(record.home)).connection()
    assert conn is not None
    found = search(record.store, conn, Asked(text="公开"), seconds=-1.0)
    assert found.late
    assert search(record.store, conn, Asked(text="公开")).count == 199  # the next one has its own time
    conn.close()


def test_names_of_organs_and_portals_in_either_script(record: Recorded) -> None:
    record.version(record.report(organ="临海市发展和改革局"), "公开")
    record.update()
    assert [name.organ for name in record.find("發展").names] == ["临海市发展和改革局"]
    assert [name.portal_title for name in record.find("门户").names] == ["linhai门户"]
    assert record.find("发展 -公开").names == record.find("发").names == record.find("[*]").names == ()
