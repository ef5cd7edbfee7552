"""Homes in which people sign in, for tests of the door."""

from pathlib import Path

import httpx

from monitor.home import Home
from monitor.web.passwords import _derived, _text
from tests.web.conftest import Pages

EDITOR, READER = "王芳", "李明"
PASSWORDS = {EDITOR: "编辑的密码 1", READER: "读者的密码 2"}


def line(password: str) -> str:
    """A hash that is cheap to check."""
    salt = b"nianbao-test-sal"
    return f"scrypt$16384$8$1${_text(salt)}${_text(_derived(password, salt, 16384, 8, 1))}"


def user(name: str, role: str, password: str | None = None) -> str:
    return f'[[web.user]]\nname = "{name}"\npassword = "{line(password or PASSWORDS[name])}"\nrole = "{role}"\n'


BOTH = user(EDITOR, "editor") + user(READER, "reader")


def write(home: Home, text: str) -> None:
    """Puts users into the settings of a home, in the place of what was there, as editors do: by a new file."""
    temporary = home.path / "nianbao.toml.new"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(home.path / "nianbao.toml")


def guarded(home: Home, text: str = BOTH) -> Pages:
    write(home, text)
    return Pages(home, home.settings())


def sign_in(
    pages: Pages, name: str, password: str | None = None, base: str = "http://127.0.0.1:8766", **more: str
) -> httpx.Response:
    """By the form, as a browser does."""
    pages("/-/login", base=base)
    fields = {"name": name, "password": PASSWORDS.get(name, "") if password is None else password, **more}
    return pages.post("/-/login", fields, base=base)


def raw_home(path: Path) -> Home:
    """A home without a record."""
    home = Home(path)
    home.create()
    return home
