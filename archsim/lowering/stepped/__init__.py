"""Lowering for devices that work layer by layer: passes in steps, operands fetched ahead, results sent after."""

from archsim.lowering.stepped.lower import lower_steps

__all__ = ["lower_steps"]
