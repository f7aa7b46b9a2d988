"""Attention inside windows: each token reads its own window's tokens, found by running the model, and no others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from dependencies import Trial
from onnx_exports import Export
from reading import digital
from windowed_attention import cosine, dot, grid_attention, sizes, swin_attention, swin_block, swin_tiny

from archsim.engine import reference
from archsim.lowering import lower
from archsim.mapping import place
from archsim.network import Network, Whole, keys_read, tokens_read
from archsim.network.onnx_import import read_model
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.views import View
from tests.chips import NS, make_chip, make_system

SIDE, WIDTH, HEADS, WINDOW = 8, 12, 2, 4
TOKENS = SIDE * SIDE


def of_map(attend: Callable[[Export, str], str]) -> Export:
    """Attention of a map of tokens that come from the host."""
    export = Export()
    export.output(attend(export, export.input("x", [1, TOKENS, WIDTH])))
    return export


def swin(shift: int, scores: Callable = dot) -> Export:
    return of_map(lambda export, x: swin_attention(export, x, SIDE, WIDTH, HEADS, WINDOW, shift, scores))


def grid(export: Export, x: str) -> str:
    square = export.op("Reshape", x, sizes(export, 1, SIDE, SIDE, WIDTH))
    made = grid_attention(export, square, SIDE, WIDTH, HEADS, WINDOW)
    return export.op("Reshape", made, sizes(export, 1, TOKENS, WIDTH))


def projected_first(export: Export, x: str) -> str:
    """Queries, keys and values of the whole map, cut into windows afterwards (as CSWin does)."""
    across, depth = SIDE // WINDOW, WIDTH // HEADS
    parts = []
    for _ in range(3):
        made = export.linear(x, WIDTH, WIDTH)
        cut = export.op("Reshape", made, sizes(export, across, WINDOW, across, WINDOW, HEADS, depth))
        turned = export.op("Transpose", cut, perm=[0, 2, 4, 1, 3, 5])
        parts.append(export.op("Reshape", turned, sizes(export, across**2, HEADS, WINDOW**2, depth)))
    scores = dot(export, parts[0], export.op("Transpose", parts[1], perm=[0, 1, 3, 2]), depth)
    context = export.op("MatMul", export.op("Softmax", scores, axis=-1), parts[2])
    back = export.op("Reshape", context, sizes(export, across, across, HEADS, WINDOW, WINDOW, depth))
    return export.op("Reshape", export.op("Transpose", back, perm=[0, 3, 1, 4, 2, 5]), sizes(export, 1, TOKENS, WIDTH))


def windows(shift: int, side: int = SIDE) -> np.ndarray:
    """Window of each token of the map in raster order; the shifted map wraps around."""
    place = (np.arange(side) - shift) % side // WINDOW
    return (place[:, None] * side + place).ravel()


def meshes() -> np.ndarray:
    """Tokens of the sparse grid that each token meets: those at the same place within every step."""
    place = np.arange(SIDE) % (SIDE // WINDOW)
    return (place[:, None] * (SIDE // WINDOW) + place).ravel()


MADE: dict[str, tuple[Export, np.ndarray]] = {
    "plain": (swin(0), windows(0)),
    "shifted": (swin(2), windows(2)),
    "shifted by one": (swin(1), windows(1)),
    "cosine": (swin(0, cosine), windows(0)),
    "shifted cosine": (swin(2, cosine), windows(2)),
    "grid": (of_map(grid), meshes()),
    "projected first": (of_map(projected_first), windows(0)),
}
CASES = pytest.mark.parametrize(("export", "group"), MADE.values(), ids=MADE)


def in_raster(trial: Trial, flags: np.ndarray) -> np.ndarray:
    """Flags by output token as flags by position of the map."""
    result = trial.run.tensors[trial.output]
    assert isinstance(result, View)
    return flags[partition(result).token[0, :, 0]]


@CASES
def test_tokens_depend_on_their_window_alone(export: Export, group: np.ndarray) -> None:
    """By running: a token of the input changes the tokens of its window, all of them and no others."""
    trial = Trial(export.model())
    together = group[:, None] == group
    seen = in_raster(trial, trial.seen_by_running())
    assert (seen == together).all()
    assert (in_raster(trial, trial.said()) >= seen).all()


@CASES
def test_each_token_reads_the_keys_of_its_window(export: Export, group: np.ndarray) -> None:
    network = read_model(export.model())
    for kind in ("scores", "context"):
        (layer,) = digital(network, kind)
        assert layer.tokens == TOKENS
        np.testing.assert_array_equal(keys_read(network, layer), np.full(TOKENS, WINDOW**2))
        for edge in network.inputs_of(layer.name):
            counts = tokens_read(edge.access, network.by_name[edge.source].tokens, layer.tokens)
            assert counts.max() == (WINDOW**2 if edge.port == 1 else 1)
            assert not isinstance(edge.access, Whole)


@CASES
def test_macs_are_those_of_windows(export: Export, group: np.ndarray) -> None:
    products = 2 * TOKENS * WINDOW**2 * WIDTH
    projections = TOKENS * WIDTH * WIDTH * (3 if export is MADE["projected first"][0] else 4)
    assert read_model(export.model()).macs == products + projections


@pytest.mark.parametrize("name", ["plain", "shifted", "cosine", "shifted cosine", "grid"])
def test_a_windows_keys_lie_together(name: str) -> None:
    """Projected after they were cut: each window's keys are consecutive tokens, and what is said is what was seen."""
    export, _ = MADE[name]
    network = read_model(export.model())
    for kind in ("scores", "context"):
        (layer,) = digital(network, kind)
        (edge,) = (edge for edge in network.inputs_of(layer.name) if edge.port == 1)
        first, last = edge.access.reach(TOKENS, TOKENS)
        np.testing.assert_array_equal(first, np.arange(TOKENS) // WINDOW**2 * WINDOW**2)
        np.testing.assert_array_equal(last - first, np.full(TOKENS, WINDOW**2 - 1))
    trial = Trial(export.model())
    assert (trial.said() == trial.seen_by_running()).all()


def test_two_blocks_reach_the_neighbouring_windows() -> None:
    """A plain and a shifted block, residuals and all: four of nine windows around, never more than is said."""
    side, export = 12, Export()
    x = swin_block(export, export.input("x", [1, side * side, WIDTH]), side, WIDTH, HEADS, WINDOW)
    export.output(swin_block(export, x, side, WIDTH, HEADS, WINDOW, 2))
    trial = Trial(export.model())
    one, other = (group[:, None] == group for group in (windows(0, side), windows(2, side)))
    seen = in_raster(trial, trial.seen_by_running())
    assert (seen == (other @ one)).all()
    assert (in_raster(trial, trial.said()) >= seen).all()


def test_swin_tiny_has_its_published_size() -> None:
    """28.3 M parameters and 4.5 G MACs at 224 x 224: Liu et al., ICCV 2021, table 1."""
    network = read_model(swin_tiny().model(), name="swin-tiny")
    assert network.weights == pytest.approx(28.3e6, rel=0.01)
    assert network.macs == pytest.approx(4.5e9, rel=0.01)
    products = [layer for kind in ("scores", "context") for layer in digital(network, kind)]
    assert len(products) == 24
    assert all((keys_read(network, layer) == 49).all() for layer in products)


def scores_alone(side: int, window: int, depth: int) -> Network:
    """Products of a map with itself inside windows, straight from the host and back."""
    export = Export()
    x = export.input("x", [1, side * side, depth])
    across = side // window
    cut = export.op("Reshape", x, sizes(export, 1, across, window, across, window, depth))
    rows = export.op(
        "Reshape", export.op("Transpose", cut, perm=[0, 1, 3, 2, 4, 5]), sizes(export, -1, window**2, depth)
    )
    export.output(export.op("MatMul", rows, export.op("Transpose", rows, perm=[0, 2, 1])))
    return read_model(export.model())


@pytest.mark.parametrize("depth", [64, 128])
def test_windows_are_computed_as_they_are_complete(depth: int) -> None:
    """A unit of 16 lanes takes ``depth`` ns a token, the host brings one in as long; the first window starts it."""
    side, window = 8, 4
    network = scores_alone(side, window, depth)
    chip = make_chip(system=make_system(host_bandwidth=8e9))
    makespan = reference.run(lower(place(network, chip), batch=1)).makespan / NS
    first_window = (window - 1) * side + window
    flits = depth // 8
    arrival = first_window * depth + 2 + 2 + flits - 1
    result = 2 + 2 + 2 - 1 + window**2
    assert makespan == arrival + side**2 * depth + 1 + result
