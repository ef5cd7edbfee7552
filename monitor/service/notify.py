"""What systemd is told of the service, by the protocol of sd_notify.

In: the environment (NOTIFY_SOCKET) and what is to be said. Out: a datagram; nothing where nobody asked for it (started by
hand, in a container). Telling is never worth an error: whatever hinders it, the service goes on.
"""

import contextlib
import os
import socket


def ready(status: str = "") -> None:
    """The service serves. `status`: a line for `systemctl status`."""
    _tell("READY=1", f"STATUS={_line(status)}" if status else "")


def alive() -> None:
    """It still does: without this for as long as WatchdogSec says, systemd starts it anew."""
    _tell("WATCHDOG=1")


def status(text: str) -> None:
    """A line for `systemctl status`."""
    _tell(f"STATUS={_line(text)}")


def stopping() -> None:
    """It ends, which may take a while."""
    _tell("STOPPING=1")


def _line(text: str) -> str:
    return " ".join(text.split())


def _tell(*said: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):  # Linux's abstract names
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.setblocking(False)
        to.sendto("\n".join(filter(None, said)).encode(), address)
