"""Words that clone pages splice into copied reports. Pure."""

import re
from collections.abc import Iterator, Sequence

from monitor.findings.model import Finding

_MOST_NAMED = 3
# Each is one that no office writes of itself.
_SPLICED = re.compile(
    r"365(?:体育|投注|游戏|娱乐|电脑网站|线路检测|足球|bet)[\w·.]{0,20}|bet[·.-]?365|\d*_?bet·\d+|36[05]bet"
    r"|美高梅|葡京(?:娱乐|赌场|官网)|金沙(?:娱乐|赌场|官网)|永利(?:娱乐|赌场|皇宫)|威尼斯人(?:娱乐|赌场|官网)|新濠(?:天地|娱乐|影汇)"
    r"|皇冠(?:体育|足球|现金|投注|娱乐|新体育)|娱乐城|亚博(?:体育|娱乐)|开元棋牌|九游会|真人百家乐|百家乐(?:平台|官网)"
    r"|(?:体育|足球|网上|在线|手机)投注|博彩(?:公司|平台|网站|app|官网)|彩票(?:平台|网站|投注|app|登录|开户|官网|注册)"
    r"|(?:中国)?(?:体育|福利)彩票(?=(?:[省市县区])?(?:人民政府|市委|区委|县委|省委|政府办公|[省市县区]政府))"
)
_CUES = (
    *(
        "365",
        "bet",
        "美高梅",
        "葡京",
        "金沙",
        "永利",
        "威尼斯人",
        "新濠",
        "皇冠",
        "娱乐城",
        "亚博",
        "开元棋牌",
        "九游会",
        "百家乐",
    ),
    *("投注", "博彩", "彩票"),
)
"""Of which each of those has one: nearly no page has any."""
_FIGHTING = re.compile(r"打击|查处|整治|取缔|清理|赌|举报|处罚|违法|非法|涉嫌|案件|关闭|屏蔽|诈骗")


def clone_words(lines: str, names: Sequence[str]) -> Iterator[Finding]:
    """Betting words in the folded text, unless it speaks of fighting them."""
    if not any(cue in lines for cue in _CUES):
        return
    words: list[str] = []
    for found in _SPLICED.finditer(lines):
        around = lines[max(0, found.start() - 15) : found.start()] + lines[found.end() : found.end() + 15]
        own = "彩票" in found[0] and any("彩票" in name for name in names)
        if not own and not _FIGHTING.search(around):
            words.append(_clipped(found[0]))
    if words:
        unique = list(dict.fromkeys(words))
        shown = "、".join(f"“{word}”" for word in unique[:_MOST_NAMED])
        yield Finding("clone_words", "error", f"正文夹有博彩词语{shown}，疑为仿冒页面或遭篡改", "正文")


def _clipped(word: str) -> str:
    return word if len(word) <= 24 else word[:24] + "…"
