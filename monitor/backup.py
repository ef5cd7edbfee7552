"""A home as one file: record, staff's notes, settings, portal files and captures, consistent while a service writes to it.

In: a home and where the file goes. Out: a tar archive that is there whole and synced, or not at all. Its members lie in it
as they lie in the home, `nianbao.db` compressed as `nianbao.db.gz` (captures are compressed already), and `manifest.json`
last: sizes and SHA-256 of all the others. No pass, no lock and no commit waits for it.

The record is copied first, the captures after it. Captures are whole and synced before the commit that refers to them,
and are never changed or removed afterwards: those that the copied record refers to are there, whatever was added since.
The journal of what was said stays with its home: after a restore there, it knows what the restored record does not.
"""

import contextlib
import fcntl
import gzip
import hashlib
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import IO, BinaryIO

import msgspec

from monitor import record_file
from monitor.archive import sync_directory
from monitor.home import Home
from monitor.settings import FILE as SETTINGS

RECORD, NOTES, MANIFEST, PORTALS, ARCHIVE = "nianbao.db.gz", "notes.db", "manifest.json", "portals", "archive"
NAME = re.compile(
    r"nianbao\.db\.gz|notes\.db|nianbao\.toml|portals/[\w-][\w.-]*\.toml|archive/[\w-][\w.-]*/[\w-][\w.-]*"
)
"""What a backup may hold besides its manifest: nothing else is taken from a home, or put into one."""
LAST = "backup.json"
"""In the home: when it was last backed up, and where to."""
_CHUNK = 1 << 20

Progress = Callable[[int, int], None]
"""Bytes done, bytes in all."""


class BackupError(RuntimeError):
    """A backup that cannot be made or restored; the message is one line that names file, cause and remedy."""


class Member(msgspec.Struct, frozen=True):
    """A file in a backup, as it lies in it."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. `made_at` is the moment of the record; `schema` the migrations that it has had."""

    made_at: str
    program: str
    schema: tuple[str, ...]
    record_bytes: int
    """Of nianbao.db, uncompressed."""
    archive: bool
    """False: without captures."""
    members: tuple[Member, ...]
    """All but the manifest itself, in order."""
    form: int = 1


class LastBackup(msgspec.Struct, frozen=True):
    """HOME/backup.json. `size` in bytes; `archive`: with captures; `whole_at`: when the last such one was made, "" if none."""

    at: str
    file: str
    size: int
    archive: bool
    whole_at: str = ""


def back_up(
    home: Home, target: Path, now: str, *, archive: bool = True, progress: Progress = lambda _done, _total: None
) -> Manifest:
    """Writes `target`, which only its owner may read: settings may hold what no one else should see.

    `archive`: with captures. Raises BackupError, StoreError, OSError; then `target` is as it was.
    """
    target = target.resolve()
    _check(home, target)
    with _partial(target) as file:
        manifest = _write(home, file, target, now, archive, progress)
    _note(home, target, manifest)
    return manifest


def last_backup(home: Path) -> LastBackup | None:
    """When and where a home was last backed up; None: never, or nobody knows."""
    try:
        return msgspec.json.decode((home / LAST).read_bytes(), type=LastBackup)
    except (OSError, msgspec.DecodeError):
        return None


def _check(home: Home, target: Path) -> None:
    own = home.path.resolve()
    if target.is_dir():
        raise BackupError(f"{target}: is a folder; name a file in it")
    if any(target.is_relative_to(own / folder) for folder in (ARCHIVE, PORTALS, "runs", "restoring")):
        raise BackupError(f"{target}: lies in what it would hold a copy of; name a file outside the home")
    if target.exists() and not _is_backup(target):
        raise BackupError(f"{target}: exists and is no backup; name another file")
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent}: is no folder; make it first")


def _is_backup(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return path.is_file() and tarfile.TarInfo.frombuf(file.read(512), "utf-8", "strict").name == RECORD
    except (OSError, tarfile.TarError):
        return False


@contextlib.contextmanager
def _partial(target: Path) -> Iterator[BinaryIO]:
    """A file that takes the name `target` once it is whole. What an earlier backup left half done is written over."""
    partial = target.with_name(f".{target.name}.partial")
    handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(handle, "r+b") as file:  # noqa: PTH123 (a descriptor)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = partial.exists() and os.path.samestat(partial.stat(), os.fstat(handle))
        except BlockingIOError:
            mine = False
        if not mine:
            raise BackupError(f"{target}: another backup is being written to it; wait for its end")
        try:
            os.fchmod(handle, 0o600)
            file.truncate()
            yield file
            file.flush()
            os.fsync(handle)
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_directory(target.parent)


def _write(home: Home, file: BinaryIO, target: Path, now: str, archive: bool, progress: Progress) -> Manifest:
    tar = _Tar(file)
    copy = target.with_name(f".{target.name}.record.partial")
    try:
        record_file.copy(home.database, copy, lambda done, total: progress(done // 2, total))
        schema = record_file.examine(copy)  # a copy of a damaged record must not take the place of a sound one
        size = copy.stat().st_size
        captures = list(captures_of(home.archive)) if archive else []
        total = size + sum(path.stat().st_size for _, path in captures)
        done = size // 2

        def count(read: int) -> None:
            nonlocal done
            done += read
            progress(min(done, total), total)

        with copy.open("rb") as record:
            tar.add(RECORD, record, lambda read: count(read // 2), compress=True)
        if (home.path / NOTES).exists():
            record_file.copy(home.path / NOTES, copy)
            with copy.open("rb") as notes:
                tar.add(NOTES, notes)
    finally:
        copy.unlink(missing_ok=True)
    for name, path in own_files_of(home.path):
        with path.open("rb") as own:
            tar.add(name, own)
    for name, path in captures:
        with path.open("rb") as capture:
            tar.add(name, capture, count)
    manifest = Manifest(now, version("nianbao"), schema, size, archive, tuple(tar.members))
    tar.finish(msgspec.json.encode(manifest))
    return manifest


def captures_of(archive: Path) -> Iterator[tuple[str, Path]]:
    """Captures by the name that they have in a backup, in order; none that is still being written."""
    for folder in sorted(path for path in archive.glob("*") if path.is_dir()):
        for path in sorted(folder.iterdir()):
            name = f"{ARCHIVE}/{folder.name}/{path.name}"
            if path.is_file() and path.suffix != ".partial" and NAME.fullmatch(name):
                yield name, path


def own_files_of(home: Path) -> Iterator[tuple[str, Path]]:
    """The operator's files, by the name that they have in a backup, in order."""
    if (home / SETTINGS).is_file():
        yield SETTINGS, home / SETTINGS
    for path in sorted((home / PORTALS).glob("*.toml")):
        name = f"{PORTALS}/{path.name}"
        if path.is_file() and NAME.fullmatch(name):
            yield name, path


class _Tar:
    """Writes a tar archive. A member's size is known once it is written: a header is filled in afterwards."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members: list[Member] = []

    def add(
        self, name: str, source: IO[bytes], count: Callable[[int], None] = lambda _: None, *, compress: bool = False
    ) -> None:
        """Appends what `source` holds. `count` is told of the bytes read."""
        header = self._file.tell()
        self._file.write(bytes(tarfile.BLOCKSIZE))
        body = _Hashed(self._file)
        with gzip.GzipFile("", "wb", 6, body, mtime=0) if compress else contextlib.nullcontext(body) as out:
            while chunk := source.read(_CHUNK):
                out.write(chunk)
                count(len(chunk))
        end = self._file.tell()
        self._file.write(bytes(-end % tarfile.BLOCKSIZE))
        info = tarfile.TarInfo(name)
        info.size, info.mode = end - header - tarfile.BLOCKSIZE, 0o600
        buffer = info.tobuf(tarfile.GNU_FORMAT)
        if len(buffer) != tarfile.BLOCKSIZE:
            raise BackupError(f"{name}: the name is too long for a backup; rename the file")
        self._file.seek(header)
        self._file.write(buffer)
        self._file.seek(0, os.SEEK_END)
        self.members.append(Member(name, info.size, body.sha256.hexdigest()))

    def finish(self, manifest: bytes) -> None:
        """Appends the manifest and the archive's end."""
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(manifest), 0o600
        self._file.write(info.tobuf(tarfile.GNU_FORMAT) + manifest)
        self._file.write(bytes(-len(manifest) % tarfile.BLOCKSIZE + 2 * tarfile.BLOCKSIZE))


class _Hashed:
    """What is written, with its SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        self._file.flush()


def _note(home: Home, target: Path, manifest: Manifest) -> None:
    """In a file, not in the record: that is written to by the process that holds the home, and by no other."""
    before = last_backup(home.path)
    whole_at = manifest.made_at if manifest.archive else before.whole_at if before else ""
    note = LastBackup(manifest.made_at, str(target), target.stat().st_size, manifest.archive, whole_at)
    temporary = home.path / f".{LAST}.{os.getpid()}.tmp"
    with contextlib.suppress(OSError):  # a home that cannot be written to is no reason to have no backup of it
        temporary.write_bytes(msgspec.json.encode(note))
        temporary.replace(home.path / LAST)
