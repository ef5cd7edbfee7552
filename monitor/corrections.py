"""An operator's word on whose report it is and for which year: `nianbao correct`.

In: a report, an organ or a year, who says so. Out: the report under that key, in one transaction, with what followed from
it (`Corrected`). It is kept through every later pass (monitor.by_hand), and makes no event: nobody is alerted. What an
`overdue` said of the key that it now has is withdrawn; what was withdrawn because of the key that it had stands again.
Every correction is a row of `corrections`, and can be undone.
"""

import msgspec

from monitor.identity import OrganRow, organ_name
from monitor.key_effects import reinstate_overdue, renew_findings, withdraw_overdue
from monitor.recipients import enqueue_retraction
from monitor.record import ReportDetail
from monitor.settings import Settings
from monitor.store import Row, Store


class CorrectionError(ValueError):
    """It cannot be set so; the message is one line with the remedy."""


class Key(msgspec.Struct, frozen=True):
    """Whose report, for which year."""

    organ: int
    year: int
    variant: int = 0


class Corrected(msgspec.Struct, frozen=True):
    """What was done."""

    report: int
    before: str
    """`临海市人民政府 2019`."""
    after: str
    swapped: int | None = None
    """The report that it exchanged its key with."""
    variant: int = 0
    withdrawn: tuple[int, ...] = ()
    """`overdue` events that this proves wrong."""
    reinstated: tuple[int, ...] = ()
    """`overdue` events that had been withdrawn because of the key that it had."""
    promoted: int | None = None
    """The variant that takes the old key over."""
    told: int = 0
    """Deliveries, not sent yet, that tell of the withdrawal."""


class Corrector:
    """Sets keys by hand; each call is one transaction."""

    def __init__(self, store: Store, settings: Settings, who: str, now: str) -> None:
        self.store = store
        self.settings = settings
        self.who = who
        self.now = now

    def correct(
        self, number: int, organ: OrganRow, year: int, why: str = "", *, swap: bool = False, variant: bool = False
    ) -> Corrected:
        """Gives a report an organ and a year. `swap`: it exchanges them with the report that has that key; `variant`: it is
        kept beside it. Raises CorrectionError."""
        with self.store.transaction():
            row = self._report(number)
            organ = self._written(organ, row["portal"])
            target = Key(organ.id, year)
            holder = self._holder(row, target)
            if holder is None:
                return self._apply(row, target, why)
            if swap:
                return self._swap(row, holder, why)
            if variant:
                taken = self.store.row(
                    "SELECT max(variant) AS n FROM reports WHERE portal = ? AND organ_id = ? AND year = ?",
                    (row["portal"], organ.id, year),
                )
                assert taken is not None
                free = Key(organ.id, year, max(taken["n"], 0) + 1)
                return self._apply(row, free, why, conflict=holder["id"])
            raise CorrectionError(
                f"report {holder['id']} is {organ.name} {year} already ({holder['title']}); correct that one first, exchange "
                f"the two with --swap, or keep both with --variant"
            )

    def rekey_within(self, number: int, year: int) -> bool:
        """Gives a report another year within the caller's transaction, if nobody has it. Whether it did."""
        row = self._report(number)
        target = Key(row["organ_id"], year)
        if self._holder(row, target) is not None:
            return False
        self._apply(row, target, "")
        return True

    def undo(self, number: int) -> Corrected:
        """Takes the last correction of a report back (an exchange: of both). Raises CorrectionError."""
        with self.store.transaction():
            row = self._report(number)
            last = self.store.row(
                "SELECT * FROM corrections WHERE report = ? AND undone_at IS NULL ORDER BY id DESC LIMIT 1", (number,)
            )
            if last is None:
                raise CorrectionError(f"report {number} was never corrected; there is nothing to undo")
            other = self.store.row(
                "SELECT * FROM corrections WHERE (id = ? OR swapped_with = ?) AND undone_at IS NULL",
                (last["swapped_with"], last["id"]),
            )
            if other is not None and self._corrected_since(other):
                raise CorrectionError(
                    f"report {other['report']}, which it was exchanged with, was corrected again since; undo that first"
                )
            target = self._key_before(row, last)
            holder = self._holder(row, target)
            if holder is not None and (other is None or holder["id"] != other["report"]):
                raise CorrectionError(
                    f"report {holder['id']} is {last['from_organ']} {last['from_year']} now ({holder['title']}); correct that "
                    f"one first"
                )
            for one in filter(None, (last, other)):
                self.store.update("corrections", one["id"], {"undone_at": self.now, "undone_by": self.who})
            if other is not None:
                partner = self._report(other["report"])
                done = self._exchange(row, partner, target, self._key_before(partner, other))
                self._restore_detail(partner["id"], other)
            else:
                done = self._move(row, target)
            self._restore_detail(number, last)
            return done

    # Steps, within the transaction ------------------------------------------------------------------------------

    def _apply(self, row: Row, target: Key, why: str, conflict: int | None = None) -> Corrected:
        self._note(row, target, why)
        self._mark(row, target, conflict)
        return self._move(row, target)

    def _swap(self, row: Row, holder: Row, why: str) -> Corrected:
        mine = Key(row["organ_id"], row["year"], row["variant"])
        its = Key(holder["organ_id"], holder["year"], holder["variant"])
        first = self._note(row, its, why)
        self._note(holder, mine, why, first)
        self._mark(row, its, None)
        self._mark(holder, mine, None)
        return self._exchange(row, holder, its, mine)

    def _exchange(self, row: Row, other: Row, target: Key, others: Key) -> Corrected:
        for one in (row, other):
            self.store.update("reports", one["id"], {"variant": -one["id"]})
        for one, key in ((row, target), (other, others)):
            self._set(one["id"], key)
        renew_findings(self.store, (row["id"], other["id"]), (row, other))
        return self._done(row, target, swapped=other["id"])

    def _move(self, row: Row, target: Key) -> Corrected:
        self._set(row["id"], target)
        if (row["organ_id"], row["year"]) == (target.organ, target.year):
            return self._done(row, target)
        promoted = self._promote(row)
        renew_findings(self.store, filter(None, (row["id"], promoted)), (row,))
        organs = {organ.id: organ for organ in self.store.organs(row["portal"])}
        withdrawn = withdraw_overdue(self.store, row["portal"], organs[target.organ], target.year, self.now)
        told = sum(
            enqueue_retraction(self.store, event, self.settings.channels, self.now, self.settings.service.timezone)
            for event in withdrawn
        )
        reinstated = reinstate_overdue(self.store, row["portal"], organs[row["organ_id"]], row["year"], self.now)
        return self._done(row, target, promoted=promoted, withdrawn=withdrawn, reinstated=reinstated, told=told)

    def _set(self, number: int, key: Key) -> None:
        self.store.update("reports", number, {"organ_id": key.organ, "year": key.year, "variant": key.variant})

    def _note(self, row: Row, target: Key, why: str, swapped_with: int | None = None) -> int:
        names = self._names()
        return self.store.insert(
            "corrections",
            {
                "report": row["id"],
                "at": self.now,
                "who": self.who,
                "why": why,
                "from_organ": names[row["organ_id"]],
                "to_organ": names[target.organ],
                "from_year": row["year"],
                "to_year": target.year,
                "before": row["detail"],
                "swapped_with": swapped_with,
            },
        )

    def _mark(self, row: Row, target: Key, conflict: int | None) -> None:
        detail = msgspec.json.decode(row["detail"], type=ReportDetail)
        printed = detail if detail.corrected else None
        changes = {
            "corrected": True,
            "printed_organ": printed.printed_organ if printed else self._names()[row["organ_id"]],
            "printed_year": printed.printed_year if printed else row["year"],
            "year_from": "",
            "conflict_with": conflict if target.variant else None,
        }
        self._save(row["id"], msgspec.structs.replace(detail, **changes))

    def _restore_detail(self, number: int, correction: Row) -> None:
        """What was known of its key before; everything else that was learnt since stays."""
        now = msgspec.json.decode(self._report(number)["detail"], type=ReportDetail)
        before = msgspec.json.decode(correction["before"], type=ReportDetail)
        fields = ("corrected", "printed_organ", "printed_year", "year_from", "conflict_with")
        self._save(number, msgspec.structs.replace(now, **{field: getattr(before, field) for field in fields}))

    def _save(self, number: int, detail: ReportDetail) -> None:
        self.store.update("reports", number, {"detail": msgspec.json.encode(detail).decode()})

    def _promote(self, row: Row) -> int | None:
        """Where the report was the first of its key and others are left, the next takes its place."""
        left = self.store.rows(
            """SELECT * FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND withdrawn_at IS NULL
            ORDER BY variant""",
            (row["portal"], row["organ_id"], row["year"]),
        )
        for one in left:
            detail = msgspec.json.decode(one["detail"], type=ReportDetail)
            if detail.conflict_with == row["id"]:
                self._save(
                    one["id"], msgspec.structs.replace(detail, conflict_with=None if one is left[0] else left[0]["id"])
                )
        if not left or left[0]["variant"] == 0:
            return None
        self.store.update("reports", left[0]["id"], {"variant": 0})
        return int(left[0]["id"])

    # Looking up -------------------------------------------------------------------------------------------------

    def _report(self, number: int) -> Row:
        row = self.store.row("SELECT * FROM reports WHERE id = ?", (number,))
        if row is None:
            raise CorrectionError(f"there is no report {number}; `nianbao reports` lists them")
        if row["withdrawn_at"]:
            raise CorrectionError(f"report {number} was found to be no annual report; its event was retracted")
        return row

    def _corrected_since(self, correction: Row) -> bool:
        sql = "SELECT 1 FROM corrections WHERE report = ? AND id > ? AND undone_at IS NULL"
        return self.store.row(sql, (correction["report"], correction["id"])) is not None

    def _holder(self, row: Row, key: Key) -> Row | None:
        """Another report that has the key, the first of them."""
        return self.store.row(
            """SELECT * FROM reports WHERE portal = ? AND organ_id = ? AND year = ? AND id <> ? AND withdrawn_at IS NULL
            ORDER BY variant LIMIT 1""",
            (row["portal"], key.organ, key.year, row["id"]),
        )

    def _written(self, organ: OrganRow, portal: str) -> OrganRow:
        if organ.id:
            return organ
        number = self.store.insert("organs", {"portal": portal, "name": organ.name, "kind": organ.kind})
        return msgspec.structs.replace(organ, id=number)

    def _key_before(self, row: Row, correction: Row) -> Key:
        name = organ_name(correction["from_organ"])
        for organ in self.store.organs(row["portal"]):
            if name in map(organ_name, (organ.name, *organ.aliases)):
                return Key(organ.id, correction["from_year"])
        raise CorrectionError(f"the record has no organ {correction['from_organ']} any more; name one with --organ")

    def _names(self) -> dict[int, str]:
        return {row["id"]: row["name"] for row in self.store.rows("SELECT id, name FROM organs")}

    def _done(
        self,
        row: Row,
        key: Key,
        swapped: int | None = None,
        promoted: int | None = None,
        withdrawn: tuple[int, ...] = (),
        reinstated: tuple[int, ...] = (),
        told: int = 0,
    ) -> Corrected:
        names = self._names()
        return Corrected(
            report=row["id"],
            before=f"{names[row['organ_id']]} {row['year']}",
            after=f"{names[key.organ]} {key.year}",
            swapped=swapped,
            variant=key.variant,
            withdrawn=withdrawn,
            reinstated=reinstated,
            promoted=promoted,
            told=told,
        )
