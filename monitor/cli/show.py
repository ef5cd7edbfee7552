"""`nianbao show` and `nianbao diff`: one report's history, and what differs between two of its versions."""

import click
import msgspec

from monitor.changes import document
from monitor.cli.common import NUMBER, Command, Context, echo_json, find_report, pass_context, print_change, say, tell
from monitor.diff import diff as differences
from monitor.diff_render import render
from monitor.figures import changes
from monitor.findings_store import stored_figures
from monitor.store import Row, Store
from monitor.times import shown

_STATUS = {"live": "在线", "missing": "待确认", "taken_down": "已撤下"}
_LISTED = {1: "是", 0: "否", None: "未知"}


def history(store: Store, report: Row) -> dict[str, object]:
    """A report with everything that the record holds of it."""
    number = report["id"]
    organ = store.row("SELECT name, aliases, kind FROM organs WHERE id = ?", (report["organ_id"],))
    versions = store.rows(
        """SELECT id, seq, crawl, captured_at, significance, title, published_on, url, http_status, content_hash, text_hash,
        body_hash, archive_ref FROM versions WHERE report = ? ORDER BY seq""",
        (number,),
    )
    readings = store.rows(
        """SELECT r.id, r.crawl, c.finished_at AS at, r.reading, r.http_status, r.final_url, r.marker, r.archive_ref, r.counted
        FROM readings r JOIN crawls c ON c.id = r.crawl WHERE r.report = ? ORDER BY r.id""",
        (number,),
    )
    events = store.rows(
        "SELECT id, kind, detected_at, summary, baseline, retracted_at, detail FROM events WHERE report = ? ORDER BY id",
        (number,),
    )
    for event in events:
        event["detail"] = msgspec.json.decode(event["detail"])
    current = report["current_version"]
    return {
        "report": {**report, "detail": msgspec.json.decode(report["detail"])},
        "organ": organ,
        "pages": store.rows(
            "SELECT p.url, x.role FROM page_reports x JOIN pages p ON p.id = x.page WHERE x.report = ? ORDER BY x.role, p.url",
            (number,),
        ),
        "versions": versions,
        "attachments": store.rows(
            "SELECT url, name, kind, media_type, sha256, size, archive_ref FROM attachments WHERE version = ? ORDER BY id",
            (current,),
        ),
        "readings": readings,
        "events": events,
        "findings": store.rows("SELECT rule, severity, detail FROM findings WHERE version = ? ORDER BY id", (current,)),
        "companions": store.rows("SELECT url, title FROM companions WHERE report = ?", (number,)),
    }


@click.command(cls=Command)
@click.argument("report", nargs=-1, required=True)
@click.option("--text", is_flag=True, help="Print the current version's text instead.")
@pass_context
def show(context: Context, report: tuple[str, ...], text: bool) -> None:
    """One report with its history, readings and evidence. REPORT is an id, an address, or words such as "linhai 2020"."""
    with context.home.reader() as store:
        row = find_report(store, " ".join(report))
        if text:
            version = store.row("SELECT id, seq, title, text FROM versions WHERE id = ?", (row["current_version"],))
            if context.json:
                echo_json({"report": row["id"], "version": version})
            else:
                say(version["text"] if version else "")
            return
        told = history(store, row)
    if context.json:
        echo_json(told)
    else:
        _print(told)


def _print(told: dict[str, object]) -> None:
    row: Row = told["report"]  # type: ignore[assignment]
    tell(row["title"])
    click.echo(
        f"编号 {row['id']}　状态 {_STATUS[row['status']]}　栏目列出 {_LISTED[row['listed']]}　公开日期 {row['published_on'] or '未标注'}"
    )
    click.echo(f"首次发现 {shown(row['first_seen_at'])}　最后核实 {shown(row['last_verified_at'])}")
    tell(f"网址 {row['url']}")
    sections: list[tuple[str, str, str]] = [
        ("versions", "版本", "v{seq} {captured_at} {significance} SHA-256 {content_hash:.12} {archive_ref}"),
        ("events", "事件", "{detected_at} {kind} {summary}"),
        ("readings", "读取", "{at} {reading} {http_status} {marker} {final_url} {archive_ref}"),
        ("findings", "核对", "[{severity}] {detail}"),
        ("attachments", "附件", "{name} {media_type} {size} {url}"),
        ("pages", "页面", "{role} {url}"),
        ("companions", "解读等", "{title} {url}"),
    ]
    for key, label, form in sections:
        items: list[Row] = told[key]  # type: ignore[assignment]
        if items:
            click.echo(f"\n{label}")
        for item in items:
            times = {name: shown(item[name]) for name in ("captured_at", "detected_at", "at") if item.get(name)}
            tell("  " + form.format(**{**item, **times}))


@click.command(cls=Command)
@click.argument("report")
@click.argument("from_version", metavar="[FROM", type=NUMBER, required=False)
@click.argument("to_version", metavar="TO]", type=NUMBER, required=False)
@pass_context
def diff(context: Context, report: str, from_version: int | None, to_version: int | None) -> None:
    """What differs between two versions (numbers as `show` lists them: 1, 2, …) of a report; the last two, if none are
    given: text, table figures, attachments."""
    with context.home.reader() as store:
        row = find_report(store, report)
        versions = store.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", (row["id"],))
        old, new = _choose(versions, from_version, to_version)
        change = differences(document(store, old), document(store, new))
        cells = changes(stored_figures(store, old["id"]), stored_figures(store, new["id"]))
    if context.json:
        echo_json(
            {
                "report": row["id"],
                "from": old["seq"],
                "to": new["seq"],
                "figures": [cell._asdict() for cell in cells],
                "change": msgspec.to_builtins(change),
            }
        )
        return
    print_change(f"{row['title']}　v{old['seq']} → v{new['seq']}", render(change))


def _choose(versions: list[Row], first: int | None, last: int | None) -> tuple[Row, Row]:
    by_number = {version["seq"]: version for version in versions}
    newest = max(by_number)
    if newest == 1:
        raise click.UsageError("the report has only one version: nothing to compare yet")
    last = last or newest
    first = first or last - 1
    for number in (first, last):
        if number not in by_number:
            raise click.UsageError(f"there is no version {number} to compare; the report has versions 1 to {newest}")
    return by_number[first], by_number[last]
