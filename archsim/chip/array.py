"""Arrays of a chip file: cells, what a weight is made of, what is not ideal, and how weights are written."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from archsim.chip.section import (
    CellArea,
    CostChoice,
    Count,
    Fraction,
    Joules,
    Lines,
    Ohms,
    Precision,
    Rate,
    Seconds,
    Section,
    Siemens,
    Volts,
    Writes,
    refusal,
)


class Cell(Section):
    """One memory device with its access transistor.

    Parameters
    ----------
    device : str
        The technology: "pcm", "reram", "sram", "flash", ...
    area : SquareMetres
        Of one device, with its share of the unit cell.
    max_conductance : Siemens
        Of one device.
    mean_conductance : float
        Mean over the stored weights, as a fraction of the largest.
    read_voltage : Volts
        Across the device while it is read.
    """

    device: str
    area: CellArea
    max_conductance: Siemens
    mean_conductance: Fraction
    read_voltage: Volts


class Encoding(StrEnum):
    """How a signed weight becomes conductances."""

    DIFFERENTIAL = "differential"
    OFFSET = "offset"
    SHARED_REFERENCE = "shared-reference"


class Weight(Section):
    """One weight on the array: its devices, and the columns and rows it takes.

    Parameters
    ----------
    encoding : Encoding
        How the sign is stored.
    bits : int, optional
        Precision of the whole weight, its sign included: the arrays hold weights rounded to it. Without it, weights
        that are not sliced are analog: conductances of any value.
    devices : int
        Memory devices per weight, over all its rows and columns.
    columns, rows : int
        Physical columns and rows that one weight takes.
    slices : int
        Parts of ``bits / slices`` bits that are converted apart and put together digitally.
    significance : float, optional
        Factor between one pair and the next, where a differential weight that is not sliced has several.
    """

    encoding: Encoding
    bits: Precision | None = None
    devices: Count
    columns: Lines = 1
    rows: Lines = 1
    slices: Count = 1
    significance: Rate | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.devices % (self.columns * self.rows):
            raise refusal(
                f"{self.devices} devices do not fill {self.rows} rows x {self.columns} columns evenly",
                "Make devices a multiple of rows * columns.",
            )
        if self.columns % self.slices:
            raise refusal(
                f"{self.slices} slices do not divide {self.columns} columns",
                "Slices are converted apart: give each one its columns.",
            )
        if self.encoding is Encoding.DIFFERENTIAL and self.devices < 2 * self.slices:
            raise refusal(
                f"a differential weight of {self.slices} slices has {self.devices} devices",
                "It needs a pair per slice; or choose the encoding offset or shared-reference.",
            )
        return self

    @model_validator(mode="after")
    def _precise(self) -> Self:
        if self.bits is None and self.slices > 1:
            raise refusal(
                f"a weight of {self.slices} slices does not say its bits", "Add 'bits', the precision of the weight."
            )
        if self.bits is not None and self.bits < 2:
            raise refusal("a signed weight of 1 bit is always zero", "Give at least 2 bits, the sign among them.")
        if self.bits is not None and self.slices > self._magnitude_bits:
            raise refusal(
                f"{self.slices} slices of a {self.encoding} weight of {self.bits} bits, {self._magnitude_bits} of them "
                "in cells",
                "A slice holds at least one bit: raise bits, or take fewer slices.",
            )
        return self

    @model_validator(mode="after")
    def _significant(self) -> Self:
        several = self.encoding is Encoding.DIFFERENTIAL and self.slices == 1 and self.devices >= 3
        if self.significance not in (None, 1) and not several:
            raise refusal(
                f"a significance of {self.significance:g} is given for a weight without pairs of rising significance",
                "Remove it, or describe a differential weight of one slice and more than one pair.",
            )
        return self

    @property
    def _magnitude_bits(self) -> int:
        """Bits that cells hold: the sign of a differential weight is in the choice of the cell."""
        assert self.bits is not None
        return self.bits - 1 if self.encoding is Encoding.DIFFERENTIAL else self.bits


class WireModel(StrEnum):
    """How the drop along an array's wires is computed."""

    EXACT = "exact"
    AVERAGED = "averaged"


class Imperfections(Section):
    """What the numeric crossbar adds to the device's own model; each is off where it is not given.

    Parameters
    ----------
    row_resistance, column_resistance : Ohms
        Of the wire from one cell to the next; give both or none.
    wires : str
        ``exact``: the circuit, solved once per programming. ``averaged``: AIHWKIT's estimate, from the columns' wires.
    stuck_low, stuck_high : float
        Share of cells stuck at their least and largest conductance.
    write_tolerance : Siemens
        Cells are read after they are written, and written again until they are this near to their target.
    write_attempts : int
        How often at most; give both or none.
    """

    row_resistance: Ohms | None = None
    column_resistance: Ohms | None = None
    wires: WireModel = WireModel.EXACT
    stuck_low: Fraction = 0.0
    stuck_high: Fraction = 0.0
    write_tolerance: Siemens | None = None
    write_attempts: Count | None = None

    @model_validator(mode="after")
    def _paired(self) -> Self:
        for first, second in (("row_resistance", "column_resistance"), ("write_tolerance", "write_attempts")):
            if (getattr(self, first) is None) != (getattr(self, second) is None):
                raise refusal(f"one of {first} and {second} is missing", "Give both, or none.")
        if self.wires is not WireModel.EXACT and self.column_resistance is None:
            raise refusal(
                f"wires: {self.wires} is given for wires without resistance",
                "Give row_resistance and column_resistance, or remove it.",
            )
        if self.stuck_low + self.stuck_high > 1:
            raise refusal("more than all cells are stuck", "Give stuck_low and stuck_high that sum to at most 1.")
        return self


class Programming(Section):
    """How weights are written, where they do not stay.

    Parameters
    ----------
    bits : int
        Of a weight, as it is kept in memory.
    rows_at_once : int
        Rows of cells that are written side by side.
    time : Seconds
        Of one such group of rows, with all repetitions until it is right.
    energy : Joules
        Of one device, likewise.
    endurance : float, optional
        Writes that a device stands.
    """

    bits: Precision
    rows_at_once: Count = 1
    time: Seconds
    energy: Joules
    endurance: Writes | None = None


class Array(Section):
    """A crossbar: physical rows and columns of cells."""

    rows: Lines
    columns: Lines
    cell: Cell
    weight: Weight
    imperfections: Imperfections = Imperfections.model_construct()
    programming: Programming | None = None
    cost: CostChoice

    @property
    def logical_rows(self) -> int:
        """Rows of weights."""
        return self.rows // self.weight.rows

    @property
    def logical_columns(self) -> int:
        """Columns of weights."""
        return self.columns // self.weight.columns

    @model_validator(mode="after")
    def _divisible(self) -> Self:
        for axis, size, per_weight in (
            ("rows", self.rows, self.weight.rows),
            ("columns", self.columns, self.weight.columns),
        ):
            if size % per_weight:
                raise refusal(
                    f"{size} {axis} are not a multiple of weight.{axis} = {per_weight}",
                    f"Change array.{axis} or array.weight.{axis}.",
                )
        return self
