"""The child process that reads documents: it crashes, hangs, grows, prints and is orphaned; nothing else comes to harm."""

import asyncio
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from crawler.documents import extractor
from crawler.documents.extractor import Extractor, SharedExtractor
from tests.unit.documents.making import URL, pdf_of, picture

WORKER = """
    import ctypes, os, signal, sys, time, types
    from crawler.documents import worker
    from crawler.documents.model import Extract

    held = []

    def extract(body, media_type, url):
        if body == b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if body == b"crash if used" and held:
            ctypes.string_at(0)
        if body == b"exit":
            sys.stderr.write("the last words")
            sys.stderr.flush()
            os._exit(3)
        if body == b"hang":
            time.sleep(600)
        if body == b"spin":
            while True:
                pass
        if body == b"grow":
            try:
                held.append(bytearray(4_000_000_000))
            except MemoryError:
                return Extract("no memory", "", "")
        if body == b"leak":
            held.append(bytearray(b"x" * 90_000_000))
        if body == b"print":
            print("to the frames?")
            os.write(1, b"or past Python")
            os.write(2, b"x" * 1_000_000)
            sys.stdin.read()
        if body == b"write":
            try:
                with open(url, "w") as file:
                    file.write("x" * 10)
            except OSError as error:
                return Extract(type(error).__name__, "", "")
        if body == b"files":
            try:
                held.extend(open(os.devnull) for _ in range(200))
            except OSError as error:
                held.clear()
                return Extract(str(error.errno), "", "")
        held.append(None)
        return Extract(f"read {os.getpid()}", "", "")

    sys.modules["crawler.documents.extract"] = types.SimpleNamespace(extract=extract)
    worker.CPU_SECONDS = 3
    raise SystemExit(worker.main(int(sys.argv[1])))
"""


@pytest.fixture
def script(tmp_path: Path) -> tuple[str]:
    path = tmp_path / "worker.py"
    path.write_text(textwrap.dedent(WORKER))
    return (str(path),)


@pytest.fixture
def documents(script: tuple[str]) -> Iterator[Extractor]:
    with Extractor(10.0, script) as made:
        yield made


def gone(pid: int) -> bool:
    """Neither running nor a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def soon(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within five seconds."""
    end = time.monotonic() + 5
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def test_one_child_reads_one_document_after_another(documents: Extractor) -> None:
    assert documents.pid is None
    first = documents.extract(b"a", "", URL)
    assert first.text == f"read {documents.pid}"
    assert documents.extract(b"b", "", URL) == first
    pid = documents.pid
    assert pid is not None
    documents.close()
    assert gone(pid)
    assert documents.extract(b"c", "", URL).findings[0].rule == "unreadable_document"


@pytest.mark.parametrize(("body", "words"), [(b"crash", "SIGSEGV"), (b"exit", "exit 3")])
def test_a_crash_costs_its_document_only(documents: Extractor, body: bytes, words: str) -> None:
    before = documents.extract(b"a", "", URL)
    found = documents.extract(body, "application/x-test", URL)
    assert (found.text, found.pixels, found.media_type) == ("", "", "application/x-test")
    (finding,) = found.findings
    assert (finding.rule, finding.url) == ("unreadable_document", URL)
    assert words in finding.detail
    after = documents.extract(b"b", "", URL)
    assert after.text.startswith("read ")
    assert after != before


def test_what_the_documents_before_left_behind_is_not_its_fault(documents: Extractor) -> None:
    documents.extract(b"a", "", URL)
    assert documents.extract(b"crash if used", "", URL).text.startswith("read ")


def test_a_child_that_died_between_documents_is_replaced(documents: Extractor) -> None:
    documents.extract(b"a", "", URL)
    assert documents.pid is not None
    os.kill(documents.pid, 9)
    assert documents.extract(b"b", "", URL).text == f"read {documents.pid}"


@pytest.mark.parametrize("body", [b"hang", b"spin"])
def test_a_document_that_hangs_its_reader_is_given_up(script: tuple[str], body: bytes) -> None:
    with Extractor(1.0, script) as documents:
        documents.extract(b"a", "", URL)
        pid = documents.pid
        assert pid is not None
        begun = time.monotonic()
        (finding,) = documents.extract(body, "", URL).findings
        assert time.monotonic() - begun < 3
        assert "within 1 s" in finding.detail
        assert gone(pid)
        assert documents.extract(b"b", "", URL).text.startswith("read ")


def test_processor_time_has_a_limit_of_its_own(documents: Extractor) -> None:
    """On a busy machine the clock tells nothing. Such a document gets no second child to keep busy."""
    with Extractor(60.0, documents._command) as patient:
        patient.extract(b"a", "", URL)
        (finding,) = patient.extract(b"spin", "", URL).findings
        assert "of processor time" in finding.detail
        assert patient.extract(b"b", "", URL).text.startswith("read ")


def test_memory_files_and_disk_have_limits(documents: Extractor, tmp_path: Path) -> None:
    assert documents.extract(b"grow", "", URL).text == "no memory"
    assert documents.extract(b"files", "", URL).text == "24"  # EMFILE
    target = tmp_path / "written"
    assert documents.extract(b"write", "", str(target)).text == "OSError"  # EFBIG
    assert target.read_bytes() == b""


def test_what_libraries_print_is_not_in_the_frames(documents: Extractor) -> None:
    for _ in range(3):
        assert documents.extract(b"print", "", URL).text.startswith("read ")


def test_a_child_is_renewed(documents: Extractor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extractor, "DOCUMENTS", 3)
    read = [documents.extract(b"a", "", URL).text for _ in range(6)]
    assert [read.index(one) for one in read] == [0, 0, 0, 3, 3, 3]
    monkeypatch.setattr(extractor, "DOCUMENTS", 100)
    monkeypatch.setattr(extractor, "MEMORY", 100_000_000)
    leaked = [documents.extract(b"leak", "", URL).text for _ in range(3)]
    assert len(set(leaked)) > 1


def test_large_documents_go_through_the_pipes() -> None:
    with Extractor() as documents:
        text = "文" * 1_000_000
        assert documents.extract(text.encode(), "text/plain", URL).text == text
        big = picture("BMP", size=(3000, 3000))
        assert len(documents.extract(big, "", URL).pixels) == 64


def test_the_true_child_reads_a_pdf() -> None:
    with Extractor() as documents:
        assert documents.extract(pdf_of("Annual report"), "", URL).text == "Annual report"


def test_closing_ends_what_is_being_read(script: tuple[str]) -> None:
    documents = Extractor(60.0, script)
    found: list[str] = []
    documents.extract(b"a", "", URL)
    reading = Thread(target=lambda: found.append(documents.extract(b"hang", "", URL).findings[0].detail))
    reading.start()
    time.sleep(0.2)
    pid = documents.pid
    documents.close()
    reading.join(5)
    assert "the pass ended" in found[0]
    assert pid is not None
    assert gone(pid)


@pytest.mark.parametrize("how", ["exit", "kill"])
def test_no_orphan(script: tuple[str], how: str) -> None:
    """However the parent ends, in the middle of a document too."""
    program = f"""
    import os, signal, sys, threading, time
    from crawler.documents.extractor import Extractor
    documents = Extractor(60.0, ({script[0]!r},))
    documents.extract(b"a", "", "")
    threading.Thread(target=documents.extract, args=(b"spin", "", ""), daemon=True).start()
    time.sleep(0.3)
    print(documents.pid, flush=True)
    if {how == "kill"}:
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(0)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=30, check=False
    )
    pid = int(run.stdout)
    assert soon(lambda: gone(pid))


def test_passes_share_one_child_and_the_last_one_ends_it() -> None:
    async def passes() -> list[int | None]:
        shared = SharedExtractor()
        shared.hold()
        shared.hold()
        texts = await asyncio.gather(*(shared.extract(pdf_of(f"page{n}"), "", URL) for n in range(5)))
        assert [one.text for one in texts] == [f"page{n}" for n in range(5)]
        pids = [shared.pid]
        shared.release()
        pids.append(shared.pid)
        shared.release()
        assert shared.pid is None
        shared.hold()
        assert (await shared.extract(pdf_of("again"), "", URL)).text == "again"
        shared.release()
        return pids

    first, second = asyncio.run(passes())
    assert first == second
    assert first is not None
    assert gone(first)
