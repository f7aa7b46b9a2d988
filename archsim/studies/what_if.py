"""Three changes that an architect would try first, each of them run: a copy more, wider links, faster converters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from archsim.accounting import Headline
from archsim.chip import Chip, load_chip
from archsim.chip.tile import AnalogTile
from archsim.errors import ArchsimError
from archsim.network import Matrix
from archsim.program import Kind
from archsim.simulation import Result, Settings, simulate
from archsim.units import format_quantity


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a chip or to a placement.

    Parameters
    ----------
    name : str
        In words.
    overrides : tuple of str
        Of the chip file.
    settings : Settings
    detail : str
        What exactly is different.
    """

    name: str
    overrides: tuple[str, ...]
    settings: Settings
    detail: str


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What a change gives.

    Parameters
    ----------
    change : Change
    headline : Headline or None
        None where the run is not possible.
    fault : str
        Why not; empty otherwise.
    """

    change: Change
    headline: Headline | None
    fault: str = ""


def what_ifs(
    chip: str,
    overrides: Sequence[str],
    settings: Settings,
    base: Result,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[WhatIf, ...]:
    """Run the network again with each change.

    Parameters
    ----------
    chip : str
        A preset's name or a chip file.
    overrides : sequence of str
    settings : Settings
    base : Result
        Of that chip with these settings.
    progress : callable, optional
        Told how many runs are done, and of how many.
    """
    changes = changes_of(base, settings)
    found = []
    for done, change in enumerate(changes):
        progress(done, len(changes))
        found.append(_run(change, chip, overrides, base))
    return tuple(found)


def changes_of(base: Result, settings: Settings) -> tuple[Change, ...]:
    """The changes that are tried."""
    chip = base.chip
    wide, fast = wider_links(chip), faster_converters(chip)
    faster = Change("converters twice as fast", fast, settings, ", ".join(fast))
    return (
        *_copy_more(base, settings),
        Change("links twice as wide", wide, settings, ", ".join(wide)),
        *([faster] if fast else []),
    )


def _copy_more(base: Result, settings: Settings) -> list[Change]:
    slowest = slowest_layer(base)
    if slowest is None:
        return []
    placement = base.placement
    copies = {
        layer.name: count
        for layer, count in zip(placement.network.order, placement.replicas, strict=True)
        if isinstance(layer.operator, Matrix)
    }
    plan = {name: count for name, count in copies.items() if count > 1}
    plan[slowest] = copies[slowest] + 1
    detail = f"{plan[slowest]} copies instead of {copies[slowest]}, all else as it is"
    return [Change(f"a copy more of {slowest}", (), replace(settings, replicate=plan), detail)]


def slowest_layer(base: Result) -> str | None:
    """The matrix layer one of whose arrays or converters is busiest; None where nothing is on arrays."""
    actors, trace = base.program.actors, base.trace
    labels = base.program.labels.layers
    on_arrays = np.isin(base.program.resources.kind[actors.resource], (Kind.ARRAY, Kind.ADC))
    for actor in (trace.busy * on_arrays).argsort()[::-1][: int(on_arrays.sum())].tolist():
        layer = base.placement.network.by_name.get(labels[actors.layer[actor]])
        if layer is not None and isinstance(layer.operator, Matrix):
            return layer.name
    return None


def wider_links(chip: Chip) -> tuple[str, ...]:
    """Links on the chip, and between chips, of twice the bandwidth."""
    change = f"fabric.link_width={format_quantity(2 * chip.fabric.link_width, 'bit')}"
    link = chip.system.link
    return (change, *([f"system.link.bandwidth={format_quantity(2 * link.bandwidth, 'bit/s')}"] if link else []))


def faster_converters(chip: Chip) -> tuple[str, ...]:
    """Converters in half the time; where they count while the array integrates, that takes half the time too.

    Nothing for a tile without converters.
    """
    tile = chip.tile
    if not isinstance(tile, AnalogTile):
        return ()
    change = f"tile.adc.conversion_time={format_quantity(tile.adc.conversion_time / 2, 's')}"
    phase = f"tile.input.phase_time={format_quantity(tile.input.phase_time / 2, 's')}"
    return (change, phase) if tile.adc.during_integration else (change,)


def _run(change: Change, chip: str, overrides: Sequence[str], base: Result) -> WhatIf:
    try:
        described = load_chip(chip, (*overrides, *change.overrides))
        return WhatIf(change, simulate(base.network, described, change.settings).ledger.headline)
    except ArchsimError as error:
        return WhatIf(change, None, str(error))
