"""Names of actors, channels and resources, built from their ids when somebody looks."""

from __future__ import annotations

from archsim.program.tables import Kind, Program, Role


def actor_name(program: Program, actor: int) -> str:
    """Such as ``conv1.integrate[0,2,1]``: layer, role, replica, row block, column block."""
    actors = program.actors
    layer = program.labels.layers[actors.layer[actor]]
    role = Role(int(actors.role[actor])).name.lower()
    return f"{layer}.{role}[{actors.replica[actor]},{actors.row[actor]},{actors.column[actor]}]"


def channel_name(program: Program, channel: int) -> str:
    """Producer and consumer, joined by an arrow."""
    source, target = int(program.channels.source[channel]), int(program.channels.target[channel])
    return f"{actor_name(program, source)} -> {actor_name(program, target)}"


def resource_name(program: Program, resource: int) -> str:
    """Such as ``chip0/node12/array0`` or ``chip0/link 3->4``."""
    return resource_names(program, slice(resource, resource + 1))[0]


def resource_names(program: Program, rows: slice = slice(None)) -> list[str]:
    """Names of some resources, all of them unless told otherwise."""
    table = program.resources.take(rows)
    columns = (column.tolist() for column in (table.kind, table.chip, table.node, table.index, table.label))
    return [
        _resource(kind, chip, node, index, program.labels.resources[label])
        for kind, chip, node, index, label in zip(*columns, strict=True)
    ]


def _resource(kind: int, chip: int, node: int, index: int, label: str) -> str:
    if kind == Kind.CHIP_LINK and node == index:
        # Chips that share their layers: of all links the busiest, which sets the pace.
        return f"chip{chip}/{label}"
    if kind in (Kind.LINK, Kind.CHIP_LINK):
        return f"chip{chip}/{label} {node}->{index}"
    if kind == Kind.HOST:
        return label
    return f"chip{chip}/node{node}/{label}{index}"
