"""Whatever stands in a chip file, it is a chip or an InputError that names place and remedy."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archsim.chip import load_chip, resolved_yaml, sources
from archsim.errors import InputError
from tests.chips import analog_names

BASE = "pcm-mesh-14nm"
FIELDS = sorted(source.path for source in sources(BASE))
SCALARS = st.one_of(
    st.integers(-5, 4096).map(str),
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.sampled_from(
        ["null", "true", "40 ns", "1 mm^2", "0 J", "-3 W", "1e400 Hz", "8 [assumed]", "[]", "{a: 1}", "sram"]
    ),
    st.text(max_size=12),
)


def usable(name: str, overrides: list[str]) -> bool:
    try:
        load_chip(name, overrides)
    except InputError as error:
        assert error.what and error.where and error.remedy
        return False
    return True


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FIELDS), SCALARS)
def test_any_value_of_any_field(field: str, value: str) -> None:
    usable(BASE, [f"{field}={value}"])


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(FIELDS))
def test_a_field_set_to_its_own_value_changes_nothing(field: str) -> None:
    value = next(source.value for source in sources(BASE) if source.path == field)
    assert load_chip(BASE, [f"{field}={value}"]) == load_chip(BASE)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,? \n\t0", max_size=60))
def test_any_text(tmp_path: Path, text: str) -> None:
    file = tmp_path / "any.yaml"
    file.write_text(text, encoding="utf-8")
    assert not usable(str(file), [])


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(analog_names()),
    rows=st.integers(1, 40),
    node_nm=st.floats(1, 200),
    energy_j=st.just(0.0) | st.floats(1e-24, 1e-9),
)
def test_round_trip_of_changed_chips(tmp_path: Path, name: str, rows: int, node_nm: float, energy_j: float) -> None:
    given_here = [
        "fabric.tiles=null",
        f"fabric.rows={rows + 6}",
        f"technology.node={node_nm!r} nm",
        f"tile.adc.cost.energy.conversion={energy_j!r} J",
    ]
    chip = load_chip(name, given_here)
    file = tmp_path / "resolved.yaml"
    file.write_text(resolved_yaml(chip), encoding="utf-8")
    assert load_chip(str(file)) == chip
