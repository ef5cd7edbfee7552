"""The story that all tools watch: one act a day on two portals of the demo world, and what of it is true.

In: a world. Out: the days, each with what it does and the `Truth`s that follow from it. The labels come from the acts alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from monitor.demo.acts import Portal
from monitor.demo.site import Item
from monitor.demo.text import write_paper
from monitor.demo.world import World

PORTALS = ("yunxi", "haitang")
SELECTORS = {"yunxi": ("#mainText", "ul.list"), "haitang": ("#zoomcon", "ul.list_con")}
"""What a user would pick on a report page and on the section at the time of setting up."""

Kind = Literal["changed", "taken_down", "restored", "appeared", "delisted", "relisted", "moved"]


@dataclass(frozen=True)
class Truth:
    """Something that happened to a report. `urls`: addresses at which a tool that watches addresses could notice."""

    kind: Kind
    organ: str
    year: int
    urls: frozenset[str]
    words: str

    @property
    def key(self) -> tuple[str, str, int]:
        return self.kind, self.organ, self.year


@dataclass(frozen=True)
class Day:
    """What happens between two passes."""

    words: str
    do: Callable[[], list[Truth]]


def _nothing() -> list[Truth]:
    return []


class Story:
    """The days of one world."""

    def __init__(self, world: World) -> None:
        self.yunxi, self.haitang = world["yunxi"], world["haitang"]

    def days(self) -> list[Day]:
        yun, hai = self.yunxi, self.haitang
        government = yun.find("云溪县人民政府", 2023)
        finance, office = yun.find("云溪县财政局", 2021), yun.find("云溪县人民政府办公室", 2022)
        audit, district = hai.find("海棠区审计局", 2020), hai.find("海棠区人民政府", 2022)
        with_document = [item for item in (*yun.items, *hai.items) if item.paper.documents]
        swapped, resaved = with_document[0], with_document[-1]
        newest = max(yun.items, key=lambda item: (item.paper.year, item.paper.published_on))
        addresses: dict[int, set[str]] = {}
        owner = {id(item): site for site in (yun, hai) for item in site.items}

        def act(kind: Kind, item: Item, words: str, do: Callable[[], object], *more: str) -> Callable[[], list[Truth]]:
            def done() -> list[Truth]:
                # A tool that watches an old address sees what it redirects to.
                urls = addresses.setdefault(id(item), {address(owner[id(item)], item)})
                do()
                urls.add(address(owner[id(item)], item))
                return [Truth(kind, item.paper.organ, item.paper.year, frozenset((*urls, *more)), words)]

            return done

        def quiet(do: Callable[[], object]) -> Callable[[], list[Truth]]:
            def done() -> list[Truth]:
                do()
                return []

            return done

        def migrate() -> list[Truth]:
            truths = []
            for item in [item for item in hai.items if item.gone is None]:
                truths += act("moved", item, "", lambda item=item: hai.move(item, "301"), hai.section)()  # type: ignore[misc]
            return truths

        def publish() -> list[Truth]:
            item = yun.publish(write_paper("云溪县财政局", 2019, seed=7, size=3))
            urls = frozenset(
                (address(yun, item), *(f"{yun.section}index{page}.html" for page in ("", "_1", "_2", "_3")))
            )
            return [Truth("appeared", "云溪县财政局", 2019, urls | {yun.section}, "a past year's report is published")]

        return [
            Day("counters, weather and dates tick", _nothing),
            Day("one digit of a report", act("changed", government, "one digit edited", lambda: yun.edit_digit(government))),
            Day("an outage of a day (503)", quiet(lambda: yun.start_outage("503"))),
            Day("it is over", quiet(yun.end_outage)),
            Day("a firewall's challenge for a day (412)", quiet(lambda: hai.start_outage("412"))),
            Day("it is over", quiet(hai.end_outage)),
            Day("one character of a report", act("changed", district, "one character edited", lambda: hai.edit_char(district))),
            Day("a PDF is swapped behind its link", act(
                "changed", swapped, "a PDF swapped behind its link", lambda: owner[id(swapped)].replace_document(swapped)
            )),
            Day("another is saved again, its text unchanged", quiet(lambda: owner[id(resaved)].resave_document(resaved))),
            Day("a report is removed: 'no such page' with status 200", act(
                "taken_down", finance, "removed, soft 404", lambda: yun.take_down(finance, "soft404"), yun.section
            )),
            Day("another: redirect to the home page", act(
                "taken_down", audit, "removed, redirect to the home page", lambda: hai.take_down(audit, "home"), hai.section
            )),
            Day("another: 404", act("taken_down", office, "removed, 404", lambda: yun.take_down(office, "404"), yun.section)),
            Day("counters tick", _nothing),
            Day("the redesign of a portal", quiet(yun.redesign)),
            Day("one character, after the redesign", act(
                "changed", government, "one character edited after a redesign", lambda: yun.edit_char(government)
            )),
            Day("a report in Traditional script", quiet(lambda: yun.to_traditional(government))),
            Day("and back", quiet(lambda: yun.to_traditional(government, False))),
            Day("a past year's report is published", publish),
            Day("a report is taken off the list only", act(
                "delisted", newest, "taken off the list only", lambda: yun.hide_from_list(newest), yun.section
            )),
            Day("all addresses of a portal move, with 301", migrate),
            Day("one digit, after the move", act(
                "changed", district, "one digit edited after the move", lambda: hai.edit_digit(district)
            )),
            Day("another encoding", quiet(lambda: hai.set_encoding("gb18030"))),
            Day("a login page for a day", quiet(lambda: hai.start_outage("login"))),
            Day("it is over", quiet(hai.end_outage)),
            Day("a removed report is back", act("restored", finance, "restored", lambda: yun.restore(finance), yun.section)),
            Day("page 2 of a section fails", quiet(lambda: yun.fail_page(2))),
            Day("it is over", quiet(lambda: yun.fail_page(2, None))),
            Day("counters tick", _nothing),
        ]  # fmt: skip


def address(site: Portal, item: Item) -> str:
    """The full address of an item."""
    return site.url + item.path
