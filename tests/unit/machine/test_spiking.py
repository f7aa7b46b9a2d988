"""Spiking cores: ticks, cores and events, by hand."""

from __future__ import annotations

import pytest

from archsim.chip import load_chip
from archsim.errors import CapacityError, InputError, MissingUnit
from archsim.machine import matrix_unit
from archsim.machine.spiking import SpikingCores
from archsim.network import Digital, Matrix, Network, Primitive, Weights
from archsim.simulation import Result, Settings, load_network, simulate
from tests.networks import additions, line

QUICK = "system.host_bandwidth=100000 TB/s"
MS = 1e9
"""Picoseconds."""


def layers(count: int, tokens: int = 1) -> Network:
    return line(*((f"a{number}", Matrix(Weights(16, 16))) for number in range(count)), tokens=tokens, width=16)


def ran(network: Network, *overrides: str, batch: int = 1) -> Result:
    return simulate(network, load_chip("truenorth", (QUICK, *overrides)), Settings(batch))


@pytest.mark.parametrize(("ticks", "count"), [(1, 1), (8, 1), (8, 4), (32, 3)])
def test_each_layer_is_a_tick_behind_the_one_before(ticks: int, count: int) -> None:
    found = ran(layers(count), f"tile.ticks={ticks}")
    assert found.trace.makespan == pytest.approx((ticks + count - 1) * MS, rel=1e-6)


def test_what_neurons_do_by_themselves_takes_no_tick() -> None:
    rectified = line(("a", Matrix(Weights(16, 16))), ("r", additions(16)), ("b", Matrix(Weights(16, 16))), width=16)
    assert ran(rectified, "tile.ticks=8").trace.makespan == pytest.approx(9 * MS, rel=1e-6)


def test_positions_work_at_once() -> None:
    assert ran(layers(2, tokens=50), "tile.ticks=8").trace.makespan == pytest.approx(9 * MS, rel=1e-6)


def test_samples_follow_each_other_at_once() -> None:
    found = ran(layers(3), "tile.ticks=8", batch=10)
    assert found.trace.makespan == pytest.approx((10 * 8 + 2) * MS, rel=1e-6)


def test_energy_is_static_power_and_events() -> None:
    # Three layers of 256 synapses, a spike at each in 16 ticks of 0.25: 3 x 256 x 16 x 0.25 events of 2.297 pJ.
    found = ran(layers(3), "tile.ticks=16", "tile.mean_rate=0.25")
    energy = found.ledger.energy
    assert energy[energy.action == "event"].energy_j.sum() == pytest.approx(3 * 256 * 16 * 0.25 * 2.297e-12)
    assert energy[energy.action == "leakage"].energy_j.sum() == pytest.approx(64.43e-3 * 18e-3, rel=1e-6)


def test_neurons_and_axons_make_cores() -> None:
    unit = matrix_unit(load_chip("truenorth"))
    assert isinstance(unit, SpikingCores)
    # 128 inputs of two axons, 256 neurons. 16 x 16: eight positions share a core.
    assert unit.cores_of(layers(1, tokens=50), 0) == 7
    # 300 x 600: three by three cores for each position.
    assert unit.cores_of(line(("a", Matrix(Weights(300, 600))), tokens=5, width=300), 0) == 45


def test_a_network_of_too_many_neurons_says_by_how_many_cores() -> None:
    with pytest.raises(CapacityError, match=r"needs 5,000 cores, .* there are 4,096: 904 too few"):
        ran(line(("a", Matrix(Weights(128, 256))), tokens=5000, width=128))


def test_what_has_no_rate_is_refused() -> None:
    softmax = Digital("softmax", ((Primitive.EXP, 16),), whole_token=True)
    with pytest.raises(MissingUnit, match="'softmax' takes exp"):
        ran(line(("a", Matrix(Weights(16, 16))), ("s", softmax), width=16))
    with pytest.raises(MissingUnit):
        ran(load_network("digits-lstm"))


def test_samples_do_not_share_neurons() -> None:
    with pytest.raises(InputError, match="needs all neurons of its own"):
        ran(layers(1), "mapping.schedule.samples=2", batch=2)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("tile.ticks=0", "tile.ticks"),
        ("tile.mean_rate=1.5", "tile.mean_rate"),
        ("tile.axons_per_input=512", "512 axons"),
    ],
)
def test_what_cannot_be_is_refused(override: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_chip("truenorth", [override])
    assert says in str(caught.value)


def test_a_value_has_as_many_bits_as_its_rates_take() -> None:
    assert load_chip("truenorth", ["tile.ticks=32"]).tile.input_bits == 6  # 0 to 32
    assert load_chip("truenorth", ["tile.ticks=31"]).tile.input_bits == 5
