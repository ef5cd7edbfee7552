"""The staff pages as `serve --web` starts them: `python -m monitor.cli.beside HOME`.

They end when standard input does, that is when the service has ended, however it did; they log as the service does, to standard error.
"""

import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from monitor.home import Home
from monitor.service import logs
from monitor.settings import SettingsError
from monitor.times import format_utc
from monitor.web.server import serve


def main() -> None:
    """Until SIGTERM, SIGINT, or the end of standard input. Exit code 2: a setting; the log names it."""
    home = Home(Path(sys.argv[1]))
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    try:
        settings = home.settings()
        to_standard_error = msgspec.structs.replace(
            settings.service, log_file=""
        )  # two processes cannot rotate one file
        log = logs.configure(msgspec.structs.replace(settings, service=to_standard_error), home.path)
        log.know(logs.secrets_in(home.path, settings, os.environ))
        serve(home, settings, lambda: format_utc(datetime.now(UTC)), _say)
    except SettingsError as error:
        logging.getLogger(__name__).error("%s", error)
        sys.exit(2)


def _say(address: str) -> None:
    logging.getLogger(__name__).info("staff pages at %s", address)


def _end_with_standard_input() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
