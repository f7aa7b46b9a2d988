"""The Chip: the validated hardware description."""

from archsim.chip.export import json_schema, resolved_yaml
from archsim.chip.loading import Source, chip_names, describe, load_chip, sources
from archsim.chip.overrides import Overrides
from archsim.chip.schema import Chip

__all__ = [
    "Chip",
    "Overrides",
    "Source",
    "chip_names",
    "describe",
    "json_schema",
    "load_chip",
    "resolved_yaml",
    "sources",
]
