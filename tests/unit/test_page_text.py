"""crawler.page.text and crawler.page.decode: their guarantees hold for any input."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.page.decode import decode
from crawler.page.text import Block, Table, parse, render, tidy, words

_CELL = st.text(alphabet=string.printable + "年|\\\u3000\u200b报告", max_size=12)
_TABLES = st.lists(st.lists(_CELL, min_size=1, max_size=4).map(tuple), min_size=1, max_size=4).map(
    lambda rows: Table(tuple(rows))
)
_BLOCKS = st.lists(st.one_of(_CELL, _TABLES), max_size=8)


@given(_BLOCKS)
def test_parse_is_the_inverse_of_render(blocks: list[Block]) -> None:
    assert parse(render(blocks)) == tidy(blocks)
    assert render(parse(render(blocks))) == render(blocks)


@given(st.text(alphabet="|\\ a\n年", max_size=40))
def test_parse_never_raises(text: str) -> None:
    assert render(parse(render(parse(text)))) == render(parse(text))


def test_the_form() -> None:
    blocks: list[Block] = ["一、总体情况", "|a", Table((("信息内容", "a|b"), ("规章", ""))), Table((("\\",),))]
    assert render(blocks) == "一、总体情况\n\\|a\n| 信息内容 | a\\|b |\n| 规章 |  |\n\n| \\\\ |"
    assert words(blocks) == "一、总体情况\n|a\n信息内容\na|b\n规章\n\n\\"


_PAGE = "<html><body><p>北京市海淀区人民政府2020年政府信息公开工作年度报告，依据条例编制。</p></body></html>"


@pytest.mark.parametrize("encoding", ["gb18030", "gbk", "utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("header", ["", "text/html", "text/html; charset=utf-8", "text/html;charset=ISO-8859-1"])
def test_decode_overrules_a_header_that_lies(encoding: str, header: str) -> None:
    assert decode(_PAGE.encode(encoding), header) == _PAGE


@pytest.mark.parametrize("label", ["gb2312", "GBK", "big5", "no-such-charset", "rot13"])
def test_decode_overrules_a_meta_tag_that_lies(label: str) -> None:
    page = _PAGE.replace("<body>", f'<meta http-equiv=Content-Type content="text/html; charset={label}"><body>')
    assert decode(page.encode("utf-8"), "") == page
    assert decode(page.encode("gb18030"), "") == page


def test_decode_reads_gb18030_under_gb2312_and_big5_where_it_is_declared() -> None:
    rare = "<meta charset=gb2312><p>岀席的㸃，政府信息公开年度报告 ㎡ 镕 𠮷</p>"
    assert decode(rare.encode("gb18030"), "text/html; charset=gb2312") == rare
    traditional = "<meta charset=big5><p>依據政府資訊公開條例規定，編制本報告。</p>"
    assert decode(traditional.encode("big5"), "") == traditional


def test_decode_loses_no_more_than_the_damaged_bytes() -> None:
    damaged = _PAGE.encode("utf-8").replace("依据".encode(), b"\xe4\xbe\xff\xe6\x8d\xae")
    text = decode(damaged, "text/html; charset=gbk")
    assert "北京市海淀区人民政府2020年" in text
    assert text.count("\ufffd") <= 3


@given(st.binary(max_size=400), st.text(max_size=40))
def test_decode_never_raises(body: bytes, header: str) -> None:
    text = decode(body, header)
    assert "\x00" not in text
    text.encode("utf-8")
