"""`nianbao portals`: which portals are watched, in which families, and whether one can be read as its file says."""

import sys

import click
import msgspec

from crawler.families import get, names
from crawler.portal import BUILT_IN, Portal
from monitor.cli.commands import Commands
from monitor.cli.common import Command, Context, Group, choose, echo_json, pass_context, tell, utc_time
from monitor.due import NO_END
from monitor.home import Home
from monitor.store import Row
from monitor.times import shown

_HEALTH = {"new": "未读取", "ok": "正常", "blocked": "被拦截", "down": "无法读取", "broken": "栏目异常"}


_ELSEWHERE = {
    "check": (
        "monitor.cli.portals_check:check",
        "Reads portals live, the named ones or all enabled ones, records nothing, and says of each whether its sections can "
        "be read, what they list against last time, what was found where in a few reports, what is wrong and what to do.",
    ),
    "add": (
        "monitor.cli.portals_add:add",
        "Adds a portal from URL: its front page, its section of annual reports, or one report.",
    ),
}


@click.group(cls=Group, commands=Commands(_ELSEWHERE), invoke_without_command=True)
@click.pass_context
def portals(ctx: click.Context) -> None:
    """The portals that are watched: `list` (the default), `families`, `check`, `add`, `mute`, `unmute`."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_portals)


@portals.command("list", cls=Command)
@pass_context
def list_portals(context: Context) -> None:
    """Every portal, built in or the operator's, with its health."""
    home = context.home
    known: dict[str, Row] = {}
    if home.database.exists():
        with home.reader() as store:
            known = {row["name"]: row for row in store.rows("SELECT * FROM portals")}
    rows = [_row(home, portal, known.get(portal.name), context.clock()) for portal in home.portals().values()]
    if not context.json:
        for row in rows:
            row["muted_until"] = _until(row["muted_until"])
    columns = {
        "name": "代号", "title": "门户", "family": "系统", "level": "层级", "state": "状态", "muted_until": "静音至",
        "last_complete_at": "最近完整读取", "verified": "实地核对", "file": "文件",
    }  # fmt: skip
    context.show(rows, columns, "no portal")


def _until(time: str | None) -> str:
    return "" if time is None else "解除为止" if time >= NO_END else shown(time)


def _row(home: Home, portal: Portal, known: Row | None, now: str) -> Row:
    own = home.path / "portals" / f"{portal.name}.toml"
    health = known["health"] if known else "new"
    muted_until = known["muted_until"] if known else None
    return {
        "name": portal.name,
        "title": portal.title,
        "family": portal.family,
        "region": portal.region,
        "level": portal.level,
        "organ": portal.organ,
        "enabled": portal.enabled,
        "health": health,
        "state": _HEALTH[health] if portal.enabled else "停用",
        "muted_until": muted_until if muted_until and muted_until > now else None,
        "last_complete_at": known["last_complete_at"] if known else None,
        "verified": portal.verified,
        "sections": list(portal.sections),
        "file": str(own if own.exists() else BUILT_IN / f"{portal.name}.toml"),
    }


@portals.command(cls=Command)
@pass_context
def families(context: Context) -> None:
    """The content management systems that a portal file may name as `family`, each with its manual."""
    rows = []
    for name in sorted(names()):
        module = sys.modules[type(get(name)).__module__]
        manual = (module.__doc__ or "").strip()
        rows.append({"name": name, "summary": manual.partition("\n")[0], "manual": manual})
    if context.json:
        echo_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']}\n")
        click.echo("\n".join(f"    {line}".rstrip() for line in row["manual"].splitlines()) + "\n")


@portals.command(cls=Command)
@click.argument("name")
@click.option("--until", metavar="TIME", help="UTC time or date. [default: until `unmute`]")
@pass_context
def mute(context: Context, name: str, until: str | None) -> None:
    """Holds back what is told of the portal NAME. It is read and recorded as ever, and nothing is dropped."""
    end = NO_END if until is None else utc_time(until)
    if end <= context.clock():
        raise click.UsageError(f"--until: {end} is past; give a later time, or leave it out")
    _mute(context, name, end)


@portals.command(cls=Command)
@click.argument("name")
@pass_context
def unmute(context: Context, name: str) -> None:
    """Ends `mute`, and sends what was held back."""
    _mute(context, name, None)


def _mute(context: Context, name: str, until: str | None) -> None:
    from monitor.cli.writing import writing
    from monitor.outbox_store import mute as hold_back

    home = context.home
    portal = choose(home.portals(), (name,))[0]
    settings = home.settings()
    sent = None
    with writing(context, ()) as writer:
        if not writer.store.row("SELECT 1 FROM portals WHERE name = ?", (name,)):
            writer.store.sync_portal(portal)
        waiting = hold_back(writer.store, name, until)
        if until is None:
            sent = writer.deliver(settings)
    if context.json:
        delivered = msgspec.to_builtins(sent) if sent else None
        echo_json({"portal": name, "muted_until": until, "waiting": waiting, "deliveries": delivered})
    elif until is not None:
        end = "until `nianbao portals unmute`" if until >= NO_END else f"until {until}"
        tell(f"{name} is muted {end}; {waiting} alerts wait already")
    elif sent is not None:
        tell(f"{name} is no longer muted; {waiting} alerts were waiting; {sent.sent} sent in {sent.messages} messages")
        for error in sent.errors:
            tell(error, err=True)
