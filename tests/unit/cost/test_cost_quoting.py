"""Asking a model without a chip: parsing, defaults, refusals, and warnings outside the fitted range."""

from __future__ import annotations

import pytest

from archsim.cost import CostRangeWarning, models, quote
from archsim.errors import InputError


def test_a_quote_has_value_formula_and_source() -> None:
    answer = quote("adc", ["bits=8", 'node="14 nm"'])
    (action, figure), *_ = answer.energy_j
    assert action == "conversion" and figure.value > 0
    assert "bits" in figure.formula and "2404.06553" in figure.source
    assert answer.model.name == "survey" and "neurosim" in answer.alternatives


def test_settings_may_share_one_argument() -> None:
    assert quote("adc", ["bits=8,node=14 nm"]) == quote("adc", ["bits=8", "node=14 nm"])


def test_a_value_may_hold_a_comma() -> None:
    answer = quote("unit", ["node=45 nm,operations=mac,add"])
    assert [name for name, _ in answer.energy_j] == ["mac", "add"]


@pytest.mark.parametrize(
    ("kind", "settings", "what", "remedy"),
    [
        ("adcs", [], "no kind of component 'adcs'", "'adc'"),
        ("adc", ["bits"], "'bits' is not name=value", "bits=8"),
        ("adc", ["bits=8"], "'node' is missing", "node="),
        ("adc", ["bits=0", "node=14 nm"], "'bits' cannot be '0'", "limits"),
        ("adc", ["bits=8", "node=-14 nm"], "'node' cannot be '-14 nm'", "limits"),
        ("adc", ["bits=8", "node=14"], "'node' cannot be '14'", "limits"),
        ("adc", ["bits=8", "node=14 s"], "'node' cannot be '14 s': '14 s' is in s, where m is meant", "limits"),
        ("adc", ["bits=8", "node=nan m"], "'node' cannot be 'nan m'", "limits"),
        ("adc", ["bit=8", "node=14 nm"], "no parameter 'bit'", "'bits'"),
        ("adc", ["bits=8", "node=14 nm", "model=servey"], "no cost model 'servey'", "'survey'"),
        ("unit", ["node=14 nm", "operations=sing"], "'sing' is no operation", "mac"),
        ("unit", ["node=14 nm", "format=int7"], "'format' cannot be 'int7'", ""),
        ("buffer", ["node=14 nm", "capacity=0 bit", "width=64 bit"], "'capacity' cannot be", "limits"),
    ],
)
def test_bad_settings(kind: str, settings: list[str], what: str, remedy: str) -> None:
    with pytest.raises(InputError) as caught:
        quote(kind, settings)
    assert what in caught.value.what
    assert caught.value.where
    assert remedy in caught.value.remedy and caught.value.remedy


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("adc", "bits=3,node=14 nm", "bits"),
        ("adc", "bits=8,node=7 nm", "7 nm"),
        ("adc", "bits=8,node=14 nm,conversion_time=50 ps", "rate"),
        ("adc", "bits=12,node=32 nm,model=isaac", "12 bits"),
        ("adc", "bits=10,node=14 nm,model=oscillator", "frequency"),
        ("buffer", "node=14 nm,capacity=1 kilobyte,width=64 bit", "capacity"),
        ("buffer", "node=65 nm,capacity=64 kilobyte,width=64 bit", "65 nm"),
        ("buffer", "node=14 nm,capacity=64 kilobyte,width=32 bit", "width"),
        ("router", "node=7 nm,width=128 bit", "7 nm"),
        ("router", "node=14 nm,width=32 bit", "32"),
        ("router", "node=14 nm,width=128 bit,ports=8", "8 ports"),
        ("unit", "node=5 nm", "5 nm"),
    ],
)
def test_outside_the_fitted_range_warns(kind: str, settings: str, words: str) -> None:
    with pytest.warns(CostRangeWarning, match=words):
        answer = quote(kind, [settings])
    assert any(words in note for note in answer.notes)


def test_models_list_their_parameters_with_units_and_defaults() -> None:
    survey = next(model for model in models() if model.name == "survey")
    parameters = {parameter.name: (parameter.unit, parameter.default) for parameter in survey.parameters}
    assert parameters["node"] == ("m", "required")
    assert parameters["bits"] == ("", "required")
    assert parameters["conversion_time"] == ("s", "1e-08")
    assert survey.source and survey.validity


def test_names_are_unique_within_a_kind() -> None:
    names = [(model.kind, model.name) for model in models()]
    assert len(names) == len(set(names))
