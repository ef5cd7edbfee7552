"""Listings: `nianbao reports`, `events`, `findings`, `overdue`."""

from datetime import datetime

import click
import msgspec

from monitor.cli import completion
from monitor.cli.common import YEAR, Command, Context, check_portal, echo_json, pass_context, utc_time
from monitor.event_detail import KINDS
from monitor.figures import label
from monitor.legal import local_date
from monitor.owed import owed
from monitor.store import Row, Store
from monitor.times import shown, to_utc

_STATUS = {"live": "在线", "missing": "待确认", "taken_down": "已撤下"}


def _where(**conditions: object) -> tuple[str, list[object]]:
    """`column = ?` for each condition that is given; `organ` is a part of a name, `since` a time."""
    clauses: list[str] = ["1"]
    values: list[object] = []
    for column, value in conditions.items():
        if value is None or value == "":
            continue
        if column == "organ":
            clauses.append("instr(organ, ?)")
            values.append(value)
        elif column == "since":
            clauses.append("detected_at >= ?")
            values.append(value)
        else:
            clauses.append(f"{column} = ?")
            values.append(value)
    return " AND ".join(clauses), values


@click.command(cls=Command)
@click.option("--portal", help="Only this portal.")
@click.option("--organ", help="Only organs whose name holds this.")
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--status", type=click.Choice(["live", "missing", "taken_down"]), help="Only reports in this state.")
@pass_context
def reports(context: Context, portal: str | None, organ: str | None, year: int | None, status: str | None) -> None:
    """Every report in the record."""
    where, values = _where(portal=portal, organ=organ, year=year, status=status)
    with context.home.reader() as store:
        check_portal(context, store, portal)
        rows = store.rows(
            f"""SELECT * FROM (SELECT r.id, r.portal, o.name AS organ, r.organ AS organ_printed, r.year, r.variant, r.title, r.url,
            r.status, r.listed, r.published_on, r.first_seen_at, r.last_seen_at, r.last_verified_at, r.missing_since, r.misses,
            r.current_version, v.seq AS version, v.content_hash FROM reports r JOIN organs o ON o.id = r.organ_id
            LEFT JOIN versions v ON v.id = r.current_version WHERE r.withdrawn_at IS NULL)
            WHERE {where} ORDER BY portal, organ, year DESC, variant""",  # noqa: S608
            values,
        )
    if not context.json:
        for row in rows:
            row["state"] = _STATUS[row["status"]]
            row["verified"] = shown(row["last_verified_at"])
    columns = {
        "id": "编号", "portal": "门户", "organ": "机关", "year": "年度", "state": "状态", "version": "版本",
        "published_on": "公开日期", "verified": "最后核实", "url": "网址",
    }  # fmt: skip
    context.show(rows, columns, "no report yet; `nianbao crawl` looks for them")


@click.command(cls=Command)
@click.option("--portal", help="Only this portal.")
@click.option("--organ", help="Only organs whose name holds this.")
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Only this kind.")
@click.option("--since", help="Only from this UTC time on (2026-11-21 or 2026-11-21T08:00:00Z).")
@click.option("--baseline", is_flag=True, help="Those of the baseline too.")
@pass_context
def events(
    context: Context,
    portal: str | None,
    organ: str | None,
    year: int | None,
    kind: str | None,
    since: str | None,
    baseline: bool,
) -> None:
    """What happened, newest last."""
    where, values = _where(portal=portal, organ=organ, year=year, kind=kind, since=since and utc_time(since))
    hidden = "" if baseline or context.json else " AND (baseline = 0 OR kind = 'baseline')"
    with context.home.reader() as store:
        check_portal(context, store, portal)
        rows = store.rows(f"SELECT * FROM events WHERE {where}{hidden} ORDER BY id", values)  # noqa: S608
        names = {row["id"]: row["类型"] for row in store.rows("SELECT 编号 AS id, 类型 FROM 变更记录")}
    for row in rows:
        row["detail"] = msgspec.json.decode(row["detail"])
        if not context.json:
            row["at"] = shown(row["detected_at"])
            row["what"] = names[row["id"]] + ("（已撤回）" if row["retracted_at"] else "")
    columns = {
        "id": "编号", "at": "发现时间", "what": "类型", "portal": "门户", "organ": "机关", "year": "年度", "summary": "摘要",
    }  # fmt: skip
    context.show(rows, columns, "nothing happened yet")


@click.command(cls=Command)
@click.option("--portal", help="Only this portal.", shell_complete=completion.portals)
@click.option("--organ", help="Only organs whose name holds this.")
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--rule", help="Only this rule.", shell_complete=completion.rules)
@click.option("--severity", type=click.Choice(["info", "warning", "error"]), help="Only this severity.")
@click.option("--since", help="Only what passes from this UTC time on found (2026-11-21 or 2026-11-21T08:00:00Z).")
@pass_context
def findings(
    context: Context,
    portal: str | None,
    organ: str | None,
    year: int | None,
    rule: str | None,
    severity: str | None,
    since: str | None,
) -> None:
    """What does not add up in reports' current versions, or could not be read."""
    where, values = _where(portal=portal, organ=organ, year=year, rule=rule, severity=severity)
    if since:
        where, values = f"{where} AND found_at >= ?", [*values, utc_time(since)]
    with context.home.reader() as store:
        check_portal(context, store, portal)
        rows = store.rows(
            f"""SELECT * FROM (SELECT f.id, coalesce(r.portal, c.portal) AS portal, r.id AS report, o.name AS organ, r.year,
            f.rule, f.severity, f.place, f.detail, f.fields, f.url, f.version, f.crawl, c.started_at AS found_at
            FROM findings f LEFT JOIN versions v ON v.id = f.version
            LEFT JOIN reports r ON r.id = v.report LEFT JOIN organs o ON o.id = r.organ_id LEFT JOIN crawls c ON c.id = f.crawl
            WHERE f.version IS NULL OR (r.current_version = f.version AND r.withdrawn_at IS NULL)) WHERE {where} ORDER BY id""",  # noqa: S608
            values,
        )
    for row in rows:
        row["fields"] = msgspec.json.decode(row["fields"])
        if not context.json:
            row["label"] = "；".join(map(label, row["fields"]))
    columns = {
        "id": "编号", "portal": "门户", "organ": "机关", "year": "年度", "severity": "级别", "rule": "规则", "place": "位置",
        "detail": "内容", "label": "指标", "url": "网址",
    }  # fmt: skip
    context.show(rows, columns, "everything adds up, or nothing fits these limits")


@click.command(cls=Command)
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--portal", help="Only this portal.")
@pass_context
def overdue(context: Context, year: int | None, portal: str | None) -> None:
    """Who has not published what the law requires by now."""
    now = to_utc(context.clock())
    with context.home.reader() as store:
        check_portal(context, store, portal)
        rows = [
            row
            for name in ([portal] if portal else [row["name"] for row in store.rows("SELECT name FROM portals")])
            for row in _overdue(store, name, now)
            if year is None or row["year"] == year
        ]
    columns = {"portal": "门户", "organ": "机关", "year": "年度", "due_on": "法定期限", "days": "逾期天数"}
    if context.json:
        echo_json(rows)
    else:
        context.show(rows, columns, "nobody is overdue, as far as the record goes")


def _overdue(store: Store, portal: str, now: datetime) -> list[Row]:
    names = {organ.id: organ for organ in store.organs(portal)}
    today = local_date(now)
    return [
        {
            "portal": portal,
            "organ": names[one.organ].name,
            "year": one.year,
            "due_on": one.due_on.isoformat(),
            "days": (today - one.due_on).days,
        }
        for one in owed(store, portal, now)
    ]
