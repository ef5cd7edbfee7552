"""Small locked files, one or a few a host, in a folder where the processes of one user meet. See crawler/pace.py.

A host's file says until when requests to it are spoken for, when the last one went out, and until when the host asked to be
left alone, in seconds of a clock that all processes share: 40 bytes, read and written under a lock (flock) that the kernel
ends with its process. The folder is used only if it belongs to this user and nobody else may write to it, and no link in it is followed.
What a file says is bounded before it is believed: from before a reboot, or further ahead than any pause, it is nothing.
"""

import contextlib
import errno
import fcntl
import os
import re
import stat
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

FOLDER = "NIANBAO_PACE"
"""Environment variable that names the folder."""
NEVER = float("-inf")
_STATE = struct.Struct("<16sddd")
_FARTHEST = 900.0
"""Seconds ahead, beside ten pauses of one's own, beyond which no reservation is believed."""
_STALE = 3600.0
"""Seconds after which a host's file is swept away; the seconds between two sweeps."""
_SWEPT_AT_ONCE = 5000
_PLAIN = re.compile(r"[a-z0-9][a-z0-9.-]{0,180}")
_SWEEP = "sweep"
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Busy(Exception):
    """Somebody holds the lock."""


class Times:
    """What a host's file says."""

    __slots__ = ("held", "sent", "spoken")

    def __init__(self, spoken: float = NEVER, sent: float = NEVER, held: float = NEVER) -> None:
        self.spoken, self.sent, self.held = spoken, sent, held


class HostFiles:
    """The folder, opened when it is first needed. Its methods raise Busy, and OSError if the folder cannot be used."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.folder = folder
        self._clock = clock
        self._descriptor: int | None = None
        self._boot = boot_id()

    @contextlib.contextmanager
    def times(self, host: str) -> Iterator[int]:
        """A host's file, locked: for `read` and `write`."""
        file = self.lock(f"{_name(host)}@")
        try:
            yield file
        finally:
            let_go(file)

    def place(self, host: str, number: int) -> int:
        """One of a host's places, locked until it is let go."""
        return self.lock(f"{_name(host)}.{number}")

    def lock(self, name: str) -> int:
        """A file of the folder, made if there is none, locked."""
        for _ in range(8):
            try:
                file = os.open(name, _FLAGS, 0o600, dir_fd=self._directory())
            except FileNotFoundError:  # somebody removed the folder
                self.close()
                continue
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                here, there = os.fstat(file), os.stat(name, dir_fd=self._directory(), follow_symlinks=False)
                if (here.st_ino, here.st_dev) == (there.st_ino, there.st_dev):
                    return file
            except BlockingIOError:
                os.close(file)
                raise Busy from None
            except FileNotFoundError:
                pass  # swept away between the two
            except BaseException:
                os.close(file)
                raise
            os.close(file)
        raise OSError(f"{self.folder}: its files vanish as soon as they are made")

    def read(self, file: int, delay: float) -> Times:
        """What the file says, as far as it can be true of a host that is asked every `delay` seconds."""
        data = os.pread(file, _STATE.size, 0)
        if len(data) != _STATE.size:
            return Times()
        boot, spoken, sent, held = _STATE.unpack(data)
        if boot != self._boot:
            return Times()
        now = self._clock()
        farthest = now + _FARTHEST + 10 * delay
        # Not a number compares as false.
        return Times(
            spoken if spoken <= farthest else NEVER, sent if sent <= now else NEVER, held if held <= farthest else NEVER
        )

    def write(self, file: int, times: Times) -> None:
        """Says something else."""
        os.pwrite(file, _STATE.pack(self._boot, times.spoken, times.sent, times.held), 0)

    def close(self) -> None:
        """Lets go of the folder; the next use opens it again."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _directory(self) -> int:
        if self._descriptor is None:
            self._descriptor = _open_folder(self.folder)
            self._sweep()
        return self._descriptor

    def _sweep(self) -> None:
        """Removes files that nobody used for long, once an hour. One that is locked is in use; whoever locks a file that was
        removed meanwhile notices."""
        folder, now = self._descriptor, self._clock()
        assert folder is not None
        try:
            file = self.lock(_SWEEP)
        except (Busy, OSError):
            return
        try:
            if now - self.read(file, 0).sent < _STALE:
                return
            self.write(file, Times(sent=now))
            with os.scandir(folder) as entries:
                names = [entry.name for entry, _ in zip(entries, range(_SWEPT_AT_ONCE), strict=False)]
            for name in names:
                if name != _SWEEP:
                    self._sweep_one(name, now)
        finally:
            let_go(file)

    def _sweep_one(self, name: str, now: float) -> None:
        with contextlib.suppress(Busy, OSError):
            file = self.lock(name)
            try:
                times = self.read(file, 0)
                if max(times.spoken, times.sent, times.held) + _STALE < now:
                    os.unlink(name, dir_fd=self._descriptor)
            finally:
                let_go(file)


def let_go(file: int) -> None:
    """A process that was forked meanwhile may have the descriptor too: the lock is ended, not only left."""
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)


def default_folder() -> Path:
    """Where the processes of this user meet: the same for a service with a private /tmp and for a command beside it."""
    told = os.environ.get(FOLDER)
    if told:
        return Path(told)
    shared = Path("/dev/shm")  # noqa: S108 (checked when it is opened)
    root = shared if shared.is_dir() and os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())
    return root / f"nianbao-pace-{os.geteuid()}"


def _open_folder(path: Path) -> int:
    """A descriptor of a folder that is this user's alone, made if there is none. Raises OSError."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    except FileNotFoundError:  # not the class that says that the folder itself was removed
        raise NotADirectoryError(errno.ENOTDIR, "there is no folder that it could lie in", str(path)) from None
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    found = os.fstat(folder)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o022:
        os.close(folder)
        raise PermissionError(errno.EPERM, "belongs to somebody else, or others may write to it", str(path))
    return folder


def _name(host: str) -> str:
    """A host's file name: its own where it is harmless, else its bytes in hexadecimal, cut."""
    return host if _PLAIN.fullmatch(host) else f"_{host.encode('utf-8', 'surrogatepass').hex()[:180]}"


def boot_id() -> bytes:
    """Tells one run of the machine from another: 16 bytes."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return bytes.fromhex(text.strip().replace("-", ""))[:16].ljust(16, b"\0")
    except (OSError, ValueError):
        return bytes(16)
