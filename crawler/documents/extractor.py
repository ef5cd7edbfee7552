"""The supervisor of the child process that reads documents: bytes in, an `Extract` out, whatever the document does.

A document that crashes, hangs or eats memory costs itself only: the child is ended and another one started for the next.
One child at a time, one document at a time, the child kept between documents and renewed before it grows. `Extractor` is
for those who wait (re-reading captures); `SharedExtractor` is for asyncio, one child for all passes of a process.
`Supervisor` is what they have in common with other readers of documents in children (OCR).
"""

import asyncio
import contextlib
import logging
import os
import selectors
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Generic, Self

import msgspec

from crawler.documents.kinds import sniff
from crawler.documents.model import MAX_TEXT, Extract
from crawler.documents.worker import CPU_SECONDS, Answer, Found, Question
from crawler.page.model import PageFinding

logger = logging.getLogger(__name__)

SECONDS = 300.0
"""By the clock for one document, the child's start included. What works rather than waits ends sooner: the child's limit
of processor time."""
DOCUMENTS = 200
"""That one child reads; libraries leak."""
MEMORY = 700_000_000
"""Bytes that a child may have taken before it is renewed."""
_MAX_FRAME = 16 * MAX_TEXT
_CHUNK = 1 << 16
_STDERR = 4_096
"""The last bytes of what a child wrote to standard error: for the log when it dies."""
_ROOT = Path(__file__).resolve().parents[2]


class Died(Exception):
    """The child ended, or was ended, over a document. Why, in words for a finding."""

    def __init__(self, why: str, hung: bool = False) -> None:
        super().__init__(why)
        self.hung = hung


class Supervisor(Generic[Found]):
    """Asks a child process about documents, one at a time. Use it as a context manager, or `close` it.

    The thread that asks first must live as long as the child: Linux ends a child with the thread that started it.
    """

    def __init__(
        self,
        answer: type[Answer[Found]],
        command: tuple[str, ...],
        seconds: float = SECONDS,
        cpu_seconds: int = CPU_SECONDS,
        memory: int = 0,
    ) -> None:
        """`command` runs a `worker.serve` that answers with `answer`; `memory` (0: `MEMORY`) is what renews the child."""
        self._answer = answer
        self._command = command
        self._seconds = seconds
        self._cpu_seconds = cpu_seconds
        self._memory = memory
        self._child: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()
        """Held while a document is read."""
        self._guard = threading.Lock()
        """Over `_child` and `_closed`: `close` may come from another thread, to end what is being read."""
        self._closed = False
        self._read = 0
        self._errors = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id; None if there is none at present."""
        return self._child.pid if self._child is not None else None

    def ask(self, body: bytes, media_type: str, url: str) -> Found:
        """What the child finds in `body`. Raises Died, with the reason, where the child died over it or was ended."""
        with self._asking:
            return self._asked(body, media_type, url)

    def close(self) -> None:
        """Ends the child, from whatever thread; a document that it still reads gets a finding. Waits for its end."""
        with self._guard:
            self._closed = True
            if self._child is not None:
                self._child.kill()
        with self._asking:
            self._end()

    def _asked(self, body: bytes, media_type: str, url: str) -> Found:
        begun = self._read
        try:
            return self._ask(body, media_type, url)
        except Died as error:
            # What the documents before it left behind may be why: it gets a fresh child, once.
            if error.hung or not begun or self._closed:
                raise
            return self._ask(body, media_type, url)

    def _ask(self, body: bytes, media_type: str, url: str) -> Found:
        deadline = time.monotonic() + self._seconds
        question = msgspec.msgpack.encode(Question(body, media_type, url))
        try:
            child = self._started()
            frame = self._talk(child, struct.pack(">I", len(question)) + question, deadline)
            answer = msgspec.msgpack.decode(frame, type=self._answer)
        except Died:
            self._end()
            raise
        except (OSError, msgspec.MsgspecError) as error:
            self._end()
            raise Died(f"the process that reads documents failed: {type(error).__name__}: {error}") from error
        self._read += 1
        if self._read >= DOCUMENTS or answer.memory > (self._memory or MEMORY):
            self._end()
        return answer.found

    def _started(self) -> subprocess.Popen[bytes]:
        with self._guard:
            if self._closed:
                raise Died("the pass ended before it was read")
            if self._child is not None and self._child.poll() is not None:
                self._discard()  # it died while it had nothing to do
            if self._child is None:
                paths = [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH", "")])]
                # RLIMIT_FSIZE forbids writing, __pycache__ included.
                env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
                self._child = subprocess.Popen(
                    [sys.executable, *self._command, str(os.getpid())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=env,
                    bufsize=0,
                )
                self._read, self._errors = 0, b""
                for pipe in (self._child.stdin, self._child.stdout, self._child.stderr):
                    assert pipe is not None
                    os.set_blocking(pipe.fileno(), False)
            return self._child

    def _talk(self, child: subprocess.Popen[bytes], question: bytes, deadline: float) -> bytes:
        """Writes a frame and reads one, both as far as the pipes take and give, until `deadline`."""
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        rest = memoryview(question)
        reply = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdin, selectors.EVENT_WRITE)
            selector.register(child.stdout, selectors.EVENT_READ)
            selector.register(child.stderr, selectors.EVENT_READ)
            while True:
                if len(reply) >= 4:
                    (length,) = struct.unpack_from(">I", reply)
                    if length > _MAX_FRAME:
                        raise Died("the process that reads documents answered nonsense")
                    if len(reply) >= 4 + length:
                        return bytes(reply[4 : 4 + length])
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Died(f"it could not be read within {self._seconds:g} s", hung=True)
                for key, _ in selector.select(left):
                    if key.fileobj is child.stdin:
                        try:
                            rest = rest[os.write(child.stdin.fileno(), rest[:_CHUNK]) :]
                        except BrokenPipeError:
                            rest = rest[len(rest) :]  # it died: its standard output tells
                        if not rest:
                            selector.unregister(child.stdin)
                    elif key.fileobj is child.stderr:
                        told = os.read(child.stderr.fileno(), _CHUNK)
                        self._errors = (self._errors + told)[-_STDERR:]
                        if not told:
                            selector.unregister(child.stderr)
                    else:
                        got = os.read(child.stdout.fileno(), _CHUNK)
                        if not got:
                            raise self._why(child)
                        reply += got

    def _why(self, child: subprocess.Popen[bytes]) -> Died:
        """How a child ended that closed its output."""
        try:
            code = child.wait(1.0)
        except subprocess.TimeoutExpired:
            code = 0
        assert child.stderr is not None
        with contextlib.suppress(OSError):
            self._errors = (self._errors + (child.stderr.read(_CHUNK) or b""))[-_STDERR:]
        if self._errors:
            logger.warning("the process that reads documents wrote: %s", self._errors.decode("utf-8", "replace"))
        if self._closed:
            return Died("the pass ended before it was read")
        if code == -signal.SIGXCPU:
            return Died(f"it could not be read within {self._cpu_seconds} s of processor time", hung=True)
        if code < 0:
            name = signal.Signals(-code).name if -code in _SIGNALS else str(-code)
            return Died(f"reading it crashed the process that did ({name})")
        return Died(f"reading it ended the process that did (exit {code})")

    def _end(self) -> None:
        with self._guard:
            self._discard()

    def _discard(self) -> None:
        child, self._child = self._child, None
        self._read = 0
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout, child.stderr):
                assert pipe is not None
                pipe.close()


_SIGNALS = frozenset(signal.Signals)


class Extractor(Supervisor[Extract]):
    """Reads documents as `crawler.documents.extract` does."""

    def __init__(self, seconds: float = SECONDS, command: tuple[str, ...] = ("-m", "crawler.documents.worker")) -> None:
        super().__init__(Answer[Extract], command, seconds)

    def extract(self, body: bytes, media_type: str, url: str) -> Extract:
        """What `body` says. Never raises: a child that dies over it makes a finding `unreadable_document`."""
        try:
            return self.ask(body, media_type, url)
        except Died as error:
            kind = sniff(body, media_type)
            logger.warning("%s: %s", url, error)
            finding = PageFinding("unreadable_document", "warning", f"{kind}: {error}", url)
            return Extract("", "", kind, (finding,))


class SharedExtractor:
    """One child for all who hold it: the passes of a crawl process. Each takes it with `hold` and lets go of it with
    `release`; the last one ends the child."""

    def __init__(self) -> None:
        self._extractor: Extractor | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._holders = 0

    @property
    def pid(self) -> int | None:
        """The child's process id; None if there is none at present."""
        return self._extractor.pid if self._extractor is not None else None

    def hold(self) -> None:
        """One more holder."""
        self._holders += 1

    def release(self) -> None:
        """One holder less. With the last one the child is ended; a document that it still reads gets a finding."""
        self._holders -= 1
        if self._holders <= 0 and self._extractor is not None and self._thread is not None:
            self._extractor.close()
            self._thread.shutdown(wait=True, cancel_futures=True)
            self._extractor = self._thread = None

    async def extract(self, body: bytes, media_type: str, url: str) -> Extract:
        """What `body` says, after those that were asked for before."""
        if self._extractor is None or self._thread is None:
            self._extractor = Extractor()
            # One thread, which lives as long as the child: see Extractor.
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="documents")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._extractor.extract, body, media_type, url)


shared = SharedExtractor()
"""Of this process."""
