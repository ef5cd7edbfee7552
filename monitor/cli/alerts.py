"""`nianbao alerts`: what is on its way to whom."""

import sys
from collections import Counter

import click
import msgspec

from monitor import outbox
from monitor.cli.common import NUMBER, Command, Context, Group, echo_json, pass_context, tell, utc_time
from monitor.cli.writing import writing
from monitor.due import NO_END
from monitor.outbox_store import RETRIED, listing
from monitor.outbox_store import retry as retry_deliveries
from monitor.recipients import replay as replay_events
from monitor.settings import Settings
from monitor.store import Store
from monitor.times import shown

_STATES = ("pending", "held", "sending", "failed", "dead", "sent", "skipped")
_WAITING = frozenset({"pending", "held", "failed"})
_SHOWN = {
    "pending": "待发",
    "held": "暂缓",
    "sending": "发送中",
    "failed": "失败",
    "dead": "已放弃",
    "sent": "已发",
    "skipped": "略过",
}


@click.group(cls=Group, invoke_without_command=True)
@click.option("--state", type=click.Choice(_STATES), multiple=True, help="Only deliveries in this state.")
@click.option("--channel", default="", help="Only this channel.")
@click.option(
    "--limit", type=click.IntRange(min=0), default=200, show_default=True, help="At most so many, newest first; 0: all."
)
@click.pass_context
def alerts(ctx: click.Context, state: tuple[str, ...], channel: str, limit: int) -> None:
    """Deliveries: pending, held, failed, dead and sent."""
    if ctx.invoked_subcommand is not None:
        return
    context = ctx.find_root().ensure_object(Context)
    with context.home.reader() as store:
        if channel:
            _check_channel(context.home.settings(), store, channel)
        rows = [msgspec.to_builtins(row) for row in listing(store, state, channel, limit)]
    if not context.json:
        for row in rows:
            waits = row["state"] in _WAITING
            row["what"] = _SHOWN[row["state"]]
            row["when"] = "" if waits else shown(row["sent_at"] or row["next_attempt_at"])
            row["next"] = _next(row["next_attempt_at"]) if waits else ""
    columns = {
        "id": "编号", "what": "状态", "channel": "通道", "when": "时间", "next": "下次", "attempts": "次数", "kind": "类型",
        "portal": "门户", "summary": "摘要", "last_error": "错误",
    }  # fmt: skip
    context.show(rows, columns, "no delivery yet; channels are set in HOME/nianbao.toml")
    if not context.json:
        for name, count in sorted(Counter(row["channel"] for row in rows if row["state"] == "dead").items()):
            tell(f"{name}: {count} given up; when it is mended: nianbao alerts retry --channel {name}", err=True)


def _next(time: str) -> str:
    return "解除静音后" if time >= NO_END else shown(time)


@alerts.command(cls=Command)
@click.argument("channel", required=False)
@pass_context
def test(context: Context, channel: str | None) -> None:
    """Sends a real test message over CHANNEL, or over all."""
    settings = context.home.settings()
    chosen = [one for one in settings.channels if channel in (None, one.name)]
    if not chosen:
        which = f"no channel {channel}" if channel else "no channel to test"
        raise click.UsageError(f"{which}; nianbao.toml has: {_names(settings)}")
    answers = [(one.name, outbox.try_channel(one, settings, context.clock())) for one in chosen]
    if context.json:
        echo_json([{"channel": name, "ok": answer.ok, "error": answer.error} for name, answer in answers])
    else:
        for name, answer in answers:
            tell(f"{name}: {'delivered' if answer.ok else f'failed: {answer.error}'}")
    if not all(answer.ok for _, answer in answers):
        sys.exit(1)


@alerts.command(cls=Command)
@click.argument("delivery", type=NUMBER, nargs=-1)
@click.option("--channel", default="", help="Only this channel's.")
@pass_context
def retry(context: Context, delivery: tuple[int, ...], channel: str) -> None:
    """Tries failed and dead deliveries again, now: those named, or all. Skipped ones are tried if they are named."""
    settings = context.home.settings()
    context.home.reader().close()  # a home without a record is told as such, and not made
    with writing(context, ()) as writer:
        known = {row.id: row.state for row in listing(writer.store)}
        if unknown := sorted(set(delivery) - set(known)):
            raise click.UsageError(f"no delivery {', '.join(map(str, unknown))}; `nianbao alerts` lists them")
        if channel:
            _check_channel(settings, writer.store, channel)
        count = retry_deliveries(writer.store, context.clock(), delivery, channel)
        sent = writer.deliver(settings)
    if not context.json:
        tell(f"{count} deliveries are due again" if count else "nothing to try again: nothing has failed")
        for number in delivery:
            if known[number] not in RETRIED:
                tell(f"delivery {number} was left as it is: {known[number]}")
    _told(context, sent)


@alerts.command(cls=Command)
@click.option("--since", required=True, help="UTC time or date.")
@pass_context
def replay(context: Context, since: str) -> None:
    """Tells channels what happened since a time and they were never told (a channel that was added later)."""
    text = utc_time(since)
    settings = context.home.settings()
    context.home.reader().close()
    with writing(context, ()) as writer:
        count = replay_events(writer.store, settings.channels, text, context.clock(), settings.service.timezone)
        sent = writer.deliver(settings)
    if not context.json:
        tell(f"{count} deliveries are new" if count else "nothing new: every channel has what it asks for")
    _told(context, sent)


def _check_channel(settings: Settings, store: Store, name: str) -> None:
    """Raises click.UsageError for a channel that is neither set nor in the record."""
    if settings.channel(name) is None and not store.row("SELECT 1 FROM deliveries WHERE channel = ? LIMIT 1", (name,)):
        raise click.UsageError(f"no channel {name}; nianbao.toml has: {_names(settings)}")


def _names(settings: Settings) -> str:
    return ", ".join(one.name for one in settings.channels) or "none"


def _told(context: Context, delivered: outbox.Delivered) -> None:
    if context.json:
        echo_json(msgspec.to_builtins(delivered))
    else:
        click.echo(
            f"{delivered.sent} sent in {delivered.messages} messages, {delivered.failed} failed, {delivered.dead} given up"
        )
        if waiting := delivered.held + delivered.deferred:
            tell(f"{waiting} wait: for a digest, the end of quiet hours or of a mute, or for the receiver's rate")
        for error in delivered.errors:
            tell(error, err=True)
    if delivered.failed or delivered.dead:
        sys.exit(1)
