"""Systems of linear equations solved with products on analog arrays, and everything else in double precision."""

from archsim.solver.host import Host
from archsim.solver.methods import Effort, Method, Progress, conjugate_gradient, flexible_conjugate_gradient, refine
from archsim.solver.product import AnalogProduct, ProductCost
from archsim.solver.system import Solution, digital_cost, solve

__all__ = [
    "AnalogProduct",
    "Effort",
    "Host",
    "Method",
    "ProductCost",
    "Progress",
    "Solution",
    "conjugate_gradient",
    "digital_cost",
    "flexible_conjugate_gradient",
    "refine",
    "solve",
]
