"""Files and values that only look like a chip's are refused before anything is built of them."""

from pathlib import Path

import pytest

from archsim.chip import load_chip
from archsim.errors import InputError

BASE = "pcm-mesh-14nm"


def refusal(*overrides: str, chip: str | Path = BASE) -> InputError:
    with pytest.raises(InputError) as caught:
        load_chip(str(chip), overrides)
    assert caught.value.where and caught.value.remedy
    return caught.value


def test_a_fabric_is_estimated_before_its_routes_are_found() -> None:
    error = refusal("fabric.columns=1000000")
    # 72 bytes for each of 16,000,000^2 pairs.
    assert error.what == "16 x 1000000 makes 16,000,000 routers, whose routes take 17,166,138 GiB"
    assert "At most 5,461 routers fit 2 GiB" in error.remedy
    assert load_chip(BASE, ["fabric.rows=73", "fabric.columns=74"]).fabric.routers == 5402


def test_a_bus_has_no_routes_but_as_many_tiles_as_are_simulated() -> None:
    assert load_chip(BASE, ["fabric.topology=bus", "fabric.columns=10000"]).fabric.tile_count == 160_000
    assert refusal("fabric.topology=bus", "fabric.columns=1000000").what == "a chip of 16,000,000 tiles"


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ("fabric.clock=1e-9 Hz", "1e-09 Hz is outside 1 kHz to 1000 GHz, what a chip can have"),
        ("tile.affine.clock=2 THz", "2000 GHz is outside 1 kHz to 1000 GHz, what a chip can have"),
        ("tile.input.phase_time=1e18 ns", "1e+09 s is outside 1e-15 s to 1 s, what a chip can have"),
        ("tile.input.phase_time=1e-300 ns", "1e-309 s is outside 1e-15 s to 1 s, what a chip can have"),
        ("technology.supply=1e300 V", "1e+300 V is outside 1 mV to 1e+04 V, what a chip can have"),
        ("tile.buffer.capacity=1e18 KiB", "1e+18 KiB is outside 1 bit to 1e+18 bit, what a chip can have"),
        ("tile.buffer.capacity=1e-18 KiB", "1e-18 KiB is outside 1 bit to 1e+18 bit, what a chip can have"),
        ("tile.adc.bits=1000000000", "1000000000 is not at most 24"),
        ("tile.arrays=10000000000", "10000000000 is not at most 1,000,000,000"),
        ("units.core.operations.exp=1e-300", "1e-300 is not at least 0.001"),
        ("tile.adc.cost.leakage=1e9 W", "1e+09 W is outside 1e-18 W to 1e+06 W, what a chip can have"),
        ("tile.adc.cost.area=-1 mm^2", "-1 mm^2 is not at least 0"),
    ],
)
def test_values_beyond_any_chip(override: str, what: str) -> None:
    assert refusal(override).what == what


def test_parameters_of_cost_models_are_bounded_too() -> None:
    from archsim.cost import price

    with pytest.raises(InputError, match="parameter 'leakage_per_bit' cannot be '1e300 W/bit'"):
        price(load_chip(BASE, ["tile.buffer.cost.parameters.leakage_per_bit=1e300 W/bit"]))


def test_a_path_of_thousands_of_names_is_no_field() -> None:
    assert refusal(f"{'tile.' * 4999}bits=1").what.startswith("5,000 names in a row name no field")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.yaml"
    with file.open("wb") as stream:
        stream.truncate(10**12)
    assert refusal(chip=file).what == "a file of more than 1,000,000 bytes is no chip file"


def test_a_chain_of_files_has_an_end(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number}.yaml").write_text(f"extends: {number + 1}.yaml\n", encoding="utf-8")
    (tmp_path / "2000.yaml").write_text(f"extends: {BASE}\n", encoding="utf-8")
    assert refusal(chip=tmp_path / "0.yaml").what == "more than 30 files extend each other"
    assert load_chip(str(tmp_path / "1980.yaml")).tile.adc.bits == 8


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: &a [*a]", "aliases are not understood"),
        ("&a {name: *a}", "aliases are not understood"),
        ("x: &x {y: 1}\nfabric: {<<: *x}", "aliases are not understood"),
        ("extends: isaac\nfabric: {<<: {rows: 2}}", "unknown key '<<'"),
        ("name: a\nname: b", "the key 'name' is given twice"),
        ("fabric:\n\trows: 2", "cannot start any token"),
        ("? [a, b]\n: 1", "a key is not a plain word"),
        ("extends: isaac\n1: 2", "unknown key '1'"),
        ("extends: isaac\ntrue: 2", "unknown key 'true'"),
        ("fabric: [1, 2]", "no field of a chip file takes a list"),
        ("{" * 200, "nested too deeply"),
        ("a: " + "{b: " * 40 + "1" + "}" * 40, "nested too deeply"),
        ("---\na: 1\n---\nb: 2", "found another document"),
        ("!!python/object/apply:os.system [ls]", "no field of a chip file takes a list"),
        ("extends: isaac\ntile: !!binary aGVsbG8=", "a mapping of keys is meant here"),
        ("name: a\x00b", "characters are not allowed"),
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
        ("just words", "there is no mapping of keys here"),
    ],
)
def test_yaml_that_no_chip_file_needs(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text, encoding="utf-8")
    assert what in str(refusal(chip=file))


def test_bytes_are_no_chip_file(tmp_path: Path) -> None:
    file = tmp_path / "binary.yaml"
    file.write_bytes(bytes(range(256)))
    assert refusal(chip=file).what == "this is not a text file"


def test_an_endless_value_is_quoted_in_brief() -> None:
    error = refusal(f"tile.input.phase_time={'x' * 4000}")
    assert max(len(error.what), len(error.remedy), len(error.where)) < 420
    assert error.what.startswith("'xxx") and error.what.endswith("x' is not a quantity")
