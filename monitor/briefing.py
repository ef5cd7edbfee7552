"""What a pass is told before it starts: the run folder with job.json and known.jsonl."""

import os
import shutil
from pathlib import Path

import msgspec

from crawler.observation import JOB, KNOWN, Job, KnownPage, KnownReport, Mode, Role
from crawler.page.model import Attachment
from crawler.page.reader import REVISION as READER
from crawler.portal import Policy, Portal
from monitor.canonical import REVISION as CANONICAL
from monitor.settings import Settings
from monitor.store import Row, Store

_ROLES: tuple[Role, ...] = ("primary", "view", "attachment", "former")


def rules_of(portal: Portal) -> str:
    """versions.rules: the hash of the canonical form's revision and of what reads the portal's pages."""
    return portal.rules(f"{CANONICAL}/{READER}")


def write_briefing(
    store: Store, runs: Path, portal: Portal, policy: Policy, crawl: int, mode: Mode, now: str, settings: Settings
) -> Path:
    """Makes a pass's run folder. Its path."""
    folder = runs / portal.name / str(crawl)
    if folder.exists():  # of a pass that the record, restored from a backup, no longer knows
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    agent = settings.service.user_agent or default_agent(settings.service.contact)
    job = Job(portal, policy, crawl, mode, rules_of(portal), now, agent)
    (folder / JOB).write_bytes(msgspec.json.encode(job))
    with (folder / KNOWN).open("wb") as file:
        for page in known_pages(store, portal.name):
            file.write(msgspec.json.encode(page) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return folder


def default_agent(contact: str) -> str:
    """The User-Agent: who reads, and how to reach them."""
    return f"nianbao/0.1 (annual report monitor{f'; {contact}' if contact else ''})"


def known_pages(store: Store, portal: str) -> list[KnownPage]:
    """The pages that a pass over a portal reads again, attachments among them."""
    titles: dict[str, Row] = {
        row["url"]: row
        for row in store.rows("SELECT url, title, year FROM links WHERE portal = ? AND kind = 'report'", (portal,))
    }
    attachments: dict[int, list[Attachment]] = {}
    for row in store.rows(
        """SELECT r.id, a.url, a.name, a.kind FROM attachments a JOIN reports r ON r.current_version = a.version
        WHERE r.portal = ? AND r.status <> 'taken_down' ORDER BY a.id""",
        (portal,),
    ):
        attachments.setdefault(row["id"], []).append(Attachment(row["url"], row["name"], row["kind"]))
    on_page: dict[int, list[Row]] = {}
    for row in store.rows(
        """SELECT x.*, r.status, r.title FROM page_reports x JOIN reports r ON r.id = x.report
        WHERE r.portal = ? ORDER BY x.report""",
        (portal,),
    ):
        on_page.setdefault(row["page"], []).append(row)
    pages = []
    for page in store.rows("SELECT * FROM pages WHERE portal = ? ORDER BY id", (portal,)):
        items = on_page.get(page["id"], [])
        if not items:
            continue
        roles = {item["role"] for item in items}
        role = next(role for role in _ROLES if role in roles)
        if role == "attachment" and all(item["status"] == "taken_down" for item in items):
            continue
        shown = [item for item in items if item["role"] != "attachment"]
        here = [item for item in shown if not item["absent"]]
        link = titles.get(page["url"])
        pages.append(
            KnownPage(
                url=page["url"],
                role=role,
                etag=page["etag"],
                last_modified=page["last_modified"],
                body_hash=page["body_hash"],
                rules=page["rules"],
                reports=tuple(KnownReport(item["report"], item["text_hash"]) for item in here),
                attachments=tuple(attachment for item in here for attachment in attachments.get(item["report"], ()))
                if role == "primary"
                else (),
                missing=any(item["status"] == "missing" for item in shown),
                title=link["title"] if link else (shown[0]["title"] if len(shown) == 1 else ""),
                year=link["year"] if link else None,
            )
        )
    return pages
