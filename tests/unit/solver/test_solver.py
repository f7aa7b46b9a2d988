"""Linear systems with inexact products: against scipy's iterations, linear algebra, and sums by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse.linalg import cg

import archsim
from archsim.errors import InputError
from archsim.numeric import CrossbarSettings
from archsim.simulation import simulate
from archsim.solver import (
    AnalogProduct,
    Effort,
    Host,
    Method,
    conjugate_gradient,
    digital_cost,
    flexible_conjugate_gradient,
    refine,
)
from archsim.solver.host import Work, factor_work, product_work, step_work
from archsim.solver.product import product_network

F64 = NDArray[np.float64]
HOST = Host(operations_per_s=1e10, bytes_per_s=1e10, power_w=50.0, idle_power_w=5.0, source="a round number")
CHIP = "pcm-mesh-14nm"


def system(size: int = 40, condition: float = 30.0, seed: int = 0) -> tuple[F64, F64]:
    drawn = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(drawn.standard_normal((size, size)))
    matrix = (basis * np.geomspace(1.0, 1.0 / condition, size)) @ basis.T
    return (matrix + matrix.T) / 2, drawn.standard_normal(size)


def after(count: int, matrix: F64, right: F64, preconditioner: F64 | None = None) -> F64:
    """scipy's iterate after so many steps."""
    found, _ = cg(matrix, right, rtol=0.0, atol=0.0, maxiter=count, M=preconditioner)
    return np.asarray(found, np.float64)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_with_exact_products_the_iterates_are_scipys(count: int) -> None:
    matrix, right = system()
    found, products = conjugate_gradient(lambda vector: matrix @ vector, right, 0.0, count)
    assert products == count
    np.testing.assert_allclose(found, after(count, matrix, right), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_flexible_iterates_with_a_diagonal_inside_are_scipys_preconditioned_ones(count: int) -> None:
    """One inner step along the diagonal's inverse is Jacobi's preconditioner, up to a factor that no iterate feels."""
    matrix, right = system()
    diagonal = np.diag(np.diag(matrix))
    # Conjugate gradients on a diagonal matrix, to the end, divide by it.
    effort = Effort(tolerance=0.0, inner_tolerance=1e-15, most_inner=200, most_rounds=count)
    made = flexible_conjugate_gradient(lambda vector: diagonal @ vector, lambda vector: matrix @ vector, right, effort)
    expected = after(count, matrix, right, np.diag(1 / np.diag(matrix)))
    assert made.exact_products == count
    np.testing.assert_allclose(made.solution, expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("error", [0.2, -0.1, 0.03])
def test_refinement_leaves_what_a_product_too_large_by_a_share_leaves(error: float) -> None:
    """With (1 + e) A inside, a round leaves e / (1 + e) of the residual."""
    matrix, right = system()
    effort = Effort(tolerance=1e-12, inner_tolerance=1e-15, most_inner=400, most_rounds=4)
    made = refine(lambda vector: (1 + error) * (matrix @ vector), lambda vector: matrix @ vector, right, effort)
    ratios = made.residuals[1:] / made.residuals[:-1]
    np.testing.assert_allclose(ratios, abs(error / (1 + error)), rtol=1e-6)


def test_refinement_follows_the_recursion_of_any_error() -> None:
    """r' = (I - A (A + E)^-1) r, by dense linear algebra."""
    matrix, right = system()
    noise = np.random.default_rng(1).standard_normal(matrix.shape) * 5e-4
    wrong = matrix + noise + noise.T
    rest = np.eye(len(right)) - matrix @ np.linalg.inv(wrong)
    residual, expected = right, [1.0]
    for _ in range(3):
        residual = rest @ residual
        expected.append(float(np.linalg.norm(residual) / np.linalg.norm(right)))
    effort = Effort(tolerance=0.0, inner_tolerance=1e-15, most_inner=400, most_rounds=3)
    made = refine(lambda vector: wrong @ vector, lambda vector: matrix @ vector, right, effort)
    np.testing.assert_allclose(made.residuals, expected, rtol=1e-5)


def test_refinement_that_cannot_help_ends_and_keeps_its_best() -> None:
    matrix, right = system()
    effort = Effort(inner_tolerance=1e-10, most_inner=200, most_rounds=50)
    made = refine(lambda vector: 0.3 * (matrix @ vector), lambda vector: matrix @ vector, right, effort)
    assert made.exact_products == 3
    assert not made.solution.any()


def test_flexible_gradients_never_raise_the_energy_of_the_error() -> None:
    """Even with products that are mostly noise."""
    matrix, right = system()
    truth, drawn, energies = np.linalg.solve(matrix, right), np.random.default_rng(3), []

    def noisy(vector: F64) -> F64:
        return matrix @ vector + drawn.standard_normal(len(vector)) * float(np.linalg.norm(vector))

    for rounds in range(1, 12):
        drawn = np.random.default_rng(3)
        effort = Effort(tolerance=0.0, most_inner=5, most_rounds=rounds)
        wrong = truth - flexible_conjugate_gradient(noisy, lambda vector: matrix @ vector, right, effort).solution
        energies.append(float(wrong @ matrix @ wrong))
    assert all(later <= before * (1 + 1e-9) for before, later in itertools.pairwise(energies))


def test_a_product_on_ideal_arrays_is_the_product() -> None:
    matrix, right = system(size=700)
    run = simulate(product_network(700), CHIP)
    assert len(run.placement.blocks) == 4  # 700 x 700 on arrays of 512 x 512
    product = AnalogProduct(matrix, run, settings=CrossbarSettings())
    np.testing.assert_allclose(product(right), matrix @ right, rtol=0, atol=2e-6 * float(np.abs(right).max()))
    np.testing.assert_allclose(product(1e-9 * right), 1e-9 * (matrix @ right), rtol=0, atol=2e-14)
    assert not product(np.zeros(700)).any()
    assert product.count == 2


@pytest.mark.parametrize("method", Method)
def test_arrays_that_err_solve_to_double_precision(method: Method) -> None:
    """Well-conditioned, with the chip's own device model."""
    places = np.arange(64)
    matrix, right = 0.3 ** np.abs(places[:, None] - places), np.random.default_rng(0).standard_normal(64)
    solved = archsim.solve(matrix, right, CHIP, HOST, method, effort=Effort(tolerance=1e-11))
    assert solved.converged
    np.testing.assert_allclose(solved.solution, np.linalg.solve(matrix, right), rtol=0, atol=1e-9)
    assert solved.products > solved.exact_products == len(solved.residuals) - 1


def test_time_and_energy_add_up_by_hand() -> None:
    matrix, right = system(size=64, condition=3.0)
    solved = archsim.solve(matrix, right, CHIP, HOST, effort=Effort(tolerance=1e-6, most_rounds=30))
    headline, inner, outer = solved.run.ledger.headline, solved.products, solved.exact_products
    # 2 n^2 operations and n^2 + 2 n numbers of 8 bytes; 10 n and 13 n for what is beside a product.
    operations = outer * 2 * 64**2 + inner * 10 * 64
    numbers = outer * (64**2 + 2 * 64) + inner * 13 * 64
    host_s = max(operations / 1e10, numbers * 8 / 1e10)
    assert solved.host_s == pytest.approx(host_s)
    assert solved.arrays_s == pytest.approx(inner * headline.latency_s)
    assert solved.time_s == pytest.approx(host_s + inner * headline.latency_s)
    assert solved.host_j == pytest.approx(50.0 * host_s + 5.0 * inner * headline.latency_s)
    leakage = sum(part.count * part.leakage_w.value for part in solved.run.bill.components)
    assert solved.leakage_j == pytest.approx(leakage * headline.chips * solved.time_s)
    spent = solved.run.ledger.energy
    assert solved.arrays_j == pytest.approx(inner * spent[spent.action != "leakage"].energy_j.sum())
    assert solved.energy_j == pytest.approx(solved.arrays_j + solved.leakage_j + solved.host_j)


def test_the_host_is_as_fast_as_its_slower_side() -> None:
    assert HOST.time_s(Work(1e10, 1e3)) == pytest.approx(1.0)
    assert HOST.time_s(Work(1e3, 1e10)) == pytest.approx(8.0)
    assert digital_cost(HOST, Work(1e10, 0)) == pytest.approx((1.0, 50.0))
    assert product_work(10) + step_work(10).times(2) == Work(200 + 200, 120 + 260)
    assert factor_work(30).operations == pytest.approx(30**3 / 3 + 2 * 30**2)


@pytest.mark.parametrize(
    ("matrix", "right", "words"),
    [
        (np.eye(3)[:2], np.ones(3), "a matrix of shape (2, 3)"),
        (np.eye(3), np.ones(2), "of shape (2,)"),
        (np.zeros((0, 0)), np.ones(0), "of shape (0, 0)"),
        (np.eye(2) * np.nan, np.ones(2), "not all numbers are finite"),
        (np.array([[1.0, 0.5], [0.0, 1.0]]), np.ones(2), "not symmetric"),
        (np.diag([1.0, -1.0]), np.ones(2), "not positive definite"),
        (np.eye(2) * (1 + 1j), np.ones(2), "complex128"),
        (np.eye(2), ["one", "two"], "numbers of the kind"),
        (np.float64(2.0), np.ones(1), "of shape ()"),
    ],
)
def test_what_is_no_such_system_is_refused(matrix: F64, right: F64, words: str) -> None:
    with pytest.raises(InputError) as refused:
        archsim.solve(matrix, right, CHIP, HOST)
    assert words in str(refused.value)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InputError, match=r"no method 'gauss'") as refused:
        archsim.solve(np.eye(2), np.ones(2), CHIP, HOST, "gauss")
    assert "Method.REFINE, Method.CG" in refused.value.remedy


@pytest.mark.parametrize(
    "wrong", [{"tolerance": -1.0}, {"inner_tolerance": 1.0}, {"most_inner": 0}, {"most_rounds": 0}]
)
def test_an_effort_that_goes_nowhere_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"no {next(iter(wrong))}"):
        Effort(**wrong)


@pytest.mark.parametrize("wrong", [{"operations_per_s": 0.0}, {"power_w": -1.0}, {"idle_power_w": -1.0}])
def test_an_impossible_host_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Host(
            **{"operations_per_s": 1.0, "bytes_per_s": 1.0, "power_w": 1.0, "idle_power_w": 0.0, "source": "", **wrong}
        )


def test_nothing_to_solve_takes_nothing() -> None:
    solved = archsim.solve(np.eye(4), np.zeros(4), CHIP, HOST)
    assert (solved.products, solved.exact_products, solved.time_s, solved.converged) == (0, 0, 0.0, True)
