"""Portal files that are written from proposals: names, TOML around hostile texts, and putting them in place."""

import os
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.families import names
from crawler.portal import Organ, PolicyOverrides, Portal, PortalError, Selectors, parse_portal
from crawler.scout.model import Evidence
from crawler.scout.own import is_own, registrable, typed
from crawler.scout.survey_model import Note, SavedFile, SectionFound, Survey
from monitor import new_portal
from monitor.new_portal import Taken, compose, free_name, name_of, put

NOW = "2026-11-22T09:00:00Z"
SECTION = "http://www.qinghe.gov.cn/nb/"


def survey(portal: Portal, **said: object) -> Survey:
    section = SectionFound(SECTION, "年报", "a link says 年报", "link", links=9, complete=True)
    whole = Survey("http://www.qinghe.gov.cn/", "found", portal=portal, family=portal.family, sections=(section,))
    return msgspec.structs.replace(whole, **said)


PLAIN = Portal("proposal", "清河县人民政府", "generic", (SECTION,))


@pytest.mark.parametrize(
    ("url", "best"),
    [
        ("https://www.linhai.gov.cn/col/1/", "linhai"),
        ("http://fgw.beijing.gov.cn/", "beijing_fgw"),
        ("https://xxgk.bjhd.gov.cn/a", "bjhd"),
        ("https://zwsjj.xianning.gov.cn/", "xianning_zwsjj"),
        ("http://127.0.0.1:8080/", "host_127_0_0_1_8080"),
        ("http://[::1]:80/", "host_1_80"),
        ("http://www.some-copy.com/", "some_copy"),
        ("http://intranet/", "intranet"),
    ],
)
def test_names_from_hosts(url: str, best: str) -> None:
    assert name_of(url)[0] == best


def test_a_free_name_is_no_taken_one() -> None:
    url = "https://xxgk.bjhd.gov.cn/"
    assert free_name(url, ()) == "bjhd"
    assert free_name(url, {"bjhd"}) == "bjhd_xxgk"
    assert free_name(url, {"bjhd", "bjhd_xxgk"}) == "bjhd_2"
    assert free_name(url, {"bjhd", "bjhd_xxgk", "bjhd_2"}) == "bjhd_3"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" www.Linhai.gov.cn ", "https://www.linhai.gov.cn/"),
        ("http://a.gov.cn", "http://a.gov.cn/"),
        ("https://a.gov.cn/gkmlpt/index#5021", "https://a.gov.cn/gkmlpt/index#5021"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/x"),
        ("localhost:8000/a", "https://localhost:8000/a"),
        ("http://intranet/a", "http://intranet/a"),
    ],
)
def test_addresses_as_they_are_typed(text: str, url: str) -> None:
    assert typed(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "年报",
        "linhai",
        "ftp://a.gov.cn/",
        "http://",
        "http://u:p@a.gov.cn/",
        "http://[::1/",
        "http://a b.gov.cn/",
        "a\nb.cn",
    ],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|holds) "):
        typed(text)


def test_whose_addresses_are() -> None:
    assert registrable("fgw.beijing.gov.cn") == "beijing.gov.cn"
    assert registrable("beijing.gov.cn") == "beijing.gov.cn"
    assert (
        registrable("www.gov.cn")
        == registrable("gov.cn")
        == registrable("www.linhai.com")
        == registrable("127.0.0.1")
        == ""
    )
    own = (
        "http://127.1/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://localhost/",
        "http://intranet/",
    )
    assert all(map(is_own, own))
    assert not any(map(is_own, ("http://www.linhai.gov.cn/", "http://8.8.8.8/", "http://127.0.0.1.gov.cn/")))


def test_only_what_differs_from_defaults_is_written() -> None:
    text, portal = compose(survey(PLAIN), "qinghe", NOW)
    assert tomllib.loads(text) == {
        "title": "清河县人民政府",
        "family": "generic",
        "sections": [SECTION],
        "level": "county",
    }
    assert portal == msgspec.structs.replace(PLAIN, name="qinghe")
    assert text.startswith("# Proposed on 2026-11-22 by ")


def test_every_key_that_a_file_may_have_comes_back() -> None:
    full = Portal(
        "proposal", "清河", "trs", (SECTION, f"{SECTION}{{year}}/"), "1304000009", "清河县",
        (Organ("甲局", ("乙局",), "department", 2019),), "old_one",
        "130400", "prefecture", True, False, ("xxgk.qinghe.gov.cn",), "2026-01-01", "${CN_PROXY}", "hk",
        Selectors(link='a[href="x\\"y"]', body="#zoom"), PolicyOverrides(2.5, 1, False, 4, "30h", True, "22:00-06:00", True),
    )  # fmt: skip
    _, portal = compose(survey(full), "qinghe", NOW)
    assert portal == msgspec.structs.replace(full, name="qinghe")


ODD = st.text(
    st.characters(codec=None)
    | st.sampled_from("\"'\\\n\r\t\x00\x1b\x7f\x85\u2028\u202e\ufeff#[]={}${}年\ud800\U0001f600"),
    max_size=60,
)


@given(ODD, ODD, ODD, ODD)
def test_no_text_breaks_out_of_its_place(title: str, organ: str, quote: str, detail: str) -> None:
    notes = (Note("clone", "warning", detail),)
    evidence = (Evidence(quote, quote),)
    told = survey(
        msgspec.structs.replace(PLAIN, title=title, organ=organ), evidence=evidence, selected=evidence, notes=notes
    )
    try:
        text, portal = compose(told, "qinghe", NOW)
    except PortalError:
        assert not title.strip()
        return
    assert set(tomllib.loads(text)) <= {"title", "family", "sections", "organ", "level"}
    assert portal.sections == (SECTION,)
    assert portal.title == "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in title)
    assert portal == parse_portal("qinghe", text, names())
    assert not any(ord(char) < 32 and char != "\n" for char in text)
    assert all(line.startswith("#") for line in text.partition("title ")[0].splitlines())
    text.encode()


def test_a_proposal_that_is_no_portal_file_is_refused() -> None:
    with pytest.raises(PortalError, match="region"):
        compose(survey(msgspec.structs.replace(PLAIN, region="12")), "qinghe", NOW)


# --- putting it in place ---

FILES = (SavedFile("section.html", b"<a>"), SavedFile("expected.json", b"{}"))


def tree(home: Path) -> dict[str, str]:
    return {str(path.relative_to(home)): path.read_text() for path in sorted(home.rglob("*")) if path.is_file()}


def test_a_file_and_its_pages_stand_together(tmp_path: Path) -> None:
    path = put(tmp_path, "qinghe", "text", FILES, replace=False)
    assert path == tmp_path / "portals" / "qinghe.toml"
    assert tree(tmp_path) == {
        "portals/qinghe.toml": "text", "portals/saved/qinghe/section.html": "<a>", "portals/saved/qinghe/expected.json": "{}",
    }  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_portal_is_never_overwritten_by_accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "qinghe", "mine", FILES, replace=False)
    before = tree(tmp_path)
    with pytest.raises(Taken, match="--replace"):
        put(tmp_path, "qinghe", "yours", (), replace=False)
    assert tree(tmp_path) == before
    put(tmp_path, "qinghe", "newer", FILES[:1], replace=True)
    assert tree(tmp_path) == {"portals/qinghe.toml": "newer", "portals/saved/qinghe/section.html": "<a>"}

    real = os.link

    def meanwhile(source: str, target: Path) -> None:
        Path(target).write_text("somebody else's")
        real(source, target)

    monkeypatch.setattr(os, "link", meanwhile)
    with pytest.raises(Taken):
        put(tmp_path, "changhe", "mine", FILES, replace=False)
    assert tree(tmp_path)["portals/changhe.toml"] == "somebody else's"


@pytest.mark.parametrize("step", ["rename", "link", "fsync"])
@pytest.mark.parametrize("there", [False, True])
def test_whatever_fails_there_is_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, there: bool
) -> None:
    if there:
        put(tmp_path, "qinghe", "old", FILES, replace=False)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if step == "rename":
        monkeypatch.setattr(Path, "rename", fail)
    elif step == "link":
        monkeypatch.setattr(os, "link", fail)
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, "qinghe", "new", FILES, replace=there)
    left = tree(tmp_path)
    assert {path for path in left if path.endswith(".toml")} == ({"portals/qinghe.toml"} if there else set())
    assert left.get("portals/qinghe.toml", "old") == "old"
    assert not [path for path in left if "/." in path]
    assert bool([path for path in left if path.startswith("portals/saved/")]) is there


@pytest.mark.parametrize("name", ["../evil", "a/b", ".hidden", ""])
def test_a_saved_page_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        put(tmp_path, "qinghe", "text", (SavedFile(name, b"x"),), replace=False)
    assert not list(tmp_path.rglob("*.toml"))


def test_what_a_killed_one_left_is_swept_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / "portals" / "saved" / ".old-abc"
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    put(tmp_path, "qinghe", "text", FILES, replace=False)
    assert not left.exists()
    assert new_portal.folder_of(tmp_path, "qinghe").exists()
