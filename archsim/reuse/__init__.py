"""Results that are kept, and found again by what they were made from."""

from archsim.reuse.contents import name_of
from archsim.reuse.disk import Disk
from archsim.reuse.memory import Memory
from archsim.reuse.recall import Form, Recall, Recalled, the_recall

__all__ = ["Disk", "Form", "Memory", "Recall", "Recalled", "name_of", "the_recall"]
