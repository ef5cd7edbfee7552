"""No secret is ever logged, stored or shown: `redact` goes over every text that may hold an address with credentials.

In: any text (an error of a library, an address of a channel) and secrets that are known word for word. Out: the same
text with `***` in their place. It would rather hide too much: of an address whose scheme is not one that names a host
(`dingtalk://TOKEN`, `slack://A/B/C`), all that follows the scheme is a token. Pure.
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "***"

_ADDRESS = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s\"'<>，。；）]+)")
_HOSTED = frozenset({
    "http", "https", "mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls", "socks5",
    "redis", "rediss", "amqp", "amqps", "s3", "file",
})  # fmt: skip
_WORDS = (
    r"access_?token|api_?key|app_?key|auth|authorization|key|pass|passwd|password|pwd|secret|sign|signature|token|"
    r"webhook|user_?key|credential"
)
_PAIR = re.compile(rf"(?i)(?<![A-Za-z])((?:[a-z]+[_-])?(?:{_WORDS}))(\"?\s*[=:]\s*\"?)([^\s&\"'<>,;，。；）]+)")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}")
_HOOK = re.compile(r"(/(?:hook|hooks|services|webhooks?|bot)/)[^\s?\"'<>)]+", re.IGNORECASE)
_SHORTEST = 3  # a "secret" of one or two characters would blank half of every text


def _address(match: re.Match[str]) -> str:
    scheme, rest = match[1], match[2]
    if scheme.lower() not in _HOSTED:
        return f"{scheme}://{MASK}"
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        rest = MASK + rest[len(authority) - len(authority.rpartition("@")[2]) - 1 :]
    return f"{scheme}://{rest}"


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without credentials: user and password of an address, tokens, keys, signatures, and each of `secrets`,
    as it stands or percent-encoded."""
    forms = {
        form
        for secret in secrets
        if len(secret) >= _SHORTEST
        for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret))
    }
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    text = _ADDRESS.sub(_address, text)
    text = _HOOK.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    return _PAIR.sub(rf"\1\2{MASK}", text)


def secrets_of(url: str) -> frozenset[str]:
    """What in a channel's address must not be seen: password, user, path and query of a token address, values of
    query keys that name a secret. Host names, ports and recipients are no secrets."""
    scheme, _, rest = url.partition("://")
    authority, _, tail = rest.partition("/")
    authority = authority.partition("?")[0]
    found: set[str] = set()
    user_info = authority.rpartition("@")[0]
    if user_info:
        user, _, password = user_info.partition(":")
        # A mail user is an address that people know; a lone user of another scheme is a secret or a token.
        found |= {password} if password else {user} if not scheme.lower().startswith("mail") else set()
    if scheme.lower() not in _HOSTED:
        found.add(authority.rpartition("@")[2])
        found |= set(tail.partition("?")[0].split("/"))
    try:
        query = urlsplit(url).query
    except ValueError:
        query = rest.partition("?")[2]
    for name, value in parse_qsl(query):
        if re.fullmatch(rf"(?i)\W*(?:[a-z]+[_-])?(?:{_WORDS})", name):
            found.add(value)
    found |= {match[0].rpartition("/")[2] for match in _HOOK.finditer(url)}
    return frozenset(form for secret in found for form in (secret, unquote(secret)) if len(form) >= _SHORTEST)
