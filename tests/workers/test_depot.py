"""Depots as they are met: a folder, S3 (moto's server on loopback), another of fsspec's; and stores that do not answer."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import requests

from crawler.observation import CAPTURE, JOB, OBSERVATIONS, RUN
from monitor.workers.depot import SUFFIX, Depot, DepotError, ParcelError
from monitor.workers.parcel import INLINE, receive, send
from monitor.workers.wire import Parcel

NAMES = (JOB, OBSERVATIONS, CAPTURE, RUN)
MB = 1 << 20


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of a server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Sets what S3 tools go by, and nothing else of this machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-tests")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-of-the-tests")
    return lambda endpoint: monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)


@pytest.fixture
def bucket(store: str, keys: Callable[[str], None], request: pytest.FixtureRequest) -> str:
    keys(store)
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:20]
    requests.put(f"{store}/{name}", timeout=60).raise_for_status()
    return name


@pytest.fixture(params=["{}", "s3://{}/of/parcels/", "memory://{}"])
def depot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Depot]:
    """One of each kind; of an address `{}` is a folder or a bucket of the test's own."""
    if request.param.startswith("s3:"):
        place = request.getfixturevalue("bucket")
    else:
        place = str(tmp_path / "depot")
        (tmp_path / "depot").mkdir()
    depot = Depot(request.param.format(place))
    yield depot
    depot.sweep(-60)
    depot.close()


def folder_of(path: Path, size: int) -> Path:
    """A run folder of which the captures have so many bytes."""
    path.mkdir()
    for name, content in {JOB: b"{}", OBSERVATIONS: b"", CAPTURE: os.urandom(size), RUN: b"{}"}.items():
        (path / name).write_bytes(content)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def lying(depot: Depot) -> int:
    """How many things lie in the depot."""
    return len([one for one in depot._names() if one[0].endswith(SUFFIX)])


@pytest.mark.parametrize("depot", ["{}", "file://{}", "s3://{}", "s3://{}/of/parcels/", "memory://{}"], indirect=True)
def test_carries_a_folder(depot: Depot, tmp_path: Path) -> None:
    here, there = folder_of(tmp_path / "here", 9 * MB), tmp_path / "there"
    there.mkdir()
    parcel = send(here, NAMES, depot, "task/told")
    assert (parcel.inline, parcel.place[:10], lying(depot)) == ("", "task.told-", 1)
    other = Depot(depot._address)  # of another machine
    try:
        receive(parcel, NAMES, there, other)
        assert content(there) == content(here)
        other.discard(parcel)
        other.discard(parcel)
    finally:
        other.close()
    assert lying(depot) == 0
    with pytest.raises(ParcelError, match=r"cannot be fetched: it is not there") as error:
        receive(parcel, NAMES, there, depot)
    assert not isinstance(error.value, DepotError)  # it never comes
    assert content(there) == content(here)


def test_carries_nothing_that_fits_a_message(tmp_path: Path) -> None:
    """Also what does so only once it is packed."""
    here = folder_of(tmp_path / "here", 0)
    (here / OBSERVATIONS).write_bytes(b'{"type":"page"}\n' * INLINE)
    parcel = send(here, NAMES, Depot(str(tmp_path / "none")), "key")
    assert parcel.inline
    assert content(here).keys() == {*NAMES}


def test_takes_only_what_was_sent(depot: Depot, tmp_path: Path) -> None:
    here, there = folder_of(tmp_path / "here", INLINE), tmp_path / "there"
    there.mkdir()
    parcel = send(here, NAMES, depot, "key")
    path = depot._path(parcel.place)
    sent: bytes = depot._ask("cat_file", path)

    def refused(parcel: Parcel, data: bytes, why: str) -> None:
        depot._ask("pipe_file", path, data)
        with pytest.raises(ParcelError, match=why):
            receive(parcel, NAMES, there, depot)
        assert content(there) == {}

    refused(parcel, sent[:-1] + b"x", "other content")
    refused(parcel, sent[:-1], f"{len(sent) - 1} bytes")
    refused(parcel, sent + bytes(1), f"{len(sent) + 1} bytes")
    refused(parcel, b"", "0 bytes")
    refused(msgspec.structs.replace(parcel, size=parcel.size - 1), sent, f"{len(sent)} bytes")
    refused(msgspec.structs.replace(parcel, size=1 << 60), sent, "are the most")
    refused(msgspec.structs.replace(parcel, sha256="0" * 64), sent, "other content")
    depot._ask("pipe_file", path, sent)
    receive(parcel, NAMES, there, depot)
    assert content(there) == content(here)


def test_a_place_is_never_given_twice(depot: Depot, tmp_path: Path) -> None:
    """A worker that comes back late does not write over what another one has sent."""
    first, second, there = (tmp_path / name for name in ("first", "second", "there"))
    there.mkdir()
    parcels = [send(folder_of(path, INLINE), NAMES, depot, "key") for path in (first, second)]
    receive(parcels[0], NAMES, there, depot)
    assert content(there) == content(first)


@pytest.mark.parametrize(
    "place", ["../secret.parcel", "/etc/passwd", "a/b.parcel", "secret", ".a.parcel.part", "a.parcel\n", "..parcel"]
)
def test_touches_nothing_but_parcels(place: str, tmp_path: Path) -> None:
    """Whatever place a worker names, or an operator has in the same folder."""
    root, there = tmp_path / "root", tmp_path / "there"
    for folder in (root, there, root / "a", root / "folder.parcel"):
        folder.mkdir()
    kept = [tmp_path / "secret.parcel", root / "a" / "b.parcel", root / "secret", root / ".hidden"]
    for path in kept:
        path.write_bytes(b"secret")
    depot = Depot(str(root))
    parcel = Parcel(6, hashlib.sha256(b"secret").hexdigest(), place=place)
    with pytest.raises(ParcelError, match="is no name of a parcel"):
        receive(parcel, NAMES, there, depot)
    depot.discard(parcel)
    assert depot.sweep(-60) == 0
    assert all(path.read_bytes() == b"secret" for path in kept)
    assert content(there) == {}


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_fetches_plain_files_only(kind: str, tmp_path: Path) -> None:
    """Of what another one put into the shared folder: nobody waits for a pipe that nobody writes to."""
    root, there = tmp_path / "root", tmp_path / "there"
    root.mkdir()
    there.mkdir()
    parcel = Parcel(4096, "0" * 64, place="a.parcel")
    if kind == "link":
        (root / parcel.place).symlink_to(sys.executable)
    elif kind == "pipe":
        os.mkfifo(root / parcel.place)
    else:
        (root / parcel.place).mkdir()
    with pytest.raises(ParcelError, match="no plain file"):
        receive(parcel, NAMES, there, Depot(str(root)))


def test_sweeps_what_is_old(depot: Depot, tmp_path: Path) -> None:
    here = folder_of(tmp_path / "here", INLINE)
    parcels = [send(here, NAMES, depot, "key") for _ in range(3)]
    assert depot.sweep(3600) == 0
    assert lying(depot) == 3
    depot.discard(parcels[0])
    assert depot.sweep(-60) == 2
    assert lying(depot) == 0
    assert depot.sweep(-60) == 0


def test_sweeps_only_what_is_old(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path))
    for name, age in {"old.parcel": 7300, ".old.parcel.part": 7300, "new.parcel": 7100, "other": 7300}.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, times=(0, time.time() - age))
    assert depot.sweep(7200) == 2
    assert content(tmp_path).keys() == {"new.parcel", "other"}


def test_a_check_leaves_nothing(depot: Depot) -> None:
    depot.check()
    depot.check()
    assert depot._names() == []


def test_may_be_used_by_many_threads(depot: Depot, tmp_path: Path) -> None:
    def carry(number: int) -> bool:
        here, there = folder_of(tmp_path / f"here{number}", INLINE), tmp_path / f"there{number}"
        there.mkdir()
        parcel = send(here, NAMES, depot, "key")
        receive(parcel, NAMES, there, depot, durable=False)
        depot.discard(parcel)
        return content(here) == content(there)

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(carry, range(12)))
    assert lying(depot) == 0


def test_a_folder_that_vanished(tmp_path: Path) -> None:
    depot = Depot(str(tmp_path / "mount"))
    parcel = Parcel(1, "0" * 64, place="a.parcel")
    for use in (depot.check, lambda: depot.sweep(1), lambda: receive(parcel, NAMES, tmp_path, depot)):
        with pytest.raises(DepotError, match="make it, or mount it"):
            use()
    depot.discard(parcel)
    assert not (tmp_path / "mount").exists()  # on the local disk, nobody else would find it


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "root").touch()
    with pytest.raises(DepotError, match=r"root: check-.* cannot be stored \(Not a directory\).*may be written to"):
        Depot(str(tmp_path / "root")).check()


@pytest.mark.parametrize("key", ["", ".hidden", "/a", "../a", "a\n", "a" * 152])
def test_a_key_that_is_no_name(key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no name"):
        Depot(str(tmp_path)).put(tmp_path, key)


# Puts that are killed ----------------------------------------------------------------------------------------------------


def test_a_killed_put_leaves_no_parcel_in_a_folder(tmp_path: Path) -> None:
    """Its source is a pipe: the process is killed while it waits for the rest."""
    source, root = tmp_path / "source", tmp_path / "root"
    os.mkfifo(source)
    root.mkdir()
    script = "import sys, pathlib; from monitor.workers.depot import Depot; Depot(sys.argv[2]).put(pathlib.Path(sys.argv[1]), 'key')"
    child = subprocess.Popen([sys.executable, "-c", script, str(source), str(root)])
    with source.open("wb", buffering=0) as pipe:
        pipe.write(bytes(3 * MB))
        wait_for(lambda: sum(path.stat().st_size for path in root.iterdir()) >= 2 * MB)
        child.kill()
        assert child.wait(60) == -signal.SIGKILL
    assert [path.name for path in root.iterdir() if path.suffix != ".part"] == []
    depot = Depot(str(root))
    assert (lying(depot), depot.sweep(3600), depot.sweep(-60)) == (0, 0, 1)
    assert content(root) == {}


def test_a_killed_put_leaves_no_parcel_in_s3(bucket: str, tmp_path: Path) -> None:
    """Killed when all was uploaded and nothing was made whole: seen nowhere, but paid for until it is swept."""
    (tmp_path / "source").write_bytes(bytes(20 * MB))
    script = """
import os, pathlib, signal, sys
import s3fs
from monitor.workers.depot import Depot
call = s3fs.S3FileSystem._call_s3
async def last(self, method, *values, **options):
    if method == "complete_multipart_upload":
        os.kill(os.getpid(), signal.SIGKILL)
    return await call(self, method, *values, **options)
s3fs.S3FileSystem._call_s3 = last
Depot(sys.argv[2]).put(pathlib.Path(sys.argv[1]), "key")
"""
    address = f"s3://{bucket}/prefix"
    child = subprocess.run([sys.executable, "-c", script, tmp_path / "source", address], timeout=60)
    assert child.returncode == -signal.SIGKILL
    depot, other = Depot(address), Depot(f"s3://{bucket}/pre")
    try:
        assert depot._names() == []
        # moto says of all uploads that they were begun in 2010.
        assert (depot.sweep(50 * 366 * 86400), other.sweep(-60), depot.sweep(-60), depot.sweep(-60)) == (0, 0, 1, 0)
    finally:
        depot.close()
        other.close()


def test_a_put_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Of a file that can be opened, and not be read."""
    with pytest.raises(DepotError, match="Input/output error"):
        Depot(str(tmp_path)).put(Path("/proc/self/mem"), "key")
    assert content(tmp_path) == {}


# Stores that do not answer -----------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes what is said and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_nobody_waits_for_a_silent_store(silent: str, keys: Callable[[str], None], tmp_path: Path) -> None:
    keys(silent)
    depot = Depot("s3://bucket/prefix", timeout=0.5)
    parcel = Parcel(1, "0" * 64, place="a.parcel")
    done = threading.Event()

    def use() -> None:
        for ask in (depot.check, lambda: depot.sweep(1), lambda: receive(parcel, NAMES, tmp_path, depot)):
            with pytest.raises(DepotError, match=r"no answer in time.*AWS_ENDPOINT_URL"):
                ask()
        depot.discard(parcel)
        done.set()

    try:
        thread = threading.Thread(target=use, daemon=True)
        thread.start()
        thread.join(60)
        assert done.is_set()
    finally:
        depot.close()


def test_a_store_that_is_not_there(keys: Callable[[str], None]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    keys(endpoint)
    depot = Depot("s3://bucket/prefix")
    with pytest.raises(DepotError, match=rf"{endpoint}.*see that the store answers"):
        depot.check()
    depot.close()


def test_a_bucket_that_is_not_there(store: str, keys: Callable[[str], None]) -> None:
    keys(store)
    depot = Depot("s3://no-such-bucket/prefix")
    with pytest.raises(DepotError, match="no such bucket; make it"):
        depot.check()
    depot.close()


def test_keys_that_are_not_there(store: str, keys: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    keys(store)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    depot = Depot("s3://bucket/prefix")
    with pytest.raises(DepotError, match=r"credentials.*AWS_ACCESS_KEY_ID"):
        depot.check()
    depot.close()


# Addresses ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "is no absolute path"),
        ("parcels", "is no absolute path"),
        ("~/parcels", "is no absolute path"),
        ("file://parcels", "is no absolute path"),
        ("s3://", "names no place"),
        ("s3:///", "names no place"),
        ("s3://key:word-of-the-tests@bucket/prefix", "AWS_SECRET_ACCESS_KEY"),
        ("nowhere://bucket", "Protocol not known"),
        ("nowhere://user:word-of-the-tests@host/place", "Protocol not known"),
    ],
)
def test_an_address_that_is_none(address: str, says: str) -> None:
    with pytest.raises(ParcelError, match=says) as error:
        Depot(address).check()
    assert "word-of-the-tests" not in str(error.value)
    assert "\n" not in str(error.value)


def test_errors_tell_no_secrets(keys: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a file system says of what it was given."""
    error = OSError("cannot read https://user:word@host/a?X-Amz-Signature=abcdef12\nwith secret-of-the-tests")
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda *_, **__: raise_(error))
    with pytest.raises(DepotError) as raised:
        Depot("s3://bucket").check()
    said = str(raised.value)
    assert "cannot read https://***@host/a?X-Amz-Signature=*** with ***)" in said


def raise_(error: Exception) -> None:
    raise error


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
