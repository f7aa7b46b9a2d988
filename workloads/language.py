"""Transformers for text: BERT, GPT-2, and a Llama-style decoder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from archsim.network import Digital, Matrix, Network, Table, Weights, Whole
from archsim.workloads import digital
from archsim.workloads.decoding import Passage, check_positions, chosen, embedded, passage
from archsim.workloads.drafting import Draft, Feed, Stream
from archsim.workloads.options import Option, Workload, WorkloadOptions
from archsim.workloads.transformer import (
    Heads,
    Triple,
    add,
    attend,
    attention,
    feed_forward,
    norm,
    pre_norm_block,
)


@dataclass(frozen=True, slots=True)
class Stack:
    """Dimensions of a transformer.

    Parameters
    ----------
    name : str
        The network's name.
    layers, width, hidden : int
        Blocks, width of the residual stream, width inside the feed-forward layers.
    heads, groups : int
        Attention heads, and groups of them that share keys and values.
    vocabulary : int
        Tokens that the embedding knows.
    """

    name: str
    layers: int
    width: int
    hidden: int
    heads: int
    groups: int
    vocabulary: int

    def words(self) -> Digital:
        """The embedding of its tokens."""
        return digital.embedding(self.vocabulary, self.width)


# BERT: Devlin et al., NAACL 2019; vocabulary of the uncased checkpoints. The pooler is included, task heads are not.

_BERT_POSITIONS = 512
_BERT_SEGMENTS = 2


def _bert(stack: Stack, seq: int, options: WorkloadOptions) -> Network:
    tokens = options.seq or seq
    check_positions(stack.name, tokens, _BERT_POSITIONS)
    draft = Draft(stack.name)
    stream = _bert_embeddings(draft, draft.source("tokens", 1, tokens=tokens), stack)
    for index in range(stack.layers):
        stream = _bert_block(draft, f"encoder.{index}", stream, stack=stack)
    draft.sink("states", stream)
    draft.sink("pooled", _pooled(draft, stream))
    return draft.finish()


def _bert_embeddings(draft: Draft, tokens: Stream, stack: Stack) -> Stream:
    width = stack.width
    words = draft.layer("embeddings.word", stack.words(), width, Feed(tokens), tokens=tokens.tokens)
    placed = draft.each("embeddings.position", digital.embedding_add(_BERT_POSITIONS, width), words)
    typed = draft.each("embeddings.segment", digital.embedding_add(_BERT_SEGMENTS, width), placed)
    return norm(draft, "embeddings.norm", typed)


def _bert_block(draft: Draft, name: str, inputs: Stream, *, stack: Stack) -> Stream:
    mixed = attention(draft, f"{name}.attention", inputs, memory=inputs, heads=Heads(stack.heads, Whole()))
    stream = norm(draft, f"{name}.attention.norm", add(draft, f"{name}.attention.add", mixed, inputs))
    fed = feed_forward(draft, f"{name}.mlp", stream, hidden=stack.hidden)
    return norm(draft, f"{name}.mlp.norm", add(draft, f"{name}.mlp.add", fed, stream))


def _pooled(draft: Draft, states: Stream) -> Stream:
    """The first token's state, through a matrix and tanh."""
    width = states.width
    first = Feed(states, Table((0,), (0,)))
    columns = draft.layer("pooler", Matrix(Weights(width, width), bias=True), width, first, tokens=1)
    return draft.each("pooler.tanh", digital.elementwise("tanh", width), columns)


# GPT-2: Radford et al., 2019. The head shares its weights with the embedding, but is a matrix of its own on a chip.

_GPT2_POSITIONS = 1024


def _gpt2(stack: Stack, options: WorkloadOptions) -> Network:
    asked = passage(stack.name, options, prompt=_PROMPT, positions=_GPT2_POSITIONS)
    draft = Draft(stack.name)
    draft.note("The head's weights, which GPT-2 shares with its embedding, are a matrix of their own.")
    words = embedded(draft, "wte", asked, table=stack.words(), width=stack.width)
    stream = draft.each("wpe", digital.embedding_add(_GPT2_POSITIONS, stack.width), words)
    heads = Heads(stack.heads, asked.causal)
    for index in range(stack.layers):
        stream = pre_norm_block(draft, f"h.{index}", stream, hidden=stack.hidden, heads=heads)
    chosen(draft, stream, asked, norm=digital.layer_norm(stack.width), vocabulary=stack.vocabulary)
    return draft.finish()


# Llama 3, 8 B: Grattafiori et al., arXiv 2407.21783, table 3. No biases; eight groups of keys and values.


def _llama(stack: Stack, options: WorkloadOptions) -> Network:
    asked = passage(stack.name, options, prompt=_PROMPT)
    draft = Draft(stack.name)
    stream = embedded(draft, "embedding", asked, table=stack.words(), width=stack.width)
    for index in range(stack.layers):
        stream = _llama_block(draft, f"layers.{index}", stream, stack=stack, asked=asked)
    chosen(draft, stream, asked, norm=digital.rms_norm(stack.width), vocabulary=stack.vocabulary)
    return draft.finish()


def _llama_block(draft: Draft, name: str, inputs: Stream, *, stack: Stack, asked: Passage) -> Stream:
    ready = draft.each(f"{name}.attention.norm", digital.rms_norm(stack.width), inputs)
    mixed = _grouped_attention(draft, f"{name}.attention", ready, stack=stack, asked=asked)
    stream = add(draft, f"{name}.attention.add", mixed, inputs)
    ready = draft.each(f"{name}.mlp.norm", digital.rms_norm(stack.width), stream)
    return add(draft, f"{name}.mlp.add", _gated(draft, f"{name}.mlp", ready, hidden=stack.hidden), stream)


def _grouped_attention(draft: Draft, name: str, inputs: Stream, *, stack: Stack, asked: Passage) -> Stream:
    """Attention whose heads share keys and values by groups, with rotary positions."""
    size = stack.width // stack.heads
    query = draft.dense(f"{name}.query", inputs, stack.width, bias=False)
    keys = draft.dense(f"{name}.key", inputs, stack.groups * size, bias=False)
    values = draft.dense(f"{name}.value", inputs, stack.groups * size, bias=False)
    turned = Triple(
        query=draft.each(f"{name}.query.rotary", digital.rotary(stack.heads, size), query),
        keys=draft.each(f"{name}.key.rotary", digital.rotary(stack.groups, size), keys),
        values=values,
    )
    mixed = attend(draft, name, turned, heads=Heads(stack.heads, asked.causal))
    return draft.dense(f"{name}.output", mixed, stack.width, bias=False)


def _gated(draft: Draft, name: str, inputs: Stream, *, hidden: int) -> Stream:
    """Feed-forward layers whose hidden units are multiplied by a gate (SwiGLU)."""
    gate = draft.dense(f"{name}.gate", inputs, hidden, bias=False)
    up = draft.dense(f"{name}.up", inputs, hidden, bias=False)
    gated = draft.each(f"{name}.swiglu", digital.swiglu(hidden), gate, up)
    return draft.dense(f"{name}.down", gated, inputs.width, bias=False)


_PROMPT = 128
_ENCODER = frozenset({Option.SEQ})
_DECODER = frozenset({Option.SEQ, Option.GENERATE, Option.CONTEXT})

_BERT_BASE = Stack("bert-base", layers=12, width=768, hidden=3072, heads=12, groups=12, vocabulary=30522)
_BERT_LARGE = Stack("bert-large", layers=24, width=1024, hidden=4096, heads=16, groups=16, vocabulary=30522)
_GPT2 = Stack("gpt2", layers=12, width=768, hidden=3072, heads=12, groups=12, vocabulary=50257)
_GPT2_XL = Stack("gpt2-xl", layers=48, width=1600, hidden=6400, heads=25, groups=25, vocabulary=50257)
_LLAMA_8B = Stack("llama3-8b", layers=32, width=4096, hidden=14336, heads=32, groups=8, vocabulary=128256)
_LLAMA2_7B = Stack("llama2-7b", layers=32, width=4096, hidden=11008, heads=32, groups=32, vocabulary=32000)

WORKLOADS = (
    Workload("bert-base", "BERT base, encoder of 128 tokens", partial(_bert, _BERT_BASE, 128), _ENCODER),
    Workload("bert-large", "BERT large, encoder of 384 tokens", partial(_bert, _BERT_LARGE, 384), _ENCODER),
    Workload("gpt2", f"GPT-2 small, decoder with a prompt of {_PROMPT} tokens", partial(_gpt2, _GPT2), _DECODER),
    Workload("gpt2-xl", f"GPT-2 XL, decoder with a prompt of {_PROMPT} tokens", partial(_gpt2, _GPT2_XL), _DECODER),
    Workload(
        "llama2-7b",
        f"Llama 2 of 7 billion weights, decoder with a prompt of {_PROMPT} tokens",
        partial(_llama, _LLAMA2_7B),
        _DECODER,
    ),
    Workload(
        "llama3-8b",
        f"Llama 3 of 8 billion weights, decoder with a prompt of {_PROMPT} tokens",
        partial(_llama, _LLAMA_8B),
        _DECODER,
    ),
)
