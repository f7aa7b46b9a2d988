"""The summary of a run: what, where time goes, where energy and area go, why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archsim.accounting import STATES, Bottleneck, GenerationFigures, Headline, Scope
from archsim.columns import Reals, texts
from archsim.report.document import (
    Bullets,
    Document,
    Fact,
    Facts,
    Paragraph,
    Part,
    Table,
    bars,
    names,
    numbers,
    section,
    table,
)
from archsim.report.phases import phase_table, update_words
from archsim.report.quantities import (
    counted,
    engineering,
    joules,
    percent,
    significant,
    square_metres,
    whole,
)
from archsim.report.summary import Summary, summary_data
from archsim.report.totals import (
    ComponentTotals,
    LayerTotals,
    ResourceTotals,
    component_totals,
    largest,
    layer_totals,
    resource_totals,
)
from archsim.units import PS_PER_S

MOST_LAYERS = 8
MOST_COMPONENTS = 14
MOST_NOTES = 6


def run_report(summary: Summary) -> Document:
    """All of it, in about 60 lines at most."""
    ledger, basis = summary.result.ledger, summary.headline.throughput_basis
    return Document(
        (
            section(_title(summary.headline)),
            section(headline_facts(summary.headline, ledger.scope)),
            *([section(phase_table(ledger.tables.phases))] if summary.headline.learning is not None else []),
            section(bottleneck_text(summary.bottleneck, basis)),
            section(layer_table(layer_totals(ledger), summary.result.trace.makespan / PS_PER_S)),
            section(resource_table(resource_totals(ledger), basis)),
            section(component_table(component_totals(ledger))),
            *([section(*_notes(summary.notes))] if summary.notes else []),
        ),
        summary_data(summary),
    )


def _title(headline: Headline) -> Paragraph:
    samples = counted(headline.batch, "sample")
    if headline.learning is None:
        return Paragraph(f"{headline.network} on {headline.chip}", f"  {samples}")
    return Paragraph(
        f"Training {headline.network} on {headline.chip}", f"  {samples}; {update_words(headline.learning)}"
    )


def headline_facts(headline: Headline, scope: Scope) -> Facts:
    """The headline, each figure with what it is measured by, and what power and area include."""
    made = headline.generation
    tokens = _tokens(made) if made else ()
    return Facts((*_speed(headline), *tokens, *_energy(headline), *_size(headline), scope_fact(scope)))


def scope_fact(scope: Scope) -> Fact:
    """What power, energy and area include, and what they leave out."""
    left = f"; not {scope.excluded}" if scope.excluded else ""
    return Fact("includes", "", f"{scope.included}{left}")


def _speed(headline: Headline) -> list[Fact]:
    tops = headline.operations_per_sample * headline.throughput_per_s / 1e12
    slowest = f"; the slowest sample {engineering(headline.latency_max_s, 's')}" if headline.batch > 1 else ""
    return [
        Fact("latency", engineering(headline.latency_s, "s"), f"{_ends(headline)}{slowest}"),
        Fact("throughput", f"{significant(headline.throughput_per_s)} samples/s", headline.throughput_basis),
        Fact(
            "speed",
            f"{significant(tops)} TOP/s",
            f"peak {significant(headline.peak_tops)}; "
            f"{engineering(headline.operations_per_sample)} operations per sample, two per MAC",
        ),
    ]


def _ends(headline: Headline) -> str:
    return "first token in to last token out" if headline.learning is None else "first token in to last update made"


def _tokens(made: GenerationFigures) -> list[Fact]:
    each = engineering(made.time_per_token_s, "s") if made.time_per_token_s is not None else "no second token"
    cached = f" after {counted(made.context_tokens, 'cached token')}" if made.context_tokens else ""
    return [
        Fact(
            "first token",
            engineering(made.time_to_first_token_s, "s"),
            f"from the first of {counted(made.prompt_tokens, 'prompt token')}{cached}; then {each} per token",
        ),
        Fact(
            "tokens",
            f"{significant(made.tokens_per_s)} tokens/s",
            f"{counted(made.generated_tokens, 'token')} generated per sample, all samples in flight together; "
            f"{significant(made.tokens_per_j)} tokens/J",
        ),
    ]


def _without_work(headline: Headline) -> str:
    leaking = f"{percent(headline.leakage_share)} of it leakage"
    return f"{leaking}, {percent(headline.idle_share)} idle clocks and waking" if headline.idle_share else leaking


def _energy(headline: Headline) -> list[Fact]:
    return [
        Fact(
            "energy",
            f"{engineering(headline.energy_per_sample_j, 'J')}/sample",
            _without_work(headline),
        ),
        Fact("power", engineering(headline.power_w, "W"), "at that throughput"),
        Fact(
            "efficiency",
            f"{significant(headline.gops_per_w)} GOP/s/W",
            f"peak {significant(headline.peak_gops_per_w)}; "
            f"with unused tiles off {significant(headline.gops_per_w_used)}",
        ),
        Fact(
            "density",
            f"{significant(headline.tops_per_mm2)} TOP/s/mm²",
            f"peak {significant(headline.peak_tops_per_mm2)}; "
            f"over the used tiles alone {significant(headline.tops_per_mm2_used)}",
        ),
    ]


def _size(headline: Headline) -> list[Fact]:
    return [
        Fact(
            "silicon",
            square_metres(headline.area_m2),
            f"{square_metres(headline.area_used_m2)} without the unused tiles",
        ),
        Fact("size", counted(headline.chips, "chip"), _filling(headline)),
        Fact("arrays busy", percent(headline.array_utilisation), _which_arrays(headline)),
    ]


def _filling(headline: Headline) -> str:
    used = percent(headline.cell_utilisation)
    if headline.works_in_steps:
        return f"layer by layer; {used} of its multipliers do useful work while arrays are busy"
    return f"{whole(headline.tiles_used)} of {whole(headline.tiles)} tiles hold weights, in {used} of all cells"


def _which_arrays(headline: Headline) -> str:
    return "of the time" if headline.works_in_steps else "of the time, those that hold weights"


def bottleneck_text(bottleneck: Bottleneck, basis: str) -> Paragraph:
    """The bottleneck in two lines; its busy share is that of the steady state found on that basis."""
    busy = f"busy {percent(bottleneck.utilisation)} of the time ({basis}), mostly for {bottleneck.layer}"
    return Paragraph("Bottleneck", f" {bottleneck.resource}, {busy}\n{bottleneck.reason}")


def layer_table(totals: LayerTotals, makespan_s: float) -> Table:
    """The layers that take most time or energy: how busy their busiest actor is, and what their busiest role does."""
    energy = _shares(totals.energy_j)
    weight = np.maximum(totals.busy_s / totals.busy_s.max(), energy)
    kept = largest(weight)[:MOST_LAYERS]
    rows = kept[largest(totals.busy_s[kept])]
    shown = totals.take(rows)
    longest = shown.busy_s / makespan_s
    return table(
        f"Where time goes in the whole run, {engineering(makespan_s, 's')}: {len(shown)} of "
        f"{counted(len(totals), 'layer')}, the busiest actor, and the busiest role on average",
        names("layer", shown.layer),
        names("kind", shown.kind),
        numbers("busiest", longest, percent),
        bars(longest),
        names("role", shown.role),
        *(numbers(state, getattr(shown, state), percent) for state in STATES),
        numbers("dynamic energy", energy[rows], percent),
    )


def resource_table(totals: ResourceTotals, basis: str) -> Table:
    """How busy each kind of resource is, in the steady state found on that basis and in the whole run."""
    kinds = [
        kind if kind == label else f"{kind} {label}" for kind, label in zip(totals.kind, totals.label, strict=True)
    ]
    return table(
        f"Resources: {basis}; the last column: whole run",
        names("kind", kinds),
        numbers("used", totals.instances, whole),
        numbers("mean use", totals.mean_utilisation, percent),
        numbers("busiest", totals.utilisation, percent),
        bars(totals.utilisation),
        names("which", totals.busiest),
        numbers("whole run", totals.run_utilisation, percent),
    )


def component_table(totals: ComponentTotals) -> Table:
    """Energy and area by component."""
    shown = _folded(totals)
    energy, area = _shares(shown.energy_j), _shares(shown.area_m2)
    return table(
        f"Where energy and area go: {engineering(float(shown.energy_j.sum()), 'J')} in the whole run, "
        f"{square_metres(float(shown.area_m2.sum()))}",
        names("component", shown.component),
        numbers("dynamic", shown.dynamic_j, joules),
        numbers("leakage", shown.leakage_j, joules),
        *(numbers(name, column, joules) for name, column in _idle_columns(shown)),
        numbers("energy", energy, percent),
        bars(energy),
        numbers("silicon", shown.area_m2, square_metres),
        numbers("area", area, percent),
        bars(area),
    )


def _idle_columns(shown: ComponentTotals) -> list[tuple[str, Reals]]:
    """Idle clocks and waking, where there is any."""
    return [(name, column) for name, column in (("idle", shown.idle_j), ("wakes", shown.wake_j)) if column.any()]


def _folded(totals: ComponentTotals) -> ComponentTotals:
    """The components that matter, and one row for the rest."""
    if len(totals) <= MOST_COMPONENTS:
        return totals
    order = largest(_shares(totals.energy_j) + _shares(totals.area_m2))
    kept, rest = (np.sort(rows) for rows in (order[: MOST_COMPONENTS - 1], order[MOST_COMPONENTS - 1 :]))
    _, *figures = totals.take(rest).columns()
    others = ComponentTotals(texts([f"{len(rest)} others"]), *(column.sum(keepdims=True) for column in figures))
    return ComponentTotals.concatenate((totals.take(kept), others))


def _shares(values: Reals) -> Reals:
    """Shares of the sum; of nothing, everybody has none."""
    total = values.sum()
    return values / total if total else values * 0.0


def _notes(notes: Sequence[str]) -> list[Part]:
    more = len(notes) - MOST_NOTES
    tail = (f"and {counted(more, 'note')} more in summary.json (--json, --out)",) if more > 0 else ()
    return [Paragraph("Notes"), Bullets((*notes[:MOST_NOTES], *tail))]
