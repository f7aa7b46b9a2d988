"""What bounds throughput and latency, in sentences, and what three changes give."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from archsim.accounting import Headline, Passing, SamplePath
from archsim.report.document import Column, Paragraph, Remark, Table, names, numbers, prose, table
from archsim.report.ladder import signed_percent
from archsim.report.quantities import engineering, percent, significant, square_metres
from archsim.report.summary import Summary
from archsim.units import PS_PER_S

if TYPE_CHECKING:
    from archsim.report.review.document import Review
    from archsim.studies import Followed, WhatIf

MOST_NAMED = 3
"""Layers that a sentence names."""
_WORDS = {
    Passing.PRODUCT: "products on arrays",
    Passing.CONVERSION: "conversion",
    Passing.DIGITAL: "digital work",
    Passing.TRANSPORT: "transport",
    Passing.MEMORY: "memory accesses",
    Passing.HOST: "the host's link",
    Passing.WAITING: "waiting",
}


def bound_parts(summary: Summary, followed: Followed | None) -> Iterator[Paragraph | Remark]:
    """A paragraph on throughput and one on latency."""
    bottleneck = summary.bottleneck
    yield Paragraph(
        "Throughput",
        f" is set by {bottleneck.resource}, busy {percent(bottleneck.utilisation)} of the time, mostly for "
        f"{bottleneck.layer}: {bottleneck.reason}.",
    )
    if followed is None:
        yield Remark("The critical path of a sample was not followed: too many firings to keep.")
        return
    yield Paragraph("Latency", f" {_latency_words(followed.path)}")


def _latency_words(path: SamplePath) -> str:
    frame = path.by_layer
    total = path.stop_ps - path.start_ps
    shares = {kind: float(frame[kind.value].sum()) / total for kind in Passing}
    ordered = sorted((kind for kind in Passing if shares[kind] > 0), key=lambda kind: -shares[kind])
    parts = [f"{percent(shares[kind])} {_WORDS[kind]}{_waits(path, kind)}" for kind in ordered]
    longest = frame.nlargest(MOST_NAMED, "total_ps")
    layers = [
        f"{layer} ({engineering(time / PS_PER_S, 's')})"
        for layer, time in zip(longest["layer"], longest["total_ps"], strict=True)
    ]
    return (
        f"of sample {path.sample + 1} is {engineering(total / PS_PER_S, 's')}. Followed back from its last token, "
        f"event by event, that is {_listed(parts)}. Most of it passes at {_listed(layers)}."
    )


def _waits(path: SamplePath, kind: Passing) -> str:
    """What is waited for, the longest first."""
    if kind is not Passing.WAITING:
        return ""
    frame = path.stretches[path.stretches["passing"] == kind.value]
    lengths = (frame["end_ps"] - frame["start_ps"]).groupby(frame["waits"]).sum().sort_values(ascending=False)
    told = [f"{engineering(length / PS_PER_S, 's')} {what}" for what, length in lengths.items()]
    return f" ({', '.join(told)})"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def change_table(review: Review) -> Iterator[Table | Remark]:
    """What each change gives, beside the run as it is."""
    if review.what_ifs is None:
        yield Remark("What changes would give was not run (archsim report runs them).")
        return
    base, found = review.summary.headline, review.what_ifs
    yield table(
        "What would help: each of these was run",
        names("change", (one.change.name for one in found)),
        _figure("throughput", base, found, lambda h: h.throughput_per_s, lambda v: f"{significant(v)}/s"),
        _change("", base, found, lambda h: h.throughput_per_s),
        _figure("latency", base, found, lambda h: h.latency_s, lambda v: engineering(v, "s")),
        _change("", base, found, lambda h: h.latency_s),
        _figure("GOP/s/W", base, found, lambda h: h.gops_per_w, significant),
        _change("", base, found, lambda h: h.gops_per_w),
        _figure("silicon", base, found, lambda h: h.area_m2, square_metres),
        prose("with", (one.fault or one.change.detail for one in found)),
    )


def _figure(
    heading: str,
    base: Headline,
    found: tuple[WhatIf, ...],
    of: Callable[[Headline], float],
    write: Callable[[float], str],
) -> Column:
    values = [np.nan if one.headline is None else of(one.headline) for one in found]
    return numbers(heading, values, lambda value: "not possible" if np.isnan(value) else write(value))


def _change(heading: str, base: Headline, found: tuple[WhatIf, ...], of: Callable[[Headline], float]) -> Column:
    before = of(base)
    values = [np.nan if one.headline is None or not before else of(one.headline) / before - 1.0 for one in found]
    return numbers(heading or "change", values, lambda value: "" if np.isnan(value) else signed_percent(value))
