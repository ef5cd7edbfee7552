"""The coverage map's questions to the record: organ × year of one portal, portal × year, region × year."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from monitor.identity import OrganRow, Organs
from monitor.legal import Overdue, due_on, local_date, overdue
from monitor.message import PROVINCES
from monitor.owed import owed, years_seen
from monitor.store import Row, Store
from monitor.times import to_utc
from monitor.web.coverage_cells import Cell, Tally, cuts, late_after, report_state, undisturbed

_KINDS = ("government", "office", "department", "township")
_EDITED = """e.kind = 'changed' AND e.retracted_at IS NULL AND e.report IS NOT NULL
    AND (coalesce(json_extract(e.detail, '$.reason'), '') <> 'rekeyed'
        OR coalesce(json_extract(e.detail, '$.figures_total'), 0) + coalesce(json_extract(e.detail, '$.text_total'), 0)
        + coalesce(json_extract(e.detail, '$.attachments_total'), 0) > 0)"""
"""Of an event: the portal edited a report. That our own guess of its year was wrong is none of its doing."""
"""GB/T 2260: names by the first two digits of a region."""
_OFFICIAL = ("人民政府", "政府门户网站", "门户网站")


class OrganLine(msgspec.Struct, frozen=True):
    """A row of a portal's map."""

    organ: OrganRow
    cells: Mapping[int, Cell]
    """By year; none where nothing is owed or known."""


class PortalMap(msgspec.Struct, frozen=True):
    """A portal's organs by year."""

    name: str
    title: str
    lines: tuple[OrganLine, ...]

    @property
    def years(self) -> frozenset[int]:
        return frozenset(year for line in self.lines for year in line.cells)


class Line(msgspec.Struct, frozen=True):
    """A row of a map in figures: a region, or a portal."""

    key: str
    """GB/T 2260 digits, or the portal's name."""
    title: str
    is_portal: bool
    portals: int
    years: Mapping[int, Tally]


# One portal -------------------------------------------------------------------------------------------------------


def portal_map(store: Store, name: str, title: str, now: str) -> PortalMap:
    """Every organ of a portal. `now`: the record's form."""
    organs = store.organs(name)
    cells: dict[int, dict[int, Cell]] = {organ.id: {} for organ in organs}
    kinds = {organ.id: organ for organ in organs}
    edited = {
        row["report"]
        for row in store.rows(f"SELECT e.report FROM events e WHERE e.portal = ? AND {_EDITED}", (name,))  # noqa: S608
    }
    for row in store.rows(
        """SELECT id, organ_id, year, status, published_on, first_seen_at, json_extract(detail, '$.baseline') AS baseline
        FROM reports WHERE portal = ? AND withdrawn_at IS NULL ORDER BY organ_id, year, variant""",
        (name,),
    ):
        known = cells[row["organ_id"]].get(row["year"])
        if known is not None:
            cells[row["organ_id"]][row["year"]] = msgspec.structs.replace(known, others=known.others + 1)
        else:
            cells[row["organ_id"]][row["year"]] = _of_report(row, kinds[row["organ_id"]], row["id"] in edited)
    for organ, year, cell in _of_nothing(store, name, organs, now):
        cells[organ].setdefault(year, cell)
    order = {kind: place for place, kind in enumerate(_KINDS)}
    ordered = sorted(organs, key=lambda organ: (order.get(organ.kind, 9), organ.id))
    return PortalMap(name, title, tuple(OrganLine(organ, cells[organ.id]) for organ in ordered))


def _of_report(row: Row, organ: OrganRow, edited: bool) -> Cell:
    state, late = report_state(
        organ.kind, row["year"], row["status"], edited, row["published_on"], bool(row["baseline"]), row["first_seen_at"]
    )
    return Cell(
        state=state,
        year=row["year"],
        late=late,
        report=row["id"],
        published_on=row["published_on"],
        status=row["status"],
        baseline=bool(row["baseline"]),
    )


def _of_nothing(store: Store, portal: str, organs: list[OrganRow], now: str) -> Iterable[tuple[int, int, Cell]]:
    """What is not there and ought to be, or will have to be this year."""
    named = Organs(organs)
    told = set()
    for event in overdue_events(store, portal):
        organ = named.find(event["organ"])
        if organ is not None:
            told.add((organ.id, event["year"]))
            cell = Cell(state="overdue", year=event["year"], event=event["id"], due_on=event["due_on"] or "")
            yield organ.id, event["year"], cell
    for one in owed(store, portal, to_utc(now), told):
        yield one.organ, one.year, Cell(state="unsure", year=one.year, due_on=one.due_on.isoformat())
    for one in upcoming(organs, years_seen(store, portal), local_date(to_utc(now))):
        yield one.organ, one.year, Cell(state="due", year=one.year, due_on=one.due_on.isoformat())


def overdue_events(store: Store, portal: str) -> list[Row]:
    """What was said to be overdue on a portal and stands."""
    return store.rows(
        """SELECT id, organ, year, json_extract(detail, '$.due_on') AS due_on FROM events
        WHERE portal = ? AND kind = 'overdue' AND year IS NOT NULL AND organ IS NOT NULL AND retracted_at IS NULL
        ORDER BY id""",
        (portal,),
    )


def upcoming(organs: Iterable[OrganRow], seen: Mapping[int, frozenset[int]], today: date) -> list[Overdue]:
    """Who has not published what is due between today and the end of the year. `today`: China's date."""
    at_its_end = datetime(today.year, 12, 31, tzinfo=UTC)
    return [one for one in overdue(organs, seen, at_its_end) if one.due_on >= today]


# Many at once -----------------------------------------------------------------------------------------------------


def tallies(
    store: Store, part: str, where: str, values: Mapping[str, object], today: date
) -> dict[str, dict[int, Tally]]:
    """States of reports, counted by a part (an expression of portals p) and year; portals are limited by `where`.

    The same as `portal_map` counts cell by cell, but for those whose date has passed and about which nothing is known.
    """
    first, last = cuts()
    counts: dict[str, dict[int, dict[str, int]]] = {}

    def add(key: str, year: int, state: str, count: int) -> None:
        of_year = counts.setdefault(key, {}).setdefault(year, {})
        of_year[state] = of_year.get(state, 0) + count

    # The legal dates are monitor.legal's: here it is only counted which of the days that they fall on had passed.
    for key, kind, year, status, edited, passed, count in store.conn.execute(
        f"""SELECT part, kind, year, status, edited, (day > (year + 1) || :first) + (day > (year + 1) || :last), count(*) FROM (
            SELECT {part} AS part, o.kind AS kind, r.year AS year, r.status AS status,
                r.id IN (SELECT e.report FROM portals p CROSS JOIN events e INDEXED BY events_by_portal
                    ON e.portal = p.name WHERE {_EDITED}) AS edited,
                CASE WHEN r.published_on <> '' THEN r.published_on WHEN json_extract(r.detail, '$.baseline') THEN NULL
                    ELSE date(r.first_seen_at, '+8 hours') END AS day
            FROM portals p CROSS JOIN reports r ON r.portal = p.name CROSS JOIN organs o ON o.id = r.organ_id
            WHERE {where} AND r.withdrawn_at IS NULL AND (r.variant = 0 OR NOT EXISTS (
                SELECT 1 FROM reports q WHERE q.portal = r.portal AND q.organ_id = r.organ_id AND q.year = r.year
                AND q.variant < r.variant AND q.withdrawn_at IS NULL)))
        GROUP BY 1, 2, 3, 4, 5, 6""",  # noqa: S608
        {**values, "first": f"-{first}", "last": f"-{last}"},
    ):
        if status == "taken_down":
            state = "gone"
        elif status == "missing":
            state = "unsure"
        elif edited:
            state = "changed"
        else:
            state = undisturbed(kind, year, passed is not None, late_after(kind, year, passed or 0))
        add(key, year, state, count)
    for key, year, count in store.conn.execute(
        f"""SELECT {part}, e.year, count(*) FROM portals p CROSS JOIN events e INDEXED BY events_by_portal
        ON e.portal = p.name AND e.kind = 'overdue' AND e.year IS NOT NULL WHERE {where} AND e.retracted_at IS NULL GROUP BY 1, 2""",  # noqa: S608
        dict(values),
    ):
        add(key, year, "overdue", count)
    year = today.year - 1
    for kind in _OF:
        if legal_date(kind, year) >= today:
            for key, count in store.conn.execute(
                f"SELECT {part}, count(*) {_UNPUBLISHED.format(kind=_OF[kind])} AND {where} GROUP BY 1",
                {**values, "year": year},
            ):
                add(key, year, "due", count)
    return {key: {year: Tally(year, found) for year, found in years.items()} for key, years in counts.items()}


def region_lines(store: Store, region: str, digits: int, today: date) -> list[Line]:
    """Regions below one, told apart by so many digits. `region`: digits that they begin with; empty: the whole country."""
    part = f"substr(p.region, 1, {digits:d})"
    where, values = "p.region >= :from AND p.region < :to", _range(region)
    found = tallies(store, part, where, values, today)
    sizes = {
        row["part"]: row["n"]
        for row in store.rows(
            f"SELECT {part} AS part, count(*) AS n FROM portals p WHERE {where} GROUP BY 1 ORDER BY 1",  # noqa: S608
            values,
        )
    }
    names = region_names(store, sizes)
    return [Line(key, names[key], False, count, found.get(key, {})) for key, count in sizes.items()]


def portal_lines(store: Store, portals: Sequence[Row], today: date) -> list[Line]:
    """Those portals (rows with `name` and `title`), each as a line."""
    names = json.dumps([row["name"] for row in portals])
    found = tallies(store, "p.name", "p.name IN (SELECT value FROM json_each(:names))", {"names": names}, today)
    return [Line(row["name"], row["title"], True, 1, found.get(row["name"], {})) for row in portals]


def portals_in(store: Store, region: str, after: str = "", most: int = 60) -> list[Row]:
    """Portals of a region in the order of their names, after one of them."""
    return store.rows(
        """SELECT name, title, region, level FROM portals WHERE region >= :from AND region < :to AND name > :after
        ORDER BY name LIMIT :most""",
        {**_range(region), "after": after, "most": most},
    )


def parts_of(store: Store, region: str) -> tuple[int, int]:
    """How many portals a region has, and by how many digits it is best divided; 0: into its portals."""
    row = store.row(
        """SELECT count(*) AS n, count(DISTINCT substr(region, 1, 2)) AS two, count(DISTINCT substr(region, 1, 4)) AS four,
        count(DISTINCT region) AS six FROM portals WHERE region >= :from AND region < :to""",
        _range(region),
    )
    assert row is not None
    for digits, count in ((2, row["two"]), (4, row["four"]), (6, row["six"])):
        if digits > len(region) and count > 1:
            return row["n"], digits
    return row["n"], 0


def region_names(store: Store, regions: Iterable[str]) -> dict[str, str]:
    """What regions are called: provinces by their names, others after the portal of their government, else by their code."""
    wanted = {region: region.ljust(6, "0") for region in regions}
    titles: dict[str, str] = {}
    if any(len(region) > 2 for region in wanted):
        for row in store.rows(
            """SELECT region, title FROM portals WHERE region IN (SELECT value FROM json_each(?))
            AND level IN ('province', 'prefecture', 'county') ORDER BY length(title) DESC, name""",
            (json.dumps(sorted(wanted.values())),),
        ):
            titles[row["region"]] = _short(row["title"])
    return {region: titles.get(code) or _by_code(region) for region, code in wanted.items()}


def _by_code(region: str) -> str:
    if not region:
        return "未注明地区"
    province = PROVINCES.get(region[:2], "")
    if len(region) == 2:
        return province or f"地区 {region}"
    return f"{province or '地区'} {region}"


def _short(title: str) -> str:
    for end in _OFFICIAL:
        if title.endswith(end) and len(title) > len(end):
            return title.removesuffix(end)
    return title


def _range(region: str) -> dict[str, object]:
    """Codes that begin with these digits."""
    return {"from": region, "to": region + ":" if region else ":"}


# What is due --------------------------------------------------------------------------------------------------------


class Owing(msgspec.Struct, frozen=True):
    """An organ that has not published yet."""

    organ: str
    organ_id: int
    portal: str
    portal_title: str


_UNPUBLISHED = """FROM organs o JOIN portals p ON p.name = o.portal
WHERE o.kind {kind} AND (o.until IS NULL OR o.until >= :year) AND coalesce(o.since, :year) <= :year
AND (o.declared = 1 OR EXISTS (SELECT 1 FROM reports r
    WHERE r.portal = o.portal AND r.organ_id = o.id AND r.year < :year AND r.withdrawn_at IS NULL))
AND NOT EXISTS (SELECT 1 FROM reports r
    WHERE r.portal = o.portal AND r.organ_id = o.id AND r.year = :year AND r.withdrawn_at IS NULL)"""
"""Whose report of :year, the last one that is or will be due, was not seen: as monitor.legal.overdue has it."""
_OF = {"government": "= 'government'", "department": "IN ('department', 'office')"}


def owing_count(store: Store, year: int) -> dict[str, int]:
    """How many governments, and how many other organs that the law names, have not published the last year's report."""
    counts = dict.fromkeys(_OF, 0)
    for government, count in store.conn.execute(
        f"SELECT o.kind = 'government', count(*) {_UNPUBLISHED.format(kind='<> :town')} GROUP BY 1",
        {"year": year, "town": "township"},
    ):
        counts["government" if government else "department"] = count
    return counts


def owing(store: Store, year: int, kind: str, after: int = 0, most: int = 10) -> list[Owing]:
    """Those organs (`government` or `department`) one by one, by number, after one of them."""
    return [
        Owing(row["name"], row["id"], row["portal"], row["title"])
        for row in store.rows(
            f"""SELECT o.id, o.name, o.portal, p.title {_UNPUBLISHED.format(kind=_OF[kind])}
            AND o.id > :after ORDER BY o.id LIMIT :most""",
            {"year": year, "after": after, "most": most},
        )
    ]


def legal_date(kind: str, year: int) -> date:
    """Of governments (`government`) or of all others that the law names (`department`)."""
    due = due_on("government" if kind == "government" else "department", year)
    assert due is not None  # the law names both
    return due


def organs_in(store: Store, region: str) -> int:
    """How many organs a region's portals have."""
    return int(
        store.values(
            "SELECT count(*) FROM portals p JOIN organs o ON o.portal = p.name WHERE p.region >= ? AND p.region < ?",
            tuple(_range(region).values()),
        )[0][0]
    )
