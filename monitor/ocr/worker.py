"""The child process that reads pictures: as crawler.documents.worker, with limits that suit onnxruntime. Started by
`recogniser`; nothing else imports it."""

import os
import sys

import msgspec

from crawler.documents import worker
from crawler.documents.model import Unreadable
from crawler.documents.worker import Question
from crawler.page.text import Block, Table
from monitor.figures.cells import Recognised

MEMORY = 4_000_000_000
"""Bytes of address space; 1.3 GB are mapped for a long picture at 300 dpi."""
CPU_SECONDS = 300
"""For one document: twenty pages at three seconds, on a slow machine."""
_DETAIL = 300

_Row = list[tuple[str, float]]


class Read(msgspec.Struct, frozen=True):
    """What a picture says, as it goes through the pipe."""

    blocks: list[str | list[_Row]]
    """A paragraph, or a table's rows of (words, confidence)."""
    problem: str = ""


def main(parent: int) -> int:
    """Answers questions until there are no more."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # each thread would map its own arena, on machines with many cores
    return worker.serve(parent, read, MEMORY, CPU_SECONDS)


def read(question: Question) -> Read:
    """Reads one picture or scanned document; what cannot be read is a problem."""
    from monitor.ocr import reader

    try:
        return Read([_packed(block) for block in reader.read(question.body, question.media_type)])
    except Unreadable as error:
        return Read([], str(error)[:_DETAIL])
    except MemoryError:
        return Read([], "it takes more memory than one document may")
    except Exception as error:  # what these libraries raise over damaged bytes is no closed list; the problem tells it
        return Read([], f"it is damaged: {type(error).__name__}: {error}"[:_DETAIL])


def _packed(block: Block) -> str | list[_Row]:
    if isinstance(block, Table):
        return [
            [(str(cell), cell.confidence if isinstance(cell, Recognised) else 1.0) for cell in row]
            for row in block.rows
        ]
    return block


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
