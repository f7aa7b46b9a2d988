"""How a chip file says that its arrays train: their devices, how they are pulsed, and how they are read both ways."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from archsim.chip.periphery import Adc, InputDriver, SignPhases
from archsim.chip.section import (
    CostChoice,
    Count,
    Flag,
    Fraction,
    Joules,
    Lines,
    Precision,
    Rate,
    Seconds,
    Section,
    refusal,
)

Spread = Annotated[float, Field(ge=0, le=1e4, strict=True, allow_inf_nan=False)]
Lifetime = Annotated[float, Field(ge=1, le=1e15, strict=True, allow_inf_nan=False)]
Step = Annotated[float, Field(gt=0, le=1, strict=True, allow_inf_nan=False)]
Level = Annotated[float, Field(ge=-10, le=10, strict=True, allow_inf_nan=False)]
Slots = Annotated[int, Field(ge=1, le=1024, strict=True)]
Number = Annotated[bool, Field(strict=True)] | Annotated[int, Field(strict=True)] | Annotated[float, Field(strict=True)]


class PulsedCell(Section):
    """A device that pulses train: one of the literature, and in what this one differs from it. Weights are normalised.

    Parameters
    ----------
    preset : str
        Such as ``capacitor``, ``ecram``, ``reram-soft-bounds`` or ``pcm``; ``exact`` changes weights without a device.
    step : float, optional
        Mean change by one pulse at 0.
    step_spread, step_noise : float, optional
        Of the step, relative: from device to device, and from pulse to pulse.
    asymmetry : float, optional
        By how much steps up exceed steps down, relative.
    asymmetry_spread : float, optional
        From device to device.
    write_noise : float, optional
        Of the weight seen around the one that lasts, in steps.
    lifetime : float, optional
        In mini-batches, of the decay towards ``rest``.
    rest : float, optional
        Where a device decays to, and is reset to.
    stuck : float, optional
        Share of devices that no pulse moves.
    reference : bool, optional
        Whether a second device, which is never updated, is subtracted: it stands at the first one's symmetry point.
    """

    preset: str
    step: Step | None = None
    step_spread: Spread | None = None
    step_noise: Spread | None = None
    asymmetry: Level | None = None
    asymmetry_spread: Spread | None = None
    write_noise: Spread | None = None
    lifetime: Lifetime | None = None
    rest: Level | None = None
    stuck: Fraction | None = None
    reference: Flag | None = None


class Pulses(Section):
    """What a pulse train on the lines of an array takes. It is given the time of all its slots, whatever its length.

    Parameters
    ----------
    slot_time : Seconds
        Of one slot, its pulse and the pause behind it.
    sign_phases : int
        Trains one after the other, where steps up and steps down have trains of their own: 2, or 4.
    row_activity, column_activity : float
        Share of the slots of all trains in which a row has a pulse, and a column. Where both coincide a device steps.
    energy : Joules
        Of one step of one device.
    cost : CostChoice
        Of one line's pulse generator; its action is ``pulse``, the line and its half-selected devices included.
    """

    slot_time: Seconds
    sign_phases: SignPhases = 1
    row_activity: Fraction
    column_activity: Fraction
    energy: Joules
    cost: CostChoice


class Rewriting(Section):
    """Weights that are read and written again, every so many examples: a transfer, or a refresh.

    Parameters
    ----------
    every : int
        Examples from one to the next.
    rows : int, optional
        Rows of weights of an array that each goes through; all of them where it is not given.
    rows_at_once : int
        Rows that are written side by side.
    time : Seconds
        Of one such group of rows: reading, writing, and all repetitions until it is right.
    energy : Joules
        Of one weight, likewise.
    """

    every: Count
    rows: Lines | None = None
    rows_at_once: Count = 1
    time: Seconds
    energy: Joules


class Updates(Section):
    """How gradients become pulses on rows and columns.

    Parameters
    ----------
    slots : int
        Of a pulse train, at most.
    counting : str
        ``trains``: random trains on both lines. ``drawn``: numbers of coincidences drawn device by device.
        ``rounded``: the nearest whole numbers.
    length_management : bool
        Whether a train is only as long as its largest product needs.
    update_management : bool
        Whether rows and columns share the load.
    pulses : Pulses, optional
        What a train takes in time and energy; without it arrays train in numbers alone.
    """

    slots: Slots = 31
    counting: Literal["trains", "drawn", "rounded"] = "trains"
    length_management: Flag = True
    update_management: Flag = True
    pulses: Pulses | None = None


class TrainingReadout(Section):
    """How a product is converted while weights train, when no calibration holds.

    Parameters
    ----------
    bound : float
        Of the converters, in full-scale inputs times normalised weights.
    noise : float
        Standard deviation of the columns' noise, likewise.
    scaling : str
        ``largest``: every vector is divided by its largest magnitude (noise management). ``none``: 1 is full scale.
    bound_management : bool
        Whether a vector whose outputs clip is read again at half the scale.
    """

    bound: Rate
    noise: Spread
    scaling: Literal["largest", "none"] = "largest"
    bound_management: Flag = True


class TransposedReadout(TrainingReadout):
    """The same of the transposed product, which has drivers at the columns and converters at the rows of its own.

    Parameters
    ----------
    input_bits, adc_bits : int
        Of those.
    driver : InputDriver, optional
        The columns' drivers, as ``tile.input`` describes the rows'.
    adc : Adc, optional
        The rows' converters, as ``tile.adc`` describes the columns'; ``columns_per_adc`` is the rows that share one.
        Without both, arrays train in numbers alone.
    """

    input_bits: Precision
    adc_bits: Precision
    driver: InputDriver | None = None
    adc: Adc | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.input_bits < 2 or self.adc_bits < 2:
            raise refusal("errors have signs, and one bit holds no more than that", "Give at least 2 bits.")
        return self

    @model_validator(mode="after")
    def _of_one_piece(self) -> Self:
        if (self.driver is None) != (self.adc is None):
            raise refusal("one of driver and adc is missing", "Give both, or none.")
        if self.driver is not None and self.adc is not None:
            for what, given, bits in (
                ("input_bits", self.input_bits, self.driver.bits),
                ("adc_bits", self.adc_bits, self.adc.bits),
            ):
                if given != bits:
                    raise refusal(
                        f"{what} is {given}, and what takes the time has {bits} bits",
                        "Give the driver input_bits, and the converters adc_bits.",
                    )
        return self


class Training(Section):
    """Arrays that train.

    Parameters
    ----------
    device : PulsedCell
        Of the weights.
    second_device : PulsedCell, optional
        Of what gathers gradients, where the algorithm has such; ``device`` again where it is not given.
    algorithm : str
        Such as ``sgd``, ``tiki-taka`` or ``complex-cell``.
    numbers : dict of str to number
        The algorithm's own, by name.
    scale : float
        A weight is this times what its devices hold: a digital factor behind the converters.
    updates : Updates
    forward : TrainingReadout
        With the bits of ``tile.input`` and ``tile.adc``.
    backward : TransposedReadout
    transfer, refresh : Rewriting, optional
        What moves weights from one device to another, or writes them anew; each holds the array.
    """

    device: PulsedCell
    second_device: PulsedCell | None = None
    algorithm: str = "sgd"
    numbers: dict[str, Number] = Field(default_factory=dict)
    scale: Rate = 1.0
    updates: Updates = Updates.model_construct()
    forward: TrainingReadout
    backward: TransposedReadout
    transfer: Rewriting | None = None
    refresh: Rewriting | None = None

    @model_validator(mode="after")
    def _one_interval(self) -> Self:
        numbers = self.numbers.get("transfer_every")
        if self.algorithm == _BY_EXAMPLES and self.transfer is not None and numbers not in (None, self.transfer.every):
            raise refusal(
                f"transfer.every is {self.transfer.every} examples, and numbers.transfer_every {numbers}",
                "Give both the same: one is the time's, one the numbers'.",
            )
        return self

    @property
    def timed(self) -> bool:
        """Whether it says what training takes in time and energy."""
        return self.backward.driver is not None and self.updates.pulses is not None


_BY_EXAMPLES = "complex-cell"
"""The algorithm whose own interval is counted in examples."""
