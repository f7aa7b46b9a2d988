"""Studies: several evaluations that answer one question."""

from archsim.studies.accuracy import AccuracyQuestion, AccuracyStudy, accuracy_study, model_files, placed_model
from archsim.studies.following import Followed, follow, typical_sample
from archsim.studies.rates import RateStudy, rate_study, spikes
from archsim.studies.sensitivity import FIGURES, STEP, Sensitivity, Varied, neighbours, sensitivity
from archsim.studies.sweep import Sweep, read_sweep
from archsim.studies.uncertainty import BANDED, Ranged, Uncertainty, ranged_numbers, uncertainty
from archsim.studies.what_if import Change, WhatIf, what_ifs
from archsim.studies.zeros import ZeroStudy, zero_study

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
