"""crawler.tls: what is wrong with a certificate, by the certificate alone; handshakes are in tests/e2e/test_transport.py."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler.tls import names_of, problems

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    *names: str, common: str = "x", issuer: str = "An authority", days: tuple[int, int] = (-9, 9)
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(common))
        .issuer_name(named(issuer))
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if names:
        others = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(others), critical=False)
    return builder.sign(KEY, hashes.SHA256())


@pytest.mark.parametrize(
    ("names", "host", "good"),
    [
        (("www.yunxi.gov.cn",), "www.yunxi.gov.cn", True),
        (("www.yunxi.gov.cn",), "WWW.Yunxi.gov.cn.", True),
        (("www.yunxi.gov.cn",), "yunxi.gov.cn", False),
        (("*.yunxi.gov.cn",), "www.yunxi.gov.cn", True),
        (("*.yunxi.gov.cn",), "yunxi.gov.cn", False),
        (("*.yunxi.gov.cn",), "a.b.yunxi.gov.cn", False),
        (("*.gov.cn", "www.other.cn"), "www.other.cn", True),
        (("*.cn",), "gov.cn", False),
        (("10.0.0.7",), "10.0.0.7", True),
        (("10.0.0.7",), "10.0.0.8", False),
        (("www.yunxi.gov.cn",), "10.0.0.7", False),
    ],
)
def test_whom_it_is_for(names: tuple[str, ...], host: str, good: bool) -> None:
    said = problems(certificate(*names), host, NOW)
    assert (said == ()) is good
    assert good or said[0].startswith(f"it is for {names[0]}")


def test_without_other_names_its_common_name_counts() -> None:
    assert names_of(certificate(common="www.old.gov.cn")) == ("www.old.gov.cn",)
    assert problems(certificate(common="www.old.gov.cn"), "www.old.gov.cn", NOW) == ()


def test_everything_that_is_wrong_is_said() -> None:
    one = certificate("www.other.gov.cn", common="www.other.gov.cn", issuer="www.other.gov.cn", days=(-99, -1))
    assert problems(one, "www.yunxi.gov.cn", NOW) == (
        "it expired on 2026-11-21", "it is for www.other.gov.cn", "it is signed by itself",
    )  # fmt: skip
    assert problems(certificate("a.cn", days=(1, 9)), "a.cn", NOW) == ("it is not valid before 2026-11-23",)


def test_many_names_are_cut() -> None:
    [said] = problems(certificate(*(f"n{number}.gov.cn" for number in range(99))), "www.yunxi.gov.cn", NOW)
    assert said.endswith("n5.gov.cn, …")
