"""Tables published as pictures, read offline: what `pip install nianbao[ocr]` adds.

`available` and `reads_with` cost next to nothing; whatever imports the libraries is imported only in the child process of
`monitor.ocr.recogniser`. What is installed changes figures and findings, never a hash and never a change.
"""

from functools import cache
from importlib.util import find_spec

_MODULES = ("rapidocr", "onnxruntime", "cv2", "numpy")
_LIBRARIES = ("rapidocr", "onnxruntime", "opencv-python-headless", "pillow", "pypdfium2")
_REVISION = "1"
"""Of our own rules: raised when they read a picture otherwise."""


def available() -> bool:
    """Whether the `ocr` extra is installed. Imports none of it."""
    return all(find_spec(name) is not None for name in _MODULES)


@cache
def reads_with() -> str:
    """What a reading depends on: our own rules, and the libraries. Empty: not installed."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return " ".join([_REVISION, *(f"{name}={version(name)}" for name in _LIBRARIES)]) if available() else ""
    except PackageNotFoundError:
        return ""
