"""Products of trained weights in both directions: y = x W read at the columns, and d W^T read at the rows.

The same cells serve both; each direction has drivers and converters of its own, with noise and bound management. What
is returned is a ``Crossbar``, which ``numeric.multiply`` takes as any other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.numeric.arrays import F32
from archsim.numeric.drive import AbsMaxScale, CalibratedScale, InputCircuit
from archsim.numeric.guards import at_least, finite_matrix, require
from archsim.numeric.philox import normals
from archsim.numeric.sense import CalibratedRange, FixedRange, IterativeBound, OutputCircuit
from archsim.numeric.settings import CrossbarSettings, ReadNoise
from archsim.numeric.state import Columns, Crossbar
from archsim.numeric.streams import Purpose, Stream


@dataclass(frozen=True, slots=True)
class Circuits:
    """Drivers and converters of one direction.

    Parameters
    ----------
    inputs : InputCircuit
    outputs : OutputCircuit
        Its bound and noise are in full-scale inputs times normalised weights.
    weight_noise : float
        Standard deviation of every weight at every reading.
    """

    inputs: InputCircuit = field(default_factory=InputCircuit)
    outputs: OutputCircuit = field(default_factory=OutputCircuit)
    weight_noise: float = 0.0

    def __post_init__(self) -> None:
        at_least(self.weight_noise, 0.0, "noise of the weights")
        require(
            not isinstance(self.inputs.scale, CalibratedScale) and not isinstance(self.outputs.range, CalibratedRange),
            "are calibrated, and training changes what they would be calibrated to",
            where="converter ranges of a trained array",
            remedy="Scale every vector by its largest magnitude (AbsMaxScale) and fix the converters' bound.",
        )


TRAINING_CIRCUITS = Circuits(
    InputCircuit(bits=7, scale=AbsMaxScale()),
    OutputCircuit(bits=9, range=FixedRange(20.0), noise=0.1, bound_management=IterativeBound()),
)
"""7-bit inputs, 9-bit outputs with bound 20 and noise 0.1, and both managements (Gokmen and Vlasov, 2016)."""


def forward_crossbar(weights: F32, circuits: Circuits, stream: Stream) -> Crossbar:
    """The array whose product is x W.

    Parameters
    ----------
    weights : ndarray, shape (rows, columns)
        As products see them (``State.weights``).
    circuits : Circuits
    stream : Stream
        Randomness of the readings; one of its own for every direction, as ``multiply`` numbers vectors from 0.
    """
    return _crossbar(finite_matrix(weights, "weights").astype(np.float32), circuits, stream)


def backward_crossbar(weights: F32, circuits: Circuits, stream: Stream) -> Crossbar:
    """The same array, driven at its columns: the product is d W^T. Parameters as of ``forward_crossbar``."""
    return forward_crossbar(np.ascontiguousarray(weights.T), circuits, stream)


def _crossbar(weights: F32, circuits: Circuits, stream: Stream) -> Crossbar:
    settings = CrossbarSettings(
        inputs=circuits.inputs, outputs=circuits.outputs, read_noise=ReadNoise(weight=circuits.weight_noise)
    )
    columns = weights.shape[1]
    variance = np.full_like(weights, circuits.weight_noise**2) if circuits.weight_noise else None
    return Crossbar(
        settings=settings,
        stream=stream,
        weights=weights,
        variance=variance,
        shared_variance=None,
        averaged=None,
        group_weights=(1.0,),
        zero=0.0,
        scale=np.ones(columns, np.float32),
        centre=np.zeros(columns, np.float32),
        offset=np.zeros(columns, np.float32),
        circuits=_columns(weights, circuits.outputs, stream),
        input_range=None,
    )


def _columns(weights: F32, outputs: OutputCircuit, stream: Stream) -> Columns:
    """Column circuits without a bend; a full range holds all rows at full scale."""
    rows, columns = weights.shape
    bound = outputs.range.bound if isinstance(outputs.range, FixedRange) else float(rows)
    draws = normals(stream.key(Purpose.COLUMN_NOISE), (1, columns))[0]
    sigma = np.abs(outputs.noise * (1 + outputs.noise_spread * draws))
    return Columns(np.full(columns, bound, np.float32), np.zeros(columns, np.float32), sigma.astype(np.float32), 1.0)
