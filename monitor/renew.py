"""The record brought to today's rules: stored captures read again, and what they say now written, without an event.

In: the record, the archive, a portal as its file describes it now. Out: `Renewed`, for people; the record's versions
carry today's rules where their captures could be read by them (docs/lifecycle.md, rule 12). It runs before a pass is
briefed, so that the pass compares like with like, and whenever an operator asks for it. Nothing is fetched. Captures
are read and documents extracted outside of any transaction; what a page's captures came to is one transaction, so that
a kill at any instant leaves each page either as it was or done, and the next run goes on from there.
"""

from collections.abc import Callable
from pathlib import Path

from crawler.portal import Portal
from monitor.briefing import rules_of
from monitor.record import load_record
from monitor.renewed import Outcome, Renewed
from monitor.store import Store
from monitor.versions import EXTRACTOR

__all__ = ["renew", "up_to_date"]


def up_to_date(store: Store, portal: Portal) -> bool:
    """Whether nothing of a portal was read by other rules than today's: the common case, and it costs three look-ups."""
    rules = rules_of(portal)
    return not any(
        store.row(query, {"portal": portal.name, "rules": rules, "extractor": EXTRACTOR})
        for query in (
            """SELECT 1 FROM pages p JOIN page_reports x ON x.page = p.id WHERE p.portal = :portal
            AND x.role <> 'attachment' AND p.rules <> :rules AND p.reread <> :rules LIMIT 1""",
            """SELECT 1 FROM reports r JOIN versions v ON v.id = r.current_version JOIN pages p
            ON p.portal = r.portal AND p.url = r.url
            WHERE r.portal = :portal AND v.rules <> :rules AND p.reread <> :rules LIMIT 1""",
            """SELECT 1 FROM reports r JOIN attachments a ON a.version = r.current_version JOIN pages p
            ON p.portal = r.portal AND p.url = r.url
            WHERE r.portal = :portal AND a.archive_ref <> '' AND a.sha256 NOT IN ('', 'gone')
            AND a.extractor <> :extractor AND p.reread <> :rules LIMIT 1""",
        )
    )


def renew(
    store: Store,
    archive: Path,
    portal: Portal,
    now: str,
    *,
    everything: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Renewed:
    """Brings what the record has of a portal to today's rules. `everything`: also what carries them already, its figures
    and findings too, and captures that could not be read before. Raises ValueError if the record has no such portal."""
    if not everything and up_to_date(store, portal):
        return Renewed(portal.name)
    from monitor.renewal import Renewal  # what reads pages: a pass whose record is up to date reads none
    from monitor.reread import Rereader

    rules = rules_of(portal)
    record = load_record(store, portal.name)
    rereader = Rereader(store, archive, portal, record)
    pages = [page for page in rereader.pages() if everything or rereader.outdated(page, rules)]
    writer = Renewal(store, record, rereader, portal, rules, now, everything=everything)
    outcomes: list[Outcome] = []
    documents = 0
    with rereader.documents:
        for done, page in enumerate(pages):
            progress(done, len(pages))
            reread = rereader.page(page)
            documents += sum(len(one.extracted) for one in reread.reports)
            with store.transaction():
                outcomes += writer.page(reread)
    progress(len(pages), len(pages))
    return Renewed(portal.name, tuple(outcomes), documents)
