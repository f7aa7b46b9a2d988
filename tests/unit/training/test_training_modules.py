"""Modules on arrays: with ideal arrays they train as PyTorch's own; and what cannot be placed is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from archsim.errors import InputError  # noqa: E402
from archsim.numeric.update import Circuits, Pulses  # noqa: E402
from archsim.torch import OnChip, Sgd, on_chip  # noqa: E402
from archsim.training.algorithms import CellKinds, ExactDevice  # noqa: E402
from archsim.training.algorithms import Sgd as PlainDescent  # noqa: E402
from archsim.training.matrix import ArraySettings  # noqa: E402

torch.set_num_threads(1)
EXACT = Circuits()
IDEAL = ArraySettings(PlainDescent(CellKinds(ExactDevice(), ExactDevice(), Pulses())), 14, 17, EXACT, EXACT)


class Rows(nn.Module):
    """A recurrent layer over the rows of an image, then a linear one on its last output."""

    def __init__(self, recurrent: nn.Module) -> None:
        super().__init__()
        self.recurrent, self.head = recurrent, nn.Linear(12, 4)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.recurrent(image)
        return self.head(outputs[:, -1, :])


class Encoder(nn.Module):
    """Two transformer layers and a mean."""

    def __init__(self, **options: object) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, **options)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(8, 4)

    def forward(self, sequence: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(sequence).mean(dim=1))


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (3, 2), stride=(1, 2), groups=2, padding=(1, 0)), nn.Tanh(),
        nn.Flatten(), nn.Linear(6 * 4 * 2, 4),
    )  # fmt: skip


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "fully connected": (lambda: nn.Sequential(nn.Linear(20, 15), nn.Sigmoid(), nn.Linear(15, 4)), (20,)),
    "without biases": (lambda: nn.Sequential(nn.Linear(20, 15, bias=False), nn.Linear(15, 4, bias=False)), (20,)),
    "convolutional": (convolutional, (1, 8, 8)),
    "one dimension": (
        lambda: nn.Sequential(nn.Conv1d(3, 4, 3, padding="same", dilation=2), nn.Flatten(), nn.Linear(36, 4)),
        (3, 9),
    ),
    "lstm": (lambda: Rows(nn.LSTM(5, 12, batch_first=True)), (3, 5)),
    "bidirectional lstm": (lambda: Rows(nn.LSTM(5, 6, 2, batch_first=True, bidirectional=True)), (3, 5)),
    "gru": (lambda: Rows(nn.GRU(5, 12, batch_first=True)), (3, 5)),
    "plain recurrence": (lambda: Rows(nn.RNN(5, 12, batch_first=True, bias=False)), (3, 5)),
    "transformer": (Encoder, (6, 8)),
    "transformer, normalised first": (lambda: Encoder(norm_first=True), (6, 8)),
}


@pytest.mark.parametrize("name", MODULES)
def test_ideal_arrays_train_as_pytorch(name: str) -> None:
    """100 steps: every weight, digital ones too, within 1e-5 of PyTorch's own."""
    build, shape = MODULES[name]
    torch.manual_seed(0)
    source = build()
    reference, module = copy.deepcopy(source), OnChip(source, IDEAL, seed=0)
    plain, pulsed = torch.optim.SGD(reference.parameters(), lr=0.05), Sgd(module, 0.05)
    loss = nn.CrossEntropyLoss()
    for _ in range(100):
        inputs, labels = torch.randn(4, *shape), torch.randint(0, 4, (4,))
        for trained, optimizer in ((reference, plain), (module, pulsed)):
            optimizer.zero_grad()
            loss(trained(inputs), labels).backward()
            optimizer.step()
    found = copy.deepcopy(source)
    module.give_back(found)
    for (place, wanted), got in zip(reference.named_parameters(), found.parameters(), strict=True):
        np.testing.assert_allclose(got.detach(), wanted.detach(), atol=1e-5, err_msg=place)
    before = dict(source.named_parameters())
    assert any(not torch.equal(before[place], wanted) for place, wanted in reference.named_parameters())


def test_masks_are_pytorchs() -> None:
    """Causal and padding masks, boolean and additive, in evaluation and in training."""
    torch.manual_seed(1)
    source = nn.MultiheadAttention(8, 2, batch_first=True)
    module = OnChip(source, IDEAL, seed=0)
    x = torch.randn(3, 5, 8)
    causal = torch.triu(torch.ones(5, 5, dtype=torch.bool), 1)
    padding = torch.zeros(3, 5, dtype=torch.bool)
    padding[1, 3:] = True
    for given in (
        {"attn_mask": causal},
        {"key_padding_mask": padding},
        {"attn_mask": causal, "key_padding_mask": padding},
    ):
        wanted, _ = source(x, x, x, need_weights=False, **given)
        got, _ = module.module(x, x, x, **given)
        np.testing.assert_allclose(got.detach(), wanted.detach(), atol=1e-5)


def test_a_layer_used_twice_is_placed_once() -> None:
    """Both uses' gradients reach the same weights."""
    torch.manual_seed(2)
    shared = nn.Linear(6, 6)
    source = nn.Sequential(shared, nn.Tanh(), shared)
    reference, module = copy.deepcopy(source), OnChip(source, IDEAL, seed=0)
    assert len(module.arrays) == 1
    for trained, optimizer in (
        (reference, torch.optim.SGD(reference.parameters(), lr=0.1)),
        (module, Sgd(module, 0.1)),
    ):
        trained(torch.ones(2, 6)).square().mean().backward()
        optimizer.step()
    found = copy.deepcopy(source)
    module.give_back(found)
    np.testing.assert_allclose(found[0].weight.detach(), reference[0].weight.detach(), atol=1e-6)


def test_a_schedule_of_the_rate_reaches_the_arrays() -> None:
    """With a factor of 0 after the first step, nothing moves any more."""
    torch.manual_seed(3)
    module = OnChip(nn.Linear(4, 3), IDEAL, seed=0)
    optimizer = Sgd(module, 0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: float(step == 0))
    weights = [module.arrays[0].matrix.weights]
    for _ in range(2):
        module(torch.ones(2, 4)).sum().backward()
        optimizer.step()
        schedule.step()
        weights.append(module.arrays[0].matrix.weights)
    assert (weights[0] != weights[1]).all()
    np.testing.assert_array_equal(weights[1], weights[2])


def test_chips_that_train_take_a_module_by_name() -> None:
    """The update is made of pulses: weights move, counts say by how many steps."""
    torch.manual_seed(4)
    module = on_chip(nn.Sequential(nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 3)), "ecram-mesh-14nm", seed=1)
    optimizer = Sgd(module, 0.1)
    nn.functional.cross_entropy(module(torch.rand(5, 30)), torch.tensor([0, 1, 2, 0, 1])).backward()
    before = module.arrays[1].matrix.weights
    optimizer.step()
    assert (module.arrays[1].matrix.weights != before).any()
    assert module.effort.up > 0 and module.effort.down > 0 and module.effort.batches == 2


def test_evaluations_change_nothing() -> None:
    """Readings without training have draws of their own: the next one in training is the same with and without."""
    torch.manual_seed(5)
    source, x = nn.Linear(10, 4), torch.rand(3, 10)
    outputs = []
    for evaluate in (False, True):
        module = on_chip(source, "ecram-mesh-14nm")
        if evaluate:
            module.eval()
            with torch.no_grad():
                module(x)
            module.train()
        outputs.append(module(x).detach())
    assert torch.equal(*outputs)
    assert module.examples == 3


BAD = [
    (lambda: nn.ReLU(), "none of its layers"),
    (lambda: nn.ConvTranspose2d(1, 1, 3), "ConvTranspose2d"),
    (lambda: nn.LSTM(3, 4, proj_size=2), "projects its state"),
    (lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), "pads by 'circular'"),
    (lambda: nn.MultiheadAttention(8, 2, kdim=4, vdim=4), "keys of another width"),
    (lambda: nn.LSTMCell(3, 4), "LSTMCell"),
]


@pytest.mark.parametrize(("build", "words"), BAD)
def test_what_cannot_be_placed_is_refused(build: Callable[[], nn.Module], words: str) -> None:
    with pytest.raises(InputError, match=words):
        OnChip(build(), IDEAL, seed=0)


def test_chips_that_do_not_train_are_refused() -> None:
    with pytest.raises(InputError, match="does not say how its arrays train"):
        on_chip(nn.Linear(2, 2), "pcm-mesh-14nm")


def test_devices_that_cannot_hold_the_weights_are_refused() -> None:
    layer = nn.Linear(4, 4)
    layer.weight.data.fill_(3.0)
    with pytest.raises(InputError, match=r"hold weights from -0\.8\d* to 1\.\d+ on average"):
        on_chip(layer, "ecram-mesh-14nm")
