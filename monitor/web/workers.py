"""The crawl machines: `/workers`."""

import json

from datasette.utils.asgi import Request, Response

from monitor.store import Store
from monitor.web import crews
from monitor.web.crews import Known
from monitor.web.site import Route, Site
from monitor.workers.wire import exit_of, kind_of

READING = 12
"""Portals that are named where a worker reads them."""
SKEW = 5.0
"""Seconds by which clocks may differ."""


async def workers(site: Site, request: Request) -> Response:
    """Workers, what they read; queues, what waits in them."""
    known = await crews.known(site)
    titles: dict[str, str] = {}
    if known is not None:
        names = {name for worker in known.crews.workers for name in worker.running} | {*known.crews.unread}
        titles = await site.read(lambda store: _titles(store, names))
    values = {
        "local": site.settings.service.engine == "local",
        "known": known,
        "titles": titles,
        "most": READING,
        "sort": sort,
        "size": size,
        "skewed": _skewed(known) if known else {},
    }
    return await site.page(request, "workers.html", values)


def sort(queue: str) -> str:
    """What a queue is for: 普通, 需浏览器, 出口 cn-south."""
    kind = "需浏览器" if kind_of(queue) == "rendered" else "普通"
    label = exit_of(queue)
    return f"{kind}，出口 {label}" if label else kind


def _titles(store: Store, names: set[str]) -> dict[str, str]:
    return dict(
        store.values(
            "SELECT p.name, p.title FROM json_each(?) n CROSS JOIN portals p ON p.name = n.value",
            (json.dumps([*names]),),
        )
    )


def size(number: int) -> str:
    """Bytes as 346 MB, 2.1 GB."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def _skewed(known: Known) -> dict[str, str]:
    """Workers whose clock is off by more than five seconds, and how much: 时钟快 42 秒."""
    found = {}
    for name, skew in known.crews.skews.items():
        if abs(skew) > SKEW:
            off = abs(skew)
            span = f"{off:.0f} 秒" if off < 120 else f"{off / 60:.0f} 分钟" if off < 7200 else f"{off / 3600:.0f} 小时"
            found[name] = f"时钟{'快' if skew > 0 else '慢'} {span}"
    return found


ROUTES: list[Route] = [("/workers", workers)]
