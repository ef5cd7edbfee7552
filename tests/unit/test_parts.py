"""Long messages in parts: each fits, none breaks what must stay whole, and together they say all of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor import chat
from monitor.channels import parts
from monitor.markup import Line, Links, as_markdown, as_text
from monitor.message import Message
from monitor.parts import MOST, in_bytes, split

LINK = "[页面](https://www.linhai.gov.cn/col/col1229317620/index.html?id=1&x=2)"


def long_message(lines: int, width: int = 60) -> Message:
    blocks = [Line(f"第{number}项，" + "变" * width, telling=True) for number in range(lines)]
    links = Links((("页面", "https://a.gov.cn/1"), ("全部", "https://b.example.cn/")))
    subject = "【年报日报】11-21 · 变更 99"
    return Message(subject, as_text([*blocks, links]), "", as_markdown(subject, [*blocks, links], telling=lines))


def test_between_lines_first() -> None:
    lines = [f"第{number}项：" + "字" * 20 for number in range(12)]
    found = split("\n".join(lines), 200, in_bytes, 99)
    assert [line for part in found for line in part.split("\n")] == lines


def test_then_after_sentences_then_after_clauses() -> None:
    assert split("甲" * 20 + "。" + "乙" * 20 + "。", 70, in_bytes) == ["甲" * 20 + "。", "乙" * 20 + "。"]
    assert split("甲" * 20 + "，" + "乙" * 20, 70, in_bytes) == ["甲" * 20 + "，", "乙" * 20]
    assert split("甲" * 40, 70, in_bytes) == ["甲" * 23, "甲" * 17]


def test_links_stay_whole_and_one_that_is_too_long_is_left_out() -> None:
    found = split("字" * 30 + LINK + "字" * 30 + "https://a.gov.cn/2020/11/21/art_1.html。", 120, in_bytes)
    assert any(LINK in part for part in found)
    assert any("https://a.gov.cn/2020/11/21/art_1.html" in part for part in found)
    endless = "[页面](https://a.gov.cn/" + "x" * 300 + ")"
    assert split(f"见{endless}。", 120, in_bytes) == ["见页面（网址过长，从略）。"]


def test_too_long_for_all_parts_says_so_and_keeps_the_links() -> None:
    text = "\n".join(["字" * 50 for _ in range(100)] + [LINK])
    found = split(text, 500, in_bytes)
    assert len(found) == MOST
    assert found[-1].endswith(LINK)
    left = re.search(r"其余 (\d+) 字从略", found[-1])
    assert left is not None
    missing = 100 - "".join(found).count("字" * 50)
    assert 50 * missing <= int(left[1]) <= 52 * missing


@given(
    st.text(alphabet="字a。，　 \n[](:/页面https*1😀", max_size=400),
    st.integers(min_value=60, max_value=120),
    st.sampled_from([in_bytes, len]),
)
def test_whatever_it_says_each_part_fits_and_nothing_is_lost(text: str, most: int, size) -> None:  # type: ignore[no-untyped-def]
    found = split(text, most, size, 999)
    assert all(size(part) <= most for part in found)
    if "https://" not in text:
        assert re.sub(r"\n", "", "".join(found)) == re.sub(r"\n", "", text)


@pytest.mark.parametrize(
    ("url", "most"), [("wecombot://key", 2048), ("dingtalk://token", 18000), ("feishu://t", 18000)]
)
def test_a_robot_s_parts_fit_with_their_marks(url: str, most: int) -> None:
    found = parts(url, long_message(12 if most < 9999 else 100))
    target = chat.parse(url)
    assert target is not None
    assert 1 < len(found) <= MOST
    for number, part in enumerate(found, 1):
        assert part.subject.endswith(f"（{number}/{len(found)}）")
        assert part.markdown.startswith(f"**【年报日报】11-21 · 变更 99（{number}/{len(found)}）**\n")
        assert in_bytes(part.markdown) <= most
        assert "从略" not in str(chat.request_of(target, part, lambda: 0.0))  # nothing is cut any more
    told = "".join(part.markdown for part in found)
    assert [f"第{number}项" in told for number in range(12)] == [True] * 12
    assert "第0项" in found[0].markdown
    assert "[全部](https://b.example.cn/)" in found[-1].markdown


def test_what_fits_is_whole_and_mail_always_is() -> None:
    message = long_message(3)
    for url in ("wecombot://key", "json://127.0.0.1/x", "mailto://127.0.0.1:25?to=a@b.cn&from=c@d.cn", "feishu://"):
        assert parts(url, message) == [message]
    endless = long_message(1000)
    assert parts("mailto://127.0.0.1:25?to=a@b.cn&from=c@d.cn", endless) == [endless]


def test_other_receivers_get_as_many_characters_as_they_take() -> None:
    found = parts("tgram://123456789:abcdefg_hijklmnop/12315544/", long_message(100))
    assert len(found) == 2
    assert all(len(part.text) + len(part.subject) <= 4096 for part in found)
    assert "第99项" in found[1].text
