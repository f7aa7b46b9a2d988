"""What a chip consists of and what its matrix unit does: components before they are priced, and stages of products."""

from archsim.machine.matrix_unit import BlockLimits, MatrixUnit
from archsim.machine.part import Kind, Part, Place, Purpose, Rate
from archsim.machine.parts import BUFFER, ISSUE, OVERHEAD, parts
from archsim.machine.registry import matrix_unit
from archsim.machine.stages import Action, BlockShapes, Pass, Stage, product_period, stages_of

__all__ = [
    "BUFFER",
    "ISSUE",
    "OVERHEAD",
    "Action",
    "BlockLimits",
    "BlockShapes",
    "Kind",
    "MatrixUnit",
    "Part",
    "Pass",
    "Place",
    "Purpose",
    "Rate",
    "Stage",
    "matrix_unit",
    "parts",
    "product_period",
    "stages_of",
]
