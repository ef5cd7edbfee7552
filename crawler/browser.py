"""Sections that only a browser can read (`render = true`), through scrapy-playwright.

The browser and its driver start only for a portal that asks for them. It fetches nothing off the portal's hosts, keeps
no page open, and clicks 加载更多 or 下一页 until nothing new comes; the rows of all pages stand in the one document that
comes back.
"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scrapy.settings import BaseSettings

from crawler.guard import Guard, is_private, literal_address
from crawler.page.address import host_of

_CLICKS = 60
_SETTLE_MS = 4000
"""How long a click may take to change the list."""

# Collects each row once; tells how many links there are and whether there is something to click.
_COLLECT = """() => {
  const kept = (window.__nianbao ||= new Map());
  for (const a of document.querySelectorAll('a[href]')) {
    const row = a.closest('li, tr, dd') || a;
    if (!kept.has(a.href)) kept.set(a.href, row.outerHTML);
  }
  return kept.size;
}"""
_CLICK = """() => {
  const words = /^(点击)?(加载更多|查看更多|显示更多|下一页|下页|后一页)[>»›]?$/;
  for (const e of document.querySelectorAll('a, button, span, div, li')) {
    const text = e.textContent.replace(/\\s/g, '');
    if (!words.test(text) || e.querySelector('a, button')) continue;
    if (e.disabled || /dis|none/.test(e.className) || e.closest('[disabled], .disabled')) continue;
    if (!e.getClientRects().length) continue;
    const href = e.getAttribute('href') || '';
    if (href && !/^(#|javascript:)/i.test(href)) continue;
    e.click();
    return true;
  }
  return false;
}"""
_SHOW_ALL = """() => {
  const kept = window.__nianbao || new Map();
  const shown = new Set([...document.querySelectorAll('a[href]')].map(a => a.href));
  const words = /^(点击)?(加载更多|查看更多|显示更多|下一页|下页|后一页)[>»›]?$/;
  for (const e of [...document.querySelectorAll('a, button, span, div, li')]) {
    const href = e.getAttribute('href') || '';
    if (words.test(e.textContent.replace(/\\s/g, '')) && (!href || /^(#|javascript:)/i.test(href))) {
      const pager = e.parentElement;
      if (pager && pager !== document.body && !pager.querySelector('li a[title]')) pager.remove(); else e.remove();
    }
  }
  const list = document.createElement('ul');
  list.id = 'all-pages';
  for (const [href, row] of kept) if (!shown.has(href)) list.insertAdjacentHTML('beforeend', row);
  document.body.appendChild(list);
}"""


def executable() -> str:
    """The browser's path: a system Chromium; "" for playwright's own."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"))
    return next((path for path in found if path), "")


def available() -> bool:
    """Whether the `browser` extra and a Chromium, the system's or playwright's own, are installed."""
    if importlib.util.find_spec("scrapy_playwright") is None:
        return False
    if executable():
        return True
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(own.glob("chromium*"))


def configure(settings: BaseSettings, guard: Guard, allow_private: bool, timeout: float) -> None:
    """Sets a spider's download handlers and browser. Raises ImportError without the `browser` extra."""
    import scrapy_playwright.handler  # noqa: F401 (say so now, not at the first request)

    handler = "scrapy_playwright.handler.ScrapyPlaywrightDownloadHandler"
    launch: dict[str, Any] = {
        "headless": True,
        "args": ["--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"],
        "timeout": 60_000,
    }
    if executable():
        launch["executable_path"] = executable()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        launch["args"].append("--no-sandbox")  # Chromium's sandbox refuses to start as root
    for name, value in (
        ("DOWNLOAD_HANDLERS", {"http": handler, "https": handler}),
        ("PLAYWRIGHT_LAUNCH_OPTIONS", launch),
        ("PLAYWRIGHT_MAX_PAGES_PER_CONTEXT", 2),  # each page costs up to 150 MB
        ("PLAYWRIGHT_DEFAULT_NAVIGATION_TIMEOUT", timeout * 1000),
        ("PLAYWRIGHT_ABORT_REQUEST", _aborts(guard, allow_private)),
    ):
        settings.set(name, value, priority="spider")


def _aborts(guard: Guard, allow_private: bool) -> Callable[[Any], Any]:
    """What the browser may not fetch. It resolves names itself, so they are resolved here too, just before."""

    async def aborts(request: Any) -> bool:
        if request.resource_type in ("image", "media", "font") or guard.refusal(request.url) is not None:
            return True
        if allow_private:
            return False
        try:
            infos = await asyncio.get_running_loop().getaddrinfo(host_of(request.url), None, type=socket.SOCK_STREAM)
        except OSError:
            return True
        addresses = [literal_address(str(info[4][0])) for info in infos]
        return any(address is None or is_private(address) for address in addresses)

    return aborts


def rendered() -> dict[str, Any]:
    """The meta of a request that the browser answers."""
    from scrapy_playwright.page import PageMethod

    return {"playwright": True, "playwright_page_methods": [PageMethod(_expand)]}


async def _expand(page: Any) -> None:
    """Waits for the list, clicks on until nothing new comes, and leaves all rows in the document."""
    from playwright.async_api import Error

    with contextlib.suppress(Error):  # a page that polls is never idle; what it shows by now is what it shows
        await page.wait_for_load_state("networkidle", timeout=10_000)
    seen = await page.evaluate(_COLLECT)
    for _ in range(_CLICKS):
        if not await page.evaluate(_CLICK):
            break
        for _ in range(_SETTLE_MS // 100):
            await page.wait_for_timeout(100)
            now = await page.evaluate(_COLLECT)
            if now != seen:
                break
        if now == seen:
            break
        seen = now
    await page.evaluate(_SHOW_ALL)
