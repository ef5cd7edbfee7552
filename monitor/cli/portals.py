"""`nianbao portals`: which portals are watched, in which families, and whether one can be read as its file says."""

import sys
import tempfile
from pathlib import Path

import click
import msgspec

from crawler.families import get, names
from crawler.portal import BUILT_IN, Portal
from monitor.cli.common import Command, Context, Group, echo_json, pass_context, tell, utc_time
from monitor.cli.crawl import choose
from monitor.cli.rules import check_captures
from monitor.cli.writing import writing
from monitor.due import NO_END
from monitor.home import Home
from monitor.intake import read_run
from monitor.outbox_store import mute as hold_back
from monitor.run import crawl
from monitor.settings import Settings
from monitor.settle import Settled
from monitor.store import Row, Store
from monitor.times import shown

_HEALTH = {"new": "未读取", "ok": "正常", "blocked": "被拦截", "down": "无法读取", "broken": "栏目异常"}


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def portals(ctx: click.Context) -> None:
    """The portals that are watched: `list` (the default), `families`, `check`, `mute`, `unmute`."""
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


@portals.command(cls=Command)
@click.argument("name")
@click.option("--captures", is_flag=True, help="Try the file on what is stored: no network.")
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --captures: try this portal file in place of the one that is used.",
)
@pass_context
def check(context: Context, name: str, captures: bool, file: Path | None) -> None:
    """Reads a portal live, records nothing, and says what it finds, what would be recorded and what is wrong. With
    --captures it reads what is stored instead, and says what an edit of the portal file changes: exit code 1 if reports
    would be lost."""
    if captures:
        check_captures(context, name, file)
        return
    if file is not None:
        raise click.UsageError("--file goes with --captures; put the file into HOME/portals/ to read it live")
    home = context.home
    portal = choose(home.portals(), (name,))[0]
    settings = msgspec.structs.replace(home.settings(), channels=())
    with tempfile.TemporaryDirectory(prefix="nianbao-") as folder:
        scratch = Home(Path(folder))
        with scratch.writing() as store:
            settled = crawl(scratch, store, settings, [portal], "full", context.clock)
            told = _findings(scratch, store, settings, portal, settled[-1])
    if context.json:
        echo_json(told)
    else:
        _print(told)
    if told["trouble"] or not told["reports"]:
        sys.exit(1)


def _findings(home: Home, store: Store, settings: Settings, portal: Portal, settled: Settled) -> Row:
    run = read_run(home.runs / portal.name / str(settled.crawl)) if settled.outcome != "killed" else None
    sections = [msgspec.to_builtins(section) for section in run.sections] if run else []
    unread = [
        {"url": page.url, "reading": page.reading, "marker": page.marker}
        for page in (run.pages.values() if run else ())
        if page.reading not in ("present", "same")
    ]
    reports = store.rows(
        """SELECT r.title, o.name AS organ, r.year, r.published_on, r.url, v.source, length(v.text) AS characters,
        (SELECT count(*) FROM figures f WHERE f.version = v.id) AS figures,
        (SELECT count(*) FROM attachments a WHERE a.version = v.id) AS attachments
        FROM reports r JOIN organs o ON o.id = r.organ_id JOIN versions v ON v.id = r.current_version ORDER BY r.year DESC, r.id"""
    )
    findings = store.rows("SELECT rule, severity, detail, url FROM findings ORDER BY id")
    verdict, remedy = _verdict(settled, sections, reports)
    return {
        "portal": portal.name,
        "family": portal.family,
        "verdict": verdict,
        "remedy": remedy,
        "trouble": settled.trouble,
        "sections": sections,
        "reports": reports,
        "unread": unread,
        "findings": findings,
        "policy": msgspec.to_builtins(settings.policy.overridden(portal.policy)),
    }


def _verdict(settled: Settled, sections: list[Row], reports: list[Row]) -> tuple[str, str]:
    if settled.outcome == "killed":
        return "failed", f"the crawl process ended early: {settled.trouble}"
    if not any(section.get("first_page") for section in sections):
        return (
            "unreadable",
            "open the section's address in a browser: has it moved, does it ask for a script or a captcha?",
        )
    if not reports:
        return (
            "no reports",
            "the section was read but no report was found: check the address, the family and [selectors]",
        )
    if settled.trouble:
        return "incomplete", "part of the section could not be read: see the reasons below"
    return "good", ""


def _print(told: Row) -> None:
    tell(f"{told['portal']} ({told['family']}): {told['verdict']}")
    if told["remedy"]:
        tell(f"  what to do: {told['remedy']}")
    if told["trouble"]:
        tell(f"  why: {told['trouble']}")
    for section in told["sections"]:
        state = "read to its end" if section["complete"] else f"not read to its end: {section.get('reason', '')}"
        tell(f"  section {section['url']}: {section.get('links', 0)} links on {section.get('pages', 0)} pages, {state}")
    for report in told["reports"]:
        tell(
            f"  report {report['year']} {report['organ']}: {report['published_on'] or 'no date'}, {report['characters']} characters, "
            f"{report['figures']} figures, {report['attachments']} attachments  {report['url']}"
        )
    for page in told["unread"]:
        tell(f"  {page['reading']}: {page['url']} ({page['marker']})")
    for finding in told["findings"]:
        tell(f"  {finding['severity']}: {finding['rule']}: {finding['detail']} {finding['url']}")
