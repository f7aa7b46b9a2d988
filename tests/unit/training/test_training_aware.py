"""Hardware-aware training: with perfect cells it is PyTorch's own, with real ones every product is another."""

from __future__ import annotations

import copy

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from archsim.chip import load_chip  # noqa: E402
from archsim.errors import InputError  # noqa: E402
from archsim.torch import hardware_aware  # noqa: E402

torch.set_num_threads(1)
PERFECT = ("tile.array.cell.device=ideal", "tile.input.bits=20", "tile.adc.bits=20", "tile.array.rows=14")


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 5, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(40, 3))


def gradients(module: nn.Module) -> list[np.ndarray]:
    """Of the loss by every parameter that is shaped like one of the network's, in order of size."""
    torch.manual_seed(1)
    inputs, labels = torch.randn(6, 2, 8), torch.tensor([0, 1, 2, 0, 1, 2])
    nn.functional.cross_entropy(module(inputs), labels).backward()
    return sorted((p.grad.numpy().reshape(-1) for p in module.parameters()), key=len)


def test_perfect_cells_have_pytorchs_gradients() -> None:
    """Converters of 20 bits cut what exceeds 99.99 % of the sums; blocks of 14 rows cut the linear layer in three."""
    source = network()
    module = hardware_aware(source, load_chip("pcm-mesh-14nm", PERFECT))
    for got, wanted in zip(gradients(module), gradients(copy.deepcopy(source)), strict=True):
        np.testing.assert_allclose(got, wanted, atol=5e-4)


def test_real_cells_err_anew_in_training_and_alike_in_evaluation() -> None:
    module, x = hardware_aware(network(), "pcm-mesh-14nm"), torch.randn(4, 2, 8)
    exact = network()(x).detach()
    with torch.no_grad():
        first, second = module(x), module(x)
        module.eval()
        third, fourth = module(x), module(x)
    assert not torch.equal(first, second)
    assert torch.equal(third, fourth)
    for found in (first, second, third):
        error = (found - exact).std() / exact.std()
        assert 0.005 < error < 0.6


def test_trained_weights_go_back_and_drift_counts() -> None:
    """Any optimizer trains it; the longer the cells wait, the larger the error."""
    source = network()
    module = hardware_aware(source, "pcm-mesh-14nm")
    before = source[3].weight.clone()
    gradients(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter -= 0.1 * parameter.grad
    module.give_back(source)
    assert not torch.equal(source[3].weight, before)
    np.testing.assert_allclose(source[3].weight.detach(), module.products[1].weight.detach())


def test_chips_without_analog_cells_are_refused() -> None:
    with pytest.raises(InputError, match="longest time"):
        hardware_aware(network(), "pcm-mesh-14nm", longest_s=-1.0)
    with pytest.raises(InputError, match="no numeric model"):
        hardware_aware(network(), "capacitor-mesh-14nm")
