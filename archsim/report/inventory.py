"""A network as a table, and one line about it."""

from __future__ import annotations

import pandas as pd
from rich.table import Table

from archsim.network import Digital, Layer, Matrix, Network, Sink, Source, layer_macs
from archsim.report.quantities import counted, engineering, whole
from archsim.report.table import names, numbers, plain_table


def network_table(network: Network) -> pd.DataFrame:
    """One row per layer, in the network's order.

    Returns
    -------
    DataFrame
        ``layer, kind, tokens, width, grid, rows, columns, groups, weights, macs, inputs``: the weight matrix of one
        group where there is one (0 otherwise), MACs per sample, producers joined by commas.
    """
    return pd.DataFrame([_row(network, layer) for layer in network.order])


def _row(network: Network, layer: Layer) -> dict[str, str | int]:
    matrix = layer.operator if isinstance(layer.operator, Matrix) else None
    return {
        "layer": layer.name,
        "kind": kind_of(layer),
        "tokens": layer.tokens,
        "width": layer.width,
        "grid": "x".join(map(str, layer.grid)),
        "rows": matrix.rows if matrix else 0,
        "columns": matrix.columns if matrix else 0,
        "groups": matrix.groups if matrix else 0,
        "weights": matrix.macs if matrix else 0,
        "macs": layer_macs(network, layer),
        "inputs": ",".join(edge.source for edge in network.inputs_of(layer.name)),
    }


def network_view(network: Network) -> Table:
    """The table for the terminal."""
    table = network_table(network)
    shapes = zip(table["rows"], table["columns"], table["groups"], strict=True)
    return plain_table(
        "",
        names("layer", table["layer"]),
        names("kind", table["kind"]),
        numbers("tokens", map(whole, table["tokens"])),
        numbers("width", map(whole, table["width"])),
        numbers("weights", (_shape(*shape) for shape in shapes)),
        numbers("MACs", (engineering(macs) if macs else "" for macs in table["macs"])),
        names("inputs", table["inputs"]),
    )


def _shape(rows: int, columns: int, groups: int) -> str:
    return f"{f'{groups} x ' if groups > 1 else ''}{rows} x {columns}" if rows else ""


def kind_of(layer: Layer) -> str:
    """The operator in one word."""
    return layer.operator.kind if isinstance(layer.operator, Digital) else type(layer.operator).__name__.lower()


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
