"""Pictures of tables → blocks, read in a child process, whatever the bytes do.

The face of `monitor.ocr`: a context manager with one child, kept between pictures. Nothing here raises over a picture, and
nothing heavy is imported here.
"""

import logging
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

import msgspec

from crawler.page.text import Block, Table
from monitor import ocr
from monitor.figures.cells import Recognised

if TYPE_CHECKING:
    from crawler.documents.extractor import Supervisor
    from monitor.ocr.worker import Read

logger = logging.getLogger(__name__)

SECONDS = 600.0
"""By the clock for one document, the child's start included."""
_RENEWED = 1_500_000_000
"""Bytes that a child may have taken before it is renewed; 500 MB are usual."""


class Recognition(msgspec.Struct, frozen=True):
    """What was recognised in a picture or a scanned document."""

    blocks: tuple[Block, ...]
    """As `crawler.page.text` has them, cells as `monitor.figures.cells.Recognised`."""
    problem: str = ""
    """Why it could not be read; empty if it could."""


class Recogniser:
    """Reads pictures, one at a time. Its child starts with the first one and ends with the context.

    The thread that asks first must live as long as the child: Linux ends a child with the thread that started it.
    """

    def __init__(self, seconds: float = SECONDS, command: tuple[str, ...] = ("-m", "monitor.ocr.worker")) -> None:
        self._seconds, self._command = seconds, command
        self._lock = threading.Lock()
        self._child: Supervisor[Read] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, body: bytes, media_type: str, url: str) -> Recognition:
        """What the picture, or each page of the document, says. `url` is for the log. Never raises."""
        if not ocr.available():
            return Recognition((), "the extra nianbao[ocr] is not installed")
        from crawler.documents.extractor import Died

        try:
            found = self._supervised().ask(body, media_type, url)
        except Died as error:
            logger.warning("%s: %s", url, error)
            return Recognition((), str(error))
        return Recognition(tuple(map(_unpacked, found.blocks)), found.problem)

    def close(self) -> None:
        """Ends the child, from whatever thread; a picture that it still reads gets a problem."""
        with self._lock:
            self._closed, child = True, self._child
        if child is not None:
            child.close()

    def _supervised(self) -> "Supervisor[Read]":
        """What watches over the child; most passes meet no picture, and never import it."""
        from crawler.documents.extractor import Supervisor
        from crawler.documents.worker import Answer
        from monitor.ocr.worker import CPU_SECONDS, Read

        with self._lock:
            if self._child is None:
                self._child = Supervisor(Answer[Read], self._command, self._seconds, CPU_SECONDS, _RENEWED)
                if self._closed:
                    self._child.close()  # it answers so
            return self._child


def _unpacked(block: str | list[list[tuple[str, float]]]) -> Block:
    if isinstance(block, str):
        return block
    return Table(tuple(tuple(Recognised(words, sure) for words, sure in row) for row in block))
