"""Further parts of articles that are split over several pages, within settle's transaction.

A page's parts are what its last whole reading found (`page_parts`). A part that reads *gone* while the article's first page
still links it counts like an attachment: `takedown_confirmations` healthy readings in a row, spread over `takedown_after`; until
then its page says nothing. Once confirmed, the page is read anew without it. The captures behind an article stand by the
reference of its first page's (`article_parts`): whoever holds that reference finds the others.
"""

from collections.abc import Mapping

from crawler.observation import PageRead, PartRead
from crawler.portal import Policy
from monitor.match import where_read
from monitor.pages import PageLedger
from monitor.store import Row, Store
from monitor.times import to_utc


class ArticleLedger:
    """The parts' part of one pass."""

    def __init__(self, store: Store, pages: PageLedger, policy: Policy, now: str) -> None:
        self.store = store
        self.pages = pages
        self.policy = policy
        self.now = now

    def write(self, pages: Mapping[str, PageRead], healthy: bool, clock_ok: bool) -> None:
        """What was read of each page's further parts. With a wrong clock no time passes (rule 13)."""
        holding = self._stored()
        for page in pages.values():
            where = where_read(page)
            before = holding.get(where, {})
            if page.reading == "present":
                self._keep(where, page, before)
            elif page.parts and before:
                self._count(where, page.parts, before, healthy, clock_ok)

    def _stored(self) -> dict[str, dict[str, Row]]:
        found: dict[str, dict[str, Row]] = {}
        for row in self.store.rows(
            "SELECT p.url AS page_url, x.* FROM page_parts x JOIN pages p ON p.id = x.page WHERE p.portal = ? ORDER BY x.seq",
            (self.pages.record.name,),
        ):
            found.setdefault(row["page_url"], {})[row["url"]] = row
        return found

    def _keep(self, where: str, page: PageRead, before: dict[str, Row]) -> None:
        """Replaces what is known of an article's parts by what was read; notes their captures."""
        parts = [
            (seq, part.url, part.etag, part.last_modified, part.body_hash, int(part.reading == "gone"))
            for seq, part in enumerate(page.parts, 2)
        ]
        fields = ("seq", "url", "etag", "last_modified", "body_hash", "gone")
        if parts != [tuple(row[field] for field in fields) for row in before.values()] or any(
            row["misses"] for row in before.values()
        ):
            number = self.pages.id_of(where)
            self.store.run("DELETE FROM page_parts WHERE page = ?", (number,))
            for values in parts:
                self.store.insert("page_parts", {"page": number, **dict(zip(fields, values, strict=True))})
        if not page.capture or not self.pages.capture:
            return
        for seq, part in enumerate(page.parts, 2):
            if part.capture:
                self.store.insert(
                    "article_parts",
                    {
                        "first": f"{self.pages.capture}#{page.capture}",
                        "seq": seq,
                        "url": part.url,
                        "sha256": part.body_hash,
                        "archive_ref": f"{self.pages.capture}#{part.capture}",
                    },
                )

    def _count(
        self, where: str, parts: tuple[PartRead, ...], before: dict[str, Row], healthy: bool, clock_ok: bool
    ) -> None:
        for part in parts:
            row = before.get(part.url)
            if row is None or row["gone"]:
                continue
            misses, since = row["misses"], row["missing_since"]
            if part.reading in ("present", "same"):
                misses, since = 0, None
            elif part.reading == "gone" and healthy:
                misses, since = misses + 1, since or (self.now if clock_ok else None)
            age = (to_utc(self.now) - to_utc(since)).total_seconds() if since else -1
            gone = clock_ok and misses >= self.policy.takedown_confirmations and age >= self.policy.takedown_after
            if gone:
                # Its first page is unchanged: what it says without this part is only found if it is read anew.
                self.pages.forget(where)
            if (misses, since) != (row["misses"], row["missing_since"]):
                self.store.run(
                    "UPDATE page_parts SET misses = ?, missing_since = ?, gone = ? WHERE page = ? AND url = ?",
                    (misses, since, int(gone), row["page"], part.url),
                )
