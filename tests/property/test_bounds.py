"""What is said of a point beforehand is a bound: no simulated point beats it, whatever the chip."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archsim.chip import load_chip
from archsim.errors import ArchsimError
from archsim.exploration.bounds import bounds_of
from archsim.exploration.figures import headline_values
from archsim.simulation import Settings, load_network, placed, simulate
from tests.random_networks import networks

CHANGES = {
    "tile.array.rows": st.sampled_from([32, 64, 256]),
    "tile.array.columns": st.sampled_from([32, 64, 256]),
    "tile.adc.conversion_time": st.sampled_from(["2 ns", "100 ns", "5 us"]),
    "tile.input.phase_time": st.sampled_from(["1 ns", "128 ns", "2 us"]),
    "tile.array.cell.read_voltage": st.sampled_from(["0.05 V", "0.6 V"]),
    "fabric.rows": st.sampled_from([2, 4, 16]),
    "fabric.link_width": st.sampled_from(["16 bit", "512 bit"]),
    "technology.leakage_scale": st.sampled_from([0.01, 1, 10]),
    "units.local.lanes": st.sampled_from([1, 16, 256]),
}
RUNS = st.builds(Settings, st.sampled_from([1, 2, 6]), st.sampled_from(["none", "balanced"]))
PRESETS = st.sampled_from(["pcm-mesh-14nm", "reram-mesh-22nm", "sram-charge-22nm", "isaac"])
NAMED = st.sampled_from(["mlp-hermes", "digits-cnn", "digits-lstm", "digits-transformer"]).map(load_network)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(st.one_of(NAMED, networks()), PRESETS, st.fixed_dictionaries({}, optional=CHANGES), RUNS)
def test_no_run_beats_a_bound(network, preset, changes, run) -> None:
    overrides = {"system.chips": "as needed", **changes}
    try:
        chip = load_chip(preset, overrides)
        bounds = bounds_of(*placed(network, chip, run))
        figures = headline_values(simulate(network, chip, run).ledger.headline)
    except ArchsimError:
        assume(False)
    assert {"throughput_per_s", "latency_s", "energy_per_sample_j", "area_m2"} <= bounds.keys()
    for name, bound in bounds.items():
        assert bound.low <= figures[name] <= bound.high, name
