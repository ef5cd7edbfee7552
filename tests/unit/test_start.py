"""What a start imports: no more than the command or the pass needs. Held by names, not by times."""

import ast
import gc
import hashlib
import inspect
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import msgspec
import pytest

from crawler import families
from crawler.observation import Job, KnownPage, KnownReport, Limits, RunSummary
from crawler.page import chinese
from crawler.page.revision import REVISION
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known
from crawler.swift import swift
from monitor.cli import cli
from monitor.cli.commands import Commands
from monitor.migrations import migrations
from monitor.store import Store, applied

ROOT = Path(__file__).parents[2]
LIBRARIES = {
    *("aiohttp", "apprise", "apscheduler", "docx", "lxml", "numpy", "opencc", "openpyxl", "PIL", "prometheus_client", "pyarrow"),
    *("pypdfium2", "requests", "rich", "scrapy", "sqlite_utils", "structlog", "tldextract", "twisted", "urllib3", "warcio"),
}  # fmt: skip
READING = {
    *("crawler.page.reader", "crawler.page.titles", "crawler.documents.extract", "crawler.families.generic"),
    *("monitor.canonical", "monitor.diff", "monitor.figures.prose", "monitor.findings.foreign", "monitor.reread"),
}
PAGE = "<title>某县人民政府2024年政府信息公开工作年度报告</title><p>一、总体情况</p>".encode()


def imported(code: str, *arguments: object) -> set[str]:
    """Modules that a fresh interpreter has after some code."""
    code += "\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_no_command() -> None:
    found = imported("from monitor.cli import cli\ncli.main(['--help'], standalone_mode=False)")
    assert "monitor.cli" in found
    assert not {name for name in found if name.startswith("monitor.cli.")} - {
        "monitor.cli.commands",
        "monitor.cli.common",
    }
    assert not found & (LIBRARIES | {"asyncio", "sqlite3", "monitor.home", "monitor.store"})


def test_a_crawl_begins_without_what_reads_pages() -> None:
    """What it starts, settles and tells nobody of needs none of these; they are imported where they are needed."""
    found = imported("import monitor.cli.crawl")
    assert "monitor.settle" in found
    assert not found & (LIBRARIES | READING | {"asyncio"})


def test_a_record_of_today_is_opened_without_what_migrates(tmp_path: Path) -> None:
    with Store.open(tmp_path / "nianbao.db") as store:
        assert applied(store.conn) == migrations.names
    code = "import sys, pathlib\nfrom monitor.store import Store\nStore.open(pathlib.Path(sys.argv[1])).close()"
    found = imported(code, tmp_path / "nianbao.db")
    assert not found & (LIBRARIES | {"monitor.figure_views"})


def groups(group: click.Group = cli) -> Iterator[click.Group]:
    yield group
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from groups(command)


def test_lists_of_commands_say_what_the_commands_say() -> None:
    """A command that nobody called is listed by a name and a sentence that are written down beside it."""
    checked = 0
    for group in groups():
        if isinstance(group.commands, Commands):
            for name in group.commands._elsewhere:
                told, listed = group.commands[name], Commands(group.commands._elsewhere).listed(name)
                assert listed is not None
                assert told.name == name
                for width in (20, 45, 72, 1000):
                    assert listed.get_short_help_str(width) == told.get_short_help_str(width), name
                checked += 1
    assert checked > 20


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = PAGE if self.path != "/nb/" else "<ul><li><a href='1.html'>某县人民政府2024年年报</a></ul>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A run folder of a portal whose only report is as it was."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}/nb/"
        portal = Portal("county", "county", "generic", (base,))
        policy = Policy(delay=0.0, allow_private=True, obey_robots=False)
        rules = portal.rules(REVISION)
        job = Job(portal, policy, 1, "full", rules, "2026-11-22T00:00:00Z", "nianbao-test", Limits())
        (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
        known = KnownPage(
            f"{base}1.html",
            "primary",
            body_hash=hashlib.sha256(PAGE).hexdigest(),
            rules=rules,
            reports=(KnownReport(1, "0" * 64),),
        )
        write_known(tmp_path, [known])
        yield tmp_path
        server.shutdown()


WARM = """
import sys
from pathlib import Path
from crawler import process
process.warm()
before = {*sys.modules}
assert not before & {"aiohttp", "tldextract", "crawler.scout.survey", "crawler.documents.extract", "opencc"}, before
assert process.run(Path(sys.argv[1]), lambda told: None) == 0
new = {name for name in {*sys.modules} - before if not name.startswith(("encodings.", "twisted.internet.reactor"))}
assert not new, new
from crawler.page import chinese
assert not chinese._telling.cache_info().currsize
"""


def test_what_a_plain_pass_needs_is_there_before_it_is_forked(folder: Path) -> None:
    imported(WARM, folder)
    summary = msgspec.json.decode((folder / "run.json").read_bytes(), type=RunSummary)
    assert (summary.outcome, summary.requests) == ("ok", 2)
    assert b'"reading":"same"' in (folder / "observations.jsonl").read_bytes()


def test_swift_imports_leave_everything_as_it_was() -> None:
    stack = inspect.stack
    with swift():
        assert not gc.isenabled()
        assert inspect.getmodule(inspect.stack()[0][0]) is sys.modules[__name__]
        assert inspect.getmodule(inspect.stack()[1][0]) is not None
    assert inspect.stack is stack
    assert gc.isenabled()


def test_families_are_what_their_names_say() -> None:
    assert {families.get(name).name for name in families.names()} == families.names()
    with pytest.raises(KeyError):
        families.get("base")


def test_nothing_that_tells_traditional_is_in_the_simplified_set() -> None:
    """So a text of that set needs no table to be known for what it is."""
    assert not {char for char in chinese._telling()[0] if chinese._encodable(char, "gb2312")}
    assert not chinese.is_traditional("临海市人民政府〇〇〇局（本级）—2024年…")
    assert chinese.is_traditional("臨海市人民政府〇局")


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    with Store.open(tmp_path / "nianbao.db") as store:
        assert store.rows("SELECT 1 AS id, 2 AS id, 3 AS id_2, 4 AS id") == [{"id": 1, "id_3": 2, "id_2": 3, "id_4": 4}]
        with pytest.raises(ValueError, match="no rows"):
            store.rows("UPDATE portals SET title = ''")


@pytest.mark.parametrize("engine", ["local", "celery"])
def test_a_service_imports_everything_at_its_start(engine: str) -> None:
    """What it needs for the first time after months must not come from a release that was put in its place meanwhile; without
    workers nothing that only they need, which may not be installed."""
    found = imported(
        "from monitor.service.service import Service\nfrom monitor.service.whole import import_all\nimport_all()\n"
        + ("import monitor.workers.dispatch" if engine == "celery" else "")  # as monitor.engine does
    )
    files = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in found if name.startswith("monitor.")]
    functions = [
        node
        for file in files
        if file.exists()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    ]
    nodes = [node for function in functions for node in ast.walk(function)]
    lazily = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    assert {"monitor.canonical", "monitor.changes", "monitor.reread"} <= lazily
    ours = {name for name in lazily if name.partition(".")[0] in ("monitor", "crawler")}
    if engine == "local":
        assert not {name.partition(".")[0] for name in found} & {"celery", "kombu", "redis", "s3fs"}
        ours = {name for name in ours if not name.startswith("monitor.workers.")}
    assert ours <= found, ours - found
    assert {"opencc", "requests", "warcio.archiveiterator"} <= found
    assert not found & {"scrapy", "numpy", "pyarrow", "onnxruntime"}
