"""Leakage follows the chip's temperature wherever a model gives it; what does not follow is named."""

from __future__ import annotations

import pytest

from archsim.chip import chip_names, load_chip
from archsim.cost import price, quote
from archsim.cost.temperature import growth

NM = 1e-9

# CACTI's off currents, 400 K over 300 K, as tabulated; the activation energies are given to two digits.
TABLE = [
    (90, "high-performance", 4.8), (65, "high-performance", 3.2), (45, "high-performance", 3.5),
    (32, "high-performance", 40), (22, "high-performance", 40), (90, "low-power", 60), (65, "low-power", 35),
    (45, "low-power", 41), (32, "low-power", 36), (22, "low-power", 1020),
]  # fmt: skip


@pytest.mark.parametrize(("node", "transistor", "ratio"), TABLE)
def test_leakage_grows_as_cacti_tabulates(node: float, transistor: str, ratio: float) -> None:
    assert growth(node * NM, transistor, 400) == pytest.approx(ratio, rel=0.06)  # type: ignore[arg-type]


def test_room_temperature_changes_nothing_and_beyond_the_nodes_the_energy_is_held() -> None:
    assert growth(14 * NM, "high-performance", 300) == 1
    assert growth(7 * NM, "low-power", 350) == growth(22 * NM, "low-power", 350)
    assert growth(180 * NM, "low-power", 350) == growth(90 * NM, "low-power", 350)


@pytest.mark.parametrize(
    ("kind", "settings", "ratio"),
    [
        ("buffer", "capacity=64 KiB,width=64 bit,node=45 nm", 3.5),
        ("buffer", "capacity=64 KiB,width=64 bit,node=45 nm,cell_type=lop", 41),
        ("buffer", "capacity=64 KiB,width=64 bit,node=14 nm,cell_type=lop", 1020),
        ("buffer", "capacity=64 KiB,node=32 nm,model=puma-edram", 40),
        ("buffer", "capacity=1 KiB,node=45 nm,model=register-file", 3.5),
        ("unit", "lanes=16,node=45 nm", 3.5),
        ("unit", "lanes=16,node=45 nm,flavour=low-power", 41),
        ("router", "width=64 bit,node=22 nm", 40),
        ("wire", "width=64 bit,length=1 mm,node=45 nm", 3.5),
        ("adc", "bits=8,node=45 nm", 3.5),
        ("adc", "bits=8,node=45 nm,model=ramp,shared_columns=64", 3.5),
        ("adc", "bits=8,node=22 nm,model=puma", 40),
        ("driver", "bits=8,node=45 nm", 3.5),
        ("affine", "lanes=8,sum_bits=16,input_bits=8,node=45 nm", 3.5),
        ("other", "model=logic,logic_area=1 mm^2,node=45 nm", 3.5),
        (
            "array",
            "model=charge,rows=64,columns=64,devices=4096,cell_area=1 um^2,phases=1,mean_activity=0.5,"
            "unit_capacitance=1 fF,node=45 nm",
            3.5,
        ),
    ],
)
def test_every_model_of_leakage_follows(kind: str, settings: str, ratio: float) -> None:
    cold, hot = (quote(kind, [f"{settings},temperature={kelvin} K"]) for kelvin in (300, 400))
    assert cold.leakage_w and hot.leakage_w
    assert hot.leakage_w.value / cold.leakage_w.value == pytest.approx(ratio, rel=0.06)
    assert [figure.value for _, figure in hot.energy_j] == [figure.value for _, figure in cold.energy_j]
    assert "eV" in hot.leakage_w.formula


def test_a_warm_chip_leaks_more_in_every_modelled_part() -> None:
    cold, warm = (price(load_chip("pcm-mesh-14nm", [f"technology.temperature={kelvin} K"])) for kelvin in (300, 360))
    for before, after in zip(cold.components, warm.components, strict=True):
        if before.leakage_w.value and before.name not in ("dram", "chip-link"):
            assert after.leakage_w.value > 2 * before.leakage_w.value, before.name
        else:
            assert after.leakage_w.value == before.leakage_w.value, before.name
    assert not warm.notes


def test_leakage_that_the_file_gives_is_named() -> None:
    given = ["tile.adc.cost.leakage=1 uW", "technology.temperature=360 K"]
    (note,) = price(load_chip("pcm-mesh-14nm", given)).notes
    assert note == "leakage given by the chip file, which does not follow technology.temperature: adc"
    assert not price(load_chip("pcm-mesh-14nm", given[:1])).notes


@pytest.mark.parametrize("kelvin", [250, 420])
def test_temperatures_that_no_table_reaches_are_named(kelvin: int) -> None:
    (note,) = price(load_chip("pcm-mesh-14nm", [f"technology.temperature={kelvin} K"])).notes
    assert note == f"technology.temperature in K {kelvin} is outside the fitted 300 to 400"


@pytest.mark.parametrize("preset", chip_names())
def test_some_leakage_of_every_preset_follows_or_is_named(preset: str) -> None:
    cold, warm = (price(load_chip(preset, [f"technology.temperature={kelvin} K"])) for kelvin in (300, 360))
    total = [sum(part.leakage_w.value * part.count for part in bill.components) for bill in (cold, warm)]
    assert total[1] > total[0] or any("technology.temperature" in note for note in warm.notes)
