"""What deploy/ says is what the program has: commands exist, files that are copied are there, nothing names a registry."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from monitor.cli import cli

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")])


def test_units_start_commands_that_exist():
    started = re.findall(r"nianbao/\.venv/bin/nianbao (\S+)", "".join(unit.read_text() for unit in UNITS))
    assert set(started) == {"serve", "backup"}
    assert set(started) <= set(cli.commands)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")
def test_systemd_takes_the_units(tmp_path):
    for unit in UNITS:
        (tmp_path / unit.name).write_text(
            unit.read_text().replace("/opt/nianbao/.venv/bin/nianbao", shutil.which("true"))
        )
    command = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)]
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
    images.append(yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["nianbao"]["image"])
    assert images
    assert not [image for image in images if "/" in image]
    for path in DEPLOY.iterdir():
        assert "index-url" not in path.read_text()
