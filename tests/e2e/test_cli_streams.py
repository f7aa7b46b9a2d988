"""Names that a terminal would obey, and streams that are closed, full, unread or of another encoding."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.fuzz.contract import run_command

NASTY = "\x1b[31m\x07\x9b5m\u202e\u2066\x7f"
"""Red, a bell, a CSI of one byte, right to left twice, a deletion."""
MAIN = (sys.executable, "-m", "archsim")


def obeyed(text: str) -> set[str]:
    """Characters of a text that a terminal obeys instead of showing them."""
    return {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter != "\n"}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network whose every name is nasty."""
    data, weights, inner, outer = (f"{name}{NASTY}" for name in ("data", "weights", "inner", "outer"))
    nodes = [
        helper.make_node("MatMul", [data, weights], [inner], name=f"product{NASTY}"),
        helper.make_node("Relu", [inner], [outer], name=f"rectifier{NASTY}"),
    ]
    graph = helper.make_graph(
        nodes,
        f"net{NASTY}",
        [helper.make_tensor_value_info(data, TensorProto.FLOAT, (1, 8))],
        [helper.make_tensor_value_info(outer, TensorProto.FLOAT, (1, 4))],
        [numpy_helper.from_array(np.ones((8, 4), np.float32), weights)],
    )
    path = tmp_path_factory.mktemp("nasty") / f"net{NASTY}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    return path


@pytest.fixture(scope="module")
def chip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chip whose name and source are nasty."""
    path = tmp_path_factory.mktemp("nasty") / f"chip{NASTY}.yaml"
    escaped = NASTY.encode("unicode_escape").decode()
    source = escaped.replace("[", "")  # which would begin another source
    path.write_text(f'extends: pcm-mesh-14nm\nname: "chip{escaped}"\ntile:\n  arrays: "1 [{source}]"\n')
    return path


@pytest.mark.parametrize("form", ["", "--json", "--markdown"])
@pytest.mark.parametrize("command", ["run", "show network", "show placement", "show program", "ladder"])
def test_names_of_a_network_and_a_chip(network: Path, chip: Path, command: str, form: str) -> None:
    where = [] if command == "show network" else ["--chip", chip]
    outcome = run_command(*command.split(), network, *where, *form.split())
    assert outcome.code == 0, outcome.stderr
    assert "x1b" in outcome.stdout or "u001b" in outcome.stdout
    assert not obeyed(outcome.stdout + outcome.stderr)


@pytest.mark.parametrize("arguments", [("--sources",), ("--sources", "--csv"), ()])
def test_names_of_a_chip(chip: Path, arguments: tuple[str, ...]) -> None:
    outcome = run_command("show", "chip", chip, *arguments)
    assert outcome.code == 0, outcome.stderr
    assert not obeyed(outcome.stdout + outcome.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        (NASTY,),
        ("run", NASTY),
        ("run", "mlp-hermes", NASTY),
        ("run", "mlp-hermes", f"--{NASTY}"),
        ("run", "mlp-hermes", "--chip", NASTY),
        ("run", "mlp-hermes", "--set", f"tile.{NASTY}=1"),
        ("run", "mlp-hermes", "--set", f"tile.arrays={NASTY}"),
        ("run", "mlp-hermes", "--replicate", f"{NASTY}=2"),
        ("run", "mlp-hermes", "--format", NASTY),
        ("run", "mlp-hermes", "--batch", NASTY),
        ("check", f"{NASTY}.onnx"),
        ("check", f"{NASTY}.yaml"),
        ("show", "cost", NASTY),
        ("show", "cost", "adc", "--set", f"{NASTY}=1"),
        ("validate", NASTY),
        ("list", NASTY),
        ("accuracy", NASTY),
        # Bytes of a command line that are no UTF-8.
        ("run", os.fsdecode(b"\xff\xfe")),
    ],
)
def test_names_in_errors(arguments: tuple[str, ...]) -> None:
    outcome = run_command(*arguments)
    assert outcome.code == 2
    assert not obeyed(outcome.stdout + outcome.stderr)


def test_a_command_line_of_any_bytes_is_recorded(tmp_path: Path) -> None:
    assert run_command("run", "mlp-hermes", "--out", tmp_path / os.fsdecode(b"\xff")).code == 0
    assert run_command("run", "mlp-hermes", "--out", tmp_path / os.fsdecode(b"\xff"), "--json").code == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_stdout_of_another_encoding(encoding: str) -> None:
    done = subprocess.run(
        [*MAIN, "run", "mlp-hermes"], env={**os.environ, "PYTHONIOENCODING": encoding}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.decode(encoding)
    assert ("uJ/sample" if encoding == "ascii" else "µJ/sample") in printed
    assert "\\u" not in printed


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of bash, in which ``archsim`` is this one."""
    prologue = f'set -o pipefail; archsim() {{ {" ".join(MAIN)} "$@"; }}; '
    return subprocess.run(["bash", "-c", prologue + command], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["list", "--help", "show chip", "run mlp-hermes --json"])
def test_full_disk(command: str) -> None:
    done = shell(f"archsim {command} > /dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith("error: cannot be read or written: No space left on device\n   where: standard out")


@pytest.mark.parametrize("command", ["list", "--help", "run mlp-hermes"])
def test_closed_stdout_is_wished_for(command: str) -> None:
    done = shell(f"archsim {command} >&-")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("redirection"), ["2>&-", "2>/dev/full", ">&- 2>&-"])
def test_errors_that_nobody_can_read(redirection: str) -> None:
    done = shell(f"archsim run no-such-network {redirection}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


def test_reader_that_leaves() -> None:
    done = shell("archsim show program resnet18 --limit 0 | head -n 1")
    assert (done.returncode, done.stderr) == (1, "")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("seed", range(8))
def test_interrupt_at_any_time(seed: int, tmp_path: Path) -> None:
    """From the moment that Python runs our code, be it imports, compilation, the run or the writing of files."""
    script = "import sys; print('begun', flush=True); from archsim.__main__ import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, "run", "resnet18", "--batch", "8", "--out", tmp_path / "out"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(random.Random(seed).uniform(0.05, 4))
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    # A shell reports 130 for an end by this signal, too. The run may have been over before.
    assert process.returncode in (130, -signal.SIGINT, 0), said
    assert not list(tmp_path.glob("out/.*"))
