"""A Chromium for tests that need something drawn or printed.

It is driven from a thread of its own: Playwright's synchronous face leaves an event loop running in the thread that uses
it, in which no other test could start one.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from crawler.browser import executable

Made = TypeVar("Made")
Drive = Callable[[Callable[[Any], Made]], Made]
"""Runs a function of the browser where the browser lives."""


@contextmanager
def chromium(*arguments: str) -> Iterator[Drive[Any]]:
    """The browser ends with the block. Raises what Playwright raises if there is none."""
    from playwright.sync_api import sync_playwright

    # Chromium's sandbox refuses to start as root.
    every = [*arguments, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with ThreadPoolExecutor(1) as thread:
        driver = thread.submit(lambda: sync_playwright().start()).result()
        try:
            browser = thread.submit(
                lambda: driver.chromium.launch(executable_path=executable() or None, args=every)
            ).result()
            try:
                yield lambda work: thread.submit(work, browser).result()
            finally:
                thread.submit(browser.close).result()
        finally:
            thread.submit(driver.stop).result()
