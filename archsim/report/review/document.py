"""The sections of a review, and the values that it is made from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import JsonValue

from archsim.accounting import Ladder, Ledger, efficiency_ladder
from archsim.comparison import Comparison
from archsim.errors import InputError
from archsim.report.accuracy import accuracy_data
from archsim.report.comparison import comparison_data
from archsim.report.document import Bullets, Document, Paragraph, Part, Remark, Section, section
from archsim.report.doubt import doubt_data, doubt_parts
from archsim.report.ladder import ladder_data, ladder_facts
from archsim.report.quantities import counted
from archsim.report.records import records
from archsim.report.review.accuracy import accuracy_parts
from archsim.report.review.against import against_parts
from archsim.report.review.assumptions import assumption_parts
from archsim.report.review.bounds import bound_parts, change_table
from archsim.report.review.breakdown import breakdown_tabs
from archsim.report.review.course import buffer_parts, latency_parts, pipeline_parts
from archsim.report.review.headline import headline_cards
from archsim.report.review.layers import layer_rows
from archsim.report.review.plan import plan_parts
from archsim.report.review.provenance import provenance_facts
from archsim.report.review.waterfall import waterfall_table
from archsim.report.scope import scope_sentence
from archsim.report.summary import Summary, summary_data
from archsim.report.text import resource_table
from archsim.report.totals import resource_totals

if TYPE_CHECKING:
    from archsim.studies import AccuracyStudy, Followed, Sensitivity, Uncertainty, WhatIf


@dataclass(frozen=True, slots=True, eq=False)
class Review:
    """A run and what was found out about it.

    Parameters
    ----------
    summary : Summary
    followed : Followed or None
        One sample's life; None where it was too much to keep.
    what_ifs : tuple of WhatIf or None
        None where they were not wanted.
    sensitivity : Sensitivity or None
        None where it was not wanted.
    accuracy : AccuracyStudy or None
        None where no functional run was made.
    uncertainty : Uncertainty or None
        None where it was not wanted.
    against : Comparison or None
        With other chips; None where none were named.
    """

    summary: Summary
    followed: Followed | None
    what_ifs: tuple[WhatIf, ...] | None = None
    sensitivity: Sensitivity | None = None
    accuracy: AccuracyStudy | None = None
    against: Comparison | None = None
    uncertainty: Uncertainty | None = None


def review_document(review: Review) -> Document:
    """All that is known of a run, for readers and for programs."""
    summary, ladder = review.summary, _ladder(review.summary)
    headline = summary.headline
    return Document(
        tuple(_sections(review, ladder)),
        _data(review, ladder),
        summary.result.ledger.layers,
        title=f"{headline.network} on {headline.chip}, {counted(headline.batch, 'sample')}",
    )


def _sections(review: Review, ladder: Ladder | str) -> Iterator[Section]:
    summary, ledger = review.summary, review.summary.result.ledger
    yield section(*_lead(summary), headline_cards(summary.headline), Remark(f"{_scope(ledger)}."))
    if review.against is not None:
        yield section(*against_parts(review.against), title="Against other chips")
    yield section(*bound_parts(review.summary, review.followed), *change_table(review), title="What bounds it")
    yield section(*_ladder_parts(ladder), title="Efficiency")
    yield section(breakdown_tabs(summary.result), title="Energy and area")
    yield section(layer_rows(summary, review.followed), title="Layers")
    yield section(*pipeline_parts(review.followed), title="Pipeline")
    yield section(*latency_parts(review.followed), title="Latency")
    yield section(*plan_parts(summary.result), title="Floorplan")
    yield section(*buffer_parts(review.followed), title="Buffers")
    yield section(resource_table(resource_totals(ledger), summary.headline.throughput_basis), title="Resources")
    if review.accuracy is not None:
        yield section(*accuracy_parts(review.accuracy), title="Accuracy")
    if review.uncertainty is not None:
        yield section(*doubt_parts(review.uncertainty), title="Uncertainty")
    yield section(*assumption_parts(summary, review.sensitivity), title="Assumptions")
    yield section(provenance_facts(summary), *_notes(summary), title="Provenance")


def _scope(ledger: Ledger) -> str:
    sentence = scope_sentence(ledger.scope)
    return sentence[:1].upper() + sentence[1:]


def _lead(summary: Summary) -> tuple[Paragraph, ...]:
    chip = summary.result.chip
    return (Paragraph("", chip.description),) if chip.description else ()


def _notes(summary: Summary) -> tuple[Bullets, ...]:
    return (Bullets(summary.notes),) if summary.notes else ()


def _ladder(summary: Summary) -> Ladder | str:
    result = summary.result
    try:
        return efficiency_ladder(result.trace, result.placement, result.bill)
    except InputError as error:
        return str(error)


def _ladder_parts(ladder: Ladder | str) -> Iterator[Part]:
    if isinstance(ladder, str):
        yield Remark(ladder)
        return
    facts = ladder_facts(ladder)
    yield Paragraph("", f"From what a full tile does for a joule to what the system does: {facts}.")
    yield waterfall_table(ladder)


def _data(review: Review, ladder: Ladder | str) -> JsonValue:
    followed, summary = review.followed, summary_data(review.summary)
    assert isinstance(summary, dict)
    return {
        **summary,
        "ladder": None if isinstance(ladder, str) else ladder_data(ladder),
        "critical_path": None if followed is None else records(followed.path.by_layer),
        "what_if": None if review.what_ifs is None else [_change_data(one) for one in review.what_ifs],
        "accuracy": None if review.accuracy is None else accuracy_data(review.accuracy, review.summary.command),
        "uncertainty": None if review.uncertainty is None else doubt_data(review.uncertainty),
        "against": None if review.against is None else comparison_data(review.against),
        "sensitivity": None if review.sensitivity is None else records(review.sensitivity.frame),
    }


def _change_data(one: WhatIf) -> JsonValue:
    headline: JsonValue = None if one.headline is None else asdict(one.headline)
    return {"change": one.change.name, "detail": one.change.detail, "headline": headline, "fault": one.fault or None}
