"""The command line. Thin: each command asks the record or runs a pass, and shows what came of it.

Results go to standard output, logs to standard error. Exit codes: 0 done; 1 done, but a portal failed (each named, with
why); 2 usage or configuration error, in one line; 3 another process is writing to this home.
"""

import gc
import io
import logging
import signal
import sys

import click

from monitor.cli.commands import Commands
from monitor.cli.common import Group, tell
from monitor.markup import printable

_COMMANDS = Commands(
    {
        "crawl": (
            "monitor.cli.crawl:crawl",
            "One pass now over the named portals, or over all enabled ones: discover reports, re-check known ones, record, "
            "judge, queue alerts and send what is due.",
        ),
        "serve": (
            "monitor.cli.serve:serve",
            "The long-running service: reads each portal when it is due, sends alerts, watches over itself.",
        ),
        "worker": (
            "monitor.cli.worker:worker",
            'A crawl machine: makes passes that a service with engine = "celery" gives out, and hands back what they saw.',
        ),
        "web": (
            "monitor.cli.web:web",
            "The staff pages alone, for a browser; the record is only read.",
        ),
        "schedule": (
            "monitor.cli.schedule:schedule",
            "What the service reads next, when and why, for the named portals or all enabled ones.",
        ),
        "portals": (
            "monitor.cli.portals:portals",
            "The portals that are watched: `list` (the default), `families`, `check`, `add`, `mute`, `unmute`.",
        ),
        "reports": ("monitor.cli.listings:reports", "Every report in the record."),
        "events": ("monitor.cli.listings:events", "What happened, newest last."),
        "findings": (
            "monitor.cli.listings:findings",
            "What does not add up in reports' current versions, or could not be read.",
        ),
        "search": (
            "monitor.cli.search:search",
            "Reports in any version of which all WORDS stand, best first.",
        ),
        "figures": (
            "monitor.cli.figures:figures",
            "The figures of one report's current version, laid out as in its three statutory tables; or, without REPORT, a "
            "list of the figures that --portal, --organ, --year, --field and --table choose.",
        ),
        "export": (
            "monitor.cli.export:export",
            "Writes tables of the record as CSV, XLSX, Parquet or JSON: figures (the default: a report a line), details (a "
            "figure a line), fields (what codes mean), reports, versions, findings, events.",
        ),
        "overdue": ("monitor.cli.listings:overdue", "Who has not published what the law requires by now."),
        "show": ("monitor.cli.show:show", "One report with its history, readings and evidence."),
        "diff": (
            "monitor.cli.show:diff",
            "What differs between two versions (numbers as `show` lists them: 1, 2, …) of a report; the last change, if none "
            "are given: table cells by their field, text, attachments, and what does not add up since, or does now.",
        ),
        "compare": (
            "monitor.cli.compare:compare",
            "What differs between A and B: files (HTML, documents, text) or archived versions (v12: `versions.id` 12).",
        ),
        "correct": ("monitor.cli.correct:correct", "Sets a report's organ or year by hand."),
        "retract": (
            "monitor.cli.correct:retract",
            "Takes a wrong EVENT back (its number, as `nianbao events` lists it): marks it, tells those who were told, and "
            "puts the record as it would be without it.",
        ),
        "alerts": ("monitor.cli.alerts:alerts", "Deliveries: pending, held, failed, dead and sent."),
        "archive": (
            "monitor.cli.archive:archive",
            "Captured responses (WARC): get one, verify all, read them again under today's rules.",
        ),
        "backup": (
            "monitor.cli.backup:backup",
            "Writes record, settings, portal files and captures into one FILE, while a service runs.",
        ),
        "restore": (
            "monitor.cli.backup:restore",
            "Puts what a backup FILE holds into the home, which may be missing.",
        ),
        "workers": (
            "monitor.cli.workers:workers",
            "The crawl machines, by their own word: which queues they take passes from, what they read now; and what waits.",
        ),
        "doctor": (
            "monitor.cli.doctor:doctor",
            "Checks home, settings, portals, database, backup, clock, browser, disk, memory, channels and the running "
            "service, and says what to do.",
        ),
        "demo": (
            "monitor.cli.demo:demo",
            "The whole job, end to end, on portals served on this machine; no network, nothing left behind.",
        ),
    }
)


@click.group(cls=Group, commands=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nianbao", message="%(prog)s %(version)s")
def cli() -> None:
    """Watches Chinese government portals for annual reports on information disclosure
    (政府信息公开工作年度报告): which appear, which are changed afterwards, which are taken down.

    \b
    First steps:
      nianbao demo            the whole job on portals served on this machine
      nianbao crawl linhai    one pass over one portal, now
      nianbao events          what happened
    """


class _PlainFormatter(logging.Formatter):
    """A log that a page's text cannot steer a terminal with."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def _wrong_usage(error: click.ClickException) -> str:
    """One line: command, what is wrong, what would be right."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "nianbao"
    message = error.format_message()
    return f"{command}: {message}" if ";" in message else f"{command}: {message.rstrip('.')}; see `{command} --help`"


def _stop(number: int, _: object) -> None:
    """Ends as Ctrl-C does: with the crawl process and temporary folders."""
    sys.exit(128 + number)


def main() -> None:
    """Entry point of the console script."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not under nohup
            signal.signal(number, _stop)
    log = logging.StreamHandler()
    log.setFormatter(_PlainFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[log])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Chinese is no reason to stop
    gc.disable()  # what is imported stays: to look through it again and again is a tenth of a start (monitor.cli.common)
    try:
        cli.main(prog_name="nianbao", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(2)
    except click.ClickException as error:
        tell(_wrong_usage(error), err=True)
        sys.exit(2)
    except Exception as error:
        from monitor.cli.mishaps import answer  # brings what can go wrong along: only who meets it pays for it

        told = answer(error)
        if told is None:
            raise
        tell(told.text, err=True)
        sys.exit(told.code)
    finally:
        gc.enable()
