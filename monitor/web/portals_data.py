"""Portals: their listing, one of them with its passes and sections, and those in trouble."""

import json
import re

import msgspec

from monitor.due import NO_END
from monitor.reading_words import in_words, section_in_words
from monitor.store import Row, Store
from monitor.web.coverage_data import PortalMap, portal_map, region_names

PAGE = 50
PASSES = 20
HEALTHS = ("down", "broken", "blocked", "new", "ok")
"""The gravest first."""
TROUBLED = HEALTHS[:3]
OUTCOMES = {"ok": "完成", "cut_short": "提前结束", "failed": "失败", "killed": "被中止", None: "进行中"}
MODES = {"full": "全面读取", "discover": "只看栏目", "recheck": "复查"}
_ADDRESS = re.compile(r"(https?://\S+?): (.*)", re.DOTALL)


class Trouble(msgspec.Struct, frozen=True):
    """A portal that cannot be read as it should."""

    name: str
    title: str
    health: str
    since: str
    """UTC; empty: unknown."""
    why: str
    event: int | None
    """The event that told of it."""


class Pass(msgspec.Struct, frozen=True):
    """A pass over a portal, in words."""

    id: int
    mode: str
    started_at: str
    finished_at: str
    outcome: str
    good: bool
    words: str
    requests: int
    errors: int
    reports_seen: int


class Section(msgspec.Struct, frozen=True):
    url: str
    """As the portal file has it; may hold {year}."""
    read_at: str
    """When it was last read to its end, UTC; empty: never."""
    links: int
    broken: bool
    words: str
    """What is known of it."""

    @property
    def link(self) -> str:
        """To open it; empty: it is no address of the web, or one for each year."""
        return self.url if self.url.startswith(("http://", "https://")) and "{" not in self.url else ""


class PortalPage(msgspec.Struct, frozen=True):
    """One portal."""

    row: Row
    region: str
    trouble: Trouble | None
    muted: str
    """Until when, UTC; `always`; empty: it is not."""
    sections: tuple[Section, ...]
    map: PortalMap
    counts: dict[str, int]
    events: tuple[Row, ...]
    more_events: bool
    passes: tuple[Pass, ...]


class Listed(msgspec.Struct, frozen=True):
    """A page of the listing."""

    rows: tuple[Row, ...]
    """Of `portals`, with `live`, `missing`, `taken_down` and `part` and `place` (the
    prefecture's code and name)."""
    healths: tuple[tuple[str, int], ...]
    regions: tuple[tuple[str, str, int, int], ...]
    """Code of two digits, name, portals, those of them in trouble."""
    after: str
    """What the next page begins after; empty: there is none."""
    total: int


# In trouble ---------------------------------------------------------------------------------------------------------


def troubles(store: Store, most: int) -> list[Trouble]:
    """The gravest first, of those the latest."""
    rows = store.rows(
        """SELECT * FROM portals WHERE health IN ('down', 'broken', 'blocked')
        ORDER BY health = 'blocked', coalesce(trouble_since, empty_since, '') DESC, name LIMIT ?""",
        (most,),
    )
    return [trouble_of(store, row) for row in rows]


def trouble_of(store: Store, portal: Row) -> Trouble:
    """What is wrong with a portal (a row of `portals`) whose health says that something is."""
    told = None
    if portal["health"] != "blocked":
        told = store.row(
            """SELECT id, kind, summary FROM events WHERE portal = ? AND kind IN ('portal_down', 'portal_broken')
            AND retracted_at IS NULL ORDER BY id DESC LIMIT 1""",
            (portal["name"],),
        )
    last = store.row("SELECT outcome, detail, reports_seen FROM crawls WHERE id = ?", (portal["last_crawl"],))
    why = pass_words(last["outcome"], _json(last["detail"]), last["reports_seen"]) if last else ""
    if told is not None and told["kind"] == "portal_broken":
        why = told["summary"]
    since = portal["trouble_since"] or portal["empty_since"] or ""
    return Trouble(portal["name"], portal["title"], portal["health"], since, why, told["id"] if told else None)


def pass_words(outcome: str | None, detail: Row, reports_seen: int) -> str:
    """What a pass came to. `detail`: as `crawls.detail` has it."""
    said = str(detail.get("trouble") or detail.get("reason") or "")
    if outcome == "killed":
        return "进程被中止" + (f"：{said}" if said else "")
    if not said:
        return f"读到年报 {reports_seen} 篇" if outcome == "ok" else ""
    if said.startswith("nothing could be read"):
        reading = "blocked" if said.startswith("nothing could be read (blocked)") else "unreachable"
        markers = said.partition(": ")[2].split("; ") if ": " in said else [""]
        return "什么也没有读到：" + "；".join(
            dict.fromkeys(
                in_words(reading, 0, marker.partition(": ")[2] if marker.startswith("page ") else marker)
                for marker in markers
            )
        )
    if said.startswith("lists no report any more: "):
        return f"栏目可以打开，但不再列出年报：{said.partition(': ')[2]}"
    if outcome != "ok":
        return f"没有读完：{said.partition(': ')[2] or said}"
    cut = (_ADDRESS.fullmatch(one) for one in re.split(r"; (?=https?://)", said))
    words = [f"{one[1]} {section_in_words(False, False, 0, one[2], 0)}" for one in cut if one]
    return "；".join(words) or said


# One portal ---------------------------------------------------------------------------------------------------------


def portal_page(store: Store, name: str, now: str) -> PortalPage | None:
    """Everything about one portal; None: there is none of that name."""
    row = store.row("SELECT * FROM portals WHERE name = ?", (name,))
    if row is None:
        return None
    events = store.rows(
        """SELECT * FROM events WHERE portal = ? AND baseline = 0 AND kind <> 'finding' ORDER BY id DESC LIMIT 21""",
        (name,),
    )
    muted = row["muted_until"] if row["muted_until"] and row["muted_until"] > now else ""
    return PortalPage(
        row=row,
        region=region_names(store, [row["region"]])[row["region"]],
        trouble=trouble_of(store, row) if row["health"] in TROUBLED else None,
        muted="always" if muted >= NO_END else muted,
        sections=tuple(_sections(store, name)),
        map=portal_map(store, name, row["title"], now),
        counts=_counts(store, [name]).get(name, {}),
        events=tuple(events[:20]),
        more_events=len(events) > 20,
        passes=tuple(_passes(store, name)),
    )


def _sections(store: Store, portal: str) -> list[Section]:
    found = []
    for row in store.rows(
        """SELECT s.*, c.finished_at FROM sections s LEFT JOIN crawls c ON c.id = s.last_complete_crawl
        WHERE s.portal = ? AND s.active = 1 ORDER BY s.url""",
        (portal,),
    ):
        words = "可以打开，但不再列出年报" if row["broken"] else f"列出 {row['last_links']} 篇"
        if row["finished_at"] is None:
            words = "还没有读完整过"
        found.append(Section(row["url"], row["finished_at"] or "", row["last_links"], bool(row["broken"]), words))
    return found


def _passes(store: Store, portal: str) -> list[Pass]:
    rows = store.rows("SELECT * FROM crawls WHERE portal = ? ORDER BY id DESC LIMIT ?", (portal, PASSES))
    return [
        Pass(
            id=row["id"],
            mode=MODES[row["mode"]],
            started_at=row["started_at"],
            finished_at=row["finished_at"] or "",
            outcome=OUTCOMES[row["outcome"]],
            good=row["outcome"] in ("ok", None) and not _json(row["detail"]).get("trouble"),
            words=pass_words(row["outcome"], _json(row["detail"]), row["reports_seen"]),
            requests=row["requests"],
            errors=row["errors"],
            reports_seen=row["reports_seen"],
        )
        for row in rows
    ]


def _counts(store: Store, names: list[str]) -> dict[str, dict[str, int]]:
    """Reports by portal and status."""
    counts: dict[str, dict[str, int]] = {}
    for name, status, count in store.values(
        """SELECT r.portal, r.status, count(*) FROM json_each(?) n CROSS JOIN reports r ON r.portal = n.value
        WHERE r.withdrawn_at IS NULL GROUP BY 1, 2""",
        (json.dumps(names),),
    ):
        counts.setdefault(name, {})[status] = count
    return counts


def _json(text: str) -> Row:
    found = json.loads(text or "{}")
    return found if isinstance(found, dict) else {}


# The listing --------------------------------------------------------------------------------------------------------


def listed(store: Store, health: str, region: str, text: str, after: str) -> Listed:
    """A page of portals by region and name. `health`: one of HEALTHS, `trouble` (any of the first three) or empty; `region`:
    digits that its code begins with; `text`: a part of name, title or organ; `after`: as the page before gave it."""
    where, values = ["1"], dict[str, object]()
    if health == "trouble":
        where.append("p.health IN ('down', 'broken', 'blocked')")
    elif health:
        where.append("p.health = :health")
        values["health"] = health
    if region:
        where.append("p.region >= :from AND p.region < :to")
        values |= {"from": region, "to": region + ":"}
    if text:
        where.append("(instr(p.title, :text) OR instr(p.name, lower(:text)) OR instr(p.organ, :text))")
        values["text"] = text
    limits = " AND ".join(where)
    total = store.row(f"SELECT count(*) AS n FROM portals p WHERE {limits}", values)  # noqa: S608
    code, _, name = after.partition("/")
    names = [
        found
        for (found,) in store.conn.execute(
            f"""SELECT p.name FROM portals p WHERE {limits} AND (p.region, p.name) > (:code, :name)
            ORDER BY p.region, p.name LIMIT :most""",  # noqa: S608
            {**values, "code": code, "name": name, "most": PAGE + 1},
        )
    ]
    more, names = names[PAGE:], names[:PAGE]
    rows = store.rows(
        """SELECT p.*, c.finished_at FROM json_each(?) n CROSS JOIN portals p ON p.name = n.value
        LEFT JOIN crawls c ON c.id = p.last_crawl ORDER BY n.key""",
        (json.dumps(names),),
    )
    counts = _counts(store, [row["name"] for row in rows])
    places = region_names(store, {row["region"][:4] for row in rows})
    for row in rows:
        own = counts.get(row["name"], {})
        row |= {state: own.get(state, 0) for state in ("live", "missing", "taken_down")}
        row["part"], row["place"] = row["region"][:4], places[row["region"][:4]]
    healths: dict[str, int] = {}
    regions: dict[str, tuple[int, int]] = {}
    for part, health_of, count in store.values(
        "SELECT substr(region, 1, 2) AS part, health, count(*) FROM portals GROUP BY 1, 2 ORDER BY 1"
    ):
        healths[health_of] = healths.get(health_of, 0) + count
        every, bad = regions.get(part, (0, 0))
        regions[part] = every + count, bad + count * (health_of in TROUBLED)
    return Listed(
        rows=tuple(rows),
        healths=tuple((one, healths[one]) for one in HEALTHS if one in healths),
        regions=tuple((part, region_names(store, [part])[part], *both) for part, both in regions.items()),
        after=f"{rows[-1]['region']}/{rows[-1]['name']}" if more else "",
        total=total["n"] if total else 0,
    )
