"""Generated reports as documents: every cell right, whatever program kept or printed the tables.

Thousands more: `python -m tests.tables.docx`, `tests.tables.pdf`, `tests.tables.browser`.
"""

import pytest

from crawler import browser as chromium
from crawler.documents.extract import extract
from crawler.page.text import Table
from tests.tables import browser, docx, pdf
from tests.tables.check import Score, compare, draw
from tests.unit.documents.making import Sheet, picture, xlsx_blocks
from tests.unit.documents.test_formats import scan


def shown(score: Score) -> list[str]:
    return [*score.told, *score.wrong, *score.missing, *score.extra]


@pytest.mark.parametrize("way", docx.WAYS)
def test_docx(way: str) -> None:
    for seed in range(3):
        assert shown(docx.play(seed, way)) == [], seed


@pytest.mark.parametrize("way", pdf.WAYS)
def test_pdf(way: str) -> None:
    for seed in range(2):
        assert shown(pdf.play(seed, way)) == [], seed


@pytest.mark.browser
@pytest.mark.skipif(not chromium.available(), reason="no Chromium, or the browser extra is not installed")
def test_pdf_that_a_browser_printed() -> None:
    with browser.printer() as printed:
        for seed, way in enumerate(list(browser.WAYS)[1::2]):
            assert shown(browser.play(seed, way, printed)) == [], way


@pytest.mark.parametrize("kind", ["ofd", "xlsx"])
def test_other_formats(kind: str) -> None:
    for seed in range(3):
        case = draw(seed, "official form")
        blocks = [
            one if isinstance(one, str) else Table(tuple(tuple(cell.text for cell in row) for row in one))
            for one in case.blocks
        ]
        body = Sheet(size=6).lay(blocks).ofd() if kind == "ofd" else xlsx_blocks(blocks)
        assert shown(compare(*pdf.without_spaces(case, docx.figures_of(body, pdf.URL)))) == [], seed


def test_tables_that_are_pictures_lend_nothing() -> None:
    assert docx.figures_of(scan((200, 30, 30)), pdf.URL).figures == ()
    assert docx.figures_of(picture(), pdf.URL).figures == ()


# --- what the pages of a document say that its tables do not ---


def test_a_document_says_the_same_however_its_pages_are_cut() -> None:
    case = next(one for one in (draw(seed, "label columns") for seed in range(9)) if one.look.labels == 1)
    blocks = ["某某县水利局政府信息公开工作年度报告", *case.blocks]

    def said(style: pdf.Style) -> list[str]:
        """Without the cells of the header that go on over several rows, whose words a page shows once."""
        text = extract(pdf.pdf_of(blocks, style), "", pdf.URL).text
        return [line for line in text.split("\n") if "总计" not in line and "商业企业" not in line]

    whole = said(pdf.Style(height=2000.0))
    for cut in (
        pdf.Style(height=300.0),
        pdf.Style(height=420.0, numbered=True),
        pdf.Style(height=300.0, running=True, numbered=True, head_again=True),
        pdf.Style(height=300.0, cut_rows=True),
    ):
        assert said(cut) == whole, cut


def test_lines_that_head_pages_are_told_once_and_others_stay() -> None:
    style = pdf.Style(height=300.0, running=True)
    lines = [f"第{number}段内容。" for number in range(60)]
    text = extract(pdf.pdf_of(["某局年度报告", *lines], style), "", pdf.URL).text
    assert text.split("\n") == ["某局年度报告", *lines]


@pytest.mark.parametrize("between", ["第 4 页 共 9 页", "— 3 —", "表3（续）", "续表"])
def test_what_stands_between_two_parts_of_a_table_is_no_row(between: str) -> None:
    case = draw(5, "official form")
    grids = [one for one in case.blocks if not isinstance(one, str)]
    blocks = [between if isinstance(one, str) else one for one in case.blocks]
    found = extract(pdf.pdf_of([*blocks, between, grids[0][:3], between], pdf.Style()), "", pdf.URL)
    assert f"| {between[0]} |" not in found.text
