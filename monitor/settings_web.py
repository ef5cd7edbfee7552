"""`[web]`: where the staff pages listen, and who may sign in."""

import re
from ipaddress import ip_address

import msgspec

from crawler.portal import seconds

ROLES = ("reader", "editor")
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+):(\d{1,5})", re.ASCII)
_HASH = re.compile(r"scrypt\$(\d{1,7})\$(\d{1,3})\$(\d{1,3})\$[A-Za-z0-9+/=_-]+\$[A-Za-z0-9+/=_-]+", re.ASCII)
_COSTS = {2**power for power in range(14, 21)}
"""scrypt's N: below, a password is guessed too fast; above, a try takes a gigabyte."""


class User(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[[web.user]]`: somebody who may sign in."""

    name: str
    password: str = msgspec.field()
    """A hash, as `nianbao web password` prints it."""
    role: str = "reader"
    """`reader` or `editor`: may also act on what others say of events."""

    def __repr__(self) -> str:
        return f"User(name={self.name!r}, role={self.role!r})"


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[web]`."""

    listen: str = "127.0.0.1:8766"
    """Host and port of the staff pages."""
    session: str = "12h"
    """After which whoever signed in does so again."""
    certificate: str = ""
    """PEM file for https, relative to the home; empty: http, as behind a proxy that speaks https."""
    key: str = ""
    """Its key, where that is a file of its own."""
    user: tuple[User, ...] = ()

    @property
    def listens_at(self) -> tuple[str, int]:
        """Host and port."""
        found = _LISTEN.fullmatch(self.listen)
        assert found is not None  # checked
        return found[1].strip("[]"), int(found[2])

    @property
    def session_seconds(self) -> int:
        return seconds(self.session, "web.session")

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the pages."""
        return is_loopback(self.listens_at[0])

    @property
    def sign_in(self) -> bool:
        """Whether visitors have to sign in: wherever somebody can."""
        return bool(self.user)


def is_loopback(host: str) -> bool:
    """Whether a host of `listen` is this machine alone. In doubt (another name, another spelling) it is not."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _is_hash(line: str) -> bool:
    found = _HASH.fullmatch(line)
    return found is not None and int(found[1]) in _COSTS and 1 <= int(found[2]) <= 16 and 1 <= int(found[3]) <= 8


def check_web(web: Web) -> None:
    """Raises ValueError that names key and remedy."""
    found = _LISTEN.fullmatch(web.listen)
    if found is None or int(found[2]) > 65535:
        raise ValueError(f'web.listen: "{web.listen}" is no host and port; write one such as "127.0.0.1:8766"')
    if not 300 <= web.session_seconds <= 90 * 86400:
        raise ValueError(f'web.session: "{web.session}" is out of range; give 5m to 90d')
    if web.key and not web.certificate:
        raise ValueError("web.key: there is no certificate for it; write web.certificate too")
    seen: dict[str, int] = {}
    for index, user in enumerate(web.user):
        key = f"web.user[{index}]"
        if not user.name or user.name != user.name.strip() or not user.name.isprintable() or len(user.name) > 40:
            raise ValueError(f"{key}.name: is no name; write one of 1 to 40 letters or characters")
        if user.name in seen:
            raise ValueError(f'{key}.name: "{user.name}" is web.user[{seen[user.name]}]\'s too; rename one')
        seen[user.name] = index
        if not _is_hash(user.password):
            raise ValueError(f"{key}.password: is no hash; run `nianbao web password` and write what it prints")
        if user.role not in ROLES:
            raise ValueError(f'{key}.role: "{user.role}" is not one of {", ".join(ROLES)}; write one')
    if not web.on_loopback and not web.user:
        raise ValueError(
            f'web.listen: "{web.listen}" can be reached from other machines, and nobody has to sign in; add a [[web.user]], '
            'or listen on "127.0.0.1:8766"'
        )
