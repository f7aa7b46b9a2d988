"""The array at one time, ready to multiply: plain matrices, in any array-API namespace."""

from __future__ import annotations

from dataclasses import dataclass, replace

from array_api_compat import device

from archsim.numeric.arrays import Array, Integers, namespace
from archsim.numeric.settings import CrossbarSettings
from archsim.numeric.streams import Stream


@dataclass(frozen=True, slots=True)
class Columns:
    """Circuits of the converted columns, shape (groups * columns,) each, group by group.

    Parameters
    ----------
    bound : array
        Bound of the conversion; 0 where it is still to be calibrated.
    bend : array
        n_i of the S-shape.
    sigma : array
        Output noise.
    gain : float
        k of the S-shape.
    """

    bound: Array
    bend: Array
    sigma: Array
    gain: float


@dataclass(frozen=True, slots=True)
class Crossbar:
    """One array's state at one time. Weights are normalised: 1 is a full-scale weight.

    Parameters
    ----------
    settings, stream
        What it was made from.
    weights : array, shape (rows, groups * columns)
        Effective weights of every group, wires included.
    variance : array or None, same shape
        Variance of the noise per vector, per full-scale input.
    shared_variance : array or None, shape (rows, groups)
        The same of the shared columns.
    averaged : tuple of two arrays or None, same shape as the weights
        Magnitudes, and weights by position, for the averaged IR drop.
    group_weights : tuple of float
        Digital factor per group.
    zero : float
        Digital correction, times the sum of the inputs.
    scale, centre, offset : array, shape (columns,)
        ``y = scale * analog + centre * sum(x) + offset``; drift compensation is part of the scale.
    circuits : Columns
        Column circuits.
    input_range : float or None
        Calibrated full-scale input.
    """

    settings: CrossbarSettings
    stream: Stream
    weights: Array
    variance: Array | None
    shared_variance: Array | None
    averaged: tuple[Array, Array] | None
    group_weights: tuple[float, ...]
    zero: float
    scale: Array
    centre: Array
    offset: Array
    circuits: Columns
    input_range: float | None

    @property
    def rows(self) -> int:
        """Elements of an input vector."""
        return int(self.weights.shape[0])

    @property
    def corrected(self) -> bool:
        """Whether the sum of the inputs enters the digital result."""
        xp = namespace(self.centre)
        return self.zero != 0 or bool(xp.any(self.centre != 0))

    @property
    def noisy(self) -> bool:
        """Whether reading the cells draws noise for every vector."""
        return self.variance is not None or self.shared_variance is not None

    @property
    def columns(self) -> int:
        """Elements of an output vector."""
        return int(self.scale.shape[0])

    def moved(self, like: Array) -> Crossbar:
        """The same state with its arrays in the namespace and on the device of another array (torch, for one)."""

        def _move(array: Array | None) -> Array | None:
            return None if array is None else _moved(array, like)

        columns = self.circuits
        return replace(
            self,
            weights=_moved(self.weights, like),
            variance=_move(self.variance),
            shared_variance=_move(self.shared_variance),
            averaged=None
            if self.averaged is None
            else (_moved(self.averaged[0], like), _moved(self.averaged[1], like)),
            scale=_moved(self.scale, like),
            centre=_moved(self.centre, like),
            offset=_moved(self.offset, like),
            circuits=Columns(
                _moved(columns.bound, like), _moved(columns.bend, like), _moved(columns.sigma, like), columns.gain
            ),
        )


def _moved(array: Array, like: Array) -> Array:
    result: Array = namespace(like).asarray(array, device=device(like))
    return result


@dataclass(frozen=True, slots=True)
class Readout:
    """What a batch of vectors gave.

    Parameters
    ----------
    outputs : array, shape (batch, columns)
        In units of weights times inputs.
    clipped : array, shape (batch,)
        Share of the conversions of each vector that clipped, in its last reading.
    repeats : array, shape (batch,)
        Further readings that bound management asked for; each costs a full product.
    level : array, shape (batch,)
        Mean magnitude of the ADC's codes, as a share of the bound.
    """

    outputs: Array
    clipped: Array
    repeats: Integers
    level: Array


def joined(parts: list[Readout]) -> Readout:
    """Readouts of consecutive vectors as one."""
    if len(parts) == 1:
        return parts[0]
    xp = namespace(parts[0].outputs)
    return Readout(
        xp.concat([part.outputs for part in parts], axis=0),
        xp.concat([part.clipped for part in parts], axis=0),
        xp.concat([part.repeats for part in parts], axis=0),
        xp.concat([part.level for part in parts], axis=0),
    )
