"""A home that the demo filled, pages asked without a network, pages in a real browser, and axe for their accessibility."""

import asyncio
import fcntl
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from crawler import browser as chromium_of
from monitor.home import Home
from monitor.settings import Settings
from monitor.web.app import make
from monitor.web.site import Site
from tests.chromium import Drive, chromium

NOW = "2026-01-29T01:00:00Z"
"""Just after the demo's last pass."""
NIANBAO = Path(sys.executable).with_name("nianbao")


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `nianbao demo --keep` leaves; made once, whatever the number of workers. Not to be written to: `home` is."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    made = shared / "demo-home"
    with (shared / "demo-home.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "done").exists():
            shutil.rmtree(made, ignore_errors=True)
            subprocess.run([NIANBAO, "--home", made, "demo", "--keep"], check=True, capture_output=True, timeout=300)
            (made / "done").touch()
    return made


@pytest.fixture
def home(demo_home: Path, tmp_path: Path) -> Home:
    """A copy of it that a test may change."""
    shutil.copytree(demo_home, tmp_path / "home")
    return Home(tmp_path / "home")


class Pages:
    """The pages of a home, asked without a network."""

    def __init__(self, home: Home, settings: Settings | None = None, now: str = NOW) -> None:
        self.now = now
        self.home = home
        self.site, self.app = make(home, settings or Settings(), lambda: self.now)
        self.cookies = httpx.Cookies()

    def __call__(self, path: str, **options: Any) -> httpx.Response:
        """GET, or `method=`; `data=` posts a form. Redirects are not followed. Cookies are kept."""
        method = options.pop("method", "POST" if "data" in options else "GET")
        base = options.pop("base", "http://127.0.0.1:8766")

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=base, cookies=self.cookies) as client:
                answer = await client.request(method, path, **options)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())

    def post(self, path: str, data: dict[str, str], **options: Any) -> httpx.Response:
        """A form as a browser sends it: with the token of the page that it stands on."""
        if "ds_csrftoken" not in self.cookies:
            self("/help")
        return self(path, data={**data, "csrftoken": self.cookies["ds_csrftoken"]}, **options)

    def call(self, work: Callable[[Site], Awaitable[Any]]) -> Any:
        """Something of the site that is awaited."""
        return asyncio.run(work(self.site))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def pages(demo_home: Path) -> Pages:
    """The demo's pages. Nothing may be written."""
    return Pages(Home(demo_home))


class Served:
    """`nianbao web` as a process of its own."""

    def __init__(self, home: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [NIANBAO, "--home", home, "--now", NOW, "web", "--listen", "127.0.0.1:0", *options],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        line = ""
        while (found := re.search(r"http://\S+", line)) is None:
            line = self.process.stderr.readline()
            assert line, f"it ended with {self.process.wait(10)}"
        self.url = found[0].rstrip("/")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@pytest.fixture(scope="session")
def served(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The demo's pages on loopback."""
    copy = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(demo_home, copy)
    one = Served(copy)
    yield one
    one.stop()


@pytest.fixture(scope="session")
def drive() -> Iterator[Drive[Any]]:
    """Chromium: `drive(lambda browser: …)`."""
    if not chromium_of.available():
        pytest.skip("no Chromium, or the browser extra is not installed")
    with chromium() as drive:
        yield drive


class Seen(msgspec.Struct, frozen=True):
    """A page as a browser had it."""

    html: str
    text: str
    said: tuple[str, ...]
    """On the console: errors, warnings; responses of 400 and more; requests to other hosts."""
    faults: tuple[str, ...]
    """What axe finds, of impact serious or critical; that nobody looked, if it was not to be `judged`."""


Look = Callable[..., Seen]


@pytest.fixture(scope="session")
def look(drive: Drive[Any]) -> Look:
    """`look(url, then=lambda page: …, width=1280, dark=False, shot=path)`: opens a page, does something, looks at it. Axe takes
    longer than the rest: a test of something else asks for `judged=False`."""
    from axe_playwright_python.base import AXE_FILE_PATH

    axe = Path(AXE_FILE_PATH).read_text(encoding="utf-8")

    def open_page(
        browser: Any,
        url: str,
        then: Callable[[Any], object] | None,
        width: int,
        dark: bool,
        shot: Path | None,
        cookies: Any,
        judged: bool,
    ) -> Seen:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale="zh-CN",
            bypass_csp=False,
        )
        said: list[str] = []
        host = "/".join(url.split("/")[:3])
        try:
            if cookies:
                context.add_cookies(cookies)
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.on(
                "console",
                lambda one: said.append(f"{one.type}: {one.text}") if one.type in ("error", "warning") else None,
            )
            page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
            page.on("response", lambda one: said.append(f"{one.status} {one.url}") if one.status >= 400 else None)
            page.on(
                "request",
                lambda one: (
                    said.append(f"elsewhere: {one.url}") if not one.url.startswith((host, "data:", "about:")) else None
                ),
            )
            page.goto(url)
            if then is not None:
                then(page)
            if shot is not None:
                shot.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=shot, full_page=True)
            html, text = page.content(), page.inner_text("body")
            if not judged:
                return Seen(html, text, tuple(said), ("nobody looked",))
            faults = json.loads(
                page.evaluate(f"async () => {{ {axe}; return JSON.stringify((await axe.run()).violations) }}")
            )
        finally:
            context.close()
        found = tuple(
            f"{one['id']}: {one['help']}: {node['html'][:200]}"
            for one in faults
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        )
        return Seen(html, text, tuple(said), found)

    def seen(
        url: str,
        then: Callable[[Any], object] | None = None,
        width: int = 1280,
        dark: bool = False,
        shot: Path | None = None,
        cookies: Any = None,
        judged: bool = True,
    ) -> Seen:
        return drive(lambda browser: open_page(browser, url, then, width, dark, shot, cookies, judged))

    return seen


def until(true: Callable[[], object], seconds: float = 20) -> bool:
    """Waits for something."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
