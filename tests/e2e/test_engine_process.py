"""The crawl process as its supervisor sees it: stopped, killed, out of time, given nonsense."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from crawler.observation import Job, KnownPage, Limits, RunSummary
from crawler.page.reader import REVISION
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known


class Slow(BaseHTTPRequestHandler):
    """Every page takes a while; /never takes for ever."""

    def do_GET(self) -> None:
        time.sleep(60 if self.path.startswith("/never") else 0.05)
        data = "<html><body><p>列表</p></body></html>".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = Server(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def folder_for(root: Path, base: str, name: str = "slow", pages: int = 400, path: str = "/p", **limits: Any) -> Path:
    portal = Portal(name, name, "generic", (f"{base}/nb/",))
    policy = Policy(delay=0.0, concurrency=1, allow_private=True, obey_robots=False)
    job = Job(
        portal, policy, 1, "full", portal.rules(REVISION), "2026-11-22T00:00:00Z", "nianbao-test", Limits(**limits)
    )
    folder = root / name
    folder.mkdir()
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    write_known(folder, (KnownPage(f"{base}{path}{n}", "primary") for n in range(pages)))
    return folder


def start(*arguments: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "crawler", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def summary(folder: Path) -> RunSummary:
    return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunSummary)


def until_progress(process: "subprocess.Popen[str]", done: int = 3) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "progress" and event["done"] >= done:
            return event
    raise AssertionError("no progress was told")


def test_sigterm_ends_it_early_and_whole(base: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, base)
    process = start(folder)
    event = until_progress(process)
    assert (event["portal"], event["total"]) == ("slow", 401)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert (summary(folder).outcome, summary(folder).detail) == ("cut_short", "stopped by SIGTERM")
    assert 0 < len((folder / "observations.jsonl").read_bytes().splitlines()) < 400


def test_a_download_that_hangs_does_not_hold_the_process(base: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, base, pages=3, path="/never")
    process = start(folder)
    until_progress(process, 1)
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=25)
    assert time.monotonic() - started < 20
    assert summary(folder).outcome == "cut_short"


def test_a_kill_leaves_no_run_json(base: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, base)
    process = start(folder)
    until_progress(process)
    process.kill()
    process.communicate()
    assert not (folder / "run.json").exists()


def test_a_pass_has_an_end(base: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, base, pass_seconds=1.0)
    process = start(folder)
    process.communicate(timeout=30)
    assert (summary(folder).outcome, summary(folder).detail) == ("cut_short", "longer than 1 s")


def test_one_that_cannot_begin_says_why(base: str, tmp_path: Path) -> None:
    bad = folder_for(tmp_path, base, "bad", pages=0)
    (bad / "known.jsonl").write_text("{}\n")
    process = start(bad)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert summary(bad).outcome == "failed"
    assert "known.jsonl" in summary(bad).detail
    done = folder_for(tmp_path, base, "done", pages=0)
    (done / "run.json").write_text("{}")
    process = start(done)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "this pass is over" in errors


def test_nonsense(tmp_path: Path) -> None:
    for arguments in ([], ["--help"], [str(tmp_path)], ["one", "two"]):
        process = start(*map(Path, arguments))
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 2
        assert len(errors.splitlines()) == 1


def test_it_dies_with_its_parent(base: str, tmp_path: Path) -> None:
    folder = folder_for(tmp_path, base)
    code = (
        "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-m', 'crawler', sys.argv[1]]);"
        "print(p.pid, flush=True); time.sleep(99)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.stdout.readline()  # its first progress: it runs
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(150):
        if (folder / "run.json").exists():
            break
        time.sleep(0.1)
    assert summary(folder).outcome == "cut_short"
    for _ in range(50):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "Z":  # nobody reaps it here
            break
        time.sleep(0.1)
    else:
        raise AssertionError("it lives on")
