"""Command lines of every command and option that there is: good ones, and ones that a slip, a script or spite makes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy
from onnx import TensorProto, helper, numpy_helper
from typer.main import get_command

from archsim.cli import application
from tests.fuzz.contract import run_command

NASTY = (
    *("", " ", "-", "--", "---", "=", "a=", "=1", ",", ":", "::", "1:", ":1", "5:1", "1,2,,3"),
    *(".", "..", "/", "*", "?", "[", "\\", "'", '"', "\n", "\t", "[red]", "[/]", "{}", "%s%n", "$(true)"),
    *("0", "-1", "1.5", "1e3", "1e309", "nan", "-inf", "null", "~", "true", "None", "0x10", "1_000", "１２", "½"),
    *("9" * 19, "9" * 20, "9" * 400, "9" * 5000, "-" + "9" * 20, "a" * 5000, "🦔" * 50),
    *("\x1b[31m", "\x07", "\u202e", os.fsdecode(b"\xff")),
    *("/dev/null", "/dev/full", "/proc/self/mem", "/nowhere/at/all", "~nobody/x", "con.onnx", ".onnx", ".yaml"),
)
"""Values that nobody foresaw."""
NUMBERS = ("1", "2", "3", "7", "16", "1000000000000", str(2**63), str(2**64), "00", "+1", " 1 ", "1 ")
TIMES = (
    *("1 s", "1 us", "0 s", "-1 s", "1", "1 m", "inf s", "9e99 years", "1 fortnight"),
    *("1 s,1 day", "1 day,,", "1 s,1 s"),
)
FIELDS = (
    *("tile.adc.bits=6", "tile.adc.bits=6:8", "tile.adc.bits=4,6", "tile.adc.bits=0", "tile.adc.bots=6"),
    *("tile.adc.bits=1:99999999999", "tile.adc.bits", "tile..adc=1", "tile.adc=1", "tile=null", "=", "a.b.c.d.e=1"),
    *("fabric.clock=2 GHz", "fabric.clock=2", "fabric.clock=1e-9 Hz", "fabric.rows=1", "memory.dram=null"),
    *("name=\x1b[31m", "bits=8", "node=14 nm", "bits=9:7"),
)
COPIES = (
    *("none", "balanced", "balnced", "fc1=2", "fc=2", "fc*=2", "*=1", "fc1=0", "fc1=2,fc1=3", "=2"),
    "fc1=" + "9" * 30,
)
SHAPES = (
    *("data=1,8", "data=1,0", "data=", "data=1,-1", "x=1,8", "data=1,8,", "data=4096,4096,4096"),
    "data=1," + "9" * 20,
)
METRICS = (
    *("math:sqrt", "math:", ":sqrt", "math", "math:nothing", "nowhere.at.all:f", "numpy:ndarray"),
    "archsim.functional:accuracy",
)
CHIPS = (
    *("pcm-mesh-14nm", "pcm-mesh-14nm,isaac", "tpu-v1,chip.yaml", "pcm-mesh-14nm,pcm-mesh-14nm", "isaac,", ","),
    *("pcm-mesh-14nm,nothing", "broken.yaml,isaac"),
)
LENGTHS = ("14 nm", "0 nm", "-1 nm", "nan nm", "1 km", "14")
SHARES = ("0.2", "0", "1", "-0.5", "2", "nan", "inf")
_VALUES = {
    "--chips": CHIPS,
    "--node": LENGTHS,
    "--holdout": SHARES,
    "--rate": ("0.01", *SHARES, "1e300"),
    "--algorithm": ("sgd", "tiki-taka", "mixed-precision", "sdg"),
    "--workers": ("1", "0", "999999999"),
    "--shape": SHAPES,
    "--set": FIELDS,
    "--sweep": FIELDS,
    "--replicate": COPIES,
    "--at": TIMES,
    "--trace-from": TIMES,
    "--trace-to": TIMES,
    "--metric": METRICS,
    "--format": ("csv", "parquet", "cvs"),
    "--engine": ("compiled", "reference", "fast"),
    "--compensation": ("none", "global", "per-column", "all"),
    "--model": ("survey", "ramp", "servey"),
}
_FIRST = {
    # What would otherwise take minutes; what follows may still overrule it.
    ("accuracy",): ("--seeds", "1", "--at", "1 s"),
    ("report",): ("--no-what-if", "--no-sensitivity"),
    ("validate",): ("no-such-case",),
    ("explore",): ("--workers", "1"),
    ("train",): ("--epochs", "1", "--data", "data.npz", "--chip", "nature2018-training"),
    ("compare",): ("--chips", "pcm-mesh-14nm"),
}
_NOUNS = {("diff",): 2}
"""What a command takes beside its options, if not one noun."""
_NAMED = {
    ("diff",): ("run1", "run2", "run1", "run2", "isaac", "chip.yaml", "tpu-v1", "results"),
    ("explore",): ("study.yaml", "study.yaml", "chip.yaml", "broken.yaml", "results"),
    ("train",): ("8-4-3", "8-4", "8-3-3", "net.onnx", "open.onnx", "half.onnx", "os:system", "8-0-3", "8-" + "9" * 30),
}
"""Nouns that fit; those of all other commands are networks, files and chips."""
_STUDY = """\
networks:
  net.onnx: {batch: 2}
chip: chip.yaml
parameters:
  tile.adc.bits: [6, 8]
objectives:
  area_m2: minimize
"""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, and the options that it has.

    Parameters
    ----------
    path : tuple of str
    flags, options : tuple of str
        Those without and with a value.
    """

    path: tuple[str, ...]
    flags: tuple[str, ...]
    options: tuple[str, ...]


@cache
def commands() -> tuple[Command, ...]:
    """Every command of the command line, as the command line knows it."""
    return tuple(_commands(get_command(application()), ()))


def _commands(group: Any, path: tuple[str, ...]) -> list[Command]:
    if not hasattr(group, "commands"):
        given = [option for option in group.params if option.param_type_name == "option"]
        flags = [name for option in given if option.is_flag for name in (*option.opts, *option.secondary_opts)]
        options = [name for option in given if not option.is_flag for name in option.opts]
        return [Command(path, (*flags, "--help"), tuple(options))]
    return [found for name, below in group.commands.items() for found in _commands(below, (*path, name))]


def write_files(folder: Path) -> tuple[str, ...]:
    """Networks, chips and data, whole and broken, in a folder; their names."""
    onnx.save(_product("data", (1, 8)), folder / "net.onnx")
    onnx.save(_product("data", ("batch", 8)), folder / "open.onnx")
    (folder / "half.onnx").write_bytes((folder / "net.onnx").read_bytes()[:60])
    (folder / "chip.yaml").write_text("extends: pcm-mesh-14nm\ntile:\n  adc:\n    bits: 7\n")
    (folder / "broken.yaml").write_text("extends: pcm-mesh-14nm\ntile: [\n")
    np.savez(folder / "data.npz", data=np.ones((3, 8), np.float32), labels=np.zeros(3, np.int64))
    (folder / "study.yaml").write_text(_STUDY)
    (folder / "results").mkdir()
    for batch in ("1", "2"):
        run_command("run", folder / "net.onnx", "--batch", batch, "--out", folder / f"run{batch}")
    (folder / "binary").write_bytes(bytes(range(256)))
    return tuple(sorted(file.name for file in folder.iterdir()))


def _product(name: str, shape: Sequence[int | str]) -> onnx.ModelProto:
    graph = helper.make_graph(
        [helper.make_node("Gemm", [name, "w"], ["out"], name="fc1")],
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, (shape[0], 4))],
        [numpy_helper.from_array(np.ones((8, 4), np.float32), "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@st.composite
def command_lines(draw: DrawFn, files: Sequence[str]) -> list[str]:
    """The words of a command line."""
    command = draw(st.sampled_from(commands()))
    nouns = st.sampled_from(
        ["mlp-hermes", "mlp-hermes", "digits-cnn", "lstm-ptb", "isaac", "tpu-v1", "adc", "chips", "mlp-herms", *files]
    )
    named = st.sampled_from(_NAMED[command.path]) if command.path in _NAMED else nouns
    words = [*command.path]
    if draw(st.integers(0, 9)):
        words += [draw(_mostly(named)) for _ in range(_NOUNS.get(command.path, 1))]
    words += _FIRST.get(command.path, ())
    for _ in range(draw(st.integers(0, 4))):
        words += draw(_option(command, nouns))
    if command.path not in _FIRST and not draw(st.integers(0, 9)):
        words = draw(_slip(words))
    # A slip can leave the one command that takes minutes, as it says.
    return words if words != ["validate"] else ["validate", "no-such-case"]


def _mostly(usual: SearchStrategy[str]) -> SearchStrategy[str]:
    nasty = st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_characters="\0"), max_size=8))
    return st.one_of(usual, usual, nasty)


@st.composite
def _option(draw: DrawFn, command: Command, nouns: SearchStrategy[str]) -> list[str]:
    if not command.options or not draw(st.integers(0, 2)):
        return [draw(st.sampled_from(command.flags))]
    option = draw(st.sampled_from(command.options))
    usual = st.sampled_from(_VALUES[option]) if option in _VALUES else st.one_of(st.sampled_from(NUMBERS), nouns)
    value = draw(_mostly(usual))
    return [f"{option}={value}"] if draw(st.booleans()) else [option, value]


@st.composite
def _slip(draw: DrawFn, words: list[str]) -> list[str]:
    """A word lost, doubled, moved, or with a letter wrong."""
    place = draw(st.integers(0, len(words) - 1))
    word = words[place]
    cut = draw(st.integers(0, len(word)))
    slips = (
        [],
        [word, word],
        [word[:cut] + word[cut + 1 :]],
        [word[:cut] + draw(st.sampled_from("-=x ")) + word[cut:]],
    )
    changed = [*words[:place], *draw(st.sampled_from(slips)), *words[place + 1 :]]
    return draw(st.permutations(changed)) if draw(st.booleans()) else changed
