"""Register files: flip-flops, priced bit by bit.

Source: Aladdin, 40 nm: 9 fJ per bit read or written, 5.98 um^2 per bit; leakage by the area of logic. Decoders and
the wires of a large file are not modelled.
"""

from __future__ import annotations

from archsim.cost import arithmetic
from archsim.cost.bill import Figure
from archsim.cost.estimate import Estimate, Kind, engineering, range_notes, square
from archsim.cost.leakage import logic_leakage
from archsim.cost.model import declare
from archsim.cost.scaling import node_notes
from archsim.cost.settings import Bits, Process

_LARGEST_BITS = 32768.0


class RegisterFile(Process):
    """Settings of a register file."""

    capacity: Bits


def register_file(settings: RegisterFile) -> Estimate:
    """Price a register file."""
    point = settings.point
    bit, area = arithmetic.register(1, point), arithmetic.register_area(1, point)
    figure = Figure(bit, f"{engineering(bit, 'J')}/bit at {point}", arithmetic.REGISTER_SOURCE)
    total = settings.capacity * area
    return Estimate(
        (("read_bit", figure), ("write_bit", figure)),
        Figure(total, f"{settings.capacity:g} bit x {square(area)}", arithmetic.REGISTER_SOURCE),
        logic_leakage(total, point),
        notes=(*node_notes(settings.node), *range_notes("capacity in bits", settings.capacity, 1, _LARGEST_BITS)),
    )


MODELS = tuple(
    declare(
        "register-file",
        kind,
        RegisterFile,
        register_file,
        source=arithmetic.REGISTER_SOURCE,
        validity="up to 4 kB, 7 to 180 nm",
        sorts=("register-file",) if kind is Kind.BUFFER else ("sram",),
    )
    for kind in (Kind.BUFFER, Kind.MEMORY)
)
