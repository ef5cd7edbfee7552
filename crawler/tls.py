"""What a host's TLS is like: its protocol, and whether its certificate is valid, for this name, and trusted.

Portals are read whatever their certificates say: many stand with a chain that lacks its middle, or for another name, and a
public page that is told with a finding is worth more than one that is not read. `problems` says what is wrong with a
certificate at hand (pure); `examine` asks a host for it, without HTTP, for `portals check`.
"""

import contextlib
import ipaddress
import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from crawler.addresses import is_private, literal_address

OLD_CIPHERS = "DEFAULT:@SECLEVEL=0"
"""What an old server may speak: SHA-1, 1024 bits, CBC."""
LEGACY_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT: a server without RFC 5746."""
_NAMES = 6


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a handshake showed. Times are UTC, `YYYY-MM-DDTHH:MM:SSZ`."""

    host: str
    port: int
    error: str = ""
    """Why no handshake came about; the fields below are then empty."""
    protocol: str = ""
    """`TLSv1.3`, `TLSv1`, …"""
    cipher: str = ""
    old: bool = False
    """Only with what `[policy] old_tls` allows."""
    trusted: bool = False
    """Its chain leads to an authority that this machine knows, it is valid, and for this name."""
    distrust: str = ""
    """Why not, in OpenSSL's words."""
    problems: tuple[str, ...] = ()
    """What is wrong with the certificate itself, as `problems` has it."""
    names: tuple[str, ...] = ()
    """Names that it is for, a few of them."""
    issuer: str = ""
    not_before: str = ""
    not_after: str = ""


def problems(certificate: x509.Certificate, host: str, now: datetime) -> tuple[str, ...]:
    """What is wrong with a certificate for `host`, one English phrase each. The chain is not looked at."""
    said = []
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > ends:
        said.append(f"it expired on {ends:%Y-%m-%d}")
    elif now < begins:
        said.append(f"it is not valid before {begins:%Y-%m-%d}")
    names = names_of(certificate)
    if not any(_is_for(name, host) for name in names):
        said.append(f"it is for {', '.join(names[:_NAMES]) or 'nobody'}{', …' if len(names) > _NAMES else ''}")
    if certificate.issuer == certificate.subject:
        said.append("it is signed by itself")
    return tuple(said)


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names and addresses that a certificate is for: its alternative names, else its common names."""
    with contextlib.suppress(x509.ExtensionNotFound, ValueError):
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
        assert isinstance(found, x509.SubjectAlternativeName)
        return (
            *found.get_values_for_type(x509.DNSName),
            *(str(address) for address in found.get_values_for_type(x509.IPAddress)),
        )
    return tuple(str(name.value) for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _is_for(name: str, host: str) -> bool:
    """RFC 6125: a wildcard stands for the whole first label and nothing else."""
    name, host = name.lower().rstrip("."), host.strip("[]").lower().rstrip(".")
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(host)
    except ValueError:
        pass
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and "." in name[2:]
    return name == host


def examine(host: str, port: int = 443, *, timeout: float = 10.0, allow_private: bool = False) -> Facts:
    """Shakes hands with a host: as the crawler does by default, else as `old_tls` does. Blocks; `timeout` is for each of at
    most three tries. Never raises for what the host does. Private addresses are refused unless `allow_private`."""
    try:
        address = _resolve(host, port, allow_private)
    except OSError as error:
        return Facts(host, port, error=str(error.strerror or error))
    trusted, distrust, why = False, "", ""
    try:
        with _shake(host, address, timeout, ssl.create_default_context()) as line:
            trusted = True
            line.unwrap()
    except ssl.SSLCertVerificationError as bad:
        distrust = bad.verify_message
    except (OSError, ValueError):
        pass  # told by the next try
    for old in (False, True):
        try:
            with _shake(host, address, timeout, _context(old)) as line:
                return _told(host, port, line, old, trusted, distrust)
        except (OSError, ValueError) as failed:
            why = why or _in_words(failed)
    return Facts(host, port, error=why)


def _told(host: str, port: int, line: ssl.SSLSocket, old: bool, trusted: bool, distrust: str) -> Facts:
    cipher = line.cipher()
    facts = Facts(
        host, port, protocol=line.version() or "", cipher=cipher[0] if cipher else "", old=old, trusted=trusted
    )
    der = line.getpeercert(binary_form=True)
    if not der:
        return msgspec.structs.replace(facts, problems=("it shows none",), distrust=distrust)
    try:
        certificate = x509.load_der_x509_certificate(der)
        return msgspec.structs.replace(
            facts,
            distrust=distrust,
            problems=problems(certificate, host, datetime.now(UTC)),
            names=names_of(certificate)[:_NAMES],
            issuer=certificate.issuer.rfc4514_string()[:200],
            not_before=f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
            not_after=f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
        )
    except ValueError as error:
        return msgspec.structs.replace(facts, problems=(f"it cannot be read: {error}"[:200],), distrust=distrust)


def _resolve(host: str, port: int, allow_private: bool) -> tuple[str, int]:
    """The first address that may be asked. Raises OSError."""
    for *_, found in socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM):
        literal = literal_address(str(found[0]))
        if allow_private or (literal is not None and not is_private(literal)):
            return str(found[0]), port
    raise PermissionError(f"{host} has private addresses only")


@contextlib.contextmanager
def _shake(host: str, address: tuple[str, int], timeout: float, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with (
        socket.create_connection(address, timeout) as plain,
        context.wrap_socket(plain, server_hostname=host.strip("[]")) as line,
    ):
        yield line


def _context(old: bool) -> ssl.SSLContext:
    """The crawler's, certificates not verified."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if old:
        context.options |= LEGACY_CONNECT
        context.set_ciphers(OLD_CIPHERS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # that is what it is for
            context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def _in_words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "time-out"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return str(getattr(error, "strerror", "") or error)
