"""How the tokens of a layer are dealt to its copies: runs of so many tokens, in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archsim.columns import Ids


@dataclass(frozen=True, slots=True)
class Dealing:
    """Copy j of r makes runs j, j + r, j + 2r, ... of a layer's tokens.

    A run of one token spreads each row of a feature map over all copies; one of a whole row leaves a window's rows with
    few copies of the layer before, at the price that a row is as slow as one copy.

    Parameters
    ----------
    copies : int
    run : int
        Tokens that follow each other in one copy.
    """

    copies: int = 1
    run: int = 1

    def below(self, copy: int | Ids, tokens: int | Ids) -> Ids:
        """Tokens of a copy among the first so many of the layer."""
        rounds, rest = np.divmod(np.asarray(tokens), self.copies * self.run)
        below: Ids = rounds * self.run + np.clip(rest - np.multiply(copy, self.run), 0, self.run)
        return below

    def tokens(self, copy: int, produced: int) -> Ids:
        """The tokens of a copy, of so many."""
        every = np.arange(produced, dtype=np.int64)
        mine: Ids = every[every // self.run % self.copies == copy]
        return mine
