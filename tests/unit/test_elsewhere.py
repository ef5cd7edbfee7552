"""Rule 2: reports that a list names at an address that nobody could read, so that their take-down cannot be said."""

from typing import Any

import pytest

from crawler.observation import LinkListed, PageRead
from monitor.elsewhere import named_elsewhere
from monitor.identity import OrganRow

HOST = "https://www.linhai.gov.cn"
OWN, NEW = f"{HOST}/a.html", f"{HOST}/new/a.html"
ORGANS = [OrganRow(1, "临海市人民政府", kind="government"), OrganRow(2, "临海市教育局", kind="department")]
REPORTS: Any = {
    7: {"id": 7, "organ_id": 1, "year": 2024, "url": OWN},
    8: {"id": 8, "organ_id": 1, "year": 2023, "url": f"{HOST}/b.html"},
    9: {"id": 9, "organ_id": 2, "year": 2024, "url": f"{HOST}/c.html"},
}
TITLE = "临海市人民政府2024年政府信息公开工作年度报告"


def named(
    url: str = NEW, title: str = TITLE, kind: Any = "report", year: int | None = None, reading: Any = None
) -> Any:
    links = {"s": {}, "t": {url: LinkListed("t", "t", url, title, kind, year=year)}}
    pages = {url: PageRead(url, reading)} if reading else {}
    return named_elsewhere(links.values(), pages, REPORTS, ORGANS, "临海市人民政府")


@pytest.mark.parametrize(
    ("reading", "open_still"),
    [(None, True), ("blocked", True), ("unreachable", True), ("present", False), ("gone", False), ("other", False)],
)
def test_only_what_nobody_could_read_leaves_it_open(reading: Any, open_still: bool) -> None:
    assert named(reading=reading) == ({7} if open_still else set())


def test_the_same_organ_and_year_at_another_address() -> None:
    assert named(title="临海市教育局2024年政府信息公开工作年度报告") == {9}
    assert named(title="临海市人民政府2023年政府信息公开工作年度报告") == {8}
    assert named(title="临海市人民政府2022年政府信息公开工作年度报告") == set()
    assert named(url=OWN) == set()
    assert named(url=OWN.replace("https://www.", "http://")) == set(), "a view of its own address"


def test_what_the_title_leaves_out() -> None:
    """The portal's own organ, and the year of the column that lists it."""
    assert named(title="2024年政府信息公开工作年度报告") == {7}
    assert named(title="政府信息公开工作年度报告", year=2024) == {7}
    assert named(title="政府信息公开工作年度报告") == set()


def test_a_companion_names_no_report() -> None:
    assert named(kind="companion") == set()
    assert named(title="一图读懂临海市人民政府2024年政府信息公开工作年度报告") == set()
