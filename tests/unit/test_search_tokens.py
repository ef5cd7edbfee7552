"""Tokens and queries of the search: whatever stands in a text is found by it, and no query is a wrong expression."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crawler.page import chinese
from monitor import canonical
from monitor.search.query import MOST_WORDS, PLACES, expression, parse
from monitor.search.snippets import marked, snippets, spans
from monitor.search.tokens import fold, forms, indexed, origins, phrase, placed, tokens

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from("政府信息公开年度报告乾干後后發发資訊〇○零税"),
        st.sampled_from('0123456789０１２３,，.．、。《》（）()|\n 　%％-"“”'),
        st.sampled_from("abcXYZéＡㄅあ한①²㎡…區ū"),
        st.characters(codec="utf-8"),
    ),
    max_size=60,
)


def fts() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.execute(
        """CREATE VIRTUAL TABLE words USING fts5(title, organ, text, attachments, content='', tokenize="ascii tokenchars '.'")"""
    )
    return conn


@pytest.fixture(scope="module")
def empty() -> Iterator[sqlite3.Connection]:
    with fts() as conn:
        yield conn


def finds(query: str, *texts: str) -> list[int]:
    """Which of the texts a query finds."""
    conn = fts()
    conn.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", [(n, indexed(t)) for n, t in enumerate(texts)])
    found = conn.execute("SELECT rowid FROM words WHERE words MATCH ? ORDER BY rowid", (expression(parse(query)),))
    return [number for (number,) in found]


# Tokens ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("收到申请248件", "收 到 申 請 248 件"),
        ("1,234次，１，２３４次、1234次", "1234 次 . 1234 次 . 1234 次"),
        ("13.76％", "13.76"),
        ("2024.1.15", "2024 . 1 . 15"),
        ("12,345,67", "12 . 345 . 67"),
        ("共100，200件", "共 100 . 200 件"),
        ("①②", "1 2"),
        ("A4纸 OK", "a4 紙 ok"),
        ("| 信息 内容 | 248 |", ". 信 息 內 容 . 248 ."),
        ("海珠區(qū)人民", "海 珠 区 人 民"),
        ("", ""),
    ],
)
def test_tokens(text: str, expected: str) -> None:
    # Of the forms of a character it does not matter which one stands for all.
    assert indexed(text) == " ".join("".join(tokens(one)) if one.isalpha() else one for one in expected.split())


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("248", [0, 4]),
        ("２４８", [0, 4]),
        ("1234", [2, 3]),
        ("1,234", [2, 3]),
        ("13.76%", [5]),
        ("13.76", [5]),
        ("13", []),
        ("76", []),
        ("申请248件", [0]),
        ("248件", [0]),
        ("8", []),
    ],
)
def test_a_number_is_found_as_a_whole(query: str, found: list[int]) -> None:
    texts = ("申请248件", "申请1248件", "申请1,234件", "申请1234", "| 申请 | ２４８ | 2480 |", "占13.76％；")
    assert finds(query, *texts) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("税", [0]),
        ("稅", [0]),
        ("公开", [0, 1]),
        ("公開", [0, 1]),
        ("信息", [0, 1, 2]),  # what converters exchange is found by either
        ("資訊", [0, 1, 2]),
        ("资讯", [0, 1, 2]),
        ("开税", []),
        ("乾县", [3, 4]),
        ("二零二三", [4, 5]),
        ("二〇二三", [4, 5]),
    ],
)
def test_words_of_any_length_in_either_script(query: str, found: list[int]) -> None:
    texts = ("信息公开，税务", "信息公開", "政府資訊", "乾县", "干縣二〇二三年", "二零二三年")
    assert finds(query, *texts) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("甲 乙", [0, 1, 2]),
        ("“甲 乙”", [1]),
        ('"甲乙"', [1]),
        ("「甲乙」", [1]),
        ("甲乙", [1]),
        ("甲 -乙", [3]),
        ("甲 －乙", [3]),
        ("甲 NOT 乙", [3]),
        ("丙 OR 丁", [2, 4]),
        ("丙|丁", [2, 4]),
        ("甲 丙 OR 丁", [2]),
        ('甲 -"甲乙"', [0, 2, 3]),
        ("甲 OR", [0, 1, 2, 3]),
        ("OR 甲", [0, 1, 2, 3]),
    ],
)
def test_operators(query: str, found: list[int]) -> None:
    assert finds(query, "甲，乙", "甲 乙", "乙甲丙", "甲", "丁") == found


def test_a_mark_ends_a_phrase_and_brackets_do_not() -> None:
    assert finds("信息公开", "信息、公开", "信息\n公开", "信息》公开", "信息 公开", "“信息”公开") == [2, 3, 4]
    assert finds("信息，公开", "信息、公开", "信息公开") == [0]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example("信息，公开。", 1, 4)
@given(TEXTS, st.integers(0, 60), st.integers(1, 60))
def test_what_stands_in_a_text_finds_it(text: str, start: int, size: int) -> None:
    """Every part of a text, from a token's beginning to a token's end."""
    whole = tokens(text)
    part = text[start : start + size]
    words = phrase(part)
    before, after = tokens(text[:start]), tokens(text[start + size :])
    if not words or [*before, *tokens(part), *after] != whole:  # it cuts a number, a word or a run of marks
        return
    conn = fts()
    conn.execute("INSERT INTO words (rowid, text) VALUES (1, ?)", (indexed(text),))
    match = f'"{" ".join(words)}"'
    assert conn.execute("SELECT count(*) FROM words WHERE words MATCH ?", (match,)).fetchone() == (1,)
    assert spans(text, [words])


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_places_lead_back_to_the_text(text: str) -> None:
    folded, places = fold(text), origins(text)
    assert len(folded) == len(places)
    assert list(places) == sorted(places)
    assert all(0 <= place < len(text) for place in places)
    where = placed(folded, 0, len(folded))
    assert where.tokens == tokens(text)
    for token, (start, end) in zip(where.tokens, where.spans, strict=True):
        if len(token) == 1 and "\u4e00" <= token <= "\u9fff":
            own = text[places[start] : places[end - 1] + 1]
            assert "".join(tokens(own)) == token


@given(TEXTS)
def test_folding_folded_text_changes_nothing(text: str) -> None:
    assert tokens(fold(text)) == tokens(text)


def test_either_script_is_folded_as_the_record_compares_it() -> None:
    """`variants.txt` is what the installed OpenCC says; if this fails, make it anew from the same tables."""
    classes = dict(chinese.script_classes())
    for code, one in classes.items():
        assert fold(chr(code)) == fold(one), chr(code)
    groups: dict[str, set[str]] = {}
    for code, one in classes.items():
        groups.setdefault(one, {one}).add(chr(code))
    for one, group in groups.items():
        assert set(forms(one)) >= group
        assert {classes.get(ord(char), char) for char in forms(one) if char not in canonical._RADICALS} == {one}
    for radical, char in canonical._RADICALS.items():
        assert fold(radical) == fold(char)


# Queries ---------------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@example('"')
@example("NEAR(甲 乙) * ^ : {title} AND OR NOT")
@example("title:甲")
@example("甲*")
@example("-")
@example("\x00'\"")
@given(st.one_of(TEXTS, st.text(alphabet="甲乙 \"“”「」-|ORANDT()*^:{}+\x00'", max_size=40)))
def test_no_query_is_a_wrong_expression(empty: sqlite3.Connection, text: str) -> None:
    query = parse(text)
    for where in PLACES:
        match = expression(query, where)
        assert bool(match) == bool(query.groups)
        if match:
            assert empty.execute("SELECT rowid FROM words WHERE words MATCH ?", (match,)).fetchall() == []


def test_what_is_typed_is_bounded() -> None:
    many = parse(" ".join("甲乙丙丁戊己庚辛壬癸" * 3))
    assert len(many.groups) == MOST_WORDS
    assert many.cut
    assert parse("甲" * 500).cut
    assert not parse("甲 乙").cut


def test_only_unwanted_words_find_nothing() -> None:
    assert expression(parse("-甲")) == ""
    assert len(parse("-甲").excluded) == 1


# Snippets --------------------------------------------------------------------------------------------------------


def shown(pieces: tuple[object, ...]) -> str:
    return "".join(f"[{piece.text}]" if piece.hit else piece.text for piece in pieces)  # type: ignore[attr-defined]


def test_snippets_show_the_text_as_it_stands() -> None:
    text = (
        "第一段。\n"
        + "前" * 60
        + "，收到《条例》 規定的１，２３４件，"
        + "后" * 60
        + "\n| 项目 | 甲 | "
        + "乙 | " * 30
        + "13.76 |"
    )
    found = snippets(text, parse("条例规定 1234 13.76").phrases)
    assert [shown(one) for one in found] == [
        "…" + "前" * 34 + "，收到《[条例》 規定]的[１，２３４]件，" + "后" * 30 + "…",
        "项目 ｜ 甲 ｜…" + "｜ 乙 " * 9 + "｜ [13.76]",
    ]


def test_a_hit_within_a_word_is_none() -> None:
    assert shown(marked("1248件，248件，2480", parse("248").phrases)) == "1248件，[248]件，2480"
    assert spans("agov gov", parse("gov").phrases)[0].start == 5


def test_what_is_hostile_stays_text() -> None:
    pieces = marked("<script>alert(1)</script>公开", parse("公开").phrases)
    assert [(piece.text, piece.hit) for piece in pieces] == [("<script>alert(1)</script>", False), ("公开", True)]
