"""An exploration for readers, and as files."""

from archsim.report.exploration.document import exploration_document, exploration_page
from archsim.report.exploration.files import EXPLORATION_FILES, write_exploration

__all__ = ["EXPLORATION_FILES", "exploration_document", "exploration_page", "write_exploration"]
