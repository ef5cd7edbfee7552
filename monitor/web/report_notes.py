"""What is special about a report, in words: read before the rest."""

from collections.abc import Iterable
from typing import Any

import msgspec

from monitor.markup import is_web
from monitor.store import Row, Store
from monitor.times import shown

_YEAR_FROM = {"column": "依据栏目名称", "published": "依据公开日期"}


class Note(msgspec.Struct, frozen=True):
    """Something to know before the rest is read. `tone`: empty, warn, bad."""

    text: str
    tone: str = ""
    path: str = ""
    name: str = ""
    url: str = ""


def notes(store: Store, report: Row, detail: dict[str, Any]) -> Iterable[Note]:
    """`detail`: `reports.detail`, decoded."""
    if report["withdrawn_at"]:
        yield Note("操作员已撤销：这不是年度报告，不再跟踪。", "warn")
    if report["status"] == "live" and (gone := _gone(store, report["id"])):
        times = f"（前后 {len(gone)} 次）" if len(gone) > 1 else ""
        event, since, until = gone[-1]
        back = f"，{shown(until)} 重新上线" if until else ""
        yield Note(f"曾被撤下：{shown(since)} 确认{back}{times}。", "warn", f"/event/{event}", "当时的证据")
    if detail.get("reason") == "overwritten":
        yield Note("原网址上的页面已换成其他年度的报告。", "bad")
    if (how := detail.get("year_from")) is not None:
        yield Note(f"年度为推定（{_YEAR_FROM.get(how, '原文未写明')}），请以原文为准。", "warn")
    if detail.get("corrected"):
        printed = " ".join(str(part) for part in (detail.get("printed_organ"), detail.get("printed_year")) if part)
        yield Note("机关或年度由操作员设定" + (f"；页面原写：{printed}。" if printed else "。"), "warn")
    for key, said, tone in (
        ("same_as", "与另一门户的年报为同一份（转载）：", ""),
        ("conflict_with", "同一机关、同一年度另有内容不同的页面：", "warn"),
    ):
        if (other := _other(store, detail.get(key))) is not None:
            yield Note(said, tone, f"/report/{other['id']}", f"{other['portal']} · {other['title']}")
    if detail.get("disregarded"):
        yield Note("操作员已声明目前的读数不足为凭，读到其他结果前不再计入。", "warn")
    for address in _texts(detail.get("not_at")):
        yield Note("操作员已声明下列网址所示并非本报告：", "", "", address, address if is_web(address) else "")
    if detail.get("reread"):
        yield Note("当前版本是按新的读取规则重读存档所得，尚待下一次读取印证。")
    if detail.get("is_section"):
        yield Note("报告即在栏目页上。")


def _gone(store: Store, report: int) -> list[tuple[int, str, str]]:
    """Take-downs that stand: the event, when it was said, when it was over (empty: nobody said so)."""
    found: list[tuple[int, str, str]] = []
    for one in store.rows(
        """SELECT id, kind, detected_at FROM events WHERE report = ? AND kind IN ('taken_down', 'restored')
        AND retracted_at IS NULL ORDER BY id""",
        (report,),
    ):
        if one["kind"] == "taken_down":
            found.append((one["id"], one["detected_at"], ""))
        elif found and not found[-1][2]:
            found[-1] = (*found[-1][:2], one["detected_at"])
    return found


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _other(store: Store, number: object) -> Row | None:
    if not isinstance(number, int):
        return None
    return store.row(
        "SELECT r.id, r.title, p.title AS portal FROM reports r JOIN portals p ON p.name = r.portal WHERE r.id = ?",
        (number,),
    )
