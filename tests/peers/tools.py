"""The tools, each as its users would run it: told which addresses to watch, asked once a day, and what it says.

An `Alert` is (what, address): `change` and `error` for tools that watch addresses, the event's kind for nianbao.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from monitor import run
from monitor.demo.world import World
from monitor.home import Home
from monitor.times import format_utc

_WAIT = 300.0


class Watched(NamedTuple):
    """An address that a tool watches, and the part of the page that its user picked."""

    url: str
    selector: str


class Alert(NamedTuple):
    """What a tool told. `organ` and `year`: of nianbao's events."""

    what: str
    url: str
    organ: str = ""
    year: int | None = None


def scratch(folder: Path, packages: tuple[str, ...]) -> Path:
    """A virtual environment with `packages` from the package index that pip is configured with; kept if it is there."""
    if not (folder / "bin").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        command = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", *packages]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return folder / "bin"


def version_of(python: Path, package: str) -> str:
    """The installed version of a package."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.strip()


class Nianbao:
    """This program, with its default policy; the portal files name the sections."""

    name = "nianbao"

    def __init__(self, folder: Path, world: World) -> None:
        self.home = Home(folder)
        self.home.create()
        names = world.write_portals(folder, confirmations=3, after="24h")
        # Not the built-in ones: nothing is asked for outside of this machine.
        self.portals = [self.home.portals()[name] for name in names]
        self.now = datetime(2025, 6, 1, tzinfo=UTC)

    def look(self) -> list[Alert]:
        """One pass, a day after the last. Events that are told (findings are not, by default)."""
        self.now += timedelta(hours=24.2)
        at = format_utc(self.now)
        with self.home.writing() as store:
            settled = run.crawl(self.home, store, self.home.settings(), self.portals, "full", lambda: at)
            rows = [store.row("SELECT * FROM events WHERE id = ?", (event,)) for one in settled for event in one.events]
        return [
            Alert(row["kind"], row["url"] or "", row["organ"] or "", row["year"])
            for row in rows
            if row and not row["baseline"] and row["kind"] not in ("finding", "baseline")
        ]


class Urlwatch:
    """urlwatch: a job for each address, html2text as its documentation shows it, with or without a selector."""

    def __init__(self, folder: Path, binaries: Path, watched: list[Watched], selectors: bool) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = f"urlwatch, {'selector and ' if selectors else ''}html2text"
        self.folder, self.binaries = folder, binaries
        self.urls = [one.url for one in watched]
        jobs = []
        for number, one in enumerate(watched):
            css = f"  - css: {json.dumps(one.selector)}\n" if selectors else ""
            jobs.append(
                f'name: "job {number}"\nurl: {json.dumps(one.url)}\nfilter:\n{css}'
                "  - html2text:\n      method: pyhtml2text\n      unicode_snob: true\n      body_width: 0\n"
                "      ignore_links: true\n      ignore_images: true\n"
            )
        (folder / "urls.yaml").write_text("---\n".join(jobs), encoding="utf-8")
        (folder / "config.yaml").write_text(
            "display:\n  error: true\n  new: true\n  unchanged: false\nreport:\n  text:\n    details: true\n    footer: false\n"
            "    line_length: 75\n    minimal: false\n  stdout:\n    color: false\n    enabled: true\n",
            encoding="utf-8",
        )
        (folder / "hooks.py").write_text("")

    def look(self) -> list[Alert]:
        """One run; the lines of its report's summary."""
        options = {"urls": "urls.yaml", "config": "config.yaml", "hooks": "hooks.py", "cache": "cache.db"}
        places = [part for key, name in options.items() for part in (f"--{key}", str(self.folder / name))]
        done = subprocess.run(
            [str(self.binaries / "urlwatch"), *places], capture_output=True, text=True, timeout=_WAIT, check=False
        )
        (self.folder / "last.txt").write_text(done.stdout + done.stderr)
        found = re.findall(r"(?m)^\d+\. ([A-Z ]+): job (\d+)", done.stdout)
        return [
            Alert("error" if "ERROR" in word else "change", self.urls[int(number)])
            for word, number in found
            if word != "NEW"
        ]


class Changedetection:
    """changedetection.io, driven by its own interface. One process watches both sets of watches (with selectors, without)."""

    def __init__(self, folder: Path, binaries: Path, port: int, first: str) -> None:
        """`first`: an address of the world. Told none, it begins with two public pages of its own choice."""
        folder.mkdir(parents=True, exist_ok=True)
        environ = os.environ | {
            "ALLOW_IANA_RESTRICTED_ADDRESSES": "true",
            "DISABLE_VERSION_CHECK": "true",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LOGGER_LEVEL": "ERROR",
            "FETCH_WORKERS": "4",
        }
        self.folder = folder
        self.base = f"http://127.0.0.1:{port}/api/v1"
        self._log = (folder / "log.txt").open("wb")
        self.process = subprocess.Popen(
            [str(binaries / "changedetection.io"), "-h", "127.0.0.1", "-p", str(port), "-d", str(folder), "-C", "-u", first],
            env=environ, stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._key = self._wait_for_key()
        self._names: dict[str, tuple[str, str]] = {}
        """By the tool's id: the set that a watch belongs to, and its address."""
        self._seen: dict[str, int] = {}

    def _wait_for_key(self) -> str:
        place = self.folder / "changedetection.json"
        for _ in range(240):
            if self.process.poll() is not None:
                raise RuntimeError(f"changedetection.io ended: see {self.folder / 'log.txt'}")
            old = self.folder / "url-watches.json"
            for path in (place, old):
                if path.exists():
                    try:
                        settings = json.loads(path.read_text())["settings"]["application"]
                        self._key = str(settings["api_access_token"])
                        self._ask("GET", "/systeminfo")
                        return self._key
                    except (ValueError, KeyError, OSError):
                        pass
            time.sleep(0.5)
        raise RuntimeError("changedetection.io does not answer")

    def _ask(self, method: str, path: str, body: object = None) -> object:
        request = urllib.request.Request(
            self.base + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": self._key, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text.strip()[:1] in (b"{", b"[", b'"') else None

    def watch(self, name: str, watched: list[Watched], selectors: bool) -> None:
        """Adds a set of watches."""
        for one in watched:
            body: dict[str, object] = {"url": one.url, "title": name}
            if selectors:
                body["include_filters"] = [one.selector]
            made = self._ask("POST", "/watch", body)
            assert isinstance(made, dict)
            self._names[made["uuid"]] = (name, one.url)

    def look(self) -> dict[str, list[Alert]]:
        """One check of every watch; what each set says."""
        before = {uuid: one["last_checked"] for uuid, one in self._state().items()}
        time.sleep(1.1)  # its history counts in seconds
        self._ask("GET", "/watch?recheck_all=1")
        deadline, tries = time.monotonic() + _WAIT, 0
        while True:
            time.sleep(1)
            state = self._state()
            waiting = [uuid for uuid in self._names if state[uuid]["last_checked"] <= before[uuid]]
            if not waiting:
                break
            tries += 1
            if tries % 20 == 0:  # one that was being checked when all were asked for is left out
                for uuid in waiting:
                    self._ask("GET", f"/watch/{uuid}?recheck=1")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{len(waiting)} watches were not checked")
        time.sleep(1)
        state = self._state()
        found: dict[str, list[Alert]] = {}
        for uuid, (name, url) in self._names.items():
            one = state[uuid]
            told = found.setdefault(name, [])
            if one["last_error"]:
                told.append(Alert("error", url))
            elif int(one["last_changed"] or 0) > self._seen.get(uuid, 0):
                told.append(Alert("change", url))
            self._seen[uuid] = max(self._seen.get(uuid, 0), int(one["last_changed"] or 0))
        return found

    def _state(self) -> dict[str, dict[str, Any]]:
        state = self._ask("GET", "/watch")
        assert isinstance(state, dict)
        return state

    def close(self) -> None:
        """Ends the process that was started here."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
