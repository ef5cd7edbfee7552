"""The one Chromium and its driver: started for the first page, ended when idle, old, too large or silent.

Pages hold a lease while they are open. An engine that is to be replaced gives no more of them, and ends when the last one
came back; one that is broken is killed at once, with whatever it had started. The next lease starts a new one.
"""

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

from crawler import browser, kernel
from crawler.rendered.wire import NO_BROWSER

logger = logging.getLogger(__name__)

_TOO_MUCH, _FAR_TOO_MUCH = 1.25, 1.6
"""The multiples of its memory at which its largest page is killed, if pages are what takes it, and all of it."""
_START, _END = 60.0, 10.0
"""Seconds for starting and for ending it."""
_FEATURES = (
    "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,AvoidUnnecessaryBeforeUnloadCheckSync,AvoidCorsURLLoaderRestartOnRedirect,"
    "MediaRouter,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,PaintHolding,LensOverlay,"
    "ThirdPartyStoragePartitioning,DestroyProfileOnBrowserClose,Translate,SpareRendererForSitePerProcess,WebOTP,"
    "WebTransport,InterestFeedContentSuggestions,AcceptCHFrame"
)
"""What Playwright switches off, for Chromium takes the last list only; and a renderer held in reserve: 40 MB."""
_ARGUMENTS = (
    f"--disable-features={_FEATURES}",
    "--block-new-web-contents",  # no window but the page itself
    "--deny-permission-prompts",
    "--dns-prefetch-disable",  # the gate resolves names
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # WebRTC would go round the gate
    "--disable-remote-fonts",
    "--disable-notifications",
    "--disable-speech-api",
    "--disable-3d-apis",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-file-system",
    "--js-flags=--max-old-space-size=384",  # of one page; more, and the page crashes
    "--blink-settings=imagesEnabled=false,primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,"
    "availablePointerTypes=4",
)


class Bounds(msgspec.Struct, frozen=True):
    """How much a browser may take, and for how long."""

    memory: int = 1_500_000_000
    """Bytes, of all its processes: over it, it is replaced as soon as no page is open."""
    page_memory: int = 600_000_000
    """Bytes of one page's process: over it, that page is killed."""
    pages: int = 4
    """Open at once."""
    passes: int = 100
    """After so many it is replaced."""
    idle: float = 120.0
    """Seconds without a page after which it is ended."""


class EngineError(RuntimeError):
    """There is no browser: it could not be started, or ended meanwhile."""


class Engine:
    """Chromium, if it runs. One a process: everything below this process is taken for its own."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._playwright: Any = None
        self._browser: Any = None
        self._driver = 0
        """The driver's process: asyncio waits for it. What it leaves behind falls to this process."""
        self._lock = asyncio.Lock()
        self._free = asyncio.Condition()
        self._leases = 0
        self._replace = ""
        """Why it is to be replaced."""
        self._used = time.monotonic()
        self.served = 0
        """Passes that this browser was given to."""
        self.number = 0
        """Of the browsers so far."""
        self.killed_page = 0.0
        """When a page was last killed for its memory."""

    @property
    def running(self) -> bool:
        """Whether there is a browser."""
        return self._browser is not None

    def idle_for(self) -> float:
        """Seconds since the last page was closed; 0: one is open."""
        return 0.0 if self._leases else time.monotonic() - self._used

    def replace(self, why: str) -> None:
        """Lets the pages that are open end, and gives no others until a new one is there."""
        if self.running and not self._replace:
            self._replace = why

    def grew_older(self) -> None:
        """A pass has ended."""
        if self.served >= self._bounds.passes:
            self.replace(f"it served {self.served} passes")

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[Any]:
        """The browser, for one page. Raises EngineError."""
        async with self._free:
            await self._free.wait_for(
                lambda: self._leases < self._bounds.pages and not (self._replace and self._leases)
            )
            self._leases += 1
        try:
            started = await self._started()
            async with self._free:
                self._free.notify_all()
            yield started
        finally:
            async with self._free:
                self._leases -= 1
                self._used = time.monotonic()
                self._free.notify_all()

    async def _started(self) -> Any:
        async with self._lock:
            old = bool(self._replace) and self._leases == 1
            if self._browser is not None and (old or not self._browser.is_connected()):
                logger.info("the browser is replaced: %s", self._replace or "it ended")
                await self._end()
            if self._browser is None:
                try:
                    await asyncio.wait_for(self._start(), _START)
                except Exception as error:
                    await self._kill()
                    raise EngineError(f"{NO_BROWSER}: {str(error).strip().partition(chr(10))[0]}") from error
            return self._browser

    async def _start(self) -> None:
        from playwright.async_api import async_playwright

        before = {one.pid for one in kernel.processes().get(os.getpid(), ())}
        self._playwright = await async_playwright().start()
        new = {one.pid for one in kernel.processes().get(os.getpid(), ())} - before
        self._driver = min(new, default=0)
        options: dict[str, Any] = {"headless": True, "args": [*_ARGUMENTS], "timeout": _START * 1000}
        if path := browser.executable():
            options["executable_path"] = path
        root = hasattr(os, "geteuid") and os.geteuid() == 0  # as root Chromium's sandbox refuses to start
        try:
            self._browser = await self._playwright.chromium.launch(chromium_sandbox=not root, **options)
        except Exception:
            if root:
                raise
            logger.warning("the browser's sandbox does not start on this machine: pages run without it")
            self._browser = await self._playwright.chromium.launch(chromium_sandbox=False, **options)
        self._replace, self.served = "", 0
        self.number += 1

    async def end(self) -> None:
        """Ends it, however it is."""
        async with self._lock:
            await self._end()

    async def _end(self) -> None:
        if self._browser is not None:
            with contextlib.suppress(Exception):  # it is to be gone, and `_kill` sees to that
                await asyncio.wait_for(self._browser.close(), _END)
        await self._kill()

    async def broken(self, why: str) -> None:
        """It does not answer: it is killed, and every page with it."""
        logger.warning("the browser is killed: %s", why)
        await self._kill()

    async def _kill(self) -> None:
        playwright, self._playwright, self._browser, self._replace = self._playwright, None, None, ""
        me = os.getpid()
        own = kernel.below(me, kernel.processes())
        for one in own:
            kernel.kill(one.pid, signal.SIGKILL)
        if playwright is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(playwright.stop(), _END)
        for _ in range(100):
            self._reap()
            if not any(kernel.is_there(one.pid) for one in own if one.pid != self._driver):
                return
            await asyncio.sleep(0.02)

    async def watch(self) -> None:
        """Holds it to its memory; to be called every second or so."""
        if not self.running:
            return
        self._reap()
        tree = kernel.processes()
        members = kernel.below(os.getpid(), tree)
        renderers = {one.pid for one in members if _is_page(one.pid)}
        for one in members:
            if one.pid in renderers and one.resident > self._bounds.page_memory:
                used = kernel.proportional(one.pid) or one.resident
                if used > self._bounds.page_memory:
                    self._kill_page(one.pid, used)
        if sum(one.resident for one in members) <= self._bounds.memory:
            return
        sizes = {one.pid: kernel.proportional(one.pid) or one.resident for one in members}
        used = sum(sizes.values())
        if used <= self._bounds.memory:
            return
        self.replace(f"it takes {used / 1e6:.0f} MB of memory, more than {self._bounds.memory / 1e6:.0f}")
        pages = {pid: size for pid, size in sizes.items() if pid in renderers}
        if used > _TOO_MUCH * self._bounds.memory and sum(pages.values()) > used / 2:
            largest = max(pages, key=pages.__getitem__)
            self._kill_page(largest, pages[largest])
        elif used > _FAR_TOO_MUCH * self._bounds.memory:
            await self.broken(f"{used / 1e6:.0f} MB of memory")

    def _reap(self) -> None:
        """Takes leave of what fell to this process and has ended."""
        for one in kernel.processes().get(os.getpid(), ()):
            if one.pid != self._driver:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(one.pid, os.WNOHANG)

    def _kill_page(self, pid: int, used: int) -> None:
        logger.warning("a page is killed: it takes %.0f MB of memory", used / 1e6)
        self.killed_page = time.monotonic()
        kernel.kill(pid, signal.SIGKILL)


def _is_page(pid: int) -> bool:
    try:
        return b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
