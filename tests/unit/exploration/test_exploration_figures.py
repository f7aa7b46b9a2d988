"""Figures, constraints, means over networks, and fronts."""

import numpy as np
import pytest

from archsim.errors import InputError
from archsim.exploration.figures import Figure, Measured, limits, objectives
from archsim.exploration.fronts import dominators, ranks
from archsim.exploration.reading import described
from tests.explorations import CHEAP


def test_a_limit_is_read_with_its_unit() -> None:
    study = described({**CHEAP, "constraints": ["area_m2 <= 400 mm^2", "gops_per_w >= 500", "latency_s <= 2 us"]})
    area, efficiency, latency = limits(study, "study")
    assert (area.value, area.most) == (pytest.approx(4e-4), True)
    assert (efficiency.value, efficiency.most) == (500.0, False)
    # 600 mm2 are half as much again as 400 mm2; 250 GOP/s/W are half of what is wanted.
    assert area.excess(6e-4) == pytest.approx(0.5)
    assert efficiency.excess(250.0) == pytest.approx(0.5)
    assert latency.excess(1e-6) == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"objectives": {"latency": "minimize"}}, "Did you mean 'latency_s'"),
        ({"objectives": {"accuracy": "maximize"}}, "accuracy: {model: digits-cnn}"),
        ({"objectives": {"latency_s of mlp": "minimize"}}, "Did you mean 'mlp-hermes'"),
        ({"constraints": ["area_m2 <= 4 ns"]}, "is in ns"),
        ({"constraints": ["area_m2 == 4 mm^2"]}, "sets no limit"),
        ({"constraints": ["gops_per_w >= many"]}, "has no unit"),
        ({"constraints": ["area_m2 <= 100 mm^2", "area_m2 >= 2 cm^2"]}, "no point keeps both"),
        ({"constraints": ["latency_s <= 1 us", "latency_s of mlp-hermes >= 1 ms"]}, "no point keeps both"),
        ({"constraints": ["latency_s <= -1 us"]}, "never below 0"),
        ({"constraints": ["idle_share >= 2"]}, "at most 1"),
        ({"constraints": ["throughput_per_s >= nan"]}, "sets no limit"),
        ({"constraints": ["1 ms >= latency_s"]}, "Write the figure first"),
    ],
)
def test_figures_that_nobody_measures_and_limits_that_nobody_keeps(changes: dict[str, object], words: str) -> None:
    study = described({**CHEAP, **changes})
    with pytest.raises(InputError) as caught:
        objectives(study, "study")
        limits(study, "study")
    assert words in str(caught.value)


def test_ratios_need_a_chip_to_be_to() -> None:
    objectives_of = {**CHEAP, "objectives": {"energy_gain": "maximize"}}
    with pytest.raises(InputError, match="Say to which chip it is a ratio: baseline: isaac"):
        objectives(described(objectives_of), "study")
    (gain,) = objectives(described({**objectives_of, "baseline": "isaac"}), "study")
    assert (gain.figure.name, gain.sign) == ("energy_gain", -1.0)


def test_over_networks_a_figure_is_the_geometric_mean_by_weight() -> None:
    measured = Measured({"one": {"latency_s": 1.0}, "two": {"latency_s": 8.0}}, {})
    # (1^2 x 8)^(1/3) = 2; with equal weights 8^(1/2).
    assert measured.mean(Figure("latency_s"), {"one": 2.0, "two": 1.0}) == pytest.approx(2.0)
    assert measured.mean(Figure("latency_s"), {"one": 1.0, "two": 1.0}) == pytest.approx(8.0**0.5)
    assert measured.mean(Figure("latency_s", "two"), {"one": 1.0, "two": 1.0}) == 8.0


def test_ranks_count_who_is_better() -> None:
    costs = np.array([[1.0, 4.0], [2.0, 2.0], [4.0, 1.0], [2.0, 4.0], [4.0, 4.0], [1.0, 4.0]])
    # Twins do not dominate each other; (2, 4) is dominated by (1, 4) twice and by (2, 2).
    assert ranks(costs).tolist() == [0, 0, 0, 3, 5, 0]
    assert dominators(np.zeros((0, 2)), costs).tolist() == [0] * 6
