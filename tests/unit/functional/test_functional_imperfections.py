"""What a chip file says of imperfect arrays reaches the crossbar numerics."""

import pytest

from archsim.chip import load_chip, resolved_yaml
from archsim.errors import InputError
from archsim.functional import crossbar_settings
from archsim.numeric import (
    AveragedWires,
    ExactWires,
    Faults,
    PerfectWires,
    ProgramAndVerify,
    SingleShot,
    WireResistance,
)

WIRES = ("row_resistance=0.5 ohm", "column_resistance=0.2 ohm")


def chip(*imperfections: str):
    return load_chip("pcm-mesh-14nm", [f"tile.array.imperfections.{text}" for text in imperfections])


def test_arrays_are_perfect_where_nothing_is_said():
    settings = crossbar_settings(chip())
    assert (settings.wires, settings.faults, settings.programming) == (PerfectWires(), Faults(), SingleShot())


def test_wires_are_solved_or_averaged():
    assert crossbar_settings(chip(*WIRES)).wires == ExactWires(WireResistance(0.5, 0.2))
    averaged = crossbar_settings(chip(*WIRES, "wires=averaged")).wires
    assert isinstance(averaged, AveragedWires)
    assert (averaged.segment_ohm, averaged.cell_s) == (pytest.approx(0.2), pytest.approx(10.35e-6))


def test_stuck_cells_and_repeated_writing():
    settings = crossbar_settings(
        chip("stuck_low=0.01", "stuck_high=0.002", "write_tolerance=0.1 uS", "write_attempts=20")
    )
    assert settings.faults == Faults(0.01, 0.002)
    assert isinstance(settings.programming, ProgramAndVerify)
    assert (settings.programming.tolerance_s, settings.programming.max_iterations) == (pytest.approx(1e-7), 20)


@pytest.mark.parametrize(
    ("imperfections", "message"),
    [
        (WIRES[:1], "column_resistance"),
        (("write_attempts=3",), "write_tolerance"),
        (("stuck_low=0.7", "stuck_high=0.7"), "more than all cells"),
        (("row_resistance=0.5", WIRES[1]), "no unit"),
        (("row_resistance=-1 ohm", WIRES[1]), "greater than 0"),
        (("wires=perfect",), "exact"),
    ],
)
def test_what_makes_no_sense_is_refused(imperfections, message):
    with pytest.raises(InputError) as error:
        chip(*imperfections)
    assert message in str(error.value)
    assert error.value.where and error.value.remedy


def test_they_are_written_out_and_read_back(tmp_path):
    made = chip(*WIRES, "stuck_low=0.01")
    file = tmp_path / "made.yaml"
    file.write_text(resolved_yaml(made))
    assert load_chip(str(file)).tile == made.tile
