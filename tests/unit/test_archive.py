"""Captures: kept whole, found again, and every flipped byte noticed."""

import hashlib

import pytest

from crawler.run_folder import Exchange, RunWriter
from monitor.archive import ArchiveError, keep_capture, read_capture, verify


def faults(site):
    return [one.problem for one in verify(site.store, site.home / "archive") if one is not None]


@pytest.fixture
def archived(site, paper):
    """A record of three versions, one with an attachment."""
    file = paper.Attachment(f"{paper.HOST}/f.pdf", "年报.pdf", "document")
    site.files[file.url] = (b"%PDF bytes", "全文")
    site.publish(paper.report(2024, files=[file]))
    site.run()
    site.publish(paper.report(2024, files=[file], requests=13))
    site.run()
    assert faults(site) == []
    return site


def test_a_capture_is_copied_whole_and_read_back(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    writer = RunWriter(folder)
    body = b"\x00\xff" * 5000
    places = [
        writer.capture(
            Exchange(f"https://a.gov.cn/{n}", 200, (("Content-Type", "text/html; charset=gbk"),), body + b"%d" % n)
        )
        for n in range(3)
    ]
    for file in (writer._capture, writer._observations, writer._sections):
        file.close()
    name = keep_capture(folder, tmp_path / "archive", "linhai", 7)
    assert name == "linhai/7.warc.gz"
    assert keep_capture(folder, tmp_path / "archive", "linhai", 7) == name
    assert [path.name for path in (tmp_path / "archive" / "linhai").iterdir()] == ["7.warc.gz"]
    found = read_capture(tmp_path / "archive", f"{name}#{places[1]}")
    assert (found.url, found.status, found.body) == ("https://a.gov.cn/1", 200, body + b"1")
    assert found.content_type == "text/html; charset=gbk"


def test_nothing_captured_is_nothing_kept(tmp_path):
    assert keep_capture(tmp_path, tmp_path / "archive", "linhai", 1) == ""
    (tmp_path / "capture.warc.gz").write_bytes(b"")
    assert keep_capture(tmp_path, tmp_path / "archive", "linhai", 1) == ""


@pytest.mark.parametrize(
    "ref", ["", "linhai/1.warc.gz", "linhai/1.warc.gz#x", "linhai/9.warc.gz#0", "linhai/1.warc.gz#999999"]
)
def test_a_reference_that_leads_nowhere_is_named(archived, ref):
    with pytest.raises(ArchiveError):
        read_capture(archived.home / "archive", ref)


def test_any_flipped_byte_of_a_response_is_found(archived):
    path = archived.home / "archive" / "linhai" / "1.warc.gz"
    data = path.read_bytes()
    refs = archived.store.rows("SELECT archive_ref FROM versions ORDER BY id")
    start = int(refs[0]["archive_ref"].partition("#")[2])
    for place in range(start + 10, start + 400, 37):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        assert faults(archived), place
    path.write_bytes(data)
    assert faults(archived) == []


def test_a_response_that_was_exchanged_is_found(archived):
    first, second = archived.store.rows("SELECT id, archive_ref FROM versions ORDER BY id LIMIT 2")
    archived.store.run("UPDATE versions SET archive_ref = ? WHERE id = ?", (second["archive_ref"], first["id"]))
    assert any("the captured bytes have SHA-256" in fault for fault in faults(archived))


def test_a_lost_file_is_found(archived):
    (archived.home / "archive" / "linhai" / "1.warc.gz").unlink()
    assert len(faults(archived)) == 4  # two first versions, and an attachment that two versions hold


@pytest.mark.parametrize(
    ("column", "value"), [("captured_at", "2020-01-01T00:00:00Z"), ("archive_ref", "linhai/2.warc.gz#0")]
)
def test_a_broken_chain_is_found(archived, column, value):
    number = archived.versions(2024)[0].id
    archived.store.run(f"UPDATE versions SET {column} = ? WHERE id = ?", (value, number))
    assert any("chain is broken" in fault for fault in faults(archived))


def test_an_altered_hash_is_found(archived):
    other = hashlib.sha256(b"other").hexdigest()
    archived.store.run("UPDATE versions SET page_hash = ? WHERE seq = 2", (other,))
    assert any("body_hash does not follow" in fault for fault in faults(archived))


def test_an_altered_attachment_is_found(archived):
    archived.store.run("UPDATE attachments SET sha256 = ?", (hashlib.sha256(b"x").hexdigest(),))
    assert faults(archived)
