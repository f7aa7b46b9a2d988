"""Networks on several chips, side by side: figures, ratios to a baseline, what bounds each, and what is not alike."""

from archsim.comparison.crossing import CROSSING, crossings
from archsim.comparison.differences import differences, node_text, precision
from archsim.comparison.entry import Device, Entry, weight_reuse
from archsim.comparison.frame import Comparison, compare, comparison
from archsim.comparison.gains import GAINS, gains, with_gains
from archsim.comparison.question import Question, question
from archsim.comparison.scaled import Scaled, scaled

__all__ = [
    "CROSSING",
    "GAINS",
    "Comparison",
    "Device",
    "Entry",
    "Question",
    "Scaled",
    "compare",
    "comparison",
    "crossings",
    "differences",
    "gains",
    "node_text",
    "precision",
    "question",
    "scaled",
    "weight_reuse",
    "with_gains",
]
