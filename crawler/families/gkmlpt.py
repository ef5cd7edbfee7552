"""Guangdong's 政府信息公开平台 (`/gkmlpt/`), and the NFCMS (南方) columns beside it.

`…/gkmlpt/index#<category>` is a shell: `window._CONFIG` holds `SID` and the `TREE` of categories; the list comes from
`…/gkmlpt/api/all/<category>?page=N&sid=<SID>` as JSON, 100 articles a page, where pages 0 and 1 are the same. A section
without `#<category>` is the category whose name says 年报. Its pages are `…/gkmlpt/content/8/8081/post_8081133.html`,
some with the body only in `_CONFIG.DETAIL.content` (`unwrap`). Any other section is an NFCMS list: plain rows,
`content/post_<id>.html`, page 2 is `index_2.html` ("domain notes", 1c).
"""

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from crawler.families.base import Column, Family, Link, Listing, ListPage, Markup, Step
from crawler.families.generic import read_html
from crawler.families.rows import column_year, judge, squeezed
from crawler.page.address import join

_SID = re.compile(r"['\"]?\bSID['\"]?\s*:\s*['\"]?(\d+)")
_TREE = re.compile(r"['\"]?\bTREE['\"]?\s*:\s*(?=[\[{])")
_DETAIL = re.compile(r"['\"]?\bDETAIL['\"]?\s*:\s*(?=\{)")
_ANNUAL_NODE = re.compile(r"(?:信息公开|公开).*?(?:年报|年度报告|年度工作报告)|^(?:年报|年度报告|工作年报)$")
_NOT_ANNUAL = re.compile("网站|法治|指南|制度|财政|预算|决算")
_PAGE_SIZE = 100
_CHINA = timedelta(hours=8)
_BODY = re.compile(r"<(?:div|article)\b[^<>]*class=['\"][^'\"<>]*\barticle-content\b[^<>]*>", re.I)
_BODY_END = re.compile(r"</(?:div|article)\s*>", re.I)


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
        if listing.step.state:
            return _answer(listing)
        if "/gkmlpt" in urlsplit(listing.url).path and "_CONFIG" in listing.text:
            return _shell(listing)
        return read_html(listing)

    def unwrap(self, text: str) -> str:
        """A document page with its body, title, date, publisher and attachments in the HTML where a script would put them."""
        found = _DETAIL.search(text)
        shown = _shown(text)
        if found is None or (shown is not None and squeezed(re.sub(r"<[^<>]*>", "", text[shown[0] : shown[1]]))):
            return text
        detail = _json_at(text, found.end())
        if not isinstance(detail, dict) or not isinstance(detail.get("content"), str):
            return text
        return _with_detail(text, detail)


def _shell(listing: Listing) -> ListPage:
    """The directory's page: which categories to ask for."""
    sid = _SID.search(listing.text)
    found = _TREE.search(listing.text)
    tree = _json_at(listing.text, found.end()) if found else None
    if sid is None or not isinstance(tree, (list, dict)):
        return ListPage(problem="its _CONFIG holds no SID or no TREE")
    nodes = [*_walk(tree)]
    wanted = urlsplit(listing.section).fragment
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
    steps, columns = [], []
    for node in chosen:
        jump = join(listing.url, str(node.get("jump_url") or ""))
        if jump:
            steps.append(Step(jump, number=0))
        else:
            steps.append(_step(base, str(node["id"]), sid[1], 1, 0, listing.url))
        for child in node.get("children") or []:
            year = column_year(squeezed(str(child.get("name", ""))), "")
            if year and year <= listing.this_year:
                columns.append(Column(f"{base}/gkmlpt/index#{child['id']}", year))
    return ListPage(next=tuple(steps), columns=tuple(columns), annual=True)


def _answer(listing: Listing) -> ListPage:
    """One page of the list's interface."""
    base, category, sid, page, seen = json.loads(listing.step.state)
    try:
        answer = json.loads(listing.text)
        articles = [article for article in answer["articles"] if isinstance(article, dict)]
    except (ValueError, KeyError, TypeError):
        return ListPage(problem="the list's interface did not answer with JSON articles")
    links, rows = [], []
    for article in articles:
        url = join(listing.url, str(article.get("url") or article.get("post_url") or ""))
        title = squeezed(html.unescape(re.sub(r"<[^>]*>", "", str(article.get("title") or ""))))
        if not url or not title:
            continue
        rows.append(url)
        kind = judge(title, url, True, True)
        if kind:
            links.append(Link(url, title, "report" if kind == "report" else "companion", _date(article)))
    total = _total(answer)
    seen += len(articles)
    more = bool(articles) and (seen < total if total is not None else len(articles) >= _PAGE_SIZE)
    steps = (_step(base, category, sid, page + 1, seen, listing.section),) if more else ()
    return ListPage(
        links=tuple(links),
        next=steps,
        rows=tuple(rows),
        listed=len(articles),
        expected=total if page == 1 else None,
        annual=True,
    )


def _step(base: str, category: str, sid: str, page: int, seen: int, referer: str) -> Step:
    state = json.dumps([base, category, sid, page, seen])
    url = f"{base}/gkmlpt/api/all/{category}?page={page}&sid={sid}"
    return Step(url, None, (("Referer", referer.split("#", 1)[0]), ("X-Requested-With", "XMLHttpRequest")), page, state)


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


def _json_at(text: str, position: int) -> Any:
    """The JSON value at `position`, or None."""
    try:
        return json.JSONDecoder().raw_decode(text, position)[0]
    except (ValueError, RecursionError):
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
