"""What the tests of workers share: a real Redis, for each module that asks for one."""

from collections.abc import Iterator

import pytest

from tests.workers import redis_server
from tests.workers.redis_server import RedisServer

NO_REDIS = "no Redis: neither the machine nor apt had one (tests/install_redis.sh)"


@pytest.fixture(scope="session")
def needs_redis() -> None:
    """Skips tests where there is none."""
    if not redis_server.program():
        pytest.skip(NO_REDIS)


@pytest.fixture(scope="module")
def redis(needs_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that has nothing but its memory, and has been there for long."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        server.age()
        yield server
