"""An encoder and decoder for speech: Whisper (Radford et al., ICML 2023), thirty seconds of audio."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.network import Network, Whole
from archsim.workloads import digital
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.decoding import Passage, chosen, embedded, passage
from archsim.workloads.drafting import Draft, Stream
from archsim.workloads.options import Option, Workload, WorkloadOptions
from archsim.workloads.transformer import Heads, add, attention, feed_forward, norm

_FRAMES = 3000
_MELS = 80
_POSITIONS = 448
_VOCABULARY = 51865
_START = 4
"""Tokens of the usual prompt: start, language, task, no timestamps."""


@dataclass(frozen=True, slots=True)
class Size:
    """Dimensions of a Whisper model (table 1 of the paper); encoder and decoder are equally deep.

    Parameters
    ----------
    name : str
        The network's name.
    layers, width, heads : int
        Blocks on either side, width of the residual stream, attention heads.
    """

    name: str
    layers: int
    width: int
    heads: int

    @property
    def hidden(self) -> int:
        """Width inside the feed-forward layers."""
        return 4 * self.width


def _whisper(size: Size, options: WorkloadOptions) -> Network:
    asked = passage(size.name, options, prompt=_START, positions=_POSITIONS)
    draft = Draft(size.name)
    draft.note("The head's weights, which Whisper shares with its embedding, are a matrix of their own.")
    audio = _encoded(draft, size)
    table = digital.embedding(_VOCABULARY, size.width)
    words = embedded(draft, "decoder.token", asked, table=table, width=size.width)
    stream = draft.each("decoder.position", digital.embedding_add(_POSITIONS, size.width), words)
    for index in range(size.layers):
        stream = _decoder_block(draft, f"decoder.{index}", stream, audio=audio, size=size, asked=asked)
    chosen(draft, stream, asked, norm=digital.layer_norm(size.width), vocabulary=_VOCABULARY)
    return draft.finish()


def _encoded(draft: Draft, size: Size) -> Stream:
    """The audio's states, shape ``(1500, width)``."""
    mel = draft.source("mel", _MELS, grid=(_FRAMES,))
    first = _audible(draft, "encoder.conv1", mel, width=size.width, stride=1)
    second = _audible(draft, "encoder.conv2", first, width=size.width, stride=2)
    stream = draft.each("encoder.position", digital.embedding_add(second.tokens, size.width), second)
    for index in range(size.layers):
        name = f"encoder.{index}"
        ready = norm(draft, f"{name}.attention.norm", stream)
        mixed = attention(draft, f"{name}.attention", ready, memory=ready, heads=Heads(size.heads, Whole()))
        stream = _fed(draft, name, add(draft, f"{name}.attention.add", mixed, stream), hidden=size.hidden)
    return norm(draft, "encoder.norm", stream)


def _audible(draft: Draft, name: str, inputs: Stream, *, width: int, stride: int) -> Stream:
    kernels = convolution(draft, name, inputs, channels=width, kernel=Kernel(3, stride))
    return draft.each(f"{name}.gelu", digital.elementwise("gelu", width), kernels)


def _decoder_block(draft: Draft, name: str, inputs: Stream, *, audio: Stream, size: Size, asked: Passage) -> Stream:
    """Attention to the text so far, then to all of the audio, then the feed-forward layers."""
    ready = norm(draft, f"{name}.attention.norm", inputs)
    mixed = attention(draft, f"{name}.attention", ready, memory=ready, heads=Heads(size.heads, asked.causal))
    stream = add(draft, f"{name}.attention.add", mixed, inputs)
    ready = norm(draft, f"{name}.cross.norm", stream)
    heard = attention(draft, f"{name}.cross", ready, memory=audio, heads=Heads(size.heads, Whole()))
    return _fed(draft, name, add(draft, f"{name}.cross.add", heard, stream), hidden=size.hidden)


def _fed(draft: Draft, name: str, stream: Stream, *, hidden: int) -> Stream:
    fed = feed_forward(draft, f"{name}.mlp", norm(draft, f"{name}.mlp.norm", stream), hidden=hidden)
    return add(draft, f"{name}.mlp.add", fed, stream)


_UNDERSTOOD = frozenset({Option.SEQ, Option.GENERATE})


def _workload(size: Size) -> Workload:
    summary = f"{size.name.capitalize()}: thirty seconds of speech to text, prompt of {_START} tokens"
    return Workload(size.name, summary, partial(_whisper, size), _UNDERSTOOD)


WORKLOADS = (_workload(Size("whisper-base", 6, 512, 8)), _workload(Size("whisper-small", 12, 768, 12)))
