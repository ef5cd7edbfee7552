"""`nianbao schedule`: what is read next and why, and what the plan comes to before anything runs."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from crawler.portal import Portal
from monitor.agenda import facts_of
from monitor.cli import sizing
from monitor.cli.common import Command, Context, choose, echo_json, pass_context, say, tell, utc_time
from monitor.costs import subject_of
from monitor.planning import WHYS, PortalFacts, Turn, next_turn
from monitor.settings import Settings
from monitor.simulate import Cost, Forecast, Subject, simulate
from monitor.sizing import Sizing
from monitor.store import Row, Store
from monitor.times import shown

_MODES = {"full": "全面", "discover": "栏目", "recheck": "复查"}
_LONGEST = 400
_SHOWN = 10
"""Portals that a forecast names."""


def _days(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """`30d` or `30`."""
    if value is None:
        return None
    text = value.removesuffix("d")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= _LONGEST):
        raise click.BadParameter(f'"{value}" is no number of days; write 1d to {_LONGEST}d, such as 30d')
    return int(text)


@click.command(cls=Command)
@click.argument("names", metavar="[PORTAL]...", nargs=-1)
@click.option("--simulate", "days", callback=_days, metavar="DAYS", help="Play the plan forward, such as 30d.")
@click.option("--from", "start", metavar="TIME", help="With --simulate: begin at this UTC time or date.")
@sizing.options
@pass_context
def schedule(
    context: Context, /, names: tuple[str, ...], days: int | None, start: str | None, **told: int | None
) -> None:
    """What the service reads next, when and why, for the named portals or all enabled ones. With --simulate: load, waiting
    and staleness of the days to come, from what passes took so far, and on workers, how many of them it takes. Nothing is
    fetched."""
    plan = sizing.Plan(**told)
    _refuse_what_does_not_fit(names, days, start, told)
    home = context.home
    settings = home.settings()
    if days is not None and plan.portals is not None:
        _simulate(context, settings, None, plan, start, days)
        return
    portals, faults = home.sound_portals()
    for name, fault in faults.items():
        if name in names:
            raise click.UsageError(fault)
        tell(f"nianbao: {fault}; {name} is not read until then", err=True)
    chosen = choose(portals, names)
    if days is not None:
        _simulate(context, settings, chosen, plan, start, days)
    else:
        _show_turns(context, settings, chosen)


def _refuse_what_does_not_fit(
    names: tuple[str, ...], days: int | None, start: str | None, told: Mapping[str, int | None]
) -> None:
    for option, value in (("from", start), *told.items()):
        if value is not None and days is None:
            raise click.UsageError(f"--{option} goes with --simulate; add --simulate 30d")
    if told["reports"] is not None and told["portals"] is None:
        raise click.UsageError("--reports goes with --portals; add --portals 1000")
    if told["portals"] is not None and names:
        raise click.UsageError("--portals invents portals; leave out the names")


def _simulate(
    context: Context,
    settings: Settings,
    portals: Sequence[Portal] | None,
    plan: sizing.Plan,
    start: str | None,
    days: int,
) -> None:
    """Shows what the plan comes to. `portals`: None for those that `plan` invents."""
    begin = utc_time(start) if start is not None else context.clock()
    if portals is None:
        subjects = plan.invented(settings, begin)
        reports = len(subjects) * plan.reports_each
    else:
        with _record(context) as store:
            subjects = [
                subject_of(store, portal, settings.policy.overridden(portal.policy), settings.schedule)
                for portal in portals
            ]
            reports = sum(_reports(store, portal.name) for portal in portals)
    if plan.asked or settings.service.engine == "celery":
        forecast, takes = sizing.sized(settings, subjects, plan, reports, begin, days)
        _show_forecast(context, settings, subjects, forecast, takes)
        return
    zone = settings.service.timezone
    forecast = simulate(subjects, settings.schedule, zone, begin, days, settings.service.parallel)
    _show_forecast(context, settings, subjects, forecast)


@contextlib.contextmanager
def _record(context: Context) -> Iterator[Store]:
    """The record; an empty one if there is none yet."""
    home = context.home
    with home.reader() if home.database.exists() else Store.open(Path(":memory:")) as store:
        yield store


def _reports(store: Store, portal: str) -> int:
    row = store.row("SELECT count(*) AS n FROM reports WHERE portal = ? AND withdrawn_at IS NULL", (portal,))
    return int(row["n"]) if row else 0


def _show_turns(context: Context, settings: Settings, portals: Sequence[Portal]) -> None:
    zone, now = settings.service.timezone, context.clock()
    rows: list[Row] = []
    with _record(context) as store:
        for portal in portals:
            facts, quiet = facts_of(store, portal.name), settings.policy.overridden(portal.policy).quiet
            turn = next_turn(facts, settings.schedule, zone, now, quiet)
            rows.append(_row(portal, facts, turn, now, quiet, zone))
    rows.sort(key=lambda row: (row["at"], row["portal"]))
    if not context.json:
        for row in rows:
            row["when"] = "现在" if row["due"] else shown(row["at"], zone)
            row["mode"] = _MODES[row["mode"]]
            row["last_started"] = row["last_started"] and shown(row["last_started"], zone)
            row["last_full"] = row["last_full"] and shown(row["last_full"], zone)
    columns = {
        "when": "下次", "portal": "代号", "title": "门户", "mode": "方式", "reason": "原因", "last_started": "上次开始",
        "last_full": "上次全面读取",
    }  # fmt: skip
    context.show(rows, columns, "no portal is enabled")


def _row(portal: Portal, facts: PortalFacts, turn: Turn, now: str, quiet: str, zone: str) -> Row:
    reason = WHYS[turn.why]
    if turn.why == "down":
        reason = f"连续 {facts.empty_passes} 次无法读取，放慢"
    elif turn.why == "retry" and facts.failures > 1:
        reason = f"连续 {facts.failures} 次未能读完，重试"
    elif turn.why == "missing":
        reason = f"{facts.missing} 份年报待确认"
    elif turn.why == "quiet":
        reason = f"安静时段（{quiet}）之后"
    elif turn.why == "asked" and facts.not_before:
        reason = f"网站要求 {shown(facts.not_before, zone)} 之前不再访问"
    return {
        "portal": portal.name,
        "title": portal.title,
        "at": turn.at,
        "due": turn.at <= now,
        "mode": turn.mode,
        "why": turn.why,
        "reason": reason,
        "health": facts.health,
        "empty_passes": facts.empty_passes,
        "failures": facts.failures,
        "missing": facts.missing,
        "quiet": quiet,
        "not_before": facts.not_before,
        "last_started": facts.last_started,
        "last_full": facts.last_full,
        "last_discover": facts.last_discover,
    }


def _show_forecast(
    context: Context,
    settings: Settings,
    subjects: Sequence[Subject],
    forecast: Forecast,
    takes: Sizing | None = None,
) -> None:
    advice = _advice(forecast, settings, takes)
    costs: list[Cost] = [cost for subject in subjects for cost in (subject.full, subject.discover)]
    measured = sum(cost.measured for cost in costs)
    if context.json:
        told = msgspec.to_builtins(forecast)
        if takes is not None:
            told["sizing"] = {**msgspec.to_builtins(takes), "needed": takes.needed}
        echo_json({**told, "measured": measured, "estimated": len(costs) - measured, "advice": advice})
        return
    zone = settings.service.timezone
    parallel = takes.workers * takes.slots if takes else settings.service.parallel
    on = f"（{takes.workers} 个工作进程，各 {takes.slots} 个）" if takes else ""
    say(
        f"{shown(forecast.start, zone)} 至 {shown(forecast.end, zone)}：{forecast.portals} 个门户，同时至多读取 {parallel} 个{on}"
    )
    say(
        f"共 {forecast.passes} 次读取，{forecast.requests} 次请求；耗时 {measured} 项取自以往读取，{len(costs) - measured} 项为估计\n"
    )
    rows = [
        {**msgspec.to_builtins(day), "busiest": f"{day.busiest_hour} {day.busiest_requests}"} for day in forecast.days
    ]
    columns = {
        "date": "日期", "full": "全面读取", "discover": "栏目读取", "requests": "请求", "busiest": "最忙一小时", "slots": "平均同时",
    }  # fmt: skip
    context.show(rows, columns, "")
    wait = forecast.wait
    say(f"\n最多同时 {forecast.most_running} 个；最多排队 {wait.waiting} 个（{shown(wait.waiting_at, zone)}）")
    if wait.seconds:
        say(f"最长排队 {span(wait.seconds)}：{wait.portal}，{shown(wait.at, zone)}")
    say("\n最久未核实（新年报指栏目新列出的；旧年报至迟每 recheck_old 一次）：")
    stale = [
        {"portal": one.portal, **{key: span(getattr(one, key)) for key in ("new", "fresh", "old", "missing")}}
        for one in forecast.stale[:_SHOWN]
    ]
    context.show(
        stale,
        {"portal": "代号", "new": "新年报", "fresh": "近期年报", "old": "旧年报", "missing": "待确认"},
        "no portal is enabled",
    )
    if takes is not None:
        sizing.show(takes, span(takes.first))
    for sentence in advice:
        say(f"\n{sentence}")


def _advice(forecast: Forecast, settings: Settings, takes: Sizing | None) -> list[str]:
    """What is too tight, and what would help."""
    zone = settings.service.timezone
    said = sizing.advice(takes) if takes is not None else []
    wait = forecast.wait
    if wait.tight and takes is not None:
        said.append(
            f"at {shown(wait.tight, zone)}, {wait.tight_passes} passes wait up to {span(wait.tight_seconds)} for one of "
            f"{takes.workers * takes.slots} slots: add workers or slots, or raise schedule.jitter"
        )
    elif wait.tight:
        said.append(
            f"at {shown(wait.tight, zone)}, {wait.tight_passes} passes wait up to {span(wait.tight_seconds)} for one of "
            f"{settings.service.parallel} slots: raise service.parallel or schedule.jitter"
        )
    if late := [one.portal for one in forecast.stale if one.old > 14 * 86400]:
        said.append(
            f"{len(late)} portals ({', '.join(late[:3])}{', …' if len(late) > 3 else ''}) leave old reports unread for more than "
            "14 days, and operators are told: lower schedule.recheck_old"
        )
    return said


def span(seconds: float) -> str:
    """`3 d 4 h`, `1 h 52 min`, `40 s`: two units at most."""
    left = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts[:2]) or "0 s"
