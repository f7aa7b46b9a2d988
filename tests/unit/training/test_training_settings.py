"""What a chip file says of arrays that train: every field acts, and what means nothing is refused."""

from __future__ import annotations

import pytest

from archsim.chip import load_chip
from archsim.errors import InputError
from archsim.numeric.update import PRESETS, Counting, Reference
from archsim.training.algorithms import ComplexCell, ExactDevice, TikiTaka
from archsim.training.settings import Choice, array_settings

CHIP = "nature2018-training"


WITHOUT_TIME = ("backward.driver=null", "backward.adc=null", "updates.pulses=null", "transfer=null")
"""What takes the time of a training step: its bits and intervals are those of the numbers, which are tried alone."""


def settings(*changes: str, chip: str = CHIP, choice: Choice | None = None):
    return array_settings(load_chip(chip, tuple(f"tile.training.{change}" for change in changes)), choice)


@pytest.mark.parametrize(
    "change",
    [
        "device.preset=ecram", "device.step=0.02", "device.step_spread=0.5", "device.step_noise=0.7",
        "device.asymmetry=0.1", "device.asymmetry_spread=0.2", "device.write_noise=3.0", "device.lifetime=100.0",
        "device.rest=0.3", "device.stuck=0.01", "device.reference=true", "second_device.lifetime=10.0",
        "algorithm=tiki-taka-2", "numbers.offset=0.2", "scale=2.0", "updates.slots=7", "updates.counting=drawn",
        "updates.length_management=false", "updates.update_management=false", "forward.bound=12.0",
        "forward.noise=0.3", "forward.scaling=none", "forward.bound_management=false", "backward.bound=12.0",
        "backward.noise=0.3", "backward.scaling=none", "backward.bound_management=false", "backward.input_bits=5",
        "backward.adc_bits=6",
    ],
)  # fmt: skip
def test_every_field_acts(change: str) -> None:
    if change.startswith("algorithm"):
        with pytest.raises(InputError, match="no number 'significance'"):
            settings(change)
    else:
        assert settings(*WITHOUT_TIME, change) != settings()


def test_bits_of_the_forward_product_are_the_chips() -> None:
    chip = load_chip(CHIP, ("tile.input.bits=5", "tile.adc.bits=6"))
    made = array_settings(chip)
    assert (made.forward.inputs.bits, made.forward.outputs.bits) == (5, 6)
    assert (made.backward.inputs.bits, made.backward.outputs.bits) == (7, 9)
    assert (made.rows, made.columns) == (512, 512)


def test_a_preset_with_changes() -> None:
    algorithm = settings(
        *WITHOUT_TIME, "second_device.lifetime=50.0", "second_device.step=0.001", "numbers.transfer_every=10"
    ).algorithm
    assert isinstance(algorithm, ComplexCell)
    assert algorithm.transfer_every == 10
    device = algorithm.cells.second.device
    assert (device.step, device.retention.lifetime) == (0.001, 50.0)
    assert device.step_noise == PRESETS["capacitor"].device.step_noise
    assert algorithm.cells.main == PRESETS["pcm"]
    assert algorithm.cells.pulses.counting is Counting.TRAINS


def test_reram_trains_with_a_reference_at_its_symmetry_point() -> None:
    algorithm = settings(chip="reram-mesh-22nm").algorithm
    assert isinstance(algorithm, TikiTaka)
    assert algorithm.cells.second.device.reference == Reference()


def test_another_algorithm_may_be_chosen() -> None:
    algorithm = settings(choice=Choice("tiki-taka", {"fast_share": 0.1})).algorithm
    assert isinstance(algorithm, TikiTaka)
    assert algorithm.fast_share == 0.1
    assert isinstance(settings("device.preset=exact", "device.step=0.1").algorithm.cells.main, ExactDevice)


BAD = [
    (("algorithm=tikitaka",), "tiki-taka"),
    (("numbers.significanc=2",), "Did you mean 'significance'?"),
    (("numbers.significance=0",), "significance is 0"),
    (("device.preset=pmc",), "Did you mean 'pcm'?"),
    (("device.preset=exact", "device.stuck=0.1"), "weights without a device have no stuck"),
    (("device.lifetime=0.5",), "not at least 1"),
    (("backward.adc_bits=1",), "errors have signs"),
    (("updates.counting=guessed",), "'guessed'"),
]


@pytest.mark.parametrize(("changes", "words"), BAD)
def test_what_means_nothing_is_refused(changes: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError) as caught:
        settings(*changes)
    assert words in str(caught.value).replace("\n", " ")


def test_a_second_device_needs_an_algorithm_with_two() -> None:
    chip = load_chip("ecram-mesh-14nm", ("tile.training.second_device.preset=ecram",))
    with pytest.raises(InputError, match="devices of one kind only"):
        array_settings(chip)


def test_a_chip_that_does_not_train_says_so() -> None:
    with pytest.raises(InputError, match="does not say how its arrays train"):
        array_settings(load_chip("pcm-mesh-14nm"))
