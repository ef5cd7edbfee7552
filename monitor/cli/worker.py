"""`nianbao worker`: a crawl machine, which makes passes for a service elsewhere."""

import os
import sys

import click

from crawler.portal import LABEL
from monitor.cli.common import Command, Context, pass_context
from monitor.settings import Service
from monitor.settings_workers import check_addresses
from monitor.workers.wire import QUEUES, Queue

_MOST = 500


@click.command(cls=Command)
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(QUEUES),
    help="Take such passes; may be given twice. [default: plain, and rendered where a browser is installed]",
)
@click.option(
    "--exit",
    "exits",
    multiple=True,
    metavar="LABEL",
    help="Take passes of portals that are pinned to this label, too; may be given more than once.",
)
@click.option("--only-exit", is_flag=True, help="Take no passes of portals that are not pinned.")
@click.option(
    "--slots",
    type=click.IntRange(1, _MOST),
    default=50,
    show_default=True,
    help="Passes at the same time; most of them wait.",
)
@click.option(
    "--rendered-slots",
    type=click.IntRange(1, 50),
    default=4,
    show_default=True,
    help="Of them, such as need the browser.",
)
@click.option("--name", default="nianbao", show_default=True, help="Tells it from other workers on this machine.")
@click.option("--broker", envvar="NIANBAO_BROKER", metavar="URL", help="Instead of service.broker, or NIANBAO_BROKER.")
@click.option(
    "--results", envvar="NIANBAO_RESULTS", metavar="URL", help="The same of service.results, NIANBAO_RESULTS."
)
@click.option(
    "--parcels", envvar="NIANBAO_PARCELS", metavar="URL", help="The same of service.parcels, NIANBAO_PARCELS."
)
@pass_context
def worker(
    context: Context,
    queues: tuple[Queue, ...],
    exits: tuple[str, ...],
    only_exit: bool,
    slots: int,
    rendered_slots: int,
    name: str,
    broker: str | None,
    results: str | None,
    parcels: str | None,
) -> None:
    """A crawl machine: makes passes that a service with engine = "celery" gives out, and hands back what they saw.

    It needs no record and no channel: only the broker, and room for run folders in its home. Ends on SIGTERM and Ctrl-C:
    passes under way are cut short and handed over.
    """
    import msgspec

    settings = context.home.settings()
    given = {"broker": broker, "results": results, "parcels": parcels}
    service = msgspec.structs.replace(settings.service, **{key: value for key, value in given.items() if value})
    _check(service, exits, only_exit, name)
    kinds = queues or (("plain", "rendered") if _has_browser() else ("plain",))
    try:
        from monitor.workers.depot import ParcelError
        from monitor.workers.worker import Post, queues_of, work
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed: install the extra `workers`") from None
    for variable in ("NIANBAO_BROKER", "NIANBAO_RESULTS", "NIANBAO_PARCELS"):
        os.environ.pop(
            variable, None
        )  # passes inherit the environment, and a portal's `proxy` may name any variable of it
    from monitor.service import logs

    logs.configure(msgspec.structs.replace(settings, service=service), context.home.path)
    post = Post(
        name=name,
        broker=service.broker,
        register=service.register_address,
        parcels=service.parcels,
        queues=queues_of(kinds, exits, only_exit),
        exits=exits,
        slots=slots,
        rendered_slots=min(rendered_slots, slots) if "rendered" in kinds else 0,
    )
    try:
        code = work(post, context.home.path / "worker")
    except ParcelError as error:
        raise click.ClickException(str(error)) from None
    sys.exit(code)


def _check(service: Service, exits: tuple[str, ...], only_exit: bool, name: str) -> None:
    try:
        check_addresses(service)
    except ValueError as error:
        raise click.UsageError(f"{error}; or give --broker") from None
    for label in (name, *exits):
        if not LABEL.fullmatch(label):
            raise click.UsageError(f'"{label}" is no label; write letters, digits, dots, dashes and underscores')
    if only_exit and not exits:
        raise click.UsageError("--only-exit goes with --exit; without it, no pass would be taken")


def _has_browser() -> bool:
    from monitor.checkup.installation import crawlers_browser

    return crawlers_browser() is not None
