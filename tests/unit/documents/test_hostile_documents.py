"""Documents that mean harm: bombs, loops, absurd claims, deep nesting, damage. Each is read or refused, soon and alone."""

import io
import struct
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.documents.extract import extract
from crawler.documents.extractor import Extractor
from crawler.page.text import Table, parse
from tests.unit.documents.making import (
    URL,
    Sheet,
    docx_blocks,
    docx_of,
    ofd_of,
    pdf_drawn,
    pdf_of,
    xlsx_blocks,
    xlsx_of,
    zip_of,
)
from tests.unit.documents.test_formats import TABLE, stored


@pytest.fixture(scope="module")
def documents() -> Iterator[Extractor]:
    with Extractor(60.0) as made:
        yield made


def rewritten(body: bytes, part: str, change: Any) -> bytes:
    """A package with one part changed."""
    with zipfile.ZipFile(io.BytesIO(body)) as old:
        return zip_of(
            {
                item.filename: change(old.read(item)) if item.filename == part else old.read(item)
                for item in old.infolist()
            }
        )


def laughing(data: bytes) -> bytes:
    """XML with a billion laughs before it and one in its first text."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    start = data.index(b"?>") + 2 if data.startswith(b"<?xml") else 0
    text = data.index(b">", data.index(b"<", start + 1)) + 1
    return (
        data[:start] + f'<!DOCTYPE x [<!ENTITY l0 "ha">{levels}]>'.encode() + data[start:text] + b"&l9;" + data[text:]
    )


def endless_pages() -> bytes:
    """A page tree that claims a million pages and leads back to itself."""
    body = pdf_of("text")
    return body.replace(b"/Count 1 /Kids [6 0 R]", b"/Count 999999 /Kids [2 0 R 2 0 R 6 0 R]")


def cyclic_doc() -> bytes:
    """An OLE file whose sectors all lead to the sector that they are in."""
    body = bytearray(stored("small.doc"))
    fat = 512 * (1 + struct.unpack_from("<I", body, 76)[0])
    for index in range(128):
        struct.pack_into("<I", body, fat + 4 * index, index)
    return bytes(body)


def backward_pieces() -> bytes:
    """A DOC whose table of pieces claims four billion characters."""
    body = bytearray(stored("small.doc"))
    at = body.index(b"\xec\xa5")
    struct.pack_into("<i", body, at + 0x4C, 2_000_000_000)
    return bytes(body)


def far_cell(book: Any) -> None:
    book.active["A1"] = "甲"
    book.active["B1"] = 3
    book.active["XFD1048576"] = "乙"


def deep_ofd() -> bytes:
    return ofd_of(["<ofd:PageBlock>" * 5000 + "</ofd:PageBlock>" * 5000])


def bomb(part: str) -> bytes:
    """Three hundred million bytes in three hundred thousand."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(part, "w", force_zip64=True) as file:
        for _ in range(300):
            file.write(bytes(1_000_000))
    return out.getvalue()


def lying_bomb() -> bytes:
    """The same, declared to be a hundred bytes."""
    body = bytearray(bomb("word/document.xml"))
    at = body.index(b"PK\x01\x02")
    struct.pack_into("<I", body, at + 24, 100)
    return bytes(body)


def matryoshka() -> bytes:
    body = zip_of({"a.txt": b"text"})
    for _ in range(6):
        body = zip_of({"a.zip": body})
    return body


def many_lines() -> bytes:
    lines = (f"{n % 599} 0 m {n % 599} 700 l S 0 {n % 701} m 599 {n % 701} l S " for n in range(9000))
    return pdf_drawn("".join(lines) + "BT /F1 12 Tf 50 700 Td (text) Tj ET")


def merged_whole() -> bytes:
    body = xlsx_of(lambda book: book.active.merge_cells("A1:B2"))
    return rewritten(body, "xl/worksheets/sheet1.xml", lambda data: data.replace(b"A1:B2", b"A1:XFD1048576"))


HOSTILE = {
    "pdf of endless pages": endless_pages,
    "pdf of many objects": lambda: pdf_drawn("0 0 1 1 re f " * 400_000 + "BT /F1 12 Tf 50 700 Td (text) Tj ET"),
    "pdf of many lines": many_lines,
    "pdf of a huge page": lambda: pdf_drawn("0 0 9 9 re f", box="0 0 14400000 14400000"),
    "doc of cycles": cyclic_doc,
    "doc of lies": backward_pieces,
    "zip bomb": lambda: bomb("word/document.xml"),
    "zip bomb that lies": lying_bomb,
    "zip of many files": lambda: zip_of({f"{n}.txt": b"x" for n in range(6000)}),
    "archives in archives": matryoshka,
    "docx that laughs": lambda: rewritten(docx_of(lambda made: made.add_paragraph("正文")), "word/document.xml", laughing),
    "xlsx that laughs": lambda: rewritten(xlsx_of(far_cell), "xl/worksheets/sheet1.xml", laughing),
    "ofd that laughs": lambda: rewritten(ofd_of([""]), "Doc_0/Document.xml", laughing),
    "xlsx merged whole": merged_whole,
    "ofd of deep blocks": deep_ofd,
    "rtf of deep groups": lambda: b"{\\rtf1 " + b"{" * 200_000 + b"x" + b"}" * 200_000,
    "rtf of endless binary": lambda: b"{\\rtf1 \\bin2147483647 x}",
}  # fmt: skip


REFUSED = [
    "zip bomb", "zip bomb that lies", "xlsx merged whole", "doc of lies", "rtf of deep groups", "archives in archives",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_harm_ends_soon_and_alone(documents: Extractor, name: str) -> None:
    body = HOSTILE[name]()
    begun = time.monotonic()
    found = documents.extract(body, "", URL)
    assert time.monotonic() - begun < 20
    assert len(found.text) < 100_000
    assert "haha" not in found.text
    assert documents.extract(pdf_of("still there"), "", URL).text == "still there"


@pytest.mark.parametrize(
    "name",
    [
        "zip bomb",
        "zip bomb that lies",
        "xlsx merged whole",
        "doc of lies",
        "rtf of deep groups",
        "archives in archives",
    ],
)
def test_what_is_refused_is_named(documents: Extractor, name: str) -> None:
    found = documents.extract(HOSTILE[name](), "", URL)
    assert [finding.rule for finding in found.findings] == ["unreadable_document"]


def test_a_cell_far_off_costs_nothing() -> None:
    found = extract(xlsx_of(far_cell), "", URL)
    assert found.findings == ()
    assert parse(found.text) == [Table((("甲", "3"),)), "乙"]


SOUND = {
    "pdf": Sheet().lay(["一、总体情况", TABLE]).pdf(),
    "ofd": Sheet().lay(["一、总体情况", TABLE]).ofd(),
    "docx": docx_blocks(["一、总体情况", TABLE]),
    "xlsx": xlsx_blocks(["一、总体情况", TABLE]),
    "doc": stored("small.doc"),
    "rtf": stored("small.rtf"),
    "xls": stored("statutory.xls"),
}


@pytest.mark.parametrize("name", SOUND)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damaged_documents_never_raise(name: str, data: st.DataObject) -> None:
    body = bytearray(SOUND[name])
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(8, len(body) - 1))
        body[place : place + 1] = data.draw(st.binary(min_size=1, max_size=4))
    if data.draw(st.booleans()):
        del body[data.draw(st.integers(8, len(body) - 1)) :]
    extract(bytes(body), "", URL)
