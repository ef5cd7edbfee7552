"""`nianbao demo`: what happens on five portals in a few days of January 2026, and what the office is told of it.

In: an empty home and `crawl(now, names)`, which makes one pass over the named portals at the simulated time `now` (UTC)
and sends what is due. The story publishes, edits, breaks and mends the portals between the passes, shows each message
as its reader sees it, and says at the end whether each pass told what it should have, and nothing else.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from monitor.demo.server import Web
from monitor.demo.sinks import Arrived, Sinks
from monitor.demo.text import write_paper
from monitor.demo.world import World

Crawl = Callable[[str, tuple[str, ...]], None]
"""One pass at a time (UTC, YYYY-MM-DDTHH:MM:SSZ) over portals, by their names."""

PORTALS = ("yunxi", "wangjiang", "nanzhou", "haitang", "qingshi")
CONFIRMATIONS, CONFIRMED_AFTER = 2, "1h"


class Step(NamedTuple):
    """A pass: when, what was done to the portals before it, and the kinds of messages that it must bring (words of
    their first lines, one for each message)."""

    now: str
    heading: str
    told: tuple[str, ...] = ()


def tell(home: Path, crawl: Crawl, console: Console) -> bool:
    """Tells the whole story in `home`. Whether every pass told what it should have."""
    with Web() as web, World(*PORTALS) as world:
        sinks = Sinks(web)
        names = world.write_portals(home, confirmations=CONFIRMATIONS, after=CONFIRMED_AFTER)
        (home / "nianbao.toml").write_text(settings_file(sinks), encoding="utf-8")
        good = True
        for number, step in enumerate(acts(world), 1):
            console.rule(f"[bold]{number}[/bold]　{escape(step.heading)}", align="left", characters="─")
            crawl(step.now, names)
            arrived = sinks.take()
            for subject in dict.fromkeys(one.subject for one in arrived):
                console.print(shown([one for one in arrived if one.subject == subject]))
            good &= judged(step, arrived, console)
        return good


def settings_file(sinks: Sinks) -> str:
    """A nianbao.toml with one mailbox and one webhook."""
    channels = (("office", sinks.mail_url), ("duty", sinks.hook_url))
    return "\n".join(f'[[channel]]\nname = "{name}"\nurl = "{url}"\n' for name, url in channels)


def acts(world: World) -> Iterator[Step]:
    """The story. What stands before a `yield` happens before its pass."""
    yunxi, wangjiang, nanzhou, haitang, qingshi = (world[name] for name in PORTALS)
    baseline = ("建立基线",) * len(PORTALS)
    yield Step("2026-01-26T00:30:00Z", "第一次读取五个门户（五种建站系统）：建立基线，每个门户只发一条消息", baseline)

    yield Step("2026-01-26T04:30:00Z", "没有变化：访问量、天气、日期、推荐链接每次都不同，都不算变化")

    yunxi.publish(write_paper("云溪县人民政府办公室", 2025, published_on="2026-01-27", extras="document"))
    wangjiang.edit_digit(wangjiang.find("望江区人民政府", 2022))
    heading = "云溪县人民政府办公室公开2025年年报；望江区悄悄改了2022年年报里的一个数字"
    yield Step("2026-01-27T00:30:00Z", heading, ("年报公开", "年报变更"))

    nanzhou.redesign()
    haitang.cosmetic(haitang.find("海棠区审计局", 2023))
    qingshi.set_encoding("utf-8")
    heading = "南洲区改版，海棠区把全角标点换成半角，青石县更换编码：文字没有变，不发消息"
    yield Step("2026-01-27T04:30:00Z", heading)

    yunxi.start_outage("412")
    wangjiang.start_outage("503")
    qingshi.start_outage("refused")
    gone = haitang.find("海棠区人民政府", 2021)
    haitang.take_down(gone)
    heading = "三个门户打不开（验证页面、503、拒绝连接），海棠区2021年年报不见了：都还不能下结论，不发消息"
    yield Step("2026-01-28T00:30:00Z", heading)

    for site in (yunxi, wangjiang, qingshi):
        site.end_outage()
    heading = "门户恢复，什么也没有少；海棠区2021年年报第二次确认不在，栏目里也找不到：撤下"
    yield Step("2026-01-28T04:30:00Z", heading, ("年报撤下",))

    haitang.restore(gone)
    wangjiang.move(wangjiang.find("望江区教育局", 2023), "relist")
    heading = "海棠区2021年年报重新上线；望江区教育局2023年年报换了网址"
    yield Step("2026-01-29T00:30:00Z", heading, ("年报恢复", "年报迁移"))


def shown(arrived: list[Arrived]) -> Panel:
    """One message as its reader sees it, and where it arrived."""
    # The webhook's text is the message's own; of a mail, the text that its HTML was made into.
    text = next((one.text for one in arrived if one.by == "webhook"), arrived[0].text).strip("\r\n")
    by = " · ".join(dict.fromkeys({"mail": "邮件", "webhook": "Webhook"}[one.by] for one in arrived))
    title = escape(arrived[0].subject)
    return Panel(escape(text), title=title, title_align="left", subtitle=f"送达：{by}", subtitle_align="right")


def judged(step: Step, arrived: list[Arrived], console: Console) -> bool:
    """Whether mailbox and webhook got the messages that they should have, and no other; says so."""
    wrong = []
    for by in ("mail", "webhook"):
        subjects = [one.subject for one in arrived if one.by == by]
        for word, times in Counter(step.told).items():
            found = sum(word in subject for subject in subjects)
            if found != times:
                wrong.append(f"{by}：“{word}”应有 {times} 条，到了 {found} 条")
        wrong += [f"{by}：不应有 {one}" for one in subjects if not any(word in one for word in step.told)]
    if wrong:
        console.print("[red]✗ " + escape("；".join(wrong)) + "[/red]")
    else:
        console.print(
            "[green]✓[/green] " + (f"{len(step.told)} 条消息，正是应有的" if step.told else "没有消息，正应如此")
        )
    return not wrong
