"""Names, options and the errors that they give."""

from __future__ import annotations

import pytest

from archsim.errors import InputError
from archsim.workloads import WorkloadOptions, build, describe, names

ASKED_FOR = {
    *("resnet18", "resnet34", "resnet50", "resnet101", "resnet32", "vgg8", "vgg16", "vgg19", "mobilenet-v2"),
    *("lstm-ptb", "rnnt", "nmt-l3", "nmt-l5", "lstm-2048", "big-lstm"),
    *(
        "bert-base",
        "bert-large",
        "gpt2",
        "gpt2-xl",
        "llama2-7b",
        "llama3-8b",
        "vit-b16",
        "whisper-base",
        "whisper-small",
    ),
    *("mlp-l4", "mlp-l5", "mlp-hermes", "mlp-mnist", "mlp-nature", "alexnet", "alexnet-convolutions"),
    "vgg16-convolutions",
    *(f"deepbench-lstm-{hidden}" for hidden in (512, 1024, 2048, 4096)),
    *("tpu-mlp0", "tpu-mlp1", "tpu-lstm0", "tpu-lstm1", "tpu-cnn0"),
}


def test_names_are_unique_and_complete() -> None:
    assert len(names()) == len(set(names()))
    assert set(names()) == ASKED_FOR


@pytest.mark.parametrize("name", names())
def test_descriptions_are_single_lines(name: str) -> None:
    assert describe(name)
    assert "\n" not in describe(name)


@pytest.mark.parametrize("name", names())
def test_the_network_carries_its_name(name: str) -> None:
    assert build(name).name == name


@pytest.mark.parametrize(
    ("wrong", "right"), [("resnet-50", "resnet50"), ("LLAMA3-8B", "llama3-8b"), ("vit", "vit-b16")]
)
def test_an_unknown_name_gets_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(InputError) as caught:
        build(wrong)
    assert wrong in caught.value.what
    assert right in caught.value.remedy
    assert caught.value.where


def test_a_name_like_no_other_gets_the_list() -> None:
    with pytest.raises(InputError) as caught:
        describe("zzzzqqqq")
    assert all(name in caught.value.remedy for name in names())


@pytest.mark.parametrize(
    ("name", "options", "option"),
    [
        ("resnet50", WorkloadOptions(generate=3), "generate"),
        ("vgg16", WorkloadOptions(image=256), "image"),
        ("bert-base", WorkloadOptions(context=3), "context"),
        ("gpt2", WorkloadOptions(image=224), "image"),
        ("mlp-l4", WorkloadOptions(seq=3), "seq"),
        ("whisper-base", WorkloadOptions(context=3), "context"),
        ("rnnt", WorkloadOptions(generate=1), "generate"),
    ],
)
def test_an_option_that_means_nothing_is_named(name: str, options: WorkloadOptions, option: str) -> None:
    with pytest.raises(InputError) as caught:
        build(name, options)
    assert option in caught.value.what
    assert caught.value.where == name
    assert option not in caught.value.remedy


def test_the_remedy_lists_what_is_understood() -> None:
    with pytest.raises(InputError) as caught:
        build("gpt2", WorkloadOptions(image=5))
    assert "seq, generate, context" in caught.value.remedy


@pytest.mark.parametrize("option", ["seq", "generate", "image"])
@pytest.mark.parametrize("value", [0, -1])
def test_lengths_are_at_least_one(option: str, value: int) -> None:
    with pytest.raises(InputError, match=option):
        WorkloadOptions(**{option: value})


def test_a_context_may_be_empty_but_not_negative() -> None:
    assert build("gpt2", WorkloadOptions(context=0)) == build("gpt2")
    with pytest.raises(InputError, match="context"):
        WorkloadOptions(context=-1)


@pytest.mark.parametrize(
    ("name", "fits", "too_long"),
    [
        ("gpt2", WorkloadOptions(seq=1000, generate=25), WorkloadOptions(seq=1000, generate=26)),
        ("gpt2", WorkloadOptions(context=1023), WorkloadOptions(context=1024)),
        ("bert-base", WorkloadOptions(seq=512), WorkloadOptions(seq=513)),
        ("whisper-base", WorkloadOptions(seq=448), WorkloadOptions(seq=449)),
    ],
)
def test_learned_positions_run_out(name: str, fits: WorkloadOptions, too_long: WorkloadOptions) -> None:
    build(name, fits)
    with pytest.raises(InputError, match="positions") as caught:
        build(name, too_long)
    assert caught.value.where == name
    assert caught.value.remedy


def test_an_image_must_be_cut_into_whole_patches() -> None:
    with pytest.raises(InputError, match="patches") as caught:
        build("vit-b16", WorkloadOptions(image=225))
    assert "multiple of 16" in caught.value.remedy


def test_building_twice_gives_equal_networks() -> None:
    assert build("rnnt") == build("rnnt")
