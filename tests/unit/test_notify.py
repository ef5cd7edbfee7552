"""What systemd hears, on a real datagram socket."""

import socket

import pytest

from monitor.service import notify


@pytest.fixture(params=["path", "abstract"])
def systemd(request, tmp_path, monkeypatch):
    name = str(tmp_path / "notify") if request.param == "path" else f"@nianbao-test-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name.replace("@", "\0", 1) if name.startswith("@") else name)
        heard.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield lambda: heard.recv(4096).decode()


def test_each_word_is_heard(systemd):
    for say, heard in (
        (lambda: notify.ready("7 portals"), "READY=1\nSTATUS=7 portals"),
        (notify.ready, "READY=1"),
        (notify.alive, "WATCHDOG=1"),
        (notify.stopping, "STOPPING=1"),
        (lambda: notify.status("3 passes\nREADY=0"), "STATUS=3 passes READY=0"),
    ):
        say()
        assert systemd() == heard


@pytest.mark.parametrize("address", [None, "", "nonsense", "/nowhere/at/all", "@nobody-listens-here"])
def test_nobody_to_hear_it_is_no_error(monkeypatch, address):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify.ready("x")


def test_a_receiver_that_does_not_read_holds_nobody_up(tmp_path, monkeypatch):
    name = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(name)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        for _ in range(2000):
            notify.alive()
