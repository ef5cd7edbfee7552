"""ZIP packages (DOCX, XLSX, OFD, archives), held to the limits before anything is unpacked, and their XML, hardened."""

import io
import posixpath
import zipfile
from typing import Any

from crawler.documents import model
from crawler.documents.model import LOCKED, Unreadable


class Package:
    """An opened package. Raises Unreadable for one that declares too much, or is encrypted."""

    def __init__(self, body: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(body))
        self.parts = [part for part in self.zip.infolist() if not part.is_dir()]
        unpacked = sum(part.file_size for part in self.parts)
        if len(self.parts) > model.MAX_PARTS or unpacked > model.MAX_UNPACKED:
            limits = f"the limits are {model.MAX_PARTS} and {model.MAX_UNPACKED}"
            raise Unreadable(f"{len(self.parts)} parts of {unpacked} bytes; {limits}")
        if any(part.flag_bits & 1 for part in self.parts):
            raise Unreadable(LOCKED)
        self._names = {part.filename for part in self.parts}

    def read(self, name: str) -> bytes:
        """A part's bytes, never more than it declares; Unreadable if there is none."""
        if name not in self._names:
            raise Unreadable(f"its part {name} is missing")
        return self.zip.read(name)

    def holds(self, name: str) -> bool:
        return name in self._names

    def xml(self, name: str) -> Any:
        """A part as an lxml element."""
        return parse_xml(self.read(name))


def parse_xml(data: bytes) -> Any:
    """XML as an lxml element: no entities, no DTD, no network, no tree of absurd depth or size."""
    from lxml import etree

    # Without huge_tree, libxml2 stops at a depth of 256 and at entity amplification.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(data, parser)


def beside(part: str, target: str) -> str:
    """The name of the part that `part` calls `target`."""
    if target.startswith("/"):
        return posixpath.normpath(target).lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(part), target))
