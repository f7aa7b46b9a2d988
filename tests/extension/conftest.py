"""The package of extensions, installed as far as Python can tell: its folder is on the path, entry points and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archsim.chip.tile_kinds import tile_kinds
from archsim.cost.registry import models
from archsim.network.onnx_import.registry import added_operators
from archsim.registration import installed
from archsim.topology import topologies
from archsim.training.algorithms import methods

PLUGINS = Path(__file__).parent / "plugins"
REGISTRIES = (installed, tile_kinds, models, added_operators, topologies, methods)


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the registries find the package, and forget it afterwards."""
    monkeypatch.syspath_prepend(str(PLUGINS))
    for registry in REGISTRIES:
        registry.cache_clear()
    yield
    for registry in REGISTRIES:
        registry.cache_clear()
