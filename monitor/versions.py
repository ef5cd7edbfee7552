"""Versions of a report: what is read now against what is stored, and the writing of a new one.

In: the report as a page shows it and what became of its attachments. Out: how much of it is new, and, where something
is, the new version's row. Called within settle's transaction.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from crawler.documents.revision import REVISION
from crawler.observation import AttachmentRead, PageRead
from crawler.page.chinese import strip_invisible
from crawler.page.model import Attachment, Report
from monitor.archive import article_parts, chain_hash, combined_hash
from monitor.lifecycle import Significance
from monitor.match import Content
from monitor.store import Row, Store

if TYPE_CHECKING:  # and imported where one is made: most passes make none
    from monitor.canonical import AttachmentState, Fingerprints

GONE = "gone"
"""attachments.sha256 of one that is confirmed gone though its report still links it."""


EXTRACTOR = REVISION
"""attachments.extractor of text that is extracted now."""


class Held(msgspec.Struct, frozen=True):
    """An attachment or picture as a version holds it. `sha256` is empty while nobody could read it."""

    url: str
    name: str
    kind: str
    media_type: str = ""
    sha256: str = ""
    size: int = 0
    text: str = ""
    pixels: str = ""
    archive_ref: str = ""
    extractor: str = ""
    """What its text was extracted with."""

    @property
    def state(self) -> "AttachmentState":
        from monitor.canonical import AttachmentState

        return AttachmentState(self.url, self.name, self.kind, self.sha256, self.text, self.pixels)

    @property
    def says(self) -> bool:
        """Whether text or pixels were found in its bytes; otherwise it counts by those."""
        return bool(self.text or self.pixels)

    @property
    def text_hash(self) -> str:
        """Of its text, else its pixels, else its bytes."""
        if self.text:
            return hashlib.sha256(strip_invisible(self.text).encode()).hexdigest()
        return self.pixels or self.sha256


class Draft(msgspec.Struct, frozen=True):
    """A reading of a report that may become a version."""

    report: Report
    page_hash: str
    url: str
    http_status: int
    archive_ref: str
    held: tuple[Held, ...]

    def fingerprints(self) -> "Fingerprints":
        return _fingerprints(self.report, self.held)


def _fingerprints(report: Report, held: Sequence[Held]) -> "Fingerprints":
    from monitor.canonical import fingerprints

    states = [item.state for item in held]
    return fingerprints(report.title, report.organ, report.source, report.published_on, report.text, states)


def content_of(report: Report, held: Sequence[Held]) -> Content:
    """What a reading says, for telling whether two are one report."""
    return with_fingerprints(report, held)[0]


def with_fingerprints(report: Report, held: Sequence[Held]) -> "tuple[Content, Fingerprints]":
    """The same, and the fingerprints of the reading as a draft."""
    from monitor.canonical import attachment_hash, with_page

    heads = (report.title, report.organ, report.source, report.published_on)
    prints, page = with_page(*heads, report.text, [item.state for item in held])
    if any(not item.sha256 for item in held):
        return Content(page, None), prints
    return Content(page, tuple(attachment_hash(item.state) for item in held)), prints


def stored_report(version: Row) -> Report:
    """A version's row as the report that a page showed."""
    return Report(
        title=version["title"],
        organ=version["organ"],
        year=None,
        year_from=None,
        source=version["source"],
        published_on=version["published_on"],
        text=version["text"],
        attachments=(),
        text_hash=version["page_text_hash"],
    )


def stored_held(store: Store, version: int) -> tuple[Held, ...]:
    rows = store.rows("SELECT * FROM attachments WHERE version = ? ORDER BY id", (version,))
    return tuple(Held(**{field: row[field] for field in Held.__struct_fields__}) for row in rows)


def held_now(
    listed: Sequence[Attachment],
    stored: Sequence[Held],
    read: Mapping[str, AttachmentRead],
    gone: frozenset[str],
    capture: str,
    remembered: Callable[[str], Held | None] = lambda _: None,
) -> tuple[Held, ...]:
    """What became of the attachments that a report links now.

    `read`: by address, what this pass saw. `gone`: addresses that are confirmed gone. Blocked, unreachable and not yet
    confirmed carry the last state over, also that of a file by the same name that moved with its page. `capture`:
    reference of this pass's archive file, without offset.
    `remembered(sha256)`: those bytes as the record holds them, for an unchanged file that this report's current version
    does not hold (it was gone for a while, or another report links it).
    """
    before = {item.url: item for item in stored}
    by_bytes = {item.sha256: item for item in stored if item.sha256}
    now = []
    for link in listed:
        last = before.get(link.url) or _same_file(link, listed, stored) or Held(link.url, link.name, link.kind)
        last = msgspec.structs.replace(last, url=link.url, name=link.name, kind=link.kind)
        seen = read.get(link.url)
        if link.url in gone:
            now.append(Held(link.url, link.name, link.kind, sha256=GONE))
        elif seen is not None and seen.reading == "present":
            known = by_bytes.get(seen.sha256)
            if known is not None and (known.says or not (seen.text or seen.pixels)):
                # The same bytes, perhaps behind another address: the text last read stays.
                now.append(msgspec.structs.replace(known, url=link.url, name=link.name, kind=link.kind))
                continue
            now.append(
                Held(
                    url=link.url,
                    name=link.name,
                    kind=link.kind,
                    media_type=seen.media_type,
                    sha256=seen.sha256,
                    size=seen.size,
                    text=seen.text,
                    pixels=seen.pixels,
                    archive_ref=f"{capture}#{seen.capture}" if capture and seen.capture else "",
                    extractor=EXTRACTOR,
                )
            )
        elif seen is not None and seen.reading == "same" and last.sha256 != seen.sha256:
            known = remembered(seen.sha256) if seen.sha256 else None
            now.append(msgspec.structs.replace(known, url=link.url, name=link.name, kind=link.kind) if known else last)
        else:
            now.append(last)
    return tuple(now)


def _same_file(link: Attachment, listed: Sequence[Attachment], stored: Sequence[Held]) -> Held | None:
    """The file of that name behind an address that is linked no more: it moved with its page, until it can be read."""
    linked = {other.url for other in listed}
    name = link.url.rpartition("/")[2]
    found = [
        item
        for item in stored
        if item.url not in linked and item.kind == link.kind and item.url.rpartition("/")[2] == name
    ]
    alone = sum(other.url.rpartition("/")[2] == name for other in listed) == 1
    return found[0] if name and alone and len(found) == 1 else None


def comparable(item: Held) -> bool:
    """Whether what a version says of an attachment can be held against what is read of it now."""
    if not item.sha256 or item.sha256 == GONE:
        return bool(item.sha256)
    return item.extractor == EXTRACTOR or (bool(item.pixels) and item.media_type.startswith("image/"))


class Compared(msgspec.Struct, frozen=True):
    """A draft against a report's current version."""

    significance: Significance
    completes: bool
    """Nothing is new, but an attachment that could not be read before was read now."""
    fingerprints: "Fingerprints"


def compare(draft: Draft, report: Report, held: Sequence[Held]) -> Compared:
    """The draft against what is stored.

    Attachments that were never read are taken to have been as they are now; so are those whose text another extractor
    found, and whose stored bytes today's could not be asked for: what it says differs, not the portal (rule 12). Bytes that could
    not be read when they came (a document that hung its reader) and are read now said all along what they say now.
    """
    from monitor.canonical import significance

    now = {item.url: item for item in draft.held}
    read = {item.sha256: item for item in draft.held if item.says}

    def as_comparable(item: Held) -> Held:
        if not comparable(item):
            return now.get(item.url, item)
        if not item.says and item.sha256 in read:
            return msgspec.structs.replace(read[item.sha256], url=item.url, name=item.name, kind=item.kind)
        return item

    filled = tuple(map(as_comparable, held))
    new = draft.fingerprints()
    old = _fingerprints(report, filled)
    return Compared(significance(old, new), filled != tuple(held), new)


def same_reading(store: Store, version: Row, draft: Draft) -> bool:
    """Whether a draft of the same bytes says, fingerprint by fingerprint, what a version says that was read otherwise."""
    prints = draft.fingerprints()
    stored = stored_held(store, version["id"])
    if len(stored) != len(draft.held) or (prints.text_hash, prints.strict_hash) != (
        version["text_hash"],
        version["strict_hash"],
    ):
        return False
    # A cosmetic version bears its predecessor's content_hash, one that only the strict comparison told apart another.
    told = (prints.content_hash, prints.strict_hash, prints.text_hash)
    return version["significance"] == "cosmetic" or version["content_hash"] in told


def relink(store: Store, version: int, held: Sequence[Held]) -> None:
    """What is known of a version's attachments beside what makes the version: addresses, and how their text was found."""
    rows = store.rows("SELECT * FROM attachments WHERE version = ? ORDER BY id", (version,))
    for row, item in zip(rows, held, strict=True):
        values = {**msgspec.structs.asdict(item), "text_hash": item.text_hash}
        if any(row[key] != value for key, value in values.items()):
            store.update("attachments", row["id"], values)


def write_version(
    store: Store,
    report: int,
    crawl: int,
    now: str,
    rules: str,
    kind: str,
    draft: Draft,
    prints: "Fingerprints",
    body: str | None = None,
) -> int:
    """Writes a report's next version. The id of its row.

    A stored content_hash tells content: one marked `cosmetic` keeps its predecessor's, one marked `content` never has
    it. Where only the strict comparison sees a change (乾县 → 干县 in one script), the strict hash stands for it.
    `body`: the text's body_key, if the caller has it.
    """
    from monitor.findings import body_key

    before = store.row("SELECT * FROM versions WHERE report = ? ORDER BY seq DESC LIMIT 1", (report,))
    content_hash, text_hash = prints.content_hash, prints.text_hash
    if before is not None and kind == "cosmetic":
        content_hash = before["content_hash"]
    elif before is not None and kind == "content":
        stored = before["content_hash"]
        content_hash = next(one for one in (content_hash, prints.strict_hash, text_hash) if one != stored)
    version = store.insert(
        "versions",
        {
            "report": report,
            "seq": before["seq"] + 1 if before else 1,
            "crawl": crawl,
            "captured_at": now,
            "content_hash": content_hash,
            "text_hash": text_hash,
            "strict_hash": prints.strict_hash,
            "body_hash": combined_hash(
                draft.page_hash,
                [part["sha256"] for part in article_parts(store, draft.archive_ref)],
                [item.sha256 for item in draft.held],
            ),
            "page_hash": draft.page_hash,
            "page_text_hash": draft.report.text_hash,
            "body_key": body_key(draft.report.text) if body is None else body,
            "rules": rules,
            "title": draft.report.title,
            "organ": draft.report.organ,
            "source": draft.report.source,
            "published_on": draft.report.published_on,
            "url": draft.url,
            "http_status": draft.http_status,
            "text": draft.report.text,
            "significance": kind,
            "archive_ref": draft.archive_ref,
            "previous_hash": chain_hash(before),
        },
    )
    for item in draft.held:
        store.insert("attachments", {"version": version, "text_hash": item.text_hash, **msgspec.structs.asdict(item)})
    return version


def drafted(
    report: Report, page: PageRead, where: str, held: tuple[Held, ...], capture: str, before: Row | None
) -> Draft:
    """A reading as a draft. Where the page itself was not captured anew, the last version's capture still stands."""
    captured = bool(capture and page.capture)
    if captured or before is None:
        ref = f"{capture}#{page.capture}" if captured else ""
        return Draft(report, page.body_hash, where, page.status, ref, held)
    return Draft(report, before["page_hash"], before["url"], before["http_status"], before["archive_ref"], held)
