"""A small world of portals on loopback, one of each kind, for `nianbao demo` and the tests.

    with World("yunxi", "wangjiang") as world:
        world.write_portals(home)
        site = world["yunxi"]
        item = site.find("云溪县人民政府", 2023)
        site.edit_digit(item)

Every portal has its own host (127.0.0.N) and port where the machine allows, and starts with the reports of `YEARS`.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from monitor.demo import layouts, shapes
from monitor.demo.acts import Portal
from monitor.demo.layouts import Layout
from monitor.demo.server import Web
from monitor.demo.text import Extras, title_of, write_paper

YEARS = (2020, 2021, 2022, 2023, 2024)


class Kind(NamedTuple):
    """A portal of the world: who it is, how it is laid out, and who reports on it."""

    title: str
    layout: type[Layout]
    region: str
    organs: tuple[str, ...]
    note: str


KINDS: dict[str, Kind] = {
    "yunxi": Kind(
        "云溪县人民政府", layouts.Trs, "990101",
        ("云溪县人民政府", "云溪县人民政府办公室", "云溪县财政局"),
        "TRS: rows and page count written by script; a Traditional view under /gate/big5",
    ),
    "wangjiang": Kind(
        "望江区人民政府", layouts.Hanweb, "990202", ("望江区人民政府", "望江区教育局", "望江区水利局", "望江区民政局"),
        "Hanweb: embedded records, dataproxy.jsp for the rest",
    ),
    "linhe": Kind(
        "临河市人民政府", layouts.Hanweb, "990203", ("临河市人民政府",), "Hanweb with the layout tables of old days",
    ),
    "nanzhou": Kind(
        "南洲区人民政府", layouts.Gkmlpt, "990303", ("南洲区人民政府", "南洲区司法局"),
        "gkmlpt: everything by its interface",
    ),
    "haitang": Kind("海棠区人民政府", layouts.Nfcms, "990304", ("海棠区人民政府", "海棠区审计局"), "NFCMS columns"),
    "qingshi": Kind(
        "青石县人民政府", layouts.Generic, "990401", ("青石县人民政府", "青石县林业局"),
        "an unknown CMS: ?page=, GB18030 under a header that says utf-8",
    ),
    "baishui": Kind(
        "白水县人民政府", layouts.LoadMore, "990402", ("白水县人民政府", "白水县商务局"), "a button loads more",
    ),
    "songling": Kind("松岭区人民政府", shapes.Overwritten, "990501", ("松岭区人民政府",), "the column is the report"),
    "heping": Kind(
        "和坪区城市管理指挥中心", shapes.AllYears, "990502", ("和坪区城市管理指挥中心",), "every year on one page",
    ),
    "taihe": Kind("泰禾市人民政府", shapes.Query, "990601", ("泰禾市人民政府",), "a query address by {year}"),
    "kunyang": Kind(
        "昆阳市人民政府", shapes.Topic, "990701", ("昆阳市人民政府", "昆阳市统计局"),
        "a special topic with a directory a year",
    ),
    "xinglin": Kind("杏林区人民政府", shapes.Rendered, "990801", ("杏林区人民政府",), "a list that a script writes"),
}  # fmt: skip


class World:
    """Some of `KINDS` (all but the rendered one, if none is named), served until the context ends.

    `empty` starts without any report; `validators` lets every portal answer conditional requests (and be without
    noise). `yunxi2` is a second portal of the kind of `yunxi`. `web`: what serves them, if not sockets.
    """

    def __init__(
        self, *names: str, seed: int = 7, empty: bool = False, validators: bool = False, web: Web | None = None
    ) -> None:
        self.seed = seed
        self._web = Web() if web is None else web
        self.portals: dict[str, Portal] = {}
        for name in names or tuple(name for name in KINDS if name != "xinglin"):
            kind = KINDS[base(name)]
            organ = kind.organs[0] if len(kind.organs) == 1 else ""
            site = Portal(name, kind.title, kind.layout(), region=kind.region, organ=organ)
            site.validators, site.big5 = validators, base(name) == "yunxi"
            site.redesigned = base(name) == "linhe"
            if base(name) == "qingshi":
                site.set_encoding("gb18030", header="utf-8", meta="gb2312")
            self.portals[name] = site

        self._empty = empty

    def __enter__(self) -> "World":
        self._web.__enter__()
        for number, site in enumerate(self.portals.values(), 2):
            site.start(self._web, self._web.host(number, site.name))
            if not self._empty:
                self.fill(site)
        return self

    def __exit__(self, *error: object) -> None:
        self._web.__exit__(*error)

    def __getitem__(self, name: str) -> Portal:
        return self.portals[name]

    def __iter__(self) -> Iterator[Portal]:
        return iter(self.portals.values())

    def fill(self, site: Portal, years: tuple[int, ...] = YEARS, organs: int = 9) -> None:
        """Publishes the reports of its organs (the first so many) for `years`; some with a document, some with a
        picture."""
        old = (2016, 2017, 2018) if isinstance(site.layout, shapes.AllYears) else ()
        for year in (*old, *years):
            for place, organ in enumerate(KINDS[base(site.name)].organs[:organs]):
                extras = _extras(year + place) if not site.layout.holds_reports else "none"
                title = title_of(organ, year, year + place)
                size = 24 if organ.endswith("人民政府") else 3
                site.publish(write_paper(organ, year, seed=self.seed, size=size, title=title, extras=extras))

    def write_portals(
        self, home: Path, *, confirmations: int = 2, after: str = "1h", lines: tuple[str, ...] = ()
    ) -> tuple[str, ...]:
        """Writes HOME/portals/NAME.toml for each portal; `lines` go before [policy]. Returns their names."""
        for site in self:
            self.write_portal(home, site, confirmations, after, lines)
        return tuple(self.portals)

    def write_portal(
        self, home: Path, site: Portal, confirmations: int = 2, after: str = "1h", lines: tuple[str, ...] = ()
    ) -> None:
        """Writes HOME/portals/NAME.toml of one portal."""
        folder = home / "portals"
        folder.mkdir(parents=True, exist_ok=True)
        text = portal_file(site, confirmations, after, lines)
        (folder / f"{site.name}.toml").write_text(text, encoding="utf-8")


def base(name: str) -> str:
    """The kind of a portal: `yunxi` of `yunxi2`."""
    return name.rstrip("0123456789")


def _extras(number: int) -> Extras:
    """One in four comes with a document, one in five with a picture."""
    return "document" if number % 4 == 0 else "picture" if number % 5 == 0 else "none"


def portal_file(site: Portal, confirmations: int = 2, after: str = "1h", lines: tuple[str, ...] = ()) -> str:
    """The portal file that reads `site`."""
    keys: dict[str, object] = {
        "title": site.title,
        "family": site.layout.family,
        "sections": [site.section],
        "organ": site.organ,
        "region": site.region,
        "level": site.level,
        "render": isinstance(site.layout, shapes.Rendered),
    }
    # JSON's strings, lists and booleans are TOML's too.
    head = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    policy = ["[policy]", "delay = 0.0", "concurrency = 4", "allow_private = true"]
    policy += [f"takedown_confirmations = {confirmations}", f'takedown_after = "{after}"']
    return "\n".join([*head, *lines, "", *policy, ""])
