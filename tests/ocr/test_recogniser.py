"""Bytes of strangers → blocks, in a process of its own."""

import io
import os
import random
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from crawler.documents.model import Unreadable
from crawler.page.text import Table
from monitor import ocr
from monitor.figures.cells import Recognised
from monitor.ocr import recogniser
from monitor.ocr.recogniser import Recogniser
from tests.ocr.plain import saved, table

raster = pytest.importorskip("monitor.ocr.raster", reason="the ocr extra is not installed")
reader = pytest.importorskip("monitor.ocr.reader")

URL = "http://a.example/x.png"
ROWS = [["new", "12", "7"], ["old", "0", "345"]]
PICTURE = table(ROWS, cell=(200, 60))
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture(scope="module")
def child() -> Iterator[Recogniser]:
    with Recogniser() as made:
        yield made


def said(blocks: tuple[object, ...]) -> list[list[list[str]]]:
    return [[list(row) for row in block.rows] for block in blocks if isinstance(block, Table)]


def docx(*pictures: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")
        for number, picture in enumerate(pictures):
            archive.writestr(f"word/media/image{number + 1}.png", picture)
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        saved(PICTURE),
        saved(PICTURE, "JPEG", quality=85),
        saved(PICTURE.convert("P"), "GIF"),
        saved(PICTURE, "BMP"),
        saved(PICTURE, "WEBP", lossless=True),
        saved(PICTURE, "TIFF"),
        saved(PICTURE.convert("1"), "TIFF"),
        saved(PICTURE.convert("RGBA")),
        saved(PICTURE.convert("CMYK"), "JPEG", quality=90),
        saved(PICTURE.point(lambda level: 255 - level)),
        saved(PICTURE.convert("I").point(lambda level: level * 200).convert("I;16")),
        saved(PICTURE, "PDF", resolution=150),
        docx(saved(PICTURE)),
    ],
    ids=["png", "jpeg", "gif", "bmp", "webp", "tiff", "fax", "rgba", "cmyk", "inverted", "16-bit", "pdf", "docx"],
)
def test_every_kind_of_picture(body: bytes) -> None:
    (block,) = [one for one in reader.read(body, "") if isinstance(one, Table)]
    assert [list(row) for row in block.rows] == ROWS
    assert all(isinstance(cell, Recognised) and cell.confidence >= 0.9 for row in block.rows for cell in row[1:])


def test_clear_ground_is_paper() -> None:
    clear = Image.new("RGBA", PICTURE.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (0, 0), PICTURE.point(lambda level: 255 - level))
    assert said(reader.read(saved(clear), "")) == [ROWS]


def test_pages_in_their_order_and_no_more_than_twenty(monkeypatch: pytest.MonkeyPatch) -> None:
    other = table([["sum", "1", "99"], ["end", "2", "88"]], cell=(200, 60))
    tiff = saved(PICTURE, "TIFF", save_all=True, append_images=[other, PICTURE])
    pdf = saved(PICTURE, "PDF", resolution=150, save_all=True, append_images=[other, PICTURE])
    packed = docx(*[saved(one) for one in (PICTURE, other, PICTURE)])
    for body in (tiff, pdf, packed):
        assert [rows[0][2] for rows in said(reader.read(body, ""))] == ["7", "99", "7"]
    monkeypatch.setattr(raster, "MAX_PAGES", 2)
    for body in (tiff, pdf, packed):
        assert len(list(raster.pages(body, ""))) == 2


def test_the_tenth_picture_of_a_document_comes_after_the_second() -> None:
    shades = [saved(Image.new("L", (200 + number, 200), 250)) for number in range(12)]
    assert [page.shape[1] for page in raster.pages(docx(*shades), "")] == [200 + number for number in range(12)]


def test_lines_above_and_below_a_table_are_paragraphs() -> None:
    picture = Image.new("L", (700, 420), 255)
    picture.paste(PICTURE, (0, 100))
    draw = ImageDraw.Draw(picture)
    draw.text((40, 40), "Annual report", 0, ImageFont.load_default(26))
    draw.text((40, 330), "Second part 2021", 0, ImageFont.load_default(26))
    blocks = reader.read(saved(picture), "")
    assert [block if isinstance(block, str) else "table" for block in blocks] == [
        "Annual report",
        "table",
        "Second part 2021",
    ]


def test_spanned_cells_are_repeated() -> None:
    joined = table([["ab", "5", ""], ["cd", "7", "12"]], cell=(200, 60), joined=(0, 1))
    assert said(reader.read(saved(joined), "")) == [[["ab", "5", "5"], ["cd", "7", "12"]]]


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "MAX_PIXELS", 10_000)
    with pytest.raises(Unreadable, match="pixels"):
        list(raster.pages(saved(PICTURE), ""))
    with pytest.raises(Unreadable, match="points"):
        list(raster.pages(saved(PICTURE, "PDF"), ""))
    monkeypatch.setattr(raster, "MAX_BYTES", 100)
    with pytest.raises(Unreadable, match="bytes"):
        list(raster.pages(docx(saved(PICTURE)), ""))
    with pytest.raises(Unreadable, match="no picture"):
        list(raster.pages(b"plain text", "text/plain"))


def test_ornaments_are_not_read() -> None:
    assert list(raster.pages(saved(Image.new("L", (90, 900), 0)), "")) == []


def test_the_child_reads(child: Recogniser) -> None:
    found = child.read(saved(PICTURE), "image/png", URL)
    assert found.problem == ""
    assert said(found.blocks) == [ROWS]
    (block,) = (one for one in found.blocks if isinstance(one, Table))
    assert all(isinstance(cell, Recognised) for row in block.rows for cell in row)
    assert block.rows[0][1].confidence == pytest.approx(0.97, abs=0.07)  # type: ignore[attr-defined]


def test_hostile_bytes_are_a_problem_each(child: Recogniser) -> None:
    """Damaged in any place, or something else altogether: an answer, never an exception, and the child lives on."""
    rng = random.Random(4)
    whole = [
        saved(PICTURE),
        saved(PICTURE, "JPEG"),
        saved(PICTURE, "PDF"),
        docx(saved(PICTURE)),
        saved(PICTURE, "TIFF"),
    ]
    bomb = saved(Image.new("1", (40_000, 40_000)))
    for body in [bomb, b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"PK\x03\x04", *(one[: len(one) // 2] for one in whole)]:
        found = child.read(body, "image/png", URL)
        assert found.problem or found.blocks
    for _ in range(8):
        body = bytearray(rng.choice(whole))
        for _ in range(8):
            body[rng.randrange(len(body))] = rng.randrange(256)
        child.read(bytes(body), "", URL)
    assert "limit" in child.read(bomb, "", URL).problem
    assert said(child.read(saved(PICTURE), "image/png", URL).blocks) == [ROWS]


WORKER = """
    import os, signal, sys
    from crawler.documents import worker as plain
    from monitor.ocr import reader, worker

    def read(body, media_type):
        if body == b"crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if body == b"spin":
            while True:
                pass
        if body == b"grow":
            bytearray(8_000_000_000)
        return (os.environ["OMP_NUM_THREADS"],)

    reader.read = read
    worker.CPU_SECONDS = 2
    raise SystemExit(worker.main(int(sys.argv[1])))
"""


def test_a_child_that_dies_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "worker.py"
    path.write_text(textwrap.dedent(WORKER))
    with Recogniser(60.0, (str(path),)) as made:
        assert "crashed" in made.read(b"crash", "", URL).problem
        assert "memory" in made.read(b"grow", "", URL).problem
        assert "processor time" in made.read(b"spin", "", URL).problem
        assert made.read(b"any", "", URL) == recogniser.Recognition(("1",))
    assert made.read(b"any", "", URL).problem


def test_without_the_extra_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.ocr.find_spec", lambda name: None if name == "onnxruntime" else object())
    assert not ocr.available()
    with Recogniser() as made:
        assert made.read(saved(PICTURE), "image/png", URL) == recogniser.Recognition(
            (), "the extra nianbao[ocr] is not installed"
        )
        assert made.read(b"", "", URL).blocks == ()


def test_the_reader_names_its_libraries() -> None:
    assert ocr.available()
    assert " onnxruntime=" in ocr.reads_with()
    assert " opencv-python-headless=" in ocr.reads_with()


def test_the_face_imports_nothing_heavy() -> None:
    """What the program imports at its start; the libraries come in the child only."""
    program = """
    import sys
    import monitor.ocr.recogniser
    assert monitor.ocr.available() and monitor.ocr.reads_with()
    print(sorted({"cv2", "numpy", "onnxruntime", "rapidocr", "pypdfium2"} & set(sys.modules)))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert run.stdout == "[]\n"
