"""Pictures with tables: which are recognised and when, what follows from it, and that nothing depends on it.

The reader is a stand-in that finds in each picture the text that its bytes spell; how true pictures are read is tests/ocr.
"""

import zlib
from random import Random
from typing import Any

import msgspec
import pytest

from crawler.page.text import Block, Table, parse
from monitor.demo.national_tables import sheet
from monitor.figures.cells import Recognised
from monitor.pictures import Pictures

HEADINGS = "\n".join(
    (
        "一、总体情况",
        "2024年，本机关认真贯彻条例，主动公开政府信息若干条，没有发生投诉，现将有关情况报告如下。",
        "二、主动公开政府信息情况",
        "三、收到和处理政府信息公开申请情况",
        "四、政府信息公开行政复议、行政诉讼情况",
        "五、存在的主要问题及改进情况",
        "公开的主动性有待加强，下一步将健全机制。",
    )
)
REVIEWS = "\n".join(
    (
        "| 行政复议 | 行政复议 | 行政复议 | 行政复议 | 行政复议 |" + " 行政诉讼 |" * 10,
        "| 结果维持 | 结果纠正 | 其他结果 | 尚未审结 | 总计 |" + " 未经复议直接起诉 |" * 5 + " 复议后起诉 |" * 5,
        "|" + " 结果维持 | 结果纠正 | 其他结果 | 尚未审结 | 总计 |" * 3,
        "| {} | 0 | 0 | 0 | {} |" + " 0 |" * 10,
    )
)
FIELD = "review.reconsideration.upheld"


class Found(msgspec.Struct, frozen=True):
    blocks: tuple[Block, ...] = ()
    problem: str = ""


class Spelled:
    """Finds in a picture the text that its bytes spell; says in `asked` how often it was asked."""

    name = "stand-in 1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, body: bytes, media_type: str, url: str) -> Found:
        self.asked.append(url)
        text = zlib.decompress(body[2_000:]).decode()
        if not text:
            return Found(problem="it hung")
        return Found(
            tuple(
                Table(tuple(tuple(Recognised(cell, 0.93) for cell in row) for row in block.rows))
                if isinstance(block, Table)
                else block
                for block in parse(text)
            )
        )


def picture(text: str, noise: int = 0) -> bytes:
    """Bytes that spell a text, of a size that a picture of a table has."""
    return bytes([noise]) * 2_000 + zlib.compress(text.encode())


def reviews(upheld: int) -> str:
    return REVIEWS.format(upheld, upheld)


def pictured(site: Any, paper: Any, body: bytes, year: int = 2024, text: str = HEADINGS) -> str:
    """The report of a year shows its tables as a picture."""
    file = paper.Attachment(f"{paper.HOST}/f/{year}.png", "", "picture")
    site.files[file.url] = (body, "")
    site.publish(paper.report(year, text=text.replace("2024", str(year)), files=[file]))
    return str(file.url)


@pytest.fixture
def spelled(site: Any) -> Spelled:
    reader = Spelled()
    site.pictures = Pictures(site.store, site.home / "archive", reader, reader.name, lambda: site.now)
    return reader


def figures(site: Any, year: int = 2024) -> dict[str, Any]:
    rows = site.store.rows("SELECT * FROM figures WHERE version = ?", (site.report(year).current_version,))
    return {row["field"]: row for row in rows}


def kinds(events: list[Any]) -> list[str]:
    return [event.kind for event in events]


def test_a_new_portals_stock_is_recognised_after_its_baseline_is_told(site: Any, paper: Any, spelled: Spelled) -> None:
    url = pictured(site, paper, picture(reviews(4)))
    assert "baseline" in kinds(site.run())
    assert spelled.asked == []  # thousands of pictures must not hold up the first message
    assert site.pictures.catch_up(site.portal.name) == 1
    assert spelled.asked == [url]
    assert site.run() == []
    row = figures(site)[FIELD]
    assert (row["value"], row["source"], row["confidence"], row["url"]) == (4.0, "ocr", 0.93, url)
    assert site.pictures.catch_up(site.portal.name) == 0  # once is enough


def test_a_swapped_picture_is_recognised_before_its_alert(site: Any, paper: Any, spelled: Spelled) -> None:
    pictured(site, paper, picture(reviews(4)))
    site.run()
    site.pictures.catch_up(site.portal.name)
    site.run()
    pictured(site, paper, picture(reviews(5)))
    (event,) = site.run()
    assert event.kind == "changed"
    assert [(one.field, one.old, one.new) for one in event.detail.figures if one.field == FIELD] == [(FIELD, "4", "5")]
    assert figures(site)[FIELD]["value"] == 5.0


def test_a_new_reports_picture_is_recognised_before_its_alert(site: Any, paper: Any, spelled: Spelled) -> None:
    site.run()
    pictured(site, paper, picture(reviews(3)), year=2025)
    (event,) = site.run()
    assert event.kind == "appeared"
    assert event.detail.figures.reviews == 3
    assert event.detail.figures.source == "ocr"
    assert event.detail.figures.confidence == 0.93


def test_what_is_installed_changes_no_hash_and_makes_no_event(make_history: Any, paper: Any) -> None:
    hashes = []
    for name, reader in (("with", Spelled()), ("without", None)):
        site = make_history(name)
        if reader is not None:
            site.pictures = Pictures(
                site.store, site.home / "archive", reader, reader.name, lambda: "2026-02-10T01:00:00Z"
            )
        told = []
        for upheld in (4, 4, 5, 5):
            pictured(site, paper, picture(reviews(upheld)))
            told.append(kinds(site.run()))
            if site.pictures is not None:
                site.pictures.catch_up(site.portal.name)
        hashes.append((told, [(v.content_hash, v.text_hash, v.body_hash, v.significance) for v in site.versions(2024)]))
    assert hashes[0] == hashes[1]
    assert hashes[0][0][2] == ["changed"]


def test_it_is_installed_later_and_nobody_is_told(site: Any, paper: Any) -> None:
    pictured(site, paper, picture(reviews(4)))
    site.run()
    assert site.run() == []
    assert FIELD not in figures(site)
    site.pictures = Pictures(site.store, site.home / "archive", Spelled(), "stand-in 1", lambda: site.now)
    assert site.pictures.catch_up(site.portal.name) == 1
    assert site.run() == []
    assert figures(site)[FIELD]["value"] == 4.0
    assert [version.significance for version in site.versions(2024)] == ["first"]


def test_tables_that_stand_in_the_text_are_read_there(site: Any, paper: Any, spelled: Spelled) -> None:
    whole = sheet(Random(7), "2021", odd=0)
    pictured(site, paper, picture(reviews(4)), text=HEADINGS + "\n" + whole.text)
    site.run()
    assert site.pictures.catch_up(site.portal.name) == 0
    assert spelled.asked == []


def test_a_document_whose_tables_are_pictures_is_recognised(site: Any, paper: Any, spelled: Spelled) -> None:
    file = paper.Attachment(f"{paper.HOST}/f/2024.pdf", "年报.pdf", "document")
    site.files[file.url] = (picture(reviews(6)), "二、主动公开政府信息情况\n[第 2 页 图像 0123456789abcdef]")
    site.publish(paper.report(2024, text=HEADINGS, files=[file]))
    site.run()
    assert site.pictures.catch_up(site.portal.name) == 1
    site.run()
    assert figures(site)[FIELD]["value"] == 6.0


def test_small_pictures_and_old_reports_are_left_alone(site: Any, paper: Any, spelled: Spelled) -> None:
    pictured(site, paper, picture(reviews(4)), year=2017)
    file = paper.Attachment(f"{paper.HOST}/f/logo.png", "", "picture")
    site.files[file.url] = (b"x" * 900, "")
    site.publish(paper.report(2024, text=HEADINGS, files=[file]))
    site.run()
    assert site.pictures.catch_up(site.portal.name) == 0
    assert spelled.asked == []


def test_one_that_cannot_be_read_is_asked_for_again_by_another_reader_only(
    site: Any, paper: Any, spelled: Spelled
) -> None:
    pictured(site, paper, picture(""))
    site.run()
    assert site.pictures.catch_up(site.portal.name) == 1
    assert site.pictures.catch_up(site.portal.name) == 0
    site.pictures = Pictures(site.store, site.home / "archive", Spelled(), "stand-in 2", lambda: site.now)
    assert site.pictures.catch_up(site.portal.name) == 1
    rows = site.store.rows("SELECT reader, problem FROM picture_readings")
    assert rows == [{"reader": "stand-in 2", "problem": "it hung"}]


def test_time_that_is_up_leaves_the_rest_for_later(site: Any, paper: Any, spelled: Spelled) -> None:
    pictured(site, paper, picture(reviews(4)))
    pictured(site, paper, picture(reviews(2), noise=1), year=2023)
    site.run()
    assert site.pictures.catch_up(site.portal.name, seconds=0) == 0
    assert site.pictures.catch_up(site.portal.name) == 2
    assert [url.rpartition("/")[2] for url in spelled.asked] == ["2024.png", "2023.png"]  # the latest first


def test_a_lost_capture_stops_nothing(site: Any, paper: Any, spelled: Spelled, caplog: Any) -> None:
    pictured(site, paper, picture(reviews(4)))
    site.run()
    for file in (site.home / "archive").rglob("*.warc.gz"):
        file.unlink()
    assert site.pictures.catch_up(site.portal.name) == 0
    assert "2024.png" in caplog.text
