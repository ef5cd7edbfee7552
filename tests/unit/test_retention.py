"""What goes and what stays: decided on values, and done to folders."""

import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.archive import verify
from monitor.home import Home
from monitor.retention import RunFolder, expired, sweep
from monitor.settings import Service, SettingsError, parse_settings
from monitor.times import shift
from monitor.upkeep import tend

DAY = 86400.0


@pytest.mark.parametrize(
    ("folders", "gone"),
    [
        ([], []),
        ([RunFolder(n, 0.0) for n in range(1, 6)], [1, 2]),
        ([RunFolder(1, 31 * DAY), RunFolder(2, 0.0)], [1]),
        ([RunFolder(n, 31 * DAY, waits=True) for n in range(1, 6)], []),
        ([RunFolder(n, 29 * DAY, failed=True) for n in range(1, 6)], []),
        ([RunFolder(n, 31 * DAY, failed=True) for n in range(1, 3)], [1, 2]),
        ([RunFolder(1, 0.0), RunFolder(2, 0.0, failed=True), *(RunFolder(n, 0.0) for n in (3, 4))], []),
        ([RunFolder(n, -400 * DAY) for n in range(1, 6)], [1, 2]),  # a clock that was wrong
        ([RunFolder(n, 0.0) for n in (9, 10, 11, 100)], [9]),  # by number, not by name
    ],
)
def test_what_expires(folders, gone):
    assert expired(folders, 3, 30 * DAY) == gone


@given(
    st.lists(
        st.builds(RunFolder, st.integers(1, 50), st.floats(-DAY, 90 * DAY), st.booleans(), st.booleans()),
        unique_by=lambda folder: folder.crawl,
    ),
    st.integers(0, 5),
)
def test_what_never_expires(folders, keep):
    gone = set(expired(folders, keep, 30 * DAY))
    for folder in folders:
        if folder.waits or (folder.failed and folder.age <= 30 * DAY):
            assert folder.crawl not in gone
    settled = sorted(folder.crawl for folder in folders if not folder.waits and not folder.failed)
    assert all(
        folder.crawl not in gone
        for folder in folders
        if folder.age <= 30 * DAY and folder.crawl in settled[-keep or 99 :]
    )
    assert len([number for number in settled if number not in gone]) <= keep


def numbers(site, portal="linhai"):
    return sorted(int(path.name) for path in (site.home / "runs" / portal).glob("*"))


def swept(site, days=0.0, service=Service()):  # noqa: B008
    return sweep(Home(site.home), site.store, shift(site.now, days * DAY), service, time.time() + days * DAY)


def test_folders_go_and_captures_stay(site, paper):
    for year in range(2015, 2024):
        site.publish(paper.report(year))
        site.run()
    captures = sorted((site.home / "archive/linhai").iterdir())
    assert swept(site) == 6
    assert numbers(site) == [7, 8, 9]
    assert swept(site, 31) == 3
    assert not (site.home / "runs/linhai").exists()
    assert sorted((site.home / "archive/linhai").iterdir()) == captures
    assert [fault for fault in verify(site.store, site.home / "archive") if fault is not None] == []
    site.run()


def test_what_waits_or_failed_stays(site):
    site.write(waits := site.brief())
    for _ in range(5):
        site.run()
    site.store.run("UPDATE crawls SET outcome = 'killed' WHERE id = 2")
    swept(site, 20)
    assert numbers(site) == [waits, 2, 4, 5, 6]
    swept(site, 3000)
    assert numbers(site) == [waits]


def test_folders_of_passes_and_portals_that_nobody_knows_go_in_time(site):
    for portal, number in (("linhai", 99), ("former", 5)):
        (site.home / "runs" / portal / str(number)).mkdir(parents=True)
    (site.home / "runs" / "linhai" / "notes").mkdir()
    swept(site, 29)
    assert numbers(site, "former") == [5]
    swept(site, 31)
    assert [path.name for path in (site.home / "runs").iterdir()] == ["linhai"]
    assert [path.name for path in (site.home / "runs/linhai").iterdir()] == ["notes"]


def test_what_killed_processes_left_is_swept_once_it_is_old(site):
    site.run()
    home = site.home
    left = [home / "archive/linhai/7.warc.gz.partial", home / ".backup.json.77.tmp", home / ".b.tar.partial"]
    for path in left:
        path.write_text("half")
    for folder in ("restoring/archive", "nianbao-x1"):
        (home / folder).mkdir(parents=True)
        (home / folder / "x").write_text("")
    (home / "replaced.partial").mkdir()
    (home / "nianbao-notes.txt").write_text("mine")
    before = sorted(home.rglob("*"))
    assert swept(site) == 0
    assert sorted(home.rglob("*")) == before
    assert swept(site, 1.5) == 5
    assert {path.name for path in before} - {path.name for path in home.rglob("*")} == {
        "7.warc.gz.partial", ".backup.json.77.tmp", ".b.tar.partial", "restoring", "nianbao-x1", "x"
    }  # fmt: skip


def test_a_folder_that_cannot_be_removed_hinders_nothing(site, monkeypatch, caplog):
    for _ in range(6):
        site.run()
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
        assert swept(site) == 0
    assert "could not be removed" in caplog.text
    assert swept(site) == 3


def test_how_many_stay_can_be_set(site):
    for _ in range(6):
        site.run()
    service = parse_settings("[service]\nkeep_runs = 1\nkeep_runs_for = '2d'", os.environ, lambda _: "").service
    swept(site, service=service)
    assert numbers(site) == [6]
    swept(site, 2.1, service=service)
    assert not (site.home / "runs/linhai").exists()
    with pytest.raises(SettingsError, match=r"service\.keep_runs: -1"):
        parse_settings("[service]\nkeep_runs = -1", os.environ, lambda _: "")
    with pytest.raises(SettingsError, match=r"service\.keep_runs_for"):
        parse_settings("[service]\nkeep_runs_for = 'long'", os.environ, lambda _: "")


def test_the_daily_round_empties_the_log_unless_somebody_reads(site, monkeypatch):
    monkeypatch.setattr("monitor.store._TIDY_SECONDS", 0.05)
    site.run()
    home, wal = Home(site.home), site.home / "nianbao.db-wal"
    with home.reader() as reader:
        reader.run("BEGIN")
        reader.rows("SELECT * FROM reports")
        site.store.run("UPDATE portals SET title = 'x'")
        assert not tend(home, site.store, Service(), site.now, time.time()).checkpointed
        assert wal.stat().st_size
        reader.run("COMMIT")
        assert tend(home, site.store, Service(), site.now, time.time()).checkpointed
    assert wal.stat().st_size == 0
    assert site.store.row("PRAGMA busy_timeout") == {"timeout": 60000}
    site.run()
