"""Texts of a run's reports stay on disk until they are asked for."""

import msgspec
import pytest

from crawler.observation import OBSERVATIONS, PageRead, ReportSeen
from crawler.page.model import Report
from monitor.intake import read_run
from monitor.observed import ReportOnDisk, TextError, Texts, on_disk, whole


def told(site, paper, *reports: Report) -> dict[str, PageRead]:
    """The pages of a pass that saw those reports on one page."""
    site.publish(*reports, at=f"{paper.HOST}/all.html")
    site.write(site.brief())
    return read_run(site.folder).pages


def test_each_report_has_its_own_text(site, paper):
    file = paper.Attachment(f"{paper.HOST}/1.pdf", "附件", "document")
    told_ones = [paper.report(year, requests=year, files=[file] * (year == 2021)) for year in range(2012, 2022)]
    pages = told(site, paper, *told_ones)
    seen = [one.report for one in pages[f"{paper.HOST}/all.html"].reports]
    assert all(isinstance(one, ReportOnDisk) for one in seen)
    assert [one.text for one in reversed(seen)] == [one.text for one in reversed(told_ones)]
    assert [whole(one) for one in seen] == told_ones
    assert type(whole(seen[0])) is Report
    (alone,) = pages[f"{paper.HOST}/art/2024.html"].reports
    assert alone.report.text == paper.report(2024).text


def test_only_a_few_texts_are_held(tmp_path, paper):
    path = tmp_path / OBSERVATIONS
    lines = [
        msgspec.json.encode(PageRead(f"{paper.HOST}/{year}", "present", reports=(ReportSeen(one.text_hash, one),)))
        + b"\n"
        for year in range(2000, 2020)
        for one in [paper.report(year)]
    ]
    path.write_bytes(b"".join(lines))
    texts, place, pages = Texts(path), 0, []
    for line in lines:
        page = msgspec.json.decode(line, type=PageRead)
        pages.append(on_disk(page, texts, place, line.removesuffix(b"\n")))
        place += len(line)
    assert [page.reports[0].report.text for page in pages] == [paper.report(year).text for year in range(2000, 2020)]
    assert len(texts._recent) <= 4


def test_a_line_that_is_another_one_by_then_is_not_believed(site, paper):
    pages = told(site, paper, paper.report(2021))
    path = site.folder / OBSERVATIONS
    path.write_bytes(path.read_bytes().replace("申请12件".encode(), "申请13件".encode()))
    with pytest.raises(TextError, match="disk may be failing"):
        _ = pages[f"{paper.HOST}/all.html"].reports[0].report.text


def test_a_page_without_new_reports_is_as_it_was_told(tmp_path):
    page = PageRead("https://x.gov.cn/1", "present", reports=(ReportSeen("hash"),))
    assert on_disk(page, Texts(tmp_path / OBSERVATIONS), 0, b"") is page
