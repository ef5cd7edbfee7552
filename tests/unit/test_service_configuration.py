"""Settings and portals that change while the service runs."""

import os
from pathlib import Path

import pytest

from monitor.home import Home
from monitor.service.configuration import Configuration
from monitor.settings import SettingsError
from tests.e2e.service_home import disable_built_in

PORTAL = """
title = "某县人民政府"
family = "generic"
sections = ["http://127.0.0.1:9/list/"]
region = "330000"
level = "county"
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.create()
    disable_built_in(tmp_path)
    return home


def write(path: Path, text: str) -> None:
    """Writes as an editor does, and so that no clock is too coarse to see it."""
    path.write_text(text, encoding="utf-8")
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def test_built_in_portals_can_be_disabled(home: Home) -> None:
    configuration = Configuration(home)
    assert configuration.portals == {}
    assert "linhai" in configuration.known


def test_an_added_portal_is_seen_and_an_untouched_home_is_not_read_again(home: Home) -> None:
    configuration = Configuration(home)
    assert not configuration.refresh()
    write(home.path / "portals" / "friday.toml", PORTAL)
    assert configuration.refresh()
    assert [*configuration.portals] == ["friday"]
    assert not configuration.refresh()
    write(home.path / "portals" / "friday.toml", PORTAL + "enabled = false\n")
    assert configuration.refresh()
    assert configuration.portals == {}
    (home.path / "portals" / "friday.toml").unlink()
    assert configuration.refresh()
    assert "friday" not in configuration.known


def test_a_broken_portal_file_stops_no_other_and_keeps_what_was_read(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("one", "two"):
        write(home.path / "portals" / f"{name}.toml", PORTAL)
    configuration = Configuration(home)
    before = configuration.portals["one"]
    write(home.path / "portals" / "one.toml", PORTAL.replace("family", "famly"))
    write(home.path / "portals" / "three.toml", "title = ")
    assert configuration.refresh()
    assert configuration.portals["one"] == before
    assert [*configuration.portals] == ["one", "two"]
    assert set(configuration.faults) == {"one", "three"}
    assert "famly" in configuration.faults["one"]
    assert "three is not read until then" in caplog.text
    write(home.path / "portals" / "one.toml", PORTAL.replace("某县", "某市"))
    (home.path / "portals" / "three.toml").unlink()
    assert configuration.refresh()
    assert configuration.faults == {}
    assert configuration.portals["one"].title == "某市人民政府"


def test_broken_settings_leave_those_in_force(home: Home) -> None:
    write(home.path / "nianbao.toml", '[service]\ncontact = "a@example.cn"\n')
    configuration = Configuration(home)
    write(home.path / "nianbao.toml", '[service]\ncontcat = "b@example.cn"\n')
    assert configuration.refresh()
    assert configuration.settings.service.contact == "a@example.cn"
    assert "contact" in configuration.faults["nianbao.toml"]
    write(home.path / "nianbao.toml", '[service]\ncontact = "b@example.cn"\n')
    assert configuration.refresh()
    assert configuration.settings.service.contact == "b@example.cn"
    assert configuration.faults == {}


@pytest.mark.parametrize("how", ["emptied", "moved away", "without channels"])
def test_settings_that_lose_every_receiver_are_a_fault(home: Home, how: str) -> None:
    file = home.path / "nianbao.toml"
    write(file, '[[channel]]\nname = "duty"\nurl = "json://127.0.0.1:9/x"\n')
    configuration = Configuration(home)
    if how == "moved away":
        file.unlink()
    else:
        write(file, "" if how == "emptied" else '[service]\nlanguage = "en"\n')
    assert configuration.refresh()
    assert [channel.name for channel in configuration.settings.channels] == ["duty"]
    assert configuration.settings.service.language == "zh"
    assert "no channel" in configuration.faults["nianbao.toml"]
    write(file, '[[channel]]\nname = "desk"\nurl = "json://127.0.0.1:9/x"\n')
    assert configuration.refresh()
    assert [channel.name for channel in configuration.settings.channels] == ["desk"]
    assert configuration.faults == {}


def test_a_renamed_portal_is_not_read_under_its_old_name_too(home: Home) -> None:
    write(home.path / "portals" / "old.toml", PORTAL)
    configuration = Configuration(home)
    assert [*configuration.portals] == ["old"]
    write(home.path / "portals" / "new.toml", PORTAL + 'formerly = "old"\n')
    write(home.path / "portals" / "linhai2.toml", PORTAL + 'formerly = "linhai"\nenabled = false\n')
    assert configuration.refresh()
    assert [*configuration.portals] == ["new"]
    assert "linhai" not in configuration.known  # a built-in one has no file that could be removed
    assert "remove this file" in configuration.faults["old"]
    (home.path / "portals" / "old.toml").unlink()
    assert configuration.refresh()
    assert [*configuration.portals] == ["new"]
    assert "old" not in configuration.faults
    assert "old" not in home.portals()


def test_there_is_nothing_to_fall_back_on_at_the_start(home: Home) -> None:
    write(home.path / "nianbao.toml", "[service")
    with pytest.raises(SettingsError, match="TOML"):
        Configuration(home)
