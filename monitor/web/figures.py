"""The page of figures: a field's course over the years and across organs, as tables and charts; the same as CSV and XLSX."""

import asyncio
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from datasette.utils.asgi import BadRequest, Request, Response
from markupsafe import Markup

from monitor.export.columns import Column, Table
from monitor.export.writers import MEDIA_TYPES, Content, write_csv, write_xlsx
from monitor.store import Store
from monitor.web import chart, query_words
from monitor.web import figures_data as data
from monitor.web.figures_data import Cell, Choice, Field, Figures, Organ
from monitor.web.site import Route, Site

PAGE, LINES, BLOCKS = 30, 12, 6
"""Organs on a page, lines in a chart, fields on a page."""
MOST_ROWS, MOST_FIELDS = 5000, 60
"""Of a file: organs times years; figures of each."""
_UNASKED = 8
"""Organs of a page on which none are chosen."""
PRESETS = (
    ("申请收支", ("requests.new.total", "requests.carried_in.total", "requests.carried_out.total")),
    ("办理结果", ("requests.handled_total.total", "requests.granted.total", "requests.partly_granted.total")),
    ("复议诉讼", ("review.reconsideration.total", "review.direct_suit.total", "review.suit_after_reconsideration.total")),
    ("规范性文件", ("proactive.normative_documents.issued", "proactive.normative_documents.in_force")),
    ("收费", ("proactive.fees.amount",)),
)  # fmt: skip


class Block(msgspec.Struct, frozen=True):
    """One field on the page."""

    field: Field
    picture: Markup
    rows: tuple[tuple[Organ, tuple[Cell | None, ...]], ...]
    doubtful: bool


def _numbers(request: Request, name: str, most: int) -> tuple[int, ...]:
    found = (text for text in request.args.getlist(name) if text.isascii() and text.isdigit() and len(text) < 19)
    return tuple(dict.fromkeys(int(text) for text in found))[:most]


def _year(request: Request, name: str) -> int | None:
    text = (request.args.get(name) or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise BadRequest("年度要写成四位数字，如 2024")
    return int(text)


def _choice(request: Request, known: Sequence[Field]) -> Choice:
    """What the address says. Raises BadRequest for what cannot be meant."""
    asked = list(dict.fromkeys(code for code in request.args.getlist("field") if code))[:MOST_FIELDS]
    for code in asked:
        if data.field(known, code) is None:
            raise BadRequest(f"没有代码为“{query_words.plain(code)}”的指标")
    if wanted := (request.args.get("f") or "").strip():
        named = [one.code for one in known if wanted in one.name or wanted in one.head or wanted == one.code]
        if not named:
            raise BadRequest(f"没有名称中有“{query_words.plain(wanted)}”的指标")
        totals = [code for code in named if code.endswith(".total")]
        asked += [code for code in totals or named if code not in asked]
    text = {name: (request.args.get(name) or "").strip()[:100] for name in ("q", "portal", "region", "kind")}
    return Choice(
        fields=tuple(asked) or (data.FIRST,),
        organs=_numbers(request, "organ_id", 200),
        name=text["q"], portal=text["portal"], region=text["region"],
        kind=text["kind"] if text["kind"] in data.KINDS else "",
        since=_year(request, "since"), until=_year(request, "until"),
    )  # fmt: skip


class _Read(msgspec.Struct, frozen=True):
    choice: Choice
    chosen: tuple[Field, ...]
    known: tuple[Field, ...]
    figures: Figures
    more: bool


def _chosen(known: Sequence[Field], codes: Sequence[str]) -> tuple[Field, ...]:
    return tuple(one for code in codes if (one := data.field(known, code)) is not None)


def _read(store: Store, request: Request, page: int) -> _Read:
    known = tuple(data.fields(store))
    choice = _choice(request, known)
    most = PAGE if choice.whose else _UNASKED
    whose = data.organs(store, choice, most + 1, (page - 1) * PAGE)
    more = choice.whose and len(whose) > most
    chosen = _chosen(known, choice.fields[:BLOCKS])
    found = data.figures(store, choice, whose[:most], [one.code for one in chosen])
    return _Read(choice, chosen, known, found, more)


def query(choice: Choice, **others: object) -> dict[str, object]:
    """The choice as an address has it."""
    return {
        "field": list(choice.fields), "organ_id": list(choice.organs), "q": choice.name, "portal": choice.portal,
        "region": choice.region, "kind": choice.kind, "since": choice.since, "until": choice.until, **others,
    }  # fmt: skip


def names(organs: Sequence[Organ]) -> dict[int, str]:
    """What organs are called in a chart: with the portal where two have one name."""
    often: dict[str, int] = {}
    for one in organs:
        often[one.name] = often.get(one.name, 0) + 1
    return {one.id: one.name if often[one.name] == 1 else f"{one.name}（{one.portal}）" for one in organs}


def _point(cell: Cell | None) -> chart.Point | None:
    return None if cell is None or cell.value is None else chart.Point(cell.value, bool(cell.doubts))


def _fullest(found: Figures) -> int | None:
    """The year of most figures, the last of them."""
    often: dict[int, int] = {}
    for (_, _, year), cell in found.cells.items():
        often[year] = often.get(year, 0) + (cell.value is not None)
    return max(often, key=lambda year: (often[year], year), default=None)


def block(place: int, field: Field, found: Figures, view: str, at: int | None) -> Block:
    """One field's chart and rows."""
    cells = {key[1:]: cell for key, cell in found.cells.items() if key[0] == field.code}
    called = names(found.organs)
    rows = tuple((one, tuple(cells.get((one.id, year)) for year in found.years)) for one in found.organs)
    title = field.name + (f"（{field.unit}）" if field.unit else "")
    if view == "bars":
        bars = [chart.Bar(called[one.id], _point(cells.get((one.id, at)) if at else None)) for one in found.organs]
        bars.sort(key=lambda bar: (bar.point is None, -bar.point.value if bar.point else 0))
        picture = chart.bar_chart(f"chart-{place}", f"{title}，{at} 年", bars)
    else:
        lines = [
            chart.Line(
                called[one.id],
                {year: point for year in found.years if (point := _point(cells.get((one.id, year)))) is not None},
            )
            for one in found.organs
        ]
        told = [line for line in lines if line.points][:LINES]
        picture = chart.line_chart(f"chart-{place}", f"{title}，历年", found.years, told)
    return Block(field, picture, rows, any(cell and cell.doubts for _, cells in rows for cell in cells))


def _sheets(known: Sequence[Field]) -> dict[str, dict[str, list[Field]]]:
    """Fields by table and row; a row's total comes first."""
    found: dict[str, dict[str, list[Field]]] = {}
    for one in known:
        found.setdefault(one.sheet, {}).setdefault(one.row, []).append(one)
    for rows in found.values():
        for some in rows.values():
            some.sort(key=lambda one: not one.code.endswith(".total"))
    return {name: found[name] for name in ("表三", "表四", "表二", "附表", "正文") if name in found}


async def page(site: Site, request: Request) -> Response:
    """The page."""
    number = max(1, *(_numbers(request, "page", 1) or (1,)))
    if number > 100_000:
        raise BadRequest("没有这一页")
    read = await site.read(lambda store: _read(store, request, number))
    choice, found = read.choice, read.figures
    view = "bars" if request.args.get("view") == "bars" else "line"
    told = sorted({year for (_, _, year), cell in found.cells.items() if cell.value is not None})
    at = _year(request, "at")
    if at not in found.years:
        at = _fullest(found)
    blocks = [block(place, field, found, view, at) for place, field in enumerate(read.chosen, 1)]
    values: dict[str, Any] = {
        "choice": choice, "found": found, "blocks": blocks, "view": view, "at": at, "told": told, "more": read.more,
        "page": number, "sheets": _sheets(read.known), "presets": PRESETS, "kinds": data.KINDS, "lines": LINES,
        "left_out": max(0, len(choice.fields) - BLOCKS), "most_rows": MOST_ROWS, "number": chart.number,
        "again": lambda **others: site.path("/figures", **query(choice, **others)),
        "file": lambda form: site.path(f"/figures.{form}", **query(choice)),
    }  # fmt: skip
    return await site.page(request, "figures.html", values)


def table(chosen: Sequence[Field]) -> Table:
    """What a file holds."""
    heads: dict[str, None] = {}
    for one in chosen:
        heads[one.head if one.head not in heads else f"{one.head}（{one.code}）"] = None
    figures = (
        Column(query_words.plain(head), "number", "", code=one.code) for head, one in zip(heads, chosen, strict=True)
    )
    texts = ("门户", "地区", "机关", "机关类别")
    return Table(
        "figures", "数据", "",
        (*(Column(name, "string", "") for name in texts), Column("年度", "integer", ""), *figures,
         Column("存疑", "string", ""), Column("年报编号", "integer", ""), Column("网址", "string", "")),
        (), fixed=5,
    )  # fmt: skip


def rows(found: Figures, chosen: Sequence[Field]) -> Iterator[tuple[object, ...]]:
    """A row an organ and year of which there is a report."""
    for one in found.organs:
        for year in found.years:
            if (key := (one.id, year)) not in found.urls:
                continue
            report, url = found.urls[key]
            cells = [found.cells[(field.code, *key)] for field in chosen]
            doubts = "；".join(
                f"{field.name}：{'、'.join(cell.doubts)}"
                for field, cell in zip(chosen, cells, strict=True)
                if cell.doubts
            )
            values = (cell.value for cell in cells)
            kind = data.KINDS.get(one.kind, one.kind)
            yield (one.portal_title, one.region, one.name, kind, year, *values, doubts, report, url)


async def download(site: Site, request: Request) -> Response:
    """The same choice as a file: all organs, all fields."""
    form = request.url_vars["format"]

    def read(store: Store) -> tuple[Figures, tuple[Field, ...]]:
        known = data.fields(store)
        choice = _choice(request, known)
        whose = data.organs(store, choice, MOST_ROWS + 1 if choice.whose else _UNASKED)
        chosen = _chosen(known, choice.fields)
        if len(whose) <= MOST_ROWS and data.count(store, choice, whose) <= MOST_ROWS:
            return data.figures(store, choice, whose, [one.code for one in chosen]), chosen
        raise BadRequest(
            f"选中的超过 {MOST_ROWS:,} 行（机关 × 年度），没有生成文件。请用机关、门户、地区或年度缩小范围，"
            "或在命令行用 nianbao export 导出全部。"
        )

    found, chosen = await site.read(read)

    def written() -> bytes:
        out, content = io.BytesIO(), Content(table(chosen), [list(rows(found, chosen))])
        if form == "csv":
            write_csv(out, content, bom=True)
        else:
            write_xlsx(out, [content])
        return out.getvalue()

    body = await asyncio.to_thread(written)
    headers = {"content-disposition": query_words.as_file(f"nianbao-figures.{form}")}
    return Response(body, headers=headers, content_type=MEDIA_TYPES["csv" if form == "csv" else "xlsx"])


ROUTES: list[Route] = [("/figures", page), (r"/figures\.(?P<format>csv|xlsx)", download)]
