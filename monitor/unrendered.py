"""Sections of `render = true` portals that need no browser as long as their page is the same: remembered between passes.

What proves it is the crawler's to say (crawler/plain.py); here it is kept, and given to the passes that may rely on it.
"""

from collections.abc import Iterable

from crawler.observation import SectionRead
from crawler.portal import Portal
from monitor.store import Store
from monitor.times import shift

PROVEN_FOR = 7 * 86400
"""Seconds for which a proof holds."""


def proven(store: Store, portal: Portal, now: str) -> tuple[tuple[str, str], ...]:
    """Sections and what their pages are known by, where a browser has looked lately."""
    if not portal.render:
        return ()
    rows = store.rows(
        "SELECT url, unrendered FROM sections WHERE portal = ? AND active AND unrendered <> '' AND rendered_at > ? ORDER BY url",
        (portal.name, shift(now, -PROVEN_FOR)),
    )
    return tuple((row["url"], row["unrendered"]) for row in rows)


def remember(store: Store, portal: str, readings: Iterable[SectionRead], now: str) -> None:
    """Within settle's transaction: what a browser showed of sections' own pages."""
    for read in readings:
        if read.rendered and read.url == read.section:
            known = read.unrendered if read.complete else ""
            store.run(
                "UPDATE sections SET unrendered = ?, rendered_at = ? WHERE portal = ? AND url = ?",
                (known, now if known else "", portal, read.section),
            )
