"""The command line. Thin: each command asks the record or runs a pass, and shows what came of it.

Results go to standard output, logs to standard error. Exit codes: 0 done; 1 done, but a portal failed (each named, with
why); 2 usage or configuration error, in one line; 3 another process is writing to this home.
"""

import io
import logging
import signal
import sqlite3
import sys

import click

from crawler.portal import PortalError
from monitor.archive import ArchiveError
from monitor.backup import BackupError
from monitor.cli import (
    alerts,
    archive,
    backup,
    compare,
    correct,
    crawl,
    demo,
    doctor,
    export,
    figures,
    listings,
    portals,
    schedule,
    serve,
    show,
)
from monitor.cli.common import Group, tell
from monitor.home import HomeError, HomeLocked, ServiceError
from monitor.markup import printable
from monitor.settings import SettingsError
from monitor.store import StoreError


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
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


for command in (
    crawl.crawl,
    serve.serve,
    schedule.schedule,
    portals.portals,
    listings.reports,
    listings.events,
    listings.findings,
    figures.figures,
    export.export,
    listings.overdue,
    show.show,
    show.diff,
    compare.compare,
    correct.correct,
    correct.retract,
    alerts.alerts,
    archive.archive,
    backup.backup,
    backup.restore,
    doctor.doctor,
    demo.demo,
):
    cli.add_command(command)


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
    except (SettingsError, PortalError, HomeError, StoreError, ArchiveError, BackupError) as error:
        tell(f"nianbao: {error}", err=True)
        sys.exit(2)
    except (OSError, sqlite3.Error) as error:
        tell(f"nianbao: {error}; is there room on the disk, and may it be written?", err=True)
        sys.exit(2)
    except ServiceError as error:
        tell(f"nianbao: {error}", err=True)
        sys.exit(1)
    except HomeLocked as error:
        click.echo(f"nianbao: {error}", err=True)
        sys.exit(3)
