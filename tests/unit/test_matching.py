"""Which report of the record each report on a page is. `test_settle.py` shows what follows from it."""

from crawler.observation import PageRead, ReportSeen
from crawler.page.model import Report
from monitor.identity import OrganRow
from monitor.match import Content, Known, KnownReport, OnPage, where_read
from monitor.matching import match_reports

GOV = OrganRow(1, "临海市人民政府", kind="government")
OFFICE = OrganRow(2, "临海市人民政府办公室", kind="office")
A, B, C = (f"https://www.linhai.gov.cn/{name}.html" for name in "abc")


def read(year, organ="临海市人民政府", text="", year_from="title"):
    body = text or f"{organ}{year}年报告第一段\n第二段写{year}年的事"
    return Report(f"{organ}{year}年报告", organ, year, year_from, "", "", body, (), f"hash {organ} {year} {body}")


def page(url, *reports, reading="present", final=""):
    return PageRead(url, reading, final, reports=tuple(ReportSeen(one.text_hash, one) for one in reports))


def known(*reports, absent=None):
    """`reports`: (id, year, url) or (id, year, url, changes)."""
    rows, pages = {}, {}
    for number, year, url, *changes in reports:
        fields = {"id": number, "organ": 1, "year": year, "variant": 0, "url": url, "status": "live"}
        rows[number] = KnownReport(**{**fields, **(changes[0] if changes else {})})
        item = OnPage(number, "primary", f"known {number}", (absent or {}).get(number, ""))
        pages[url] = (*pages.get(url, ()), item)
    return Known(rows, pages, (GOV, OFFICE), "临海市人民政府")


def match(record, *pages, texts=None):
    texts = {number: read(one.year).text for number, one in record.reports.items()} | (texts or {})
    return match_reports(
        record,
        {one.url: one for one in pages},
        lambda number: texts[number],
        lambda number: Content(texts[number]),
        lambda seen: Content(seen.report.text),
        lambda text: "報" in text,
    )


def hows(matched):
    return [(one.how, one.report, one.year, one.variant) for one in matched.matches]


def reading(matched, number):
    said, _, overwritten = matched.readings[number]
    return said, overwritten


def test_a_report_on_its_own_page():
    matched = match(known((1, 2024, A)), page(A, read(2024)))
    assert hows(matched) == [("own", 1, 2024, 0)]
    assert reading(matched, 1) == ("present", False)


def test_an_unchanged_page_has_the_reading_it_had():
    record = known((1, 2023, A), (2, 2024, A), (3, 2022, A), absent={1: "overwritten", 3: "weak_gone"})
    matched = match(record, page(A, reading="same"))
    assert hows(matched) == [("own", 2, 2024, 0)]
    assert [reading(matched, n) for n in (1, 2, 3)] == [("gone", True), ("present", False), ("weak_gone", False)]


def test_what_other_readings_say():
    record = known((1, 2024, A))
    for told, said in (
        ("gone", "gone"),
        ("other", "weak_gone"),
        ("blocked", "blocked"),
        ("unreachable", "unreachable"),
    ):
        assert reading(match(record, page(A, reading=told)), 1) == (said, False)
    assert reading(match(record), 1) == (None, False)


def test_a_page_with_another_report_of_the_organ_is_gone_and_with_the_next_year_overwritten():
    record = known((1, 2024, A))
    assert reading(match(record, page(A, read(2025))), 1) == ("gone", True)
    assert reading(match(record, page(A, read(2023))), 1) == ("gone", False)
    assert reading(match(record, page(A, read(2025, "乐清市教育局"))), 1) == ("weak_gone", False)


def test_a_redirect_to_another_report_is_no_overwritten_column():
    record = known((1, 2024, A))
    assert reading(match(record, page(A, read(2025), final=B)), 1) == ("gone", False)


def test_moved_view_variant_new():
    record = known((1, 2024, A))
    gone = page(A, reading="gone")
    assert hows(match(record, gone, page(B, read(2024)))) == [("moved", 1, 2024, 0)]
    assert hows(match(record, gone, page(B, read(2024, text="改了")))) == [("moved", 1, 2024, 0)]
    live = page(A, read(2024))
    assert hows(match(record, live, page(B, read(2024))))[1:] == [("view", 1, 2024, 0)]
    assert hows(match(record, live, page(B, read(2024, text="另一份"))))[1:] == [("variant", None, 2024, 1)]
    assert hows(match(record, live, page(B, read(2025))))[1:] == [("new", None, 2025, 0)]


def test_an_address_that_nobody_could_read_is_not_left():
    record = known((1, 2024, A))
    for told in ("blocked", "unreachable"):
        matched = match(record, page(A, reading=told), page(B, read(2024, text="改了")))
        assert hows(matched) == []
        assert [one.page.url for one in matched.undecided] == [B]
        assert hows(match(record, page(A, reading=told), page(B, read(2024)))) == [("view", 1, 2024, 0)]
    missing = known((1, 2024, A, {"status": "missing"}))
    assert hows(match(missing, page(A, reading="blocked"), page(B, read(2024)))) == [("moved", 1, 2024, 0)]


def test_a_pass_that_did_not_ask_for_the_reports_own_address_decides_nothing():
    record = known((1, 2024, A))
    assert hows(match(record, page(B, read(2024, text="改了")))) == []
    assert hows(match(record, page(B, read(2024)))) == [("view", 1, 2024, 0)]


def test_variants_are_numbered_above_those_that_are_taken():
    record = known((1, 2024, A, {"variant": 3}), (2, 2024, C))
    matched = match(
        record, page(A, read(2024)), page(C, read(2024, text="丙")), page(B, read(2024, text="乙")), texts={2: "丙"}
    )
    assert hows(matched)[-1] == ("variant", None, 2024, 4)


def test_two_new_pages_with_one_key():
    record = known()
    assert [how for how, *_ in hows(match(record, page(A, read(2024)), page(B, read(2024))))] == ["new", "view"]
    matched = match(record, page(A, read(2024)), page(B, read(2024, text="另一份")), page(C, read(2024, text="第三份")))
    assert hows(matched) == [("new", None, 2024, 0), ("variant", None, 2024, 1), ("variant", None, 2024, 2)]
    assert [one.twin_of for one in matched.matches] == [None, 0, 0]


def test_the_pages_own_address_comes_before_a_mirrors():
    mirror = "https://www.linhai.gov.cn/gate/big5/www.linhai.gov.cn/a.html"
    matched = match(known(), page(mirror, read(2024)), page(A, read(2024)))
    assert [(one.how, one.where) for one in matched.matches] == [("new", A), ("view", mirror)]


def test_a_simplified_view_takes_over_from_a_traditional_report():
    record = known((1, 2024, A))
    matched = match(record, page(A, reading="same"), page(B, read(2024, text="报告")), texts={1: "報告"})
    assert matched.matches[-1].how == "view" or matched.matches[-1].how == "variant"  # other content: no takeover
    same = match_reports(
        record,
        {A: page(A, reading="same"), B: page(B, read(2024, text="报告"))},
        lambda _: "報告",
        lambda _: Content("canonical"),
        lambda _: Content("canonical"),
        lambda text: "報" in text,
    )
    assert [(one.how, one.report) for one in same.matches] == [("own", 1), ("takeover", 1)]


def test_content_is_the_same_as_far_as_anyone_could_read_it():
    assert Content("a", ("x",)).same(Content("a", ("x",)))
    assert not Content("a", ("x",)).same(Content("a", ("y",)))
    assert not Content("a", ("x",)).same(Content("b", ("x",)))
    assert Content("a", None).same(Content("a", ("y",)))


def test_a_corrected_year_is_rekeyed_and_its_old_key_is_free():
    record = known((1, 2022, A, {"guessed": True}))
    text = "\n".join(f"第{n}段文字" for n in range(50))
    matched = match(record, page(A, read(2021, text=text + "\n新")), page(B, read(2022)), texts={1: text})
    assert hows(matched) == [("rekeyed", 1, 2021, 0), ("new", None, 2022, 0)]


def test_a_guess_that_proves_wrong_is_corrected_though_the_page_was_edited_as_well():
    """With a year that was printed, half a text in common is the next report; with one that was guessed, the same."""
    lines = [f"第{n}段说了些什么" for n in range(50)]
    before, after = "\n".join(lines), "\n".join(lines[:40] + [f"另外写的第{n}段" for n in range(10)])
    now = page(A, read(2021, text=after))
    assert hows(match(known((1, 2022, A, {"guessed": True})), now, texts={1: before})) == [("rekeyed", 1, 2021, 0)]
    assert hows(match(known((1, 2022, A)), now, texts={1: before})) == [("new", None, 2021, 0)]
    still = page(A, read(2021, text=after, year_from="published"))
    assert hows(match(known((1, 2022, A, {"guessed": True})), still, texts={1: before})) == [("new", None, 2021, 0)]


def test_the_next_years_report_is_no_correction_even_of_a_guess():
    record = known((1, 2024, A, {"guessed": True}))
    assert hows(match(record, page(A, read(2025)))) == [("new", None, 2025, 0)]


def test_what_an_operator_corrected_stays():
    record = known((1, 2020, A, {"printed": ("临海市人民政府", 2021)}))
    assert hows(match(record, page(A, read(2021)))) == [("own", 1, 2020, 0)]


def test_a_government_and_its_office_on_one_page():
    matched = match(known(), page(A, read(2024), read(2024, "临海市人民政府办公室")))
    assert [(one.how, one.organ.id) for one in matched.matches] == [("new", 1), ("new", 2)]


def test_a_report_without_a_year_is_told_apart():
    matched = match(known(), page(A, read(None, text="无年度")))
    assert (matched.matches, len(matched.unkeyed)) == ((), 1)


def test_a_twin_is_where_it_was_asked_for():
    assert where_read(PageRead(A, "present", "https://linhai.gov.cn/a.html")) == A
    assert where_read(PageRead(A, "present", B)) == B
    assert where_read(PageRead("HTTPS://www.Linhai.gov.cn:443/a.html#top", "present")) == A
