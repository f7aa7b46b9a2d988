"""The names that come with archsim, and what stands behind each."""

from __future__ import annotations

import pandas as pd

from archsim import workloads
from archsim.chip import chip_names, describe
from archsim.cost import models
from archsim.report.document import Column, Document, Table, names, prose, section, table
from archsim.report.records import records
from archsim.workloads.trained import TRAINED


def network_list() -> Document:
    """The named networks and trained models."""
    known = (*workloads.names(), *(model.name for model in TRAINED))
    summaries = (*map(workloads.describe, workloads.names()), *(f"trained: {model.summary}" for model in TRAINED))
    frame = pd.DataFrame({"name": known, "summary": summaries})
    return _listed(table("Networks: archsim run NAME", *_described(frame)), frame)


def chip_list() -> Document:
    """The chips."""
    known = chip_names()
    frame = pd.DataFrame({"name": known, "summary": [describe(name) for name in known]})
    return _listed(table("Chips: archsim run NETWORK --chip NAME", *_described(frame)), frame)


def _described(frame: pd.DataFrame) -> tuple[Column, Column]:
    return names("name", frame["name"]), prose("what it is", frame["summary"])


def cost_list() -> Document:
    """The cost models."""
    known = sorted(models(), key=lambda model: (model.kind, model.name))
    rows = [(str(model.kind), model.name, model.validity) for model in known]
    frame = pd.DataFrame(rows, columns=["component", "model", "validity"])
    title = "Cost models: archsim show cost COMPONENT --model NAME"
    columns = names("component", frame["component"]), names("model", frame["model"])
    return _listed(table(title, *columns, prose("fitted for", frame["validity"])), frame)


def _listed(shown: Table, frame: pd.DataFrame) -> Document:
    return Document((section(shown),), records(frame), frame)


def everything() -> Document:
    """Networks and chips: what a run is made of."""
    networks, chips = network_list(), chip_list()
    return Document((*networks.sections, *chips.sections), {"networks": networks.data, "chips": chips.data})
