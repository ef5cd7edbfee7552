"""What every answer carries to keep its reader's browser safe. Pure.

In: an ASGI `http.response.start` as a handler made it. Out: the same with the headers that it must have. A handler's own
Content-Security-Policy and Cross-Origin-Resource-Policy stay (a captured page is shown under a narrower one).
"""

from collections.abc import Iterable
from typing import Any

import msgspec

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS = ", ".join(
    f"{name}=()"
    for name in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope",
        "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture",
        "publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
    )
)  # fmt: skip
_YEAR = 365 * 86400
_OURS = frozenset(
    {
        b"x-content-type-options", b"referrer-policy", b"cross-origin-opener-policy", b"permissions-policy",
        b"x-frame-options", b"strict-transport-security", b"server",
    }
)  # fmt: skip
"""Set here, whatever a handler says."""

Header = tuple[bytes, bytes]


class Circumstances(msgspec.Struct, frozen=True):
    """What of the request decides what its answer carries."""

    secure: bool
    """It came by https."""
    static: bool
    """A sheet, script or picture of the pages themselves, the same for everybody."""
    versioned: bool
    """Its address names its content (`?v=`)."""


def dressed(message: dict[str, Any], about: Circumstances) -> dict[str, Any]:
    """The `http.response.start` as it goes out."""
    given = [(bytes(name).lower(), bytes(value)) for name, value in message.get("headers") or ()]
    kept = [(name, _cookie(value, about.secure) if name == b"set-cookie" else value) for name, value in given]
    kept = [(name, value) for name, value in kept if name not in _OURS]
    policy = next((value for name, value in kept if name == b"content-security-policy"), b"")
    if not policy:
        policy = CSP.encode()
        kept.append((b"content-security-policy", policy))
    if not any(name == b"cross-origin-resource-policy" for name, _ in kept):
        kept.append((b"cross-origin-resource-policy", b"same-origin"))
    kept += [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"permissions-policy", PERMISSIONS.encode()),
        (b"x-frame-options", b"SAMEORIGIN" if _framed_by_itself(policy) else b"DENY"),
    ]
    if about.secure:
        kept.append((b"strict-transport-security", b"max-age=%d" % _YEAR))
    return {**message, "headers": [*_cached(kept, message["status"], about)]}


def _framed_by_itself(policy: bytes) -> bool:
    found = next((part for part in policy.split(b";") if part.strip().startswith(b"frame-ancestors")), b"")
    return b"'self'" in found


def _cached(headers: Iterable[Header], status: int, about: Circumstances) -> Iterable[Header]:
    """How long it may be kept: what is the same for everybody, as long as its address says; anything else by nobody."""
    yield from ((name, value) for name, value in headers if name != b"cache-control")
    if about.static and status == 200:
        yield b"cache-control", b"public, max-age=%d, immutable" % _YEAR if about.versioned else b"no-cache"
    else:
        yield b"cache-control", b"private, no-store"


def _cookie(line: bytes, secure: bool) -> bytes:
    """A Set-Cookie that no script reads and that goes by https only, where that is spoken."""
    lower = line.lower()
    if b"httponly" not in lower:
        line += b"; HttpOnly"
    if secure and b"; secure" not in lower:
        line += b"; Secure"
    return line
