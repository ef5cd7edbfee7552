"""What pages can do to the browser that all portals share: each ends in time, with a reason, and the others go on."""

import asyncio
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler import browser, kernel
from crawler.portal import Policy, Portal
from crawler.rendered.client import Browser
from crawler.rendered.wire import NotShown, Shown, Visitor
from monitor.demo.server import Listener, Web
from tests.e2e.pages_that_misbehave import Hosted, hosted, serve, visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not browser.available(), reason="no Chromium, or the browser extra is not installed"),
]

QUICK = "page.CLICKING, page._SETTLE, page._ANSWER = 4.0, 3.0, 6.0"


@pytest.fixture
def sites() -> Iterator[tuple[Listener, Listener]]:
    """A portal, and a host that it may not lead to."""
    with Web() as web:
        elsewhere = web.listen(serve(""), "127.0.0.99")
        yield web.listen(serve(elsewhere.url), "127.0.0.10"), elsewhere


async def show(guest: Browser, url: str, seconds: float = 3.0) -> Shown | str:
    """What it shows, or why not."""
    try:
        return await guest.show(url, {"User-Agent": "nianbao-test"}, seconds, 20_000_000)
    except NotShown as error:
        return error.marker


def reports(shown: Shown | str) -> int:
    """How many reports its list names."""
    assert isinstance(shown, Shown), shown
    return len(set(re.findall(r'href="[^"]*/nb/\d{4}\.html"', shown.body.decode())))


async def good(host: Hosted, base: str) -> None:
    """Another portal is read as if nothing was: at the second try, as in a pass, if need be."""
    guest = host.guest(visitor(base))
    shown = await show(guest, f"{base}/good/", 10.0)
    if isinstance(shown, str):
        shown = await show(guest, f"{base}/good/", 10.0)
    assert reports(shown) == 2
    await guest.close()


BAD = {
    "/alerts/": ("time-out", 20),
    "/loop/": ("time-out", 20),
    "/late-loop/": ("the page hangs", 20),
    "/moves/": ("redirect loop", 20),
    "/bomb/": ("too large when shown|too much memory|time-out", 30),
    "/heap/": ("the page crashed|too much memory|time-out", 30),
    "/file/": ("a download", 10),
}


def test_what_cannot_be_read_ends_in_time_and_the_others_go_on(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted("page_memory=400_000_000", QUICK) as host:
            for path, (why, within) in BAD.items():
                began = time.monotonic()
                bad, _ = await asyncio.gather(show(host.guest(visitor(base)), f"{base}{path}"), good(host, base))
                assert bad in why.split("|"), path
                assert time.monotonic() - began < within, path
            assert len(host.below("playwright/driver")) == 1  # none of them took the browser along

    asyncio.run(run())


@pytest.mark.long
def test_memory_that_no_script_engine_counts(sites: tuple[Listener, Listener]) -> None:
    """Buffers and text lie outside of the engine's own heap: the page's process is killed for them, and nobody else's."""
    base = sites[0].url

    async def run() -> None:
        async with hosted("page_memory=400_000_000", QUICK) as host:
            for path in ("/buffers/", "/text/"):
                bad, _ = await asyncio.gather(show(host.guest(visitor(base)), f"{base}{path}", 20.0), good(host, base))
                assert bad in ("too much memory", "too large when shown", "the page crashed"), path
            assert len(host.below("playwright/driver")) == 1

    asyncio.run(run())


@pytest.mark.long
def test_what_goes_on_for_ever_is_cut(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted("", QUICK) as host:
            guest = host.guest(visitor(base))
            endless = await show(guest, f"{base}/endless/")
            assert isinstance(endless, Shown), endless
            assert endless.cut.startswith("it goes on")
            whole = await show(guest, f"{base}/more/")
            assert isinstance(whole, Shown), whole
            assert (whole.cut, whole.clicks, whole.trouble) == ("", 2, "")
            assert reports(whole) == 5
            half = await show(guest, f"{base}/half/")
            assert isinstance(half, Shown), half
            assert half.cut.startswith("page 2: GET")
            assert half.cut.endswith("status 500")
            nothing = await show(guest, f"{base}/nothing/")
            assert isinstance(nothing, Shown), nothing
            assert nothing.trouble.endswith("/fails: status 500")

    asyncio.run(run())


@pytest.mark.long
def test_windows_files_and_storms_change_nothing(
    sites: tuple[Listener, Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    base = sites[0].url
    folder = tempfile.mkdtemp()
    monkeypatch.setenv("TMPDIR", folder)

    async def run() -> None:
        async with hosted("", QUICK) as host:
            for path, least in (("/windows/", 0), ("/files/", 2), ("/storm/", 0), ("/lies/", 2)):
                shown, _ = await asyncio.gather(show(host.guest(visitor(base)), f"{base}{path}", 8.0), good(host, base))
                assert (0 if isinstance(shown, str) else reports(shown)) >= least, (path, shown)
            assert len(host.below("--type=renderer")) <= 6  # no window is left of any
            written = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
            assert written < 60_000_000, written

    asyncio.run(run())
    assert [one for one in Path(folder).rglob("*") if one.is_file()] == []
    shutil.rmtree(folder)


def test_no_way_leads_to_another_host(sites: tuple[Listener, Listener]) -> None:
    """Not a request, a redirect, a worker, a frame or a socket."""
    site, elsewhere = sites
    base = site.url

    async def run() -> None:
        async with hosted("", QUICK) as host:
            guest = host.guest(visitor(base))
            assert reports(await show(guest, f"{base}/reaches/")) == 2
            for path in ("/away/", "/away-script/"):
                with pytest.raises(NotShown) as caught:
                    await guest.show(f"{base}{path}", {}, 3.0, 1_000_000)
                assert caught.value.rule == "off_host_redirect", path
                assert "127.0.0.99" in caught.value.detail
            # A portal without allow_private gets no private address, by whatever name.
            named = Visitor(
                Portal("p", "p", "generic", ("http://localhost/nb/",), render=True), Policy(), "nianbao-test"
            )
            with pytest.raises(NotShown) as caught:
                await host.guest(named).show(f"http://localhost:{site.port}/good/", {}, 3.0, 1_000_000)
            assert (caught.value.marker[:15], caught.value.rule) == ("private address", "refused_address")

    asyncio.run(run())
    assert elsewhere.log == []


def test_a_firewalls_challenge_is_told_and_not_passed(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted("", QUICK) as host:
            shown = await show(host.guest(visitor(base)), f"{base}/challenge/")
            assert isinstance(shown, Shown), shown
            assert shown.status == 412

    asyncio.run(run())
    assert [status for _, target, status in sites[0].log if target == "/challenge/"] == [412]


def test_a_browser_that_crashes_or_stands_still_is_replaced(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted("", f"{QUICK}; host._OPEN = 3.0") as host:
            guest = host.guest(visitor(base))
            assert reports(await show(guest, f"{base}/good/")) == 2
            for number in (signal.SIGKILL, signal.SIGSTOP):
                chromium = min(host.below("--remote-debugging-pipe"))
                # Under way for seconds, whatever happens; a page that loops would take a processor from the others meanwhile.
                under_way = asyncio.ensure_future(show(guest, f"{base}/endless/", 8.0))
                await asyncio.sleep(1.0)
                os.kill(chromium, number)
                said = await under_way
                assert isinstance(said, str), number
                # The first try may be the one that finds out.
                again = [await show(guest, f"{base}/good/", 8.0) for _ in range(2)]
                assert reports(again[1]) == 2, (number, again)
                assert len(host.below("playwright/driver")) == 1

    asyncio.run(run())


@pytest.mark.long
def test_it_is_replaced_when_old_and_ended_when_idle(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted("passes=2, idle=2.0", QUICK) as host:
            drivers = []
            for _ in range(4):
                await good(host, base)
                drivers += host.below("playwright/driver")
            assert (len(drivers), len(set(drivers))) == (4, 2)
            assert await asyncio.to_thread(host.process.wait, 15) == 0
            assert host.below() == []

    asyncio.run(run())


@pytest.mark.long
def test_too_large_a_browser_is_replaced_between_pages(sites: tuple[Listener, Listener]) -> None:
    base = sites[0].url

    async def run() -> None:
        async with hosted() as host:
            await good(host, base)
            taken = sum(kernel.proportional(pid) or 0 for pid in host.below())
        async with hosted(f"memory={taken * 0.92:.0f}", QUICK) as host:
            drivers: set[int] = set()
            for _ in range(3):
                await good(host, base)
                drivers |= set(host.below("playwright/driver"))
                await asyncio.sleep(1.5)
            assert len(drivers) >= 2

    asyncio.run(run())
