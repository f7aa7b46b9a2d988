"""Distances of a placement against pairs counted one by one."""

from __future__ import annotations

from itertools import product

import networkx as nx
import numpy as np
import pytest

from archsim import workloads
from archsim.chip import load_chip
from archsim.mapping import Placement, place
from archsim.network import Network
from archsim.report import placement_table
from archsim.report.whereabouts import reading_nodes
from tests.chips import fabric_graph


def brute_force(placement: Placement, network: Network, layer: str) -> tuple[float, float]:
    """Mean links within and between chips, by shortest paths of the fabric's graph for every pair of nodes."""
    plan = placement.floorplan
    graph = fabric_graph(placement.chip.fabric)
    port = int(plan.router[plan.port])
    within, between = [], []
    for edge in network.inputs_of(layer):
        makers = np.unique(placement.homes.node[placement.homes_of(placement.index[edge.source])])
        takers = np.unique(reading_nodes(placement, placement.index[layer]))
        for maker, taker in product(makers.tolist(), takers.tolist()):
            (chip, start), (other, stop) = (divmod(node, plan.nodes) for node in (maker, taker))
            start, stop = int(plan.router[start]), int(plan.router[stop])
            if chip == other:
                within.append(nx.shortest_path_length(graph, start, stop))
                between.append(0)
            else:
                away = nx.shortest_path_length(graph, start, port) + nx.shortest_path_length(graph, port, stop)
                within.append(away)
                # A line of chips.
                between.append(abs(chip - other))
    return float(np.mean(within)), float(np.mean(between))


@pytest.mark.parametrize(
    "overrides",
    [
        ["fabric.rows=8", "fabric.columns=8"],
        ["fabric.rows=4", "fabric.columns=4", "system.topology=line"],
        ["fabric.topology=torus", "fabric.rows=9", "fabric.columns=9"],
    ],
    ids=["two chips", "five chips in a line", "torus"],
)
def test_mean_links_by_brute_force(overrides: list[str]) -> None:
    placement = place(workloads.build("resnet18"), load_chip("pcm-mesh-14nm", overrides))
    table = placement_table(placement).frame().set_index("layer")
    for layer in ("conv1", "layer2.0.conv1", "layer4.0.add", "layer4.1.conv2", "fc"):
        links, chip_links = brute_force(placement, placement.network, layer)
        assert table.loc[layer, "mean_links"] == pytest.approx(links)
        assert table.loc[layer, "mean_chip_links"] == pytest.approx(chip_links)


def test_sources_have_no_distance() -> None:
    placement = place(workloads.build("mlp-hermes"), load_chip("pcm-mesh-14nm"))
    table = placement_table(placement)
    assert np.isnan(table.mean_links).sum() == (table.kind == "source").sum() == 1


def test_blocks_are_counted_as_the_matrix_is_cut() -> None:
    placement = place(workloads.build("mlp-hermes"), load_chip("hermes-core", ["system.chips=as needed"]))
    table = placement_table(placement).frame().set_index("layer")
    array = placement.chip.tile.array
    # 784 x 240 and 240 x 10 weights.
    assert table.loc["fc1", "row_blocks"] == -(-784 // array.logical_rows)
    assert table.loc["fc1", "column_blocks"] == -(-240 // array.logical_columns)
    assert table.loc["fc2", "arrays"] == 1
