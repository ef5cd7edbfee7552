"""What figures and findings were read with: a version whose `figures_by` says anything else is read again."""

import hashlib
from functools import cache
from pathlib import Path

_READ_BY = ("figures", "findings")
"""The packages whose own files decide."""


@cache
def revision() -> str:
    """A digest of the rules: of the code and the tables of codes. No library has a say in them, and nothing that is
    optional to install."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for package in _READ_BY:
        for file in sorted((root / package).iterdir()):
            if file.suffix in (".py", ".csv"):
                digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
