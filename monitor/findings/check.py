"""What does not add up in a report: identities of the tables, period, form, borrowed text, spliced words. Pure.

A finding speaks only where the report itself proves it. A blank, `/` or unreadable cell makes an identity not
assessable, never violated. Late publication is monitor.legal's. The first identity is printed in table 3 itself; the
others follow from its headings (国办公开办函〔2019〕60号, 〔2021〕30号).
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import msgspec

from crawler.page.chinese import plain, strip_invisible
from crawler.page.model import Severity
from monitor.figures import Figures
from monitor.figures.fields import APPLICANTS, FIELDS, REQUEST_ROWS, REVIEW_CELLS, applicant, request_row

_FORM_NAMES = {"2019": "2019年格式（国办公开办函〔2019〕60号）", "2021": "2021年格式（国办公开办函〔2021〕30号）"}
_HANDLED = {
    form: tuple(row for row in rows if row not in ("new", "carried_in", "handled_total", "carried_out"))
    for form, rows in REQUEST_ROWS.items()
}
_MOST_NAMED = 3
_SHORTEST_COPY = 200
"""Characters below which two years' bodies may well be the same."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that does not add up."""

    rule: str
    severity: Severity
    detail: str
    """One line of Chinese for alerts: place and figures."""


def check(
    text: str,
    *,
    year: int | None,
    organ: str = "",
    published_on: str = "",
    figures: Figures,
    previous: Figures | None = None,
    others: Mapping[int, str] | None = None,
) -> tuple[Finding, ...]:
    """All findings of one report, most telling first.

    `text` has the form of `crawler.page.text`, `published_on` is YYYY-MM-DD or empty. `previous`: the same organ's
    figures of the year before. `others`: `body_key` of the same organ's other reports, by year. Rules: clone_words,
    same_text, impossible_period, wrong_period, published_early, wrong_form, table3_column, table3_handled, table3_row,
    table4_total, carried_over, table_damaged.
    """
    folded = plain(text)
    found: list[Finding] = []
    found.extend(_clone_words(folded, organ))
    found.extend(_same_text(text, year, others or {}))
    found.extend(_period(folded, year))
    found.extend(_published(year, published_on))
    found.extend(_wrong_form(figures, year))
    values = {one.field: one.value for one in figures.figures if one.value is not None}
    found.extend(_columns(values))
    found.extend(_handled(values))
    found.extend(_rows(values))
    found.extend(_reviews(values))
    if previous is not None:
        before = {one.field: one.value for one in previous.figures if one.value is not None}
        found.extend(_carried_over(values, before, year))
    found.extend(_damaged(figures))
    return tuple(found)


def body_key(text: str) -> str:
    """What two bodies with the same visible text share, whatever their titles; empty for a text too short to tell."""
    body = strip_invisible(text).replace("|", "").replace("\\", "")
    return hashlib.sha256(body.encode()).hexdigest() if len(body) >= _SHORTEST_COPY else ""


# --- the tables ---


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _columns(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 1: what came in is what was handled or carried on."""
    for column in APPLICANTS:
        cells = [
            values.get(f"requests.{row}.{column}") for row in ("new", "carried_in", "handled_total", "carried_out")
        ]
        known = [cell for cell in cells if cell is not None]
        if len(known) == 4 and known[0] + known[1] != known[2] + known[3]:
            yield Finding(
                "table3_column",
                "warning",
                f"表三“{applicant(column)}”列不平衡：一＋二 = {_number(known[0] + known[1])}，"
                f"三(七)＋四 = {_number(known[2] + known[3])}",
            )


def _handled(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 2: the total of all outcomes."""
    for column in APPLICANTS:
        form = "2021" if f"requests.other.other.{column}" in values else "2019"
        cells = [values.get(f"requests.{row}.{column}") for row in _HANDLED[form]]
        known = [cell for cell in cells if cell is not None]
        total = values.get(f"requests.handled_total.{column}")
        if total is not None and len(known) == len(cells) and sum(known) != total:
            yield Finding(
                "table3_handled",
                "warning",
                f"表三“{applicant(column)}”列：三(一)至(六)合计 = {_number(sum(known))}，三(七)总计 = {_number(total)}",
            )


def _rows(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 3: each row's total. One finding for the table."""
    wrong: list[str] = []
    for row in dict.fromkeys((*REQUEST_ROWS["2019"], *REQUEST_ROWS["2021"])):
        cells = [values.get(f"requests.{row}.{column}") for column in APPLICANTS]
        known = [cell for cell in cells if cell is not None]
        if len(known) == len(cells) and sum(known[:-1]) != known[-1]:
            wrong.append(
                f"“{request_row(row)}”各类申请人合计 = {_number(sum(known[:-1]))}，总计 = {_number(known[-1])}"
            )
    if wrong:
        yield Finding("table3_row", "warning", f"表三横向不平衡：{_named(wrong, '行')}")


def _reviews(values: Mapping[str, float]) -> Iterator[Finding]:
    """Identity 5: each case's total in table 4."""
    for start in range(0, len(REVIEW_CELLS), 5):
        codes = REVIEW_CELLS[start : start + 5]
        known = [values[code] for code in codes if code in values]
        if len(known) == len(codes) and sum(known[:-1]) != known[-1]:
            case = FIELDS[codes[0]].row_label
            yield Finding(
                "table4_total",
                "warning",
                f"表四“{case}”不平衡：四项合计 = {_number(sum(known[:-1]))}，总计 = {_number(known[-1])}",
            )


def _carried_over(values: Mapping[str, float], before: Mapping[str, float], year: int | None) -> Iterator[Finding]:
    """Identity 4: what last year carried on, this year carried in."""
    wrong = []
    for column in reversed(APPLICANTS):
        now, then = values.get(f"requests.carried_in.{column}"), before.get(f"requests.carried_out.{column}")
        if now is not None and then is not None and now != then:
            wrong.append(f"{applicant(column)} {_number(then)} → {_number(now)}")
    if wrong:
        last, this = (f"{year - 1}年", f"{year}年") if year is not None else ("上一年", "本年")
        yield Finding(
            "carried_over", "warning", f"表三{last}“四、结转下年度”与{this}“二、上年结转”不一致：{_named(wrong, '列')}"
        )


def _damaged(figures: Figures) -> Iterator[Finding]:
    """What could not be read: one finding for each table."""
    for table in ("二", "三", "四"):
        details = [problem.detail for problem in figures.problems if problem.table == table]
        if details:
            yield Finding("table_damaged", "warning", f"表{table}未能完整读取：{_named(details, '处')}")


def _named(items: Sequence[str], unit: str) -> str:
    shown = "；".join(items[:_MOST_NAMED])
    return shown if len(items) <= _MOST_NAMED else f"{shown} 等 {len(items)} {unit}"


def _wrong_form(figures: Figures, year: int | None) -> Iterator[Finding]:
    """The 2021 form holds for reports on 2021 and later, the 2019 form for 2019 and 2020."""
    if year is None or not figures.form:
        return
    due = "2021" if year >= 2021 else "2019" if year >= 2019 else ""
    if figures.form != due:
        should = f"应使用{_FORM_NAMES[due]}" if due else "当时尚无此格式"
        yield Finding("wrong_form", "warning", f"{year}年报告的表格为{_FORM_NAMES[figures.form]}，{should}")


# --- the text ---

_DAY = r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日"
_PERIOD = re.compile(
    r"(?:统计(?:的)?(?:期限|时限|时间|期间|周期|范围|数据|日期)|数据(?:的)?统计|(?:所列|中的?|各项|有关|相关)数据)[^。；;]{0,24}?"
    rf"(\d{{4}})年(\d{{1,2}})月(\d{{1,2}})日(?:\([^)]{{0,6}}\))?起?[,、]?(?:至|到|止|-|—|–|~|～|─)+{_DAY}"
)


def _period(folded: str, year: int | None) -> Iterator[Finding]:
    """The period that the report says it covers: possible, and its year's."""
    if (found := _PERIOD.search(folded)) is None:
        return
    first, last = _date(found[1], found[2], found[3]), _date(found[4] or found[1], found[5], found[6])
    printed = f"{found[1]}年{found[2]}月{found[3]}日至{found[4] or found[1]}年{found[5]}月{found[6]}日"
    if first is None or last is None or last < first:
        yield Finding("impossible_period", "warning", f"统计期限不可能：{printed}")
    elif year is not None and (first, last) != (date(year, 1, 1), date(year, 12, 31)):
        whole = (first.month, first.day) == (1, 1) or (last.month, last.day) == (12, 31)
        if not whole or first.year == last.year == year:
            return  # of something else; or of an organ founded in the year, or 2008, when the first 条例 began on 1 May
        yield Finding("wrong_period", "warning", f"统计期限不是{year}年全年：{printed}")


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _published(year: int | None, published_on: str) -> Iterator[Finding]:
    """A year's report can't be out months before the year ends."""
    if year is not None and "2000" < published_on < f"{year}-12-01":
        yield Finding("published_early", "warning", f"页面标注日期 {published_on} 早于{year}年度结束")


def _same_text(text: str, year: int | None, others: Mapping[int, str]) -> Iterator[Finding]:
    key = body_key(text) if others else ""
    same = sorted(other for other, its in others.items() if key and its == key and other != year)
    if same:
        yield Finding("same_text", "warning", f"正文与{'、'.join(f'{other}年' for other in same)}报告完全相同")


# Words that clone pages splice into copied reports. Each is one that no office writes of itself.
_SPLICED = re.compile(
    r"365(?:体育|投注|游戏|娱乐|电脑网站|线路检测|足球|bet)[\w·.]{0,20}|bet[·.-]?365|\d*_?bet·\d+|36[05]bet"
    r"|美高梅|葡京(?:娱乐|赌场|官网)|金沙(?:娱乐|赌场|官网)|永利(?:娱乐|赌场|皇宫)|威尼斯人(?:娱乐|赌场|官网)|新濠(?:天地|娱乐|影汇)"
    r"|皇冠(?:体育|足球|现金|投注|娱乐|新体育)|娱乐城|亚博(?:体育|娱乐)|开元棋牌|九游会|真人百家乐|百家乐(?:平台|官网)"
    r"|(?:体育|足球|网上|在线|手机)投注|博彩(?:公司|平台|网站|app|官网)|彩票(?:平台|网站|投注|app|登录|开户|官网|注册)"
    r"|(?:中国)?(?:体育|福利)彩票(?=(?:[省市县区])?(?:人民政府|市委|区委|县委|省委|政府办公|[省市县区]政府))"
)
_FIGHTING = re.compile(r"打击|查处|整治|取缔|清理|赌|举报|处罚|违法|非法|涉嫌|案件|关闭|屏蔽|诈骗")


def _clone_words(folded: str, organ: str) -> Iterator[Finding]:
    """Betting words in the text, unless it speaks of fighting them."""
    words: list[str] = []
    for found in _SPLICED.finditer(folded):
        around = folded[max(0, found.start() - 15) : found.start()] + folded[found.end() : found.end() + 15]
        own = "彩票" in found[0] and "彩票" in organ
        if not own and not _FIGHTING.search(around):
            words.append(_clipped(found[0]))
    if words:
        unique = list(dict.fromkeys(words))
        shown = "、".join(f"“{word}”" for word in unique[:_MOST_NAMED])
        yield Finding("clone_words", "error", f"正文夹有博彩词语{shown}，疑为仿冒页面或遭篡改")


def _clipped(word: str) -> str:
    return word if len(word) <= 24 else word[:24] + "…"
