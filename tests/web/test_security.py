"""What staff ask in SQL reads the record and nothing else, within bounds; no answer shows how the pages are made."""

import asyncio
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from monitor.home import Home
from monitor.sqlite import sqlite3
from monitor.web import errors
from monitor.web.errors import in_chinese
from monitor.web.record import HEAP, QUESTIONS, NoRecord, confine, connect
from tests.web.conftest import Pages, Served


@pytest.fixture
def confined(demo_home: Path) -> Any:
    conn = connect(demo_home / "nianbao.db")
    confine(conn)
    yield conn
    conn.close()


@pytest.mark.parametrize(
    "sql",
    [
        "ATTACH '/etc/passwd' AS x", "ATTACH ':memory:' AS x", "DETACH main", "VACUUM INTO '/tmp/nianbao-stolen.db'",
        "PRAGMA writable_schema = ON", "PRAGMA query_only = OFF", "PRAGMA journal_mode = DELETE", "PRAGMA database_list",
        "PRAGMA temp_store_directory = '/'", "PRAGMA hard_heap_limit = 0", "PRAGMA compile_options", "PRAGMA mmap_size = 1",
        "SELECT * FROM pragma_database_list", "SELECT * FROM pragma_compile_options", "SELECT * FROM pragma_function_list",
        "SELECT * FROM pragma_integrity_check", "SELECT load_extension('x')", "SELECT load_extension('x', 'y')",
        "SELECT fts3_tokenizer('simple')", "SELECT fts3_tokenizer('simple', x'00')", "SELECT readfile('/etc/passwd')",
        "SELECT writefile('/tmp/nianbao-x', 'y')", "SELECT edit('x')", "SELECT sqlite_log(1, 'x')", "SELECT json_patch('{}', '{}')",
        "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)", "CREATE VIRTUAL TABLE temp.x USING fts5(a)", "DROP TABLE reports",
        "INSERT INTO events (id) VALUES (1)", "UPDATE reports SET year = 1", "DELETE FROM reports", "REINDEX", "ANALYZE",
        "CREATE TEMP TRIGGER x AFTER INSERT ON reports BEGIN SELECT 1; END", "SAVEPOINT x", "SELECT 1; DROP TABLE reports",
        "INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 0, '')", "CREATE VIEW temp.x AS SELECT 1", "ALTER TABLE reports ADD x",
    ],
)  # fmt: skip
def test_what_is_no_question_to_the_record_is_refused(confined: Any, sql: str) -> None:
    with pytest.raises(sqlite3.Error):
        confined.execute(sql).fetchall()
    assert confined.execute("SELECT count(*) FROM reports").fetchone()[0] > 0


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            "SELECT instr('年度报告', '报告'), instr('abc', ''), instr(NULL, 'a'), instr(123, 3), instr(x'0102', x'02')",
            (3, 1, None, 3, 2),
        ),
        (
            "SELECT replace('a-b-c', '-', '+'), replace('abc', '', 'x'), replace(NULL, 'a', 'b'), replace(10, 0, 1)",
            ("a+b+c", "abc", None, "11"),
        ),
        ("SELECT trim('xxaxx', 'x'), ltrim('xxa', 'x'), rtrim('axx', 'x'), trim('  a '), trim(NULL, 'x')", ("a", "a", "a", "a", None)),
        ("SELECT count(*) > 0 FROM 年报一览 WHERE 机关 LIKE '%政府%'", (1,)),
        ("SELECT count(*) > 5 FROM pragma_table_info('reports')", (1,)),
        ("SELECT sum(value) FROM json_each('[1, 2]')", (3,)),
        ("SELECT count(*) > 5 FROM sqlite_master m JOIN pragma_table_info(m.name) i WHERE m.name = 'events'", (1,)),
        ("SELECT json_extract('{\"a\": [1, 2]}', '$.a[1]')", (2,)),
        ("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT sum(x) FROM n", (15,)),
    ],
)  # fmt: skip
def test_what_is_one_is_answered_as_ever(confined: Any, sql: str, found: tuple[object, ...]) -> None:
    assert confined.execute(sql).fetchone() == found


NUMBERS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
NESTED = "WITH a0 AS (SELECT 1 x)" + "".join(
    f", a{i} AS (SELECT p.x FROM a{i - 1} p, a{i - 1} q)" for i in range(1, 40)
)
BOMBS = {
    "endless": f"{NUMBERS} SELECT count(*) FROM n",
    "rows": f"{NUMBERS} SELECT x, zeroblob(3000000) FROM n",
    "random": f"{NUMBERS} SELECT randomblob(3900000) FROM n LIMIT 1000",
    "columns": "SELECT " + ", ".join(f"zeroblob(3900000) || {number}" for number in range(200)),
    "one value": "SELECT zeroblob(2000000000)",
    "printf": "SELECT printf('%1000000000d', 1)",
    "hex": "SELECT hex(hex(hex(zeroblob(1000000))))",
    "replace": "SELECT replace(replace(hex(zeroblob(1000000)), '0', '00000000'), '0', hex(zeroblob(100000)))",
    "group_concat": f"{NUMBERS} SELECT group_concat(x, hex(zeroblob(1000))) FROM n",
    "json": f"{NUMBERS} SELECT json_group_array(x) FROM n",
    "json tree": "SELECT count(*) FROM json_tree(replace(hex(zeroblob(900000)), '00', '[],') || '1')",
    "like": "SELECT hex(zeroblob(1900000)) LIKE '%' || replace(hex(zeroblob(40)), '0', '%0') || '1'",
    "glob": "SELECT hex(zeroblob(1900000)) GLOB '*' || replace(hex(zeroblob(40)), '0', '*0') || '1'",
    "instr": "SELECT instr(hex(zeroblob(1900000)), hex(zeroblob(900000)) || '1')",
    "trim": "SELECT ltrim(hex(zeroblob(1900000)), hex(zeroblob(900000)))",
    "sort": f"{NUMBERS} SELECT x, hex(randomblob(2000)) AS y FROM n ORDER BY y",
    "union": "WITH RECURSIVE n(x) AS (SELECT randomblob(2000) UNION SELECT randomblob(2000) FROM n) SELECT count(*) FROM n",
    "nested": f"{NESTED} SELECT count(*) FROM a39",
    "cross": "SELECT count(*) FROM events a, events b, events c, events d, events e",
    "window": f"{NUMBERS} SELECT count(*) OVER (ORDER BY x) FROM n",
    "deep": "SELECT " + "(" * 900 + "1" + ")" * 900,
    "parameters": "SELECT " + ", ".join([":a"] * 1500),
}


@pytest.fixture(scope="module")
def alone(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Pages as a process of their own, to see what they take."""
    import shutil

    copy = tmp_path_factory.mktemp("bombs") / "home"
    shutil.copytree(demo_home, copy)
    served = Served(copy)
    yield served
    served.stop()


def taken(served: Served, what: str = "VmHWM") -> int:
    """Bytes of memory."""
    text = Path(f"/proc/{served.process.pid}/status").read_text()
    found = re.search(rf"{what}:\s+(\d+) kB", text)
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.parametrize("name", sorted(BOMBS))
@pytest.mark.parametrize("form", ["json", "csv"])
def test_no_question_takes_the_pages_down(alone: Served, name: str, form: str) -> None:
    begun = time.monotonic()
    answer = httpx.get(f"{alone.url}/nianbao.{form}?sql={quote(BOMBS[name])}", timeout=60)
    assert time.monotonic() - begun < 20
    assert answer.status_code in (200, 400, 414), answer.text[:300]
    assert len(answer.content) < 60_000_000
    assert httpx.get(f"{alone.url}/event/1", timeout=20).status_code == 200
    assert taken(alone) < 2 * HEAP + 700_000_000


def test_own_pages_do_not_wait_for_questions(alone: Served) -> None:
    slow = f"{alone.url}/nianbao.json?sql={quote(BOMBS['endless'])}"
    threads = [threading.Thread(target=lambda: httpx.get(slow, timeout=60)) for _ in range(12)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    waits = []
    for _ in range(5):
        begun = time.monotonic()
        assert httpx.get(f"{alone.url}/event/1", timeout=30).status_code == 200
        waits.append(time.monotonic() - begun)
    assert any(thread.is_alive() for thread in threads), "the questions were over too soon to show anything"
    for thread in threads:
        thread.join()
    assert sorted(waits)[2] < 2, waits  # twelve questions of two seconds in four threads take six


# Errors --------------------------------------------------------------------------------------------------------------

LEAKS = re.compile(
    r"Traceback|site-packages|\.py\b|/tmp/|/root|/home/|sqlite3\.|nianbao\.db|Exception|SELECT |select nope",
    re.IGNORECASE,
)


def clean(pages: Pages, answer: httpx.Response, *, own: str = "") -> None:
    text = answer.text.replace(own, "") if own else answer.text
    assert not LEAKS.search(
        re.sub(r"<(textarea|pre|code|script)[^>]*>.*?</\1>|<a [^>]*>|<input[^>]*>", "", text, flags=re.DOTALL)
    ), text
    assert str(pages.home.path) not in answer.text
    assert pages.site.access.secret not in answer.text


PATHS = [
    "/event/1",
    "/event/1.json",
    "/notes?tab=unseen",
    "/notes?tab=mine",
    "/nianbao?sql=select+1",
    "/nianbao/reports",
    "/nianbao.json?sql=select+1",
]


def missing(home: Home) -> None:
    for one in home.path.glob("nianbao.db*"):
        one.unlink()


def damaged(home: Home) -> None:
    for side in ("-wal", "-shm"):
        (home.path / f"nianbao.db{side}").unlink(missing_ok=True)
    data = home.database.read_bytes()
    home.database.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


def other(home: Home) -> None:
    missing(home)
    home.database.write_bytes(b"no database" * 1000)


def empty(home: Home) -> None:
    missing(home)
    home.database.write_bytes(b"")


@pytest.mark.parametrize("harm", [missing, damaged, other, empty])
@pytest.mark.parametrize("path", PATHS)
def test_a_record_that_cannot_be_read_is_said_in_chinese(home: Home, harm: Callable[[Home], None], path: str) -> None:
    harm(home)
    pages = Pages(home)
    answer = pages(path)
    assert answer.status_code in (404, 500, 503) or (path.startswith("/notes?tab=mine") and answer.status_code == 200)
    assert re.search(r"[\u4e00-\u9fff]|\\u[4-9]", answer.text)
    clean(pages, answer)


def test_a_record_that_is_held_is_read_all_the_same(home: Home) -> None:
    conn = sqlite3.connect(home.database, isolation_level=None)
    conn.execute("BEGIN IMMEDIATE")
    assert Pages(home)("/event/1").status_code == 200
    conn.execute("ROLLBACK")
    conn.close()


@pytest.mark.parametrize(
    "query",
    ["sql=select+nope", "sql=select+*+from+nope", "sql=selec", "sql=delete+from+reports", "sql=pragma+database_list",
     "sql=select+1;select+2", "sql=select+load_extension('x')", "sql=select+'", "sql=%00", "sql=select+char(0)", "sql=select+:a",
     "sql=select+9e999", "sql=select+abs(-9223372036854775808)", "_size=x", "_sort=x", "sql=select+json('%7B')", "sql=with+a",
     "_shape=x", "_nl=on", "_trace=1"],
)  # fmt: skip
@pytest.mark.parametrize(
    "path",
    [
        "/nianbao?sql=select+1",
        "/nianbao.json",
        "/nianbao.csv",
        "/nianbao/reports",
        "/nianbao/reports.json",
        "/nianbao/reports.csv",
    ],
)
def test_a_question_that_is_none_is_answered_shortly(pages: Pages, path: str, query: str) -> None:
    answer = pages(f"{path}?{query}")
    assert answer.status_code < 500, answer.text
    assert str(pages.home.path) not in answer.text
    assert "Traceback" not in answer.text
    assert "site-packages" not in answer.text


def test_what_breaks_is_logged_and_not_shown(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pages = Pages(home)

    def broken(*_: object) -> None:
        raise RuntimeError(f"geheim {home.path} SELECT secret")

    monkeypatch.setattr("monitor.web.event.event_of", broken)
    for path in ("/event/1", "/event/1.json"):
        answer = pages(path + "?token=geheim-token")
        assert answer.status_code == 500
        assert "geheim" not in answer.text
        clean(pages, answer)
    own = [record for record in caplog.records if record.name.startswith("monitor")]
    assert any(record.exc_info for record in own)
    assert not any("geheim-token" in record.getMessage() for record in own)


def test_even_a_page_of_errors_that_breaks_says_something(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("geheim")

    pages = Pages(home)
    monkeypatch.setattr(pages.site.datasette, "render_template", broken)
    answer = pages("/event/1")
    assert answer.status_code == 500
    assert "出错了" in answer.text
    assert "geheim" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no such column: 机关名", "没有名为“机关名”的列"),
        ("no such table: x", "没有名为“x”的表"),
        ('near "form": syntax error', "在“form”附近"),
        ("interrupted", "没能在限定时间内"),
        ("string or blob too big", "结果太大"),
        ("attempt to write a readonly database", "只能查询"),
        ("Statement must be a SELECT", "只能查询"),
        ("database disk image is malformed", "nianbao doctor"),
        ("unable to open database file: /secret/path", "nianbao doctor"),
        ("没有这个编号", "没有这个编号"),
        ("something at /home/x/y.py", ""),
    ],
)
def test_messages_in_other_words(said: str, told: str) -> None:
    found = in_chinese(said)
    assert told in found
    assert bool(told) is bool(found)
    assert "/" not in found.replace("nianbao", "")


def test_a_record_of_an_earlier_release_says_so(home: Home) -> None:
    told = errors._told(None, NoRecord("x", "behind"))
    assert told[0] == 503
    assert "旧版本" in told[2]


def test_the_limits_are_of_this_process(demo_home: Path) -> None:
    conn = connect(demo_home / "nianbao.db")
    confine(conn)
    conn.set_authorizer(None)
    assert 0 < conn.execute("PRAGMA hard_heap_limit").fetchone()[0] <= HEAP
    conn.close()


@pytest.mark.parametrize(
    "question",
    ["_facet={}", "_facet_date={}", "_facet_array={}", "_through=1", "_through={}", "_through=[]", "_through=NaN"],
)
def test_what_datasette_takes_apart_unseen_is_the_asker_s_mistake(pages: Pages, question: str) -> None:
    for path in ("/nianbao/events", "/nianbao/events.json"):
        assert pages(f"{path}?{question}").status_code in (200, 400), (path, question)


def test_a_sheet_of_a_name_too_long_for_a_file_is_not_there(pages: Pages, caplog: pytest.LogCaptureFixture) -> None:
    """Anybody may ask for it: it must not fill the log."""
    for folder in ("/static/", "/-/static/"):
        assert pages(folder + "a" * 1900).status_code == 404
    assert not caplog.records


def test_questions_that_would_wait_in_vain_are_told_so_and_the_others_are_answered(pages: Pages) -> None:
    """One reader's slow questions: whoever comes after them waits for seconds, not for minutes."""
    slow = "/nianbao.json?sql=WITH+RECURSIVE+n(x)+AS+(SELECT+1+UNION+ALL+SELECT+x%2B1+FROM+n)+SELECT+count(*)+FROM+n"

    async def ask() -> tuple[list[int], float, int]:
        transport = httpx.ASGITransport(app=pages.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8766", timeout=60) as client:
            many = asyncio.gather(*(client.get(slow) for _ in range(40)))
            await asyncio.sleep(0.5)
            began = time.monotonic()
            own = (await client.get("/events")).status_code
            took = time.monotonic() - began
            return [one.status_code for one in await many], took, own

    codes, took, own = asyncio.run(ask())
    assert set(codes) == {400, 503}
    assert codes.count(503) >= 40 - 2 * QUESTIONS
    assert own == 200
    assert took < 3
    assert pages("/nianbao.json?sql=select+1").status_code == 200
