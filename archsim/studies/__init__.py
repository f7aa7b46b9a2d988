"""Studies: several evaluations that answer one question."""

from archsim.studies.accuracy import AccuracyQuestion, AccuracyStudy, accuracy_study, model_files, placed_model
from archsim.studies.sweep import Sweep, read_sweep

__all__ = [
    "AccuracyQuestion",
    "AccuracyStudy",
    "Sweep",
    "accuracy_study",
    "model_files",
    "placed_model",
    "read_sweep",
]
