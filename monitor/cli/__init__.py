"""The command line. Thin: each command asks the record or runs a pass, and shows what came of it.

Results go to standard output, logs to standard error. Exit codes: 0 done; 1 done, but a portal failed (each named, with
why); 2 usage or configuration error, in one line; 3 another process is writing to this home.
"""

import logging
import sqlite3
import sys

import click

from crawler.portal import PortalError
from monitor.archive import ArchiveError
from monitor.cli import alerts, archive, compare, crawl, demo, doctor, listings, portals, show
from monitor.cli.common import Group
from monitor.home import HomeError, HomeLocked
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
    portals.portals,
    listings.reports,
    listings.events,
    listings.findings,
    listings.figures,
    listings.overdue,
    show.show,
    show.diff,
    compare.compare,
    alerts.alerts,
    archive.archive,
    doctor.doctor,
    demo.demo,
):
    cli.add_command(command)


def main() -> None:
    """Entry point of the console script."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        cli.main(prog_name="nianbao", standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (SettingsError, PortalError, HomeError, StoreError, ArchiveError) as error:
        click.echo(f"nianbao: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()  # `nianbao reports | head` is no error, and Python would complain at exit
        sys.exit(0)
    except (OSError, sqlite3.Error) as error:
        click.echo(f"nianbao: {error}; is there room on the disk, and may it be written?", err=True)
        sys.exit(2)
    except HomeLocked as error:
        click.echo(f"nianbao: {error}", err=True)
        sys.exit(3)
