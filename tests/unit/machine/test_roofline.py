"""Devices described by their roofline: closed forms of a kernel's time, energy and traffic."""

from __future__ import annotations

import pytest

from archsim.accounting.bottleneck import Limit
from archsim.chip import Chip, load_chip
from archsim.errors import CapacityError, InputError
from archsim.machine.roofline import STEPS
from archsim.network import Matrix, Network, Weights
from archsim.simulation import Result, Settings, load_network, simulate
from tests.networks import additions, decoder, line

IDEAL = (
    "tile.launch=0 s",
    "tile.startup=0 s",
    "tile.peak_share=1.0",
    "tile.buffer_bandwidth=100000 TB/s",
    "system.host_bandwidth=100000 TB/s",
)
"""Nothing but the peak and the memory."""
SIZE = 8192
US = 1e-6


def layer(size: int = SIZE) -> Network:
    """One product with a square matrix."""
    return line(("a", Matrix(Weights(size, size))), width=size)


def ran(chip: str | Chip, *overrides: str, batch: int = 1, network: Network | None = None) -> Result:
    described = load_chip(chip, overrides) if isinstance(chip, str) else chip
    return simulate(network or layer(), described, Settings(batch))


def seconds(chip: str, *overrides: str, batch: int = 1, network: Network | None = None) -> float:
    """From the first input to the last output."""
    return ran(chip, *overrides, batch=batch, network=network).trace.makespan * 1e-12


# published.md, section 7: what a layer reaches at batch 1 whose FP16 weights are streamed
@pytest.mark.parametrize(("chip", "tera"), [("v100", 0.90), ("a100", 1.56), ("h100", 3.35)])
def test_a_layer_at_batch_one_reaches_what_the_memory_lets_it(chip: str, tera: float) -> None:
    assert 2 * SIZE**2 / seconds(chip, *IDEAL) / 1e12 == pytest.approx(tera, rel=0.02)


# Peaks of the data sheets, in tera-operations per second
@pytest.mark.parametrize(
    ("chip", "form", "peak"),
    [
        ("p100", "fp32", 10.6),
        ("p100", "fp16", 21.2),
        ("v100", "fp32", 15.7),
        ("v100", "fp16", 125.0),
        ("v100", "int8", 63.0),
        ("a100", "fp16", 312.0),
        ("a100", "int8", 624.0),
        ("a100", "int4", 1248.0),
        ("h100", "fp16", 989.0),
        ("h100", "int8", 1979.0),
    ],
)
def test_large_batches_reach_the_peak(chip: str, form: str, peak: float) -> None:
    # What comes in is written to the memory first: the larger the layer, the less that is beside its products.
    size = 4 * SIZE
    result = ran(chip, *IDEAL, f"tile.format={form}", batch=size, network=layer(size))
    assert 2 * size**3 / (result.trace.makespan * 1e-12) / 1e12 == pytest.approx(peak, rel=0.03)
    assert result.ledger.headline.peak_tops == pytest.approx(peak, rel=0.01)


def test_the_batch_saturates_where_arithmetic_intensity_says() -> None:
    # 125.3 TF over 900 GB/s are 139 operations a byte: an FP16 weight does one for each sample of the batch.
    ridge = 125.3e12 / 900e9
    times = {batch: seconds("v100", *IDEAL, batch=batch) for batch in (1, 64, 512, 1024)}
    assert times[64] == pytest.approx(times[1], rel=0.03)  # the weights' way is all, whatever the batch
    assert times[1024] == pytest.approx(2 * times[512], rel=0.01)  # the multipliers are all
    assert times[1024] / times[1] == pytest.approx(1024 / ridge, rel=0.04)


def test_what_overlaps_hides_but_for_one_step() -> None:
    batch = 139  # at the ridge: computing and fetching take the same time
    both = seconds("v100", *IDEAL, batch=batch)
    fetching = (2 * SIZE**2) / 900e9
    assert both == pytest.approx(fetching * (1 + 1 / STEPS), rel=0.03)


def test_a_small_kernel_takes_its_start() -> None:
    # 16 x 16 weights: 512 bytes of traffic and a few products are nothing beside 1.83 us and 10.9 us.
    quiet = "system.host_bandwidth=100000 TB/s"
    assert seconds("v100", quiet, network=layer(16)) == pytest.approx(12.73 * US, rel=0.001)


def test_kernels_follow_each_other() -> None:
    quiet = "system.host_bandwidth=100000 TB/s"
    chain = line(*((f"a{number}", Matrix(Weights(16, 16))) for number in range(5)), width=16)
    assert seconds("v100", quiet, network=chain) == pytest.approx(5 * 12.73 * US, rel=0.001)


def test_an_element_wise_layer_behind_a_product_has_no_start_of_its_own() -> None:
    quiet = "system.host_bandwidth=100000 TB/s"
    fused = line(("a", Matrix(Weights(16, 16))), ("b", additions(16)), width=16)
    assert seconds("v100", quiet, network=fused) == pytest.approx(12.73 * US, rel=0.01)
    alone = line(("b", additions(16)), width=16)
    assert seconds("v100", quiet, network=alone) == pytest.approx(1.83 * US, rel=0.02)


def test_small_products_reach_half_of_what_large_ones_do_where_work_and_start_take_the_same_time() -> None:
    start = ("tile.launch=0 s", "system.host_bandwidth=100000 TB/s")
    fetching = (2 * SIZE**2) / 900e9
    begun = seconds("v100", *start, f"tile.startup={fetching * 1e6:.6f} us")
    assert begun == pytest.approx(2 * fetching, rel=0.02)


def test_the_cache_bounds_what_is_in_it() -> None:
    # All weights (2 MiB) in the cache: 1 TB/s of it is what remains.
    size = 1024
    slow = (*IDEAL[:3], "tile.buffer_bandwidth=1 TB/s", IDEAL[4], "tile.weights=resident")
    moved = (2 * size**2 + 2 * 2 * size) / 1e12
    found = ran("v100", *slow, network=layer(size))
    assert found.trace.makespan * 1e-12 == pytest.approx(moved, rel=0.02)
    assert found.ledger.memory.bits.sum() == 0


def test_weights_of_fewer_bits_take_less_of_the_memory() -> None:
    whole, half = (seconds("v100", *IDEAL, *more) for more in ((), ("tile.weight_bits_stored=8",)))
    assert whole / half == pytest.approx(2.0, rel=0.03)


PATTERN = ("tile.zero_weights.use=skipped", "tile.zero_weights.share=0.5", "tile.zero_weights.group=4")


def test_two_zeros_of_every_four_weights_double_the_peak_and_leave_nine_sixteenths_of_the_way() -> None:
    # Of four weights of 16 bits two are kept, with two bits each for their places: 36 of 64 bits.
    slow, quick = (seconds("a100", *IDEAL, *more) for more in ((), PATTERN))
    assert quick / slow == pytest.approx(36 / 64, rel=0.03)
    slow, quick = (seconds("a100", *IDEAL, *more, batch=4096) for more in ((), PATTERN))
    assert quick / slow == pytest.approx(1 / 2, rel=0.05)


def test_zeros_without_a_pattern_are_refused() -> None:
    with pytest.raises(InputError, match="zeros in a pattern only"):
        load_chip("a100", PATTERN[:2])


def test_energy_is_idle_power_over_time_and_what_is_multiplied_and_fetched() -> None:
    result = ran("v100", *IDEAL, batch=4)
    head, elapsed = result.ledger.headline, result.trace.makespan * 1e-12
    fetched = SIZE**2 * 16 * 3.9e-12
    multiplied = 4 * SIZE**2 * 3.007e-12
    assert head.energy_per_sample_j * 4 == pytest.approx(83.5 * elapsed + fetched + multiplied, rel=0.002)


def test_at_full_activity_a_card_draws_its_design_power() -> None:
    for chip, watts in (("p100", 300), ("v100", 300), ("a100", 400), ("a100-80gb", 400), ("h100", 700)):
        described = load_chip(chip)
        tile, memory = described.tile, described.memory["hbm"]
        per_bit = 4.05e-12 if chip == "h100" else 3.9e-12
        for form, energy in tile.cost.energy.items():
            macs = tile.processors * tile.formats[form].macs * tile.clock
            assert tile.cost.leakage + macs * energy + memory.bandwidth * per_bit == pytest.approx(watts, rel=0.002)


def test_a_model_beyond_the_memory_says_by_how_much() -> None:
    with pytest.raises(CapacityError) as caught:
        ran("v100", network=load_network("llama3-8b"))
    # Some 15 GiB of weights and a table of 128,256 x 4,096; the card has 16 GB, which are 15,258.8 MiB.
    assert "15,258.8 MiB" in str(caught.value)
    assert "MiB too few" in str(caught.value)


def test_resident_weights_beyond_the_cache_say_by_how_much() -> None:
    # 8192 x 8192 x 2 bytes are 128 MiB, in a cache of 6.
    with pytest.raises(CapacityError, match=r"needs 128\.0 MiB .* there are 6\.0 MiB: 122\.0 MiB too few"):
        ran("v100", "tile.weights=resident")


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("tile.format=fp61", "Did you mean 'fp16'?"),
        ("tile.weight_bits_stored=20", "wider format"),
        ("tile.peak_share=0.0", "tile.peak_share"),
        ("tile.peak_share=1.5", "tile.peak_share"),
        ("tile.launch=-1 us", "tile.launch"),
        ("tile.formats.fp16.macs=0", "macs"),
    ],
)
def test_what_cannot_be_is_refused(override: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        load_chip("v100", [override])
    assert says in str(caught.value)


def test_copies_of_layers_are_refused() -> None:
    with pytest.raises(InputError, match="copies of layers"):
        simulate(layer(64), "v100", Settings(replicate="balanced"))


def test_generated_tokens_leave_one_by_one() -> None:
    # One kernel for each token; what is element-wise is its end.
    made = ran("v100", "system.host_bandwidth=100000 TB/s", network=decoder(6, prompt=2))
    trace = made.trace
    assert trace.sample_out[0] - trace.sample_first[0] == pytest.approx(4 * 12.73e6, rel=0.01)


def together(count: int, *overrides: str) -> Result:
    """One layer on several A100, which exchange its results."""
    return ran("a100-80gb", *IDEAL, f"system.chips={count}", *overrides)


@pytest.mark.parametrize("count", [1, 2, 8])
def test_devices_share_the_weights_and_exchange_the_results(count: int) -> None:
    # Each fetches its share at 2,039 GB/s; results of 8,192 x 2 bytes take 0.68 us and next to nothing on twelve links.
    exchange = 0.68e-6 + SIZE * 2 * (1 - 1 / count) / 300e9 if count > 1 else 0.0
    fetching = 2 * SIZE**2 / count / 2039e9
    assert together(count).trace.makespan * 1e-12 == pytest.approx(fetching + exchange, rel=0.03)


def test_devices_draw_and_take_area_each() -> None:
    one, four = (together(count).ledger for count in (1, 4))
    assert four.headline.area_m2 == 4 * one.headline.area_m2
    assert four.headline.peak_tops == 4 * one.headline.peak_tops
    read = [float(ledger.energy[ledger.energy.action == "read_bit"].energy_j.sum()) for ledger in (one, four)]
    assert read[0] == pytest.approx(read[1])  # all weights are fetched once, by whomever


def test_memories_add_up() -> None:
    large = load_network("llama3-8b")
    small = ("memory.hbm.capacity=10 GB",)
    with pytest.raises(CapacityError):
        ran("a100-80gb", *small, network=large)
    assert ran("a100-80gb", *small, "system.chips=2", network=large).ledger.headline.chips == 2


def test_several_devices_need_a_number_and_a_link() -> None:
    with pytest.raises(InputError, match="as needed"):
        load_chip("a100-80gb", ["system.chips=as needed"])
    with pytest.raises(InputError, match="no link"):
        load_chip("v100", ["system.chips=2"])


@pytest.mark.parametrize(
    ("network", "batch", "overrides", "limit", "where"),
    [
        # Kernels of a few bytes: 12.73 us of start each.
        (layer(16), 1, (), Limit.STARTS, "processors"),
        # 128 MiB of weights for one vector take 149 us.
        (layer(), 1, (), Limit.RESOURCE, "hbm"),
        # 1,024 vectors, seven times the ridge.
        (layer(), 1024, (), Limit.RESOURCE, "processors"),
        # The same weights come while a kernel of 200 us starts.
        (layer(), 1, ("tile.startup=200 us",), Limit.STARTS, "processors"),
    ],
)
def test_what_bounds_a_device_is_its_starts_its_memory_or_its_multipliers(
    network: Network, batch: int, overrides: tuple[str, ...], limit: Limit, where: str
) -> None:
    quick = "system.host_bandwidth=100000 TB/s"
    found = ran("v100", quick, *overrides, batch=batch, network=network).ledger.bottleneck
    assert found.limit is limit
    assert where in found.resource


def test_starts_are_told_beside_work_and_fetching() -> None:
    quick = "system.host_bandwidth=100000 TB/s"
    chain = line(*((f"a{number}", Matrix(Weights(16, 16))) for number in range(5)), width=16)
    reason = ran("v100", quick, network=chain).ledger.bottleneck.reason
    # 63.65 us of starts, and next to nothing else.
    assert reason.startswith("100.0%")
    assert "of the whole run starts kernels" in reason
