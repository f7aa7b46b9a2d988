"""archsim against published chips. The published values stand here a second time, apart from the cases."""

from __future__ import annotations

from functools import cache

import pytest

from archsim.validation import Claim, Mark, Outcome, Row, Verdict, case_names, validate

LONG = ("puma-networks", "puma-gpu")
"""Cases of networks that take a while."""
RERAM = "1024x1024 ReRAM array with a ramp converter"

MNSIM = "MNSIM's converter at the default chip's node"

BARS = (
    # Case, question, figure, label, value in SI units, relative tolerance.
    ("isaac", "parts", "power", "chip", 65.8, 0.01),
    ("isaac", "parts", "area", "chip", 85.4e-6, 0.01),
    ("isaac", "parts", "power", "in-situ unit", 24.08e-3, 0.01),
    ("isaac", "parts", "power", "tile with a quarter of a router", 330e-3, 0.01),
    ("isaac", "parts", "power-share", "converters", 0.49, 0.01),
    ("isaac", "peak", "throughput", "chip", 41.3e12, 0.01),
    ("isaac", "peak", "density", "chip", 483.5e15, 0.01),
    ("isaac", "peak", "density", "as the paper prints it", 478.9e15, 0.01),
    ("puma", "parts", "power", "node", 62.5, 0.01),
    ("puma", "parts", "area", "node", 90.6e-6, 0.01),
    ("puma", "parts", "weight-storage", "node", 69 * 8 * 2**20, 0.01),
    ("puma", "parts", "power", "core", 42.37e-3, 0.01),
    ("puma", "parts", "power", "tile", 373.8e-3, 0.01),
    ("puma", "parts", "area", "tile", 0.479e-6, 0.01),
    ("puma", "product", "energy", "matrix unit", 43.97e-9, 0.01),
    ("puma", "peak", "throughput", "node, at 2,304 ns per product", 31.4e12, 0.01),
    ("neurram", "3-bit outputs, 1-bit inputs", "throughput", "48 cores", 2.122e12, 0.08),
    ("neurram", "5-bit outputs, 3-bit inputs", "throughput", "48 cores", 1.165e12, 0.08),
    ("neurram", "7-bit outputs, 5-bit inputs in two phases", "throughput", "48 cores", 0.525e12, 0.08),
    ("neurram", "10-bit outputs, 8-bit inputs in two phases", "throughput", "48 cores", 0.264e12, 0.08),
    ("neurram", "energy at 3-bit outputs, 1-bit inputs", "efficiency", "core", 43.1e12, 0.01),
    ("neurram", "energy at 5-bit outputs, 3-bit inputs", "efficiency", "core", 23.1e12, 0.01),
    ("neurram", "energy at 10-bit outputs, 8-bit inputs", "efficiency", "core", 6.44e12, 0.01),
    ("hermes", "core", "throughput", "core", 1.008e12, 0.01),
    ("hermes", "core", "efficiency", "core", 10.5e12, 0.01),
    ("hermes", "core", "density", "core", 1.59e18, 0.01),
    ("hermes", "chip, four phases", "throughput", "64 cores", 16.1e12, 0.05),
    ("hermes", "chip, four phases", "efficiency", "64 cores", 2.48e12, 0.05),
    ("nature2018-training", "peak", "efficiency", "forward pass", 28.065e12, 0.01),
    ("nature2018-training", "peak", "density", "forward pass", 3.6e18, 0.01),
    ("nature2018-training", "peak of training", "efficiency", "forward, backward and update", 28.065e12, 0.01),
    ("nature2018-training", "peak of training, 4096x4096", "throughput", "one array", 419.4e12, 0.01),
    ("nature2018-training", "peak of training, 4096x4096", "efficiency", "one array", 84e12, 0.01),
    ("nature2018-training", "transposed product of 1024x1024", "interval", "backward pass", 0.384e-6, 0.01),
    ("nature2018-training", "update of 1024x1024", "interval", "update", 0.512e-6, 0.01),
    ("dadiannao", "parts", "area", "chip", 88e-6, 0.01),
    ("dadiannao", "peak", "throughput", "multiplications and their additions", 4.96e12, 0.01),
    ("tpu-v1", "MLP1", "throughput", "MLP1", 9.7e12, 0.15),
    ("tpu-v1", "LSTM0", "throughput", "LSTM0", 3.7e12, 0.15),
    ("eyeriss", "AlexNet", "sample-rate", "AlexNet, five convolutions, batch 4", 35.0, 0.15),
    ("rapid", "INT4 peak", "throughput", "four cores, INT4", 104.9e12, 0.01),
    ("rapid", "HFP8 peak", "efficiency", "four cores, HFP8", 3.5e12, 0.01),
    ("ibm-34tile", "ladder", "efficiency", "tile", 20e12, 0.01),
    ("ibm-34tile", "ladder", "efficiency", "chip, sustained", 12.4e12, 0.15),
    ("ibm-34tile", "speech network", "step", "per frame", 2.1e-6, 0.20),
    ("gpus", "llama2-7b, one device", "time-per-token", "104.9 tokens/s", 9.533e-3, 0.1),
    ("gpus", "llama2-7b, four devices", "time-per-token", "254.0 tokens/s", 3.937e-3, 0.1),
    ("gpus", "llama2-7b, eight devices", "time-per-token", "328.4 tokens/s", 3.045e-3, 0.1),
    ("truenorth", "20.07 Hz", "power", "chip", 71e-3, 0.02),
    ("gpus", "bert-base of 128 tokens, INT8, batch 1, a100", "latency", "INT8, batch 1", 0.58e-3, 0.1),
    ("gpus", "bert-base of 128 tokens, INT8, batch 128, a100", "latency", "INT8, batch 128", 8.18e-3, 0.1),
    ("gpus", "bert-large of 128 tokens, FP16, batch 1, a100", "latency", "FP16, batch 1", 1.64e-3, 0.1),
    ("gpus", "bert-large of 128 tokens, FP16, batch 128, a100", "latency", "FP16, batch 128", 51.6e-3, 0.1),
    ("gpus", "bert-large of 384 tokens, INT8, batch 128, a100", "latency", "INT8, batch 128", 89.0e-3, 0.1),
    ("gpus", "bert-base of 128 tokens, FP16, batch 1, v100", "latency", "FP16, batch 1", 1.43e-3, 0.1),
    ("gpus", "llama3-8b, FP16, one token after the other, h100", "time-per-token", "inside a graph", 5.1e-3, 0.15),
    ("converters", "8 bits at 1.2 GS/s, 32 nm", "energy", "ISAAC's converter (Kull 2013)", 1.667e-12, 0.25),
    ("converters", "8 bits at 1.28 GS/s, 32 nm", "energy", "PUMA's converter", 1.5625e-12, 0.25),
    ("converters", "10 bits at 1.5 GS/s, 14 nm", "energy", MNSIM, 4.61e-12, 0.25),
    ("ibm-mesh", "product", "interval", "0.434 ms / 14,464", 30e-9, 0.01),
)

MISSES = (
    # What is known to lie outside, and between which errors, so that a change is noticed.
    ("hermes", "core's power by part", "power-share", "converters and their support", 0.65, (0.4, 0.5)),
    ("hermes", "core's power by part", "power-share", "array", 0.175, (-0.8, -0.7)),
    ("gpus", "bert-large of 384 tokens, FP16, batch 1, a100", "latency", "FP16, batch 1", 3.12e-3, (-0.28, -0.2)),
    ("gpus", "bert-large of 384 tokens, INT8, batch 1, a100", "latency", "INT8, batch 1", 2.81e-3, (-0.42, -0.34)),
    ("gpus", "bert-base of 128 tokens, FP16, batch 32, v100", "latency", "FP16, batch 32", 12.41e-3, (-0.38, -0.3)),
    ("gpus", "resnet50, INT8, batch 1, a100-80gb", "latency", "single stream", 0.463e-3, (-0.3, -0.2)),
    ("gpus", "resnet50, INT8, batch 256, a100-80gb", "sample-rate", "offline", 39830, (-0.25, -0.15)),
    ("gpus", "resnet50, FP16, batch 256, v100", "sample-rate", "PyTorch AMP", 3382, (1.1, 1.4)),
    ("gpus", "llama2-7b, weights of 8 bits", "time-per-token", "155.6 tokens/s", 6.427e-3, (-0.25, -0.1)),
    ("gpus", "llama2-7b, weights of 4 bits", "time-per-token", "196.8 tokens/s", 5.081e-3, (-0.4, -0.2)),
    ("gpus", "rnnt, FP16, batch 1, a100-80gb", "latency", "single stream, mean", 12.95e-3, (-0.3, -0.2)),
    ("gpus", "2:4 weights, 128 tokens, batch 1", "latency-gain", "over dense weights", 0.98, (0.1, 0.12)),
    ("gpus", "2:4 weights, 384 tokens, batch 8", "latency-gain", "over dense weights", 1.1, (0.4, 0.5)),
    ("gpus", "2:4 weights, 128 tokens, batch 32", "latency-gain", "over dense weights", 1.18, (0.4, 0.5)),
    ("gpus", "2:4 weights, 384 tokens, batch 32", "latency-gain", "over dense weights", 1.21, (0.4, 0.5)),
    ("gpus", "LSTM of 1024, FP16, batch 16, v100", "step", "forward, a step", 49.4e-6, (-0.4, -0.3)),
    ("gpus", "LSTM of 4096, FP16, batch 16, v100", "step", "forward, a step", 223e-6, (0.35, 0.5)),
    ("ibm-34tile", "ladder at half the integration time", "efficiency", "chip, sustained", 15.4e12, (-0.35, -0.15)),
    ("ibm-34tile", "ladder", "efficiency", "system", 6.94e12, (0.45, 0.7)),
    ("nature2018-training", RERAM, "energy", "forward pass", 12.8e-9, (-0.7, -0.4)),
    ("neurram", "energy at 7-bit outputs, 5-bit inputs", "efficiency", "core", 11.0e12, (0.015, 0.025)),
    ("dadiannao", "peak", "throughput", "as ISAAC counts", 5.58e12, (-0.12, -0.10)),
    ("dadiannao", "peak", "density", "ISAAC's 478.9 GOP/s/mm^2 over 7.5", 63.9e15, (-0.13, -0.10)),
    ("tpu-v1", "MLP0", "throughput", "MLP0", 12.3e12, (-0.15, -0.05)),
    ("tpu-v1", "LSTM1", "throughput", "LSTM1", 2.8e12, (0.8, 1.1)),
    ("tpu-v1", "CNN0", "throughput", "CNN0", 86e12, (-0.25, -0.15)),
    ("tpu-v1", "GDDR5", "throughput-gain", "MLP0 with GDDR5 in place of DDR3", 3.0, (0.25, 0.35)),
    ("eyeriss", "VGG-16", "sample-rate", "VGG-16, thirteen convolutions, batch 3", 0.7, (0.9, 1.2)),
    ("rapid", "ResNet-50", "efficiency", "INT4 at batch 1, the mean over its networks", 7e12, (0.8, 1.3)),
    ("rapid", "BERT", "efficiency", "INT4 at batch 1, the mean over its networks", 7e12, (1.0, 1.5)),
    ("pcm-cluster", "mobilenet-v2", "energy", "MobileNetV2, 34 arrays", 482e-6, (1.2, 1.5)),
    ("ibm-mesh", "resnet32", "latency", "layer by layer, 43 tiles", 0.434e-3, (0.03, 0.05)),
    ("pimsim-nn", "resnet18", "latency", "one image", 32.9e-3, (-0.4, -0.25)),
    ("pimsim-nn", "resnet18, image after image", "sample-rate", "in batch order", 44.2, (0.9, 1.3)),
    ("pimsim-nn", "resnet18, image after image", "sample-rate", "four images in 100 ms", 40, (1.1, 1.5)),
    ("sram-charge", "macro's silicon", "area", "macro", 0.11e-6, (-0.75, -0.55)),
    ("isaac", "against DaDianNao, at their peaks", "energy-gain", "energy", 5.5, (-0.7, -0.6)),
    ("isaac", "against DaDianNao, at their peaks", "density-gain", "density", 7.5, (0.1, 0.2)),
    ("converters", "8 bits at 1.2 GS/s, 32 nm", "area", "ISAAC's converter (Kull 2013)", 1200e-12, (4.0, 4.5)),
    ("converters", "10 bits at 1.5 GS/s, 14 nm", "area", MNSIM, 1600e-12, (1.1, 1.4)),
    ("converters", "9 bits at 1.2 GS/s, 32 nm", "energy", "Newton's converter", 2.583e-12, (0.9, 1.2)),
    ("converters", "4 bits at 2.1 GS/s, 32 nm", "energy", "FORMS' converter", 0.226e-12, (2.8, 3.3)),
    ("converters", "8 bits at 20 MS/s, 65 nm", "energy", "hybrid converter for arrays", 2.387e-12, (1.6, 1.8)),
    ("converters", "8 bits at 20 MS/s, 65 nm", "area", "hybrid converter for arrays", 950e-12, (8.0, 8.7)),
    ("converters", "a digital-to-time converter, 8 bits, 65 nm", "energy", "TIMELY's", 0.0375e-12, (75.0, 90.0)),
    ("puma", "parts", "efficiency-at-full-activity", "node, at 2,304 ns per product", 837e9, (-0.41, -0.39)),
    ("puma", "peak", "throughput", "node, as published", 52.31e12, (-0.41, -0.39)),
    ("puma", "peak", "density", "node, as published", 577e15, (-0.41, -0.39)),
)  # fmt: skip


@cache
def outcome(case: str) -> Outcome:
    return validate(case)


def row(case: str, question: str, figure: str, label: str) -> Row:
    found = [
        row
        for row in outcome(case).rows
        if (row.question.name, row.published.figure.value, row.published.label) == (question, figure, label)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("case", "question", "figure", "label", "value", "tolerance"), BARS)
def test_simulated_figures_are_near_the_published_ones(
    case: str, question: str, figure: str, label: str, value: float, tolerance: float
) -> None:
    found = row(case, question, figure, label)
    assert found.published.measured.si == pytest.approx(value, rel=1e-9)
    assert found.simulated.si == pytest.approx(value, rel=tolerance)
    assert not found.published.miss


@pytest.mark.parametrize(("case", "question", "figure", "label", "value", "errors"), MISSES)
def test_known_misses_stay_where_they_are(
    case: str, question: str, figure: str, label: str, value: float, errors: tuple[float, float]
) -> None:
    found = row(case, question, figure, label)
    assert found.published.measured.si == pytest.approx(value, rel=1e-9)
    assert errors[0] < found.simulated.si / value - 1 < errors[1]
    assert found.verdict is Verdict.KNOWN_MISS
    assert len(found.published.miss) > 40


@pytest.mark.parametrize("case", [name for name in case_names() if name not in LONG])
def test_every_row_is_as_its_case_says(case: str) -> None:
    surprises = [
        (row.question.name, row.published.figure.value, row.published.label, row.error)
        for row in outcome(case).rows
        if not row.verdict.expected
    ]
    assert surprises == []


def test_there_is_no_miss_that_is_not_listed_here() -> None:
    cases = [outcome(name) for name in case_names() if name not in LONG]
    missed = [
        (case.name, row.question.name, row.published.figure.value, row.published.label)
        for case in cases
        for row in case.rows
        if row.published.miss
    ]
    assert sorted(missed) == sorted(entry[:4] for entry in MISSES)


def test_predictions_are_made_for_every_published_chip_that_allows_one() -> None:
    predicted = {
        name
        for name in case_names()
        if name not in LONG and any(row.published.kind is Claim.PREDICTION for row in outcome(name).rows)
    }
    # ISAAC and PUMA publish parts and what they make of them, which is arithmetic.
    assert predicted >= {"neurram", "hermes", "ibm-34tile"}


def test_a_number_in_other_units_is_not_counted_twice() -> None:
    step, latency = (
        row("ibm-34tile", "speech network", *figure) for figure in (("step", "per frame"), ("latency", "per sample"))
    )
    assert latency.simulated.si == pytest.approx(217 * step.simulated.si)
    restated = [row for row in outcome("ibm-34tile").rows if row.published.kind is Claim.RESTATED]
    assert [row.published.figure.value for row in restated] == ["latency"]
    assert all(row.verdict is Verdict.NOT_JUDGED for row in restated)


def test_no_oracle_is_unverified() -> None:
    for name in case_names():
        if name not in LONG:
            assert all(row.published.mark is not Mark.UNVERIFIED for row in outcome(name).rows)


@pytest.mark.slow
def test_the_networks_of_puma_run_on_its_node() -> None:
    found = outcome("puma-networks")
    assert found.as_expected
    assert {shown.question.name for shown in found.shown} == {
        "mlp-l4", "mlp-l5", "nmt-l3", "nmt-l5", "lstm-2048", "big-lstm", "vgg16", "vgg19",
    }  # fmt: skip
    assert all(shown.si > 0 for shown in found.shown)


@pytest.mark.slow
def test_pumas_node_gains_least_energy_at_convolutions_as_published() -> None:
    rows = [row for row in outcome("puma-gpu").rows if row.published.figure.value == "energy-gain"]
    ranked = sorted(rows, key=lambda row: row.simulated.si)
    assert outcome("puma-gpu").as_expected
    assert {row.question.name for row in ranked[:2]} == {"vgg16", "vgg19"}
    # Of all sixteen ratios, those of perceptrons' energy alone come within a factor of two.
    met = {row.question.name for row in outcome("puma-gpu").rows if row.verdict is Verdict.MET}
    assert met == {"mlp-l4", "mlp-l5"}


def test_bands_hold_the_published_value_and_say_how_wide_they_are() -> None:
    question = "ladder between what other silicon draws without work"
    for label, value in (("chip, sustained", 12.4e12), ("system", 6.94e12)):
        found = row("ibm-34tile", question, "efficiency", label)
        assert found.ends is not None and found.verdict is Verdict.MET
        assert found.ends[0].si < value < found.ends[1].si
        assert 2.5 < found.width < 4
        assert found.simulated.si == pytest.approx((found.ends[0].si * found.ends[1].si) ** 0.5)
