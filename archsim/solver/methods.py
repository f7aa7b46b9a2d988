"""Iterations whose products may be inexact, held straight by exact residuals.

Conjugate gradients (Hestenes and Stiefel, 1952) with products that err by a share of their size stagnate where that
error is as large as the residual. Iterative refinement (Wilkinson, 1963; with analog arrays Le Gallo et al., Nature
Electronics 1, 246, 2018) solves for a correction from an exact residual, roughly, and again: each round leaves of the
residual what the rough solution errs by, and nothing is gained where that is more than all. Flexible conjugate
gradients (Golub and Ye, SIAM J. Sci. Comput. 21, 1305, 1999) take the rough solution for a direction instead, and go
along it as far as is best by an exact product: the error's energy never grows, whatever the arrays say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from archsim.errors import InputError

F64 = NDArray[np.float64]
Product = Callable[[F64], F64]

GIVEN_UP = 3
"""Rounds of refinement in a row that make nothing better, after which it ends."""


class Method(StrEnum):
    """How a system is solved."""

    REFINE = "refine"
    """Iterative refinement: each correction is a rough solution on arrays."""
    CG = "cg"
    """Flexible conjugate gradients: a rough solution on arrays is the preconditioner."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What an iteration came to.

    Parameters
    ----------
    solution : float64, shape (size,)
    residuals : float64, shape (rounds + 1,)
        Norms of the exact residual over that of the right-hand side, at first and after each round.
    products : int
        Inexact products.
    exact_products : int
    """

    solution: F64
    residuals: F64
    products: int
    exact_products: int


def conjugate_gradient(multiply: Product, right: F64, tolerance: float, most: int) -> tuple[F64, int]:
    """Conjugate gradients from zero, until the residual that they carry along is small.

    Parameters
    ----------
    multiply : callable
        A symmetric positive definite matrix times a vector.
    right : float64, shape (size,)
    tolerance : float
        Of the residual's norm over that of the right-hand side.
    most : int
        Products.

    Returns
    -------
    solution : float64, shape (size,)
    products : int
    """
    solution, residual = np.zeros_like(right), right.copy()
    direction, square = residual.copy(), float(residual @ residual)
    bound = tolerance**2 * square
    for count in range(most):
        if square <= bound:
            return solution, count
        image = multiply(direction)
        curvature = float(direction @ image)
        if not curvature > 0:
            # An inexact product need not be positive definite: from here on, directions mean nothing.
            return solution, count + 1
        step = square / curvature
        solution = solution + step * direction
        residual = residual - step * image
        square, before = float(residual @ residual), square
        direction = residual + square / before * direction
    return solution, most


@dataclass(frozen=True, slots=True)
class Effort:
    """How far an iteration goes.

    Parameters
    ----------
    tolerance : float
        Of the exact residual's norm over that of the right-hand side; at 0 all rounds are made.
    inner_tolerance : float
        How far each rough solution is taken.
    most_inner, most_rounds : int
        Inexact products of a rough solution, and exact products.
    """

    tolerance: float = 1e-10
    inner_tolerance: float = 0.1
    most_inner: int = 50
    most_rounds: int = 100

    def __post_init__(self) -> None:
        for name, given in (("tolerance", self.tolerance), ("inner_tolerance", self.inner_tolerance)):
            if not 0.0 <= given < 1.0:
                raise InputError(f"{given} is no {name}", where="effort", remedy="Give a share from 0 to below 1.")
        for name, given in (("most_inner", self.most_inner), ("most_rounds", self.most_rounds)):
            if given < 1:
                raise InputError(f"{given} is no {name}", where="effort", remedy="Give at least 1.")


def refine(multiply: Product, exact: Product, right: F64, effort: Effort) -> Progress:
    """Iterative refinement: a correction from each exact residual by rough conjugate gradients.

    It ends, too, when three rounds in a row have made nothing better.

    Parameters
    ----------
    multiply, exact : callable
        The matrix times a vector, inexactly and exactly.
    right : float64, shape (size,)
    effort : Effort
    """
    scale = float(np.linalg.norm(right)) or 1.0
    solution, residual = np.zeros_like(right), right
    best, worse, residuals, products = solution, 0, [float(np.linalg.norm(right)) / scale], 0
    while residuals[-1] > effort.tolerance and len(residuals) <= effort.most_rounds and worse < GIVEN_UP:
        correction, used = conjugate_gradient(multiply, residual, effort.inner_tolerance, effort.most_inner)
        solution = solution + correction
        residual, products = right - exact(solution), products + used
        found = float(np.linalg.norm(residual)) / scale
        worse = 0 if found < min(residuals) else worse + 1
        best = best if worse else solution
        residuals.append(found)
    return Progress(best, np.array(residuals), products, len(residuals) - 1)


def flexible_conjugate_gradient(multiply: Product, exact: Product, right: F64, effort: Effort) -> Progress:
    """Flexible conjugate gradients, preconditioned by rough solutions.

    Parameters
    ----------
    multiply, exact : callable
        The matrix times a vector, inexactly and exactly.
    right : float64, shape (size,)
    effort : Effort
    """
    scale = float(np.linalg.norm(right)) or 1.0
    solution, residual = np.zeros_like(right), right
    direction, image = np.zeros_like(right), np.zeros_like(right)
    residuals, products = [float(np.linalg.norm(right)) / scale], 0
    while residuals[-1] > effort.tolerance and len(residuals) <= effort.most_rounds:
        rough, used = conjugate_gradient(multiply, residual, effort.inner_tolerance, effort.most_inner)
        # Arrays that see no positive curvature at all leave the residual itself: steepest descent.
        rough, products = rough if rough.any() else residual, products + used
        energy = float(direction @ image)
        direction = rough - (float(rough @ image) / energy * direction if energy > 0 else 0.0)
        image = exact(direction)
        energy = float(direction @ image)
        if not energy > 0:
            break
        step = float(residual @ direction) / energy
        solution, residual = solution + step * direction, residual - step * image
        residuals.append(float(np.linalg.norm(residual)) / scale)
    return Progress(solution, np.array(residuals), products, len(residuals) - 1)
