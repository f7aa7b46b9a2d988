"""Models of other packages: found by entry point, refused when they are none or take a name that exists."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from archsim import registration
from archsim.cost import CostModel, Estimate, Figure, Kind, Process, declare, quote, registry
from archsim.cost.settings import Bits, Metres, Watts
from archsim.errors import InputError


class Mine(Process):
    """Settings of the plug-in."""

    bits: int


def mine(settings: Mine) -> Estimate:
    """A plug-in's model."""
    figure = Figure(settings.bits * 1e-12, "1 pJ per bit", "me")
    return Estimate((("conversion", figure),), figure, figure)


PLUGIN = declare("mine", Kind.ADC, Mine, mine, source="me", validity="always")
PAIR = (
    declare("first", Kind.ADC, Mine, mine, source="me", validity="always"),
    declare("second", Kind.DRIVER, Mine, mine, source="me", validity="always"),
)
TAKEN = declare("survey", Kind.ADC, Mine, mine, source="me", validity="always")
NO_MODEL = "a word"


@pytest.fixture(autouse=True)
def fresh_registry() -> Iterator[None]:
    registry.models.cache_clear()
    yield
    registry.models.cache_clear()


def _install(monkeypatch: pytest.MonkeyPatch, attribute: str, module: str = __name__) -> None:
    entry = EntryPoint("extra", f"{module}:{attribute}", registry.GROUP)

    def found(*, group: str) -> EntryPoints:
        return EntryPoints([entry] if group == registry.GROUP else [])

    monkeypatch.setattr(registration, "entry_points", found)


def test_a_plugin_prices_components(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "PLUGIN")
    answer = quote("adc", ["model=mine", "bits=7", "node=14 nm"])
    assert dict(answer.energy_j)["conversion"].value == pytest.approx(7e-12)


def test_a_plugin_may_offer_several(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "PAIR")
    names = {(model.kind, model.name) for model in registry.models() if isinstance(model, CostModel)}
    assert {(Kind.ADC, "first"), (Kind.DRIVER, "second")} <= names


def test_a_plugin_may_not_take_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "TAKEN")
    with pytest.raises(InputError, match="already is a cost model 'survey'"):
        registry.models()


def test_a_plugin_that_is_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "NO_MODEL")
    with pytest.raises(InputError, match="no CostModel"):
        registry.models()


def test_a_plugin_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, "X", module="archsim_is_not_there")
    with pytest.raises(InputError, match="cannot be loaded") as caught:
        registry.models()
    assert "'extra'" in caught.value.where and caught.value.remedy


class Declared(Process):
    """Settings with every sort of default."""

    width: Bits
    depth: Metres = 2e-9
    count: int = 3
    given: Watts | None = None
    ratio: float | None = None


def test_a_declared_model_lists_its_parameters() -> None:
    model = declare("declared", Kind.ADC, Declared, mine, source="me", validity="always", sorts=("sar", "ramp"))
    parameters = {parameter.name: (parameter.unit, parameter.default) for parameter in model.parameters}
    assert parameters == {
        "node": ("m", "required"),
        "supply": ("V", "from the others"),
        "flavour": ("", "high-performance"),
        "temperature": ("K", "300.0"),
        "leakage_scale": ("", "1.0"),
        "width": ("bit", "required"),
        "depth": ("m", "2e-09"),
        "count": ("", "3"),
        "given": ("W", "from the others"),
        "ratio": ("", "from the others"),
    }
    assert (model.name, model.kind, model.source, model.validity) == ("declared", Kind.ADC, "me", "always")
    assert model.accepts("width") and not model.accepts("wide")
    assert model.prices("sar") and not model.prices("oscillator")
    assert PLUGIN.prices("oscillator")


def test_of_several_wrong_parameters_the_first_is_named() -> None:
    with pytest.raises(InputError, match="parameter 'width' is missing"):
        declare("declared", Kind.ADC, Declared, mine, source="me", validity="always").estimate(
            {"node": 1e-8, "depth": -1.0}
        )


def test_a_wrong_member_of_a_list_is_named_by_its_list() -> None:
    unit = next(model for model in registry.models() if model.kind is Kind.UNIT)
    with pytest.raises(InputError, match="parameter 'operations' cannot be 3"):
        unit.estimate({"node": 1e-8, "operations": ("mac", 3)})  # type: ignore[dict-item]
