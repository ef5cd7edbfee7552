"""What must have been said, may have been said, and was said: the verdict on a soak.

In: the portals with their logs, the receivers' arrivals, the record, the passes. Out: a `Verdict`.

A pass that was shown one thing only of a report leaves no doubt what the record had to know after it; one that was shown two
(the act came in its middle) leaves both open. So each finding here is a fault: nothing is guessed. The rules are those of
docs/lifecycle.md, written from the page.
"""

import json
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitor.demo.site import Item
from tests.soak.passes import Pass, Watcher, read_passes
from tests.soak.receivers import CHANNELS, Arrival, Receivers
from tests.soak.world import Outing, State, Watched, World, state_in, state_of

Row = dict[str, Any]
_WORDS = {
    "baseline": "建立基线", "appeared": "公开", "changed": "变更", "taken_down": "撤下", "restored": "恢复", "moved": "迁移",
    "delisted": "移出栏目", "relisted": "重新列入", "portal_down": "无法读取", "portal_broken": "异常",
    "portal_recovered": "恢复", "service": "运行", "overdue": "逾期",
}  # fmt: skip
_PORTAL = frozenset({"baseline", "portal_down", "portal_broken", "portal_recovered"})
_DOWN_AFTER = 3
_TOLD_IN_FULL = 10
"""More reports than this in a message, and it does not show what changed of each."""


@dataclass
class Verdict:
    """What was owed and what came of it. Lists of faults are sentences; all empty: nothing is wrong."""

    owed: Counter[str] = field(default_factory=Counter)
    """Events that were told, or had to be, by kind."""
    expected: int = 0
    """Deliveries: an event on a channel that asks for it."""
    arrived: int = 0
    messages: int = 0
    marked_repeats: int = 0
    """Deliveries that arrived again and said so."""
    marked_singles: int = 0
    """That said so and had not arrived before."""
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    """Again without a word, or again without a kill that explains it."""
    false: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)
    """Said to be off a list that changed between two of its pages, so that no page showed it; not counted as false."""
    unsound: list[str] = field(default_factory=list)
    """About the record itself, and the processes."""
    certain: int = 0
    """Pairs of pass and report in which no doubt was left."""
    passes: Counter[str] = field(default_factory=Counter)
    killed_because: Counter[str] = field(default_factory=Counter)

    @property
    def good(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.doubled or self.false or self.unsound)

    def add(self, other: "Verdict") -> None:
        """Takes over another soak's counts."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)


class Judge:
    """One soak's evidence. `confirmations`, `after`: what the portal files say of take-downs (seconds). `disturbed`: there were
    not only kills: operators may be told what was wrong, and receivers' failures lead to repeats too."""

    def __init__(
        self,
        world: World,
        receivers: Receivers,
        watcher: Watcher,
        record: sqlite3.Connection,
        confirmations: int,
        after: float,
        wrong_clock: Sequence[Outing] = (),
        *,
        disturbed: bool = False,
    ) -> None:
        self.world, self.receivers, self.record = world, receivers, record
        self.confirmations, self.after = confirmations, after
        self.disturbed = disturbed
        self.verdict = Verdict()
        record.row_factory = sqlite3.Row
        self.passes = {site.name: read_passes(record, watcher, site, wrong_clock) for site in world}
        self.events = self._rows("SELECT * FROM events ORDER BY id")
        self.by_report: dict[int, list[Row]] = defaultdict(list)
        for event in self.events:
            if event["report"] is not None:
                self.by_report[event["report"]].append(event)

    def _rows(self, sql: str, *values: object) -> list[Row]:
        return [dict(row) for row in self.record.execute(sql, values)]

    def judge(self, in_flight: Counter[tuple[int, str]]) -> Verdict:
        """`in_flight`: how often (event, channel) was under way when the service was killed."""
        self._record()
        for site in self.world:
            self._portal(site)
            self._reports(site)
        self._messages(in_flight)
        return self.verdict

    # The record as such -----------------------------------------------------------------------------------------

    def _record(self) -> None:
        wrong = self.verdict.unsound
        wrong += [
            f"integrity_check: {row[0]}" for row in self.record.execute("PRAGMA integrity_check") if row[0] != "ok"
        ]
        wrong += [f"foreign_key_check: {tuple(row)}" for row in self.record.execute("PRAGMA foreign_key_check")]
        wrong += [f"pass {row['id']} of {row['portal']} has no outcome" for row in self._rows(
            "SELECT id, portal FROM crawls WHERE outcome IS NULL")]  # fmt: skip
        wrong += [f"delivery {row['id']} of event {row['event']} on {row['channel']} is {row['state']}" for row in self._rows(
            "SELECT id, event, channel, state FROM deliveries WHERE state <> 'sent'")]  # fmt: skip
        for one in (one for passes in self.passes.values() for one in passes):
            self.verdict.passes[one.outcome] += 1
            if one.outcome == "killed":
                why = str(json.loads(one.reason).get("reason", ""))
                self.verdict.killed_because[re.sub(r"\d+", "N", why)[:100]] += 1
                if why.startswith(("could not be settled", "damaged", "refused")):
                    wrong.append(f"pass {one.crawl} of {one.portal}: {why}")
        self.verdict.unsound += [
            f"event {event['id']} ({event['kind']}) was retracted" for event in self.events if event["retracted_at"]
        ]

    # A portal as a whole ------------------------------------------------------------------------------------------

    def _portal(self, site: Watched) -> None:
        passes = {one.crawl: one for one in self.passes[site.name]}
        events = [event for event in self.events if event["portal"] == site.name and event["kind"] in _PORTAL]
        baselines = [event for event in events if event["kind"] == "baseline"]
        if len(baselines) != 1:
            self.verdict.lost.append(f"{site.name}: {len(baselines)} baselines were said")
        down = False
        ordered = sorted(passes)
        for event in events:
            match event["kind"]:
                case "portal_down":
                    last = [passes[number] for number in ordered if number <= event["crawl"]][-_DOWN_AFTER:]
                    if down or len(last) < _DOWN_AFTER or not all(one.empty for one in last):
                        self.verdict.false.append(f"{site.name}: portal_down at pass {event['crawl']}")
                    down = True
                case "portal_recovered":
                    if not down:
                        self.verdict.false.append(f"{site.name}: portal_recovered at pass {event['crawl']}")
                    down = False
                case "portal_broken":
                    self.verdict.false.append(
                        f"{site.name}: portal_broken at pass {event['crawl']}: {event['summary']}"
                    )
        if down:
            self.verdict.lost.append(f"{site.name}: it is down for ever")
        for first in range(len(ordered) - _DOWN_AFTER + 1):
            three = [passes[number] for number in ordered[first : first + _DOWN_AFTER]]
            if all(self._saw_nothing(site, one) for one in three) and not self._is_down(site.name, three[-1].crawl):
                self.verdict.lost.append(f"{site.name}: portal_down at pass {three[-1].crawl}")
        health = self._rows("SELECT health FROM portals WHERE name = ?", site.name)
        if [row["health"] for row in health] != ["ok"]:
            self.verdict.unsound.append(f"{site.name}: its health is {health}")

    @staticmethod
    def _saw_nothing(site: Watched, one: Pass) -> bool:
        """The portal was out from before the pass to its end, and the pass ended by itself."""
        return (
            one.outcome in ("ok", "failed")
            and one.known
            and any(outing.start < one.start and one.end < outing.end for outing in site.outages)
        )

    def _is_down(self, portal: str, crawl: int) -> bool:
        said = [
            event["kind"]
            for event in self.events
            if event["portal"] == portal and event["kind"].startswith("portal_") and event["crawl"] <= crawl
        ]
        return bool(said) and said[-1] == "portal_down"

    # Reports ------------------------------------------------------------------------------------------------------

    def _reports(self, site: Watched) -> None:
        sql = """SELECT r.*, o.name AS organ_name FROM reports r JOIN organs o ON o.id = r.organ_id
            WHERE r.portal = ? AND r.withdrawn_at IS NULL"""
        rows = {(row["organ_name"], row["year"], row["variant"]): row for row in self._rows(sql, site.name)}
        for item in site.items:
            who = f"{site.name} {item.paper.organ} {item.paper.year}"
            row = rows.pop((item.paper.organ, item.paper.year, 0), None)
            if row is not None:
                self._report(site, item, row, who)
            elif (item.live and item.listed) or self._was_shown(site, item):
                self.verdict.lost.append(f"{who}: never recorded")
        self.verdict.false += [f"{site.name}: a report {key} that nobody published" for key in rows]

    def _was_shown(self, site: Watched, item: Item) -> bool:
        """Some pass read it; else it came and went between two."""
        number = site.number(item)
        return any(one.outcome == "ok" and one.sight(number).certain is not None for one in self.passes[site.name])

    def _report(self, site: Watched, item: Item, row: Row, who: str) -> None:
        history = _History(self, site, item, row, who)
        history.versions_are_true()
        history.events_are_true()
        history.passes_were_heard()
        history.ends_as_the_world_is()

    # Messages -----------------------------------------------------------------------------------------------------

    def _messages(self, in_flight: Counter[tuple[int, str]]) -> None:
        verdict = self.verdict
        verdict.messages = len(self.receivers.arrivals)
        known = {event["id"]: event for event in self.events}
        told: dict[tuple[int, str], list[Arrival]] = defaultdict(list)
        for arrival in self.receivers.arrivals:
            # What else was under way on the channel is not what this message tells.
            mine = [
                known[number] for number, _ in arrival.told if number in known and self._names(arrival, known[number])
            ]
            for event in mine:
                told[event["id"], arrival.channel].append(arrival)
            self._nothing_else(arrival, mine)
        for event in self.events:
            if event["kind"] == "finding" or (event["baseline"] and event["kind"] != "baseline"):
                continue
            verdict.owed[event["kind"]] += 1
            if event["kind"] == "overdue" or (
                event["kind"] == "service" and not self.disturbed
            ):  # no such thing is the case
                verdict.false.append(
                    f"{event['kind']}: {event['organ'] or ''} {event['year'] or ''} {event['summary']}"
                )
            for channel in CHANNELS:
                self._delivery(event, channel, told.pop((event["id"], channel), []), in_flight[event["id"], channel])
        verdict.false += [f"{channel}: event {number} was told though nobody asks for it" for number, channel in told]

    def _delivery(self, event: Row, channel: str, arrivals: Sequence[Arrival], in_flight: int) -> None:
        verdict, what = self.verdict, f"{channel}: event {event['id']} ({event['kind']}, {event['summary']})"
        verdict.expected += 1
        if not arrivals:
            verdict.lost.append(f"{what} never arrived")
            return
        verdict.arrived += 1
        unmarked = sum(not arrival.marked for arrival in arrivals)
        verdict.marked_repeats += len(arrivals) - max(unmarked, 1)
        verdict.marked_singles += len(arrivals) == 1 and not unmarked
        if unmarked > 1 or any(not arrival.marked for arrival in arrivals[1:]):
            verdict.doubled.append(f"{what} arrived {len(arrivals)} times, {unmarked} of them unmarked")
        elif len(arrivals) - 1 > in_flight and not self.disturbed:
            verdict.doubled.append(f"{what} arrived {len(arrivals)} times, but was under way at {in_flight} kills only")

    def _names(self, arrival: Arrival, event: Row) -> bool:
        """Whether a message names an event: its kind, organ and year, and what the report says now."""
        text = f"{arrival.subject}\n{arrival.text}"
        names = [_WORDS[event["kind"]]]
        if event["report"] is not None:
            names.append(f"{event['organ']} {event['year']} 年")
        elif event["portal"] is not None:
            names.append(self.world[event["portal"]].title)
        if event["kind"] == "changed" and len(arrival.told) <= _TOLD_IN_FULL:
            names += [str(number) for number in self._new_stamp(event)]
        return all(name in text for name in names)

    def _nothing_else(self, arrival: Arrival, events: Sequence[Row]) -> None:
        """It tells some event that was under way, and speaks of no other report."""
        if not events and not (self.disturbed and arrival.subject.startswith("【运行提示】")):
            self.verdict.false.append(f"{arrival.channel}: a message about nothing under way: {arrival.subject}")
        mine = {(event["organ"], event["year"]) for event in events}
        organs = {item.paper.organ for site in self.world for item in site.items}
        for organ in organs:
            for year in re.findall(rf"(?<!\w){organ} (\d{{4}}) 年", f"{arrival.subject}\n{arrival.text}"):
                if events and (organ, int(year)) not in mine:
                    self.verdict.false.append(f"{arrival.channel}: “{arrival.subject}” speaks of {organ} {year}")

    def _new_stamp(self, event: Row) -> list[int]:
        states = [self.state(version) for version in (event["from_version"], event["to_version"]) if version]
        if len(states) != 2 or None in states:
            return []
        old, new = states
        assert old is not None
        assert new is not None
        return [new.stamp] if old.stamp != new.stamp else []

    def state(self, version: int) -> State | None:
        """What a stored version shows."""
        (text,) = self.record.execute("SELECT text FROM versions WHERE id = ?", (version,)).fetchone()
        files = self.record.execute("SELECT text FROM attachments WHERE version = ?", (version,)).fetchall()
        return state_in(str(text), "".join(str(file[0]) for file in files))


class _History:
    """One report: what the record came to know of it, against what passes were shown."""

    def __init__(self, judge: Judge, site: Watched, item: Item, row: Row, who: str) -> None:
        self.judge, self.site, self.item, self.row, self.who = judge, site, item, row, who
        self.verdict = judge.verdict
        self.number = site.number(item)
        self.listings: list[bool] = []
        """What healthy passes in a row that read it found: whether the section lists it."""
        self.passes = judge.passes[site.name]
        self.by_crawl = {one.crawl: one for one in self.passes}
        self.events = judge.by_report[row["id"]]
        sql = "SELECT id, seq, crawl, significance FROM versions WHERE report = ? ORDER BY seq"
        self.versions = judge._rows(sql, row["id"])
        for version in self.versions:
            version["state"] = judge.state(version["id"])

    def _of(self, *kinds: str) -> list[Row]:
        return [event for event in self.events if event["kind"] in kinds]

    def _false(self, what: str) -> None:
        self.verdict.false.append(f"{self.who}: {what}")

    def _shown(self, one: Pass) -> str:
        """What a pass was shown of it, in the order of time, for whoever looks into a fault."""
        sight = one.sight(self.number)
        shown = sorted([*sight.pages, *sight.files, *one.lists])
        words = []
        for serve in shown:
            what = (
                f"listed={self.number in serve.listed}"
                if serve.what == "list"
                else f"{serve.live} {serve.state} {serve.path}"
            )
            words.append(f"{serve.at - one.start:+.2f} {serve.what} {what}")
        return f"[pass {one.crawl}, {one.mode}: {'; '.join(words)}]"

    def _lost(self, what: str) -> None:
        self.verdict.lost.append(f"{self.who}: {what}")

    def versions_are_true(self) -> None:
        """Each version is what its pass was shown, and differs from the one before; each change has its event."""
        before: State | None = None
        for version in self.versions:
            state, one = version["state"], self.by_crawl.get(version["crawl"])
            name = f"version {version['seq']} ({version['significance']}, pass {version['crawl']})"
            if state is None:
                self._false(f"{name} shows no report")
                continue
            if one is not None and one.known and version["significance"] != "cosmetic":
                carried = before is not None and before.enclosed == state.enclosed
                shown = State(state.stamp, 0) if carried else state
                pages = [page.state for page in one.sight(self.number).pages if page.state]
                fits = (
                    any(page.stamp == shown.stamp for page in pages)
                    if carried
                    else one.sight(self.number).allows(state)
                )
                if not fits:
                    self._false(f"{name} shows {state}: {self._shown(one)}")
            if version["significance"] == "content" and state == before:
                self._false(f"{name} shows {state} as the one before did")
            if version["significance"] == "cosmetic" and state != before:
                self._lost(f"{name} shows {state}, and {before} before: no cosmetic change")
            before = state
        changes = [version["id"] for version in self.versions if version["significance"] == "content"]
        said = [event["to_version"] for event in self._of("changed")]
        for version in set(changes) - set(said):
            self._lost(f"changed to version {version} was never said")
        if len(said) != len(set(said)) or set(said) - set(changes):
            self._false(f"changed was said of versions {said}; there are {changes}")

    def events_are_true(self) -> None:
        """Each event follows from what its pass, and those before it, were shown."""
        for kind in ("appeared",):
            if len(self._of(kind)) != 1:
                self._false(f"{kind} was said {len(self._of(kind))} times")
        gone = False
        for event in self.events:
            one = self.by_crawl.get(event["crawl"])
            if one is None or not one.known:
                continue
            sight = one.sight(self.number)
            match event["kind"]:
                case "taken_down":
                    run = self._gone_run(one)
                    if gone or len(run) < self.judge.confirmations:
                        self._false(f"taken_down at pass {one.crawl} after {len(run)} readings that found it gone")
                    gone = True
                case "restored":
                    if not gone or not sight.live:
                        self._false(f"restored: {self._shown(one)}")
                    gone = False
                case "moved":
                    to = json.loads(event["detail"]).get("to_url", "")
                    if not any(page.live and to.endswith(page.path) for page in sight.pages):
                        self._false(f"moved to {to}: {self._shown(one)}")
                case "delisted":
                    if len({shown.listed for shown in one.lists}) > 1:
                        self.verdict.slips.append(f"{self.who}: {self._shown(one)}")
                    elif all(self.number in shown.listed for shown in one.lists):
                        self._false(f"delisted, though every list had it: {self._shown(one)}")
                case "relisted":
                    if not any(self.number in shown.listed for shown in one.lists):
                        self._false(f"relisted, though no list had it: {self._shown(one)}")
                case "appeared" | "changed" | "finding":
                    pass
                case other:
                    self._false(f"{other} at pass {one.crawl}: {event['summary']}")

    def _gone_run(self, last: Pass) -> list[Pass]:
        """Passes up to `last`, since one was shown it for certain, that found it gone."""
        run: list[Pass] = []
        for one in self.passes:
            if one.crawl > last.crawl:
                break
            sight = one.sight(self.number)
            if one.outcome == "ok" and sight.certain is not None:
                run = []
            elif one.outcome == "ok" and any(not page.live for page in sight.pages):
                run.append(one)
        return run

    def passes_were_heard(self) -> None:
        """After each pass that leaves no doubt, the record knows what it was shown."""
        run: list[Pass] = []
        for one in self.passes:
            if one.outcome != "ok" or not one.known:
                continue
            sight = one.sight(self.number)
            certain = sight.certain
            if certain is not None:
                self.verdict.certain += 1
                run = []
                self._knows(one, certain.state, certain.path)
                self._lists(one)
            elif sight.live:
                run = []
                self.listings = []
            elif sight.gone and one.healthy:
                self.listings = []
                self.verdict.certain += 1
                run.append(one)
                # Times in the record are whole seconds, a pass counts from when it was settled, and conclusions from time
                # wait while the clock is off (rule 13).
                timed = [other for other in run if not other.wrong_clock]
                spread = one.start - timed[0].end if timed else 0.0
                ripe = len(run) >= self.judge.confirmations and spread > self.judge.after + 3.0
                if ripe and not one.wrong_clock and self._last(one, "taken_down", "restored") != "taken_down":
                    self._lost(f"taken_down: {' '.join(self._shown(other) for other in run)}")

    def _knows(self, one: Pass, state: State | None, path: str) -> None:
        versions = [version for version in self.versions if version["crawl"] <= one.crawl]
        if not versions or not [event for event in self._of("appeared") if event["crawl"] <= one.crawl]:
            self._lost(f"appeared: {self._shown(one)}")
            return
        if versions[-1]["state"] != state:
            self._lost(f"changed: the record had {versions[-1]['state']} after {self._shown(one)}")
        if self._last(one, "taken_down", "restored") == "taken_down":
            self._lost(f"restored: {self._shown(one)}")
        moves = [event for event in self._of("moved") if event["crawl"] <= one.crawl]
        known = json.loads(moves[-1]["detail"])["to_url"] if moves else self._of("appeared")[0]["url"]
        if not known.endswith(path):
            self._lost(f"moved: the record had {known} after {self._shown(one)}")

    def _lists(self, one: Pass) -> None:
        """Two healthy passes in a row that read it tell whether the section lists it, after one that said otherwise."""
        if not one.healthy or len({shown.listed for shown in one.lists}) != 1:
            return
        listed, said = self.number in one.lists[0].listed, self._last(one, "delisted", "relisted")
        self.listings.append(listed)
        if self.listings[-2:] == [True, True] and said == "delisted":
            self._lost(f"relisted: {self._shown(one)}")
        if self.listings[-3:] == [True, False, False] and said != "delisted":
            self._lost(f"delisted: {self._shown(one)}")

    def _last(self, one: Pass, *kinds: str) -> str:
        said = [event["kind"] for event in self._of(*kinds) if event["crawl"] <= one.crawl]
        return str(said[-1]) if said else ""

    def ends_as_the_world_is(self) -> None:
        """At rest, the record says what the portal shows."""
        status = self.row["status"]
        if status != ("live" if self.item.live else "taken_down"):
            self._lost(f"it is {status} in the record, and {'live' if self.item.live else 'gone'} in the world")
        if not self.item.live:
            return
        if not self.row["url"].endswith(self.item.path):
            self._lost(f"it stands at {self.item.path}; the record has {self.row['url']}")
        current = self.judge.state(self.row["current_version"])
        if current != state_of(self.item.paper):
            self._lost(f"it says {state_of(self.item.paper)}; the record has {current}")


def seconds(text: str) -> float:
    """A time of the record as seconds since the epoch."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def united(verdicts: Iterable[Verdict]) -> Verdict:
    """The sum of several."""
    total = Verdict()
    for verdict in verdicts:
        total.add(verdict)
    return total
