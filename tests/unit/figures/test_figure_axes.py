"""Figures show their data, and files are the same every time."""

from __future__ import annotations

import xml.dom.minidom
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from archsim import figures
from archsim.accounting.sites import sites
from archsim.errors import InputError
from archsim.figures import Drawn
from archsim.simulation import Result, Settings, simulate
from archsim.studies import Followed, Sensitivity, follow, sensitivity

CHIP = "pcm-mesh-14nm"


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate("mlp-l4", CHIP, Settings(batch=2))


@pytest.fixture(scope="module")
def followed(result: Result) -> Followed:
    found = follow(result)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def ranked(result: Result) -> Sensitivity:
    return sensitivity(CHIP, (), Settings(batch=2), result)


def all_of(result: Result, followed: Followed, ranked: Sensitivity) -> list[Drawn]:
    of_result: tuple[Callable[[Result], Drawn], ...] = (
        figures.waterfall, figures.energy, figures.area, figures.layers, figures.floorplan,
    )  # fmt: skip
    of_life: tuple[Callable[[Followed], Drawn], ...] = (figures.pipeline, figures.critical_path, figures.buffers)
    return [*(draw(result) for draw in of_result), *(draw(followed) for draw in of_life), figures.sensitivity(ranked)]


def test_every_figure_has_a_title_and_data(result: Result, followed: Followed, ranked: Sensitivity) -> None:
    for drawn in all_of(result, followed, ranked):
        assert drawn.axes.get_title(loc="left")
        assert len(drawn.frame) > 0
        assert isinstance(drawn.figure, Figure)


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_files_are_the_same_every_time(
    result: Result, followed: Followed, ranked: Sensitivity, tmp_path: Path, ending: str
) -> None:
    kept = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        drawn = all_of(result, followed, ranked)
        kept.append([figures.save(one, tmp_path / folder / f"{n}{ending}").read_bytes() for n, one in enumerate(drawn)])
    assert kept[0] == kept[1]
    if ending == ".svg":
        for text in kept[0]:
            xml.dom.minidom.parseString(text)


def test_bars_are_as_long_as_their_values(result: Result) -> None:
    drawn = figures.energy(result)
    lengths = sum(patch.get_width() for patch in drawn.axes.patches)
    assert lengths == pytest.approx(result.ledger.energy["energy_j"].sum())
    drawn = figures.area(result)
    assert sum(patch.get_width() for patch in drawn.axes.patches) == pytest.approx(result.ledger.headline.area_m2 * 1e6)


def test_the_waterfall_ends_at_the_headline(result: Result) -> None:
    drawn = figures.waterfall(result)
    assert drawn.frame["tops_per_w"].iloc[-1] * 1e3 == pytest.approx(result.ledger.headline.gops_per_w)
    heights = [patch.get_height() for patch in drawn.axes.patches][::2]
    assert heights == pytest.approx(drawn.frame["tops_per_w"].tolist())


def test_the_critical_path_is_drawn_to_its_length(followed: Followed) -> None:
    drawn = figures.critical_path(followed)
    assert drawn.frame["total_ps"].sum() == followed.path.stop_ps - followed.path.start_ps
    lengths = sum(patch.get_width() for patch in drawn.axes.patches)
    assert lengths == pytest.approx(drawn.frame["total_ps"].sum() / 1e6)


@pytest.mark.parametrize("quantity", figures.QUANTITIES)
def test_maps_show_the_sites(result: Result, quantity: str) -> None:
    drawn = figures.floorplan(result, quantity)
    column, _, scale = figures.QUANTITIES[quantity]
    shown = np.asarray(drawn.axes.images[0].get_array())
    expected = sites(result.trace, result.placement, result.bill).frame[column] / scale
    assert sorted(shown.ravel().tolist()) == pytest.approx(sorted(expected.tolist()))


def test_axes_of_ones_own_are_used(result: Result) -> None:
    axes = Figure().subplots(1, 2)
    assert figures.energy(result, axes[0]).axes is axes[0]
    assert figures.waterfall(result, axes[1]).axes is axes[1]


def test_unknown_quantities_chips_and_endings_are_refused(result: Result, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no quantity 'heat'"):
        figures.floorplan(result, "heat")
    with pytest.raises(InputError, match="no chip 7"):
        figures.floorplan(result, chip=7)
    with pytest.raises(InputError, match=r"not written as '\.gif'"):
        figures.save(figures.energy(result), tmp_path / "a.gif")
