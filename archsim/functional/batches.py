"""The data that a model is given, cut into batches, and the outputs of batches put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from archsim.functional.runtime import Tensor, Tensors
from archsim.functional.sample_axes import Layout, taken


@dataclass(frozen=True, slots=True)
class Samples:
    """Which samples a batch holds.

    Parameters
    ----------
    count : int
        Their number; 1 for a model whose batch is fixed, however many samples that is.
    first : int
        Index of the first one in the whole data.
    """

    count: int
    first: int


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Checked data, and where their samples lie.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        By input, in the inputs' types.
    layout : Layout
    """

    tensors: Tensors
    layout: Layout

    @property
    def samples(self) -> int:
        """Number of samples; 1 where they cannot be told apart."""
        return next((self.tensors[name].shape[axis] for name, axis in self.layout.inputs.items()), 1)

    def first(self, samples: int) -> Data:
        """The first samples."""
        wanted = range(min(samples, self.samples))
        return Data(taken(self.tensors, self.layout.inputs, wanted), self.layout)

    def batches(self, size: int) -> Iterator[tuple[dict[str, Tensor], Samples]]:
        """Batches of at most ``size`` samples, or of as many as the model takes."""
        layout = self.layout
        if not layout.inputs:
            return iter([(dict(self.tensors), Samples(1, 0))])
        if layout.stacked:
            return ((self._alone(index), Samples(1, index)) for index in range(self.samples))
        if layout.group:
            firsts = range(0, self.samples, layout.group)
            return ((self._taken(self._filled(first)), Samples(1, unit)) for unit, first in enumerate(firsts))
        spans = self._spans(1 if layout.one_by_one else size)
        return ((self._taken(span), Samples(len(span), span.start)) for span in spans)

    def joined(self, batches: Sequence[tuple[Samples, dict[str, Tensor]]]) -> dict[str, Tensor]:
        """Outputs of the batches, in their order, as one."""
        names = batches[0][1]
        if self.layout.stacked:
            return {name: np.stack([made[name] for _, made in batches]) for name in names}
        if len(batches) == 1 and self.layout.group in (0, self.samples):
            return dict(names)
        counts = [self.layout.group or samples.count for samples, _ in batches]
        return {name: self._join(name, [made[name] for _, made in batches], counts) for name in names}

    def _join(self, name: str, parts: list[Tensor], counts: list[int]) -> Tensor:
        where = self.layout.outputs[name]
        if where is None:
            return parts[0]
        whole = where.split(where.joined(parts, counts), sum(counts))
        return where.merged(whole.take(range(self.samples), where.axis + 1))

    def _taken(self, samples: Sequence[int]) -> dict[str, Tensor]:
        return taken(self.tensors, self.layout.inputs, samples)

    def _alone(self, index: int) -> dict[str, Tensor]:
        return {name: v[index] if name in self.layout.inputs else v for name, v in self.tensors.items()}

    def _filled(self, first: int) -> list[int]:
        """Samples of a batch of the model's own size; the last one is filled up with its last sample."""
        return [min(index, self.samples - 1) for index in range(first, first + self.layout.group)]

    def _spans(self, size: int) -> Iterator[range]:
        return (range(first, min(first + size, self.samples)) for first in range(0, self.samples, size))
