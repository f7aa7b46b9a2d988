"""The Chip: the validated hardware description."""

from .export import json_schema, resolved_yaml
from .files import chip_names, describe
from .loading import Source, load_chip, sources
from .overrides import Overrides
from .schema import Chip

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
