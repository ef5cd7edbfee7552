"""Events in a real record arrive in a real mailbox (SMTP on loopback) and at robots behind real TLS."""

import asyncio
import email
import email.policy
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitor.channels import check
from monitor.event_detail import Changed, FigureChange, encode
from monitor.outbox import deliver
from monitor.recipients import enqueue
from monitor.settings import Settings, parse_settings
from monitor.store import Store

NOW = "2026-11-21T00:31:00Z"
DETAIL = Changed(figures=(FigureChange("总计 · 一、本年新收申请", "248", "284", "表三 申请情况"),))


class Mailbox:
    """A mail server's handler: keeps what it takes; refuses or stalls when told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusal = ""
        self.refused = ""
        """The one recipient that `refusal` is for; empty: all."""
        self.stalls = False
        self.asked = Event()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.asked.set()
        if self.refusal and ("@" not in self.refused or self.refused in envelope.rcpt_tos):
            return self.refusal
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        while self.stalls:
            await asyncio.sleep(0.02)
        return "250 OK"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    box.stalls = False
    controller.stop()


def record(home: Path, settings: Settings, events: int = 1) -> Store:
    store = Store.open(home / "nianbao.db")
    store.insert("portals", {"name": "linhai", "title": "临海市人民政府门户", "family": "hanweb", "region": "331082"})
    with store.transaction():
        for number in range(events):
            values = {"key": f"changed/{number}", "kind": "changed", "portal": "linhai", "organ": "临海市人民政府"}
            values |= {
                "detected_at": NOW,
                "summary": "表三 1 处",
                "detail": encode(DETAIL),
                "url": "https://a.gov.cn/1",
            }
            event = store.insert("events", {**values, "year": 2020 - number})
            enqueue(store, [event], settings.channels, NOW, settings.service.timezone)
    return store


def mail_settings(port: int, timeout: float = 10) -> Settings:
    url = f"mailto://127.0.0.1:{port}?to=desk@example.cn&from=nianbao@example.cn"
    return parse_settings(f'[[channel]]\nname = "office"\nurl = "{url}"\ntimeout = {timeout}\n', {}, check)


def test_a_mail_arrives_in_text_and_html(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    settings = mail_settings(port)
    with record(tmp_path, settings) as store:
        assert deliver(store, settings, NOW).sent == 1
    (mail,) = box.mails
    assert mail["subject"] == "【年报变更】临海市人民政府 2020 年 · 表三 1 处"
    assert mail["to"] == "desk@example.cn"
    for form in ("plain", "html"):
        part = mail.get_body((form,))
        assert part is not None
        content = part.get_content()
        assert "248 → 284" in content
        assert "总计 · 一、本年新收申请" in content
        assert "https://a.gov.cn/1" in content


def test_a_refused_mail_is_kept_and_sent_later(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    settings = mail_settings(port)
    box.refusal = "554 5.7.1 refused by policy"
    with record(tmp_path, settings) as store:
        result = deliver(store, settings, NOW)
        assert (result.sent, result.failed) == (0, 1)
        assert "554" in result.errors[0]
        box.refusal = ""
        assert result.next_due is not None
    with Store.open(tmp_path / "nianbao.db") as store:  # pending survives a restart
        assert deliver(store, settings, result.next_due).sent == 1
    assert len(box.mails) == 1
    assert "可能重复" not in box.mails[0]["subject"]


def test_one_of_two_recipients_refused_is_no_success(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.refusal, box.refused = "554 no such user", "b@example.cn"
    url = f"mailto://127.0.0.1:{port}/a@example.cn/b@example.cn?from=nianbao@example.cn"
    settings = parse_settings(f'[[channel]]\nname = "office"\nurl = "{url}"\n', {}, check)
    with record(tmp_path, settings) as store:
        result = deliver(store, settings, NOW)
        assert (result.sent, result.failed) == (0, 1)
        box.refusal = ""
        assert deliver(store, settings, result.next_due or "").sent == 1
    assert [(mail["to"], "可能重复" in mail["subject"]) for mail in box.mails] == [
        ("a@example.cn", False),
        ("a@example.cn", True),
        ("b@example.cn", True),
    ]


def test_what_a_page_says_is_not_interpreted(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    settings = mail_settings(port)
    words = "{{app_id}} :smile: R&D <b>x</b> \\n &amp; %s"
    with record(tmp_path, settings) as store:
        store.run("UPDATE events SET organ = ?", (words,))
        assert deliver(store, settings, NOW).sent == 1
    (mail,) = box.mails
    assert words in mail["subject"]
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert words in text.get_content()
    assert page is not None
    assert "<b>x</b>" not in page.get_content()


def test_a_mail_server_that_stalls_is_a_failure(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.stalls = True
    settings = mail_settings(port, timeout=0.3)
    with record(tmp_path, settings) as store:
        result = deliver(store, settings, NOW)
        assert (result.sent, result.failed) == (0, 1)
        assert "timed out" in result.errors[0]
        box.stalls = False
        assert deliver(store, settings, result.next_due or "").sent == 1
    assert "可能重复" in box.mails[-1]["subject"]  # the server had it already


def test_a_kill_between_sending_and_marking(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    box.stalls = True
    settings = mail_settings(port, timeout=30)
    record(tmp_path, settings, events=2).close()
    program = f"""
import sys
from pathlib import Path
from monitor.channels import check
from monitor.outbox import deliver
from monitor.settings import parse_settings
from monitor.store import Store
url = "mailto://127.0.0.1:{port}?to=desk@example.cn&from=nianbao@example.cn"
settings = parse_settings('[[channel]]\\nname = "office"\\nurl = "' + url + '"\\n', {{}}, check)
with Store.open(Path(sys.argv[1])) as store:
    deliver(store, settings, "{NOW}")
"""
    sender = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "nianbao.db")])
    assert box.asked.wait(30)
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    box.stalls = False
    with Store.open(tmp_path / "nianbao.db") as store:
        result = deliver(store, settings, NOW)
        assert (result.reclaimed, result.sent) == (1, 2)
    subjects = [mail["subject"] for mail in box.mails]
    assert ["可能重复" in subject for subject in subjects] == [False, True, False]


# The robots, through a CONNECT proxy that holds certificates for their hosts -----------------------------------------


def authority(folder: Path, hosts: list[str]) -> tuple[Path, Path]:
    """(file of a CA's certificate, file of a key and a certificate for `hosts`)."""
    now = datetime.now(UTC)

    def certificate(name: str, issuer: str, key: Any, signer: Any, extensions: list[tuple[Any, bool]]) -> Any:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(signer, hashes.SHA256())

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    ca = certificate("test CA", "test CA", ca_key, ca_key, [(x509.BasicConstraints(True, None), True), (usage, True)])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    leaf = certificate(hosts[0], "test CA", key, ca_key, [(names, False), (identifier, False)])
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "host.pem").write_bytes(private + leaf.public_bytes(pem))
    return folder / "ca.pem", folder / "host.pem"


class Proxy:
    """Takes CONNECT, speaks TLS as the host asked for, and answers its requests with `answers[host]`."""

    def __init__(self, certificate: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.answers: dict[str, dict[str, Any]] = {}
        self.got: list[tuple[str, str, dict[str, Any]]] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self.server.accept()
            except OSError:
                return
            with plain:
                host = self._head(plain).split()[1].partition(":")[0]
                plain.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                try:
                    with self.context.wrap_socket(plain, server_side=True) as tls:
                        self._answer(host, tls)
                except OSError:
                    continue  # the client did not like the certificate

    @staticmethod
    def _head(stream: socket.socket) -> str:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            data += stream.recv(1)
        return data.decode()

    def _answer(self, host: str, stream: socket.socket) -> None:
        head = self._head(stream)
        size = int(head.lower().partition("content-length:")[2].split()[0])
        body = b""
        while len(body) < size:
            body += stream.recv(size - len(body))
        self.got.append((host, head.split()[1], json.loads(body)))
        answer = json.dumps(self.answers[host]).encode()
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(answer) + answer)

    def close(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()


HOSTS = {"dingtalk": "oapi.dingtalk.com", "wecombot": "qyapi.weixin.qq.com", "feishu": "open.feishu.cn"}


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    ca, host = authority(tmp_path, list(HOSTS.values()))
    running = Proxy(host)
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{running.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca))
    for name in ("https_proxy", "no_proxy", "NO_PROXY", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    yield running
    running.close()


def test_robots_behind_tls(tmp_path: Path, proxy: Proxy) -> None:
    text = "".join(f'[[channel]]\nname = "{robot}"\nurl = "{robot}://${{TOKEN}}"\n' for robot in HOSTS)
    settings = parse_settings(text, {"TOKEN": "s3cr3t"}, check)
    proxy.answers = {
        HOSTS["dingtalk"]: {"errcode": 310000, "errmsg": "sign not match"},
        HOSTS["wecombot"]: {"errcode": 0, "errmsg": "ok"},
        HOSTS["feishu"]: {"code": 0, "msg": "success"},
    }
    with record(tmp_path, settings) as store:
        started = time.monotonic()
        result = deliver(store, settings, NOW)
        assert time.monotonic() - started < 5
        assert (result.sent, result.failed) == (2, 1)
        assert "310000" in result.errors[0]
        assert "s3cr3t" not in str(store.rows("SELECT * FROM deliveries")) + str(result)
        proxy.answers[HOSTS["dingtalk"]] = {"errcode": 0, "errmsg": "ok"}
        assert deliver(store, settings, result.next_due or "").sent == 1
    paths = {host: path for host, path, _ in proxy.got}
    assert paths == {
        HOSTS["dingtalk"]: "/robot/send?access_token=s3cr3t",
        HOSTS["wecombot"]: "/cgi-bin/webhook/send?key=s3cr3t",
        HOSTS["feishu"]: "/open-apis/bot/v2/hook/s3cr3t",
    }
    assert all("248 → 284" in json.dumps(body, ensure_ascii=False) for _, _, body in proxy.got)


def test_a_stranger_s_certificate_is_refused(tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    settings = parse_settings('[[channel]]\nname = "d"\nurl = "dingtalk://s3cr3t"\n', {}, check)
    with record(tmp_path, settings) as store:
        result = deliver(store, settings, NOW)
    assert (result.sent, result.failed) == (0, 1)
    assert "certificate verify failed" in result.errors[0]
    assert proxy.got == []
