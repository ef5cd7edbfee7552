"""Redis with TLS and a password, as docs/scaling.md sets it up: broker and register believe only in the certificate that was named."""

import contextlib
import datetime
import ipaddress
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitor.workers.app import BrokerError, make_app
from monitor.workers.register import Register, RegisterError
from tests.workers.processes import until
from tests.workers.redis_server import free_port, program

PASSWORD = "s3cret-of-redis"


def write_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "redis.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "redis.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "redis.pem"


@pytest.fixture(scope="module")
def address(needs_redis: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Redis that speaks TLS only, with a place for the password."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = write_certificate(folder)
    port = free_port()
    command = [
        *("redis-server", "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(folder / "redis.key")),
        *("--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no", "--save", "", "--dir", str(folder)),
    ]
    log = folder / "redis.log"
    with log.open("wb") as file:
        process = subprocess.Popen(command, executable=program(), stdout=file, stderr=file, start_new_session=True)
    until(lambda: "Ready to accept" in log.read_text() or process.poll() is not None, why=log.read_text)
    if process.poll() is not None and "tls" in log.read_text().lower():
        pytest.skip("no Redis with TLS")
    yield f"rediss://:{{password}}@127.0.0.1:{port}/0?ssl_ca_certs={certificate}"
    process.kill()
    process.wait()


def reach(address: str) -> None:
    """Raises RegisterError or BrokerError."""
    with contextlib.closing(Register(address, timeout=5.0)) as register:
        register.ping()


def reach_broker(address: str) -> None:
    with make_app(address).connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, timeout=5)


def test_it_is_reached_with_password_and_certificate(address: str) -> None:
    known = address.format(password=PASSWORD)
    reach(known)
    reach_broker(known)


def test_a_certificate_that_nobody_vouches_for_is_refused(address: str) -> None:
    unknown = address.format(password=PASSWORD).partition("?")[0]
    with pytest.raises(RegisterError, match="CERTIFICATE_VERIFY_FAILED"):
        reach(unknown)
    with pytest.raises(BrokerError, match="CERTIFICATE_VERIFY_FAILED"):
        reach_broker(unknown)


def test_a_wrong_password_is_refused(address: str) -> None:
    wrong = address.format(password="guessed")
    with pytest.raises(RegisterError, match=r"WRONGPASS|invalid username-password"):
        reach(wrong)
    with pytest.raises(BrokerError, match=r"WRONGPASS|invalid username-password"):
        reach_broker(wrong)
