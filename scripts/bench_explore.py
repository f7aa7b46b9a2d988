"""Points of an exploration per second, found again beside fresh ones, in one run on one core.

    python scripts/bench_explore.py [--points 8] [--write]

Each case asks for points that differ in one number of the chip, first of a process that keeps nothing, then of one that
reuses what it has (`reports/decisions/reuse.md`), the two in turn, so that both meet the same load. Processor time of
this process; the median over the points. The headline is asked for, as an exploration does, and no table. Start-up is
the processor time of a whole process, all imports included, the best of a few.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["ARCHSIM_CACHE"] = "memory"

from archsim import verbs
from archsim.reuse import Memory, Recall
from archsim.simulation import Settings, simulate

PAGE = Path(__file__).parents[1] / "reports" / "performance" / "explore.md"
CHIP = "pcm-mesh-14nm"
BASE = ("system.chips=as needed",)


@dataclass(frozen=True)
class Case:
    """Points of one kind.

    Parameters
    ----------
    name, network : str
    settings : Settings
    change : str
        Takes the number of the point.
    wanted : float
        Points per second that were asked for.
    base : tuple of str
        Changes of the chip in all points.
    """

    name: str
    network: str
    settings: Settings
    change: str
    wanted: float
    base: tuple[str, ...] = ()


VOLTAGE, TIME = "tile.array.cell.read_voltage={} V", "tile.adc.conversion_time={} ns"
BALANCED, TOKENS = Settings(64, "balanced"), ("mapping.dealing=tokens",)
ENDING = Settings(64, "balanced", within=0.01)
CASES = (
    Case("a voltage: priced anew", "resnet18", Settings(), VOLTAGE, 200),
    Case("a converter's time: run anew", "resnet18", Settings(), TIME, 30),
    Case("a converter's time: run anew", "resnet50", Settings(), TIME, 15),
    Case("the same, 64 samples, balanced, every token in turn", "resnet18", BALANCED, TIME, 1, TOKENS),
    Case("the same, 64 samples, balanced, in rows, within 1 %", "resnet18", ENDING, TIME, 1),
    Case("the same, 64 samples, balanced, in rows, all of them run", "resnet18", BALANCED, TIME, 1),
)


def seconds(case: Case, point: float, recall: Recall) -> float:
    """Processor time of one point."""
    verbs.the_recall = lambda: recall
    begun = time.process_time()
    simulate(case.network, CHIP, case.settings, overrides=[*BASE, *case.base, case.change.format(point)])
    return time.process_time() - begun


def measured(case: Case, points: int) -> tuple[float, float]:
    """Points per second, fresh and reused."""
    kept = Recall(Memory())
    seconds(case, 1.0, kept)
    values = [1.0 + 0.05 * (number + 1) for number in range(points)]
    pairs = [(seconds(case, value, Recall(Memory(0))), seconds(case, value, kept)) for value in values]
    fresh, reused = zip(*pairs, strict=True)
    return 1 / statistics.median(fresh), 1 / statistics.median(reused)


def started(arguments: list[str], cache: str, change: str = "", rounds: int = 5) -> float:
    """Processor time of a command in a process of its own, with a change that takes the number of the round."""

    def once(number: int) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        changes = ["--set", change.format(1 + number / 100)] if change else []
        command = [sys.executable, "-m", "archsim", *arguments, *changes]
        subprocess.run(command, env=_environment(cache), check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(map(once, range(rounds)))


def _environment(cache: str) -> dict[str, str]:
    """As a user has it who has installed archsim: what Python has compiled is kept."""
    plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **plain,
        "ARCHSIM_CACHE": cache,
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "bench-explore"),
    }


def rows(points: int, told: Callable[[str], None]) -> list[str]:
    """The lines of the tables."""
    lines = [
        "| points that differ in | network | fresh, points/s | reused, points/s | times | asked for |",
        "|---" * 6 + "|",
    ]
    for case in CASES:
        fresh, reused = measured(case, max(3, points // 4) if case.settings.batch > 1 else points)
        lines.append(
            f"| {case.name} | {case.network} | {fresh:.3g} | {reused:.3g} | {reused / fresh:.1f} | {case.wanted:g} |"
        )
        told(lines[-1])
    lines += [
        "",
        "| command | nothing kept, CPU s | another voltage, CPU s | the same again, CPU s |",
        "|---" * 4 + "|",
    ]
    with tempfile.TemporaryDirectory() as cache:
        for command in ("run mlp-hermes", "run resnet18"):
            arguments = [*command.split(), "--chip", CHIP]
            afresh, again = started(arguments, "off"), started(arguments, cache)
            other = started(arguments, cache, VOLTAGE)
            lines.append(f"| `archsim {command}` | {afresh:.2f} | {other:.2f} | {again:.2f} |")
            told(lines[-1])
        lines.append(f"| `archsim list chips` | {started(['list', 'chips'], 'off'):.2f} | | |")
        told(lines[-1])
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=8)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    table = rows(chosen.points, print)
    if chosen.write:
        _, _, after = PAGE.read_text().partition("\n## ")
        PAGE.write_text(_page(table, load, after))


def _page(table: list[str], load: float, after: str) -> str:
    """The page: all above its first section is made anew."""
    return "\n".join(
        (
            "# Exploring: points per second on one core",
            "",
            "Renew with `python scripts/bench_explore.py --write`.",
            "",
            f"Chip: `{CHIP}`. {os.cpu_count()} cores, load average at the start {load:.1f}: on a loaded machine a",
            "processor second does less. Fresh and reused points take turns in one run; the median of each.",
            "",
            *table,
            "",
            *(["## " + after] if after else []),
        )
    )


if __name__ == "__main__":
    main()
