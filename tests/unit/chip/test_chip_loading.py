"""Chip files: inheritance, overrides, sources, and what is said about a file that cannot be used."""

from pathlib import Path

import pytest

from archsim.chip import Chip, chip_names, describe, load_chip, resolved_yaml, sources
from archsim.errors import InputError

BASE = "pcm-mesh-14nm"


def write(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def variant(folder: Path, text: str) -> str:
    return write(folder, "variant.yaml", f"extends: {BASE}\n{text}")


def refusal(name_or_path: str, *overrides: str) -> InputError:
    with pytest.raises(InputError) as caught:
        load_chip(name_or_path, overrides)
    error = caught.value
    assert error.what and error.where and error.remedy
    assert "pydantic" not in str(error) and "http" not in str(error)
    return error


# Inheritance


def test_a_variant_is_three_lines(tmp_path: Path) -> None:
    chip = load_chip(write(tmp_path, "six-bit.yaml", f"extends: {BASE}\ntile:\n  adc:\n    bits: 6\n"))
    assert chip.tile.adc.bits == 6
    assert chip.tile.array == load_chip(BASE).tile.array
    assert chip.name == "six-bit"


def test_a_file_may_extend_a_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "parent.yaml", f"extends: {BASE}\nfabric: {{rows: 4, columns: 4}}\n")
    child = write(tmp_path, "child.yaml", "extends: parent.yaml\nfabric: {rows: 2}\n")
    fabric = load_chip(child).fabric
    assert (fabric.rows, fabric.columns) == (2, 4)


def test_null_removes_a_key(tmp_path: Path) -> None:
    chip = load_chip(variant(tmp_path, "units:\n  core: null\nmemory:\n"))
    assert set(chip.units) == {"local"}
    assert chip.memory == {}


def test_a_name_given_in_the_file_is_kept(tmp_path: Path) -> None:
    assert load_chip(variant(tmp_path, "name: mine\n")).name == "mine"


def test_circles_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "extends: b.yaml\n")
    error = refusal(write(tmp_path, "b.yaml", "extends: a.yaml\n"))
    assert error.what == "the file extends itself: b.yaml -> a.yaml -> b.yaml"


def test_extending_nothing_is_refused_at_its_line(tmp_path: Path) -> None:
    error = refusal(write(tmp_path, "a.yaml", "description: x\nextends: pcm-mesh-15nm\n"))
    assert error.where.endswith("a.yaml:2")
    assert f"Did you mean {BASE!r}?" in error.remedy


# Overrides


def test_an_override_equals_editing_the_file(tmp_path: Path) -> None:
    edited = load_chip(
        variant(tmp_path, f"name: {BASE}\ntile: {{adc: {{bits: 6}}}}\nfabric: {{clock: 2 GHz}}\nmemory: null\n")
    )
    overridden = load_chip(BASE, ["tile.adc.bits=6", "fabric.clock = 2 GHz", "memory=null"])
    assert overridden.model_copy(update={"description": ""}) == edited.model_copy(update={"description": ""})


def test_later_overrides_win() -> None:
    assert load_chip(BASE, ["tile.adc.bits=6", "tile.adc.bits=5"]).tile.adc.bits == 5


def test_an_override_may_add_a_unit() -> None:
    given = [
        "units.extra.where=tile",
        "units.extra.lanes=4",
        "units.extra.clock=1 GHz",
        "units.extra.pipeline=1",
        "units.extra.operations.add=1",
        "units.extra.cost.model=datapath",
    ]
    assert load_chip(BASE, given).units["extra"].lanes == 4


@pytest.mark.parametrize("assignment", ["tile.adc.bits", "=3", "tile..bits=3", ""])
def test_an_override_that_sets_nothing_is_refused(assignment: str) -> None:
    assert "sets nothing" in refusal(BASE, assignment).what


# Sources


def test_sources_are_read_and_do_not_change_values(tmp_path: Path) -> None:
    file = variant(tmp_path, 'tile:\n  adc:\n    bits: "6 [JSSC 57(4), 2022]"\n    conversion_time: 3 ns [assumed]\n')
    found = {source.path: source for source in sources(file)}
    bits, time = found["tile.adc.bits"], found["tile.adc.conversion_time"]
    assert (bits.value, bits.source, bits.assumed) == ("6", "JSSC 57(4), 2022", False)
    assert (time.value, time.source, time.assumed) == ("3 ns", "assumed", True)
    assert bits.origin.endswith("variant.yaml:4")
    assert load_chip(file).tile.adc.bits == 6


def test_an_override_brings_its_own_source() -> None:
    found = {source.path: source for source in sources(BASE, ["tile.adc.bits=6"])}
    assert found["tile.adc.bits"].source == ""
    assert found["tile.adc.bits"].origin == "--set tile.adc.bits=6"


def test_numbers_are_told_from_words() -> None:
    found = {source.path: source.is_number for source in sources(BASE)}
    assert found["tile.adc.bits"] and found["technology.node"]
    assert not found["tile.adc.kind"] and not found["fabric.multicast"]


# Names


def test_unknown_names_suggest_the_nearest() -> None:
    error = refusal("pcm-mesh")
    assert "Did you mean 'pcm-mesh-14nm'?" in error.remedy
    assert "isaac" in refusal("nothing like it").remedy


def test_every_preset_describes_itself() -> None:
    assert all(len(describe(name)) > 20 for name in chip_names())


# Bad text

BAD_TEXT = [
    ("", "the file is empty", ""),
    ("- a\n- b\n", "no field of a chip file takes a list", ":1"),
    ("just words\n", "there is no mapping of keys here", ":1"),
    ("tile:\n  a: [1\n", "this is not a chip file's YAML", ":3"),
    ("tile: {a: 1\n  b: 2\n", "this is not a chip file's YAML", ":2"),
    ("a: 1\n\tb: 2\n", "this is not a chip file's YAML", ":2"),
    ("tile:\n  bits: 1\n  bits: 2\n", "the key 'bits' is given twice", ":3"),
    ("a: &x 1\nb: *x\n", "aliases are not understood", ":2"),
    ("a: &x {b: *x}\n", "aliases are not understood", ":1"),
    ("? [a, b]\n: 1\n", "a key is not a plain word", ":1"),
    ("a: 1\n---\nb: 2\n", "this is not a chip file's YAML", ":2"),
    ("extends: {a: 1}\n", "'extends' does not name a chip", ":1"),
    ("extends: 14\n", "'extends' does not name a chip", ":1"),
    ("a: \x00\n", "this is not a chip file's YAML", ""),
    ("[" * 5000, "nested too deeply", ":1"),
    ("tile:\n  array:\n    cell:\n[]:", "ends within a collection", ""),
]


@pytest.mark.parametrize(("text", "what", "line"), BAD_TEXT)
def test_bad_text(tmp_path: Path, text: str, what: str, line: str) -> None:
    error = refusal(write(tmp_path, "bad.yaml", text))
    assert what in error.what
    assert error.where.endswith(f"bad.yaml{line}") or not line


def test_binary_and_unreadable_files(tmp_path: Path) -> None:
    binary = tmp_path / "model.onnx"
    binary.write_bytes(b"\x80\xff\x00")
    assert refusal(str(binary)).what == "this is not a text file"
    assert "there is no chip" in refusal(str(tmp_path)).what


# Bad fields

BAD_FIELDS = [
    ("tile.adc.bitz=6", "unknown key 'bitz'", "Did you mean 'bits'?"),
    ("tiles=6", "unknown key 'tiles'", "Did you mean 'tile'?"),
    ("zzz=6", "unknown key 'zzz'", "Known here: name, description, technology"),
    ("units.core.operations.exq=1", "unknown key 'exq'", "Did you mean 'exp'?"),
    ("tile.adc.cost.energi.conversion=1 pJ", "unknown key 'energi'", "Did you mean 'energy'?"),
    ("tile.adc.kind=sarr", "'sarr' is not understood", "Did you mean 'sar'?"),
    ("fabric.topology=cube", "'cube' is not understood", "Choose one of mesh, torus"),
    ("technology.flavour=3", "3 is not understood", "Choose one of high-performance, low-power."),
    ("system.chips=2.5", "2.5 is not understood", "Choose a whole number or 'as needed'."),
    ("system.chips=0", "0 is not at least 1", "Give a value at least 1."),
    ("system.chips=99999999999", "99999999999 is not at most 1,000,000,000", "Give a value at most 1,000,000,000."),
    ("fabric.pitch=1", "1 has no unit", "Write '1 mm'."),
    ("technology.node=14", "14 has no unit", "Write '14 nm'."),
    ("tile.array.cell.area=2", "2 has no unit", "Write '2 um^2'."),
    ("tile.buffer.capacity=64", "64 has no unit", "Write '64 KiB'."),
    ("memory.dram.capacity=4", "4 has no unit", "Write '4 GiB'."),
    ("fabric.cols=4", "unknown key 'cols'", "Did you mean 'columns'?"),
    ("fabric.topo=ring", "unknown key 'topo'", "Did you mean 'topology'?"),
    ("units.core.ops.add=1", "unknown key 'ops'", "Did you mean 'operations'?"),
    ("tile.input.phase_time=40", "40 has no unit", "Write '40 ns'."),
    ("tile.input.phase_time=40 mV", "'40 mV' is in mV, where s is meant", "Write a quantity such as '1 ns'."),
    ("tile.input.phase_time=fast", "'fast' is not a quantity", "Write it as '1 ns'."),
    ("tile.input.phase_time=true", "true is not a quantity", "Write it as '1 ns'."),
    ("tile.input.phase_time=0 ns", "0 ns is not greater than 0", "Give a value greater than 0."),
    ("technology.node=-5 nm", "-5 nm is not greater than 0", "Give a value greater than 0."),
    ("tile.adc.cost.energy.conversion=-1 pJ", "-1 pJ is not at least 0", "Give a value at least 0."),
    ("tile.adc.cost.energy.conversion=1", "1 has no unit", "Write '1 pJ'."),
    ("tile.array.rows=0", "0 is not at least 1", "Give a value at least 1."),
    ("tile.array.rows=-512", "-512 is not at least 1", "Give a value at least 1."),
    ("tile.array.rows=512.5", "512.5 is not a whole number", "Write a whole number here."),
    ("tile.array.rows=true", "true is not a whole number", "Write a whole number here."),
    ("tile.array.rows=512 nm", "'512 nm' is not a whole number", "Write a whole number here."),
    ("tile.input.mean_activity=1.5", "1.5 is not at most 1", "Give a value at most 1."),
    ("tile.input.mean_activity=half", "'half' is not a number", "Write a number here."),
    ("units.core.operations.exp=1e999", "inf is not a finite number", "Write a finite number here."),
    ("fabric.multicast=yes", "'yes' is not true or false", "Write true or false here."),
    ("tile.adc=3", "a mapping of keys is meant here", "Write it as indented 'key: value' lines (kind, bits"),
    ("tile.adc.cost.energy=3 pJ", "a mapping of keys is meant here", "Write it as indented 'key: value' lines"),
    ("tile.adc=null", "'adc' is missing", "Add tile.adc to the file."),
    ("fabric=null", "'fabric' is missing", "Add fabric to the file."),
]


@pytest.mark.parametrize(("override", "what", "remedy"), BAD_FIELDS)
def test_bad_fields(override: str, what: str, remedy: str) -> None:
    error = refusal(BASE, override)
    assert error.what == what
    assert error.remedy.startswith(remedy)
    path = override.partition("=")[0]
    assert path.rpartition(".")[0] in error.where


def test_a_fault_is_placed_in_the_file_that_holds_it(tmp_path: Path) -> None:
    write(tmp_path, "parent.yaml", f"extends: {BASE}\ntile:\n  adc:\n    bits: many\n")
    error = refusal(write(tmp_path, "child.yaml", "extends: parent.yaml\n"))
    assert error.where.endswith("parent.yaml:4: tile.adc.bits")


def test_several_faults_are_listed_line_by_line(tmp_path: Path) -> None:
    error = refusal(variant(tmp_path, "tile:\n  adc:\n    bits: 0\n    conversion_time: 3\nfabrik: 1\n"))
    first, *faults = error.what.splitlines()
    assert first == "3 faults:"
    assert [fault.split(": ")[1] for fault in faults] == ["tile.adc.bits", "tile.adc.conversion_time", "fabrik"]
    assert "Write '3 ns'." in error.what and "Did you mean 'fabric'?" in error.what


def test_the_round_trip_needs_no_preset(tmp_path: Path) -> None:
    chip = load_chip(BASE)
    again: Chip = load_chip(write(tmp_path, "resolved.yaml", resolved_yaml(chip)))
    assert again == chip
