"""A home as one file, and back: whole, checked, and never half."""

import gzip
import io
import json
import os
import sqlite3
import tarfile
from pathlib import Path

import pytest

from monitor.archive import unknown_files, verify
from monitor.backup import BackupError, back_up, last_backup
from monitor.home import Home, HomeLocked
from monitor.outbox import deliver
from monitor.restore import restore
from monitor.store import Store, StoreError
from tests.unit.test_outbox import Desk, channel, settings

NOW = "2026-03-01T00:00:00Z"


@pytest.fixture
def home(site):
    """A record with captures, settings and a portal file."""
    site.run()
    (site.home / "nianbao.toml").write_text("[service]\ncontact = 'x@example.cn'\n")
    (site.home / "portals").mkdir()
    (site.home / "portals" / "linhai.toml").write_text("# mine")
    return Home(site.home)


@pytest.fixture
def saved(home, tmp_path):
    back_up(home, tmp_path / "b.tar", NOW)
    return tmp_path / "b.tar"


def contents(path):
    with sqlite3.connect(path) as conn:
        told = [line for line in conn.iterdump() if "restored_" not in line and '"sqlite_sequence"' not in line]
    conn.close()
    return told


def faults(home):
    with home.reader() as store:
        return [fault for fault in verify(store, home.archive) if fault is not None]


def test_what_comes_back_is_what_was_there(home, saved, tmp_path):
    other = Home(tmp_path / "new" / "home")
    told = restore(other, saved, NOW)
    assert (told.made_at, told.reports, told.versions, told.captures, told.lost) == (NOW, 2, 2, 2, ())
    assert (told.aside, told.replaced) == (None, ())
    assert sorted(path.name for path in other.path.iterdir()) == [
        ".lock", "archive", "nianbao.db", "nianbao.toml", "portals", "runs",
    ]  # fmt: skip
    assert contents(other.database) == contents(home.database)
    for name in ("nianbao.toml", "portals/linhai.toml", "archive/linhai/1.warc.gz"):
        assert (other.path / name).read_bytes() == (home.path / name).read_bytes()
    assert faults(other) == []


def test_a_backup_is_a_plain_tar_for_its_owners_eyes(home, saved):
    assert saved.stat().st_mode & 0o777 == 0o600
    with tarfile.open(saved) as tar:
        names = tar.getnames()
        assert names[0], names[-1] == ("nianbao.db.gz", "manifest.json")
        record = gzip.decompress(tar.extractfile("nianbao.db.gz").read())
        manifest = json.load(tar.extractfile("manifest.json"))
    assert record.startswith(b"SQLite format 3\0")
    assert manifest["record_bytes"] == len(record)
    assert manifest["made_at"] == NOW
    assert [one["name"] for one in manifest["members"]] == names[:-1]
    assert sorted(path.name for path in saved.parent.iterdir()) == ["b.tar", "home"]


def test_what_somebody_put_beside_the_captures_is_left_out(home, tmp_path):
    for name in (
        "archive/linhai/my notes.txt",
        "archive/linhai/.hidden",
        "archive/linhai/3.warc.gz.partial",
        "portals/a b.toml",
    ):
        (home.path / name).write_text("x")
    (home.path / "archive/linhai/folder").mkdir()
    back_up(home, tmp_path / "b.tar", NOW)
    assert restore(Home(tmp_path / "new"), tmp_path / "b.tar", NOW).captures == 2


def test_the_home_knows_its_last_backup(home, tmp_path):
    assert last_backup(home.path) is None
    back_up(home, tmp_path / "whole.tar", NOW)
    back_up(home, tmp_path / "hour.tar", "2026-03-01T05:00:00Z", archive=False)
    told = last_backup(home.path)
    assert (told.at, told.archive, told.whole_at) == ("2026-03-01T05:00:00Z", False, NOW)
    assert told.file == str(tmp_path / "hour.tar")
    assert told.size == (tmp_path / "hour.tar").stat().st_size
    (home.path / "backup.json").write_text("torn{")
    assert last_backup(home.path) is None


def test_without_captures_the_archive_of_the_home_serves(home, tmp_path):
    back_up(home, tmp_path / "b.tar", NOW, archive=False)
    told = restore(Home(tmp_path / "new"), tmp_path / "b.tar", NOW)
    assert told.lost == ("linhai/1.sections.warc.gz", "linhai/1.warc.gz")
    home.database.unlink()
    assert restore(home, tmp_path / "b.tar", NOW).lost == ()
    assert faults(home) == []


def test_commits_between_its_steps_neither_hold_it_up_nor_get_into_it(home, site, paper, tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.record_file._PAGES_A_STEP", 8)
    steps = []

    def commit(done, total):
        steps.append(done)
        assert len(steps) < 500, "it begins again and again"
        if len(steps) < 40:
            site.publish(paper.report(2024, requests=len(steps)))
            site.run()

    back_up(home, tmp_path / "b.tar", NOW, progress=commit)
    assert steps == sorted(steps)
    other = Home(tmp_path / "new")
    assert restore(other, tmp_path / "b.tar", NOW).versions == 2
    assert faults(other) == []
    with other.reader() as store:
        assert unknown_files(store, other.archive)  # captures of the passes since: more than the record needs


def test_a_transaction_under_way_is_not_in_it(home, site, tmp_path):
    with site.store.transaction():
        site.store.run("UPDATE portals SET title = 'half'")
        back_up(home, tmp_path / "b.tar", NOW)
    restore(other := Home(tmp_path / "new"), tmp_path / "b.tar", NOW)
    with other.reader() as store:
        assert store.row("SELECT title FROM portals") == {"title": site.portal.title}


@pytest.mark.parametrize(
    "name", ["archive/b.tar", "portals/b.tar", "runs/b.tar", "nianbao.db", "nianbao.toml", "archive", "."]
)
def test_a_backup_goes_nowhere_where_it_harms(home, name):
    (home.path / "runs").mkdir(exist_ok=True)
    before = {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()}
    with pytest.raises(BackupError):
        back_up(home, home.path / name, NOW)
    assert {path: path.read_bytes() for path in home.path.rglob("*") if path.is_file()} == before


def test_a_damaged_record_takes_no_sound_ones_place(home, site, saved):
    before = saved.read_bytes()
    site.store.close()
    data = bytearray(home.database.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 9000] = bytes(9000)
    home.database.write_bytes(data)
    with pytest.raises(StoreError, match=r"damaged|malformed"):
        back_up(home, saved, NOW)
    assert saved.read_bytes() == before
    assert sorted(path.name for path in saved.parent.iterdir()) == ["b.tar", "home"]


def test_a_full_disk_leaves_the_last_backup(home, saved, monkeypatch):
    before = saved.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        back_up(home, saved, NOW)
    assert saved.read_bytes() == before
    assert sorted(path.name for path in saved.parent.iterdir()) == ["b.tar", "home"]


def test_two_at_once_do_not_mix(home, saved):
    def again(done, total):
        with pytest.raises(BackupError, match="another backup"):
            back_up(home, saved, NOW)

    back_up(home, saved, NOW, progress=again)
    restore(Home(saved.parent / "new"), saved, NOW)


# Restoring ---------------------------------------------------------------------------------------------------------


def test_a_home_with_a_record_keeps_it(home, saved):
    before = home.database.read_bytes()
    with pytest.raises(BackupError, match="--replace"):
        restore(home, saved, NOW)
    assert home.database.read_bytes() == before
    assert not (home.path / "restoring").exists()


def test_a_home_that_is_written_to_is_let_be(home, saved):
    home_of_service = Home(home.path)
    with home_of_service.writing(), pytest.raises(HomeLocked):
        restore(home, saved, NOW, replace=True)


def test_what_is_replaced_is_kept(home, site, saved, paper):
    site.publish(paper.report(2025))
    site.run()
    lost_day = (home.path / "archive/linhai/2.warc.gz").read_bytes()
    (home.path / "nianbao.toml").write_text("[service]\ncontact = 'new@example.cn'\n")
    (home.path / "portals/new.toml").write_text("# new")
    (home.path / "archive/linhai/1.warc.gz").write_bytes(b"rotten")
    site.store.close()
    told = restore(home, saved, NOW, replace=True)
    assert sorted(path.name for path in home.path.glob("nianbao.db*")) == ["nianbao.db"]
    assert told.replaced == ("nianbao.toml", "portals/new.toml")
    assert told.aside == home.path / "replaced-2026-03-01T000000Z"
    with Store.open_reader(told.aside / "nianbao.db") as old, home.reader() as new:
        assert len(old.rows("SELECT * FROM reports")) == 3
        assert len(new.rows("SELECT * FROM reports")) == 2
        assert unknown_files(new, home.archive) == ["linhai/2.sections.warc.gz", "linhai/2.warc.gz"]
    assert "new@" in (told.aside / "nianbao.toml").read_text()
    assert (told.aside / "archive/linhai/1.warc.gz").read_bytes() == b"rotten"
    assert not (home.path / "portals/new.toml").exists()
    assert (home.path / "archive/linhai/2.warc.gz").read_bytes() == lost_day
    assert faults(home) == []


def test_a_second_one_at_the_same_time_of_day_has_a_folder_of_its_own(home, site, saved):
    site.store.close()
    names = [restore(home, saved, NOW, replace=True).aside.name for _ in range(2)]
    assert names == ["replaced-2026-03-01T000000Z", "replaced-2026-03-01T000000Z-2"]


def test_a_record_that_is_no_longer_one_is_replaced(home, site, saved):
    site.store.close()
    home.database.write_bytes(b"rubbish" * 1000)
    (home.path / "nianbao.db-wal").write_bytes(b"rubbish")
    told = restore(home, saved, NOW, replace=True)
    assert (told.aside / "nianbao.db").read_bytes().startswith(b"rubbish")
    assert (told.aside / "nianbao.db-wal").exists()
    assert faults(home) == []


def test_a_reader_of_the_old_record_is_not_overrun(home, site, saved, monkeypatch):
    monkeypatch.setattr("monitor.record_file._ALONE_SECONDS", 0.05)
    before = contents(home.database)
    with home.reader() as store:
        store.run("BEGIN")
        store.rows("SELECT * FROM reports")
        with pytest.raises(StoreError, match="somebody is reading"):
            restore(home, saved, NOW, replace=True)
        store.run("COMMIT")
    assert contents(home.database) == before


def test_passes_go_on_after_a_restore(home, site, saved, paper, make_history):
    site.publish(paper.report(2025))
    site.run()
    site.store.close()
    restore(home, saved, NOW, replace=True)
    with home.writing() as store:
        site.use(store)
        kinds = [(one.kind, one.year) for one in site.run()]
        assert kinds == [("appeared", 2025)]
        assert site.run() == []
        assert store.rows("SELECT id FROM crawls WHERE id BETWEEN 2 AND 1000") == []
        assert {"2.warc.gz", "1.warc.gz"} < {path.name for path in (home.archive / "linhai").iterdir()}
    assert faults(home) == []


def test_nobody_is_told_again_what_was_told_since(home, site, saved, paper):
    site.settings, told = settings(channel()), Desk()
    with home.writing() as store:
        site.use(store)
        site.publish(paper.report(2025))
        site.run()
        deliver(store, site.settings, site.now, send=told)
        assert len(told.got) == 1
    restore(home, saved, NOW, replace=True)
    with home.writing() as store:
        site.use(store)
        assert [one.kind for one in site.run()] == ["appeared"]
        deliver(store, site.settings, site.now, send=told)
        assert len(told.got) == 1
        site.publish(paper.report(2025, requests=99))
        site.run()
        deliver(store, site.settings, site.now, send=told)
        assert len(told.got) == 2


# Hostile and damaged files -----------------------------------------------------------------------------------------


def rewrite(path: Path, change) -> None:
    """Writes the tar anew: `change` gets a list of [TarInfo, bytes] and alters it."""
    with tarfile.open(path) as tar:
        members = [[info, tar.extractfile(info).read()] for info in tar.getmembers()]
    change(members)
    with tarfile.open(path, "w") as tar:
        for info, data in members:
            if info.isreg():
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def listed(members, data: bytes, name: str) -> None:
    """A member that the manifest names too."""
    import hashlib

    members.insert(1, [tarfile.TarInfo(name), data])
    manifest = json.loads(members[-1][1])
    manifest["members"].append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})
    members[-1][1] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    "name",
    ["/etc/nianbao", "../escape", "archive/../../escape", "archive/linhai/../../../x", "archive/linhai/.x", "nianbao.db", ".lock",
     "archive/linhai/a/b", "portals/../x.toml", "portals/x.py", "runs/linhai/1", "archive//x", "archive/linhai/x\n"],
)  # fmt: skip
def test_no_member_leaves_its_place(saved, tmp_path, name):
    rewrite(saved, lambda members: listed(members, b"x", name))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BackupError, match="belongs into no home"):
        restore(Home(tmp_path / "new"), saved, NOW)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_no_member_is_anything_but_a_file(saved, tmp_path, kind):
    def change(members):
        info = tarfile.TarInfo("archive/linhai/9.warc.gz")
        info.type, info.linkname = kind, "/etc/passwd"
        members.insert(1, [info, b""])

    rewrite(saved, change)
    with pytest.raises(BackupError, match="no ordinary file"):
        restore(Home(tmp_path / "new"), saved, NOW)


def test_no_member_comes_twice(saved, tmp_path):
    rewrite(saved, lambda members: members.insert(1, members[0]))
    with pytest.raises(BackupError, match="twice"):
        restore(Home(tmp_path / "new"), saved, NOW)


def test_each_damaged_member_is_named(home, saved, tmp_path):
    whole = saved.read_bytes()
    with tarfile.open(saved) as tar:
        members = tar.getmembers()[:-1]
    for info in members:
        place = info.offset_data + info.size // 2
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BackupError, match=info.name.replace(".", r"\.")):
            restore(other := Home(tmp_path / "new"), saved, NOW)
        assert not other.has_record()
        assert not (other.path / "restoring").exists()


def test_a_backup_whose_end_is_missing_is_none(saved, tmp_path):
    whole = saved.read_bytes()
    with tarfile.open(saved) as tar:
        end = tar.getmember("manifest.json")
    for length in (0, 100, 512, 5000, end.offset, end.offset_data, end.offset_data + end.size - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(BackupError):
            restore(other := Home(tmp_path / "new"), saved, NOW)
        assert not other.path.exists()


def test_any_flipped_byte_is_noticed_or_harmless(home, saved, tmp_path):
    whole = saved.read_bytes()
    before = contents(home.database)
    for place in range(0, len(whole), len(whole) // 60):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        other = Home(tmp_path / f"new{place}")
        try:
            restore(other, saved, NOW)
        except BackupError:
            assert not other.has_record()
        else:  # padding, or a header's field that means nothing here
            assert contents(other.database) == before
            assert faults(other) == []


def test_a_record_that_unpacks_to_more_than_it_says_is_refused(saved, tmp_path):
    import hashlib

    def change(members):
        members[0][1] = gzip.compress(bytes(10_000_000))
        manifest = json.loads(members[-1][1])
        manifest["members"][0] |= {"size": len(members[0][1]), "sha256": hashlib.sha256(members[0][1]).hexdigest()}
        members[-1][1] = json.dumps(manifest).encode()

    rewrite(saved, change)
    with pytest.raises(BackupError, match=r"nianbao\.db\.gz is not as long"):
        restore(Home(tmp_path / "new"), saved, NOW)


def test_a_manifest_that_asks_for_too_much_is_refused(saved, tmp_path):
    def change(members):
        members[-1][1] = members[-1][1].replace(b'"record_bytes":', b'"record_bytes":9999999')

    rewrite(saved, change)
    with pytest.raises(BackupError, match="make room"):
        restore(Home(tmp_path / "new"), saved, NOW)


def test_a_backup_of_a_newer_program_says_which(saved, site, home, tmp_path):
    with site.store.transaction():
        site.store.run(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('nianbao', 'm999_x', '')"
        )
    back_up(home, saved, NOW)
    with pytest.raises(StoreError, match=r"newer nianbao .*m999_x"):
        restore(Home(tmp_path / "new"), saved, NOW)


def test_what_is_no_backup_is_named(tmp_path):
    for name, data in (("text", b"no tar" * 200), ("empty", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(BackupError, match=name):
            restore(Home(tmp_path / "new"), tmp_path / name, NOW)
    with pytest.raises(BackupError, match="none"):
        restore(Home(tmp_path / "new"), tmp_path / "none", NOW)
    assert not (tmp_path / "new").exists()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BackupError, match="pipe"):
        restore(Home(tmp_path / "new"), tmp_path / "pipe", NOW)


def scribble(home, words):
    """What the staff pages keep of what staff say."""
    with sqlite3.connect(home.path / "notes.db", isolation_level=None) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE IF NOT EXISTS said (words TEXT)")
        conn.execute("INSERT INTO said VALUES (?)", (words,))
    conn.close()


def scribbled(home):
    with sqlite3.connect(home.path / "notes.db") as conn:
        found = [words for (words,) in conn.execute("SELECT words FROM said")]
    conn.close()
    return found


def test_what_staff_noted_comes_back_and_what_they_noted_since_stays(home, tmp_path):
    scribble(home, "误报")
    back_up(home, tmp_path / "b.tar", NOW)
    new = Home(tmp_path / "new")
    restore(new, tmp_path / "b.tar", NOW)
    assert scribbled(new) == ["误报"]
    scribble(new, "后来写的")
    restore(new, tmp_path / "b.tar", NOW, replace=True)
    assert scribbled(new) == ["误报", "后来写的"]


def test_damaged_notes_are_named_and_leave_no_backup(home, tmp_path):
    (home.path / "notes.db").write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    with pytest.raises(StoreError, match=r"notes\.db"):
        back_up(home, tmp_path / "b.tar", NOW)
    assert not (tmp_path / "b.tar").exists()
