"""What `simulate` takes, and what it refuses by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from archsim import Settings, load_chip, load_network, simulate
from archsim.errors import InputError
from archsim.simulation import Engine
from archsim.workloads import WorkloadOptions

CHIP = "pcm-mesh-14nm"


def product(rows: int = 8, columns: int = 4) -> onnx.ModelProto:
    """A model of one product."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")],
        "one-product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, rows))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, columns))],
        [numpy_helper.from_array(np.ones((rows, columns), np.float32), "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def test_a_model_in_memory_is_its_file(tmp_path: Path) -> None:
    model = product()
    before = model.SerializeToString()
    onnx.save(model, tmp_path / "one-product.onnx")
    from_memory, from_file = simulate(model, CHIP), simulate(tmp_path / "one-product.onnx", CHIP)
    assert from_memory.ledger.headline == from_file.ledger.headline
    assert from_memory.network.name == "one-product"
    assert model.SerializeToString() == before


@pytest.mark.parametrize(
    "overrides",
    [
        ["tile.adc.bits=6", "fabric.clock=2 GHz"],
        ("tile.adc.bits=6", "fabric.clock=2 GHz"),
        {"tile.adc.bits": 6, "fabric.clock": "2 GHz"},
        {"tile": {"adc": {"bits": np.int64(6)}}, "fabric": {"clock": "2 GHz"}},
        {"tile": {"adc.bits": "6"}, "fabric.clock": "2.0e9 Hz"},
    ],
)
def test_overrides_of_any_form(overrides: object) -> None:
    chip = load_chip(CHIP, overrides)
    assert (chip.tile.adc.bits, chip.fabric.clock) == (6, 2e9)
    assert simulate("mlp-hermes", CHIP, overrides=overrides).chip == chip


def test_none_takes_a_field_away_and_truths_are_yaml_truths() -> None:
    assert load_chip(CHIP, {"memory.dram": None}) == load_chip(CHIP, ["memory.dram=null"])
    assert load_chip(CHIP, {"tile.array.cell.mean_conductance": 0.25}) == load_chip(
        CHIP, ["tile.array.cell.mean_conductance=0.25"]
    )


@pytest.mark.parametrize(
    ("within", "more", "named"),
    [
        (0.0, {}, "0 is no part of a time"),
        (1.5, {}, "1.5 is no part of a time"),
        (float("nan"), {}, "nan is no part"),
        ("1 %", {}, "'1 %' (str) is no within"),
        (True, {}, "True (bool) is no within"),
        (0.01, {"engine": Engine.REFERENCE}, "the reference engine runs every sample"),
    ],
)
def test_a_precision_that_no_run_can_have(within: object, more: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=re.escape(named)):
        Settings(8, within=within, **more)


@pytest.mark.slow
def test_balanced_resnet18_ends_early_where_it_would_have_ended() -> None:
    """Rows of 222 tiles have no exact period in 64 samples; the whole run is the truth."""
    whole, early = (simulate("resnet18", CHIP, Settings(64, "balanced", within=within)) for within in (None, 0.01))
    assert whole.trace.period is None and early.trace.extrapolated is not None
    assert early.trace.extrapolated.run < 12
    for figure in ("throughput_per_s", "energy_per_sample_j", "latency_s", "power_w"):
        assert getattr(early.ledger.headline, figure) == pytest.approx(getattr(whole.ledger.headline, figure), rel=0.01)
    assert early.trace.makespan == pytest.approx(whole.trace.makespan, rel=0.01)
    assert "64 samples were run" in early.ledger.notes[0] and "64 samples show no exact period" in whole.ledger.notes[0]


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        ((["resnet18"], CHIP), {}, "['resnet18'] (list) is no network"),
        ((None, CHIP), {}, "None (NoneType) is no network"),
        (("mlp-hermes", {"tile": {}}), {}, "{'tile': {}} (dict) is no chip"),
        (("mlp-hermes", None), {}, "None (NoneType) is no chip"),
        (("mlp-hermes", CHIP, {"batch": 8}), {}, "{'batch': 8} (dict) is no settings"),
        (("mlp-hermes", CHIP, 8), {}, "8 (int) is no settings"),
        (("mlp-hermes", CHIP), {"overrides": "tile.adc.bits=6"}, "'tile.adc.bits=6' are no changes"),
        (("mlp-hermes", CHIP), {"overrides": [6]}, "[6] are no changes"),
        (("mlp-hermes", CHIP), {"overrides": {"tile.adc.bits": [6]}}, "[6] is nothing that a chip file can hold"),
        (("mlp-hermes", CHIP), {"overrides": {"tile.adc.bits=6": 7}}, "no field is called 'tile.adc.bits=6'"),
        (("mlp-hermes", CHIP), {"overrides": {"tile.adc.bots": 7}}, "unknown key 'bots'"),
    ],
)
def test_what_is_refused_is_named(arguments: tuple[object, ...], options: dict[str, object], named: str) -> None:
    with pytest.raises(InputError) as caught:
        simulate(*arguments, **options)
    assert named in caught.value.what
    assert caught.value.where
    assert caught.value.remedy


def test_overrides_of_a_chip_that_has_been_read_are_refused() -> None:
    with pytest.raises(InputError, match="has been read already"):
        simulate("mlp-hermes", load_chip(CHIP), overrides=["tile.adc.bits=6"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"batch": "8"}, "'8' (str) is no batch"),
        ({"batch": 2.5}, "2.5 (float) is no batch"),
        ({"batch": True}, "True (bool) is no batch"),
        ({"interleave": "2"}, "'2' (str) is no interleave"),
        ({"replicate": 4}, "4 (int) is no replicate"),
        ({"engine": "compiled"}, "'compiled' (str) is no engine"),
    ],
)
def test_settings_of_another_type_are_refused(options: dict[str, object], named: str) -> None:
    with pytest.raises(InputError) as caught:
        Settings(**options)
    assert named in caught.value.what


def test_options_of_named_networks_are_refused_for_a_model() -> None:
    with pytest.raises(InputError, match="belong to named networks"):
        load_network(product(), WorkloadOptions(seq=4))
