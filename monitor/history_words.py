"""A report's history in words: one timeline, Chinese, with the evidence beneath each event. Pure.

In: what `monitor.history.History.told` gives. Out: lines with their indentation and style, for terminals, pipes and
bundles alike; whoever shows them neutralises what pages had a part in.
"""

from collections.abc import Iterator
from typing import Any

from monitor.store import Row
from monitor.times import shown

_STATUS = {"live": "在线", "missing": "待确认", "taken_down": "已撤下"}
_LISTED = {1: "是", 0: "否", None: "未知"}
_ROLES = {"primary": "主网址", "view": "另一视图", "former": "旧网址", "attachment": "附件"}

Line = tuple[int, str, str]
"""Indentation, style, text."""


def history_lines(told: dict[str, Any], zone: str) -> Iterator[Line]:
    """The whole history; times in `zone`. An empty text is an empty line."""
    yield from _head(told, zone)
    yield from _timeline(told["timeline"], zone)
    yield from _rest(told)


def _head(told: dict[str, Any], zone: str) -> Iterator[Line]:
    row: Row = told["report"]
    yield 0, "head", row["title"]
    facts = [
        f"编号 {row['id']}",
        f"机关 {told['organ']['name']}",
        f"年度 {row['year']}",
        f"状态 {_STATUS[row['status']]}",
        f"栏目列出 {_LISTED[row['listed']]}",
        f"公开日期 {row['published_on'] or '未标注'}",
    ]
    yield 0, "", "　".join(facts)
    online = f"　{'在线' if row['status'] == 'live' else '此前在线'} {told['online']}" if told["online"] else ""
    yield (
        0,
        "",
        f"首次发现 {shown(row['first_seen_at'], zone)}　最后核实 {shown(row['last_verified_at'], zone)}{online}",
    )
    yield 0, "", f"网址 {row['url']}"
    if row["withdrawn_at"]:
        yield 0, "wrong", f"{shown(row['withdrawn_at'], zone)} 由操作员撤销：不是年度报告，不再跟踪"
    if row["detail"].get("corrected"):
        yield 0, "correction", "机关或年度由操作员设定"
    if row["detail"].get("disregarded"):
        yield 0, "correction", "操作员已声明目前的读数不足为凭，读到其他结果前不再计入"
    if sought := told["looked_for"]:
        yield 0, "", f"查找未见　{shown(sought['at'], zone)}（读取 #{sought['crawl']}）"
        for address in sought["addresses"]:
            yield 4, "quiet", address
        for section in sought["sections"]:
            yield 4, "quiet", f"栏目 {section['url']}　{section['words']}"


def _timeline(entries: list[dict[str, Any]], zone: str) -> Iterator[Line]:
    yield 0, "", ""
    yield 0, "head", "经过"
    for entry in entries:
        at = shown(entry["at"], zone)
        match entry["type"]:
            case "event":
                taken = "（已撤回）" if entry["retracted_at"] else ""
                yield 2, "event", f"{at}  ● {entry['words']}{taken}　事件 {entry['id']}{_pass(entry)}"
                if entry["retracted_at"]:
                    why = entry["retracted_why"] or "其后读到年报"
                    by = f"（{entry['retracted_by']}）" if entry["retracted_by"] else ""
                    yield 6, "wrong", f"撤回 {shown(entry['retracted_at'], zone)}　{why}{by}"
                yield from _evidence(entry["evidence"], zone)
            case "reading":
                counted = "计入" if entry["counted"] else "不计"
                yield 2, "reading", f"{at}  ○ 读取：{entry['words']}（{counted}）　读数 {entry['id']}{_pass(entry)}"
            case "version":
                told = f"{at}  ○ 存档 v{entry['seq']}：{entry['words']}　SHA-256 {entry['content_hash'][:12]}…"
                yield 2, "version", f"{told}　版本 {entry['id']}{_pass(entry)}"
            case _:
                undone = f"（{shown(entry['undone_at'], zone)} 撤销）" if entry["undone_at"] else ""
                why = f"　{entry['why']}" if entry["why"] else ""
                yield 2, "correction", f"{at}  ◇ 人工更正：{entry['words']}（{entry['who']}）{why}{undone}"


def _evidence(told: dict[str, Any], zone: str) -> Iterator[Line]:
    for reading in told["readings"]:
        where = f"　{reading['final_url']}" if reading["final_url"] else ""
        lists = "" if reading["sections_complete"] is None else f"　{_sections_in_brief(reading)}"
        yield 6, "", f"证据  {shown(reading['at'], zone)}{_pass(reading)}：{reading['words']}{where}{lists}"
        yield from _capture(reading["capture"])
    for version in told["versions"]:
        yield 6, "", f"证据  v{version['seq']}　{version['url']}"
        yield from _capture(version["capture"])
        for part in version["parts"]:
            yield 6, "", f"续页  {part['url']}"
            yield from _capture(part["capture"])
        for item in version["attachments"]:
            yield 6, "", f"附件  {item['name'] or item['url']}"
            yield from _capture(item["capture"])
    for section in told.get("sections", ()):
        yield 6, "", f"栏目  {section['url']}　{section['words']}"
        for capture in section["captures"]:
            yield from _capture(capture)


def _sections_in_brief(reading: dict[str, Any]) -> str:
    if reading["sections_complete"]:
        listed = f"，列出 {reading['listed']} 篇" if reading["listed"] else ""
        return f"栏目均完整读取{listed}"
    cut = [section["words"] for section in reading["sections"] if not section["complete"]]
    return f"栏目{'；'.join(cut)}"


def _pass(entry: dict[str, Any]) -> str:
    return f"　读取 #{entry['crawl']}" if entry["crawl"] is not None else ""


def _capture(capture: dict[str, Any] | None) -> Iterator[Line]:
    if capture is None:
        return
    broken = capture["readable"] is False
    yield 12, "wrong" if broken else "quiet", f"存档 {capture['ref']}{'　无法打开！' if broken else ''}"


def _rest(told: dict[str, Any]) -> Iterator[Line]:
    for key, label, form in (
        ("findings", "核对", "[{severity}] {detail}"),
        ("attachments", "附件", "{id}　{name}　{media_type}　{size} 字节　{url}"),
        ("pages", "网址", "{role}　{url}"),
        ("companions", "解读等", "{title}　{url}"),
    ):
        if told[key]:
            yield 0, "", ""
            yield 0, "head", label
        for item in told[key]:
            yield 2, "", form.format(**{**item, **({"role": _ROLES[item["role"]]} if "role" in item else {})})
