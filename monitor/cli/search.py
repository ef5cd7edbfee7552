"""`nianbao search`: full text over all versions of all reports."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from monitor.cli import completion
from monitor.cli.common import YEAR, Command, Context, check_portal, echo_json, pass_context, tell

if TYPE_CHECKING:
    from monitor.search.found import Found, Hit
    from monitor.search.snippets import Snippet

_PLACES = {"anywhere": "", "title": "title", "text": "text", "attachments": "attachments"}


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--not", "without", multiple=True, metavar="WORD", help="Only where this does not stand; may be repeated."
)
@click.option("--portal", help="Only this portal.", shell_complete=completion.portals)
@click.option("--organ", help="Only organs whose name holds this.")
@click.option("--year", type=YEAR, help="Only this report year.")
@click.option("--region", metavar="CODE", help="Only regions whose code begins so (33, 3310).")
@click.option("--in", "where", type=click.Choice(list(_PLACES)), default="anywhere", help="Where to look.")
@click.option("--current", is_flag=True, help="Only current versions; else what was changed or taken down since, too.")
@click.option("--sort", type=click.Choice(["best", "year", "captured"]), default="best", help="The order.")
@click.option("--page", type=click.IntRange(min=1, max=10_000), default=1, help="20 reports each.")
@pass_context
def search(
    context: Context,
    words: tuple[str, ...],
    without: tuple[str, ...],
    portal: str | None,
    organ: str | None,
    year: int | None,
    region: str | None,
    where: str,
    current: bool,
    sort: str,
    page: int,
) -> None:
    """Reports in any version of which all WORDS stand, best first. Brings the index (HOME/search.db) up to the record before."""
    from monitor.search.found import Asked

    asked = Asked(
        text=" ".join([*map(_phrase, words), *(f"-{_phrase(word)}" for word in without)]),
        portal=portal or "",
        organ=organ or "",
        year=year,
        region=region or "",
        where=_PLACES[where],
        versions="current" if current else "all",
        sort=sort,
        page=page,
    )
    found = _found(context, asked, portal)
    if not found.query.groups:
        raise click.UsageError("nothing to look for; give a word, a phrase or a number")
    if context.json:
        echo_json(_as_json(found))
        return
    rows = [_row(hit) for hit in found.hits]
    columns = {
        "report": "编号", "portal": "门户", "organ": "机关", "year": "年度", "versions": "版本", "where": "见于", "text": "原文",
    }  # fmt: skip
    context.show(rows, columns, "no report has these words")
    if found.late:
        tell("there was no time to look at all of them; narrow the search", err=True)
    if found.more:
        tell(f"more than {found.count} reports; these are among those captured last", err=True)
    if found.pages > 1:
        tell(f"page {found.page} of {found.pages}: --page says which", err=True)


def _phrase(word: str) -> str:
    """What the shell took for one word is one."""
    return f'"{word}"' if any(char.isspace() for char in word) and '"' not in word else word


def _found(context: Context, asked: Any, portal: str | None) -> "Found":
    from monitor.search.index import Indexer
    from monitor.search.reader import Reader
    from monitor.search.results import search as look

    home = context.home
    with home.reader() as store:
        check_portal(context, store, portal)
        indexer = Indexer(home.path)
        try:
            with _bar() as told:
                if not indexer.update(store, told):
                    tell("another process brings the index up to date; what is new may be missing", err=True)
        except OSError as error:
            tell(f"{indexer.path}: {error.strerror}; searched as it is", err=True)
        conn = Reader(indexer.path).connection()
        if conn is None:
            raise click.UsageError(
                f"{indexer.path}: there is no index yet; try again in a minute, in a home that can be written"
            )
        try:
            return look(store, conn, asked, seconds=60.0)
        finally:
            conn.close()


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on a terminal, once there is something to wait for; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("index", total=None, visible=False)
        yield lambda done, total: bars.update(task, completed=done, total=total, visible=done < total)


def _text(snippet: "Snippet") -> str:
    return "".join(f"【{piece.text}】" if piece.hit else piece.text for piece in snippet)


def _row(hit: "Hit") -> dict[str, Any]:
    where = (
        f"仅旧版本，v{hit.gone_in} 已改掉" if hit.only_old and hit.gone_in else "旧版本" if hit.only_old else "当前版本"
    )
    inside = [_text(one) for one in hit.snippets[:1]]
    inside += [f"附件 {name}：{'　'.join(map(_text, shown[:1]))}" for name, shown in hit.attachments[:1] if not inside]
    return {
        "report": hit.report,
        "portal": hit.portal,
        "organ": hit.organ,
        "year": hit.year,
        "versions": " ".join(f"v{one.seq}" for one in sorted(hit.versions, key=lambda one: one.seq)),
        "where": where + ("（已撤下）" if hit.status == "taken_down" else ""),
        "text": inside[0] if inside else _text(hit.shown_title),
    }


def _as_json(found: "Found") -> dict[str, Any]:
    return {
        "count": found.count,
        "more": found.more,
        "incomplete": found.late or not found.progress.complete,
        "page": found.page,
        "pages": found.pages,
        "hits": [
            {
                "report": hit.report,
                "portal": hit.portal,
                "organ": hit.organ,
                "year": hit.year,
                "title": hit.title,
                "status": hit.status,
                "url": hit.url,
                "versions": [
                    {"id": one.id, "seq": one.seq, "captured_at": one.captured_at, "current": one.current}
                    for one in hit.versions
                ],
                "only_old": hit.only_old,
                "new_in": hit.new_in,
                "gone_in": hit.gone_in,
                "snippets": [_text(one) for one in hit.snippets],
                "attachments": [
                    {"name": name, "snippets": [_text(one) for one in shown]} for name, shown in hit.attachments
                ],
            }
            for hit in found.hits
        ],
    }
