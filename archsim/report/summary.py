"""The summary of a run: what was asked and what came out, as one value and as JSON."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version

from pydantic import JsonValue

from archsim.accounting import Bottleneck, Headline
from archsim.report.question import Question
from archsim.report.records import records
from archsim.report.totals import component_totals, layer_totals, resource_totals, sample_energy
from archsim.simulation import Result

_LIBRARIES = ("archsim", "numpy", "numba", "onnx", "pandas", "simpy")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to.

    Parameters
    ----------
    command : tuple of str
        The command line that made it; empty where there was none.
    question : Question
    result : Result
    notes : tuple of str
        What the reader should know of the figures.
    """

    command: tuple[str, ...]
    question: Question
    result: Result
    notes: tuple[str, ...]

    @property
    def headline(self) -> Headline:
        """The figures that a chip is compared by."""
        return self.result.ledger.headline

    @property
    def bottleneck(self) -> Bottleneck:
        """What limits the run."""
        return self.result.ledger.bottleneck


def summary_data(summary: Summary) -> JsonValue:
    """The summary for programs: SI units, None where there is no value.

    Keys: ``command, versions, settings, headline, includes, bottleneck, components, sample_energy, layers,
    resources, notes``.
    """
    ledger = summary.result.ledger
    return {
        "command": list(summary.command),
        "versions": versions(),
        "settings": asdict(summary.question),
        "headline": asdict(summary.headline),
        "includes": {one.aspect.value: one.extent.value for one in ledger.scope.inclusions},
        "bottleneck": {**asdict(summary.bottleneck), "limit": summary.bottleneck.limit.value},
        "components": records(component_totals(ledger)),
        "sample_energy": records(sample_energy(ledger)),
        "layers": records(layer_totals(ledger)),
        "resources": records(resource_totals(ledger)),
        "notes": list(summary.notes),
        **({} if summary.headline.learning is None else {"phases": records(ledger.tables.phases)}),
    }


def versions() -> dict[str, JsonValue]:
    """Versions of Python and of the libraries that the figures depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
