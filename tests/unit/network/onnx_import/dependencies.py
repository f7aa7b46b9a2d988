"""Two ways to find which tokens depend on which: what the network's edges say, and what changes when it is run."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort

from archsim.network import NOTHING, Network
from archsim.network.onnx_import.partition import partition
from archsim.network.onnx_import.reader import executed
from archsim.network.onnx_import.views import View

Flags = np.ndarray


def said_by_edges(network: Network, source: str, sink: str) -> Flags:
    """Whether each sink token may depend on each source token, shape ``(sink tokens, source tokens)``."""
    count = network.by_name[source].tokens
    depends = {layer.name: np.zeros((layer.tokens, count), bool) for layer in network.layers}
    depends[source] = np.eye(count, dtype=bool)
    before = -1
    while before != (before := sum(int(flags.sum()) for flags in depends.values())):
        for layer in network.order:
            for edge in network.inputs_of(layer.name):
                first, last = edge.access.reach(network.by_name[edge.source].tokens, layer.tokens)
                for token in np.flatnonzero(first != NOTHING):
                    read = depends[edge.source][first[token] : last[token] + 1]
                    depends[layer.name][token] |= read.any(axis=0)
    return depends[sink]


class Trial:
    """A model that is run on one random input, and again with one token of the input changed."""

    def __init__(self, model: onnx.ModelProto, seed: int = 0) -> None:
        self.run = executed(model, {})
        self.network = self.run.draft.finished("trial")
        options = ort.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(model.SerializeToString(), options)
        (entry,) = model.graph.input
        self.input, self.output = entry.name, model.graph.output[0].name
        view = self.run.tensors[self.input]
        assert isinstance(view, View)
        self.view = view
        self.values = np.random.default_rng(seed).standard_normal(view.shape).astype(np.float32)
        # Unlike additions, since a normalisation takes equal ones away again.
        self.added = np.random.default_rng(seed + 1).uniform(2, 4, view.shape).astype(np.float32)
        self.plain = self._outputs(self.values)

    def _outputs(self, values: np.ndarray) -> np.ndarray:
        return np.asarray(self.session.run([self.output], {self.input: values})[0])

    @property
    def sink(self) -> str:
        return f"{self.output}.out"

    def changed(self, entries: Flags) -> Flags:
        """Entries of the output that change with these entries of the input."""
        moved = self._outputs(self.values + np.where(entries, self.added, np.float32(0)))
        return ~np.isclose(moved, self.plain, rtol=1e-4, atol=1e-5, equal_nan=True)

    def seen_by_running(self) -> Flags:
        """Whether each sink token changes with each source token, shape ``(sink tokens, source tokens)``."""
        result = self.run.tensors[self.output]
        assert isinstance(result, View)
        cut = partition(result)
        sources = self.network.by_name[self.input].tokens
        seen = np.zeros((cut.tokens, sources), bool)
        for token in range(sources):
            seen[np.unique(cut.token[self.changed(self.view.token == token)]), token] = True
        return seen

    def said(self) -> Flags:
        return said_by_edges(self.network, self.input, self.sink)
