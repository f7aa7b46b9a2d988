"""Verbs that are not done twice: what one made is found again by everything that it had read.

A verb is a function of values and of a chip. Of the chip, what it reads is recorded while it works
(`archsim.chip.reads`): the result then holds for every chip that says the same in these places, as the verb, which
decides by nothing else, would read the same and make the same of it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Generic, TypeVar, cast

from archsim.chip.reads import Description, Place, Reads
from archsim.chip.schema import Chip
from archsim.network import Network
from archsim.reuse.contents import BYTES, Nameless, Names, arrays_of, name_of
from archsim.reuse.memory import Memory

T = TypeVar("T")

SWITCH = "ARCHSIM_CACHE"
"""Environment variable: ``off`` for no reuse."""
MOST_WAYS = 64
"""Sets of fields that are remembered of one verb with one input: as many ways as it has taken through its decisions."""


@dataclass(frozen=True, slots=True)
class Recalled(Generic[T]):
    """What a verb made, now or before.

    Parameters
    ----------
    value
    name : str
        Says what it is; empty where that cannot be told.
    """

    value: T
    name: str


class Recall:
    """What verbs have made.

    Parameters
    ----------
    memory : Memory
    """

    def __init__(self, memory: Memory) -> None:
        self.memory, self.names = memory, Names()
        self._ways: dict[str, list[tuple[Place, ...]]] = {}
        self._lock = Lock()

    def named(self, value: object) -> str:
        """The name of a value by its contents; empty where they cannot be told."""
        try:
            return name_of(value)
        except Nameless:
            return ""

    def network(self, network: Network) -> str:
        """The name of a network by its contents, made once as long as it lives; empty where they cannot be told."""
        try:
            return self.names.of(network)
        except Nameless:
            return ""

    def made(
        self, verb: str, inputs: tuple[str, ...], make: Callable[[], T], *, contents: Callable[[T], object]
    ) -> Recalled[T]:
        """What a verb makes of values alone.

        Parameters
        ----------
        verb : str
        inputs : tuple of str
            Names of everything that it is made from; without a name for one, nothing is kept.
        make : callable
            The verb.
        contents : callable
            What the value consists of that is its own.
        """
        name = _joined(verb, *inputs) if all(inputs) else ""
        return self._found(name) or self._kept(name, name, make(), contents)

    def read(
        self,
        verb: str,
        inputs: tuple[str, ...],
        chip: Description,
        make: Callable[[Chip], T],
        *,
        contents: Callable[[T], object],
    ) -> Recalled[T]:
        """What a verb makes of a chip and other values; its name is that of its contents.

        Parameters
        ----------
        verb : str
        inputs : tuple of str
            Names of everything else that it is made from; without a name for one, nothing is kept.
        chip : Description
        make : callable
            The verb, of a chip that records what is read, of which nothing may remain in the value.
        contents : callable
            What the value consists of that is its own, and that what follows is made from.
        """
        if not all(inputs):
            return self._kept("", "", make(chip.chip), contents)
        asked = _joined(verb, *inputs)
        for way in self._ways.get(asked, ()):
            found: Recalled[T] | None = self._found(_named(asked, way, chip))
            if found is not None:
                return found
        reads = Reads(chip.chip)
        value = make(reads.chip)
        if not reads.readable:
            return self._kept("", "", value, contents)
        way = tuple(reads.values)
        self._note_way(asked, way)
        return self._kept(_named(asked, way, chip), self.named(contents(value)), value, contents)

    def _found(self, key: str) -> Recalled[T] | None:
        return cast("Recalled[T] | None", self.memory.get(key)) if key else None

    def _kept(self, key: str, name: str, value: T, contents: Callable[[T], object]) -> Recalled[T]:
        """A value that was just made, kept under a key if it has one."""
        size = 0
        for array in arrays_of(contents(value)):
            # Whoever wrote into what others will find would change it for them, too.
            array.flags.writeable = False
            size += array.nbytes
        made = Recalled(value, name)
        if key:
            self.memory.put(key, made, size)
        return made

    def _note_way(self, asked: str, way: tuple[Place, ...]) -> None:
        with self._lock:
            ways = self._ways.setdefault(asked, [])
            if way in ways:
                ways.remove(way)
            ways.insert(0, way)
            del ways[MOST_WAYS:]

    def clear(self) -> None:
        """Forget everything."""
        self.memory.clear()
        self._ways.clear()


def _named(asked: str, way: tuple[Place, ...], chip: Description) -> str:
    return _joined(asked, *(part for place in way for part in (*place, chip.at(place))))


def _joined(*parts: str) -> str:
    digest = hashlib.blake2b(digest_size=BYTES)
    for part in parts:
        text = part.encode()
        digest.update(b"%d:" % len(text) + text)
    return digest.hexdigest()


@cache
def the_recall() -> Recall:
    """That of this process; one without room where ``ARCHSIM_CACHE=off``."""
    return Recall(Memory(0) if os.environ.get(SWITCH) == "off" else Memory())
