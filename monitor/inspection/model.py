"""What a check of a portal says, as frozen values that are JSON at once."""

from typing import Any, Literal

import msgspec

from crawler.page.provenance import Provenance

Verdict = Literal[
    "good", "fewer than before", "incomplete", "not reports", "no reports", "needs a browser", "section gone",
    "closed by robots.txt", "refused", "challenge", "no answer", "failed",
]  # fmt: skip
"""From best to worst; what each means and what to do about it: docs/portals.md."""

LABELS: dict[Verdict, str] = {
    "good": "正常", "fewer than before": "比上次少", "incomplete": "未读完", "not reports": "打开的不是年报", "no reports": "未见年报",
    "needs a browser": "须用浏览器", "section gone": "栏目已失效", "closed by robots.txt": "robots 禁止", "refused": "拒绝访问",
    "challenge": "人机验证", "no answer": "无法连接", "failed": "检查失败",
}  # fmt: skip


class Judged(msgspec.Struct, frozen=True):
    """A verdict, why, and what to do."""

    verdict: Verdict
    why: str = ""
    remedy: str = ""


class SectionFound(msgspec.Struct, frozen=True):
    """One configured section, its year columns taken together."""

    url: str
    judged: Judged
    complete: bool
    pages: int
    links: int
    """Report links."""
    columns: int = 0
    """Year columns that were read besides it."""
    is_report: bool = False
    status: int = 0


class LinkFound(msgspec.Struct, frozen=True):
    """A report link that a section lists."""

    url: str
    title: str
    date: str = ""
    year: int | None = None


class ReportFound(msgspec.Struct, frozen=True):
    """A report that was opened and read."""

    url: str
    title: str
    organ: str
    year: int | None
    published_on: str
    source: str
    """来源, as printed."""
    characters: int
    figures: int
    """Codes of the statutory tables that have a number."""
    attachments: int
    where: Provenance = Provenance()
    missing: tuple[str, ...] = ()
    """What a reader would expect of it and nobody found."""


class Compared(msgspec.Struct, frozen=True):
    """The links found now against those of last time."""

    since: str
    """When that was, UTC."""
    origin: Literal["record", "check"]
    before: int
    new: int
    lost: tuple[LinkFound, ...]
    """Listed then, not now, though the sections were read to their ends."""


class HostFound(msgspec.Struct, frozen=True):
    """A host of the portal, as it answered."""

    host: str
    scheme: str
    tls: str = ""
    """What is wrong with its certificate or protocol; empty: nothing, or it is plain HTTP."""


class Proposal(msgspec.Struct, frozen=True):
    """Where the section seems to be now."""

    sections: tuple[str, ...]
    family: str
    links: int
    why: str
    command: str
    """What takes it."""
    render: bool = False
    """It shows in a browser only."""


class Inspection(msgspec.Struct, frozen=True):
    """One portal, checked."""

    portal: str
    title: str
    family: str
    checked_at: str
    verdict: Verdict
    why: str
    remedy: str
    trouble: str
    sections: tuple[SectionFound, ...] = ()
    links: tuple[LinkFound, ...] = ()
    reports: tuple[ReportFound, ...] = ()
    unread: tuple[dict[str, Any], ...] = ()
    findings: tuple[dict[str, Any], ...] = ()
    hosts: tuple[HostFound, ...] = ()
    notes: tuple[str, ...] = ()
    """What is no fault, and worth knowing."""
    compared: Compared | None = None
    proposal: Proposal | None = None
    requests: int = 0
    seconds: float = 0.0
    policy: dict[str, Any] = {}
    verified: str = ""
    """As its file says."""

    @property
    def good(self) -> bool:
        return self.verdict == "good"
