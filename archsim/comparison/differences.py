"""What is not alike between chips that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from archsim.accounting import Aspect, Scope
from archsim.chip import Chip
from archsim.chip.tile import AnalogTile
from archsim.network import Network

if TYPE_CHECKING:
    import pandas as pd

ANY_VALUE = "any value"
"""Of a weight without bits."""
_ROUNDING = 1e-9


def precision(chip: Chip) -> str:
    """Bits of inputs and weights: ``8 bit x any value``, ``16 x 16 bit``."""
    inputs, weights = chip.tile.input_bits, chip.tile.weight_bits
    return f"{inputs} bit x {ANY_VALUE}" if weights is None else f"{inputs} x {weights} bit"


def node_text(node: float) -> str:
    """A process node in nanometres."""
    return f"{node * 1e9:g} nm"


def differences(chips: Sequence[Chip], scopes: Sequence[Scope]) -> tuple[str, ...]:
    """Sentences on what is not alike: precision, node, and what the figures include.

    Parameters
    ----------
    chips : sequence of Chip
    scopes : sequence of Scope
        What the figures of each include.
    """
    told = [_told("precision", chips, precision), _told("node", chips, lambda chip: node_text(chip.technology.node))]
    extents = dict(zip((chip.name for chip in chips), scopes, strict=True))
    told.extend(_told(f"{aspect} priced", chips, partial(_extent, extents, aspect)) for aspect in Aspect)
    return tuple(sentence for sentence in told if sentence)


def kinds(networks: Sequence[Network], chips: Sequence[Chip]) -> tuple[str, ...]:
    """Sentences on training beside inference: among what was run, and among what the chips are described for.

    Parameters
    ----------
    networks : sequence of Network
    chips : sequence of Chip
    """
    trained = [network.name for network in networks if network.learning is not None]
    inferred = [network.name for network in networks if network.learning is None]
    told = []
    if trained and inferred:
        told.append(f"what is run: training of {', '.join(trained)}; inference of {', '.join(inferred)}")
    able = [chip.name for chip in chips if isinstance(chip.tile, AnalogTile) and chip.tile.training is not None]
    if able and len(able) < len(chips) and inferred:
        told.append(
            f"training: the file of {', '.join(able)} describes it, and figures published of such chips may count "
            f"updates; what was run is inference{' of ' + ', '.join(inferred) if trained else ' on all'}"
        )
    return tuple(told)


def trained_with(chips: Sequence[Chip]) -> tuple[str, ...]:
    """Sentences on how chips train: with pulses, or with gradients that are added to stored weights; what else differs.

    Parameters
    ----------
    chips : sequence of Chip
        That offer it.
    """
    told = _told("updates", chips, _updates)
    moved = [chip.name for chip in chips if isinstance(chip.tile, AnalogTile) and _moves(chip.tile)]
    transfers = f"transfers and refreshes are in the figures of {', '.join(moved)}" if moved else ""
    state = "no optimiser's state is stored or moved, and no gradients beside the updates"
    return tuple(sentence for sentence in (told, transfers, state) if sentence)


def _updates(chip: Chip) -> str:
    if isinstance(chip.tile, AnalogTile):
        return "pulses on the arrays, sample by sample"
    return f"gradients of a mini-batch, added to weights of {chip.tile.weight_bits} bits in memory"


def _moves(tile: AnalogTile) -> bool:
    training = tile.training
    return training is not None and (training.transfer is not None or training.refresh is not None)


def uncounted(frame: pd.DataFrame) -> tuple[str, ...]:
    """Sentences on networks whose operations are not counted alike on all chips.

    Parameters
    ----------
    frame : DataFrame
        As `archsim.compare` makes it.
    """
    sentences = []
    for network, rows in frame[frame.failure == ""].groupby("network", sort=False):
        counts = rows.drop_duplicates("chip").set_index("chip").operations_per_sample
        if counts.max() > counts.min() * (1.0 + _ROUNDING):
            told = ", ".join(f"{count:.4g} on {chip}" for chip, count in counts.items())
            sentences.append(f"operations counted per sample of {network}: {told}")
    return tuple(sentences)


def _extent(scopes: Mapping[str, Scope], aspect: Aspect, chip: Chip) -> str:
    return str(scopes[chip.name].extent(aspect))


def _told(what: str, chips: Sequence[Chip], tell: Callable[[Chip], str]) -> str:
    """``what: this on A, B; that on C``; empty where all are alike."""
    groups: dict[str, list[str]] = {}
    for chip in chips:
        groups.setdefault(tell(chip), []).append(chip.name)
    if len(groups) < 2:
        return ""
    return f"{what}: " + "; ".join(f"{said} on {', '.join(names)}" for said, names in groups.items())
