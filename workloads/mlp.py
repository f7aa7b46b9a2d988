"""Fully connected networks: PUMA's two, the one that HERMES was measured on, and two that analog chips train."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.network import Network
from archsim.workloads import digital
from archsim.workloads.drafting import Draft
from archsim.workloads.options import Workload, WorkloadOptions


@dataclass(frozen=True, slots=True)
class Perceptron:
    """A stack of fully connected layers.

    Parameters
    ----------
    name, source : str
        What it is called, and where its sizes were published.
    widths : tuple of int
        Inputs, hidden layers, outputs.
    activation : str
        The hidden layers' kind of element-wise operator.
    """

    name: str
    source: str
    widths: tuple[int, ...]
    activation: str

    def workload(self) -> Workload:
        """Its entry in the registry."""
        sizes = "-".join(str(width) for width in self.widths)
        return Workload(self.name, f"Fully connected {sizes} ({self.source})", partial(_draw, self))


def _draw(described: Perceptron, options: WorkloadOptions) -> Network:
    return perceptron(described.name, described.widths, described.activation)


def perceptron(name: str, widths: tuple[int, ...], activation: str) -> Network:
    """Fully connected layers of any widths: inputs, hidden layers with their activation, outputs."""
    draft = Draft(name)
    stream = draft.source("features", widths[0])
    *hidden, outputs = widths[1:]
    for index, width in enumerate(hidden, start=1):
        columns = draft.dense(f"fc{index}", stream, width)
        stream = draft.each(f"fc{index}.activation", digital.elementwise(activation, width), columns)
    draft.sink("outputs", draft.dense(f"fc{len(hidden) + 1}", stream, outputs))
    return draft.finish()


_PUMA = "PUMA, ASPLOS 2019"

WORKLOADS = tuple(
    described.workload()
    for described in (
        Perceptron("mlp-l4", _PUMA, (1024, 1024, 2048, 1024, 10), "sigmoid"),
        Perceptron("mlp-l5", _PUMA, (1024, 2048, 3072, 3072, 1024, 10), "sigmoid"),
        Perceptron("mlp-hermes", "HERMES core, JSSC 2022", (784, 240, 10), "relu"),
        Perceptron("mlp-nature", "MNIST of 22 x 24, Nature 2018", (528, 250, 125, 10), "sigmoid"),
        Perceptron("mlp-mnist", "MNIST, training on analog chips", (784, 250, 125, 10), "sigmoid"),
    )
)
