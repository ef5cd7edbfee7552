"""Folding of Chinese text: what is compared and matched, never what is stored. Pure; nothing here raises.

Script is a property of a text as a whole: single characters do not tell (乾 is both a Simplified place name and the
Traditional form of 干), and OpenCC damages Simplified names (乾县 → 干县, 於潜 → 于潜). So only a text that is
Traditional as a whole is ever converted, and where two texts are compared, both are folded alike (`script_classes`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from crawler.page import mirrors, opencc_words
from crawler.page.characters import Counted, Exchange, nfkc

if TYPE_CHECKING:
    import opencc

# What a converter for Taiwan makes of mainland words, and the mainland word (both in Simplified characters). Seen at
# the big5 gateway of 首都之窗; the rest from OpenCC's own phrase table. Longer ones first: 网际网路 holds 网路.
REGIONAL = {
    "网际网路": "互联网",
    "微网志": "微博",
    "微部落格": "微博",
    "资料库": "数据库",
    "伺服器": "服务器",
    "使用者": "用户",
    "资讯": "信息",
    "网路": "网络",
    "程式": "程序",
    "连结": "链接",
    "软体": "软件",
    "硬体": "硬件",
    "视讯": "视频",
    "影片": "视频",
    "品质": "质量",
    "水准": "水平",
    "数位": "数字",
    "简讯": "短信",
    "预设": "默认",
    "列印": "打印",
    "登入": "登录",
    "搜寻": "搜索",
    "介面": "界面",
    "智慧": "智能",
    "滑鼠": "鼠标",
}
# Of these the mainland uses both words, in senses of their own: not touched where a text is only to be read.
_AMBIGUOUS = frozenset({"影片", "品质", "水准", "数位", "预设", "智慧", "使用者"})
_PLAIN_WORDS = re.compile("|".join(word for word in REGIONAL if word not in _AMBIGUOUS))

# Variants that OpenCC's tables of characters do not join: left alone, or handled in its phrases for Hong Kong only.
_MORE_VARIANTS = (
    *("着著", "了瞭", "借藉", "复覆", "说説", "产産", "台臺", "胡衚", "同衕"),
    *("么麽", "群羣", "里裏", "线綫", "启啓"),
    *("矿鑛", "柏栢", "颖頴", "鳌鼇", "妍姸", "彝彜"),
)
# Of both scripts, every form that OpenCC knows for a character, whatever the phrase: 浚县 is 濬縣, 想象 想像.
_TABLES = (
    *("STCharacters", "TSCharacters", "TSCharactersExt"),
    *("TWVariants", "TWVariantsRev", "HKVariants", "HKVariantsRev"),
)

_INVISIBLE_MARKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
_NOT_HAN = re.compile(f"[^{''.join(f'{chr(first)}-{chr(last - 1)}' for first, last in _HAN_RANGES)}]+")
_MAY_BE_INVISIBLE = (
    (0, 0x3001),
    (0xFE00, 0x10000),
    (0x110BD, 0x110CE),
    (0x13430, 0x13440),
    (0x1BCA0, 0x1BCA4),
    (0x1D173, 0x1D17B),
    (0xE0000, 0xE0080),
)
"""Where Unicode keeps its spaces, control and format characters (checked against the whole of it by a test)."""
_LINE = 40
"""Characters of the longest line that `plain` remembers."""
_FEW = 6
"""Different marks outside the Simplified set that a text usually has at most."""
_MANY = 2000
"""Characters that decide a long text's script: its first ones."""


@cache
def invisible() -> Mapping[int, None]:
    """For str.translate: white space, control and format characters, variation selectors and blank letters → nothing."""
    marks = {ord(char): None for char in _INVISIBLE_MARKS}
    for first, last in _MAY_BE_INVISIBLE:
        for code in range(first, last):
            if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zs", "Zl", "Zp"):
                marks[code] = None
    marks.update(dict.fromkeys((*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x180B, 0x1810))))
    return marks


def strip_invisible(text: str) -> str:
    """`text` without white space, zero-width, control and format characters: what a reader cannot see."""
    bare = "".join(text.split())
    return bare.translate(_ASCII_CONTROLS) if bare.isascii() else _visible()(bare)


def strip_lines(text: str) -> str:
    """`text` with each of its lines stripped of the same; only the breaks between them stay."""
    return _visible_lines()("\n".join(["".join(line.split()) for line in text.split("\n")]))


@cache
def _visible() -> Exchange:
    return Exchange(invisible())


@cache
def _visible_lines() -> Exchange:
    return Exchange({code: None for code in invisible() if code != ord("\n")})


_ASCII_CONTROLS = dict.fromkeys((*range(0x20), 0x7F))


@cache
def _converter(name: str) -> "opencc.OpenCC":
    import opencc  # by the first text that asks for it: who reads none need not have it

    return opencc.OpenCC(name)


@cache
def _single(name: str) -> dict[str, str]:
    """Every Chinese character that converter `name` changes when it stands alone → what it becomes."""
    found: dict[str, str] = {}
    for first, last in _HAN_RANGES:
        for start in range(first, last, 256):  # most stretches have none, and are told at a glance
            chars = "\n".join(map(chr, range(start, min(start + 256, last))))
            converted = str(_converter(name).convert(chars))
            if converted != chars:
                pairs = zip(chars.split("\n"), converted.split("\n"), strict=True)
                found.update((char, other) for char, other in pairs if char != other and len(other) == 1)
    return found


@cache
def _simplified_of() -> dict[int, str]:
    return {ord(char): other for char, other in _single("t2s").items()}


@cache
def _telling() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that only a Traditional and only a Simplified text has: those outside the other's own character
    set."""
    traditional = {char for char in _single("t2s") if not _encodable(char, "gb2312")}
    simplified = {char for char in _single("s2t") if not _encodable(char, "big5")}
    return frozenset(traditional - simplified), frozenset(simplified - traditional)


def _encodable(char: str, charset: str) -> bool:
    try:
        char.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def script_counts(text: str) -> tuple[int, int]:
    """Characters of the first few thousand that are only Traditional, and those that are only Simplified."""
    traditional, simplified = _counted()
    head = text[:_MANY]
    return traditional(head), simplified(head)


@cache
def _counted() -> tuple[Counted, Counted]:
    traditional, simplified = _telling()
    return Counted(traditional), Counted(simplified)


def has_mirror_characters(text: str) -> bool:
    """Whether a mirror put Traditional characters with readings into `text` (區(qū)): it is then of no one script."""
    return mirrors.has_reading(text, _telling()[0])


def is_traditional(text: str) -> bool:
    """Whether `text` as a whole is Traditional. False where nothing tells."""
    head = text[:_MANY]
    if head.isascii() or (not _counted.cache_info().currsize and _is_gb2312(head)):
        return False
    traditional, simplified = _counted()
    most = traditional(head)
    return most > 0 and most > simplified(head)


def _is_gb2312(text: str) -> bool:
    """Whether no character is outside the Simplified set, as all that tell Traditional are: no table need be made for that."""
    for _ in range(_FEW):
        try:
            text.encode("gb2312")
        except UnicodeEncodeError as error:
            odd = text[error.start]
            if any(first <= ord(odd) < last for first, last in _HAN_RANGES):
                return False
            text = text.replace(odd, "")  # 〇, ㎡, –
        else:
            return True
    return _encodable(_NOT_HAN.sub("", text), "gb2312")


def to_simplified(text: str) -> str:
    """A Traditional text in Simplified characters and mainland words; any other text unchanged.

    For matching and reading. It is not for comparing: names that keep a rare form (乾县) are damaged.
    """
    if not is_traditional(text):
        return text
    converted = str(_converter("t2s").convert(text))
    return _PLAIN_WORDS.sub(lambda match: REGIONAL[match[0]], converted)


def repair(text: str) -> str:
    """`text` without the damage that mirrors add (crawler.page.mirrors); undamaged text unchanged."""
    return mirrors.mend(text, _simplified_of()) if ")" in text or "）" in text else text


def plain(text: str) -> str:
    """`text` for matching: repaired, NFKC, no white space, Simplified, ASCII in lower case."""
    if text.isascii():
        return strip_invisible(text).lower()
    return _plain_line(text) if len(text) <= _LINE else _plain(text)


def _plain(text: str) -> str:
    folded = strip_invisible(nfkc(strip_invisible(repair(text))))
    return to_simplified(folded).lower()


_plain_line = lru_cache(maxsize=8192)(_plain)
"""Several stages ask for the same lines, and a portal's menus and the national form's labels come again on every page."""


@cache
def script_classes() -> Mapping[int, str]:
    """For str.translate: a character → the representative of all characters that some conversion merges with it.

    干, 乾, 幹 are one class, 后 and 後 another. Applied to both sides it makes any two scripts of a text equal; what it
    hides besides (干部 against 乾部) is hidden between scripts only, if texts of one script are compared without it.
    """
    changed = [_single(name) for name in ("t2s", "tw2s", "hk2s", "s2t")]
    pairs = [pair for changes in changed for pair in changes.items()]
    for table in _TABLES:
        entries = opencc_words.dictionary(table).items()
        pairs += [(char, form) for char, forms in entries for form in forms if len(char) == len(form) == 1]
    return _representatives([*pairs, *((char, group[0]) for group in _MORE_VARIANTS for char in group[1:])])


@cache
def traditional_variants() -> Mapping[int, str]:
    """For str.translate: forms that the Traditional standards of Taiwan and Hong Kong use for one character (裏, 裡).

    Those of OpenCC's t2tw and t2hk, and four that it has in names of Hong Kong; no others.
    """
    names = [("線", "綫"), ("沖", "冲"), ("匯", "滙"), ("繡", "綉")]
    return _representatives([*_single("t2tw").items(), *_single("t2hk").items(), *names])


def simplified(word: str) -> str:
    """A word of a converter's Traditional tables in Simplified characters."""
    return str(_converter("t2s").convert(word))


def to_traditional(text: str) -> str:
    """A Simplified word in Traditional characters, as a converter writes it."""
    return str(_converter("s2t").convert(text))


def _representatives(pairs: Iterable[tuple[str, str]]) -> dict[int, str]:
    """Every character that stands in a pair → one for all those that pairs connect; those left out stand for
    themselves."""
    parent: dict[str, str] = {}

    def root(char: str) -> str:
        while (above := parent.get(char, char)) != char:
            char = above
        return char

    for one, other in pairs:
        first, second = root(one), root(other)
        parent[first] = second
        parent.setdefault(second, second)
    members: dict[str, list[str]] = {}
    for char in parent:
        members.setdefault(root(char), []).append(char)
    return {ord(char): min(group) for group in members.values() for char in group if char != min(group)}
