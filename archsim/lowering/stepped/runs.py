"""The steps of layers through all of their passes: each becomes an actor, with others that fetch and send for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from archsim.columns import Ids
from archsim.lowering.stepped.passes import Questions, Work
from archsim.machine.memories import Stored, memory_for, memory_service
from archsim.machine.stepped import Product, Spent, SteppedUnit, Steps
from archsim.machine.vector_unit import spread
from archsim.mapping import Placement
from archsim.network import Digital, Layer
from archsim.program import Kind, Role

MOST_STEPS = 1 << 13
"""Steps of one layer in a round: where it has more folds, a step is several. What is fetched and computed stays the
same; only how much of a layer's first fetch nothing hides becomes as coarse as one step of so many."""


@dataclass(frozen=True)
class Run:
    """One stage of a layer in one round, through all passes.

    Parameters
    ----------
    layer : int
    steps : Steps
        Of all passes, one behind the other; ``done`` begins anew with each.
    passes : int64, shape (passes,)
        Rows of the plan's passes.
    ends : int64, shape (passes,)
        Steps when each pass ends.
    """

    layer: int
    steps: Steps
    passes: Ids
    ends: Ids

    @cached_property
    def starts(self) -> Ids:
        """Steps when each pass begins."""
        return np.concatenate([[0], self.ends[:-1]])

    def __len__(self) -> int:
        return len(self.steps)

    def made(self, bits: Ids) -> Ids:
        """Of so many bits of results in each pass, what each step makes."""
        each = zip(bits.tolist(), self.pass_steps(), strict=True)
        return np.concatenate([spread(float(whole), self.steps.done[steps]) for whole, steps in each])

    def pass_steps(self) -> Iterator[slice]:
        """The steps of each pass."""
        for start, end in zip(self.starts.tolist(), self.ends.tolist(), strict=True):
            yield slice(start, end)


def layer_runs(questions: Questions, unit: SteppedUnit, layer: int) -> tuple[Run, ...]:
    """The stages of a layer that the device works on: one, or products with something element-wise behind them."""
    plan, placement = questions.plan, questions.placement
    numbers = np.flatnonzero(plan.passes.layer == layer)
    most = max(1, MOST_STEPS // len(numbers))
    known: dict[tuple[tuple[Work, ...], ...], tuple[Steps, ...]] = {}
    answers = []
    for number in numbers.tolist():
        asked = questions.stages(number)
        if asked not in known:
            known[asked] = tuple(_answer(placement, unit, works, most, layer) for works in asked)
        answers.append(known[asked])
    return tuple(_joined(layer, numbers, stages) for stages in zip(*answers, strict=True))


def _answer(placement: Placement, unit: SteppedUnit, works: tuple[Work, ...], most: int, layer: int) -> Steps:
    described = placement.network.order[layer]
    if isinstance(described.operator, Digital) and described.operator.table:
        return _looked_up(placement, described, works)
    each = max(1, most // len(works))
    answers = [
        unit.product(work, each) if isinstance(work, Product) else unit.elementwise(work, each) for work in works
    ]
    return _concatenated(answers)


def _looked_up(placement: Placement, layer: Layer, works: tuple[Work, ...]) -> Steps:
    """Rows of a table, read from memory."""
    name, memory = memory_for(placement.chip, Stored.TABLES, layer.name)
    bits = works[0].operands.outputs
    access = memory_service(memory, float(bits))
    none = np.zeros(1, np.int64)
    return Steps(
        role=Role.READ,
        resource=Kind.MEMORY,
        label=name,
        interval=np.array([access.interval], np.int64),
        latency=access.latency - access.interval,
        inputs=none,
        weights=none,
        outputs=none + works[0].operands.outputs_written,
        done=np.ones(1),
        ahead=1,
        spent=(Spent(name, "read_bit", float(bits)),),
    )


def _concatenated(parts: list[Steps]) -> Steps:
    """Steps one behind the other, of products that together make one pass: each finishes its share of the results."""
    if len(parts) == 1:
        return parts[0]
    count = len(parts)
    first = parts[0]
    return Steps(
        role=first.role,
        resource=first.resource,
        label=first.label,
        interval=np.concatenate([part.interval for part in parts]),
        latency=first.latency,
        inputs=np.concatenate([part.inputs for part in parts]),
        weights=np.concatenate([part.weights for part in parts]),
        outputs=np.concatenate([part.outputs for part in parts]),
        done=np.concatenate([(place + part.done) / count for place, part in enumerate(parts)]),
        ahead=min(part.ahead for part in parts),
        spent=tuple(spent for part in parts for spent in part.spent),
        apart=first.apart,
    )


def _joined(layer: int, numbers: Ids, stages: tuple[Steps, ...]) -> Run:
    """The steps of all passes of a stage."""
    first = stages[0]
    counts: dict[tuple[str, str], float] = {}
    for steps in stages:
        for spent in steps.spent:
            key = spent.component, spent.action
            counts[key] = counts.get(key, 0.0) + spent.count
    joined = Steps(
        role=first.role,
        resource=first.resource,
        label=first.label,
        interval=np.concatenate([steps.interval for steps in stages]),
        latency=first.latency,
        inputs=np.concatenate([steps.inputs for steps in stages]),
        weights=np.concatenate([steps.weights for steps in stages]),
        outputs=np.concatenate([steps.outputs for steps in stages]),
        done=np.concatenate([steps.done for steps in stages]),
        ahead=min(steps.ahead for steps in stages),
        spent=tuple(Spent(*key, count) for key, count in counts.items()),
        apart=first.apart,
    )
    return Run(layer, joined, numbers, np.cumsum([len(steps) for steps in stages]))
