"""Which report of the record each report on a page is: the same, moved, re-keyed, a view, a variant, or a new one. Pure.

The key is organ and year, never the address (docs/lifecycle.md, "Which report is it"). In: what the record knows of a
portal, and the pages that one pass read. Out: a `Match` for each report on each page, and a reading for each known one.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

import msgspec

from crawler.observation import PageRead, ReportSeen
from crawler.page.address import normalise, twin_of
from crawler.page.model import GUESSED, Attachment, Report
from monitor.alike import SAME_BODY, Alike
from monitor.by_hand import ByHand
from monitor.identity import OrganRow, Organs, find_organ, kind_of, one_organ, organ_name
from monitor.lifecycle import Reading
from monitor.match import ALIKE, Content, How, Known, KnownReport, Match, Matched, Unkeyed, in_common, where_read

Links = tuple[Attachment, ...] | None
"""Attachments that a page links now; None: those that it linked before."""


class _Found(msgspec.Struct):
    page: PageRead
    where: str
    seen: ReportSeen
    organ: OrganRow
    year: int


def match_reports(
    known: Known,
    pages: Mapping[str, PageRead],
    text_of: Callable[[int], str],
    content_of: Callable[[int], Content],
    content: Callable[[ReportSeen], Content],
    traditional: Callable[[str], bool],
    content_now: Callable[[int, Links], Content] | None = None,
) -> Matched:
    """Matches every report that a pass read.

    `text_of(report id)` is the current version's text, `content_of(report id)` its content; `content(seen)` that of a
    report that was parsed; `traditional(text)` whether a text is in Traditional script; `content_now(report id,
    links)` the content of one whose own page showed the text that it had, with the attachments that it links now as they were
    read in this pass.
    """
    now = content_now or (lambda number, _: content_of(number))
    matcher = _Matcher(known, text_of, cache(content_of), content, traditional, cache(now))
    for page in pages.values():
        if page.reading == "same":
            matcher.unchanged(page)
        elif page.reading == "present":
            matcher.own(page)
    matcher.elsewhere(pages)
    readings = {report.id: matcher.reading(report, pages) for report in known.reports.values()}
    return Matched(
        tuple(matcher.matches), readings, tuple(matcher.unkeyed), tuple(matcher.undecided), tuple(matcher.waiting)
    )


class _Matcher:
    """One pass's matching, step by step."""

    def __init__(
        self,
        known: Known,
        text_of: Callable[[int], str],
        content_of: Callable[[int], Content],
        content: Callable[[ReportSeen], Content],
        traditional: Callable[[str], bool],
        content_now: Callable[[int, Links], Content],
    ) -> None:
        self.known = known
        self.organs = Organs(known.organs)
        self.text_of = text_of
        self.content_of = content_of
        self.content = content
        self.traditional = traditional
        self.content_now = content_now
        self.unparsed: dict[int, Links] = {}
        """Reports whose own page showed them with the text that they had: what it links now."""
        self.matches: list[Match] = []
        self.unkeyed: list[Unkeyed] = []
        self.leftover: list[_Found] = []
        self.undecided: list[Unkeyed] = []
        self.waiting: list[str] = []
        self.by_hand = ByHand(known, text_of)
        self.alike = Alike(text_of, content_of, content)
        self.by_key: dict[tuple[str, int], list[KnownReport]] = {}
        names = {organ.id: organ_name(organ.name) for organ in known.organs}
        for report in known.reports.values():
            self.by_key.setdefault((names[report.organ], report.year), []).append(report)
        self.organ_of = {organ.id: organ for organ in known.organs}
        self.here: dict[str, set[int]] = {}
        """Reports that were matched on their own page, by page."""
        self.at: dict[str, set[int]] = {}
        """The same by the address that shows them: a redirect's end may be listed too."""
        self.shown_by: dict[int, PageRead] = {}
        """By report: a page whose redirect led to the report's own address, and showed it there."""
        self.read_now: dict[int, list[ReportSeen]] = {}
        """By report: what pages that showed it before say of it in this pass, where that is new."""

    def _take(self, how: How, found: _Found, report: KnownReport) -> None:
        self.matches.append(
            Match(
                how,
                found.page,
                found.where,
                found.seen,
                report.id,
                self.organ_of[report.organ],
                report.year,
                report.variant,
            )
        )
        self.at.setdefault(found.where, set()).add(report.id)
        if found.where == report.url:
            self.shown_by[report.id] = found.page
            if found.seen.report is None:
                self.unparsed[report.id] = None if found.page.reading == "same" else found.seen.attachments
        if found.seen.report is not None:
            self.read_now.setdefault(report.id, []).append(found.seen)
        self.here.setdefault(normalise(found.page.url), set()).add(report.id)

    def unchanged(self, page: PageRead) -> None:
        for on_page in self.known.pages.get(normalise(page.url), ()):
            if on_page.role == "attachment" or on_page.absent:
                continue
            report = self.known.reports[on_page.report]
            seen = ReportSeen(text_hash=on_page.text_hash)
            self._take("own", _Found(page, where_read(page), seen, self.organ_of[report.organ], report.year), report)

    def own(self, page: PageRead) -> None:
        """Reports on a page that was parsed: first those that stood there before."""
        on_page = [item for item in self.known.pages.get(normalise(page.url), ()) if item.role != "attachment"]
        by_text = {item.text_hash: item.report for item in on_page}
        here = [self.known.reports[item.report] for item in on_page]
        shown = [self.known.reports[item.report] for item in on_page if not item.absent]
        parsed = [seen.report for seen in page.reports if seen.report is not None]
        successive = one_organ([self._printed(report, here) for report in parsed], [report.year for report in parsed])
        newest = max(parsed, key=lambda report: report.year or 0, default=None)
        for seen in page.reports:
            report = seen.report
            if report is None:
                if seen.text_hash in by_text:
                    known = self.known.reports[by_text[seen.text_hash]]
                    self._take(
                        "own", _Found(page, where_read(page), seen, self.organ_of[known.organ], known.year), known
                    )
                continue
            lone = shown[0] if len(shown) == 1 and len(page.reports) == 1 else None
            if self.by_hand.is_ignored((normalise(page.url), where_read(page)), seen):
                continue
            printed = self._printed(newest if successive and newest is not None else report, here)
            taken = self.here.get(normalise(page.url), ())
            own = self.by_hand.here(report, self.organs.find(printed), here, taken, lone is not None)
            if own is not None:
                self._take("own", _Found(page, where_read(page), seen, self.organ_of[own.organ], own.year), own)
                continue
            if report.year is None:
                if lone is not None and self.alike.share(lone, seen) >= ALIKE:
                    # The page no longer says the year; it shows what it showed.
                    self._take("own", _Found(page, where_read(page), seen, self.organ_of[lone.organ], lone.year), lone)
                else:
                    self.unkeyed.append(Unkeyed(page, report))
                continue
            organ = self._organ(printed, here if successive and len(parsed) > 1 else ())
            found = _Found(page, where_read(page), seen, organ, report.year)
            same = next((item for item in here if item.organ == organ.id and item.year == report.year), None)
            if same is None and lone is not None:
                same = self._corrected_in_place(lone, found, report)
                if same is None and self._read_otherwise(lone, found):
                    same = lone
                if same is not None:
                    self._rekey(same, found)
                    continue
            if same is not None:
                self._take("own", found, same)
            else:
                self.leftover.append(found)

    def _printed(self, report: Report, here: Iterable[KnownReport]) -> str:
        if report.organ:
            return report.organ
        organs = {item.organ for item in here}
        if len(organs) == 1:
            return self.organ_of[organs.pop()].name
        return self.known.organ

    def _organ(self, printed: str, here: Iterable[KnownReport]) -> OrganRow:
        """The organ of that name; one that the page's reports belong to, if the name is another of its names."""
        organ = self.organs.find(printed)
        if organ is None:
            before = {item.organ for item in here}
            kind = kind_of(printed)
            if len(before) == 1 and self.organ_of[(only := before.pop())].kind == kind:
                return self.organ_of[only]
            organ = OrganRow(0, organ_name(printed), (), kind)
            self.organs.add(organ)
        return organ

    def _corrected_in_place(self, lone: KnownReport, found: _Found, report: Report) -> KnownReport | None:
        """`lone`, if its page still shows it with another year or organ; None if the page shows another report now."""
        text = self.text_of(lone.id)
        common = self.alike.share(lone, found.seen)
        if lone.guessed and report.year_from not in GUESSED and lone.organ == found.organ.id:
            return lone if common >= ALIKE or not (text or report.text) else None
        return lone if common >= SAME_BODY else None

    def _read_otherwise(self, lone: KnownReport, found: _Found) -> bool:
        """Whether it may only be other rules that give `lone` another key: its capture could not be read by them, and the
        organ alone differs, or a year that is a guess by either (rule 12)."""
        if normalise(found.page.url) not in self.known.unproven or normalise(found.page.url) != lone.url:
            return False
        report = found.seen.report
        guess = report is not None and report.year_from in GUESSED
        if lone.year != found.year and not (lone.guessed or guess):
            return False
        text = self.text_of(lone.id)
        return report is not None and (not text or in_common(text, report.text) >= ALIKE)

    def _rekey(self, report: KnownReport, found: _Found) -> None:
        old = self.by_key[organ_name(self.organ_of[report.organ].name), report.year]
        old.remove(report)
        taken = self.by_key.setdefault((organ_name(found.organ.name), found.year), [])
        variant = _free(taken)
        taken.append(msgspec.structs.replace(report, year=found.year, variant=variant))
        self.matches.append(
            Match("rekeyed", found.page, found.where, found.seen, report.id, found.organ, found.year, variant)
        )
        self.here.setdefault(normalise(found.page.url), set()).add(report.id)

    def elsewhere(self, pages: Mapping[str, PageRead]) -> None:
        """Reports on pages that did not hold them before: moved, views, variants, new ones."""

        def order(found: _Found) -> tuple[bool, bool]:
            text = found.seen.report.text if found.seen.report else ""
            return (self.traditional(text), _is_mirror(found.where))

        gone: list[KnownReport] | None = None
        fresh: dict[tuple[str, int], list[int]] = {}
        for found in sorted(self.leftover, key=order):
            report = found.seen.report
            if report is None:
                continue
            key = (organ_name(found.organ.name), found.year)
            known_ones = self.by_key.get(key, [])
            by_hand = self.by_hand.elsewhere(found.organ, found.year)
            target = self._corrected(by_hand, found, pages, known_ones)
            target = target or self._pick(known_ones, found, pages)
            if target is not None:
                self._take(target[0], found, target[1])
                continue
            unread = [known for known in (*known_ones, *by_hand) if self._unread(known, pages)]
            if unread:
                # Moved and edited, or a variant? Its own address was not asked for in this pass (discovery alone, a pass
                # that was cut short), or said nothing: the next one that reads both will tell.
                self.waiting.append(found.where)
                if any(pages.get(known.url) is not None for known in unread):
                    self.undecided.append(Unkeyed(found.page, report))
                continue
            if gone is None:
                gone = [known for known in self.known.reports.values() if self._is_gone(known, pages)]
            same = None if known_ones else self._same(gone, found.seen)
            lost = same or self.alike.lost(found.seen, gone)
            if lost is not None:
                gone.remove(lost)
                if same is not None or (lost.organ, lost.year) == (found.organ.id, found.year):
                    self._take("moved", found, lost)
                else:
                    self._rekey(lost, found)
                continue
            self._fresh(fresh, key, found, known_ones)

    def _same(self, gone: list[KnownReport], seen: ReportSeen) -> KnownReport | None:
        """The report among those that are gone which says what was read here."""
        content = self.content(seen) if gone else None
        return next((one for one in gone if content is not None and self.content_of(one.id).same(content)), None)

    def _pick(
        self, known_ones: list[KnownReport], found: _Found, pages: Mapping[str, PageRead]
    ) -> tuple[How, KnownReport] | None:
        for report in known_ones:
            if report.id in self.at.get(found.where, ()):
                return "view", report
        same = {report.id: self._says(report, found.seen) for report in known_ones}
        for report in known_ones:
            if twin_of(found.where) == twin_of(report.url):
                if self._is_gone(report, pages):
                    return "moved", report
                return self._view(report, found) if same[report.id] else "view", report
        for report in sorted(known_ones, key=lambda item: not same[item.id]):
            if self._is_gone(report, pages):
                return "moved", report
            if same[report.id]:
                return self._view(report, found), report
        return None

    def _corrected(
        self,
        by_hand: list[KnownReport],
        found: _Found,
        pages: Mapping[str, PageRead],
        known_ones: list[KnownReport],
    ) -> tuple[How, KnownReport] | None:
        """A report whose key was set by hand, published at another address under the key that its pages print."""
        report = found.seen.report
        for item in by_hand:
            if item.id in self.here.get(normalise(found.page.url), ()):
                continue  # it stands there itself, beside this one
            if item.id in self.at.get(found.where, ()):
                return "view", item
            if self._says(item, found.seen):
                return ("moved", item) if self._is_gone(item, pages) else (self._view(item, found), item)
        if known_ones or report is None:
            return None
        return next(
            (("moved", item) for item in by_hand if self._is_gone(item, pages) and self.by_hand.alike(item, report)),
            None,
        )

    def _says(self, report: KnownReport, found: ReportSeen) -> bool:
        """Whether a report says that: in the record, or edited, on a page that was read a moment ago."""
        content = self.content(found)
        now = self.read_now.get(report.id, ())
        if report.id in self.unparsed and self.content_now(report.id, self.unparsed[report.id]).same(content):
            return True
        return self.content_of(report.id).same(content) or any(self.content(seen).same(content) for seen in now)

    def _view(self, report: KnownReport, found: _Found) -> How:
        """A view of a live report: in Simplified script it takes over from a Traditional one."""
        text = found.seen.report.text if found.seen.report else ""
        takes_over = self.traditional(self.text_of(report.id)) and not self.traditional(text)
        return "takeover" if takes_over else "view"

    def _fresh(
        self,
        fresh: dict[tuple[str, int], list[int]],
        key: tuple[str, int],
        found: _Found,
        known: list[KnownReport],
    ) -> None:
        """A report that the record does not have: new, or one more reading of one found a moment ago in this pass."""
        how: How = "variant" if known else "new"
        variant = _free(known)
        first: int | None = None
        for index in fresh.get(key, []):
            other = self.matches[index]
            if twin_of(other.where) == twin_of(found.where) or self.content(other.seen).same(self.content(found.seen)):
                self.matches.append(
                    Match(
                        "view", found.page, found.where, found.seen, None, other.organ, found.year, other.variant, index
                    )
                )
                return
            how, variant = "variant", _free(known) + len(fresh[key])
            first = index if first is None else first
        self.matches.append(
            Match(how, found.page, found.where, found.seen, None, found.organ, found.year, variant, first)
        )
        fresh.setdefault(key, []).append(len(self.matches) - 1)

    def _is_gone(self, report: KnownReport, pages: Mapping[str, PageRead]) -> bool:
        """Whether its own address no longer shows it: in this pass, or as far as the record knows."""
        reading, _, _ = self.reading(report, pages)
        if reading == "present":
            return False
        return reading in ("gone", "weak_gone") or report.status in ("missing", "taken_down")

    def _unread(self, report: KnownReport, pages: Mapping[str, PageRead]) -> bool:
        return report.status == "live" and self.reading(report, pages)[0] in (None, "blocked", "unreachable")

    def reading(
        self, report: KnownReport, pages: Mapping[str, PageRead]
    ) -> tuple[Reading | None, PageRead | None, bool]:
        """What its primary address said in this pass."""
        page = pages.get(report.url)
        if report.id in self.shown_by and (page is None or page.reading in ("blocked", "unreachable")):
            return "present", self.shown_by[report.id], False
        if page is None or self._blind(report, page):
            return None, None, False
        if page.reading in ("blocked", "unreachable"):
            return page.reading, page, False
        if page.reading == "gone":
            return "gone", page, False
        if page.reading == "other":
            return "weak_gone", page, False
        if report.id in self.here.get(report.url, ()):
            return "present", page, False
        if page.reading == "same":
            before = next((item.absent for item in self.known.pages[report.url] if item.report == report.id), "")
            return ("weak_gone" if before == "weak_gone" else "gone"), page, before == "overwritten"
        others = [seen.report for seen in page.reports if seen.report is not None]
        organ = self.organ_of[report.organ]
        same_organ = any(find_organ(self._printed(other, (report,)), [organ]) is not None for other in others)
        same_organ = same_organ or any(seen.report is None for seen in page.reports)
        newer = any(other.year is not None and other.year > report.year for other in others)
        overwritten = same_organ and newer and where_read(page) == normalise(page.url)
        # One whose year nobody can tell may be this very report, edited.
        certain = any(other.year is not None for other in others) or any(seen.report is None for seen in page.reports)
        return ("gone" if same_organ and certain else "weak_gone"), page, overwritten

    def _blind(self, report: KnownReport, page: PageRead) -> bool:
        """Whether what the page shows proves nothing: by today's rules even the capture that showed the report shows
        none (rule 12), and it is by them that the page was read. A status and a redirect need no rules."""
        if page.reading not in ("present", "same", "gone", "other") or report.id in self.here.get(report.url, ()):
            return False
        item = next((item for item in self.known.pages.get(report.url, ()) if item.report == report.id), None)
        if item is None or not item.unread or page.status != 200 or page.final_url:
            return False
        # Words of an error page do tell, where the capture had none.
        return page.reading != "gone" or item.unread == "gone"


def _free(taken: Iterable[KnownReport]) -> int:
    """The first variant number above those that are taken."""
    return max((report.variant for report in taken), default=-1) + 1


def _is_mirror(url: str) -> bool:
    """Whether an address is a gateway's, a mobile site's or another view's, not the page's own."""
    return twin_of(url) != url.partition("://")[2].removeprefix("www.")
