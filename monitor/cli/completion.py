"""What a shell can complete: reports, portals, codes, rules. Nothing where the record cannot be read."""

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from monitor.cli.common import Context
from monitor.figure_choice import known_fields
from monitor.figure_views import RULE_NAMES
from monitor.store import Store, StoreError

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _from_record(items: Callable[[Store], list[tuple[str, str]]]) -> Completer:
    """A completer that asks the record for values and what they mean."""

    def complete(ctx: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            with ctx.find_root().ensure_object(Context).home.reader() as store:
                found = items(store)
        except StoreError:
            return []
        return [CompletionItem(value, help=told) for value, told in found if value.startswith(begun)]

    return complete


reports = _from_record(
    lambda store: [
        (str(row["id"]), f"{row['organ']} {row['year']}")
        for row in store.rows("SELECT id, organ, year FROM reports WHERE withdrawn_at IS NULL ORDER BY id")
    ]
)
portals = _from_record(
    lambda store: [(row["name"], row["title"]) for row in store.rows("SELECT name, title FROM portals ORDER BY name")]
)
codes = _from_record(lambda store: [(row["code"], row["name"]) for row in known_fields(store)])


def rules(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
    return [CompletionItem(rule, help=name) for rule, name in RULE_NAMES.items() if rule.startswith(begun)]
