"""`nianbao workers`: the crawl machines, what they read, and what waits for them."""

import sys
from typing import TYPE_CHECKING, Any

import click
import msgspec

from monitor.cli.common import Command, Context, echo_json, pass_context, tell
from monitor.times import shown

if TYPE_CHECKING:
    from monitor.workers.roster import Crews

_WORKERS = {
    "name": "采集节点", "takes": "队列", "busy": "占用", "reads": "正在读取", "made": "已读", "size": "内存", "version": "版本",
    "begun": "启动",
}  # fmt: skip
_QUEUES = {
    "queue": "队列", "many": "采集节点", "slots": "并行", "under_way": "进行中", "waiting": "等待", "oldest": "最早", "portals": "门户",
}  # fmt: skip
_READS = 5
"""Portals that are named where a worker reads them; --json has all."""


@click.command(cls=Command)
@pass_context
def workers(context: Context) -> None:
    """The crawl machines, by their own word: which queues they take passes from, what they read now; and what waits.

    Exit code 1 where the broker or the register of workers does not answer.
    """
    service = context.home.settings().service
    if service.engine == "local":
        if context.json:
            echo_json({"engine": service.engine, "workers": [], "queues": []})
        else:
            tell('there are no workers: this machine reads all portals itself (service.engine = "local")')
        return
    from monitor.workers.address import place  # with what asks for them
    from monitor.workers.asking import missing
    from monitor.workers.outside import PortalQueues, look

    if absent := missing():
        raise click.UsageError(f'{absent}; run `make extras`, or install the extra "workers"')
    crews = look(context.home, service, context.clock(), PortalQueues(context.home).read())
    if context.json:
        told = msgspec.to_builtins(crews)
        echo_json({"engine": service.engine, "workers": [], "queues": [], **told})
    elif not crews.register:
        _show(context, crews)
    for what, address, trouble in (
        ("broker", service.broker, crews.broker),
        ("register of workers", service.register_address, crews.register),
    ):
        if trouble:
            remedy = "see that it runs and can be reached; `nianbao doctor` looks closer"
            tell(f"the {what} at {place(address)} does not answer: {trouble}; {remedy}", err=True)
    if crews.unread_total:
        more = crews.unread_total - len(crews.unread)
        names = ", ".join(crews.unread) + (f" and {more} more" if more > 0 else "")
        tell(f"no worker reads {names}: start one for their queues (`nianbao worker`)", err=True)
    if not crews.reachable:
        sys.exit(1)


def _show(context: Context, crews: "Crews") -> None:
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "takes": " ".join(one.queues),
            "busy": f"{len(one.running)}/{one.slots}",
            "reads": " ".join(one.running[:_READS]) + (" …" if len(one.running) > _READS else ""),
            "made": one.made,
            "size": f"{one.memory / 1e6:.0f} MB",
            "version": one.version,
            "begun": shown(one.since),
        }
        for one in crews.workers
    ]
    context.show(rows, _WORKERS, "no worker is there; `nianbao worker` starts one")
    click.echo()
    queues = [
        {
            "queue": one.queue,
            "many": len(one.workers),
            "slots": one.slots,
            "under_way": one.under_way,
            "waiting": one.waiting,
            "oldest": shown(one.since) if one.since else "",
            "portals": one.portals,
        }
        for one in crews.queues
    ]
    context.show(queues, _QUEUES, "no portal is enabled")
