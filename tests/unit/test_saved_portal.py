"""Saved pages against a portal file: the built-in portals' own, and what an edit makes of them."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from crawler.loader import load_portal
from crawler.portal import BUILT_IN, Portal, Selectors
from monitor.saved_portal import SavedPortalError, check_saved

SAVED = Path(__file__).parents[1] / "portals"
NAMES = ("beijing", "linhai", "haizhu", "haidian")


@pytest.fixture
def linhai() -> Portal:
    return load_portal(BUILT_IN / "linhai.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAVED / "linhai", tmp_path / "linhai"))


@pytest.mark.parametrize("name", NAMES)
def test_saved_pages_of_built_in_portals_yield_what_they_must(name: str) -> None:
    checked = check_saved(SAVED / name, load_portal(BUILT_IN / f"{name}.toml"))
    assert checked.sections + checked.reports > 1
    assert checked.differences == ()


def test_an_edit_that_loses_links_is_told(folder: Path, linhai: Portal) -> None:
    edited = msgspec.structs.replace(linhai, family="generic")
    lost = [one for one in check_saved(folder, edited).differences if one.what == "link"]
    assert len(lost) == 5
    assert all(one.found == "not listed" for one in lost)


def test_an_edit_that_reads_reports_otherwise_is_told(folder: Path, linhai: Portal) -> None:
    edited = msgspec.structs.replace(linhai, selectors=Selectors(title="title"))
    assert {one.file for one in check_saved(folder, edited).differences} <= {"report.html"}
    expected = json.loads((folder / "expected.json").read_text())
    expected["reports"][0]["year"] = 1999
    expected["reports"][0]["tables"] += 1
    (folder / "expected.json").write_text(json.dumps(expected))
    told = check_saved(folder, linhai).differences
    assert {(one.what.partition(" ")[0], one.expected) for one in told} == {
        ("year", "1999"),
        ("tables", str(expected["reports"][0]["tables"])),
    }


def test_a_list_that_cannot_be_read_is_a_difference(folder: Path, linhai: Portal) -> None:
    (folder / "section.html").write_text("<html>")
    assert {one.what for one in check_saved(folder, linhai).differences} >= {"link", "next"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("expected.json", None),
        ("expected.json", "no JSON"),
        ("expected.json", "[]"),
        ("expected.json", '{"sections": [{}]}'),
        ("expected.json", '{"sections": [{"file": "../linhai.toml", "url": "http://a/"}]}'),
        ("expected.json", '{"reports": [{"file": "section.html"}]}'),
        ("expected.json", '{"sections": [7]}'),
        ("section.html", None),
    ],
)
def test_a_folder_that_cannot_be_walked(folder: Path, linhai: Portal, name: str, text: str | None) -> None:
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text)
    with pytest.raises(SavedPortalError, match=str(folder)) as told:
        check_saved(folder, linhai)
    assert "\n" not in str(told.value)
