"""Linear systems on analog arrays: condition number, precision, time and energy beside the processor alone.

    python scripts/study_solver.py [--size 256] [--write]

The matrices are those of a first-order autoregression, a_ij = r^|i - j|, whose condition number tends to
((1 + r) / (1 - r))^2. Both methods of `archsim.solve` solve to 1e-10, with residuals in double precision on the host
and all other products on the chip's arrays; beside them, conjugate gradients and a Cholesky factorisation on the host.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import cg

from archsim.numeric import CrossbarSettings
from archsim.solver import AnalogProduct, Effort, Host, Method, Solution, digital_cost, solve
from archsim.solver.host import Work, factor_work, product_work, step_work

F64 = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "reports" / "studies" / "solver.md"
HOST = Host(
    operations_per_s=5e10,
    bytes_per_s=2e10,
    power_w=65.0,
    idle_power_w=10.0,
    source="assumed: a desktop processor of eight cores, of which conjugate gradients keep the memory busy",
)
CHIPS = ("pcm-mesh-14nm", "reram-mesh-22nm")
CORRELATIONS = (0.2, 0.5, 0.8)
TOLERANCE = 1e-10
BEGIN, END = "<!-- table -->\n\n", "\n<!-- end of table -->"


@dataclass(frozen=True)
class System:
    """A system to be solved."""

    matrix: F64
    right: F64

    @property
    def condition(self) -> float:
        return float(np.linalg.cond(self.matrix))


def system(size: int, correlation: float) -> System:
    places = np.arange(size)
    drawn = np.random.default_rng(0)
    return System(correlation ** np.abs(places[:, None] - places), drawn.standard_normal(size))


def steps_alone(asked: System) -> int:
    """Conjugate gradients in double precision."""
    steps: list[None] = []
    cg(asked.matrix, asked.right, rtol=TOLERANCE, atol=0.0, callback=lambda _: steps.append(None))
    return len(steps)


def precision(asked: System, solved: Solution) -> float:
    """Error of a product on the arrays, over the product of a random vector."""
    product = AnalogProduct(asked.matrix, solved.run)
    vector = np.random.default_rng(1).standard_normal(len(asked.right))
    exact = asked.matrix @ vector
    return float(np.linalg.norm(product(vector) - exact) / np.linalg.norm(exact))


def lines(size: int) -> Iterator[str]:
    yield "| r | condition | products by | error of one | ended at | on arrays | exact | time | energy | of it host |"
    yield "|---" * 10 + "|"
    for correlation in CORRELATIONS:
        asked = system(size, correlation)
        head = f"| {correlation} | {asked.condition:.1f} "
        steps = steps_alone(asked)
        for name, work, exact in (
            ("host: conjugate gradients", (product_work(size) + step_work(size)).times(steps), str(steps)),
            ("host: Cholesky", factor_work(size), ""),
        ):
            yield head + _alone(name, work, exact)
        for chip in CHIPS:
            for method in Method:
                solved = solve(asked.matrix, asked.right, chip, HOST, method, effort=Effort(TOLERANCE))
                yield head + _mixed(f"{chip}, {method}", solved, precision(asked, solved))
        ideal = solve(asked.matrix, asked.right, CHIPS[0], HOST, effort=Effort(TOLERANCE), settings=CrossbarSettings())
        yield head + _mixed("ideal arrays, refine", ideal, 0.0)


def _alone(name: str, work: Work, exact: str) -> str:
    time_s, energy_j = digital_cost(HOST, work)
    return f"| {name} | | {TOLERANCE:g} | | {exact} | {time_s * 1e6:,.0f} µs | {energy_j * 1e3:.2f} mJ | 100 % |"


def _mixed(name: str, solved: Solution, error: float) -> str:
    least = f"{solved.residuals.min():.1e}"
    ended = least if solved.converged else f"**{least}, not solved**"
    counts = f"{solved.products} | {solved.exact_products}"
    return (
        f"| {name} | {error:.1%} | {ended} | {counts} | {solved.time_s * 1e6:,.0f} µs "
        f"| {solved.energy_j * 1e3:.2f} mJ | {solved.host_j / solved.energy_j:.0%} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--write", action="store_true", help=f"write the tables into {PAGE.name}")
    chosen = parser.parse_args()
    found = []
    for line in lines(chosen.size):
        print(line, flush=True)
        found.append(line)
    if chosen.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(before + BEGIN + "\n".join(found) + "\n" + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
