"""`nianbao portals add`: from an address to a portal file, shown with its reasons before it is written."""

import contextlib
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from crawler.page.address import bare, host_of
from crawler.portal import Portal, PortalError, proxy_address
from crawler.scout.survey_model import Order, Survey, Told
from monitor.cli.common import Command, Context, echo_json, pass_context, tell, whoever_reads
from monitor.cli.portals_shown import print_proposal
from monitor.home import Home, HomeError
from monitor.new_portal import Taken, compose, free_name, name_of, put
from monitor.scouting import order_of, scout
from monitor.store import Row

NAME = re.compile(r"[a-z0-9_]+")


@click.command(cls=Command)
@click.argument("url", required=False)
@click.option("--name", help="The portal's name: a-z, 0-9 and _. [default: from the host's name]")
@click.option(
    "--csv",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Adds every row of a table: columns url[,name,title,region,level,organ].",
)
@click.option("--yes", is_flag=True, help="Take the proposal without asking.")
@click.option("--dry-run", is_flag=True, help="Show the proposal, write nothing.")
@click.option("--replace", is_flag=True, help="Overwrite a portal of that name.")
@click.option("--proxy", default="", help="Ask through this HTTP proxy, and write it into the file: '${CN_PROXY}'.")
@pass_context
def add(
    context: Context,
    url: str | None,
    name: str | None,
    table: Path | None,
    yes: bool,
    dry_run: bool,
    replace: bool,
    proxy: str,
) -> None:
    """Adds a portal from URL: its front page, its section of annual reports, or one report. Recognises the system that it runs
    on, finds the section, reads what a crawl would read, shows all that with a portal file, and asks before it writes."""
    if (url is None) == (table is None):
        raise click.UsageError("give an address, or --csv FILE with many")
    if yes and dry_run:
        raise click.UsageError("--yes and --dry-run exclude each other")
    _check_proxy(proxy)
    if table is not None:
        if name is not None:
            raise click.UsageError("--name goes with one address; a table has a column `name`")
        from monitor.cli.portals_csv import add_many

        add_many(context, table, proxy, yes=yes, dry_run=dry_run, replace=replace)
        return
    assert url is not None
    home = context.home
    order = order_for(context, home, url, proxy)
    chosen = choose_name(home, order.url, name, replace=replace)
    with progress(order.requests) as show, closing(scout([order], show)) as surveys:
        survey = next(surveys)[1]
    proposal = Proposal(survey, chosen, context.clock())
    if proposal.text and not (yes or dry_run or context.json) and sys.stdin.isatty() and sys.stdout.isatty():
        print_proposal(context, survey, chosen, proposal.text, failed=bool(proposal.trouble))
        if click.confirm(f"Write portals/{chosen}.toml?", default=not proposal.doubtful):
            proposal.write(home, replace=replace)
            _tell_written(proposal)
        return
    if yes and proposal.text:
        proposal.write_unless_doubtful(home, replace=replace)
    with whoever_reads():
        if context.json:
            echo_json(proposal.as_json())
        else:
            print_proposal(context, survey, chosen, proposal.text, failed=bool(proposal.trouble))
            _tell_end(proposal, url, name, proxy, replace=replace, dry_run=dry_run)
    if proposal.trouble:
        sys.exit(1)


class Proposal:
    """A survey's outcome with the file that follows from it."""

    def __init__(self, survey: Survey, name: str, now: str, said: dict[str, str] | None = None) -> None:
        """`said`: what the operator says of the portal (title, region, level, organ), which goes before what pages say."""
        self.survey, self.name = survey, name
        self.trouble, self.remedy = survey.trouble, survey.remedy
        self.text, self.portal = "", None
        self.file: Path | None = None
        if survey.outcome != "found" or survey.portal is None:
            self.trouble = self.trouble or "nothing was found"
            return
        told: Any = {key: value for key, value in (said or {}).items() if value}
        survey = msgspec.structs.replace(survey, portal=msgspec.structs.replace(survey.portal, **told))
        try:
            self.text, self.portal = compose(survey, name, now)
        except PortalError as error:
            self.trouble, self.remedy = (
                f"no portal file can hold this: {error}",
                "mend what it names in the table, or write the file by hand",
            )

    @property
    def doubtful(self) -> bool:
        """Nobody should take it without looking."""
        return any(note.severity == "error" for note in self.survey.notes)

    def write(self, home: Home, *, replace: bool) -> None:
        """Writes the file and its saved pages. Raises HomeError, or click.UsageError for a portal that came meanwhile."""
        home.create()
        try:
            self.file = put(home.path, self.name, self.text, self.survey.saved, replace=replace)
        except Taken as taken:
            raise click.UsageError(str(taken)) from None
        except OSError as error:
            raise HomeError(f"{error.filename or home.path}: {error.strerror}; nothing was written") from error

    def write_unless_doubtful(self, home: Home, *, replace: bool) -> None:
        """The same for --yes: what looks like a copy is left for a person to take."""
        if self.doubtful:
            self.trouble = next(note.detail for note in self.survey.notes if note.severity == "error")
            self.remedy = "look at it, and take it at a terminal without --yes if it is right"
        else:
            self.write(home, replace=replace)

    def as_json(self) -> Row:
        """All that is known."""
        survey: Row = msgspec.to_builtins(msgspec.structs.replace(self.survey, saved=(), portal=None))
        survey.pop("saved", None)
        return {
            "name": self.name,
            **{key: survey.get(key) for key in ("url", "outcome")},
            "trouble": self.trouble,
            "remedy": self.remedy,
            **{key: survey.get(key, "") for key in ("family", "score")},
            **{
                key: survey.get(key, [])
                for key in (
                    "evidence",
                    "compared",
                    "sections",
                    "others",
                    "selected",
                    "reports",
                    "listed",
                    "notes",
                    "tried",
                )
            },
            "requests": self.survey.requests,
            "seconds": self.survey.seconds,
            "toml": self.text,
            "file": str(self.file) if self.file else None,
        }


def order_for(context: Context, home: Home, url: str, proxy: str) -> Order:
    """The order for an address. Raises click.UsageError for what is none."""
    try:
        return order_of(url, home.settings(), context.clock(), proxy=proxy)
    except ValueError as error:
        raise click.UsageError(f'"{url}" {error}; give one such as https://www.linhai.gov.cn/') from None


def choose_name(home: Home, url: str, name: str | None, *, replace: bool) -> str:
    """The portal's name: as given, or a good one that is free. Raises click.UsageError for one that cannot be used."""
    files = home.portal_files()
    if name is not None:
        if not NAME.fullmatch(name):
            raise click.UsageError(f'--name: "{name}" may hold only a-z, 0-9 and _')
        if name in files and not replace:
            raise click.UsageError(
                f"there is a portal {name} already: {files[name]}; --replace overrides it, --name gives another name"
            )
        return name
    best = name_of(url)[0]
    if replace or best not in files:
        return best
    portals, _ = home.sound_portals()
    if best in portals and watches(portals[best], url):
        raise click.UsageError(
            f"the portal {best} reads {host_of(url)} already: {files[best]}; --replace overrides it, --name adds another portal"
        )
    return free_name(url, files)


def watches(portal: Portal, url: str) -> bool:
    """Whether a portal reads the host of an address."""
    return bare(host_of(url)) in {bare(host) for host in (*portal.hosts, *portal.allowed_hosts)}


def _check_proxy(proxy: str) -> None:
    if not proxy:
        return
    if re.search(r"://[^/\s]*@", proxy):
        raise click.UsageError("--proxy: holds a password, which the file would keep; export it and give '${CN_PROXY}'")
    try:
        address = proxy_address(Portal("proxy", "proxy", "generic", (), proxy=proxy), os.environ)
    except PortalError as error:
        raise click.UsageError(f"--proxy: {str(error).partition('proxy: ')[2]}") from None
    if not re.match(r"https?://[^/\s]+$", address.rstrip("/")):
        raise click.UsageError("--proxy: is no address of an HTTP proxy; give one such as http://proxy.example.cn:3128")


@contextlib.contextmanager
def progress(most: int, rows: int = 1) -> Iterator[Callable[[Order, Told], None]]:
    """A bar for each survey under way, on a terminal; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _order, _told: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(order: Order, told: Told) -> None:
            if order.url not in tasks:
                if len(tasks) >= 4:
                    bars.remove_task(tasks.pop(next(iter(tasks))))
                tasks[order.url] = bars.add_task("", total=most)
            bars.update(tasks[order.url], completed=told.requests, total=told.most, description=told.url[:70])

        yield show


def _tell_written(proposal: Proposal) -> None:
    tell(f"{proposal.file} is written, {len(proposal.survey.saved)} files beside it in saved/{proposal.name}/")
    tell(f"read it now: nianbao crawl {proposal.name}")


def _tell_end(proposal: Proposal, url: str, name: str | None, proxy: str, *, replace: bool, dry_run: bool) -> None:
    if proposal.file is not None:
        _tell_written(proposal)
    elif proposal.trouble:
        tell(f"nianbao portals add: {proposal.trouble}", err=True)
        if proposal.remedy:
            tell(f"  what to do: {proposal.remedy}", err=True)
    else:
        words = [
            "nianbao",
            "portals",
            "add",
            url,
            *(["--name", name] if name else []),
            *(["--proxy", proxy] if proxy else []),
        ]
        tell("nothing was written" + ("" if dry_run else "; take the proposal with:"))
        if not dry_run:
            tell(f"  {shlex.join([*words, *(['--replace'] if replace else []), '--yes'])}")
