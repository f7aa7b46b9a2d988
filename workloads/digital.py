"""The digital operators of the named networks; operation counts are those of `archsim.network.work`."""

from __future__ import annotations

from archsim.network import Digital, Primitive
from archsim.network.work import (
    Reduction,
    activation_work,
    layer_norm_work,
    local_response_norm_work,
    pool_work,
    rms_norm_work,
    scaled,
    sort_work,
    together,
)


def elementwise(kind: str, width: int) -> Digital:
    """An operator on each element of a token of ``width``, by its kind in `archsim.network.work`."""
    return Digital(kind, activation_work(kind, width))


def max_pool(width: int, taps: int) -> Digital:
    """The largest of ``taps`` positions, for each of ``width`` channels."""
    return Digital("max-pool", pool_work(Reduction.MAX, taps, width))


def average_pool(width: int, taps: int) -> Digital:
    """The mean of ``taps`` positions, for each of ``width`` channels."""
    return Digital("average-pool", pool_work(Reduction.AVERAGE, taps, width))


def local_response_norm(size: int, width: int) -> Digital:
    """Normalisation of each element by its ``size`` neighbours across the channels."""
    return Digital("local-response-norm", local_response_norm_work(size, width), whole_token=True)


def layer_norm(width: int) -> Digital:
    """Layer normalisation with scale and offset."""
    return Digital("layer-norm", layer_norm_work(width), whole_token=True)


def rms_norm(width: int) -> Digital:
    """Normalisation by the root mean square, with scale."""
    return Digital("rms-norm", rms_norm_work(width), whole_token=True)


def swiglu(width: int) -> Digital:
    """SiLU of the gate (port 0) times the other branch (port 1)."""
    return Digital("swiglu", together(activation_work("silu", width), activation_work("mul", width)))


def embedding(rows: int, width: int) -> Digital:
    """A row of a table of ``(rows, width)``."""
    return Digital("embedding", activation_work("embedding", width), table=rows * width)


def embedding_add(rows: int, width: int) -> Digital:
    """A row of a table of ``(rows, width)`` added to the token; the row follows from the token's place."""
    work = together(activation_work("embedding", width), activation_work("add", width))
    return Digital("embedding-add", work, table=rows * width)


def rotary(heads: int, size: int) -> Digital:
    """Rotation of pairs of elements by the token's place, in each of ``heads`` of ``size`` elements.

    Two products and a sum per element; the ``size`` / 2 sines and cosines are looked up once for all heads.
    """
    turn = ((Primitive.MULTIPLY, 2), (Primitive.ADD, 1))
    work = together(scaled(turn, heads * size), ((Primitive.LOOKUP, size),))
    return Digital("rotary", work, whole_token=True)


def attention(heads: int, size: int, groups: int) -> Digital:
    """Scores, softmax and weighted sum for ``heads`` heads of ``size`` elements: query, keys, values on ports 0, 1, 2.

    Per key and head: 2 x ``size`` MACs, and the softmax's share (exponential, comparison, sum, scaling). Per head: the
    softmax's division. The scale of the scores is part of the query's matrix. A softmax over n keys takes n - 1
    comparisons and sums; n are counted, since the work is stated per key. Heads that share a group's keys and values
    stay on one unit.
    """
    per_key = ((Primitive.EXP, 1), (Primitive.COMPARE, 1), (Primitive.ADD, 1), (Primitive.MULTIPLY, 1))
    return Digital(
        "attention",
        work=((Primitive.DIVIDE, heads),),
        work_per_key=((Primitive.MAC, 2 * heads * size), *scaled(per_key, heads)),
        keys_port=1,
        whole_token=True,
        heads=groups,
        product=True,
    )


def argmax(width: int) -> Digital:
    """The place of the largest of ``width`` elements."""
    return Digital("argmax", sort_work(width, kept=1), whole_token=True)


def gather(width: int) -> Digital:
    """Tokens picked out of a stream, or laid side by side."""
    return Digital("gather", activation_work("gather", width), whole_token=True)
