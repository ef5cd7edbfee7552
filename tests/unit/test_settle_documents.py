"""Attachments whose text could not be extracted: what is said, what stays, and what a later reading does not say."""

from typing import Any

import pytest

FIGURES = "| 项目 | 总计 |\n| 本年新收 | 12 |"


def attach(site: Any, paper: Any, data: bytes, text: str, name: str = "2024.pdf") -> Any:
    """The report of 2024 links one document; `text`: what extraction finds in its bytes, empty if it fails."""
    file = paper.Attachment(f"{paper.HOST}/f/{name}", "年报.pdf", "document")
    site.files[file.url] = (data, text)
    site.publish(paper.report(2024, files=[file]))
    return file


def held(site: Any) -> list[tuple[str, str]]:
    rows = site.store.rows("SELECT * FROM attachments WHERE version = ?", (site.report(2024).current_version,))
    return [(row["url"].rpartition("/")[2], row["text"]) for row in rows]


def kinds(events: list[Any]) -> list[str]:
    return [event.kind for event in events]


def test_a_document_that_could_not_be_read_counts_by_its_bytes(site: Any, paper: Any) -> None:
    attach(site, paper, b"pdf 1", "")
    assert kinds(site.run())[-1] == "baseline"
    assert site.run() == []
    attach(site, paper, b"pdf 2", "")
    assert kinds(site.run()) == ["changed"]
    assert site.run() == []


@pytest.mark.parametrize("name", ["2024.pdf", "moved.pdf"])
def test_bytes_that_are_read_at_last_are_no_change(site: Any, paper: Any, name: str) -> None:
    attach(site, paper, b"pdf 1", FIGURES)
    site.run()
    attach(site, paper, b"pdf 2", "")  # the file was replaced, and hangs its reader
    assert kinds(site.run()) == ["changed"]
    site.store.run("UPDATE pages SET body_hash = '', etag = ''")  # nothing keeps the next pass from reading them again
    attach(site, paper, b"pdf 2", FIGURES, name)
    assert site.run() == []
    assert held(site) == [(name, FIGURES)]
    attach(site, paper, b"pdf 3", FIGURES.replace("12", "13"), name)
    assert kinds(site.run()) == ["changed"]


def test_bytes_that_are_not_read_any_more_keep_their_text(site: Any, paper: Any) -> None:
    attach(site, paper, b"pdf 1", FIGURES)
    site.run()
    attach(site, paper, b"pdf 1", "", "moved.pdf")  # at another address, and its reader crashes
    assert site.run() == []
    assert held(site) == [("moved.pdf", FIGURES)]
    attach(site, paper, b"pdf 4", FIGURES.replace("12", "13"), "moved.pdf")
    assert kinds(site.run()) == ["changed"]
