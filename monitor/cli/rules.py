"""What operators do about rules of reading: `nianbao archive reread`, and `nianbao portals check --captures`."""

import sys
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from crawler import families
from crawler.portal import Portal, PortalError, parse_portal
from monitor.cli.common import Command, Context, choose, echo_json, pass_context, tell
from monitor.cli.crawl import bars, rehearsal
from monitor.cli.writing import writing
from monitor.renew import renew
from monitor.renewed import REMEDIES, Outcome, Renewed, summarise
from monitor.run import Progress, recover
from monitor.store import Store
from monitor.trial import ORDER, ReportTrial, Trial, attempt

_RESULTS = {
    "lost": "读不到",
    "emptied": "正文缺失",
    "unkept": "存档不可读",
    "otherwise": "读法不同",
    "as recorded": "一致",
}
_DONE = {"equal": "as before", "rebaselined": "read otherwise", "unread": "no longer found", "lost": "capture lost"}


@click.command(cls=Command)
@click.argument("names", metavar="[PORTAL]...", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; record nothing.")
@pass_context
def reread(context: Context, names: tuple[str, ...], dry_run: bool) -> None:
    """Reads the stored captures of reports' current versions again, as the named portals' pages (or all portals') are
    read today. Offline, and it alerts nobody: what reads otherwise becomes a version marked `rebaseline`, figures and
    findings are renewed. Exit code 1 if a capture cannot be read; each is named."""
    home = context.home
    if not home.database.exists():
        home.reader()  # says that there is no record yet
    if dry_run:
        with home.reader() as store, rehearsal(home, store) as (_, copy):
            renewed = _reread(context, copy, names)
    else:
        with writing(context, names or None) as writer:
            if not writer.served:
                for old in recover(home, writer.store, home.settings(), context.clock):
                    tell(f"{old.portal}: pass {old.crawl}: {old.outcome}", err=True)
            renewed = _reread(context, writer.store, names)
    _show(context, renewed, dry=dry_run)
    if any(one.troubles for one in renewed):
        sys.exit(1)


def _reread(context: Context, store: Store, named: tuple[str, ...]) -> list[Renewed]:
    portals = context.home.portals()
    recorded = {row["name"] for row in store.rows("SELECT name FROM portals")}
    chosen = choose(portals, named) if named else [portal for portal in portals.values() if portal.name in recorded]
    strange = [portal.name for portal in chosen if portal.name not in recorded]
    if strange:
        raise click.UsageError(f"nothing is stored of {', '.join(strange)}; `nianbao crawl {strange[0]}` reads it")
    renewed = []
    with bars(len(chosen)) as show:
        for portal in chosen:
            renewed.append(
                renew(
                    store,
                    context.home.archive,
                    portal,
                    context.clock(),
                    everything=True,
                    progress=_shown(show, portal.name),
                )
            )
    return renewed


def _show(context: Context, renewed: list[Renewed], *, dry: bool) -> None:
    if context.json:
        told = [
            {
                "portal": one.portal,
                "counts": summarise([one]),
                "documents": one.documents,
                "reports": [msgspec.to_builtins(outcome) for outcome in one.outcomes if _is_worth_telling(outcome)],
            }
            for one in renewed
        ]
        echo_json({"dry_run": dry, "counts": summarise(renewed), "portals": told})
        return
    for one in renewed:
        counts = summarise([one])
        said = ", ".join(f"{count} {_DONE[result]}" for result, count in counts.items() if count or result == "equal")
        anew = sum(outcome.figures or outcome.findings for outcome in one.outcomes if outcome.result == "equal")
        more = f"; {anew} with other figures or findings" if anew else ""
        more += f"; {one.documents} documents extracted again" if one.documents else ""
        click.echo(f"{one.portal}: {sum(counts.values())} reports: {said}{more}")
        for outcome in one.outcomes:
            if outcome.rekeyed:
                tell(f"  {outcome.rekeyed} is {outcome.organ} {outcome.year} now  {outcome.url}")
        for trouble in one.troubles:
            tell(f"  {_DONE[trouble.result]}: {trouble.year} {trouble.organ} ({trouble.why})  {trouble.url}")
        for result, remedy in REMEDIES.items():
            if one.count(result):
                click.echo(f"  what to do about “{_DONE[result]}”: {remedy.replace('NAME', one.portal)}")
    if not renewed:
        click.echo("nothing is stored yet; `nianbao crawl` makes a first pass")
    if dry:
        click.echo("dry run: nothing was recorded")


def _is_worth_telling(outcome: Outcome) -> bool:
    return outcome.result != "equal" or outcome.figures or outcome.findings or bool(outcome.rekeyed)


def _shown(show: Callable[[Progress], None], portal: str) -> Callable[[int, int], None]:
    return lambda done, total: show(Progress(portal, done, total, done == total))


def check_captures(context: Context, name: str, file: Path | None) -> None:
    """Tries a portal file on what is stored: the one in place, or `file`. Ends with exit code 1 if it would lose reports."""
    portal = _portal(context, name, file)
    with context.home.reader() as store:
        if store.row("SELECT 1 FROM portals WHERE name = ?", (name,)) is None:
            raise click.UsageError(f"nothing is stored of {name}; `nianbao portals check {name}` reads it live")
        trial = attempt(store, context.home.archive, portal, int(context.clock()[:4]))
    if context.json:
        echo_json({**msgspec.to_builtins(trial), "loses": trial.loses})
    else:
        _print(context, trial)
    if trial.loses:
        sys.exit(1)


def _portal(context: Context, name: str, file: Path | None) -> Portal:
    if file is None:
        return choose(context.home.portals(), (name,))[0]
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PortalError(f"{file}: cannot be read: {error}; give a readable UTF-8 file") from error
    return parse_portal(name, text, families.names(), str(file))


def _print(context: Context, trial: Trial) -> None:
    tell(f"{trial.portal} ({trial.family}): {trial.verdict}")
    if trial.remedy:
        tell(f"  what to do: {trial.remedy}")
    said = ", ".join(f"{trial.counts[result]} {result}" for result in ORDER)
    click.echo(f"  reports: {said}")
    for section in trial.sections:
        if not section.kept:
            tell(f"  section {section.section}: {section.why}")
            continue
        state = "" if section.complete else f"; not to its end: {section.why}"
        tell(f"  section {section.section}: {section.found} links of {section.recorded} recorded{state}")
        for url in section.lost:
            tell(f"    lost: {url}")
        for url in section.new:
            tell(f"    new: {url}")
    for title in trial.beside:
        tell(f"  stands on a stored page and is not in the record: {title}")
    for finding in trial.findings:
        tell(f"  {finding}")
    columns = {
        "result": "结果", "year": "年度", "organ": "机关", "date": "日期", "characters": "字数", "figures": "指标",
        "attachments": "附件", "detail": "差别", "url": "网址",
    }  # fmt: skip
    if trial.reports:
        context.show([_line(one) for one in trial.reports], columns, "")
    for one in trial.reports:
        for line in one.telling if sum(other.result == "otherwise" for other in trial.reports) <= 3 else ():
            tell(f"  {one.recorded.year} {one.recorded.organ}: {line}")


def _line(one: ReportTrial) -> dict[str, object]:
    def both(key: str) -> str:
        was = getattr(one.recorded, key)
        now = getattr(one.read, key) if one.read is not None else was
        return str(was) if was == now else f"{was or '∅'} → {now or '∅'}"

    return {
        "result": _RESULTS[one.result],
        "year": both("year"),
        "organ": both("organ"),
        "date": both("published_on"),
        "characters": both("characters"),
        "figures": both("figures"),
        "attachments": both("attachments"),
        "detail": one.summary or one.why,
        "url": one.url,
    }
