"""What `[service]` says of passes on workers: engine, broker, results, worker_lost."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from monitor.settings import Service

ENGINES = ("local", "celery")
BROKERS = ("redis", "rediss", "amqp", "amqps")
"""Schemes of brokers; the first two are also those of registers."""
LONGEST = 12 * 3600
"""Seconds of a pass; a message that is not acknowledged for a day is given out again (monitor.workers.app)."""


def _readable(address: str) -> bool:
    """An address whose password is not cut short by a character that means something else."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.path + parts.query + parts.fragment and not parts.fragment


def check_addresses(service: "Service") -> None:
    """What workers and the service must be told of each other. Raises ValueError that names key and remedy, and no secret."""
    for key, known in (("broker", BROKERS), ("results", BROKERS[:2])):
        scheme, colon, _ = getattr(service, key).partition("://")
        if getattr(service, key) and (not colon or scheme not in known):
            raise ValueError(
                f"service.{key}: is no address of {' or '.join(known)}; write one such as redis://10.0.0.1:6379/0"
            )
        if getattr(service, key) and not _readable(getattr(service, key)):
            raise ValueError(
                f"service.{key}: cannot be read as an address; in a password write %2F for /, %40 for @, %23 for #, %3F for ?"
            )
    if not service.broker:
        raise ValueError("service.broker: passes on workers need one; write the address of Redis or RabbitMQ")
    if service.register_address.partition("://")[0] not in BROKERS[:2]:
        raise ValueError("service.results: RabbitMQ keeps no claims; write the address of a Redis")


def check_workers(service: "Service") -> None:
    """Raises ValueError that names key and remedy, and no secret."""
    if service.engine not in ENGINES:
        raise ValueError(f'service.engine: "{service.engine}" is not one of {", ".join(ENGINES)}; write one')
    if not 60 <= service.worker_lost_seconds <= 3600:  # a pass that is cut off needs time to end before another begins
        raise ValueError(f'service.worker_lost: "{service.worker_lost}" is out of range; write a time from 1m to 1h')
    if service.engine == "celery":
        check_addresses(service)
        if service.pass_time_seconds > LONGEST:
            raise ValueError(
                f'service.pass_time: "{service.pass_time}" is too long for a pass on a worker; 12h is the most'
            )
