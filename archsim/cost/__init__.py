"""What the parts of a chip cost: energy per action, area and leakage, each with its formula and source."""

from archsim.cost.bill import Bill, Component, Figure
from archsim.cost.estimate import CostRangeWarning, Estimate, Kind
from archsim.cost.model import CostModel, Parameter, declare
from archsim.cost.pricing import price
from archsim.cost.quoting import Quote, quote
from archsim.cost.registry import models
from archsim.cost.settings import Process, Settings

__all__ = [
    "Bill",
    "Component",
    "CostModel",
    "CostRangeWarning",
    "Estimate",
    "Figure",
    "Kind",
    "Parameter",
    "Process",
    "Quote",
    "Settings",
    "declare",
    "models",
    "price",
    "quote",
]
