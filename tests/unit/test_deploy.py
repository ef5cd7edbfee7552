"""What deploy/ says is what the program has: commands exist, files that are copied are there, nothing names a registry."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml

from monitor.cli import cli
from monitor.settings import parse_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])


def started_as(unit):
    """A template's name with an instance."""
    return unit.name.replace("@.", "@north.")


def test_units_start_commands_that_exist():
    started = re.findall(r"nianbao/\.venv/bin/nianbao (\S+)", "".join(unit.read_text() for unit in UNITS))
    assert set(started) == {"serve", "backup", "worker"}
    assert set(started) <= set(cli.commands)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_systemd_takes_the_units(tmp_path):
    for unit in UNITS:
        told = unit.read_text().replace("/opt/nianbao/.venv/bin/nianbao", shutil.which("true"))
        (tmp_path / started_as(unit)).write_text(told.replace("/usr/bin/litestream", shutil.which("true")))
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / started_as(unit)) for unit in UNITS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_is_made_of_what_is_there():
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    assert {"crawler", "monitor", "pyproject.toml", "requirements/run.txt"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert set(copied) == allowed
    [command] = [line for line in lines if line.startswith("CMD ")]
    assert shlex.split(command.removeprefix("CMD ").strip('["]'))[0] in cli.commands


def accepts(words):
    """Whether the program takes this command line."""
    cli.commands[words[0]].make_context(words[0], [*words[1:]], parent=click.Context(cli))
    return True


def test_the_units_of_workers_give_options_that_exist():
    unit = (DEPLOY / "nianbao-worker@.service").read_text()
    [line] = re.findall(r"ExecStart=\S+/nianbao (.+)", unit)
    [options] = re.findall(r'WORKER_OPTIONS="(.+?)"', unit)
    assert accepts(shlex.split(line.replace("%i", "north").replace("$WORKER_OPTIONS", options)))
    worker = cli.commands["worker"]
    known = {name for option in worker.params for name in [option.envvar] if name}
    assert {"NIANBAO_BROKER", "NIANBAO_RESULTS", "NIANBAO_PARCELS"} <= known
    assert set(re.findall(r"NIANBAO_(?!HOME)\w+", unit)) <= known
    [environment] = re.findall(r"```text\n(NIANBAO_.+?)```", (ROOT / "docs" / "scaling.md").read_text(), re.S)
    told = dict(assignment.split("=", 1) for assignment in shlex.split(environment))
    assert told.keys() - known == {"WORKER_OPTIONS"}
    assert accepts(["worker", *shlex.split(told["WORKER_OPTIONS"])])


@pytest.fixture
def with_workers():
    return yaml.safe_load((DEPLOY / "compose.workers.yaml").read_text())


def test_the_compose_file_of_workers_goes_with_the_other_one(with_workers):
    base = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    services = with_workers["services"]
    assert services.keys() == {"nianbao", "redis", "worker", "rendered"}
    assert not services["nianbao"].keys() & {"image", "build", "command", "env_file"}
    assert with_workers["volumes"].keys() == {"parcels", "redis"}
    parcels = re.search(r"install -d .* (/\S+)", (DEPLOY / "Dockerfile").read_text())[1]
    for name in ("worker", "rendered"):
        worker = services[name]
        assert worker["image"] == base["services"]["nianbao"]["image"]
        assert worker["build"] == base["services"]["nianbao"]["build"]
        assert accepts(worker["command"])
        assert "env_file" not in worker
        assert worker["environment"].keys() == {"NIANBAO_BROKER", "NIANBAO_PARCELS"}  # no channel's secret
        assert worker["environment"]["NIANBAO_PARCELS"] == parcels
        assert worker["volumes"] == [f"parcels:{parcels}"]
        assert worker["stop_grace_period"] == base["services"]["nianbao"]["stop_grace_period"]
        for key in ("read_only", "cap_drop", "security_opt", "pids_limit", "tmpfs"):
            assert worker[key] == base["services"]["nianbao"][key]
    assert services["worker"]["command"][:3] == ["worker", "--queue", "plain"]
    assert services["rendered"]["command"][:3] == ["worker", "--queue", "rendered"]
    assert "shm_size" in services["rendered"]
    assert not any("ports" in service for service in services.values())
    assert services["redis"]["networks"] == ["broker"]
    assert with_workers["networks"]["broker"] == {"internal": True}


def test_the_comments_of_the_compose_file_are_settings(with_workers):
    text = (DEPLOY / "compose.workers.yaml").read_text()
    [said] = re.findall(r"# nianbao.toml of the service says: (.+)\.", text)
    settings = parse_settings("[service]\n" + said.replace(", ", "\n"), {"REDIS_PASSWORD": "s3cret"}, lambda *_: None)
    given = with_workers["services"]["worker"]["environment"]
    assert settings.service.engine == "celery"
    assert settings.service.broker == re.sub(r"\$\{.*?\}", "s3cret", given["NIANBAO_BROKER"])
    assert settings.service.parcels == given["NIANBAO_PARCELS"]


def test_the_compose_file_is_about_that_image():
    told = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    service = told["services"]["nianbao"]
    build = service["build"]
    assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
    home = re.search(r"NIANBAO_HOME=(\S+)", (DEPLOY / "Dockerfile").read_text())[1]
    assert f"home:{home}" in service["volumes"]
    assert told["volumes"].keys() == {"home"}


def test_nothing_names_a_registry():
    images = [line.split()[1] for line in (DEPLOY / "Dockerfile").read_text().splitlines() if line.startswith("FROM ")]
    for file in sorted(DEPLOY.glob("compose*.yaml")):
        services = yaml.safe_load(file.read_text())["services"].values()
        images += [service["image"] for service in services if "image" in service]
    assert {"nianbao", "redis:7.2"} <= set(images)
    assert images
    assert not [image for image in images if "/" in image]
    for path in DEPLOY.iterdir():
        assert "index-url" not in path.read_text()
