"""What the last check of each portal saw: HOME/checks/NAME.json. What a check compares with where the record knows no list."""

import contextlib
from pathlib import Path

import msgspec

from crawler.page.address import twin_of
from monitor.inspection.model import Compared, LinkFound
from monitor.store import Store


class Seen(msgspec.Struct, frozen=True):
    """The report links of a portal at a time."""

    at: str
    links: tuple[LinkFound, ...]


def last_check(checks: Path, portal: str) -> Seen | None:
    """None: it was never checked, or what is kept of it cannot be read."""
    try:
        return msgspec.json.decode((checks / f"{portal}.json").read_bytes(), type=Seen)
    except (OSError, msgspec.DecodeError):
        return None


def keep(checks: Path, portal: str, seen: Seen) -> None:
    """Keeps it for the next check. A home that cannot be written has none, which is no fault of the portal."""
    with contextlib.suppress(OSError):
        checks.mkdir(parents=True, exist_ok=True)
        temporary = checks / f".{portal}.tmp"
        temporary.write_bytes(msgspec.json.encode(seen))
        temporary.replace(checks / f"{portal}.json")


def recorded(store: Store, portal: str, sections: tuple[str, ...]) -> Seen | None:
    """What the record's last complete listings of these sections hold; None: one of them was never read completely."""
    places = ",".join("?" for _ in sections)
    rows = store.rows(
        f"""SELECT s.url, c.finished_at FROM sections s JOIN crawls c ON c.id = s.last_complete_crawl
        WHERE s.portal = ? AND s.url IN ({places})""",  # noqa: S608
        (portal, *sections),
    )
    if len(rows) < len(set(sections)):
        return None
    links = store.rows(
        f"""SELECT url, title, date, year FROM links
        WHERE portal = ? AND listed = 1 AND kind = 'report' AND section IN ({places}) ORDER BY url""",  # noqa: S608
        (portal, *sections),
    )
    found = tuple(LinkFound(**link) for link in links)
    return Seen(min(str(row["finished_at"] or "") for row in rows), found)


def compare(before: Seen, now: tuple[LinkFound, ...], record: bool, complete: bool) -> Compared:
    """Differences. What an incomplete listing lacks is not lost."""
    old = {twin_of(link.url) for link in before.links}
    new = {twin_of(link.url) for link in now}
    lost = tuple(link for link in before.links if twin_of(link.url) not in new) if complete else ()
    return Compared(before.at, "record" if record else "check", len(old), len(new - old), lost)
