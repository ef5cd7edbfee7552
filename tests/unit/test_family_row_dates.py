"""The date in a row, with a time of day behind it or none."""

import pytest

from tests.unit.family_lists import read_list


@pytest.mark.parametrize(
    "printed",
    [
        "2025-03-27",
        "2025-03-27 10:00:00",
        "[2025-03-27 10:00]",
        "2025-03-27&nbsp;9:05",
        "2025-\n03-27",
        "2025 - 03 - 27",
        "<b>2025-03-</b><b>27</b> 10:00",
    ],
)
def test_date_of_a_row(printed: str) -> None:
    row = f"<ul><li><a href='index.php?a=show&id=7'>甲县人民政府2024年政府信息公开工作年度报告</a><span>{printed}</span></li></ul>"
    (link,) = read_list("generic", row, "https://www.example.gov.cn/nb/").links
    assert link.date == "2025-03-27"


def test_a_day_of_one_figure_does_not_swallow_the_hour() -> None:
    row = "<ul><li><a href='a.html?id=7'>甲县人民政府2024年政府信息公开工作年度报告</a><span>2025-3-2 10:00</span></li></ul>"
    (link,) = read_list("generic", row, "https://www.example.gov.cn/nb/").links
    assert link.date == "2025-3-2"
