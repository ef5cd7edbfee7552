"""Where a report's figures come from: its page, its documents, its pictures; and which documents are its own."""

import random
from typing import Any

import msgspec
import pytest

from crawler.documents.extract import extract
from crawler.documents.kinds import DOCX, PDF, XLSX, ZIP
from crawler.page.text import Block, Table, parse, render
from monitor.demo import national_tables
from monitor.documents import documents_of
from monitor.figures import Document, Figures, Source, read
from monitor.figures.cells import Recognised
from monitor.figures.fields import FIELDS
from monitor.figures.lending import names
from monitor.versions import Held
from tests.tables.check import Case, draw
from tests.unit.documents.making import Sheet, docx_blocks, pdf_of, picture, xlsx_of, zip_of

ORGAN = "某某县水利局"
TITLE = "某某县水利局2023年政府信息公开工作年度报告"
CHAPTERS = {
    "二": "二、主动公开政府信息情况",
    "三": "三、收到和处理政府信息公开申请情况",
    "四": "四、政府信息公开行政复议、行政诉讼情况",
}


def tables(case: Case) -> dict[str, Table]:
    grids = [block for block in case.blocks if not isinstance(block, str)]
    made = [Table(tuple(tuple(cell.text for cell in row) for row in grid)) for grid in grids]
    return dict(zip(CHAPTERS, made, strict=True))


CASE = draw(7, "official form")
TABLES = tables(CASE)
ALL: list[Block] = [block for number in CHAPTERS for block in (CHAPTERS[number], TABLES[number])]
WITHOUT: list[Block] = [TITLE, "一、总体情况", "本机关认真做好政府信息公开工作。", "五、存在的主要问题", "无。"]


def document(
    *blocks: Block, name: str = "年报.docx", source: Source = "docx", url: str = "http://x/1.docx"
) -> Document:
    return Document(source, url, name, tuple(blocks))


def figures(text: list[Block] | str, *documents: Document, year: int | None = 2023, organ: str = ORGAN) -> Figures:
    page = text if isinstance(text, str) else render(text)
    return read(page, documents, year=year, organs=(organ,) if organ else ())


def by_table(found: Figures) -> dict[str, set[tuple[str, str]]]:
    """Source and address of each table's figures."""
    placed: dict[str, set[tuple[str, str]]] = {}
    for one in found.figures:
        placed.setdefault(FIELDS[one.field].table, set()).add((one.source, one.url))
    return placed


def changed(table: Table, old: str, new: str) -> Table:
    """The table with the last cell that says `old` saying `new`."""
    rows = [list(row) for row in table.rows]
    row, place = max((r, p) for r, cells in enumerate(rows) for p, cell in enumerate(cells) if cell == old)
    rows[row][place] = new
    return Table(tuple(map(tuple, rows)))


def without_rows(table: Table, *labels: str) -> Table:
    return Table(tuple(row for row in table.rows if not any(label in cell for label in labels for cell in row)))


def due() -> dict[str, float | None]:
    return {code: value for code, (value, _) in CASE.truth.items()}


def values(found: Figures) -> dict[str, float | None]:
    return {one.field: one.value for one in found.figures}


# --- whose a table is ---


def test_the_page_comes_first() -> None:
    found = figures(ALL, document(*ALL))
    assert values(found) == pytest.approx(due())
    assert by_table(found) == {table: {("html", "")} for table in CHAPTERS}
    assert (found.problems, found.conflicts, found.form) == ((), (), CASE.form)


def test_a_document_lends_what_the_page_has_not() -> None:
    page = [*WITHOUT, CHAPTERS["二"], TABLES["二"]]
    found = figures(page, document(TITLE, *ALL))
    assert values(found) == pytest.approx(due())
    lent = {("docx", "http://x/1.docx")}
    assert by_table(found) == {"二": {("html", "")}, "三": lent, "四": lent}
    assert (found.problems, found.conflicts) == ((), ())


def test_each_table_in_a_document_of_its_own() -> None:
    apart = [
        document(TABLES[one], name=f"附件{n}.pdf", source="pdf", url=f"http://x/{n}") for n, one in enumerate(CHAPTERS)
    ]
    found = figures(WITHOUT, *apart)
    assert values(found) == pytest.approx(due())
    assert by_table(found) == {one: {("pdf", f"http://x/{n}")} for n, one in enumerate(CHAPTERS)}


def test_a_table_may_be_cut_over_two_pictures() -> None:
    rows = TABLES["三"].rows
    pieces = (Table(rows[:14]), Table(rows[14:]))
    first = document(TABLES["二"], pieces[0], name="1.png", source="ocr", url="http://x/1.png")
    second = document(pieces[1], TABLES["四"], name="2.png", source="ocr", url="http://x/2.png")
    found = figures(WITHOUT, first, second)
    assert found.problems == ()
    assert {one.field: one.raw for one in found.figures} == {
        one.field: one.raw for one in figures(ALL).figures if one.source != "prose"
    }
    placed = {one.field: one.url for one in found.figures}
    assert placed["requests.new.total"] == placed["proactive.rules.issued"] == "http://x/1.png"
    assert placed["requests.carried_out.total"] == placed["review.direct_suit.total"] == "http://x/2.png"


def test_documents_come_before_pictures() -> None:
    recognised = [
        Table(tuple(tuple(Recognised(cell, 0.98) for cell in row) for row in TABLES[one].rows)) for one in CHAPTERS
    ]
    picture = document(*recognised, name="图.png", source="ocr", url="http://x/1.png")
    found = figures(WITHOUT, picture, document(TABLES["三"], url="http://x/2.docx"))
    assert by_table(found) == {
        "二": {("ocr", "http://x/1.png")},
        "三": {("docx", "http://x/2.docx")},
        "四": {("ocr", "http://x/1.png")},
    }
    assert {one.confidence for one in found.figures} == {0.98, 1.0}


def test_a_table_in_part_is_completed_where_the_rest_agrees() -> None:
    part = without_rows(TABLES["三"], "予以公开", "重复申请")
    page = [*WITHOUT, CHAPTERS["三"], part]
    alone = figures(page)
    assert [problem.table for problem in alone.problems] == ["三"]
    found = figures(page, document(TABLES["三"]))
    assert values(found) == {code: value for code, value in due().items() if code.startswith("requests.")}
    assert (found.problems, found.conflicts) == ((), ())
    of = {one.field: (one.source, one.url) for one in found.figures}
    assert of["requests.granted.total"] == ("docx", "http://x/1.docx")
    assert of["requests.new.total"] == ("html", "")


def test_a_table_in_part_is_not_completed_from_another() -> None:
    page = [*WITHOUT, CHAPTERS["三"], without_rows(TABLES["三"], "予以公开")]
    total = CASE.truth["requests.carried_out.total"][1]
    found = figures(page, document(changed(TABLES["三"], total, "777")))
    assert not any(".granted." in code for code in values(found))
    assert [problem.table for problem in found.problems] == ["三"]
    (conflict,) = found.conflicts
    assert (conflict.table, conflict.source, conflict.other, conflict.url) == (
        "三",
        "网页",
        "附件“年报.docx”",
        "http://x/1.docx",
    )
    assert [(cell.field, cell.old, cell.new) for cell in conflict.cells] == [
        ("requests.carried_out.total", total, "777")
    ]


def test_two_documents_that_differ_are_told_and_never_mixed() -> None:
    total = CASE.truth["review.direct_suit.total"][1]
    other = [changed(one, total, "778") if one is TABLES["四"] else one for one in ALL if isinstance(one, Table)]
    found = figures(WITHOUT, document(*ALL), document(*other, name="年报.pdf", source="pdf", url="http://x/2.pdf"))
    assert values(found) == pytest.approx(due())
    (conflict,) = found.conflicts
    assert (conflict.table, conflict.source, conflict.other) == ("四", "附件“年报.docx”", "附件“年报.pdf”")
    assert len(conflict.cells) == 1


def test_nothing_against_zero_is_no_conflict() -> None:
    zero = next(code for code, (value, _) in CASE.truth.items() if code.startswith("requests.") and value == 0)
    blank = Table(tuple(tuple("/" if cell == "0" else cell for cell in row) for row in TABLES["三"].rows))
    found = figures([CHAPTERS["三"], TABLES["三"]], document(blank))
    assert values(found)[zero] == 0
    assert found.conflicts == ()


def test_what_was_recognised_is_no_proof_against_what_is_written() -> None:
    total = CASE.truth["requests.new.total"][1]
    found = figures(ALL, document(changed(TABLES["三"], total, "1"), source="ocr"))
    assert found.conflicts == ()


def test_a_damaged_table_of_a_document_is_told() -> None:
    found = figures(WITHOUT, document(without_rows(TABLES["三"], "予以公开")))
    assert [problem.table for problem in found.problems] == ["三"]
    assert "requests.new.total" in values(found)


def test_two_forms_do_not_complete_each_other() -> None:
    older = tables(next(case for case in (draw(seed, "official form") for seed in range(99)) if case.form != CASE.form))
    page = [
        CHAPTERS["三"],
        Table((*TABLES["三"].rows[:3], *(row for row in TABLES["三"].rows if "其他处理" in "".join(row)))),
    ]
    found = figures(page, document(older["三"]))
    assert {one.source for one in found.figures} == {"html"}


# --- which documents are the report's ---

OWN = [
    (TITLE, "年报.docx"),
    ("水利局2023年政府信息公开工作年度报告", "附件"),
    ("某某县水利局\n2023年政府信息公开工作年度报告", "P020240129500411337613.pdf"),
    ("2023年政府信息公开工作年度报告\n某某县水利局", "2023年年报.pdf"),
    ("某某县水利局政府信息公开工作年度报告\n（2023年度）", "附件1.doc"),
    ("", "某某县水利局2023年政府信息公开年报附表.xlsx"),
    ("", ""),
    ("附件2", "附表"),
    ("XX省某某县水利局二〇二三年政府信息公开工作年度报告", "年报"),
    ("2023年1—12月政府信息公开工作年度报告", "年报"),
    # Last year's title was left standing over this year's figures.
    (
        "某某县水利局2022年政府信息公开工作年度报告\n本报告所列数据的统计期限自2023年1月1日起至2023年12月31日止。",
        "年报.docx",
    ),
]


@pytest.mark.parametrize(("headings", "name"), OWN)
def test_a_document_of_this_report_lends(headings: str, name: str) -> None:
    found = figures(WITHOUT, document(*headings.split("\n"), *ALL, name=name))
    assert values(found) == pytest.approx(due())


OTHERS = [
    ("某某县水利局2022年政府信息公开工作年度报告", "年报.docx"),
    ("某某县水利局政府信息公开工作年度报告\n（2022年度）", "年报.docx"),
    ("", "某某县水利局2022年政府信息公开工作年度报告.pdf"),
    ("", "2022年年报.pdf"),
    ("本报告所列数据的统计期限自2022年1月1日起至2022年12月31日止。", "年报.docx"),
    ("某某县民政局2023年政府信息公开工作年度报告", "年报.docx"),
    ("某某县民政局\n2023年政府信息公开工作年度报告", "附件.docx"),
    ("", "某某县民政局2023年政府信息公开工作年度报告.doc"),
    ("某某县2023年政府信息公开工作年度报告", "全县.docx"),
    ("某某县水利局水库管理站2023年政府信息公开工作年度报告", "年报.docx"),
    ("政府信息公开工作年度报告（模板）", "附件1.docx"),
    ("", "年度报告格式样表.docx"),
    ("XX局2023年政府信息公开工作年度报告", "附件1.docx"),
    ("2023年第三季度政府信息公开申请情况统计表", "附件"),
    ("某某县水利局2023年上半年政府信息公开情况", "附件"),
    ("2023年1-9月政府信息公开申请情况", "附件"),
    ("一图读懂某某县水利局2023年政府信息公开工作年度报告", "附件"),
]


@pytest.mark.parametrize(("headings", "name"), OTHERS)
def test_a_document_of_another_report_lends_nothing(headings: str, name: str) -> None:
    found = figures(WITHOUT, document(*headings.split("\n"), *ALL, name=name))
    assert (found.figures, found.conflicts, found.problems) == ((), (), ())
    assert figures(ALL, document(*headings.split("\n"), *ALL, name=name)).conflicts == ()


def test_a_form_that_nobody_filled_in_lends_nothing() -> None:
    blank = [
        Table(
            tuple(
                tuple("" if cell in {raw for _, raw in CASE.truth.values()} else cell for cell in row)
                for row in one.rows
            )
        )
        if isinstance(one, Table)
        else one
        for one in ALL
    ]
    assert figures(WITHOUT, document(*blank)) == Figures()


def test_tables_of_something_else_lend_nothing() -> None:
    other = Table((("序号", "单位", "总计"), ("1", "水利局", "12"), ("2", "民政局", "3")))
    budget = Table((("项目", "金额（万元）"), ("行政事业性收费", "12.5"), ("政府采购", "3")))
    assert figures(WITHOUT, document("附表", other, budget)) == Figures()


def test_a_volume_lends_the_report_of_this_organ_and_year() -> None:
    later = tables(
        next(case for case in (draw(seed, "official form") for seed in range(8, 99)) if case.form == CASE.form)
    )
    others = [block for number in CHAPTERS for block in (CHAPTERS[number], later[number])]
    chapter: list[Block] = ["一、总体情况", "开展了政府信息公开工作。"]
    volume = document(
        "某某县民政局2023年政府信息公开工作年度报告",
        *chapter,
        *others,
        TITLE,
        *chapter,
        *ALL,
        TITLE.replace("2023", "2022"),
        *chapter,
        *others,
    )
    found = figures(WITHOUT, volume)
    assert values(found) == pytest.approx(due())
    assert found.problems == ()


def test_another_years_title_within_a_report_does_not_cut_it() -> None:
    inside = ["一、总体情况", TITLE.replace("2023", "2022"), "已经公开。"]
    found = figures(WITHOUT, document(TITLE, *inside, *ALL))
    assert values(found) == pytest.approx(due())


def test_sheets_that_are_years() -> None:
    later = tables(draw(11, "official form"))
    years = document("2022年", *later.values(), "2023年", *TABLES.values(), name="统计表.xlsx")
    assert values(figures(WITHOUT, years)) == pytest.approx(due())


def test_unknown_year_and_organ_rule_nothing_out() -> None:
    other = document("某某县民政局2022年政府信息公开工作年度报告", *ALL)
    assert figures(WITHOUT, other, year=None, organ="").figures
    assert not figures(WITHOUT, other, year=2023, organ="").figures
    assert not figures(WITHOUT, other, year=None).figures


def test_a_picture_is_known_by_its_year_only() -> None:
    misread = document("某某县永利局2023年政府信息公开工作年度报告", *ALL, source="ocr")
    assert figures(WITHOUT, misread).figures
    assert not figures(WITHOUT, msgspec.structs.replace(misread, blocks=(TITLE.replace("2023", "2022"), *ALL))).figures


@pytest.mark.parametrize(
    ("printed", "organ", "same"),
    [
        ("财政局", "临海市财政局", True),
        ("浙江省临海市财政局", "临海市财政局", True),
        ("市政府办", "临海市人民政府办公室", True),
        ("临海市", "临海市人民政府", True),
        ("卫健委", "某某县卫生健康委员会", True),
        ("文广旅体局", "临海市文化和广电旅游体育局", True),
        ("临海市人民政府", "临海市人民政府办公室", False),
        ("临海市民政局", "临海市财政局", False),
        ("临海市财政局", "黄岩区财政局", False),
        ("临海市", "临海市财政局", False),
        ("局", "临海市财政局", False),
    ],
)
def test_names(printed: str, organ: str, same: bool) -> None:
    assert names(printed, organ) is same


# --- files ---


def held(
    body: bytes, media_type: str, name: str = "年报", url: str = "http://x/files/P0123.bin", sha256: str = "ab"
) -> Held:
    return Held(url, name, "document", media_type, sha256, len(body), extract(body, "", url).text)


class NoReadings:
    def row(self, *_: Any) -> None:
        return None


def of(*items: Held) -> tuple[Document, ...]:
    return documents_of(NoReadings(), items)  # type: ignore[arg-type]


def test_kinds_names_and_order_of_documents() -> None:
    page, word = Sheet(size=6).lay(ALL).pdf(), docx_blocks(ALL)
    found = of(
        held(page, PDF, ""),
        held(word, DOCX),
        held(picture(), "image/png"),
        held(pdf_of("", ""), PDF),
    )
    assert [(one.source, one.name) for one in found] == [("pdf", "P0123.bin"), ("docx", "年报")]
    for one in found:
        assert values(figures(WITHOUT, one)) == pytest.approx(due())


def test_an_archive_is_several_documents() -> None:
    older = tables(draw(11, "official form"))
    packed = {
        "1 某某县水利局2022年政府信息公开工作年度报告.docx": docx_blocks([*older.values()]),
        "2 某某县水利局2023年政府信息公开工作年度报告.pdf": Sheet(size=6).lay(ALL).pdf(),
        "说明.txt": "请看附件".encode(),
    }
    found = of(held(zip_of(packed), ZIP, "附件.zip"))
    assert [(one.source, one.name.partition(" ")[2]) for one in found[:2]] == [
        ("docx", "某某县水利局2022年政府信息公开工作年度报告.docx"),
        ("pdf", "某某县水利局2023年政府信息公开工作年度报告.pdf"),
    ]
    assert {one.url for one in found} == {"http://x/files/P0123.bin"}
    everything = figures(WITHOUT, *found)
    assert values(everything) == pytest.approx(due())
    assert {one.source for one in everything.figures} == {"pdf"}
    assert everything.conflicts == ()


def test_three_tables_on_three_sheets() -> None:
    def build(book: Any) -> None:
        book.remove(book.active)
        for number, table in TABLES.items():
            sheet = book.create_sheet(f"表{number}")
            for row in table.rows:
                sheet.append([float(cell) if cell.replace(".", "", 1).isdigit() else cell for cell in row])

    (document_,) = of(held(xlsx_of(build), XLSX, "统计表.xlsx"))
    found = figures(WITHOUT, document_)
    assert values(found) == pytest.approx(due())
    assert found.problems == ()


def test_parsing_again_gives_the_same() -> None:
    rng = random.Random(3)
    sheet = national_tables.sheet(rng, "2021")
    one = document(*parse(sheet.text))
    assert figures(WITHOUT, one) == figures(WITHOUT, one)
