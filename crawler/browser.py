"""Pages that only a browser can read (`render = true`): whether there is a browser, and how a pass comes to use it.

Nothing of the browser is imported here: what needs none pays nothing for it.
"""

import importlib.util
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crawler.rendered.wire import Visitor

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings


def executable() -> str:
    """The browser's path: a system Chromium; "" for playwright's own."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    return next((path for path in found if path), "")


def available() -> bool:
    """Whether the `browser` extra and a Chromium, the system's or playwright's own, are installed."""
    if importlib.util.find_spec("playwright") is None:
        return False
    if executable():
        return True
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(own.glob("chromium*"))


def configure(settings: "BaseSettings", visitor: Visitor) -> None:
    """Lets the browser answer a spider's requests that ask for it; all others go where they went before. `visitor` decides
    what the browser may connect to."""
    handlers = settings.getwithbase("DOWNLOAD_HANDLERS")
    settings.set("RENDERED_OTHERWISE", handlers["https"], priority="spider")
    settings.set("RENDERED_FOR", msgspec.to_builtins(visitor), priority="spider")
    handler = "crawler.rendered.handler.RenderingHandler"
    settings.set("DOWNLOAD_HANDLERS", {"http": handler, "https": handler}, priority="spider")


def rendered() -> dict[str, Any]:
    """The meta of a request that the browser answers."""
    return {"render": True}
