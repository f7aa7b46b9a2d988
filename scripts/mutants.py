"""How many small changes of a package's functions its tests notice, by a random sample.

    python scripts/mutants.py PACKAGE [--count N] [--seed S] [--only PART_OF_A_PATH] [--slowest SECONDS] [--traced FILE]
        [--minutes M]

Prints each mutant that no test notices, and the share of them. The package's test files are collected once; for each
mutant a forked process exchanges the code of one function in place and runs only the tests that reach the changed line,
the quickest first, so that a mutant takes a fraction of a second. Test runners that know mutations (mutmut, cosmic-ray)
start pytest anew for each, which takes longer than most of these tests. What a test file computes while it is imported
is not seen changed.

A mutant that exceeds its processor time is taken as noticed.
"""

from __future__ import annotations

import argparse
import ast
import functools
import gc
import hashlib
import importlib
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FunctionType

import coverage
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from mutations import CodeKey, Mutation, key, mutations

ROOT = Path(__file__).parents[1]
# Unit tests, then quick ones of whole runs; what takes seconds a test would take hours for a sample of mutants.
_WHOLE_RUNS = (
    "tests/property/test_curves.py",
    "tests/property/test_stepped.py",
    "tests/oracle/test_timing_closed_forms.py",
    "tests/oracle/test_fabric.py",
    "tests/oracle/test_schedules.py",
)
TESTS = {
    "cost": (
        "tests/unit/cost",
        "tests/oracle/test_cost_published_chips.py",
        "tests/oracle/test_cost_published_tables.py",
    ),
    "mapping": (
        "tests/unit/mapping",
        "tests/unit/lowering",
        "tests/unit/machine",
        "tests/unit/network/test_backward.py",
        "tests/oracle/test_training_closed_forms.py",
        *_WHOLE_RUNS,
    ),
    "lowering": (
        "tests/unit/lowering",
        "tests/unit/mapping",
        "tests/unit/machine",
        "tests/unit/accounting/test_hand_run.py",
        "tests/oracle/test_systolic_cycles.py",
        "tests/oracle/test_training_closed_forms.py",
        *_WHOLE_RUNS,
    ),
    "accounting": ("tests/unit/accounting", "tests/oracle/test_leakage_published.py", *_WHOLE_RUNS),
}
Cache = functools._lru_cache_wrapper
SECONDS = 5.0
"""Processor time that a mutant has beside three times that of the tests without a change."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A test: how long it takes, in seconds of processor time, and the lines that it reaches in each file."""

    seconds: float
    lines: dict[str, list[int]]

    def reaches(self, mutant: Mutation) -> bool:
        """Whether the test comes to a mutant's statement."""
        reached = self.lines.get(str(mutant.function.file.relative_to(ROOT)), [])
        return any(mutant.first <= line <= mutant.last for line in reached)


@dataclass(slots=True, eq=False)
class Sampler:
    """A pytest plugin that runs the collected tests on mutants instead of once."""

    package: Path
    count: int
    seed: int
    only: str
    without: str
    slowest: float
    kept: Path | None
    end: float
    traced: dict[str, Traced] = field(default_factory=dict)
    failed: bool = False
    survivors: list[Mutation] = field(default_factory=list)
    drawn: int = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        """Register the profile that the command line names: a failure is enough, it need not be made small."""
        from hypothesis import HealthCheck, Phase, settings  # pytest rewrites it, and must load it first

        phases, checks = (Phase.explicit, Phase.generate), list(HealthCheck)
        settings.register_profile(
            "mutants", deadline=None, derandomize=True, database=None, phases=phases, suppress_health_check=checks
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Draw mutants, and run each in a process of its own."""
        items = {item.nodeid: item for item in session.items}
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined] # one for all processes
        trees = {file: ast.parse(file.read_text()) for file in sorted(self.package.rglob("*.py"))}
        self.traced = self._trace(items)
        every = [mutant for file, tree in trees.items() if self._asked(file) for mutant in mutations(file, tree)]
        drawn = Random(self.seed).sample(every, min(self.count, len(every)))
        live = _live_functions(self.package)
        where = self.package.relative_to(ROOT)
        print(f"{len(drawn)} of {len(every)} mutants of {where}, {len(items)} tests", flush=True)
        for number, mutant in enumerate(drawn, 1):
            if time.monotonic() > self.end:
                break
            tree = trees[mutant.function.file]
            chosen = [items[test] for test in self._reaching(mutant)]
            if self._survives(mutant, tree, live, chosen):
                self.survivors.append(mutant)
                print(f"{number:4d} {_relative(mutant)} ({len(chosen)} tests)", flush=True)
            self.drawn = number
        return True

    def _asked(self, file: Path) -> bool:
        path = str(file.relative_to(ROOT))
        return self.only in path and self.without not in path

    def _survives(
        self, mutant: Mutation, tree: ast.Module, live: dict[CodeKey, list[FunctionType]], items: list[pytest.Item]
    ) -> bool:
        changed = mutant.codes(tree)
        prefix = mutant.function.name

        def run() -> bool:
            for name, code in changed.items():
                if name[1] == prefix or name[1].startswith(f"{prefix}."):
                    for function in live.get(name, []):
                        function.__code__ = code
            return self._passes(items)

        return _in_child(run, SECONDS + 3 * sum(self.traced[item.nodeid].seconds for item in items))

    def _passes(self, items: list[pytest.Item]) -> bool:
        for number, item in enumerate(items):
            following = items[number + 1] if number + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self.failed:
                return False
        return True

    def _reaching(self, mutant: Mutation) -> list[str]:
        """The tests that reach a mutant, the quickest first."""
        found = [test for test, traced in self.traced.items() if traced.reaches(mutant)]
        quick = [test for test in found if self.traced[test].seconds <= self.slowest]
        return sorted(quick, key=lambda test: self.traced[test].seconds)

    def _trace(self, items: dict[str, pytest.Item]) -> dict[str, Traced]:
        """Run every test once, traced, in a child process, so that nothing is warm in this one."""
        known = _load(self.kept, self.package, self.slowest)
        new = {test: item for test, item in items.items() if test not in known}
        if not new:
            return {test: known[test] for test in items}
        with tempfile.TemporaryDirectory() as folder:
            data, times = Path(folder) / "coverage", Path(folder) / "times"

            def trace() -> bool:
                watch = coverage.Coverage(data_file=str(data), source=[str(self.package)], config_file=False)
                watch.start()
                caches = _caches()
                lines = [self._timed(item, watch, caches) for item in new.values()]
                watch.stop()
                watch.save()
                times.write_text("\n".join(lines))
                return True

            if not _in_child(trace, 3600):
                raise SystemExit("the tests could not be traced")
            known |= _read_traced(data, times)
        _save(self.kept, self.package, known)
        return {test: traced for test, traced in known.items() if test in items}

    def _timed(self, item: pytest.Item, watch: coverage.Coverage, caches: list[Cache]) -> str:
        _forget(caches)  # lest a test does not reach what another has asked before
        watch.switch_context(item.nodeid)
        self.failed = False
        begin = time.process_time()
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return f"{'failed' if self.failed else time.process_time() - begin}\t{item.nodeid}"


def _read_traced(data: Path, times: Path) -> dict[str, Traced]:
    traced = {}
    for line in times.read_text().splitlines():
        word, test = line.split("\t", 1)
        if word == "failed":
            print(f"left out, as it fails without a change: {test}", flush=True)
        else:
            traced[test] = Traced(float(word), {})
    seen = coverage.CoverageData(str(data))
    seen.read()
    for file in seen.measured_files():
        for line, tests in seen.contexts_by_lineno(file).items():
            for test in tests:
                if test in traced:
                    traced[test].lines.setdefault(str(Path(file).relative_to(ROOT)), []).append(line)
    return traced


def _digest(package: Path) -> str:
    sources = b"".join(file.read_bytes() for file in sorted(package.rglob("*.py")))
    return hashlib.sha256(sources).hexdigest()


def _load(kept: Path | None, package: Path, slowest: float) -> dict[str, Traced]:
    """What an earlier run traced, if the package is as it was; else only the tests that are left out as too slow."""
    if kept is None or not kept.exists():
        return {}
    digest, entries = json.loads(kept.read_text())
    known = {test: Traced(*entry) for test, entry in entries.items()}
    same = digest == _digest(package)
    return known if same else {test: traced for test, traced in known.items() if traced.seconds > slowest}


def _save(kept: Path | None, package: Path, traced: dict[str, Traced]) -> None:
    if kept is not None:
        entries = {test: (each.seconds, each.lines) for test, each in traced.items()}
        kept.write_text(json.dumps((_digest(package), entries)))


def _in_child(run: Callable[[], bool], seconds: float) -> bool:
    """Whether a function is true, called in a silent forked process of bounded time."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    said = os.dup(2)
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        signal.alarm(10 * int(seconds) + 60)  # one that waits for ever takes no processor time
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        _forget(_caches())  # filled while the test files were imported
        os._exit(0 if run() else 1)
    except BaseException:
        os.write(said, traceback.format_exc().encode())
        raise
    finally:
        os._exit(2)


def _caches() -> list[Cache]:
    """What the package keeps of its functions' answers, and what tests keep of its work for each other."""
    wrappers = (thing for thing in gc.get_objects() if isinstance(thing, Cache))
    return [cache for cache in wrappers if cache.__module__.startswith(("archsim", "tests"))]


def _forget(caches: list[Cache]) -> None:
    for cache in caches:
        cache.cache_clear()


def _live_functions(package: Path) -> dict[CodeKey, list[FunctionType]]:
    for file in package.rglob("*.py"):  # some are imported by whoever needs them first
        importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    found: dict[CodeKey, list[FunctionType]] = {}
    for thing in gc.get_objects():
        if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(str(package)):
            found.setdefault(key(thing.__code__), []).append(thing)
    return found


def _relative(mutant: Mutation) -> str:
    return str(mutant).replace(f"{ROOT}/", "")


def _interval(part: int, whole: int) -> tuple[float, float]:
    """Wilson's interval of a share (E. B. Wilson, JASA 22, 1927), at two standard deviations."""
    square, share = 1.96**2, part / whole
    middle = share + square / (2 * whole)
    half = 1.96 * math.sqrt(share * (1 - share) / whole + square / (4 * whole**2))
    return (middle - half) / (1 + square / whole), (middle + half) / (1 + square / whole)


def main() -> None:
    """Draw mutants of one package and print those that survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", choices=TESTS)
    parser.add_argument("--count", type=int, default=100, help="mutants to draw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of the path of the modules to draw from")
    parser.add_argument("--without", default="\n", help="part of the path of modules to leave out")
    parser.add_argument("--slowest", type=float, default=2.0, help="tests that take longer, in seconds, are left out")
    parser.add_argument("--traced", type=Path, help="file that keeps which lines each test reaches, for the next time")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no mutant after so many")
    options = parser.parse_args()
    package, kept = ROOT / "archsim" / options.package, options.traced and options.traced.absolute()
    end = time.monotonic() + 60 * options.minutes
    sampler = Sampler(package, options.count, options.seed, options.only, options.without, options.slowest, kept, end)
    arguments = ("-q", "-s", "-n0", "-p", "no:cacheprovider", "--hypothesis-profile=mutants")
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        status = pytest.main([*arguments, f"--basetemp={folder}/pytest", *TESTS[options.package]], plugins=[sampler])
    if not sampler.drawn:
        sys.exit(int(status) or 1)
    survive, drawn = len(sampler.survivors), sampler.drawn
    low, high = _interval(survive, drawn)
    print(f"{survive} of {drawn} survive ({survive / drawn:.0%}; {low:.0%} to {high:.0%} with 95 % confidence)")


if __name__ == "__main__":
    main()
