"""Train the small models of ``workloads/trained``: needs torch, scikit-learn and onnx, which archsim itself does not.

    python scripts/train_models.py workloads/trained

Three classifiers of scikit-learn's 8 x 8 digits (1,437 images to train, 360 to test) and a character LSTM on the text
of Python's own language reference (``pydoc_data.topics``). All are trained with noise on their weights, as
hardware-aware training does (Joshi et al., Nat. Commun. 11:2473, 2020), so that they bear the errors of analog arrays.
Takes about five minutes on two cores. Results differ in the last digits between versions of torch.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

SEED = 7
OPSET = 17
CALIBRATION = 128
"""Samples of the training set that are stored for the calibration of converters."""
STEPS = 32
"""Characters that the language model sees."""
TEST_TEXTS = 200


@dataclass(frozen=True)
class Samples:
    """Inputs with what a model should say about them."""

    inputs: Tensor
    labels: Tensor


class Cnn(nn.Module):
    """Three convolutions and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(32 * 4, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.relu(self.conv1(image / 16))
        x = self.pool(torch.relu(self.conv2(x)))
        x = self.pool(torch.relu(self.conv3(x)))
        return self.head(x.flatten(1))


class Lstm(nn.Module):
    """Reads an image row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 48, batch_first=True)
        self.head = nn.Linear(48, 10)

    def forward(self, image: Tensor) -> Tensor:
        states, _ = self.lstm(image.squeeze(1) / 16)
        return self.head(states[:, -1])


class Block(nn.Module):
    """A transformer's layer, normalised before its parts."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm1(x)
        query, key, value = (self._split(part(normed)) for part in (self.query, self.key, self.value))
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        context = (scores.softmax(-1) @ value).transpose(1, 2).flatten(2)
        x = x + self.out(context)
        return x + self.down(torch.relu(self.up(self.norm2(x))))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class Transformer(nn.Module):
    """Two layers over the rows of an image."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 32)
        self.place = nn.Parameter(0.1 * torch.randn(8, 32))
        self.blocks = nn.Sequential(Block(32, 4), Block(32, 4))
        self.norm = nn.LayerNorm(32)
        self.head = nn.Linear(32, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.embed(image.squeeze(1) / 16) + self.place
        return self.head(self.norm(self.blocks(x)).mean(1))


class CharacterLstm(nn.Module):
    """Says the next character after each one."""

    def __init__(self, characters: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(characters, 24)
        self.lstm = nn.LSTM(24, 96, batch_first=True)
        self.head = nn.Linear(96, characters)

    def forward(self, text: Tensor) -> Tensor:
        states, _ = self.lstm(self.embed(text))
        return self.head(states)


@contextmanager
def noisy_weights(model: nn.Module, share: float) -> Iterator[None]:
    """Gaussian noise on every weight matrix, relative to the largest weight of each output."""
    matrices = [weight for weight in model.parameters() if weight.dim() > 1]
    noise = [share * weight.abs().amax(tuple(range(1, weight.dim())), keepdim=True) for weight in matrices]
    noise = [scale.detach() * torch.randn_like(weight) for scale, weight in zip(noise, matrices, strict=True)]
    with torch.no_grad():
        for weight, part in zip(matrices, noise, strict=True):
            weight.add_(part)
    yield
    with torch.no_grad():
        for weight, part in zip(matrices, noise, strict=True):
            weight.sub_(part)


def train(model: nn.Module, samples: Samples, *, epochs: int, rate: float, noise: float, batch: int = 64) -> nn.Module:
    """Minimise the cross-entropy with weights that are disturbed at every step."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for chosen in torch.randperm(len(samples.inputs)).split(batch):
            optimiser.zero_grad()
            with noisy_weights(model, noise):
                scores = model(samples.inputs[chosen])
                loss = nn.functional.cross_entropy(scores.flatten(0, -2), samples.labels[chosen].flatten())
                loss.backward()
            optimiser.step()
            clip(model)
        schedule.step()
    return model.eval()


def clip(model: nn.Module) -> None:
    """Keep weights within 2.5 standard deviations, so that no single one sets the range of its column."""
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                weight.clamp_(-2.5 * weight.std(), 2.5 * weight.std())


def accuracy(model: nn.Module, samples: Samples) -> float:
    with torch.no_grad():
        return (model(samples.inputs).argmax(-1) == samples.labels).float().mean().item()


def export(model: nn.Module, example: Tensor, path: Path, names: tuple[str, str]) -> None:
    """Write the model as ONNX, with an open batch."""
    axes = {name: {0: "batch"} for name in names}
    torch.onnx.export(
        model, (example,), path, input_names=[names[0]], output_names=[names[1]], dynamic_axes=axes,
        opset_version=OPSET, dynamo=False,
    )  # fmt: skip


def digits() -> tuple[Samples, Samples]:
    """Training and test images, shape (samples, 1, 8, 8), values 0 to 16."""
    images, labels = load_digits(return_X_y=True)
    split = train_test_split(images.reshape(-1, 1, 8, 8), labels, test_size=360, random_state=SEED, stratify=labels)
    train_x, test_x, train_y, test_y = split
    return Samples(_floats(train_x), torch.as_tensor(train_y)), Samples(_floats(test_x), torch.as_tensor(test_y))


def _floats(values: NDArray[np.float64]) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32)


def texts() -> tuple[Samples, Samples, str]:
    """Pieces of the language reference, shape (samples, STEPS), and the alphabet; every tenth topic is for testing."""
    kept = sorted({letter for topic in topics.values() for letter in topic.lower() if letter.isascii()})
    alphabet = "".join(letter for letter in kept if letter.isprintable() or letter == "\n")
    names = sorted(topics)
    test = [topics[name] for index, name in enumerate(names) if index % 10 == 0]
    rest = [topics[name] for index, name in enumerate(names) if index % 10]
    chosen = torch.Generator().manual_seed(SEED)
    parts = _pieces(test, alphabet)
    few = torch.randperm(len(parts.inputs), generator=chosen)[:TEST_TEXTS]
    return _pieces(rest, alphabet), Samples(parts.inputs[few], parts.labels[few]), alphabet


def _pieces(documents: list[str], alphabet: str) -> Samples:
    place = {letter: index for index, letter in enumerate(alphabet)}
    codes = torch.tensor([place[letter] for text in documents for letter in text.lower() if letter in place])
    rows = codes[: len(codes) // (STEPS + 1) * (STEPS + 1)].reshape(-1, STEPS + 1)
    return Samples(rows[:, :-1], rows[:, 1:])


def store(path: Path, name: str, train_set: Samples, test_set: Samples) -> None:
    """Test data beside the model, and a few training samples for calibration."""
    np.savez_compressed(
        path,
        **{name: _bytes(test_set.inputs), "labels": _bytes(test_set.labels)},
        **{f"calibration.{name}": _bytes(train_set.inputs[:CALIBRATION])},
    )


def _bytes(values: Tensor) -> NDArray[np.int8]:
    return values.numpy().astype(np.int8)


@dataclass(frozen=True)
class Recipe:
    """How a classifier of digits is made and trained."""

    name: str
    build: Callable[[], nn.Module]
    rate: float
    epochs: int


DIGITS = (
    Recipe("digits-cnn", Cnn, 3e-3, 60),
    Recipe("digits-lstm", Lstm, 5e-3, 60),
    Recipe("digits-transformer", Transformer, 3e-3, 40),
)
TEXT = "characters-lstm"


def train_digits(directory: Path, recipe: Recipe) -> None:
    train_set, test_set = digits()
    store(directory / "digits.npz", "image", train_set, test_set)
    torch.manual_seed(SEED)
    model = train(recipe.build(), train_set, epochs=recipe.epochs, rate=recipe.rate, noise=0.05)
    export(model, test_set.inputs[:1], directory / f"{recipe.name}.onnx", ("image", "scores"))
    print(f"{recipe.name}: test accuracy {accuracy(model, test_set):.4f}")


def train_text(directory: Path) -> None:
    train_set, test_set, alphabet = texts()
    store(directory / "characters.npz", "text", train_set, test_set)
    torch.manual_seed(SEED)
    model = train(CharacterLstm(len(alphabet)), train_set, epochs=8, rate=4e-3, noise=0.03, batch=128)
    export(model, test_set.inputs[:1], directory / f"{TEXT}.onnx", ("text", "scores"))
    print(f"{TEXT}: {len(alphabet)} characters, test accuracy {accuracy(model, test_set):.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="where the models go")
    parser.add_argument("--only", choices=(*(recipe.name for recipe in DIGITS), TEXT), help="train only this one")
    given = parser.parse_args()
    # Models as small as these gain nothing from more threads.
    torch.set_num_threads(1)
    for recipe in DIGITS:
        if given.only in (None, recipe.name):
            train_digits(given.directory, recipe)
    if given.only in (None, TEXT):
        train_text(given.directory)


if __name__ == "__main__":
    main()
