"""What training costs, against sums over the chip's own numbers."""

import pytest

from archsim.accounting import Step, efficiency_ladder, peak_of
from archsim.accounting.peak import TRAINING
from archsim.chip import load_chip
from archsim.cost import price
from archsim.errors import InputError, MissingCost
from archsim.network import Learning, Matrix, Weights
from archsim.network.backward import training_network
from archsim.simulation import Settings, load_network, simulate
from tests.networks import line

CHIP = "nature2018-training"
SIDE, FJ = 512, 1e-15
NO_TRANSFER = ("tile.training.transfer=null",)


@pytest.fixture(scope="module")
def run():
    """Two full arrays, and sixteen samples without a transfer."""
    full = Matrix(Weights(SIDE, SIDE))
    network = training_network(line(("a", full), ("b", full), width=SIDE))
    return simulate(network, CHIP, Settings(batch=16), overrides=NO_TRANSFER)


def on_arrays(result, *names):
    energy = result.ledger.energy
    return float(energy[energy.component.isin(names)].energy_j.sum()) / 16


def test_a_full_arrays_pass_takes_the_energy_of_its_weights(run):
    # 71.26 fJ a weight in each of two forward passes, one transposed one and two updates.
    passes = 5 * SIDE**2 * 71.26 * FJ
    found = on_arrays(run, "array", "driver", "adc", "column-driver", "row-adc", "pulse-driver")
    assert found == pytest.approx(passes, rel=1e-3)


def test_phases_have_the_energies_of_their_passes(run):
    frame = run.ledger.phases.set_index("phase")
    product = SIDE**2 * 71.26 * FJ
    assert frame.operations.tolist() == [4 * SIDE**2, 2 * SIDE**2, 4 * SIDE**2, 0]
    # What moves and stores the tokens is in the phase that makes them: below a tenth here.
    for phase, passes in (("forward", 2), ("backward", 1), ("update", 2)):
        assert passes * product * 0.999 < frame.dynamic_j[phase] < 1.1 * passes * product
    assert frame.dynamic_j["transfer"] == 0
    # 80 ns each on 2, 1 and 2 arrays; the train is 31 slots of 2.581 ns.
    assert frame.array_s.tolist() == pytest.approx([160e-9, 80e-9, 2 * 31 * 2.581e-9, 0], rel=1e-4)


def test_phases_add_up_to_the_dynamic_energy(run):
    assert run.ledger.phases.dynamic_j.sum() * 16 == pytest.approx(run.ledger.tally.actions.joules(run.bill).sum())


def test_the_peak_of_training_is_the_published_figure():
    chip = load_chip(CHIP)
    peak = peak_of(chip, price(chip), TRAINING)
    assert peak.gops_per_w == pytest.approx(28_065, rel=1e-3)
    assert peak.tops_per_mm2 == pytest.approx(3.6, rel=1e-3)


def test_full_arrays_lose_nothing_to_filling(run):
    ladder = efficiency_ladder(run.trace, run.placement, run.bill)
    filling = next(rung for rung in ladder.rungs if rung.step is Step.FILLING)
    assert filling.energy_j == pytest.approx(0, abs=1e-6 * ladder.rungs[0].energy_j)
    assert ladder.rungs[0].operations_per_w == pytest.approx(28_065e9, rel=1e-3)


def test_a_transfers_share_of_each_example_is_that_of_one_in_8000():
    network = training_network(load_network("mlp-nature"), Learning())
    result = simulate(network, CHIP, Settings(batch=16_000))
    transfer = result.ledger.phases.set_index("phase").loc["transfer"]
    assert transfer.dynamic_j == pytest.approx(164_500 * 138e-12 / 8000)
    # Rows of all blocks: 528 in two blocks, 250 and 125, 8.8 us each; a turn that has not come takes 1 ps.
    assert transfer.array_s == pytest.approx((528 + 250 + 125) * 8.8e-6 / 8000, rel=1e-4)


def test_what_nobody_gave_is_named():
    network = training_network(line(("a", Matrix(Weights(8, 8)))))
    with pytest.raises(MissingCost, match="pulse"):
        simulate(network, CHIP, overrides=(*NO_TRANSFER, "tile.training.updates.pulses.cost.energy=null"))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("tile.training.backward.driver=null",), "one of driver and adc is missing"),
        (("tile.training.backward.driver.bits=6",), "input_bits is 7"),
        (("tile.training.backward.adc.bits=6",), "adc_bits is 9"),
        (("tile.training.transfer.every=4000",), "transfer.every is 4000"),
        (("tile.training.backward.adc.columns_per_adc=3",), "rows cannot share converters"),
        (("tile.training.updates.pulses.slot_time=0 ns",), "slot_time"),
    ],
)
def test_descriptions_that_contradict_themselves(overrides, said):
    with pytest.raises(InputError, match=said):
        load_chip(CHIP, overrides)


@pytest.mark.parametrize(
    ("overrides", "settings", "said"),
    [
        (NO_TRANSFER, Settings(replicate="balanced"), "copies of weights"),
        (NO_TRANSFER, Settings(batch=2, interleave=2), "cannot take turns token by token"),
        ((), Settings(batch=8000), "do not show what training takes"),
        (NO_TRANSFER, Settings(batch=3), "do not show what training takes"),
        ((*NO_TRANSFER, "mapping.digital=a"), Settings(batch=2), "digital units do not train"),
    ],
)
def test_what_cannot_be_run_is_refused(overrides, settings, said):
    network = training_network(line(("a", Matrix(Weights(8, 8)))), Learning(batch=2))
    with pytest.raises(InputError, match=said) as caught:
        simulate(network, CHIP, settings, overrides=overrides)
    assert caught.value.where and caught.value.remedy


def test_a_chip_that_does_not_say_what_training_takes_is_refused():
    network = training_network(line(("a", Matrix(Weights(8, 8)))))
    with pytest.raises(InputError, match="does not say what training takes"):
        simulate(network, "ecram-mesh-14nm")
