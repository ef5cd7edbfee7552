"""A record as passes leave it behind, written straight into the tables: what the views, queries and exports are tested on.

Four portals. Each organ's tables keep every identity and carry over from year to year; what does not is said in `Made`.
"""

import json
import random
from dataclasses import dataclass, field

from monitor.demo.national_tables import numbers
from monitor.figures.fields import APPLICANTS
from monitor.store import Store

PORTALS = (
    ("haitang", "海棠区人民政府", "330281", "ok"),
    ("yunxi", "云溪市人民政府", "330600", "ok"),
    ("qinghe", "清河县人民政府", "410621", "blocked"),
    ("baisha", "白沙县人民政府", "410622", "ok"),
)
KINDS = ("government", "office", "department", "department", "township")
NAMES = ("人民政府", "人民政府办公室", "教育局", "财政局", "城关镇人民政府")
HOSTILE = '=HYPERLINK("http://evil.example/","点击")'
"""What a page may call itself."""


@dataclass
class Made:
    """What stands out in the record."""

    values: dict[int, dict[str, float]] = field(default_factory=dict)
    """Report → its figures as they should be read."""
    edited: int = 0
    """Its figure requests.new.total went from 7 to what it is, after publication."""
    recognised: int = 0
    """Read from a picture, two cells of it doubtful."""
    slashed: int = 0
    """Table 4 has `/` in its first cell and nothing in its second."""
    bare: int = 0
    """A department's report without tables."""
    hostile: int = 0
    """Its title is a formula, it came 154 days late, and took over one application more than the year before left."""
    withdrawn: int = 0
    taken_down: int = 0


def make(store: Store, organs: int = 5, years: range = range(2019, 2025), portals: int = len(PORTALS)) -> Made:
    """Reports of so many organs on each portal, for each year."""
    made = Made()
    rng = random.Random(20260101)
    store.run("PRAGMA synchronous = OFF")
    with store.transaction():
        for number in range(portals):
            _portal(store, rng, made, number, organs, years)
        _stand_out(store, made, years)
    return made


def _portal(store: Store, rng: random.Random, made: Made, number: int, organs: int, years: range) -> None:
    name, title, region, health = PORTALS[number % len(PORTALS)]
    if number >= len(PORTALS):
        name, title = f"{name}{number}", f"{title}{number}"
    store.insert("portals", {"name": name, "title": title, "family": "generic", "region": region, "health": health})
    crawl = store.insert(
        "crawls",
        {
            "portal": name, "mode": "full", "started_at": "2026-02-10T01:00:00Z", "finished_at": "2026-02-10T01:20:00Z",
            "outcome": "ok" if health == "ok" else "failed",
        },
    )  # fmt: skip
    store.run(
        "UPDATE portals SET last_crawl = ?, last_complete_at = ? WHERE name = ?",
        (crawl, "2026-02-10T01:20:00Z" if health == "ok" else None, name),
    )
    for place in range(organs):
        kind = KINDS[place % len(KINDS)]
        extra = str(place // len(KINDS)) if place >= len(KINDS) else ""
        organ = title.removesuffix("人民政府") + extra + NAMES[place % len(KINDS)]
        identity = store.insert("organs", {"portal": name, "name": organ, "kind": kind})
        carried = None
        for year in years:
            form = "2021" if year >= 2021 else "2019"
            values = numbers(rng, form, carried)
            carried = {one: int(values[f"requests.carried_out.{one}"]) for one in APPLICANTS[:-1]}
            report = _report(store, name, crawl, identity, organ, kind, year)
            _figures(store, report, values)
            made.values[report] = values


def _report(store: Store, portal: str, crawl: int, organ: int, name: str, kind: str, year: int) -> int:
    url = f"http://{portal}.example/art/{organ}/{year}.html"
    published = f"{year + 1}-03-{10 + organ % 18}" if kind == "government" else f"{year + 1}-01-{10 + organ % 18}"
    title = f"{name}{year}年政府信息公开工作年度报告"
    report = store.insert(
        "reports",
        {
            "portal": portal, "organ_id": organ, "organ": name, "year": year, "title": title, "url": url, "listed": 1,
            "published_on": published, "first_seen_at": "2026-02-10T01:05:00Z", "last_seen_at": "2026-02-10T01:05:00Z",
            "last_verified_at": "2026-02-10T01:05:00Z",
        },
    )  # fmt: skip
    store.update("reports", report, {"current_version": version(store, report, crawl, 1)})
    return report


def version(store: Store, report: int, crawl: int, seq: int) -> int:
    row = store.row("SELECT * FROM reports WHERE id = ?", (report,))
    assert row is not None
    return store.insert(
        "versions",
        {
            "report": report, "seq": seq, "crawl": crawl, "captured_at": f"2026-02-1{seq - 1}T01:05:00Z",
            "content_hash": f"{report:032x}{seq:032x}", "text_hash": "t", "body_hash": "b", "rules": "r",
            "title": row["title"], "organ": row["organ"], "source": row["organ"], "published_on": row["published_on"],
            "url": row["url"], "http_status": 200, "text": "…", "significance": "first" if seq == 1 else "content",
            "archive_ref": f"{row['portal']}/{crawl}.warc.gz#{report}", "previous_hash": "", "strict_hash": "s",
            "page_hash": "p", "page_text_hash": "pt", "body_key": "",
        },
    )  # fmt: skip


def _figures(store: Store, report: int, values: dict[str, float]) -> None:
    row = store.row("SELECT current_version FROM reports WHERE id = ?", (report,))
    assert row is not None
    store.run_many(
        "INSERT INTO figures (version, field, value, raw, source) VALUES (?, ?, ?, ?, 'html')",
        [(row["current_version"], code, value, f"{value:g}") for code, value in values.items()],
    )


def finding(store: Store, report: int, rule: str, detail: str, **more: object) -> int:
    row = store.row("SELECT * FROM reports WHERE id = ?", (report,))
    assert row is not None
    values = {"version": row["current_version"], "crawl": 1, "url": row["url"], "rule": rule, "severity": "warning"}
    return store.insert("findings", {**values, "detail": detail, **more})


def event(store: Store, kind: str, report: int, at: str, **more: object) -> int:
    row = store.row("SELECT * FROM reports WHERE id = ?", (report,))
    assert row is not None
    values = {column: row[column] for column in ("portal", "organ", "year", "title", "url")}
    values |= {"key": f"{kind} {report} {at}", "kind": kind, "report": report, "detected_at": at, "summary": kind}
    return store.insert("events", {**values, **more})


def _stand_out(store: Store, made: Made, years: range) -> None:
    """One report of the first portal for each thing that a query looks for."""
    reports = [row["id"] for row in store.rows("SELECT id FROM reports ORDER BY id")]
    size = len(years)
    made.edited, made.slashed, made.recognised = reports[0], reports[1], reports[2]
    made.hostile, made.taken_down, made.withdrawn = reports[3], reports[4], reports[-1]
    made.bare = reports[2 * size]  # 教育局
    current = {row["id"]: row["current_version"] for row in store.rows("SELECT id, current_version FROM reports")}

    now = version(store, made.edited, 1, 2)
    store.run("UPDATE figures SET version = ? WHERE version = ?", (now, current[made.edited]))
    store.run(
        "INSERT INTO figures SELECT ?, field, CASE field WHEN 'requests.new.total' THEN 7 ELSE value END, "
        "CASE field WHEN 'requests.new.total' THEN '7' ELSE raw END, source, confidence, url FROM figures WHERE version = ?",
        (current[made.edited], now),
    )
    store.update("reports", made.edited, {"current_version": now})
    detail = {"figures": [{"label": "总计 · 一、本年新收", "old": "7", "new": "9", "field": "requests.new.total"}]}
    event(
        store, "changed", made.edited, "2026-02-11T01:20:00Z", from_version=current[made.edited], to_version=now,
        detail=json.dumps(detail, ensure_ascii=False),
    )  # fmt: skip

    slashed = "UPDATE figures SET value = NULL, raw = ? WHERE version = ? AND field = ?"
    store.run(slashed, ("/", current[made.slashed], "review.reconsideration.upheld"))
    store.run(slashed, ("", current[made.slashed], "review.reconsideration.corrected"))
    made.values[made.slashed] |= dict.fromkeys(  # type: ignore[arg-type]
        ("review.reconsideration.upheld", "review.reconsideration.corrected")
    )
    store.run(
        "UPDATE figures SET source = 'ocr', confidence = 0.97, url = 'http://haitang.example/table.png' WHERE version = ?",
        (current[made.recognised],),
    )
    store.run(
        "UPDATE figures SET confidence = 0.62 WHERE version = ? AND field IN ('requests.new.total', 'requests.new.business')",
        (current[made.recognised],),
    )
    store.run("DELETE FROM figures WHERE version = ?", (current[made.bare],))
    made.values[made.bare] = {}
    store.update("reports", made.hostile, {"title": HOSTILE, "published_on": f"{years[3] + 1}-09-01"})
    store.run("UPDATE versions SET title = ? WHERE report = ?", (HOSTILE, made.hostile))
    store.update("reports", made.taken_down, {"status": "taken_down"})
    gone = {"report": made.taken_down, "crawl": 1, "reading": "gone", "http_status": 404, "marker": "status 404"}
    store.insert("readings", gone | {"archive_ref": "haitang/1.warc.gz#9", "counted": 1})
    store.insert("readings", gone | {"counted": 0})
    carried = "requests.carried_in.total"
    made.values[made.hostile][carried] += 1
    store.run(
        "UPDATE figures SET value = value + 1, raw = raw || '?' WHERE version = ? AND field = ?",
        (current[made.hostile], carried),
    )
    store.update("reports", made.withdrawn, {"withdrawn_at": "2026-02-12T00:00:00Z", "variant": -1})
    del made.values[made.withdrawn]

    finding(
        store, made.edited, "table3_column", "表三“总计”列不平衡：一＋二 = 12，三(七)＋四 = 15", place="表三 总计",
        fields=json.dumps(["requests.new.total", "requests.carried_in.total"]),
    )  # fmt: skip
    finding(store, made.slashed, "carried_over", "表三上一年与本年不一致：总计 3 → 4", severity="error", place="表三")
    finding(store, made.hostile, "late", "晚于法定期限 154 天公开")
    finding(store, made.withdrawn, "late", "晚于法定期限 3 天公开")
    values = {"crawl": 2, "url": "http://yunxi.example/a.html", "rule": "unreadable", "severity": "warning"}
    store.insert("findings", {**values, "detail": "=1+1 @cmd"})
    event(store, "appeared", made.recognised, "2026-02-10T01:20:00Z")
    event(store, "taken_down", made.taken_down, "2026-02-12T01:20:00Z")
    event(store, "changed", made.withdrawn, "2026-02-12T01:20:00Z")
    number = event(store, "appeared", made.slashed, "2026-02-10T01:20:00Z", baseline=1)
    failed = {
        "event": number,
        "channel": "office",
        "state": "dead",
        "attempts": 9,
        "next_attempt_at": "2026-02-11T00:00:00Z",
    }
    store.insert("deliveries", failed | {"last_error": "refused"})
    store.insert(
        "events",
        {
            "key": "overdue", "kind": "overdue", "portal": "yunxi", "organ": "云溪市民政局", "year": years[-1],
            "detected_at": "2026-02-01T00:30:00Z", "summary": "逾期", "detail": json.dumps({"due_on": "2026-01-31"}),
        },
    )  # fmt: skip
