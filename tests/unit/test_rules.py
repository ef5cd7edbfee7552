"""Our own changes are silent (rule 12): what an edit of a portal file, or an upgrade, does to what is stored, and what a pass
then says. Pages are real ones, read by the real reader; every test also proves the record whole (conftest.py)."""

import json

import msgspec
import pytest

from crawler.documents.extractor import Extractor
from crawler.documents.model import Extract
from monitor import archive, extraction, renew, renewal, versions, weigh
from monitor.archive import verify
from monitor.renew import up_to_date

ORGAN = "临海市人民政府"
ARTICLE, MAIN = {"body": ".article"}, {"body": ".main"}


def kinds(events):
    return [one.kind for one in events if not one.baseline]


def told(events):
    """What is told of the portal's doings; what is owed by law is another matter."""
    return [(one.kind, one.year) for one in events if not one.baseline and one.kind != "overdue"]


def body(year, requests=12):
    rows = "".join(
        f"<p>第{n}项工作：主动公开政府信息{n * 7 + year % 50}条，办理依申请公开{n}件，没有发生投诉举报的情况。</p>"
        for n in range(1, 9)
    )
    return (
        "<p>根据《中华人民共和国政府信息公开条例》编制本年度报告。</p><p>一、总体情况</p>"
        f"<p>本报告所列数据的统计期限自{year}年1月1日起，至{year}年12月31日止。</p><p>收到信息公开申请{requests}件。</p>{rows}"
    )


def html(year=2024, requests=12, extra="", organ=ORGAN, article="article", title=None, period=True, head=""):
    """A report page on which each selector has something else to find."""
    title = f"{organ}{year}年政府信息公开工作年度报告" if title is None else title
    shown = body(year, requests)
    if not period:
        shown = shown.replace(f"自{year}年1月1日起，至{year}年12月31日止", "为上一年度")
    return (
        f'<html><head><title>{title}</title><meta name="ArticleTitle" content="{title}">'
        f'<meta name="PubDate" content="{year + 1}-01-20">{head}</head><body><div class="main"><h1>{title}</h1>'
        f"<p class='other-title'>{organ}关于{year}年政府信息公开工作年度报告</p>"
        f"<p class='other-date'>{year + 1}-03-02</p><p class='other-source'>临海市大数据中心</p>"
        f'<div class="{article}">{shown}</div>'
        f"<div class='more'><p>附：说明文字一段，另有内容{extra}。</p></div></div>"
        "<div class='footer'><p>主办：临海市人民政府办公室</p></div></body></html>"
    )


def selectors(site, paper, **own):
    """The operator edits [selectors] of the portal file."""
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(**own))


def significances(site, year=2024):
    return [one.significance for one in site.versions(year)]


def sound(site):
    return not [fault for fault in verify(site.store, site.home / "archive") if fault]


@pytest.fixture
def make(make_history, paper):
    """Makes a portal of real pages, read once: `make(html, …)`, the first for 2024, each later one a year earlier."""

    def build(*pages, own=ARTICLE, **portal):
        site = make_history(selectors=paper.Selectors(**own), **portal)
        site.urls = []
        for year, page in zip(range(2024, 2000, -1), pages, strict=False):
            url = site.publish(paper.report(year))
            site.pages[url].html = page
            site.urls.append(url)
        assert kinds(site.run()) == ["baseline"]
        site.url = site.urls[0]
        return site

    return build


@pytest.fixture
def one(make):
    return make(html(2024), html(2023))


# What is read otherwise -----------------------------------------------------------------------------------------------

EDITS = {
    "a part more": MAIN,
    "title": {**ARTICLE, "title": ".other-title"},
    "date": {**ARTICLE, "date": ".other-date"},
    "source": {**ARTICLE, "source": ".other-source"},
    "everything": {"body": ".main", "title": ".other-title", "date": ".other-date", "source": ".other-source"},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_selector_alerts_nobody(one, paper, edit):
    selectors(one, paper, **edit)
    assert one.run() == []
    assert significances(one) == ["first", "rebaseline"]
    assert one.run() == []
    assert significances(one) == ["first", "rebaseline"]
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]
    assert sound(one)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_true_change_in_the_same_pass_is_said_and_nothing_else_of_it(one, paper, edit):
    selectors(one, paper, **edit)
    one.pages[one.url].html = html(2024, 13)
    [event] = one.run()
    assert (event.kind, event.year) == ("changed", 2024)
    said = str(event.detail)
    assert "13" in said
    for other in ("另有内容", "关于2024", "大数据"):
        assert other not in said
    assert not event.detail.date_changed
    assert significances(one) == ["first", "rebaseline", "content"]
    assert sound(one)


def test_a_part_that_is_no_longer_read_is_not_told_as_removed(make, paper):
    site = make(html(2024), own=MAIN)
    assert "另有内容" in site.versions(2024)[0].text
    selectors(site, paper, **ARTICLE)
    assert site.run() == []
    assert "另有内容" not in site.versions(2024)[-1].text
    site.pages[site.url].html = html(2024, extra="改了")  # outside of what is read now
    assert site.run() == []


def test_reports_that_read_the_same_keep_their_version(one, paper):
    selectors(one, paper, body="div.article")
    assert one.run() == []
    [version] = one.versions(2024)
    assert version.rules == one.store.row("SELECT rules FROM pages WHERE url = ?", (one.url,))["rules"]
    assert up_to_date(one.store, one.portal)
    assert {outcome.result for outcome in one.renewed.outcomes} == {"equal"}


def test_nothing_is_read_again_while_the_rules_stand(one, paper, monkeypatch):
    monkeypatch.setattr(archive, "read_capture", None)
    monkeypatch.setattr("monitor.reread.read_capture", None)
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]
    assert one.renewed.outcomes == ()


def test_pages_that_read_as_before_are_not_parsed_again(one, paper):
    selectors(one, paper, **MAIN)
    one.run()
    known = one.store.row("SELECT * FROM pages WHERE url = ?", (one.url,))
    assert known["body_hash"]
    assert known["archive_ref"].startswith("linhai/1.warc.gz#")


def test_rules_that_change_twice_between_passes(one, paper):
    for edit in ({"title": ".other-title"}, MAIN):
        selectors(one, paper, **edit)
        one.brief()  # a pass that was never made: killed before it wrote anything
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]
    assert "另有内容" not in str(one.events()[-1].detail)


def test_rules_that_change_back(one, paper):
    selectors(one, paper, **MAIN)
    assert one.run() == []
    selectors(one, paper, **ARTICLE)
    assert one.run() == []
    versions = one.versions(2024)
    assert versions[-1].text == versions[0].text
    assert versions[-1].content_hash == versions[0].content_hash
    assert versions[-1].rules == versions[0].rules
    selectors(one, paper, **MAIN)
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]


def test_another_form_of_the_canonical_content_is_silent(one, paper, monkeypatch):
    monkeypatch.setattr("monitor.briefing.CANONICAL", "another")
    monkeypatch.setattr("monitor.canonical._fold_marks", lambda text: text, raising=False)
    assert one.run() == []
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]


def test_another_family_is_silent(one, paper):
    for family in ("trs", "hanweb", "gkmlpt", "generic"):
        one.portal = msgspec.structs.replace(one.portal, family=family)
        one.run()
        assert kinds(one.events()) == ["baseline"]
    one.portal = msgspec.structs.replace(one.portal, family="trs")
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]


def test_new_selectors_for_a_new_template_tell_nothing_but_what_changed(make, paper):
    """The site was rebuilt and the operator followed: by the new selectors the old capture makes little sense."""
    site = make(html(2024), html(2023))
    new = [
        html(year).replace('class="article"', 'class="neu"').replace("<div class='more'>", "<div class='more neu'>")
        for year in (2024, 2023)
    ]
    for url, page in zip(site.urls, new, strict=True):
        site.pages[url].html = page.replace("<p>附：说明文字一段，另有内容。</p>", "")
    selectors(site, paper, body=".neu", title="h1")
    assert site.run() == []
    site.pages[site.url].html = site.pages[site.url].html.replace("申请12件", "申请21件")
    assert told(site.run()) == [("changed", 2024)]


def test_after_it_was_confirmed_a_re_reading_is_the_only_measure(one, paper):
    """What the new selector includes, and the portal then removes, is a change, though the old selector never saw it."""
    selectors(one, paper, **MAIN)
    assert one.run() == []
    one.pages[one.url].html = html(2024).replace("<p>附：说明文字一段，另有内容。</p>", "")
    assert told(one.run()) == [("changed", 2024)]


def test_what_changed_long_ago_beside_what_was_read_is_not_told_now(one, paper):
    """The note below the text changed a year ago, when no selector read it. Now one does."""
    one.pages[one.url].html = html(2024, extra="，更新于2025年3月")
    assert one.run() == []
    one.pages[one.url].html = html(2024, extra="，更新于2025年4月")
    selectors(one, paper, **MAIN)
    assert one.run() == []
    assert "2025年4月" in one.versions(2024)[-1].text
    one.pages[one.url].html = html(2024, extra="，更新于2025年5月")
    assert told(one.run()) == [("changed", 2024)]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_true_change_beside_one_of_long_ago_is_said_alone(one, paper, edit):
    old = {"另有内容": "另有别的内容", "03-02": "03-05", "大数据中心": "数据局", "关于2024年政府": "关于2024年度政府"}
    page = html(2024)
    for before, after in old.items():
        page = page.replace(before, after)
    one.pages[one.url].html = page
    assert one.run() == []
    selectors(one, paper, **edit)
    one.pages[one.url].html = page.replace("申请12件", "申请13件") + "<!-- touched -->"
    [event] = one.run()
    assert (event.kind, event.year) == ("changed", 2024)
    assert "13" in str(event.detail)
    for other in ("别的内容", "2024年度政府", "数据局"):
        assert other not in str(event.detail)
    assert not event.detail.date_changed


def test_small_talk_in_the_pass_of_the_edit_is_not_told(make, paper):
    page = html(2024).replace("<p>附：说明", "<p>专题推荐 甲乙</p><p>附：说明")
    site = make(page)
    selectors(site, paper, **MAIN)
    site.pages[site.url].html = page.replace("甲乙", "丙丁")
    assert site.run() == []
    selectors(site, paper, **ARTICLE)
    assert site.run() == []
    selectors(site, paper, **MAIN)
    site.pages[site.url].html = page.replace("甲乙", "戊己").replace("另有内容", "另有别的内容")
    [event] = site.run()
    assert event.kind == "changed"
    assert "戊己" not in str(event.detail)


def test_an_edit_that_reads_more_lets_nothing_else_pass(one, paper):
    """A line more in the middle of what was watched, after the page had changed elsewhere long ago."""
    one.pages[one.url].html = html(2024, extra="改")
    assert one.run() == []
    selectors(one, paper, **MAIN)
    line = "<p>第4项工作"
    one.pages[one.url].html = html(2024, extra="又改").replace(line, "<p>新增一句，全年开展培训两次。</p>" + line)
    [event] = one.run()
    assert event.kind == "changed"
    assert "培训" in str(event.detail)
    assert "又改" not in str(event.detail)
    one.pages[one.url].html = html(2024, extra="又改")
    assert told(one.run()) == [("changed", 2024)]


# Shapes of publishing -------------------------------------------------------------------------------------------------


def all_years(*years, requests=None):
    requests = requests or {}
    parts = "".join(
        f"<h2>{ORGAN}{year}年政府信息公开工作年度报告</h2><div class='year'>{body(year, requests.get(year, 12))}</div>"
        for year in years
    )
    return (
        f"<html><head><title>{ORGAN}政府信息公开工作年度报告</title></head><body><div class='main'><div class='article'>{parts}"
        "</div><div class='more'><p>附：说明文字一段，另有内容。</p></div></div></body></html>"
    )


def test_several_reports_on_one_page(make_history, paper):
    site = make_history(selectors=paper.Selectors(**ARTICLE))
    site.sections[paper.SECTION].is_report = True
    site.show(paper.SECTION, paper.report(2024), html=all_years(2024, 2023, 2022))
    assert kinds(site.run()) == ["baseline"]
    assert sorted(report.year for report in site.reports()) == [2022, 2023, 2024]
    selectors(site, paper, **MAIN)
    assert site.run() == []
    assert site.run() == []
    assert len(site.reports()) == 3
    selectors(site, paper, **ARTICLE)
    site.show(paper.SECTION, paper.report(2024), html=all_years(2024, 2023, 2022, requests={2023: 31}))
    assert told(site.run()) == [("changed", 2023)]
    selectors(site, paper, **MAIN)
    site.show(paper.SECTION, paper.report(2024), html=all_years(2025, 2024, 2023, 2022, requests={2023: 31}))
    assert told(site.run()) == [("appeared", 2025)]
    assert sound(site)


def test_a_report_that_only_the_edit_shows_on_a_page_is_no_news(make_history, paper):
    site = make_history(selectors=paper.Selectors(body=".y2022", title=".t2022"))
    site.sections[paper.SECTION].is_report = True
    page = all_years(2024, 2023, 2022)
    for year in (2024, 2023, 2022):
        page = page.replace("<h2>", f"<h3 class='t{year}'>", 1).replace(
            "</h2><div class='year'>", f"</h3><div class='y{year}'>", 1
        )
    site.show(paper.SECTION, paper.report(2024), html=page)
    assert kinds(site.run()) == ["baseline"]
    assert [report.year for report in site.reports()] == [2022]
    selectors(site, paper, **ARTICLE)
    site.show(paper.SECTION, paper.report(2024), html=page + "<!-- touched -->")
    assert kinds(site.run()) == []
    assert sorted(report.year for report in site.reports()) == [2022, 2023, 2024]


def test_an_overwritten_column(make_history, paper):
    site = make_history(selectors=paper.Selectors(**ARTICLE))
    site.sections[paper.SECTION].is_report = True
    site.show(paper.SECTION, paper.report(2023), html=html(2023))
    assert kinds(site.run()) == ["baseline"]
    site.show(paper.SECTION, paper.report(2024), html=html(2024))
    assert told(site.run()) == [("appeared", 2024)]
    selectors(site, paper, **MAIN)
    assert site.run() == []
    assert significances(site, 2023) == significances(site, 2024) == ["first", "rebaseline"]
    assert told(site.run()) == [("taken_down", 2023)]
    selectors(site, paper, **ARTICLE)
    site.show(paper.SECTION, paper.report(2025), html=html(2025))
    assert told(site.run()) == [("appeared", 2025)]
    assert sound(site)


def test_a_column_overwritten_in_the_pass_of_an_edit(make_history, paper):
    site = make_history(selectors=paper.Selectors(**ARTICLE))
    site.sections[paper.SECTION].is_report = True
    site.show(paper.SECTION, paper.report(2023), html=html(2023))
    assert kinds(site.run()) == ["baseline"]
    selectors(site, paper, **MAIN)
    site.show(paper.SECTION, paper.report(2024), html=html(2024))
    assert told(site.run()) == [("appeared", 2024)]
    assert site.run() == []
    assert told(site.run()) == [("taken_down", 2023)]


def framed(file):
    return (
        f"<html><head><title>{ORGAN}2024年政府信息公开工作年度报告</title></head><body><div class='main'>"
        f"<h1>{ORGAN}2024年政府信息公开工作年度报告</h1><div class='article'><p>附件：<a href='{file}'>年报全文.pdf</a></p></div>"
        "<div class='more'><p>附：说明文字一段，另有内容。</p></div></div></body></html>"
    )


def test_a_report_that_is_only_an_attachment(make, paper):
    site = make(html(2024), html(2023))
    file = f"{paper.HOST}/files/2022.pdf"
    site.files[file] = (b"%PDF one", "收到申请12件")
    url = site.publish(paper.report(2022))
    site.pages[url].html = framed(file).replace("2024", "2022")
    assert told(site.run()) == [("appeared", 2022)]
    selectors(site, paper, **MAIN)
    assert site.run() == []
    assert site.run() == []
    selectors(site, paper, **ARTICLE)
    site.files[file] = (b"%PDF two", "收到申请21件")
    assert told(site.run()) == [("changed", 2022)]


def test_an_attachment_that_only_the_edit_finds_is_no_change(make, paper):
    file = f"{paper.HOST}/files/a.pdf"
    page = html(2024).replace("<p>附：说明", f"<p><a href='{file}'>附件.pdf</a></p><p>附：说明")
    site = make(page)
    site.files[file] = (b"%PDF one", "附件全文")
    selectors(site, paper, **MAIN)
    assert site.run() == []
    [held] = site.store.rows("SELECT * FROM attachments WHERE version = ?", (site.report(2024).current_version,))
    assert held["text"] == "附件全文"
    site.files[file] = (b"%PDF two", "附件另一文")
    assert told(site.run()) == [("changed", 2024)]


def test_a_page_whose_body_a_script_ships(make_history, paper):
    """gkmlpt: the capture is the page as it came, its body in JSON."""
    detail = {
        "title": f"{ORGAN}2024年政府信息公开工作年度报告",
        "publisher": "临海市人民政府办公室",
        "date": 1737338400,
        "content": f"<div class='article'>{body(2024)}</div><div class='more'><p>附：说明文字一段，另有内容。</p></div>",
    }

    def page(requests):
        said = json.dumps(detail, ensure_ascii=False).replace("申请12件", f"申请{requests}件")
        script = f"<script>window._CONFIG = {{DETAIL: {said}}}</script>"
        return f"<html><head><title>年报</title></head><body><div id='app'></div>{script}</body></html>"

    site = make_history(family="gkmlpt", selectors=paper.Selectors(**ARTICLE))
    url = site.publish(paper.report(2024))
    site.pages[url].html = page(12)
    assert kinds(site.run()) == ["baseline"]
    assert "申请12件" in site.versions(2024)[0].text
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors())
    assert site.run() == []
    selectors(site, paper, **ARTICLE)
    site.pages[url].html = page(13)
    assert told(site.run()) == [("changed", 2024)]


def test_a_view_in_another_template(make, paper):
    site = make(html(2024), html(2023))
    view = f"{paper.HOST}/wap/2024.html"
    site.show(view, paper.report(2024), html=html(2024, head="<meta name='viewport'>"))
    site.sections[paper.SECTION].links[view] = paper.report(2024).title
    assert site.run() == []
    for edit in (MAIN, {**ARTICLE, "title": ".other-title"}, ARTICLE):
        selectors(site, paper, **edit)
        assert site.run() == []
    assert len(site.reports()) == 2


# Missing, taken down, moved -------------------------------------------------------------------------------------------


def gone_for_good(site, url):
    shown = site.pages[url]
    site.answer(url, "gone")
    events = [event for _ in range(3) for event in site.run()]
    assert kinds(events) == ["taken_down"]
    return shown


def test_a_report_that_comes_back_under_other_rules_is_restored_and_no_more(one, paper):
    gone_for_good(one, one.url)
    selectors(one, paper, **MAIN)
    assert one.run() == []
    one.answer(one.url, "present")
    assert told(one.run()) == [("restored", 2024)]


def test_a_report_that_comes_back_in_the_pass_of_the_edit(one, paper):
    gone_for_good(one, one.url)
    selectors(one, paper, **MAIN)
    one.answer(one.url, "present")
    assert told(one.run()) == [("restored", 2024)]


def test_a_report_that_comes_back_edited_under_other_rules_is_both(one, paper):
    gone_for_good(one, one.url)
    selectors(one, paper, **MAIN)
    one.show(one.url, paper.report(2024), html=html(2024, 99))
    events = one.run()
    assert told(events) == [("restored", 2024), ("changed", 2024)]
    assert "另有内容" not in str(events[1].detail)


def test_a_report_that_was_missing_during_the_edit_leaves_no_event(one, paper):
    one.answer(one.url, "gone")
    assert one.run() == []
    selectors(one, paper, **MAIN)
    assert one.run() == []
    one.answer(one.url, "present")
    assert one.run() == []
    assert significances(one) == ["first", "rebaseline"]


def test_an_edit_does_not_stop_a_take_down(one, paper):
    one.answer(one.url, "gone")
    one.run()
    selectors(one, paper, **MAIN)
    one.run()
    assert told(one.run()) == [("taken_down", 2024)]


@pytest.mark.parametrize("requests", [12, 13])
def test_a_report_that_moves_in_the_pass_of_an_edit(one, paper, requests):
    selectors(one, paper, body=".main", title=".other-title")
    one.remove(one.url)
    one.publish(paper.report(2024), at=f"{paper.HOST}/neu/2024.html")
    one.pages[f"{paper.HOST}/neu/2024.html"].html = html(2024, requests)
    expected = [("moved", 2024)] + ([("changed", 2024)] if requests == 13 else [])
    events = one.run()
    assert told(events) == expected
    assert "另有内容" not in str(events[-1].detail)


# Keys -----------------------------------------------------------------------------------------------------------------


def nameless(year=2024, date="2026-01-20", requests=12):
    page = html(year, requests, title=f"{ORGAN}政府信息公开工作年度报告", period=False)
    page = page.replace(f'<meta name="PubDate" content="{year + 1}-01-20">', f'<meta name="PubDate" content="{date}">')
    return page.replace(f"{year}年", "上一年")


def hidden_year(requests=12):
    return nameless(requests=requests).replace(
        f"class='other-title'>{ORGAN}关于上一年", f"class='other-title'>{ORGAN}关于2024年"
    )


def guessing(make_history, paper):
    site = make_history(selectors=paper.Selectors(body=".article"))
    url = site.publish(paper.report(2024, title=f"{ORGAN}政府信息公开工作年度报告"))
    site.pages[url].html = hidden_year()
    assert kinds(site.run()) == ["baseline"]
    assert [report.year for report in site.reports()] == [2025]  # dated 2026: a guess
    site.url = url
    return site


@pytest.mark.parametrize("touched", [False, True])
def test_a_guessed_year_that_new_rules_read_is_rekeyed_in_silence(make_history, paper, touched):
    site = guessing(make_history, paper)
    selectors(site, paper, body=".article", title=".other-title")
    if touched:
        site.pages[site.url].html += "<!-- touched -->"
    assert site.run() == []
    assert [report.year for report in site.reports()] == [2024]
    assert json.loads(site.report(2024).detail).get("year_from", "") == ""
    assert site.run() == []


def test_a_true_change_beside_a_year_that_new_rules_read_is_said(make_history, paper):
    site = guessing(make_history, paper)
    selectors(site, paper, body=".article", title=".other-title")
    site.pages[site.url].html = hidden_year(requests=31)
    assert told(site.run()) == [("changed", 2024)]
    assert len(site.reports()) == 1


def test_a_known_year_is_not_given_up_for_a_guess(make, paper):
    site = make(hidden_year(), own={"body": ".article", "title": ".other-title"})
    assert [report.year for report in site.reports()] == [2024]
    selectors(site, paper, body=".article")
    assert kinds(site.run()) == []
    assert len(site.reports()) == 1


def test_an_organ_that_new_rules_read_otherwise_is_rekeyed_in_silence(make, paper):
    office = f"{ORGAN}办公室"
    page = html(2024).replace(f"{ORGAN}关于2024年", f"{office}2024年")
    site = make(page)
    selectors(site, paper, body=".article", title=".other-title")
    site.pages[site.url].html += "<!-- touched -->"
    assert told(site.run()) == []
    [report] = site.reports()
    assert report.organ == office
    [organ] = site.store.rows("SELECT * FROM organs WHERE id = ?", (report.organ_id,))
    assert organ["kind"] == "office"


def test_what_an_operator_set_by_hand_stays(make_history, paper):
    site = guessing(make_history, paper)
    site.store.run("UPDATE reports SET year = 2019, detail = json_set(detail, '$.corrected', json('true'))")
    selectors(site, paper, body=".article", title=".other-title")
    assert told(site.run()) == []
    assert [report.year for report in site.reports()] == [2019]


def test_a_title_of_the_list_that_changes_with_the_list_rules_is_no_change(make_history, paper):
    """A report that only the list names is read with the list's words."""
    site = make_history(selectors=paper.Selectors(**ARTICLE))
    url = site.publish(paper.report(2024))
    site.pages[url].html = html(2024, title="").replace("年政府信息公开工作年度报告</p>", "年工作</p>")
    assert kinds(site.run()) == ["baseline"]
    site.portal = msgspec.structs.replace(site.portal, selectors=paper.Selectors(body=".article", link="li a"))
    site.sections[paper.SECTION].links[url] = f"{ORGAN}2024年政府信息公开工作年度报告（全文）"
    assert site.run() == []
    site.pages[url].html += "<!-- touched -->"
    assert site.run() == []
    site.pages[url].html = site.pages[url].html.replace("申请12件", "申请13件")
    assert told(site.run()) == [("changed", 2024)]


# Rules that find nothing ----------------------------------------------------------------------------------------------


def dim(year, requests=12):
    """A page that only the portal file's selectors show to be a report: it has no title of its own, nor has its list."""
    page = html(year, requests, title="").replace(f"<p class='other-title'>{ORGAN}关于", "<p class='other-title'>")
    return page.replace("<h1></h1>", f"<p class='t'>{ORGAN}{year}年政府信息公开工作年度报告</p>").replace(
        f"{year}年政府信息公开工作年度报告</p><p class='other-date'", f"{year}年</p><p class='other-date'"
    )


DIM = {"body": ".article", "title": ".t"}


@pytest.fixture
def dull(make):
    return make(dim(2024), dim(2023), own=DIM)


def fails(site, paper):
    """An edit by which no page of the portal shows a report any more."""
    selectors(site, paper, body=".footer", title=".footer p")


def test_an_edit_by_which_nothing_is_found_takes_nothing_down(dull, paper):
    fails(dull, paper)
    for _ in range(6):
        assert dull.run() == []
    assert [report.status for report in dull.reports()] == ["live", "live"]
    assert [outcome.result for outcome in dull.renewed.outcomes] == []
    found = dull.found("rules_unread")
    assert {finding.url for finding in found} == set(dull.urls)
    assert "linhai.toml" in found[0].detail
    assert "selectors.body = .footer" in found[0].detail
    assert len(found) == 2  # said once


def test_after_the_edit_is_undone_all_is_as_it_was(dull, paper):
    fails(dull, paper)
    dull.run()
    selectors(dull, paper, **DIM)
    dull.pages[dull.url].html = dim(2024, 13)
    assert told(dull.run()) == [("changed", 2024)]
    assert dull.run() == []
    assert [row["unread"] for row in dull.store.rows("SELECT unread FROM page_reports")] == ["", ""]


def test_a_page_that_is_gone_is_gone_by_any_rules(dull, paper):
    fails(dull, paper)
    dull.run()
    dull.answer(dull.url, "gone")
    events = [event for _ in range(3) for event in dull.run()]
    assert told(events) == [("taken_down", 2024)]


def test_a_report_that_the_page_shows_by_those_rules_after_all(dull, paper):
    """The portal's new template is what the edit was made for; the old capture shows nothing by it."""
    selectors(dull, paper, body=".neu", title=".neu-title")
    fails(dull, paper)
    assert dull.run() == []

    def rebuilt(requests):
        return (
            f"<html><body><div class='footer'><p>{ORGAN}2024年政府信息公开工作年度报告</p></div>"
            f"<div class='footer'>{body(2024, requests)}</div></body></html>"
        )

    dull.pages[dull.url].html = rebuilt(31)
    assert dull.run() == []
    assert dull.found("rebaselined")
    dull.pages[dull.url].html = rebuilt(32)
    assert told(dull.run()) == [("changed", 2024)]


def test_a_portal_that_is_no_longer_rendered_takes_nothing_down(make_history, paper):
    """The capture is the rendered page; what came from the server is a shell."""
    site = make_history(render=True, selectors=paper.Selectors(**ARTICLE))
    url = site.publish(paper.report(2024))
    site.pages[url].html = html(2024)
    assert kinds(site.run()) == ["baseline"]
    site.portal = msgspec.structs.replace(site.portal, render=False)
    site.pages[
        url
    ].html = "<html><body><div id='app'>加载中，正在读取内容，这里还没有任何正文可以显示出来。</div></body></html>"
    for _ in range(6):
        assert site.run() == []
    assert site.report(2024).status == "live"
    site.portal = msgspec.structs.replace(site.portal, render=True)
    site.pages[url].html = html(2024, 13)
    assert told(site.run()) == [("changed", 2024)]


def test_most_of_a_text_lost_to_an_edit_is_a_finding(one, paper):
    selectors(one, paper, body=".more")
    one.run()
    assert kinds(one.events()) == ["baseline"]
    found = one.found("reread_loses_text") or one.found("rules_unread")
    assert {finding.url for finding in found} == set(one.urls)


# Captures that cannot be read -----------------------------------------------------------------------------------------


def lose(site):
    for file in (site.home / "archive").rglob("*.warc.gz"):
        file.unlink()


def test_a_lost_capture_makes_a_new_baseline_with_a_finding(one, paper):
    lose(one)
    selectors(one, paper, **MAIN)
    one.pages[one.url].html = html(2024, 13)
    assert one.run() == []
    assert significances(one) == ["first", "rebaseline"]
    assert one.found("rebaselined")
    assert "nianbao archive reread linhai" in one.found("capture_unreadable")[0].detail
    one.pages[one.url].html = html(2024, 14)
    assert told(one.run()) == [("changed", 2024)]


def test_a_lost_capture_of_a_page_that_reads_as_before_costs_nothing(one, paper):
    lose(one)
    selectors(one, paper, body="div.article")
    assert one.run() == []
    assert significances(one) == ["first"]
    assert not one.found("rebaselined")
    one.pages[one.url].html = html(2024, 14)
    assert told(one.run()) == [("changed", 2024)]


def test_a_damaged_capture_is_as_good_as_lost(one, paper):
    for file in (one.home / "archive").rglob("*.warc.gz"):
        file.write_bytes(b"\x1f\x8b damaged" * 400)
    selectors(one, paper, **MAIN)
    assert one.run() == []
    assert one.found("capture_unreadable")


def test_a_lost_capture_and_a_year_read_otherwise(make_history, paper):
    site = guessing(make_history, paper)
    lose(site)
    selectors(site, paper, body=".article", title=".other-title")
    site.pages[site.url].html += "<!-- touched -->"
    assert site.run() == []
    assert [report.year for report in site.reports()] == [2024]


# Documents ------------------------------------------------------------------------------------------------------------


def upgrade(monkeypatch, reads):
    """Another extractor; `reads(bytes)` is what it finds."""
    monkeypatch.setattr("monitor.briefing.CANONICAL", "with another extractor")
    for module in (versions, renew, renewal, extraction):
        monkeypatch.setattr(module, "EXTRACTOR", "another")
    monkeypatch.setattr(
        Extractor, "extract", lambda _self, data, _type, _url: Extract(reads(data), "", "application/pdf", ())
    )


@pytest.fixture
def filed(make, paper):
    site = make(html(2023))
    file = f"{paper.HOST}/files/2022.pdf"
    site.files[file] = (b"%PDF one", "旧提取 12")
    url = site.publish(paper.report(2022))
    site.pages[url].html = framed(file).replace("2024", "2022")
    assert told(site.run()) == [("appeared", 2022)]
    site.file = file
    return site


def held(site, year=2022):
    return site.store.rows("SELECT * FROM attachments WHERE version = ?", (site.report(year).current_version,))


def test_another_extractor_is_silent(filed, monkeypatch):
    upgrade(monkeypatch, lambda data: f"新提取 {data.decode()}")
    assert filed.run() == []
    assert significances(filed, 2022) == ["first", "rebaseline"]
    assert held(filed)[0]["text"] == "新提取 %PDF one"
    assert filed.run() == []


def test_a_file_saved_again_in_the_pass_of_an_upgrade_is_no_change(filed, monkeypatch):
    upgrade(monkeypatch, lambda data: "新提取 12")
    filed.files[filed.file] = (b"%PDF saved again", "新提取 12")
    assert filed.run() == []
    assert significances(filed, 2022) == ["first", "rebaseline", "cosmetic"]


def test_a_file_with_another_text_in_the_pass_of_an_upgrade_is_a_change(filed, monkeypatch):
    upgrade(monkeypatch, lambda data: "新提取 12")
    filed.files[filed.file] = (b"%PDF two", "新提取 31")
    [event] = filed.run()
    assert (event.kind, event.year) == ("changed", 2022)
    assert "旧提取" not in str(event.detail)


def test_what_another_extractor_cannot_read_keeps_its_text(filed, monkeypatch):
    upgrade(monkeypatch, lambda data: "")
    assert filed.run() == []
    assert held(filed)[0]["text"] == "旧提取 12"
    assert held(filed)[0]["extractor"] == "another"


def test_a_file_whose_stored_bytes_are_lost_starts_anew(filed, monkeypatch):
    lose(filed)
    upgrade(monkeypatch, lambda data: "新提取 12")
    filed.files[filed.file] = (b"%PDF saved again", "新提取 12")
    assert filed.run() == []
    assert [finding.url for finding in filed.found("rebaselined")] == [filed.file]
    filed.files[filed.file] = (b"%PDF two", "新提取 31")
    assert told(filed.run()) == [("changed", 2022)]


def test_an_unchanged_file_is_not_asked_for_anew_after_an_upgrade(filed, monkeypatch):
    upgrade(monkeypatch, lambda data: "新提取 12")
    filed.brief()
    known = [json.loads(line) for line in (filed.folder / "known.jsonl").read_bytes().splitlines()]
    [page] = [one for one in known if one["url"] == filed.file]
    assert page["body_hash"]
    assert page["rules"] == json.loads((filed.folder / "job.json").read_bytes())["rules"]


# Lists ----------------------------------------------------------------------------------------------------------------


def edit_lists(site, paper, link="li a"):
    site.portal = msgspec.structs.replace(
        site.portal, selectors=msgspec.structs.replace(site.portal.selectors, link=link)
    )


def forget_lists(site):
    site.store.run("UPDATE section_readings SET captures = '[]'")


@pytest.fixture
def listed(site):
    """Two reports, told; the section reads as `li a` finds it."""
    assert kinds(site.run()) == ["baseline"]
    return site


def test_an_edit_of_the_list_rules_that_finds_the_same_says_nothing(listed, paper):
    edit_lists(listed, paper)
    assert listed.run() == []
    listed.publish(paper.report(2025))
    assert told(listed.run()) == [("appeared", 2025)]


@pytest.mark.parametrize("kept", [True, False])
def test_an_edit_that_loses_links_delists_nothing(listed, paper, kept):
    if not kept:
        forget_lists(listed)
    url = next(url for url in listed.pages if "2023" in url)
    edit_lists(listed, paper, "li a[href*='2024']")
    title = listed.sections[paper.SECTION].links.pop(url)
    for _ in range(3):
        assert listed.run() == []
    assert listed.report(2023).listed is None
    assert "selectors.link" in listed.found("list_unread")[0].detail
    edit_lists(listed, paper)  # set right
    listed.sections[paper.SECTION].links[url] = title
    assert listed.run() == []
    assert listed.report(2023).listed == 1
    listed.delist(url)
    assert told(listed.run()) == [("delisted", 2023)]


def test_a_true_delisting_in_the_pass_of_an_edit_is_said(listed, paper):
    """The kept list shows it by today's rules too."""
    edit_lists(listed, paper)
    listed.delist(next(url for url in listed.pages if "2023" in url))
    assert told(listed.run()) == [("delisted", 2023)]


@pytest.mark.parametrize("kept", [True, False])
def test_an_edit_that_finds_no_link_is_no_broken_portal(listed, paper, kept):
    if not kept:
        forget_lists(listed)
    edit_lists(listed, paper, ".nothing")
    links = dict(listed.sections[paper.SECTION].links)
    listed.sections[paper.SECTION].links.clear()
    for _ in range(4):
        assert listed.run() == []
        assert "family and selectors" in listed.last.trouble
    assert listed.health() == "ok"
    assert [finding.severity for finding in listed.found("list_unread")] == ["error"]
    assert [report.status for report in listed.reports()] == ["live", "live"]
    edit_lists(listed, paper)
    listed.sections[paper.SECTION].links.update(links)
    assert listed.run() == []
    assert [report.listed for report in listed.reports()] == [1, 1]


def test_a_redesign_in_the_pass_of_an_edit_is_said(listed, paper):
    """By today's rules the kept list shows its links: it is the portal that shows none."""
    edit_lists(listed, paper)
    listed.sections[paper.SECTION].links.clear()
    assert kinds(listed.run()) == ["portal_broken"]


@pytest.mark.parametrize("kept", [True, False])
def test_reports_that_only_the_edit_lists_are_no_news(listed, paper, kept):
    hidden = listed.publish(paper.report(2022))
    section = listed.sections[paper.SECTION]
    title = section.links.pop(hidden)
    if kept:  # it stood in the list all along, where the rules of then did not look
        listed.store.run("DELETE FROM section_readings")
        section.links[hidden], section.kinds[hidden] = title, "companion"
        listed.publish(paper.report(2021))
        assert told(listed.run()) == [("appeared", 2021)]
        del section.kinds[hidden]
    else:
        forget_lists(listed)
        section.links[hidden] = title
    edit_lists(listed, paper)
    assert kinds(listed.run()) == []
    assert json.loads(listed.report(2022).detail)["baseline"] is True
    assert listed.report(2022).listed == 1


@pytest.mark.parametrize("kept", [True, False])
def test_a_report_that_is_published_in_the_pass_of_an_edit_is_news(listed, paper, kept):
    if not kept:
        forget_lists(listed)
    edit_lists(listed, paper)
    listed.publish(paper.report(2025, date="2026-02-12"))
    assert told(listed.run()) == [("appeared", 2025)]


def test_an_old_report_is_news_where_the_kept_list_lacks_it(listed, paper):
    edit_lists(listed, paper)
    listed.publish(paper.report(2019))
    assert told(listed.run()) == [("appeared", 2019)]


def test_an_edit_does_not_relist(listed, paper):
    url = next(url for url in listed.pages if "2023" in url)
    title = listed.sections[paper.SECTION].links[url]
    listed.delist(url)
    assert told(listed.run()) == [("delisted", 2023)]
    forget_lists(listed)
    edit_lists(listed, paper)
    listed.sections[paper.SECTION].links[url] = title
    assert listed.run() == []
    assert listed.report(2023).listed == 1


def test_a_true_relisting_in_the_pass_of_an_edit_is_said(listed, paper):
    url = next(url for url in listed.pages if "2023" in url)
    title = listed.sections[paper.SECTION].links[url]
    listed.delist(url)
    assert told(listed.run()) == [("delisted", 2023)]
    edit_lists(listed, paper)
    listed.sections[paper.SECTION].links[url] = title
    assert told(listed.run()) == [("relisted", 2023)]


def test_a_section_that_was_cut_short_after_an_edit_waits(listed, paper):
    edit_lists(listed, paper)
    section = listed.sections[paper.SECTION]
    section.complete = False
    assert kinds(listed.run()) == []
    section.complete = True
    assert kinds(listed.run()) == []
    assert (
        listed.store.row("SELECT rules FROM sections")["rules"]
        == json.loads((listed.folder / "job.json").read_bytes())["list_rules"]
    )


# A kill ----------------------------------------------------------------------------------------------------------------


def test_a_reread_that_is_killed_goes_on_from_there(one, paper, monkeypatch):
    selectors(one, paper, **MAIN)
    write, calls = renewal.write_version, []

    def killed(*args, **kwargs):
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return write(*args, **kwargs)

    monkeypatch.setattr(renewal, "write_version", killed)
    with pytest.raises(KeyboardInterrupt):
        one.brief()
    one.check()
    assert sorted(map(len, map(one.versions, (2023, 2024)))) == [1, 2]
    monkeypatch.setattr(renewal, "write_version", write)
    one.pages[one.url].html = html(2024, 13)
    assert told(one.run()) == [("changed", 2024)]
    assert significances(one, 2023) == ["first", "rebaseline"]


def test_likeness_counts_the_lines_that_two_texts_share():
    assert weigh.in_common("甲\n乙\n丙", "甲\n乙\n丁") == pytest.approx(2 / 3)
