"""What changed between two versions, and how people are told."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from crawler.page.text import Table, parse, render
from monitor import diff_render, figures
from monitor.canonical import AttachmentState, canonical
from monitor.diff import Change, Document, diff
from monitor.diff_data import as_data, findings_data
from monitor.diff_fields import compare_fields
from monitor.figures.cells import Recognised
from monitor.findings import Compared, Finding
from monitor.sequences import aligned, runs, segments

HEADS = ("自然人", "商业企业", "总计")
TABLE = Table(
    (
        ("（本列数据的勾稽关系）", "（本列数据的勾稽关系）", "申请人情况", "申请人情况", "申请人情况"),
        ("（本列数据的勾稽关系）", "（本列数据的勾稽关系）", *HEADS),
        ("一、本年新收政府信息公开申请数量", "一、本年新收政府信息公开申请数量", "212", "36", "248"),
        ("二、上年结转政府信息公开申请数量", "二、上年结转政府信息公开申请数量", "0", "0", "0"),
        ("三、本年度办理结果", "（一）予以公开", "100", "20", "120"),
        ("三、本年度办理结果", "（四）无法提供 1.本机关不掌握相关政府信息", "64", "0", "64"),
        ("四、结转下年度继续办理", "四、结转下年度继续办理", "0", "0", "0"),
    )
)
BODY: list[str | Table] = [
    "一、总体情况",
    "2020年，全市认真贯彻条例。",
    "（四）依申请公开情况。全市共受理政府信息公开申请248件，较2019年增长率为13.76%。所有申请均按时答复！",
    "三、收到和处理政府信息公开申请情况",
    TABLE,
    "五、存在的主要问题及改进情况",
    "一是公开内容还不够全面；二是公开的时效性有待进一步提高。下一步，我市将加强业务培训。",
]


def replaced(old: str, new: str, body: list[str | Table] = BODY) -> str:
    return render(body).replace(old, new)


def of(text: str = render(BODY), **more: object) -> Document:
    return Document(**{"title": "临海市2020年年度报告", "published_on": "2021-01-29", "text": text, **more})  # type: ignore[arg-type]


def changed(text: str, **more: object) -> Change:
    return diff(of(), of(text, **more))


def grid(*rows: tuple[str, ...]) -> str:
    return render([Table(rows)])


def test_nothing_changed() -> None:
    change = changed(render(BODY))
    assert change.empty
    assert diff_render.summary(change) == ""
    assert diff_render.most_telling(change) == []
    assert "没有差异" in diff_render.render(change).plain


def test_a_number_is_one_unit_and_stands_in_its_chapter() -> None:
    (one,) = changed(replaced("申请248件", "申请284件")).text
    assert (one.kind, one.chapter) == ("changed", "一、总体情况 (四)")
    assert [(part.kind, part.text) for part in one.segments if part.kind != "same"] == [
        ("removed", "248"),
        ("added", "284"),
    ]
    assert diff_render.inline(one.segments) == "全市共受理政府信息公开申请 [248 → 284] 件，较2019年增长率为13.76%…"
    assert one.before.startswith("（四）依申请公开情况。") is False


def test_the_message_of_the_manual() -> None:
    text = replaced("申请248件", "申请284件").replace("| 212 | 36 | 248 |", "| 212 | 36 | 284 |")
    text = text.replace("| 64 | 0 | 64 |", "| 100 | 0 | 64 |")
    change = changed(text)
    assert diff_render.summary(change) == "表三 2 处，正文 1 处"
    assert [(cell.label, cell.old, cell.new) for cell in change.cells] == [
        ("总计 · 一、本年新收", "248", "284"),
        ("自然人 · 三(四)1 本机关不掌握", "64", "100"),
    ]
    assert change.cells[0].table == "表三 收到和处理政府信息公开申请情况"
    assert diff_render.most_telling(change, 2) == [
        "表三 总计 · 一、本年新收  248 → 284",
        "一、总体情况 (四)  全市共受理政府信息公开申请 [248 → 284] 件，较2019年增长率为13.76%…",
    ]


def test_sentences_come_and_go() -> None:
    text = replaced("所有申请均按时答复！", "").replace(
        "我市将加强业务培训。", "我市将加强业务培训。并开展社会评议工作。"
    )
    change = changed(text)
    assert [(one.kind, one.before or one.after, one.chapter) for one in change.text] == [
        ("removed", "所有申请均按时答复！", "一、总体情况 (四)"),
        ("added", "并开展社会评议工作。", "五、存在的主要问题及改进情况"),
    ]


def test_a_moved_sentence_is_told_once() -> None:
    text = replaced("所有申请均按时答复！", "").replace("下一步，", "所有申请均按时答复！下一步，")
    assert [(one.kind, one.chapter) for one in changed(text).text] == [("moved", "五、存在的主要问题及改进情况")]


def test_paragraphs_cut_elsewhere_are_the_same() -> None:
    assert changed(replaced("情况。全市", "情况。\n全市")).empty
    assert changed(replaced("一、总体情况\n2020年", "一、总体情况2020年")).empty
    assert changed(replaced("不够全面；二是", "不够全面；\n二是")).empty


def test_cosmetic_differences_are_shown_on_request_only() -> None:
    text = replaced("，", ",").replace("248", "２４８")
    assert changed(text).empty
    shown = diff(of(), of(text), cosmetic=True)
    assert shown.text
    assert shown.cells
    assert diff(of(), of(replaced("年", " 年 ")), cosmetic=True).empty


def test_changes_read_as_words_not_as_confetti() -> None:
    (one,) = changed(replaced("认真贯彻条例", "深入学习贯彻落实条例")).text
    assert [(part.kind, part.text) for part in one.segments][1:-1] == [
        ("removed", "认真"),
        ("added", "深入学习"),
        ("same", "贯彻"),
        ("added", "落实"),
    ]
    rewritten = segments("全市共受理申请248件。", "本级机关没有收到任何要求。", str)
    assert [part.kind for part in rewritten] == ["removed", "added"]


def test_fields() -> None:
    change = diff(of(), of(published_on="2021-02-01", title="临海市2021年年度报告"))
    assert [(field.name, field.old, field.new) for field in change.fields] == [
        ("标题", "临海市2020年年度报告", "临海市2021年年度报告"),
        ("公开日期", "2021-01-29", "2021-02-01"),
    ]
    assert diff_render.summary(change) == "标题，公开日期"
    assert diff_render.most_telling(change, 1) == ["标题  临海市2020年年度报告 → 临海市2021年年度报告"]


def test_an_inserted_row_shifts_nothing() -> None:
    rows = list(TABLE.rows)
    rows.insert(5, ("三、本年度办理结果", "（二）部分公开", "1", "2", "3"))
    body = [Table(tuple(rows)) if isinstance(block, Table) else block for block in BODY]
    change = changed(render(body))
    assert change.cells == ()
    (row,) = change.grids
    assert (row.what, row.change, row.label, row.cells) == ("row", "added", "三(二)部分公开", ("1", "2", "3"))
    (gone,) = diff(of(render(body)), of()).grids
    assert (gone.what, gone.change) == ("row", "removed")


def test_a_row_inserted_above_a_changed_one() -> None:
    old = grid(("项目", "数量"), ("甲", "0"), ("乙", "0"), ("丙", "0"))
    new = grid(("项目", "数量"), ("新", "0"), ("甲", "0"), ("乙", "7"), ("丙", "0"))
    change = diff(of(old), of(new))
    assert [(cell.label, cell.old, cell.new) for cell in change.cells] == [("数量 · 乙", "0", "7")]
    assert [(row.change, row.label) for row in change.grids] == [("added", "新")]


def test_an_inserted_column_shifts_nothing() -> None:
    old = grid(("项目", "收到", "办结"), ("甲", "1", "2"), ("乙", "3", "4"))
    new = grid(("项目", "收到", "转送", "办结"), ("甲", "1", "8", "2"), ("乙", "3", "9", "5"))
    change = diff(of(old), of(new))
    assert [(cell.label, cell.old, cell.new) for cell in change.cells] == [("办结 · 乙", "4", "5")]
    assert [(item.what, item.change, item.label, item.cells) for item in change.grids] == [
        ("column", "added", "转送", ("8", "9"))
    ]


def test_a_spanned_label_is_told_once_but_equal_figures_each() -> None:
    old = grid(("项目", "项目", "企业", "总计", "结转"), ("甲类事项", "甲类事项", "0", "0", "5"))
    new = grid(("项目", "项目", "企业", "总计", "结转"), ("乙类事项", "乙类事项", "1", "1", "5"))
    change = diff(of(old), of(new))
    assert [(cell.label, cell.old, cell.new) for cell in change.cells] == [
        ("乙类事项", "甲类事项", "乙类事项"),
        ("企业 · 乙类事项", "0", "1"),
        ("总计 · 乙类事项", "0", "1"),
    ]


def test_tables_come_and_go() -> None:
    other = Table((("事项", "金额"), ("收费", "240万元")))
    body = [*BODY, "六、其他需要报告的事项", other]
    (come,) = changed(render(body)).grids
    assert (come.what, come.change, come.table) == ("table", "added", "表格（六、其他需要报告的事项）")
    assert come.cells == ("事项", "金额", "收费", "240万元")


def test_blank_against_zero() -> None:
    text = render(BODY).replace("| 0 | 0 | 0 |", "|  | / | 0 |", 1)
    assert [(cell.old, cell.new) for cell in changed(text).cells] == [("0", ""), ("0", "/")]


def test_attachments() -> None:
    first = AttachmentState("u1", "年报.pdf", "document", "aa", "正文第一段。\n收到申请248件。")
    swapped = AttachmentState("u1", "年报.pdf", "document", "bb", "正文第一段。\n收到申请284件。")
    recoded = AttachmentState("u1", "年报（定稿）.pdf", "document", "cc", "正文第一段。收到申请248件。")
    scan = AttachmentState("u2", "表.png", "picture", "dd", "", "p1")
    rescan = AttachmentState("u2", "表.png", "picture", "ee", "", "p2")
    assert diff(of(attachments=(first,)), of(attachments=(recoded,))).empty
    assert not diff(of(attachments=(first,)), of(attachments=(recoded,)), cosmetic=True).empty
    (one,) = diff(of(attachments=(first,)), of(attachments=(swapped,))).attachments
    assert one.change == "changed"
    assert one.within is not None
    assert [text.after for text in one.within.text] == ["收到申请284件。"]
    change = diff(of(attachments=(first, scan)), of(attachments=(rescan,)))
    assert [(item.change, item.name) for item in change.attachments] == [("removed", "年报.pdf"), ("changed", "表.png")]
    assert diff_render.summary(change) == "附件 1 处，图片 1 处"
    assert diff_render.most_telling(change) == ["附件删除  年报.pdf", "图片变更  表.png"]
    added = diff(of(), of(attachments=(scan,)))
    assert [(item.change, item.kind) for item in added.attachments] == [("added", "picture")]


def test_scripts_are_folded_between_scripts_only() -> None:
    old = of("乾县公开政府信息，受理申请248件。", title="年度报告")
    assert diff(old, of("乾縣公開政府資訊，受理申請248件。", title="年度報告")).empty
    (one,) = diff(old, of("乾縣公開政府資訊，受理申請284件。", title="年度報告")).text
    assert [(part.kind, part.text) for part in one.segments if part.kind != "same"] == [
        ("removed", "248"),
        ("added", "284"),
    ]
    (name,) = diff(old, of("干县公开政府信息，受理申请248件。", title="年度报告")).text
    assert [part.text for part in name.segments if part.kind != "same"] == ["乾", "干"]


def test_rendering_in_colour() -> None:
    change = changed(replaced("248", "284"), attachments=(AttachmentState("u", "表.xls", "document", "aa"),))
    console = Console(width=100, force_terminal=True, record=True, color_system="standard")
    with console.capture() as capture:
        console.print(diff_render.render(change))
    assert "\x1b[" in capture.get()
    plain = diff_render.render(change).plain
    assert "申请[-248-]{+284+}件" in plain
    assert "总计 · 一、本年新收  248 → 284" in plain
    assert "附件新增  表.xls" in plain
    assert "正文 一、总体情况 (四)" in plain


def test_a_change_is_json() -> None:
    change = changed(replaced("248", "284"))
    assert msgspec.json.decode(msgspec.json.encode(change), type=Change) == change


@pytest.mark.parametrize("edits", [0, 3, 200])
def test_a_long_report_takes_a_tenth_of_a_second(edits: int) -> None:
    body = [block for number in range(40) for block in [f"第{number}部分的概况。", *BODY]]
    old = render(body)
    assert len(old) > 20_000
    new = old.replace("按时", "及时", edits).replace("248", "249", edits)
    diff(of("预热。"), of("热身。"))
    began = time.perf_counter()
    diff(of(old), of(new))
    assert time.perf_counter() - began < 1.0  # 0.1 s on the machine it was written on; others are slower


def test_worst_cases_are_bounded() -> None:
    import random

    source = random.Random(1)
    han = [chr(code) for code in range(0x4E00, 0x4E00 + 500)]
    old, new = ("".join(source.choice(han) + "。" * (i % 7 == 0) for i in range(30_000)) for _ in range(2))
    began = time.perf_counter()
    diff(of(old), of(new))
    diff(of(old.replace("。", "")), of(new.replace("。", "")))
    many = [grid(*(tuple(source.choice("0123") for _ in range(8)) for _ in range(300))) for _ in range(2)]
    diff(of(many[0]), of(many[1]))
    assert time.perf_counter() - began < 15


CELLS = st.sampled_from(["", "0", "12", "/", "甲", "总计"])
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(tuple), min_size=1, max_size=4)
LINES = st.sampled_from(
    ["一、总体情况", "（一）公开", "收到申请248件。", "收到申请284件。", "无。", "其他；另见附件。"]
)
BODIES = st.tuples(st.lists(LINES, max_size=8), st.lists(ROWS.map(lambda rows: Table(tuple(rows))), max_size=4)).map(
    lambda parts: render([*parts[0], *parts[1]])
)


@given(BODIES, BODIES)
def test_a_change_is_found_when_there_is_one(old: str, new: str) -> None:
    assert diff(of(old), of(old)).empty
    change = diff(of(old), of(new))
    if change.empty:
        assert canonical(old) == canonical(new)
    diff_render.render(change)
    diff_render.summary(change)
    assert len(diff_render.most_telling(change, 3)) <= 3


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), max_size=12))
def test_alignment_keeps_order_and_loses_nothing(old: list[int], new: list[int]) -> None:
    steps = list(aligned(old, new, lambda item: item, lambda one, other: 0.5 * (abs(one - other) == 1), 0.3))
    assert [i for i, _ in steps if i is not None] == list(range(len(old)))
    assert [j for _, j in steps if j is not None] == list(range(len(new)))
    rebuilt: list[int] = []
    for same, i1, i2, j1, j2 in runs(old, new):
        assert not same or old[i1:i2] == new[j1:j2]
        rebuilt += new[j1:j2]
    assert rebuilt == new


@given(st.text(alphabet="公开政府信息12.,ab", max_size=30), st.text(alphabet="公开政府信息12.,ab", max_size=30))
def test_segments_hold_both_sides(old: str, new: str) -> None:
    parts = segments(old, new, str)
    assert "".join(part.text for part in parts if part.kind != "added") == old
    assert "".join(part.text for part in parts if part.kind != "removed") == new


def test_a_table_that_only_stands_elsewhere_is_told() -> None:
    table = "| 项目 | 数量 |\n| 一、本年新收 | 12 |"
    old = "一、总体情况\n第一段的文字。\n" + table + "\n第二段的文字。"
    new = "一、总体情况\n" + table + "\n第一段的文字。\n第二段的文字。"
    change = diff(Document(text=old), Document(text=new))
    assert [(grid.what, grid.change, grid.label) for grid in change.grids] == [("table", "moved", "2 行 2 列")]
    assert (change.text, change.cells) == ((), ())
    assert diff_render.most_telling(change) == ["表三 移动表格  2 行 2 列  项目 数量 一、本年新收 12"]
    assert "移动表格" in diff_render.render(change).plain


def test_blank_rows_and_tables_cut_in_two_are_no_change() -> None:
    one = "| 项目 | 数量 |\n| 一、本年新收 | 12 |\n| 二、上年结转 | 3 |"
    two = "| 项目 | 数量 |\n|  |  |\n| 一、本年新收 | 12 |\n\n| 二、上年结转 | 3 |  |"
    assert diff(Document(text=one), Document(text=two)).empty
    assert not diff(Document(text=one), Document(text=two), cosmetic=True).empty
    edited = diff(Document(text=one), Document(text=two.replace("12", "13")))
    assert [(cell.old, cell.new) for cell in edited.cells] == [("12", "13")]


# The national tables, by field ------------------------------------------------------------------------------------

NAMES = ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计")
HEAD_OF_THREE = "表三 收到和处理政府信息公开申请情况"
NEW = ("一、本年新收", *"201000", "12")


def requests(*rows: tuple[str, ...]) -> Table:
    return Table((("项目", *NAMES), *rows))


def filed(table: Table, name: str = "年报.pdf", url: str = "https://a.gov.cn/1.pdf") -> AttachmentState:
    text = render(["三、收到和处理政府信息公开申请情况", table, "附件正文。"])
    return AttachmentState(url, name, "document", repr(table), text)


def read_as(source: figures.Source, table: Table, url: str, sure: float = 1.0) -> figures.Document:
    rows = tuple(tuple(Recognised(cell, sure) for cell in row) for row in table.rows)
    return figures.Document(source, url, "表", (Table(rows),))


OLD_TABLE, NEW_TABLE = requests(NEW), requests((*NEW[:-1], "15"))


def test_a_cell_is_told_by_its_field() -> None:
    (cell,) = diff(of(render([OLD_TABLE])), of(render([NEW_TABLE]))).cells
    assert (cell.field, cell.table, cell.label) == ("requests.new.total", HEAD_OF_THREE, "总计 · 一、本年新收")
    assert (cell.old, cell.new, cell.source, cell.url) == ("12", "15", "html", "")


def test_what_page_and_attachment_both_show_is_told_once() -> None:
    old = of(render([OLD_TABLE]), attachments=(filed(OLD_TABLE),))
    new = of(render([NEW_TABLE]), attachments=(filed(NEW_TABLE),))
    change = diff(old, new)
    assert [(cell.field, cell.url) for cell in change.cells] == [("requests.new.total", "")]
    assert (change.attachments, change.text, change.grids) == ((), (), ())


def test_a_table_of_an_attachment_is_told_by_its_field_and_not_again() -> None:
    old, new = (
        of(
            "一、总体情况",
            attachments=(filed(table),),
            sources=(figures.Document("pdf", "https://a.gov.cn/1.pdf", "年报.pdf", tuple(parse(filed(table).text))),),
        )
        for table in (OLD_TABLE, NEW_TABLE)
    )
    change = diff(old, new)
    assert [(cell.field, cell.source, cell.url) for cell in change.cells] == [
        ("requests.new.total", "pdf", "https://a.gov.cn/1.pdf")
    ]
    assert change.attachments == ()
    assert diff_render.summary(change) == "表三 1 处"
    assert "12 → 15　见附件" in diff_render.render(change).plain
    reworded = msgspec.structs.replace(filed(NEW_TABLE), text=filed(NEW_TABLE).text + "另有一句。")
    (left,) = diff(old, msgspec.structs.replace(new, attachments=(reworded,))).attachments
    assert left.within is not None
    assert (left.within.cells, [item.after for item in left.within.text]) == ((), ["另有一句。"])


def test_a_digit_that_changed_in_an_attachment_alone_is_a_cell_though_the_page_has_the_table_too() -> None:
    def report(table: Table, name: str) -> Document:
        there = tuple(parse(filed(table).text))
        return of(
            render(["三、收到和处理政府信息公开申请情况", OLD_TABLE]),
            attachments=(filed(table, name),),
            sources=(figures.Document("pdf", "https://a.gov.cn/1.pdf", name, there),),
            year=2020,
            organs=("临海市人民政府",),
        )

    change = diff(report(OLD_TABLE, "年报.pdf"), report(NEW_TABLE, "年报.pdf"))
    assert [(cell.field, cell.old, cell.new, cell.source, cell.url) for cell in change.cells] == [
        ("requests.new.total", "12", "15", "pdf", "https://a.gov.cn/1.pdf")
    ]
    assert (change.attachments, change.text, change.grids) == ((), (), ())
    other = "临海市教育局2020年政府信息公开工作年度报告.pdf"
    change = diff(report(OLD_TABLE, other), report(NEW_TABLE, other))
    assert change.cells == ()
    assert [item.name for item in change.attachments] == [other]


def test_a_recognised_cell_says_so() -> None:
    url = "https://a.gov.cn/3.png"

    def shown(table: Table, pixels: str, sure: float) -> Document:
        picture = AttachmentState(url, "表三.png", "picture", pixels, "", pixels)
        return of("一、总体情况", attachments=(picture,), sources=(read_as("ocr", table, url, sure),))

    change = diff(shown(OLD_TABLE, "p1", 0.99), shown(NEW_TABLE, "p2", 0.93))
    assert [(cell.source, cell.confidence, cell.url) for cell in change.cells] == [("ocr", 0.93, url)]
    assert [item.change for item in change.attachments] == ["changed"]
    assert diff_render.most_telling(change, 1) == ["表三 总计 · 一、本年新收  12 → 15　OCR 识别（置信度 0.93）"]
    # The same picture, read otherwise: nobody edited it.
    assert diff(shown(OLD_TABLE, "p1", 0.99), shown(NEW_TABLE, "p1", 0.93)).empty


def test_a_recognised_cell_is_its_number() -> None:
    before, after = ({"requests.new.total": raw} for raw in ("1,204", "1204"))
    assert [
        [cell.new for cell in compare_fields(*(figures_of(side, source) for side in (before, after)), str).cells]
        for source in ("html", "ocr")
    ] == [["1204"], []]


def figures_of(cells: dict[str, str], source: str) -> figures.Figures:
    made = [figures.Figure(code, float(raw.replace(",", "")), raw, source) for code, raw in cells.items()]  # type: ignore[arg-type]
    return figures.Figures(figures=tuple(made))


def test_a_row_that_one_side_lacks_is_a_row() -> None:
    more = ("二、上年结转", *"0000000")
    change = diff(of(render([OLD_TABLE])), of(render([requests(NEW, more)])))
    assert change.cells == ()
    assert [(row.what, row.change, row.label) for row in change.grids] == [("row", "added", "二、上年结转")]


def test_a_layout_that_cannot_be_read_for_certain_is_said_and_its_figures_are_not() -> None:
    """Table 4 with halves of its headers lost, and drawn twice as wide."""
    heads = ("结果维持", "结果纠正", "其他结果", "尚未审结", "总计")
    rows = (
        (*["行政复议"] * 5, *["行政诉讼"] * 10),
        (*heads, *["未经复议直接起诉"] * 5, *["复议后起诉"] * 5),
        (*heads, *["结果", "结果", "其他", "尚未", "总计"] * 2),
        tuple("1203621036" + "00101"),
    )
    wide = tuple(tuple(cell for cell in row for _ in range(2)) for row in rows)
    change = diff(of(render([Table(rows)])), of(render([Table(wide)])))
    assert diff_render.summary(change) == "表四 版式有变，数据未变"
    assert (change.cells, change.text) == ((), ())
    assert "版式有变，数据未变" in diff_render.render(change).plain
    edited = (*wide[:3], (*wide[3][:-2], "9", "9"))
    (cell,) = diff(of(render([Table(rows)])), of(render([Table(edited)]))).cells
    assert (cell.field, cell.old, cell.new) == ("review.suit_after_reconsideration.total", "1", "9")


def test_a_change_as_programs_read_it() -> None:
    attachment = filed(NEW_TABLE)
    told = as_data(diff(of(render([OLD_TABLE])), of(render([NEW_TABLE, "新增一句。"]), attachments=(attachment,))))
    assert told["same"] is False
    assert told["summary"] == "表三 1 处，正文 1 处，附件 1 处"
    assert told["cells"] == [
        {
            "table": HEAD_OF_THREE,
            "label": "总计 · 一、本年新收",
            "old": "12",
            "new": "15",
            "field": "requests.new.total",
            "source": "html",
            "confidence": 1.0,
            "url": "",
        }
    ]
    assert told["text"][0]["after"] == "新增一句。"
    assert told["attachments"] == [
        {"change": "added", "name": "年报.pdf", "kind": "document", "url": attachment.url, "within": None}
    ]
    finding = Finding("table3_column", "warning", "表三不平衡", "表三 总计", ("requests.new.total",))
    assert findings_data(Compared((finding,), ()))["caused"][0]["rule"] == "table3_column"
    shown = diff_render.render_findings(Compared((finding,), (Finding("jump", "info", "增长"),))).plain
    assert shown == "核对 新增问题  表三不平衡\n"
