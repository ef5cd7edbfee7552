"""Where run folders lie on their way between machines: a shared folder, S3-compatible storage, or what else fsspec knows.

In: files, and names to put them under. Out: the same bytes, or `ParcelError` (`DepotError`: later perhaps). A parcel is there
whole or not at all; nobody changes it; whoever has settled it discards it, and what nobody discarded is swept once it is old.
Nothing is connected, and nothing of fsspec imported, before the first use. What is asked of a store over the network ends in
time, whatever it does.
"""

import contextlib
import hashlib
import logging
import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from monitor.archive import sync_directory
from monitor.redact import redact
from monitor.workers.wire import Parcel

log = logging.getLogger(__name__)

SUFFIX = ".parcel"
"""Of every name in a depot: nothing else in the place is ever touched."""
TIMEOUT = 30.0
"""Seconds that a store over the network gets for an answer, tries and all,"""
SLOWEST = 128 << 10
"""and for content one more for each so many bytes."""
_CHUNK = 4 << 20
_TRIES = 3
_S3 = frozenset({"s3", "s3a"})
_WHOLE = _S3 | {"gs", "gcs", "az", "abfs", "abfss"}
"""Where an object appears only once it is whole."""
_OURS = re.compile(rf"\.?[A-Za-z0-9][A-Za-z0-9_.-]{{0,200}}{re.escape(SUFFIX)}(\.part)?")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,150}")
_SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class ParcelError(RuntimeError):
    """A parcel that cannot be sent or received; the message is one line, and names the remedy if there is one."""


class DepotError(ParcelError):
    """The depot cannot be reached, does not answer, or may not be used: what lies in it may be whole, and had later."""


class Depot:
    """The place at an address. Any thread may use it; `close` it."""

    def __init__(self, address: str, timeout: float = TIMEOUT) -> None:
        """`address`: an absolute path, `file:///PATH`, `s3://BUCKET/PREFIX` (AWS_* say the rest), or one that an installed
        fsspec file system knows. Raises ParcelError if it cannot be one."""
        scheme, separator, rest = address.partition("://")
        self._scheme = scheme if separator else "file"
        self._address = address if separator else f"file://{address}"
        self._timeout = timeout
        self._lock = threading.Lock()
        self._system: Any = None
        self._root = ""
        self.shown = f"{scheme}://{rest.rpartition('@')[2]}" if separator else address
        """The address without what nobody must see."""
        if self._scheme == "file" and not self._address.startswith("file:///"):
            raise ParcelError(
                f"parcels = {address!r}: is no absolute path; write the path of a folder that service and workers share, "
                "or s3://BUCKET/PREFIX"
            )
        if self._scheme in _S3 and "@" in rest:
            raise ParcelError(
                f"parcels = {self.shown!r}: holds a key; write s3://BUCKET/PREFIX, and give keys as AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY"
            )
        if not rest.strip("/") and separator and self._scheme != "memory":
            raise ParcelError(f"parcels = {self.shown!r}: names no place; write {self._scheme}://BUCKET/PREFIX")

    def close(self) -> None:
        """Ends its connections; it may be used again."""
        with self._lock:
            system, self._system = self._system, None
        if system is not None and self._scheme in _S3 and system._s3 is not None:
            from fsspec.asyn import sync

            with contextlib.suppress(Exception):  # nobody waits for what it would have said
                sync(system.loop, system._s3.close, timeout=5)

    def put(self, file: Path, key: str) -> str:
        """Stores a file; its place: `key` with `.` for each `/`, and what makes that no two parcels ever have one place.

        Raises DepotError; ValueError for a key with other than plain characters.
        """
        key = key.replace("/", ".")
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no name for a parcel")
        place = f"{key}-{secrets.token_hex(6)}{SUFFIX}"
        path, part = self._path(place), self._path(f".{place}.part")
        size = file.stat().st_size
        with self._naming(f"{place} cannot be stored"):
            if self._scheme in _S3:
                self._ask("put_file", str(file), path, size=size, chunksize=8 << 20, max_concurrency=1)
            elif self._scheme in _WHOLE:
                self._ask("put_file", str(file), path, size=size)
            elif self._scheme == "file":
                _put_here(file, Path(part), Path(path))
            else:
                self._ask("put_file", str(file), part, size=size)
                self._ask("mv", part, path, size=size)
        return place

    def fetch(self, parcel: Parcel, into: BinaryIO) -> None:
        """Writes a parcel's bytes. Raises ParcelError if they are not there or not those that were sent, DepotError, OSError if
        `into` cannot be written to."""
        if not _OURS.fullmatch(parcel.place) or parcel.place.startswith("."):
            raise ParcelError(f"{parcel.place[:100]!r} is no name of a parcel")
        path = self._path(parcel.place)
        with self._naming(f"{parcel.place} cannot be fetched", fetched=True):
            found = self._ask("info", path)
        if found["type"] != "file" or found.get("islink"):
            raise ParcelError(f"{parcel.place}: is no plain file at {self.shown}")
        if found["size"] != parcel.size:
            raise ParcelError(f"{parcel.place}: damaged ({found['size']} bytes, {parcel.size} were sent)")
        digest = hashlib.sha256()
        for start in range(0, parcel.size, _CHUNK):
            end = min(start + _CHUNK, parcel.size)
            with self._naming(f"{parcel.place} cannot be fetched", fetched=True):
                chunk: bytes = self._ask("cat_file", path, size=end - start, start=start, end=end)
            if len(chunk) != end - start:
                raise ParcelError(f"{parcel.place}: damaged (ends after {start + len(chunk)} bytes of {parcel.size})")
            digest.update(chunk)
            into.write(chunk)
        if digest.hexdigest() != parcel.sha256:
            raise ParcelError(f"{parcel.place}: damaged (other content than was sent)")

    def discard(self, parcel: Parcel) -> None:
        """Removes a parcel, if it lies here. What cannot be removed is logged, and left to `sweep`."""
        if parcel.place and _OURS.fullmatch(parcel.place):
            try:
                with contextlib.suppress(FileNotFoundError):
                    self._ask("rm_file", self._path(parcel.place))
            except Exception as error:
                log.warning("parcel %s cannot be removed from %s: %s", parcel.place, self.shown, _words(error))

    def sweep(self, older_than_seconds: float) -> int:
        """Removes what was put here longer ago and never discarded, also what was never put whole; how many. Raises
        DepotError at the first that cannot be removed."""
        before = time.time() - older_than_seconds
        swept = 0
        with self._naming("what is old cannot be removed"):
            for name, at in self._names():
                if at < before:
                    with contextlib.suppress(FileNotFoundError):
                        self._ask("rm_file", self._path(name))
                        swept += 1
            if self._scheme in _S3:
                swept += self._abort_uploads(before)
        return swept

    def check(self) -> None:
        """Writes something small, reads and removes it. Raises ParcelError, DepotError."""
        content = secrets.token_bytes(32)
        with tempfile.NamedTemporaryFile() as file, tempfile.TemporaryFile() as back:
            file.write(content)
            file.flush()
            place = self.put(Path(file.name), "check")
            parcel = Parcel(len(content), hashlib.sha256(content).hexdigest(), place=place)
            try:
                self.fetch(parcel, back)
            finally:
                with self._naming(f"{place} cannot be removed"):
                    self._ask("rm_file", self._path(place))

    # ---------------------------------------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        self._connected()
        return f"{self._root.rstrip('/')}/{name}"

    def _connected(self) -> Any:
        with self._lock:
            if self._system is None:
                with self._naming("not usable"):
                    from fsspec.core import url_to_fs

                    # Not an instance that somebody else in the process has, closes, or has listed with before.
                    options: dict[str, Any] = {"skip_instance_cache": True}
                    if self._scheme in _S3:
                        options |= _s3_options()
                    self._system, self._root = url_to_fs(self._address, **options)
                    if self._scheme in _S3:
                        self._system.retries = _TRIES
            return self._system

    def _ask(self, method: str, *values: Any, size: int = 0, **options: Any) -> Any:
        """Calls a method of the file system; over the network, not for longer than it may take. Raises anything."""
        system = self._connected()
        if system.async_impl:
            options["timeout"] = self._timeout + size / SLOWEST
        return getattr(system, method)(*values, **options)

    def _names(self) -> list[tuple[str, float]]:
        """What lies here of ours, with when it was written, in seconds."""
        system = self._connected()
        system.invalidate_cache()
        try:
            listed = self._ask("ls", self._root, detail=True)
        except FileNotFoundError:
            if self._scheme in _WHOLE:
                return []  # a prefix without anything is not there
            raise
        return [
            (one["name"].rpartition("/")[2], _written(system, one))
            for one in listed
            if one["type"] != "directory" and _OURS.fullmatch(one["name"].rpartition("/")[2])
        ]

    def _abort_uploads(self, before: float) -> int:
        """Ends uploads that nobody goes on with: they are seen nowhere, but paid for."""
        bucket, _, prefix = self._root.partition("/")
        try:
            found = self._ask("call_s3", "list_multipart_uploads", Bucket=bucket, Prefix=f"{prefix}/" if prefix else "")
        except Exception as error:
            log.info("%s does not list unfinished uploads: %s", self.shown, _words(error))  # not every store does
            return 0
        aborted = 0
        for upload in found.get("Uploads", ()):
            if _OURS.fullmatch(upload["Key"].rpartition("/")[2]) and upload["Initiated"].timestamp() < before:
                self._ask("abort_mpu", bucket, upload["Key"], upload["UploadId"])
                aborted += 1
        return aborted

    @contextlib.contextmanager
    def _naming(self, what: str, *, fetched: bool = False) -> Iterator[None]:
        """Whatever a file system raises, as ParcelError or DepotError: each has errors of its own."""
        try:
            yield
        except ParcelError:
            raise
        except FileNotFoundError as error:
            if fetched and (self._scheme != "file" or Path(self._root).is_dir()):
                raise ParcelError(f"parcels at {self.shown}: {what}: it is not there") from error
            why = "there is no such bucket; make it" if self._scheme in _S3 else "no such folder; make it, or mount it"
            raise DepotError(f"parcels at {self.shown}: {what} ({why})") from error
        except Exception as error:
            raise DepotError(f"parcels at {self.shown}: {what} ({_words(error)}); {self._remedy(error)}") from error

    def _remedy(self, error: Exception) -> str:
        if isinstance(error, (ImportError, ValueError)) and self._system is None:
            return "write the path of a shared folder or s3://BUCKET/PREFIX, or install what fsspec needs for this one (make extras)"
        if self._scheme in _S3:
            return (
                "see that the store answers, and what AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY say"
            )
        if self._scheme == "file":
            return "see that the folder is mounted, and may be written to"
        return "see that it answers"


def _s3_options() -> dict[str, Any]:
    return {
        "use_listings_cache": False,
        "max_concurrency": 1,
        "config_kwargs": {
            "connect_timeout": 5,
            "read_timeout": 20,
            "retries": {"mode": "standard", "total_max_attempts": 1},  # s3fs tries again itself
            # Parcels have a SHA-256 of their own, and not every store that calls itself compatible knows these.
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        },
    }


def _put_here(file: Path, part: Path, target: Path) -> None:
    """Copies a file into a folder, where it is whole and synced as soon as it has its name."""
    try:
        with file.open("rb") as source, part.open("xb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_directory(target.parent)


def _written(system: Any, info: dict[str, Any]) -> float:
    """When it was, in seconds since 1970."""
    at = info.get("mtime") or info.get("LastModified") or info.get("created") or system.modified(info["name"])
    return float(at if isinstance(at, (int, float)) else at.timestamp())


def _words(error: Exception) -> str:
    """An error in one line, without secrets."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    said = redact(" ".join(said.split()), [os.environ[name] for name in _SECRETS if os.environ.get(name)])
    return said[:300] or type(error).__name__
