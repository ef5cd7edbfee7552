"""Kills the service, many times, and judges what it said. Exits 1 if anything was lost, doubled, false or unsound.

python -m tests.soak [--kills N] [--seed S] [--jobs N] [--round N] [--passes N] [--folder DIR] [--report FILE]

Kills come in rounds, each with a home of its own; a round that is done is kept in DIR, so that the same command goes on where
it was stopped. The report is written anew after each round. A last round kills nothing: it makes so many passes and looks at
memory.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from tests.soak.program import ROOT, adopt
from tests.soak.report import page, unhit
from tests.soak.soak import Kill, Outcome, Plan, Soak

_ROUND = 100


class Round(msgspec.Struct, frozen=True):
    """One round: its seed, its kills, and the passes that it makes undisturbed."""

    seed: int
    kills: int
    passes: int = 0


def main() -> int:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="rounds at the same time")
    parser.add_argument("--round", type=int, default=_ROUND, help="kills of one round")
    parser.add_argument("--passes", type=int, default=500, help="of the round that looks at memory; 0: none")
    parser.add_argument("--folder", type=Path, default=Path(".soak"), help="keeps rounds that are done")
    parser.add_argument("--report", type=Path, default=Path(__file__).with_name("RESULT.md"))
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return _work(msgspec.json.decode(options.worker, type=Round), options.folder)
    rounds = [
        Round(options.seed + number, min(options.round, options.kills - start))
        for number, start in enumerate(range(0, options.kills, options.round))
    ]
    if options.passes:
        rounds.append(Round(options.seed + len(rounds), 0, options.passes))
    outcomes = _Crew(options, rounds).run()
    missing = unhit(outcomes) if options.kills >= _ROUND else []
    good = len(outcomes) == len(rounds) and all(outcome.verdict.good for outcome in outcomes) and not missing
    print(f"{'good' if good else 'NOT GOOD'}: {options.report}")
    return 0 if good else 1


class _Crew:
    """Runs rounds in processes of their own and writes the report as it goes."""

    def __init__(self, options: argparse.Namespace, rounds: list[Round]) -> None:
        self.options, self.rounds = options, rounds
        self.outcomes: dict[int, Outcome] = {}
        self._lock = threading.Lock()
        self.options.folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> list[Outcome]:
        """All rounds; the outcomes of those that came to an end."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
            task = bar.add_task("kills", total=self.options.kills)
            with ThreadPoolExecutor(self.options.jobs) as pool:
                # The one that takes longest begins first.
                for one in sorted(self.rounds, key=lambda one: -one.passes):
                    pool.submit(self._round, one, lambda: bar.advance(task)).add_done_callback(_raise)
        return list(self.outcomes.values())

    def _round(self, one: Round, advance: Callable[[], None]) -> None:
        kept = self.options.folder / f"round-{one.seed}-{one.kills}-{one.passes}-{_commit()}.json"
        if kept.exists():
            for _ in range(one.kills):
                advance()
        elif not self._play(one, kept, advance):
            return
        with self._lock:
            self.outcomes[one.seed] = msgspec.json.decode(kept.read_bytes(), type=Outcome, dec_hook=_counter)
            self._report()

    def _play(self, one: Round, kept: Path, advance: Callable[[], None]) -> bool:
        """Plays a round in a process of its own, so that one that breaks down stops no other. Whether it came to an end."""
        with (self.options.folder / f"round-{one.seed}.log").open("wb") as log:
            command = [sys.executable, "-m", "tests.soak", "--folder", str(self.options.folder.resolve())]
            with subprocess.Popen(
                [*command, "--worker", msgspec.json.encode(one).decode()], stdout=subprocess.PIPE, stderr=log, cwd=ROOT
            ) as process:
                assert process.stdout is not None
                for line in process.stdout:
                    said = json.loads(line)
                    if "kill" in said:
                        advance()
                    else:
                        kept.write_bytes(line)
        if process.returncode:
            print(f"round {one.seed} broke down: see {log.name}", file=sys.stderr)
        return not process.returncode

    def _report(self) -> None:
        options = self.options
        command = f"python -m tests.soak --kills {options.kills} --seed {options.seed} --jobs {options.jobs}"
        command += f" --round {options.round} --passes {options.passes}"
        outcomes = [self.outcomes[seed] for seed in sorted(self.outcomes)]
        temporary = options.report.with_suffix(".tmp")
        temporary.write_text(page(outcomes, command, _commit(), options.kills), encoding="utf-8")
        temporary.replace(options.report)


def _counter(_: type, counts: dict[str, int]) -> Counter[str]:
    """Counters are the one type of an outcome that JSON does not bring back by itself."""
    return Counter(counts)


def _raise(done: object) -> None:
    """A fault of the soak itself must not pass for a round that is missing."""
    error = done.exception()  # type: ignore[attr-defined]
    if error is not None:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)


def _work(one: Round, keep: Path) -> int:
    """One round, in this process: says each kill, and at the end the outcome, as lines of JSON."""

    def say(value: object) -> None:
        sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
        sys.stdout.buffer.flush()

    def tell(kill: Kill) -> None:
        say({"kill": kill})

    adopt()
    folder = Path(tempfile.mkdtemp(prefix="nianbao-soak-"))
    plan = Plan(one.seed, one.kills, quiet_passes=one.passes)
    outcome = Soak(plan, folder, tell).run()
    if outcome.verdict.good:
        shutil.rmtree(folder)
    else:  # for whoever looks into it
        place = keep / f"home-{one.seed}"
        shutil.rmtree(place, ignore_errors=True)
        shutil.move(folder, place)
    say(outcome)
    return 0


def _commit() -> str:
    """The commit of this checkout, and whether anything was changed since."""
    git = ["git", "-C", str(ROOT), *shlex.split("describe --always --dirty --abbrev=12")]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
