"""The verb: compute a placed model on programmed arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from archsim.functional.arrays import Arrays, program_arrays
from archsim.functional.batches import Data
from archsim.functional.meter import Meter
from archsim.functional.model import Model
from archsim.functional.products import ArrayProducts, Products, ProductsInRounds
from archsim.functional.runtime import F32, Tensor
from archsim.numeric import CrossbarSettings


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """What arrays computed.

    Parameters
    ----------
    outputs : mapping of str to ndarray
        By output of the model, samples along the first axis.
    meter : Meter
        What was seen on the way; empty unless it was asked for.
    """

    outputs: Mapping[str, Tensor]
    meter: Meter


def program_model(model: Model, settings: CrossbarSettings, calibration: Mapping[int, F32], *, seed: int) -> Arrays:
    """Program all arrays of a model and set the ranges of their converters.

    Parameters
    ----------
    model : Model
    settings : CrossbarSettings
    calibration : mapping of int to ndarray
        Input vectors of every layer, from ``Model.recorded``.
    seed : int
        Of all randomness.
    """

    def written(number: int) -> Arrays:
        return program_arrays(model.blocks, model.layers, settings, seed=seed, turn=number).calibrated(calibration)

    reloaded = any(block.reloaded for block in model.blocks)
    return replace(written(0), again=written if reloaded else None)


def execute(
    model: Model, arrays: Arrays, data: Data, *, time_s: float = 0.0, batch: int | None = None, measure: bool = False
) -> Execution:
    """Compute a model's outputs on its arrays.

    Same arrays, same bits: results depend neither on the batch nor on the order of blocks.

    Parameters
    ----------
    model : Model
    arrays : Arrays
        Programmed and calibrated; those that take turns are written again for every round of samples.
    data : Data
        From ``Model.data``.
    time_s : float
        Since programming, in seconds.
    batch : int, optional
        Samples at a time; as many as suit the model where it is not given.
    measure : bool
        Whether to compare every product with the exact one and to note clipping and activity; takes longer.

    Raises
    ------
    InputError
        If the time is negative, or the device has no value for it.
    """
    meter = Meter()
    again, turns = arrays.again, model.placement.turns

    @lru_cache(maxsize=1)
    def written(number: int) -> Products:
        reading = (again(number) if again is not None and number else arrays).at(time_s)
        return ArrayProducts(reading, model.placement.dealings, model.layers, meter if measure else None)

    if again is None or turns is None:
        return Execution(model.run(data, written(0), batch=batch), meter)
    return Execution(model.run(data, ProductsInRounds(turns.samples, written), batch=turns.samples), meter)
