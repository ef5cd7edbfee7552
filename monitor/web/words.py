"""Words and forms of the templates: times as readers see them, kinds and states in Chinese, addresses of these pages.

Filters: `local` (2026-11-21 08:31), `day` (2026-11-21), `when` (a `<time>` with both forms), `thousands` (12,345), `kind`,
`health`, `status`. Functions: `link("/path", key=value)`, `asset("name.css")`.
"""

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from monitor.times import local, shown
from monitor.web.site import Site
from monitor.words import WORDS

STATIC = Path(__file__).with_name("static")
HEALTH = {"new": "未读取", "ok": "正常", "blocked": "被拦截", "down": "无法读取", "broken": "栏目异常"}
STATUS = {"live": "在线", "missing": "待确认", "taken_down": "已撤下"}
SIGNIFICANCE = {"first": "首次存档", "content": "内容变更", "cosmetic": "仅版式或字形差异", "rebaseline": "重新基线"}
LEVELS = {"province": "省级", "prefecture": "地市", "county": "区县", "township": "乡镇街道", "department": "部门"}


def kind(name: str) -> str:
    """A kind of event as its readers know it: 公开, 变更, 撤下."""
    return WORDS["zh"].get(name, name).removeprefix("年报")


def thousands(value: int | float | None) -> str:
    """12,345; a number with decimals as it is; nothing for None."""
    if value is None:
        return ""
    return f"{value:,}" if not isinstance(value, float) or not value.is_integer() else f"{int(value):,}"


def relative(text: str, now: str, zone: str) -> str:
    """今天 08:31, 昨天 08:31, else 2026-11-21 08:31. `text`, `now`: the record's form."""
    try:
        then, today = local(text, zone), local(now, zone).date()
    except ValueError:
        return text
    for days, word in ((0, "今天"), (1, "昨天")):
        if then.date() == today - timedelta(days=days):
            return f"{word} {then:%H:%M}"
    return f"{then:%Y-%m-%d %H:%M}"


def zone_name(zone: str) -> str:
    """北京时间 for Asia/Shanghai; any other zone by its name."""
    return "北京时间" if zone == "Asia/Shanghai" else zone


@cache
def asset_hash(name: str) -> str:
    """What tells browsers that a file of `static/` is another one."""
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]


def teach(env: Environment, site: Site) -> None:
    """Gives the templates their words."""

    def when(text: str | None) -> Markup:
        if not text:
            return Markup("")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            text, shown(text, site.zone), relative(text, site.now, site.zone)
        )

    def asset(name: str) -> str:
        return site.path(f"/static/{name}", v=asset_hash(name))

    env.trim_blocks = env.lstrip_blocks = True
    env.filters |= {
        "local": lambda text: shown(text, site.zone) if text else "",
        "day": lambda text: shown(text, site.zone)[:10] if text else "",
        "when": when,
        "thousands": thousands,
        "kind": kind,
        "health": lambda name: HEALTH.get(name, name),
        "status": lambda name: STATUS.get(name, name),
        "significance": lambda name: SIGNIFICANCE.get(name, name),
    }
    env.globals |= {"link": site.path, "asset": asset}
