"""Flower, as docs/scaling.md starts it: with a password, on loopback, it shows our workers and the passes that they make."""

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.demo.world import World
from tests.workers.processes import ROOT, Machine, until
from tests.workers.redis_server import RedisServer, free_port

USER = "operator:s3cret-of-flower"


class Flower:
    """The program, and its API."""

    def __init__(self, folder: Path, broker: str) -> None:
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.log = folder / "flower.log"
        # Addresses with passwords stand in its environment, not on its command line, which every user of the machine can read.
        told = {"BROKER_URL": broker, "FLOWER_BASIC_AUTH": USER}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "celery", "flower", "--address=127.0.0.1", f"--port={port}"],
                env=os.environ | told,
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def get(self, path: str, user: str = USER) -> Any:
        """What its API says. Raises OSError."""
        request = urllib.request.Request(f"{self.address}{path}")
        if user:
            request.add_header("Authorization", f"Basic {b64encode(user.encode()).decode()}")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
            return json.load(answer)

    def tasks(self) -> list[dict[str, Any]]:
        return [*self.get("/api/tasks").values()]

    def workers(self) -> set[str]:
        """Those that it has heard of, asked anew; none while it does not answer."""
        with contextlib.suppress(OSError):
            return {*self.get("/api/workers?refresh=1")}
        return set()


@pytest.fixture
def flower(redis: RedisServer, tmp_path: Path) -> Iterator[Flower]:
    started = Flower(tmp_path, redis.url)
    yield started
    started.process.kill()
    started.process.wait()


@pytest.fixture
def worker(redis: RedisServer, tmp_path: Path) -> Iterator[Machine]:
    words = ("worker", "--name", "north", "--broker", redis.url, "--queue", "plain", "--slots", "2")
    machine = Machine(tmp_path, "worker", words)
    machine.start()
    yield machine
    machine.power_off()


def test_it_sees_workers_and_passes(redis: RedisServer, flower: Flower, worker: Machine, tmp_path: Path) -> None:
    def said() -> str:
        return f"{flower.log.read_text()}\n{worker.said}"

    until(lambda: any(name.startswith("north@") for name in flower.workers()), why=said)
    [name] = flower.workers()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        flower.get("/api/workers", user="")
    with World("linhe") as world:
        service = Machine(tmp_path, "service", ("crawl", "linhe", "--no-send"))
        world.write_portals(service.home)
        settings = f'[service]\nengine = "celery"\nbroker = "{redis.url}"\n'
        (service.home / "nianbao.toml").write_text(settings, encoding="utf-8")
        service.start()
        try:
            assert service.process is not None
            assert service.process.wait(120) == 0, service.said
        finally:
            service.power_off()
    until(lambda: [task["state"] for task in flower.tasks()] == ["SUCCESS"], why=said)
    [task] = flower.tasks()
    # The service's word for it or the worker's, whichever came last.
    assert task["name"] in ("nianbao.crawl", "nianbao.crawl:linhe")
    assert task["worker"] == name
    assert task["args"] == "(linhe, 1)"  # and not the pages that the pass was told
    assert task["kwargs"] == "{}"
    assert ROOT.name not in json.dumps(task)
    assert worker.terminate() == 0
