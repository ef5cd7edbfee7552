"""How pages lay several reports out: one below another in every kind of box, under headings of every kind, in tabs and accordions,
behind a table of contents.

In: for each report the text of its heading, its body's HTML and the report. Out: HTML. Which of its ways a layout takes is drawn
from a `random.Random`.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.years_reports import Told

Part = tuple[str, str, Told]
"""(heading, body, report)"""

BOXES = {
    "flat": "{}", "div": "<div>{}</div>", "rule": "{}<hr>", "section": "<section>{}</section>",
    "table": "<table width=900 align=center><tr><td>{}</td></tr></table>", "editor": "<div class=TRS_Editor>{}</div>",
    "deep": "<div><table><tr><td><div>{}</div></td></tr></table></div>",
}  # fmt: skip
_HEADINGS = (
    "<h1>{}</h1>", "<h2>{}</h2>", "<h3>{}</h3>", "<h4>{}</h4>", "<p><b>{}</b></p>", "<p align=center><span>{}</span></p>", "<p>{}</p>",
    "<div class=t style='font-size:22px'>{}</div>",
)  # fmt: skip


@dataclass
class Style:
    """How text is written."""

    paragraph: str
    chapter: str
    lines: bool
    """Lines that end with <br> in one box."""

    def html(self, blocks: list[tuple[str, str]]) -> str:
        if self.lines:
            return "".join(text if kind in ("table", "raw") else f"{text}<br>" for kind, text in blocks)
        forms = {"p": self.paragraph, "head": self.chapter}
        return "".join(forms[kind].format(text) if kind in forms else text for kind, text in blocks)


def style(rng: random.Random) -> Style:
    chapter = rng.choice(("<p><strong>{}</strong></p>", "<h3>{}</h3>", "<p style='text-indent:2em'>{}</p>"))
    paragraph = rng.choice(("<p>{}</p>", "<p style='text-indent:2em'><span>{}</span></p>", "<div>{}</div>"))
    return Style(paragraph, chapter, rng.random() < 0.15)


def below(rng: random.Random, parts: list[Part], box: str) -> str:
    """One below another, each under its heading."""
    form = rng.choice(_HEADINGS)
    pairs = [(form.format(head) if head else "", body) for head, body, _ in parts]
    if box == "headed editor":
        return "".join(f"{head}<div class=TRS_Editor>{body}</div>" for head, body in pairs)
    return boxed(box, [head + body for head, body in pairs])


def boxed(box: str, parts: list[str]) -> str:
    if box == "row":
        return "<table width=980>" + "".join(f"<tr><td>{part}</td></tr>" for part in parts) + "</table>"
    if box == "item":
        return "<ul>" + "".join(f"<li>{part}</li>" for part in parts) + "</ul>"
    return "".join(BOXES.get(box, "{}").format(part) for part in parts)


def _tabs(rng: random.Random, parts: list[Part], box: str) -> str:
    """A row of tabs, and panels in the same order, of which all but one may be hidden."""
    link = rng.choice(("{}", "<a href='javascript:;'>{}</a>", "<span onclick=tab(this)>{}</span>"))
    bar = "".join(f"<li>{link.format(head)}</li>" for head, _, _ in parts)
    hide = " style=display:none" if rng.random() < 0.6 else ""
    panels = [f"<div class=panel{hide if place else ''}>{body}</div>" for place, (_, body, _) in enumerate(parts)]
    return f"<ul class=tab>{bar}</ul>{''.join(panels)}"


def _tabs_by_id(rng: random.Random, parts: list[Part], box: str) -> str:
    """Tabs that name the panels which they show; the panels stand in another order."""
    hide = " style=display:none" if rng.random() < 0.6 else ""
    bar = [
        f"<li><a href='#t{told.year}{told.marks[0][1:-1]}' data-toggle=tab>{head}</a></li>" for head, _, told in parts
    ]
    if rng.random() < 0.5:
        bar.reverse()
    panels = [
        f"<div id=t{told.year}{told.marks[0][1:-1]}{hide if place else ''}>{body}</div>"
        for place, (_, body, told) in enumerate(parts)
    ]
    return f"<ul class=nav>{''.join(bar)}</ul><div class=tab-content>{''.join(panels)}</div>"


def _buttons(rng: random.Random, parts: list[Part], box: str) -> str:
    """An accordion: a button above each panel."""
    hide = " style=display:none" if rng.random() < 0.4 else ""
    return "".join(
        f"<button class=accordion type=button>{head}</button><div class=panel{hide}>{body}</div>"
        for head, body, _ in parts
    )


def _collapse(rng: random.Random, parts: list[Part], box: str) -> str:
    """Headings that are links to the panel below them."""
    return "".join(
        f"<div class=panel><div class=panel-heading><h4><a data-toggle=collapse href='#c{place}'>{head}</a></h4></div>"
        f"<div id=c{place} class=panel-collapse>{body}</div></div>"
        for place, (head, body, _) in enumerate(parts)
    )


def _details(rng: random.Random, parts: list[Part], box: str) -> str:
    return "".join(f"<details><summary>{head}</summary>{body}</details>" for head, body, _ in parts)


def _caption(rng: random.Random, parts: list[Part], box: str) -> str:
    return "".join(
        f"<table width=900><caption>{head}</caption><tr><td>{body}</td></tr></table>" for head, body, _ in parts
    )


def _cell(rng: random.Random, parts: list[Part], box: str) -> str:
    """The heading is a row of the table that lays the page out."""
    tag = rng.choice(("th", "td"))
    rows = "".join(f"<tr><{tag}>{head}</{tag}></tr><tr><td>{body}</td></tr>" for head, body, _ in parts)
    return f"<table width=900>{rows}</table>"


def _side_cell(rng: random.Random, parts: list[Part], box: str) -> str:
    rows = "".join(f"<tr><td width=60>{head}</td><td>{body}</td></tr>" for head, body, _ in parts)
    return f"<table width=900>{rows}</table>"


def _anchors(rng: random.Random, parts: list[Part], box: str) -> str:
    """A table of contents that links each report; the headings are the anchors."""
    contents = "".join(f"<li><a href='#y{place}'>{head}</a></li>" for place, (head, _, _) in enumerate(parts))
    form = rng.choice(_HEADINGS)
    shown = [form.format(f"<a name=y{place}>{head}</a>") + body for place, (head, body, _) in enumerate(parts)]
    return f"<ul>{contents}</ul>" + boxed(box, shown)


def _contents(rng: random.Random, parts: list[Part], box: str) -> str:
    """A table of contents, and nothing but an anchor above each report."""
    contents = "".join(f"<p><a href='#y{place}'>{head}</a></p>" for place, (head, _, _) in enumerate(parts))
    shown = [f"<a name=y{place} id=y{place}></a>{body}" for place, (_, body, _) in enumerate(parts)]
    return contents + boxed(box, shown)


def _picture(rng: random.Random, parts: list[Part], box: str) -> str:
    """A drawn title above each report."""
    return boxed(
        box, [f"<p align=center><img src=/w/h{told.year}.jpg alt='{head}'></p>{body}" for head, body, told in parts]
    )


def _terms(rng: random.Random, parts: list[Part], box: str) -> str:
    return "<dl>" + "".join(f"<dt>{head}</dt><dd>{body}</dd>" for head, body, _ in parts) + "</dl>"


LAYOUTS: dict[str, Callable[[random.Random, list[Part], str], str]] = {
    "tabs": _tabs, "tabs by id": _tabs_by_id, "buttons": _buttons, "collapse": _collapse, "details": _details, "caption": _caption,
    "cell": _cell, "side cell": _side_cell, "anchors": _anchors, "contents": _contents, "picture": _picture, "terms": _terms,
}  # fmt: skip


def frame(rng: random.Random, title: str, body: str, h1: str = "") -> str:
    """A whole page round a body."""
    name = rng.choice(("class=con", "class=main", "class=TRS_Editor", "id=zoom", "class=content", "class=xxgk"))
    news = ""
    if rng.random() < 0.4:
        links = "".join(
            f"<li><a href=/nb/{year}.html>某局{year}年政府信息公开工作年度报告</a></li>" for year in (2016, 2018, 2021)
        )
        news = f"<div class=xgxx><p>相关信息</p><ul>{links}</ul></div>"
    head = f"<h1>{h1}</h1>" if h1 else rng.choice(("", f"<h1>{title}</h1>", f"<div class=title>{title}</div>"))
    return (
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{h1 or title}-某区</title></head><body>"
        f"<div class=nav><a href=/>首页</a><a href=/a>政务公开</a></div><div class=wrap>{head}<div {name}>{body}</div>{news}</div>"
        f"<div class=foot>主办：某区人民政府 京ICP备05083640号</div></body></html>"
    )
