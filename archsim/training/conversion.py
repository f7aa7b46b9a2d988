"""A user's module with the weights of its layers on a chip's arrays, and the optimizer that pulses them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from archsim.chip import Chip, load_chip
from archsim.errors import InputError
from archsim.functional import crossbar_settings
from archsim.numeric import CrossbarSettings, Stream
from archsim.numeric.guards import at_least
from archsim.training.algorithms import Effort
from archsim.training.aware import AwareProduct
from archsim.training.layers import Attention, Convolution, Held, Linear
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
        self.arrays: list[Arrays] = []
        """Every weight matrix on arrays, in the order of the module's layers."""

        def hold(weight: Tensor, name: str) -> Arrays:
            stream = Stream(seed, (len(self.arrays),))
            matrix = placed(weight.detach().numpy().T.copy(), settings, stream, name)
            self.arrays.append(Arrays(name, matrix))
            return self.arrays[-1]

        self.module = converted(source, hold)
        self.examples = 0

    def forward(self, *inputs: Tensor) -> Tensor:
        """As of the source; examples are counted along the first axis."""
        if self.training:
            self.examples += len(inputs[0])
        outputs: Tensor = self.module(*inputs)
        return outputs

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
        give_back(self.module, source)


class HardwareAware(nn.Module):
    """A module in floating point whose products are computed as a chip's arrays would, for hardware-aware training.

    Weights are parameters, which any optimizer of PyTorch trains; in training, every product has programming errors of
    its own and is read at a time of its own; in evaluation, at one and the same.

    Parameters
    ----------
    source : nn.Module
        Left as it is.
    settings : CrossbarSettings
    limits : tuple of int
        Rows and columns of an array, in weights.
    seed : int
    longest_s : float
        Times since programming are drawn up to this one, evenly in their logarithm.
    """

    def __init__(
        self, source: nn.Module, settings: CrossbarSettings, limits: tuple[int, int], seed: int, longest_s: float
    ) -> None:
        super().__init__()
        self.products = nn.ModuleList()

        def hold(weight: Tensor, name: str) -> AwareProduct:
            stream = Stream(seed, (len(self.products),))
            product = AwareProduct(name, weight, settings, limits, stream, longest_s)
            self.products.append(product)
            return product

        self.module = converted(source, hold)

    def forward(self, *inputs: Tensor) -> Tensor:
        """As of the source."""
        outputs: Tensor = self.module(*inputs)
        return outputs

    def give_back(self, source: nn.Module) -> None:
        """Write all weights as they are now into a module like the one that this was made from."""
        give_back(self.module, source)


def give_back(module: nn.Module, source: nn.Module) -> None:
    """Write the weights of a converted module into one like that which it was made from."""
    here = dict(module.named_modules())
    for name, layer in source.named_modules():
        found = here.get(name)
        if isinstance(found, Linear | Convolution | Recurrent | Attention):
            found.give_back(layer)
    digital = dict(module.named_parameters())
    for name, parameter in source.named_parameters():
        if name in digital:
            parameter.data = digital[name].data.clone()


Hold = Callable[[Tensor, str], Held]
"""Takes a weight matrix, shape (outputs, inputs), to arrays; with the name of its layer."""


def converted(source: nn.Module, hold: Hold) -> nn.Module:
    """A copy of a module with layers over arrays in place of its own; a layer that is used twice is held once.

    Raises
    ------
    InputError
        If there is no layer with weights for arrays, or one that cannot be placed.
    """
    made: dict[int, Placed] = {}
    own = copy.deepcopy(source)
    # All are kept until the end, so that the identity of one is no other's.
    kept = list(own.modules())
    module = _converted(own, "", hold, made)
    del kept
    if not made:
        raise InputError(
            "none of its layers has weights that arrays can hold",
            where="module",
            remedy=f"Give a module with {_LAYERS}.",
        )
    return module


def _converted(module: nn.Module, name: str, hold: Hold, made: dict[int, Placed]) -> nn.Module:
    if id(module) in made:
        return made[id(module)]
    layer = _layer(module, name, hold)
    if layer is not None:
        made[id(module)] = layer
        return layer
    for part, child in list(module._modules.items()):
        if child is not None:
            setattr(module, part, _converted(child, f"{name}.{part}" if name else part, hold, made))
    return module


def _layer(module: nn.Module, name: str, hold: Hold) -> Placed | None:
    if isinstance(module, _REFUSED):
        raise InputError(
            f"arrays cannot take the weights of a {type(module).__name__}",
            where=f"layer {name!r}",
            remedy=f"Write it with {_LAYERS}.",
        )
    make = _maker(module, name)
    if make is None:
        return None
    whole = name or "the module"
    return make(lambda weight, part: hold(weight, whole if part == "weight" else f"{name}.{part}"))


def _maker(module: nn.Module, name: str) -> Callable[[Hold], Placed] | None:
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


def hardware_aware(module: nn.Module, chip: Chip | str, *, seed: int = 0, longest_s: float = 3600.0) -> HardwareAware:
    """A module in floating point that is trained for a chip: noise, converters and drift are in its products.

    Parameters
    ----------
    module : nn.Module
        Left as it is; ``give_back`` writes trained weights into it.
    chip : Chip or str
        Any with analog arrays; or a preset's name, or a chip file. Its device is that of ``tile.array.cell``.
    seed : int
        Of all draws.
    longest_s : float
        Times since programming are drawn up to this one.

    Raises
    ------
    InputError
        If the chip's cells have no numeric model, or a layer cannot be placed.
    """
    at_least(longest_s, 0.0, "longest time since programming (s)")
    described = load_chip(chip) if isinstance(chip, str) else chip
    array = described.analog.array
    limits = array.logical_rows, array.logical_columns
    return HardwareAware(module, crossbar_settings(described), limits, seed, longest_s)
