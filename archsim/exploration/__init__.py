"""Exploration: many chips for some networks, and which of them are best."""

from archsim.exploration.exploring import Standing, Stopped, explore
from archsim.exploration.ledgers import read_ledgers
from archsim.exploration.results import Exploration
from archsim.exploration.schema import Study, read_study
from archsim.exploration.store import StoreLost

__all__ = ["Exploration", "Standing", "Stopped", "StoreLost", "Study", "explore", "read_ledgers", "read_study"]
