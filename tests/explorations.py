"""Studies that tests explore, and evaluations that are cheaper, or worse, than a simulation."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

from archsim.exploration.evaluation import Found, Outcome, Status, Task

CHEAP = {
    "networks": ["mlp-hermes"],
    "chip": "pcm-mesh-14nm",
    "parameters": {
        "tile.adc.bits": {"from": 4, "to": 9, "step": 1},
        "tile.input.bits": [4, 6, 8],
        "fabric.link_width": ["64 bit", "128 bit"],
    },
    "objectives": {"latency_s": "minimize", "gops_per_w": "maximize"},
}
"""36 points of a grid."""
SMALL = {
    **CHEAP,
    "parameters": {"tile.adc.bits": [5, 6, 8], "tile.input.bits": [4, 8], "fabric.link_width": ["64 bit"]},
}
"""6 points."""


def numbers(task: Task) -> list[float]:
    """The values that a point sets, without units."""
    return [float(change.partition("=")[2].split()[0]) for change in task.variant.overrides]


def invented(task: Task) -> Found:
    """Two figures that pull against each other, of a point's numbers alone."""
    bits, inputs, width = numbers(task)
    latency, efficiency = 100.0 / bits + inputs, 10.0 * bits - inputs * inputs + width / 64
    return Found(Outcome(Status.FINISHED, (latency, efficiency)), ())


def limited(task: Task) -> Found:
    """The same, and every third point breaks a constraint."""
    found = invented(task)
    excess = (float(task.number % 3 == 0) - 0.5,)
    status = Status.INFEASIBLE if excess[0] > 0 else Status.FINISHED
    return replace(found, outcome=replace(found.outcome, status=status, excess=excess))


def patchy(task: Task) -> Found:
    """Every third point is refused, and every third passed over by its bound; one figure has no end."""
    match task.number % 3:
        case 0:
            return Found(Outcome(Status.REFUSED, error="no such chip"), ())
        case 1:
            return Found(Outcome(Status.DOMINATED, error="latency_s at least 1"), ())
    values = (1.0 / (1 + task.number), float("inf") if task.number == 5 else 0.1 * task.number)
    return Found(Outcome(Status.FINISHED, values, (-0.5,), {"mlp-hermes": {"latency_s": values[0]}}), ())


def slow(task: Task) -> Found:
    """The same after a while."""
    time.sleep(0.01)
    return invented(task)


def once_deadly(flag: Path, task: Task) -> Found:
    """The same; the worker that first meets point 5 dies of it, and leaves a file."""
    if task.number == 5 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return invented(task)


def deadly(task: Task, point: int = 5) -> Found:
    """The same; every worker that meets one of the points dies of it."""
    if task.number == point:
        os.kill(os.getpid(), signal.SIGKILL)
    return invented(task)


def faulty(task: Task) -> Found:
    """The same; point 5 meets a fault that nobody foresaw."""
    if task.number == 5:
        raise ZeroDivisionError("nobody foresaw this")
    return invented(task)


def counting(log: Path, task: Task) -> Found:
    """The same, with a line in a file for every evaluation."""
    with log.open("a") as file:
        file.write(f"{task.number}\n")
    return invented(task)
