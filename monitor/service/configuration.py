"""Settings and portals of a running service: read again when a file changes, so that nobody has to restart it.

A file that became invalid stops nothing: what was read last stays in force, and `faults` says what is wrong with it.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

from crawler.portal import Portal
from monitor.home import Home
from monitor.settings import FILE, Settings, SettingsError

log = logging.getLogger(__name__)

_Stamps = dict[Path, tuple[int, int, int]]


class Configuration:
    """What is in force now. Raises SettingsError when it is made with settings that cannot be used: at the start there is
    nothing to fall back on."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._stamps = self._look()
        self.settings: Settings = home.settings()
        self.portals: Mapping[str, Portal] = {}
        """Enabled ones, by name."""
        self.known: Mapping[str, Portal] = {}
        """Disabled ones too: an operator may ask for them."""
        self.faults: Mapping[str, str] = {}
        """What is wrong, by portal, or by `nianbao.toml`."""
        self._read_portals({})

    def refresh(self, *, anyway: bool = False) -> bool:
        """Reads again what changed since the last time (`anyway`: whatever it is). Whether it did."""
        stamps = self._look()
        if stamps == self._stamps and not anyway:
            return False
        self._stamps = stamps
        faults = {}
        try:
            settings = self._home.settings()
            if self.settings.channels and not settings.channels:
                # An editor that empties a file before it writes it; a file that was moved away. Alerts would have no receiver.
                raise SettingsError(
                    f"{self._home.path / FILE}: it names no channel any more; if nobody is to be told, restart the service"
                )
            self.settings = settings
        except SettingsError as error:
            log.error("%s; the settings read before stay in force", error)
            faults[FILE] = str(error)
        self._read_portals(faults)
        return True

    def _read_portals(self, faults: dict[str, str]) -> None:
        portals, broken = self._home.sound_portals()
        renamed = {portal.formerly for portal in portals.values()}
        for name, fault in broken.items():
            kept = self.known.get(name) if name not in renamed else None
            log.error(
                "%s; %s", fault, "the file read before stays in force" if kept else f"{name} is not read until then"
            )
            if kept is not None:
                portals[name] = kept
        self.known = dict(sorted(portals.items()))
        self.portals = {name: portal for name, portal in self.known.items() if portal.enabled}
        self.faults = {**faults, **broken}

    def _look(self) -> _Stamps:
        stamps: _Stamps = {}
        for path in (self._home.path / FILE, *self._home.portal_files().values()):
            try:
                found = path.stat()
            except OSError:
                continue
            stamps[path] = (found.st_mtime_ns, found.st_size, found.st_ino)
        return stamps
