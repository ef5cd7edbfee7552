"""Damaged disks: whatever happens to a file of a run folder, of the archive or of the record, nothing false is said, nothing is
lost that the next pass can see, and the file is named."""

import shutil
import sqlite3

import msgspec
import pytest

from crawler.observation import CAPTURE, JOB, OBSERVATIONS, RUN, SECTIONS, RunSummary
from monitor.archive import verify
from monitor.bookkeeping import recover
from monitor.briefing import rules_of
from monitor.home import Home, HomeError
from monitor.intake import read_run
from monitor.store import Store

DAMAGES = {
    "cut off": lambda data: data[: len(data) // 3],
    "a byte short": lambda data: data[:-1],
    "empty": lambda _: b"",
    "zeros at its end": lambda data: data[: len(data) // 2] + bytes(len(data) - len(data) // 2),
    "a flipped bit": lambda data: (
        data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 4]) + data[len(data) // 2 + 1 :]
    ),
    "rubbish": lambda _: bytes(range(256)) * 40,
    "a huge line": lambda _: b'{"type":"page","url":"' + b"x" * 2_000_000,
    "missing": None,
    "a folder": None,
}


def damage(path, how):
    if DAMAGES[how] is not None:
        path.write_bytes(DAMAGES[how](path.read_bytes()))
        return
    path.unlink()
    if how == "a folder":
        path.mkdir()


def recovered(site):
    settled = list(recover(Home(site.home), site.store, site.settings, lambda: site.now))
    site.check()
    return settled


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", [JOB, OBSERVATIONS, CAPTURE, SECTIONS])
def test_a_run_folder_that_is_not_what_the_pass_wrote_says_nothing(site, paper, name, how):
    site.run()
    site.publish(paper.report(2024, requests=77))
    site.publish(paper.report(2025))
    site.write(site.brief())
    damage(site.folder / name, how)
    before = site.events()
    [settled] = recovered(site)
    assert (settled.outcome, site.events()) == ("killed", before)
    assert "damaged run folder" in settled.trouble
    assert str(site.folder) in settled.trouble
    assert "the next pass" in settled.trouble
    assert [one.kind for one in site.run()] == ["changed", "appeared"]
    assert [fault for fault in verify(site.store, site.home / "archive") if fault is not None] == []


@pytest.mark.parametrize("how", sorted(set(DAMAGES) - {"a flipped bit"}))
def test_a_damaged_end_is_no_end(site, paper, how):
    site.run()
    site.publish(paper.report(2025))
    site.write(site.brief())
    damage(site.folder / RUN, how)
    assert [one.outcome for one in recovered(site)] == ["killed"]
    assert [one.kind for one in site.run()] == ["appeared"]


def test_the_other_portals_go_on(make_history, paper):
    first = make_history()
    first.publish(paper.report(2024))
    second = make_history(name="home", sections=(f"{paper.HOST}/other/",))
    first.write(first.brief())
    damage(first.folder / CAPTURE, "a folder")
    second.portal = second.portal.__class__("other", "乙市", "generic", (f"{paper.HOST}/other/",))
    second.publish(paper.report(2023, organ="乙市人民政府"), section=f"{paper.HOST}/other/")
    second.write(second.brief())
    assert [(one.portal, one.outcome) for one in recovered(first)] == [("linhai", "killed"), ("other", "ok")]


def test_a_disk_that_fails_is_no_outage_of_the_portal(site):
    site.run()
    for _ in range(4):
        site.write(site.brief())
        damage(site.folder / OBSERVATIONS, "empty")
        recovered(site)
        site.store.start_crawl("linhai", "full", site.now)  # its folder was never made
        recovered(site)
    assert [one.kind for one in site.events() if not one.baseline] == ["baseline"]
    assert site.health() == "ok"


def test_a_folder_without_digests_is_read_as_ever(site):
    site.write(site.brief())
    summary = msgspec.json.decode((site.folder / RUN).read_bytes(), type=RunSummary)
    assert summary.files.keys() == {JOB, OBSERVATIONS, CAPTURE, SECTIONS}
    (site.folder / RUN).write_bytes(msgspec.json.encode(msgspec.structs.replace(summary, files={})))
    assert len(read_run(site.folder).pages) == 2
    damage(site.folder / CAPTURE, "a folder")
    [settled] = recovered(site)
    assert "Is a directory" in settled.trouble


# The archive -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["cut off", "empty", "zeros at its end", "rubbish", "missing", "a folder"])
@pytest.mark.parametrize("name", ["1.warc.gz", "1.sections.warc.gz"])
def test_a_torn_capture_is_named_and_passes_go_on(site, paper, name, how):
    site.run()
    damage(site.home / "archive/linhai" / name, how)
    faults = [fault for fault in verify(site.store, site.home / "archive") if fault is not None]
    assert faults
    assert all(fault.ref.startswith(f"linhai/{name}") for fault in faults)
    site.publish(paper.report(2025))
    assert [one.kind for one in site.run()] == ["appeared"]
    # An edit of the portal file makes every stored capture be read again: what cannot be is a baseline, never an alert.
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(title="h2"))
    assert site.run() == []
    assert site.store.rows("SELECT id FROM pages WHERE rules <> ?", (rules_of(site.portal),)) == []


# The record --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["cut off", "a byte short", "empty", "zeros at its end", "a flipped bit", "rubbish", "missing"]
)
def test_a_torn_log_of_the_record_loses_whole_commits_at_most(site, paper, tmp_path, how):
    site.run()
    site.store.run("PRAGMA wal_checkpoint(TRUNCATE)")
    site.publish(paper.report(2024, requests=77))
    site.run()
    site.publish(paper.report(2025))
    site.run()
    torn = tmp_path / "torn"
    shutil.copytree(site.home, torn, ignore=lambda *_: ["nianbao.db-shm"])
    damage(torn / "nianbao.db-wal", how)
    with Home(torn).writing() as store:
        assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
        assert store.rows("PRAGMA foreign_key_check") == []
        assert [fault for fault in verify(store, torn / "archive") if fault is not None] == []
        known = [row["kind"] for row in store.rows("SELECT kind FROM events WHERE baseline = 0 AND kind <> 'finding'")]
        assert known == ["baseline", "changed", "appeared"][: len(known)]
        # The passes that it forgot are made up for, under numbers of their own.
        captures = {path: path.read_bytes() for path in (torn / "archive/linhai").iterdir()}
        site.home = torn
        site.use(store)
        assert [one.kind for one in site.run()] == ["baseline", "changed", "appeared"][len(known) :]
        assert {path: path.read_bytes() for path in captures} == captures
        assert store.row("SELECT max(id) AS n FROM crawls")["n"] == 4


def test_a_record_that_is_gone_is_no_new_beginning(site):
    site.run()
    site.store.close()
    home = Home(site.home)
    for make in (home.database.unlink, home.database.touch):
        make()
        with pytest.raises(HomeError, match=r"record is missing.*nianbao restore FILE"), home.writing():
            pass
    shutil.rmtree(home.archive)
    with home.writing() as store:
        assert store.rows("SELECT * FROM crawls") == []


def test_numbers_go_on_after_those_of_a_lost_day(site, tmp_path):
    site.run()
    home = Home(site.home)
    with home.writing() as store:
        assert store.last_number() == 1
    (home.archive / "other").mkdir()
    for name in (
        "archive/other/41.sections.warc.gz",
        "archive/linhai/notes.txt",
        "archive/other/99999999999999999999.x",
    ):
        (home.path / name).write_bytes(b"")
    (home.runs / "linhai" / "57").mkdir(parents=True)
    with home.writing() as store:
        assert store.last_number() == 57
        assert store.start_crawl("linhai", "full", site.now) == 58
    with home.writing() as store:
        assert store.last_number() == 58
    with sqlite3.connect(home.database) as plain:
        assert plain.execute("SELECT count(*) FROM sqlite_sequence WHERE name = 'crawls'").fetchone() == (1,)
    plain.close()


def test_numbers_of_an_empty_record_go_on_too(tmp_path):
    with Store.open(tmp_path / "a.db") as store:
        assert store.last_number() == 0
        store.continue_after(9)
        store.continue_after(3)
        assert store.last_number() == 9
