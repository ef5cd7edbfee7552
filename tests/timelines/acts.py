"""What happens between two passes: one function an act. Each changes the world and says whether it could; labels follow from the
world (model.py), never from here.
"""

import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from monitor.demo import shapes
from monitor.demo.acts import Portal
from monitor.demo.lists import Row
from monitor.demo.site import Item
from monitor.demo.text import TABLES, Document, Paper, write_paper
from tests.timelines import truth
from tests.timelines.model import Model

GONE = (
    "404",
    "404",
    "410",
    "soft404",
    "deleted",
    "home",
    "section",
    "refresh",
    "script",
    "errorpage",
    "other",
    "offsite",
)
PAGE_OUTAGES = (
    "503", "500", "502", "403", "412", "521", "202", "login", "captcha", "reset", "truncate", "empty", "418", "429", "405"
)  # fmt: skip
SITE_OUTAGES = (*PAGE_OUTAGES, "robots", "refused", "stall", "upkeep", "nginx", "504", "401", "vanished")
LIST_OUTAGES = ("500", "404x", "412", "empty", "login", "captcha", "reset", "503")
CELLS = ("调研会", "培训班", "公开栏", "宣传册", "自查表", "台账本")


class Scene:
    """One portal on the stage: dice, world, model, and what has been arranged for later passes."""

    def __init__(self, site: Portal, model: Model, dice: random.Random, offline: bool) -> None:
        self.site, self.model, self.dice, self.offline = site, model, dice, offline
        self.later: list[tuple[int, Callable[[], None]]] = []
        self.number = 0
        self.calm = False
        """The next pass reads everything: acts that only one reading can tell are allowed."""
        self.pinned: set[int] = set()
        """Items (by id) that share a key with another: they stay where they are."""
        self.touched: set[int] = set()
        self.papers = 0
        self.now = datetime.min.replace(tzinfo=UTC)

    def item(self, want: Callable[[Item], bool] = lambda _: True) -> Item | None:
        """Some item that nothing was done to since the last pass."""
        found = [item for item in self.site.items if id(item) not in self.touched and want(item)]
        if not found:
            return None
        item = self.dice.choice(found)
        self.touched.add(id(item))
        return item

    def after(self, passes: int, end: Callable[[], None]) -> None:
        """Arranges the end of something."""
        self.later.append((self.number + passes, end))

    def due(self) -> None:
        """Ends what was to end by now."""
        for number, end in [one for one in self.later if one[0] <= self.number]:
            self.later.remove((number, end))
            end()


def live(item: Item) -> bool:
    return item.gone is None


# Edits ------------------------------------------------------------------------------------------------------------------


def digit_both(scene: Scene) -> bool:
    item = scene.item(
        lambda one: TABLES[1] in one.paper.paragraphs and "政府信息公开申请" in "".join(one.paper.prose())
    )
    if item is None:
        return False
    try:
        scene.site.edit_digit(item)
    except ValueError:
        return False
    return True


def digit_table(scene: Scene) -> bool:
    item = scene.item(lambda one: TABLES[2] in one.paper.paragraphs)
    if item is None:
        return False
    printed = ("requests.", "review.") if TABLES[1] in item.paper.paragraphs else ("review.",)
    code = scene.dice.choice([code for code in item.paper.figures if code.startswith(printed)])
    scene.site.edit_figure(item, code, int(item.paper.figures[code]) + scene.dice.choice((1, 1, 2, 7)))
    return True


def digit_prose(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    for line in item.paper.prose()[2:]:
        for index, char in enumerate(line):
            if char.isdigit() and not line[index - 1].isdigit() and line[index + 1 : index + 2] not in "0123456789年":
                changed = line[:index] + str((int(char) + 3) % 9 + 1) + line[index + 1 :]
                if changed != line:
                    scene.site.edit_text(item, line, changed)
                    return True
    return False


def char_prose(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    try:
        scene.site.edit_char(item)
    except ValueError:
        return False
    return True


def title(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    now = item.paper.title
    other = (
        now.replace("信息公开工作", "信息公开") if "信息公开工作" in now else now.replace("信息公开", "信息公开工作", 1)
    )
    scene.site.edit_title(item, other)
    return True


def source(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    others = [name for name in ("县政府办公室", "政务公开科", "大数据中心") if name != item.paper.source]
    scene.site.edit_source(item, scene.dice.choice(others))
    return True


def date(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    year, month, day = item.paper.published_on.split("-")
    scene.site.edit_date(item, f"{year}-{month}-{int(day) % 27 + 1:02}")
    return True


def sentence(scene: Scene) -> bool:
    item = scene.item()
    if item is None:
        return False
    if scene.dice.random() < 0.5:
        scene.site.insert_sentence(item, f"另组织开放日活动{scene.dice.randint(2, 9)}场。", scene.dice.randint(2, 4))
        return True
    try:
        scene.site.delete_sentence(item)
    except ValueError:
        return False
    return True


def annex(scene: Scene) -> bool:
    """A row, a column or a cell of a table of its own."""
    item = scene.item()
    if item is None:
        return False
    rows = item.paper.annex
    if not rows:
        rows = (("项目", "数量"), *((cell, str(scene.dice.randint(1, 60))) for cell in CELLS[:3]))
    else:
        match scene.dice.randrange(4):
            case 0:
                rows = (*rows, (scene.dice.choice(CELLS), str(scene.dice.randint(1, 60)), *("一" * (len(rows[0]) - 2))))
            case 1 if len(rows) > 3:
                rows = rows[:-1]
            case 2:
                rows = tuple((*row, "备注" if not number else "一") for number, row in enumerate(rows))
            case _:
                old = rows[1][0]
                rows = (rows[0], (scene.dice.choice([cell for cell in CELLS if cell != old]), *rows[1][1:]), *rows[2:])
    scene.site.set_annex(item, rows)
    return True


def undo(scene: Scene) -> bool:
    """Back to what it said when it was published: A, B, A is two changes."""
    item = scene.item(lambda one: hasattr(one, "first"))
    if item is None:
        return False
    scene.site.rewrite(item, item.first)  # type: ignore[attr-defined]
    return True


# Files ------------------------------------------------------------------------------------------------------------------


def document(scene: Scene) -> bool:
    """Replaced, saved again or renamed behind its address; removed, or one more added."""
    site = scene.site
    item = scene.item(lambda one: bool(one.paper.documents)) if scene.dice.random() < 0.8 else scene.item()
    if item is None:
        return False
    had = item.paper.documents
    if not had or scene.dice.random() < 0.15:
        scene.papers += 1
        kind = scene.dice.choice(("pdf", "docx"))
        name = f"Q{scene.number:04}{scene.papers:04}{scene.dice.randrange(10**6):06}.{kind}"
        label = f"附件{len(had) + 2}：政务公开情况附表.{kind}"
        site.set_documents(
            item, (*had, Document(name, label, (label, f"开放日{scene.dice.randint(2, 90)}场。", "口径一致。")))
        )
        return True
    match scene.dice.randrange(5):
        case 0:
            site.replace_document(item)
        case 1:
            site.resave_document(item)
        case 2:
            site.rename_document(
                item, f"附件：政务公开情况（{scene.dice.randint(2, 99)}）." + had[0].file.rpartition(".")[2]
            )
        case 3:
            site.set_documents(item, had[1:])
        case _:
            lines = (*had[0].lines[:-1], f"口径一致，共{scene.dice.randint(100, 999)}条。")
            site.set_documents(item, (had[0]._replace(lines=lines), *had[1:]))
    return True


def picture(scene: Scene) -> bool:
    item = scene.item(lambda one: bool(one.paper.pictures))
    if item is None:
        return False
    scene.dice.choice((scene.site.replace_picture, scene.site.resave_picture))(item)
    return True


def file_trouble(scene: Scene) -> bool:
    """A file is lost or barred for some passes, while its page stands."""
    site = scene.site
    item = scene.item(lambda one: bool(one.paper.documents or one.paper.pictures))
    if item is None:
        return False
    names = [document.file for document in item.paper.documents] + [one.name for one in item.paper.pictures]
    name = scene.dice.choice(names)
    if scene.dice.random() < 0.6:
        site.lose_file(item, name)
        scene.after(scene.dice.randint(1, 9), lambda: site.lose_file(item, name, lost=False))
    else:
        site.bar_file(item, name, scene.dice.choice(("403", "503", "reset", "412", "login")))
        scene.after(scene.dice.randint(1, 5), lambda: site.bar_file(item, name, None))
    return True


# What changes nothing that counts -------------------------------------------------------------------------------------


def cosmetic(scene: Scene) -> bool:
    """Punctuation in another width."""
    item = scene.item()
    if item is not None:
        scene.site.cosmetic(item)
    return item is not None


def traditional(scene: Scene) -> bool:
    """The page turns Traditional, or back."""
    item = scene.item()
    if item is not None:
        scene.site.to_traditional(item, not item.traditional)
    return item is not None


def glossed(scene: Scene) -> bool:
    """The page turns into what a mirror makes of it, or back."""
    item = scene.item()
    if item is not None:
        scene.site.to_glossed(item, not item.glossed)
    return item is not None


def redesign(scene: Scene) -> bool:
    scene.site.redesign()
    return True


def encoding(scene: Scene) -> bool:
    charset, header = scene.dice.choice(
        (
            ("utf-8", "utf-8"),
            ("utf-8", ""),
            ("gb18030", "gb18030"),
            ("gb18030", "utf-8"),
            ("gb18030", "big5"),
            ("utf-8", "big5"),
        )
    )
    scene.site.set_encoding(charset, header=header, meta=scene.dice.choice((charset, "gb2312", "utf-8")))
    return True


def hrefs(scene: Scene) -> bool:
    """The list prints the same addresses in another way."""
    ways = ["plain", "absolute", "session"]
    ways += ["gate"] if scene.site.big5 else []
    ways += ["https"] if scene.offline else []
    scene.site.hrefs = scene.dice.choice(ways)  # type: ignore[assignment]
    return True


def strangers(scene: Scene) -> bool:
    """A clone on another host, a companion, and news stand in the list."""
    item = scene.dice.choice(scene.site.items)
    year = item.paper.year
    scene.site.more_rows = [
        Row(f"http://clone.example.com{item.path}", item.paper.title, item.paper.published_on),
        Row(
            f"/zwdt/jd{year}.html",
            f"【图解】一图读懂{item.paper.organ}{year}年政府信息公开工作年度报告",
            f"{year + 1}-04-01",
        ),
        Row(
            f"/zwdt/xw{year}.html", f"{item.paper.organ}召开{year}年政府信息公开工作年度报告编制会", f"{year + 1}-04-02"
        ),
    ]
    scene.after(scene.dice.randint(2, 12), lambda: setattr(scene.site, "more_rows", []))
    return True


# Coming and going -----------------------------------------------------------------------------------------------------


def gone(scene: Scene) -> bool:
    item = scene.item(live)
    if item is None:
        return False
    scene.site.take_down(item, scene.dice.choice(GONE), listed=scene.dice.random() < 0.3)  # type: ignore[arg-type]
    return True


def back(scene: Scene) -> bool:
    """It is back: as it was, edited, elsewhere, or both."""
    item = scene.item(lambda one: one.gone is not None)
    if item is None:
        return False
    scene.site.restore(item)
    if scene.dice.random() < 0.2:
        item.listed = False
    if scene.dice.random() < 0.3:
        scene.site.edit_text(item, item.paper.prose()[2], item.paper.prose()[2] + "经复核予以更正。")
    if scene.dice.random() < 0.3:
        move_one(scene, item)
    return True


def many_gone(scene: Scene) -> bool:
    """Much of the portal is gone at once; it comes back, or does not."""
    site = scene.site
    items = [item for item in site.items if live(item) and id(item) not in scene.touched]
    share = max(3, int(len(items) * scene.dice.uniform(0.3, 1)))
    if len(items) < share:
        return False
    taken = scene.dice.sample(items, share)
    how, listed = scene.dice.choice(GONE[:-1]), scene.dice.random() < 0.4
    for item in taken:
        scene.touched.add(id(item))
        site.take_down(item, how, listed=listed)  # type: ignore[arg-type]

    def end() -> None:
        for item in taken:
            if item.gone is not None and scene.dice.random() < 0.9:
                site.restore(item)

    scene.after(scene.dice.choice((1, 2, 3, 6, 12, 25)), end)
    return True


def move_one(scene: Scene, item: Item) -> None:
    if id(item) in scene.pinned or scene.site.layout.holds_reports:
        return
    how = "relist" if item.listed and scene.dice.random() < 0.5 else "301"
    if item.other_paths:
        how = "301"
    scene.site.move(item, how, scene.dice.choice(("", "/v2", "/2026")))  # type: ignore[arg-type]


def move(scene: Scene) -> bool:
    known = {id(fate.item) for fate in scene.model.fates}
    item = scene.item(lambda one: live(one) and id(one) in known and id(one) not in scene.pinned)
    if item is None or scene.site.layout.holds_reports:
        return False
    move_one(scene, item)
    if scene.dice.random() < 0.3:
        scene.site.edit_text(item, item.paper.prose()[2], item.paper.prose()[2] + "地址变更。")
    return True


def migrate(scene: Scene) -> bool:
    """Every address is another, by redirects or by the list alone."""
    if scene.site.layout.holds_reports or scene.pinned or any(item.other_paths for item in scene.site.items):
        return False
    known = {id(fate.item) for fate in scene.model.fates}
    if any(id(item) not in known for item in scene.site.items):
        return False
    how, root = scene.dice.choice(("301", "relist")), scene.dice.choice(("", f"/m{scene.number}"))
    for item in scene.site.items:
        scene.touched.add(id(item))
        scene.site.move(item, how, root)  # type: ignore[arg-type]
    return True


def hide(scene: Scene) -> bool:
    item = scene.item()
    if item is None or scene.site.layout.holds_reports:
        return False
    scene.site.hide_from_list(item, item.listed)
    return True


def hide_many(scene: Scene) -> bool:
    """Many are off the list at once, for a while or for good."""
    if scene.site.layout.holds_reports:
        return False
    items = [item for item in scene.site.items if item.listed]
    if len(items) < 4:
        return False
    hidden = scene.dice.sample(items, scene.dice.randint(3, len(items)))
    for item in hidden:
        item.listed = False

    def end() -> None:
        for item in hidden:
            if live(item):
                item.listed = True

    scene.after(scene.dice.choice((1, 2, 4, 10, 30)), end)
    return True


def publish(scene: Scene) -> bool:
    """A report of an organ that is known, or of a new one."""
    site, dice = scene.site, scene.dice
    organs = sorted({item.paper.organ for item in site.items})
    names = scene.model.names
    keys = {(names.get(item.paper.organ, item.paper.organ), item.paper.year) for item in site.items}
    keys |= {(fate.organ, fate.year) for fate in scene.model.fates}
    organ = dice.choice([organ for organ in organs if organ not in names])
    if len(organs) < 4 and not site.organ and dice.random() < 0.2:
        organ = site.county + dice.choice(("交通运输局", "文化和旅游局", "档案馆", "信访局"))
    years = {year for one, year in keys if one == organ} or {dice.randint(2019, 2023)}
    year = dice.choice((min(years) - 1, max(years) + 1))
    if isinstance(site.layout, shapes.Overwritten):
        year = max(years) + 1
    if (organ, year) in keys or not 2012 <= year <= scene.now.year - 1:
        return False
    paper = write_paper(
        organ, year, seed=dice.randrange(10**6), extras=dice.choice(("none", "none", "document", "picture"))
    )
    if site.layout.holds_reports:
        paper = replace(
            paper, documents=(), pictures=(), paragraphs=tuple(x for x in paper.paragraphs if x[:2] != "\x02图")
        )
    item = site.publish(slim(paper, dice))
    item.first = item.paper  # type: ignore[attr-defined]
    scene.touched.add(id(item))
    return True


def slim(paper: Paper, dice: random.Random) -> Paper:
    """Mostly without the largest table, and often without any: reading tables is most of a pass's time."""
    chance = dice.random()
    dropped = () if chance < 0.15 else TABLES[1:2] if chance < 0.6 else TABLES
    return replace(paper, paragraphs=tuple(line for line in paper.paragraphs if line not in dropped))


def second_page(scene: Scene) -> bool:
    """Another page of a report that is known, with other words: a variant."""
    site = scene.site
    if not scene.calm or site.layout.holds_reports:
        return False
    statuses = {id(fate.item): fate.status for fate in scene.model.fates}
    item = scene.item(
        lambda one: (
            live(one)
            and one.listed
            and one.outage is None
            and statuses.get(id(one)) == "live"
            and id(one) not in scene.pinned
            and not one.other_paths
        )
    )
    if item is None or truth.look(site, item.path).read != "present":
        return False
    fate = next(fate for fate in scene.model.fates if fate.item is item)
    if truth.look(site, fate.path).read != "present" or fate.path != item.path:
        return False
    paper = write_paper(item.paper.organ, item.paper.year, seed=scene.dice.randrange(10**6))
    twin = site.publish(slim(replace(paper, title=item.paper.title), scene.dice))
    scene.pinned |= {id(item), id(twin)}
    scene.touched.add(id(twin))
    return True


def second_tree(scene: Scene) -> bool:
    """The same page at one more address, which the list links instead of the old one."""
    site = scene.site
    if site.layout.holds_reports:
        return False
    known = {id(fate.item): fate for fate in scene.model.fates}
    item = scene.item(
        lambda one: (
            live(one) and one.listed and not one.other_paths and id(one) in known and id(one) not in scene.pinned
        )
    )
    if item is None or known[id(item)].path != item.path:
        return False
    old = item.path
    site.move(item, "relist", "/tree2")
    item.other_paths.add(old)
    scene.after(scene.dice.randint(2, 8), lambda: item.other_paths.discard(old))
    return True


# Weather ----------------------------------------------------------------------------------------------------------------


def page_outage(scene: Scene) -> bool:
    item = scene.item()
    if item is None or scene.site.layout.holds_reports:
        return False
    scene.site.trouble(item, scene.dice.choice(PAGE_OUTAGES))  # type: ignore[arg-type]
    scene.after(scene.dice.choice((1, 1, 2, 5, 20)), lambda: scene.site.trouble(item, None))
    return True


def site_outage(scene: Scene) -> bool:
    if scene.site.outage is not None:
        return False
    scene.site.start_outage(scene.dice.choice(SITE_OUTAGES))  # type: ignore[arg-type]
    scene.after(scene.dice.choice((1, 1, 2, 3, 4, 8)), scene.site.end_outage)
    return True


def page_closed(scene: Scene) -> bool:
    """robots.txt closes one page."""
    site = scene.site
    if site.robots or site.big5 or site.layout.holds_reports:
        return False
    item = scene.item()
    if item is None:
        return False
    site.robots = f"User-agent: *\nDisallow: {item.path}\n"
    scene.after(scene.dice.choice((1, 2, 6)), lambda: setattr(site, "robots", ""))
    return True


def unsaid_year(scene: Scene) -> bool:
    """A new organ's report that names no year: its date lets one guess, wrongly. The year is printed some passes later."""
    site, dice = scene.site, scene.dice
    organ = site.county + dice.choice(("地方志编纂中心", "机关事务服务中心"))
    if site.organ or not scene.calm or site.layout.holds_reports or isinstance(site.layout, shapes.Topic):
        return False
    if any(one.paper.organ == organ for one in site.items):
        return False
    year = dice.randint(2019, 2022)
    paper = write_paper(organ, year, seed=dice.randrange(10**6), published_on=f"{year + 2}-01-{dice.randint(10, 28)}")
    lines = tuple(
        re.sub(r"20\d\d年(?:以前|上半年)?", "本年", line).replace("统计期限", "期间") if line not in TABLES else line
        for line in paper.paragraphs
    )
    title = f"{organ}政府信息公开工作年度报告"
    item = site.publish(slim(replace(paper, title=title, paragraphs=lines), dice))
    scene.model.printed[id(item)] = (organ, year + 1)
    scene.pinned.add(id(item))
    scene.touched.add(id(item))

    def printed() -> None:
        if not scene.calm or not live(item) or item.outage is not None or not item.listed:
            scene.after(1, printed)
            return
        scene.touched.add(id(item))
        site.edit_title(item, f"{organ}{year}年政府信息公开工作年度报告")
        del scene.model.printed[id(item)]

    scene.after(dice.randint(2, 5), printed)
    return True


def renamed(scene: Scene) -> bool:
    """The organ's next report, or an old one's title, bears its other name."""
    site, dice = scene.site, scene.dice
    if not scene.model.names:
        return False
    new, old = dice.choice(sorted(scene.model.names.items()))
    item = scene.item(lambda one: one.paper.organ == old and old in one.paper.title and id(one) not in scene.pinned)
    if item is not None and dice.random() < 0.5:
        site.edit_title(item, item.paper.title.replace(old, new))
        return True
    years = {one.paper.year for one in site.items if one.paper.organ in (old, new)}
    year = max(years) + 1
    if year >= scene.now.year:
        return False
    fresh = site.publish(slim(write_paper(new, year, seed=dice.randrange(10**6)), dice))
    fresh.first = fresh.paper  # type: ignore[attr-defined]
    scene.touched.add(id(fresh))
    return True


def list_fails(scene: Scene) -> bool:
    """A page of the section fails: what follows is not seen."""
    if scene.site.layout.holds_reports or isinstance(scene.site.layout, shapes.Topic) or scene.site.failing_pages:
        return False
    number = scene.dice.randint(1, 3)
    kind = scene.dice.choice(("500", "412", "empty", "login", "captcha", "reset", "503", "vanished", "homeward"))
    scene.site.fail_page(number, kind)  # type: ignore[arg-type]
    scene.after(scene.dice.choice((1, 2, 4)), lambda: scene.site.fail_page(number, None))
    return True


def list_broken(scene: Scene) -> bool:
    """The section answers and lists nothing: redesigned, or emptied."""
    site = scene.site
    if site.layout.holds_reports or site.list_broken:
        return False
    if scene.dice.random() < 0.5:
        site.list_broken = True
        scene.after(scene.dice.choice((1, 2, 5)), lambda: setattr(site, "list_broken", False))
        return True
    hidden = [item for item in site.items if item.listed]
    for item in hidden:
        item.listed = False

    def end() -> None:
        for item in hidden:
            item.listed = item.listed or live(item)

    scene.after(scene.dice.choice((1, 2, 5)), end)
    return True


ACTS: dict[Callable[[Scene], bool], int] = {
    digit_both: 4, digit_table: 4, digit_prose: 4, char_prose: 4, title: 3, source: 2, date: 2, sentence: 4, annex: 5, undo: 2,
    document: 8, picture: 5, file_trouble: 4, cosmetic: 3, traditional: 3, glossed: 2, redesign: 2, encoding: 2, hrefs: 2, strangers: 2,
    gone: 7, back: 8, many_gone: 1, move: 6, migrate: 1, hide: 4, hide_many: 1, publish: 6, second_page: 1, second_tree: 2,
    page_outage: 5, page_closed: 1, unsaid_year: 2, renamed: 2, site_outage: 4, list_fails: 3, list_broken: 1,
}  # fmt: skip
"""Acts and how often they happen, relative to each other."""
