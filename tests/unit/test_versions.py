"""Stored versions: `content_hash` alone tells whoever queries the record what was a change of content."""

from typing import Any

import pytest

from monitor import versions
from monitor.canonical import Fingerprints

TEXT = "乾县人民政府编制本报告。本年度依法主动公开规范性文件12件，办结申请7件，於潜镇办理3件。"


def publish(site: Any, paper: Any, text: str, **more: Any) -> None:
    site.publish(paper.report(2024, text=text, **more))


def run(site: Any) -> list[str]:
    return [event.kind for event in site.run()]


def test_a_change_that_only_the_strict_comparison_sees_has_another_content_hash(site, paper):
    publish(site, paper, TEXT)
    site.run()
    site.run()
    publish(site, paper, TEXT.replace("乾县", "干县"))
    assert run(site) == ["changed"]
    publish(site, paper, TEXT)
    assert run(site) == ["changed"]
    first, edited, back = site.versions(2024)
    assert [one.significance for one in (edited, back)] == ["content", "content"]
    assert edited.content_hash == edited.strict_hash != first.content_hash
    assert back.content_hash == first.content_hash


def test_cosmetic_versions_keep_the_hash_through_every_kind(site, paper):
    publish(site, paper, TEXT)
    site.run()
    site.run()
    for text in (
        TEXT.replace("，", ","),
        TEXT.replace("乾县", "干县"),
        TEXT.replace("乾县", "干县").replace("，", ","),
    ):
        publish(site, paper, text)
        site.run()
    versions = site.versions(2024)
    hashes = [one.content_hash for one in versions]
    assert [one.significance for one in versions] == ["first", "cosmetic", "content", "cosmetic"]
    assert hashes[0] == hashes[1] != hashes[2] == hashes[3]


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("乾县", "干县")])
def test_a_copy_elsewhere_is_known_by_either_hash(make_history, paper, text):
    """The original was edited from 乾 to 干, so that its stored hash is the strict one; who copies it now is a copy."""
    first = make_history(name="first")
    first.publish(paper.report(2024, text=TEXT, organ="乾县人民政府"))
    first.run()
    first.run()
    first.publish(paper.report(2024, text=text, organ="乾县人民政府"))
    first.run()
    second = type(first)(
        first.home,
        store=first.store,
        name="city",
        title="咸阳市人民政府",
        sections=(paper.SECTION,),
        organ="咸阳市人民政府",
    )
    second.now = first.now
    second.publish(paper.report(2024, text=text, organ="乾县人民政府"))
    second.run()
    rows = first.store.rows("SELECT detail FROM reports WHERE portal = 'city'")
    assert "same_as" in rows[0]["detail"]


def test_whatever_fingerprints_say_content_is_never_the_hash_before(site, paper, monkeypatch):
    """Even where folded and strict hash are both what is stored (a report that got another year and kept its words)."""
    same = Fingerprints(text_hash="t2", content_hash="c", strict_hash="c", script="simplified")
    publish(site, paper, TEXT)
    site.run()
    draft = versions.Draft(paper.report(2024, text=TEXT), "", "http://a/", 200, "", ())
    report = site.report(2024).id
    for kind, expected in (("first", "c"), ("cosmetic", "c"), ("content", "t2"), ("content", "c"), ("cosmetic", "c")):
        versions.write_version(site.store, report, 1, site.now, "r", kind, draft, same)
        stored = site.store.rows("SELECT content_hash FROM versions WHERE report = ? ORDER BY seq", (report,))
        assert stored[-1]["content_hash"] == expected
