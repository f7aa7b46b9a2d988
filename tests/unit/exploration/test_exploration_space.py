"""What a study's parameters are, and which combinations are points."""

import pytest

from archsim.errors import InputError
from archsim.exploration.proposals import Proposals
from archsim.exploration.reading import described
from archsim.exploration.schema import Goal
from archsim.exploration.space import Point, Space, batch_of
from tests.explorations import CHEAP


def space(**changes: object) -> Space:
    return Space(described({**CHEAP, **changes}))


def values(given: object) -> tuple[object, ...]:
    (one,) = space(parameters={"tile.adc.bits": given}).parameters
    return one.domain.values


def refused(**changes: object) -> InputError:
    with pytest.raises(InputError) as caught:
        space(**changes).check()
    return caught.value


def points(one: Space) -> list[Point]:
    proposals = Proposals(one, [Goal.MINIMIZE])
    return list(iter(proposals.ask, None))


def all_points(one: Space) -> list[dict[str, object]]:
    return [dict(point.values) for point in points(one)]


def test_ranges_hold_both_ends() -> None:
    assert values({"from": 4, "to": 10, "step": 3}) == (4, 7, 10)
    assert values({"from": "10 ns", "to": "40 ns", "count": 4}) == ("10 ns", "20 ns", "30 ns", "40 ns")
    # Four decades in five: 1, 10, 100, 1000.
    assert values({"from": 1, "to": 1000, "count": 4, "log": True}) == (1, 10, 100, 1000)
    assert values({"from": 0.5, "to": 1.0, "step": 0.25}) == (0.5, 0.75, 1.0)


def test_all_runs_of_a_study_may_end_early() -> None:
    one = space(run={"within": 0.01})
    assert one.variant(points(one)[0]).settings.within == 0.01


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"from": 8, "to": 4, "step": 1}, "nothing from 8 to 4"),
        ({"from": "1 ns", "to": "2 us", "count": 3}, "the units ns, us"),
        ({"from": 0, "to": 8, "count": 3, "log": True}, "no logarithm"),
        ({"from": 1, "to": 4, "step": 9}, "do not divide"),
        ({"from": "few", "to": "many", "count": 3}, "no numbers"),
        ([6, 8, 6], "twice"),
        ([], "is empty"),
        (7, "neither a list"),
        ({"value": []}, "Did you mean 'values'?"),
        ({"from": 1, "to": 8, "stepp": 2}, "Did you mean 'step'?"),
        ({"from": 1, "til": 8}, "Known here: from, to, step"),
        ({"from": 1, "to": 8, "step": 1, "count": 3}, "a range has steps, or a count"),
        ({"choices": {4: {}, 8: {}}}, "the name 4 is no text"),
    ],
)
def test_parameters_without_values_are_refused(given: object, words: str) -> None:
    assert words in str(refused(parameters={"tile.adc.bits": given}))


def test_paths_that_are_not_there_suggest_the_nearest() -> None:
    error = refused(parameters={"tile.adc.bitz": [6, 8]})
    assert "tile.adc.bits" in error.remedy
    assert error.where == "study: parameters.tile.adc.bitz"
    assert "units.core" in refused(parameters={"units.cor.lanes": [16, 32]}).remedy
    assert "'tile.array.cell.read_voltage'" in refused(parameters={"tile.array.read_voltage": ["0.1 V"]}).remedy
    assert "'replicate'" in refused(parameters={"replicat": ["none"]}).remedy
    inside = refused(parameters={"converters": {"choices": {"shared": {"tile": {"adc": {"column_per_adc": 8}}}}}})
    assert "tile.adc.columns_per_adc" in inside.remedy
    assert "converters.choices.shared" in inside.where


def test_a_field_that_only_one_choice_has_may_be_set_under_it() -> None:
    choices = {"choices": {"plain": None, "more": {"units": {"extra": {"lanes": 8}}}}}
    lanes = {"values": [8, 16], "when": {"unit": "more"}}
    space(parameters={"unit": choices, "units.extra.lanes": lanes}).check()
    assert "no chip has a field" in refused(parameters={"units.extra.lanes": [8, 16]}).what


def test_a_parameter_without_meaning_is_left_out() -> None:
    conditional = space(
        parameters={
            "mode": {"choices": {"plain": None, "shared": {"tile.adc.columns_per_adc": 8}}},
            "tile.adc.bits": {"values": [6, 8], "when": {"mode": "shared"}},
        }
    )
    points = all_points(conditional)
    assert len(points) == 3
    assert {"mode": "plain"} in points
    assert {"mode": "shared", "tile.adc.bits": 6} in points


def test_a_point_is_its_overrides_and_settings() -> None:
    one = space(
        set=["tile.adc.columns_per_adc=2"],
        run={"batch": 2, "replicate": "balanced", "schedule": "pipelined"},
        parameters={
            "mode": {"choices": {"small": {"tile": {"array": {"rows": 128}}, "fabric.link_width": "64 bit"}}},
            "replicate": {"choices": {"twice": {"fc1": 2}}},
            "batch": [8],
        },
    )
    variant = one.variant(one.point({"mode": "small", "replicate": "twice", "batch": 8}))
    assert variant.overrides == (
        "tile.adc.columns_per_adc=2",
        "mapping.schedule.order=pipelined",
        "tile.array.rows=128",
        "fabric.link_width=64 bit",
    )
    assert variant.settings.replicate == {"fc1": 2}
    assert batch_of(variant, 4) == 8  # The point says so; else the network, else the study.
    plain = space(run={"batch": 2})
    other = plain.variant(plain.point({"tile.adc.bits": 6, "tile.input.bits": 4, "fabric.link_width": "64 bit"}))
    assert (batch_of(other, 4), batch_of(other, None)) == (4, 2)


def test_what_is_required_of_parameters_is_kept() -> None:
    required = space(require=["tile.adc.bits >= tile.input.bits", "fabric.link_width == 64 bit"])
    points = all_points(required)
    # Input 4: converters 4 to 9; 6: 6 to 9; 8: 8 and 9.
    assert len(points) == 6 + 4 + 2
    assert all(point["fabric.link_width"] == "64 bit" for point in points)


def test_quantities_are_compared_with_their_units() -> None:
    times = {"tile.input.phase_time": ["90 ns", "0.1 us", "2 us"], "tile.adc.conversion_time": ["100 ns", "3000 ns"]}
    points = all_points(space(parameters=times, require=["tile.input.phase_time >= tile.adc.conversion_time"]))
    # 100 ns and 2 us are no less than 100 ns; nothing reaches 3 us.
    assert sorted(point["tile.input.phase_time"] for point in points) == ["0.1 us", "2 us"]
    limited = space(parameters=times, require=["tile.input.phase_time < 95 ns"])
    assert len(all_points(limited)) == 2


def test_a_space_without_points_is_refused() -> None:
    with pytest.raises(InputError, match="no combination"):
        all_points(space(require=["tile.adc.bits > 12"]))
    with pytest.raises(InputError, match="no combination"):
        all_points(space(require=["tile.adc.bits > 12"], method={"kind": "random", "points": 3}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"require": ["tile.adc.bit >= 4"]}, "'tile.adc.bits'"),
        ({"require": ["tile.adc.bits is 4"]}, "compares nothing"),
        ({"require": ["tile.adc.bits <= tile.input.bit"]}, "'tile.input.bits'"),
        ({"parameters": {"tile.adc.bits": {"values": [6], "when": {"modus": 1}}}}, "no parameter 'modus' before it"),
        ({"parameters": {"tile.adc.bits": {"from": 1, "to": 8}}}, "a grid does not know"),
        ({"parameters": {}}, "parameters"),
        ({"parameter": {"tile.adc.bits": [6]}}, "Did you mean 'parameters'?"),
        ({"networks": {"mlp-hermes": {"batches": 3}}}, "Did you mean 'batch'?"),
        ({"method": {"kind": "tpe"}}, "give 'points'"),
        ({"method": {"kind": "genetic", "points": 4}}, "nsga2"),
    ],
)
def test_other_faults_of_a_study(changes: dict[str, object], words: str) -> None:
    assert words in str(refused(**changes))


def test_the_same_seed_proposes_the_same_points() -> None:
    for kind in ("random", "quasi-random", "nsga2", "tpe"):
        method = {"kind": kind, "points": 12, "seed": 3}
        runs = [[Proposals(space(method=method), [Goal.MINIMIZE] * 2).ask() for _ in range(1)] for _ in range(2)]
        assert runs[0] == runs[1]
