"""A chip as text again, and the schema of chip files for editors."""

from __future__ import annotations

import yaml
from pydantic import JsonValue

from archsim.chip.schema import Chip


def resolved_yaml(chip: Chip) -> str:
    """Write a chip as a YAML file that reads back as the very same chip.

    Quantities carry their units; nothing is inherited and no source is kept.
    """
    written = _without_empty(chip.model_dump(mode="json", exclude_none=True))
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=120)


def _without_empty(node: JsonValue) -> JsonValue:
    if not isinstance(node, dict):
        return node
    return {key: _without_empty(value) for key, value in node.items() if value != {}}


def json_schema() -> dict[str, JsonValue]:
    """JSON schema of chip files, for editors that complete and check YAML.

    It knows ``extends``, ranges and sources in square brackets, and requires no key, since a file may inherit it.
    """
    schema: dict[str, JsonValue] = _relaxed_mapping(Chip.model_json_schema())
    properties = schema["properties"]
    assert isinstance(properties, dict)
    properties["extends"] = {"type": "string", "description": "A preset, or a chip file relative to this one."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


_SOURCED = r".+\[[^\[\]]+\]"
"""A value with its source, or with both ends of a range."""
_RANGED = r"\s*[-+.\deE]+\s*±\s*[-+.\deE]+\s*%?"


def _relaxed(node: JsonValue) -> JsonValue:
    if isinstance(node, dict):
        return _relaxed_mapping(node)
    return [_relaxed(item) for item in node] if isinstance(node, list) else node


def _relaxed_mapping(node: dict[str, JsonValue]) -> dict[str, JsonValue]:
    relaxed = {key: _relaxed(value) for key, value in node.items() if key != "required"}
    scalar = node.get("type") in ("integer", "number", "boolean") or "enum" in node
    if not scalar:
        return relaxed
    forms = rf"{_SOURCED}|{_RANGED}" if node.get("type") in ("integer", "number") else _SOURCED
    written: JsonValue = {"type": "string", "pattern": rf"^({forms})\s*$"}
    return {"anyOf": [relaxed, written]}
