"""What operators should hear of: the state of disk, record, channels, clock and portals → `Matter`s. Pure.

In: facts as `monitor.service.watch` read them, and the present (UTC). Out: what is wrong now, in Chinese sentences that
say what, how bad, and what to do. Whether and when it is told is the watch's business.
"""

import statistics
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from monitor.markup import clean
from monitor.redact import redact
from monitor.service.state import State
from monitor.times import shift, to_utc

What = Literal[
    "channel_failing", "outbox", "portal_unread", "portal_cut", "disk", "record", "clock", "config", "idle", "pages", "workers"
]  # fmt: skip

HOUR, DAY = 3600.0, 86400.0
DISK_FULL = 300_000_000
"""Bytes: with less the next passes and captures may not find room."""
_DISK_AGAIN = 1.1
"""What was short counts as enough again with so much more than the limit: no to and fro at the edge."""
UNREAD = 14 * DAY
"""Many times what lies between two turns, which is a day and a bit at most (monitor.planning)."""
UNREAD_SAID_OTHERWISE = 30 * DAY
"""For a portal of which portal_down or portal_broken was told: a reminder."""
CUT = 3
"""Passes in a row."""
_FAILING = DAY
OVERDUE = 3 * HOUR
_STUCK = HOUR / 2
CLOCK_TOLERANCE = 600.0
LOG_BYTES = 256 << 20
"""Of the write-ahead log that could not be carried over into the database."""
IDLE = HOUR
_PAGES_DOWN = 120.0


class Matter(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong now."""

    what: What
    whom: str
    """Which disk, channel, portal, file: with `what` it names the matter."""
    reason: str
    remedy: str = ""
    level: int = 1
    """How bad: a rise is told again."""
    patience: float = 0.0
    """Seconds that it must have lasted before it is told."""
    not_before: str = ""
    """It lasts since then at the earliest (a failing channel that took a message meanwhile)."""
    again: float = 0.0
    """Seconds after which it is told again; 0: never while it lasts."""
    rest: float = 0.0
    """Seconds for which it is not told a second time, though it ended in between; 0: until the next day."""
    ended: str = ""
    """What is said when it is over; empty: nothing."""
    portal: str = ""
    channel: str = ""
    count: int = 0
    since: str = ""
    """If the facts tell; else the watch knows since when it sees it."""


class Room(msgspec.Struct, frozen=True):
    """Of the disk that a folder lies on."""

    where: str
    """`home` or `archive`."""
    free: int
    """Bytes."""
    files: int | None = None
    """How many more files there is room for; None: the file system sets no limit."""


class Queue(msgspec.Struct, frozen=True):
    """A channel's deliveries."""

    channel: str
    failed: int = 0
    late: int = 0
    """Due for longer than OVERDUE."""
    oldest: str = ""
    """When the first of those was due."""
    last_sent: str = ""
    error: str = ""
    """The receiver's last words."""


class PortalFacts(msgspec.Struct, frozen=True):
    """What the record says of an enabled portal."""

    portal: str
    title: str
    complete: str = ""
    """End of the last pass that read every section; empty: never."""
    first: str = ""
    """Its first pass; empty: none yet."""
    tried: str = ""
    """End of the last pass."""
    told: bool = False
    """portal_down or portal_broken was said and still holds."""
    outcomes: tuple[str, ...] = ()
    """Of the last CUT passes; one that the service's own end cut short is none of them."""
    why: str = ""
    """Why the last of them did not end well."""


def disk(rooms: Iterable[Room], low: int, known: Collection[str]) -> list[Matter]:
    """`low`: bytes under which operators want to hear; `known`: of which disks they heard already."""
    found = []
    for room in rooms:
        margin = _DISK_AGAIN if room.where in known else 1.0
        full = min(DISK_FULL, low)
        no_files = room.files is not None and room.files < 5_000
        if room.free >= low * margin and not no_files:
            continue
        name = "存档所在磁盘" if room.where == "archive" else "数据目录所在磁盘"
        left = f"只剩 {_size(room.free)}" if not no_files else f"只能再建 {room.files} 个文件"
        level = 2 if room.free < full * margin or (room.files is not None and room.files < 500) else 1
        worse = "，新的读取和存档随时可能失败" if level == 2 else ""
        found.append(
            Matter(
                what="disk",
                whom=room.where,
                level=level,
                reason=f"{name}空间{'即将用尽' if level == 2 else '不足'}：{left}{worse}。",
                remedy="清理磁盘上的其他文件，或把数据目录迁到更大的磁盘（先停服务）。存档是证据，请勿删除。",
            )
        )
    return found


def archive_unwritable(error: str) -> Matter:
    """Captures cannot be stored, though the record can be written."""
    return Matter(
        what="record",
        whom="archive",
        level=2,
        reason=f"存档目录无法写入（{_cause(error)}），读到的内容无法结算。",
        remedy="检查数据目录下 archive 和 runs 的权限、配额和挂载状态；恢复后自动补做。",
        ended="存档目录恢复可写。",
    )


def damaged(answer: str) -> Matter:
    """The record's own check says that it is not sound."""
    return Matter(
        what="record",
        whom="integrity",
        level=2,
        reason=f"数据库完整性检查未通过：{clean(answer, 120)}。",
        remedy="尽快停止服务，另存 nianbao.db 及其 -wal 文件，检查磁盘，再用 nianbao restore 恢复最近的备份。",
        again=DAY,
    )


def log_grows(left: int) -> Matter:
    """`left`: bytes of the write-ahead log that wait for a reader to end."""
    return Matter(
        what="record",
        whom="log",
        patience=HOUR,
        reason=f"数据库的预写日志有 {_size(left)} 无法并回，正在占用磁盘。",
        remedy="有程序长时间开着对 nianbao.db 的查询：关闭它（数据库浏览工具、未结束的脚本），日志会自行收回。",
    )


def channels(queues: Iterable[Queue]) -> list[Matter]:
    """Channels that fail for long, before deliveries are given up; deliveries that nobody sends though they are due."""
    found = []
    for queue in queues:
        name = clean(queue.channel, 60)
        if queue.failed:
            why = f"（{clean(queue.error, 160)}）" if queue.error else ""
            found.append(
                Matter(
                    what="channel_failing",
                    whom=queue.channel,
                    channel=queue.channel,
                    count=queue.failed,
                    patience=_FAILING,
                    not_before=queue.last_sent,
                    reason=f"通道“{name}”已超过一天没有送达任何通知，{queue.failed} 条在重试{why}。",
                    remedy=f"检查其地址、密码和网络，再用 nianbao alerts test {name} 试发。多次失败后这些通知会被放弃。",
                    ended=f"通道“{name}”恢复送达。",
                )
            )
        if queue.late:
            found.append(
                Matter(
                    what="outbox",
                    whom=queue.channel,
                    channel=queue.channel,
                    count=queue.late,
                    patience=_STUCK,
                    since=queue.oldest,
                    reason=f"通道“{name}”有 {queue.late} 条通知到期 {OVERDUE / HOUR:.0f} 小时以上仍未发出。",
                    remedy="发送环节可能停住了：查看服务日志，必要时重启服务；未发的通知不会丢失。",
                )
            )
    return found


def portals(facts: Iterable[PortalFacts], now: str, tried_since: str) -> list[Matter]:
    """Portals that no complete pass has read for long, and those whose passes never come to their end.

    `tried_since`: a portal that nobody tried to read since then is not spoken of (the service itself was off)."""
    found = []
    for one in facts:
        since = one.complete or one.first
        limit = UNREAD_SAID_OTHERWISE if one.told else UNREAD
        if since and one.tried >= tried_since and shift(since, limit) <= now:
            days = int((to_utc(now) - to_utc(since)).total_seconds() // DAY)
            never = "" if one.complete else "（从未完整读取过）"
            found.append(
                Matter(
                    what="portal_unread",
                    whom=one.portal,
                    portal=one.portal,
                    count=days,
                    since=since,
                    again=UNREAD_SAID_OTHERWISE,
                    reason=f"已 {days} 天未能完整读取{never}，其间的撤下和逾期无法判断。",
                    remedy=f"运行 nianbao portals check {one.portal} 看卡在哪里；网站改版或换址时修改其门户文件。",
                    ended="恢复完整读取。",
                )
            )
        if not one.told and len(one.outcomes) == CUT and all(outcome != "ok" for outcome in one.outcomes):
            why = f"（最近一次：{clean(one.why, 120)}）" if one.why else ""
            found.append(
                Matter(
                    what="portal_cut",
                    whom=one.portal,
                    portal=one.portal,
                    count=CUT,
                    rest=7 * DAY,
                    reason=f"连续 {CUT} 次读取没有做完{why}。",
                    remedy="被终止的多半是耗时或内存超限：查看服务日志，放宽 [service] 的限制，或减少该门户的栏目。",
                )
            )
    return found


def clock(offsets: Mapping[str, float], jumped: float) -> list[Matter]:
    """`offsets`: by portal, its `Date` headers less this machine's clock, in seconds; `jumped`: how far the clock was set
    since the last look."""
    found = []
    remedy = "检查时间同步（timedatectl）。时钟不准时，撤下和逾期的判断会推迟，不会误报。"
    off = typical(offsets.values())
    if abs(off) > CLOCK_TOLERANCE:
        found.append(
            Matter(
                what="clock",
                whom="offset",
                count=round(abs(off)),
                reason=f"本机时钟比各门户的时间{'慢' if off > 0 else '快'} {_span(abs(off))}。",
                remedy=remedy,
                ended="本机时钟已与各门户一致。",
            )
        )
    if abs(jumped) > CLOCK_TOLERANCE:
        found.append(
            Matter(
                what="clock",
                whom="jump",
                count=round(abs(jumped)),
                reason=f"本机时钟刚才向{'前' if jumped > 0 else '后'}跳了 {_span(abs(jumped))}。",
                remedy=remedy,
            )
        )
    return found


def typical(offsets: Collection[float]) -> float:
    """What most portals say; of two that contradict each other, the one that is kinder to this machine; 0: nobody says."""
    if not offsets:
        return 0.0
    return min(statistics.median_low(offsets), statistics.median_high(offsets), key=abs)


def configuration(faults: Mapping[str, str]) -> list[Matter]:
    """`faults`: by file (nianbao.toml, or a portal's name) what is wrong with it."""
    return [
        Matter(
            what="config",
            whom=name,
            reason=f"{_file(name)} 有错：{clean(redact(fault), 200)}",
            remedy="改好保存即可，服务会自行重新读取；在此之前沿用上次有效的内容，从未有效的门户不读取。",
            ended=f"{_file(name)} 已改好并生效。",
        )
        for name, fault in faults.items()
    ]


def idle(state: State | None, now: str) -> list[Matter]:
    """A service that begins nothing, though something is due."""
    if state is None or state.running or state.coming is None or shift(state.coming.at, IDLE) > now:
        return []
    return [
        Matter(
            what="idle",
            whom="timetable",
            since=state.coming.at,
            patience=_STUCK,
            reason="到期的读取一直没有开始，各门户目前无人监看。",
            remedy="查看服务日志并重启服务；若反复出现，请保留日志。",
            ended="读取恢复进行。",
        )
    ]


def pages(down: float) -> list[Matter]:
    """Staff pages that are not there. `down`: seconds since they were."""
    if down < _PAGES_DOWN:
        return []
    return [
        Matter(
            what="pages",
            whom="web",
            reason="工作人员页面打不开，程序仍在反复尝试启动。监看和告警不受影响。",
            remedy="查看服务日志；多半是 nianbao.toml 的 [web] 设置或端口被占用，改正后会自动恢复。",
            ended="工作人员页面已恢复。",
        )
    ]


def together(matters: Sequence[Matter], titles: Mapping[str, str]) -> Matter:
    """Several of one kind as one, which names the first few. Raises ValueError if there are none."""
    if not matters:
        raise ValueError("nothing to put together")
    first = matters[0]
    if len(matters) == 1:
        return first
    names = [clean(titles.get(one.portal, "") or one.portal or _called(one), 40) for one in matters]
    some = "、".join(names[:3]) + (" 等" if len(names) > 3 else "")
    number = len(matters)
    reason = {
        "portal_unread": f"{number} 个门户超过 {min(one.count for one in matters)} 天未能完整读取：{some}。",
        "portal_cut": f"{number} 个门户连续 {CUT} 次读取没有做完：{some}。",
        "config": f"{number} 个配置文件有错：{some}。",
        "workers": f"{number} 个队列有读取在等，没有采集节点在取：{some}。",
    }.get(first.what, f"{number} 件：{first.reason}")
    remedy = (
        first.remedy.replace(f"portals check {first.portal}", "portals check 门户") if first.portal else first.remedy
    )
    return msgspec.structs.replace(
        first,
        whom=f"{first.whom}+{number - 1}",
        portal="",
        count=number,
        reason=reason,
        remedy=remedy,
        since=min(one.since for one in matters),
    )


def unrecorded(error: str) -> tuple[str, str]:
    """(what is wrong, what to do) where nothing can be recorded."""
    low = error.lower()
    for words, reason, remedy in (
        (("full", "no space", "enospc", "quota"), "磁盘已满或配额用尽", "立即腾出空间"),
        (
            ("readonly", "read-only", "permission", "erofs"),
            "数据目录不可写（只读或权限不足）",
            "检查挂载状态和目录权限",
        ),
        (
            ("malformed", "not a database", "corrupt"),
            "数据库已损坏",
            "停止服务，检查磁盘，用 nianbao restore 恢复最近的备份",
        ),
        (
            ("filenotfound", "replaced"),
            "数据库文件不见了或被替换",
            "立即停止服务，用 nianbao restore 恢复或放回原文件，再启动服务",
        ),
        (("locked", "busy"), "数据库被其他程序长时间锁住", "关闭正在写 nianbao.db 的其他程序"),
    ):
        if any(word in low for word in words):
            return (
                f"{reason}，什么都记录不下来，监看实际已停止。",
                f"{remedy}。恢复后未完成的读取会重做，通知不会丢失。",
            )
    return (
        f"运行记录无法写入（{_cause(error)}），监看实际已停止。",
        "查看服务日志，检查磁盘和数据目录。恢复后未完成的读取会重做，通知不会丢失。",
    )


def _cause(error: str) -> str:
    return clean(redact(error), 120)


def _called(matter: Matter) -> str:
    return matter.whom if matter.what == "workers" else _file(matter.whom)


def _file(name: str) -> str:
    return name if name.endswith(".toml") else f"门户文件 {name}.toml"


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def _span(seconds: float) -> str:
    if seconds < HOUR:
        return f"{seconds / 60:.0f} 分钟"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.1f} 小时"
    return f"{seconds / DAY:.0f} 天"
