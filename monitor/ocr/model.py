"""The recognition model: pictures of one line of text → characters with their probabilities.

The model (PP-OCR, 48 pixels high, in rapidocr's wheel with its alphabet) is run by onnxruntime directly, one thread: what it
gives for each character is needed, not only the text, and narrow cells cost a third when they are not padded to a line.
"""

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from monitor.ocr.lines import Picture

HEIGHT = 48
_STEP = 32
"""Widths are rounded up to this many pixels, so that lines can share a batch."""
_WIDEST = 2400
_BATCH = 16
_LONG = 190
"""Pixels that no figure exceeds: twelve digits."""


class Line(NamedTuple):
    """What one line of text says."""

    text: str
    sure: float
    """The least probability of a character, 0 to 1; 1 for no characters."""


class Model:
    """Reads lines. Holds about 150 MB."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(str(_path()), options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        letters = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._letters = ["", *letters, " "]

    def read(self, lines: Sequence[Picture], only: str = "") -> list[Line]:
        """What each line (dark on white) says. `only`: the characters that may occur."""
        allowed = np.array([0, *(self._letters.index(one) for one in only if one in self._letters)]) if only else None
        found: list[Line] = [Line("", 1.0)] * len(lines)
        for numbers, batch in _batches(lines):
            (scores,) = self._session.run(None, {self._input: batch})
            for number, score in zip(numbers, scores, strict=True):
                found[number] = self._decoded(score, allowed)
        return found

    def _decoded(self, score: npt.NDArray[np.float32], allowed: npt.NDArray[np.int64] | None) -> Line:
        if allowed is not None:
            score = score[:, allowed]
        best = score.argmax(axis=1)
        sure = score.max(axis=1)
        text, least = [], 1.0
        for place, run in groupby(range(len(best)), key=lambda index: int(best[index])):
            if place:
                text.append(self._letters[int(allowed[place]) if allowed is not None else place])
                least = min(least, max(float(sure[index]) for index in run))
        return Line("".join(text), least)


def _path() -> Path:
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("rapidocr is not installed")
    return next(iter(sorted((Path(spec.origin).parent / "models").glob("*_rec_*.onnx"))))


def _width(natural: float) -> int:
    """Long lines are labels and headings, which a narrower picture tells as well, in half the time."""
    return max(1, round(natural if natural <= _LONG else max(_LONG, natural * 0.5)))


def _batches(lines: Sequence[Picture]) -> Iterator[tuple[list[int], npt.NDArray[np.float32]]]:
    """Lines of like width together, as the model takes them, with their numbers."""
    widths = [min(_WIDEST, _width(line.shape[1] * HEIGHT / line.shape[0])) for line in lines]
    order = sorted(range(len(lines)), key=lambda number: widths[number])
    for room, same in groupby(order, key=lambda number: -(-widths[number] // _STEP) * _STEP):
        numbers = list(same)
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            batch = np.zeros((len(some), 3, HEIGHT, room), np.float32)
            for place, number in enumerate(some):
                shown = cv2.resize(
                    lines[number],
                    (widths[number], HEIGHT),
                    interpolation=cv2.INTER_AREA if widths[number] < lines[number].shape[1] else cv2.INTER_LINEAR,
                )
                batch[place, :, :, : widths[number]] = shown.astype(np.float32) / 127.5 - 1.0
            yield some, batch
