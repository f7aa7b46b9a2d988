"""A converter's cost model: so much per comparison, one comparison per bit."""

from __future__ import annotations

from archsim.cost import Estimate, Figure, Kind, Process, declare


class Comparator(Process):
    """Settings: the converter's resolution."""

    bits: int


def comparator(settings: Comparator) -> Estimate:
    """50 fJ a comparison, 100 um^2."""
    energy = Figure(settings.bits * 50e-15, "50 fJ x bits", "assumed")
    return Estimate((("conversion", energy),), Figure(1e-10, "100 um^2", "assumed"), Figure(1e-6, "1 uW", "assumed"))


COMPARATOR = declare("comparator", Kind.ADC, Comparator, comparator, source="assumed", validity="any")
