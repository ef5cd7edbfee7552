"""`nianbao crawl`: one pass now."""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import msgspec

from crawler.observation import Mode
from crawler.portal import Portal, PortalError
from monitor import outbox, run
from monitor.cli.common import Command, Context, choose, echo_json, pass_context, tell, whoever_reads
from monitor.courtesy import reminders
from monitor.home import Home, HomeLocked
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Row, Store

_LAST_WORDS = 900.0
"""Seconds that messages under way get when all portals have been read; each has a limit of its own."""
_EVENTS = {
    "baseline": "建立基线", "appeared": "年报公开", "changed": "年报变更", "taken_down": "年报撤下", "restored": "年报恢复",
    "moved": "年报迁移", "delisted": "移出栏目", "relisted": "重新列入", "overdue": "逾期未公开", "portal_down": "门户无法读取",
    "portal_broken": "门户异常", "portal_recovered": "门户恢复", "service": "运行提示", "finding": "核对问题",
}  # fmt: skip


@click.command(cls=Command)
@click.argument("names", metavar="[PORTAL]...", nargs=-1)
@click.option("--discover-only", is_flag=True, help="Read the sections and new reports only.")
@click.option("--recheck-only", is_flag=True, help="Read known reports again only.")
@click.option("--no-send", is_flag=True, help="Queue alerts, send none.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; record nothing.")
@pass_context
def crawl(
    context: Context, names: tuple[str, ...], discover_only: bool, recheck_only: bool, no_send: bool, dry_run: bool
) -> None:
    """One pass now over the named portals, or over all enabled ones: discover reports, re-check known ones, record,
    judge, queue alerts and send what is due. A portal whose file is wrong is named and stops no other."""
    if discover_only and recheck_only:
        raise click.UsageError("--discover-only and --recheck-only exclude each other; leave both out for a full pass")
    mode: Mode = "discover" if discover_only else "recheck" if recheck_only else "full"
    home = context.home
    home.create()
    settings = home.settings()
    portals, faults = home.sound_portals()
    for name, fault in faults.items():
        if name in names:
            raise PortalError(fault)
        tell(f"nianbao: {fault}; {name} is not read until then", err=True)
    chosen = choose(portals, names)
    if not chosen:
        raise click.UsageError("no portal is enabled; add one to HOME/portals/ or name one")
    with home.reader() if home.database.exists() else contextlib.nullcontext() as record:
        for sentence in reminders(record, settings, chosen, context.clock()):
            tell(f"nianbao: {sentence}", err=True)
    if dry_run:
        settled = _rehearse(context, settings, chosen, mode)
    else:
        try:
            with home.writing() as store:
                if no_send:
                    settled, sent = _pass(home, store, settings, chosen, mode, context), None
                else:
                    settled, sent = _pass_and_send(home, store, settings, chosen, mode, context)
                with whoever_reads():
                    _report(context, store, settled, sent, dry=False)
                with bars(len(chosen)) as progress:
                    run.recognise(home, store, chosen, context.clock, progress)
        except HomeLocked as locked:
            settled = _hand_over(context, locked, names, len(chosen), mode, send=not no_send)
    if faults:  # the others were read; that one was not
        sys.exit(2)
    if any(one.trouble for one in settled):
        sys.exit(1)


def _pass_and_send(
    home: Home, store: Store, settings: Settings, chosen: list[Portal], mode: Mode, context: Context
) -> tuple[list[Settled], outbox.Delivered]:
    """What one pass found is told while other portals are still being read; in the end what is left."""
    early = outbox.Delivered()
    if len(chosen) > 1 and settings.channels:
        from monitor.service.sender import Sender  # a crawl of one portal has nobody to be early for

        sender = Sender(lambda: Store.open(home.database), lambda: settings, context.clock)
        before = sender.counts()
        sender.start()
        try:
            settled = _pass(home, store, settings, chosen, mode, context, sender.wake)
        finally:
            sender.stop(_LAST_WORDS)
        early = sender.since(before)
    else:
        settled = _pass(home, store, settings, chosen, mode, context)
    return settled, outbox.together(early, outbox.deliver(store, settings, context.clock(), context.clock))


def _rehearse(context: Context, settings: Settings, chosen: list[Portal], mode: Mode) -> list[Settled]:
    home = context.home
    with contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(home.writing())
        except HomeLocked:
            store = stack.enter_context(home.reader())  # it is copied, not written to
        scratch, copy = stack.enter_context(rehearsal(home, store))
        settled = _pass(scratch, copy, msgspec.structs.replace(settings, channels=()), chosen, mode, context)
        with whoever_reads():
            _report(context, copy, settled, None, dry=True)
    return settled


def _hand_over(
    context: Context, locked: HomeLocked, names: tuple[str, ...], portals: int, mode: Mode, *, send: bool
) -> list[Settled]:
    """The running service makes the passes; its progress is shown here. Raises HomeLocked if it is no service that holds
    the home."""
    from monitor.service import control  # brings the service's parts along: only who meets one pays for them

    if not control.answers(context.home.path):
        raise locked
    if context.now:
        raise click.UsageError("--now: the running service has a clock of its own; leave it out, or stop the service")
    if not send:
        raise click.UsageError(
            "--no-send: the running service sends whatever is queued; leave it out, or stop the service"
        )
    settled: list[Settled] = []
    sent = None
    try:
        with bars(portals) as progress:
            for said in control.ask(context.home.path, control.Crawl(names, mode, send)):
                if said.progress is not None:
                    progress(said.progress)
                if said.settled is not None:
                    settled.append(said.settled)
                sent = said.sent or sent
    except KeyboardInterrupt:
        tell("no longer waiting; the service ends the passes that are under way", err=True)
        raise
    with whoever_reads(), context.home.reader() as store:
        _report(context, store, settled, sent, dry=False)
    return settled


@contextlib.contextmanager
def rehearsal(home: Home, store: Store) -> Iterator[tuple[Home, Store]]:
    """A copy of the record in a folder of its own, thrown away afterwards."""
    with tempfile.TemporaryDirectory(prefix="nianbao-") as folder:
        copy = Home(Path(folder))
        copy.create()
        target = Store.open(copy.database)
        store.conn.backup(target.conn)
        for file in home.archive.glob("*/*"):  # read when rules changed; what the rehearsal captures goes with it
            (copy.archive / file.parent.name).mkdir(exist_ok=True)
            (copy.archive / file.parent.name / file.name).symlink_to(file)
        with target:
            yield copy, target


def _pass(
    home: Home,
    store: Store,
    settings: Settings,
    portals: list[Portal],
    mode: Mode,
    context: Context,
    told: Callable[[], None] = lambda: None,
) -> list[Settled]:
    with bars(len(portals)) as progress:
        return run.crawl(home, store, settings, portals, mode, context.clock, progress, told=told)


@contextlib.contextmanager
def bars(portals: int) -> Iterator[Callable[[run.Progress], None]]:
    """A progress bar per portal on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}
        whole = bars.add_task("portals", total=portals) if portals > 1 else None

        def show(told: run.Progress) -> None:
            if told.portal not in tasks:
                tasks[told.portal] = bars.add_task(told.portal, total=None)
            bars.update(tasks[told.portal], completed=told.done, total=told.total or None)
            if told.finished:
                bars.remove_task(tasks.pop(told.portal))
                if whole is not None:
                    bars.advance(whole)

        yield show


def _report(
    context: Context, store: Store, settled: list[Settled], sent: outbox.Delivered | None, *, dry: bool
) -> None:
    events: list[Row] = []
    for one in settled:
        for number in one.events:
            row = store.row("SELECT * FROM events WHERE id = ?", (number,))
            if row is not None:
                events.append(row)
    if context.json:
        for row in events:
            row["detail"] = msgspec.json.decode(row["detail"])
        delivered = msgspec.to_builtins(sent) if sent is not None else None
        passes = [
            {
                "portal": one.portal,
                "crawl": one.crawl,
                "outcome": one.outcome,
                "healthy": one.healthy,
                "reports_seen": one.reports_seen,
                "trouble": one.trouble,
            }
            for one in settled
        ]
        echo_json({"dry_run": dry, "passes": passes, "events": events, "deliveries": delivered})
        return
    for row in events:
        if row["baseline"] and row["kind"] != "baseline":
            continue
        who = " ".join(str(part) for part in (row["organ"], f"{row['year']} 年" if row["year"] else "") if part)
        tell(f"【{_EVENTS[row['kind']]}】{who} · {row['summary']}")
    for one in settled:
        click.echo(f"{one.portal}: {one.outcome}, {one.reports_seen} reports, {len(one.events)} events")
    for one in settled:
        if one.trouble:
            tell(f"{one.portal}: failed: {one.trouble}", err=True)
    if dry:
        click.echo("dry run: nothing was recorded")
