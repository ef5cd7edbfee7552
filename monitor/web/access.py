"""Who may see the pages, and what every answer carries to keep their browsers safe."""

import secrets
from collections.abc import Callable
from typing import Any

from monitor.home import Home
from monitor.settings import Settings
from monitor.web.site import LOCAL, Route, Site

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Access:
    """The door. Interface: `required`, `routes` (sign-in's own pages), `guard(app)` (ASGI), `secret`, `attach(site)`."""

    def __init__(self, home: Home, settings: Settings, clock: Callable[[], str]) -> None:
        self.secret = secrets.token_hex(32)
        self.required = False
        self.routes: list[Route] = []

    def attach(self, site: Site) -> None:
        self._site = site

    def guard(self, app: Any) -> Any:
        async def guarded(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return

            async def safely(message: Any) -> None:
                if message["type"] == "http.response.start":
                    headers = message.get("headers", [])
                    have = {bytes(key).lower() for key, _ in headers}
                    if b"content-security-policy" not in have:
                        headers = [*headers, (b"content-security-policy", CSP.encode())]
                    headers = [*headers, (b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
                    message = {**message, "headers": headers}
                await send(message)

            await app({**scope, "nianbao.actor": LOCAL, "actor": {"id": LOCAL.name}}, receive, safely)

        return guarded
