"""A report whose tables stand in what it links: their figures in the record, and what is told when one changes."""

from typing import Any

import pytest

from crawler.documents.extract import extract
from crawler.page.text import Block, Table, render
from tests.tables.check import Case, draw
from tests.unit.documents.making import Sheet, docx_blocks, zip_of

CASE = draw(7, "official form")
PAGE = "\n".join(
    (
        "一、总体情况",
        "2024年，本机关主动公开政府信息120条。",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "四、政府信息公开行政复议、行政诉讼情况",
        "五、存在的主要问题及改进情况",
        "详见附件。",
    )
)


def blocks(case: Case, organ: str = "临海市人民政府", year: int = 2024, **cells: str) -> list[Block]:
    """The document: its title, and the three tables with these cells (by code) changed."""
    made: list[Block] = [f"{organ}{year}年政府信息公开工作年度报告"]
    for block in case.blocks:
        if isinstance(block, str):
            made.append(block)
            continue
        made.append(Table(tuple(tuple(cells.get(cell.code, cell.text) for cell in row) for row in block)))
    return made


MAKERS = {
    "docx": docx_blocks,
    "pdf": lambda made: Sheet(size=6).lay(made).pdf(),
    "ofd": lambda made: Sheet(size=6).lay(made).ofd(),
    "zip": lambda made: zip_of({"年报.docx": docx_blocks(made)}),
}
SOURCES = {"docx": "docx", "pdf": "pdf", "ofd": "pdf", "zip": "docx"}


def attach(site: Any, paper: Any, kind: str, made: list[Block], text: str = PAGE) -> str:
    """The report of 2024 links one document."""
    body = MAKERS[kind](made)
    file = paper.Attachment(f"{paper.HOST}/f/2024.{kind}", f"年报.{kind}", "document")
    found = extract(body, "", file.url)
    site.files[file.url] = (body, found.text, found.media_type)
    site.publish(paper.report(2024, text=text, files=[file]))
    return str(file.url)


def figures(site: Any) -> dict[str, tuple[float | None, str, str, str]]:
    rows = site.store.rows("SELECT * FROM figures WHERE version = ?", (site.report(2024).current_version,))
    return {row["field"]: (row["value"], row["raw"], row["source"], row["url"]) for row in rows}


@pytest.mark.parametrize("kind", MAKERS)
def test_figures_of_an_attachment_and_a_changed_cell(site: Any, paper: Any, kind: str) -> None:
    url = attach(site, paper, kind, blocks(CASE))
    site.run()
    assert {code: one for code, one in figures(site).items() if code in CASE.truth} == {
        code: (pytest.approx(value), raw, SOURCES[kind], url) for code, (value, raw) in CASE.truth.items()
    }
    attach(site, paper, kind, blocks(CASE, **{"review.direct_suit.upheld": "41"}))
    (event,) = site.run()
    assert event.kind == "changed"
    (version,) = [one for one in site.versions(2024) if one.seq == 2]
    now = figures(site)
    assert now["review.direct_suit.upheld"] == (41, "41", SOURCES[kind], url)
    changed = [one for one in event.detail.figures if one.field in CASE.truth]
    assert [(one.field, one.old, one.new) for one in changed] == [
        ("review.direct_suit.upheld", CASE.truth["review.direct_suit.upheld"][1], "41")
    ]
    assert version.id == event.to_version


def test_another_organs_attachment_lends_no_figures(site: Any, paper: Any) -> None:
    attach(site, paper, "docx", blocks(CASE, organ="临海市民政局"))
    site.run()
    assert not [code for code in figures(site) if code in CASE.truth]


def test_the_page_and_its_attachment_disagree(site: Any, paper: Any) -> None:
    page = render([*PAGE.split("\n"), *blocks(CASE)[1:]])
    attach(site, paper, "docx", blocks(CASE, **{"review.direct_suit.upheld": "41"}), text=page)
    site.run()
    assert {source for code, (_, _, source, _) in figures(site).items() if code in CASE.truth} == {"html"}
    (found,) = site.found("source_conflict")
    assert "年报.docx" in found.detail


@pytest.mark.parametrize("broken", ["monitor.figures.sources.extract_blocks", "monitor.findings_store.check"])
def test_a_fault_of_our_own_in_figures_or_findings_stops_no_alert(
    site: Any, paper: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    site.run()

    def fails(*_args: object, **_words: object) -> None:
        raise OverflowError("cannot convert float infinity to integer")

    monkeypatch.setattr(broken, fails)
    site.publish(paper.report(2024, requests=13))
    (event,) = site.run()
    assert event.kind == "changed"
    assert event.to_version == site.report(2024).current_version
    said = [one.detail for one in site.found("table_damaged") if one.version == event.to_version]
    assert said
    assert all("OverflowError" in detail for detail in said)
    assert "OverflowError" in caplog.text
    assert site.run() == []
