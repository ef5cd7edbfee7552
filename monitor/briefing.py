"""What a pass is told before it starts: the run folder with job.json and known.jsonl."""

import os
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from crawler.families.base import REVISION as LISTS
from crawler.observation import JOB, KNOWN, Job, KnownPage, KnownPart, KnownReport, Limits, Mode, Role
from crawler.page.model import Attachment, Hint
from crawler.page.revision import REVISION as READER
from crawler.portal import Policy, Portal
from monitor.canonical_revision import REVISION as CANONICAL
from monitor.planning import seconds_to_quiet
from monitor.settings import Settings
from monitor.store import Fields, Store
from monitor.times import shift
from monitor.unrendered import proven

_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}")
_ROLES: tuple[Role, ...] = ("primary", "view", "attachment", "former")


def rules_of(portal: Portal) -> str:
    """versions.rules: the hash of the canonical form's revision and of what reads the portal's pages."""
    return portal.rules(f"{CANONICAL}/{READER}")


def list_rules_of(portal: Portal) -> str:
    """sections.rules: the hash of what reads the portal's lists."""
    return portal.list_rules(LISTS)


def write_briefing(
    store: Store,
    runs: Path,
    portal: Portal,
    policy: Policy,
    crawl: int,
    mode: Mode,
    now: str,
    settings: Settings,
    *,
    everything: bool = True,
    found: int = 0,
) -> Path:
    """Makes a pass's run folder. Its path. `everything`: all that `mode` asks for is read, whether it is due or not, in the
    portal's quiet hours too: somebody asked for it. Any other pass ends where they begin.
    `found`: as Limits has it."""
    folder = runs / portal.name / str(crawl)
    if folder.exists():  # of a pass that the record, restored from a backup, no longer knows
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    agent = settings.service.user_agent or default_agent(settings.service.contact)
    rules, lists = rules_of(portal), list_rules_of(portal)
    limits = Limits(
        pass_seconds=settings.service.pass_time_seconds,
        quiet_in=0.0 if everything else seconds_to_quiet(policy.quiet, settings.service.timezone, now),
        found=found,
    )
    contact = mail_of(settings.service.contact)
    job = Job(
        portal,
        policy,
        crawl,
        mode,
        rules,
        now,
        agent,
        limits,
        list_rules=lists,
        unrendered=() if everything else proven(store, portal, now),
        contact=contact,
        sample=not everything,
        seek=_seeks(store, portal.name, mode, now),
    )
    (folder / JOB).write_bytes(msgspec.json.encode(job))
    due = None
    if not everything:
        from monitor.agenda import due_pages

        due = due_pages(store, portal, mode, now, settings.schedule, rules, lists)
    with (folder / KNOWN).open("wb") as file:
        for page in known_pages(store, portal, None if due is None or due.everything else due.pages):
            file.write(msgspec.json.encode(page) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return folder


def _seeks(store: Store, portal: str, mode: Mode, now: str) -> bool:
    """Whether a pass that finds a section mute looks for its new place: not where people know of it already."""
    if mode == "recheck":
        return False
    told = store.row(
        """SELECT 1 FROM portals p WHERE p.name = :portal AND (p.health = 'broken' OR EXISTS (
            SELECT 1 FROM findings f JOIN crawls c ON c.id = f.crawl
            WHERE c.portal = p.name AND f.rule = 'section_moved' AND c.started_at > :yesterday))""",
        {"portal": portal, "yesterday": shift(now, -86400)},
    )
    return told is None


def default_agent(contact: str) -> str:
    """The User-Agent: who reads, and how to reach them."""
    return f"nianbao/0.1 (annual report monitor{f'; {contact}' if contact else ''})"


def mail_of(contact: str) -> str:
    """The mail address in a contact, for the `From` header (RFC 9110, 10.1.2); empty: there is none."""
    found = _MAIL.search(contact)
    return found[0] if found else ""


def hint_of(link: Fields | None, titles: Sequence[str]) -> Hint:
    """What whoever reads a page again is told of it: the words of the list, else its only report's title."""
    if link is not None:
        return Hint(title=link["title"], year=link["year"])
    return Hint(title=titles[0] if len(titles) == 1 else "")


def known_pages(store: Store, file: Portal, due: Collection[int] | None = None) -> Iterator[KnownPage]:
    """The pages that are known of a portal, attachments among them. `due`: ids of those to read; None: all are."""
    portal = file.name
    shared: dict[Any, Any] = {}
    titles: dict[str, Fields] = {}
    lists: dict[str, list[tuple[str, str]]] = {}
    for row in store.compact(
        "SELECT url, title, year, section, listed FROM links WHERE portal = ? AND kind = 'report'", (portal,), shared
    ):
        titles[row["url"]] = row
        if row["listed"] and row["section"] in file.sections:
            lists.setdefault(row["url"], []).append((row["section"], row["title"]))
    attachments: dict[int, list[Attachment]] = {}
    for row in store.rows(
        """SELECT r.id, a.url, a.name, a.kind FROM attachments a JOIN reports r ON r.current_version = a.version
        WHERE r.portal = ? AND r.status <> 'taken_down' AND r.withdrawn_at IS NULL ORDER BY a.id""",
        (portal,),
    ):
        attachments.setdefault(row["id"], []).append(Attachment(row["url"], row["name"], row["kind"]))
    on_page: dict[int, list[Fields]] = {}
    for row in store.compact(
        """SELECT x.page, x.report, x.role, x.text_hash, x.absent, r.status, r.title, r.withdrawn_at, r.url
        FROM page_reports x JOIN reports r ON r.id = x.report
        WHERE r.portal = ? ORDER BY x.report""",
        (portal,),
        shared,
    ):
        on_page.setdefault(row["page"], []).append(row)
    parts: dict[int, list[KnownPart]] = {}
    for row in store.rows(
        "SELECT x.* FROM page_parts x JOIN pages p ON p.id = x.page WHERE p.portal = ? ORDER BY x.seq", (portal,)
    ):
        part = KnownPart(row["url"], row["etag"], row["last_modified"], row["body_hash"], bool(row["gone"]))
        parts.setdefault(row["page"], []).append(part)
    listed = {row["url"] for row in store.rows("SELECT url FROM links WHERE portal = ? AND listed = 1", (portal,))}
    for page in store.compact("SELECT * FROM pages WHERE portal = ? ORDER BY id", (portal,)):
        items = on_page.get(page["id"], [])
        if not items:
            continue
        if page["url"] not in listed and all(item["withdrawn_at"] for item in items):
            continue  # no report, and no list leads there: nobody needs to know it
        roles = {item["role"] for item in items}
        role = next(role for role in _ROLES if role in roles)
        if role == "attachment" and all(item["status"] == "taken_down" for item in items):
            continue
        shown = [item for item in items if item["role"] != "attachment"]
        here = [item for item in shown if not item["absent"]]
        hint = hint_of(titles.get(page["url"]), [item["title"] for item in shown])
        yield KnownPage(
            url=page["url"],
            role=role,
            etag=page["etag"],
            last_modified=page["last_modified"],
            body_hash=page["body_hash"],
            rules=page["rules"],
            reports=tuple(
                KnownReport(item["report"], item["text_hash"], item["status"] == "taken_down") for item in here
            ),
            attachments=tuple(attachment for item in here for attachment in attachments.get(item["report"], ()))
            if role == "primary"
            else (),
            missing=any(item["status"] == "missing" for item in shown),
            title=hint.title,
            year=hint.year,
            parts=tuple(parts.get(page["id"], ())),
            due=due is None or page["id"] in due,
            own=any(
                item["url"] == page["url"] and item["status"] != "taken_down" and not item["withdrawn_at"]
                for item in shown
            ),
            listed=tuple(lists.get(page["url"], ())),
            skeleton=page["skeleton"],
        )
