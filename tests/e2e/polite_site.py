"""Servers on loopback that write down when they are asked for what: plain, over TLS of any age, over IPv6, behind a proxy."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Self

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from crawler.observation import Job, KnownPage, KnownReport, Limits
from crawler.page.reader import REVISION
from crawler.portal import Policy, Portal
from crawler.run_folder import write_known
from tests.e2e.test_engine import Result, column, report, row

SECTION = "/xxgk/nb/"
YEARS = (2020, 2021, 2022, 2023)
Answer = tuple[int, Mapping[str, str], str]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up, or speaks another TLS, is none of our business."""


class _Server6(_Server):
    address_family = socket.AF_INET6


class Site:
    """One host: a section with a report for each year. `answers` overrides a path: given the how-manieth request it is."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.asked: list[tuple[float, str, dict[str, str]]] = []
        self.answers: dict[str, Callable[[int], Answer | None]] = {}
        self.robots = ""
        self._count = threading.Lock()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version: ClassVar[str] = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            def log_message(self, *_: Any) -> None:
                """Not a word."""

        server = _Server6 if ":" in host else _Server
        self.server = server((host, 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port = self.server.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.base = f"{'https' if context else 'http'}://{shown}:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path.partition("?")[0]
        with self._count:
            self.asked.append((time.monotonic(), path, dict(handler.headers)))
            times = sum(one[1] == path for one in self.asked)
        override = self.answers.get(path)
        status, headers, body = (override(times) if override else None) or self.page(path)
        data = body.encode()
        handler.send_response(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(data)),
            **headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)

    def page(self, path: str) -> Answer:
        if path == "/robots.txt":
            return (200, {"Content-Type": "text/plain"}, self.robots) if self.robots else (404, {}, "404 Not Found")
        if path == SECTION:
            return 200, {}, column("".join(row(f"{SECTION}{year}.html", year) for year in YEARS))
        if path.startswith(SECTION) and (year := path.removeprefix(SECTION).removesuffix(".html")).isdigit():
            return 200, {}, report(int(year))
        return 404, {}, "<title>404</title>404 Not Found"

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]

    @property
    def gaps(self) -> list[float]:
        return [later[0] - sooner[0] for sooner, later in pairwise(sorted(self.asked, key=lambda one: one[0]))]


def order(root: Path, name: str, base: str, policy: Mapping[str, Any], **more: Any) -> Path:
    """A run folder for a portal whose section lies at `base`. `known`: years whose pages are known already."""
    limits = more.pop("limits", {})
    contact = more.pop("contact", "")
    known = more.pop("known", ())
    portal = Portal(name, name, "generic", (base + SECTION,), organ="甲县人民政府", **more)
    allowed = Policy(**{"delay": 0.0, "allow_private": True, "obey_robots": False, **policy})
    job = Job(
        portal,
        allowed,
        7,
        "full",
        portal.rules(REVISION),
        "2026-11-22T00:00:00Z",
        "nianbao/0.1 (annual report monitor; desk@example.cn)",
        Limits(**{"timeout": 5.0, **limits}),
        contact=contact,
    )
    folder = root / name
    folder.mkdir()
    (folder / "job.json").write_bytes(msgspec.json.encode(job))
    write_known(
        folder,
        [
            KnownPage(url=f"{base}{SECTION}{year}.html", role="primary", reports=(KnownReport(number, "x"),))
            for number, year in enumerate(known, 1)
        ],
    )
    return folder


def start(folder: Path, **environ: str) -> "subprocess.Popen[str]":
    """A crawl process of its own."""
    command = [sys.executable, "-m", "crawler", str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env={**os.environ, **environ})


def run(folder: Path, **environ: str) -> Result:
    """The same, to its end."""
    return ended(folder, start(folder, **environ))


def ended(folder: Path, process: "subprocess.Popen[str]") -> Result:
    said = process.communicate(timeout=90)[1]
    assert process.returncode == 0, said
    assert "Traceback" not in said, said
    return Result(folder)


def certificate(folder: Path, name: str, *, days: tuple[int, int] = (-1, 1)) -> Path:
    """A certificate signed by itself, for `name`, valid from so many days to so many days from now; with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    try:
        other: x509.GeneralName = x509.IPAddress(ip_address(name))
    except ValueError:
        other = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    file = folder / f"{name.replace(':', '_')}.pem"
    file.write_bytes(private + made.public_bytes(pem))
    return file


def tls(file: Path, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server's TLS; only `version`, whatever its age."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version is not None:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
    context.load_cert_chain(file)
    return context


class Proxy:
    """An HTTP proxy that also tunnels; `status`: what it answers instead."""

    def __init__(self, status: int = 0) -> None:
        self.heads: list[str] = []
        self.status = status
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with client:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                if not (byte := client.recv(1)):
                    return
                head += byte
            self.heads.append(head.decode())
            method, target = head.decode().split()[:2]
            if self.status:
                client.sendall(f"HTTP/1.1 {self.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                return
            if method == "CONNECT":
                host, _, port = target.rpartition(":")
                origin = socket.create_connection((host, int(port)))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                host, _, rest = target.removeprefix("http://").partition("/")
                origin = socket.create_connection((host.rpartition(":")[0], int(host.rpartition(":")[2])))
                asked = head.replace(f"http://{host}/{rest}".encode(), f"/{rest}".encode(), 1)
                origin.sendall(asked.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            with origin:
                back = threading.Thread(target=_pump, args=(origin, client), daemon=True)
                back.start()
                _pump(client, origin)
                back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
