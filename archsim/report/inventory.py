"""A network as a table, and one line about it."""

from __future__ import annotations

from dataclasses import dataclass

from archsim.columns import Columns, Ids, Texts
from archsim.network import Layer, Matrix, Network, Sink, Source, layer_macs
from archsim.report.document import Document, Paragraph, Table, names, numbers, section, table
from archsim.report.quantities import counted, engineering, whole
from archsim.report.records import records


@dataclass(frozen=True, slots=True, eq=False)
class NetworkTable(Columns):
    """What each layer of a network is, in the network's order.

    Parameters
    ----------
    layer, kind : str, shape (layers,)
    tokens, width : int64, shape (layers,)
    grid : str, shape (layers,)
    rows, columns_, groups : int64, shape (layers,)
        Of the weight matrix of one group, and how many there are; 0 without.
    weights, macs : int64, shape (layers,)
        Multiply-accumulates per sample.
    inputs : str, shape (layers,)
        Producers, joined by commas.
    """

    layer: Texts
    kind: Texts
    tokens: Ids
    width: Ids
    grid: Texts
    rows: Ids
    columns_: Ids
    groups: Ids
    weights: Ids
    macs: Ids
    inputs: Texts


def network_table(network: Network) -> NetworkTable:
    """One row per layer, in the network's order."""
    return NetworkTable.of_rows([_row(network, layer) for layer in network.order])


def _row(network: Network, layer: Layer) -> tuple[str | int, ...]:
    matrix = layer.operator if isinstance(layer.operator, Matrix) else None
    return (
        layer.name,
        layer.kind,
        layer.tokens,
        layer.width,
        "x".join(map(str, layer.grid)),
        matrix.weights.rows if matrix else 0,
        matrix.weights.columns if matrix else 0,
        matrix.weights.groups if matrix else 0,
        matrix.macs if matrix else 0,
        layer_macs(network, layer),
        ",".join(edge.source for edge in network.inputs_of(layer.name)),
    )


def network_document(network: Network) -> Document:
    """A network: a line of facts and its layers."""
    layers = network_table(network)
    facts = Paragraph(f"{network.name}: {network_facts(network)}")
    return Document((section(facts), section(_layers(layers))), records(layers), layers)


def _layers(layers: NetworkTable) -> Table:
    shapes = zip(layers.rows, layers.columns_, layers.groups, strict=True)
    return table(
        "",
        names("layer", layers.layer),
        names("kind", layers.kind),
        numbers("tokens", layers.tokens, whole),
        numbers("width", layers.width, whole),
        numbers("weights", (_shape(*shape) for shape in shapes)),
        numbers("MACs", layers.macs, lambda macs: engineering(macs) if macs else ""),
        names("inputs", layers.inputs),
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
