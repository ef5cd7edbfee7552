"""What an operator gets wrong, and what the world does to a running pass: signals, pipes, terminals, a full disk."""

import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from crawler import kernel
from monitor.cli import main
from monitor.demo.server import Request, Response, Web
from monitor.demo.world import World

NIANBAO = str(Path(sys.executable).parent / "nianbao")
NOW = "2026-02-10T00:30:00Z"
STEERS = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def run(home: Path | str, *words: str, now: str = NOW, **environ: str) -> subprocess.CompletedProcess[bytes]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("NIANBAO")}
    command = [NIANBAO, "--home", str(home), "--now", now, *words]
    return subprocess.run(command, capture_output=True, timeout=60, env={**kept, **environ}, check=False)


Here = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Runs a command in this process: (exit code, standard output, standard error)."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.delenv("NIANBAO_HOME", raising=False)

    def command(home: Path | str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["nianbao", "--home", str(home), "--now", NOW, *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *capsys.readouterr()

    return command


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a record, at a path with spaces and Chinese; its portal is not there any more."""
    home = tmp_path_factory.mktemp("甲 乙") / "年 报"
    with World("haitang") as world:
        world.write_portals(home)
        assert run(home, "crawl", "haitang").returncode == 0
    return home


@pytest.mark.parametrize(
    "words",
    [
        "show 99999999999999999999999", "show ²", "show 0", "show %", "show", "diff 1 9 10", "diff 1 -1 1", "diff 1",
        "figures 999", "figures", "export --kind changed", "export -o x.y", "archive get 99999999999999999999",
        "archive get 0", "compare v1 v99999999999999999999",
        "compare v² v1", "compare a b", "reports --year 99999999999999999999", "reports --portal nosuch",
        "events --portal nosuch", "findings --portal nosuch", "overdue --portal nosuch", "events --since x",
        "alerts --limit -1", "alerts retry 999", "alerts retry --channel nosuch", "alerts test nosuch", "crawl nosuch",
        "crawl ../x", "portals check nosuch", "nosuch", "demo --keep", "crawl --recheck-only --discover-only",
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(here: Here, home: Path, words: str) -> None:
    code, shown, said = here(home, *words.split())
    assert (code, shown) == (2, ""), said
    assert said.startswith("nianbao")
    assert said.count("\n") == 1


@pytest.mark.parametrize("where", ["/proc/nowhere", "/etc/passwd", "/etc/passwd/x", "", "~nosuch/x"])
def test_a_home_that_is_none(here: Here, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["reports"], ["crawl"]) if where.startswith("/") else (["reports"],):
        code, _, said = here(where, *words)
        assert code == 2
        assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "words",
    [
        "reports", "events --baseline", "findings", "figures 1", "overdue", "show 1", "show 1 --text", "alerts",
        "alerts retry", "alerts replay --since 2026-01-01", "archive get 1", "archive verify", "compare v1 v2",
        "portals", "portals families", "doctor", "export", "export details --year 2023", "figures --table 3",
    ],
)  # fmt: skip
def test_json_is_one_document(here: Here, home: Path, words: str) -> None:
    _, shown, said = here(home, *words.split(), "--json")
    assert json.loads(shown) is not None
    assert not said


def test_chinese_where_the_terminal_knows_none(home: Path) -> None:
    for environ in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}):
        for words in (("show", "1"), ("compare", "v1", "v2")):
            done = run(home, *words, **environ)
            assert done.returncode in (0, 1)
            assert b"Traceback" not in done.stderr
            assert done.stdout


@pytest.mark.parametrize("words", ["reports", "compare v1 v2", "archive get 1", "export details"])
def test_a_reader_who_leaves_is_no_error(home: Path, words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [NIANBAO, "--home", str(home), *words.split()]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writing)
    assert done.returncode in (0, 1)  # 1: compare found a difference
    assert done.stderr == b""


def test_files_as_notepad_writes_them(home: Path) -> None:
    for name in ("nianbao.toml", "portals/haitang.toml"):
        text = (home / name).read_bytes()
        (home / name).write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
        try:
            assert b"haitang" in run(home, "portals").stdout
            assert run(home, "alerts", "retry").returncode == 0
            scrapy = [NIANBAO.replace("nianbao", "scrapy"), "list"]
            environ = {**os.environ, "NIANBAO_HOME": str(home)}
            assert b"haitang" in subprocess.run(scrapy, capture_output=True, env=environ, check=True, timeout=60).stdout
        finally:
            (home / name).write_bytes(text)


# A hostile portal -----------------------------------------------------------------------------------------------------

EVIL = "&#27;]0;pwned&#7;&#27;[31m\x9b32m\u202e反\u2066&#127;"


def hostile(request: Request) -> Response:
    if request.path == "/nb/":
        rows = "".join(
            f"<li><a href='/nb/{year}.html?a=\x1b[31m' title='{EVIL}'>云溪县财政局{year}年政府信息公开工作年度报告&#27;</a>"
            for year in (2019, 2020)
        )
        return Response(f"<meta charset=utf-8><title>政府信息公开年报</title><ul>{rows}</ul>".encode())
    year = re.sub(r"\D", "", request.path)
    text = f"<p>{year}年云溪县财政局{EVIL}认真贯彻落实条例，全年受理申请{year}件。</p>" * 12
    table = f"<table><tr><td>{EVIL}甲</td><td>{year}</td></tr><tr><td>合计</td><td>{year}{EVIL}</td></tr></table>"
    file = f"<p><a href='/nb/&#27;[31m.pdf'>附件{EVIL}.pdf</a></p>"
    title = f"云溪县财政局{year}年政府信息公开工作年度报告&#27;\u202e&#127;\x9b"
    page = f"<meta charset=utf-8><title>{title}</title><h1>{title}</h1><div class=TRS_Editor>{text}{table}{file}</div>"
    return Response(page.encode(), 200 if "html" in request.path else 404)


def on_a_terminal(*command: str) -> bytes:
    terminal, end = pty.openpty()
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end):
        os.close(end)
        said = b""
        try:
            while piece := os.read(terminal, 65536):
                said += piece
        except OSError:
            pass  # Linux: the other end was closed
    os.close(terminal)
    return said


def test_a_hostile_portal_steers_no_terminal(tmp_path: Path) -> None:
    with Web() as web:
        url = web.listen(hostile).url
        (tmp_path / "portals").mkdir()
        (tmp_path / "portals" / "evil.toml").write_text(
            f'title = "甲\\u001b[31m"\nfamily = "generic"\nsections = ["{url}/nb/"]\norgan = "云溪县财政局"\n'
            f"[policy]\ndelay = 0.0\nallow_private = true\n"
        )
        said = {"crawl": run(tmp_path, "crawl", "evil"), "check": run(tmp_path, "portals", "check", "evil")}
    db = sqlite3.connect(tmp_path / "nianbao.db")
    assert db.execute("SELECT count(*) FROM reports").fetchone() == (2,)
    assert "\x1b" in db.execute("SELECT text FROM versions").fetchone()[0]  # the record keeps what the page said
    db.close()
    for words in (
        "reports", "events --baseline", "findings", "show 1", "show 1 --text", "compare v1 v2", "portals", "alerts",
        "show 1 --json", "archive verify", "doctor", "figures 1", "export reports", "export findings --json",
    ):  # fmt: skip
        said[words] = run(tmp_path, *words.split())
        assert said[words].returncode in (0, 1), said[words]
    for words, done in said.items():
        assert not STEERS.search(done.stdout + done.stderr), (words, done)
    colours = re.compile(rb"\x1b\[[0-9;]*m")
    for words in ("reports", "compare v1 v2"):
        shown = on_a_terminal(NIANBAO, "--home", str(tmp_path), *words.split())
        assert not STEERS.search(colours.sub(b"", shown).replace(b"\r\n", b"\n")), shown
        assert b"\x1b[32m" not in shown or words.startswith("compare")


# A pass that is stopped -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_pass_leaves_no_process_and_the_next_one_ends_well(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.path)
        if request.path != "/nb/":
            return Response(b"<p>x", 404)
        rows = "".join(
            f"<li><a href='/nb/{year}.html'>云溪县财政局{year}年政府信息公开工作年度报告</a>"
            for year in range(2012, 2026)
        )
        return Response(f"<meta charset=utf-8><title>政府信息公开年报</title><ul>{rows}</ul>".encode())

    with Web() as web:
        url = web.listen(answer).url
        (tmp_path / "portals").mkdir()
        file = tmp_path / "portals" / "slow.toml"
        text = f'title = "慢"\nfamily = "generic"\nsections = ["{url}/nb/"]\n[policy]\nallow_private = true\ndelay = '
        file.write_text(text + "1.0\n")
        command = [NIANBAO, "--home", str(tmp_path), "crawl", "slow"]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        until = time.monotonic() + 30
        while len(asked) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        children = [one.pid for one in kernel.below(running.pid, kernel.processes())]
        assert len(children) == 3  # the nursery, the pass and its keeper
        assert run(tmp_path, "crawl", "slow").returncode == 3
        running.send_signal(number)
        _, said = running.communicate(timeout=30)
        assert running.returncode == code
        assert b"Traceback" not in said
        assert not any(Path(f"/proc/{child}").exists() for child in children)
        file.write_text(text + "0.0\n")
        done = run(tmp_path, "crawl", "slow")
        assert b"slow: ok" in done.stdout, done
