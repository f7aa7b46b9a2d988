"""Two runs beside each other, as a document."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator

from pydantic import JsonValue

from archsim.accounting import Headline
from archsim.report.differences.figures import Moved, figure_frame, figure_parts, largest
from archsim.report.differences.inputs import differing, input_parts
from archsim.report.differences.parts import (
    area_parts,
    energy_parts,
    latency_parts,
    layer_energy_parts,
    parts_table,
    passing_parts,
    resource_parts,
)
from archsim.report.differences.record import RunRecord
from archsim.report.document import Document, Fact, Facts, Paragraph, Part, Remark, Section, section
from archsim.report.files import CHIP
from archsim.report.ladder import signed_percent
from archsim.report.quantities import engineering, joules, percent, significant, square_metres, whole
from archsim.report.records import records
from archsim.units import PS_PER_S

_NOT_FOLLOWED = Remark(
    "The latency is not divided: one of the runs is too large for archsim run to follow a sample, or older than this."
)


def runs_document(before: RunRecord, after: RunRecord) -> Document:
    """Which figures moved between two runs, and why, part by part.

    Parameters
    ----------
    before, after : RunRecord
    """
    figures = list(_figures(before, after))
    return Document(
        tuple(_sections(before, after, figures)),
        _data(before, after, figures),
        figure_frame(figures),
        title=f"{before.name} and {after.name}",
    )


def _sections(before: RunRecord, after: RunRecord, figures: list[Moved]) -> Iterator[Section]:
    yield section(*_lead(before, after))
    yield section(*figure_parts(figures), title="Figures")
    yield section(*_inputs(before, after), title="What was different")
    yield section(*_energy(before, after), title="Energy")
    yield section(*_time(before, after), title="Time")
    yield section(
        parts_table("Of all chips", "component", area_parts(before, after), square_metres),
        title="Silicon",
    )
    yield section(Facts(tuple(_provenance(before, after))), title="Provenance")


def _lead(before: RunRecord, after: RunRecord) -> Iterator[Paragraph]:
    for word, record in (("Before", before), ("After", after)):
        headline = record.headline
        yield Paragraph(word, f": {record.name}, {headline.network} on {headline.chip}")


def _inputs(before: RunRecord, after: RunRecord) -> Iterator[Part]:
    yield from input_parts("What was asked", differing(before.settings, after.settings))
    yield from input_parts("The chip's description", differing(before.chip, after.chip))
    yield from input_parts("What the figures include", differing(before.includes, after.includes))
    yield from input_parts("Versions", differing(before.versions, after.versions))


def _energy(before: RunRecord, after: RunRecord) -> Iterator[Part]:
    yield parts_table("Energy per sample, in the steady state", "component", energy_parts(before, after), joules)
    yield parts_table("Dynamic energy per sample", "layer", layer_energy_parts(before, after), joules)


def _time(before: RunRecord, after: RunRecord) -> Iterator[Part]:
    for word, record in (("Before", before), ("After", after)):
        bound = record.bottleneck
        yield Paragraph(
            word,
            f": {bound.resource}, busy {percent(bound.utilisation)} of the time, mostly for {bound.layer}: "
            f"{bound.reason}.",
        )
    yield parts_table(
        "How long the busiest resource of each kind works for a sample",
        "kind",
        resource_parts(before, after),
        _seconds,
        adding=False,
    )
    passing, layers = passing_parts(before, after), latency_parts(before, after)
    if passing is None or layers is None:
        yield _NOT_FOLLOWED
        return
    yield parts_table("The critical path of a sample, by what passes", "kind", passing, _picoseconds)
    yield parts_table("The critical path of a sample, by layer", "layer", layers, _picoseconds)


def _seconds(value: float) -> str:
    return engineering(value, "s")


def _picoseconds(value: float) -> str:
    return engineering(value / PS_PER_S, "s")


def _figures(before: RunRecord, after: RunRecord) -> Iterator[Moved]:
    energy = largest(energy_parts(before, after), joules)
    silicon = largest(area_parts(before, after), square_metres)
    own = f"the chip's own: archsim diff {before.name}/{CHIP} {after.name}/{CHIP}"
    speed = _change_words(before, after, lambda headline: headline.throughput_per_s)
    for name, of, write, why in (
        ("throughput", lambda h: h.throughput_per_s, lambda v: f"{significant(v)} samples/s", _bound(before, after)),
        ("latency", lambda h: h.latency_s, _seconds, _path(before, after)),
        ("slowest sample", lambda h: h.latency_max_s, _seconds, ""),
        ("energy", lambda h: h.energy_per_sample_j, lambda v: f"{joules(v)}/sample", energy),
        ("of it leakage", lambda h: h.leakage_share, percent, ""),
        ("of it idle clocks and waking", lambda h: h.idle_share, percent, ""),
        ("power", lambda h: h.power_w, lambda v: engineering(v, "W"), _power(before, after, speed)),
        ("efficiency", lambda h: h.gops_per_w, lambda v: f"{significant(v)} GOP/s/W", _efficiency(before, after)),
        ("efficiency, unused tiles off", lambda h: h.gops_per_w_used, lambda v: f"{significant(v)} GOP/s/W", ""),
        ("density", lambda h: h.tops_per_mm2, lambda v: f"{significant(v)} TOP/s/mm²", _density(before, after, speed)),
        ("silicon", lambda h: h.area_m2, square_metres, silicon),
        ("operations", lambda h: h.operations_per_sample, lambda v: f"{engineering(v)} per sample", ""),
        ("peak speed", lambda h: h.peak_tops, lambda v: f"{significant(v)} TOP/s", own),
        ("peak efficiency", lambda h: h.peak_gops_per_w, lambda v: f"{significant(v)} GOP/s/W", own),
        ("peak density", lambda h: h.peak_tops_per_mm2, lambda v: f"{significant(v)} TOP/s/mm²", own),
        ("chips", lambda h: float(h.chips), _count, ""),
        ("tiles that hold weights", lambda h: float(h.tiles_used), _count, ""),
        ("cells that hold weights", lambda h: h.cell_utilisation, percent, ""),
        ("arrays busy", lambda h: h.array_utilisation, percent, ""),
    ):
        yield _moved(before, after, name, of, write, why)
    yield from _generation(before, after)


def _moved(
    before: RunRecord,
    after: RunRecord,
    name: str,
    of: Callable[[Headline], float],
    write: Callable[[float], str],
    why: str = "",
) -> Moved:
    return Moved(name, of(before.headline), of(after.headline), write, why)


def _generation(before: RunRecord, after: RunRecord) -> Iterator[Moved]:
    one, other = before.headline.generation, after.headline.generation
    if one is None or other is None:
        return
    yield Moved("first token", one.time_to_first_token_s, other.time_to_first_token_s, _seconds)
    yield Moved("generation", one.tokens_per_s, other.tokens_per_s, lambda v: f"{significant(v)} tokens/s")
    yield Moved("tokens per joule", one.tokens_per_j, other.tokens_per_j, lambda v: f"{significant(v)} tokens/J")


def _count(value: float) -> str:
    return whole(round(value))


def _bound(before: RunRecord, after: RunRecord) -> str:
    one, other = before.bottleneck, after.bottleneck
    if (one.layer, one.resource) == (other.layer, other.resource):
        return f"set by {one.resource}, mostly for {one.layer}, in both"
    return f"set by {one.resource}, mostly for {one.layer}, before; by {other.resource}, mostly for {other.layer}, now"


def _path(before: RunRecord, after: RunRecord) -> str:
    parts = latency_parts(before, after)
    return "" if parts is None else largest(parts, _picoseconds)


def _change_words(before: RunRecord, after: RunRecord, of: Callable[[Headline], float]) -> str:
    one, other = of(before.headline), of(after.headline)
    return signed_percent(other / one - 1.0) if one else "new"


def _power(before: RunRecord, after: RunRecord, speed: str) -> str:
    energy = _change_words(before, after, lambda headline: headline.energy_per_sample_j)
    return f"energy per sample {energy}, samples per second {speed}"


def _efficiency(before: RunRecord, after: RunRecord) -> str:
    energy = _change_words(before, after, lambda headline: headline.energy_per_sample_j)
    operations = _change_words(before, after, lambda headline: headline.operations_per_sample)
    return f"operations per sample {operations}, energy per sample {energy}"


def _density(before: RunRecord, after: RunRecord, speed: str) -> str:
    silicon = _change_words(before, after, lambda headline: headline.area_m2)
    return f"samples per second {speed}, silicon {silicon}"


def _provenance(before: RunRecord, after: RunRecord) -> Iterator[Fact]:
    for word, record in (("before", before), ("after", after)):
        yield Fact(f"command {word}", shlex.join(record.command), f"archsim {record.versions.get('archsim', '')}")


def _data(before: RunRecord, after: RunRecord, figures: list[Moved]) -> JsonValue:
    passing, layers = passing_parts(before, after), latency_parts(before, after)
    return {
        "before": before.name,
        "after": after.name,
        "figures": records(figure_frame(figures)),
        "settings": records(differing(before.settings, after.settings)),
        "chip": records(differing(before.chip, after.chip)),
        "includes": records(differing(before.includes, after.includes)),
        "versions": records(differing(before.versions, after.versions)),
        "energy_j": records(energy_parts(before, after)),
        "layer_energy_j": records(layer_energy_parts(before, after)),
        "area_m2": records(area_parts(before, after)),
        "resources_s": records(resource_parts(before, after)),
        "passing_ps": None if passing is None else records(passing),
        "path_ps": None if layers is None else records(layers),
    }
