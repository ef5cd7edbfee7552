"""Findings and figures as rows, within the caller's transaction: of a new version, of one whose neighbour years changed, or of
something a pass could not read.

A report's findings depend on the same organ's other years: on last year's tables and text, and on every earlier year's
body. So whoever writes a version, or gives a report another key, brings up to date what depends on it (`settle`,
`refresh_neighbours`), and the order in which years arrive makes no difference.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import starmap
from typing import NamedTuple

import msgspec

from crawler.page.model import Severity
from monitor import figures as tables
from monitor.documents import documents_of
from monitor.figures.fields import Form, place
from monitor.figures.revision import revision
from monitor.findings import BEFORE, RULES, Earlier, Finding, Subject, check, compared
from monitor.identity import OrganRow
from monitor.store import Row, Store
from monitor.versions import GONE, Draft, Held, stored_held

log = logging.getLogger(__name__)

_Said = tuple[str, Finding]
"""Address and finding."""
_PAGES_TOO = "impossible_period"
"""Said by the page's reader as well; its rows have no place."""


class Neighbour(NamedTuple):
    """What a change of one year's report makes of another year's."""

    year: int
    report: int
    caused: tuple[Finding, ...]
    cured: tuple[Finding, ...]


class _Pending(msgspec.Struct):
    """A version written in this transaction whose findings are yet to come."""

    report: int
    url: str
    own: list[_Said]
    """What the page's reader said of it."""
    form: Form
    problems: tuple[tables.Problem, ...]
    conflicts: tuple[tables.Conflict, ...]
    more: list[_Said]
    """What does not follow from its text (late, conflict)."""


class FindingWriter:
    """Writes the findings of one pass over a portal; outside of a pass (`crawl` is None) they count as found by the pass
    that read the version."""

    def __init__(self, store: Store, portal: str, crawl: int | None) -> None:
        self.store = store
        self.portal = portal
        self.crawl = crawl
        self._pending: dict[int, _Pending] = {}
        """By version."""
        self._left: list[tuple[int, int, int]] = []
        """Reports that got another key: report, and the organ and year that it had."""
        self._neighbours: dict[int, list[Neighbour]] = {}
        self._organs: dict[int, OrganRow] = {}

    # What is written ----------------------------------------------------------------------------------------------

    def on_page(self, rule: str, severity: Severity, detail: str, url: str) -> None:
        """Something that could not be read. One that an earlier pass recorded word for word is not recorded again."""
        known = self.store.row(
            """SELECT f.id FROM findings f JOIN crawls c ON c.id = f.crawl
            WHERE c.portal = ? AND f.version IS NULL AND f.rule = ? AND f.url = ? AND f.detail = ?""",
            (self.portal, rule, url, detail),
        )
        if known is None:
            self._insert(None, self.crawl, url, Finding(rule, severity, detail))

    def on_version(self, report: int, version: int, draft: Draft, organ: OrganRow, year: int, late: int = 0) -> None:
        """Figures of a new version that is its report's current one. What does not add up in it is written by `settle`, when
        its neighbours are there. `late`: days after its legal date that the report came."""
        read = self._read(draft.report.text, draft.held, organ, year)
        self._write_figures(version, read)
        more = [(draft.url, _late(late))] if late else []
        # Not its text: a first pass has as many as the portal has reports.
        own = _of_page(draft)
        self._pending[version] = _Pending(report, draft.url, own, read.form, read.problems, read.conflicts, more)

    def late(self, version: int, days: int) -> None:
        """A report turns out to have come after its legal date."""
        row = self._row(version)
        self._insert(version, self.crawl or row["crawl"], row["url"], _late(days))

    def conflict(self, version: int, url: str, other: int) -> None:
        """Two pages with one organ and year, and different content; `version` was written just now."""
        row = self.store.row("SELECT title, url FROM reports WHERE id = ?", (other,))
        assert row is not None
        said = f"同一机关、同一年度另有内容不同的页面：{row['title']} {row['url']}"
        self._pending[version].more.append((url, Finding("conflict", "warning", said)))

    def on_key(self, report: int, organ: int, year: int) -> None:
        """A report is about to get another key than that organ and year."""
        self._left.append((report, organ, year))

    def settle(self) -> None:
        """Findings of what was written, and of the other years' reports that depend on it. What a version brings that is none
        of the portal's doing, or another key, counts as found before: it is no news."""
        written, self._pending = self._pending, {}
        left, self._left = self._left, []
        self._organs = {}  # names were noted since
        for version, one in written.items():
            stored = stored_figures(self.store, version).figures
            read = tables.Figures(one.form, stored, one.problems, one.conflicts)
            row = self._row(version)
            found = [(one.url, said) for said in self._check(row, read)]
            for url, said in (*_without(one.own, found), *found, *one.more):
                self._insert(version, self.crawl or row["crawl"], url, said)
        done = {one.report for one in written.values()}
        for report, _, _ in left:
            if report not in done:
                self._refresh(report, news=False)
        keyed = frozenset(report for report, _, _ in left)
        done |= keyed
        keys, news = [], set()
        for row in map(self._current, sorted(done)):  # one text at a time
            keys.append((row["id"], row["organ_id"], row["year"]))
            if row["id"] not in keyed and row["significance"] in ("first", "content"):
                news.add(row["id"])
        for report, organ, year in dict.fromkeys((*keys, *left)):
            self._refresh_later(organ, year, report, frozenset(done), news=report in news)

    # What is brought up to date ---------------------------------------------------------------------------------

    def renew(self, report: int, version: int, draft: Draft, organ: OrganRow, year: int) -> tuple[bool, bool]:
        """Figures and findings of the current version, as its page is read today: whether either differs.

        What follows from when it was read (late, conflict) stays. Nothing new is told to anybody.
        """
        read = self._read(draft.report.text, draft.held, organ, year)
        differ = self._renew(self._row(version), read, _of_page(draft), news=False)
        if differ[0]:
            self._refresh_later(organ.id, year, report, frozenset({report}), news=False)
        return differ

    def refresh(self, report: int) -> bool:
        """Figures and findings of a report's current version, as what is stored of it is read today: whether either
        differs. What the page's reader said of it stays."""
        return self._refresh_all(report, news=False)

    def refresh_neighbours(self, organ: int, year: int) -> None:
        """Brings up to date what depends on that organ's report of that year: it went, or it is another one now."""
        self._refresh_later(organ, year, None, frozenset(), news=False)

    def neighbour_findings(self) -> Mapping[int, Sequence[Neighbour]]:
        """By report that `settle` settled: other years' findings that appeared or vanished because of it."""
        return self._neighbours

    def _refresh_all(self, report: int, *, news: bool) -> bool:
        """A report, and where its figures turn out to be others, what depends on them."""
        figures, findings = self._refresh(report, news=news)
        if figures:
            row = self._current(report)
            self._refresh_later(row["organ_id"], row["year"], report, frozenset({report}), news=news)
        return figures or findings

    def _refresh(self, report: int, *, news: bool) -> tuple[bool, bool]:
        row = self._current(report)
        held = stored_held(self.store, row["version"])
        read = self._read(row["text"], held, self._organ(row["organ_id"]), row["year"])
        return self._renew(row, read, None, news=news)

    def _refresh_later(self, organ: int, year: int, cause: int | None, done: frozenset[int], *, news: bool) -> None:
        """The next year's reports; and later ones that say, or must now say, that their text is this one's."""
        keys = self.store.rows("SELECT body_key FROM versions WHERE report = ? AND body_key <> ''", (cause,))
        marks = ", ".join("?" for _ in keys)
        for row in self.store.rows(
            f"""SELECT r.id, r.year, v.id AS version FROM reports r JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? AND r.organ_id = ? AND r.withdrawn_at IS NULL AND (r.year = ? OR (r.year > ? AND (
                v.body_key IN ({marks})
                OR EXISTS (SELECT 1 FROM findings f WHERE f.version = v.id AND f.rule = 'same_text'))))
            ORDER BY r.year, r.id""",  # noqa: S608
            (self.portal, organ, year + 1, year, *(key["body_key"] for key in keys)),
        ):
            if row["id"] in done:
                continue
            before = stored_findings(self.store, row["version"])
            if self._refresh_all(row["id"], news=news) and cause is not None:
                caused, cured = compared(before, stored_findings(self.store, row["version"]))
                if caused or cured:
                    self._neighbours.setdefault(cause, []).append(Neighbour(row["year"], row["id"], caused, cured))

    def _renew(self, row: Row, read: tables.Figures, own: list[_Said] | None, *, news: bool) -> tuple[bool, bool]:
        """`own`: what the page's reader says; None: what it said stays. `news`: what is found now was not there before."""
        version = row["version"]
        figures = read.by_field() != stored_figures(self.store, version).by_field()
        if figures:
            self.store.run("DELETE FROM figures WHERE version = ?", (version,))
            self._write_figures(version, read)
        else:
            self.store.run("UPDATE versions SET figures_by = ? WHERE id = ?", (revision(), version))
        stored = self.store.rows("SELECT * FROM findings WHERE version = ? ORDER BY id", (version,))
        before = {(one["url"], _finding(one)): one["crawl"] for one in stored}
        kept = [one for one in before if one[1].rule in ("late", "conflict")]
        if own is None:
            own = [one for one in before if one not in kept and not _derived(one[1])]
        found = [(row["url"], said) for said in self._check(row, read)]
        said = [*_without(own, found), *found, *kept]
        if said == list(before):
            return figures, False
        self.store.run("DELETE FROM findings WHERE version = ?", (version,))
        # One that stood there, with whatever figures, keeps the pass that found it.
        stood = {(one.rule, one.place): crawl for (_, one), crawl in before.items()}
        caused = compared([one for _, one in before], [one for _, one in said]).caused
        found_by = self.crawl if news and self.crawl else row["crawl"]
        for url, one in said:
            self._insert(version, found_by if one in caused else stood[one.rule, one.place], url, one)
        return figures, True

    # What is asked of the record ------------------------------------------------------------------------------------

    def _row(self, version: int) -> Row:
        row = self.store.row(
            """SELECT r.id, r.organ_id, r.year, v.id AS version, v.crawl, v.significance, v.text, v.organ, v.published_on, v.url, v.body_key
            FROM versions v JOIN reports r ON r.id = v.report WHERE v.id = ?""",
            (version,),
        )
        assert row is not None  # the caller has it
        return row

    def _current(self, report: int) -> Row:
        row = self.store.row("SELECT current_version FROM reports WHERE id = ?", (report,))
        assert row is not None  # every report has a version from its first transaction on
        return self._row(row["current_version"])

    def _organ(self, number: int) -> OrganRow:
        if number not in self._organs:
            self._organs = {organ.id: organ for organ in self.store.organs(self.portal)}
        return self._organs[number]

    def _read(self, text: str, held: Iterable[Held], organ: OrganRow, year: int) -> tables.Figures:
        documents = documents_of(self.store, tuple(held))
        return tables.read(text, documents, year=year, organs=(organ.name, *organ.aliases))

    def _check(self, row: Row, read: tables.Figures) -> tuple[Finding, ...]:
        """What does not add up in a report as it stands in the record."""
        organ = self._organ(row["organ_id"])
        files = self.store.row(
            "SELECT 1 FROM attachments WHERE version = ? AND sha256 <> ? LIMIT 1", (row["version"], GONE)
        )
        subject = Subject(
            text=row["text"],
            year=row["year"],
            figures=read,
            names=tuple(filter(None, (organ.name, *organ.aliases, row["organ"]))),
            published_on=row["published_on"],
            has_files=files is not None,
        )
        earlier, bodies = self._earlier(row), self._bodies(row)
        try:
            return check(subject, earlier, bodies)
        except Exception as error:  # what does not add up must not keep a version from being recorded and told
            log.exception("%s: could not be checked", row["url"])
            why = f"核对未能完成：程序出错（{type(error).__name__}），请告知开发者"
            return (Finding("table_damaged", "warning", why, "核对"),)

    def _earlier(self, row: Row) -> Earlier | None:
        before = self.store.row(
            """SELECT v.id, v.text FROM reports r JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? AND r.organ_id = ? AND r.year = ? AND r.variant = 0""",
            (self.portal, row["organ_id"], row["year"] - 1),
        )
        if before is None:
            return None
        return Earlier(row["year"] - 1, stored_figures(self.store, before["id"], BEFORE), before["text"])

    def _bodies(self, row: Row) -> dict[int, str]:
        if not row["body_key"]:
            return {}
        # CROSS: by the organ's own reports; many portals may say the same.
        rows = self.store.rows(
            """SELECT r.year, v.body_key FROM reports r CROSS JOIN versions v ON v.id = r.current_version
            WHERE r.portal = ? AND r.organ_id = ? AND r.year < ? AND r.withdrawn_at IS NULL AND v.body_key = ?""",
            (self.portal, row["organ_id"], row["year"], row["body_key"]),
        )
        return {one["year"]: one["body_key"] for one in rows}

    # Rows ---------------------------------------------------------------------------------------------------------

    def _write_figures(self, version: int, read: tables.Figures) -> None:
        self.store.run("UPDATE versions SET figures_by = ? WHERE id = ?", (revision(), version))
        self.store.put_many(
            "figures",
            ("version", "field", "value", "raw", "source", "confidence", "url"),
            [(version, one.field, one.value, one.raw, one.source, one.confidence, one.url) for one in read.figures],
        )

    def _insert(self, version: int | None, crawl: int | None, url: str, said: Finding) -> None:
        values = {"version": version, "crawl": crawl, "url": url, **msgspec.structs.asdict(said)}
        self.store.insert("findings", values | {"fields": msgspec.json.encode(said.fields).decode()})


def stored_figures(store: Store, version: int, fields: Collection[str] = ()) -> tables.Figures:
    """A version's figures, in the order of the forms. `fields`: no others than these."""
    only = f"AND field IN ({', '.join('?' for _ in fields)})" if fields else ""
    rows = store.values(
        f"SELECT field, value, raw, source, confidence, url FROM figures WHERE version = ? {only} ORDER BY field",  # noqa: S608
        (version, *fields),
    )
    rows.sort(key=lambda row: place(row[0]))
    return tables.Figures(figures=tuple(starmap(tables.Figure, rows)))


def stored_findings(store: Store, version: int | None) -> tuple[Finding, ...]:
    """A version's findings, most telling first."""
    return tuple(map(_finding, store.rows("SELECT * FROM findings WHERE version = ? ORDER BY id", (version,))))


def _finding(row: Row) -> Finding:
    fields = msgspec.json.decode(row["fields"], type=tuple[str, ...])
    return Finding(row["rule"], row["severity"], row["detail"], row["place"], fields)


def _late(days: int) -> Finding:
    return Finding("late", "warning", f"晚于法定期限 {days} 天公开", "公开日期")


def _of_page(draft: Draft) -> list[_Said]:
    """What the page's reader said of the report."""
    found = draft.report.findings
    return [(said.url or draft.url, Finding(said.rule, said.severity, said.detail)) for said in found]


def _derived(said: Finding) -> bool:
    """Whether a stored finding is `check`'s."""
    return said.rule in RULES and (said.rule != _PAGES_TOO or bool(said.place))


def _without(own: list[_Said], found: list[_Said]) -> list[_Said]:
    """What the page's reader says and `check` does not."""
    rules = {said.rule for _, said in found}
    return [one for one in own if one[1].rule not in rules]
