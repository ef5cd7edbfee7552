"""`nianbao portals check`: can portals be read as their files say, and if not, what to do."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from crawler.portal import Portal, PortalError
from monitor.cli.common import Command, Context, choose, echo_json, pass_context, tell
from monitor.cli.crawl import bars
from monitor.cli.rules import check_captures
from monitor.home import Home
from monitor.inspection.inspect import inspect
from monitor.inspection.model import LABELS, Inspection, ReportFound, SectionFound
from monitor.portal_file import mark_verified
from monitor.saved_portal import EXPECTED, SavedPortalError, check_saved, folder_of

_OF_ONE, _OF_MANY = 12, 3
"""Reports that are opened where nobody says how many: of a portal that is named alone, and of each of several."""
_SHOWN = 8


@click.command(cls=Command)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--captures", is_flag=True, help="Try one portal's file on what is stored: no network.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --captures: try this portal file in place of the one that is used.",
)
@click.option(
    "--reports",
    type=click.IntRange(min=1, max=100_000),
    metavar="N",
    help="Open so many of the reports that each portal lists. [default: 12 of one portal, 3 of each of several]",
)
@click.option(
    "--saved", is_flag=True, help="Try portal files on the pages that `portals add` saved with them: no network."
)
@click.option(
    "--mark", is_flag=True, help="Write today's date as `verified` into the files of the portals that are good."
)
@pass_context
def check(
    context: Context,
    names: tuple[str, ...],
    captures: bool,
    file: Path | None,
    reports: int | None,
    saved: bool,
    mark: bool,
) -> None:
    """Reads portals live, the named ones or all enabled ones, records nothing, and says of each whether its sections can be
    read, what they list against last time, what was found where in a few reports, what is wrong and what to do. Exit code 1 if
    one of them is not good.

    With --captures it reads what is stored of one portal instead, and says what an edit of its file changes: exit code 1 if
    reports would be lost. With --saved it reads the pages that were saved when a portal was added: exit code 1 if one reads
    otherwise than it did."""
    if captures:
        if len(names) != 1:
            raise click.UsageError("--captures tries one portal; name it")
        check_captures(context, names[0], file)
        return
    if file is not None:
        raise click.UsageError("--file goes with --captures; put the file into HOME/portals/ to read it live")
    if saved:
        _check_saved(context, names)
        return
    portals, faults = _portals(context.home, names)
    alone = len(names) == 1
    with bars(len(portals)) as progress:
        found = inspect(
            context.home,
            context.home.settings(),
            portals,
            context.clock,
            reports=reports or (_OF_ONE if alone else _OF_MANY),
            progress=progress,
        )
    marked = _mark(context, found) if mark else []
    if context.json:
        several = {
            "portals": found,
            "verdicts": Counter(one.verdict for one in found),
            "faults": faults,
            "marked": marked,
        }
        echo_json(msgspec.to_builtins(found[0] if alone else several))
    else:
        _print(context, found, alone=alone, marked=marked)
    if faults:
        sys.exit(2)
    if not all(one.good for one in found):
        sys.exit(1)


def _portals(home: Home, names: tuple[str, ...]) -> tuple[list[Portal], dict[str, str]]:
    """What to check, and what is wrong with files that cannot be. Raises PortalError for one that was named."""
    portals, faults = home.sound_portals()
    for name in names:
        if name in faults:
            raise PortalError(faults[name])
    chosen = choose(portals, names)
    if not chosen:
        raise click.UsageError("no portal is enabled; add one with `nianbao portals add URL`, or name one")
    for fault in faults.values():
        tell(f"nianbao: {fault}", err=True)
    return chosen, faults


def _check_saved(context: Context, names: tuple[str, ...]) -> None:
    """The portals that have saved pages, or the named ones."""
    home = context.home.path
    chosen = choose(context.home.sound_portals()[0], names)
    if not names:
        chosen = [portal for portal in chosen if (folder_of(home, portal.name) / EXPECTED).exists()]
    rows, trouble = [], False
    for portal in chosen:
        try:
            checked = check_saved(folder_of(home, portal.name), portal)
        except SavedPortalError as error:
            raise click.UsageError(str(error)) from None
        trouble |= bool(checked.differences)
        rows.append({"portal": portal.name, **msgspec.to_builtins(checked)})
    if context.json:
        echo_json(rows)
    elif not rows:
        click.echo("no portal has saved pages; `nianbao portals add` saves them")
    else:
        for row in rows:
            said = f"{len(row['differences'])} differences" if row["differences"] else "as saved"
            tell(f"{row['portal']}: {row['sections']} lists, {row['reports']} reports: {said}")
            for one in row["differences"]:
                tell(f"  {one['file']}: {one['what']}: was {one['expected']}, is {one['found']}")
    if trouble:
        sys.exit(1)


def _mark(context: Context, found: Sequence[Inspection]) -> list[str]:
    """Names of the portals whose files say so now."""
    today = context.clock()[:10]
    return [one.portal for one in found if one.good and mark_verified(context.home, one.portal, today)]


def _print(context: Context, found: Sequence[Inspection], *, alone: bool, marked: Sequence[str]) -> None:
    if alone:
        _print_one(found[0])
    else:
        rows = [_row(one) for one in found]
        columns = {
            "portal": "代号", "title": "门户", "family": "系统", "verdict": "结论", "links": "链接", "change": "较上次",
            "reports": "已读年报", "figures": "数据项", "detail": "说明",
        }  # fmt: skip
        context.show(rows, columns, "no portal")
        for one in found:
            if not one.good:
                tell("")
                _print_one(one)
    counts = Counter(one.verdict for one in found)
    if not alone:
        tell("")
        tell(
            f"{len(found)} portals: "
            + ", ".join(f"{counts[verdict]} {verdict}" for verdict in LABELS if counts[verdict])
        )
    if marked:
        tell(f"verified today, and their files say so: {', '.join(marked)}")


def _row(one: Inspection) -> dict[str, object]:
    change = ""
    if one.compared is not None:
        change = f"+{one.compared.new} -{len(one.compared.lost)}" if one.compared.new or one.compared.lost else "同"
    return {
        "portal": one.portal,
        "title": one.title,
        "family": one.family,
        "verdict": LABELS[one.verdict],
        "links": len(one.links),
        "change": change,
        "reports": len(one.reports),
        "figures": sum(report.figures for report in one.reports),
        "detail": one.why,
    }


def _print_one(one: Inspection) -> None:
    tell(f"{one.portal} ({one.family}): {one.verdict}")
    if one.why:
        tell(f"  why: {one.why}")
    if one.remedy:
        tell(f"  what to do: {one.remedy}")
    if one.proposal is not None:
        tell(
            f"  found instead: {', '.join(one.proposal.sections)} ({one.proposal.family}, {one.proposal.links} reports): {one.proposal.why}"
        )
        tell(f"  to take it: {one.proposal.command}")
    if one.trouble and one.trouble not in one.why:
        tell(f"  trouble: {one.trouble}")
    for host in one.hosts:
        tell(f"  host {host.host}: {host.scheme}{f', {host.tls}' if host.tls else ''}")
    for section in one.sections:
        tell(f"  section {section.url}: {_section(section)}")
    if one.compared is not None:
        where = "the record" if one.compared.origin == "record" else "the last check"
        tell(
            f"  against {where} of {one.compared.since}: {one.compared.new} new, {len(one.compared.lost)} not listed any more"
        )
        for link in one.compared.lost[:_SHOWN]:
            tell(f"    not listed any more: {link.title}  {link.url}")
    for report in one.reports:
        _print_report(report)
    for page in one.unread[:_SHOWN]:
        tell(f"  {page['reading']}: {page['url']} ({page['marker']})")
    for finding in one.findings[:_SHOWN]:
        tell(f"  {finding['severity']}: {finding['rule']}: {finding['detail']} {finding['url']}")
    if len(one.findings) > _SHOWN:
        tell(f"  … and {len(one.findings) - _SHOWN} more findings (--json has them all)")
    for note in one.notes:
        tell(f"  note: {note}")
    tell(f"  {one.requests} requests")


def _section(section: SectionFound) -> str:
    state = "read to its end" if section.complete else f"{section.judged.verdict}: {section.judged.why}"
    columns = f" and {section.columns} year columns" if section.columns else ""
    what = "is itself the report, " if section.is_report else ""
    return f"{what}{section.links} reports on {section.pages} pages{columns}, {state}"


def _print_report(report: ReportFound) -> None:
    tell(
        f"  report {report.year} {report.organ}: {report.published_on or 'no date'}, {report.characters} characters, "
        f"{report.figures} figures, {report.attachments} attachments  {report.url}"
    )
    where = report.where
    places = {"title": where.title, "date": where.date, "source": where.source, "body": where.body}
    shown = "; ".join(f"{name} by {place}" for name, place in places.items() if place)
    if shown:
        tell(f"    {shown}")
