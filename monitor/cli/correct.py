"""`nianbao correct` and `nianbao retract`: what an operator sets right, or takes back."""

import getpass
import sys

import click
import msgspec

from monitor.cli.common import NUMBER, Command, Context, echo_json, find_report, pass_context, tell
from monitor.cli.writing import writing
from monitor.corrections import Corrected, CorrectionError, Corrector
from monitor.identity import OrganRow, find_organ, kind_of, organ_name
from monitor.retraction import RetractionError, Retractor
from monitor.settings import Settings
from monitor.store import Row, Store

REPORT_YEAR = click.IntRange(min=2000, max=2100)
"""The first local rules on disclosure are of 2002 and 2003; any other year is a slip of the hand."""


def who() -> str:
    """The operator's login name, for the audit trail."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no such user, as in many containers
        return "unknown"


@click.command(cls=Command)
@click.argument("report", nargs=-1, required=True)
@click.option("--organ", help="Whose report it is: the name of an organ of its portal.")
@click.option("--year", type=REPORT_YEAR, help="The year that it is about.")
@click.option("--why", default="", help="Why, for the audit trail.")
@click.option("--new-organ", is_flag=True, help="The organ is new to the portal.")
@click.option("--swap", is_flag=True, help="Exchange keys with the report that has this one.")
@click.option("--variant", is_flag=True, help="Keep it beside the report that has this key.")
@click.option("--undo", is_flag=True, help="Take the last correction back.")
@pass_context
def correct(
    context: Context,
    report: tuple[str, ...],
    organ: str | None,
    year: int | None,
    why: str,
    new_organ: bool,
    swap: bool,
    variant: bool,
    undo: bool,
) -> None:
    """Sets a report's organ or year by hand. Kept whatever its pages print; alerts nobody. REPORT is an id, an address,
    or words such as "linhai 2020"."""
    if undo and (organ or year or new_organ or swap or variant):
        raise click.UsageError("--undo takes no other option; it takes the last correction back as a whole")
    if not undo and organ is None and year is None:
        raise click.UsageError("nothing to correct; give --organ NAME, --year YYYY or --undo")
    if swap and variant:
        raise click.UsageError("--swap and --variant exclude each other; choose one")
    settings = context.home.settings()
    with context.home.reader() as store:  # a home without a record is told as such, and not made
        portal = find_report(store, " ".join(report))["portal"]
    with writing(context, [portal]) as writer:
        store = writer.store
        row = find_report(store, " ".join(report))
        corrector = Corrector(store, settings, who(), context.clock())
        try:
            if undo:
                done = corrector.undo(row["id"])
            else:
                chosen = _organ(store, row, organ, new_organ)
                done = corrector.correct(
                    row["id"],
                    chosen,
                    year if year is not None else row["year"],
                    why.strip(),
                    swap=swap,
                    variant=variant,
                )
        except CorrectionError as error:
            raise click.UsageError(str(error)) from None
    if context.json:
        echo_json(msgspec.to_builtins(done))
        return
    for sentence in _told(done, undo):
        tell(sentence)


def _organ(store: Store, row: Row, name: str | None, new: bool) -> OrganRow:
    organs = store.organs(row["portal"])
    if name is None:
        return next(organ for organ in organs if organ.id == row["organ_id"])
    plain = organ_name(name)
    if not plain:
        raise click.UsageError('--organ: is empty; write a name such as --organ "临海市人民政府"')
    exact = [organ for organ in organs if plain in map(organ_name, (organ.name, *organ.aliases))]
    found = exact[0] if exact else None if new else find_organ(name, organs)
    if found is None and not new:
        known = ", ".join(organ.name for organ in organs[:8]) + (", …" if len(organs) > 8 else "")
        raise click.UsageError(
            f'{row["portal"]} has no organ "{name}"; it has {known}; add --new-organ if it is one more'
        )
    return found or OrganRow(0, plain, (), kind_of(plain))


def _told(done: Corrected, undo: bool) -> list[str]:
    verb = "correction undone" if undo else "corrected by hand"
    if done.before == done.after and done.swapped is None:
        said = [f"report {done.report}: {verb}: {done.after}"]
    else:
        said = [f"report {done.report}: {verb}: {done.before} → {done.after}"]
    if done.swapped is not None:
        said.append(f"report {done.swapped}: {done.after} → {done.before}")
    if done.variant:
        said.append(f"it is kept as variant {done.variant}, beside the report that has this key")
    if done.promoted is not None:
        said.append(f"report {done.promoted}, so far a variant, is {done.before} now")
    for event in done.withdrawn:
        said.append(
            f"event {event} (overdue) is withdrawn; {done.told or 'none'} of those who were told will be told so"
        )
    for event in done.reinstated:
        said.append(f"event {event} (overdue) had been withdrawn because of this report; it stands again")
    said.append(
        "kept through later passes; `nianbao correct REPORT --undo` takes it back"
        if not undo
        else "its pages decide again"
    )
    return said


@click.command(cls=Command)
@click.argument("event", type=NUMBER)
@click.option("--why", required=True, help="What was wrong, in the words that receivers read (Chinese).")
@click.option("--no-send", is_flag=True, help="Queue the corrections, send none.")
@pass_context
def retract(context: Context, event: int, why: str, no_send: bool) -> None:
    """Takes a wrong EVENT back (its number, as `nianbao events` lists it): marks it, tells those who were told, and puts
    the record as it would be without it."""
    if not why.strip():
        raise click.UsageError("--why: is empty; say what was wrong: receivers read it")
    settings = context.home.settings()
    with context.home.reader() as store:
        row = store.row("SELECT portal FROM events WHERE id = ?", (event,))
    with writing(context, [row["portal"]] if row and row["portal"] else None) as writer:
        if no_send and writer.served:
            raise click.UsageError("--no-send: the running service sends whatever is queued; leave it out, or stop it")
        try:
            done = Retractor(writer.store, settings, who(), context.clock()).retract(event, why.strip())
        except RetractionError as error:
            raise click.UsageError(str(error)) from None
        sent = None if no_send else writer.deliver(settings)
    if context.json:
        echo_json({**msgspec.to_builtins(done), "deliveries": msgspec.to_builtins(sent) if sent else None})
    else:
        _say(done.events, done.state, done.told, done.dropped, settings)
        for number in done.reinstated:
            tell(f"event {number} (overdue) had been withdrawn because of it; it stands again")
        if sent is not None and (sent.sent or sent.failed or sent.dead):
            tell(f"{sent.sent} sent in {sent.messages} messages, {sent.failed} failed, {sent.dead} given up")
            for failure in sent.errors:
                tell(failure, err=True)
    if sent is not None and (sent.failed or sent.dead):
        sys.exit(1)


def _say(events: tuple[int, ...], state: str, told: int, dropped: int, settings: Settings) -> None:
    first, *others = events
    also = f", and with it {', '.join(map(str, others))}" if others else ""
    tell(f"event {first} is retracted{also}" + (f"; the record: {state}" if state else ""))
    if told:
        tell(f"{told} corrections go to those who were told")
    elif not dropped:
        tell("nobody had been told" if settings.channels else "nobody had been told: no channel is set")
    if dropped:
        tell(f"{dropped} deliveries that had not been sent are dropped")
