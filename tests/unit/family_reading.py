"""What the tests of the families share: a list page, read as a pass reads it, without network."""

from collections import deque
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from crawler import families
from crawler.families.base import Listing, ListPage, Step

TITLE = "甲县人民政府{}年政府信息公开工作年度报告"


def read(family: str, url: str, text: str, step: Step | None = None, section: str = "", **more: Any) -> ListPage:
    """One answer."""
    asked = step or families.get(family).first(url)
    listing = Listing(url=asked.url, text=text, step=asked, section=section or url, this_year=2026, **more)
    return families.get(family).read(listing)


def urls(page: ListPage, kind: str = "report") -> list[str]:
    return [link.url for link in page.links if link.kind == kind]


def row(url: str, title: str, date: str = "") -> str:
    return f'<li><a href="{url}">{title}</a><span>{date}</span></li>'


class Walked(msgspec.Struct):
    """A list, read to its end or to why not."""

    links: list[str] = []
    problems: list[str] = []
    asked: list[Step] = []

    @property
    def complete(self) -> bool:
        return not self.problems


def walk(family: str, url: str, answer: Callable[[Step], str], most: int = 40) -> Walked:
    """Follows a list as `crawler.sections` does: its steps, its problems, rows against what is expected, pages that repeat."""
    kind, done = families.get(family), Walked()
    waiting = deque([kind.first(url)])
    seen: set[tuple[str, ...]] = set()
    known: set[tuple[Any, ...]] = set()
    annual, rows, expected, pages = False, 0, None, None
    while waiting and len(done.asked) < most:
        step = waiting.popleft()
        if (identity := (step.url, step.form, step.json)) in known:
            continue
        known.add(identity)
        done.asked.append(step)
        page = kind.read(Listing(step.url, answer(step), step, url, None, 2026, annual, pages))
        annual |= page.annual
        pages = page.pages or pages
        rows += page.listed or len(page.rows)
        expected = page.expected if page.expected is not None else expected
        if page.problem:
            done.problems.append(page.problem)
        if step.number and page.rows and page.rows in seen:
            done.problems.append("a page repeats an earlier one")
            break
        seen.add(page.rows)
        done.links += [link.url for link in page.links if link.url not in done.links]
        waiting.extend(page.next)
    if not done.problems and expected is not None and rows < expected:
        done.problems.append(f"{rows} of {expected}")
    if waiting:
        done.problems.append("no end")
    return done


def query(step: Step) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(step.url).query, keep_blank_values=True))


def form(step: Step) -> dict[str, str]:
    return dict(step.form or ())
