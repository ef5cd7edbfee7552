"""Run folders as parcels: what is packed comes out the same, and nothing that a hostile sender packs does harm."""

import base64
import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.observation import CAPTURE, JOB, OBSERVATIONS, RUN, SECTIONS
from monitor.workers.parcel import INLINE, INLINE_MOST, ParcelError, pack, receive, send, unpack
from monitor.workers.wire import Parcel

NAMES = (RUN, JOB, OBSERVATIONS, CAPTURE, SECTIONS, "crawl.log")
BEFORE = {JOB: b"as it was", "other": b"not mentioned"}


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed(folder: Path, names: Iterable[str] = NAMES) -> bytes:
    into = io.BytesIO()
    assert pack(folder, tuple(names), into) == len(into.getvalue())
    return into.getvalue()


def parcel_of(data: bytes) -> Parcel:
    return Parcel(len(data), hashlib.sha256(data).hexdigest(), inline=base64.b64encode(data).decode())


def archive(*members: tuple[tarfile.TarInfo, bytes], end: bytes = bytes(1024)) -> bytes:
    """A tar archive, as tarfile itself writes members; their sizes may be lies."""
    out = io.BytesIO()
    for info, data in members:
        if not info.size:
            info.size = len(data)
        out.write(info.tobuf(tarfile.GNU_FORMAT))
        out.write(data + bytes(-len(data) % 512))
    return out.getvalue() + end


def member(name: str, data: bytes = b"", **values: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(info, key, value)
    return info, data


def refused(data: bytes, folder: Path, limit: int = 1 << 20) -> str:
    """Why a parcel of these bytes is not taken. The folder is as it was."""
    fill(folder, BEFORE)
    with pytest.raises(ParcelError) as error:
        receive(parcel_of(data), NAMES, folder, None, limit=limit)
    assert content(folder) == BEFORE
    assert "\n" not in str(error.value)
    return str(error.value)


BYTES = st.binary(max_size=2000) | st.builds(
    lambda data, times: data * times, st.binary(max_size=9), st.integers(0, 90_000)
)


@settings(deadline=None)  # the disk may be slow
@given(files=st.dictionaries(st.sampled_from(NAMES), BYTES), wanted=st.sets(st.sampled_from(NAMES)))
def test_what_is_sent_is_what_is_received(files: dict[str, bytes], wanted: set[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        here, there = fill(Path(place, "here"), files), fill(Path(place, "there"), BEFORE)
        parcel = msgspec.json.decode(msgspec.json.encode(send(here, sorted(wanted), None, "key")), type=Parcel)
        receive(parcel, wanted, there, None, durable=False)
        assert content(there) == BEFORE | {name: data for name, data in files.items() if name in wanted}
        assert content(here) == files


@pytest.mark.parametrize("size", [(1 << 18) - 1, 1 << 18, (1 << 18) + 1, 1 << 19])
def test_takes_what_it_would_not_have_packed(size: int, tmp_path: Path) -> None:
    """Also where gzip ends at, just before and just after the end of a piece."""
    receive(parcel_of(archive(member("run.json.gz", named(size)))), NAMES, tmp_path, None)
    assert content(tmp_path) == {RUN: b"content"}


def test_every_tar_and_gzip_reads_it(tmp_path: Path) -> None:
    data = packed(fill(tmp_path, {JOB: b"{}", CAPTURE: gzip.compress(b"WARC")}))
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as tar:
        assert tar.getnames() == ["job.json.gz", CAPTURE]
        job, capture = tar.extractfile("job.json.gz"), tar.extractfile(CAPTURE)
        assert job is not None
        assert capture is not None
        assert (gzip.decompress(job.read()), gzip.decompress(capture.read())) == (b"{}", b"WARC")


def test_compresses_what_is_not_compressed_already(tmp_path: Path) -> None:
    lines = b'{"type":"page","reading":"same"}\n' * 3000
    assert len(packed(fill(tmp_path, {OBSERVATIONS: lines}))) < len(lines) / 20
    (tmp_path / OBSERVATIONS).rename(tmp_path / CAPTURE)
    assert len(packed(tmp_path)) > len(lines)


# What a sender may say ------------------------------------------------------------------------------------------------

GOOD = gzip.compress(b"content", mtime=0)


def named(size: int) -> bytes:
    """The same with a file name in its header, of so many bytes in all."""
    name = b"a" * (size - len(GOOD) - 1) + b"\0"
    return GOOD[:3] + b"\x08" + GOOD[4:10] + name + GOOD[10:]


@pytest.mark.parametrize(
    "evil",
    [
        member("passwd.gz", GOOD),
        member("/etc/passwd.gz", GOOD),
        member("../run.json.gz", GOOD),
        member("./run.json.gz", GOOD),
        member(f"{tempfile.gettempdir()}/{RUN}.gz", GOOD),
        member("run.json.gz/", GOOD),
        member("", GOOD),
        member(".gz", GOOD),
        member(RUN, b"{}"),
        member("run.json.gz", GOOD, type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        member("run.json.gz", GOOD, type=tarfile.LNKTYPE, linkname="job.json.gz"),
        member("run.json.gz", GOOD, type=tarfile.DIRTYPE),
        member("run.json.gz", GOOD, type=tarfile.FIFOTYPE),
        member("run.json.gz", GOOD, type=tarfile.CHRTYPE),
        member("run.json.gz", GOOD, type=tarfile.GNUTYPE_SPARSE),
        member("run.json.gz", b"30 mtime=1700000000.123456789\n", type=tarfile.XHDTYPE),
        member("././@LongLink", b"run.json.gz\0", type=tarfile.GNUTYPE_LONGNAME),
        member("run.json.gz", GOOD + b"more"),
        member("run.json.gz", GOOD + GOOD),
        member("run.json.gz", named(1 << 18) + GOOD),
        member("run.json.gz", named(1 << 18)[:-1]),
        member("run.json.gz", GOOD[:-1]),
        member("run.json.gz", GOOD[:-8] + bytes(8)),
        member("run.json.gz", b""),
        member("run.json.gz", b"no gzip"),
        member("run.json.gz", GOOD, size=1 << 40),
        member("run.json.gz", GOOD, size=-1),
        member(CAPTURE, GOOD, size=1 << 40),
        member("crawl.log.gz", GOOD),
    ],
    ids=lambda one: f"{one[0].type.decode()} {one[0].name} {one[0].size or len(one[1])}",
)
def test_refuses_what_no_folder_holds(evil: tuple[tarfile.TarInfo, bytes], tmp_path: Path) -> None:
    """After a file that is as it should be: that one is not placed either."""
    refused(archive(member("crawl.log.gz", GOOD), evil), tmp_path)


def test_refuses_what_is_not_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ParcelError, match=r"'run\.json\.gz', which is not expected"):
        receive(parcel_of(archive(member("run.json.gz", GOOD))), [JOB], tmp_path, None)
    assert content(tmp_path) == {}


def test_refuses_what_lies_between_files(tmp_path: Path) -> None:
    data = bytearray(archive(member("run.json.gz", GOOD)))
    data[512 + len(GOOD)] = 1
    assert "between its files" in refused(bytes(data), tmp_path)


@pytest.mark.parametrize("end", [b"", bytes(512), bytes(1023), bytes(1025), bytes(512) + b"\1" * 512])
def test_refuses_another_end(end: bytes, tmp_path: Path) -> None:
    assert "damaged" in refused(archive(member("run.json.gz", GOOD), end=end), tmp_path)


def test_refuses_each_that_is_cut_off(tmp_path: Path) -> None:
    whole = packed(fill(tmp_path / "here", {JOB: b"{}", CAPTURE: b"WARC", RUN: b"{}"}))
    for length in (*range(1, len(whole), 97), len(whole) - 512, len(whole) - 1):
        refused(whole[:length], tmp_path / "there")


@settings(deadline=None)  # the disk may be slow
@given(at=st.integers(0, 1 << 20), byte=st.integers(1, 255))
def test_a_changed_byte_does_no_harm(at: int, byte: int) -> None:
    """Where the sender says that it is right. Each file that is placed is one that was asked for."""
    with tempfile.TemporaryDirectory() as place:
        data = bytearray(packed(fill(Path(place, "here"), {JOB: b"{}" * 99, CAPTURE: b"WARC", RUN: b"{}"})))
        data[at % len(data)] ^= byte
        there = fill(Path(place, "there"), BEFORE)
        try:
            receive(parcel_of(bytes(data)), NAMES, there, None, durable=False)
        except ParcelError:
            assert content(there) == BEFORE
        else:
            assert content(there).keys() <= {*BEFORE, *NAMES}


@pytest.mark.parametrize("ending", [b"", b"x"])
def test_a_bomb_fills_neither_memory_nor_disk(ending: bytes, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(100 << 20) + ending, 9)
    assert len(bomb) < 200_000
    data = archive(member("crawl.log.gz", GOOD), member("run.json.gz", bomb))
    tracemalloc.start()
    try:
        assert "more bytes than it may" in refused(data, tmp_path, limit=2 << 20)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_the_limit_is_of_all_files_together(tmp_path: Path) -> None:
    half = gzip.compress(bytes(600_000))
    data = archive(member("crawl.log.gz", half), member("run.json.gz", half))
    assert "more bytes than it may" in refused(data, tmp_path, limit=1_199_999)
    receive(parcel_of(data), NAMES, tmp_path, None, limit=1_200_000)
    assert len(content(tmp_path)[RUN]) == 600_000


@pytest.mark.parametrize(
    "lie",
    [
        {"size": 0},
        {"size": -1},
        {"size": 1 << 40},
        {"size": 2047},
        {"size": 2049},
        {"sha256": "0" * 64},
        {"sha256": ""},
        {"inline": "!" * 2732},
        {"inline": "年" * 2732},
        {"inline": base64.b64encode(bytes(2048)).decode()},
    ],
    ids=lambda lie: ",".join(f"{key}={str(value)[:12]}" for key, value in lie.items()),
)
def test_refuses_what_is_not_what_it_says(lie: dict[str, object], tmp_path: Path) -> None:
    data = archive(member("run.json.gz", GOOD))
    assert len(data) == 2048
    with pytest.raises(ParcelError):
        receive(msgspec.structs.replace(parcel_of(data), **lie), NAMES, tmp_path, None)
    assert content(tmp_path) == {}


def test_refuses_what_lies_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ParcelError, match="names no place"):
        receive(Parcel(1024, "0" * 64), NAMES, tmp_path, None)
    with pytest.raises(ParcelError, match=r"set parcels in \[service\]"):
        receive(Parcel(1024, "0" * 64, place="a.parcel"), NAMES, tmp_path, None)


# What can go wrong here ------------------------------------------------------------------------------------------------


def test_run_json_comes_last(tmp_path: Path) -> None:
    """Of names that are given in another order: where a file cannot be placed, the pass is not there."""
    parcel = send(fill(tmp_path / "here", {RUN: b"{}", OBSERVATIONS: b"", JOB: b"{}"}), NAMES, None, "key")
    there = tmp_path / "there"
    (there / OBSERVATIONS).mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        receive(parcel, NAMES, there, None)
    assert not (there / RUN).exists()
    (there / OBSERVATIONS).rmdir()
    receive(parcel, NAMES, there, None)
    assert content(there) == {RUN: b"{}", OBSERVATIONS: b"", JOB: b"{}"}


def test_takes_the_place_of_what_was_left_half_done(tmp_path: Path) -> None:
    (tmp_path / f".{RUN}.part").write_bytes(b"left by a process that was killed")
    receive(parcel_of(archive(member("run.json.gz", GOOD))), NAMES, tmp_path, None)
    assert content(tmp_path) == {RUN: b"content"}


def test_no_folder_is_no_fault_of_the_parcel(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        receive(parcel_of(archive(member("run.json.gz", GOOD))), NAMES, tmp_path / "none", None)


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_packs_plain_files_only(kind: str, tmp_path: Path) -> None:
    """What a process that reads hostile pages may have left in the place of its file."""
    if kind == "link":
        (tmp_path / RUN).symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(tmp_path / RUN)
    else:
        (tmp_path / RUN).mkdir()
    with pytest.raises(ParcelError, match=RUN):
        send(tmp_path, NAMES, None, "key")


@pytest.mark.parametrize("names", [("../a",), ("/a",), ("a/b",), (".a",), ("",), ("a" * 92,), ("a", "a.gz"), ("a\n",)])
def test_refuses_names_that_no_file_has(names: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no name"):
        pack(tmp_path, names, io.BytesIO())
    with pytest.raises(ValueError, match="is no name"):
        unpack(io.BytesIO(bytes(1024)), names, tmp_path)


def test_without_a_depot_a_message_takes_more(tmp_path: Path) -> None:
    here = fill(tmp_path / "here", {CAPTURE: os.urandom(INLINE + 1)})
    parcel = send(here, NAMES, None, "key")
    assert INLINE < parcel.size < 2 * INLINE
    receive(parcel, NAMES, fill(tmp_path / "there", {}), None)
    assert content(tmp_path / "there") == content(here)


def test_without_a_depot_not_everything_can_be_sent(tmp_path: Path) -> None:
    (tmp_path / CAPTURE).touch()
    os.truncate(tmp_path / CAPTURE, INLINE_MOST)
    with pytest.raises(ParcelError, match=r"32 MB packed.*set parcels in \[service\]"):
        send(tmp_path, NAMES, None, "key")
    assert [path.name for path in tmp_path.iterdir()] == [CAPTURE]


def test_big_folders_are_never_in_memory(tmp_path: Path) -> None:
    fill(tmp_path, {OBSERVATIONS: b"", CAPTURE: b""})
    os.truncate(tmp_path / OBSERVATIONS, 40 << 20)
    os.truncate(tmp_path / CAPTURE, 40 << 20)
    there = fill(tmp_path / "there", {})
    tracemalloc.start()
    try:
        with tempfile.TemporaryFile() as file:
            pack(tmp_path, NAMES, file)
            file.seek(0)
            unpack(file, NAMES, there, durable=False)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert [(there / name).stat().st_size for name in (OBSERVATIONS, CAPTURE)] == [40 << 20] * 2


def test_imports_file_systems_only_to_use_them() -> None:
    script = """
import sys, tempfile
from monitor.workers.depot import Depot
from monitor.workers import parcel
Depot("s3://bucket/prefix").close()
assert not {"fsspec", "s3fs", "botocore"} & sys.modules.keys()
Depot(tempfile.gettempdir()).check()
assert "fsspec" in sys.modules
assert not {"s3fs", "botocore"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
