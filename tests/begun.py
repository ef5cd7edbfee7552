"""Portals on loopback that the tests of a module share, and a home after the first pass over them. Each test gets both as if it
were the first: the portals show what they showed then, and the home is a copy of its own.

    @pytest.fixture(scope="module")
    def begun(tmp_path_factory):
        with World("haitang") as world:
            yield begin(world, tmp_path_factory.mktemp("begun"), "2026-02-10T00:30:00Z")

    @pytest.fixture
    def world(begun):
        with as_it_was(begun.world) as world:
            yield world
"""

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from monitor.demo.acts import Portal
from monitor.demo.world import World

_SERVING = {"lock", "layout", "_listener", "_noise", "_still"}
"""What of a portal no act changes, or may not go back: noise never repeats itself."""


class Begun(NamedTuple):
    """Portals, and the home that knows them."""

    world: World
    home: Path
    """After the first pass; nobody writes to it."""

    def copy(self, to: Path) -> Path:
        """The home, for a test that writes to it. `to` is missing, or an empty folder."""
        return Path(shutil.copytree(self.home, to, dirs_exist_ok=True))


def begin(world: World, home: Path, now: str) -> Begun:
    """Writes the portal files and makes the first pass, at `now`."""
    names = world.write_portals(home, confirmations=2, after="1h")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("NIANBAO")}
    command = [Path(sys.executable).with_name("nianbao"), "--home", home, "--now", now, "crawl", *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    return Begun(world, home)


@contextmanager
def as_it_was(world: World) -> Iterator[World]:
    """When the block ends, every portal shows again what it showed when it began."""
    before = {site.name: _state(site) for site in world}
    try:
        yield world
    finally:
        for site in world:
            with site.lock:
                vars(site).update(before[site.name])
            site.listener.accept()


def _state(site: Portal) -> dict[str, Any]:
    with site.lock:
        return copy.deepcopy({key: value for key, value in vars(site).items() if key not in _SERVING})
