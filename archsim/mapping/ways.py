"""The ways that tokens take between nodes, link by link."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archsim.chip.schema import Chip
from archsim.columns import Columns, Ids
from archsim.errors import InputError
from archsim.mapping.floorplan import Floorplan
from archsim.topology import chip_routes

INJECT, LINK, CHIP_LINK, EJECT = range(4)


@dataclass(frozen=True, slots=True)
class Links(Columns):
    """Links of ways, in no order; columns of shape ``(links,)``.

    Parameters
    ----------
    way : int64
        Which way.
    kind : int64
        ``INJECT``, ``LINK``, ``CHIP_LINK`` or ``EJECT``.
    tail, head : int64
        Vertices that the link joins: ``chip * floorplan.nodes + router``, or nodes, counted after all routers.
    """

    way: Ids
    kind: Ids
    tail: Ids
    head: Ids


@dataclass(frozen=True)
class Ways:
    """Ways from nodes to other nodes, by inject links, router links, links between chips and eject links.

    Parameters
    ----------
    chip : Chip
    floorplan : Floorplan
    chips : int
    source, target : int64, shape (ways,)
        Global nodes.
    """

    chip: Chip
    floorplan: Floorplan
    chips: int
    source: Ids
    target: Ids

    @cached_property
    def _chips(self) -> tuple[Ids, Ids]:
        return self.source // self.floorplan.nodes, self.target // self.floorplan.nodes

    @cached_property
    def _routers(self) -> tuple[Ids, Ids]:
        router, nodes = self.floorplan.router, self.floorplan.nodes
        return router[self.source % nodes], router[self.target % nodes]

    @cached_property
    def _gate(self) -> int:
        """The router where links between chips meet the fabric."""
        return int(self.floorplan.router[self.floorplan.port])

    @cached_property
    def _entry(self) -> Ids:
        """The router where each way enters its target's chip."""
        here, there = self._chips
        return np.where(here != there, self._gate, self._routers[0])

    @property
    def count(self) -> int:
        """Links on all ways, before they are spelled out."""
        hops, between = self.floorplan.routes.hops, chip_routes(self.chip.system.topology, self.chips).hops
        (chip_from, chip_to), (start, stop) = self._chips, self._routers
        inside = int(hops[self._entry, stop].sum()) + 2 * len(start)
        return inside + int(hops[start, self._entry].sum()) + int(between[chip_from, chip_to].sum())

    def links(self) -> Links:
        """The links of all ways, found by walking back from every target to its source.

        Raises
        ------
        InputError
            If a way leads to another chip and nothing joins them.
        """
        way, nodes = np.arange(len(self.source)), self.floorplan.nodes
        (chip_from, chip_to), (start, stop) = self._chips, self._routers
        last = self.chips * nodes
        pieces = [
            _piece(way, INJECT, last + self.source, chip_from * nodes + start),
            _piece(way, EJECT, chip_to * nodes + stop, last + self.target),
            *self._walk(way, self._entry, stop, chip_to),
        ]
        away = np.flatnonzero(chip_from != chip_to)
        return Links.concatenate([*pieces, *(self._walk_out(away) if len(away) else [])])

    def _walk(self, way: Ids, start: Ids, stop: Ids, chip: Ids) -> list[Links]:
        """Router links from ``start`` to ``stop`` on each row's chip, all rows one hop at a time."""
        pieces, stride, predecessor = [], self.floorplan.nodes, self.floorplan.routes.predecessor
        moving = start != stop
        while moving.any():
            way, start, stop, chip = way[moving], start[moving], stop[moving], chip[moving]
            before = predecessor[start, stop]
            pieces.append(_piece(way, LINK, chip * stride + before, chip * stride + stop))
            stop = before
            moving = start != stop
        return pieces

    def _walk_out(self, way: Ids) -> list[Links]:
        """From a router to its chip's gate, and on from chip to chip; chip links meet the fabric at the gate alone."""
        if self.chip.system.link is None:
            raise InputError(
                f"the network takes {self.chips} chips and nothing joins them",
                where=f"chip {self.chip.name!r}, system.link",
                remedy="Describe the link between chips (system: link: ...), or take larger chips.",
            )
        stride, gate = self.floorplan.nodes, self._gate
        chip_from, chip_to = (chip[way] for chip in self._chips)
        pieces = self._walk(way, self._routers[0][way], np.full_like(way, gate), chip_from)
        chips = chip_routes(self.chip.system.topology, self.chips).predecessor
        moving = np.ones(len(way), bool)
        while moving.any():
            way, chip_from, chip_to = way[moving], chip_from[moving], chip_to[moving]
            before = chips[chip_from, chip_to]
            pieces.append(_piece(way, CHIP_LINK, before * stride + gate, chip_to * stride + gate))
            chip_to = before
            moving = chip_from != chip_to
        return pieces


def _piece(way: Ids, kind: int, tail: Ids, head: Ids) -> Links:
    return Links(way, np.full(len(way), kind), tail, head)
