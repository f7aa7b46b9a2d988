"""The analog side of a chip file: cells, arrays, drivers, converters, and what stands behind them in a tile."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from archsim.chip.section import (
    BitsPerSecond,
    BufferBits,
    CellArea,
    CostChoice,
    Count,
    Cycles,
    Flag,
    Fraction,
    Hertz,
    Joules,
    Lines,
    Ohms,
    Precision,
    Rate,
    Seconds,
    Section,
    Siemens,
    Volts,
    Width,
    Writes,
    refusal,
    refuse_implausible,
)
from archsim.chip.training import Training


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
    imperfections: Imperfections = Imperfections()
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


class InputKind(StrEnum):
    """How an input vector is applied."""

    PULSE_WIDTH = "pulse-width"
    BIT_SERIAL = "bit-serial"
    VOLTAGE = "voltage"


FOLLOWING_INPUTS = (InputKind.PULSE_WIDTH,)
"""Inputs whose phase has a slot per level: it doubles with each bit."""


Growth = Annotated[float, Field(ge=1, le=256, strict=True)]
SignPhases = Annotated[int, Field(ge=1, le=4, strict=True)]


class InputDriver(Section):
    """The rows' drivers: pulse-width modulators or digital-to-analog converters.

    Parameters
    ----------
    kind : InputKind
        How a value is applied.
    bits : int
        Of an input element, its sign included.
    bits_per_phase : int, optional
        Of a bit-serial input; of a pulse-width input that is applied in several phases, whose last, of the most
        significant bits, is shorter where fewer are left.
    sign_phases : int
        2 where positive and negative inputs are applied one after the other, 4 where the devices' polarities are, too.
    phase_time : Seconds
        Integration time of one phase, of the first where they grow; there are ceil(bits / bits_per_phase) of them,
        times ``sign_phases``.
    phase_growth : float, optional
        Of a bit-serial input, each phase's time over that of the one before, least significant first: 2 where bits are
        weighted by time.
    phase_bits : int, optional
        Of a pulse-width input, the bits that ``phase_time`` is for: each bit more doubles the slots of a phase. A file
        that gives a time gives it for the bits that stand beside it: those of a phase, where there are several.
    mean_activity : float
        Mean input magnitude as a fraction of full scale (pulse width, voltage), or the fraction of ones (bit serial).
    mean_square : float, optional
        Of voltages: the mean of their squares, as fractions of full scale; where not given, that of half-normal inputs
        of the mean magnitude, pi / 2 of its square.
    """

    kind: InputKind
    bits: Precision
    bits_per_phase: Precision | None = None
    sign_phases: SignPhases = 1
    phase_time: Seconds
    phase_growth: Growth | None = None
    phase_bits: Precision | None = None
    mean_activity: Fraction
    mean_square: Fraction | None = None
    cost: CostChoice

    @property
    def phase_seconds(self) -> float:
        """Integration time of one phase of ``bits``, or ``bits_per_phase``: of the first."""
        doublings = 0 if self.phase_bits is None else self._phase_bits - self.phase_bits
        return self.phase_time * 2.0**doublings

    @property
    def phases(self) -> int:
        """Analog phases per matrix-vector product."""
        return len(self.phase_lengths)

    @property
    def phase_lengths(self) -> tuple[float, ...]:
        """Integration time of each phase of a product, in seconds: those of one sign, then those of the next."""
        count = -(-self.bits // self._phase_bits)
        lengths = [self.phase_seconds * (self.phase_growth or 1.0) ** phase for phase in range(count)]
        if self.kind is InputKind.PULSE_WIDTH:
            lengths[-1] *= 2.0 ** (self.bits - count * self._phase_bits)
        return tuple(lengths) * self.sign_phases

    @property
    def mean_phase_seconds(self) -> float:
        """Integration time of a phase, on average."""
        return sum(self.phase_lengths) / self.phases

    @property
    def _phase_bits(self) -> int:
        return self.bits_per_phase or self.bits

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.mean_square is None:
            return self
        if self.kind is not InputKind.VOLTAGE:
            raise refusal(f"mean_square is given for a {self.kind} input", "Remove it, or choose 'kind: voltage'.")
        if not self.mean_activity**2 <= self.mean_square <= self.mean_activity:
            raise refusal(
                f"inputs of mean magnitude {self.mean_activity:g} have no mean square of {self.mean_square:g}",
                f"Give {self.mean_activity**2:.4g} (all alike) to {self.mean_activity:g} (full scale or nothing).",
            )
        return self

    @model_validator(mode="after")
    def _phased(self) -> Self:
        serial = self.kind is InputKind.BIT_SERIAL
        if serial and self.bits_per_phase is None:
            raise refusal("a bit-serial input does not say how many bits a phase has", "Add 'bits_per_phase: 1'.")
        if self.kind is InputKind.VOLTAGE and self.bits_per_phase is not None:
            raise refusal(
                f"bits_per_phase is given for a {self.kind} input",
                "Remove it, or choose 'kind: bit-serial'.",
            )
        if not serial and self.phase_growth is not None:
            raise refusal(f"phase_growth is given for a {self.kind} input", "Remove it, or choose 'kind: bit-serial'.")
        if self.bits_per_phase is not None and self.bits_per_phase > self.bits:
            raise refusal(
                f"{self.bits_per_phase} bits per phase of a {self.bits}-bit input",
                "Give at most as many bits per phase as the input has.",
            )
        if self.phase_bits is not None and self.kind not in FOLLOWING_INPUTS:
            raise refusal(
                f"phase_bits is given for a {self.kind} input, whose phases do not lengthen with its bits",
                "Remove it, or choose 'kind: pulse-width'.",
            )
        for length in (self.phase_seconds, *self.phase_lengths):
            refuse_implausible(length, "s")
        return self


class AdcKind(StrEnum):
    """Converter families."""

    OSCILLATOR = "oscillator"
    SAR = "sar"
    RAMP = "ramp"
    FLASH = "flash"
    INTEGRATING = "integrating"


FOLLOWING_CONVERTERS = (AdcKind.SAR, AdcKind.RAMP, AdcKind.INTEGRATING, AdcKind.OSCILLATOR)
"""Converters that take a step per bit, or per level; all but the flash."""


class Adc(Section):
    """The columns' converters.

    Parameters
    ----------
    columns_per_adc : int
        Physical columns that take turns on one converter.
    conversion_time : Seconds
        Of one column.
    conversion_bits : int, optional
        The bits that ``conversion_time`` is for: a successive approximation takes a step per bit, a ramp, an
        integrator and an oscillator one per level, a flash one in all. A file that gives a time gives it for the bits
        that stand beside it.
    during_integration : bool
        True for an oscillator that counts while the array integrates; ``conversion_time`` then is what remains after
        the phase, and does not depend on the bits.
    per_phase : bool
        True where every phase is converted and combined digitally; False where phases add up in the analog domain.
    held : bool
        True where a sample-and-hold lets the array go on while its columns are converted.
    sample_hold : CostChoice, optional
        Of one column's sample-and-hold.
    """

    kind: AdcKind
    bits: Precision
    columns_per_adc: Lines
    conversion_time: Seconds
    conversion_bits: Precision | None = None
    during_integration: Flag = False
    per_phase: Flag = False
    held: Flag = False
    cost: CostChoice
    sample_hold: CostChoice | None = None

    @property
    def conversion_seconds(self) -> float:
        """Conversion time of one column at ``bits``."""
        if self.conversion_bits is None:
            return self.conversion_time
        if self.kind is AdcKind.SAR:
            return self.conversion_time * self.bits / self.conversion_bits
        return self.conversion_time * 2.0 ** (self.bits - self.conversion_bits)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.held != (self.sample_hold is not None):
            raise refusal(
                "a sample-and-hold and its cost go together",
                "Give both 'held: true' and 'sample_hold', or neither.",
            )
        if self.during_integration and self.columns_per_adc > 1:
            raise refusal(
                f"a converter that counts during integration is shared by {self.columns_per_adc} columns",
                "Give every column its own (columns_per_adc: 1), or set during_integration: false.",
            )
        if self.during_integration and self.held:
            raise refusal(
                "a converter that counts during integration has nothing to hold", "Remove one of the two flags."
            )
        return self

    @model_validator(mode="after")
    def _timed(self) -> Self:
        if self.during_integration and self.kind is not AdcKind.OSCILLATOR:
            raise refusal(
                f"a {self.kind} converter counts during integration",
                "Only an oscillator does: set during_integration: false, or choose 'kind: oscillator'.",
            )
        if self.conversion_bits is not None and (self.during_integration or self.kind not in FOLLOWING_CONVERTERS):
            raise refusal(
                "conversion_bits is given for a converter whose time does not depend on the bits",
                "Remove it, or choose a converter that takes a step per bit or level and counts by itself.",
            )
        refuse_implausible(self.conversion_seconds, "s")
        return self


class Affine(Section):
    """The scale, offset, shift-and-add and partial sums behind the converters of one array.

    Parameters
    ----------
    lanes : int
        Columns treated per cycle.
    pipeline : int
        Cycles from a code to its result.
    sum_bits : int
        Of a partial sum, as it travels to where it is added.
    """

    lanes: Count
    clock: Hertz
    pipeline: Cycles
    sum_bits: Width
    cost: CostChoice


class Buffer(Section):
    """Local memory of a tile or unit."""

    capacity: BufferBits
    kind: Literal["sram", "edram", "register-file"] = "sram"
    cost: CostChoice


class TileBuffer(Buffer):
    """The buffer that the arrays of a tile share.

    Parameters
    ----------
    read_bandwidth : BitsPerSecond, optional
        Of all its read ports together: inputs of products are fetched one product after the other at this pace. Where
        it is not given, the buffer feeds all arrays at once.
    """

    read_bandwidth: BitsPerSecond | None = None


class Holds(StrEnum):
    """How long a product holds its issue slot."""

    ISSUE = "issue"
    """Until it has been started."""
    PRODUCT = "product"
    """Until its array could take another one: an instruction is in flight until it is done."""


class IssueOrder(StrEnum):
    """Which product is started next."""

    READY = "ready"
    """That whose inputs have been there longest."""
    PROGRAM = "program"
    """A layer's blocks in a tile one after the other, token by token; layers among each other as they are ready."""


class Issue(Section):
    """What starts the products of a tile: a controller, an interface, or an in-order core for all its arrays.

    Parameters
    ----------
    width : int
        Products that are started, or in flight, at once.
    time : Seconds
        Of one start, before the array begins.
    holds : Holds
    order : IssueOrder
    joint : bool
        True where one issue starts all blocks of a tile that take the same inputs for the same layer.
    cost : CostChoice
        Of one ``issue``.
    """

    width: Count = 1
    time: Seconds
    holds: Holds = Holds.ISSUE
    order: IssueOrder = IssueOrder.READY
    joint: Flag = False
    cost: CostChoice


ANALOG = "analog"
"""The matrix unit of a tile that does not name one."""


class Tile(Section, ABC):
    """A node of the fabric that multiplies by weights; each kind of matrix unit adds its own fields.

    Parameters
    ----------
    unit : str
        What multiplies: ``analog``, or another registered matrix unit.
    buffer : TileBuffer
        Where the inputs of products and the outputs of others wait.
    issue : Issue, optional
        What starts products; every array starts by itself where not given.
    """

    unit: str = ANALOG
    buffer: TileBuffer
    issue: Issue | None = None

    @property
    @abstractmethod
    def input_bits(self) -> int:
        """Bits of an element that the matrix unit takes in."""

    @property
    def weight_bits(self) -> int | None:
        """Bits of a weight; None where weights have any value, or nobody says."""
        return None


class AnalogTile(Tile):
    """A tile of analog arrays.

    Parameters
    ----------
    arrays : int
        Arrays that share the tile's buffer; each has its own drivers, converters and affine stage.
    training : Training, optional
        How the arrays train, where they do.
    """

    arrays: Count = 1
    array: Array
    input: InputDriver
    adc: Adc
    affine: Affine
    training: Training | None = None

    @property
    def input_bits(self) -> int:
        """Bits of an element that the drivers apply."""
        return self.input.bits

    @property
    def weight_bits(self) -> int | None:
        """Bits of a weight; None where it may have any value."""
        return self.array.weight.bits

    @model_validator(mode="after")
    def _shared_evenly(self) -> Self:
        if self.array.columns % self.adc.columns_per_adc:
            raise refusal(
                f"{self.array.columns} columns cannot share converters {self.adc.columns_per_adc} each",
                "Make array.columns a multiple of adc.columns_per_adc.",
            )
        return self
