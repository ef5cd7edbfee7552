"""ZIP archives of documents → the text of all that is in them, each under its name. Raises Unreadable.

In the order of the names, for packing again may shuffle them. What is in it and cannot be read counts by its bytes.
"""

import contextlib
import hashlib
import zipfile
from collections.abc import Callable

from crawler.documents import model
from crawler.documents.kinds import PLAIN, ZIP, sniff
from crawler.documents.model import Content, Unreadable, mark
from crawler.documents.package import Package
from crawler.page.text import Block

_LEVELS = 2
"""Archives within archives."""


def read(body: bytes, reader: Callable[[bytes, str], Content], level: int = 0) -> Content:
    """`reader(body, media type)` reads a document that is in it."""
    package = Package(body)
    if len(package.parts) > model.MAX_DOCUMENTS:
        raise Unreadable(f"{len(package.parts)} files in it; the limit is {model.MAX_DOCUMENTS}")
    blocks: list[Block] = []
    pictures: list[str] = []
    findings: list[tuple[str, str]] = []
    size = 0
    for name, part in sorted((_name(part), part) for part in package.parts):
        data = package.zip.read(part)
        kind = sniff(data, PLAIN if name.lower().endswith((".txt", ".csv")) else "")
        blocks.append(name)
        try:
            if kind == ZIP:
                if level + 1 >= _LEVELS:
                    raise Unreadable("an archive in an archive in an archive")
                found = read(data, reader, level + 1)
            else:
                found = reader(data, kind)
        except Exception as error:  # one that cannot be read, for whatever reason, must not take the others along
            cause = str(error) if isinstance(error, Unreadable) else f"{type(error).__name__}: {error}"
            findings.append(("unreadable_document", f"{name}: {cause}"))
            found = Content((), (hashlib.sha256(data).hexdigest(),))
        blocks.extend(found.blocks or map(mark, found.pictures))
        pictures.extend(found.pictures)
        findings.extend((rule, f"{name}: {detail}") for rule, detail in found.findings)
        size += len(found.text)
        if size > model.MAX_TEXT:
            raise Unreadable(f"more than {model.MAX_TEXT} characters")
    return Content(tuple(blocks), tuple(pictures), tuple(findings))


def _name(part: zipfile.ZipInfo) -> str:
    """The file's own name. Without the flag for UTF-8 Chinese packers write GBK, which zipfile takes for CP437."""
    name = part.filename
    if not part.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):  # it was neither: as zipfile has it
            name = name.encode("cp437").decode("gbk")
    return name.replace("\\", "/").rpartition("/")[2]
