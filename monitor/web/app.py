"""The staff pages as one ASGI application: Datasette with our plugin, our templates, and what it may do set tight."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# What else is installed on the machine is not part of these pages: no plugin but ours is loaded.
os.environ["DATASETTE_LOAD_PLUGINS"] = ""

from datasette.app import Datasette
from datasette.plugins import pm

from monitor.home import Home
from monitor.settings import Settings
from monitor.web import plugin
from monitor.web.access import Access
from monitor.web.record import NAME, Record
from monitor.web.site import Site

HERE = Path(__file__).parent
SQL_MS, SQL_ROWS = 2000, 1000
"""What a question in SQL may take, and give at once."""
_SETTINGS = {
    "sql_time_limit_ms": SQL_MS,
    "max_returned_rows": SQL_ROWS,
    "default_page_size": 100,
    "facet_time_limit_ms": 200,
    "num_sql_threads": 4,
    "allow_download": False,
    "allow_facet": True,
    "suggest_facets": False,
    "max_csv_mb": 50,
    "template_debug": False,
    "trace_debug": False,
}

_LEFT_OUT = (
    "datasette.handle_exception",  # runs beside any other, and prints each frame's values to standard error
    "datasette.actor_auth_cookie",  # a second way to sign in
    "datasette.default_menu_links",
    "datasette.default_magic_parameters",  # would let queries read headers and cookies
)
"""Plugins that Datasette brings along."""


def make(home: Home, settings: Settings, clock: Callable[[], str]) -> tuple[Site, Any]:
    """The pages of one home, and the ASGI application that serves them. Raises OSError if the home cannot be written."""
    if not pm.is_registered(plugin):
        pm.register(plugin)
        for name in _LEFT_OUT:
            pm.unregister(name=name)
    base = urlsplit(settings.service.web_url).path.strip("/")
    access = Access(home, settings, clock)
    datasette = Datasette(
        files=[],
        memory=False,
        template_dir=str(HERE / "templates"),
        static_mounts=[("static", str(HERE / "static"))],
        settings={**_SETTINGS, "base_url": f"/{base}/" if base else "/"},
        secret=access.secret,
        metadata={"title": "年报"},
    )
    datasette.remove_database("_memory")
    datasette.add_database(Record(datasette, home.database), name=NAME)
    site = Site(home, settings, clock, datasette, access)
    access.attach(site)
    plugin.serve(site)
    return site, datasette.app()
