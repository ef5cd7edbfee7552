"""Where the reader takes a short cut (told by bytes, by a word, by a whole table), it says what the long way says."""

import pytest

from crawler.page import dom
from crawler.page.chinese import is_traditional
from crawler.page.chrome import is_particulars
from crawler.page.decode import decode
from crawler.page.evidence import marks_in
from crawler.page.flow import read_flow
from crawler.page.tables import read_table

INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\ufe0e\ufe0f\ufeff"
)


@pytest.mark.parametrize("mark", ["\x00", "\x08", "\x0b", "\x0e", "\x1f", "\ufeff"])
def test_controls_are_left_out_wherever_they_stand(mark: str) -> None:
    assert decode(f"<p>甲{mark}乙</p>\t\n\x0c\r".encode()) == "<p>甲乙</p>\t\n\x0c\r"


def test_no_other_character_is_taken_for_a_control() -> None:
    text = "<p>\x7f\x85\u00a0\u2028\u3000\u0416\U00020000，。“”</p>"
    assert decode(text.encode()) == text


def test_the_invisible_goes_and_its_neighbours_stay() -> None:
    near = "".join(chr(ord(mark) + step) for mark in INVISIBLE for step in (-1, 1))
    kept = "".join(char for char in near if char not in INVISIBLE and char.isprintable())
    page = dom.parse(f"<p class='a{INVISIBLE}b'>甲{INVISIBLE}乙{kept}</p>")
    (element,) = page.select(".ab")
    assert element.text == f"甲乙{kept}"


def test_a_lone_surrogate_is_a_question_mark() -> None:
    assert dom.text_of(dom.parse("<p>甲\ud800乙</p>").root) == "甲?乙"


@pytest.mark.parametrize(
    ("attribute", "hidden"),
    [
        ("style='display:none'", True), ("style='DISPLAY : NONE'", True), ("style='color:red;visibility:\nHidden'", True),
        ("style='di\u017fplay:none'", True), ("style='v\u0130sibility:h\u0130dden'", True), ("hidden", True), ("hidden=''", True),
        ("style='display:block'", False), ("style='border:none'", False), ("style='overflow:hidden'", False), ("class=hidden", False),
    ],
)  # fmt: skip
def test_hidden_however_it_is_written(attribute: str, hidden: bool) -> None:
    (table,) = dom.parse(f"<table><tr><td>甲<b {attribute}>1</b></td><td>乙</td></tr></table>").tagged("table")
    assert dom.hides(table) is hidden
    grid = read_table(table)
    assert grid is not None
    assert grid.rows == (("甲" if hidden else "甲1", "乙"),)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0", "0"), (" \n0 ", "0"), ("<p><span>0</span><span><o:p></o:p></span></p>", "0"), ("<!-- 1 -->0", "0"),
        ("<p>1</p><p>2</p>", "1 2"), ("1<br>2", "1 2"), ("1<!-- 9 -->2", "12"), ("<b>1</b>2<i>3</i>", "123"),
        ("<div>1</div>2", "1 2"), ("<script>9</script>0", "0"), ("<select><option>9</select>", ""), ("0<rt>9</rt>", "0"), ("&nbsp;", ""),
    ],
)  # fmt: skip
def test_a_cell_says_what_it_shows(cell: str, text: str) -> None:
    (table,) = dom.parse(f"<table><tr><td>甲</td><td>{cell}</td><td>乙</td></tr></table>").tagged("table")
    grid = read_table(table)
    assert grid is not None
    assert grid.rows == (("甲", text, "乙"),)


def test_a_selector_whose_class_is_nowhere_is_still_looked_at() -> None:
    page = dom.parse("<div class='a'><p class='b c'>甲</p></div>")
    assert [element.text for element in page.select(".a > p.c")] == ["甲"]
    assert page.select(".x p") == []
    assert page.select("div .x, p")[0].text == "甲"
    assert page.select("p:not(.x)")[0].text == "甲"
    with pytest.raises(ValueError, match=r"selector '\.x > > p'"):
        page.select(".x > > p")


def test_an_inline_element_that_is_a_block_ends_its_line_on_both_sides() -> None:
    page = dom.parse("<p>甲<span style='Display: Bloc\u212a'>乙</span>丙<span style='x:block'>丁</span></p>")
    assert [piece.text for piece in read_flow(page).pieces] == ["甲", "乙", "丙丁"]


def test_particulars_among_figures() -> None:
    assert is_particulars([["索引号", "1"], ["２０２０", "发布机构："]])
    assert not is_particulars([["1", "2"], ["发布机构", "x"]])


@pytest.mark.parametrize(
    "line", ["五、存在的问题", "第五部分存在问题", "（五）存在的主要问题", "5、存在的问题", "５、存在的问题"]
)
def test_chapters_by_their_first_character(line: str) -> None:
    assert marks_in(line) == {"problems"}
    assert marks_in(f"本{line}") == set()


@pytest.mark.parametrize(
    ("text", "traditional"),
    [
        ("二〇二〇年㎡①–—•…※→公开", False), ("乾县", False), ("濬縣", True), ("〇㎡①–—•…※→開", True), ("開公", True),
        ("开開", False), ("", False),
    ],
)  # fmt: skip
def test_script_of_texts_with_marks_of_no_set(text: str, traditional: bool) -> None:
    assert is_traditional(text) is traditional
