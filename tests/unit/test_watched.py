"""What of a re-reading can be held against a page, case by case."""

from crawler.page.model import Report
from monitor.versions import Held
from monitor.watched import held_then, starting_point


def report(text, title="标题", source="来源"):
    return Report(title, "机关", 2024, "title", source, "2025-01-20", text, (), "")


def start(watched, reread, now, fresh=False):
    return starting_point(report(watched), report(reread), report(now), fresh=fresh).text


PROSE = "全年共受理申请12件。"


def test_what_was_watched_stays_as_it_was():
    assert start(PROSE, f"{PROSE}\n访问 3 次", "全年共受理申请13件。\n访问 9 次") == f"{PROSE}\n访问 9 次"


def test_a_line_that_nobody_watched_is_taken_as_it_is_now():
    assert start(PROSE, f"{PROSE}\n附注：旧。", f"{PROSE}\n附注：新。") == f"{PROSE}\n附注：新。"
    assert start(PROSE, f"{PROSE}\n附注：旧。", PROSE) == PROSE
    assert start(PROSE, f"栏目\n{PROSE}", f"又一行\n栏目\n{PROSE}") == f"又一行\n栏目\n{PROSE}"


def test_of_a_fresh_capture_prose_and_tables_count_though_nobody_watched_them():
    for line in ("附注：旧。", "| 项目 | 12 |", "一" * 60):
        assert start(PROSE, f"{PROSE}\n{line}", f"{PROSE}\n另一行", fresh=True) == f"{PROSE}\n{line}"
    assert start(PROSE, f"{PROSE}\n访问 3 次", f"{PROSE}\n访问 9 次", fresh=True) == f"{PROSE}\n访问 9 次"


def test_a_line_within_what_was_watched_is_news():
    watched = f"{PROSE}\n主动公开信息7条。"
    assert start(watched, watched, f"{PROSE}\n新的一句。\n主动公开信息7条。") == watched
    assert start(watched, watched, PROSE) == watched


def test_a_line_that_stood_twice_was_watched_as_often_as_it_stood():
    assert start("甲。", "甲。\n甲。", "甲。\n乙。") == "甲。\n乙。"


def test_a_heading_read_elsewhere_begins_as_it_is_now_unless_the_capture_is_fresh():
    watched, reread, now = report(PROSE), report(PROSE, "另一处标题"), report(PROSE, "另一处新标题", "新来源")
    found = starting_point(watched, reread, now, fresh=False)
    assert (found.title, found.source) == ("另一处新标题", "来源")
    assert starting_point(watched, reread, now, fresh=True).title == "另一处标题"


def test_attachments_that_only_the_edit_finds_count_as_far_as_they_are_there_now():
    one, two, three, four = (Held(f"http://x/{n}.pdf", str(n), "document", sha256=str(n)) for n in range(4))
    assert held_then([one], [one, two], [one]) == (one,)
    assert held_then([one], [one], [one, three]) == (one,)
    assert held_then([one], [one, two], [one, two, four]) == (one, two, four)
    assert held_then([one], [one, two], [two]) == (one, two)
