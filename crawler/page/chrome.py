"""What on a page is not the report: bars, counters, trails, dialogs, related links.

In: pieces of a page's flow. Out: the same without chrome. Told by what a line says (whole lines only, and short ones) and, for
unmistakable ones, by the class of the element it stands in. Everything here may change between two fetches of an unchanged
report, so none of it may reach a fingerprint; everything else must. Pure.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from crawler.page.chinese import plain
from crawler.page.dom import Element
from crawler.page.flow import Piece

_LONGEST = 160
"""Characters of the longest line that can be chrome."""

_DATE = (
    r"(?:\d{4}|-{2,4})(?:年|-|/|\.)?(?:\d{1,2}|--?)(?:月|-|/|\.)?(?:\d{1,2}|--?)日?"
    r"(?:[t ]?\d{1,2}[:时]\d{1,2}(?:[:分]\d{1,2}秒?)?(?:\.\d+)?)?"
)
_LABEL = (
    r"(?:信息|文章|稿件|发布|更新|发文)?(?:来源|作者|日期|时间)[:：]|(?:责任编辑|责编|编辑|审核|校对|撰稿|供稿)[:：]|(?:浏览|访问|点[击选阅]|阅读|人气)(?:次数|量|数|[:：])|字[号体]|"
    r"本文|该文|打印|关闭|分享|收藏|视力保护|背景色|大中小"
)
_NAME = rf"[^:|\[【]{{0,40}}?(?=$|[|\[【]|{_LABEL})"
_SIZE = r"[\[(【]?(?:特大|超大|大|中|小|a[+-]?|默认|正常)(?:[|/、·]?(?:特大|超大|大|中|小|a[+-]?|默认|正常))*[\])】]?"
_COUNT = (
    r"(?:浏览|访问|点[击选阅]|阅读|查看|累计访问|总访问|今日访问|本页访问|下载|转载|评论|被浏览|已浏览|已阅|人气|关注|"
    r"views?|hits?|pv|visits?|clicks?|counter)(?:次数|量|数|人数|人次|率|指数)?"
)
_SKY = r"(?:晴|多云|阴|(?:小|中|大|暴|阵|雷阵|毛毛)雨|(?:小|中|大|暴|阵)?雪|雨夹雪|雷阵雨|雾|霾|浮尘|扬沙|沙尘暴)"
_PARTS = "|".join(
    (
        rf"(?:发布|发文|发稿|成文|生成|更新|公布|公开|印发|创建|修改|录入|撰写|上传|编辑|刊发|刊登|打印|文章|信息|最后更新|最近更新|页面更新)?(?:日期|时间)[:：]?{_DATE}(?:星期[一二三四五六日天])?",
        rf"(?:刊发|刊登|发布|更新)[:：]{_DATE}",
        rf"(?:发布于|更新于|发表于|时间|日期)[:：]?(?:{_DATE})?",
        rf"(?:信息|文章|稿件|内容|新闻|文件)?(?:来源|出处)[:：]{_NAME}",
        rf"(?:文章|信息|文字)?(?:作者|撰稿|供稿|责任编辑|责编|编辑|审核|审校|校对|签发|录入|发布者|发布人|编辑人|审核人|摄影|复审|终审|初审|一审|二审|三审)[:：]{_NAME}",
        rf"(?:本文|该文|文章|此文|本页面?|此页面?|本站|该?信息|网友|最新|全部)?(?:共|已|被|已被)*{_COUNT}(?:了)?[:：]?(?:[(（\[]?(?:-+|\d[\d,]*|loading|加载中|null|nan)?[)）\]]?[次人]?)",
        r"(?:本文|本页面?|信息)?(?:已有|共有|已经有|有)?\d[\d,]*(?:人次?|次|位网友)(?:浏览|阅读|访问|点[击选阅]|查看|评论|参与|关注)(?:过|了)?(?:本文|本页)?",
        r"(?:页面|网页)?(?:加载|执行|响应|处理)?(?:耗时|用时)[:：]?[\d.]+(?:秒|毫秒|m?s)",
        r"(?:页面|网页)(?:加载|执行|响应|处理|生成)时间[:：]?[\d.]+(?:秒|毫秒|m?s)",
        rf"(?:字号|字体|字体大小|文字大小|调整字号|正文字号|字体显示|选择字号|视力保护色|保护视力色|背景色|页面底色)(?:切换|设置|调整)?[:：]?(?:{_SIZE})*",
        r"(?:我要|全文)?(?:打印|列印|纠错|留言|收藏|评论)(?:本页|本文|此页|正文|本条)?|(?:关闭|下载)(?:窗口|本页|此页|本文|页面)|关闭|加入收藏|返回(?:顶部|列表|上一页|上页|首页)?|回到顶部|置顶|"
        r"朗读|语音(?:播报|播放)|播放|听全文|保存|另存|复制链接|二维码|推荐|顶部|top|繁体|简体|[简繁]|english|rss|订阅|投稿|点赞|登录|注册",
        r"(?:一键|我要)?分享(?:到|至|给好友|本页|文章|按钮)?[:：]?(?:(?:新浪|腾讯)?微博|微信(?:好友|朋友圈)?|朋友圈|qq(?:空间|好友)?|人人网|豆瓣|更多|[,，、|])*",
        r"(?:新浪微博|腾讯微博|微信|朋友圈|qq空间|qq好友|qq)",
        rf"(?:今天是|今天|现在是|现在时间|当前时间|当前日期|北京时间)[:：]?(?:{_DATE})?(?:星期|周)?[一二三四五六日天-]?",
        rf"{_DATE}(?:星期|周)[一二三四五六日天-](?:农历.{{0,20}})?",
        r"(?:星期|周)[一二三四五六日天-]",
        r"(?:当前)?(?:天气|温度|气温|湿度|风力|风向|空气质量|pm2\.5|aqi)(?:预报|指数)?[:：]?(?:[-\d~～℃°c/%级优良轻中重度污染]|°c|晴|多云|阴|转|小|大|暴|阵|雷|雨|雪|雾|霾|东|南|西|北|微|风|级|转)*",
        rf"(?:{_SKY}(?:(?:转|间|到|有){_SKY})*)?(?:(?:温度|气温)[:：]?)?-?\d{{1,2}}(?:℃|°c)?(?:~|～|-|/|至)-?\d{{1,2}}(?:℃|°c)",
        rf"{_SIZE}",  # behind the weather: 小雨 begins with 小
        r"(?:已归档|归档|此页面已归档|本页面已归档|该信息已归档)",
        r"(?:索引号|主题分类|信息索引号|信息分类|主题词|关键字|关键词|体裁分类|服务对象|组配分类|公开类别|信息有效性|时效性|有效性)[:：][^。]{0,40}",
        r"(?:无障碍|长者|老年|关怀|适老)(?:浏览|阅读|版|模式|服务|专区|助手)?|(?:微信|微博|客户端|移动端|手机版|电脑版)(?:公众号)?",
        r"[0-9a-f]{32}",
    )
)
# Each part is atomic, so that a line of a hundred parts that ends otherwise is refused in one go.
_BAR = re.compile(rf"(?>(?:{_PARTS})[|｜\s、,，;；·/\-—–>》\[\]【】()]*)+", re.I)
# A date alone may close a report; beside a counter it is the page's own.
_COUNTED = re.compile(rf"(?>(?:{_PARTS}|{_DATE})[|｜\s、,，;；·/\-—–>》\[\]【】()]*)+", re.I)
_COUNTER = re.compile(rf"{_COUNT}(?:了)?[:：]?[(（\[]?\d|\d(?:人次?|次)(?:浏览|阅读|访问|点[击选阅]|查看)", re.I)
_LINES = re.compile(
    r"(?:您|你)访问的(?:链接|网站|页面|网页)即将离开.{0,80}|是否继续(?:访问)?[?？]?(?:继续访问|继续|放弃|取消|确定|确认|访问|关闭|[是否×x])*|(?:继续访问|继续|放弃|取消|确定|确认)+|即将(?:离开|跳转).{0,60}(?:是否继续|网站).{0,10}|"
    r"(?:您(?:现在|当前|所在|目前)?的?|当前|现在|所在|目前|你的)?(?:所在)?位置(?:是|为)?[:：].{0,120}|(?:网站)?首页(?:[>»›/\-→＞﹥].{0,120})|"
    r"(?:上一?[篇条页]|下一?[篇条页]|前一[篇条]|后一[篇条])[:：]?.{0,80}|"
    r"(?:手机|微信|用手机|请用微信|使用手机|打开微信|打开手机)?扫一?扫.{0,60}|(?:扫码|扫描).{0,20}(?:二维码|手机|微信|分享|浏览|阅读|打开).{0,20}|"
    r".{0,30}(?:icp备|公网安备|网站标识码|网站地图|版权所有|copyright|©).{0,120}|"
    r"(?:主办|承办|协办|技术支持|主管|维护|运维|建设)(?:单位|部门|机构)?[:：].{0,80}(?:icp|备|电话|标识码|承办|主办|技术支持).{0,80}|"
    r"(?:无障碍(?:浏览|阅读|版|模式|服务)?|长者(?:版|模式|专区|助手)|(?:进入|退出)(?:老年|长者|关怀|无障碍|适老)(?:版|模式)|关怀(?:版|模式)|适老(?:版|化)|大字版|老年版|智能机器人|网站支持ipv6|本网站支持ipv6|ipv6)+|"
    r"(?:请输入|请选择)?(?:搜索|站内搜索|高级搜索|热门搜索|热词|热搜词?|大家都在搜)(?:关键[字词])?[:：]?.{0,40}|"
    r"(?:您的浏览器|你的浏览器|当前浏览器).{0,60}|(?:浏览器)?不支持.{0,20}(?:播放|浏览|iframe|嵌入|框架).{0,20}|正在加载.{0,10}|加载中.{0,5}|loading\.*|"
    r"(?:登录|注册|登录[|/]?注册|用户中心|个人中心|我的收藏)+|"
    r"<+(?:上一[页篇条])?|>+|[|｜]+"
)
_SENTENCES = re.compile(
    r"本文已被?(?:浏览|阅读|访问|点[击选阅])\d*次|您是(?:本页|本站|本网站|我们)?的?第\d+位(?:访客|访问者|来访者|浏览者|访问用户|网友|读者|用户|朋友)"
)
_VALUE = re.compile(r"^[^:：]{1,12}[:：].|\d")
_PAGES_OWN = re.compile(
    r"今天|现在是|当前|北京时间|星期|天气|气温|温度|℃|°c|分享|打印|关闭|字[号体]|上一?[篇页条]|下一?[篇页条]|[您你]访问|离开|扫一?扫|扫码|本[页文站]|此[页文]|该文|"
    r"首页|耗时|用时|[载行应理成]时间|热[词搜]|版权|备案|浏览器|[0-9a-f]{32}"
)
_RELATED = re.compile(
    r"(?:[【\[]?)(?:相关|关联|延伸|推荐|热门|热点|最新|更多|猜你喜欢|图片|精彩|近期|同类|其他)?(?:链接|阅读|信息|文章|新闻|文件|稿件|资讯|内容|解读|政策|政策解读|报道|推荐|文档|公开信息|热点|公告)(?:推荐|列表)?(?:[】\]]?)[:：]?"
)  # a heading of links only: `strip` checks what follows it
_PARTICULAR = re.compile(
    r"(?:索引号|信息索引号|发布机构|发文机关|发布日期|发文日期|成文日期|公开日期|生成日期|发布时间|主题分类|主题词|文号|发文字号|信息名称|名称|公开方式|公开形式|公开时限|有效性|"
    r"时效性|浏览次数|访问量|信息分类|来源|关键词|体裁分类|组配分类|公开范围|信息类别|公开程序|更新时间)"
)
_CERTAIN_PARTICULARS = frozenset(
    {"索引号", "信息索引号", "发布机构", "发布日期", "浏览次数", "主题分类", "发文机关", "成文日期", "生成日期"}
)
_CLASS = re.compile(
    r"(?:^|[\s_-])(?:bdsharebuttonbox|bdshare\w*|bshare[\w-]*|jiathis\w*|sharebox|share|sharing|social-share|breadcrumb\w*|crumbs?|bread|dqwz|weizhi|wzmbx|curposition|"
    r"curpos|curr?ent-?position|zihao|ziti|fontsize|font-size|qrcode|ewm|erweima|weather|tianqi|prevnext|prev-next|pre-next|sxp|syp|xyp|xgyd|xgwz|xgxx|xgbd|xglj|related\w*|"
    r"hotwords?|liulan|visit-?count|wzfw|toolbar|tool-bar)(?:$|[\s_-])",
    re.I,
)
_MOST_IN_CLASS = 300


def is_particulars(rows: Sequence[Sequence[str]]) -> bool:
    """Whether a table holds a document's particulars (索引号, 发布机构, 浏览次数) rather than any of its content."""
    # Every label begins with a Chinese character: most cells of a report's tables are figures.
    cells = {cell for row in rows for cell in row if len(cell) <= 40 and not cell.isascii()}
    labels = {match[0] for cell in cells if (match := _PARTICULAR.match(plain(cell).strip(":"))) is not None}
    return len(labels) >= 2 and bool(labels & _CERTAIN_PARTICULARS)


@lru_cache(maxsize=8192)
def is_chrome_line(text: str) -> bool:
    """Whether a line, in either script, is nothing but chrome."""
    if len(text) > _LONGEST or (len(text) > 60 and text.endswith(("。", "；")) and not text.startswith(("您", "你"))):
        return False
    folded = plain(text)
    return not folded or bool(
        _BAR.fullmatch(folded.lstrip("[【("))
        or _LINES.fullmatch(folded)
        or _SENTENCES.fullmatch(folded)
        or (_COUNTER.search(folded) and _COUNTED.fullmatch(folded))
    )


def says_chrome(element: Element) -> bool:
    """Whether an element's class or id names a part that no report has."""
    name = f"{element.get('class') or ''} {element.get('id') or ''}"
    return len(name) > 2 and _CLASS.search(name) is not None


def chrome_elements(pieces: Sequence[Piece], spans: dict[Element, tuple[int, int]]) -> list[bool]:
    """For each piece whether an element it stands in says by its class that it is chrome (and is short enough to be)."""
    marked = [False] * len(pieces)
    for element, (start, end) in spans.items():
        if not len(element.attrib) or not says_chrome(element):
            continue
        inside = pieces[start:end]
        own = sum(len(piece.text) - piece.linked for piece in inside)
        if (
            own <= _MOST_IN_CLASS
            and all(isinstance(piece.block, str) for piece in inside)
            and not _holds_sentence(inside)
        ):
            marked[start:end] = [True] * (end - start)
    return marked


def strip(pieces: Sequence[Piece], first: int = 0, last: int = 0) -> list[Piece]:
    """The pieces without chrome lines and without lists of related links.

    Between pieces `first` and `last`, which are parts of a report for certain, a line that says something of its own
    (审核：退回修改12件) stays.
    """
    kept = []
    for index, piece in enumerate(pieces):
        if isinstance(piece.block, str):
            chrome = is_chrome_line(piece.block) and not (first < index < last and _says_something(piece))
        else:
            chrome = is_particulars(piece.block.rows)
        if not chrome:
            kept.append(piece)
    return _without_related(kept)


def _says_something(piece: Piece) -> bool:
    """Whether a line is a label with a value, or counts something: within a report that is not the page's."""
    line = piece.plain
    return not piece.linked and _VALUE.search(line) is not None and _PAGES_OWN.search(line) is None


def _without_related(pieces: list[Piece]) -> list[Piece]:
    """Without a heading such as 相关链接 and the lines of links that follow it."""
    kept: list[Piece] = []
    dropping = False
    for index, piece in enumerate(pieces):
        if dropping and piece.is_link and not links_document(piece):
            continue
        following = pieces[index + 1] if index + 1 < len(pieces) else None
        dropping = (
            isinstance(piece.block, str)
            and len(piece.text) <= 16
            and _RELATED.fullmatch(piece.plain) is not None
            and (following is None or (following.is_link and not links_document(following)))
        )
        if not dropping:
            kept.append(piece)
    return kept


def links_document(piece: Piece) -> bool:
    """Whether a link in the piece's element leads to a file."""
    return any(
        re.search(
            r"\.(?:pdf|docx?|wps|ofd|xlsx?|et|rtf|zip|rar|7z|pptx?|jpe?g|png)(?:$|[?#&])", link.get("href") or "", re.I
        )
        for link in piece.element.iter("a")
    )


def _holds_sentence(pieces: Sequence[Piece]) -> bool:
    return any("。" in piece.text and not is_chrome_line(piece.text) and not piece.is_link for piece in pieces)
