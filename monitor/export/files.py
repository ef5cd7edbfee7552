"""Files and folders that are there whole or not at all. Effects: the disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

DESCRIPTOR = "datapackage.json"
"""What makes a folder a data package."""


class Unwritable(ValueError):
    """Something else stands there; the message says what, and what to do."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once it is written to its end. A device or a pipe is written to directly.
    Raises Unwritable, OSError."""
    path = path.resolve()  # the file that a link leads to, not the link
    if path.is_dir():
        raise Unwritable(f"{path}: is a folder; name a file")
    if path.exists() and not path.is_file():
        with path.open("wb") as out:
            yield out
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    partial = Path(name)
    try:
        with open(handle, "w+b") as out:  # noqa: PTH123 (a descriptor)
            yield out
        partial.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder that becomes `path` once it is filled. An empty folder or an earlier package is replaced; anything else
    stays as it is. Raises Unwritable, OSError."""
    path = path.resolve()
    if path.exists() and not _replaceable(path):
        raise Unwritable(f"{path}: holds something else than a data package; name a new or an empty folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        if path.exists():
            old = partial.with_suffix(".old")
            path.rename(old)
            try:
                partial.rename(path)
            except BaseException:
                old.rename(path)
                raise
            shutil.rmtree(old)
        else:
            partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _replaceable(path: Path) -> bool:
    """Whether a folder is empty, or holds what its own descriptor names and nothing more."""
    if not path.is_dir():
        return False
    held = {one.name for one in path.iterdir()}
    if not held:
        return True
    try:
        told = msgspec.json.decode((path / DESCRIPTOR).read_bytes())
        named = {DESCRIPTOR, *(one["path"] for one in (*told["resources"], *told["licenses"]))}
    except (OSError, msgspec.DecodeError, LookupError, TypeError):
        return False
    return held <= named


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
