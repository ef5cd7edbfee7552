"""Rows whose titles a list cuts short, and no @title says in full."""

import pytest

from tests.unit.family_lists import read_list

NB = "https://www.example.gov.cn/zfxxgknb/"


def listed(title: str, url: str = NB, href: str = "/doc/88120.html", date: str = "2025-03-01") -> list[str]:
    text = f"<ul><li><a href='{href}'>{title}</a><span>{date}</span></li></ul>"
    return [link.kind for link in read_list("generic", text, url).links]


@pytest.mark.parametrize(
    "title",
    [
        "2024年赤岩县人民政府政府信...",
        "2024年赤岩县人民政府办公室...",
        "赤岩县教育局政府信息公开工…",
        "赤岩县2024年政府信…",
        "赤岩县牛井镇人民政府2023年度政……",
    ],
)
def test_are_opened_in_the_annual_reports_column(title: str) -> None:
    assert listed(title) == ["report"]


@pytest.mark.parametrize(
    "title",
    [
        "赤岩县人民政府办公室关于印发2024年政府信息公开...",
        "2024年赤岩县法治政府建设...",
        "2024年赤岩县政府网站工作...",
        "赤岩县召开全县重点工作调度...",
        "2024年度部门预算公开...",
    ],
)
def test_what_is_something_else_is_not(title: str) -> None:
    assert listed(title) == []


def test_elsewhere_they_are_not_guessed_at() -> None:
    assert listed("2024年赤岩县人民政府政府信...", "https://www.example.gov.cn/dt/") == []


def test_a_link_to_a_column_is_none() -> None:
    assert listed("2024年赤岩县人民政府政府信...", href="/zfxxgknb/c1/", date="") == []
