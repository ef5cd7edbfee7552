"""A real Redis of the tests' own: started on a port that nobody else has, killed, started again with or without its data."""

import contextlib
import hashlib
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import redis

from monitor.workers.wire import PREFIX

PROGRAMS = ("redis-server", "valkey-server", "redis-check-rdb")
"""Debian's redis-tools calls the server by the last name only (tests/install_redis.sh)."""
PORTS = range(20_000, 32_000)
"""Below those that the kernel gives to connections: a port stays ours while its server is down."""
_STARTS = 30.0


def program() -> str:
    """The server's program; empty: there is none."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), "")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    for port in random.sample(PORTS, 200):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("no port of loopback is free")


def task_name(word: str) -> str:
    """The name of a pass as the wire has it, always the same for a word."""
    return hashlib.md5(word.encode(), usedforsecurity=False).hexdigest()


class RedisServer:
    """A context manager. `keeps`: each change is on the disk before it is answered; else its memory is all that it has."""

    def __init__(self, folder: Path, *, keeps: bool = False) -> None:
        self.folder = folder
        self.keeps = keeps
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Returns when it answers. Raises OSError if it does not come to that."""
        self.folder.mkdir(parents=True, exist_ok=True)
        journal = ("--appendonly", "yes", "--appendfsync", "always") if self.keeps else ("--appendonly", "no")
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                    *("--dir", str(self.folder), "--loglevel", "warning", *journal),
                ],
                executable=program(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + _STARTS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise OSError(f"Redis does not start: {(self.folder / 'redis.log').read_text()[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self, *, forgets: bool) -> None:
        """Killed, and there again. `forgets`: without what it had on its disk."""
        self.kill()
        if forgets:
            shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)
            (self.folder / "dump.rdb").unlink(missing_ok=True)
        self.start()

    def age(self) -> None:
        """From now on it counts as one that has been there for long: it need not wait for those who hold passes."""
        with redis.Redis.from_url(self.url, decode_responses=True) as asked:
            asked.hset(f"{PREFIX}:register", mapping={"run": asked.info("server")["run_id"], "since": "0"})

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as asked:
            asked.sendall(b"PING\r\n")
            return asked.recv(64).startswith(b"+PONG")  # not while it still reads its journal
        return False
