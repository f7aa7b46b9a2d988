"""The Chip: what a hardware description file may say.

Every quantity is a string with a unit in the file and an SI float here. Nothing has a silent default that stands for
a cost or a duration: what a file leaves out is either structural (no cores, one chip) or an error when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping as Mapping_
from typing import Annotated, Self

from pydantic import (
    BeforeValidator,
    Field,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from archsim.chip.digital import Technology, Unit
from archsim.chip.fabric import Fabric, no_fabric
from archsim.chip.layer_by_layer import idle_fields
from archsim.chip.mapping_rules import Depthwise, Mapping
from archsim.chip.other_part import OtherPart
from archsim.chip.power import Power
from archsim.chip.section import Precision, Section, refusal
from archsim.chip.stepped_tile import SteppedTile
from archsim.chip.system import Memory, System
from archsim.chip.tile import AnalogTile, Tile
from archsim.chip.tile_kinds import names_stepped, read_tile
from archsim.errors import InputError
from archsim.network import Primitive


class Formats(Section):
    """Numbers as they travel and wait.

    Parameters
    ----------
    activations : int, optional
        Bits of an element of a token; where not given, those that the matrix unit takes in.
    """

    activations: Precision | None = None


class Chip(Section):
    """A validated hardware description; a device that works layer by layer (`SteppedTile`) has no fabric."""

    name: str
    description: str = ""
    technology: Technology
    tile: Annotated[SerializeAsAny[Tile], BeforeValidator(read_tile, json_schema_input_type=AnalogTile)]
    precision: Formats = Formats.model_construct()
    units: dict[str, Unit] = Field(default_factory=dict)
    fabric: Fabric
    memory: dict[str, Memory] = Field(default_factory=dict)
    system: System
    power: Power = Power.model_construct()
    mapping: Mapping = Mapping.model_construct()
    other: dict[str, OtherPart] = Field(default_factory=dict)
    """Parts that only cost area and power (clock tree, control, instruction memory), by name, per tile."""

    @property
    def activation_bits(self) -> int:
        """Bits of an element of a token, in buffers, on links and in memories."""
        return self.precision.activations or self.tile.input_bits

    @property
    def alone(self) -> bool:
        """Whether it is one device that works layer by layer, without a fabric between tiles."""
        return isinstance(self.tile, SteppedTile)

    @property
    def analog(self) -> AnalogTile:
        """The tile, where it is one of analog arrays.

        Raises
        ------
        InputError
            If something else multiplies.
        """
        if isinstance(self.tile, AnalogTile):
            return self.tile
        raise InputError(
            f"its tiles multiply by {self.tile.unit!r}, which have no model of analog cells",
            where=f"chip {self.name!r}, tile.unit",
            remedy="Take a chip with analog arrays.",
        )

    @model_validator(mode="before")
    @classmethod
    def _without_fabric(cls, given: object) -> object:
        if not isinstance(given, Mapping_) or not names_stepped(given.get("tile")):
            return given
        if given.get("fabric") is not None:
            raise refusal(
                "a fabric is given for a device that works layer by layer, in which nothing crosses one",
                "Remove 'fabric'.",
            )
        return {**given, "fabric": no_fabric()}

    @model_serializer(mode="wrap")
    def _written(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        written: dict[str, object] = write(self)
        if self.alone:
            written.pop("fabric", None)
        return written

    @model_validator(mode="after")
    def _lone(self) -> Self:
        if self.alone:
            for wrong, what, remedy in idle_fields(self):
                if wrong:
                    raise refusal(f"{what}, which does nothing in a device that works layer by layer", remedy)
        return self

    @model_validator(mode="after")
    def _precise(self) -> Self:
        if self.activation_bits < self.tile.input_bits:
            raise refusal(
                f"the matrix unit takes in {self.tile.input_bits} bits of activations that have {self.activation_bits}",
                "Raise precision.activations, or lower the bits of the matrix unit's input.",
            )
        return self

    @model_validator(mode="after")
    def _room(self) -> Self:
        room = self.fabric.link_width - (self.fabric.header or 0.0)
        if self.fabric.shared_flits and room < 2 * self.activation_bits:
            raise refusal(
                f"tokens share flits (fabric.shared_flits), and beside its header a flit has {max(0, room):g} bits: no "
                f"room for two of {self.activation_bits}",
                "Widen fabric.link_width, shorten the header, or remove shared_flits.",
            )
        return self

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, unit in self.units.items():
            self._check_routers(name, unit)
        self._check_mapping()
        return self

    def _check_routers(self, name: str, unit: Unit) -> None:
        if unit.where == "router" and unit.every > self.fabric.routers:
            raise refusal(
                f"unit {name!r} is at every {unit.every}th of {self.fabric.routers} routers: there is none",
                f"Set units.{name}.every to at most {self.fabric.routers}.",
            )
        if (unit.routers or 0) > self.fabric.routers:
            raise refusal(
                f"unit {name!r} is at {unit.routers} of {self.fabric.routers} routers",
                f"Set units.{name}.routers to at most {self.fabric.routers}.",
            )

    def _check_mapping(self) -> None:
        if self.mapping.schedule.ahead and isinstance(self.tile, AnalogTile) and self.tile.array.programming is None:
            raise refusal(
                "weights are to be written ahead (mapping.schedule.ahead), and nothing says how they are written",
                "Describe tile.array.programming, or remove 'ahead'.",
            )
        if self.mapping.optimiser is not None and self.fabric.shape.shared:
            raise refusal(
                f"mapping.optimiser has nothing to shorten on a {self.fabric.topology}, where all is equally far",
                "Remove it.",
            )
        macs = any(Primitive.MAC in unit.operations for unit in self.units.values())
        if self.mapping.grouped is Depthwise.DIGITAL and not macs:
            raise refusal(
                "grouped convolutions run on digital units, and none of them does 'mac'",
                "Add 'mac' to a unit's operations, or set 'mapping.grouped: array'.",
            )
