"""What all commands share: the options --home, --now and --json anywhere on the line, and how results are shown.

Light to import, as every start pays for it: what only some commands use is imported where they use it.
"""

import contextlib
import gc
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.commands import Commands
from monitor.markup import STEERING, printable
from monitor.times import format_utc

if TYPE_CHECKING:
    from rich.text import Text

    from crawler.portal import Portal
    from monitor.home import Home
    from monitor.store import Row, Store

DEFAULT_HOME = Path(__file__).parents[2] / "state"

NUMBER = click.IntRange(min=1, max=2**63 - 1)
"""An id or a version's number."""
YEAR = click.IntRange(min=1, max=9999)


def line(text: object) -> str:
    """A value for one line of output."""
    return printable(re.sub(r"[\t\n\r\x0b\x0c\x85\u2028\u2029]", " ", str(text)))


def say(text: str) -> None:
    """Text for people that a page had a part in, as it is laid out."""
    click.echo(printable(text))


def tell(text: str, *, err: bool = False) -> None:
    """A line for people that a page, a server or a file had a part in."""
    click.echo(line(text), err=err)


_LONG = frozenset(
    {"url", "summary", "detail", "last_error", "file", "title", "organ", "label", "raw", "takes", "reads"}
)
"""Columns that may be folded on a narrow terminal; the others are short."""


class Context:
    """The options that hold for every command."""

    home_path: Path | None = None
    now: str | None = None
    json: bool = False

    @property
    def home(self) -> "Home":
        from monitor.home import Home

        path = self.home_path or Path(os.environ.get("NIANBAO_HOME") or DEFAULT_HOME)
        return Home(Path(os.path.expanduser(path)).resolve())  # noqa: PTH111 (`~nobody` stays)

    def clock(self) -> str:
        """The present: --now, if it was given."""
        return self.now or format_utc(datetime.now(UTC))

    def show(self, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], empty: str) -> None:
        """Rows as one JSON document, as a table on a terminal, or as tab-separated lines in a pipe."""
        if self.json:
            echo_json(list(rows))
        elif not sys.stdout.isatty():
            click.echo("\t".join(columns.values()))
            for row in rows:
                click.echo("\t".join(_cell(row.get(key)) for key in columns))
        elif not rows:
            click.echo(empty)
        else:
            from rich.console import Console
            from rich.table import Table
            from rich.text import Text

            console = Console()
            table = Table(box=None, header_style="bold", pad_edge=False)
            for key, label in columns.items():
                table.add_column(label, overflow="fold", no_wrap=console.width >= 80 and key not in _LONG)
            for row in rows:
                table.add_row(*(Text(_cell(row.get(key))) for key in columns))  # a str would be markup
            console.print(table)


def _cell(value: Any) -> str:
    return "" if value is None else line(value)


def print_change(head: str, change: "Text") -> None:
    """A headline and a coloured change; what would steer a terminal is a mark in its place."""
    from rich.console import Console
    from rich.text import Text

    change.plain = STEERING.sub("\ufffd", change.plain)
    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(line(head)))
    console.print(change)


def echo_json(value: Any) -> None:
    """One JSON document on standard output; what would steer a terminal is escaped."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    click.echo(STEERING.sub(lambda char: f"\\u{ord(char[0]):04x}", text))


pass_context = click.make_pass_decorator(Context, ensure=True)


def _set(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        context = ctx.find_root().ensure_object(Context)
        if value is not None and value is not False:
            setattr(context, name, value)

    return callback


def _home(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        if not value.strip():  # `--home "$UNSET"` must not make a home of the current folder
            raise click.BadParameter("names no folder; write --home DIR")
        _set("home_path")(ctx, param, Path(value))


def utc_time(text: str) -> str:
    """A time as people write it (a date, with or without a zone; UTC where none is said) as the record writes it.

    Raises click.BadParameter.
    """
    try:
        moment = datetime.fromisoformat(text)
        if not 1970 <= moment.year < 9999:
            raise ValueError
    except ValueError:
        raise click.BadParameter(f'"{text}" is not a UTC time; write 2027-02-01T00:30:00Z or 2027-02-01') from None
    return format_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _time(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        _set("now")(ctx, param, utc_time(value))


def _shared() -> list[click.Option]:
    return [
        click.Option(
            ["--home"],
            type=click.Path(file_okay=False),
            expose_value=False,
            callback=_home,
            help="Folder that holds settings, record and archive. [default: $NIANBAO_HOME, else state/]",
        ),
        click.Option(
            ["--now"],
            metavar="TIME",
            expose_value=False,
            callback=_time,
            help="Take this UTC time for the present (a rehearsal, a test).",
        ),
        click.Option(
            ["--json"], is_flag=True, expose_value=False, callback=_set("json"), help="Results as one JSON document."
        ),
    ]


class Command(click.Command):
    """A command that takes the shared options too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _shared()

    def invoke(self, ctx: click.Context) -> Any:
        """See click.Command."""
        collect_again()
        return super().invoke(ctx)


def collect_again() -> None:
    """What a command makes from now on is collected: `main` held that back while what it needs was imported. A group that does
    something by itself calls this too."""
    if not gc.isenabled():
        gc.freeze()  # what was imported stays to the end: not even that has to look through it
        gc.enable()


@contextlib.contextmanager
def whoever_reads() -> Iterator[None]:
    """`nianbao reports | head` is no error: what nobody reads any more goes nowhere."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class Group(click.Group):
    """A group whose commands take the shared options, wherever on the line they stand."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _shared()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command for a list: one that is not imported yet stays so."""
        commands = self.commands
        return commands.listed(cmd_name) if isinstance(commands, Commands) else super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name and command else command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """See click.Group."""
        with whoever_reads():
            return super().invoke(ctx)


def find_report(store: "Store", given: str) -> "Row":
    """A report by its id, its address, or words of portal, organ and year (`linhai 2020`). Raises click.UsageError."""
    if given.isascii() and given.isdigit():
        row = store.row("SELECT * FROM reports WHERE id = ?", (int(given),)) if len(given) < 19 else None
        if row is None:
            raise click.UsageError(f"there is no report {given}; `nianbao reports` lists them")
        return row
    if "://" in given:
        rows = store.rows(
            """SELECT DISTINCT r.* FROM reports r JOIN page_reports x ON x.report = r.id JOIN pages p ON p.id = x.page
            WHERE p.url = ? AND r.withdrawn_at IS NULL""",
            (given,),
        )
    else:
        words = given.split()
        where = " AND ".join(
            "(r.portal = ? OR instr(o.name, ?) OR instr(r.organ, ?) OR CAST(r.year AS TEXT) = ?)" for _ in words
        )
        values = [value for word in words for value in (word, word, word, word)]
        sql = f"SELECT r.* FROM reports r JOIN organs o ON o.id = r.organ_id WHERE r.withdrawn_at IS NULL AND {where}"  # noqa: S608
        rows = store.rows(sql, values)
    if len(rows) != 1:
        found = "no report" if not rows else f"{len(rows)} reports ({', '.join(str(row['id']) for row in rows[:8])})"
        raise click.UsageError(f'"{given}" finds {found}; give an id, an address, or words such as "linhai 2020"')
    return rows[0]


def check_portal(context: Context, store: "Store", name: str | None) -> None:
    """Raises click.UsageError for a portal that is neither in the record nor in a file: a typing error lists nothing."""
    if name and not store.row("SELECT 1 FROM portals WHERE name = ?", (name,)) and name not in context.home.portals():
        raise click.UsageError(f"no portal {name}; `nianbao portals` lists them")


def choose(portals: "dict[str, Portal]", names: tuple[str, ...]) -> "list[Portal]":
    """The named portals, or all enabled ones. Raises click.UsageError."""
    unknown = [name for name in names if name not in portals]
    if unknown:
        raise click.UsageError(f"no portal {', '.join(unknown)}; `nianbao portals` lists them")
    return [portals[name] for name in dict.fromkeys(names)] if names else [p for p in portals.values() if p.enabled]
