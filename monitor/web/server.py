"""Serves the staff pages until it is told to stop: uvicorn, one process, bounded in connections and in what they may send."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

import uvicorn

from monitor.home import Home
from monitor.search.index import Indexer
from monitor.settings import FILE, Settings, SettingsError
from monitor.web import crews, front
from monitor.web.app import make
from monitor.web.site import Site

log = logging.getLogger(__name__)

_CONNECTIONS = 200
_STOP_SECONDS = 5
_WARM_SECONDS = 600


def serve(home: Home, settings: Settings, clock: Callable[[], str], ready: Callable[[str], None]) -> None:
    """Until SIGTERM or SIGINT. `ready` hears the address once it is answered. Raises SettingsError."""
    web = settings.web
    host, port = web.listens_at
    secure = bool(web.certificate)
    try:
        listener = _listener(host, port)
    except OSError as error:
        raise SettingsError(
            f"{home.path / FILE}: web.listen: {web.listen}: {error.strerror or error}; choose another address"
        ) from error
    with listener:
        site, app = make(home, settings, clock)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=_STOP_SECONDS,
            server_header=False,
            h11_max_incomplete_event_size=32_768,
            ws="none",
            proxy_headers=True,
            forwarded_allow_ips="127.0.0.1,::1",
            ssl_certfile=str(home.path / web.certificate) if secure else None,
            ssl_keyfile=str(home.path / web.key) if secure and web.key else None,
        )
        try:
            config.load()
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"{home.path / FILE}: web.certificate: cannot be used: {error}") from error
        shown = f"[{host}]" if ":" in host else host
        ready(f"{'https' if secure else 'http'}://{shown}:{listener.getsockname()[1]}/")
        indexer = Indexer(home.path)
        indexer.start()
        try:
            asyncio.run(_serve(uvicorn.Server(config), listener, site))
        finally:
            indexer.stop()


def _listener(host: str, port: int) -> socket.socket:
    """Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    # Of TCP by name: asyncio switches Nagle's delay off only there, and each page would wait 40 ms for it.
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


async def _serve(server: uvicorn.Server, listener: socket.socket, site: Site) -> None:
    async with asyncio.TaskGroup() as tasks:
        warm = tasks.create_task(_keep_warm(site))
        try:
            await server.serve(sockets=[listener])
        finally:
            warm.cancel()


async def _keep_warm(site: Site) -> None:
    """What takes a second to ask of a large record has been asked before somebody waits for it."""
    while True:
        try:
            await crews.known(site)
            await front.warm(site)
        except Exception as error:  # whoever opens the page is told
            log.debug("the front page could not be prepared: %s", error)
        await asyncio.sleep(_WARM_SECONDS)
