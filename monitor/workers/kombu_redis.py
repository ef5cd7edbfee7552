"""Kombu's Redis transport, with a closed connection that says so.

When a connection is lost while messages are not acknowledged, Kombu (5.7) closes its channels, which want to give the messages
back by that very connection: an AttributeError, which Celery takes for the end of the worker, and of all of its passes. As a
connection error it is what it is, and Celery connects again. What could not be given back or acknowledged then comes again
when its time is up, and is refused (monitor.workers.register).
"""

from typing import Any

from kombu.transport import redis as transport
from redis.exceptions import ConnectionError as RedisConnectionError


class _Channel(transport.Channel):
    def _connparams(self, asynchronous: bool = False) -> Any:
        if getattr(self.connection, "client", None) is None:
            raise RedisConnectionError("the connection to the broker was closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[no-untyped-call]


def mend() -> None:
    """For every connection that this process makes from now on."""
    transport.Transport.Channel = _Channel
