"""Errors that a user can act on: what is wrong, where, and what to do about it."""


class ArchsimError(Exception):
    """Base of every error that archsim raises on purpose.

    Parameters
    ----------
    what : str
        The fault, in one sentence.
    where : str
        The file, field, layer or node it was found in.
    remedy : str
        What the user can do.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f"\n  {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{remedy}"


class InputError(ArchsimError):
    """A model, chip file or option that cannot be used as it stands."""


class CapacityError(ArchsimError):
    """The network needs more tiles, buffer or memory than the chip has."""


class MissingUnit(ArchsimError):
    """No unit of the chip can carry out an operator of the network."""


class MissingCost(ArchsimError):
    """A component does something whose cost nobody has given."""


class ProgramError(ArchsimError):
    """A Program that breaks the timing contract, found by the verifier before the run."""


class Deadlock(ArchsimError):
    """A run that can make no progress with firings left."""


class Inconsistent(ArchsimError):
    """A result that contradicts itself: a fault of archsim's own."""
