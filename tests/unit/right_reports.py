"""Reports that are right: consecutive years of one organ, tables of either form in all the shapes of national_tables, prose as
offices write it. The truth holds: every identity, what one year carries on the next takes over, documents in force add up."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from crawler.page.text import Block, Table, render
from monitor.demo import forms, national_tables
from monitor.demo.text import TABLES, write_paper
from monitor.figures import Figures, read

ORGANS = (
    "云溪县人民政府", "云溪县财政局", "青石市人民政府办公室", "海州市生态环境局", "白河区卫生健康局", "云溪县东塘镇人民政府",
    "青石市白河区南桥街道办事处", "海州省药品监督管理局",
)  # fmt: skip


class Right(NamedTuple):
    organ: str
    year: int
    text: str
    figures: Figures
    published_on: str


def chain(seed: int, first: int = 2018, last: int = 2024) -> Iterator[Right]:
    """One organ's reports, oldest first."""
    rng = random.Random(seed)
    organ = ORGANS[seed % len(ORGANS)]
    size = rng.choice([3, 12, 40])
    for year in range(first, last + 1):
        paper = write_paper(organ, year, seed=seed, size=size)
        blocks: list[Block] = list(paper.prose())
        if paper.form is not None:
            values = dict(forms.make_figures(seed, organ, year, size))
            sheet = national_tables.sheet(rng, paper.form, values=values, odd=rng.choice([0.0, 0.3, 0.9]))
            blocks = with_tables(paper.paragraphs, [block for block in sheet.blocks if isinstance(block, Table)])
        text = render(blocks)
        yield Right(organ, year, text, read(text, year=year, organs=(organ,)), paper.published_on)


def with_tables(paragraphs: tuple[str, ...], tables: list[Table]) -> list[Block]:
    """All tables under the heading of chapter 二, or each where it belongs if there are three."""
    apart = len(tables) == len(TABLES)
    blocks: list[Block] = []
    for line in paragraphs:
        if line not in TABLES:
            blocks.append(line)
        elif apart:
            blocks.append(tables[TABLES.index(line)])
        elif line == TABLES[0]:
            blocks.extend(tables)
    return blocks


def report(year: int, organ: str = "云溪县民政局", **chapters: str) -> str:
    """A report without tables whose chapters say what is given (引言, 一 … 六), and nothing that any rule could mind."""
    said = {
        "引言": "根据《中华人民共和国政府信息公开条例》第五十条规定，编制本报告。",
        "一": f"{year}年，{organ}认真落实公开要求，全年发布信息312条。",
        "五": "公开的及时性还需加强。下一步将完善发布前审核，压实责任到岗到人。",
        "六": "没有其他需要报告的事项。",
    } | chapters
    lines = [said["引言"], "一、总体情况", said["一"]]
    lines += ["五、存在的主要问题及改进情况", said["五"], "六、其他需要报告的事项", said["六"]]
    return "\n".join(lines)
