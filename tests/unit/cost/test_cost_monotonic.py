"""Order that any architect expects: more bits, words or lanes never cost less, and a smaller node never costs more."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.cost import CostRangeWarning, Quote, quote


@dataclass(frozen=True)
class Case:
    """A model with everything but the parameter that varies."""

    kind: str
    fixed: str
    low: float
    high: float

    def ask(self, varied: str) -> Quote:
        with warnings.catch_warnings():
            # Order must hold beyond the fitted range, too.
            warnings.simplefilter("ignore", CostRangeWarning)
            return quote(self.kind, [self.fixed, varied])


ADCS = (
    "model=survey",
    "model=neurosim,column_resistance=100 kohm",
    "model=neurosim,column_resistance=10 kohm,flavour=low-power",
    "model=ramp,shared_columns=256",
    "model=oscillator",
    "model=isaac",
    "model=newton",
    "model=forms",
    "model=puma",
    "model=timely",
    "model=neurram",
)
DRIVERS = ("model=pulse-width", "model=isaac", "model=puma", "model=brahms", "model=timely")
BY_BITS = (
    *(Case("adc", f"{model},node=22 nm", 1, 14) for model in ADCS),
    *(Case("driver", f"{model},node=22 nm", 1, 12) for model in DRIVERS),
    Case("driver", "model=photonic", 1, 12),
)
BY_NODE = (
    *(Case("adc", f"{model},bits=8", 7, 130) for model in ADCS),
    *(Case("driver", f"{model},bits=8", 7, 130) for model in DRIVERS),
    Case("sample-hold", "model=isaac", 7, 130),
    Case("affine", "model=digital,lanes=4,sum_bits=24,input_bits=8", 7, 130),
    Case("affine", "model=adder-tree,lanes=4,inputs=8,input_bits=8", 7, 130),
    Case("affine", "model=puma,sum_bits=16", 7, 130),
    *(
        Case("buffer", f"model={model},capacity=64 kilobyte,width={width} bit,cell_type={cells}", 5, 65)
        for model in ("cacti", "horowitz")
        for width in (64, 256)
        for cells in ("hp", "lop")
    ),
    *(Case("buffer", f"model={model},capacity=64 kilobyte", 7, 130) for model in ("register-file", "puma-edram")),
    *(Case("unit", f"format={number}", 7, 90) for number in ("int8", "int16", "fp16", "fp32")),
    Case("unit", "model=stillwater", 7, 28),
    Case("router", "width=128 bit", 7, 65),
    Case("wire", "width=128 bit,length=1 mm", 7, 65),
)


def _costs(answer: Quote) -> list[float]:
    figures = [figure for _, figure in answer.energy_j]
    figures += [figure for figure in (answer.area_m2, answer.leakage_w) if figure is not None]
    return [figure.value for figure in figures]


def _no_dearer(cheap: Quote, dear: Quote) -> None:
    for less, more in zip(_costs(cheap), _costs(dear), strict=True):
        assert less <= more * (1 + 1e-9)


def _name(case: Case) -> str:
    return f"{case.kind}-{case.fixed}"


@pytest.mark.parametrize("case", BY_BITS, ids=_name)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_more_bits_are_never_cheaper(case: Case, data: st.DataObject) -> None:
    bits = st.integers(int(case.low), int(case.high))
    few, many = sorted((data.draw(bits), data.draw(bits)))
    _no_dearer(case.ask(f"bits={few}"), case.ask(f"bits={many}"))


@pytest.mark.parametrize("case", BY_NODE, ids=_name)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_smaller_node_is_never_dearer(case: Case, data: st.DataObject) -> None:
    nodes = st.floats(case.low, case.high)
    small, large = sorted((data.draw(nodes), data.draw(nodes)))
    _no_dearer(case.ask(f"node={small!r} nm"), case.ask(f"node={large!r} nm"))


@pytest.mark.parametrize(
    ("kind", "fixed", "unit", "low", "high"),
    [
        ("buffer", "model=cacti,node=22 nm,width=64 bit,capacity", "kilobyte", 2, 2048),
        ("buffer", "model=horowitz,node=22 nm,width=64 bit,capacity", "kilobyte", 2, 2048),
        ("buffer", "model=puma-edram,node=32 nm,capacity", "kilobyte", 2, 2048),
        ("router", "model=dsent,node=22 nm,width", "bit", 16, 512),
        ("router", "model=isaac,node=32 nm,width", "bit", 16, 512),
        ("wire", "model=dsent,node=22 nm,width=64 bit,length", "mm", 0.1, 10),
        ("wire", "model=capacitance,node=22 nm,width=64 bit,length", "mm", 0.1, 10),
        ("memory", "model=hbm2,bandwidth", "GB/s", 1, 1000),
    ],
)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_more_of_it_is_never_cheaper(
    kind: str, fixed: str, unit: str, low: float, high: float, data: st.DataObject
) -> None:
    sizes = st.floats(low, high)
    small, large = sorted((data.draw(sizes), data.draw(sizes)))
    case = Case(kind, "model=" + fixed.split("model=")[1].rsplit(",", 1)[0], low, high)
    name = fixed.rsplit(",", 1)[1]
    _no_dearer(case.ask(f"{name}={small!r} {unit}"), case.ask(f"{name}={large!r} {unit}"))
