"""Studies: several evaluations that answer one question."""

from archsim.studies.accuracy import AccuracyQuestion, AccuracyStudy, accuracy_study, model_files, placed_model
from archsim.studies.following import Followed, follow, typical_sample
from archsim.studies.sensitivity import FIGURES, STEP, Sensitivity, Varied, neighbours, sensitivity
from archsim.studies.sweep import Sweep, read_sweep
from archsim.studies.what_if import Change, WhatIf, what_ifs

__all__ = [
    "FIGURES",
    "STEP",
    "AccuracyQuestion",
    "AccuracyStudy",
    "Change",
    "Followed",
    "Sensitivity",
    "Sweep",
    "Varied",
    "WhatIf",
    "accuracy_study",
    "follow",
    "model_files",
    "neighbours",
    "placed_model",
    "read_sweep",
    "sensitivity",
    "typical_sample",
    "what_ifs",
]
