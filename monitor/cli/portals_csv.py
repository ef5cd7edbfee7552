"""`nianbao portals add --csv`: many portals from a table, each for itself, so that it can be run again where it stopped."""

import csv
import io
import sys
from contextlib import closing
from pathlib import Path

import click
import msgspec

from crawler.page.address import bare, host_of
from crawler.portal import Portal
from crawler.scout.survey_model import Order
from monitor.cli.common import Context, tell, whoever_reads
from monitor.cli.portals_add import NAME, Proposal, order_for, progress, watches
from monitor.home import Home
from monitor.new_portal import free_name, name_of
from monitor.scouting import scout
from monitor.store import Row

_COLUMNS = ("url", "name", "title", "region", "level", "organ")
_MOST = 20_000
_LARGEST = 20_000_000


class _Planned(msgspec.Struct):
    """A row of the table, and what became of it."""

    line: int
    said: dict[str, str]
    name: str = ""
    order: Order | None = None
    state: str = "waiting"
    """waiting, exists, failed, added, proposed."""
    why: str = ""
    proposal: Proposal | None = None

    def fail(self, why: str) -> None:
        self.state, self.why = "failed", why


def add_many(context: Context, table: Path, proxy: str, *, yes: bool, dry_run: bool, replace: bool) -> None:
    """Adds the rows of a table; one that is wrong or that fails stops no other. Exit code 1 if one failed."""
    home = context.home
    rows = _read(table)
    planned = _plan(context, home, rows, proxy, replace=replace)
    waiting = {id(one.order): one for one in planned if one.order is not None}
    asks = not (yes or dry_run or context.json) and sys.stdin.isatty() and sys.stdout.isatty()
    if asks and waiting:
        click.confirm(f"Survey {len(waiting)} addresses, and write a portal file for each that is found?", abort=True)
    write = yes or asks
    orders = [one.order for one in planned if one.order is not None]
    with progress(40, len(orders)) as show, closing(scout(orders, show)) as surveys:
        for order, survey in surveys:
            one = waiting[id(order)]
            one.proposal = Proposal(
                survey, one.name, context.clock(), {key: one.said.get(key, "") for key in _COLUMNS[2:]}
            )
            _settle(home, one, write=write, replace=replace)
            if sys.stderr.isatty():
                tell(f"{one.name}: {one.state}" + (f": {one.why}" if one.why else ""), err=True)
    with whoever_reads():
        _report(context, planned, write=write)
    if any(one.state == "failed" for one in planned):
        sys.exit(1)


def _settle(home: Home, one: _Planned, *, write: bool, replace: bool) -> None:
    proposal = one.proposal
    assert proposal is not None
    if not proposal.text:
        one.fail(proposal.trouble)
        return
    if not write:
        one.state = "proposed"
        return
    try:
        proposal.write_unless_doubtful(home, replace=replace)
    except click.UsageError as error:  # somebody else added it meanwhile
        one.fail(error.message)
        return
    if proposal.file is None:
        one.fail(proposal.trouble)
    else:
        one.state = "added"


def _read(table: Path) -> list[tuple[int, dict[str, str]]]:
    """The table's rows with their line numbers. Raises click.UsageError for what is no such table."""
    try:
        body = table.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{table}: {error.strerror}") from None
    if len(body) > _LARGEST:
        raise click.UsageError(f"{table}: larger than {_LARGEST / 1e6:.0f} MB; a row is an address and a few names")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("gb18030", "replace")  # what spreadsheets in China save
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""))
    try:
        head = [cell.strip().lower() for cell in next(reader, [])]
        unknown = [cell for cell in head if cell and cell not in _COLUMNS]
        if "url" not in head or unknown:
            raise click.UsageError(
                f"{table}: the first line must name the columns, url among them"
                + (f"; unknown: {', '.join(unknown)}" if unknown else "")
                + f"; known: {', '.join(_COLUMNS)}"
            )
        found = []
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append(
                    (reader.line_num, {key: cell.strip() for key, cell in zip(head, cells, strict=False) if key})
                )
            if len(found) > _MOST:
                raise click.UsageError(f"{table}: more than {_MOST} rows; split it")
    except csv.Error as error:
        raise click.UsageError(f"{table}: line {reader.line_num}: {error}; save it as CSV in UTF-8") from None
    if not found:
        raise click.UsageError(f"{table}: holds no row beneath its head")
    return found


def _plan(
    context: Context, home: Home, rows: list[tuple[int, dict[str, str]]], proxy: str, *, replace: bool
) -> list[_Planned]:
    """What is to be done with each row: its name, its order, or why there is nothing to do."""
    files = home.portal_files()
    portals, _ = home.sound_portals()
    taken: dict[str, int] = {}
    hosts: dict[str, int] = {}
    planned = []
    for line, said in rows:
        one = _Planned(line, said, said.get("name", ""))
        planned.append(one)
        try:
            order = order_for(context, home, said.get("url", ""), proxy)
        except click.UsageError as error:
            one.fail(error.message)
            continue
        host = bare(host_of(order.url))
        if one.name and not NAME.fullmatch(one.name):
            one.fail(f'name: "{one.name}" may hold only a-z, 0-9 and _')
        elif one.name and one.name in taken:
            one.fail(f"line {taken[one.name]} has the name {one.name}")
        elif not one.name and host in hosts:
            one.fail(f"line {hosts[host]} has the same host; give both a name, if they are two portals")
        else:
            _name(one, order, files, portals, taken, replace=replace)
            taken[one.name] = line
            hosts.setdefault(host, line)
            one.order = order if one.state == "waiting" else None
    return planned


def _name(
    one: _Planned,
    order: Order,
    files: dict[str, Path],
    portals: dict[str, Portal],
    taken: dict[str, int],
    *,
    replace: bool,
) -> None:
    """Gives a row its name; a portal that is there already is left alone."""
    if not one.name:
        best = name_of(order.url)[0]
        known = portals.get(best)
        free = replace or best not in files or (known is not None and watches(known, order.url))
        one.name = best if free and best not in taken else free_name(order.url, {*files, *taken})
    if one.name in files and not replace:
        one.state, one.why = "exists", str(files[one.name])


def _report(context: Context, planned: list[_Planned], *, write: bool) -> None:
    rows: list[Row] = []
    for one in planned:
        survey = one.proposal.survey if one.proposal is not None else None
        row: Row = {
            "line": one.line,
            "url": one.said.get("url", ""),
            "name": one.name,
            "state": one.state,
            "family": survey.family if survey else "",
            "sections": len(survey.sections) if survey else 0,
            "links": sum(section.links for section in survey.sections) if survey else 0,
            "reports": sum(report.reading == "present" for report in survey.reports) if survey else 0,
            "why": one.why or _warnings(one),
        }
        if context.json and one.proposal is not None:
            row["proposal"] = one.proposal.as_json()
        rows.append(row)
    columns = {
        "line": "行", "name": "代号", "state": "结果", "family": "系统", "sections": "栏目", "links": "链接", "reports": "试读",
        "url": "网址", "why": "说明",
    }  # fmt: skip
    context.show(rows, columns, "no row")
    if not context.json:
        count = {
            state: sum(one.state == state for one in planned) for state in ("added", "proposed", "exists", "failed")
        }
        tell(", ".join(f"{number} {state}" for state, number in count.items() if number), err=True)
        if not write and count["proposed"]:
            tell("nothing was written; --yes takes the proposals", err=True)


def _warnings(one: _Planned) -> str:
    notes = one.proposal.survey.notes if one.proposal is not None else ()
    return "; ".join(note.detail for note in notes if note.severity == "warning")[:300]
