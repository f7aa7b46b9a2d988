"""The names that come with archsim, and what stands behind each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from archsim.chip import chip_names, describe
from archsim.report.document import Document, names, prose, section, table

if TYPE_CHECKING:
    from pydantic import JsonValue


def network_list() -> Document:
    """The named networks and trained models."""
    from archsim import workloads
    from archsim.workloads.trained import TRAINED

    known = [(name, workloads.describe(name)) for name in workloads.names()]
    known += [(model.name, f"trained: {model.summary}") for model in TRAINED]
    return _listed("Networks: archsim run NAME", known)


def chip_list() -> Document:
    """The chips."""
    return _listed("Chips: archsim run NETWORK --chip NAME", [(name, describe(name)) for name in chip_names()])


def _listed(title: str, known: Sequence[tuple[str, str]]) -> Document:
    called, described = zip(*known, strict=True)
    shown = table(title, names("name", called), prose("what it is", described))
    data: JsonValue = [{"name": name, "summary": summary} for name, summary in known]
    return Document((section(shown),), data)


def cost_list() -> Document:
    """The cost models."""
    from archsim.cost import models

    known = sorted(models(), key=lambda model: (model.kind, model.name))
    shown = table(
        "Cost models: archsim show cost COMPONENT --model NAME",
        names("component", (str(model.kind) for model in known)),
        names("model", (model.name for model in known)),
        prose("fitted for", (model.validity for model in known)),
    )
    data: JsonValue = [
        {"component": str(model.kind), "model": model.name, "validity": model.validity} for model in known
    ]
    return Document((section(shown),), data)


def everything() -> Document:
    """Networks and chips: what a run is made of."""
    networks, chips = network_list(), chip_list()
    return Document((*networks.sections, *chips.sections), {"networks": networks.data, "chips": chips.data})
