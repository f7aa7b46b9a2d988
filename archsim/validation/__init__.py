"""archsim held against published chips: cases as data, and what they come to."""

from archsim.validation.loading import case_names, load_case
from archsim.validation.outcome import Climbed, Outcome, Row, Shown, Verdict, validate
from archsim.validation.schema import DIMENSIONS, Case, Claim, Figure, Mark

__all__ = [
    "DIMENSIONS",
    "Case",
    "Claim",
    "Climbed",
    "Figure",
    "Mark",
    "Outcome",
    "Row",
    "Shown",
    "Verdict",
    "case_names",
    "load_case",
    "validate",
]
