"""deploy/compose.workers.yaml and docs/scaling.md with a real Redis: what they would start elsewhere, started here."""

import contextlib
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from redis import AuthenticationError, Redis
from redis import ConnectionError as NoAnswer

from monitor.cli import cli
from monitor.workers.register import Register
from monitor.workers.wire import WorkerSeen
from tests.workers.processes import ROOT, until
from tests.workers.redis_server import RedisServer, free_port, program

SERVICES = yaml.safe_load((ROOT / "deploy" / "compose.workers.yaml").read_text(encoding="utf-8"))["services"]


def asked(port: int, password: str | None) -> contextlib.closing[Redis]:
    return contextlib.closing(Redis(port=port, password=password, decode_responses=True))


def judge(command: list[str], folder: Path, password: str) -> None:
    """The Redis that a command starts wants the password and loses nothing that it took. `PORT` stands for a free port."""
    port = free_port()
    (folder / "redis-server").symlink_to(program())  # which goes by its name
    process = subprocess.Popen(
        [word.replace("PORT", str(port)) for word in command],
        env={"PATH": f"{folder}:{os.environ['PATH']}", "REDIS_PASSWORD": password},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )

    def answers() -> bool:
        assert process.poll() is None, "Redis does not take it"
        with contextlib.suppress(NoAnswer), asked(port, password) as one:
            return bool(one.ping())
        return False

    try:
        until(answers)
        with asked(port, password) as one:
            told = one.config_get("maxmemory*", "append*")
        assert (told["maxmemory-policy"], told["appendonly"], told["appendfsync"]) == ("noeviction", "yes", "everysec")
        assert told["maxmemory"] == str(1 << 30)
        with asked(port, None) as one, pytest.raises(AuthenticationError):
            one.ping()
        assert password not in Path(f"/proc/{process.pid}/cmdline").read_text(encoding="utf-8")
    finally:
        process.kill()
        process.wait()


def test_its_redis_wants_a_password_and_loses_nothing(needs_redis: None, tmp_path: Path) -> None:
    [shell, option, script] = SERVICES["redis"]["command"]
    script = script.replace("$$", "$").replace("/tmp/", f"{tmp_path}/").rstrip()
    judge([shell, option, f"{script} --port PORT --bind 127.0.0.1 --dir {tmp_path}"], tmp_path, "s3cret")


def test_so_does_that_of_the_docs(needs_redis: None, tmp_path: Path) -> None:
    told = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    [settings] = re.findall(r"```text\n(bind .+?)```", told, re.S)
    lines = [line.partition(" #")[0].strip().replace("10.0.0.1", "127.0.0.1") for line in settings.splitlines()]
    [password] = [line.split()[1] for line in lines if line.startswith("requirepass ")]
    (tmp_path / "redis.conf").write_text("\n".join(lines), encoding="utf-8")
    command = [str(tmp_path / "redis-server"), str(tmp_path / "redis.conf"), "--port", "PORT", "--dir", str(tmp_path)]
    judge(command, tmp_path, password)


def test_a_worker_is_well_as_long_as_it_announces_itself(redis: RedisServer) -> None:
    for name in ("worker", "rendered"):
        assert "--name" not in SERVICES[name]["command"]
    assert cli.commands["worker"].make_context("worker", [], parent=click.Context(cli)).params["name"] == "nianbao"
    [kind, python, option, script] = SERVICES["worker"]["healthcheck"]["test"]
    assert (kind, python, option) == ("CMD", "python3", "-c")

    def well() -> int:
        environment = os.environ | {"NIANBAO_BROKER": redis.url}
        return subprocess.run([sys.executable, option, script], env=environment, cwd=ROOT, timeout=60).returncode

    assert well() == 1
    host = socket.gethostname()
    with contextlib.closing(Register(redis.url)) as register:
        register.announce(WorkerSeen(f"nianbao@{host}", host, "1", "2026-01-01", "2026-01-01", ("nianbao.plain",)))
    assert well() == 0
