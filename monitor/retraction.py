"""An operator takes a wrong event back: `nianbao retract`.

In: an event, why it was wrong, who says so. Out: the event marked, its receivers told (or what was not sent yet dropped),
and the record put as it would be without it, so that no later pass says something which follows from the mistake. All in
one transaction.

A site that goes on showing what misled the pass would mislead the next one too. So what the operator declared wrong is
remembered (`reports.detail.disregarded`, `not_at`) and proves nothing until it reads otherwise; a report that cannot be
verified for long is then told to operators as `service`, as ever.
"""

from collections.abc import Set

import msgspec

from crawler.page.address import normalise
from monitor.corrections import Corrector
from monitor.disregard import CONTENT, LISTED, PRESENT, UNLISTED
from monitor.event_detail import Changed, Moved, PortalTrouble, decode, encode
from monitor.findings_store import FindingWriter
from monitor.key_effects import reinstate_overdue
from monitor.reading_words import kind_of_reading
from monitor.recipients import enqueue_retraction
from monitor.record import ReportDetail, save_detail
from monitor.revert import revert_content
from monitor.settings import Settings
from monitor.store import Row, Store

_FOLLOWS = {
    "taken_down": ("restored",),
    "delisted": ("relisted",),
    "portal_down": ("portal_recovered",),
    "portal_broken": ("portal_recovered",),
}
"""What was only said because of an event: taken back with it."""
_TOGETHER = frozenset({"restored", "moved", "changed"})
"""Of these a pass says several of one report, because of one page: if it is another page, none of them is true."""


class RetractionError(ValueError):
    """It cannot be taken back; the message is one line with the remedy."""


class Retracted(msgspec.Struct, frozen=True):
    """What was done."""

    events: tuple[int, ...]
    """The event and those that rest on it."""
    told: int = 0
    """Deliveries that tell of it."""
    dropped: int = 0
    """Deliveries that had not been sent yet, and will not be."""
    state: str = ""
    """What became of the report or portal, in a few words; empty: nothing."""
    reinstated: tuple[int, ...] = ()
    """`overdue` events that stand again."""


class Retractor:
    """Takes events back."""

    def __init__(self, store: Store, settings: Settings, who: str, now: str) -> None:
        self.store = store
        self.settings = settings
        self.who = who
        self.now = now
        self.reinstated: tuple[int, ...] = ()

    def retract(self, number: int, why: str) -> Retracted:
        """Raises RetractionError."""
        with self.store.transaction():  # the question and the answer: another may be taking it back as well
            event = self.store.row("SELECT * FROM events WHERE id = ?", (number,))
            if event is None:
                raise RetractionError(f"there is no event {number}; `nianbao events` lists them")
            if event["retracted_at"]:
                said = msgspec.json.decode(event["detail"]).get("retracted_why")
                because = f' ("{said}")' if said else ", because the report appeared"
                raise RetractionError(
                    f"event {number} was withdrawn at {event['retracted_at']} already{because}; nothing is left to do"
                )
            events = [event, *self._resting_on(event)]
            latest = {one["id"] for one in events if self._is_latest(one, {other["id"] for other in events})}
            for one in events:
                detail = msgspec.structs.replace(
                    decode(one["kind"], one["detail"]), retracted_why=why, retracted_by=self.who
                )
                self.store.update("events", one["id"], {"retracted_at": self.now, "detail": encode(detail)})
            told = dropped = 0
            for one in events:
                waiting = self._waiting(one["id"])
                told += enqueue_retraction(
                    self.store, one["id"], self.settings.channels, self.now, self.settings.service.timezone
                )
                dropped += waiting - self._waiting(one["id"])
            state = [self._undo(one) for one in reversed(events) if one["id"] in latest]
            return Retracted(
                tuple(one["id"] for one in events), told, dropped, next(filter(None, state[::-1]), ""), self.reinstated
            )

    def _waiting(self, event: int) -> int:
        row = self.store.row(
            """SELECT count(*) AS n FROM deliveries WHERE event = ? AND purpose = 'event'
            AND state IN ('pending', 'held', 'failed')""",
            (event,),
        )
        return int(row["n"]) if row else 0

    # What goes with it ------------------------------------------------------------------------------------------

    def _resting_on(self, event: Row) -> list[Row]:
        """Events that are untrue if this one is, oldest first."""
        kind, found = event["kind"], []
        if kind in ("restored", "moved"):
            together = self._others("crawl = ? AND id <> ?", event, (event["crawl"], event["id"]))
            found += [one for one in together if one["kind"] in _TOGETHER]
        for follower in _FOLLOWS.get(kind, ()):
            later = self._others("kind = ? AND id > ?", event, (follower, event["id"]))
            again = self._others("kind = ? AND id > ?", event, (kind, event["id"]))
            found += [one for one in later[:1] if not again or one["id"] < again[0]["id"]]
        if kind == "appeared":
            found += self._others("id > ?", event, (event["id"],))
        return sorted(found, key=lambda one: one["id"])

    def _others(self, where: str, event: Row, values: tuple[object, ...]) -> list[Row]:
        """Events on the same report (or portal as a whole) that stand."""
        about = "report = ?" if event["report"] is not None else "report IS NULL AND portal = ?"
        of = event["report"] if event["report"] is not None else event["portal"]
        sql = f"SELECT * FROM events WHERE {about} AND retracted_at IS NULL AND {where} ORDER BY id"  # noqa: S608
        return self.store.rows(sql, (of, *values))

    def _is_latest(self, event: Row, going: set[int]) -> bool:
        """Whether what the record holds now rests on the event: nothing later of its sort was said that stands."""
        kinds = next(
            (
                sort
                for sort in (
                    ("taken_down", "restored"),
                    ("delisted", "relisted"),
                    ("portal_down", "portal_broken", "portal_recovered"),
                )
                if event["kind"] in sort
            ),
            (event["kind"],),
        )
        later = self._others("id > ?", event, (event["id"],))
        return not any(one["kind"] in kinds and one["id"] not in going for one in later)

    # The record without it ----------------------------------------------------------------------------------------

    def _undo(self, event: Row) -> str:
        match event["kind"]:
            case "taken_down":
                return self._was_there(event)
            case "restored":
                return self._is_gone_still(event)
            case "delisted" | "relisted":
                return self._listing(event)
            case "moved":
                return self._did_not_move(event)
            case "changed":
                return self._did_not_change(event)
            case "appeared":
                return self._is_no_report(event)
            case "portal_down" | "portal_broken" | "portal_recovered":
                return self._portal(event)
            case _:
                return ""

    def _was_there(self, event: Row) -> str:
        report = self._report(event)
        if report["status"] != "taken_down":
            return ""
        readings = self.store.rows(
            """SELECT * FROM readings WHERE report = ? AND crawl <= ? AND counted = 1 AND reading IN ('gone', 'weak_gone')
            AND id > coalesce((SELECT max(id) FROM readings WHERE report = ? AND crawl <= ? AND reading = 'present'), 0)""",
            (report["id"], event["crawl"], report["id"], event["crawl"]),
        )
        kinds = {
            kind_of_reading(row["reading"], row["http_status"], row["marker"], row["final_url"], report["url"])
            for row in readings
        }
        self._set(report, status="live", misses=0, weak_misses=0, missing_since=None)
        self._disregard(report, kinds)
        save_detail(self.store, report["id"], reason="")
        return "live again"

    def _is_gone_still(self, event: Row) -> str:
        report = self._report(event)
        if report["status"] == "taken_down":
            return ""
        shown = self.store.rows(
            "SELECT text_hash FROM page_reports WHERE report = ? AND role = 'primary'", (report["id"],)
        )
        self._set(report, status="taken_down", misses=0, weak_misses=0, missing_since=None)
        self._disregard(report, {f"{PRESENT}{row['text_hash']}" for row in shown})
        return "taken down as before"

    def _listing(self, event: Row) -> str:
        report = self._report(event)
        back = event["kind"] == "delisted"
        self._set(report, listed=int(back), unlisted_since=None)
        self._disregard(report, {UNLISTED if back else LISTED}, instead_of={UNLISTED, LISTED})
        return "listed as before" if back else "not listed as before"

    def _did_not_move(self, event: Row) -> str:
        report = self._report(event)
        detail = decode("moved", event["detail"])
        assert isinstance(detail, Moved)
        old, new = normalise(detail.from_url), normalise(detail.to_url)
        if report["url"] != new:
            return ""
        pages = {
            row["url"]: row["id"]
            for row in self.store.rows("SELECT id, url FROM pages WHERE portal = ?", (report["portal"],))
        }
        self.store.run("DELETE FROM page_reports WHERE report = ? AND page = ?", (report["id"], pages[new]))
        self.store.run(
            "UPDATE page_reports SET role = 'primary' WHERE report = ? AND page = ?", (report["id"], pages[old])
        )
        own = msgspec.json.decode(report["detail"], type=ReportDetail)
        save_detail(self.store, report["id"], not_at=tuple(sorted({*own.not_at, new} - {old})))
        status = report["status"]
        self._set(
            report,
            url=old,
            misses=0,
            weak_misses=0,
            missing_since=None,
            status="taken_down" if status == "taken_down" else "live",
        )
        return f"at {old} as before"

    def _did_not_change(self, event: Row) -> str:
        detail = decode("changed", event["detail"])
        assert isinstance(detail, Changed)
        report = self._report(event)
        if detail.reason == "rekeyed":
            self._unkey(report, detail)
            report = self._report(event)
        if event["to_version"] == event["from_version"] or report["current_version"] is None:
            return "under its old key" if detail.reason == "rekeyed" else ""
        last = self.store.row(
            "SELECT max(id) AS id FROM versions WHERE report = ? AND significance = 'content'", (report["id"],)
        )
        if last is None or last["id"] != event["to_version"]:
            return ""  # it was edited again since, and that was told against what it was then
        wrong = self.store.row("SELECT content_hash, strict_hash FROM versions WHERE id = ?", (event["to_version"],))
        assert wrong is not None
        seq = revert_content(self.store, report["id"], event["from_version"], event["crawl"], self.now)
        self._disregard(report, {f"{CONTENT}{wrong['content_hash']} {wrong['strict_hash']}"})
        return f"as in v{seq} again"

    def _unkey(self, report: Row, detail: Changed) -> None:
        """Back under the key that it had, where that is free; kept there."""
        year = next((int(field.old) for field in detail.fields if field.name == "年度"), report["year"])
        Corrector(self.store, self.settings, self.who, self.now).rekey_within(report["id"], year)

    def _is_no_report(self, event: Row) -> str:
        """No report at all: no longer watched, listed or told; its key is free for the true one."""
        report = self._report(event)
        detail = msgspec.json.decode(report["detail"], type=ReportDetail)
        organ = next(organ for organ in self.store.organs(report["portal"]) if organ.id == report["organ_id"])
        self._set(report, withdrawn_at=self.now, variant=-report["id"], listed=None)
        for other in self.store.rows(
            "SELECT id FROM reports WHERE json_extract(detail, '$.conflict_with') = ?", (report["id"],)
        ):
            save_detail(self.store, other["id"], conflict_with=None)
        for other in self.store.rows(
            "SELECT id FROM reports WHERE json_extract(detail, '$.same_as') = ?", (report["id"],)
        ):
            save_detail(self.store, other["id"], same_as=None)
        first = self.store.row(
            """SELECT id, variant FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND withdrawn_at IS NULL
            ORDER BY variant LIMIT 1""",
            (report["portal"], report["organ_id"], report["year"]),
        )
        if first is not None and first["variant"]:
            self.store.update("reports", first["id"], {"variant": 0})
        self._forget_conflicts(report)
        FindingWriter(self.store, report["portal"], None).refresh_neighbours(report["organ_id"], report["year"])
        if detail.conflict_with is None:
            self.reinstated = reinstate_overdue(self.store, report["portal"], organ, report["year"], self.now)
        return "no longer watched: no annual report"

    def _forget_conflicts(self, report: Row) -> None:
        """Where no other report of its organ and year is left, none is said to be in conflict with it."""
        left = self.store.rows(
            """SELECT current_version FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND withdrawn_at IS NULL""",
            (report["portal"], report["organ_id"], report["year"]),
        )
        if len(left) == 1:
            self.store.run(
                "DELETE FROM findings WHERE version = ? AND rule = 'conflict'", (left[0]["current_version"],)
            )

    def _portal(self, event: Row) -> str:
        detail = decode(event["kind"], event["detail"])
        assert isinstance(detail, PortalTrouble)
        portal = event["portal"]
        values: dict[str, object] = {"silent_recovery": 1}
        if event["kind"] == "portal_recovered":
            was_down = self.store.row(
                """SELECT kind FROM events WHERE portal = ? AND kind IN ('portal_down', 'portal_broken') AND id < ?
                AND retracted_at IS NULL ORDER BY id DESC LIMIT 1""",
                (portal, event["id"]),
            )
            if was_down is None:
                return ""
            down = was_down["kind"] == "portal_down"
            values |= {"down_said": int(down), "broken_said": int(not down), "health": "down" if down else "broken"}
            said = "in trouble as before"
        else:
            row = self.store.row("SELECT down_said, broken_said FROM portals WHERE name = ?", (portal,))
            if row is None or not (row["down_said"] or row["broken_said"]):
                return ""
            values |= {"health": "ok"}
            said = "taken to be well; its recovery will not be told"
        columns = ", ".join(f"{column} = ?" for column in values)
        self.store.run(f"UPDATE portals SET {columns} WHERE name = ?", (*values.values(), portal))  # noqa: S608
        return said

    # Helpers ----------------------------------------------------------------------------------------------------

    def _report(self, event: Row) -> Row:
        row = self.store.row("SELECT * FROM reports WHERE id = ?", (event["report"],))
        assert row is not None  # a foreign key
        return row

    def _set(self, report: Row, **values: object) -> None:
        self.store.update("reports", report["id"], values)

    def _disregard(self, report: Row, kinds: set[str], instead_of: Set[str] = frozenset()) -> None:
        own = msgspec.json.decode(self._report({"report": report["id"]})["detail"], type=ReportDetail)
        kept = tuple(sorted((set(own.disregarded) - instead_of) | kinds))
        save_detail(self.store, report["id"], disregarded=kept)
