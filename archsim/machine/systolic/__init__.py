"""Systolic arrays: products in folds, with a choice of loops that decides what is fetched again."""

from archsim.machine.systolic.unit import SYSTOLIC_ARRAYS, SystolicArrays

__all__ = ["SYSTOLIC_ARRAYS", "SystolicArrays"]
