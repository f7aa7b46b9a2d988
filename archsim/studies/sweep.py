"""Several values of one field of a chip."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.errors import InputError

MOST_VALUES = 1_000
"""Of a range."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """A field of a chip and the values that it takes in turn.

    Parameters
    ----------
    field : str
        Such as ``tile.adc.bits``.
    values : tuple of str
    """

    field: str
    values: tuple[str, ...]

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """A short name and the change to the chip file, for each value: ``adc.bits=6``, ``tile.adc.bits=6``."""
        short = ".".join(self.field.split(".")[-2:])
        return tuple((f"{short}={value}", f"{self.field}={value}") for value in self.values)


def read_sweep(text: str) -> Sweep:
    """Read ``tile.adc.bits=4:10`` (both ends included) or ``tile.adc.bits=4,6,8``.

    Raises
    ------
    InputError
        If it is of another form.
    """
    field, equals, values = (part.strip() for part in text.partition("="))
    if not equals or not field or not values:
        raise InputError(
            f"{text!r} sweeps nothing", where="--sweep", remedy="Write a field and its values, as tile.adc.bits=4:10."
        )
    if ":" not in values:
        return Sweep(field, tuple(value.strip() for value in values.split(",")))
    try:
        low, high = (int(end) for end in values.split(":"))
    except ValueError:
        raise InputError(
            f"{values!r} is no range of whole numbers", where="--sweep", remedy="Write LOW:HIGH, or values with commas."
        ) from None
    if low > high:
        raise InputError(f"the range {values!r} is empty", where="--sweep", remedy="Write the lower end first.")
    if high - low >= MOST_VALUES:
        raise InputError(
            f"the range {values!r} has {high - low + 1:,} values, each of which is evaluated on its own",
            where="--sweep",
            remedy=f"Give at most {MOST_VALUES:,} values, as with commas: {low},{(low + high) // 2},{high}.",
        )
    return Sweep(field, tuple(str(value) for value in range(low, high + 1)))
