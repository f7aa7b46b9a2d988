"""A network as a table, and one line about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archsim.network import Layer, Matrix, Network, Sink, Source, layer_macs
from archsim.report.document import Document, Paragraph, Table, names, numbers, section, table
from archsim.report.quantities import counted, engineering, whole
from archsim.report.records import records

if TYPE_CHECKING:
    import pandas as pd


def network_table(network: Network) -> pd.DataFrame:
    """One row per layer, in the network's order.

    Returns
    -------
    DataFrame
        ``layer, kind, tokens, width, grid, rows, columns, groups, weights, macs, inputs``: the weight matrix of one
        group where there is one (0 otherwise), MACs per sample, producers joined by commas.
    """
    import pandas as pd  # late: a third of a start

    return pd.DataFrame([_row(network, layer) for layer in network.order])


def _row(network: Network, layer: Layer) -> dict[str, str | int]:
    matrix = layer.operator if isinstance(layer.operator, Matrix) else None
    return {
        "layer": layer.name,
        "kind": layer.kind,
        "tokens": layer.tokens,
        "width": layer.width,
        "grid": "x".join(map(str, layer.grid)),
        "rows": matrix.weights.rows if matrix else 0,
        "columns": matrix.weights.columns if matrix else 0,
        "groups": matrix.weights.groups if matrix else 0,
        "weights": matrix.macs if matrix else 0,
        "macs": layer_macs(network, layer),
        "inputs": ",".join(edge.source for edge in network.inputs_of(layer.name)),
    }


def network_document(network: Network) -> Document:
    """A network: a line of facts and its layers."""
    frame = network_table(network)
    facts = Paragraph(f"{network.name}: {network_facts(network)}")
    return Document((section(facts), section(_layers(frame))), records(frame), frame)


def _layers(frame: pd.DataFrame) -> Table:
    shapes = zip(frame.rows, frame["columns"], frame["groups"], strict=True)
    return table(
        "",
        names("layer", frame.layer),
        names("kind", frame.kind),
        numbers("tokens", frame.tokens, whole),
        numbers("width", frame.width, whole),
        numbers("weights", (_shape(*shape) for shape in shapes)),
        numbers("MACs", frame.macs, lambda macs: engineering(macs) if macs else ""),
        names("inputs", frame.inputs),
    )


def _shape(rows: int, columns: int, groups: int) -> str:
    return f"{f'{groups} x ' if groups > 1 else ''}{rows} x {columns}" if rows else ""


def network_facts(network: Network) -> str:
    """One line: layers, weights, MACs, inputs and outputs."""
    ends = [
        f"{layer.name} ({layer.tokens} x {layer.width})"
        for kind in (Source, Sink)
        for layer in network.order
        if isinstance(layer.operator, kind)
    ]
    return (
        f"{counted(len(network.layers), 'layer')}, {engineering(network.weights)} weights, "
        f"{engineering(network.macs)} MACs per sample; inputs and outputs (tokens x width): {', '.join(ends)}"
    )
