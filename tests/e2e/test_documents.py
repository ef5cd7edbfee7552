"""Reports whose whole body is a document, in every format, through the program as an operator runs it.

Each organ publishes one year as a page that holds a title and a link, and another as a file that the list links itself.
The days: what stands there; the files saved again; one digit changed; renamed; blocked and out of order; gone.
"""

import io
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler.page.text import Block, Table
from monitor.demo.server import Request, Response, Web
from tests.unit.documents.making import Sheet, docx_blocks, xlsx_blocks, zip_of
from tests.unit.documents.test_formats import scan, stored

DAYS = [f"2026-02-{day}T01:00:00Z" for day in range(10, 19)]
SAVED, DIGIT, RENAMED, BLOCKED, DOWN, GONE = 1, 2, 3, 4, 5, 6
"""From which day on."""


def blocks(count: str) -> list[Block]:
    return [
        "一、总体情况",
        f"本年主动公开政府信息{count}条。",
        Table((("项目", "自然人", "法人", "总计"), ("本年新收", count, "4", "7"), ("上年结转", "0", "1", "1"))),
        "六、其他需要报告的事项",
    ]


def again(body: bytes) -> bytes:
    """A package, packed otherwise."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item))
    return out.getvalue()


def rtf(count: str) -> bytes:
    return (
        r"{\rtf1\ansi\ansicpg936 "
        + "".join(f"\\u{ord(char)}?" for char in "一、总体情况主动公开")
        + rf"\par\trowd\cellx1000\cellx2000 a\cell {count}\cell\row}}"
    ).encode()


def doc(count: str) -> bytes:
    return stored("small.doc").replace("息12条".encode("utf-16-le"), f"息{count}条".encode("utf-16-le"))


MAKERS: dict[str, tuple[Callable[[str], bytes], Callable[[bytes], bytes]]] = {
    "pdf": (lambda count: Sheet().lay(blocks(count)).pdf(), lambda body: body + b"\n% saved again\n"),
    "ofd": (lambda count: Sheet().lay(blocks(count)).ofd(), again),
    "docx": (lambda count: docx_blocks(blocks(count)), again),
    "xlsx": (lambda count: xlsx_blocks(blocks(count)), again),
    "doc": (doc, lambda body: body + bytes(512)),
    "rtf": (rtf, lambda body: body.replace(b"{\\rtf1", b"{\\rtf1{\\*\\generator y;}")),
    "zip": (lambda count: zip_of({"年报.docx": docx_blocks(blocks(count))}), again),
    "scan.pdf": (lambda count: scan((200, 30, int(count))), lambda body: body + b"\n% saved again\n"),
}
"""By extension: the document with this count in it; the same document in other bytes."""
ORGANS = dict(
    zip(MAKERS, ["财政局", "民政局", "教育局", "公安局", "司法局", "水利局", "商务局", "审计局"], strict=True)
)


class Site:
    """The portal."""

    def __init__(self, web: Web) -> None:
        self.day = 0
        self.host = web.listen(self.answer)

    def answer(self, request: Request) -> Response:
        if request.path == "/nb/":
            return html("政府信息公开年报", "<ul>" + "".join(map(self.rows, MAKERS)) + "</ul>")
        if found := re.fullmatch(r"/nb/page_(.+)\.html", request.path):
            title = titled(found[1], 2024)
            kind = found[1]
            name = f"renamed.{kind}" if self.day >= RENAMED else f"2024.{kind}"
            link = f"<p><a href='/files/{name}'>{title}.{kind}</a></p>"
            return html(title, f"<h1>{title}</h1><div id='zoom' class='TRS_Editor'>{link}</div>")
        if found := re.fullmatch(r"/files/(?:2024|renamed)\.(.+)", request.path):
            wanted = "renamed" if self.day >= RENAMED else "2024"
            if self.day >= GONE or wanted not in request.path:
                return Response(b"<html><body>404 Not Found</body></html>", 404)
            if self.day in (BLOCKED, DOWN):
                return Response(b"", 403 if self.day == BLOCKED else 503)
            return self.file(found[1])
        if found := re.fullmatch(r"/files/2023\.(.+)", request.path):
            return Response(b"", 503) if self.day == DOWN else self.file(found[1])
        return Response(b"<html><body>404 Not Found</body></html>", 404)

    def rows(self, kind: str) -> str:
        page, file = f"/nb/page_{kind}.html", f"/files/2023.{kind}"
        return (
            f"<li><a href='{page}'>{titled(kind, 2024)}</a><span>2025-01-20</span></li>"
            f"<li><a href='{file}'>{titled(kind, 2023)}</a><span>2024-01-20</span></li>"
        )

    def file(self, kind: str) -> Response:
        make, save = MAKERS[kind]
        body = make("13" if self.day >= DIGIT else "12")
        return Response(save(body) if self.day >= SAVED else body, 200, "application/octet-stream")


def titled(kind: str, year: int) -> str:
    return f"甲县{ORGANS[kind]}{year}年政府信息公开工作年度报告"


def html(title: str, body: str) -> Response:
    head = f"<html><head><meta charset='utf-8'><title>{title}</title></head>"
    return Response(f"{head}<body>{body}</body></html>".encode())


class Result:
    def __init__(self, home: Path) -> None:
        self.db = sqlite3.connect(home / "nianbao.db")
        self.db.row_factory = sqlite3.Row

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self.db.execute(query, values).fetchall()

    def events(self, kind: str, year: int) -> list[tuple[str, str]]:
        """(kind, day) of what was said of a report after the baseline."""
        found = self.rows(
            "SELECT * FROM events WHERE organ LIKE ? AND year = ? AND baseline = 0 AND kind NOT IN ('overdue', 'finding') ORDER BY id",
            f"%{ORGANS[kind]}",
            year,
        )
        return [(row["kind"], row["detected_at"]) for row in found]

    def attachments(self, kind: str, year: int) -> list[list[sqlite3.Row]]:
        """Those of each version, oldest first."""
        versions = self.rows(
            "SELECT v.id FROM versions v JOIN reports r ON r.id = v.report WHERE r.organ LIKE ? AND r.year = ? ORDER BY v.seq",
            f"%{ORGANS[kind]}",
            year,
        )
        return [self.rows("SELECT * FROM attachments WHERE version = ?", row["id"]) for row in versions]


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    home = tmp_path_factory.mktemp("documents")
    (home / "portals").mkdir()
    with Web() as web:
        site = Site(web)
        lines = (
            'title = "甲县"',
            'family = "generic"',
            f'sections = ["{site.host.url}/nb/"]',
            'organ = "甲县人民政府"',
        )
        policy = "[policy]\ndelay = 0.0\nallow_private = true\n"
        (home / "portals" / "jia.toml").write_text("\n".join((*lines, policy)), encoding="utf-8")
        program = [str(Path(sys.executable).with_name("nianbao")), "--home", str(home)]
        for day, now in enumerate(DAYS):
            site.day = day
            command = [*program, "--now", now, "crawl", "jia"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
            assert done.returncode == 0, done.stderr
    found = Result(home)
    yield found
    found.db.close()


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_behind_a_page(result: Result, kind: str) -> None:
    """Changed for the digit, and for its end once that is confirmed. Nothing for a re-save, a rename, a wall, an outage."""
    said = result.events(kind, 2024)
    assert [name for name, _ in said] == ["changed", "changed"]
    assert said[0][1] == DAYS[DIGIT]
    assert DAYS[GONE + 1] < said[1][1]
    first = result.attachments(kind, 2024)[0]
    assert len(first) == 1
    assert first[0]["text"] or first[0]["pixels"]


@pytest.mark.parametrize("kind", MAKERS)
def test_a_document_that_the_list_links(result: Result, kind: str) -> None:
    assert result.events(kind, 2023) == [("changed", DAYS[DIGIT])]
    (report,) = result.rows("SELECT * FROM reports WHERE organ LIKE ? AND year = 2023", f"%{ORGANS[kind]}")
    assert (report["status"], report["title"]) == ("live", titled(kind, 2023))


@pytest.mark.parametrize("kind", ["pdf", "ofd", "docx", "xlsx", "zip"])
def test_its_table_is_a_grid(result: Result, kind: str) -> None:
    (held,) = result.attachments(kind, 2024)[0]
    assert "| 本年新收 | 12 | 4 | 7 |" in held["text"]


def test_a_scan_is_said_to_be_one(result: Result) -> None:
    rules = {row["rule"] for row in result.rows("SELECT rule FROM findings WHERE url LIKE '%scan.pdf'")}
    assert rules == {"scanned_document"}


def test_what_is_told_names_the_document(result: Result) -> None:
    row = result.rows("SELECT detail FROM events WHERE kind = 'changed' AND organ LIKE '%财政局' AND year = 2024")[0]
    changes = json.loads(row["detail"])["attachments"]
    assert [one["change"] for one in changes] == ["changed"]
