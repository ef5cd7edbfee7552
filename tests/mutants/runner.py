"""Runs mutants against tests, each in a copy of the source tree, never in the tree itself.

In: mutants and how to try them. Out: for each what became of it. The copy comes first on PYTHONPATH, so that it is what is
imported, by child processes too; its byte code is never written, so that no mutant outlives its turn.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

import msgspec

from tests.mutants.mutant import Mutant, Stale

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("monitor", "crawler", "tests", "docs", "pyproject.toml", "README.md", "README.zh-CN.md", "Makefile")
_PASSING = shutil.ignore_patterns(".hypothesis", "*.pyc.*")
"""What may be gone again while the tree is copied: byte code that another process is writing."""
SECONDS = 300.0
"""A mutant that has the tests run longer than this is one that they notice."""

Fate = Literal["killed", "SURVIVED", "does not apply", "breaks"]
"""breaks: not even the tests could be loaded, which proves nothing about them."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a mutant."""

    mutant: Mutant
    fate: Fate
    seconds: float
    by: tuple[str, ...] = ()
    """What noticed it."""
    said: str = ""
    """Where it is no plain answer: the last of what was printed."""


class Trial(msgspec.Struct, frozen=True):
    """A way to try a mutant: a command, its exit status 0 meaning that nothing was noticed, 1 that something was."""

    command: tuple[str, ...]
    ok: tuple[int, ...] = (0, 1)


def pytest_of(killers: Sequence[str], every: bool = False) -> Trial:
    """The named tests; `every`: do not stop at the first that fails."""
    options = ("-q", "-p", "no:cacheprovider", "--no-header", "--tb=no", "--hypothesis-seed=0")
    return Trial((sys.executable, "-m", "pytest", *options, *(() if every else ("-x",)), *killers))


class Bench:
    """A copy of the tree in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "tree"
        self.root.mkdir()
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, self.root / part, ignore=_PASSING)
            else:
                shutil.copy2(source, self.root / part)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            "PYTHONPATH": str(self.root),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(folder),  # what a mutant leaves behind goes with the bench
        }
        code = "import monitor, crawler; print(monitor.__file__); print(crawler.__file__)"
        imported = self._run((sys.executable, "-c", code)).stdout.splitlines()
        if not all(Path(one).is_relative_to(self.root.resolve()) for one in imported):
            raise RuntimeError(f"the copy in {self.root} is not what is imported: {imported}")

    def _run(self, command: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.root, env=self.environ, timeout=SECONDS, capture_output=True, text=True, check=False
        )

    def unharmed(self, trial: Trial) -> str:
        """What a trial says of the tree as it is; empty: nothing to notice."""
        done = self._run(trial.command)
        return "" if done.returncode == 0 else done.stdout[-3000:] + done.stderr[-1000:]

    @contextmanager
    def bent(self, mutant: Mutant) -> Iterator[None]:
        """The tree with the mutant in it. Raises Stale."""
        path = self.root / mutant.file
        text, stat = path.read_bytes(), path.stat()
        path.write_text(mutant.apply(self.root))
        os.utime(path, (stat.st_atime, stat.st_mtime + 10))  # or byte code of the same second would be taken for its
        try:
            yield
        finally:
            path.write_bytes(text)
            os.utime(path, (stat.st_atime, stat.st_mtime))

    def attempt(self, mutant: Mutant, trial: Trial) -> Outcome:
        """Tries one mutant."""
        began = time.monotonic()
        try:
            with self.bent(mutant):
                done = self._run(trial.command)
        except Stale as error:
            return Outcome(mutant, "does not apply", 0.0, said=str(error))
        except subprocess.TimeoutExpired:
            return Outcome(mutant, "killed", time.monotonic() - began, ("time",))
        seconds = time.monotonic() - began
        if done.returncode not in trial.ok:
            return Outcome(mutant, "breaks", seconds, said=(done.stdout + done.stderr)[-800:])
        if done.returncode == 0:
            return Outcome(mutant, "SURVIVED", seconds)
        failed = (line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR ")))
        return Outcome(mutant, "killed", seconds, tuple(dict.fromkeys(failed)) or ("its own account",))


def run(
    mutants: Sequence[Mutant],
    trial: Callable[[Mutant], Trial],
    jobs: int = 1,
    told: Callable[[Outcome], None] = lambda _: None,
    until: float = float("inf"),
) -> list[Outcome]:
    """Tries all of them, `jobs` at once, each in a bench of its own; `told` hears of each as it ends. None is begun after
    `until` (monotonic seconds). Raises what a bench raised."""
    waiting: SimpleQueue[Mutant] = SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    outcomes: list[Outcome] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
                bench = Bench(Path(folder))
                while time.monotonic() < until and not errors:
                    try:
                        mutant = waiting.get_nowait()
                    except Empty:
                        return
                    outcomes.append(bench.attempt(mutant, trial(mutant)))
                    told(outcomes[-1])
        except BaseException as error:
            errors.append(error)

    workers = [Thread(target=work) for _ in range(min(jobs, len(mutants)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if errors:
        raise errors[0]
    return outcomes
