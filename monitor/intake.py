"""A finished run folder as one value. In: a folder. Out: `Run`, or RunError that says what is wrong with it."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from crawler.observation import (
    JOB,
    OBSERVATIONS,
    RUN,
    AttachmentRead,
    FindingSeen,
    Job,
    LinkListed,
    Observation,
    PageRead,
    RunSummary,
    SectionLead,
    SectionRead,
)
from monitor.observed import Texts, on_disk
from monitor.times import format_utc, shift, to_utc

_LINE = msgspec.json.Decoder(Observation)
CLOCK_TOLERANCE = 600.0
"""Seconds that this machine's clock may differ from the portals' (rule 13)."""
_SHARED = ("section", "column", "url", "date")
"""Fields of a link that others have as well."""
_SOON = 600.0
"""Seconds after its end within which a pass is settled in the ordinary course of things."""


class RunError(RuntimeError):
    """A run folder that cannot be settled: it never finished, or a file in it is damaged."""


class Run(msgspec.Struct, frozen=True):
    """What one pass saw. Pages and attachments are by the address that was asked for. The texts of the pages' reports are read
    from the folder when they are asked for (monitor.observed)."""

    folder: Path
    job: Job
    summary: RunSummary
    sections: tuple[SectionRead, ...]
    links: tuple[LinkListed, ...]
    pages: dict[str, PageRead]
    attachments: dict[str, AttachmentRead]
    findings: tuple[FindingSeen, ...]
    leads: tuple[SectionLead, ...] = ()


def finished(folder: Path) -> bool:
    """Whether the pass got to its end: run.json is written last."""
    return (folder / RUN).exists()


def job_of(folder: Path) -> Job:
    """What a pass was told. Raises RunError."""
    try:
        return msgspec.json.decode((folder / JOB).read_bytes(), type=Job)
    except (OSError, msgspec.DecodeError) as error:
        raise RunError(f"{folder}: {error}") from error


def read_run(folder: Path) -> Run:
    """Raises RunError."""
    job = job_of(folder)
    try:
        summary = msgspec.json.decode((folder / RUN).read_bytes(), type=RunSummary)
    except (OSError, msgspec.DecodeError) as error:
        raise RunError(f"{folder}: {error}") from error
    if (summary.portal, summary.crawl) != (job.portal.name, job.crawl):
        raise RunError(
            f"{folder}: run.json is of {summary.portal} {summary.crawl}, job.json of {job.portal.name} {job.crawl}"
        )
    sections: list[SectionRead] = []
    links: list[LinkListed] = []
    pages: dict[str, PageRead] = {}
    attachments: dict[str, AttachmentRead] = {}
    findings: list[FindingSeen] = []
    leads: list[SectionLead] = []
    run = Run(folder, job, summary, (), (), {}, {}, ())
    for name in (JOB, OBSERVATIONS):
        check(run, name)
    texts = Texts(folder / OBSERVATIONS)
    share = dict[str, str]().setdefault  # equal words are held once
    for number, (place, line) in enumerate(_lines(folder), 1):
        try:
            seen = _LINE.decode(line)
        except msgspec.DecodeError as error:
            raise RunError(f"{folder / OBSERVATIONS}:{number}: {error}") from error
        match seen:
            case SectionRead():
                sections.append(seen)
            case LinkListed():
                same = {key: share(text, text) for key in _SHARED if (text := getattr(seen, key))}
                links.append(msgspec.structs.replace(seen, **same))
            case PageRead():
                url = share(seen.url, seen.url)
                pages[url] = msgspec.structs.replace(on_disk(seen, texts, place, line), url=url)
            case AttachmentRead():
                attachments[seen.url] = seen
            case FindingSeen():
                findings.append(seen)
            case SectionLead():
                leads.append(seen)
    return msgspec.structs.replace(
        run,
        sections=tuple(sections),
        links=tuple(links),
        pages=pages,
        attachments=attachments,
        findings=tuple(findings),
        leads=tuple(leads),
    )


class Moment(msgspec.Struct, frozen=True):
    """When a pass is settled."""

    now: str
    """UTC. A pass that is settled late (the disk was full, the machine was off) speaks of the time when it read: whose
    report is overdue, for one."""
    clock_ok: bool = True
    """False: the machine's clock contradicts the portal's, or itself; conclusions from time wait (rule 13)."""
    verified_at: str = ""
    """What time it was by the portal's clock, where the machine's is wrong."""


def moment_of(run: Run, now: str) -> Moment:
    """When a finished pass is settled, if the machine's clock says `now`. Raises RunError."""
    summary, begun = run.summary, run.job.now
    try:
        ended = to_utc(summary.finished_at)
        took = (ended - to_utc(summary.started_at)).total_seconds()
    except ValueError as error:
        raise RunError(f"{run.folder / RUN}: {error}") from error
    end = shift(begun, took if 0 <= took <= run.job.limits.pass_seconds else 0)
    offset = summary.clock_offset
    if now < begun:
        # The clock was set back since the pass was briefed: only the portal knows which of the two is right.
        return Moment(now, False, end if offset is None else shift(format_utc(ended), offset))
    now = now if now <= shift(end, _SOON) else end
    clock_ok = offset is None or abs(offset) <= CLOCK_TOLERANCE
    return Moment(now, clock_ok, now if clock_ok or offset is None else shift(now, offset))


def holds_a_response(folder: Path) -> bool:
    """Whether an unfinished run's folder shows that anything answered. Its last line may be torn."""
    try:
        return any(_answered(line) for _, line in _lines(folder))
    except RunError:
        return False


def _answered(line: bytes) -> bool:
    try:
        seen = _LINE.decode(line)
    except msgspec.DecodeError:
        return False
    # What a list lists is told before the list was read to its end.
    return (
        isinstance(seen, LinkListed)
        or (isinstance(seen, SectionRead) and seen.first_page)
        or (isinstance(seen, PageRead | AttachmentRead) and seen.reading not in ("blocked", "unreachable"))
    )


def check(run: Run, name: str) -> None:
    """Raises RunError unless a file of the folder is what the pass wrote."""
    path = run.folder / name
    expected = run.summary.files.get(name, "")
    try:
        if not expected and not path.exists():
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}") from error
    if expected and found != expected:
        raise RunError(f"{path}: is not what the pass wrote; the disk may be failing")


def _lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that say something, each with its place."""
    place = 0
    try:
        with (folder / OBSERVATIONS).open("rb") as file:
            for line in file:
                if said := line.removesuffix(b"\n"):
                    yield place, said
                place += len(line)
    except OSError as error:
        raise RunError(f"{folder}: {error}") from error
