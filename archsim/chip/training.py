"""How a chip file says that its arrays train: their devices, how they are pulsed, and how they are read both ways."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from archsim.chip.section import Flag, Fraction, Precision, Rate, Section, refusal

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
    """

    slots: Slots = 31
    counting: Literal["trains", "drawn", "rounded"] = "trains"
    length_management: Flag = True
    update_management: Flag = True


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
    """

    input_bits: Precision
    adc_bits: Precision

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.input_bits < 2 or self.adc_bits < 2:
            raise refusal("errors have signs, and one bit holds no more than that", "Give at least 2 bits.")
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
    """

    device: PulsedCell
    second_device: PulsedCell | None = None
    algorithm: str = "sgd"
    numbers: dict[str, Number] = Field(default_factory=dict)
    scale: Rate = 1.0
    updates: Updates = Updates()
    forward: TrainingReadout
    backward: TransposedReadout
