"""Recurrent layers of PyTorch whose weights live on arrays: LSTM, GRU and the plain one.

Each direction of each layer has two matrices, for its inputs and for its state. All steps' inputs are read together,
the state step by step. Errors come back in the order of back-propagation through time, and so do the pulses.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from archsim.training.layers import Held, Place, weights_of

State = tuple[Tensor, ...]
"""Hidden state, and the cell's for an LSTM; shape (batch, hidden) each."""


class Recurrent(nn.Module):
    """In place of ``nn.LSTM``, ``nn.GRU`` and ``nn.RNN``."""

    def __init__(self, source: nn.RNNBase, place: Place) -> None:
        super().__init__()
        self.mode, self.hidden, self.batch_first = source.mode, source.hidden_size, source.batch_first
        self.layers, self.dropout = source.num_layers, source.dropout
        self.suffixes = ("", "_reverse") if source.bidirectional else ("",)
        self.names = [f"l{layer}{suffix}" for layer in range(self.layers) for suffix in self.suffixes]
        self.arrays: list[Held] = [
            place(getattr(source, f"weight_{part}_{name}").detach(), f"{part}_{name}")
            for name in self.names
            for part in ("ih", "hh")
        ]
        self.biases = nn.ParameterList()
        if source.bias:
            for name in self.names:
                self.biases.extend([getattr(source, f"bias_ih_{name}"), getattr(source, f"bias_hh_{name}")])

    def forward(self, inputs: Tensor, state: Tensor | State | None = None) -> tuple[Tensor, Tensor | State]:
        """Outputs of all steps, and the last states, as PyTorch's layers have them."""
        steps = inputs.transpose(0, 1) if self.batch_first else inputs
        first = self._first(state, steps.shape[1])
        last: list[State] = []
        for layer in range(self.layers):
            found = [
                self._direction(layer * len(self.suffixes) + way, steps, first) for way in range(len(self.suffixes))
            ]
            steps = torch.cat([outputs for outputs, _ in found], dim=2)
            last.extend(states for _, states in found)
            if self.dropout and layer < self.layers - 1:
                steps = functional.dropout(steps, self.dropout, self.training)
        stacked = tuple(torch.stack(parts) for parts in zip(*last, strict=True))
        outputs = steps.transpose(0, 1) if self.batch_first else steps
        return outputs, stacked if self.mode == "LSTM" else stacked[0]

    def _first(self, state: Tensor | State | None, batch: int) -> State:
        """Initial states of every direction, shape (directions, batch, hidden) each."""
        if state is None:
            zeros = torch.zeros(len(self.names), batch, self.hidden)
            return (zeros, zeros) if self.mode == "LSTM" else (zeros,)
        return (state,) if isinstance(state, Tensor) else state

    def _direction(self, index: int, steps: Tensor, first: State) -> tuple[Tensor, State]:
        """All steps of one direction of one layer."""
        backwards = index % len(self.suffixes) == 1
        bias = self.biases[2 * index : 2 * index + 2] if len(self.biases) else (0.0, 0.0)
        ordered = steps.flip(0) if backwards else steps
        driven = self.arrays[2 * index].product(ordered, self.training) + bias[0]
        state, outputs = tuple(part[index] for part in first), []
        for step in driven:
            fed_back = self.arrays[2 * index + 1].product(state[0], self.training) + bias[1]
            state = self._step(step, fed_back, state)
            outputs.append(state[0])
        stacked = torch.stack(outputs)
        return (stacked.flip(0) if backwards else stacked), state

    def _step(self, driven: Tensor, fed_back: Tensor, state: State) -> State:
        if self.mode == "LSTM":
            return _lstm(driven + fed_back, state[1])
        if self.mode == "GRU":
            return (_gru(driven, fed_back, state[0]),)
        total = driven + fed_back
        return (torch.tanh(total) if self.mode == "RNN_TANH" else torch.relu(total),)

    def give_back(self, source: nn.RNNBase) -> None:
        """Write the weights as they are now into a layer of floating-point numbers."""
        for index, name in enumerate(self.names):
            for part, place in (("ih", 2 * index), ("hh", 2 * index + 1)):
                getattr(source, f"weight_{part}_{name}").data = weights_of(self.arrays[place])
                if len(self.biases):
                    getattr(source, f"bias_{part}_{name}").data = self.biases[place].data.clone()


def _lstm(total: Tensor, cell: Tensor) -> State:
    i, f, g, o = total.chunk(4, dim=1)
    kept = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(kept), kept


def _gru(driven: Tensor, fed_back: Tensor, hidden: Tensor) -> Tensor:
    (r, z, n), (hr, hz, hn) = driven.chunk(3, dim=1), fed_back.chunk(3, dim=1)
    reset, update = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
    return (1 - update) * torch.tanh(n + reset * hn) + update * hidden
