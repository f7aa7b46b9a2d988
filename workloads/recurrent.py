"""Recurrent networks: language models, PUMA's four, and the speech recogniser that IBM's five chips ran."""

from __future__ import annotations

from functools import partial

from archsim.network import Network, Previous, Window
from archsim.network.recurrent import CellShape, lstm
from archsim.workloads import digital
from archsim.workloads.drafting import Draft, Feed, Stream, beside, later
from archsim.workloads.options import Option, Workload, WorkloadOptions


def lstm_layer(draft: Draft, name: str, inputs: Stream, *, hidden: int) -> Stream:
    """An LSTM over the steps of a stream; its output has shape ``(tokens, hidden)``."""
    cell = lstm(name, CellShape(inputs.tokens, inputs.width, hidden))
    draft.include(cell.layers, cell.edges)
    for entry in cell.entries:
        draft.connect(entry, Feed(inputs))
    return later(cell.output, hidden, inputs.tokens)


def _stacked(draft: Draft, prefix: str, inputs: Stream, *, hidden: int, depth: int) -> Stream:
    stream = inputs
    for index in range(depth):
        stream = lstm_layer(draft, f"{prefix}{index}", stream, hidden=hidden)
    return stream


# A language model: the medium LSTM of Zaremba et al., arXiv 1409.2329 (35 steps, 650 units).


def _ptb_lstm(options: WorkloadOptions) -> Network:
    vocabulary, width = 10_000, 650
    draft = Draft("lstm-ptb")
    words = draft.source("words", 1, tokens=options.seq or 35)
    table = digital.embedding(vocabulary, width)
    stream = draft.layer("embedding", table, width, Feed(words), tokens=words.tokens)
    draft.sink("scores", draft.dense("head", _stacked(draft, "lstm", stream, hidden=width, depth=2), vocabulary))
    return draft.finish()


# PUMA's recurrent benchmarks (Ankit et al., ASPLOS 2019; sizes in the PUMA compiler's test programs).

_PUMA_STEPS = 50
"""A round figure; what depends on the length of the sequence should be given it."""


def _nmt(name: str, depth: int, options: WorkloadOptions) -> Network:
    """A pile of LSTM-1024 and a projection on a vocabulary of 40,000, all in a row, as PUMA's compiler has it."""
    draft = Draft(name)
    stream = draft.source("vectors", 1024, tokens=options.seq or _PUMA_STEPS)
    states = _stacked(draft, "lstm", stream, hidden=1024, depth=depth)
    draft.sink("scores", draft.dense("head", states, 40_000, bias=False))
    return draft.finish()


def _wide_lstm(name: str, projections: tuple[int, ...], options: WorkloadOptions) -> Network:
    """LSTM-8192 layers, each followed by its projection; vectors of 8,192 in, the last projection out.

    The published counts (554 M and 856 M weights) are met when the state of 8,192, not its projection, goes back to
    the gates: 4 x 8192 x (8192 + 8192) + 8192 x 2048, and for two layers that plus 4 x 8192 x (1024 + 8192), with
    projections of 1,024. The word-level LSTM that gave the second its name recurs through its projection instead.
    """
    draft = Draft(name)
    stream = draft.source("vectors", 8192, tokens=options.seq or _PUMA_STEPS)
    for index, width in enumerate(projections):
        state = lstm_layer(draft, f"lstm{index}", stream, hidden=8192)
        stream = draft.dense(f"projection{index}", state, width, bias=False)
    draft.sink("vectors-out", stream)
    return draft.finish()


# Layers that DeepBench times (baidu-research/DeepBench): a sequence of vectors as wide as the state.

_DEEPBENCH = (512, 1024, 2048, 4096)
_DEEPBENCH_STEPS = 25


def _deepbench(hidden: int, options: WorkloadOptions) -> Network:
    draft = Draft(f"deepbench-lstm-{hidden}")
    stream = draft.source("vectors", hidden, tokens=options.seq or _DEEPBENCH_STEPS)
    draft.sink("states", lstm_layer(draft, "lstm", stream, hidden=hidden))
    return draft.finish()


# RNN-T as in MLPerf Inference, with the widened input of Ambrogio et al., Nature 620:768 (2023).

_LABELS = 29
_RNNT_FRAMES = 217


def _rnnt(options: WorkloadOptions) -> Network:
    """Greedy transduction, one label or blank for each of the encoder's output frames.

    The prediction network steps with every frame, fed by the label before it. A decoder that emits several labels in
    a frame, or lets the prediction network rest after a blank, is not modelled: how often it does depends on the words.
    """
    draft = Draft("rnnt")
    draft.note("Greedy transduction with one label or blank for each output frame of the encoder.")
    frames = draft.source("features", 240, tokens=options.seq or _RNNT_FRAMES)
    pairs = _halved(draft, _stacked(draft, "encoder.pre", frames, hidden=1024, depth=2))
    encoded = _stacked(draft, "encoder.post", pairs, hidden=1024, depth=3)
    labels = _last_label(draft, encoded.tokens)
    predicted = _stacked(draft, "prediction.lstm", labels, hidden=320, depth=2)
    joint = draft.dense("joint.fc", beside(encoded, predicted), 512)
    active = draft.each("joint.relu", digital.elementwise("relu", 512), joint)
    scores = draft.dense("joint.labels", active, _LABELS)
    label = draft.layer("label", digital.argmax(_LABELS), 1, Feed(scores), tokens=scores.tokens)
    draft.sink("text", label)
    return draft.finish()


def _halved(draft: Draft, frames: Stream) -> Stream:
    """Two frames side by side in each token; an odd last frame is padded."""
    tokens = -(-frames.tokens // 2)
    pairs = Window((frames.tokens,), (tokens,), (2,), (2,), (0,), (1,))
    width = 2 * frames.width
    return draft.layer("encoder.stack", digital.gather(width), width, Feed(frames, pairs), tokens=tokens)


def _last_label(draft: Draft, steps: int) -> Stream:
    """The embedding of the label that the step before chose; the first step starts from nothing."""
    label = Feed(later("label", 1, steps), Previous(1))
    return draft.layer("prediction.embedding", digital.embedding(_LABELS, 320), 320, label, tokens=steps)


_SEQ = frozenset({Option.SEQ})

WORKLOADS = (
    Workload("lstm-ptb", "Language model of two LSTM-650, vocabulary of 10,000 (Zaremba 2014)", _ptb_lstm, _SEQ),
    Workload("rnnt", "Speech recogniser RNN-T with five LSTM-1024 in its encoder (IBM 2023)", _rnnt, _SEQ),
    Workload("nmt-l3", "Six LSTM-1024 and 40,000 outputs (PUMA 2019)", partial(_nmt, "nmt-l3", 6), _SEQ),
    Workload("nmt-l5", "Ten LSTM-1024 and 40,000 outputs (PUMA 2019)", partial(_nmt, "nmt-l5", 10), _SEQ),
    Workload(
        "lstm-2048",
        "LSTM-8192 with a projection of 2,048 (PUMA 2019)",
        partial(_wide_lstm, "lstm-2048", (2048,)),
        _SEQ,
    ),
    Workload(
        "big-lstm",
        "Two LSTM-8192 with projections of 1,024 (PUMA 2019)",
        partial(_wide_lstm, "big-lstm", (1024, 1024)),
        _SEQ,
    ),
    *(
        Workload(
            f"deepbench-lstm-{hidden}", f"One LSTM-{hidden}, as DeepBench times it", partial(_deepbench, hidden), _SEQ
        )
        for hidden in _DEEPBENCH
    ),
)
