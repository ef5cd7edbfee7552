"""What mirrors do to GBK text, done here byte for byte as they do it, and what the canonical form makes of it."""

import random
import re

import opencc
from hypothesis import given
from hypothesis import strategies as st

from crawler.page import chinese
from monitor.canonical import fingerprints, significance
from tests.unit.canonical_pages import Writer
from tests.unit.soak import PLAYED, examples

_SEEN = (
    "動dòng 區qū 發fā 報bào 監jiān 據jù 開kāi 關guān 規guī 個gè 會huì 護hù 結jié 計jì 進jìn 機jī 絡luò 強qiáng 權quán 認rèn 設shè 實shí "
    "時shí 數shù 統tǒng 衛wèi 務wù 現xiàn 項xiàng 學xué 習xí 業yè 運yùn 應yīng 優yōu 養yǎng 質zhì 標biāo 準zhǔn"
)
READINGS = dict(re.findall(r"(\S)(\S+)", _SEEN))
MARKS = "。、“《"
"""Characters whose first byte is A1, the only one that can be guessed when it is lost."""


def shifted(text: str, place: int, end: int) -> str | None:
    """`text` with a reading put behind the character before `end`, and the first byte at `place` lost: from there on
    bytes pair off wrongly until the bracket's, which is swallowed."""
    try:
        data = text[place:end].encode("gbk")
    except UnicodeEncodeError:
        return None
    if len(data) != 2 * (end - place) or data[0] != 0xA1:
        return None
    run = data[1:-1].decode("gbk", "replace")
    if "\ufffd" in run or "?" in run:
        return None
    # The last byte and the bracket are no character: both are lost.
    return f"{text[:place]}?{run}?{READINGS[text[end - 1]]}){text[end:]}"


@examples(150)
@given(seed=st.integers(0, 2**32 - 1))
def test_text_read_one_byte_out_of_step_is_cosmetic_or_left_as_it_is(seed: int) -> None:
    """Mended exactly, or not at all: never mended to something that was not there."""
    dice = random.Random(seed)
    writer = Writer(seed)
    text = "".join(opencc.OpenCC("s2t").convert(writer.sentence()) for _ in range(6))
    places = [
        (place, end)
        for place, char in enumerate(text)
        if char in MARKS
        for end in range(place + 3, min(place + 14, len(text)))
        if text[end - 1] in READINGS and not any(other.isascii() for other in text[place:end])
    ]
    if not places:
        return
    place, end = dice.choice(places)
    damaged = shifted(text, place, end)
    if damaged is None:
        return
    PLAYED["shifted runs"] += 1
    mended = chinese.repair(damaged)
    assert mended in (text, damaged)
    PLAYED["shifted runs mended"] += mended == text
    title = "某縣2020年政府信息公開工作年度報告"
    old, new = (fingerprints(title, "", "", "", body) for body in (text, damaged))
    assert significance(old, new) == ("cosmetic" if mended == text else "content")


@examples(200)
@given(seed=st.integers(0, 2**32 - 1), spaces=st.sampled_from(["", " ", "\u00a0", "\u200b", "\u3000"]))
def test_readings_of_any_form_are_cosmetic_and_what_is_no_reading_stays(seed: int, spaces: str) -> None:
    dice = random.Random(seed)
    writer = Writer(seed)
    text = writer.sentence() + writer.sentence()
    han = [place for place, char in enumerate(text) if "\u4e00" <= char <= "\u9fff" and char != "〇"]
    place = dice.choice(han) + 1
    reading = dice.choice(["qū", "zhuāng", "lǜ", "Běi", "ɡōnɡ", "hé huò", "dā dá", "xi\u0304"])
    form = (
        dice.choice(["({})", "（{}）", "({}){{same}}"]).format(spaces.join(reading)).replace("{same}", f"({reading})")
    )
    title = "某县2020年政府信息公开工作年度报告"

    def judged(body: str) -> str:
        return significance(fingerprints(title, "", "", "", text), fingerprints(title, "", "", "", body))

    assert judged(text[:place] + form + text[place:]) == "cosmetic"
    for other in ("(WTO)", "(a)", "(qu)", "(xyz)", "(qū1)", "(区)", "(qūxyz)"):
        assert judged(text[:place] + other + text[place:]) == "content"
