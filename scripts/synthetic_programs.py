"""Programs of known shape and any size, for benchmarks of the engines: a convolutional network and a random mesh."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archsim.program import Actions, Actors, Channels, Kind, Labels, Program, Resources, Role, Samples, Series

INTEGRATE_PS, CONVERT_PS, DIGITAL_PS = 128_000, 64_000, 16_000
ARRAY = 512


@dataclass
class Draft:
    """Rows of a Program in the making."""

    actors: list[tuple[int, int, int]] = field(default_factory=list)
    channels: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    curves: list[tuple[np.ndarray, int]] = field(default_factory=list)

    def actor(self, firings: int, interval: int, latency: int) -> int:
        self.actors.append((firings, interval, latency))
        return len(self.actors) - 1

    def curve(self, values: np.ndarray, advance: int) -> int:
        self.curves.append((values, advance))
        return len(self.curves) - 1

    def program(self, batch: int, sink: int) -> Program:
        firings, interval, latency = (np.array(column, np.int64) for column in zip(*self.actors, strict=True))
        source, target, capacity, need, release = (np.array(c, np.int64) for c in zip(*self.channels, strict=True))
        size = len(firings)
        return flat_program(
            actors=(np.arange(size), firings * batch, interval, latency),
            channels=(source, target, capacity, np.zeros_like(source), need, release),
            servers=np.ones(size, np.int64),
            curves=self.curves,
            samples=Samples(batch, 1, np.array([0], np.int64), np.array([sink], np.int64)),
        )


def flat_program(
    *,
    actors: tuple[np.ndarray, ...],
    channels: tuple[np.ndarray, ...],
    servers: np.ndarray,
    curves: list[tuple[np.ndarray, int]],
    samples: Samples,
) -> Program:
    """A Program from columns.

    Parameters
    ----------
    actors : resource, firings, interval, latency
    channels : source, target, capacity, initial, need, release
    servers : of each resource
    curves : (values of a period, advance)
    samples : Samples
    """
    size, edges = len(actors[0]), len(channels[0])
    zeros, none = np.zeros(size, np.int64), np.full(size, -1, np.int64)
    numbers = np.arange(size, dtype=np.int64)
    length = np.array([len(values) for values, _ in curves], np.int64)
    ids = [column.astype(np.int64) for column in (actors[0], *channels[:2], *channels[4:])]
    pools = np.zeros(len(servers), np.int64)
    return Program(
        actors=Actors(
            zeros, np.full(size, Role.COMPUTE, np.int8), numbers, zeros, zeros, ids[0], *actors[1:], none, none
        ),
        channels=Channels(ids[1], ids[2], *channels[2:4], ids[3], ids[4], np.full(edges, 8, np.int64)),
        resources=Resources(
            np.full(len(servers), Kind.UNIT, np.int8),
            pools,
            pools,
            np.arange(len(servers), dtype=np.int64),
            pools,
            servers,
        ),
        curves=Series(
            np.cumsum(length) - length,
            length,
            np.array([advance for _, advance in curves], np.int64),
            np.concatenate([values for values, _ in curves]),
        ),
        durations=Series(*(np.zeros(0, np.int64) for _ in range(4))),
        actions=Actions(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)),
        samples=samples,
        labels=Labels(("layer",), (), ("unit",)),
    )


def resnet50(batch: int) -> Program:
    """ResNet-50 on 512 x 512 arrays: a block integrates, converts, and its row blocks are summed; no fabric.

    Positions, blocks, windows and residual buffers are the network's own; layers are not replicated.
    """
    draft = Draft()
    each = draft.curve(np.array([1], np.int64), 1)
    source = draft.actor(224 * 224, 1000, 1000)
    here, side = _convolution(draft, source, (224, 3, 64, 7, 2))
    here, side = _pool(draft, here, side), side // 2
    channels = 64
    for stage, (blocks, middle) in enumerate(((3, 64), (4, 128), (6, 256), (3, 512))):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            first, _ = _convolution(draft, here, (side, channels, middle, 1, 1))
            second, after = _convolution(draft, first, (side, middle, middle, 3, stride))
            third, _ = _convolution(draft, second, (after, middle, 4 * middle, 1, 1))
            short = here if block else _convolution(draft, here, (side, channels, 4 * middle, 1, stride))[0]
            add = draft.actor(after * after, DIGITAL_PS, DIGITAL_PS)
            draft.channels += [(third, add, 4, each, each), (short, add, 8 * after + 64, each, each)]
            here, side, channels = add, after, 4 * middle
    pool = draft.actor(1, DIGITAL_PS, DIGITAL_PS)
    whole = draft.curve(np.array([side * side], np.int64), side * side)
    draft.channels.append((here, pool, 2 * side * side, whole, whole))
    last = _blocks(draft, pool, (1, 2048, 1000), (1, each, each, 2))
    return draft.program(batch, last)


def _convolution(draft: Draft, source: int, shape: tuple[int, int, int, int, int]) -> tuple[int, int]:
    """Actors of a layer of (side, inputs, outputs, kernel, stride); its last actor and the side of its output."""
    side, inputs, outputs, kernel, stride = shape
    after = -(-side // stride)
    need, release, gap = _window(side, after, kernel, stride)
    curves = draft.curve(need, side * side), draft.curve(release, side * side)
    last = _blocks(draft, source, (after * after, inputs * kernel * kernel, outputs), (1, *curves, gap + side))
    return last, after


def _pool(draft: Draft, source: int, side: int) -> int:
    after = side // 2
    need, release, gap = _window(side, after, 3, 2)
    pool = draft.actor(after * after, DIGITAL_PS, DIGITAL_PS)
    draft.channels.append((source, pool, gap + side, draft.curve(need, side**2), draft.curve(release, side**2)))
    return pool


def _window(side: int, after: int, kernel: int, stride: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Line-buffer curves of one image, and the most tokens held at once."""
    pad = (kernel - 1) // 2
    row, column = np.divmod(np.arange(after * after), after)
    low, high = row * stride - pad, np.minimum(row * stride - pad + kernel, side)
    need = (high - 1) * side + np.minimum(column * stride - pad + kernel, side)
    need = np.maximum.accumulate(need)
    first = np.maximum(low, 0) * side + np.maximum(column * stride - pad, 0)
    release = np.append(np.minimum.accumulate(first[::-1])[::-1][1:], side * side)
    release = np.minimum(release, need)
    release[-1] = need[-1] = side * side
    return need, release, int((need - np.append(0, release[:-1])).max())


def _blocks(draft: Draft, source: int, shape: tuple[int, int, int], edge: tuple[int, int, int, int]) -> int:
    firings, inputs, outputs = shape
    _, need, release, capacity = edge
    each = 0
    join = draft.actor(firings, DIGITAL_PS, DIGITAL_PS)
    for _ in range(-(-outputs // ARRAY)):
        total = draft.actor(firings, DIGITAL_PS, DIGITAL_PS)
        for _ in range(-(-inputs // ARRAY)):
            integrate = draft.actor(firings, INTEGRATE_PS, INTEGRATE_PS)
            convert = draft.actor(firings, CONVERT_PS, CONVERT_PS)
            draft.channels += [
                (source, integrate, capacity, need, release),
                (integrate, convert, 2, each, each),
                (convert, total, 2, each, each),
            ]
        draft.channels.append((total, join, 2, each, each))
    return join


def mesh(actors: int, *, firings: int, sharing: int, seed: int = 1) -> Program:
    """A random layered graph: each actor reads two neighbours of the layer before; ``sharing`` actors per resource."""
    random = np.random.default_rng(seed)
    width = int(np.sqrt(actors))
    numbers = np.arange(width * (actors // width))
    column = numbers[width:] % width
    before = numbers[width:] - width
    other = before - column + (column + random.integers(1, 4, len(column))) % width
    source, target = np.concatenate([before, other]), np.concatenate([numbers[width:], numbers[width:]])
    edges, size = len(source), len(numbers)
    interval = random.integers(1_000, 20_000, size)
    zeros = np.zeros(edges, np.int64)
    return flat_program(
        actors=(
            random.permutation(size) // sharing,
            np.full(size, firings, np.int64),
            interval,
            np.maximum(1, interval // random.integers(1, 3, size)),
        ),
        channels=(source, target, random.integers(1, 5, edges), zeros, zeros, zeros),
        servers=np.ones(-(-size // sharing), np.int64),
        curves=[(np.array([1], np.int64), 1)],
        samples=Samples(1, 1, numbers[:1].astype(np.int64), numbers[-1:].astype(np.int64)),
    )
