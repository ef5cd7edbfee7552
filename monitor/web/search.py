"""Full-text search: `/search` and `/search.json`, both with the parameters of `_asked`.

Whoever serves the pages keeps the index up to date (`monitor.search.index.Indexer`); here it is only read.
"""

import logging
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from datasette.utils.asgi import BadRequest, Request, Response

from monitor.search import index
from monitor.search.found import MOST, SORTS, VERSIONS, Asked, Found, Hit
from monitor.search.index import Progress
from monitor.search.query import MOST_CHARACTERS, PLACES
from monitor.search.reader import Reader
from monitor.search.results import search
from monitor.search.snippets import Snippet
from monitor.sqlite import sqlite3
from monitor.store import Store
from monitor.web.site import Route, Site

log = logging.getLogger(__name__)

_SECONDS = 1.0
"""What a search may take in the index: then it gives what it has, and says so."""
IN_WORDS = {"": "全部内容", "title": "标题与机关", "text": "正文", "attachments": "附件"}
VERSION_WORDS = {"all": "所有版本", "current": "只看当前版本"}
SORT_WORDS = {"best": "相关程度", "year": "年度从新到旧", "captured": "存档时间从新到旧"}
EXAMPLES = (
    ("依申请公开", "连写的词按原文顺序查找，一个字、两个字也可以"),
    ("行政复议 纠正", "几个词以空格隔开：都要出现"),
    ("“公开 透明”", "加引号：引号里的词要连在一起，按原文顺序"),
    ("诉讼 -复议", "减号：不要出现这个词"),
    ("图书馆 OR 档案馆", "OR 或 | ：出现其中一个即可"),
    ("資訊公開", "简体、繁体写哪种都能找到"),
    ("248", "数字整个查找：不会找到 1248、2480；1,234 与 1234 相同"),
    ("13.76%", "小数、百分数"),
)


class Outcome(msgspec.Struct, frozen=True):
    """A search, or why there was none."""

    found: Found | None = None
    trouble: str = ""
    """`missing`: there is no index yet; `damaged`: it is made anew."""


@cache
def _reader(home: Path) -> Reader:
    return Reader(index.path_of(home))


def _asked(request: Request) -> Asked:
    """`q`, `portal`, `organ`, `year`, `region`, `in`, `versions`, `sort`, `page`. Raises BadRequest."""
    given = {key: (request.args.get(key) or "").strip() for key in ("portal", "organ", "year", "region", "in", "page")}
    versions, sort = request.args.get("versions") or "all", request.args.get("sort") or "best"
    if given["in"] not in PLACES or versions not in VERSIONS or sort not in SORTS:
        raise BadRequest(
            "检索条件有误：in 为 title、text 或 attachments，versions 为 all 或 current，sort 为 best、year 或 captured"
        )
    return Asked(
        # What is no text (half of a character, from a broken address) is nothing that could be found.
        text=(request.args.get("q") or "").encode("utf-8", "replace").decode()[: MOST_CHARACTERS + 1],
        portal=given["portal"][:100],
        organ=given["organ"][:100],
        year=_number(given["year"], "年度应为四位数字，如 2025", 9999),
        region=_region(given["region"]),
        where=given["in"],
        versions=versions,
        sort=sort,
        page=_number(given["page"], "页码应为数字", 10_000) or 1,
    )


def _number(text: str, wrong: str, most: int) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= most):
        raise BadRequest(wrong)
    return int(text) or None


def _region(text: str) -> str:
    if text and not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise BadRequest("地区应为行政区划代码，如 33 或 3310")
    return text


def _query(asked: Asked) -> dict[str, Any]:
    """An address's parameters, the page aside; what is left as it is without them is left out."""
    return {
        "q": asked.text,
        "in": asked.where,
        "portal": asked.portal,
        "organ": asked.organ,
        "year": asked.year,
        "region": asked.region,
        "versions": asked.versions if asked.versions != "all" else "",
        "sort": asked.sort if asked.sort != "best" else "",
    }


def _search(site: Site, store: Store, asked: Asked) -> Outcome:
    reader = _reader(site.home.path)
    try:
        conn = reader.connection()
        if conn is None:
            return Outcome(trouble="missing")
        return Outcome(search(store, conn, asked, _SECONDS))
    except sqlite3.DatabaseError as error:
        if not index.is_damage(error):
            raise
        log.warning("the search index is damaged: %s", error)
        index.condemn(reader.path)
        return Outcome(trouble="damaged")


async def page(site: Site, request: Request) -> Response:
    asked = _asked(request)
    outcome = Outcome()
    if asked.text.strip():
        outcome = await site.read(lambda store: _search(site, store, asked))
    found, query = outcome.found, _query(asked)
    values = {
        "asked": asked,
        "found": found,
        "trouble": outcome.trouble,
        "nothing_asked": found is not None and not found.query.groups,
        "limits": _limits(site, asked, query),
        "years": _years(site, found, asked, query),
        "portals": _portals(site, found, asked, query),
        "before": site.path("/search", **query, page=found.page - 1) if found and found.page > 1 else "",
        "after": site.path("/search", **query, page=found.page + 1) if found and found.page < found.pages else "",
        "json": site.path("/search.json", **query),
        "in_words": IN_WORDS,
        "version_words": VERSION_WORDS,
        "sort_words": SORT_WORDS,
        "examples": EXAMPLES,
        "most": MOST,
        "most_characters": MOST_CHARACTERS,
    }
    return await site.page(request, "search.html", values)


def _limits(site: Site, asked: Asked, query: dict[str, Any]) -> list[tuple[str, str]]:
    """What a search is limited to, and where it is not."""
    words = {
        "portal": f"门户：{asked.portal}",
        "organ": f"机关：{asked.organ}",
        "year": f"年度：{asked.year}",
        "region": f"地区：{asked.region}",
    }
    return [(word, site.path("/search", **{**query, key: ""})) for key, word in words.items() if query[key]]


def _years(site: Site, found: Found | None, asked: Asked, query: dict[str, Any]) -> list[tuple[str, int, str]]:
    if found is None or asked.year or len(found.years) < 2:
        return []
    return [(f"{year} 年", count, site.path("/search", **{**query, "year": year})) for year, count in found.years]


def _portals(site: Site, found: Found | None, asked: Asked, query: dict[str, Any]) -> list[tuple[str, int, str]]:
    if found is None or asked.portal or len(found.portals) < 2:
        return []
    return [(title, count, site.path("/search", **{**query, "portal": name})) for name, title, count in found.portals]


async def as_json(site: Site, request: Request) -> Response:
    """Documented in docs/staff-pages.md."""
    asked = _asked(request)
    outcome = await site.read(lambda store: _search(site, store, asked))
    found = outcome.found
    if found is None:
        told = {"ok": False, "error": "检索索引尚未建立，请稍后再试", "status": 503}
        return Response.json(told, status=503)
    return Response.json(told_json(site, found))


def told_json(site: Site, found: Found) -> dict[str, Any]:
    """A search as JSON."""
    progress: Progress = found.progress
    return {
        "ok": True,
        "count": found.count,
        "more": found.more,
        "incomplete": found.late or not progress.complete,
        "index": {"percent": progress.percent, "done": progress.done, "total": progress.total},
        "page": found.page,
        "pages": found.pages,
        "years": [{"year": year, "count": count} for year, count in found.years],
        "portals": [{"portal": name, "title": title, "count": count} for name, title, count in found.portals],
        "names": [msgspec.structs.asdict(name) for name in found.names],
        "hits": [_hit(site, hit) for hit in found.hits],
    }


def _hit(site: Site, hit: Hit) -> dict[str, Any]:
    return {
        "report": hit.report,
        "path": site.path(f"/report/{hit.report}"),
        "portal": hit.portal,
        "portal_title": hit.portal_title,
        "organ": hit.organ,
        "year": hit.year,
        "title": hit.title,
        "status": hit.status,
        "url": hit.url,
        "versions": [msgspec.structs.asdict(one) for one in hit.versions],
        "only_old": hit.only_old,
        "new_in": hit.new_in,
        "gone_in": hit.gone_in,
        "snippets": [_snippet(one) for one in hit.snippets],
        "attachments": [
            {"name": name, "snippets": [_snippet(one) for one in shown]} for name, shown in hit.attachments
        ],
    }


def _snippet(snippet: Snippet) -> dict[str, Any]:
    """The text, and where in it the words stand: [from, to) in characters."""
    marks, place = [], 0
    for piece in snippet:
        if piece.hit:
            marks.append([place, place + len(piece.text)])
        place += len(piece.text)
    return {"text": "".join(piece.text for piece in snippet), "marks": marks}


ROUTES: list[Route] = [("/search", page), (r"/search\.json", as_json)]
