"""The staff pages: where they would listen, who could sign in, and whether passwords would travel in the clear."""

from collections.abc import Iterator

from monitor.checkup.model import Check
from monitor.home import Home
from monitor.settings import SettingsError

_WHAT = "staff pages"


def pages(home: Home, now: str) -> Iterator[Check]:
    """By the settings; whether they run is not looked at."""
    try:
        settings = home.settings()
    except SettingsError:
        return  # said by another check
    web = settings.web
    users = f"{len(web.user)} users" if len(web.user) != 1 else "1 user"
    who = f"{users} can sign in, and everybody has to" if web.sign_in else "nobody has to sign in"
    about = f"at {web.listen} ({'https' if web.certificate else 'http'}); {who}"
    for key in ("certificate", "key"):
        file = home.path / getattr(web, key)
        if getattr(web, key) and not file.is_file():
            yield Check(
                _WHAT, "error", f"web.{key}: {file}: there is no such file", "name the PEM file in nianbao.toml"
            )
            return
    if not web.on_loopback and not web.certificate:
        remedy = "set web.certificate, or listen on 127.0.0.1 behind a proxy that speaks https"
        yield Check(_WHAT, "warning", f"{about}: passwords and pages cross the network in the clear", remedy)
    elif web.sign_in and not settings.service.web_url:
        yield Check(_WHAT, "warning", f"{about}; messages do not link to them", "set service.web_url in nianbao.toml")
    else:
        yield Check(_WHAT, "ok", about)
