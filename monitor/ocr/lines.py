"""The thin dark lines of a picture: rules. Pure.

Everything is measured against the picture's own width, and against how dark its longest lines are: rules may be thin, grey,
torn, tilted by a few degrees, on shaded ground.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

_TILT = 3.0
"""Degrees that a scan may be off."""
_FAINTEST = 12.0
"""Levels of grey by which a rule is darker than what lies beside it, at least."""
_TORN = 0.84
"""What is left of a torn rule, over three times the length."""


def straightened(grey: Picture) -> Picture:
    """The picture, turned so that its rules lie level."""
    angle = _tilt(grey)
    if not angle:
        return grey
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0)
    return _mask(cv2.warpAffine(grey, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE))


def _tilt(grey: Picture) -> float:
    """Degrees by which to turn; 0 where turning would not sharpen the rules."""
    scale = min(1.0, 1000 / grey.shape[1])
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    thin = cv2.morphologyEx(small, cv2.MORPH_BLACKHAT, np.ones((5, 1), np.uint8)).astype(np.float32)
    height, width = thin.shape

    def sharpness(angle: float) -> float:
        slope = float(np.tan(np.radians(angle)))
        shear = np.array([[1, 0, 0], [-slope, 1, slope * width / 2]], np.float32)
        profile = cv2.warpAffine(thin, shear, (width, height)).sum(axis=1)
        return float((profile**2).sum())

    level = sharpness(0.0)
    best = max(np.arange(-_TILT, _TILT + 0.01, 0.25), key=sharpness)
    best = max(np.arange(best - 0.2, best + 0.21, 0.05), key=sharpness)
    return round(float(best), 2) if abs(best) >= 0.05 and sharpness(best) > 1.04 * level else 0.0


def thickest(width: int) -> int:
    """More than a rule's thickness in a picture so wide; odd."""
    return 2 * max(3, width // 200) + 1


def contrast_of(grey: Picture) -> Picture:
    """By how much each pixel of anything thin is darker than what lies around it: edges of shaded ground are 0."""
    side = thickest(grey.shape[1])
    contrast = _mask(cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((side, side), np.uint8)))
    grain = np.uint8(np.median(contrast))  # of a noisy picture: it is dark and thin too
    return _mask(np.maximum(contrast, grain) - grain)


def darkness_of(contrast: Picture) -> float:
    """The contrast that the longest lines have at their core, torn ones if there are no others; 0 if there are none."""
    faint, width = np.minimum(contrast, 2 * _FAINTEST).astype(np.uint8), contrast.shape[1]
    for long in ((width // 4, False), (width // 12, True)):
        long_ones = lines(faint, 2 * _FAINTEST, (max(4, long[0]), 1), torn=long[1])
        _, _, stats, _ = cv2.connectedComponentsWithStats(long_ones, connectivity=8)
        cores = [float(np.median(contrast[y : y + h, x : x + w].max(axis=0))) for x, y, w, h, _ in stats[1:]]
        if cores:
            return float(np.median(cores))
    return 0.0


def lines(contrast: Picture, darkness: float, along: tuple[int, int], torn: bool = False) -> Picture:
    """A mask of thin lines of at least `along` pixels (across, down) nearly without a break: rules, not rows of letters.
    `darkness` is the contrast of a rule's core; letters are often darker than grey rules."""
    clear = max(_FAINTEST, darkness * 0.5)
    level = np.minimum(contrast, clear).astype(np.float32)
    level[contrast > 2 * darkness + 2 * _FAINTEST] = 0
    dark = _mask((level >= clear * 0.6).astype(np.uint8))
    mask = dark & _dense(level, along, 0.92 * clear)
    if torn:
        grown = _dense(level, (along[0] * 3 - 2, along[1] * 3 - 2), _TORN * clear)
        gap = np.ones((max(1, along[1] // 4), max(1, along[0] // 4)), np.uint8)
        mask = _mask(cv2.morphologyEx(dark & grown, cv2.MORPH_CLOSE, gap)) & grown
    _, names, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    length, breadth = (stats[:, 2], stats[:, 3]) if along[1] == 1 else (stats[:, 3], stats[:, 2])
    kept = (length >= max(along) * 0.9) & (breadth <= thickest(contrast.shape[1]))
    kept[0] = False
    return _mask(kept[names].astype(np.uint8))


def _dense(level: npt.NDArray[np.float32], along: tuple[int, int], least: float) -> Picture:
    """Where the mean along so many pixels comes to `least`, and all that it was taken over."""
    dense = cv2.blur(level, along, borderType=cv2.BORDER_CONSTANT) >= least
    return _mask(cv2.dilate(dense.astype(np.uint8), np.ones(along[::-1], np.uint8)))


def _mask(made: Any) -> Picture:
    """What OpenCV made of bytes: bytes."""
    picture: Picture = made
    return picture
