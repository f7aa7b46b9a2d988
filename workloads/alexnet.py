"""AlexNet: Krizhevsky et al., NIPS 2012, with the two groups of its second, fourth and fifth convolutions."""

from __future__ import annotations

from archsim.network import Network
from archsim.workloads import digital
from archsim.workloads.cnn import dense_of_map, max_pool, relu
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.drafting import Draft, Stream
from archsim.workloads.options import Workload, WorkloadOptions

_SIDE, _CLASSES, _HIDDEN = 227, 1000, 4096
_NEIGHBOURS = 5
"""Channels that a local response normalisation sees."""


def _alexnet(options: WorkloadOptions) -> Network:
    return _classified(*_convolved("alexnet"))


def _convolutions(options: WorkloadOptions) -> Network:
    """What accelerators of its day were measured on."""
    draft, stream = _convolved("alexnet-convolutions")
    draft.sink("features", stream)
    return draft.finish()


def _convolved(name: str) -> tuple[Draft, Stream]:
    draft = Draft(name)
    stream = draft.source("image", 3, grid=(_SIDE, _SIDE))
    stream = _normalised(draft, 1, stream, channels=96, kernel=Kernel(11, 4, pad=0))
    stream = _normalised(draft, 2, stream, channels=256, kernel=Kernel(5, groups=2))
    for place, channels, groups in ((3, 384, 1), (4, 384, 2), (5, 256, 2)):
        kernels = convolution(draft, f"conv{place}", stream, channels=channels, kernel=Kernel(3, groups=groups))
        stream = relu(draft, f"relu{place}", kernels)
    return draft, max_pool(draft, "pool5", stream, kernel=Kernel(3, 2, pad=0))


def _normalised(draft: Draft, place: int, inputs: Stream, *, channels: int, kernel: Kernel) -> Stream:
    """A convolution, its activation, normalisation among neighbouring channels, and a pool."""
    active = relu(draft, f"relu{place}", convolution(draft, f"conv{place}", inputs, channels=channels, kernel=kernel))
    even = draft.each(f"norm{place}", digital.local_response_norm(_NEIGHBOURS, channels), active)
    return max_pool(draft, f"pool{place}", even, kernel=Kernel(3, 2, pad=0))


def _classified(draft: Draft, features: Stream) -> Network:
    columns = dense_of_map(draft, "fc6", features, columns=_HIDDEN)
    for place, width in ((7, _HIDDEN), (8, _CLASSES)):
        columns = draft.dense(f"fc{place}", relu(draft, f"relu{place - 1}", columns), width)
    draft.sink("logits", columns)
    return draft.finish()


WORKLOADS = (
    Workload("alexnet", "AlexNet for 227 x 227 images (Krizhevsky 2012)", _alexnet),
    Workload("alexnet-convolutions", "AlexNet's five convolutions, as accelerators are measured on", _convolutions),
)
