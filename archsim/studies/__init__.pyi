"""Studies: several evaluations that answer one question."""

from .accuracy import AccuracyQuestion, AccuracyStudy, accuracy_study, model_files, placed_model
from .following import Followed, follow, typical_sample
from .rates import RateStudy, rate_study, spikes
from .sensitivity import FIGURES, STEP, Sensitivity, Varied, neighbours, sensitivity
from .sweep import Sweep, read_sweep
from .uncertainty import BANDED, Ranged, Uncertainty, ranged_numbers, uncertainty
from .what_if import Change, WhatIf, what_ifs
from .zeros import ZeroStudy, zero_study

__all__ = [
    "BANDED",
    "FIGURES",
    "STEP",
    "AccuracyQuestion",
    "AccuracyStudy",
    "Change",
    "Followed",
    "Ranged",
    "RateStudy",
    "Sensitivity",
    "Sweep",
    "Uncertainty",
    "Varied",
    "WhatIf",
    "ZeroStudy",
    "accuracy_study",
    "follow",
    "model_files",
    "neighbours",
    "placed_model",
    "ranged_numbers",
    "rate_study",
    "read_sweep",
    "sensitivity",
    "spikes",
    "typical_sample",
    "uncertainty",
    "what_ifs",
    "zero_study",
]
