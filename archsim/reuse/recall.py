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
from functools import cache, lru_cache
from threading import Lock
from time import perf_counter
from typing import Generic, TypeVar, cast

from archsim.chip.reads import Description, Place, Reads
from archsim.network import Network
from archsim.reuse.contents import BYTES, Nameless, Names, arrays_of, name_of
from archsim.reuse.disk import Disk, the_disk
from archsim.reuse.memory import Memory

T = TypeVar("T")

SWITCH = "ARCHSIM_CACHE"
"""Environment variable: ``off`` for no reuse, ``memory`` for nothing on disk, or a directory for what is on disk."""
MOST_WAYS = 64
"""Sets of fields that are remembered of one verb with one input: as many ways as it has taken through its decisions."""
WORTH_S = 0.1
"""What took less is made again as soon as it is found on disk, by whoever has loaded what makes it."""


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How a verb's values are told apart, and written down.

    Parameters
    ----------
    contents : callable
        What a value consists of that is its own, and that what follows is made from.
    written : callable, optional
        What is written of it; without, none is.
    read : callable, optional
        The value of what was written.
    """

    contents: Callable[[T], object]
    written: Callable[[T], object] | None = None
    read: Callable[[object], T] | None = None


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
    disk : callable, optional
        Where they are kept between processes; asked for when it is first needed.
    """

    def __init__(self, memory: Memory, disk: Callable[[], Disk | None] = lambda: None) -> None:
        self.memory, self.names = memory, Names()
        self._disk = disk
        self._ways: dict[str, list[tuple[Place, ...]]] = {}
        self._verbs: set[str] = set()
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

    def made(self, verb: str, inputs: tuple[str, ...], make: Callable[[], T], form: Form[T]) -> Recalled[T]:
        """What a verb makes of values alone.

        Parameters
        ----------
        verb : str
        inputs : tuple of str
            Names of everything that it is made from; without a name for one, nothing is kept.
        make : callable
            The verb.
        form : Form
        """
        key = _joined(verb, *inputs) if all(inputs) else ""
        found = self._found(key, form)
        if found is not None:
            return found
        begun = perf_counter()
        value = make()
        return self._kept(key, Recalled(value, key), form, self._worth(verb, perf_counter() - begun))

    def read(
        self,
        verb: str,
        inputs: tuple[str, ...],
        chip: Description,
        make: Callable[[Reads], T],
        form: Form[T],
        part_of: Reads | None = None,
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
        form : Form
        part_of : Reads, optional
            What the verb is a part of: whatever decides on this result was read there, too.
        """
        asked = _joined(verb, *inputs) if all(inputs) else ""
        for way in self._known_ways(asked, form) if asked else ():
            found = self._found(_named(asked, way, chip), form)
            if found is not None:
                if part_of is not None:
                    part_of.read_too(way, chip)
                return found
        reads, begun = Reads(chip.chip, chip.answer), perf_counter()
        value = make(reads)
        worth, way = self._worth(verb, perf_counter() - begun), tuple(reads.values)
        if part_of is not None:
            part_of.read_too(way, chip) if reads.readable else part_of.spoil()
        if not asked or not reads.readable:
            return self._kept("", Recalled(value, ""), form, worth)
        self._note_way(asked, way, form, worth)
        return self._kept(_named(asked, way, chip), Recalled(value, self.named(form.contents(value))), form, worth)

    def _worth(self, verb: str, took: float) -> bool:
        """Whether a result goes on disk: it took long; or it is the process's first, for which others would load."""
        with self._lock:
            first = verb not in self._verbs
            self._verbs.add(verb)
        return first or took >= WORTH_S

    def _found(self, key: str, form: Form[T]) -> Recalled[T] | None:
        """What is kept under a key, in memory or else on disk."""
        if not key:
            return None
        kept = cast("Recalled[T] | None", self.memory.get(key))
        if kept is not None or form.read is None:
            return kept
        disk = self._disk()
        told = None if disk is None else disk.get(key)
        if told is None:
            return None
        name, written = cast("tuple[str, object]", told)
        return self._kept(key, Recalled(form.read(written), name), form, worth=False)

    def _kept(self, key: str, made: Recalled[T], form: Form[T], worth: bool) -> Recalled[T]:
        """A value, kept under a key if it has one; on disk, if it is worth that."""
        size = 0
        for array in arrays_of(form.contents(made.value)):
            # Whoever wrote into what others will find would change it for them, too.
            array.flags.writeable = False
            size += array.nbytes
        if key:
            self.memory.put(key, made, size)
            disk = self._disk() if form.written is not None and worth else None
            if disk is not None and form.written is not None:
                disk.put(key, (made.name, form.written(made.value)))
        return made

    def _known_ways(self, asked: str, form: Form[T]) -> tuple[tuple[Place, ...], ...]:
        """The ways that a verb has taken with some inputs, in this process or, at first, in others."""
        if asked not in self._ways:
            disk = self._disk() if form.read is not None else None
            told = None if disk is None else disk.get(asked)
            with self._lock:
                self._ways.setdefault(asked, list(cast("list[tuple[Place, ...]]", told or [])))
        return tuple(self._ways[asked])

    def _note_way(self, asked: str, way: tuple[Place, ...], form: Form[T], worth: bool) -> None:
        with self._lock:
            ways = self._ways.setdefault(asked, [])
            if way in ways:
                ways.remove(way)
            ways.insert(0, way)
            del ways[MOST_WAYS:]
            told = list(ways)
        disk = self._disk() if form.written is not None and worth else None
        if disk is not None:
            disk.put(asked, told)

    def clear(self) -> None:
        """Forget everything."""
        self.memory.clear()
        self._ways.clear()


def _named(asked: str, way: tuple[Place, ...], chip: Description) -> str:
    return _joined(asked, _spelled_way(way), *map(chip.at, way))


@lru_cache(maxsize=4 * MOST_WAYS)
def _spelled_way(way: tuple[Place, ...]) -> str:
    return _joined(*(_joined(*place) for place in way))


def _joined(*parts: str) -> str:
    """One name for several texts, with the length of each before all, so that no two rows of texts share it."""
    told = f"{','.join(map(str, map(len, parts)))};{''.join(parts)}"
    return hashlib.blake2b(told.encode(), digest_size=BYTES).hexdigest()


@cache
def the_recall() -> Recall:
    """That of this process, as ``ARCHSIM_CACHE`` wants it."""
    chosen = os.environ.get(SWITCH, "")
    if chosen == "off":
        return Recall(Memory(0))
    return Recall(Memory()) if chosen == "memory" else Recall(Memory(), lambda: the_disk(chosen))
