"""Weights that are trained on devices: step laws, spreads, pulses, decay, pairs, and products both ways.

``sampled_cells`` draws the devices of an array once; ``updated`` applies an outer product by pulses, ``decayed`` lets a
mini-batch pass, ``forward_crossbar`` and ``backward_crossbar`` are the array as it is read by its columns and by its
rows. All are pure functions; draws are named by the array's stream, the device and the number of the change, so that a
run that is stopped and resumed has the same ones.

Not modelled: drift and read noise that depend on a device's history; half-selected devices; pulses of unequal height.
"""

from archsim.numeric.update.cells import Cells, sampled_cells
from archsim.numeric.update.device import Bound, PulsedDevice, Reference, Reset, Retention, Stuck
from archsim.numeric.update.laws import (
    ConstantStep,
    ExponentialStep,
    Law,
    LinearStep,
    PowerStep,
    TabulatedStep,
    soft_bounds,
)
from archsim.numeric.update.pairs import (
    PairCells,
    PairState,
    Refresh,
    decayed_pairs,
    pulsed_pairs,
    refreshed_pairs,
    sampled_pairs,
    updated_pairs,
    written_pairs,
)
from archsim.numeric.update.presets import PRESETS, Preset
from archsim.numeric.update.pulses import Counting, Encoded, Pulses, encoded
from archsim.numeric.update.reading import TRAINING_CIRCUITS, Circuits, backward_crossbar, forward_crossbar
from archsim.numeric.update.symmetry import symmetry_points
from archsim.numeric.update.training import State, Updated, decayed, pulsed, reset, updated, written

__all__ = [
    "PRESETS",
    "TRAINING_CIRCUITS",
    "Bound",
    "Cells",
    "Circuits",
    "ConstantStep",
    "Counting",
    "Encoded",
    "ExponentialStep",
    "Law",
    "LinearStep",
    "PairCells",
    "PairState",
    "PowerStep",
    "Preset",
    "PulsedDevice",
    "Pulses",
    "Reference",
    "Refresh",
    "Reset",
    "Retention",
    "State",
    "Stuck",
    "TabulatedStep",
    "Updated",
    "backward_crossbar",
    "decayed",
    "decayed_pairs",
    "encoded",
    "forward_crossbar",
    "pulsed",
    "pulsed_pairs",
    "refreshed_pairs",
    "reset",
    "sampled_cells",
    "sampled_pairs",
    "soft_bounds",
    "symmetry_points",
    "updated",
    "updated_pairs",
    "written",
    "written_pairs",
]
