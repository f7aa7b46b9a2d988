"""Prompt, generation and cached context of the decoders: counts in closed form, and what waits for what."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archsim.network import NOTHING, Digital, Generation, Network, keys_read
from archsim.workloads import WorkloadOptions, build


@dataclass(frozen=True)
class Decoder:
    """What the closed forms need: weights of one block, blocks, width of the query, weights of the head."""

    name: str
    block: int
    blocks: int
    width: int
    head: int

    def macs(self, prompt: int, generate: int, context: int) -> int:
        """Every token passes the blocks; token n reads n + 1 keys and the cached ones, twice the width for each."""
        tokens = prompt + generate - 1
        keys = sum(context + token + 1 for token in range(tokens))
        return self.blocks * (self.block * tokens + 2 * self.width * keys) + self.head * generate


GPT2 = Decoder("gpt2", block=12 * 768**2, blocks=12, width=768, head=768 * 50257)
LLAMA = Decoder(
    "llama3-8b",
    block=2 * 4096**2 + 2 * 4096 * 1024 + 3 * 4096 * 14336,
    blocks=32,
    width=4096,
    head=4096 * 128256,
)
DECODERS = pytest.mark.parametrize("decoder", [GPT2, LLAMA], ids=lambda decoder: decoder.name)


def network(name: str, prompt: int, generate: int = 1, context: int = 0) -> Network:
    return build(name, WorkloadOptions(seq=prompt, generate=generate, context=context))


@DECODERS
@settings(max_examples=12, deadline=None)
@given(prompt=st.integers(1, 60), generate=st.integers(1, 30), context=st.integers(0, 200))
def test_operations_follow_the_closed_form(decoder: Decoder, prompt: int, generate: int, context: int) -> None:
    assert network(decoder.name, prompt, generate, context).macs == decoder.macs(prompt, generate, context)


@DECODERS
@settings(max_examples=5, deadline=None)
@given(prompt=st.integers(1, 20), generate=st.integers(1, 6))
def test_prefill_and_decode_steps_add_up_to_the_whole(decoder: Decoder, prompt: int, generate: int) -> None:
    steps = (network(decoder.name, 1, context=prompt + done).macs for done in range(generate - 1))
    assert network(decoder.name, prompt).macs + sum(steps) == network(decoder.name, prompt, generate).macs


@settings(max_examples=10, deadline=None)
@given(prompt=st.integers(1, 20), generate=st.integers(1, 6))
def test_whisper_decodes_on_top_of_its_encoder(prompt: int, generate: int) -> None:
    """Beyond the encoder and the audio's keys and values: blocks, self-attention, 1,500 keys across, the head."""
    width, blocks, audio = 512, 6, 1500
    tokens = prompt + generate - 1
    encoder = 3000 * 80 * 3 * width + audio * 3 * width**2 + blocks * (audio * 12 * width**2 + 2 * width * audio**2)
    memory = blocks * 2 * audio * width**2
    own_keys = tokens * (tokens + 1) // 2
    text = blocks * (tokens * 14 * width**2 + 2 * width * (own_keys + tokens * audio))
    expected = encoder + memory + text + generate * width * 51865
    assert build("whisper-base", WorkloadOptions(seq=prompt, generate=generate)).macs == expected


@pytest.mark.parametrize("name", ["gpt2", "whisper-base"])
def test_a_generated_token_waits_for_the_choice_before_it(name: str) -> None:
    """Prompt of five, four generated: eight tokens; the sixth is the first that is chosen."""
    drawn = network(name, 5, 4) if name == "gpt2" else build(name, WorkloadOptions(seq=5, generate=4))
    back = next(edge for edge in drawn.edges if edge.source == "next-token" and edge.recurrent)
    first, last = back.access.reach(drawn.by_name["next-token"].tokens, drawn.by_name[back.target].tokens)
    assert first.tolist() == last.tolist() == [NOTHING] * 5 + [0, 1, 2]


def test_the_prompt_feeds_only_its_own_tokens() -> None:
    drawn = network("gpt2", 5, 4)
    (edge,) = drawn.outputs_of("prompt")
    first, _ = edge.access.reach(5, drawn.by_name[edge.target].tokens)
    assert first.tolist() == [0, 1, 2, 3, 4, NOTHING, NOTHING, NOTHING]


def test_the_head_judges_the_prompts_last_token_and_every_later_one() -> None:
    drawn = network("gpt2", 5, 4)
    (edge,) = drawn.inputs_of("norm")
    first, last = edge.access.reach(drawn.by_name[edge.source].tokens, drawn.by_name["norm"].tokens)
    assert first.tolist() == last.tolist() == [4, 5, 6, 7]


@DECODERS
def test_prefill_has_no_edge_back(decoder: Decoder) -> None:
    assert not any(edge.recurrent for edge in network(decoder.name, 7).edges)


def test_keys_grow_by_one_from_the_context_on() -> None:
    drawn = network("llama3-8b", 3, 2, context=100)
    keys = keys_read(drawn, drawn.by_name["layers.0.attention"])
    assert keys.tolist() == [101, 102, 103, 104]


def test_a_context_alone_means_one_token() -> None:
    drawn = build("gpt2", WorkloadOptions(context=64))
    assert drawn.by_name["h.0.mlp.fc"].tokens == 1


def test_grouped_queries_share_narrow_keys() -> None:
    """Llama 3: 8 groups of 128 elements are cached, though 32 heads multiply with them."""
    drawn = network("llama3-8b", 4)
    assert drawn.by_name["layers.31.attention.key"].width == 8 * 128
    assert drawn.by_name["layers.31.attention"].width == 32 * 128


def test_cross_attention_reads_all_of_the_audio() -> None:
    drawn = build("whisper-small")
    keys = keys_read(drawn, drawn.by_name["decoder.11.cross"])
    assert keys.tolist() == [1500] * 4


def test_bert_attends_to_the_whole_sequence() -> None:
    drawn = build("bert-base", WorkloadOptions(seq=9))
    keys = keys_read(drawn, drawn.by_name["encoder.5.attention"])
    assert keys.tolist() == [9] * 9


@settings(max_examples=20, deadline=None)
@given(tokens=st.integers(1, 512))
def test_bert_operations_follow_the_closed_form(tokens: int) -> None:
    """Twelve blocks of 12 d^2 weights and 2 d n^2 products, and the pooler on one token."""
    width = 768
    expected = 12 * (12 * width**2 * tokens + 2 * width * tokens**2) + width**2
    assert build("bert-base", WorkloadOptions(seq=tokens)).macs == expected


def test_operations_exclude_softmax() -> None:
    """Only multiply-accumulates are the network's operations; the softmax's own work is there, but apart."""
    operator = build("gpt2").by_name["h.0.attention"].operator
    assert isinstance(operator, Digital)
    per_key = {str(primitive): count for primitive, count in operator.work_per_key}
    assert per_key == {"mac": 2 * 768, "exp": 12, "compare": 12, "add": 12, "multiply": 12}
    assert dict(operator.work) == {"divide": 12}


@DECODERS
def test_a_decoder_says_what_it_is_given_and_makes(decoder: Decoder) -> None:
    assert network(decoder.name, 7, 3, 20).generation == Generation(prompt=7, generated=3, context=20)
