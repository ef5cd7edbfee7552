"""The crawl machines on the pages: who reads what, whom nobody reads, and pages that wait for no register."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from monitor.settings import Service, Settings
from monitor.times import format_utc
from monitor.web import crews as pages_crews
from monitor.workers import outside
from monitor.workers.register import Register
from monitor.workers.roster import Crews, cut_off, muster
from monitor.workers.wire import WorkerSeen
from tests.unit.test_start import imported
from tests.web.conftest import Look, Served, until
from tests.web.records import NOW, SEEN, Made
from tests.workers import redis_server
from tests.workers.conftest import NO_REDIS
from tests.workers.redis_server import RedisServer

PLAIN, RENDERED, PINNED = "nianbao.plain", "nianbao.rendered", "nianbao.plain.cn-south"
CELERY = Settings(service=Service(engine="celery", broker="redis://:geheim@127.0.0.1:1/0"))


def worker(name: str, *queues: str, running: tuple[str, ...] = (), memory: int = 345_600_000) -> WorkerSeen:
    return WorkerSeen(
        f"{name}@crawl-1", "crawl-1", "1.2.3", SEEN, NOW, queues, slots=4, rendered_slots=2, running=running, made=1234,
        memory=memory,
    )  # fmt: skip


class Asked:
    """What the pages are told when they ask."""

    def __init__(self) -> None:
        self.workers: list[WorkerSeen] = []
        self.skews: dict[str, float] = {}
        self.trouble = ""
        self.answers = threading.Event()
        self.answers.set()
        self.count = 0

    def __call__(self, service: Service, queues: Any, given: Any, now: str, *, before: Crews | None = None) -> Crews:
        self.count += 1
        self.answers.wait(60)
        if self.trouble:
            return cut_off(now, register=self.trouble, before=before)
        return muster(self.workers, queues, given, now, self.skews, before=before)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """Pages ask whenever they are opened, and wait for the answer."""
    made = Asked()
    monkeypatch.setattr(outside, "ask", made)
    monkeypatch.setattr(pages_crews, "FRESH", 0.0)
    monkeypatch.setattr(pages_crews, "STALE", 0.0)
    monkeypatch.setattr(pages_crews, "GLANCE", 30.0)
    yield made
    made.answers.set()


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    nowhere = tmp_path / "none"
    nowhere.mkdir()
    monkeypatch.setattr("monitor.home.BUILT_IN", nowhere)
    made = Made(tmp_path / "home")
    for name, title, more in (
        ("linhai", "临海市人民政府", ""), ("haizhu", "海珠区人民政府", 'exit = "cn-south"\n'),
        ("miyun", "密云区人民政府", "render = true\n"), ("off", "停用", "enabled = false\n"),
    ):  # fmt: skip
        made.portal(name, title=title)
        text = f'title = "{title}"\nfamily = "generic"\nsections = ["https://{name}.gov.cn/nb/"]\n{more}'
        (made.home.path / "portals" / f"{name}.toml").write_text(text, encoding="utf-8")
    return made


def test_where_there_are_no_workers_nothing_is_asked(made: Made, asked: Asked) -> None:
    pages = made.pages()
    assert "各门户由本机直接读取" in pages("/workers").text
    for path in ("/portals", "/portal/linhai"):
        assert "采集" not in pages(path).text
    assert asked.count == 0


def test_without_workers_no_library_of_theirs_is_imported(made: Made) -> None:
    code = f"""
from pathlib import Path
from monitor.home import Home
from tests.web.conftest import Pages
pages = Pages(Home(Path({str(made.home.path)!r})))
assert [pages(path).status_code for path in ("/workers", "/portals", "/portal/linhai")] == [200, 200, 200]
"""
    found = imported(code)
    assert "monitor.web.workers" in found
    assert not {name.partition(".")[0] for name in found} & {"redis", "celery", "kombu", "fsspec"}
    assert "monitor.workers.register" not in found


def test_who_reads_what(made: Made, asked: Asked) -> None:
    asked.workers = [worker("one", PLAIN, running=("linhai",)), worker("two", PLAIN, RENDERED)]
    asked.skews = {"two@crawl-1": 42.0}
    made.store.insert("crawls", {"portal": "linhai", "mode": "full", "started_at": NOW})
    made.store.insert("crawls", {"portal": "miyun", "mode": "full", "started_at": SEEN})
    pages = made.pages(settings=CELERY)
    html = pages("/workers").text
    assert "2 个采集节点，正在读 1 个门户" in html
    assert re.search(r'1 个门户没有采集节点在读：<a href="/portal/haizhu">海珠区人民政府</a>。', html)
    assert re.search(r'<a data-stop href="/portal/linhai">临海市人民政府</a>', html)
    assert "时钟快 42 秒" in html
    assert "346 MB" in html
    assert "1,234" in html
    rows = [
        re.sub(r"<[^>]+>", " ", row).split()
        for row in re.findall(r"<tr>\s*<th scope=\"row\" class=\"mono.*?</tr>", html, re.S)
    ]
    assert [row[:7] for row in rows] == [
        [PLAIN, "普通", "1", "2", "8", "1", "0"],
        [RENDERED, "需浏览器", "1", "1", "2", "0", "1"],
        [PINNED, "普通，出口", "cn-south", "1", "没有", "0", "0"],
    ]
    html = pages("/portals").text
    assert re.search(r'<a href="/workers">采集节点</a> 2 个，正在读 1 个门户', html)
    assert html.count("没有节点</span>") == 1
    assert html.count("one@crawl-1 正在读") == 1
    assert "one@crawl-1 正在读取" in pages("/portal/linhai").text
    assert "没有采集节点读取此门户：队列" in pages("/portal/haizhu").text
    assert re.search(rf'{RENDERED}</span> 的 <a href="/workers">1 个采集节点</a>', pages("/portal/miyun").text)
    assert "采集" not in pages("/portal/off").text


def test_what_was_known_last_is_shown_while_the_register_does_not_answer(made: Made, asked: Asked) -> None:
    asked.workers = [worker("one", PLAIN, running=("linhai",))]
    pages = made.pages(settings=CELERY)
    pages("/workers")
    asked.trouble = "Error 111 connecting to 127.0.0.1:1."
    pages.now = "2026-02-10T03:00:00Z"
    for path in ("/workers", "/portals", "/portal/haizhu"):
        html = pages(path).text
        assert "登记处连不上（Error 111 connecting to 127.0.0.1:1.）" in html
        assert "最近一次得知的情况（<time" in html
        assert f'<time datetime="{NOW}"' in html
        assert "geheim" not in html
    assert "one@crawl-1" in pages("/workers").text
    asked.trouble = ""
    assert "连不上" not in pages("/workers").text


def test_a_register_that_never_answered_says_nothing_of_portals(made: Made, asked: Asked) -> None:
    asked.trouble = "refused"
    pages = made.pages(settings=CELERY)
    html = pages("/workers").text
    assert "登记处连不上（refused）" in html
    assert "最近一次" not in html
    assert "没有采集节点" not in html
    assert "没有节点" not in pages("/portals").text
    assert "无人在取" not in pages("/portal/haizhu").text


def test_a_page_does_not_wait_for_a_register_that_hangs(
    made: Made, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages_crews, "GLANCE", 0.05)
    asked.answers.clear()
    pages = made.pages(settings=CELERY)
    for path in ("/workers", "/portals", "/portal/linhai"):
        begun = time.monotonic()
        answer = pages(path)
        assert answer.status_code == 200
        assert time.monotonic() - begun < 10  # the register would take a minute
    assert asked.count == 1
    assert "正在询问" in pages("/workers").text
    asked.workers = [worker("one", PLAIN)]
    asked.answers.set()
    assert until(lambda: "one@crawl-1" in pages("/workers").text)


def test_pages_ask_no_more_often_than_they_need(made: Made, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_crews, "FRESH", 60.0)
    pages = made.pages(settings=CELERY)
    for _ in range(3):
        pages("/workers")
    assert asked.count == 1


def test_what_workers_say_of_themselves_is_text(made: Made, asked: Asked) -> None:
    asked.workers = [worker("<b>x</b>", PLAIN, running=('"><script>alert(1)</script>',))]
    html = made.pages(settings=CELERY)("/workers").text
    assert "<b>x" not in html
    assert "<script>alert" not in html


def test_a_question_that_fails_breaks_no_page(made: Made, monkeypatch: pytest.MonkeyPatch, asked: Asked) -> None:
    def fails(*_: object, **__: object) -> Crews:
        raise RuntimeError("geheim")

    monkeypatch.setattr(outside, "ask", fails)
    html = made.pages(settings=CELERY)("/workers").text
    assert "登记处连不上（RuntimeError）" in html


# In a browser, with a real register ----------------------------------------------------------------------------------


@pytest.fixture
def crew(made: Made, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Pages of a home whose workers are in a real Redis."""
    if not redis_server.program():
        pytest.skip(NO_REDIS)
    with RedisServer(tmp_path / "redis") as redis:
        text = f'[service]\nengine = "celery"\nbroker = "{redis.url}"\n'
        (made.home.path / "nianbao.toml").write_text(text, encoding="utf-8")
        register = Register(redis.url)
        seen = format_utc(datetime.now(UTC))
        for one in (
            worker("one", PLAIN, PINNED, running=("linhai", "haizhu")),
            worker("two", RENDERED, PLAIN, memory=2_100_000_000),
        ):
            register.announce(msgspec.structs.replace(one, seen=seen))
        register.close()
        served = Served(made.home.path)
        yield lambda: served
        served.stop()


@pytest.mark.browser
def test_the_page_in_a_browser(crew: Callable[..., Served], look: Look, tmp_path: Path) -> None:
    url = crew().url
    assert until(lambda: "正在询问" not in httpx.get(f"{url}/workers", trust_env=False).text)
    for width, dark in ((1280, False), (390, True)):
        seen = look(f"{url}/workers", width=width, dark=dark, shot=tmp_path / f"workers-{width}.png")
        assert "2 个采集节点，正在读 2 个门户" in seen.text
        assert "2.1 GB" in seen.text
        assert "时钟" not in seen.text
        assert (seen.said, seen.faults) == ((), ())
    seen = look(f"{url}/portals", shot=tmp_path / "portals.png")
    assert "one@crawl-1 正在读" in seen.text
    assert (seen.said, seen.faults) == ((), ())
    seen = look(f"{url}/portal/linhai", shot=tmp_path / "portal.png")
    assert "one@crawl-1 正在读取" in seen.text
    assert (seen.said, seen.faults) == ((), ())
