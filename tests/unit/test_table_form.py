"""A restyled table is no change, and an edit is one in every layout: the national tables in their one form.

Reports are words and figures (tests/unit/table_layouts.py), drawn in random layouts. More of them, and others each time:
`NIANBAO_SOAK=20 python -m pytest tests/unit/test_table_form.py`.
"""

import random
from collections.abc import Sequence

import opencc
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.page.text import Table, parse, render
from monitor.canonical import canonical, cell_key, fingerprints, significance
from monitor.demo import national_tables
from monitor.diff import Change, Document, diff
from monitor.diff_render import summary
from monitor.figures.fields import label
from monitor.table_form import Former, Line
from tests.unit.soak import examples
from tests.unit.table_layouts import Tables, draw, labels_of, make

SEEDS = st.integers(0, 2**32 - 1)
REPORTS = st.builds(make, SEEDS, st.sampled_from(("2019", "2021")))
PRINTED = ("7", "", "/", "12345", "0.5", "详见附件", "1,024")


def compared(old: str, new: str) -> Change:
    return diff(Document(text=old), Document(text=new))


def lines(*tables: Sequence[Sequence[str]]) -> list[list[Line] | None]:
    former = Former(cell_key)
    return [former.table(rows) for rows in tables]


@examples(40)
@given(REPORTS, SEEDS, SEEDS)
def test_a_restyled_table_is_no_change(tables: Tables, one: int, other: int) -> None:
    old, new = draw(tables, random.Random(one)), draw(tables, random.Random(other))
    assert canonical(old) == canonical(new)
    assert compared(old, new).empty


@examples(40)
@given(REPORTS, SEEDS, SEEDS, st.data())
def test_one_figure_is_one_line_in_every_layout(tables: Tables, one: int, other: int, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(sorted(tables.figures)))
    printed = data.draw(st.sampled_from(PRINTED))
    assume(printed != tables.figures[code])
    old, new = draw(tables, random.Random(one)), draw(tables.edited(code, printed), random.Random(other))
    assert canonical(old) != canonical(new)
    change = compared(old, new)
    (cell,) = change.cells
    assert (cell.old, cell.new) == (tables.figures[code], printed)
    assert f"{cell.table[:2]} {cell.label}" == label(code)
    if printed != "详见附件":
        assert cell.field == code
    assert (change.grids, change.text) == ((), ())
    assert summary(change) == f"{cell.table[:2]} 1 处"


@examples(40)
@given(REPORTS, SEEDS, SEEDS, st.data())
def test_an_edited_label_is_told_in_every_layout(tables: Tables, one: int, other: int, data: st.DataObject) -> None:
    words = data.draw(st.sampled_from(labels_of(tables)))
    edited = words[:-1] + "某"
    old, new = draw(tables, random.Random(one)), draw(tables.reworded(words, edited), random.Random(other))
    assert canonical(old) != canonical(new)
    change = compared(old, new)
    told = {(cell.old, cell.new) for cell in change.cells}
    assert (words, edited) in told or any(words in sentence.before for sentence in change.text)
    # Where one side's headers are not the form's any more, and both are laid out otherwise, that is said; no more.
    assert len(change.cells) + len(change.text) <= 6
    assert all(grid.change == "restyled" for grid in change.grids)


@examples(100)
@given(SEEDS, st.sampled_from(("2019", "2021")), st.booleans(), st.data())
def test_no_place_of_a_grid_can_be_edited_unseen(seed: int, form: str, generated: bool, data: st.DataObject) -> None:
    dice = random.Random(seed)
    text = national_tables.sheet(dice, form, odd=0).text if generated else draw(make(seed, form), dice)  # type: ignore[arg-type]
    blocks = parse(text)
    place = data.draw(st.sampled_from([place for place, block in enumerate(blocks) if isinstance(block, Table)]))
    table = blocks[place]
    assert isinstance(table, Table)
    rows = [list(row) for row in table.rows]
    row = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[row]) - 1))
    how = data.draw(st.sampled_from(("figure", "character", "swap", "row gone", "row twice", "shift")))
    figures = sum(cell[:1].isdigit() for cell in rows[row]) > 1
    if how == "figure":
        rows[row][column] = "98765"
    elif how == "character":
        rows[row][column] += "某"
    elif how == "swap":
        assume(figures)
        columns = [place for place, cell in enumerate(rows[row]) if cell[:1].isdigit()]
        first, last = columns[0], columns[-1]
        rows[row][first], rows[row][last] = rows[row][last], rows[row][first]
    elif how == "shift":
        assume(column + 1 < len(rows[row]) and rows[row][column + 1][:1].isdigit())
        rows[row][column] += rows[row][column + 1][0]
        rows[row][column + 1] = rows[row][column + 1][1:]
    else:
        assume(figures)
        rows[row : row + 1] = [] if how == "row gone" else [rows[row], list(rows[row])]
    assume(rows != [list(one) for one in table.rows])
    blocks[place] = Table(tuple(map(tuple, rows)))
    assert canonical(render(blocks)) != canonical(text)


@examples(20)
@given(SEEDS, st.sampled_from(("2019", "2021")))
def test_every_figure_of_a_form_stands_in_its_lines(seed: int, form: str) -> None:
    tables = make(seed, form)  # type: ignore[arg-type]
    former = Former(cell_key)
    found: list[str] = []
    for block in parse(draw(tables, random.Random(seed))):
        if isinstance(block, Table):
            told = former.table(block.rows)
            assert told is not None
            found += [cell for line in told if line.kind == "row" for cell in line.cells[1:]]
        else:
            former.prose(block)
    assert sorted(filter(None, found)) == sorted(filter(None, tables.figures.values()))


NAMES = ("自然人", "商业企业", "科研机构", "社会公益组织", "法律服务机构", "其他", "总计")
ROW = ("一、本年新收", "1", "0", "0", "0", "0", "0", "1")


def test_the_form_of_a_table() -> None:
    caption = ("三、收到和处理政府信息公开申请情况",) * 8
    assert lines([caption, ("项目", *NAMES), ROW, ("（三）不予公开", *[""] * 7)]) == [
        [
            Line("words", "", (caption[0],)),
            Line("header", "三", ("项目", *NAMES), ("项目", *NAMES)),
            Line("row", "三", ROW),
            Line("words", "三", ("（三）不予公开",)),
        ]
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [("项目", *NAMES[:-1]), ROW[:-1]],  # a column short
        [("项目", *NAMES[:-1], "合计数"), ROW],  # a name that is not the form's
        [("项目", "商业企业", "自然人", *NAMES[2:]), ROW],  # in another order
        [("项目", *NAMES, "备注"), (*ROW, "无")],  # a column more
        [ROW, ("项目", *NAMES), ROW],  # figures in front of the header
        [("信息内容", "采购项目数", "采购总金额"), ("政府集中采购", "3", "1.5")],  # one column that is not the form's
        [("事项", "数量"), ("甲", "5")],
        [("说明",), ("无",)],
        [("", "")],
    ],
)
def test_what_is_not_the_form_beyond_doubt_is_its_grid(rows: list[tuple[str, ...]]) -> None:
    assert lines(rows) == [None]
    text = render([Table(tuple(rows))])
    assert canonical(text.replace("项目", "事项")) != canonical(text) or "项目" not in text


def test_a_piece_of_a_table_goes_on_under_its_header() -> None:
    more = ("二、上年结转", "2", "0", "0", "0", "0", "0", "2")
    head, rest = lines([("项目", "项目", *NAMES), (ROW[0], *ROW)], [more])
    assert head is not None
    assert rest == [Line("row", "三", more)]
    former = Former(cell_key)
    assert former.table([("项目", *NAMES), ROW]) is not None
    former.prose("四、政府信息公开行政复议、行政诉讼情况，以及其他需要说明的事项")
    assert former.table([more]) is None


def test_a_figure_that_layout_prints_twice_is_one_until_the_two_differ() -> None:
    def table(second: str) -> list[list[Line] | None]:
        return lines([("项目", NAMES[0], *NAMES), (*ROW[:2], second, *ROW[2:])])

    assert table("1") == lines([("项目", *NAMES), ROW])
    (one,) = table("2")
    assert one is not None
    assert one[-1].cells[1] == "1‖2"


@pytest.mark.parametrize("converter", ["s2t", "s2tw", "s2twp", "s2hk", "s2hkp"])
@pytest.mark.parametrize("form", ["2019", "2021"])
@pytest.mark.parametrize("seed", range(3))
def test_a_converted_table_is_the_same_table(form: str, converter: str, seed: int) -> None:
    text = draw(make(seed, form), random.Random(seed))
    converted = opencc.OpenCC(converter).convert(text)
    assert converted != text
    forms = [lines_of(one) for one in (text, converted)]
    assert [one is None for one in forms[0]] == [one is None for one in forms[1]]
    prints = [fingerprints("", "", "", "", one) for one in (text, converted)]
    assert significance(*prints) == "cosmetic"


def lines_of(text: str) -> list[list[Line] | None]:
    former = Former(cell_key)
    return [former.table(block.rows) for block in parse(text) if isinstance(block, Table)]
