"""Legal dates: 条例 of 2019, articles 49 and 50, and what held before."""

from datetime import UTC, date, datetime

import pytest

from monitor.identity import OrganRow
from monitor.legal import Overdue, days_late, due_on, last_due_year, late_by, local_date, overdue


@pytest.mark.parametrize(
    ("kind", "year", "due"),
    [
        ("department", 2019, date(2020, 1, 31)),
        ("office", 2024, date(2025, 1, 31)),
        ("government", 2024, date(2025, 3, 31)),
        ("department", 2018, date(2019, 3, 31)),
        ("government", 2008, date(2009, 3, 31)),
        ("township", 2024, None),
        ("township", 2010, None),
    ],
)
def test_dates(kind, year, due):
    assert due_on(kind, year) == due


def test_days_late():
    assert days_late("department", 2024, date(2025, 1, 31)) == 0
    assert days_late("department", 2024, date(2025, 2, 1)) == 1
    assert days_late("township", 2024, date(2030, 1, 1)) == 0
    assert late_by("government", 2024, "2025-04-02") == 2
    assert late_by("government", 2024, "", "2025-03-31T15:59:59Z") == 0
    assert late_by("government", 2024, "", "2025-03-31T16:00:00Z") == 1
    assert late_by("government", 2024, "") == 0


def test_the_day_is_chinas():
    assert local_date(datetime(2026, 3, 31, 15, 59, tzinfo=UTC)) == date(2026, 3, 31)
    assert local_date(datetime(2026, 3, 31, 16, 0, tzinfo=UTC)) == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("kind", "today", "year"),
    [
        ("government", date(2026, 3, 31), 2024),
        ("government", date(2026, 4, 1), 2025),
        ("department", date(2026, 1, 31), 2024),
        ("department", date(2026, 2, 1), 2025),
        ("office", date(2026, 12, 31), 2025),
        ("township", date(2026, 12, 31), None),
    ],
)
def test_the_last_year_that_is_due(kind, today, year):
    assert last_due_year(kind, today) == year


NOW = datetime(2026, 2, 10, tzinfo=UTC)


def years(organ, *seen, now=NOW):
    return [one.year for one in overdue([organ], {organ.id: frozenset(seen)}, now)]


def test_a_declared_organ_owes_the_last_due_year_only():
    assert years(OrganRow(1, "甲局", declared=True)) == [2025]
    assert years(OrganRow(1, "甲局", declared=True), 2025) == []


def test_a_declared_organ_owes_everything_from_its_since_to_its_until():
    assert years(OrganRow(1, "甲局", declared=True, since=2022)) == [2022, 2023, 2024, 2025]
    assert years(OrganRow(1, "甲局", declared=True, since=2022, until=2023), 2022) == [2023]
    assert years(OrganRow(1, "甲局", declared=True, since=2026)) == []


def test_an_organ_seen_owes_the_years_after_the_first():
    assert years(OrganRow(1, "甲局"), 2022, 2024) == [2023, 2025]
    assert years(OrganRow(1, "甲局")) == []
    assert years(OrganRow(1, "甲局", until=2023), 2021) == [2022, 2023]


def test_a_government_has_until_the_end_of_march_and_a_township_owes_nothing():
    assert years(OrganRow(1, "临海市人民政府", kind="government"), 2024) == []
    april = datetime(2026, 4, 1, tzinfo=UTC)
    assert overdue([OrganRow(1, "府", kind="government")], {1: frozenset({2024})}, april) == [
        Overdue(1, 2025, date(2026, 3, 31))
    ]
    assert years(OrganRow(1, "东塍镇", kind="township", declared=True, since=2010)) == []
