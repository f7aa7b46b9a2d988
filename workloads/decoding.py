"""Prompt and generation of a decoder as one stream of tokens.

The stream has a token for each of the prompt's and for each generated one but the last, whose successor nobody asks
for. The vocabulary head runs for the prompt's last token and for every one after it. Token n of the generation is
looked up in the embedding once the head has chosen it, so that generation waits for itself and prefill does not.
"""

from __future__ import annotations

from dataclasses import dataclass

from archsim.errors import InputError
from archsim.network import NOTHING, Access, Digital, Generation, Matrix, Prefix, Previous, Table, Weights
from archsim.workloads import digital
from archsim.workloads.drafting import Draft, Feed, Stream, later
from archsim.workloads.options import WorkloadOptions

_CHOICE = "next-token"


@dataclass(frozen=True, slots=True)
class Passage:
    """The tokens that a decoder sees and makes.

    Parameters
    ----------
    prompt : int
        Tokens given.
    generate : int
        Tokens chosen by the head.
    context : int
        Tokens before the prompt, whose keys and values are cached.
    """

    prompt: int
    generate: int = 1
    context: int = 0

    @property
    def tokens(self) -> int:
        """Tokens that pass through the blocks."""
        return self.prompt + self.generate - 1

    @property
    def causal(self) -> Prefix:
        """How a token reads the keys and values of the ones before it."""
        return Prefix(self.context)

    @property
    def given(self) -> Access:
        """How the embedding reads the prompt."""
        made = (NOTHING,) * (self.generate - 1)
        tokens = (*range(self.prompt), *made)
        return Table(tokens, tokens)

    @property
    def judged(self) -> Access:
        """How the head reads the blocks' output, shape ``(generate,)``."""
        tokens = tuple(range(self.prompt - 1, self.tokens))
        return Table(tokens, tokens)


def passage(name: str, options: WorkloadOptions, *, prompt: int, positions: int | None = None) -> Passage:
    """The passage that the options ask for.

    Parameters
    ----------
    name : str
        The network, for errors.
    options : WorkloadOptions
        ``seq`` is the prompt's length; with a context it is one token unless it is given.
    prompt : int
        The network's own prompt length, for a run without a context.
    positions : int, optional
        Rows of the network's table of positions.

    Raises
    ------
    InputError
        If the passage is longer than the table of positions.
    """
    context = options.context or 0
    length = options.seq or (1 if context else prompt)
    asked = Passage(length, options.generate or 1, context)
    if positions is not None:
        check_positions(name, asked.context + asked.tokens, positions)
    return asked


def check_positions(name: str, tokens: int, positions: int) -> None:
    """Refuse more tokens than a network has a learned position for.

    Raises
    ------
    InputError
        If there are more.
    """
    if tokens > positions:
        raise InputError(
            f"{tokens} tokens are more than its {positions} positions",
            where=name,
            remedy="Make the sequence, what it generates, or its context shorter.",
        )


def embedded(draft: Draft, name: str, asked: Passage, *, table: Digital, width: int) -> Stream:
    """The tokens' vectors, shape ``(tokens, width)``: first the prompt's, then those of the tokens chosen."""
    feeds = [Feed(draft.source("prompt", 1, tokens=asked.prompt), asked.given)]
    if asked.generate > 1:
        chosen = later(_CHOICE, 1, asked.generate)
        feeds.append(Feed(chosen, Previous(asked.prompt, asked.prompt), port=1))
    return draft.layer(name, table, width, *feeds, tokens=asked.tokens)


def chosen(draft: Draft, stream: Stream, asked: Passage, *, norm: Digital, vocabulary: int) -> None:
    """Final norm, vocabulary head (no bias) and greedy choice, of ``generate`` tokens; then the network's output."""
    ready = draft.layer("norm", norm, stream.width, Feed(stream, asked.judged), tokens=asked.generate)
    scores = draft.layer(
        "head", Matrix(Weights(stream.width, vocabulary)), vocabulary, Feed(ready), tokens=asked.generate
    )
    choice = draft.layer(_CHOICE, digital.argmax(vocabulary), 1, Feed(scores), tokens=asked.generate)
    draft.sink("text", choice)
    draft.generates(Generation(asked.prompt, asked.generate, asked.context))
