"""Who a visitor is from one request to the next: signed cookies, tokens of feeds, and the secret that signs them.

A cookie holds a name and until when; it is bound to the user's password, so that a changed one ends it. The role is not in
it: it is looked up each time. Nothing is stored but the secret, `HOME/web.secret`; without it, everybody signs in again.
"""

import base64
import contextlib
import hashlib
import hmac
import logging
import os
import re
import secrets
import stat
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from monitor.settings_web import User
from monitor.times import to_utc

log = logging.getLogger(__name__)

COOKIE = "nianbao"
_SECRET = re.compile(r"[0-9a-f]{64}\n?")
_ENDED = 10_000
"""Sessions that were signed out and are remembered as such."""


def secret_at(path: Path) -> str:
    """The secret of an installation; made if there is none. One that others can read, or that is damaged, is replaced: whoever
    is signed in signs in again. Raises OSError if it can neither be read nor written."""
    for _ in range(3):
        with contextlib.suppress(FileNotFoundError):
            found, wrong = _read(path)
            if not wrong:
                return found
            log.warning("%s %s; it is replaced, and whoever is signed in has to do so again", path.name, wrong)
            path.unlink()
        _write(path)
    raise OSError(f"{path}: changes all the time; is another process writing it?")


def _read(path: Path) -> tuple[str, str]:
    """The secret, and what is wrong with it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        if path.is_symlink():
            return "", "is a link"
        raise error
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        text = file.read(200).decode("ascii", "replace") if stat.S_ISREG(about.st_mode) else ""
    if not _SECRET.fullmatch(text):
        return "", "is damaged"
    if about.st_mode & 0o077:
        return "", "can be read by others"
    return text.strip(), ""


def _write(path: Path) -> None:
    """Whole or not at all, and never over another process's."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


class Sessions:
    """Signs and reads what visitors bring along."""

    def __init__(self, secret: str, clock: Callable[[], str]) -> None:
        """`clock`: the present, in the record's form."""
        self._key = secret.encode()
        self._signer = URLSafeSerializer(
            secret, salt="nianbao.session", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._clock = clock
        self._ended: OrderedDict[str, None] = OrderedDict()

    def issue(self, user: User, lasting: int) -> str:
        """The cookie of somebody who has just signed in, good for that many seconds."""
        claims = {"n": user.name, "p": self._bound(user), "u": self._present() + lasting, "i": secrets.token_urlsafe(9)}
        return str(self._signer.dumps(claims))

    def user(self, cookie: str, users: Mapping[str, User]) -> User | None:
        """Whose cookie it is; None: nobody's, or not any more."""
        claims = self._claims(cookie)
        user = users.get(claims.get("n", ""))
        if user is None or claims["i"] in self._ended or claims["u"] <= self._present():
            return None
        return user if hmac.compare_digest(claims["p"], self._bound(user)) else None

    def end(self, cookie: str) -> None:
        """The cookie is good for nothing from now on, even for whoever has kept a copy; remembered as long as this runs."""
        if claims := self._claims(cookie):
            self._ended[claims["i"]] = None
            while len(self._ended) > _ENDED:
                self._ended.popitem(last=False)

    def feed_token(self, user: User) -> str:
        """What a feed reader shows instead of signing in; good until the user's password changes."""
        name = base64.urlsafe_b64encode(user.name.encode()).decode().rstrip("=")
        return f"{name}.{self._mac('feed', user)[:32]}"

    def feed_user(self, token: str, users: Mapping[str, User]) -> User | None:
        """Whose token it is."""
        name, _, right = token.partition(".")
        if len(token) > 400 or not re.fullmatch(r"[\w-]+\.[0-9a-f]{32}", token, re.ASCII):
            return None
        try:
            user = users.get(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode())
        except ValueError:
            return None
        if user is None or not hmac.compare_digest(right, self._mac("feed", user)[:32]):
            return None
        return user

    def _claims(self, cookie: str) -> dict[str, Any]:
        """What is written in a cookie of ours; nothing for any other."""
        if not cookie or len(cookie) > 1000:
            return {}
        try:
            found = self._signer.loads(cookie)
        except BadSignature:
            return {}
        forms = {"n": str, "p": str, "u": int, "i": str}
        right = isinstance(found, dict) and all(isinstance(found.get(key), form) for key, form in forms.items())
        return found if right else {}

    def _bound(self, user: User) -> str:
        return self._mac("session", user)[:32]

    def _mac(self, purpose: str, user: User) -> str:
        said = "\0".join((purpose, user.name, user.password))
        return hmac.new(self._key, said.encode(), hashlib.sha256).hexdigest()

    def _present(self) -> int:
        return int(to_utc(self._clock()).timestamp())
