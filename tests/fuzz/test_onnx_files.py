"""ONNX files of every kind of brokenness through the command line: exit code 0, 1 or 2, bounded time and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import strategies as st

from tests.fuzz.contract import fuzz, fuzz_long, run_command
from tests.fuzz.onnx_mutants import mutant
from tests.fuzz.onnx_seeds import made_seeds, node_seeds

Mutant = tuple[bytes, int]
KNOWN = sorted((Path(__file__).parents[1] / "data" / "onnx_mutants").glob("*.onnx"))
SHAPES = ("x=1,3,16,16", "x=1,2,9", "x=3,4", "x=1,6,8", "x=0", "y=1")
"""Given to every fourth mutant; few fit."""


def mutants() -> st.SearchStrategy[Mutant]:
    """A seed, and the number of its mutant."""
    made, nodes = st.sampled_from(made_seeds()), st.sampled_from(node_seeds())
    return st.tuples(st.one_of(made, made, nodes), st.integers(0, 2**32 - 1))


@pytest.fixture
def held() -> Iterator[Callable[[Mutant], None]]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "weights.bin").write_bytes(bytes(80))

        def hold(chosen: Mutant) -> None:
            file, number = chosen
            path = folder / "mutant.onnx"
            path.write_bytes(mutant(file, number).SerializeToString())
            shape = ["--shape", SHAPES[number % len(SHAPES)]] if number % 4 == 0 else []
            readable = run_command("check", path, *shape).code == 0
            if readable and number % 2:  # running takes longer than reading
                run_command("run", path, *shape, "--json")

        yield hold


def test_seeds_are_read_or_refused(held: Callable[[Mutant], None], tmp_path: Path) -> None:
    """Most of the seeds made here must be readable: a mutant of what is refused tells little."""
    (tmp_path / "weights.bin").write_bytes(bytes(80))
    codes = []
    for place, file in enumerate(made_seeds()):
        path = tmp_path / f"{place}.onnx"
        path.write_bytes(file)
        codes.append(run_command("check", path).code)
    assert sum(code == 0 for code in codes) >= len(codes) - 3


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.stem)
def test_known_mutants(path: Path) -> None:
    """Files that once ended in a traceback."""
    assert run_command("run", path, "--json").code in (0, 2)


def test_mutants(held: Callable[[Mutant], None]) -> None:
    fuzz(mutants(), held, 400)


@pytest.mark.slow
def test_many_mutants(held: Callable[[Mutant], None]) -> None:
    assert fuzz_long(mutants(), held) > 0
