"""HOME: everything that a running installation owns, where each part lies, and who may write to it."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from crawler.families import names
from crawler.portal import BUILT_IN, Portal, PortalError, parse_portal
from monitor.archive import last_number
from monitor.channels import check
from monitor.journal import reconcile
from monitor.settings import DEFAULT_TOML, FILE, Settings, load_settings
from monitor.store import Store


class HomeError(RuntimeError):
    """The home cannot be used: it cannot be written, or what was asked for is not in it."""


class HomeLocked(RuntimeError):
    """Another process is writing to this home."""


class ServiceError(RuntimeError):
    """The service that runs in this home could not do what it was asked; the message is one line with the reason."""


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
                temporary = self.path / f".{FILE}.tmp"
                temporary.write_text(DEFAULT_TOML, encoding="utf-8")
                temporary.replace(settings)  # never half: that would be an operator's mistake
        except OSError as error:
            raise HomeError(
                f"{self.path}: {error.strerror}; choose a folder that can be written with --home"
            ) from error

    def settings(self) -> Settings:
        """Raises SettingsError."""
        return load_settings(self.path, os.environ, check)

    def portals(self) -> dict[str, Portal]:
        """Built-in portals and the operator's, by name; the operator's file wins. Raises HomeError, PortalError."""
        portals = {name: self._portal(name, path) for name, path in self.portal_files().items()}
        for old in _renamed(portals):
            del portals[old]
        return portals

    def sound_portals(self) -> tuple[dict[str, Portal], dict[str, str]]:
        """The same for whoever must go on: the portals whose files can be used, and what is wrong with the others, by
        name."""
        portals, faults = {}, {}
        for name, path in self.portal_files().items():
            try:
                portals[name] = self._portal(name, path)
            except (HomeError, PortalError) as error:
                faults[name] = str(error)
        for old, new in _renamed(portals).items():
            del portals[old]
            path = self.portal_files()[old]
            if path.parent != BUILT_IN:
                faults[old] = f"{path}: {new}.toml says that {old} is {new} now; remove this file"
        return portals, faults

    def portal_files(self) -> dict[str, Path]:
        """Where each portal's file lies, by name, in order."""
        files = {path.stem: path for path in sorted(BUILT_IN.glob("*.toml"))}
        files |= {path.stem: path for path in sorted((self.path / "portals").glob("*.toml"))}
        return dict(sorted(files.items()))

    def _portal(self, name: str, path: Path) -> Portal:
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise HomeError(f"{path}: cannot be read: {error}; make it a readable UTF-8 file") from error
        return parse_portal(name, text, names(), str(path))

    def reader(self) -> Store:
        """The record, for reading beside a writer. Raises StoreError."""
        return Store.open_reader(self.database)

    @contextmanager
    def writing(self) -> Iterator[Store]:
        """The record, for the one process that writes to this home. Raises HomeLocked, HomeError, StoreError."""
        self.create()
        with self.held():
            if not self.has_record() and next(self.archive.glob("*/*.warc.gz"), None) is not None:
                raise HomeError(
                    f"{self.database}: the record is missing, and {self.archive} holds what it had captured; bring it back with "
                    "`nianbao restore FILE`, or move that folder away to begin anew"
                )
            with Store.open(self.database) as store:
                # The record may be yesterday's: the day that it does not know must keep its captures.
                store.continue_after(last_number(self.archive, self.runs))
                reconcile(store)  # and say nothing again that it does not know to be told
                yield store

    def has_record(self) -> bool:
        """Whether there is a record: a file that is not empty."""
        return self.database.exists() and self.database.stat().st_size > 0

    @contextmanager
    def held(self) -> Iterator[None]:
        """This process is the one that writes to this home, which is made if it is missing. Raises HomeLocked, HomeError."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
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
            yield
        finally:
            os.close(handle)


def _renamed(portals: Mapping[str, Portal]) -> dict[str, str]:
    """Old names that stand beside the file that carries their record over: each would be read as another new portal."""
    return {one.formerly: name for name, one in portals.items() if one.formerly in portals and one.formerly != name}
