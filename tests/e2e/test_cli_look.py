"""`archsim list`, `show`, `check` and the help texts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
import yaml

from archsim import workloads
from archsim.chip import chip_names, load_chip
from tests.e2e.cli_calls import fail, light_model, succeed, succeed_json
from tests.fuzz.command_lines import Command, commands

COMMANDS = [
    (),
    ("run",),
    ("check",),
    ("list",),
    ("show",),
    ("show", "chip"),
    ("show", "network"),
    ("show", "placement"),
    ("show", "program"),
    ("show", "cost"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...]) -> None:
    text = succeed(*command, "--help")
    assert "Usage:" in text
    assert "[bold]" not in text
    assert "[cyan]" not in text


def test_version() -> None:
    assert succeed("--version").startswith("archsim 0.")


def test_list_names_every_network_and_chip() -> None:
    words = set(succeed("list").split())
    assert set(workloads.names()) <= words
    assert set(chip_names()) <= words


def test_list_of_one_kind_leaves_the_others_out() -> None:
    text = succeed("list", "chips")
    assert "isaac" in text
    assert "resnet18" not in text


def test_list_of_costs_names_models() -> None:
    assert "oscillator" in succeed("list", "costs")


def test_shown_chip_is_a_chip_file(tmp_path: Path) -> None:
    file = tmp_path / "pcm-mesh-14nm.yaml"
    file.write_text(succeed("show", "chip", "pcm-mesh-14nm", "--set", "tile.adc.bits=6"))
    assert load_chip(str(file)) == load_chip("pcm-mesh-14nm", ["tile.adc.bits=6"])


@pytest.mark.parametrize("name", chip_names())
def test_every_chip_can_be_shown_and_is_priced(name: str) -> None:
    text = succeed("show", "chip", name)
    assert yaml.safe_load(text)["name"] == name
    assert text.startswith("# ")
    assert "peak" in text.splitlines()[0]
    assert "no peak figures" not in text


def test_sources_say_where_a_number_comes_from() -> None:
    text = succeed("show", "chip", "pcm-mesh-14nm", "--csv", "--set", "tile.adc.bits=6")
    table = pd.read_csv(StringIO(text)).set_index("field")
    assert table.loc["tile.input.phase_time", "value"] == "128 ns"
    assert "HERMES" in table.loc["tile.input.phase_time", "source"]
    assert "--set" in table.loc["tile.adc.bits", "origin"]
    assert "assumed" in succeed("show", "chip", "pcm-mesh-14nm", "--sources")


def test_schema_knows_the_sections() -> None:
    assert {"tile", "fabric", "extends"} <= set(json.loads(succeed("show", "chip", "--schema"))["properties"])


def test_network_as_table_and_json() -> None:
    assert "1 814 073 344" not in succeed("show", "network", "resnet18")
    table = pd.read_csv(StringIO(succeed("show", "network", "resnet18", "--csv")))
    rows = json.loads(succeed("show", "network", "resnet18", "--json"))
    assert table["macs"].sum() == 1_814_073_344
    # 11,678,912 weights: torchvision's 11,689,512 parameters less 9,600 of batch normalisation and 1,000 biases.
    assert sum(row["weights"] for row in rows) == 11_678_912
    assert [row["layer"] for row in rows] == table["layer"].tolist()


def test_placement_adds_up() -> None:
    placement = succeed_json("show", "placement", "resnet18", "--replicate", "conv1=3", "--json")
    table = pd.read_csv(StringIO(succeed("show", "placement", "resnet18", "--replicate", "conv1=3", "--csv")))
    assert table["arrays"].sum() == placement["arrays_used"]
    assert table.set_index("layer").loc["conv1", "replicas"] == 3
    # 64 columns of 147 rows: one array of 512 x 512, 3.6 % of it.
    assert table.set_index("layer").loc["conv1", "cells"] == pytest.approx(147 * 64 / 512**2)
    assert table["row_blocks"].mul(table["column_blocks"]).mul(table["replicas"]).tolist() == table["arrays"].tolist()


def test_placement_of_a_large_decoder() -> None:
    placement = succeed_json("show", "placement", "llama3-8b", "--json")
    # 7.505 billion weights in matrices need at least 28,629 arrays of 512 x 512.
    assert placement["arrays_used"] >= 28_629
    assert placement["chips"] > 100
    assert "llama3-8b on pcm-mesh-14nm" in succeed("show", "placement", "llama3-8b")


def test_program_is_cut_where_asked() -> None:
    short = succeed("show", "program", "mlp-hermes", "--limit", "2").splitlines()
    whole = succeed("show", "program", "mlp-hermes", "--limit", "0").splitlines()
    assert sum(line.strip().startswith("...") for line in short) == 3
    assert not any(line.strip().startswith("...") for line in whole)
    assert len(whole) > len(short)


def test_cost_shows_value_formula_and_source() -> None:
    text = succeed("show", "cost", "adc", "--set", "bits=8", "--set", "node=14 nm")
    for heading in ("quantity", "value", "formula", "source", "energy per conversion", "area"):
        assert heading in text


def test_cost_says_when_a_parameter_is_out_of_range() -> None:
    assert "outside the fitted range" in succeed("show", "cost", "adc", "--set", "bits=8", "--set", "node=3 nm")


def test_cost_without_settings_lists_parameters() -> None:
    text = succeed("show", "cost", "adc", "--model", "survey")
    assert "bits" in text
    assert "required" in text


@pytest.mark.parametrize("name", ["squeezenet", "resnet50"])
def test_check_of_a_network_is_one_line(name: str) -> None:
    text = succeed("check", light_model(name))
    assert "is fine" in text
    assert len(text.splitlines()) == 1


def test_check_of_a_chip_says_what_its_figures_include(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: pcm-mesh-14nm\nfabric:\n  clock: 2 GHz\n")
    first, second = succeed("check", file).splitlines()
    assert "is fine" in first
    assert second == "- figures include leakage, area, DRAM, I/O; not clock, control, power conversion, host"


def test_check_of_a_chip_names_parts_without_leakage_or_area(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    costs = "tile:\n  adc:\n    cost:\n      leakage: 0 W [nobody knows]\n"
    file.write_text(f"extends: pcm-mesh-14nm\n{costs}fabric:\n  cost:\n    area: 0 mm^2\n")
    text = succeed("check", file)
    assert "- parts without leakage: adc (nobody knows)" in text
    assert "- parts without area: router\n" in text
    found = succeed_json("check", file, "--json")
    assert found["without_leakage"] == {"adc": "nobody knows"}
    assert found["without_area"] == {"router": ""}
    assert found["includes"]["leakage"] == "in part"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=120)


def test_as_a_module_with_its_command_recorded() -> None:
    done = python("-m", "archsim", "run", "mlp-hermes", "--json")
    assert done.returncode == 0
    assert done.stderr == ""
    assert json.loads(done.stdout)["command"] == ["archsim", "run", "mlp-hermes", "--json"]


def test_bad_input_ends_the_process_with_2() -> None:
    done = python("-m", "archsim", "run", "renset18")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "remedy: Did you mean resnet18" in done.stderr


def test_mistyped_command_is_corrected() -> None:
    done = python("-m", "archsim", "rnu")
    assert done.returncode == 2
    assert "run" in done.stderr


@pytest.mark.parametrize("command", commands(), ids=lambda command: " ".join(command.path))
def test_every_command_shows_how_it_is_used(command: Command) -> None:
    words = " ".join(succeed(*command.path, "--help").split())
    assert f"archsim {' '.join(command.path)}" in words.partition("[OPTIONS]")[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--batch", "many"), "invalid value for '--batch': a whole number is meant"),
        (("--format", "cvs"), "invalid value for '--format': 'cvs' is not one of 'csv', 'parquet'"),
        (("--bach", "2"), "no such option: --bach"),
    ],
)
def test_misused_options_are_told_plainly(arguments: tuple[str, ...], words: str) -> None:
    assert words in fail("run", "mlp-hermes", *arguments)


def loaded(*arguments: str) -> set[str]:
    """The modules that a command line loads."""
    script = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    script += "from archsim.__main__ import main; main()"
    done = python("-c", script, *arguments)
    assert done.returncode == 0
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("--version",)])
def test_help_loads_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not loaded(*arguments) & {"numpy", "pandas", "numba", "onnx", "scipy", "pint", "networkx", "matplotlib"}


@pytest.mark.parametrize("what", ["chips", "networks"])
def test_lists_load_neither_engine_nor_tables(what: str) -> None:
    heavy = {"pandas", "numba", "onnx", "scipy", "pint", "matplotlib", "archsim.engine", "archsim.chip.schema"}
    assert not loaded("list", what) & (heavy | ({"networkx"} if what == "chips" else set()))


def test_a_run_loads_what_it_needs() -> None:
    needless = {"onnx", "pandas", "pyarrow", "pint", "matplotlib", "archsim.functional", "archsim.numeric"}
    assert not loaded("run", "mlp-hermes") & needless


@pytest.mark.parametrize(
    "arguments",
    [
        ("network", "mlp-hermes", "--csv"),
        ("placement", "mlp-hermes", "--json"),
        ("chip", "pcm-mesh-14nm", "--sources"),
        ("chip", "pcm-mesh-14nm", "--leakage", "--csv"),
        ("cost", "adc"),
    ],
    ids=" ".join,
)
def test_tables_are_written_without_a_library_for_tables(arguments: tuple[str, ...]) -> None:
    assert not loaded("show", *arguments) & {"pandas", "pyarrow", "matplotlib", "onnx"}


def test_interrupt_leaves_a_message(tmp_path: Path) -> None:
    command = [
        "-m",
        "archsim",
        "run",
        "resnet50",
        "--batch",
        "64",
        "--engine",
        "reference",
        "--out",
        str(tmp_path / "new"),
    ]
    process = subprocess.Popen([sys.executable, *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        # The directory is made once everything is loaded, right before the simulation.
        while not (tmp_path / "new").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    finally:
        process.kill()
    # If the signal finds CPython running a string for a C module, it ends by that signal after our message; a shell
    # reports 130 for both.
    assert process.returncode in (130, -signal.SIGINT)
    assert "interrupted" in said
    assert "Traceback" not in said
    assert printed == ""
    assert list((tmp_path / "new").iterdir()) == []
