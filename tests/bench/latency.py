"""How long it takes from the end of a portal's pass to the message, while other portals are being read.

    python -m tests.bench.latency [--portals 20] [--events 20] [--by-hand]

`nianbao serve` reads slow portals on loopback; a report of another one changes, its portal is read (`nianbao crawl`, which the service
does), and the time is taken between its run.json and the receivers' receipt: a mail server and a web hook. With --by-hand there is no
service: `nianbao crawl` reads all of them, and the changed one is done long before the others.
"""

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from monitor.demo.server import Request, Response, Web
from monitor.service import control
from tests.e2e.portals_that_break import until
from tests.e2e.receivers import Mailbox
from tests.e2e.service_home import disable_built_in

BIN = Path(sys.executable).parent
SLOW = 60
"""Pages of a slow portal."""


class Hook:
    """A receiver of `json://`, and when what was told reached it."""

    def __init__(self, web: Web) -> None:
        self.at: list[float] = []
        self._listener = web.listen(self._answer)
        self.url = "json://" + self._listener.url.removeprefix("http://")

    def _answer(self, request: Request) -> Response:
        self.at.append(time.time())
        return Response(b"ok")


class Site:
    """A portal of `count` reports; `edition` stands in each of them."""

    def __init__(self, web: Web, number: int, count: int) -> None:
        self.count, self.edition = count, 0
        self.url = web.listen(self._answer, f"127.0.2.{number + 1}").url

    def _answer(self, request: Request) -> Response:
        if request.path == "/nb/":
            rows = "".join(
                f"<li><a href='/nb/{number}.html'>云溪县第{number}局2024年政府信息公开工作年度报告</a>"
                for number in range(self.count)
            )
            return Response(f"<meta charset=utf-8><title>政府信息公开年报</title><ul>{rows}</ul>".encode())
        number = request.path[4:].partition(".")[0]
        if not number.isdigit():
            return Response(b"<p>x", 404)
        return Response(
            f"<meta charset=utf-8><title>年报</title><h1>云溪县第{number}局2024年政府信息公开工作年度报告</h1>"
            "<div class='TRS_Editor'><p>一、总体情况</p><p>依据《中华人民共和国政府信息公开条例》，编制本报告。</p>"
            f"<p>二、主动公开政府信息情况</p><p>主动公开信息{100 + self.edition}条。</p></div>".encode()
        )


def crawl(home: Path, *names: str) -> None:
    """`nianbao crawl`, which hands over to a service that runs."""
    done = subprocess.run(
        [str(BIN / "nianbao"), "--home", str(home), "crawl", *names], capture_output=True, text=True, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"crawl ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")


@contextlib.contextmanager
def served(home: Path) -> Iterator[None]:
    """The service at work."""
    log = (home / "serve.log").open("w")
    with log, subprocess.Popen([str(BIN / "nianbao"), "--home", str(home), "serve"], stderr=log) as service:
        try:
            assert until(lambda: control.answers(home), 30), (home / "serve.log").read_text()
            yield
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(120)


def ended(home: Path) -> float:
    """When the changed portal's last pass ended."""
    runs = home / "runs" / "changes"
    last = max(int(folder.name) for folder in runs.iterdir() if (folder / "run.json").exists())
    return (runs / str(last) / "run.json").stat().st_mtime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--portals", type=int, default=20)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--by-hand", action="store_true")
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as folder, Web() as web, Mailbox() as mailbox:
        os.environ["NIANBAO_PACE"] = folder + "/pace"
        home = Path(folder) / "home"
        disable_built_in(home)
        hook, sites = Hook(web), [Site(web, number, 2 if not number else SLOW) for number in range(options.portals + 1)]
        mails: list[float] = []
        took = mailbox.handle_DATA

        async def handle_DATA(*given: object) -> str:
            answer = await took(*given)  # type: ignore[arg-type]
            mails.append(time.time())
            return answer

        mailbox.handle_DATA = handle_DATA  # type: ignore[method-assign,assignment]
        names = ["changes", *(f"slow{number}" for number in range(options.portals))]
        for name, site in zip(names, sites, strict=True):
            (home / "portals" / f"{name}.toml").write_text(
                f'title = "{name}"\nfamily = "generic"\nsections = ["{site.url}/nb/"]\n'
                "[policy]\nallow_private = true\ndelay = 0.0\n"
            )
        (home / "nianbao.toml").write_text(
            '[service]\nlisten = ""\n'
            f'[[channel]]\nname = "mail"\nurl = "{mailbox.url}"\n[[channel]]\nname = "hook"\nurl = "{hook.url}"\n'
        )
        crawl(home)
        for name in names[1:]:
            file = home / "portals" / f"{name}.toml"
            file.write_text(file.read_text().replace("delay = 0.0", "delay = 0.5"))
        taken: dict[str, list[float]] = {"mail": [], "hook": []}
        over = threading.Event()

        def again_and_again() -> None:
            while not over.is_set():
                with contextlib.suppress(Exception):
                    for _ in control.ask(home, control.Crawl(tuple(names[1:]), "full", False)):
                        if over.is_set():
                            return

        def wait(before: tuple[int, int]) -> None:
            assert until(lambda: len(mails) > before[0] and len(hook.at) > before[1], 120), "no message came"
            end = ended(home)
            taken["mail"].append(mails[before[0]] - end)
            taken["hook"].append(hook.at[before[1]] - end)

        with contextlib.ExitStack() as stack:
            if not options.by_hand:
                stack.enter_context(served(home))
                reader = threading.Thread(target=again_and_again, daemon=True)
                reader.start()
                time.sleep(5)
            for _ in range(options.events):
                sites[0].edition += 1
                before = len(mails), len(hook.at)
                crawl(home, *(names if options.by_hand else names[:1]))
                wait(before)
            over.set()
        for name, seconds in taken.items():
            print(
                f"{name}: {' '.join(f'{one:.2f}' for one in seconds)}; "
                f"median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
