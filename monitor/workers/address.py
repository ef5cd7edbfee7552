"""Addresses of brokers and registers, and what went wrong there, in words that hold no secret. Pure."""

from urllib.parse import urlsplit

from monitor.redact import redact, secrets_of

_REDIS = ("redis", "rediss")
_LONGEST = 300


def is_redis(address: str) -> bool:
    """Whether an address is of Redis; else it is of RabbitMQ."""
    return address.partition("://")[0] in _REDIS


def place(address: str) -> str:
    """Host and port of an address, which are no secrets; `?` where it makes no sense."""
    try:
        found = urlsplit(address)
        host, port = found.hostname or "?", found.port
    except ValueError:
        return "?"
    return f"{host}:{port}" if port else host


def why(error: BaseException, address: str = "") -> str:
    """What an error says, in one line, without what is secret in the address that was asked."""
    if isinstance(error, ValueError):  # of a library that quotes what it did not understand
        return "the address, or what answers there, makes no sense"
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return redact(said, secrets_of(address))[:_LONGEST]
