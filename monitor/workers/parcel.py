"""Run folders as parcels: packed, carried within a message or through a depot, checked, and unpacked.

A packed folder is a tar archive of plain files; all but those that are compressed already (`.gz`) lie in it as gzip, under
their name and `.gz`. It is read from its beginning to its end, once, and nothing in it is believed: whoever packed it may be a
worker that somebody else has taken over. It can fill neither memory nor more of the disk than it may, and names nothing but the
files that are expected.
"""

import base64
import binascii
import contextlib
import hashlib
import io
import os
import re
import stat
import tarfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from crawler.observation import LOG, RUN
from monitor.archive import sync_directory
from monitor.workers.depot import Depot, DepotError, ParcelError
from monitor.workers.wire import Parcel

__all__ = ["INLINE", "INLINE_MOST", "LIMIT", "Depot", "DepotError", "ParcelError", "pack", "receive", "send", "unpack"]

INLINE = 200_000
"""Bytes, packed, up to which a folder travels within the message,"""
INLINE_MOST = 32_000_000
"""and up to which, where there is no depot."""
LIMIT = 4 << 30
"""Bytes that a folder may have, packed and unpacked."""
_BLOCK = tarfile.BLOCKSIZE
_CHUNK = 1 << 18
_LEVEL = 2
_OVERHEAD = 3 * _BLOCK
"""Bytes that a file may take more than it has: header, gzip that gains nothing, and what fills the last block."""
_PACKED = ".parcel.tmp"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,90}")
_GZIP = 31
"""zlib's number for the format."""


def send(folder: Path, names: Sequence[str], depot: Depot | None, key: str) -> Parcel:
    """Packs those of `names` that the folder has; what is too big for a message is put into the depot, under a name that
    begins with `key`.

    Raises ParcelError, DepotError; OSError if the folder cannot be read, or there is no room in it for the packed one.
    """
    expected = sum(_size(folder / name) + _OVERHEAD for name in names) + 2 * _BLOCK
    if expected <= INLINE:
        memory = io.BytesIO()
        pack(folder, names, memory)
        return _inline(memory.getvalue())
    packed = folder / _PACKED
    try:
        with _new(packed) as file:
            size = pack(folder, names, file)
            file.flush()
            file.seek(0)
            if size <= INLINE or (depot is None and size <= INLINE_MOST):
                return _inline(file.read())
            if depot is None:
                raise ParcelError(
                    f"the run folder is too big for a message ({size / 1e6:.0f} MB packed); set parcels in [service] of "
                    "nianbao.toml to a place that service and workers share"
                )
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Parcel(size, digest, place=depot.put(packed, key))
    finally:
        packed.unlink(missing_ok=True)


def receive(
    parcel: Parcel,
    names: Collection[str],
    folder: Path,
    depot: Depot | None,
    *,
    limit: int = LIMIT,
    durable: bool = True,
) -> None:
    """Unpacks a parcel into a folder that is there: each file whole or not at all, run.json last.

    `limit`: bytes that it may have, packed and unpacked. `durable`: it survives a power cut. Raises ParcelError, DepotError,
    and then the folder is as it was; OSError if it cannot be written to.
    """
    if not 0 < parcel.size <= limit:
        raise ParcelError(f"the parcel has {parcel.size} bytes; {limit} are the most")
    if parcel.inline:
        unpack(io.BytesIO(_outline(parcel)), names, folder, limit=limit, durable=durable)
        return
    if not parcel.place:
        raise ParcelError("the parcel is empty: it holds nothing and names no place")
    if depot is None:
        raise ParcelError(
            f"{parcel.place}: lies in a depot, and none is set; set parcels in [service] of nianbao.toml as its sender has it"
        )
    packed = folder / _PACKED
    try:
        with _new(packed) as file:
            depot.fetch(parcel, file)
            file.seek(0)
            unpack(file, names, folder, limit=limit, durable=durable)
    finally:
        packed.unlink(missing_ok=True)


def pack(folder: Path, names: Collection[str], into: BinaryIO) -> int:
    """Writes those of `names` that the folder has, to a file that can be written over; bytes in all.

    Raises ParcelError if one of them is anything but a plain file, OSError.
    """
    _check(names)
    for name in names:
        try:
            # A link or a pipe that somebody put there is neither followed nor waited for.
            handle = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ParcelError(f"{folder / name}: cannot be packed ({error.strerror})") from error
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            os.close(handle)
            raise ParcelError(f"{folder / name}: cannot be packed (no plain file)")
        with open(handle, "rb") as source:  # noqa: PTH123 (a descriptor)
            _add(into, name, source, found.st_size)
    into.write(bytes(2 * _BLOCK))
    return into.tell()


def unpack(packed: BinaryIO, names: Collection[str], folder: Path, *, limit: int = LIMIT, durable: bool = True) -> None:
    """Writes what `pack` has packed; parameters and errors as those of `receive`."""
    _check(names)
    there: dict[str, BinaryIO] = {}
    with contextlib.ExitStack() as stack:
        stack.callback(_clear, folder, there)
        for member, size in _members(packed):
            name = member if member.endswith(".gz") and member in names else member.removesuffix(".gz")
            if name not in names or name in there or (name == member and not name.endswith(".gz")):
                raise ParcelError(f"the parcel holds {member[:100]!r}, which is not expected")
            file = stack.enter_context(_new(_partial(folder, name)))
            there[name] = file
            content = _read(packed, size) if name == member else _inflated(_read(packed, size))
            for data in content:
                limit -= len(data)
                if limit < 0:
                    raise ParcelError("the parcel unpacks to more bytes than it may")
                file.write(data)
        _place(folder, there, durable)


# ---------------------------------------------------------------------------------------------------------------------


def _place(folder: Path, there: dict[str, BinaryIO], durable: bool) -> None:
    """Gives files their names, run.json last: where it stands, the others are whole."""
    for name, file in there.items():
        file.flush()
        # What is empty has nothing to sync but its name; what the pass wrote besides is no part of what it saw.
        if durable and name != LOG and file.tell():
            os.fsync(file.fileno())
        file.close()
    for name in sorted(there, key=lambda name: name == RUN):
        _partial(folder, name).replace(folder / name)
    if durable:
        sync_directory(folder)


def _add(into: BinaryIO, name: str, source: BinaryIO, size: int) -> None:
    """Appends a file, of which `size` bytes count. Its header is written last, when the packed size is known."""
    start = into.tell()
    into.write(bytes(_BLOCK))
    if name.endswith(".gz"):
        for data in _some(source, size):
            into.write(data)
    else:
        deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        for data in _some(source, size):
            into.write(deflate.compress(data))
        into.write(deflate.flush())
    end = into.tell()
    info = tarfile.TarInfo(name if name.endswith(".gz") else f"{name}.gz")
    info.size, info.mode = end - start - _BLOCK, 0o600
    into.write(bytes(-end % _BLOCK))
    into.seek(start)
    into.write(info.tobuf(tarfile.GNU_FORMAT))
    into.seek(0, os.SEEK_END)


def _members(packed: BinaryIO) -> Iterator[tuple[str, int]]:
    """Names and sizes of what the archive holds; between two of them, the content must be read. Raises ParcelError."""
    while any(block := _exactly(packed, _BLOCK)):
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.TarError, ValueError) as error:
            raise ParcelError(f"the parcel is damaged ({error})") from error
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise ParcelError(f"the parcel holds {info.name[:100]!r}, which is no plain file")
        yield info.name, info.size
        if any(_exactly(packed, -info.size % _BLOCK)):
            raise ParcelError("the parcel is damaged (something lies between its files)")
    if any(_exactly(packed, _BLOCK)) or packed.read(1):
        raise ParcelError("the parcel is damaged (something follows its end)")


def _read(packed: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        data = _exactly(packed, min(size, _CHUNK))
        size -= len(data)
        yield data


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    """The content of one gzip stream, a bounded piece at a time. Raises ParcelError."""
    inflate = zlib.decompressobj(_GZIP)
    for data in packed:
        if inflate.eof:
            raise ParcelError("the parcel is damaged (something follows a compressed file)")
        while data:
            try:
                content = inflate.decompress(data, _CHUNK)
            except zlib.error as error:
                raise ParcelError(f"the parcel is damaged ({error})") from error
            data = inflate.unconsumed_tail
            yield content
    if not inflate.eof or inflate.unused_data:
        raise ParcelError("the parcel is damaged (a compressed file does not end where it should)")


def _exactly(packed: BinaryIO, size: int) -> bytes:
    data = packed.read(size)
    if len(data) != size:
        raise ParcelError("the parcel is damaged (it ends too early)")
    return data


def _some(source: BinaryIO, size: int) -> Iterator[bytes]:
    """At most `size` bytes: what is appended meanwhile belongs to nobody."""
    while size > 0 and (data := source.read(min(size, _CHUNK))):
        size -= len(data)
        yield data


def _inline(packed: bytes) -> Parcel:
    return Parcel(len(packed), hashlib.sha256(packed).hexdigest(), inline=base64.b64encode(packed).decode())


def _outline(parcel: Parcel) -> bytes:
    """The bytes of a parcel that lies in the message. Raises ParcelError."""
    try:
        packed = base64.b64decode(parcel.inline, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ParcelError(f"the parcel is damaged ({error})") from error
    if len(packed) != parcel.size or hashlib.sha256(packed).hexdigest() != parcel.sha256:
        raise ParcelError("the parcel is damaged (other content than was sent)")
    return packed


def _check(names: Collection[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or f"{name}.gz" in names:
            raise ValueError(f"{name!r} is no name for a file in a parcel")


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return 0


def _partial(folder: Path, name: str) -> Path:
    return folder / f".{name}.part"


def _clear(folder: Path, names: Collection[str]) -> None:
    for name in names:
        _partial(folder, name).unlink(missing_ok=True)


def _new(path: Path) -> io.BufferedRandom:
    """An empty file to write to and read back, whatever was there. Raises OSError."""
    path.unlink(missing_ok=True)
    return path.open("x+b")
