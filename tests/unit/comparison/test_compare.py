"""Rows of a comparison are runs, their ratios are quotients of runs, and what is not alike is said."""

from __future__ import annotations

from math import isnan

import pandas as pd
import pytest

import archsim
from archsim.chip import load_chip
from archsim.comparison import comparison, differences, question, weight_reuse
from archsim.comparison.differences import kinds
from archsim.comparison.question import Question
from archsim.errors import ArchsimError, InputError
from archsim.network.backward import training_network
from archsim.simulation import Settings, load_network, simulate
from archsim.workloads import WorkloadOptions

MODELS, CHIPS = ["mlp-hermes", "lstm-ptb"], ["pcm-mesh-14nm", "isaac"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return archsim.compare(MODELS, CHIPS, batch=(4, 1), options=WorkloadOptions(seq=2))


def row(frame: pd.DataFrame, network: str, chip: str, batch: int) -> pd.DataFrame:
    return frame[(frame.network == network) & (frame.chip == chip) & (frame.batch == batch)]


def test_there_is_a_row_for_each_network_chip_and_batch(frame: pd.DataFrame) -> None:
    keys = list(zip(frame.network, frame.chip, frame.batch, strict=True))
    assert keys == [(network, chip, batch) for network in MODELS for chip in CHIPS for batch in (1, 4)]
    assert (frame.failure == "").all()


def test_figures_are_those_of_a_run(frame: pd.DataFrame) -> None:
    head = simulate("mlp-hermes", "isaac", Settings(batch=4)).ledger.headline
    found = row(frame, "mlp-hermes", "isaac", 4).iloc[0]
    figures = [
        "latency_s",
        "throughput_per_s",
        "energy_per_sample_j",
        "gops_per_w",
        "tops_per_mm2",
        "area_m2",
        "power_w",
        "chips",
    ]
    assert [found[name] for name in figures] == [getattr(head, name) for name in figures]


def test_gains_are_quotients_with_the_first_chip(frame: pd.DataFrame) -> None:
    base, other = (row(frame, "lstm-ptb", chip, 1).iloc[0] for chip in CHIPS)
    assert other.energy_gain == pytest.approx(base.energy_per_sample_j / other.energy_per_sample_j)
    assert other.throughput_gain == pytest.approx(other.throughput_per_s / base.throughput_per_s)
    assert base.energy_gain == base.throughput_gain == 1.0


def test_weights_of_a_perceptron_are_used_once_per_sample(frame: pd.DataFrame) -> None:
    assert row(frame, "mlp-hermes", "isaac", 4).reuse.iloc[0] == 4.0
    # Two steps of a sequence, four samples.
    assert row(frame, "lstm-ptb", "isaac", 4).reuse.iloc[0] == 8.0


def test_reuse_of_a_convolution_is_its_positions() -> None:
    network = load_network("digits-cnn")
    macs = sum(layer.tokens * layer.operator.macs for layer in network.matrices)
    assert weight_reuse(network) == macs / network.weights


def test_scaling_moves_to_the_baselines_node_by_the_published_table(frame: pd.DataFrame) -> None:
    found = row(frame, "mlp-hermes", "isaac", 1).iloc[0]
    # Stillmaker and Baas: 32 nm is 0.46 and 14 nm 0.17 of the area at 45 nm.
    assert found.scaled_area_m2 / found.area_m2 == pytest.approx(0.17 / 0.46)
    # Parabolas of the energy, highest power first: at 0.9 V and 32 nm, at 0.8 V and 14 nm.
    before = 0.8367 * 0.9**2 - 0.4341 * 0.9 + 0.1701
    after = 0.2363 * 0.8**2 - 0.09675 * 0.8 + 0.02239
    assert load_chip("isaac").technology.supply == 0.9
    assert found.scaled_energy_per_sample_j / found.energy_per_sample_j == pytest.approx(after / before)
    assert found.scaled_gops_per_w / found.gops_per_w == pytest.approx(before / after)


def test_the_baseline_stays_where_it_is(frame: pd.DataFrame) -> None:
    found = row(frame, "mlp-hermes", "pcm-mesh-14nm", 1).iloc[0]
    for name in ("latency_s", "energy_per_sample_j", "area_m2", "gops_per_w"):
        assert found[f"scaled_{name}"] == pytest.approx(found[name])


def test_a_network_that_does_not_fit_leaves_the_others_in_place() -> None:
    small = load_chip(
        "pcm-mesh-14nm",
        ["fabric.rows=2", "fabric.columns=2", "system.chips=1", "system.link=null", "mapping.schedule.order=pipelined"],
    )
    found = comparison(question(["mlp-hermes", "resnet18"], [small]))
    fits, large = found.frame.itertuples()
    assert fits.failure == "" and fits.latency_s > 0
    assert "tiles" in large.failure
    assert isnan(large.latency_s) and isnan(large.energy_gain)


def test_where_nothing_runs_the_reason_is_an_error() -> None:
    small = load_chip(
        "pcm-mesh-14nm",
        ["fabric.rows=2", "fabric.columns=2", "system.chips=1", "system.link=null", "mapping.schedule.order=pipelined"],
    )
    with pytest.raises(ArchsimError, match="tiles"):
        comparison(question(["resnet18"], [small]))


def asked(*chips: str) -> Question:
    return question(["mlp-hermes"], chips)


def test_what_is_not_alike_is_said() -> None:
    devices = asked("pcm-mesh-14nm", "nature2018-training", "isaac").devices
    found = differences([one.chip for one in devices], [one.scope for one in devices])
    assert "leakage priced: all on pcm-mesh-14nm; none on nature2018-training; in part on isaac" in found
    assert "node: 14 nm on pcm-mesh-14nm, nature2018-training; 32 nm on isaac" in found
    assert any(sentence.startswith("precision: 8 bit x any value on pcm-mesh-14nm") for sentence in found)
    assert not any(sentence.startswith(("clock", "host")) for sentence in found)  # priced on none of them


def test_a_chip_is_not_unlike_itself() -> None:
    devices = asked("pcm-mesh-14nm").devices
    assert differences([one.chip for one in devices], [one.scope for one in devices]) == ()


@pytest.mark.parametrize(
    ("models", "chips", "more", "says"),
    [
        ([], ["isaac"], {}, "no models"),
        (["mlp-l4"], [], {}, "no chips"),
        ("mlp-l4", ["isaac"], {}, "no list of models"),
        (["mlp-l4"], "isaac", {}, "no list of chips"),
        (["mlp-l4", "mlp-l4"], ["isaac"], {}, "given twice"),
        (["mlp-l4"], ["isaac", "isaac"], {}, "given twice"),
        (["mlp-l4"], ["isaac"], {"baseline": "puma"}, "none of the chips"),
        (["mlp-l4"], ["isaac"], {"batch": 0}, "no batch"),
        (["mlp-l4"], ["isaac"], {"batch": (1, True)}, "no batch"),
        (["mlp-l4"], ["isaac"], {"batch": 10**400}, "At most 1,000,000,000,000 are compared"),
        (["mlp-l4"], ["isaac"], {"options": WorkloadOptions(seq=4)}, "means nothing to any"),
    ],
)
def test_bad_input_is_named(models: list[str], chips: list[str], more: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        question(models, chips, **more)


def test_unknown_chips_suggest_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        question(["mlp-l4"], ["isac"])
    assert "Did you mean 'isaac'?" in caught.value.remedy


def test_copies_are_made_where_weights_are_held() -> None:
    found = archsim.compare(["digits-cnn"], ["pcm-mesh-14nm", "v100"], batch=8, replicate="balanced")
    copied = simulate("digits-cnn", "pcm-mesh-14nm", Settings(batch=8, replicate="balanced")).ledger.headline
    assert found.latency_s[0] == copied.latency_s
    assert found.latency_s[1] == simulate("digits-cnn", "v100", Settings(batch=8)).ledger.headline.latency_s


def test_a_model_beyond_a_devices_memory_says_by_how_much() -> None:
    found = archsim.compare(["llama3-8b"], ["h100", "v100"])
    assert found.failure[0] == ""
    assert "MiB too few" in found.failure[1]


def test_figures_of_a_measured_board_contain_its_clock() -> None:
    extents = asked("v100").devices[0].scope
    assert extents.included.endswith("clock, control, power conversion, DRAM")
    assert extents.excluded == "host"


def test_training_beside_inference_is_told() -> None:
    inferred = load_network("mlp-hermes")
    trained = training_network(inferred)
    both = kinds((inferred, trained), ())
    assert both == (f"what is run: training of {trained.name}; inference of mlp-hermes",)
    assert kinds((inferred,), ()) == kinds((trained,), ()) == ()


def test_chips_that_can_train_are_told_beside_those_that_cannot() -> None:
    found = comparison(question(["mlp-hermes"], ["nature2018-training", "v100"]))
    (told,) = [sentence for sentence in found.differences if sentence.startswith("training: ")]
    assert "the file of nature2018-training describes it" in told and "inference on all" in told
    assert not [one for one in comparison(question(["mlp-hermes"], ["v100", "a100"])).differences if "training" in one]
