"""docs/built-in-portals.md, written from the portal files: `python -m tests.portal_table` (`make portals-table`)."""

import re
from pathlib import Path

from crawler.portal import Portal
from tests.portal_pages import PORTALS, load, source_of

PAGE = Path(__file__).parents[1] / "docs" / "built-in-portals.md"
PROVINCES = {
    "00": "国务院部门", "11": "北京", "12": "天津", "13": "河北", "14": "山西", "15": "内蒙古",
    "21": "辽宁", "22": "吉林", "23": "黑龙江", "31": "上海", "32": "江苏", "33": "浙江",
    "34": "安徽", "35": "福建", "36": "江西", "37": "山东", "41": "河南", "42": "湖北",
    "43": "湖南", "44": "广东", "45": "广西", "46": "海南", "50": "重庆", "51": "四川",
    "52": "贵州", "53": "云南", "54": "西藏", "61": "陕西", "62": "甘肃", "63": "青海",
    "64": "宁夏", "65": "新疆",
}  # fmt: skip
"""By the first two digits of the region."""

_HEAD = """# Built-in portals

Written by `make portals-table` from `crawler/portals/`: do not edit.

{count} portals of {provinces}.

- *How sure*: **seen**: the section's address, or a report right below it, stands in a public source; **inferred**: the address
  follows from others by its system's rule. The first lines of each file say more.
- *Verified*: the day on which somebody last saw the portal work; — for one that nobody did. Run `nianbao portals check NAME`
  before you rely on one.
"""
_ROW_HEAD = "| portal | name | family | region | level | section | how sure | verified |\n| --- | --- | --- | --- | --- | --- | --- | --- |"


def text() -> str:
    """The page as it should be."""
    portals = sorted(map(load, PORTALS), key=lambda portal: (portal.region, portal.name))
    provinces = list(dict.fromkeys(portal.region[:2] for portal in portals))
    departments = int("00" in provinces)
    where = f"{len(provinces) - departments} province-level regions" + (
        " and of the State Council" if departments else ""
    )
    parts = [_HEAD.format(count=len(portals), provinces=where)]
    for province in provinces:
        own = [portal for portal in portals if portal.region[:2] == province]
        parts.append("\n".join([f"## {PROVINCES[province]}\n", _ROW_HEAD, *map(row, own)]) + "\n")
    return "\n".join(parts)


def row(portal: Portal) -> str:
    """A portal's line."""
    sections = "<br>".join(f"`{section}`" for section in portal.sections)
    state = (portal.verified or "—") + ("" if portal.enabled else " (off)")
    cells = (
        portal.title,
        f"`{portal.name}`",
        portal.family,
        portal.region,
        portal.level,
        sections,
        sure(portal.name),
        state,
    )
    return f"| {' | '.join(cells)} |"


def sure(name: str) -> str:
    """`seen` or `inferred`, as the first of the two words in the file's comment says."""
    comment = "\n".join(line for line in source_of(name).splitlines() if line.startswith("#"))
    found = re.search(r"\b(?:seen|inferred)\b", comment, re.I)
    return found[0].lower() if found else "?"


if __name__ == "__main__":
    PAGE.write_text(text(), "utf-8")
