"""Guangdong's 政府信息公开平台 (`/gkmlpt/`), and the NFCMS (南方) columns beside it.

`…/gkmlpt/index#<category>` is a shell: `window._CONFIG` holds `SID` and the `TREE` of categories; the list comes from
`…/gkmlpt/api/all/<category>?page=N&sid=<SID>` as JSON, 100 articles a page, where pages 0 and 1 are the same. A section
without `#<category>` is the category whose name says 年报; one with a `jump_url` lists there (an NFCMS column, another shell).
Some are served over http only: give the section as it is served. Its pages are `…/gkmlpt/content/8/8081/post_8081133.html`,
some with the body only in `_CONFIG.DETAIL.content` (`unwrap`). Any other section is an NFCMS list: plain rows,
`content/post_<id>.html`, page 2 is `index_2.html`. `mpost_` pages are views; one report may stand in both trees ("domain
notes", 1c). Fewer articles than the total, or the same ones again, leave the section incomplete.
"""

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urldefrag, urlsplit

import msgspec

from crawler.families import answers, literals
from crawler.families.base import Column, Family, Link, Listing, ListPage, Markup, Step
from crawler.families.cursor import Cursor, advance
from crawler.families.generic import read_html
from crawler.families.rows import column_year, judge, squeezed
from crawler.page.address import join

_SID = re.compile(r"['\"]?\bSID['\"]?\s*:\s*['\"]?(\d+)")
_TREE = re.compile(r"['\"]?\bTREE['\"]?\s*:\s*(?=[\[{])")
_DETAIL = re.compile(r"['\"]?\bDETAIL['\"]?\s*:\s*(?=\{)")
_ANNUAL_NODE = re.compile(r"(?:信息公开|公开).*?(?:年报|年度报告|年度工作报告)|^(?:年报|年度报告|工作年报)$")
_NOT_ANNUAL = re.compile("网站|法治|指南|制度|财政|预算|决算")
_CHINA = timedelta(hours=8)
_BODY = re.compile(r"<(?:div|article)\b[^<>]*class=['\"][^'\"<>]*\barticle-content\b[^<>]*>", re.I)
_BODY_END = re.compile(r"</(?:div|article)\s*>", re.I)
_MOST = 20
"""Categories that are asked for."""


class ShellState(msgspec.Struct, frozen=True, tag="shell"):
    """Another directory that a category leads to."""

    category: str


class JumpState(msgspec.Struct, frozen=True, tag="jump"):
    """A list outside the directory that a category leads to."""


class ArticlesState(msgspec.Struct, frozen=True, tag="articles"):
    """A category, and the page of it that is asked for."""

    base: str
    """The directory's address up to `/gkmlpt`."""
    category: str
    sid: str
    referer: str
    cursor: Cursor = Cursor()

    def step(self) -> Step:
        """The request for the page that the cursor stands at."""
        page = self.cursor.page
        url = f"{self.base}/gkmlpt/api/all/{self.category}?page={page}&sid={self.sid}"
        headers = (("Referer", self.referer), ("X-Requested-With", "XMLHttpRequest"))
        return Step(url, None, headers, page, msgspec.json.encode(self).decode())


_decode = msgspec.json.Decoder(ShellState | JumpState | ArticlesState).decode


class Gkmlpt(Family):
    """gkmlpt and NFCMS."""

    name: ClassVar[str] = "gkmlpt"
    markup: ClassVar[Markup] = Markup(
        title=("h1.title", ".content h1", "h1", ".article-title", ".title"),
        date=(".publish-time", ".date", ".time", "#pubtime"),
        source=(".publisher", ".source", "#source"),
        body=(".article-content", ".news_cont_d_wrap", "#zoomcon", "#zoom", ".content"),
    )

    def first(self, section: str) -> Step:
        """See `Family.first`: the shell; its fragment never goes out."""
        return Step(section.split("#", 1)[0])

    def read(self, listing: Listing) -> ListPage:
        """See `Family.read`."""
        state = _decode(listing.step.state) if listing.step.state else None
        if isinstance(state, ArticlesState):
            return _answer(listing, state)
        if "/gkmlpt" in urlsplit(listing.url).path and "_CONFIG" in listing.text:
            return _shell(
                listing, state.category if isinstance(state, ShellState) else urlsplit(listing.section).fragment
            )
        page = read_html(listing)
        if state is not None and not (page.rows or page.links or page.columns or page.refresh):
            return msgspec.structs.replace(page, problem=page.problem or "where the category leads, nothing is listed")
        return page

    def unwrap(self, text: str) -> str:
        """A document page with its body, title, date, publisher and attachments in the HTML where a script would put them."""
        found = _DETAIL.search(text)
        shown = _shown(text)
        if found is None or (shown is not None and squeezed(re.sub(r"<[^<>]*>", "", text[shown[0] : shown[1]]))):
            return text
        detail = _value_at(text, found.end())
        if not isinstance(detail, dict) or not isinstance(detail.get("content"), str):
            return text
        return _with_detail(text, detail)


def _shell(listing: Listing, wanted: str) -> ListPage:
    """The directory's page: which categories to ask for. `wanted`: the id of one, or "" for those called 年报."""
    sid = _SID.search(listing.text)
    found = _TREE.search(listing.text)
    tree = _value_at(listing.text, found.end()) if found else None
    if sid is None or not isinstance(tree, (list, dict)):
        return ListPage(problem="its _CONFIG holds no SID or no TREE")
    nodes = [*_walk(tree)]
    if wanted:
        chosen = [node for node in nodes if str(node.get("id")) == wanted] or [{"id": wanted}]
    else:
        chosen = [node for node in nodes if _is_annual(node)]
        inside = {id(child) for node in chosen for child in _walk(node.get("children") or []) if child is not node}
        chosen = [node for node in chosen if id(node) not in inside]
    if not chosen:
        return ListPage(
            problem="no category of its TREE is called 年报; give the section's address as …/gkmlpt/index#<category>"
        )
    base = listing.url.split("/gkmlpt", 1)[0]
    steps: list[Step] = []
    columns: list[Column] = []
    for node in chosen[:_MOST]:
        steps += _asked(node, base, sid[1], listing)
        children = node.get("children")
        for child in children if isinstance(children, list) else []:
            year = column_year(squeezed(str(child.get("name", ""))), "") if isinstance(child, dict) else None
            if year and year <= listing.this_year and "id" in child:
                columns.append(Column(f"{base}/gkmlpt/index#{child['id']}", year))
    return ListPage(next=tuple(steps), columns=tuple(columns), annual=True)


def _asked(node: dict[str, Any], base: str, sid: str, listing: Listing) -> Iterator[Step]:
    """What to ask for a category: its articles, and the place that it leads to."""
    category = str(node["id"])
    jump, fragment = urldefrag(join(listing.url, str(node.get("jump_url") or "")))
    here = urldefrag(listing.url).url
    if jump and "/gkmlpt" in urlsplit(jump).path and jump.split("/gkmlpt", 1)[0] == base:
        category, jump = fragment or category, ""
    count = node.get("post_count")
    if not jump or jump == here or (isinstance(count, int) and count > 0):
        yield ArticlesState(base, category, sid, here).step()
    if jump and jump != here:
        state = ShellState(fragment) if "/gkmlpt" in urlsplit(jump).path else JumpState()
        yield Step(jump, state=msgspec.json.encode(state).decode())


def _answer(listing: Listing, state: ArticlesState) -> ListPage:
    """One page of the list's interface."""
    answer = answers.value_of(listing.text)
    found = answer.get("articles") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(found, list):
        wrong = answers.error_of(answer)
        return ListPage(problem=wrong or "the list's interface did not answer with JSON articles")
    articles = [article for article in found if isinstance(article, dict)]
    links: list[Link] = []
    rows: list[str] = []
    for article in articles:
        url = join(f"{state.base}/gkmlpt/", str(article.get("url") or article.get("post_url") or ""))
        title = squeezed(html.unescape(re.sub(r"<[^<>]*>", "", str(article.get("title") or ""))))
        if not url or not title:
            continue
        rows.append(url)
        kind = judge(title, url, True, True)
        if kind:
            links.append(Link(url, title, "report" if kind == "report" else "companion", _date(article)))
    total = _total(answer)
    if not articles and total is None and state.cursor.page == 1:
        wrong = answers.error_of(answer)
        return ListPage(problem=wrong or "the list's interface gave no article, and does not say that there is none")
    turn = advance(state.cursor, rows, len(articles), total, doubles=True)
    onward = turn.onward
    if not turn.kept:
        return ListPage(annual=True, problem=turn.problem)
    return ListPage(
        links=tuple(links),
        next=(msgspec.structs.replace(state, cursor=onward).step(),) if onward else (),
        rows=tuple(rows),
        listed=len(articles),
        expected=total if state.cursor.page == 1 else None,
        annual=True,
        problem=turn.problem,
    )


def _total(answer: dict[str, Any]) -> int | None:
    classify = answer.get("classify")
    for value in (answer.get("total"), classify.get("post_count") if isinstance(classify, dict) else None):
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


def _date(article: dict[str, Any]) -> str:
    shown = str(article.get("display_publish_time") or "")
    if re.match(r"\d{4}-\d\d-\d\d", shown):
        return shown[:10]
    stamp = article.get("date") or article.get("display_publish_time")
    if isinstance(stamp, str) and re.match(r"\d{4}-\d\d-\d\d", stamp):
        return stamp[:10]
    try:
        return (datetime.fromtimestamp(int(stamp or 0), UTC) + _CHINA).date().isoformat() if stamp else ""
    except (ValueError, TypeError, OverflowError, OSError):
        return ""


def _walk(tree: Any) -> Iterator[dict[str, Any]]:
    """All categories, parents first."""
    waiting = [tree] if isinstance(tree, dict) else [*reversed(tree)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if "id" in node:
                yield node
            children = node.get("children")
            waiting += reversed(children) if isinstance(children, list) else []


def _is_annual(node: dict[str, Any]) -> bool:
    name = squeezed(str(node.get("name", "")))
    return bool(_ANNUAL_NODE.search(name)) and not _NOT_ANNUAL.search(name)


def _value_at(text: str, position: int) -> Any:
    """The JSON value, or script literal, at `position`; None if there is none."""
    try:
        return json.JSONDecoder().raw_decode(text, position)[0]
    except (ValueError, RecursionError):
        pass
    try:
        return literals.literal(text, position)
    except literals.NoLiteral:
        return None


def _shown(text: str) -> tuple[int, int] | None:
    """Where the page's own body box stands: from its tag to the first end tag behind it, where it is empty."""
    start = _BODY.search(text)
    if start is None:
        return None
    end = _BODY_END.search(text, start.end())
    return start.start(), end.end() if end else len(text)


def _with_detail(text: str, detail: dict[str, Any]) -> str:
    head = ""
    for name, value in (
        ("ArticleTitle", detail.get("title")),
        ("PubDate", _date(detail)),
        ("ContentSource", detail.get("publisher") or detail.get("source")),
    ):
        if value and f'"{name}"' not in text:
            head += f'<meta name="{name}" content="{html.escape(str(value))}">'
    body = f'<div class="article-content">{detail["content"]}'
    for attachment in detail.get("attachment") or ():
        if isinstance(attachment, dict) and attachment.get("url"):
            body += f'<p><a href="{html.escape(str(attachment["url"]))}">{html.escape(str(attachment.get("name") or ""))}</a></p>'
    shown = _shown(text)
    if shown:
        text = text[: shown[0]] + body + "</div>" + text[shown[1] :]
    else:
        end = text.lower().rfind("</body>")
        text = f"{text[:end]}{body}</div>{text[end:]}" if end >= 0 else f"{text}{body}</div>"
    start = re.search(r"(?i)<head\b[^>]*>", text)
    return text[: start.end()] + head + text[start.end() :] if start else head + text
