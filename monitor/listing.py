"""What sections list: kept link by link, and told report by report, within settle's transaction."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from crawler.observation import LinkListed
from crawler.page.address import normalise, twin_of
from monitor.evidence import PassEvidence
from monitor.findings_store import FindingWriter
from monitor.intake import Run
from monitor.record import PortalRecord
from monitor.store import Row, Store


class _Twins(dict[str, str]):
    """By address, what it has in common with its views (twin_of); each asked once, of tens of thousands."""

    def __missing__(self, url: str) -> str:
        self[url] = twin_of(url)
        return self[url]


class ListingLedger:
    """The listings' part of one pass."""

    def __init__(self, store: Store, record: PortalRecord, run: Run, now: str) -> None:
        self.store = store
        self.record = record
        self.crawl = run.job.crawl
        self.run = run
        self.now = now
        self.rules = run.job.list_rules
        self.unfound: dict[str, int] = {}
        """By section: links that only an edit of the portal file makes vanish."""
        self.before = {(link["section"], link["url"]): link for link in record.links}
        self.changed = False
        """A section lists a link more or less than before, or names one otherwise."""

    def write(self, evidence: PassEvidence) -> None:
        """Links that are new, changed, back or gone, and what became of each section. What did not change costs nothing."""
        for section, links in evidence.links.items():
            row = self.record.sections.get(section)
            baseline = row is not None and row["first_complete_crawl"] is None
            read = evidence.sections.get(section)
            for url, link in links.items():
                self._write_link(section, url, link, baseline)
                known = self.before.get((section, url))
                if read is not None and read.edited and known and known["title"] != link.title:
                    # The list's words are what its page is read with: read again by these, its capture says no news.
                    self.store.run(
                        "UPDATE pages SET rules = '', reread = '' WHERE portal = ? AND url = ?", (self.record.name, url)
                    )
        for url, read in evidence.sections.items():
            row = self.record.sections[url]
            if read.complete and not read.broken:
                now_listed = evidence.links.get(url, {})
                vanished = [
                    (
                        self.crawl,
                        int(read.edited and not read.stood_there(link["url"])),
                        self.record.name,
                        url,
                        link["url"],
                    )
                    for link in self.record.links
                    if link["section"] == url and link["listed"] and link["url"] not in now_listed
                ]
                self.unfound[url] = sum(unfound for _, unfound, *_ in vanished)
                self.changed |= bool(vanished)
                self.store.run_many(
                    "UPDATE links SET listed = 0, changed_crawl = ?, unfound = ? WHERE portal = ? AND section = ? AND url = ?",
                    vanished,
                )
            complete = self.crawl if read.complete and not read.broken else None
            self.store.run(
                """UPDATE sections SET broken = ?, last_links = ?, last_complete_crawl = coalesce(?, last_complete_crawl),
                rules = coalesce(?, rules),
                first_complete_crawl = coalesce(first_complete_crawl, ?) WHERE portal = ? AND url = ?""",
                (
                    int(read.broken),
                    read.links if read.links or read.empty else row["last_links"],
                    complete,
                    self.rules if complete is not None else None,
                    complete,
                    self.record.name,
                    url,
                ),
            )

    def _write_link(self, section: str, url: str, link: LinkListed, baseline: bool) -> None:
        known = self.before.get((section, url))
        if known and known["listed"] and (known["title"], known["kind"]) == (link.title, link.kind):
            return
        self.changed = True
        self.store.run(
            """INSERT INTO links (portal, section, url, title, kind, date, year, first_crawl, changed_crawl, baseline)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET listed = 1, title = excluded.title,
            kind = excluded.kind, date = excluded.date, year = excluded.year, changed_crawl = excluded.changed_crawl,
            unfound = 0""",
            (
                self.record.name,
                section,
                url,
                link.title,
                link.kind,
                link.date,
                link.year,
                self.crawl,
                self.crawl,
                int(baseline),
            ),
        )
        if link.kind == "companion" and known is None:
            year = "SELECT id FROM reports WHERE portal = ? AND year = ? AND withdrawn_at IS NULL"
            self._write_companion(url, link.title, self.store.rows(year, (self.record.name, link.year)))

    def _write_companion(self, url: str, title: str, reports: Sequence[Row]) -> None:
        """A companion; of a report only where no other can be meant."""
        report = reports[0]["id"] if len(reports) == 1 else None
        self.store.run(
            "INSERT INTO companions (portal, report, url, title, first_seen_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (self.record.name, report, url, title, self.now),
        )

    def write_page_companions(self) -> None:
        """Companions that report pages link."""
        known = {
            row["url"] for row in self.store.rows("SELECT url FROM companions WHERE portal = ?", (self.record.name,))
        }
        for page in self.run.pages.values():
            for companion in page.companions:
                if companion.url not in known:
                    reports = self.store.rows(
                        """SELECT x.report AS id FROM page_reports x JOIN pages p ON p.id = x.page
                        WHERE p.portal = ? AND p.url = ? AND x.role <> 'attachment' AND x.absent = ''""",
                        (self.record.name, normalise(page.url)),
                    )
                    self._write_companion(companion.url, companion.name, reports)

    def listed(self, evidence: PassEvidence) -> dict[int, bool | None]:
        """By report: True where a section lists it, False where every section that listed it was read and does not,
        None where nothing is proven or where its page is itself a section."""
        addresses: dict[str, tuple[int, ...]] = {}
        own_section: set[int] = set()
        twins = _Twins()
        for url, report in self.store.values(
            """SELECT p.url, x.report FROM page_reports x JOIN pages p ON p.id = x.page
            WHERE p.portal = ? AND x.role <> 'attachment'""",
            (self.record.name,),
        ):
            addresses[twins[url]] = (*addresses.get(twins[url], ()), report)
            if url in evidence.section_pages:
                own_section.add(report)
        now: set[int] = set()
        for links in evidence.links.values():
            for url, link in links.items():
                if link.kind == "report":
                    now.update(addresses.get(twins[url], ()))
        proven: dict[int, bool] = {}
        for before in self.record.links:
            if before["kind"] != "report" or before["unfound"]:
                continue
            section = evidence.sections.get(before["section"])
            read = section is not None and section.complete and not section.broken
            if section is not None and section.edited and not section.stood_there(before["url"]):
                continue  # nobody can tell the portal's doing from the operator's
            known = self.record.sections.get(before["section"])
            if known is None or not known["active"]:
                continue  # the operator took the section out of the portal file: that is no news about the report
            for report in addresses.get(twins[before["url"]], ()):
                proven[report] = proven.get(report, True) and read
        everything = {report for reports in addresses.values() for report in reports}
        return {
            report: None if report in own_section else True if report in now else False if proven.get(report) else None
            for report in everything
        }

    def forget_edited(self, evidence: PassEvidence, listed: Mapping[int, bool | None]) -> None:
        """What an edit of the portal file alone makes of lists is no event: reports that it loses are listed no more, as
        far as anyone knows, and those that it finds were listed all along."""
        edited = [url for url, section in evidence.sections.items() if section.edited and section.complete]
        if not edited:
            return
        found: set[str] = set()
        news: set[str] = set()
        for url in edited:
            section = evidence.sections[url]
            for address in evidence.links.get(url, {}):
                (news if section.whole and not section.stood_there(address) else found).add(twin_of(address))
        addresses = self._addresses()
        for number, state in self.record.states.items():
            own = addresses.get(number, set())
            if state.listed and listed.get(number) is None:
                as_known = None
            elif state.listed is False and listed.get(number) and own & found and not own & news:
                as_known = True
            else:
                continue
            self.record.states[number] = msgspec.structs.replace(state, listed=as_known, unlisted_since=None)
            value = None if as_known is None else int(as_known)
            self.store.update("reports", number, {"listed": value, "unlisted_since": None})

    def _addresses(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for url, page in self.record.pages.items():
            for item in self.record.on_page.get(page["id"], ()):
                if item["role"] != "attachment":
                    found.setdefault(item["report"], set()).add(twin_of(url))
        return found

    def write_findings(self, evidence: PassEvidence, findings: FindingWriter) -> None:
        """What an edit of the portal file loses of its sections, for whoever made it."""
        portal = self.run.job.portal
        own = portal.selectors
        said = [f"family = {portal.family}"]
        said += [f"selectors.{key} = {value}" for key in ("link", "next") if (value := getattr(own, key))]
        remedy = f"请核对门户文件 {portal.name}.toml（{'，'.join(said)}），试读：nianbao portals check {portal.name} --captures"
        for url, section in evidence.sections.items():
            lost = self.unfound.get(url, 0)
            if section.edited and (lost or (section.reason and not section.links)):
                what = f"不再读到 {lost} 个年报链接" if lost else "读不到任何年报链接"
                findings.on_page(
                    "list_unread", "warning" if lost else "error", f"按现行规则，栏目{what}；{remedy}", url
                )

    def set_fresh(self, fresh: Iterable[int], listed: Mapping[int, bool | None]) -> None:
        """Whether new reports are listed; nothing is said about it."""
        for report in fresh:
            state = listed.get(report)
            self.store.update("reports", report, {"listed": None if state is None else int(state)})
