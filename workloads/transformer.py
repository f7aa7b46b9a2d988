"""The parts that transformers are made of: attention, feed-forward layers, blocks.

Scores, softmax and the weighted sum of values are one digital layer, as in units that never write the scores to
memory: its tokens stay as wide as the query, however many keys there are.
"""

from __future__ import annotations

from dataclasses import dataclass

from archsim.network import Access
from archsim.workloads import digital
from archsim.workloads.drafting import Draft, Feed, Stream


@dataclass(frozen=True, slots=True)
class Heads:
    """How attention is split and what it sees.

    Parameters
    ----------
    count : int
        Heads of the query.
    access : Access
        Which keys each token reads.
    """

    count: int
    access: Access


@dataclass(frozen=True, slots=True)
class Triple:
    """What attention works on.

    Parameters
    ----------
    query : Stream
        Shape ``(tokens, heads * head size)``.
    keys, values : Stream
        Shape ``(keys, groups * head size)``; several heads share a group where there are fewer groups than heads.
    """

    query: Stream
    keys: Stream
    values: Stream


def attend(draft: Draft, name: str, triple: Triple, *, heads: Heads) -> Stream:
    """Dynamic products of attention, shape ``(tokens, heads * head size)``."""
    query = triple.query
    size = query.width // heads.count
    operator = digital.attention(heads.count, size, triple.keys.width // size)
    keys, values = Feed(triple.keys, heads.access, port=1), Feed(triple.values, heads.access, port=2)
    return draft.layer(name, operator, query.width, Feed(query), keys, values, tokens=query.tokens)


def fused_attention(draft: Draft, name: str, inputs: Stream, *, heads: Heads) -> Stream:
    """Self-attention whose query, key and value come from one matrix, side by side."""
    width = inputs.width
    fused = draft.dense(f"{name}.qkv", inputs, 3 * width)
    triple = Triple(*(fused.part(third * width, width) for third in range(3)))
    return draft.dense(f"{name}.output", attend(draft, name, triple, heads=heads), width)


def attention(draft: Draft, name: str, inputs: Stream, *, memory: Stream, heads: Heads) -> Stream:
    """Attention of ``inputs`` to ``memory``, which may be the same stream, with a matrix for each of the three."""
    width = inputs.width
    triple = Triple(
        query=draft.dense(f"{name}.query", inputs, width),
        keys=draft.dense(f"{name}.key", memory, width),
        values=draft.dense(f"{name}.value", memory, width),
    )
    return draft.dense(f"{name}.output", attend(draft, name, triple, heads=heads), width)


def feed_forward(draft: Draft, name: str, inputs: Stream, *, hidden: int) -> Stream:
    """Two matrices with a GELU between them."""
    wide = draft.dense(f"{name}.fc", inputs, hidden)
    active = draft.each(f"{name}.gelu", digital.elementwise("gelu", hidden), wide)
    return draft.dense(f"{name}.proj", active, inputs.width)


def add(draft: Draft, name: str, *terms: Stream) -> Stream:
    """A residual sum."""
    return draft.each(name, digital.elementwise("add", terms[0].width), *terms)


def norm(draft: Draft, name: str, inputs: Stream) -> Stream:
    """Layer normalisation with scale and offset."""
    return draft.each(name, digital.layer_norm(inputs.width), inputs)


def pre_norm_block(draft: Draft, name: str, inputs: Stream, *, hidden: int, heads: Heads) -> Stream:
    """A block that normalises before attention and before the feed-forward layers (GPT-2, ViT)."""
    mixed = fused_attention(draft, f"{name}.attention", norm(draft, f"{name}.attention.norm", inputs), heads=heads)
    stream = add(draft, f"{name}.attention.add", mixed, inputs)
    fed = feed_forward(draft, f"{name}.mlp", norm(draft, f"{name}.mlp.norm", stream), hidden=hidden)
    return add(draft, f"{name}.mlp.add", fed, stream)
