"""Exploration: many chips for some networks, and which of them are best."""

from .exploring import Standing, Stopped, explore
from .ledgers import read_ledgers
from .reading import read_study
from .results import Exploration
from .schema import Study
from .store import StoreLost

__all__ = ["Exploration", "Standing", "Stopped", "StoreLost", "Study", "explore", "read_ledgers", "read_study"]
