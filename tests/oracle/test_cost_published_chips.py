"""Component models against the totals of published chips.

Sums and identities, as each test says: the models were made of the same publications, so these prove units and
counting.
"""

from __future__ import annotations

import pytest

from archsim.cost import quote

PJ, MM2 = 1e-12, 1e-6


def _energy(kind: str, settings: str, action: str) -> float:
    return dict(quote(kind, [settings]).energy_j)[action].value


def _area(kind: str, settings: str) -> float:
    area = quote(kind, [settings]).area_m2
    assert area is not None
    return area.value


def test_isaac_adcs_identity() -> None:
    one = _energy("adc", "model=isaac,node=32 nm,bits=8", "conversion")
    assert one / PJ == pytest.approx(1.667, rel=3e-4)
    assert 8 * 1.2e9 * one == pytest.approx(16e-3)
    assert 8 * _area("adc", "model=isaac,node=32 nm,bits=8") / MM2 == pytest.approx(0.0096)


@pytest.mark.parametrize(
    ("bits", "picojoules", "um2"),
    [(4, 0.79, 361), (5, 0.99, 477), (6, 1.20, 627), (7, 1.42, 845), (9, 1.97, 1828), (10, 2.38, 3002)],
)
def test_isaac_adcs_of_other_resolutions(bits: int, picojoules: float, um2: float) -> None:
    settings = f"model=isaac,node=32 nm,bits={bits}"
    assert _energy("adc", settings, "conversion") / PJ == pytest.approx(picojoules, rel=2e-3)
    assert _area("adc", settings) * 1e12 == pytest.approx(um2, rel=2e-3)


def test_isaac_multiply_accumulate_unit_sum() -> None:
    # 8 arrays of 128 x 128: 24.08 mW less its registers (1.47 mW) and arrays (2.4 mW).
    adcs = 8 * 1.2e9 * _energy("adc", "model=isaac,node=32 nm,bits=8", "conversion")
    dacs = 8 * 128 * 10e6 * _energy("driver", "model=isaac,node=32 nm,bits=1", "conversion")
    holds = 8 * 128 * 10e6 * _energy("sample-hold", "model=isaac,node=32 nm", "sample")
    adds = 8 * 1.2e9 * _energy("affine", "model=isaac,node=32 nm,sum_bits=16", "add")
    assert adcs + dacs + holds + adds == pytest.approx(16e-3 + 4e-3 + 0.01e-3 + 0.2e-3)
    assert adcs + dacs + holds + adds == pytest.approx(24.08e-3 - 1.47e-3 - 2.4e-3, rel=1e-3)


def test_isaac_keeps_its_figures_at_any_supply_of_its_own_node() -> None:
    settings = "model=isaac,node=32 nm,bits=8"
    assert _energy("adc", f"{settings},supply=1 V", "conversion") == _energy("adc", settings, "conversion")


def test_hypertransport_sum() -> None:
    one = quote("chip-link", ["model=hypertransport,bandwidth=6.4 GB/s"])
    assert one.leakage_w is not None and one.area_m2 is not None
    assert 4 * one.leakage_w.value == pytest.approx(10.4)
    assert 4 * one.area_m2.value / MM2 == pytest.approx(22.88)


def test_puma_converters_identity() -> None:
    adc = quote("adc", ["model=puma,node=32 nm,bits=8"])
    assert adc.leakage_w is not None
    # 128 columns in 100 ns at 2.0 mW, of which 0.2 mW leak.
    dynamic = 128 / 100e-9 * dict(adc.energy_j)["conversion"].value
    assert (dynamic, adc.leakage_w.value) == pytest.approx((1.8e-3, 0.2e-3))
    driver = quote("driver", ["model=puma,node=32 nm,bits=1"])
    assert driver.leakage_w is not None
    assert dict(driver.energy_j)["conversion"].value / 100e-9 == pytest.approx(3.50625e-6)


def test_hermes_core_identity() -> None:
    # 256 conversions and a 256 x 256 array of weights of four devices, with its lines, drivers, affine stage and what
    # these leak in 130 ns, make 2 x 256^2 operations at 10.5 TOPS/W: the converters' energy was derived so.
    array = quote(
        "array",
        [
            "node=14 nm,rows=256,columns=256,devices=262144,cell_area=1.36 um^2,phases=1,mean_activity=0.27,"
            "max_conductance=10.35 uS,mean_conductance=0.13,read_voltage=0.2 V,phase_time=128 ns"
        ],
    )
    cells, rows = (dict(array.energy_j)[action].value for action in ("cell", "row"))
    parts = {
        ("adc", "model=oscillator,node=14 nm,bits=8,phase_time=130 ns", "conversion"): (256, 256),
        ("driver", "model=pulse-width,node=14 nm,bits=8", "conversion"): (256, 256),
        ("affine", "node=14 nm,lanes=4,sum_bits=16,input_bits=8", "mac"): (256, 1),
    }
    total = 256 * 256 * 4 * cells + 256 * rows
    for (kind, settings, action), (acting, instances) in parts.items():
        said = quote(kind, [settings])
        assert said.leakage_w is not None
        total += acting * dict(said.energy_j)[action].value + instances * said.leakage_w.value * 130e-9
    assert 2 * 256**2 / total / 1e12 == pytest.approx(10.5)


def test_neurram_neuron_prediction() -> None:
    # Published: 10.62 fJ per operation at 3 output bits and 1 input bit; a conversion serves 2 x 128 operations.
    energy = _energy("adc", "model=neurram,node=130 nm,supply=1.8 V,bits=3", "conversion")
    assert energy / (2 * 128) * 1e15 == pytest.approx(10.62, rel=0.05)


def test_neurram_early_stopping_only_lowers() -> None:
    # 20.12 fJ per operation at 5 output bits, 3 input bits (7 pulses): the model's worst case is an upper bound.
    energy = _energy("adc", "model=neurram,node=130 nm,supply=1.8 V,bits=5,pulses=7", "conversion")
    assert 20.12 < energy / (2 * 128) * 1e15 < 1.6 * 20.12
