"""The child process: documents in by standard input, what they say out by standard output. Started by `extractor`.
`serve` is the same for another reader of documents (OCR).

Frames are four bytes of length (big-endian) and MessagePack. It holds itself to limits that the kernel keeps: memory,
processor time, no files written, few open. It ends with its parent: at the end of its input, or when the parent dies.
What a library prints goes to standard error, never into the frames.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

import msgspec

Found = TypeVar("Found")
MEMORY = 2_000_000_000
"""Bytes of address space, the libraries' own included."""
CPU_SECONDS = 100
"""For one document: on a busy machine the clock would give up what is only waiting for its turn."""
_FILES = 64
_PR_SET_PDEATHSIG = 1


class Question(msgspec.Struct, frozen=True):
    """A document to read."""

    body: bytes
    media_type: str
    url: str


class Answer(msgspec.Struct, Generic[Found], frozen=True):
    """What it says."""

    found: Found
    memory: int
    """Bytes that this process takes now."""


def main(parent: int) -> int:
    """Answers questions until there are no more."""
    # Here and nowhere else: passes have the frames from this module, and no use for what reads documents.
    from crawler.documents.extract import extract

    return serve(parent, lambda asked: extract(asked.body, asked.media_type, asked.url), MEMORY, CPU_SECONDS)


def serve(parent: int, read: Callable[[Question], Found], memory: int, cpu_seconds: int) -> int:
    """Answers questions with what `read` finds, until there are no more. Limits: bytes of address space, seconds a document."""
    confine(parent, memory)
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # what a library prints to standard output must not end up between the frames
    while (frame := _frame(questions)) is not None:
        _more_time(cpu_seconds)
        question = msgspec.msgpack.decode(frame, type=Question)
        del frame
        found = read(question)
        del question
        reply = msgspec.msgpack.encode(Answer(found, _resident()))
        answers.write(struct.pack(">I", len(reply)) + reply)
        answers.flush()
    return 0


def _resident() -> int:
    """Bytes that this process takes now. Its peak would not do: a process inherits that of the one which started it."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # no Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def confine(parent: int, memory: int = MEMORY) -> None:
    """Holds this process to its limits. `parent` is the process that it must not outlive."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(0)  # it died before the call above
    for number in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches the whole group: the parent decides
        signal.signal(number, signal.SIG_IGN)
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _FILES)
    with contextlib.suppress(OSError):
        os.nice(5)  # the crawl itself goes first


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (least, least))


def _more_time(seconds: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime) + seconds
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _frame(stream: BinaryIO) -> bytes | None:
    """The next frame; None at the end, a frame cut short included."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    body = stream.read(length)
    return body if len(body) == length else None


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
