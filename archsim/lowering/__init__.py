"""Making Programs from Placements."""

from archsim.lowering.lower import lower

__all__ = ["lower"]
