"""A model on integrate-and-fire neurons: values are rates over ticks, each rectifier is a layer of neurons.

A model is cut behind its rectifiers. What lies between two cuts (products, biases, scales, pooling) is affine, or takes
a maximum, and grows with its input: what reaches a neuron in t ticks is t times that part's result for the mean rates
so far. A neuron fires when what it has received beyond the spikes that it has fired reaches its threshold, which is
then taken from it. Thresholds are the largest activations on calibration samples but for one in a thousand, so that a
rate of one stands for it. Inputs fire at random, each tick by itself. The outputs are not fired but read.

Source: Rueckauer et al., Front. Neurosci. 11:682, 2017 (reset by subtraction, robust normalisation, maxima of rates).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx.utils import Extractor

from archsim.errors import InputError
from archsim.functional.runtime import F32, Segment, whole
from archsim.network.onnx_import.model_file import load

RECTIFIER = "Relu"
AFFINE = frozenset({
    "Add", "AveragePool", "BatchNormalization", "Cast", "Concat", "Constant", "Conv", "Div", "Dropout", "Flatten",
    "Gemm", "GlobalAveragePool", "Identity", "MatMul", "MaxPool", "Mul", "Pad", "Reshape", "Squeeze", "Sub",
    "Transpose", "Unsqueeze",
})  # fmt: skip
"""Operators that may lie between neurons: affine, or a maximum, where one operand is constant."""
BEYOND = 99.9
"""Per cent of calibrated activations that a rate of one reaches."""

Rates = dict[str, F32]


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """A part between neurons.

    Parameters
    ----------
    part : Segment
    sources : tuple of str
        Inputs of the model, and neurons, that it reads.
    target : str
        The neurons that it feeds, by the tensor that their rectifier made; or the model's output.
    nodes : tuple of str
        Names of its nodes.
    """

    part: Segment
    sources: tuple[str, ...]
    target: str
    nodes: tuple[str, ...]

    def __call__(self, values: Mapping[str, F32]) -> F32:
        """Its result for values of its sources."""
        (result,) = self.part(values).values()
        return result.astype(np.float32, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class RateModel:
    """A model cut behind its rectifiers.

    Parameters
    ----------
    stages : tuple of Stage
        In order; the last makes the output.
    inputs : tuple of str
    """

    stages: tuple[Stage, ...]
    inputs: tuple[str, ...]

    @property
    def neurons(self) -> tuple[Stage, ...]:
        """The stages that feed neurons."""
        return self.stages[:-1]

    def in_floating_point(self, samples: Mapping[str, NDArray[np.generic]]) -> F32:
        """The model's output for values themselves."""
        values = {name: np.asarray(samples[name], np.float32) for name in self.inputs}
        for stage in self.neurons:
            values[stage.target] = np.maximum(stage(values), np.float32(0.0))
        return self.stages[-1](values)


@dataclass(frozen=True, slots=True, eq=False)
class Fired:
    """What a run of some ticks came to.

    Parameters
    ----------
    ticks : int
    outputs : float32
        The model's output for the mean rates until then.
    rates : dict of str to float
        Mean over neurons and samples, of each input and each layer of neurons.
    """

    ticks: int
    outputs: F32
    rates: dict[str, float]


def rate_model(path: Path) -> RateModel:
    """Cut a model behind its rectifiers.

    Raises
    ------
    InputError
        If it has none, or an operator that does not work on rates.
    """
    model = load(path)
    graph = model.graph
    makers = {name: node for node in graph.node for name in node.output}
    constant = {tensor.name for tensor in graph.initializer}
    inputs = tuple(entry.name for entry in graph.input if entry.name not in constant)
    rectified = {node.output[0]: node.input[0] for node in graph.node if node.op_type == RECTIFIER}
    if not rectified:
        raise InputError(
            "the model has no rectifier, and so no neuron",
            where=path.name,
            remedy=f"Take one with {RECTIFIER} between products.",
        )
    extractor = Extractor(onnx.shape_inference.infer_shapes(model))
    ends = frozenset(rectified) | frozenset(inputs)
    wanted = [*rectified.items(), (graph.output[0].name, graph.output[0].name)]
    stages = tuple(_stage(extractor, makers, ends, target, wants, path) for target, wants in wanted)
    return RateModel(stages, inputs)


def _stage(
    extractor: Extractor,
    makers: Mapping[str, onnx.NodeProto],
    ends: frozenset[str],
    target: str,
    wanted: str,
    path: Path,
) -> Stage:
    nodes, sources = _between(makers, ends, wanted)
    for node in nodes:
        if node.op_type not in AFFINE:
            raise InputError(
                f"{node.op_type} does not work on rates",
                where=f"{path.name}, node {node.name!r}",
                remedy=f"Take a model of products, {RECTIFIER} and pooling.",
            )
    part = extractor.extract_model(list(sources), [wanted])
    return Stage(whole(part), sources, target, tuple(node.name for node in nodes))


def _between(
    makers: Mapping[str, onnx.NodeProto], ends: frozenset[str], wanted: str
) -> tuple[list[onnx.NodeProto], tuple[str, ...]]:
    """Nodes that make a tensor from neurons and inputs, and which of these."""
    nodes: dict[int, onnx.NodeProto] = {}
    sources: dict[str, None] = {}
    open_ = [wanted]
    while open_:
        name = open_.pop()
        if name in ends and (name != wanted or name not in makers):
            sources[name] = None
        elif name in makers and id(makers[name]) not in nodes:
            nodes[id(makers[name])] = makers[name]
            open_ += list(makers[name].input)
    return list(nodes.values()), tuple(sources)


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """What a rate of one stands for.

    Parameters
    ----------
    inputs, neurons : dict of str to float
        Values at a rate of one: of each input, and of each layer of neurons, whose threshold it is.
    """

    inputs: dict[str, float]
    neurons: dict[str, float]


def calibrated(model: RateModel, samples: Mapping[str, NDArray[np.generic]]) -> Calibrated:
    """Thresholds from a run in floating point.

    Raises
    ------
    InputError
        If an input is negative: it has no rate.
    """
    values = {name: np.asarray(samples[name], np.float32) for name in model.inputs}
    for name, value in values.items():
        if value.min() < 0:
            raise InputError(
                f"input {name!r} is negative in the data: {value.min():g} has no rate",
                where="data",
                remedy="Take a model whose inputs are not negative.",
            )
    inputs = {name: float(value.max()) or 1.0 for name, value in values.items()}
    neurons: dict[str, float] = {}
    for stage in model.neurons:
        values[stage.target] = np.maximum(stage(values), 0.0)
        neurons[stage.target] = float(np.percentile(values[stage.target], BEYOND)) or 1.0
    return Calibrated(inputs, neurons)


def fire(
    model: RateModel, samples: Mapping[str, NDArray[np.generic]], scale: Calibrated, ticks: int, *, seed: int
) -> Iterator[Fired]:
    """Run a model tick by tick.

    Parameters
    ----------
    model : RateModel
    samples : mapping of str to ndarray, shape (samples, ...)
    scale : Calibrated
    ticks : int
    seed : int
        Of the inputs' random spikes.

    Yields
    ------
    Fired
        After each tick.
    """
    draw = np.random.Generator(np.random.Philox(seed))
    shares = {name: np.minimum(np.asarray(samples[name], np.float32) / top, 1.0) for name, top in scale.inputs.items()}
    counts: Rates = {name: np.zeros_like(share) for name, share in shares.items()}
    for tick in range(1, ticks + 1):
        for name, share in shares.items():
            counts[name] += draw.random(share.shape, np.float32) < share
        values = {name: counts[name] * np.float32(top / tick) for name, top in scale.inputs.items()}
        for stage in model.neurons:
            threshold = scale.neurons[stage.target]
            received = stage(values) * np.float32(tick / threshold)
            before = counts.setdefault(stage.target, np.zeros_like(received))
            counts[stage.target] = before + (received - before >= 1.0)
            values[stage.target] = counts[stage.target] * np.float32(threshold / tick)
        rates = {name: float(count.mean()) / tick for name, count in counts.items()}
        yield Fired(tick, model.stages[-1](values), rates)
