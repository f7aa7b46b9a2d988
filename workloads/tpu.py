"""Stand-ins for four of the applications that TPU v1 was measured with (Jouppi et al., ISCA 2017, table 1).

The networks themselves are not public. The table gives kinds and numbers of layers, and weights: here all matrices of
one application are alike and square, and have so many weights together. Of an LSTM, one step is taken: in it, as in
all others, every weight is used once for each sample of a batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.network import Network
from archsim.workloads import digital
from archsim.workloads.cnn import relu
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.drafting import Draft
from archsim.workloads.options import Workload, WorkloadOptions


@dataclass(frozen=True, slots=True)
class Stack:
    """Fully connected layers of one size, each with its activation, and more element-wise layers between them.

    Parameters
    ----------
    name, summary : str
    matrices, width : int
        Of ``width`` x ``width`` weights.
    others : int
        Element-wise layers beyond the matrices' own, spread among them.
    """

    name: str
    summary: str
    matrices: int
    width: int
    others: int = 0

    def workload(self) -> Workload:
        """Its entry in the registry."""
        return Workload(self.name, self.summary, partial(_stack, self))


def _stack(stack: Stack, options: WorkloadOptions) -> Network:
    draft = Draft(stack.name)
    stream = draft.source("features", stack.width)
    kind = "sigmoid" if stack.others else "relu"
    for index in range(stack.matrices):
        columns = draft.dense(f"fc{index}", stream, stack.width)
        stream = draft.each(f"fc{index}.activation", digital.elementwise(kind, stack.width), columns)
        begun, ended = (place * stack.others // stack.matrices for place in (index, index + 1))
        for other in range(begun, ended):
            stream = draft.each(f"gate{other}", digital.elementwise("scale", stack.width), stream)
    draft.sink("outputs", stream)
    return draft.finish()


_LAYERS, _CHANNELS, _SIDE = 16, 236, 19
"""CNN0's 2,888 multiplications per weight byte at a batch of 8 are 361 positions: a board of 19 x 19. 16 x 9 x 236 x
236 are its 8 million weights."""


def _cnn0(options: WorkloadOptions) -> Network:
    draft = Draft("tpu-cnn0")
    stream = draft.source("board", _CHANNELS, grid=(_SIDE, _SIDE))
    for index in range(_LAYERS):
        stream = relu(
            draft, f"relu{index}", convolution(draft, f"conv{index}", stream, channels=_CHANNELS, kernel=Kernel(3))
        )
    draft.sink("values", stream)
    return draft.finish()


WORKLOADS = (
    Stack("tpu-mlp0", "Stand-in for MLP0 of TPU v1: 20 M weights in 5 layers (ISCA 2017)", 5, 2000).workload(),
    Stack("tpu-mlp1", "Stand-in for MLP1 of TPU v1: 5 M weights in 4 layers (ISCA 2017)", 4, 1118).workload(),
    Stack(
        "tpu-lstm0", "Stand-in for a step of LSTM0 of TPU v1: 52 M weights, 58 layers (ISCA 2017)", 24, 1472, 10
    ).workload(),
    Stack(
        "tpu-lstm1", "Stand-in for a step of LSTM1 of TPU v1: 34 M weights, 56 layers (ISCA 2017)", 37, 959
    ).workload(),
    Workload("tpu-cnn0", "Stand-in for CNN0 of TPU v1: 8 M weights in 16 layers (ISCA 2017)", _cnn0),
)
