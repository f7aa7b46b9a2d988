"""What a caller may ask of a named network, and what a named network is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from archsim.errors import InputError
from archsim.network import Network


class Option(StrEnum):
    """Something that a caller may set."""

    SEQ = "seq"
    GENERATE = "generate"
    CONTEXT = "context"
    IMAGE = "image"


@dataclass(frozen=True, slots=True)
class WorkloadOptions:
    """Choices for one network; None leaves a choice to the network.

    Parameters
    ----------
    seq : int, optional
        Steps of a sequence, or tokens of a decoder's prompt.
    generate : int, optional
        Tokens that a decoder generates, one at least: the first comes from the prompt's last token.
    context : int, optional
        Tokens of a decoder whose keys and values are cached already when the sample starts.
    image : int, optional
        Height and width of the image, in pixels.

    Raises
    ------
    InputError
        If a number is below what makes sense.
    """

    seq: int | None = None
    generate: int | None = None
    context: int | None = None
    image: int | None = None

    def __post_init__(self) -> None:
        for option, value in self.given().items():
            least = 0 if option is Option.CONTEXT else 1
            if value < least:
                raise InputError(
                    f"{option} is {value}",
                    where=f"option {option}",
                    remedy=f"Give a number of at least {least}.",
                )

    def given(self) -> dict[Option, int]:
        """The choices that were made."""
        values = (self.seq, self.generate, self.context, self.image)
        return {option: value for option, value in zip(Option, values, strict=True) if value is not None}


DEFAULTS = WorkloadOptions()


@dataclass(frozen=True, slots=True)
class Workload:
    """A named network.

    Parameters
    ----------
    name : str
        What a caller writes.
    summary : str
        One line for lists.
    draw : callable
        Makes the network from options that it understands.
    understands : frozenset of Option
        The options that mean something to it.
    """

    name: str
    summary: str
    draw: Callable[[WorkloadOptions], Network]
    understands: frozenset[Option] = frozenset()

    def build(self, options: WorkloadOptions) -> Network:
        """Make the network.

        Raises
        ------
        InputError
            If an option is given that the network does not understand, or a value that it cannot take.
        """
        for option in options.given():
            if option not in self.understands:
                raise InputError(
                    f"option '{option}' means nothing to this network",
                    where=self.name,
                    remedy=_offer(self.understands),
                )
        return self.draw(options)


def _offer(understood: frozenset[Option]) -> str:
    names = ", ".join(option for option in Option if option in understood)
    return f"Leave it out. It understands: {names}." if names else "Leave it out. It has no options."
