"""Passwords as nianbao.toml holds them: `scrypt$N$r$p$salt$hash`, salt and hash in base64. Pure but for the salt."""

import base64
import hashlib
import hmac
import secrets
import unicodedata

_N, _R, _P = 2**15, 8, 1
"""32 MB and about 0.1 s a try."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """A new hash of a password."""
    salt = salt or secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${_text(salt)}${_text(_derived(password, salt, _N, _R, _P))}"


def matches(password: str, line: str) -> bool:
    """Whether it is the password that was hashed. False too for a line that is no hash of ours."""
    try:
        name, n, r, p, salt, right = line.split("$")
        derived = _derived(password, base64.b64decode(salt), int(n), int(r), int(p))
        return name == "scrypt" and hmac.compare_digest(derived, base64.b64decode(right))
    except ValueError:
        return False


def decoy(line: str) -> str:
    """A hash that no password has and that takes as long to check as `line`."""
    parts = line.split("$")
    costs = parts[1:4] if len(parts) == 6 else [str(_N), str(_R), str(_P)]
    return "$".join(("scrypt", *costs, _text(bytes(16)), _text(bytes(32))))


def _derived(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # Composed: what one keyboard writes as é, another writes as e and an accent.
    secret = unicodedata.normalize("NFC", password).encode()
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=32)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
