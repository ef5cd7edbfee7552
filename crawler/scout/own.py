"""Addresses as an operator types them: which machine they mean, and whose it is. Pure, and without Scrapy: the monitor asks too."""

import unicodedata
from urllib.parse import urlsplit

from crawler.addresses import is_private, literal_address
from crawler.page.address import host_of, normalise
from crawler.scout.hosts import registered

_LONGEST = 200


def typed(text: str) -> str:
    """What an operator gave as an address, made one: white space gone, `https://` in front of a bare name. Raises ValueError
    (one line: what is wrong) for what is no address of a web page."""
    text = text.strip()
    scheme, found, _ = text.partition("://")
    if not found:
        scheme, text = "https", f"https://{text}"
    if scheme.lower() not in ("http", "https"):
        raise ValueError("is neither http nor https")
    try:
        url = normalise(text)
        parts = urlsplit(url)
        host = parts.hostname or ""
    except (ValueError, UnicodeError):
        raise ValueError("is no address") from None
    if "@" in text.split("://", 1)[1].split("/", 1)[0]:
        raise ValueError("holds a user or a password, which the file would show; leave it out")
    if any(unicodedata.category(char)[0] in "CZ" for char in text):
        raise ValueError("holds a blank or a control character")
    if not host or not ("." in host or ":" in host or host == "localhost" or found):
        raise ValueError("is no address")
    return url


def registrable(host: str) -> str:
    """The name that one authority registered under gov.cn: `fgw.beijing.gov.cn` → `beijing.gov.cn`. "" for any other host."""
    name = registered(host.lower().rstrip("."))
    return name if name.endswith(".gov.cn") and not name.startswith("www.") else ""


def is_own(url: str) -> bool:
    """Whether an address names a machine of one's own network by itself (`127.0.0.1`, `[::1]`, `10.1.2.3`, `localhost`,
    `intranet`): whoever types it means it. A name that looks public is not asked to resolve to one."""
    host = host_of(url)
    literal = literal_address(host)
    if literal is not None:
        return is_private(literal)
    return host.endswith(".localhost") or (bool(host) and "." not in host)


def clean(text: str, most: int = _LONGEST) -> str:
    """A text of a page for one line of a file or a terminal: no control, format, private or unassigned characters, white
    space squeezed, at most `most` characters."""
    kept = "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text[: 4 * most])
    squeezed = " ".join(kept.split())
    return squeezed if len(squeezed) <= most else f"{squeezed[: most - 1]}…"
