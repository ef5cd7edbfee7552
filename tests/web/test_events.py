"""The listing of events: filters, pages, JSON."""

import re
from pathlib import Path

import pytest

from monitor.web.events_data import BadFilter, Filter, filter_of, found
from tests.web.conftest import Pages
from tests.web.records import NOW, Made

ZONE = "Asia/Shanghai"


def _made(folder: Path) -> Made:
    made = Made(folder)
    made.portal("a", region="331001")
    made.portal("b", region="440106")
    made.organ("a", "甲县教育局")
    made.organ("b", "乙县教育局")
    made.event("appeared", "a", organ="甲县教育局", year=2024, detected_at="2026-01-31T15:59:59Z")
    made.event(
        "changed", "a", organ="甲县教育局", year=2023, detected_at="2026-01-31T16:00:00Z", detail='{"text_total":1}'
    )
    made.event("taken_down", "b", organ="乙县教育局", year=2024, detected_at="2026-02-01T15:59:59Z")
    made.event("changed", "b", organ="乙县教育局", year=2024, detected_at="2026-02-01T16:00:00Z", retracted_at=NOW)
    made.event("appeared", "b", organ="乙县教育局", year=2022, detected_at="2026-02-02T00:00:00Z", baseline=1)
    made.event("service", None, title="磁盘不足", detected_at="2026-02-03T00:00:00Z")
    return made


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        (Filter(), [6, 4, 3, 2, 1]),
        (Filter(baseline=True), [6, 5, 4, 3, 2, 1]),
        (Filter(kind="changed"), [4, 2]),
        (Filter(kind="changed,taken_down"), [4, 3, 2]),
        (Filter(kind="changed", standing=True), [2]),
        (Filter(portal="a"), [2, 1]),
        (Filter(portal="none"), []),
        (Filter(region="33"), [2, 1]),
        (Filter(region="331001"), [2, 1]),
        (Filter(region="4"), [4, 3]),
        (Filter(organ="教育"), [4, 3, 2, 1]),
        (Filter(organ="甲县"), [2, 1]),
        (Filter(organ="%"), []),
        (Filter(year=2024), [4, 3, 1]),
        (Filter(since="2026-02-01"), [6, 4, 3, 2]),
        (Filter(until="2026-01-31"), [1]),
        (Filter(since="2026-02-01", until="2026-02-01"), [3, 2]),
        (Filter(since="2026-02-02", until="2026-02-01"), []),
        (Filter(organ="乙", year=2024, kind="taken_down", region="44", portal="b", since="2026-02-01"), [3]),
    ],
)
def test_filters(tmp_path: Path, wanted: Filter, ids: list[int]) -> None:
    store = _made(tmp_path / "home").store
    assert [row["id"] for row in found(store, wanted, ZONE).rows] == ids


def test_pages_hold_each_event_once_forwards_and_back(tmp_path: Path) -> None:
    made = Made(tmp_path / "home")
    made.portal("a")
    for number in range(23):  # many at one moment, and one that was settled late
        made.event(
            "appeared", "a", detected_at="2026-02-01T00:00:00Z" if number % 3 else f"2026-01-{number + 1:02}T00:00:00Z"
        )
    everything = [row["id"] for row in found(made.store, Filter(), ZONE, most=100).rows]
    assert len(everything) == 23
    pages, before = [], ""
    while True:
        page = found(made.store, Filter(), ZONE, before=before, most=5)
        pages.append(page)
        if not (before := page.older):
            break
    assert [row["id"] for page in pages for row in page.rows] == everything
    assert [bool(page.newer) for page in pages] == [False, True, True, True, True]
    back, after = [pages[-1]], pages[-1].newer
    while after:
        back.insert(0, found(made.store, Filter(), ZONE, after=after, most=5))
        after = back[0].newer
    assert [row["id"] for page in back for row in page.rows] == everything
    assert all(page.older for page in back[:-1])


@pytest.mark.parametrize(
    "arguments",
    [
        {"kind": "nothing"}, {"kind": "changed,x"}, {"year": "20x4"}, {"year": "24"}, {"since": "yesterday"},
        {"until": "2026-02-30"}, {"region": "3' OR 1"}, {"since": "9999-12-31x"},
    ],
)  # fmt: skip
def test_what_means_nothing_is_said(pages: Pages, arguments: dict[str, str]) -> None:
    with pytest.raises(BadFilter):
        filter_of(arguments)
    answer = pages("/events", params=arguments)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    told = pages("/events.json", params=arguments)
    assert told.status_code == 400
    assert told.json()["ok"] is False


@pytest.mark.parametrize(
    "token", ["x", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z.x", f"2026-01-01T00:00:00Z.{9**30}"]
)
def test_an_address_of_no_page_is_refused(pages: Pages, token: str) -> None:
    for name in ("before", "after"):
        assert pages("/events", params={name: token}).status_code == 400


def test_days_at_the_ends_of_time(pages: Pages) -> None:
    for day in ("0001-01-01", "9999-12-31"):
        assert pages("/events", params={"since": day, "until": day}).status_code in (200, 400)


def test_the_demos_events(pages: Pages) -> None:
    html = pages("/events").text
    assert re.findall(r'class="what" href="/event/(\d+)"', html)[:7] == ["77", "76", "75", "74", "73", "72", "71"]
    assert re.findall(r'<h2 class="day">(.*?)</h2>', html) == ["2026-01-29", "2026-01-28", "2026-01-27", "2026-01-26"]
    assert "（基线）" not in html
    baseline = pages("/events?baseline=1&kind=appeared").text
    assert len(re.findall(r'class="what" href="/event/(\d+)"', baseline)) == 50
    assert "（基线）" in baseline
    after = re.search(r'rel="next" href="([^"]+)"', baseline)
    assert after is not None
    rest = pages(after[1].replace("&amp;", "&")).text
    assert len(re.findall(r'class="what" href="/event/(\d+)"', rest)) == 16
    assert 'rel="prev"' in rest
    assert "没有符合条件的动态" in pages("/events?year=1999").text


def test_what_was_asked_for_stays_in_the_form(pages: Pages) -> None:
    html = pages("/events?kind=changed&organ=%22%3E%3Cscript%3E&since=2026-01-01&standing=1").text
    assert '<option value="changed" selected>' in html
    assert 'value="2026-01-01"' in html
    assert "<script>" not in html.replace("<script src", "")
    assert '"&gt;&lt;script&gt;' in html or "&#34;&gt;&lt;script&gt;" in html


def test_events_in_json(pages: Pages, tmp_path: Path) -> None:
    told = pages("/events.json?kind=changed").json()
    assert told["ok"] is True
    assert told["next"] is None
    (event,) = told["events"]
    assert set(event) == {
        "id", "kind", "portal", "portal_title", "report", "organ", "year", "title", "url", "detected_at", "from_version",
        "to_version", "baseline", "summary", "detail", "retracted_at",
    }  # fmt: skip
    assert (event["organ"], event["year"], event["baseline"], event["retracted_at"]) == (
        "望江区人民政府",
        2022,
        False,
        None,
    )
    assert event["detail"]["figures_total"] == 1
    ids, path = [], "/events.json?baseline=1&size=30"
    while path:
        page = pages(path).json()
        ids += [one["id"] for one in page["events"]]
        path = page["next"]
    assert sorted(ids) == list(range(1, 78))
    for size in ("0", "1001", "x"):
        assert pages(f"/events.json?size={size}").status_code == 400


def test_an_event_of_no_portal_and_one_that_was_taken_back(tmp_path: Path) -> None:
    html = _made(tmp_path / "home").pages()("/events").text
    assert "磁盘不足" in html
    assert "（已撤回）" in html
