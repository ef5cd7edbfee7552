"""HOME: everything that a running installation owns, where each part lies, and who may write to it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from crawler.families import names
from crawler.portal import BUILT_IN, Portal, parse_portal
from monitor.channels import check
from monitor.settings import DEFAULT_TOML, FILE, Settings, load_settings
from monitor.store import Store


class HomeError(RuntimeError):
    """The home cannot be used: it cannot be written, or what was asked for is not in it."""


class HomeLocked(RuntimeError):
    """Another process is writing to this home."""


class Home(msgspec.Struct, frozen=True):
    """The folder of one installation."""

    path: Path

    @property
    def database(self) -> Path:
        return self.path / "nianbao.db"

    @property
    def archive(self) -> Path:
        return self.path / "archive"

    @property
    def runs(self) -> Path:
        return self.path / "runs"

    def create(self) -> None:
        """Makes what is not there yet, with commented defaults. Raises HomeError."""
        try:
            for folder in (self.path, self.path / "portals", self.archive, self.runs):
                folder.mkdir(parents=True, exist_ok=True)
            settings = self.path / FILE
            if not settings.exists():
                settings.write_text(DEFAULT_TOML, encoding="utf-8")
        except OSError as error:
            raise HomeError(
                f"{self.path}: {error.strerror}; choose a folder that can be written with --home"
            ) from error

    def settings(self) -> Settings:
        """Raises SettingsError."""
        return load_settings(self.path, os.environ, check)

    def portals(self) -> dict[str, Portal]:
        """Built-in portals and the operator's, by name; the operator's file wins. Raises PortalError."""
        files = {path.stem: path for path in sorted(BUILT_IN.glob("*.toml"))}
        files |= {path.stem: path for path in sorted((self.path / "portals").glob("*.toml"))}
        portals = {}
        for name, path in sorted(files.items()):
            try:
                text = path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise HomeError(f"{path}: cannot be read: {error}; make it a readable UTF-8 file") from error
            portals[name] = parse_portal(name, text, names(), str(path))
        return portals

    def reader(self) -> Store:
        """The record, for reading beside a writer. Raises StoreError."""
        return Store.open_reader(self.database)

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The record, for the one process that writes to this home. Raises HomeLocked, HomeError, StoreError."""
        self.create()
        try:
            handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise HomeError(
                f"{self.path}: {error.strerror}; choose a folder that can be written with --home"
            ) from error
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise HomeLocked(f"{self.path}: another nianbao process is writing to this home") from None
            with Store.open(self.database) as store:
                yield store
        finally:
            os.close(handle)
