"""Addresses: one spelling of each, and which addresses are views of one page.

Pure; no network. `normalise` keeps an address usable; `twin_of` is only a key for equality.
"""

import re
from functools import lru_cache
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}

# Parameters that say nothing about what is shown: sessions, cache busters, counters of who came from where.
_IDLE = re.compile(
    r"(?i)(jsessionid|phpsessid|aspsessionid\w*|sid_?token|sessionid|_t|_ts|timestamp|rnd|rand|random|nocache|_|"
    r"utm_\w+|spm|from|isappinstalled|ddtab|wap_?type|colorfont|zxm)"
)
# Of a plain file only: `年报.pdf?v=3`, `W1.png?t=0.83`, `W1.png?1712000000`. A page may be chosen by parameters of these names.
_FILE_PATH = re.compile(r"(?i)\.(?:pdf|docx?|wps|xlsx?|et|ofd|rtf|pptx?|zip|rar|7z|jpe?g|png|gif|bmp|webp|tiff?)$")
_BUSTER = re.compile(r"(?i)(?:(?:v|ver|version|t|time|ts|r|rev|date|cb|dc|_dc|hash)=.*|[\d.]+)")
_SESSION_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid)=[^/?#;]*")
_ROUTE = re.compile(r"[!/]")
_GATE = re.compile(r"(?i)^/gate/(?:big5|gb|gb2312)/(?P<host>[^/]+)(?P<path>/.*)?$")
_HOST_PREFIX = re.compile(r"^(?:www|wap|m|big5|mobile)\.(?=[^.]+\.[^.]+)")
_PATH_SUFFIX = re.compile(r"(?i)_(?:app|wap|mobile)(?=\.s?html?$)")
_MOBILE_POST = re.compile(r"/mpost_(?=\d+\.html?$)")
_INDEX = re.compile(r"(?i)/(?:index|default)\.s?html?$")
# An address that is in its one spelling: most are, and need not be taken apart to see it.
_SPELLED = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
    r"(?::(?!80/|443/)(?:[1-9]\d{1,3}|[1-5]\d{4}))?(?:/(?![/.])[A-Za-z0-9_%:@!$&'()*+,=~.-]*)+"
)
_HOME = re.compile(r"(?i)^/?(?:index|default|home)?(?:\.(?:s?html?|jsp|php|aspx?))?$")


@lru_cache(maxsize=4096)
def normalise(url: str) -> str:
    """`url` in its one spelling: lower-case scheme and host, no default port, no session or cache parameters, no
    fragment unless it is a route (`#!/…`, `#/…`, gkmlpt's `#123`); other parameters stay in their order. Raises ValueError if
    it is no address at all (a port that is no number, an unclosed bracket)."""
    if _SPELLED.fullmatch(url):
        return url
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    elif not host.isascii():
        host = host.encode("idna").decode("ascii")
    scheme = parts.scheme.lower()
    port = parts.port
    netloc = host if port is None or port == DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    path = quote(_SESSION_PATH.sub("", _dotless(parts.path)) or "/", safe="/%:@!$&'()*+,;=~")
    routed = _ROUTE.match(parts.fragment) or (parts.fragment.isdigit() and "/gkmlpt/" in path)
    fragment = parts.fragment if routed else ""
    query = _query(parts.query)
    if query and _FILE_PATH.search(path):
        query = "&".join(part for part in query.split("&") if not _BUSTER.fullmatch(part))
    return urlunsplit((scheme, netloc, path, query, fragment))


def _dotless(path: str) -> str:
    """Dot segments resolved (RFC 3986, 5.2.4), double slashes at the start folded."""
    if "/." not in path and not path.startswith("//"):
        return path
    return urlsplit(urljoin("http://host/", "/" + path.lstrip("/"))).path


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [part for part in query.split("&") if part and not _IDLE.fullmatch(part.split("=", 1)[0])]
    return quote("&".join(kept), safe="/%:@!$&'()*+,;=~?[]{}|\"")


@lru_cache(maxsize=4096)
def twin_of(url: str) -> str:
    """A key that all views of one page share, and other pages do not: the Traditional gateway (`/gate/big5/HOST/…`,
    `big5.`), `wap.`/`m.`/`www.`/bare hosts, http and https, `_app`/`_wap` and `mpost_` twins, `index.html` and its
    folder. Not an address to fetch."""
    parts = urlsplit(normalise(url))
    host, path = parts.netloc, parts.path
    gate = _GATE.match(path)
    while gate:
        host, path = gate["host"].lower(), gate["path"] or "/"
        gate = _GATE.match(path)
    host = _HOST_PREFIX.sub("", host)
    path = _MOBILE_POST.sub("/post_", _PATH_SUFFIX.sub("", _INDEX.sub("/", path)))
    query = "&".join(part for part in parts.query.split("&") if part not in ("type=2", ""))
    return f"{host}{path}" + (f"?{query}" if query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def join(base: str, href: str) -> str:
    """`href` on a page at `base` as a normalised http(s) address, or "" if it is none (javascript:, mailto:, junk)."""
    href = href.strip()
    if not href or href.startswith("#") or href.lower().startswith(("javascript:", "mailto:", "tel:", "data:")):
        return ""
    try:
        joined = urljoin(base, href.replace("\\", "/"))
        if not joined.lower().startswith(("http://", "https://")):
            return ""
        return normalise(joined) if urlsplit(joined).hostname else ""
    except (ValueError, UnicodeError):
        return ""


@lru_cache(maxsize=1024)
def host_of(url: str) -> str:
    """Host name, lower case, without port; "" if there is none or the address is broken."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def bare(host: str) -> str:
    """A host without its `www.`: the two are one site."""
    return host.removeprefix("www.")


def is_home(url: str) -> bool:
    """Whether `url` is a site's front page: `/`, `/index.html`, `/index.jsp`…"""
    parts = urlsplit(url)
    return not parts.query and bool(_HOME.fullmatch(parts.path))
