"""Asks for pages within a survey's budget: each address once, every answer noted, redirects to sibling hosts followed.

In: addresses and steps. Out: `Answer`s of `crawler.fetching.Fetcher`, which sees to robots.txt, the guard and the delay.
Raises `Spent` when the budget of requests or time is used up, and for nothing that a portal does.
"""

import json
import time
from collections.abc import Callable
from urllib.parse import urljoin

import msgspec

from crawler.families.base import Step
from crawler.fetching import Answer, Fetcher
from crawler.page.address import host_of, normalise
from crawler.page.model import Severity
from crawler.scout.reach import Reach
from crawler.scout.survey_model import Note, Order, Told, Tried

_MOST_NOTES = 40


class Spent(Exception):
    """The budget is used up; the message says which one."""


class Asker:
    """One survey's requests. `ask_step` is how a list's step is sent (the crawl's own way)."""

    def __init__(
        self, fetcher: Fetcher, reach: Reach, order: Order, tell: Callable[[Told], None], rendering: bool = False
    ) -> None:
        """`rendering`: pages, not the steps of lists, are opened in a browser."""
        self._rendering = rendering
        self.fetcher = fetcher
        self.reach = reach
        self._order = order
        self._tell = tell
        self._answers: dict[str, Answer] = {}
        self._until = time.monotonic() + order.seconds
        self.reserve = 0
        """Requests that whoever asks now must leave to others."""
        self.challenges = 0
        """Answers that were challenges or refusals of a firewall."""
        self.tried: list[Tried] = []
        self.notes: dict[tuple[str, str], Note] = {}

    def note(self, rule: str, severity: Severity, detail: str) -> None:
        """Notes something for the operator, once."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.setdefault((rule, detail), Note(rule, severity, detail))

    def says(self, answer: Answer, what: str) -> None:
        """Notes that an answer turned out to be something else."""
        self.tried = [
            msgspec.structs.replace(one, said=what) if one.url == answer.asked and one.status == answer.status else one
            for one in self.tried
        ]

    def pardon(self, answer: Answer) -> None:
        """What was taken for a challenge turned out to be none."""
        self.challenges -= 1
        for key in [key for key in self.notes if key[0] == "challenge" and f"{answer.url} " in key[1]]:
            del self.notes[key]

    def said(self, answer: Answer, why: str, what: str) -> None:
        """Notes what an answer turned out to be."""
        final = answer.url if answer.url != answer.asked else ""
        if any(one.url == answer.asked and one.status == answer.status for one in self.tried):
            return  # it was looked at before, for another reason
        self.tried.append(Tried(answer.asked, why, what, answer.status, final))

    async def page(self, url: str) -> Answer:
        """A page. A redirect to a sibling host is followed, and told; one to any other host is told."""
        answer = await self.step(Step(normalise(url)))
        for _ in range(3):
            refusal = answer.refusal
            if refusal is None or refusal.rule != "off_host_redirect":
                break
            target = _target(answer)
            if not target or not self.reach.admit(target):
                self.note(
                    "new_host",
                    "warning",
                    f"{answer.asked} sends its readers to {host_of(target) or 'nowhere'}, which is no host of the same authority; "
                    f"if that is the portal's new address: nianbao portals add {target}",
                )
                break
            self.note("new_host", "info", f"{answer.asked} sends its readers to {target}: that host is read too")
            again = await self.step(Step(target))
            again.asked = answer.asked
            answer = again
        return answer

    async def step(self, step: Step) -> Answer:
        """The answer to a step, asked for once in a survey."""
        render = self._rendering and step.form is None and not step.json and not step.state
        key = json.dumps([step.url, step.form, step.json, render])
        if (known := self._answers.get(key)) is not None:
            return known
        left = self._order.requests - self.fetcher.requests - self.reserve
        if left <= 0:
            raise Spent(f"the {self._order.requests} requests of a survey are used up")
        if time.monotonic() > self._until:
            raise Spent(f"the {self._order.seconds:g} seconds of a survey are used up")
        self._tell(Told(step.url, self.fetcher.requests, self._order.requests))
        answer = await send(self.fetcher, step, render=render)
        self._answers[key] = answer
        return answer


async def send(fetcher: Fetcher, step: Step, *, render: bool = False) -> Answer:
    """Sends a step as a pass does (crawler/sections.py)."""
    return await fetcher.fetch(step.url, form=step.form, json=step.json, headers=step.headers, render=render)


def _target(answer: Answer) -> str:
    """Where a redirect that was not followed leads, or ""."""
    try:
        return normalise(urljoin(answer.url, answer.location)) if answer.location else ""
    except (ValueError, UnicodeError):
        return ""
