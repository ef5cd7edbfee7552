"""A portal's life for the tests of settling: what its site shows, and passes over it, written as run folders and settled
into a real record. No network and no reactor: `History` writes what a spider would tell.

Every pass is followed by the checks of `History.check`, so that each test also proves the record whole.
"""

import gc
import hashlib
import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from crawler.families import markup_of
from crawler.observation import (
    KNOWN,
    AttachmentRead,
    FindingSeen,
    KnownPage,
    LinkListed,
    PageRead,
    ReportSeen,
    RunSummary,
    SectionLead,
    SectionRead,
)
from crawler.page.address import normalise
from crawler.page.model import Attachment, Fetched, Hint, Report
from crawler.page.reader import read_page, text_hash
from crawler.portal import Organ, Policy, Portal, Selectors
from crawler.run_folder import Exchange, RunWriter
from monitor.briefing import write_briefing
from monitor.event_detail import decode
from monitor.pictures import Pictures
from monitor.refigure import refigure
from monitor.renew import renew
from monitor.renewed import Renewed
from monitor.settings import Settings
from monitor.settle import Settled, settle, settle_killed
from monitor.store import Store
from monitor.times import shift

HOST = "https://www.linhai.gov.cn"
SECTION = f"{HOST}/col/report/"
ORGAN = "临海市人民政府"
START = "2026-02-10T01:00:00Z"
"""Governments owe 2024 and no more until 31 March; departments owe 2025 already."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests are millions of objects that stay: a third of the time that collecting them took went into looking
    for garbage among them, and then a part of each test's."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def own_pauses(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Loopback is one host: tests keep pauses apart from those of the machine and of other workers (crawler/pace.py)."""
    os.environ["NIANBAO_PACE"] = str(tmp_path_factory.mktemp("pace") / "hosts")


def paragraphs(year: int, organ: str = ORGAN, requests: int = 12) -> str:
    return "\n".join(
        (
            f"根据《中华人民共和国政府信息公开条例》，现公布{organ}{year}年度报告，所列数据统计期限自{year}年1月1日起，至{year}年12月31日止。",
            f"{year}年，本机关主动公开政府信息{year % 97}条，认真办理依申请公开，全年没有发生信息公开方面的投诉。",
            f"| 项目 | {year}年数量 |",
            f"| 本年新收政府信息公开申请数量 | {requests} |",
            "",
            f"报告期内共收到申请{requests}件，均在法定期限内答复。联系电话{requests * 7919}。",
        )
    )


def make_report(
    year: int | None,
    organ: str = ORGAN,
    *,
    text: str | None = None,
    requests: int = 12,
    title: str | None = None,
    date: str | None = None,
    source: str = "市政府办公室",
    year_from: str = "title",
    files: Iterable[Attachment] = (),
) -> Report:
    body = paragraphs(year or 2000, organ, requests) if text is None else text
    title = f"{organ}{year}年政府信息公开工作年度报告" if title is None else title
    date = f"{(year or 2000) + 1}-01-20" if date is None else date
    return Report(
        title=title,
        organ=organ,
        year=year,
        year_from=year_from,  # type: ignore[arg-type]
        source=source,
        published_on=date,
        text=body,
        attachments=tuple(files),
        text_hash=text_hash(title, organ, source, date, body),
    )


@dataclass
class Shown:
    """What an address shows: reports, or a reading that says why not."""

    reports: tuple[Report, ...] = ()
    reading: str = "present"
    redirect: str = ""
    companions: tuple[Attachment, ...] = ()
    noise: int = 0
    html: str = ""
    """A real page: what is on it is then read by the real reader."""

    def body(self) -> bytes:
        if self.html:
            return self.html.encode()
        return repr(
            (self.noise, self.redirect, [(one.title, one.text, one.attachments) for one in self.reports])
        ).encode()


@dataclass
class Listing:
    """What a section shows."""

    links: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    """Linked year columns and what they list."""
    complete: bool = True
    first_page: bool = True
    absent: bool = False
    """A year of a query section that does not exist."""
    is_report: bool = False
    status: int = 200
    reason: str = ""


class History:
    """One portal, its site and its record."""

    def __init__(self, home: Path, store: Store | None = None, **portal: Any) -> None:
        self.home = home
        self.store = store or Store.open(home / "nianbao.db")
        self.store.run("PRAGMA synchronous = OFF")
        known = {
            "name": "linhai",
            "title": "临海市人民政府",
            "family": "generic",
            "sections": (SECTION,),
            "organ": ORGAN,
        }
        self.portal = Portal(**{**known, **portal})
        self.policy = Policy()
        self.settings = Settings()
        self.now = START
        self.sections: dict[str, Listing] = {url: Listing() for url in self.portal.sections}
        self.pages: dict[str, Shown] = {}
        self.files: dict[str, Any] = {}
        """By address: (bytes, text) or (bytes, text, media type), or a reading."""
        self.findings: list[FindingSeen | SectionLead] = []
        self.rules = ""
        self.last: Settled | None = None
        self.pictures: Pictures | None = None
        """What recognises pictures; None: that is not installed."""
        self.renewed = Renewed(self.portal.name)
        """What reading stored captures again came to before the last pass."""
        self.folder = home

    def use(self, store: Store) -> None:
        """Goes on with another connection to the record. The one it had is closed first: whoever needs the record to himself
        would else wait until the garbage collector comes."""
        if store is not self.store:
            self.store.close()
        self.store = store

    # The site -----------------------------------------------------------------------------------------------------

    def publish(self, *reports: Report, at: str = "", section: str = "") -> str:
        """Puts reports on a page, and the page on the section's list. Its address."""
        url = normalise(at or f"{HOST}/art/{reports[0].year}.html")
        self.pages[url] = Shown(tuple(reports))
        self.sections[section or self.portal.sections[0]].links[url] = reports[0].title
        return url

    def show(self, url: str, *reports: Report, **shown: Any) -> str:
        """Puts reports on a page that no section lists."""
        self.pages[normalise(url)] = Shown(tuple(reports), **shown)
        return normalise(url)

    def answer(self, url: str, reading: str) -> None:
        """Lets an address say something else than its reports."""
        self.pages[url] = replace(self.pages[url], reading=reading)

    def remove(self, url: str) -> None:
        """Takes a page off the site and off every list."""
        del self.pages[url]
        self.delist(url)

    def delist(self, url: str) -> None:
        for listing in self.sections.values():
            listing.links.pop(url, None)

    def outage(self, reading: str = "unreachable") -> None:
        for listing in self.sections.values():
            listing.complete = listing.first_page = False
            listing.reason = "status 412" if reading == "blocked" else "timeout"
            listing.status = 412 if reading == "blocked" else 0
        self.pages = {url: replace(shown, reading=reading) for url, shown in self.pages.items()}

    def recover(self) -> None:
        for listing in self.sections.values():
            listing.complete = listing.first_page = True
            listing.reason, listing.status = "", 200
        self.pages = {url: replace(shown, reading="present") for url, shown in self.pages.items()}

    # Passes -------------------------------------------------------------------------------------------------------

    def brief(self, mode: str = "full") -> int:
        """Gives a pass its number and its folder."""
        self.store.sync_portal(self.portal)
        self.renewed = renew(self.store, self.home / "archive", self.portal, self.now)
        refigure(self.store, self.portal.name)
        crawl = self.store.start_crawl(self.portal.name, mode, self.now)  # type: ignore[arg-type]
        self.folder = write_briefing(
            self.store,
            self.home / "runs",
            self.portal,
            self.policy,
            crawl,
            mode,  # type: ignore[arg-type]
            self.now,
            self.settings,
        )
        return crawl

    def run(
        self,
        hours: float = 24,
        mode: str = "full",
        outcome: str = "ok",
        clock: float | None = None,
        skip: Iterable[str] = (),
        detail: str = "",
    ) -> list[Any]:
        """One pass, so many hours after the last, settled. The events that it made."""
        self.now = shift(self.now, hours * 3600)
        crawl = self.brief(mode)
        self.write(crawl, mode, outcome, clock, set(skip), detail)
        return self.settle()

    def settle(self, folder: Path | None = None) -> list[Any]:
        before = self.store.rows("SELECT coalesce(max(id), 0) AS id FROM events")[0]["id"]
        folder = folder or self.folder
        self.last = settle(folder, self.store, self.home / "archive", self.settings, self.now, self.pictures)
        self.check()
        return self.events(before)

    def kill(self, hours: float = 24, torn: bytes = b"") -> list[Any]:
        """A pass that was killed; `torn` is what its observations hold."""
        self.now = shift(self.now, hours * 3600)
        before = self.store.rows("SELECT coalesce(max(id), 0) AS id FROM events")[0]["id"]
        crawl = self.brief()
        if torn:
            (self.folder / "observations.jsonl").write_bytes(torn)
        settle_killed(self.store, self.folder, self.settings, crawl, self.portal.name, self.now, "killed")
        self.check()
        return self.events(before)

    def write(
        self,
        crawl: int,
        mode: str = "full",
        outcome: str = "ok",
        clock: float | None = None,
        skip: Iterable[str] = (),
        detail: str = "",
    ) -> None:
        """What a spider would tell of the site as it is."""
        writer = RunWriter(self.folder)
        known = {}
        decoder = msgspec.json.Decoder(KnownPage)
        for line in (self.folder / KNOWN).read_bytes().splitlines():
            page = decoder.decode(line)
            known[page.url] = page
        job = msgspec.json.decode((self.folder / "job.json").read_bytes())
        asked = {url: page for url, page in known.items() if page.role != "attachment"}
        missing = any(page.missing for page in asked.values())
        if mode != "recheck" or missing:
            self._write_sections(writer, asked)
        if mode == "discover":
            asked = {url: page for url, page in asked.items() if page is None or page.missing}
        read: set[str] = set()
        for url, page in asked.items():
            if url not in skip:
                self._write_page(writer, url, page, known, job["rules"], read)
        for finding in self.findings:
            writer.tell(finding)
        writer.finish(
            RunSummary(self.portal.name, crawl, mode, outcome, self.now, self.now, 1, 1, 1, 0, clock, detail)  # type: ignore[arg-type]
        )

    def _write_sections(self, writer: RunWriter, asked: dict[str, Any]) -> None:
        for section in self.portal.sections:
            listing = self.sections.setdefault(section, Listing())
            shown = listing.links if listing.first_page else {}
            self._write_column(writer, section, section, shown, listing, asked)
            for column, links in listing.columns.items() if listing.first_page else ():
                titles = {url: self.pages[url].reports[0].title for url in links}
                self._write_column(writer, section, column, titles, Listing(), asked, linked=True)

    def _write_column(
        self,
        writer: RunWriter,
        section: str,
        column: str,
        links: dict[str, str],
        listing: Listing,
        asked: dict[str, Any],
        linked: bool = False,
    ) -> None:
        count = 0
        for url, title in links.items():
            kind = listing.kinds.get(url, "report")
            writer.tell(LinkListed(section, column, url, title, kind))  # type: ignore[arg-type]
            if kind == "report":
                asked.setdefault(normalise(url), None)
                count += 1
        if listing.is_report:
            asked.setdefault(normalise(column), None)
        captures = ()
        if listing.first_page:
            page = "".join(f"<li><a href='{url}'>{title}</a></li>" for url, title in links.items()).encode()
            captures = (writer.capture_list(Exchange(column, 200, (("Content-Type", "text/html"),), page)),)
        writer.tell(
            SectionRead(
                section=section,
                url=column,
                complete=listing.complete and listing.first_page,
                first_page=listing.first_page,
                linked=linked,
                absent=listing.absent,
                is_report=listing.is_report,
                pages=1,
                links=count,
                status=listing.status,
                reason=listing.reason,
                captures=captures,
            )
        )

    def _write_page(
        self,
        writer: RunWriter,
        url: str,
        page: KnownPage | None,
        known: dict[str, KnownPage],
        rules: str,
        read: set[str],
    ) -> None:
        shown = self.pages.get(url, Shown(reading="gone"))
        final = ""
        if shown.redirect and shown.reading == "present":
            final = normalise(shown.redirect)
            shown = self.pages.get(final, Shown(reading="gone"))
        if shown.reading != "present":
            status = {"gone": 404, "other": 200, "blocked": 412}.get(shown.reading, 0)
            capture = ""
            if shown.reading in ("gone", "other"):
                capture = writer.capture(Exchange(url, status, (("Content-Type", "text/html"),), b"404"))
            writer.tell(
                PageRead(
                    url,
                    shown.reading,  # type: ignore[arg-type]
                    final,
                    status,
                    f"status {status}",
                    etag='"of an error page"' if status else "",
                    capture=capture,
                )
            )
            return
        body = shown.body()
        digest = hashlib.sha256(body).hexdigest()
        if page is not None and page.body_hash == digest and page.rules == rules:
            writer.tell(PageRead(url, "same", final, 200, body_hash=digest))
            self._write_files(writer, page.attachments, known, read)
            return
        reports = shown.reports
        if shown.html:
            title = (
                page.title if page else next((one.links[url] for one in self.sections.values() if url in one.links), "")
            )
            fetched = Fetched(final or url, 200, "text/html; charset=utf-8", body)
            reports = read_page(fetched, self.portal, markup_of(self.portal), Hint(title=title)).reports
        hashes = {one.text_hash for one in page.reports} if page else set()
        seen = tuple(
            ReportSeen(one.text_hash, None if one.text_hash in hashes else one, one.attachments) for one in reports
        )
        capture = ""
        if any(one.report for one in seen):
            headers = (("Content-Type", "text/html; charset=utf-8"),)
            capture = writer.capture(Exchange(final or url, 200, headers, body))
        writer.tell(
            PageRead(
                url,
                "present",
                final,
                200,
                body_hash=digest,
                capture=capture,
                reports=seen,
                companions=shown.companions,
                etag=f'"{digest[:8]}"',
            )
        )
        self._write_files(writer, [file for one in reports for file in one.attachments], known, read)

    def _write_files(
        self, writer: RunWriter, files: Iterable[Attachment], known: dict[str, KnownPage], read: set[str]
    ) -> None:
        for file in files:
            url = normalise(file.url)
            if url in read:
                continue
            read.add(url)
            what = self.files.get(url, "gone")
            if isinstance(what, str):
                writer.tell(AttachmentRead(url, what, file.kind, status=404 if what == "gone" else 0))  # type: ignore[arg-type]
                continue
            data, text, *told = what
            digest = hashlib.sha256(data).hexdigest()
            if url in known and known[url].body_hash == digest:
                writer.tell(AttachmentRead(url, "same", file.kind, sha256=digest))
                continue
            picture = file.kind == "picture"
            media_type = told[0] if told else "image/png" if picture else "application/pdf"
            capture = writer.capture(Exchange(url, 200, (("Content-Type", media_type),), data))
            writer.tell(
                AttachmentRead(
                    url,
                    "present",
                    file.kind,
                    status=200,
                    sha256=digest,
                    media_type=media_type,
                    size=len(data),
                    text=text,
                    pixels=digest if picture else "",
                    capture=capture,
                )
            )

    # The record ---------------------------------------------------------------------------------------------------

    def events(self, after: int = 0, findings: bool = False) -> list[Any]:
        """Events with their details decoded, oldest first; those of kind `finding` only if asked for."""
        rows = self.store.rows("SELECT * FROM events WHERE id > ? ORDER BY id", (after,))
        rows = [row for row in rows if findings or row["kind"] != "finding"]
        return [SimpleNamespace(**{**row, "detail": decode(row["kind"], row["detail"])}) for row in rows]

    def report(self, year: int, variant: int = 0) -> Any:
        row = self.store.row("SELECT * FROM reports WHERE year = ? AND variant = ?", (year, variant))
        assert row is not None, f"no report of {year}"
        return SimpleNamespace(**row)

    def reports(self) -> list[Any]:
        return [SimpleNamespace(**row) for row in self.store.rows("SELECT * FROM reports ORDER BY id")]

    def versions(self, year: int, variant: int = 0) -> list[Any]:
        rows = self.store.rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", (self.report(year, variant).id,))
        return [SimpleNamespace(**row) for row in rows]

    def health(self) -> str:
        row = self.store.row("SELECT health FROM portals WHERE name = ?", (self.portal.name,))
        assert row is not None
        return str(row["health"])

    def found(self, rule: str) -> list[Any]:
        return [SimpleNamespace(**row) for row in self.store.rows("SELECT * FROM findings WHERE rule = ?", (rule,))]

    def check(self) -> None:
        """What must hold after every transaction."""
        rows = self.store.rows
        assert rows("PRAGMA foreign_key_check") == []
        assert not self.store.conn.in_transaction
        for report in rows("SELECT * FROM reports"):
            versions = rows("SELECT * FROM versions WHERE report = ? ORDER BY seq", (report["id"],))
            assert [one["seq"] for one in versions] == list(range(1, len(versions) + 1))
            assert [one["significance"] == "first" for one in versions] == [True] + [False] * (len(versions) - 1)
            assert report["current_version"] == versions[-1]["id"]
            assert (report["variant"] < 0) == (report["withdrawn_at"] is not None)
            for before, version in pairwise(versions):
                if version["significance"] in ("content", "cosmetic"):
                    same = version["content_hash"] == before["content_hash"]
                    assert same == (version["significance"] == "cosmetic")
            primary = rows(
                "SELECT p.url FROM page_reports x JOIN pages p ON p.id = x.page WHERE report = ? AND role = 'primary'",
                (report["id"],),
            )
            assert [one["url"] for one in primary] == [report["url"]]
            events = rows("SELECT * FROM events WHERE report = ? ORDER BY id", (report["id"],))
            kinds = [one["kind"] for one in events]
            standing = [one["kind"] for one in events if not one["retracted_at"]]
            assert kinds[:1] == ["appeared"]
            assert kinds.count("appeared") == 1
            ups_and_downs = [kind for kind in standing if kind in ("taken_down", "restored")]
            assert ups_and_downs == ["taken_down", "restored"] * (len(ups_and_downs) // 2) + ["taken_down"] * (
                len(ups_and_downs) % 2
            )
            assert (report["status"] == "taken_down") == (ups_and_downs[-1:] == ["taken_down"])
            contents = sum(one["significance"] == "content" for one in versions)
            assert contents <= kinds.count("changed")
            for event in events:
                decode(event["kind"], event["detail"])
                assert event["title"]
                assert event["url"]
                assert event["to_version"]
                assert (event["from_version"] is not None) == (event["kind"] == "changed")


@pytest.fixture
def make_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterable[Callable[..., History]]:
    made: list[History] = []
    # A power cut cannot be tested here, and syncing thousands of small files takes most of the time.
    monkeypatch.setattr("os.fsync", lambda _: None)

    def make(name: str = "home", **portal: Any) -> History:
        home = tmp_path / name
        home.mkdir(exist_ok=True)
        made.append(History(home, **portal))
        return made[-1]

    yield make
    for one in made:
        one.store.close()


@pytest.fixture
def site(make_history: Callable[..., History]) -> History:
    """The portal of one government: two reports, told in the baseline."""
    history = make_history()
    history.publish(make_report(2023))
    history.publish(make_report(2024))
    return history


@pytest.fixture
def paper() -> SimpleNamespace:
    """What tests write a site with."""
    return SimpleNamespace(
        report=make_report,
        body=paragraphs,
        Attachment=Attachment,
        Organ=Organ,
        Selectors=Selectors,
        Listing=Listing,
        Finding=FindingSeen,
        HOST=HOST,
        SECTION=SECTION,
        ORGAN=ORGAN,
    )
