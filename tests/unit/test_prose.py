"""Figures told in running text: a corpus of sentences, and what may stand around them."""

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.page.text import Table
from monitor.figures import changes, label, prose, read
from monitor.figures.model import Document
from monitor.figures.open_fields import PROSE
from monitor.figures.prose_numbers import chinese

CORPUS = Path(__file__).with_name("prose_corpus.txt")
REQUESTS = "三、依申请公开情况"
RECEIVED = "prose.requests.received"


def corpus() -> Iterator[tuple[str, str, dict[str, float]]]:
    """Heading, sentence, truth."""
    heading = ""
    for line in CORPUS.read_text(encoding="utf-8").split("\n"):
        if line.startswith("## "):
            heading = line[3:]
        elif line and not line.startswith("#"):
            sentence, _, says = line.partition(" => ")
            pairs = (pair.split("=") for pair in says.split())
            truth = {
                f"prose{code}" if code.startswith(".") else f"prose.requests.{code}": float(value)
                for code, value in pairs
            }
            yield heading, sentence, truth


SENTENCES = list(corpus())


def said(*blocks: str, year: int | None = 2020, organs: tuple[str, ...] = ()) -> dict[str, float | None]:
    return {one.field: one.value for one in prose.read(blocks, year, organs).figures}


def test_the_corpus_has_both() -> None:
    silent = [sentence for _, sentence, truth in SENTENCES if not truth]
    assert len(SENTENCES) >= 180
    assert len(silent) >= 80
    assert {code for *_, truth in SENTENCES for code in truth} == set(PROSE), "every code has its sentence"


@pytest.mark.parametrize(("heading", "sentence", "truth"), SENTENCES)
def test_every_sentence_of_the_corpus(heading: str, sentence: str, truth: dict[str, float]) -> None:
    assert said(heading, sentence) == truth
    wide = sentence.translate({ord(char): chr(ord(char) + 0xFEE0) for char in "0123456789"})
    assert said(heading, wide) == truth, "in full-width digits"
    spaced = re.sub(r"[\d.,]+", r" \g<0> ", sentence)
    assert said(heading, spaced) == truth, "with spaces around numbers"


def test_what_is_printed_is_kept() -> None:
    told = prose.read((REQUESTS, "2020年，我局共收到 政府信息公开申请　１２件。"), 2020).told
    assert told == (prose.Told(RECEIVED, 12.0, "我局共收到 政府信息公开申请 １２件", REQUESTS),)
    figure = prose.read(("2020年，我局收到政府信息公开申请12件，答复率100%。",), 2020).figures[0]
    assert (figure.raw, figure.source, figure.confidence) == ("收到政府信息公开申请12件", "prose", 1.0)


def test_two_numbers_for_one_figure_are_a_dispute_and_no_figure() -> None:
    blocks = ("一、总体情况", "2020年收到政府信息公开申请12件。", REQUESTS, "本年度共收到政府信息公开申请13件。")
    found = prose.read(blocks, 2020)
    assert found.figures == ()
    assert [(one.code, [told.value for told in one.told]) for one in found.disputes] == [(RECEIVED, [12.0, 13.0])]
    assert [told.place for told in found.disputes[0].told] == ["一、总体情况", REQUESTS]
    assert said(*blocks[:2], REQUESTS, "全年收到政府信息公开申请12件。") == {RECEIVED: 12.0}


@pytest.mark.parametrize(
    ("blocks", "truth"),
    [
        (("2020年1月1日至2020年12月31日", "2020年收到政府信息公开申请12件。"), {RECEIVED: 12.0}),
        (("某局编制的2019年政府信息公开年度报告。", "2020年收到政府信息公开申请12件。"), {}),
        (("2018年收到政府信息公开申请9件，2020年收到政府信息公开申请12件。",), {}),
        (("全年收到政府信息公开申请12件。",), {RECEIVED: 12.0}),
    ],
)
def test_a_year_that_nobody_gives_is_the_one_that_the_text_tells(
    blocks: tuple[str, ...], truth: dict[str, float]
) -> None:
    preface = "本报告中所列数据的统计期限为"
    told = tuple(preface + block + "。" if block.startswith("2020年1月1日") else block for block in blocks)
    assert said(*told, year=None) == truth


def test_a_paragraph_about_another_year_stays_about_it() -> None:
    looking_back = "2019年，我局扎实推进公开。共收到政府信息公开申请15件，予以公开10件。"
    assert said(REQUESTS, looking_back) == {}
    assert said(REQUESTS, f"{looking_back}2020年，共收到政府信息公开申请12件。") == {RECEIVED: 12.0}
    assert said(REQUESTS, looking_back, "共收到政府信息公开申请12件。") == {RECEIVED: 12.0}


@pytest.mark.parametrize(
    ("organ", "sentence", "own"),
    [
        ("临海市教育局", "临海市教育局2020年收到政府信息公开申请12件。", True),
        ("临海市教育局", "市教育局共收到政府信息公开申请12件。", True),
        ("临海市教育局", "我局收到政府信息公开申请12件。", True),
        ("海淀区城市管理指挥中心", "2020年中心收到政府信息公开申请12件。", True),
        ("临海市人民政府", "2020年，全市共收到政府信息公开申请12件。", True),
        ("临海市人民政府", "市教育局收到政府信息公开申请12件。", False),
        ("临海市人民政府", "市政府办公室2020年收到政府信息公开申请12件。", False),
        ("临海市公安局", "市教育局收到政府信息公开申请12件。", False),
    ],
)
def test_another_organ_by_name(organ: str, sentence: str, own: bool) -> None:
    assert said(REQUESTS, sentence, organs=(organ,)) == ({RECEIVED: 12.0} if own else {})


def test_chapters_on_plans_and_problems_are_left_out() -> None:
    chapters = ("五、存在的主要问题及改进情况", "收到政府信息公开申请9件。", "六、其他需要报告的事项")
    assert said(*chapters, "收到政府信息公开申请12件。") == {RECEIVED: 12.0}
    run_in = "五、存在的主要问题及改进情况 我局工作与群众期待仍有差距，宣传力度有待加强。收到政府信息公开申请9件。"
    assert said(run_in, "六、其他需要报告的事项 " + "无。" * 20 + "收到政府信息公开申请12件。") == {RECEIVED: 12.0}
    assert said("八、其他事项", "（二）建议和提案办理结果", "收到政府信息公开申请9件。", "九、说明", "无。") == {}


def test_mirrors_and_scripts() -> None:
    damaged = (
        "2020年海珠區(qū)人民政府共收到政府信息公開申請417宗，上年結(jié)轉(zhuǎn)申請10宗。"
        "其中予以公開141宗；轉(zhuǎn)下年度繼續(xù)辦理17宗。"
    )
    truth = {RECEIVED: 417, "prose.requests.carried_in": 10, "prose.requests.granted": 141}
    assert said(damaged) == truth | {"prose.requests.carried_out": 17}


def test_tables_are_no_prose() -> None:
    table = Table((("收到政府信息公开申请12件", "予以公开3件"),))
    assert prose.read((table, "收到政府信息公开申请12件 |"), 2020).told == ()


def test_prose_is_part_of_a_report_and_no_cell_of_its_difference() -> None:
    old, new = (read(f"2020年收到政府信息公开申请{number}件。", year=2020) for number in (12, 15))
    assert [(one.field, one.value) for one in old.figures] == [(RECEIVED, 12.0)]
    assert changes(old, new) == (), "the text says it"
    assert label(RECEIVED) == "正文 收到政府信息公开申请"


def test_prose_of_an_attachment_where_the_page_has_none() -> None:
    def document(source: str, number: int) -> Document:
        blocks = ("一、总体情况", f"2020年收到政府信息公开申请{number}件。")
        return Document(source, f"http://x/{number}", "年报", blocks)  # type: ignore[arg-type]

    (figure,) = read("详见附件。", (document("ocr", 3), document("pdf", 4)), year=2020).figures
    assert (figure.value, figure.source, figure.url) == (4.0, "prose", "http://x/4")
    (figure,) = read("全年收到政府信息公开申请5件。", (document("pdf", 4),), year=2020).figures
    assert (figure.value, figure.url) == (5.0, "")
    assert read("详见附件。", (document("ocr", 3),), year=2020).figures == ()


@pytest.mark.parametrize(
    ("words", "number"),
    [("二十三", 23), ("十", 10), ("一百零二", 102), ("两千三百", 2300), ("零", 0), ("十百", None), ("", None)],
)
def test_chinese_numbers(words: str, number: float | None) -> None:
    assert chinese(words) == number


def test_a_number_of_hundreds_of_digits_is_none() -> None:
    assert prose.read((REQUESTS, f"2020年，我局收到政府信息公开申请{'9' * 400}件。"), 2020).told == ()


WORDS = (
    *(
        "收到",
        "受理",
        "政府",
        "信息",
        "公开",
        "申请",
        "依申请",
        "、",
        "，",
        "的",
        "和",
        "共",
        "其中",
        "行政复议",
        "诉讼",
    ),
    *("未", "没有", "12", "1,234", "三十", "件", "万", "元", "收取", "费", "检索", "主动公开", "条", "结转", "下年度"),
    *(
        "上年",
        "2019年",
        "2020年",
        "累计",
        "较",
        "通过",
        "网站",
        "规范性文件",
        "制发",
        "不予",
        "予以",
        "咨询",
        "(",
        "。",
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=80).map("".join) | st.text(max_size=80))
def test_nothing_breaks_it(text: str) -> None:
    for one in prose.read((REQUESTS, text), 2020).told:
        assert one.code in PROSE
        assert one.raw
        assert one.value >= 0


@pytest.mark.parametrize("word", [*WORDS, "收到政府信息公开", "未收到公民、法人", "收取检索、复印费", "接受信息公开"])
def test_no_repetition_takes_long(word: str) -> None:
    text = word * (20_000 // len(word))
    began = time.process_time()
    prose.read((REQUESTS, text), 2020)
    prose.read((REQUESTS, f"12件{text}12件未{text}申请"), 2020)
    assert time.process_time() - began < 1.5


def test_a_long_report_takes_little() -> None:
    rng = random.Random(7)
    plain = "我局坚持以公开为常态、不公开为例外，健全工作机制，细化任务分工，及时回应社会关切，召开专题会议3次，培训12人次。"
    sentences = [rng.choice(SENTENCES)[1] if rng.random() < 0.15 else plain for _ in range(180)]
    blocks = ["".join(sentences[first : first + 4]) for first in range(0, 180, 4)]
    assert sum(map(len, blocks)) > 8000
    best = min(_cpu(blocks) for _ in range(5))
    assert best < 0.01, "1 ms on a quiet machine; a pattern that backtracks costs more than ten times that"


def _cpu(blocks: list[str]) -> float:
    began = time.process_time()
    prose.read(blocks, 2020)
    return time.process_time() - began
