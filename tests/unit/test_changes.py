"""`changed` events: the cells by their fields, and what the change brought and mended, as passes record them."""

import random

import pytest

from monitor.changes import chosen, document, headline
from monitor.diff import diff
from monitor.event_view import Style
from monitor.message import compose
from monitor.outbox_store import views
from tests.unit.table_layouts import Tables, draw, make

TABLES = make(7, "2021")
NEW = "requests.new.total"


def text(tables: Tables, layout: int = 1) -> str:
    return draw(tables, random.Random(layout))


def told(site, event):
    return compose(views(site.store, [(event.id, "event")]), Style())


def test_versions_are_compared_with_what_their_files_say(site, paper):
    site.publish(paper.report(2024, text=text(TABLES)))
    site.run()
    site.publish(paper.report(2024, text=text(TABLES.edited("review.direct_suit.upheld", "77"), 3)))
    site.run()
    rows = site.store.rows(
        "SELECT v.* FROM versions v JOIN reports r ON r.id = v.report WHERE r.year = 2024 ORDER BY v.seq"
    )
    old, new = (document(site.store, row) for row in rows)
    assert (new.year, new.organs[0]) == (2024, paper.ORGAN)
    assert [cell.field for cell in diff(old, new).cells] == ["review.direct_suit.upheld"]


def test_the_headline_says_what_was_recognised(site, paper):
    site.publish(paper.report(2024, text=text(TABLES)))
    site.run()
    version = site.versions(2024)[0].id
    assert (headline(site.store, version).source, headline(site.store, version).confidence) == ("", 1.0)
    for code, sure in ((NEW, 0.93), ("requests.new.business", 0.4)):
        site.store.run(
            "UPDATE figures SET source = 'ocr', confidence = ? WHERE version = ? AND field = ?", (sure, version, code)
        )
    told = headline(site.store, version)
    assert (told.source, told.confidence) == ("ocr", 0.93)
    site.store.run(
        "DELETE FROM figures WHERE version = ? AND (field LIKE 'requests.%' OR field LIKE 'review.%')", (version,)
    )
    assert headline(site.store, version) is None


def test_a_report_whose_tables_are_laid_out_otherwise_is_no_event(site, paper):
    site.publish(paper.report(2024, text=text(TABLES)))
    site.run()
    for layout in range(2, 6):
        site.publish(paper.report(2024, text=text(TABLES, layout)))
        assert site.run() == []
    assert {one.significance for one in site.versions(2024)} == {"first", "cosmetic"}


def test_a_changed_cell_is_told_once_with_what_it_brought_and_then_mended(site, paper):
    site.publish(paper.report(2024, text=text(TABLES)))
    site.run()
    raw = TABLES.figures[NEW]
    more = str(int(raw.replace(",", "")) + 3)
    site.publish(paper.report(2024, text=text(TABLES.edited(NEW, more), 2)))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert [(one.field, one.old, one.new, one.table[:2]) for one in event.detail.figures] == [(NEW, raw, more, "表三")]
    assert event.detail.figures_total == 1
    assert (event.detail.text, event.detail.lines, event.detail.attachments) == ((), (), ())
    assert event.detail.verdict == ("表三不再平衡",)
    assert event.detail.cured == ()
    assert event.detail.caused == event.detail.checks
    assert len(event.detail.caused) == 2
    assert event.summary == "表三 1 处，表三不再平衡"
    message = told(site, event)
    assert message.subject.endswith("2024 年 · 表三 1 处，表三不再平衡")
    assert f"总计 · 一、本年新收  {raw} → {more}" in message.text
    assert "核对  修改后表三“总计”列不再平衡" in message.text
    site.publish(paper.report(2024, text=text(TABLES)))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert event.summary == "表三 1 处，表三已平衡"
    assert (event.detail.caused, len(event.detail.cured), event.detail.checks) == ((), 2, ())


def test_what_could_not_be_checked_before_does_not_cease_to_add_up(site, paper):
    other = "requests.new.natural_person"
    site.publish(paper.report(2024, text=text(TABLES.edited(NEW, "/").edited(other, ""))))
    site.run()
    site.publish(paper.report(2024, text=text(TABLES.edited(NEW, "98765").edited(other, ""))))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert event.detail.verdict == ()
    assert any("总计" in sentence for sentence in event.detail.caused)
    assert "不再平衡" not in told(site, event).text
    assert "修改后表三“总计”列不平衡" in told(site, event).text


def test_what_cannot_be_checked_any_more_is_not_mended(site, paper):
    site.publish(paper.report(2024, text=text(TABLES.edited(NEW, "98765"))))
    site.run()
    site.publish(paper.report(2024, text=text(TABLES.edited(NEW, "/"))))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert (event.detail.cured, event.detail.verdict, event.detail.checks) == ((), (), ())


def test_a_table_that_did_not_add_up_before_does_not_cease_to(site, paper):
    row = next(code for code in TABLES.figures if code.startswith("requests.granted.") and code.endswith(".business"))
    wrong = TABLES.edited(NEW, "98765")
    site.publish(paper.report(2024, text=text(wrong)))
    site.run()
    site.publish(paper.report(2024, text=text(wrong.edited(row, "4321"))))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert event.detail.caused
    assert event.detail.verdict == ()


def test_an_edit_of_one_table_says_nothing_of_what_stood_before(site, paper):
    wrong = TABLES.edited(NEW, "98765")
    site.publish(paper.report(2024, text=text(wrong)))
    site.run()
    site.publish(paper.report(2024, text=text(wrong.edited("proactive.fees.amount", "0.5"))))
    [event] = [one for one in site.run() if one.kind == "changed"]
    assert (event.detail.caused, event.detail.cured, event.detail.verdict) == ((), (), ())
    assert len(event.detail.checks) == 2
    assert event.summary == "表二 1 处"


@pytest.mark.parametrize(
    ("kinds", "asked", "expected"),
    [
        (["first", "content"], (None, None), (1, 2)),
        (["first", "content", "rebaseline"], (None, None), (1, 2)),
        (["first", "content", "cosmetic", "content", "cosmetic"], (None, None), (3, 4)),
        (["first", "rebaseline"], (None, None), (1, 2)),
        (["first", "content", "rebaseline"], (2, 3), (2, 3)),
        (["first", "content", "rebaseline"], (1, None), (1, 3)),
    ],
)
def test_the_diff_that_is_shown_is_the_last_change(
    kinds: list[str], asked: tuple[int | None, int | None], expected: tuple[int, int]
) -> None:
    versions = [{"seq": number, "significance": kind} for number, kind in enumerate(kinds, 1)]
    old, new = chosen(versions, *asked)
    assert (old["seq"], new["seq"]) == expected
