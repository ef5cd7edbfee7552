"""Two versions laid beside each other: nothing lost, nothing invented, every change marked and nothing else."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.page.text import Table, parse, render
from monitor.canonical import AttachmentState
from monitor.diff import Document, traced
from monitor.web.diff_coarse import coarsely, is_heavy
from monitor.web.diff_model import Block, Cell, Drawn, Para, Stretch
from monitor.web.diff_view import View, view

HEADS = ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计")
LEAD = "（本列数据的勾稽关系为：第一项加第二项之和，等于第三项加第四项之和）"
THREE = Table(
    (
        (LEAD, LEAD, *["申请人情况"] * 7),
        (LEAD, LEAD, *HEADS),
        (
            "一、本年新收政府信息公开申请数量",
            "一、本年新收政府信息公开申请数量",
            "89",
            "16",
            "3",
            "6",
            "13",
            "15",
            "142",
        ),
        ("二、上年结转政府信息公开申请数量", "二、上年结转政府信息公开申请数量", "0", "0", "0", "0", "0", "0", "0"),
        ("三、本年度办理结果", "（一）予以公开", "40", "0", "0", "0", "3", "0", "43"),
        ("三、本年度办理结果", "（二）部分公开", "0", "0", "0", "0", "0", "4", "4"),
        ("四、结转下年度继续办理", "四、结转下年度继续办理", "0", "0", "0", "2", "0", "0", "2"),
    )
)
OTHER = Table((("单位", "件数", "备注"), ("教育局", "12", ""), ("水利局", "7", "含合并"), ("林业局", "31", "")))
BODY: list[str | Table] = [
    "一、总体情况",
    "2022年，全市认真贯彻条例。全年召开会议29次，修订制度8项，满意率为88.8%。",
    "（二）依申请公开。全年收到政府信息公开申请142件，上年结转0件；予以公开43件。所有答复均在法定期限内作出。",
    "（三）平台建设。完成网站适老化改造，增设大字版和语音朗读；合并访问量低的栏目8个。",
    "二、主动公开政府信息情况",
    OTHER,
    "三、收到和处理政府信息公开申请情况",
    THREE,
    "五、存在的主要问题及改进情况",
    "一是公开内容还不够全面；二是公开的时效性有待进一步提高。下一步，我市将加强业务培训。",
    "六、其他需要报告的事项",
    "2022年没有收取信息处理费。",
]


def of(blocks: list[str | Table] | str = BODY, **more: object) -> Document:
    text = blocks if isinstance(blocks, str) else render(blocks)
    return Document(**{"title": "望江区2022年年度报告", "published_on": "2023-01-29", "text": text, **more})  # type: ignore[arg-type]


def seen(old: Document, new: Document, side: bool = False, cosmetic: bool = False) -> View:
    return view(old, new, traced(old, new, cosmetic=cosmetic), side=side, cosmetic=cosmetic)


def rows_of(stretches: Iterable[Stretch]) -> Iterator[Any]:
    return (row for stretch in stretches for row in stretch.rows)


def cells_of(table: Drawn) -> list[list[Cell]]:
    """A drawn table with each cell in every place that it covers."""
    grid: list[list[Cell | None]] = [[] for _ in table.lines]
    for at, line in enumerate(table.lines):
        column = 0
        for cell in line.cells:
            while column < len(grid[at]) and grid[at][column] is not None:
                column += 1
            for down in range(cell.rows):
                row = grid[at + down]
                row.extend([None] * (column + cell.columns - len(row)))
                row[column : column + cell.columns] = [cell] * cell.columns
    return [[cell for cell in row if cell is not None] for row in grid]


def side_text(shown: View, which: int) -> list[object]:
    """What one side says, read alone: paragraphs, and tables as their cells."""
    found: list[object] = []
    for row in rows_of(shown.stretches):
        for block in (row.old, row.new)[which]:
            if isinstance(block, Para):
                found.append(block.text)
            else:
                found.append([[(cell.old or cell.new) for cell in line] for line in cells_of(block)])
    return found


def body_text(text: str) -> list[object]:
    found: list[object] = []
    for block in parse(text):
        if isinstance(block, str):
            found.append(block)
        elif rows := [row for row in block.rows if any(row)]:
            width = max(map(len, rows))
            found.append([[*row, *[""] * (width - len(row))] for row in rows])
    return found


def blocks_of(shown: View) -> Iterator[Block]:
    for stretches in (shown.stretches, *(part.stretches for part in shown.parts)):
        for row in rows_of(stretches):
            yield from (*row.old, *row.new, *row.both)


def marks_of(shown: View) -> list[tuple[int, str]]:
    """Every mark on the page: number and id."""
    found = [field.mark for field in shown.fields] + [note.mark for note in shown.notes]
    for part in shown.parts:
        found += [part.mark, *(note.mark for note in part.notes)]
    for block in blocks_of(shown):
        if isinstance(block, Para):
            found += [piece.mark for piece in block.pieces]
        else:
            found += [block.mark, *(note.mark for note in block.notes), *(line.mark for line in block.lines)]
            found += [cell.mark for line in block.lines for cell in line.cells]
    return [(mark.n, mark.anchor) for mark in found if mark.n]


def inline_text(shown: View, kept: tuple[str, ...]) -> str:
    """The prose of the inline view without what does not belong to one version."""
    paras = (block for block in blocks_of(shown) if isinstance(block, Para))
    return "".join(piece.text for para in paras for piece in para.pieces if piece.kind in kept)


def prose(text: str) -> str:
    return "".join("".join(block.split()) for block in parse(text) if isinstance(block, str))


# Any edit -------------------------------------------------------------------------------------------------------------

WORDS = st.text("一二三甲乙丙年报告公开申请。；！01234567 .,（）“”<&>|\\Ab", min_size=1, max_size=30)


def edited(draw: Any, blocks: list[str | Table]) -> list[str | Table]:
    """A body after one edit."""
    found = list(blocks)
    if not found:
        return [draw(WORDS)]
    at = draw(st.integers(0, len(found) - 1))
    one = found[at]
    match draw(st.sampled_from(("drop", "insert", "move", "edit", "edit", "edit", "join", "double"))):
        case "drop":
            del found[at]
        case "insert":
            found.insert(at, draw(WORDS))
        case "move":
            found.insert(draw(st.integers(0, len(found) - 1)), found.pop(at))
        case "double":
            found.insert(at, one)
        case "join" if isinstance(one, str) and at + 1 < len(found) and isinstance(found[at + 1], str):
            found[at : at + 2] = [one + str(found[at + 1])]
        case _ if isinstance(one, str):
            begin = draw(st.integers(0, len(one)))
            end = draw(st.integers(begin, len(one)))
            found[at] = one[:begin] + draw(st.one_of(st.just(""), WORDS)) + one[end:]
        case _:
            assert isinstance(one, Table)
            found[at] = Table(tuple(map(tuple, edited_rows(draw, [list(row) for row in one.rows]))))
    return found


def edited_rows(draw: Any, rows: list[list[str]]) -> list[list[str]]:
    if not rows:
        return rows
    row = draw(st.integers(0, len(rows) - 1))
    column = draw(st.integers(0, max(0, len(rows[row]) - 1)))
    match draw(st.sampled_from(("cell", "cell", "cell", "number", "drop", "double", "column", "wider", "swap"))):
        case "cell":
            rows[row][column : column + 1] = [draw(WORDS)]
        case "number":
            rows[row][column : column + 1] = [str(draw(st.integers(0, 200)))]
        case "drop":
            del rows[row]
        case "double":
            rows.insert(row, list(rows[row]))
        case "column":
            rows = [cells[:column] + cells[column + 1 :] for cells in rows]
        case "wider":
            rows = [[*cells[:column], str(at), *cells[column:]] for at, cells in enumerate(rows)]
        case "swap":
            rows.insert(0, rows.pop(row))
    return [cells for cells in rows if cells]


@st.composite
def versions(draw: Any) -> tuple[str, str]:
    one = BODY
    for _ in range(draw(st.integers(0, 2))):
        one = edited(draw, one)
    other = one
    for _ in range(draw(st.integers(0, 5))):
        other = edited(draw, other)
    return render(one), render(other)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(versions(), st.booleans())
def test_the_sides_are_the_versions_and_the_marks_are_the_change(texts: tuple[str, str], cosmetic: bool) -> None:
    old, new = of(texts[0]), of(texts[1])
    found = traced(old, new, cosmetic=cosmetic)
    shown = view(old, new, found, side=True, cosmetic=cosmetic)
    assert side_text(shown, 0) == body_text(texts[0])
    assert side_text(shown, 1) == body_text(texts[1])
    one = view(old, new, found, side=False, cosmetic=cosmetic)
    for page in (shown, one):
        marks = marks_of(page)
        assert bool(marks) is not found.change.empty
        change = found.change
        told = len(change.text) + len(change.cells) + len(change.grids)
        assert [entry.n for entry in page.entries] == list(range(1, told + 1))
        ids = Counter(anchor for _, anchor in marks if anchor)
        assert set(ids.values()) <= {1}
        assert {f"c{entry.n}" for entry in page.entries} <= set(ids)
    assert "".join(inline_text(one, ("same", "added", "moved")).split()) == prose(texts[1])


# What readers see -----------------------------------------------------------------------------------------------------


def replaced(old: str, new: str) -> Document:
    text = render(BODY)
    assert text.count(old) >= 1
    return of(text.replace(old, new))


def kinds(shown: View) -> list[tuple[str, str]]:
    """Marked pieces and cells: kind and words."""
    found: list[tuple[str, str]] = []
    for block in blocks_of(shown):
        if isinstance(block, Para):
            found += [(piece.kind, piece.text) for piece in block.pieces if piece.mark.n]
        else:
            found += [
                (cell.kind, f"{cell.old}>{cell.new}") for line in block.lines for cell in line.cells if cell.mark.n
            ]
    return found


def tables_of(shown: View) -> list[Drawn]:
    return [block for block in blocks_of(shown) if isinstance(block, Drawn)]


def test_a_figure_of_table_and_text_is_marked_where_it_stands() -> None:
    new = replaced("142", "146")
    assert kinds(seen(of(), new)) == [("removed", "142"), ("added", "146"), ("changed", "142>146")]
    sides = [("removed", "142"), ("added", "146"), ("removed", "142>"), ("added", ">146")]
    assert kinds(seen(of(), new, side=True)) == sides
    shown = seen(of(), new)
    assert [(entry.n, entry.place) for entry in shown.entries] == [
        (1, "一、总体情况 (二)"),
        (2, "表三 总计 · 一、本年新收"),
    ]
    assert shown.summary == "表三 1 处，正文 1 处"


def test_chinese_is_marked_by_words() -> None:
    shown = seen(of(), replaced("进一步提高。下一步", "进一步提升。下一步"))
    assert kinds(shown) == [("removed", "提高"), ("added", "提升")]
    shown = seen(of(), replaced("认真贯彻", "认真落实"))
    assert kinds(shown) == [("removed", "贯彻"), ("added", "落实")]


def test_unchanged_stretches_are_folded_and_counted() -> None:
    shown = seen(of(), replaced("信息处理费", "信息处置费"))
    assert [(one.folded, one.says) for one in shown.stretches] == [(True, "未变 8 段、2 张表"), (False, "")]
    assert shown.stretches[0].chapters[:2] == ("一、总体情况", "二、主动公开政府信息情况")
    assert [len(one.rows) for one in shown.stretches] == [10, 2]


def test_a_moved_paragraph_is_told_at_both_places() -> None:
    body = [*BODY[:2], *BODY[3:9], BODY[2], *BODY[9:]]
    shown = seen(of(), of(body))
    assert {kind for kind, _ in kinds(shown)} == {"left", "moved"}
    assert [entry.kind for entry in shown.entries] == ["moved"] * 4  # its sentences
    ids = [anchor for _, anchor in marks_of(shown) if anchor]
    assert sorted(ids) == sorted(f"c{n}{end}" for n in (1, 2, 3, 4) for end in ("", "-from"))


def test_labels_are_one_cell_over_the_rows_that_they_name() -> None:
    drawn = next(table for table in tables_of(seen(of(), replaced("142", "146"))) if table.name.startswith("表三"))
    first = drawn.lines[0].cells
    assert [(cell.new, cell.columns, cell.rows, cell.head) for cell in first] == [
        (LEAD, 2, 2, "col"),
        ("申请人情况", 7, 1, "col"),
    ]
    assert drawn.lines[2].cells[0].new == "一、本年新收政府信息公开申请数量"
    assert (drawn.lines[4].cells[0].new, drawn.lines[4].cells[0].rows) == ("三、本年度办理结果", 2)
    assert len(drawn.lines[5].cells) == 8


def test_a_figure_over_three_columns_of_one_header_is_one_cell() -> None:
    two = Table(
        (
            ("第二十条第（五）项",) * 4,
            ("信息内容", *["本年处理决定数量"] * 3),
            ("行政许可", "13", "13", "13"),
            ("第二十条第（一）项",) * 4,
            ("信息内容", "本年制发件数", "本年废止件数", "现行有效件数"),
            ("规章", "0", "0", "0"),
        )
    )
    body = [two if block is OTHER else block for block in BODY]
    shown = seen(of(body), of(render(body).replace("13 | 13 | 13", "14 | 14 | 14")))
    drawn = next(table for table in tables_of(shown) if table.name.startswith("表二"))
    assert [(cell.old, cell.new, cell.columns) for cell in drawn.lines[2].cells[1:]] == [("13", "14", 3)]
    assert [cell.columns for cell in drawn.lines[5].cells] == [1, 1, 1, 1]
    assert len(shown.entries) == 1


def test_equal_figures_side_by_side_are_two_cells() -> None:
    drawn = next(table for table in tables_of(seen(of(), replaced("142", "146"))) if table.name.startswith("表三"))
    assert [cell.new for cell in drawn.lines[3].cells] == ["二、上年结转政府信息公开申请数量", *["0"] * 7]


def test_a_row_that_came() -> None:
    rows = list(OTHER.rows)
    body = [Table((*rows, ("财政局", "9", "新设"))) if block is OTHER else block for block in BODY]
    shown = seen(of(), of(body))
    (added,) = [line for table in tables_of(shown) for line in table.lines if line.mark.n]
    assert (added.kind, [cell.new for cell in added.cells]) == ("added", ["财政局", "9", "新设"])


def test_a_table_that_came_is_marked_as_a_whole() -> None:
    new = Table((("项目", "数"), ("培训", "3")))
    shown = seen(of(), of([*BODY, new]))
    (drawn,) = [table for table in tables_of(shown) if table.mark.n]
    assert (drawn.kind, drawn.mark.anchor) == ("added", "c1")
    assert [[cell.new for cell in line] for line in cells_of(drawn)] == [["项目", "数"], ["培训", "3"]]


def test_a_column_that_came_is_marked_in_every_row() -> None:
    wider = Table(
        tuple((*row[:2], extra, *row[2:]) for row, extra in zip(OTHER.rows, ("网上", "1", "2", "3"), strict=True))
    )
    shown = seen(of(), of([wider if block is OTHER else block for block in BODY]))
    assert [words for kind, words in kinds(shown) if kind == "added"] == [">网上", ">1", ">2", ">3"]
    assert len(shown.entries) == 1


def test_what_is_only_laid_out_otherwise_bears_no_mark() -> None:
    text = (
        render(BODY).replace("“", '"').replace("，全市", ",全市").replace("认真贯彻条例。全年", "认真贯彻条例。\n全年")
    )
    for side in (True, False):
        shown = seen(of(), of(text), side=side)
        assert marks_of(shown) == []
        assert shown.summary == ""
    assert seen(of(), of(text), cosmetic=True).entries != ()


def test_attachments_are_compared_by_their_text_pictures_by_their_pixels() -> None:
    def files(total: str, pixels: str) -> tuple[AttachmentState, ...]:
        return (
            AttachmentState(
                "http://localhost/a.pdf", "附件.pdf", "document", f"a{total}", f"总数{total}件。其余不变。"
            ),
            AttachmentState("http://localhost/b.png", "图.png", "picture", f"b{pixels}", "", pixels),
        )

    shown = seen(of(attachments=files("12", "1")), of(attachments=files("13", "2")))
    assert [(part.name, part.status, part.says) for part in shown.parts] == [
        ("附件.pdf", "changed", ""),
        ("图.png", "changed", "像素不同"),
    ]
    assert kinds(shown) == [("removed", "12"), ("added", "13")]
    gone = seen(of(attachments=files("12", "1")), of())
    assert [(part.status, part.mark.n > 0) for part in gone.parts] == [("removed", True)] * 2
    same = seen(of(attachments=files("12", "1")), of("别的。", attachments=files("12", "1")))
    assert [part.status for part in same.parts] == ["same", "same"]


def test_a_changed_title_is_told_beside_the_text() -> None:
    shown = seen(of(), of(title="望江区2023年年度报告"))
    (field,) = shown.fields
    assert (field.name, field.mark.anchor) == ("标题", "c1")
    assert [(piece.kind, piece.text) for piece in field.new if piece.kind != "same"] == [("added", "2023")]


def test_words_that_a_mirror_put_in_are_left_out_and_said_to_be() -> None:
    plain = "海珠区人民政府。其余不变，一切如常。"
    shown = seen(of(plain), of(plain.replace("区", "區(qū)", 1) + "新增一句完整的话。"))
    assert shown.mended
    assert "qū" not in inline_text(shown, ("same", "added", "removed"))


@pytest.mark.parametrize("side", [True, False])
def test_too_much_is_compared_by_paragraphs_only(side: bool) -> None:
    old, new = (of([f"第{n}段说的是{word}。" for n in range(4000)] + [OTHER]) for word in ("甲乙丙", "子丑寅"))
    assert is_heavy(old, new)
    assert not is_heavy(old, replaced("142", "146"))
    found = coarsely(old, new)
    shown = view(old, new, found, side=side, cosmetic=True)
    assert len(shown.entries) == 8000
    if side:
        assert (side_text(shown, 0), side_text(shown, 1)) == (body_text(old.text), body_text(new.text))
    assert coarsely(old, old).change.empty
    other = coarsely(of(), of([*BODY[1:], Table((("项目", "数"), ("培训", "3")))]))
    assert sorted(entry.kind for entry in view(of(), of(), other, side=side).entries) == ["added", "removed"]
