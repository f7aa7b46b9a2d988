"""Times that hold for a precision: a phase of 128 ns is that of 8-bit inputs where the file that gives it has 8 bits.

A later file or ``--set`` that changes the bits alone changes the time with them; one that gives the time gives it for
the bits that then stand beside it. What is found here becomes ``input.phase_bits`` and ``adc.conversion_bits``, unless
a file says those itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, reduce

from archsim.chip.periphery import FOLLOWING_CONVERTERS, FOLLOWING_INPUTS
from archsim.chip.tree import Branch, Leaf, Path, bare, locate, merge

_SOURCE = "the bits where this time is given"


@dataclass(frozen=True, slots=True)
class _Time:
    """A field that holds for a precision: its section, its name, that of the precision it is for, and where it acts."""

    section: Path
    name: str
    precision: str
    kinds: frozenset[str]
    unless: str = ""


_BACKWARD = ("tile", "training", "backward")
_TIMES = (
    _Time(("tile", "input"), "phase_time", "phase_bits", frozenset(FOLLOWING_INPUTS)),
    _Time(("tile", "adc"), "conversion_time", "conversion_bits", frozenset(FOLLOWING_CONVERTERS), "during_integration"),
    _Time((*_BACKWARD, "driver"), "phase_time", "phase_bits", frozenset(FOLLOWING_INPUTS)),
    _Time(
        (*_BACKWARD, "adc"), "conversion_time", "conversion_bits", frozenset(FOLLOWING_CONVERTERS), "during_integration"
    ),
)


def merged(files: Sequence[Branch], overrides: Sequence[Branch]) -> Branch:
    """Lay trees over each other, each time with the precision that it is given for.

    Parameters
    ----------
    files : sequence of Branch
        A chip file's tree last, those that it extends before it.
    overrides : sequence of Branch
        Given together, over the files.
    """
    layers, below = (*files, *overrides), _laid(tuple(files))
    chip = reduce(merge, overrides, below)
    for time in _TIMES:
        last = _last_that_sets(layers, (*time.section, time.name))
        if last is None or not _follows(chip, time):
            continue
        if any(_leaf(layer, (*time.section, time.precision)) for layer in layers[last:]):
            continue
        beside = chip if last >= len(files) else _laid(tuple(files[: last + 1]))
        chip = _with_precision(chip, beside, time)
    return chip


@lru_cache(maxsize=64)
def _laid(files: tuple[Branch, ...]) -> Branch:
    """Files laid over each other, once: their trees stay the same as long as the files do."""
    return reduce(merge, files[1:], bare(files[0]))


def _last_that_sets(layers: Sequence[Branch], path: Path) -> int | None:
    return max((index for index, layer in enumerate(layers) if _leaf(layer, path)), default=None)


def _leaf(tree: Branch, path: Path) -> Leaf | None:
    reached, node = locate(tree, path)
    return node if reached == path and isinstance(node, Leaf) else None


def _follows(chip: Branch, time: _Time) -> bool:
    kind, unless = _leaf(chip, (*time.section, "kind")), _leaf(chip, (*time.section, time.unless))
    return kind is not None and kind.value in time.kinds and not (unless and unless.value)


def _with_precision(chip: Branch, beside: Branch, time: _Time) -> Branch:
    of_one = _leaf(beside, (*time.section, "bits_per_phase"))
    bits = of_one if of_one is not None and of_one.value is not None else _leaf(beside, (*time.section, "bits"))
    given = _leaf(beside, (*time.section, time.name))
    if bits is None or given is None:
        return chip
    over: Branch | Leaf = replace(bits, source=_SOURCE, origin=given.origin, low="", high="")
    for key in reversed((*time.section, time.precision)):
        over = Branch(given.origin, {key: over})
    assert isinstance(over, Branch)
    return merge(chip, over)
