"""What mirrors do to a text, undone. Text in, text out; pure, and never raises.

Copies of reports on other hosts carry two kinds of damage (seen in a mirror of Haizhu's report for 2020):

- a reading in brackets after a character, `區(qū)`, or an untoned one twice, `公(gong)(gong)`. It was inserted into GBK
  bytes without regard for where a character begins, so that it may also split one: `局?jǐn)?shù)據` is 局數據, where
  the last byte of 局 and the first of 數 happen to be 謹 (jǐn);
- GBK read one byte out of step: `?。ㄒ唬┲鲃?dòng)` is `　（一）主動`. It lasts until the first ASCII byte, which is
  eaten as the second half of a character: a letter, or the bracket of the next reading.

The byte that was lost at the front can only be guessed: A1, which begins 　、。“” and nearly every mark. Where that
guess gives nonsense (a full stop right before another mark, a character that is not read as the reading says), the
text is left as it is. Text that is not damaged is returned unchanged: brackets go only if they follow a Chinese
character and hold nothing but syllables that exist.
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping

# Syllables of standard Chinese without tones, by initial (汉语拼音方案, 1958); v stands for ü.
_SYLLABLES = frozenset(
    initial + final
    for initial, finals in {
        "": "a o e ai ei ao ou an en ang eng er yi ya ye yao you yan yin yang ying yong yu yue yuan yun "
        "wu wa wo wai wei wan wen wang weng",
        "b": "a o ai ei ao an en ang eng i ie iao ian in ing u",
        "p": "a o ai ei ao ou an en ang eng i ie iao ian in ing u",
        "m": "a o e ai ei ao ou an en ang eng i ie iao iu ian in ing u",
        "f": "a o ei ou an en ang eng u",
        "d": "a e ai ei ao ou an en ang eng ong i ia ie iao iu ian ing u uo ui uan un",
        "t": "a e ai ei ao ou an ang eng ong i ie iao ian ing u uo ui uan un",
        "n": "a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan un v ve",
        "l": "a o e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un v ve",
        "g": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
        "k": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
        "h": "a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
        "j": "i ia ie iao iu ian in iang ing iong u ue uan un",
        "q": "i ia ie iao iu ian in iang ing iong u ue uan un",
        "x": "i ia ie iao iu ian in iang ing iong u ue uan un",
        "zh": "i a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang",
        "ch": "i a e ai ao ou an en ang eng ong u ua uo uai ui uan un uang",
        "sh": "i a e ai ei ao ou an en ang eng u ua uo uai ui uan un uang",
        "r": "i e ao ou an en ang eng ong u ua uo ui uan un",
        "z": "i a e ai ei ao ou an en ang eng ong u uo ui uan un",
        "c": "i a e ai ao ou an en ang eng ong u uo ui uan un",
        "s": "i a e ai ao ou an en ang eng ong u uo ui uan un",
    }.items()
    for final in finals.split()
)

# Readings that mirrors were seen to write, and the characters they stood after: what a split character is found by,
# besides the readings that the text itself spells out elsewhere.
_SEEN = """biāo標 bào報 bǔ補 chuàng創 chǎn產 chǔ礎 cái財 diǎn點 dá達 dòng動 dāng當 dǎo導 fù復 fā發 guān關 guī規 gè個
gòu構 huán環 huì會 hù護 jié結 jiān堅監 jì計 jìn進 jǐn謹 jù據 jī機 luò絡 lǐng領 nèi內 qiáng強 quán權 qū區 rèn認 shè設
shí實時 shù數術 tài態 tǒng統 wèi衛 wù務 wěn穩 wǎng網 xiàn現 xiàng項 xiāng鄉 xué學 xì細 xí習 xù續 yàn驗 yán嚴 yè業 yù預
yùn運 yīng應 yōu優 yǎng養 zhuǎn轉 zhì質 zhǔn準"""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTERS = "A-Za-z\u00c0-\u024f\u0251\u0261\u0300-\u030c"
_LOST = "?？\ufffd"
_BRACKETED = rf"[{_LETTERS}'’\s]{{1,40}}[)）]"
_GLOSS = re.compile(rf"[(（](?<=[{_HAN}][(（]){_BRACKETED}(?:[(（]{_BRACKETED})*")
_LONGEST_SYLLABLE = 8
"""Letters of `zhuang`, and marks that do not compose."""
_SPACES = re.compile(r"[\s'’]+")
_READING = re.compile(rf"[(（]([{_LETTERS}' ’\s]+)[)）]")
_PLAIN_GLOSS = re.compile(rf"([{_HAN}])[(（]([{_LETTERS}]{{1,8}})[)）]")
# In what was decoded out of step, marks may have been narrowed since, together with those of the whole text.
_SHIFTED = re.compile(
    rf"[{_LOST}]((?:[^\x00-\x7f{_LOST}]|[!,:;]){{1,40}}?)(?:([@-~])[(（]|[{_LOST}])([{_LETTERS}]{{1,8}})[)）]"
)
_SPLIT = re.compile(rf"(?<=([{_HAN}]))[{_LOST}]([{_LETTERS}]{{1,8}})[)）][{_LOST}]([{_LETTERS}]{{1,8}})[)）]")
_WIDE = {ord(mark): ord(mark) + 0xFEE0 for mark in "!,:;"}
_STOPS = "。、"
_MARKS = "，。、；：！？”’）》」』】〕"
_TONES = frozenset("\u0304\u0301\u030c\u0300")


def syllable(reading: str) -> tuple[str, bool]:
    """A reading as printed → (its syllable without tone, v for ü; whether it bears a tone). Not a syllable: ("",
    False)."""
    bare = reading.strip().lower().replace("ɑ", "a").replace("ɡ", "g")
    tones = 0
    letters: list[str] = []
    for char in unicodedata.normalize("NFD", bare):
        if char in _TONES:
            tones += 1
        elif char == "\u0308" and letters and letters[-1] == "u":
            letters[-1] = "v"
        else:
            letters.append(char)
    base = "".join(letters)
    return (base, tones == 1) if base in _SYLLABLES and tones <= 1 else ("", False)


def mend(text: str, other_form: Mapping[int, str]) -> str:
    """`text` without readings and with shifted characters put right wherever that is certain.

    `other_form` maps Traditional characters to Simplified ones (str.translate): a mirror converts after it decodes,
    so a character of a shifted run may stand for the bytes of its other form.
    """
    if "(" not in text and "（" not in text and ")" not in text:
        return text
    readings: Mapping[str, frozenset[str]] | None = None
    if any(mark in text for mark in _LOST) and (_SHIFTED.search(text) or _SPLIT.search(text)):
        readings = _readings(text)
        text = _SHIFTED.sub(lambda match: _unshifted(match, readings, other_form), text)
        text = _SPLIT.sub(lambda match: _rejoined(match, readings, other_form), text)
    return without_readings(text)


def without_readings(text: str) -> str:
    """`text` without readings in brackets after characters: toned syllables, or one without tone twice."""
    return _GLOSS.sub(_without_readings, text)


def has_reading(text: str, chars: Container[str]) -> bool:
    """Whether a reading in brackets stands after one of `chars`."""
    if "(" not in text and "（" not in text:
        return False
    found = (match for match in _GLOSS.finditer(text) if text[match.start() - 1] in chars)
    return any(_without_readings(match) == "" for match in found)


def _without_readings(match: re.Match[str]) -> str:
    found = [_SPACES.sub("", reading) for reading in _READING.findall(match[0])]
    if all(map(_is_toned, found)):
        return ""
    doubled = len(found) >= 2 and len(set(found)) == 1 and syllable(found[0])[0]
    return "" if doubled else match[0]


def _is_toned(reading: str) -> bool:
    """Whether a reading is syllables, one or several on end, that each bear a tone."""
    text = unicodedata.normalize("NFC", reading)
    ends = {0}
    for end in range(1, len(text) + 1):
        if any(syllable(text[start:end])[1] for start in ends if end - start <= _LONGEST_SYLLABLE):
            ends.add(end)
    return len(text) > 0 and len(text) in ends


def _readings(text: str) -> dict[str, frozenset[str]]:
    """Reading (NFC, lower case) → characters that it stood after, here or elsewhere."""
    seen: dict[str, set[str]] = {}

    def learn(pairs: Iterable[tuple[str, str]]) -> None:
        for char, reading in pairs:
            if syllable(reading)[1]:
                seen.setdefault(_key(reading), set()).add(char)

    for entry in _SEEN.split():
        reading = entry.rstrip("".join(char for char in entry if char >= "\u3400"))
        learn((char, reading) for char in entry[len(reading) :])
    learn(_PLAIN_GLOSS.findall(text))
    return {reading: frozenset(chars) for reading, chars in seen.items()}


def _key(reading: str) -> str:
    return unicodedata.normalize("NFC", reading.strip().lower().replace("ɑ", "a").replace("ɡ", "g"))


def _gbk(text: str) -> bytes | None:
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        return None


def _text(data: bytes) -> str | None:
    try:
        return data.decode("gbk")
    except UnicodeDecodeError:
        return None


def _unshifted(match: re.Match[str], readings: Mapping[str, frozenset[str]], other_form: Mapping[int, str]) -> str:
    run, letter, reading = match[1].translate(_WIDE), match[2], match[3]
    chars = readings.get(_key(reading), frozenset())
    for form in dict.fromkeys((run, run.translate(other_form))):
        data = _gbk(form)
        if data is None or len(data) != 2 * len(form):
            continue
        data = b"\xa1" + data
        front, last = _text(data[:-1]), data[-1:]
        fitting = [_text(last + letter.encode())] if letter else [c for c in chars if (_gbk(c) or b"")[:1] == last]
        ends = [end for end in fitting if end in chars]
        if front is None or len(ends) != 1:
            continue
        mended = front + str(ends[0])
        if mended[0] in _STOPS and mended[1] in _MARKS:
            continue
        return mended
    return match[0]


def _rejoined(match: re.Match[str], readings: Mapping[str, frozenset[str]], other_form: Mapping[int, str]) -> str:
    before, false, true = match[1], match[2], match[3]
    expected = readings.get(_key(false), frozenset())
    candidates = []
    for form in dict.fromkeys((before, before.translate(other_form))):
        last = (_gbk(form) or b"")[-1:]
        for char in sorted(readings.get(_key(true), frozenset())):
            crossing = _text(last + (_gbk(char) or b"")[:1])
            if crossing is not None and len(crossing) == 1 and (crossing in expected or not expected):
                candidates.append(char)
    return candidates[0] if len(set(candidates)) == 1 else match[0]
