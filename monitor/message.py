"""Events → the message that tells them. Pure.

In: `EventView`s that belong together (one event, several on one report, or a migration, a mass take-down, an outage,
a digest of them) and a `Style`. Out: a `Message` in three forms that say the same. The first line says what, who and
which year; the next how much it matters; then the proof, then times and links. What is uncertain says so: 可能重复,
年份为推定, 转载, OCR 识别. Times are shown in the time zone of the style; the record's are UTC.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from monitor import wording
from monitor.event_detail import KINDS, Changed, Moved
from monitor.event_view import EventView, Style
from monitor.markup import Block, Gap, Head, Line, Links, Rows, as_html, as_markdown, as_text, clean, cut, is_web
from monitor.times import local, shown
from monitor.words import WORDS

_ORDER = ("restored", "moved", "changed", "taken_down", "delisted", "relisted", "appeared", "overdue")
"""Order in which several events on one report are told (restored, moved, changed), then the rest of the kinds."""
_PORTALS = frozenset({"portal_down", "portal_broken", "portal_recovered"})
_LISTED = 40
_SUBJECT_BYTES = 240
# GB/T 2260: the first two digits of a region.
# fmt: off
PROVINCES = {
    "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古", "21": "辽宁", "22": "吉林",
    "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江", "34": "安徽", "35": "福建", "36": "江西",
    "37": "山东", "41": "河南", "42": "湖北", "43": "湖南", "44": "广东", "45": "广西", "46": "海南",
    "50": "重庆", "51": "四川", "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃",
    "63": "青海", "64": "宁夏", "65": "新疆",
}
# fmt: on


class Message(msgspec.Struct, frozen=True):
    """One message. `subject` is its first line; `text` and `html` do not repeat it at more than their start."""

    subject: str
    text: str
    html: str
    markdown: str
    """The short form for chats: first line, the most telling differences, links."""


def compose(views: Sequence[EventView], style: Style) -> Message:
    """One message for `views`, which belong together. Raises ValueError if there are none."""
    if not views:
        raise ValueError("a message needs an event")
    ordered = sorted(views, key=lambda view: (_rank(view.kind), view.id))
    subjects = _by_report(ordered)
    if len(subjects) == 1:
        return _one(subjects[0], style)
    return _many(subjects, style)


def digest(views: Sequence[EventView], style: Style, kind: str, at: str) -> Message:
    """What came together since the last digest. `kind`: `daily`, `hourly` or `digest`; `at`: its time, UTC."""
    day = local(at, style.zone)
    when = day.strftime("%m-%d %H:00" if kind == "hourly" else "%m-%d")
    ordered = sorted(views, key=_digest_rank)
    counts = Counter("retraction" if view.purpose == "retraction" else view.kind for view in ordered)
    said = [f"{word} {counts[kind_]}" for kind_, word in (("appeared", "公开"), ("changed", "变更"))]
    said += [f"撤下 {counts['taken_down']}", f"逾期 {counts['overdue']}"]
    said += [f"门户异常 {sum(counts[k] for k in ('portal_down', 'portal_broken'))}"]
    others = (
        ("restored", "恢复"),
        ("moved", "迁移"),
        ("delisted", "移出栏目"),
        ("retraction", "更正"),
        ("service", "运行"),
    )
    said += [f"{word} {counts[kind_]}" for kind_, word in others if counts[kind_]]
    subject = _subject(style, kind, f"{when} · {'　'.join(said)}")
    blocks: list[Block] = []
    appeared = [view for view in ordered if view.kind == "appeared" and view.purpose == "event"]
    groups = _by_report([view for view in ordered if view not in appeared])
    blocks += [Line(_item(group, style), telling=True) for group in groups[:_LISTED]]
    if left := groups[_LISTED:]:
        portals = Counter(clean(group[0].portal_title or group[0].who, 60) for group in left)
        listed = "　".join(f"{portal} {count}" for portal, count in portals.most_common(_LISTED // 2))
        blocks.append(Line(f"……另有 {len(left)} 件  {listed}"))
    if len(appeared) > _LISTED // 2:
        places = Counter(PROVINCES.get(view.region[:2], "其他") for view in appeared)
        blocks.append(Line("公开  " + "　".join(f"{place} {count}" for place, count in places.most_common())))
    else:
        blocks += [Line(_item([view], style), telling=True) for view in appeared]
    blocks += [Gap(), _links_to_all(ordered, style)]
    return _finish(subject, blocks, telling=6)


def trial_message(channel: str, now: str, style: Style) -> Message:
    """What `nianbao alerts test` sends."""
    subject = _subject(style, "test", f"通道“{clean(channel, 60)}”可以收到消息")
    return _finish(subject, [Line(f"这是 nianbao 的测试消息，发送于 {shown(now, style.zone)}。无需处理。")])


def summarise(view: EventView) -> str:
    """The text for `events.summary`: who, which year, what."""
    return f"{_who(view)} · {wording.headline(view)}"


def _rank(kind: str) -> int:
    known = (*_ORDER, *(kind for kind in KINDS if kind not in _ORDER))
    return known.index(kind)


def _digest_rank(view: EventView) -> tuple[object, ...]:
    """Corrections and take-downs first, then as ever; what concerns one portal stands together."""
    return view.purpose != "retraction", view.kind != "taken_down", _rank(view.kind), view.portal, view.id


def _by_report(views: Iterable[EventView]) -> list[list[EventView]]:
    """Events on one report together, in the order of the first of each."""
    groups: dict[tuple[str, int], list[EventView]] = {}
    for view in views:
        key = ("report", view.report) if view.report is not None and view.purpose == "event" else ("event", view.id)
        groups.setdefault(key, []).append(view)
    return list(groups.values())


def _subject(style: Style, word: str | Sequence[str], rest: str) -> str:
    words = WORDS[style.language]
    names = [words[name] for name in ([word] if isinstance(word, str) else word)]
    if style.language == "zh" and len(names) > 1:
        names = [names[0], *(name.removeprefix("年报") for name in names[1:])]
    tag = f"【{'、'.join(names)}】" if style.language == "zh" else f"[{', '.join(names)}] "
    mark = f"（{words['duplicate']}）" if style.duplicate else ""
    return cut(tag + rest, _SUBJECT_BYTES) + mark


def _who(view: EventView) -> str:
    year = f" {view.year} 年" if view.year is not None else ""
    guessed = "（年份为推定）" if getattr(view.detail, "year_from", None) else ""
    same_as = getattr(view.detail, "same_as", "")
    copy = f"（转载自 {clean(same_as, 40)}）" if same_as else ""
    name = clean(view.who, 60) or "nianbao"
    return f"{name}{year}{guessed}{copy}"


def _kind(view: EventView) -> str:
    return "retraction" if view.purpose == "retraction" else view.kind


def _one(views: Sequence[EventView], style: Style) -> Message:
    """One report, portal or matter."""
    first = views[0]
    heads = "；".join(dict.fromkeys(wording.headline(view) for view in views))
    subject = _subject(style, list(dict.fromkeys(map(_kind, views))), f"{_who(first)} · {heads}")
    blocks: list[Block] = []
    for view in views:
        blocks += wording.body(view, style)
    found = [sentence for view in views if view.purpose == "event" for sentence in wording.checks(view)]
    blocks += [Line(f"核对  {clean(sentence, 200)}") for sentence in dict.fromkeys(found[:4])]
    blocks += [Gap(), Line(_times(views, style), quiet=True), _links(views, style)]
    return _finish(subject, blocks)


def _times(views: Sequence[EventView], style: Style) -> str:
    last = views[-1]
    parts = [f"发现 {shown(last.detected_at, style.zone)}"]
    verified = next((d for view in views if (d := getattr(view.detail, "last_verified_at", ""))), last.last_verified_at)
    changed = next((view.detail for view in views if isinstance(view.detail, Changed)), None)
    if verified and last.report is not None:
        parts.append(f"上次核实{'无变化' if changed else ''} {shown(verified, style.zone)}")
    if changed and changed.published_on:
        word = "现为" if changed.date_changed else "仍为"
        parts.append(f"页面标注日期{word} {clean(changed.published_on, 10)}")
    return "　".join(parts)


def _links(views: Sequence[EventView], style: Style) -> Links:
    last, links = views[-1], []
    gone = any(view.kind == "taken_down" and view.purpose == "event" for view in views)
    moved = next((view.detail for view in views if isinstance(view.detail, Moved) and view.purpose == "event"), None)
    url = clean(moved.to_url if moved else last.url, 2000)
    if url:
        links.append(("原地址" if gone else "页面", url))
    diff = next((view for view in views if view.from_seq and view.to_seq), None)
    if diff is not None and diff.report is not None:
        path = f"/diff/{diff.report}/{diff.from_seq}/{diff.to_seq}"
        command = f"nianbao diff {diff.report} {diff.from_seq} {diff.to_seq}"
        links.append(("对比", style.web_url.rstrip("/") + path if style.web_url else command))
    if last.report is not None:
        path = f"{style.web_url.rstrip('/')}/report/{last.report}"
        links.append(("证据" if gone else "报告", path if style.web_url else f"nianbao show {last.report}"))
    stored = next((view for view in reversed(views) if view.hash and view.seq), None)
    if stored is not None:
        links.append(("最后存档" if gone else "存档", f"v{stored.seq} · SHA-256 {stored.hash[:16]}…"))
    return Links(tuple(links))


def _item(views: Sequence[EventView], style: Style) -> str:
    """One report, portal or matter as a line of a list."""
    words = WORDS[style.language]
    kinds = "、".join(dict.fromkeys(words[_kind(view)].removeprefix("年报") for view in views))
    return f"{kinds}  {_who(views[0])}  {'；'.join(dict.fromkeys(wording.headline(view) for view in views))}"


def _many(groups: Sequence[Sequence[EventView]], style: Style) -> Message:
    """A migration, a mass take-down, an outage, a new year's column: counts, then a line each."""
    views = [view for group in groups for view in group]
    kinds = list(dict.fromkeys(map(_kind, views)))
    portals = list(dict.fromkeys(view.portal_title or view.portal or view.who for view in views))
    who = clean(portals[0], 60) if len(portals) == 1 else f"{len(portals)} 个门户"
    count = "" if all(kind in _PORTALS for kind in kinds) else f"{len(groups)} {'篇' if views[0].report else '件'}"
    numbers = Counter(_kind(view) for view in views)
    words = WORDS["zh"]
    if len(kinds) > 1:
        count += "（" + "，".join(f"{words[kind].removeprefix('年报')} {numbers[kind]}" for kind in kinds) + "）"
    subject = _subject(style, kinds, f"{who} · {count}".removesuffix(" · "))
    blocks: list[Block] = []
    for group in groups[:_LISTED]:
        blocks.append(Line(_item(group, style), telling=True))
        # What became of each is told in full where a line has room for it: mail and webhooks.
        for view in group:
            blocks += [_unbrief(block) for block in wording.body(view, style)[:4]] if len(groups) <= 10 else []
        if url := clean(group[-1].url, 2000):
            blocks.append(Line("  " + url, quiet=True, brief=False))
    blocks += _rest(len(groups), "篇" if views[0].report else "件")
    blocks += [Gap(), Line(f"发现 {shown(views[-1].detected_at, style.zone)}", quiet=True, brief=False)]
    blocks.append(_links_to_all(views, style))
    return _finish(subject, blocks, telling=5)


def _unbrief(block: Block) -> Block:
    """As plain lines that a chat leaves out."""
    match block:
        case Rows(rows):
            return Line("  " + "；".join(f"{label} {value}" for label, value in rows), brief=False)
        case Line(text) | Head(text):
            return Line("  " + text, brief=False)
        case _:
            return block


def _rest(number: int, noun: str) -> list[Block]:
    return [Line(f"……等共 {number} {noun}")] if number > _LISTED else []


def _links_to_all(views: Sequence[EventView], style: Style) -> Links:
    since = min((view.detected_at for view in views), default="")
    command = f"nianbao events --since {since[:10]}" if since else "nianbao events"
    return Links((("全部", f"{style.web_url.rstrip('/')}/" if is_web(style.web_url) else command),))


def _finish(subject: str, blocks: Sequence[Block], telling: int = 2) -> Message:
    return Message(
        subject=subject,
        text=as_text(blocks),
        html=as_html(subject, blocks),
        markdown=as_markdown(subject, blocks, telling),
    )
