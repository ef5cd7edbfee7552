"""Which organ a printed name means, and whose report a page carries. Pure.

An organ is printed in many ways (临海市, 临海市人民政府, 浙江省临海市人民政府) and may be renamed; 某某人民政府 and
某某人民政府办公室 are two organs with two reports, however alike their names are. A name that was read through a converter
between scripts (数据局 as 資料局, 乾县 as 乾縣 and then 干县) is the same organ's: names are folded for comparing, on both sides
alike, and never for storing.
"""

import re
from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec

from crawler.page.chinese import plain
from crawler.portal import OrganKind
from monitor import regional

_REGION_END = re.compile(r".*(?:省|市|区|县|旗|州|盟|新区|特别行政区)")
_TOWNSHIP = re.compile(r".*(?:镇|乡|街道|苏木|街道办事处|(?:镇|乡|街道|苏木)(?:人民政府|办事处|党政办公室|办公室))")
_OFFICE = re.compile(r".*(?:人民政府|州|市|县|区|旗)办公[室厅].*|.*政府办公[室厅]|.*政府办")
_SHORT_GOVERNMENT = re.compile(r"(?<=[省市区县旗州盟镇乡])政府(?=$|办)")
_TAIL = re.compile(r"(?:本级|\(本级\)|本机关|的)$")
_LEAST_SUFFIX = 5
"""A name that another ends with is the same organ's only if it is this long: 办公室 and 人民政府 end many."""


class OrganRow(msgspec.Struct, frozen=True):
    """An organ of the record. `aliases` are other names, as printed."""

    id: int
    name: str
    aliases: tuple[str, ...] = ()
    kind: OrganKind = "department"
    since: int | None = None
    until: int | None = None
    declared: bool = False


@lru_cache(maxsize=65536)
def organ_name(printed: str) -> str:
    """A printed name in the form that is stored: Simplified, no white space, the government spelt out.

    `临海市` → `临海市人民政府`; `临海市政府办公室` → `临海市人民政府办公室`.
    """
    name = _TAIL.sub("", plain(printed).upper() if printed.isascii() else plain(printed))
    name = _SHORT_GOVERNMENT.sub("人民政府", name)
    if _REGION_END.fullmatch(name):
        name += "人民政府"
    return name


@lru_cache(maxsize=65536)
def organ_key(printed: str) -> str:
    """A name in the form that all its conversions between scripts share, regional words included. For comparing only."""
    return regional.across(organ_name(printed))


def kind_of(name: str) -> OrganKind:
    """What kind of organ a name is. A 中心, 站 or other body of unknown kind counts as a department."""
    name = organ_name(name)
    if _TOWNSHIP.fullmatch(name):
        return "township"
    if name.endswith("人民政府"):
        return "government"
    if _OFFICE.fullmatch(name):
        return "office"
    return "department"


def same_organ(one: str, other: str) -> bool:
    """Whether two names (already `organ_name`s) mean one organ on one portal: equal, or one with its region before it."""
    short, long = sorted((organ_key(one), organ_key(other)), key=len)
    if short == long:
        return True
    return len(short) >= _LEAST_SUFFIX and long.endswith(short) and kind_of(one) == kind_of(other)


def find_organ(printed: str, organs: Iterable[OrganRow]) -> OrganRow | None:
    """The organ that a printed name means, or None if it is a new one. An exact match wins over a converted name, and
    that over a suffix."""
    return Organs(organs).find(printed)


class Organs:
    """Organs that printed names are looked up among (`find_organ`): of many names, each costs the same however many organs a
    portal has. The first one added wins among equals."""

    def __init__(self, organs: Iterable[OrganRow] = ()) -> None:
        self._organs: list[OrganRow] = []
        self._by_name: dict[str, int] = {}
        self._unfolded: list[tuple[str, int]] = []
        """Names and places whose keys nobody needed yet: folding is not cheap."""
        self._by_key: dict[str, list[tuple[int, str]]] = {}
        self._backwards: list[str] = []
        """Keys from their ends, sorted: those that end alike stand together."""
        for organ in organs:
            self.add(organ)

    def add(self, organ: OrganRow) -> None:
        """One more to be found."""
        names = [organ_name(known) for known in (organ.name, *organ.aliases)]
        for name in names:
            self._by_name.setdefault(name, len(self._organs))
            self._unfolded.append((name, len(self._organs)))
        self._organs.append(organ)

    def find(self, printed: str) -> OrganRow | None:
        """As `find_organ`."""
        name = organ_name(printed)
        place = self._by_name.get(name)
        if place is None:
            self._fold()
            converted = self._by_key.get(organ_key(printed), ())
            place = min((known for known, _ in converted), default=None)
        if place is None:
            place = min(
                (known for known, other in self._close(organ_key(name)) if same_organ(name, other)), default=None
            )
        return None if place is None else self._organs[place]

    def _close(self, key: str) -> Iterator[tuple[int, str]]:
        """Those whose keys end with this one, or this with theirs."""
        yield from self._by_key.get(key, ())
        if len(key) < _LEAST_SUFFIX:
            return
        for start in range(1, len(key) - _LEAST_SUFFIX + 1):
            yield from self._by_key.get(key[start:], ())
        end = key[::-1]
        for place in range(bisect_right(self._backwards, end), len(self._backwards)):
            if not self._backwards[place].startswith(end):
                break
            yield from self._by_key[self._backwards[place][::-1]]

    def _fold(self) -> None:
        for name, place in self._unfolded:
            key = organ_key(name)
            if key not in self._by_key:
                insort(self._backwards, key[::-1])
            self._by_key.setdefault(key, []).append((place, name))
        self._unfolded.clear()


def one_organ(names: Sequence[str], years: Sequence[int | None]) -> bool:
    """Whether the reports of one page are one organ's under successive names.

    They are when no year stands twice among different names, and the names are of one kind.
    """
    distinct = {organ_key(name): name for name in names if name}
    if len(distinct) < 2:
        return True
    kinds = {kind_of(name) for name in distinct.values()}
    per_year: dict[int | None, set[str]] = {}
    for name, year in zip(names, years, strict=True):
        per_year.setdefault(year, set()).add(organ_key(name))
    return len(kinds) == 1 and all(len(named) == 1 for named in per_year.values())
