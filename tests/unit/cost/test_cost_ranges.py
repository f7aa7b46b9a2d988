"""Fitted ranges: nothing is said at their ends, and one sentence names what lies beyond them."""

from __future__ import annotations

import pytest

from archsim.cost.estimate import engineering, range_notes, square
from tests.unit.cost.hand import ask

NEUROSIM = "model=neurosim,column_resistance=10 kohm"
WIRE = "width=64 bit,length=1 mm"
# Model, what else it needs, the parameter, its unit, the range and how a note calls it.
NODES = [
    ("adc", "bits=8", 14, 180),
    ("adc", f"{NEUROSIM},bits=8", 7, 130),
    ("adc", f"{NEUROSIM},bits=8,flavour=low-power", 1, 130),
    ("adc", "model=neurram,bits=8", 7, 180),
    ("adc", "model=oscillator,bits=8", 7, 180),
    ("adc", "model=ramp,bits=8,shared_columns=4", 7, 180),
    ("adc", "model=puma,bits=8", 7, 180),
    ("driver", "model=pulse-width,bits=8", 7, 180),
    ("affine", "lanes=1,sum_bits=16,input_bits=8", 7, 180),
    ("affine", "model=adder-tree,lanes=1,inputs=4,input_bits=8", 7, 180),
    ("unit", "lanes=1", 7, 180),
    ("unit", "model=stillwater", 7, 28),
    ("router", "width=64 bit", 11, 45),
    ("router", "model=isaac,width=64 bit", 7, 180),
    ("wire", WIRE, 11, 45),
    ("wire", f"model=isaac-bus,{WIRE}", 7, 180),
    ("buffer", "capacity=64 KiB,width=64 bit", 5, 45),
    ("buffer", "model=horowitz,capacity=64 KiB,width=64 bit", 7, 180),
    ("buffer", "model=puma-edram,capacity=64 KiB", 7, 180),
    ("buffer", "model=register-file,capacity=64 bit", 7, 180),
    ("other", "model=logic,logic_area=1 mm^2", 7, 180),
    ("other", "model=clock-tree,clock=1 GHz,clocked_area=1 mm^2", 11, 45),
]
OTHERS = [
    ("adc", "node=32 nm", "bits", "", 4, 20, "bits (priced as 4 below that)"),
    ("adc", f"{NEUROSIM},node=32 nm", "bits", "", 1, 10, "bits"),
    ("adc", "model=neurram,node=130 nm", "bits", "", 3, 10, "bits"),
    ("adc", "model=oscillator,node=14 nm,phase_time=1 us", "bits", "", 4, 10, "bits"),
    ("adc", "model=ramp,node=32 nm,shared_columns=4", "bits", "", 1, 12, "bits"),
    ("driver", "model=pulse-width,node=32 nm", "bits", "", 1, 16, "bits"),
    ("driver", "model=photonic", "bits", "", 8, 8, "bits"),
    ("router", "node=32 nm", "width", " bit", 64, 256, "flit width in bits"),
    ("buffer", "node=32 nm,width=64 bit", "capacity", " KiB", 2, 2048, "capacity in kB"),
    (
        "buffer",
        "node=32 nm,capacity=64 KiB",
        "width",
        " bit",
        64,
        256,
        "access width in bits, held at its nearest end,",
    ),
    ("buffer", "model=horowitz,node=32 nm,width=64 bit", "capacity", " KiB", 8, 1024, "capacity in kB"),
    ("buffer", "model=isaac-edram,node=32 nm", "capacity", " KiB", 64, 64, "capacity in kB"),
    ("buffer", "model=puma-edram,node=32 nm", "capacity", " KiB", 64, 128, "capacity in kB"),
    ("buffer", "model=register-file,node=32 nm", "capacity", " bit", 1, 32768, "capacity in bits"),
]


@pytest.mark.parametrize(("kind", "settings", "low", "high"), NODES)
def test_nodes(kind: str, settings: str, low: float, high: float) -> None:
    for inside in (low, high):
        assert ask(kind, f"{settings},node={inside} nm").notes == ()
    for outside in (0.95 * low, 1.01 * high):
        (note,) = ask(kind, f"{settings},node={outside!r} nm").notes
        assert note == f"node {outside:g} nm is outside the fitted {low} nm to {high} nm"


@pytest.mark.parametrize(("kind", "settings", "name", "unit", "low", "high", "called"), OTHERS)
def test_other_parameters(kind: str, settings: str, name: str, unit: str, low: int, high: int, called: str) -> None:
    for inside in (low, high):
        assert ask(kind, f"{settings},{name}={inside}{unit}").notes == ()
    for outside in {max(low - 1, 1), high + 1} - {low}:
        (note,) = ask(kind, f"{settings},{name}={outside}{unit}").notes
        assert note == f"{called} {outside:g} is outside the fitted {low:g} to {high:g}"


@pytest.mark.parametrize(("time", "rate"), [("1.01 ms", 990.099), ("99 ps", 1.0101e10)])
def test_rates_beyond_the_survey(time: str, rate: float) -> None:
    (note,) = ask("adc", f"node=32 nm,bits=8,conversion_time={time}").notes
    assert note == f"rate in samples per second {rate:g} is outside the fitted 1000 to 1e+10"
    for inside in ("1 ms", "100 ps"):
        assert ask("adc", f"node=32 nm,bits=8,conversion_time={inside}").notes == ()


def test_an_oscillator_runs_at_up_to_three_gigahertz() -> None:
    # 256 counts in 85.3 ns are 3.0 GHz.
    assert ask("adc", "model=oscillator,node=14 nm,bits=8,phase_time=85.4 ns").notes == ()
    (note,) = ask("adc", "model=oscillator,node=14 nm,bits=8,phase_time=80 ns").notes
    assert note == "oscillator frequency in Hz 3.2e+09 is outside the fitted 0 to 3e+09"


def test_a_hypertransport_link_carries_51_gigabit() -> None:
    (note,) = ask("chip-link", "model=hypertransport,bandwidth=51.3 Gbit/s").notes
    assert note == "bandwidth in bit/s 5.13e+10 is outside the fitted 0 to 5.12e+10"
    assert ask("chip-link", "model=hypertransport,bandwidth=6.4 GB/s").notes == ()


@pytest.mark.parametrize("ports", [4, 6])
def test_a_router_has_five_ports(ports: int) -> None:
    assert ask("router", f"node=32 nm,width=64 bit,ports={ports}").notes == (
        f"a router of {ports} ports is priced as one of 5",
    )
    assert ask("router", "node=32 nm,width=64 bit,ports=5").notes == ()


@pytest.mark.parametrize(
    ("model", "bits", "low", "high", "rule"),
    [
        ("isaac", 3, 4, 10, "by the published table"),
        ("isaac", 11, 4, 10, "by the published table"),
        ("newton", 8, 9, 9, "doubling per bit"),
        ("puma", 9, 8, 8, "in proportion to the bits"),
    ],
)
def test_bits_beyond_a_published_converter(model: str, bits: int, low: int, high: int, rule: str) -> None:
    (note,) = ask("adc", f"model={model},node=32 nm,bits={bits}").notes
    assert note == f"{bits} bits are outside the published {low} to {high}; moved {rule}"
    for inside in (low, high):
        assert ask("adc", f"model={model},node=32 nm,bits={inside}").notes == ()


def test_a_range_includes_its_ends_as_far_as_numbers_are_exact() -> None:
    assert range_notes("x", 0.1 + 0.2, 0, 0.3) == range_notes("x", 3.0, 3.0 + 1e-10, 9.0) == ()
    assert range_notes("x", 0.30001, 0, 0.3) == ("x 0.30001 is outside the fitted 0 to 0.3",)
    assert range_notes("x", -0.001, 0, 0.3)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 J"),
        (1, "1 J"),
        (999, "999 J"),
        (1000, "1 kJ"),
        (1.6666e-12, "1.667 pJ"),
        (0.999e-12, "999 fJ"),
        (-2.5e-6, "-2.5 uJ"),
        (3e24, "3 YJ"),
        (3e27, "3000 YJ"),
        (3e-24, "3 yJ"),
        (3e-27, "0.003 yJ"),
    ],
)
def test_prefixes(value: float, text: str) -> None:
    assert engineering(value, "J") == text


@pytest.mark.parametrize(
    ("value", "text"), [(2.5e-6, "2.5 mm^2"), (1e-8, "0.01 mm^2"), (0.99e-8, "9900 um^2"), (1.2e-12, "1.2 um^2")]
)
def test_areas(value: float, text: str) -> None:
    assert square(value) == text
