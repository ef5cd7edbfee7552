"""A home from a backup.

In: a file that `monitor.backup` wrote, or somebody altered. Out: a home that holds what it holds. The file is examined
whole before anything that the home has is touched: names, kinds, sizes and SHA-256 of all members, the record's integrity
and references. Then everything is put in its place, the record last and in one rename: killed at any instant, the home has
its old record or the new one, sound and with its captures, and restoring again finishes the work.

What the home had and the backup has otherwise is kept in HOME/replaced-TIME/. Captures that only the home has stay where
they are: they are evidence; so does the journal of what was said, so that nothing is said again. Staff's notes are put in
place where the home has none: they are of events, which keep their keys, and what somebody wrote since is not lost.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from monitor import record_file
from monitor.archive import referred_files, sync_directory
from monitor.backup import MANIFEST, NAME, NOTES, RECORD, BackupError, Manifest, Member, Progress, own_files_of
from monitor.home import Home
from monitor.store import Store

_MANIFEST_BYTES = 1 << 28
_CHUNK = 1 << 20
_SPARE = 64 << 20
"""Bytes that must be left on the disk afterwards."""
_GAP = 1000
"""Pass numbers left out: more than the time since the backup can have used, whose captures may turn up again."""


class Restored(msgspec.Struct, frozen=True):
    """What was restored."""

    made_at: str
    """The moment of the record."""
    reports: int
    versions: int
    captures: int
    """Captures that the backup holds, in files."""
    lost: tuple[str, ...]
    """Capture files that the record refers to, and neither backup nor home has."""
    aside: Path | None
    """Where lies what was replaced; None: nothing was."""
    replaced: tuple[str, ...]
    """The operator's files that the home had otherwise, or that the backup does not have."""


class Backup:
    """A backup file, opened: its structure has been checked, its contents not yet. Raises BackupError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise BackupError(f"{path}: is no file; name one that `nianbao backup` wrote")
        try:
            self._tar = tarfile.open(path, "r:")  # noqa: SIM115 (closed by close)
        except (OSError, tarfile.TarError) as error:
            raise BackupError(f"{path}: cannot be read as a backup: {error}") from None
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._tar.close()
            raise

    def __enter__(self) -> "Backup":
        return self

    def __exit__(self, *_: object) -> None:
        self._tar.close()

    def _read_manifest(self) -> Manifest:
        try:
            found = self._tar.getmembers()
        except (OSError, tarfile.TarError, ValueError, OverflowError) as error:
            raise BackupError(f"{self.path}: damaged, or its end is missing: {error}; use another backup") from None
        self._infos: dict[str, tarfile.TarInfo] = {}
        for info in found:
            if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.issparse():
                raise BackupError(f"{self.path}: {info.name!r} is no ordinary file; this is no backup of nianbao")
            if info.name != MANIFEST and not NAME.fullmatch(info.name):
                raise BackupError(f"{self.path}: {info.name!r} belongs into no home; this is no backup of nianbao")
            if info.name in self._infos:
                raise BackupError(f"{self.path}: holds {info.name} twice; this is no backup of nianbao")
            self._infos[info.name] = info
        if MANIFEST not in self._infos or self._infos[MANIFEST].size > _MANIFEST_BYTES:
            raise BackupError(f"{self.path}: has no manifest: it is no backup, or its end is missing; use another one")
        try:
            manifest = msgspec.json.decode(self._open(self._infos.pop(MANIFEST)).read(), type=Manifest)
        except (OSError, EOFError, tarfile.TarError, msgspec.DecodeError) as error:
            raise BackupError(f"{self.path}: {MANIFEST} is damaged: {error}; use another backup") from None
        if manifest.form != 1:
            raise BackupError(
                f"{self.path}: was made by nianbao {manifest.program}; install that version or a newer one"
            )
        told = {member.name: member.size for member in manifest.members}
        differing = {name for name, size in told.items() if name not in self._infos or self._infos[name].size != size}
        if differing := differing | (self._infos.keys() - told.keys()):
            raise BackupError(f"{self.path}: {min(differing)} is not as the manifest says; use another backup")
        if RECORD not in told:
            raise BackupError(f"{self.path}: holds no record; use another backup")
        return manifest

    def read(self, member: Member) -> Iterator[bytes]:
        """A member's bytes; raises BackupError at their end if they are not those that were backed up."""
        digest = hashlib.sha256()
        try:
            with self._open(self._infos[member.name]) as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except (OSError, tarfile.TarError) as error:
            raise BackupError(f"{self.path}: {member.name} cannot be read: {error}; use another backup") from None
        if digest.hexdigest() != member.sha256:
            raise BackupError(f"{self.path}: {member.name} is damaged; use another backup")

    def _open(self, info: tarfile.TarInfo) -> IO[bytes]:
        file = self._tar.extractfile(info)
        assert file is not None  # an ordinary file
        return file


def restore(
    home: Home, path: Path, now: str, *, replace: bool = False, progress: Progress = lambda _done, _total: None
) -> Restored:
    """Puts what a backup holds into `home`, which may be missing. `replace`: also if it has a record, which is put aside.

    Raises BackupError, HomeLocked (another process is writing to this home), HomeError, StoreError, OSError; then the home
    has its old record.
    """
    with Backup(path) as backup, home.held():
        if home.has_record() and not replace:
            raise BackupError(
                f"{home.database}: there is a record already; name another home with --home, or say --replace: it is then "
                "put aside"
            )
        staging = home.path / "restoring"
        if staging.exists():
            shutil.rmtree(staging)  # of a restore that was interrupted
        try:
            staging.mkdir(mode=0o700)
            _stage(backup, home, staging, progress)
            record = _prepare(staging / home.database.name, backup.manifest, now)
            return _put(backup, home, staging, _Aside(home, now), record)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _stage(backup: Backup, home: Home, staging: Path, progress: Progress) -> None:
    """Writes what the home does not have beside it, and checks all of it."""
    manifest = backup.manifest
    held = {member.name for member in manifest.members if _same(home.path / member.name, member)}
    total = sum(member.size for member in manifest.members)
    needed = manifest.record_bytes * 2 + sum(member.size for member in manifest.members if member.name not in held)
    free = shutil.disk_usage(home.path).free
    if needed + _SPARE > free:
        raise BackupError(f"{home.path}: {needed >> 20} MiB are needed, {free >> 20} MiB are free; make room")
    done = 0
    for member in manifest.members:
        target = staging / member.name
        if member.name == RECORD:
            chunks = _unpacked(backup, member, manifest.record_bytes)
            target = staging / home.database.name
        else:
            chunks = backup.read(member)
        with contextlib.ExitStack() as stack:
            file = None if member.name in held else stack.enter_context(_new(target))
            for chunk in chunks:
                if file is not None:
                    file.write(chunk)
        done += member.size
        progress(done, total)


def _same(path: Path, member: Member) -> bool:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size != member.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == member.sha256
    except OSError:
        return False


@contextlib.contextmanager
def _new(path: Path) -> Iterator[BinaryIO]:
    """A new file, synced at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666), "wb") as file:  # noqa: PTH123
        yield file
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def _unpacked(backup: Backup, member: Member, size: int) -> Iterator[bytes]:
    """The record, uncompressed: no more than the manifest says."""
    inflater = zlib.decompressobj(wbits=31)
    left = size
    try:
        for chunk in backup.read(member):
            while chunk:
                out = inflater.decompress(chunk, _CHUNK)
                left -= len(out)
                if left < 0:
                    break
                yield out
                chunk = inflater.unconsumed_tail
    except zlib.error as error:
        raise BackupError(f"{backup.path}: {member.name} is damaged: {error}; use another backup") from None
    if left or not inflater.eof:
        raise BackupError(f"{backup.path}: {member.name} is not as long as the manifest says; use another backup")


class _Record(msgspec.Struct, frozen=True):
    """What the record holds."""

    reports: int
    versions: int
    files: tuple[str, ...]
    """Capture files that it refers to."""


def _prepare(record: Path, manifest: Manifest, now: str) -> _Record:
    """Checks the record, brings it to this program's schema, and notes in it what has happened to it."""
    record_file.examine(record)
    with Store.open(record) as store:
        with store.transaction():
            for name, value in (("restored_at", now), ("restored_from", manifest.made_at)):
                store.run("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))
        store.continue_after(store.last_number() + _GAP)
        reports, versions = (
            store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"]  # noqa: S608
            for table in ("reports", "versions")
        )
        told = _Record(reports, versions, tuple(referred_files(store)))
    record_file.examine(record)
    with record.open("rb") as file:
        os.fsync(file.fileno())
    return told


class _Aside:
    """HOME/replaced-TIME: what the home had. It gets that name once the new record is in place: a restore that goes on after a
    kill puts the same things there, and no second name of the live record is left behind."""

    def __init__(self, home: Home, now: str) -> None:
        self._home, self._now = home, now
        self._partial = home.path / "replaced.partial"
        record = self._partial / home.database.name
        if record.exists():
            if record.samefile(home.database):  # killed before the exchange
                record.unlink()
            else:
                self.close()

    def place(self, name: str) -> Path:
        """Where a file of the home is put; its folder is there."""
        path = self._partial / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def keep(self, path: Path, name: str) -> None:
        """Copies a file there, unless an interrupted restore has done so."""
        if not (target := self.place(name)).exists():
            shutil.copyfile(path, temporary := target.with_name(f"{target.name}.new"))
            temporary.replace(target)

    def close(self) -> Path | None:
        """Gives the folder its name. None: nothing was put there."""
        if not self._partial.exists():
            return None
        number, name = 1, f"replaced-{self._now.replace(':', '')}"
        while (final := self._home.path / (name if number == 1 else f"{name}-{number}")).exists():
            number += 1
        self._partial.rename(final)
        sync_directory(self._home.path)
        return final


def _put(backup: Backup, home: Home, staging: Path, aside: _Aside, record: _Record) -> Restored:
    """Everything in its place, the record last: it refers to captures, and it is what makes the home another one."""
    own = dict(own_files_of(home.path))
    members = [member.name for member in backup.manifest.members if member.name != RECORD]
    replaced = []
    for name in sorted(own.keys() | set(members)):
        source, target = staging / name, home.path / name
        unwanted = name in own and name not in members
        if not source.exists() and not unwanted:
            continue  # the home has it already, byte for byte
        if name == NOTES and target.exists():
            continue
        if target.is_file():
            aside.keep(target, name)
            replaced += [name] if name in own else []
        if unwanted:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            _move(source, target)
        for folder in (target.parent, target.parent.parent):
            sync_directory(folder)
    database = home.database.name
    record_file.exchange(home.database, staging / database, aside.place(database) if home.database.exists() else None)
    home.create()  # what else a home has
    return Restored(
        made_at=backup.manifest.made_at,
        reports=record.reports,
        versions=record.versions,
        captures=sum(name.startswith("archive/") for name in members),
        lost=tuple(name for name in record.files if not (home.archive / name).is_file()),
        aside=aside.close(),
        replaced=tuple(replaced),
    )


def _move(source: Path, target: Path) -> None:
    """Renames a synced file; copies it where the archive lies on another disk."""
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = target.with_name(f"{target.name}.partial")
        with source.open("rb") as old, partial.open("wb") as new:
            shutil.copyfileobj(old, new, _CHUNK)
            new.flush()
            os.fsync(new.fileno())
        partial.replace(target)
