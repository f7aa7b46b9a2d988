"""The verbs, each found again where it was done before: with what it is kept by, and how it is written.

The plain verbs compute, and know nothing of each other's results. These give the same. Pricing is not among them: it
reads so much of a chip, and does so little, that making a bill anew takes less than finding it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from archsim import lowering
from archsim.accounting import Bottleneck, Products, Tally, full_products, passes_of
from archsim.chip.reads import Description, Reads
from archsim.errors import ArchsimError
from archsim.machine import matrix_unit
from archsim.mapping import (
    AskedLoad,
    AskedPace,
    Floorplan,
    Layout,
    Load,
    Pace,
    Placement,
    Replication,
    Settled,
    Work,
    answer_load,
    answer_pace,
    place,
    settle,
    work_of,
)
from archsim.network import Network
from archsim.program import Program, Trace
from archsim.reuse import Form, Recalled, the_recall

T = TypeVar("T")

_PLACES = tuple(field.name for field in fields(Placement) if field.name not in ("network", "chip", "floorplan"))
"""What is a Placement's own."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A network placed and lowered, which may be on another chip that says the same wherever this was read.

    Parameters
    ----------
    placement, program : Recalled
    products : tuple of tuple of Stage, optional
        What peak figures are made from (`archsim.accounting.full_products`), where it was made on the way.
    """

    placement: Recalled[Placement]
    program: Recalled[Program]
    products: Products | None


def prepared(
    network: Network, chip: Description, *, replicate: Replication, batch: int, interleave: int | None
) -> Prepared:
    """As `placed` and `lowered`, found at one stroke where nothing has changed that either reads."""
    kept = the_recall()

    def make(reads: Reads) -> Prepared:
        # Devices that work layer by layer have no such load.
        loaded = None if chip.chip.alone else _loaded(network, chip, reads)
        placement = _placed(network, chip, replicate, batch, interleave, loaded, reads)
        program = lowered(placement, chip, batch, reads)
        return Prepared(placement, program, None if loaded is None else loaded().products)

    inputs = (kept.network(network), repr(replicate), repr(batch), repr(interleave))
    form: Form[Prepared] = Form(_nothing)
    return kept.read("prepare", inputs, chip, make, form).value


def placed(
    network: Network, chip: Description, *, replicate: Replication, batch: int, interleave: int | None
) -> Recalled[Placement]:
    """As `archsim.place`; what is found may be on another chip, which says the same wherever placing had read."""
    loaded = None if chip.chip.alone else _loaded(network, chip, None)
    return _placed(network, chip, replicate, batch, interleave, loaded, None)


def _placed(
    network: Network,
    chip: Description,
    replicate: Replication,
    batch: int,
    interleave: int | None,
    loaded: Callable[[], _Loaded] | None,
    part_of: Reads | None,
) -> Recalled[Placement]:
    kept = the_recall()

    def make(reads: Reads) -> Placement:
        found = place(
            network,
            reads.chip,
            replicate=replicate,
            batch=batch,
            interleave=interleave,
            loaded=lambda work: AskedLoad.of(work, reads.ask),
            settled=_settled(network, chip, reads),
        )
        return found.on(chip.chip)

    def contents(placement: Placement) -> object:
        return kept.network(placement.network), *(getattr(placement, name) for name in _PLACES)

    def written(placement: Placement) -> object:
        mapped = None if placement.network is network else placement.network
        return mapped, [getattr(placement, name) for name in _PLACES]

    def read(told: object) -> Placement:
        mapped, places = cast("tuple[Network | None, list[Any]]", told)
        floorplan = Floorplan(chip.chip)
        return Placement(mapped or network, chip.chip, floorplan, **dict(zip(_PLACES, places, strict=True)))

    inputs = (kept.network(network), repr(replicate), repr(batch), repr(interleave))
    answer = _no_load if loaded is None else answer_load(lambda: loaded().load)
    return kept.read("place", inputs, chip.beside(answer), make, Form(contents, written, read), part_of)


def _no_load(*_: str) -> object:
    return None


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a network's weights take, and full products on the same arrays, as far as these can be made."""

    load: Load
    products: Products | None


def _loaded(network: Network, chip: Description, part_of: Reads | None) -> Callable[[], _Loaded]:
    """The load of this chip, worked out if somebody asks."""
    kept = the_recall()
    inputs = (kept.network(network),)

    @cache
    def loaded() -> _Loaded:
        def make(reads: Reads) -> _Loaded:
            unit, passes = matrix_unit(reads.chip), passes_of(network)
            load = work(reads).load(unit)
            if network.learning is not None and not unit.passes.issuperset(passes):
                # Placing refuses to train there.
                return _Loaded(load, None)
            try:
                return _Loaded(load, full_products(reads.chip, passes))
            except ArchsimError:
                # Refused where somebody asks for peak figures.
                return _Loaded(load, None)

        return kept.read("load", inputs, chip, make, _part(_Loaded), part_of).value

    def work(part_of: Reads) -> Work:
        def make(reads: Reads) -> Work:
            return work_of(network, reads.chip)

        return kept.read("work", inputs, chip, make, _part(Work), part_of).value

    return loaded


def _settled(network: Network, chip: Description, part_of: Reads) -> Callable[[Layout, tuple[int, ...], Pace], Settled]:
    """As `archsim.mapping.settle`, by the comparisons with the pace that it needs."""
    kept = the_recall()

    def found(layout: Layout, groups: tuple[int, ...], pace: Pace) -> Settled:
        def make(reads: Reads) -> Settled:
            return settle(network, reads.chip, layout, groups, AskedPace(reads.ask))

        inputs = (kept.network(network), kept.named(layout), repr(groups))
        return kept.read("settle", inputs, chip.beside(answer_pace(pace)), make, _part(Settled), part_of).value

    return found


def lowered(
    placement: Recalled[Placement], chip: Description, batch: int, part_of: Reads | None = None
) -> Recalled[Program]:
    """As `archsim.lower`, of a placement put on this chip."""
    frames: list[Recalled[Program]] = []

    def make(reads: Reads) -> Program:
        paced, framed = _paced(placement, chip, reads), _framed(placement, chip, batch, reads, frames)
        return lowering.lower(placement.value.on(reads.chip), batch=batch, paced=paced, framed=framed)

    def contents(program: Program) -> object:
        """What it adds to its frame, whose contents have been named."""
        named = [frame.name for frame in frames if frame.name]
        return (named, program.actors.interval, program.actors.latency) if named else program

    form = Form(contents, _itself, _checked(Program))
    return the_recall().read("lower", (placement.name, repr(batch)), chip, make, form, part_of)


def _paced(placement: Recalled[Placement], chip: Description, part_of: Reads) -> Callable[[Placement], lowering.Rooms]:
    """As `archsim.lowering.PacedRooms`, whose streams and times of all but products are those of the placement."""
    kept = the_recall()

    def around(_: Placement) -> lowering.Around:
        def make(reads: Reads) -> lowering.Around:
            return lowering.around_products(placement.value.on(reads.chip))

        return kept.read("around", (placement.name,), chip, make, _part(lowering.Around), part_of).value

    def found(placed: Placement) -> lowering.Rooms:
        streams: Form[lowering.Demands] = Form(lowering.Demands.of_copies)
        known = kept.made("demands", (placement.name,), lambda: lowering.paced_demands(placement.value), streams)
        return lowering.PacedRooms(placed, known.value, around)

    return found


def _framed(
    placement: Recalled[Placement], chip: Description, batch: int, part_of: Reads, frames: list[Recalled[Program]]
) -> Callable[[lowering.UsedStages, lowering.Rooms], Program]:
    """As `archsim.lowering.frame`, by the rooms on edges that it needs; what is found goes into a list, too."""
    kept = the_recall()

    def found(stages: lowering.UsedStages, rooms: lowering.Rooms) -> Program:
        def make(reads: Reads) -> Program:
            asked = lowering.AskedRooms(reads.ask)
            return lowering.frame(placement.value.on(reads.chip), stages, asked, batch)

        inputs = (placement.name, repr(batch), kept.named(stages))
        asked = chip.beside(lowering.answer_rooms(rooms))
        frames.append(kept.read("frame", inputs, asked, make, _part(Program), part_of))
        return frames[-1].value

    return found


def counted(
    run: Callable[[], Trace],
    how: tuple[str, float | None],
    program: Recalled[Program],
    placement: Recalled[Placement],
    patience: NDArray[np.int64] | None,
) -> Tally:
    """The tally of a run.

    Parameters
    ----------
    run : callable
        Runs the program to its end.
    how : tuple of str and float
        By which engine, and with which precision it may end early.
    program, placement : Recalled
        What is run.
    patience : int64, shape (resources,), optional
        Of whom gaps are told apart, and from which length.
    """
    kept = the_recall()
    trace = kept.made("run", (program.name, *map(repr, how), kept.named(patience)), run, _whole(Trace))

    def make() -> Tally:
        return _KeptTally(trace.value, placement.value, trace.name, placement.name)

    form: Form[Tally] = Form(_nothing)
    return kept.made("tally", (trace.name, placement.name), make, form).value


@dataclass(frozen=True)
class _KeptTally(Tally):
    """A tally whose bottleneck, which takes as long to find as the run took, is looked for among those found before."""

    trace_name: str
    placement_name: str

    @cached_property
    def bottleneck(self) -> Bottleneck:
        """What limits the run."""
        plain, inputs = Tally(self.trace, self.placement), (self.trace_name, self.placement_name)
        form = Form(_nothing, _itself, _checked(Bottleneck))
        return the_recall().made("bottleneck", inputs, lambda: plain.bottleneck, form).value


def _part(_: type[T]) -> Form[T]:
    """Of a part of a value that is itself kept on disk."""
    return Form(_itself)


def _whole(kind: type[T]) -> Form[T]:
    """Of a value that is written as it is."""
    return Form(_itself, _itself, _checked(kind))


def _nothing(_: object) -> object:
    return ()


def _itself(value: T) -> T:
    return value


def _checked(kind: type[T]) -> Callable[[object], T]:
    def read(told: object) -> T:
        assert isinstance(told, kind)
        return told

    return read
