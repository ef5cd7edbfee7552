"""The Celery application: how tasks travel. The one user of Celery, beside the worker that it starts.

Service and workers have the same: one task, JSON only, acknowledged late. What comes of a task is left in the register, not in a
result backend: claim and result are one there.
"""

import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import msgspec
from amqp.exceptions import AMQPError
from celery import Celery
from kombu.entity import Queue as BrokerQueue
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from monitor.workers import kombu_redis
from monitor.workers.wire import PREFIX, TASK, Assignment

VISIBILITY = 86_400
"""Seconds after which a message that nobody acknowledged is given out again: twice the longest pass (monitor.settings). The claim
decides whether it is made again."""
EXPIRES = 6 * 3600
"""Seconds after which a message that nobody took is dropped: it has been sent again many times by then."""
TIMEOUT = 10.0
"""Seconds that the broker gets for an answer."""

BrokerError = (KombuError, OSError, RedisError, AMQPError)
"""What is raised when the broker cannot be reached."""


def make_app(broker: str) -> Celery:
    """The application for a broker's address; nothing is connected before it is used."""
    kombu_redis.mend()
    app = Celery(PREFIX, broker=broker, backend=None, set_as_current=False)
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        result_accept_content=["json"],
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_reject_on_worker_lost=True,
        task_track_started=True,
        worker_prefetch_multiplier=1,
        worker_enable_prefetch_count_reduction=True,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=True,
        task_send_sent_event=True,
        event_queue_prefix=f"{PREFIX}.events",
        broker_connection_timeout=TIMEOUT,
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_heartbeat=30,
        broker_transport_options=_transport(broker),
        broker_use_ssl=_trust(broker),
        enable_utc=True,
        timezone="UTC",
    )
    return app


def _transport(broker: str) -> dict[str, object]:
    if broker.startswith("amqp"):
        return {"confirm_publish": True, "read_timeout": TIMEOUT, "write_timeout": TIMEOUT}
    return {
        "visibility_timeout": VISIBILITY,
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "socket_keepalive": True,
        "health_check_interval": 15,
        "global_keyprefix": "",
    }


def _trust(broker: str) -> dict[str, object] | bool:
    """What Celery does not do by itself: whoever answers in the broker's place is refused. A certificate authority of one's own is
    named in the address (`rediss://…?ssl_ca_certs=FILE`), or in SSL_CERT_FILE."""
    if broker.startswith("rediss:"):
        return {} if "ssl_cert_reqs" in broker else {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    if broker.startswith("amqps:"):
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(broker).hostname}
    return False


def queue_of(name: str) -> BrokerQueue:
    """A queue of that name, as service and workers declare it. RabbitMQ closes a channel whose message is not acknowledged for half
    an hour, unless the queue says otherwise."""
    return BrokerQueue(name, routing_key=name, queue_arguments={"x-consumer-timeout": VISIBILITY * 1000})


def take_from(app: Celery, queues: Sequence[str]) -> None:
    """The queues that a worker takes tasks from."""
    app.conf.task_queues = [queue_of(name) for name in queues]


def send(app: Celery, assignment: Assignment, queue: str) -> None:
    """Puts a pass into a queue. Raises BrokerError."""
    app.send_task(
        TASK,
        args=[msgspec.to_builtins(assignment)],
        task_id=assignment.task,
        queue=queue_of(queue),
        expires=EXPIRES,
        ignore_result=True,
        retry=False,
        shadow=f"{TASK}:{assignment.order.portal}",
        argsrepr=f"({assignment.order.portal}, {assignment.order.crawl})",
        kwargsrepr="{}",
    )


def waiting(app: Celery, queues: Sequence[str]) -> int:
    """How many messages of these queues nobody has taken. Raises BrokerError."""
    found = 0
    with app.connection_for_read(connect_timeout=TIMEOUT) as connection:
        for name in queues:
            try:
                with connection.channel() as channel:
                    found += channel.queue_declare(name, passive=True).message_count
            except connection.channel_errors:  # none of that name: in Redis an empty one is none
                continue
    return found
