"""What a page says about itself: title, date, source, organ, and whose site it is.

In: a `Dom`, its `Flow`, the markup's selectors. Out: `Metadata`, as printed. An operator's selectors rule; then the meta tags
that the national guideline on government websites prescribes (国办发〔2017〕47号, 附件2 网页设计规范: ArticleTitle, PubDate,
ContentSource), which exist twice, empty, or in any letter case on real pages; then the family's selectors; then h1, <title> and the
lines `日期: 来源:`. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

import msgspec

from crawler.page import titles
from crawler.page.chinese import plain
from crawler.page.dates import epoch_date, iso_date
from crawler.page.dom import Dom, Element, text_of
from crawler.page.flow import Flow
from crawler.page.mirrors import without_readings
from crawler.page.model import PageFinding

_SITE_NAME = re.compile(r"^\s*(?:https?:)?//", re.I)
_TITLE_CLASSES = (
    "article-title", "article_title", "articletitle", "arti_title", "xl_title", "xl-title", "bt_title", "art_title",
    "art-title", "detail-title", "detail_title", "content-title", "content_title", "con_title", "con-title",
    "news_title", "newstitle", "titles", "main-title", "bt", "biaoti", "title", "wzbt", "tit", "zwbt",
)  # fmt: skip
_HEAD_LINES = 300
_TODAY = re.compile(r"星期|礼拜|禮拜|周[一二三四五六日]|今天|现在是|農曆|农历")
_DATE_TAIL = r"\s*(?:日\s*期|时\s*间|時\s*間)\s*[:：]?\s*([^\u4e00-\u9fff]{0,3}\d[^来來源]{6,24})"
_DAY = r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}(?!\d)日?"
_DATE_LABELS = (
    re.compile(r"(?:发\s*布|发\s*稿|發\s*[布佈]|釋\s*出|公\s*[开布]|公\s*[開佈]|刊\s*登)" + _DATE_TAIL),
    re.compile(rf"(?:发布|发表)于\s?({_DAY})"),
    re.compile(r"(?<![\u4e00-\u9fff])(?:发\s*文|生\s*成|成\s*文|录\s*入)?" + _DATE_TAIL),
)
"""What a date is called, the day of publication first: 成文日期 is the day it was written."""
_HOUR = r"(?:\s?T?\d{1,2}[:：时]\d{1,2}(?:[:：分]\d{1,2}秒?)?)?"
_BESIDE_DATE = (
    re.compile(
        rf"[\s\[【(（]*({_DAY}){_HOUR}[\s\])】）|｜/,，;；·]*(?:[\u4e00-\u9fff（）()]{{2,30}}[\s|｜]+)?[\[【(（]?\s?"
        r"(?:(?:信息|文章|稿件)?(?:来\s?源|來\s?源|出处)|作\s?者|(?:责任)?编辑|点击|點擊|浏览|瀏覽|阅读|閱讀|访问|字\s?[体體号號]|打印|分享)"
    ),
    re.compile(rf"(?:信息|文章|稿件)?(?:来|來)\s?源\s?[:：]\s?[^\s:：]{{2,40}}[\s|｜\[【(（]+({_DAY})"),
)
"""A date without a label in the line of an article's particulars, before or behind who it comes from."""
_LAST_DATE = re.compile(rf"[（(\[【]\s?({_DAY}){_HOUR}\s?[）)\]】]\s*$")
_TEXT_BEGINS = re.compile(r"。|^\s*[（(]?[一1][）)]?\s?[、.．]|^\s*总体情况")
"""A sentence, or the heading of a report's first chapter."""
_OTHER_DATE = re.compile(r"(?:更新|修改|成文|生效|打印|今天|现在|当前)(?:日期|时间|是|于)?\s*[:：]?\s*$")
"""What a line ends in whose next one is a date of something else."""
_SOURCE_LABEL = re.compile(
    r"(?<!数据)(?<!资料)(?<!图片)(?<!资金)(?<!经费)(?:来|來)\s*源\s*[:：]\s*"
    r"([^\s:：|【\[]{2,40}(?:\s(?=[\u4e00-\u9fff]{2,20}(?:局|委|厅|办|室|府))[^\s:：|【\[]{2,40})?)"
)
_PUBLISHER = (
    "(?:发布机构|發布機構|發佈機構|釋出機構|公开主体|信息提供单位|发布单位|釋出單位|公开机构|发文机关|发布机关|釋出機關|发文机构|制发机关|编制单位|"
    "公开责任部门|责任部门)"
)
_PUBLISHER_LABEL = re.compile(rf"(?:{_PUBLISHER}\s*[:：]\s*|(?<![^\s|]){_PUBLISHER}\s+)([^\s:：|【\[]{{2,40}})")
_PUBLISHER_BARE = re.compile(rf"{_PUBLISHER}(?![及和与是为的之等由])([\u4e00-\u9fff（）()]{{2,30}})")
"""The same in a table of the page's head that sets the label apart by its look alone."""
_NO_SOURCE = re.compile(
    r"^(?:[-—/无空]+|null|none|undefined|本站|本网站?|原创|网络|互联网|其他|转载|未知|admin\w*|管理员)?$", re.I
)
_CUT_AT = re.compile(
    r"(?:发布|發布|釋出|日期|时间|時間|作者|浏览|字号|字体|点击|访问|阅读|打印|关闭|分享|责任编辑|编辑|审核|文号|索引)"
)


class Metadata(msgspec.Struct, frozen=True):
    """A page's own description; empty where it says nothing."""

    title: str = ""
    """Without the site's name."""
    said: titles.Title = titles.Title("other")
    """What `title` says."""
    named: bool = False
    """It comes from a tag or heading that names this article, not from a class name or the page's <title>."""
    published_on: str = ""
    source: str = ""
    publisher: str = ""
    site_domain: str = ""
    site_id: str = ""
    site_name: str = ""
    heading: Element | None = None
    """The element that shows the title, if any."""
    findings: tuple[PageFinding, ...] = ()


def read_metadata(dom: Dom, flow: Flow, own: dict[str, str], family: dict[str, tuple[str, ...]]) -> Metadata:
    """Reads all of it. `own` and `family` hold selectors by title, date, source."""
    tags = meta_tags(dom)
    findings: list[PageFinding] = []

    def texts(selectors: Iterable[str]) -> list[tuple[str, Element]]:
        found: list[tuple[str, Element]] = []
        for selector in filter(None, selectors):
            try:
                elements = dom.select(selector)
            except ValueError as error:
                findings.append(PageFinding("bad_selector", "error", str(error)))
                continue
            found.extend((text, element) for element in elements[:5] if (text := _shown_text(element)))
        return found

    strong, weak, headings = _titles(dom, tags, texts((own.get("title", ""),)), texts(family.get("title", ())))
    title, said = best_title(strong, weak)
    heading = _shown_heading(headings, title)
    if title not in strong and not (said.organ and said.year and said.kind == "report") and (line := _title_line(flow)):
        title, heading = line
        said = titles.classify(title)
    lines = _lines_near(flow, heading)
    below = _lines_near(flow, heading, above=0)
    head = _before_text(below)
    published = (
        _first_date(text for text, _ in texts((own.get("date", ""),)))
        or _first_date(
            [
                *tags.get("pubdate", []),
                *tags.get("publishdate", []),
                *tags.get("publish_date", []),
                *tags.get("article:published_time", []),
            ]
        )
        or _labelled_date(lines)
        or _first_date(text for text, _ in texts(family.get("date", ())) if not _TODAY.search(text))
        or _date_beside(head)
        or _date_behind(heading)
        or _bare_date([*lines[: len(lines) - len(below)], *head])
    )
    source = (
        _first_source(text for text, _ in texts((own.get("source", ""),)))
        or _first_source(tags.get("contentsource", []))
        or _first_source(text for text, _ in texts(family.get("source", ())) if len(text) < 60)
        or _first_source(_labelled(_SOURCE_LABEL, lines))
    )
    publisher = next(iter(_labelled(_PUBLISHER_LABEL, lines)), "") or _bare_publisher(lines)
    return Metadata(
        title=title,
        said=said,
        named=title in strong,
        published_on=published,
        source=source or publisher,
        publisher=publisher,
        site_domain=next(iter(tags.get("sitedomain", [])), ""),
        site_id=next(iter(tags.get("siteidcode", [])), ""),
        site_name=next(iter(tags.get("sitename", [])), ""),
        heading=heading,
        findings=tuple(findings),
    )


def meta_tags(dom: Dom) -> dict[str, list[str]]:
    """Meta tags by lower-case name, every value that is not empty, in page order."""
    found: dict[str, list[str]] = {}
    for meta in dom.tagged("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        content = " ".join((meta.get("content") or "").split())
        if name and content:
            found.setdefault(name, []).append(content)
    return found


def best_title(strong: Sequence[str], weak: Sequence[str]) -> tuple[str, titles.Title]:
    """The candidate that decides. `strong` ones name the article; `weak` ones may name the column or the site.

    A column's name (政府信息公开年报) reads as a report too, so one without year and organ gives way to one that says more.
    """
    sure = [(title, titles.classify(title)) for title in strong]
    rest = [(title, titles.classify(title)) for title in weak]
    decided = next((item for item in sure if item[1].kind != "other" or item[1].near_miss), None)
    if decided is not None and (decided[1].kind != "report" or decided[1].year or decided[1].organ):
        return decided
    fuller = [item for item in (*sure, *rest) if item[1].year and (item[1].kind != "other" or item[1].near_miss)]
    fuller.sort(key=lambda item: item[1].kind != "report")
    named = next((item for item in rest if item[1].kind == "report"), None)
    return next(iter(fuller), None) or decided or named or next(iter([*sure, *rest]), ("", titles.Title("other")))


def _titles(
    dom: Dom, tags: dict[str, list[str]], own: list[tuple[str, Element]], family: list[tuple[str, Element]]
) -> tuple[list[str], list[str], list[tuple[str, Element]]]:
    """Titles that name this article, titles that may, and the elements that show one of either."""

    def shown(elements: Sequence[Element]) -> list[tuple[str, Element]]:
        return [(text, element) for element in elements if 4 <= len(text := _shown_text(element)) <= 150]

    first = shown(dom.tagged("h1")[:3])
    loose = [item for item in family if item not in first and len(item[0]) <= 150]
    loose += shown(dom.tagged("ucaptitle")[:1])
    for name in _TITLE_CLASSES:
        loose += shown(dom.classes.get(name, [])[:3])
    loose += [
        item for tag in ("h2", "h3") for item in shown(dom.tagged(tag)[:6]) if titles.classify(item[0]).kind == "report"
    ]
    article = [*tags.get("articletitle", []), *tags.get("og:title", [])]
    strong = [*(text for text, _ in own), *article, *(text for text, _ in first)]
    weak = [*(text for text, _ in loose), *(text_of(title) for title in dom.tagged("title")[:2])]
    return _cleaned(strong), _cleaned(weak), [*own, *first, *loose]


def _title_line(flow: Flow) -> tuple[str, Element] | None:
    """The one line of a page that names an organ's report and its year, where no tag and no known class says as much: pages by
    organ and year bear the column's name. None where there are several."""
    found: dict[str, Element] = {}
    for piece in flow.pieces[:_HEAD_LINES]:
        if piece.is_link or not isinstance(piece.block, str) or not 4 <= len(piece.text) <= 150:
            continue
        line = _clean_title(_shown_text(piece.element))
        if line in found or not 4 <= len(line) <= 100 or re.search("[，。；：,;]|公布|发布|如下", line):
            continue
        said = titles.classify(line)
        if said.kind == "report" and said.organ and said.year:
            found[line] = piece.element
    return next(iter(found.items())) if len(found) == 1 else None


def _cleaned(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, map(_clean_title, found))))


def _shown_heading(headings: list[tuple[str, Element]], title: str) -> Element | None:
    wanted = plain(title)
    return next((element for text, element in headings if plain(_clean_title(text)) == wanted), None)


def _lines_near(flow: Flow, heading: Element | None, above: int = 6) -> list[str]:
    """The lines around the title, at most `above` before it; of a page without one, all that are no links."""
    if heading is None:
        return [piece.text for piece in flow.pieces[:_HEAD_LINES] if not piece.is_link]
    start = flow.spans[heading][0] if heading in flow.spans else 0
    near = flow.pieces[max(0, start - above) : start + 16]
    return [piece.text for piece in near if not piece.is_link or len(piece.text) < 40]


def _shown_text(element: Element) -> str:
    text = text_of(element)
    return text if len(text) <= 300 else ""


def _clean_title(title: str) -> str:
    cleaned = " ".join(re.sub(r"<br\s*/?>|&nbsp;?|\\n", " ", title).split())
    cleaned = re.sub(r"^(?:标题|标\s+题|名称|文章标题)\s*[:：]\s*", "", cleaned)
    if (particulars := _BESIDE_DATE[0].search(cleaned, 4)) and cleaned[particulars.start(1) - 1] in " [【(（":
        cleaned = cleaned[: particulars.start()]  # PHPCMS sets the line in the heading itself
    cleaned = titles.without_suffix(cleaned)
    return re.sub(r"(?<=[\u3000-\u9fff\d])\s+(?=[\u3000-\u9fff\d])", "", cleaned)


def _first_date(values: Iterable[str]) -> str:
    return next((date for value in values if (date := iso_date(value) or epoch_date(value))), "")


def _labelled_date(lines: Sequence[str]) -> str:
    for label in _DATE_LABELS:
        for line in lines:
            for found in label.findall(line) if len(line) <= 200 else ():
                if date := iso_date(found):
                    return date
    return ""


def _bare_date(lines: Sequence[str]) -> str:
    """A line that is only a date. One with its weekday is today's, which page heads show."""
    for line in _not_of_else(lines):
        if len(line) <= 25 and re.match(r"[\s（(\[【]*\d{4}", line) and (date := iso_date(line)):
            return date
    return ""


def _date_behind(heading: Element | None) -> str:
    """The date in brackets that ends the heading itself: `<h2>title<small>（2025-03-08）</small></h2>` (Shanghai)."""
    found = _LAST_DATE.search(_shown_text(heading)[-40:]) if heading is not None else None
    return iso_date(found[1]) if found else ""


def _before_text(lines: Sequence[str]) -> list[str]:
    """The lines before the report's own text: the date under that is its signature's."""
    return list(takewhile(lambda line: not _TEXT_BEGINS.search(line), lines))


def _date_beside(lines: Sequence[str]) -> str:
    """The date in a line of particulars that does not call it one: `2025-03-08 16:20　来源：某县人民政府　点击：12`."""
    for line in _not_of_else(lines):
        if len(line) > 150:
            continue
        for pattern in _BESIDE_DATE:
            if (found := pattern.match(line)) and (date := iso_date(found[1])):
                return date
    return ""


def _not_of_else(lines: Sequence[str]) -> Iterator[str]:
    """The lines whose date, if they hold one, is not said to be today's or that of a change."""
    before = ""
    for line in lines:
        if not _TODAY.search(line) and not _OTHER_DATE.search(before[-20:]):
            yield line
        before = line


_ALSO_LABEL = re.compile(
    r"(?:生\s*效|废\s*止|失\s*效|成\s*文|发\s*文|印\s*发|登\s*记|公\s*开|更\s*新|所\s*属|主\s*题|有\s*效|时\s*效|文\s*号|名\s*称)\S{0,6}"
)
"""A label behind an empty one, if a colon follows it too."""


def _labelled(label: re.Pattern[str], lines: Sequence[str]) -> list[str]:
    found = []
    for index, printed in enumerate(lines):
        line = without_readings(printed) if len(printed) < 2000 else ""
        if not line or len(line) > 300:
            continue
        for match in label.finditer(line):
            value = match[1]
            if line[match.end() :].lstrip()[:1] in (":", "：") and _ALSO_LABEL.fullmatch(value):
                continue
            if cut := _CUT_AT.search(value):
                value = value[: cut.start()]
            if value := value.strip("：: ，,;；|"):
                found.append(value)
        # A label whose value stands in the next line.
        alone = re.fullmatch(r"(?:信息)?(?:来源|來源|发布机构|发布单位)\s*[:：]", line.strip())
        if alone and index + 1 < len(lines) and label.search(line + "某某局"):
            found.append(lines[index + 1].strip())
    return found


def _bare_publisher(lines: Sequence[str]) -> str:
    found = (match[1] for line in lines if len(line) <= 40 and (match := _PUBLISHER_BARE.fullmatch(line.strip())))
    return next((name for name in found if titles.is_organ_name(name)), "")


def _first_source(values: Iterable[str]) -> str:
    for value in values:
        cleaned = re.sub(r"^\s*(?:信息|文章|稿件|内容)?(?:来源|來源|发布机构)\s*[:：]\s*", "", value).strip()
        if cut := _CUT_AT.search(cleaned, 2):
            cleaned = cleaned[: cut.start()].strip("：: |")
        if cleaned and not _NO_SOURCE.match(cleaned) and not _SITE_NAME.match(cleaned):
            return " ".join(cleaned.split())
    return ""
