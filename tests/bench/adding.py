"""`portals add` on the built-in portals' saved pages: how often it proposes the family and the section that their files name.

    python -m tests.bench.adding [NAME…]

Each portal's saved list and report pages are served under their real addresses by a proxy on loopback, everything else of it
is missing. The survey starts once from the section and once from a report. Prints a line for each portal and the rates.
"""

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crawler import families
from crawler.families.base import Step
from crawler.loader import load_portal
from crawler.page.address import twin_of
from crawler.portal import BUILT_IN, Policy, Portal
from crawler.scout import expected
from crawler.scout.survey_model import Order, Survey
from monitor.scouting import scout
from tests.e2e.country import Country, Reply

SAVED = Path(__file__).parents[1] / "portals"
NOW = "2026-02-10T00:30:00Z"


def plain(url: str) -> str:
    """An address as the proxy serves it: over http, whatever the portal speaks."""
    return urlsplit(url)._replace(scheme="http").geturl()


def publish(country: Country, name: str) -> tuple[str, str]:
    """Serves a portal's saved pages. A section's and a report's address ("" if none is saved)."""
    portal, folder = load_portal(BUILT_IN / f"{name}.toml"), SAVED / name
    wanted = json.loads((folder / "expected.json").read_text("utf-8"))
    for entry in wanted["sections"]:
        _list(country, portal, folder, entry, families.get(portal.family).first(entry["url"]), None)
    for entry in wanted["reports"]:
        _put(country, entry["url"], entry, folder)
    reports = [entry["url"] for entry in wanted["reports"]]
    listed = {link["url"] for entry in wanted["sections"] for link in entry["links"]}
    report = next((url for url in reports if url in listed), "")
    return plain(wanted["sections"][0]["url"]), plain(report) if report else ""


def _list(country: Country, portal: Portal, folder: Path, entry: dict[str, Any], step: Step, before: Any) -> None:
    _put(country, entry.get("url") or step.url, entry, folder)
    _put(country, step.url, entry, folder)
    page = expected.read_list(portal, entry, (folder / entry["file"]).read_bytes(), step, 2026, before)
    then = entry.get("then") or []
    for following, onward in zip(then if isinstance(then, list) else [then], page.next, strict=False):
        if following is not None:
            section = entry.get("section") or entry.get("url") or step.url
            _list(country, portal, folder, {"section": section, **following}, onward, page)


def _put(country: Country, url: str, entry: dict[str, Any], folder: Path) -> None:
    parts = urlsplit(url)
    body = (folder / entry["file"]).read_bytes().replace(b"https://", b"http://")
    reply = Reply(body, headers={"Content-Type": entry.get("content_type", "text/html")})
    key = f"{parts.netloc}{parts.path}"
    before = country.pages.get(key)
    if parts.query and callable(before):
        earlier = before
        country.pages[key] = lambda query: reply if query == parts.query else earlier(query)
    elif parts.query and before is None:
        country.pages[key] = lambda query: reply
    else:
        country.pages[key] = reply


@contextlib.contextmanager
def served(names: list[str]) -> Iterator[tuple[Country, dict[str, tuple[str, str]]]]:
    """All portals behind one proxy."""
    with Country() as country:
        yield country, {name: publish(country, name) for name in names}


def main(names: list[str]) -> None:
    """Surveys, and prints what came of it."""
    names = names or sorted(path.name for path in SAVED.iterdir() if (BUILT_IN / f"{path.name}.toml").exists())
    right: Counter[str] = Counter()
    with served(names) as (country, starts):
        orders: dict[int, tuple[str, str]] = {}
        asked = []
        for name in names:
            for how, url in zip(("section", "report"), starts[name], strict=True):
                if url:
                    order = Order(url, NOW, "nianbao bench", Policy(delay=0.0), proxy=country.url, requests=30)
                    asked.append(order)
                    orders[id(order)] = (name, how)
        with contextlib.closing(scout(asked, parallel=2)) as surveys:
            for order, survey in surveys:
                name, how = orders[id(order)]
                family, section = judge(name, survey)
                right.update(
                    [f"{how} asked", *([f"{how} family"] if family else []), *([f"{how} section"] if section else [])]
                )
                if not (family and section):
                    wanted = load_portal(BUILT_IN / f"{name}.toml")
                    told = survey.portal.sections[0] if survey.portal else survey.trouble
                    print(
                        f"{name} from its {how} {order.url}: {survey.outcome}, {survey.family} for {wanted.family}, {told}"
                    )
    for key, count in sorted(right.items()):
        print(f"{key}: {count}")


def judge(name: str, survey: Survey) -> tuple[bool, bool]:
    """Whether a survey proposes the family and one of the sections that the portal's file names."""
    wanted = load_portal(BUILT_IN / f"{name}.toml")
    if survey.portal is None:
        return False, False
    sections = {twin_of(section.replace("{year}", "2023")) for section in wanted.sections}
    saved = json.loads((SAVED / name / "expected.json").read_text("utf-8"))["sections"]
    sections |= {twin_of(entry["url"]) for entry in saved}
    proposed = {twin_of(section.replace("{year}", "2023")) for section in survey.portal.sections}
    return survey.portal.family == wanted.family, bool(sections & proposed)


if __name__ == "__main__":
    main(sys.argv[1:])
