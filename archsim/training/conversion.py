"""A user's module with the weights of its layers on a chip's arrays, and the optimizer that pulses them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from archsim.chip import Chip, load_chip
from archsim.errors import InputError
from archsim.numeric import Stream
from archsim.training.algorithms import Effort
from archsim.training.layers import Attention, Convolution, Linear
from archsim.training.matrix import ArraySettings, placed
from archsim.training.products import Arrays
from archsim.training.recurrent import Recurrent
from archsim.training.settings import array_settings

Placed: TypeAlias = Linear | Convolution | Recurrent | Attention
_LAYERS = "nn.Linear, nn.Conv1d, nn.Conv2d, nn.LSTM, nn.GRU, nn.RNN or nn.MultiheadAttention"
_REFUSED = (nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Bilinear, nn.RNNCellBase)


class OnChip(nn.Module):
    """A module whose linear, convolution, recurrent and attention weights live on arrays.

    Parameters
    ----------
    source : nn.Module
        With weights in floating point; it is left as it is.
    settings : ArraySettings
    seed : int
        Of the devices and of all noise.
    """

    def __init__(self, source: nn.Module, settings: ArraySettings, seed: int) -> None:
        super().__init__()
        self._settings, self._seed, self._placed = settings, seed, 0
        self._made: dict[int, Placed] = {}
        own = copy.deepcopy(source)
        # All are kept until the end, so that the identity of one is no other's.
        kept = list(own.modules())
        self.module = self._converted(own, "")
        del kept
        if not self._made:
            raise InputError(
                "none of its layers has weights that arrays can hold",
                where="module",
                remedy=f"Give a module with {_LAYERS}.",
            )
        self.examples = 0

    def forward(self, *inputs: Tensor) -> Tensor:
        """As of the source; examples are counted along the first axis."""
        if self.training:
            self.examples += len(inputs[0])
        outputs: Tensor = self.module(*inputs)
        return outputs

    @property
    def arrays(self) -> list[Arrays]:
        """Every weight matrix on arrays, in the order of the module's layers."""
        return [arrays for layer in self._made.values() for arrays in layer.arrays]

    @property
    def effort(self) -> Effort:
        """Of all updates until now."""
        return sum((arrays.effort for arrays in self.arrays), Effort())

    def update(self, rate: float) -> None:
        """Pulse all arrays with what was differentiated since the last time."""
        for arrays in self.arrays:
            arrays.update(rate, self.examples)
        self.examples = 0

    def give_back(self, source: nn.Module) -> None:
        """Write all weights as they are now into a module like the one that this was made from."""
        here = dict(self.module.named_modules())
        for name, layer in source.named_modules():
            found = here.get(name)
            if isinstance(found, Linear | Convolution | Recurrent | Attention):
                found.give_back(layer)
        digital = dict(self.module.named_parameters())
        for name, parameter in source.named_parameters():
            if name in digital:
                parameter.data = digital[name].data.clone()

    def _converted(self, module: nn.Module, name: str) -> nn.Module:
        if id(module) in self._made:
            return self._made[id(module)]
        made = self._layer(module, name)
        if made is not None:
            self._made[id(module)] = made
            return made
        for part, child in list(module._modules.items()):
            if child is not None:
                setattr(module, part, self._converted(child, f"{name}.{part}" if name else part))
        return module

    def _layer(self, module: nn.Module, name: str) -> Placed | None:
        if isinstance(module, _REFUSED):
            raise InputError(
                f"arrays cannot take the weights of a {type(module).__name__}",
                where=f"layer {name!r}",
                remedy=f"Write it with {_LAYERS}.",
            )
        make = _maker(module, name)
        return None if make is None else make(self._placer(name))

    def _placer(self, layer: str) -> Callable[[Tensor, str], Arrays]:
        def place(weight: Tensor, part: str) -> Arrays:
            stream = Stream(self._seed, (self._placed,))
            self._placed += 1
            name = layer if part == "weight" else f"{layer}.{part}"
            matrix = placed(weight.detach().numpy().T.copy(), self._settings, stream, name or "the module")
            return Arrays(name, matrix)

        return place


def _maker(module: nn.Module, name: str) -> Callable[[Callable[[Tensor, str], Arrays]], Placed] | None:
    """What makes a layer on arrays of one in floating point; None where it has no weights for them."""
    if isinstance(module, nn.Linear):
        return lambda place: Linear(module, place)
    if isinstance(module, nn.Conv1d | nn.Conv2d):
        _check(module.padding_mode == "zeros", f"pads by {module.padding_mode!r}", "Pad before it.", name)
        return lambda place: Convolution(module, place)
    if isinstance(module, nn.RNNBase):
        _check(not getattr(module, "proj_size", 0), "projects its state", "Project by an nn.Linear behind it.", name)
        return lambda place: Recurrent(module, place)
    if isinstance(module, nn.MultiheadAttention):
        _check(module._qkv_same_embed_dim, "has keys of another width", "Project them by an nn.Linear.", name)
        _check(module.bias_k is None and not module.add_zero_attn, "adds keys of its own", "Leave them out.", name)
        return lambda place: Attention(module, place)
    return None


def _check(fine: bool, what: str, remedy: str, name: str) -> None:
    if not fine:
        raise InputError(f"the layer {what}, which is not modelled on arrays", where=f"layer {name!r}", remedy=remedy)


class Sgd(torch.optim.SGD):
    """Descent for a module on a chip: pulses for its arrays, plain steps for everything else.

    Parameters
    ----------
    module : OnChip
    rate : float
        Learning rate of both.
    """

    def __init__(self, module: OnChip, rate: float) -> None:
        # A group without parameters is none to PyTorch; one that gets no gradient changes nothing.
        parameters = list(module.parameters()) or [nn.Parameter(torch.zeros(()))]
        super().__init__(parameters, lr=rate)
        self._module = module

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Update everything by the gradients since the last step."""
        super().step()
        self._module.update(self.param_groups[0]["lr"])


def on_chip(module: nn.Module, chip: Chip | str, *, seed: int = 0) -> OnChip:
    """A module whose weights live on a chip's arrays: forward, backward and update.

    Parameters
    ----------
    module : nn.Module
        With initial weights; its layers are written to arrays, everything else stays PyTorch's. Left as it is.
    chip : Chip or str
        With a section ``tile.training``; or a preset's name, or a chip file.
    seed : int
        Of the devices and of all noise.

    Returns
    -------
    OnChip
        Called as the module; ``Sgd`` trains it.

    Raises
    ------
    InputError
        If the chip does not train, a layer cannot be placed, or the devices cannot hold its weights.
    """
    described = load_chip(chip) if isinstance(chip, str) else chip
    return OnChip(module, array_settings(described), seed)
