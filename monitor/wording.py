"""What each kind of event says, in Chinese. Pure.

In: an `EventView`. Out: its words: `headline`, what stands after organ and year in the first line, and `body`, the
proof: two or three most telling differences, readings, figures. Everything that comes from a page goes through
`clean`. The standard is one reader with a telephone at 8:30 and thirty messages: nothing that does not help to decide.
"""

import difflib
import re
from datetime import date

from monitor.event_detail import (
    Appeared,
    Baseline,
    Changed,
    Figures,
    Finding,
    Listing,
    Moved,
    Overdue,
    PortalTrouble,
    Reading,
    Restored,
    Service,
    TakenDown,
)
from monitor.event_view import EventView, Style
from monitor.markup import Block, Head, Line, Rows, clean
from monitor.reading_words import in_words
from monitor.times import local, shown, to_utc
from monitor.words import WORDS, read_from

_COUNT = "零一两三四五六七八九十"
_CHANGES = {"added": "新增", "removed": "移除", "changed": "内容变更"}
_STANDS = {
    "appeared": "该页面不是年度报告，不再跟踪。",
    "changed": "内容以变更之前的版本为准。",
    "taken_down": "该报告按在线处理，继续核实。",
    "restored": "该报告仍按已撤下处理，继续核实。",
    "moved": "仍以原网址为准，新网址不是该报告。",
    "delisted": "仍按栏目列出处理。",
    "relisted": "仍按栏目未列出处理。",
    "overdue": "该机关该年度不按逾期处理。",
    "portal_down": "该门户按可以读取处理，恢复时不再另行通知。",
    "portal_broken": "该门户按正常处理，恢复时不再另行通知。",
    "portal_recovered": "该门户仍按异常处理。",
}
"""What holds after an operator took an event back."""
_CONTEXT = 16
_SHOWN_FIGURES, _SHOWN_TEXT, _SHOWN_OTHERS, _SHOWN_CHECKS = 8, 4, 5, 2
_SHOWN_PORTALS = 30
_HEADLINE = 100
"""Characters of a reason in the first line."""


def headline(view: EventView) -> str:
    """What happened, for the first line, after who and which year."""
    if view.purpose == "retraction":
        return f"此前的“{WORDS['zh'][view.kind]}”通知作废"
    match view.detail:
        case Changed() as detail:
            return _changed_headline(detail)
        case TakenDown(reason="overwritten"):
            return "原网址已换成其他年度的报告"
        case TakenDown(readings=readings):
            return f"{len(readings)} 次确认" if readings else "已确认"
        case Appeared() as detail:
            return _appeared_headline(view, detail)
        case Restored():
            return "重新上线"
        case Moved():
            return "网址变更"
        case Listing():
            return "页面仍在，栏目不再列出" if view.kind == "delisted" else "栏目重新列出"
        case Overdue(due_on=due_on):
            return f"期限 {due_on}，至今未见公开"
        case Baseline(reports=reports, overdue=overdue):
            return f"已有年报 {reports} 篇" + (f"，逾期未公开 {len(overdue)} 家" if overdue else "")
        case PortalTrouble(reason=reason) | Service(reason=reason):
            return clean(reason or view.summary, _HEADLINE)
        case Finding(detail=text):
            return clean(text, 100)


def body(view: EventView, style: Style) -> list[Block]:
    """The proof, without the closing lines (times and links), which `monitor.message` adds."""
    if view.purpose == "retraction":
        return _retraction(view, style)
    match view.detail:
        case Changed() as detail:
            return _changed(detail)
        case TakenDown() as detail:
            return _taken_down(detail, view, style)
        case Appeared() as detail:
            return _appeared(detail)
        case Restored(taken_down_at=at, gone_since=since):
            times = [f"{shown(since, style.zone)} 起无法打开" if since else "", _said(at, style)]
            return [Line("，".join(filter(None, times)) + "，现已恢复。")] if any(times) else []
        case Moved(from_url=old, to_url=new):
            return [Rows((("原网址", clean(old, 500)), ("新网址", clean(new, 500))))]
        case Listing() as detail:
            return _listing(detail, view)
        case Overdue() as detail:
            return _overdue(detail, style)
        case Baseline() as detail:
            return _baseline(detail)
        case PortalTrouble() as detail:
            return _portal(detail, view, style)
        case Service() as detail:
            return _service(detail, style)
        case Finding() as detail:
            return [Line(f"规则 {clean(detail.rule, 60)}　严重程度 {detail.severity}")]


def _retraction(view: EventView, style: Style) -> list[Block]:
    """What was wrong, why, and what holds instead."""
    why = clean(view.detail.retracted_why)
    if not why:
        why = "该机关的年报现已公开。" if view.kind == "overdue" else "经复核，此前的通知有误。"
    word = WORDS["zh"][view.kind]
    blocks: list[Block] = [
        Line(f"更正原因：{why}" if view.detail.retracted_by else why),
        Line(f"原通知：{shown(view.detected_at, style.zone)}　【{word}】{clean(view.summary)}"),
    ]
    stands = _STANDS.get(view.kind, "") if view.detail.retracted_by else ""
    return [*blocks, Line(stands)] if stands else blocks


def inline(before: str, after: str) -> str:
    """Two sentences as one: `…共受理申请 [248 → 284] 件，…`. Numbers and Latin words are replaced whole."""
    before, after = clean(before, 600), clean(after, 600)
    if not before or not after:
        return f"[新增] {clean(after, 160)}" if after else f"[删除] {clean(before, 160)}"
    old, new = (re.findall(r"[0-9A-Za-z.,%]+|.", text) for text in (before, after))
    parts: list[str] = []
    changes = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    for index, (tag, i1, i2, j1, j2) in enumerate(changes):
        if tag != "equal":
            parts.append(f" [{''.join(old[i1:i2]) or '∅'} → {''.join(new[j1:j2]) or '∅'}] ")
            continue
        same = "".join(old[i1:i2])
        if index == 0 and len(same) > _CONTEXT:
            same = "…" + same[-_CONTEXT:]
        elif index == len(changes) - 1 and len(same) > _CONTEXT:
            same = same[:_CONTEXT] + "…"
        elif 0 < index < len(changes) - 1 and len(same) > 2 * _CONTEXT:
            same = same[:_CONTEXT] + "…" + same[-_CONTEXT:]
        parts.append(same)
    return clean("".join(parts), 240)


def checks(view: EventView) -> tuple[str, ...]:
    """What does not add up, most telling first: what the event brought, what it mended, what stood before; the detail's own
    words, else the version's findings."""
    standing = tuple(getattr(view.detail, "checks", ())) or view.findings
    if not isinstance(view.detail, Changed):
        return standing
    caused, cured = view.detail.caused, view.detail.cured
    upset = tuple(words.removesuffix("不再平衡") for words in view.detail.verdict if words.endswith("不再平衡"))
    brought = [
        f"修改后{sentence.replace('不平衡', '不再平衡', 1) if upset and sentence.startswith(upset) else sentence}"
        for sentence in caused
    ]
    return (
        *brought[:_SHOWN_CHECKS],
        *(f"修改前的问题已不存在：{sentence}" for sentence in cured[:_SHOWN_CHECKS]),
        *(sentence for sentence in standing if sentence not in caused),
    )


def _table(name: str) -> str:
    return re.split(r"[ （]", clean(name))[0][:12] or "表格"


def _changed_headline(detail: Changed) -> str:
    if detail.reason == "rekeyed":
        return "更正：" + "，".join(
            f"{clean(f.name, 12)} {clean(f.old, 40)} → {clean(f.new, 40)}" for f in detail.fields
        )
    parts = [clean(field.name, 12) for field in detail.fields]
    total = max(detail.figures_total, len(detail.figures))
    tables: dict[str, int] = {}
    for figure in detail.figures:
        tables[_table(figure.table)] = tables.get(_table(figure.table), 0) + 1
    if total == len(detail.figures) and len(tables) <= 3:
        parts += [f"{table} {count} 处" for table, count in tables.items()]
    elif total:
        parts.append(f"表格 {total} 处")
    for name, shown_, count in (
        ("正文", len(detail.text), detail.text_total),
        ("附件", len(detail.attachments), detail.attachments_total),
        ("其他", len(detail.lines), 0),
    ):
        if number := max(shown_, count):
            parts.append(f"{name} {number} 处")
    parts += [clean(sentence, 20) for sentence in detail.verdict[:2]]
    return "，".join(parts) or "内容变更"


def _changed(detail: Changed) -> list[Block]:
    blocks: list[Block] = []
    if detail.fields:
        blocks.append(Rows(tuple((clean(f.name, 20), _arrow(f.old, f.new)) for f in detail.fields)))
    tables: dict[str, list[tuple[str, str]]] = {}
    for figure in detail.figures[:_SHOWN_FIGURES]:
        value = _arrow(figure.old, figure.new)
        if read := read_from(figure.source, figure.confidence):
            value += f"　{read}"
        tables.setdefault(clean(figure.table, 60), []).append((clean(figure.label, 60), value))
    for table, rows in tables.items():
        blocks += [Head(table or "表格"), Rows(tuple(rows))]
    blocks += _more(max(detail.figures_total, len(detail.figures)) - _SHOWN_FIGURES, "处表格差异")
    for change in detail.text[:_SHOWN_TEXT]:
        blocks.append(Head(f"正文 {clean(change.chapter, 60)}".rstrip()))
        blocks.append(Line("  " + inline(change.before, change.after), telling=True))
    blocks += _more(max(detail.text_total, len(detail.text)) - _SHOWN_TEXT, "处正文差异")
    for item in detail.attachments[:_SHOWN_OTHERS]:
        noun = "图片" if item.kind == "picture" else "附件"
        blocks.append(Line(f"{noun}{_CHANGES[item.change]}  {clean(item.name, 80)}", telling=True))
    blocks += _more(max(detail.attachments_total, len(detail.attachments)) - _SHOWN_OTHERS, "处附件差异")
    return blocks + [Line(clean(line, 200), telling=True) for line in detail.lines[:_SHOWN_OTHERS]]


def _arrow(old: str, new: str) -> str:
    return f"{clean(old, 80) or '（空）'} → {clean(new, 80) or '（空）'}"


def _more(number: int, noun: str) -> list[Block]:
    return [Line(f"  另有 {number} {noun}", brief=False)] if number > 0 else []


def _said(at: str, style: Style) -> str:
    return f"{shown(at, style.zone)} 报过撤下" if at else ""


def _taken_down(detail: TakenDown, view: EventView, style: Style) -> list[Block]:
    blocks: list[Block] = []

    def reason(reading: Reading) -> str:
        said = (reading.reading, reading.status, reading.marker, reading.final_url, view.url)
        return clean(in_words(*said, overwritten=detail.reason == "overwritten"), 200)

    if detail.readings:
        moments = [local(reading.at, style.zone) for reading in detail.readings]
        times = "、".join(
            moment.strftime("%m-%d %H:%M" if index and moment.year == moments[0].year else "%Y-%m-%d %H:%M")
            for index, moment in enumerate(moments)
        )
        reasons = list(dict.fromkeys(map(reason, detail.readings)))
        number = _COUNT[len(moments)] if len(moments) < len(_COUNT) else str(len(moments))
        result = f"均{reasons[0]}" if len(reasons) == 1 else "分别：" + "；".join(map(reason, detail.readings))
        if len(moments) == 1:
            result = reasons[0]
        elif len(reasons) == 1 and detail.readings[0].status >= 400:
            result = f"均为 {detail.readings[0].status}"
        elif len(reasons) == 1 and reasons[0].startswith("页面"):
            result = f"，{reasons[0]}"
        listed = "" if detail.listed is None else f"；其间栏目正常，列出 {detail.listed} 篇"
        blocks.append(Line(f"{times} {number}次读取{result}{listed}。"))
    if detail.reason == "overwritten":
        blocks.append(Line("原网址现在是其他年度的报告，本年度报告没有另外的网址。"))
    else:
        blocks.append(Line("栏目内没有同一年度的报告，也没有内容相同的页面。"))
    last = detail.last_verified_at or view.last_verified_at
    online = span(detail.online_since, last or view.detected_at)
    facts = [f"此前在线 {online}" if online else "", f"最后核实 {shown(last, style.zone)}" if last else ""]
    if any(facts):
        blocks.append(Line("，".join(filter(None, facts)) + "。"))
    return blocks


def span(since: str, until: str) -> str:
    """From a time or date to a time: `2 年 9 个月`; empty if either is no date."""
    try:
        start = date.fromisoformat(since[:10])
        end = to_utc(until).date()
    except ValueError:
        return ""
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    if months < 1:
        return f"{max((end - start).days, 0)} 天"
    years, months = divmod(months, 12)
    return " ".join(filter(None, [f"{years} 年" if years else "", f"{months} 个月" if months else ""]))


def _appeared_headline(view: EventView, detail: Appeared) -> str:
    on = detail.published_on or view.published_on
    due = f"（期限 {detail.due_on[5:] if detail.due_on[:4] == on[:4] else detail.due_on}）" if detail.due_on else ""
    late = f"，逾期 {detail.late_days} 天" if detail.late_days > 0 else ""
    return (f"{clean(on, 10)} 公开" if on else "公开，页面未标日期") + due + late


def _appeared(detail: Appeared) -> list[Block]:
    blocks: list[Block] = []
    if figures := detail.figures:
        words = ("新收申请", "予以公开", "无法提供", "复议", "诉讼")
        line = "　".join(f"{word} {value}" for word, value in zip(words, _values(figures), strict=True))
        before = f"　（上年 {' / '.join(_values(detail.previous))}）" if detail.previous else ""
        read = read_from(figures.source, figures.confidence)
        blocks.append(Line(line + before + (f"　{read}" if read else "")))
    if detail.withdraws:
        blocks.append(Line("此前的逾期提示作废。"))
    if detail.conflict_with:
        blocks.append(Line(f"与同机关同年度的另一页面并存：{clean(detail.conflict_with, 200)}"))
    if detail.checked and not detail.checks:
        blocks.append(Line("核对  无问题"))
    return blocks


def _values(figures: Figures) -> list[str]:
    values = (figures.new, figures.granted, figures.unavailable, figures.reviews, figures.lawsuits)
    return ["—" if value is None else f"{value:,.10g}".replace(",", "") for value in values]


def _listing(detail: Listing, view: EventView) -> list[Block]:
    listed = "" if detail.listed is None else f"，现列出 {detail.listed} 篇"
    if view.kind == "delisted":
        return [Line(f"栏目已完整读取{listed}，其中没有这篇；页面本身仍可打开。")]
    return [Line(f"栏目已完整读取{listed}，这篇又在其中。")]


def _overdue(detail: Overdue, style: Style) -> list[Block]:
    facts = [
        f"最近一次见到的年报是 {detail.last_year} 年" if detail.last_year else "此前未见过该机关的年报",
        f"期限后已于 {shown(detail.read_at, style.zone)} 完整读取门户" if detail.read_at else "",
    ]
    return [Line("；".join(filter(None, facts)) + "。")]


def _baseline(detail: Baseline) -> list[Block]:
    counts = [f"年报 {detail.reports} 篇"]
    counts += [f"机关 {detail.organs} 家"] if detail.organs else []
    counts += [f"核对问题 {detail.findings} 处"] if detail.findings else []
    blocks: list[Block] = [Line("　".join(counts) + "。此后的公开、变更、撤下将逐条告知。")]
    if detail.years:
        years = sorted(detail.years.items(), reverse=True)
        blocks.append(Line("各年度  " + "　".join(f"{clean(year, 8)} 年 {count}" for year, count in years)))
    if detail.overdue:
        blocks.append(Head("逾期未公开"))
        blocks.append(
            Rows(
                tuple((f"{clean(o.organ, 40)} {o.year} 年", f"期限 {clean(o.due_on, 10)}") for o in detail.overdue[:30])
            )
        )
        blocks += _more(len(detail.overdue) - 30, "家")
    return blocks


def _portal(detail: PortalTrouble, view: EventView, style: Style) -> list[Block]:
    blocks: list[Block] = []
    if detail.total:
        blocks.append(Line(f"同时无法打开 {detail.gone} 篇，共 {detail.total} 篇。"))
    if detail.since:
        since = shown(detail.since, style.zone)
        blocks.append(Line(f"异常始于 {since}，现已恢复。" if view.kind == "portal_recovered" else f"自 {since} 起。"))
    blocks += [Line(clean(section, 500), quiet=True, brief=False) for section in detail.sections[:3]]
    if detail.likely:
        found = (
            (f"疑似新栏目（系统 {one.family}，年报 {one.reports} 篇）", clean(one.url, 500))
            for one in detail.likely[:3]
        )
        blocks.append(Rows(tuple(found)))
    return blocks


def _service(detail: Service, style: Style) -> list[Block]:
    times = [("最后核实", detail.last_verified_at), ("始于", detail.since)]
    told = "　".join(f"{word} {shown(time, style.zone)}" for word, time in times if time)
    reason = clean(detail.reason, 1000)
    blocks: list[Block] = [Line(reason)] if reason != clean(detail.reason, _HEADLINE) else []
    blocks += [Line(told)] if told else []
    blocks += [Line(f"处理  {clean(detail.remedy, 500)}")] if detail.remedy else []
    if detail.portals:
        names = "、".join(clean(name, 60) for name in detail.portals[:_SHOWN_PORTALS])
        blocks += [Line(f"涉及  {names}", quiet=True), *_more(len(detail.portals) - _SHOWN_PORTALS, "个门户")]
    return blocks
