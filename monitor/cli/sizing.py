"""What `nianbao schedule --simulate` adds where passes are made on workers, or where a fleet is planned that is not there yet."""

from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from monitor.cli.common import say
from monitor.settings import Settings
from monitor.simulate import Forecast, Subject
from monitor.sizing import LISTED, TARGET, YEARS, Machines, Sizing, Stock, due, fleet, size_of

_REPORTS, _SLOTS, _CORES = 100, 50, 2
_UNITS = ("GB", 1e9), ("MB", 1e6), ("KB", 1e3)


class Plan(msgspec.Struct, frozen=True):
    """What the options say; None: nothing."""

    portals: int | None = None
    reports: int | None = None
    workers: int | None = None
    slots: int | None = None
    cores: int | None = None

    @property
    def asked(self) -> bool:
        """Anything was said."""
        return any(getattr(self, name) is not None for name in self.__struct_fields__)

    @property
    def reports_each(self) -> int:
        """Of the invented portals."""
        return self.reports or _REPORTS

    @property
    def machines(self) -> Machines:
        """What makes the passes."""
        return Machines(self.workers or 0, self.slots or _SLOTS, self.cores or _CORES)

    def invented(self, settings: Settings, start: str) -> list[Subject]:
        """The fleet that is not there yet."""
        delay, zone = settings.policy.delay, settings.service.timezone
        return fleet(self.portals or 0, self.reports_each, delay, settings.schedule, zone, start)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `Plan`."""
    for name, most, text in (
        ("cores", 256, f"With --simulate: cores of each worker. [default: {_CORES}]"),
        ("slots", 1000, f"With --simulate: passes at the same time on each worker. [default: {_SLOTS}]"),
        ("workers", 10_000, "With --simulate: so many workers, instead of as many as are needed."),
        ("reports", 20_000, f"With --portals: reports on each of them. [default: {_REPORTS}]"),
        ("portals", 100_000, "With --simulate: so many invented portals, instead of those that are there."),
    ):
        command = click.option(f"--{name}", type=click.IntRange(1, most), metavar="N", help=text)(command)
    return command


def sized(
    settings: Settings, subjects: Sequence[Subject], plan: Plan, reports: int, start: str, days: float
) -> tuple[Forecast, Sizing]:
    """The forecast on workers, and what it takes. `reports`: of all portals together."""
    zone, stock = settings.service.timezone, Stock(reports, settings.service.keep_runs)
    forecast, sizing = size_of(subjects, settings.schedule, zone, start, days, plan.machines, stock)
    if plan.portals is not None:
        each = plan.reports_each
        read = due(each, settings.schedule, zone, start)
        first = (
            f"{plan.portals} portals of {each} reports are invented: each at a host of its own, with one section of {LISTED} reports a "
            f"page, of the last {YEARS} years, without attachments; a full pass reads {read:.1f} of them, with "
            f"{settings.policy.delay:g} s between two requests"
        )
        sizing = msgspec.structs.replace(sizing, assumed=(first, *sizing.assumed))
    return forecast, sizing


def advice(sizing: Sizing) -> list[str]:
    """What is too small, and what would help."""
    said = []
    if sizing.workers < sizing.needed:
        said.append(
            f"{sizing.workers} workers are too few: {sizing.for_waiting} are needed for waiting, {sizing.for_cpu} for CPU"
        )
    if not sizing.within_target:
        said.append(
            f"the service would spend {max(sizing.service_a_day, sizing.service_at_worst):.0%} of a core on passes, more than "
            f"{TARGET:.0%}: read less often (schedule.season_discover, schedule.season_passes), or raise schedule.jitter"
        )
    return said


def show(sizing: Sizing, first: str) -> None:
    """For people. `first`: `Sizing.first` in words."""
    say(
        f"\n需要 {sizing.needed} 个工作进程：按排队需 {sizing.for_waiting} 个（每个同时 {sizing.slots} 次读取），"
        f"按处理器需 {sizing.for_cpu} 个（最忙一小时共占 {sizing.cores:.1f} 核）"
    )
    say(
        f"主服务为读取（准备、结算、收发）占单核 {sizing.service_a_day:.1%}（最忙一天），最忙一小时 {sizing.service_at_worst:.1%}"
    )
    say(
        f"一年 {sizing.passes_a_year} 次读取；数据库每年增长 {amount(sizing.record_a_year)}（其中读取记录 "
        f"{amount(sizing.record_by_passes)}），存档 {amount(sizing.archive_a_year)}；保留的读取目录共 {amount(sizing.run_folders)}"
    )
    say(f"全部门户首次读完约需 {first}")
    say("\n假设：")
    for sentence in sizing.assumed:
        say(f"- {sentence}")


def amount(size: float) -> str:
    """`3.2 GB`."""
    for unit, of in _UNITS:
        if size >= of:
            return f"{size / of:.1f} {unit}"
    return f"{size:.0f} B"
