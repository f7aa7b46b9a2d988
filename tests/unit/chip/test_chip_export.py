"""A chip written back as YAML, and the schema for editors."""

import json
import re

import pytest
import yaml

from archsim.chip import json_schema, load_chip, resolved_yaml


def test_quantities_are_written_with_units() -> None:
    text = resolved_yaml(load_chip("pcm-mesh-14nm"))
    written = yaml.safe_load(text)
    assert written["tile"]["input"]["phase_time"] == "128 ns"
    assert written["tile"]["buffer"]["capacity"] == "256 KiB"
    assert written["tile"]["adc"]["kind"] == "oscillator"
    assert written["fabric"]["rows"] == 16


def test_structural_defaults_are_written_out() -> None:
    written = yaml.safe_load(resolved_yaml(load_chip("puma")))
    assert written["memory"]["dram"]["channels"] == 1
    assert "extends" not in written


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(json_schema()))["title"] == "Chip"


def test_the_schema_knows_inheritance_and_requires_nothing() -> None:
    schema = json_schema()
    properties = schema["properties"]
    assert isinstance(properties, dict) and "extends" in properties
    assert '"required"' not in json.dumps(schema)


def test_the_schema_admits_sources_behind_counts_and_words() -> None:
    adc = json_schema()["$defs"]["Adc"]["properties"]  # type: ignore[index, call-overload]
    patterns = [choice["pattern"] for choice in adc["bits"]["anyOf"] if "pattern" in choice]  # type: ignore[index, call-overload]
    assert re.search(patterns[0], "8 [JSSC 57(4), 2022]")
    assert not re.search(patterns[0], "eight")


@pytest.mark.parametrize("text", ["0.27 ± 20 %", "0.27 ± 0.05", "8 [6, 10]", "0.27 [0.2, 0.4] [assumed]", "1e8 ± 5e7"])
def test_the_schema_admits_ranges(text: str) -> None:
    driver = json_schema()["$defs"]["InputDriver"]["properties"]  # type: ignore[index, call-overload]
    patterns = [choice["pattern"] for choice in driver["mean_activity"]["anyOf"] if "pattern" in choice]  # type: ignore[index, call-overload]
    assert re.fullmatch(patterns[0], text)
    assert not re.fullmatch(patterns[0], "much ± 20 %")


def test_the_schema_wants_quantities_as_text() -> None:
    driver = json_schema()["$defs"]["InputDriver"]["properties"]  # type: ignore[index, call-overload]
    assert driver["phase_time"]["type"] == "string"  # type: ignore[index, call-overload]


def test_the_schema_refuses_unknown_keys() -> None:
    assert json_schema()["additionalProperties"] is False
