"""``archsim.solve``: a linear system with products on a chip and exact residuals on a host, in time and energy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from archsim.chip import Chip, Overrides
from archsim.errors import InputError
from archsim.numeric import CrossbarSettings
from archsim.simulation import Result, simulate
from archsim.solver.host import Host, Work, product_work, step_work
from archsim.solver.methods import Effort, Method, Progress, flexible_conjugate_gradient, refine
from archsim.solver.product import AnalogProduct, ProductCost, product_cost, product_network

F64 = NDArray[np.float64]
_METHODS = {Method.REFINE: refine, Method.CG: flexible_conjugate_gradient}


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A solved system, and what that took.

    Parameters
    ----------
    solution : float64, shape (size,)
    residuals : float64, shape (rounds + 1,)
        Exact, over the norm of the right-hand side.
    converged : bool
        Whether the last is within the tolerance.
    products, exact_products : int
        On the arrays, and on the host.
    arrays_s, host_s : float
        Time of either; they take turns.
    arrays_j, leakage_j, host_j : float
        Energy of the products, of the chips' leakage over the whole time, and of the host, idle or not.
    product : ProductCost
    run : Result
        The simulated product.
    """

    solution: F64
    residuals: F64
    converged: bool
    products: int
    exact_products: int
    arrays_s: float
    host_s: float
    arrays_j: float
    leakage_j: float
    host_j: float
    product: ProductCost
    run: Result

    @property
    def time_s(self) -> float:
        """Of the whole solution; the matrix is on the arrays already."""
        return self.arrays_s + self.host_s

    @property
    def energy_j(self) -> float:
        """Of chips and host."""
        return self.arrays_j + self.leakage_j + self.host_j


def solve(
    matrix: F64,
    right: F64,
    chip: str | Path | Chip,
    host: Host,
    method: Method = Method.REFINE,
    *,
    overrides: Overrides = (),
    effort: Effort | None = None,
    seed: int = 0,
    time_s: float | None = None,
    settings: CrossbarSettings | None = None,
) -> Solution:
    """Solve a symmetric positive definite system with products on a chip's arrays.

    Parameters
    ----------
    matrix : float64, shape (size, size)
        Written to the arrays once; that is not counted.
    right : float64, shape (size,)
    chip : str, Path or Chip
    host : Host
        Holds the exact matrix, and does all but the products on arrays.
    method : Method
    overrides : sequence of str, or mapping
        Changes to the chip file.
    effort : Effort, optional
        How far it goes.
    seed : int
    time_s : float, optional
        Age of the arrays.
    settings : CrossbarSettings, optional
        Numerics of the arrays in place of those that the chip's description gives.

    Raises
    ------
    InputError
        If the system is not one that these methods solve, or the chip's cells have no numeric model.
    """
    matrix, right = _real(matrix), _real(right)
    _check(matrix, right)
    if method not in _METHODS:
        raise InputError(
            f"there is no method {method!r}",
            where="solve",
            remedy=f"Take one of {', '.join(f'Method.{known.name}' for known in Method)}.",
        )
    run = simulate(product_network(len(matrix)), chip, overrides=overrides)
    multiply = AnalogProduct(matrix, run, seed=seed, time_s=time_s, settings=settings)
    wanted = effort or Effort()
    made = _METHODS[method](multiply, lambda vector: matrix @ vector, right, wanted)
    return _accounted(made, run, host, wanted.tolerance)


def _accounted(made: Progress, run: Result, host: Host, tolerance: float) -> Solution:
    cost, size = product_cost(run), len(made.solution)
    work = product_work(size).times(made.exact_products) + step_work(size).times(made.products)
    arrays_s, host_s = made.products * cost.time_s, host.time_s(work)
    return Solution(
        made.solution,
        made.residuals,
        bool(made.residuals.min() <= tolerance),
        made.products,
        made.exact_products,
        arrays_s=arrays_s,
        host_s=host_s,
        arrays_j=made.products * cost.energy_j,
        leakage_j=cost.leakage_w * (arrays_s + host_s),
        host_j=host.power_w * host_s + host.idle_power_w * arrays_s,
        product=cost,
        run=run,
    )


def digital_cost(host: Host, work: Work) -> tuple[float, float]:
    """Seconds and joules of a host that does all the work itself."""
    time_s = host.time_s(work)
    return time_s, host.power_w * time_s


def _real(numbers: object) -> F64:
    given = np.asarray(numbers)
    if given.dtype.kind not in "biuf":
        raise InputError(
            f"numbers of the kind {given.dtype} are given", where="solve", remedy="Give real numbers, as float64."
        )
    return given.astype(np.float64)


def _check(matrix: F64, right: F64) -> None:
    size = len(matrix) if matrix.ndim else 0
    if matrix.shape != (size, size) or right.shape != (size,) or not size:
        raise InputError(
            f"a matrix of shape {matrix.shape} and a right-hand side of shape {right.shape}",
            where="solve",
            remedy="Give a square matrix and a vector of as many elements.",
        )
    if not (np.isfinite(matrix).all() and np.isfinite(right).all()):
        raise InputError("not all numbers are finite", where="solve", remedy="Look for NaN and infinity.")
    if not np.allclose(matrix, matrix.T, rtol=1e-10, atol=1e-10 * float(np.abs(matrix).max())):
        raise InputError(
            "the matrix is not symmetric", where="solve", remedy="Solve the normal equations, or another system."
        )
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        raise InputError(
            "the matrix is not positive definite",
            where="solve",
            remedy="Conjugate gradients solve positive definite systems only.",
        ) from None
