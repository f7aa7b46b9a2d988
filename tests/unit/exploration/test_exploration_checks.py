"""What is seen to be wrong with a study before anything runs: what, where, and what to do."""

from pathlib import Path

import pytest

from archsim.errors import ArchsimError
from archsim.exploration import explore, read_study
from archsim.report.document import Paragraph
from archsim.report.exploration import exploration_document
from tests.explorations import SMALL

BITS = {"tile.adc.bits": [6, 8]}


def refused(folder: Path, **changes: object) -> str:
    """Of a whole study, with a store: nothing runs, and nothing is left there."""
    with pytest.raises(ArchsimError) as caught:
        explore({**SMALL, "parameters": BITS, **changes}, store=folder / "store", workers=1)
    assert caught.value.remedy
    assert not (folder / "store").exists()
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "place", "words"),
    [
        ({"chip": "pcm-mesh"}, "study: chip", "Did you mean 'pcm-mesh-14nm'?"),
        ({"set": ["tile.adc.bitz=7"]}, "study: set: ", "bitz"),
        ({"set": ["tile.adc.conversion_time=4 V"]}, "study: set: ", "'4 V' is in V, where s is meant"),
        ({"networks": {"mine": {"model": "resnet81"}}}, "study: networks.mine", "resnet18"),
        ({"networks": {"mlp-hermes": {"seq": 4}}}, "study: networks.mlp-hermes", "'seq' means nothing"),
        ({"networks": ["mlp-hermes", "mlp-hermes"]}, "study: networks", "twice"),
        ({"run": {"replicate": "balancd"}}, "study: run.replicate", "Did you mean 'balanced'?"),
        ({"run": {"schedule": "pipeline"}}, "study: run.schedule", "Did you mean 'pipelined'?"),
        ({"parameters": {"replicate": ["nine", "balanced"]}}, "study: parameters.replicate", "Did you mean 'none'?"),
        ({"parameters": {"schedule": ["fast"]}}, "study: parameters.schedule", "auto, pipelined"),
        ({"parameters": {"chip": ["isaac", "pum"]}}, "study: parameters.chip", "Did you mean 'puma'?"),
        ({"parameters": {"chip": {"from": 1, "to": 3, "step": 1}}}, "study: parameters.chip", "there is no chip '1'"),
        ({"parameters": {"batch": ["one"]}}, "study: parameters.batch", "'one' is no batch"),
        ({"parameters": {"batch": {"from": 0, "to": 3, "step": 1}}}, "study: parameters.batch", "0 is no batch"),
        ({"parameters": {"interleave": [1.5]}}, "study: parameters.interleave", "1.5 is no interleave"),
        ({"accuracy": {"model": "digits-cn"}}, "study: accuracy.model", "digits-cnn"),
        ({"accuracy": {"model": "digits-cnn", "at": "1 V"}}, "study: accuracy.at", "where s is meant"),
        ({"accuracy": {"model": "digits-cnn", "data": "no.npz"}}, "study: accuracy.data", "there is no file"),
        ({"accuracy": {"model": "digits-cnn", "metric": "no:no"}}, "study: accuracy.metric", "cannot be loaded"),
        ({"baseline": "issac"}, "study: baseline", "Did you mean 'isaac'?"),
        ({"objectives": {"tokens_per_s": "maximize"}}, "study: objectives", "mlp-hermes generates no tokens"),
        ({"constraints": ["tokens_per_s >= 1"]}, "study: constraints", "mlp-hermes generates no tokens"),
    ],
)
def test_words_and_names_are_looked_at(changes: dict[str, object], place: str, words: str, tmp_path: Path) -> None:
    told = refused(tmp_path, **changes)
    assert told.startswith(place)
    assert words in told


def test_a_decoder_is_named_where_another_network_generates_nothing(tmp_path: Path) -> None:
    networks = {"mlp-hermes": {}, "gpt2": {"seq": 8, "generate": 1, "context": 8}}
    told = refused(tmp_path, networks=networks, objectives={"tokens_per_s": "maximize"})
    assert "Write 'tokens_per_s of gpt2'" in told
    told = refused(tmp_path, networks=networks, objectives={"time_per_token_s of gpt2": "minimize"})
    assert "gpt2 generates one token" in told


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"set": ["tile.adc.bits=7"]}, "set: tile.adc.bits=7"),
        ({"parameters": {"batch": [1, 2]}, "run": {"batch": 4}}, "run.batch"),
        ({"parameters": {"batch": [1, 2]}, "networks": {"mlp-hermes": {"batch": 4}}}, "networks.mlp-hermes.batch"),
        (
            {"parameters": {"more": {"choices": {"few": {"tile": {"adc": {"bits": 4}}}, "many": {}}}, **BITS}},
            "parameters.more.choices.few",
        ),
    ],
)
def test_what_a_parameter_overrides_in_every_point_is_refused(
    changes: dict[str, object], place: str, tmp_path: Path
) -> None:
    assert f"study: {place}: does nothing" in refused(tmp_path, **changes)


def test_what_is_given_where_a_parameter_has_no_meaning_is_kept(tmp_path: Path) -> None:
    when = {"fabric.link_width": ["64 bit", "128 bit"]} | {
        "tile.adc.bits": {"values": [6, 8], "when": {"fabric.link_width": "64 bit"}}
    }
    found = explore({**SMALL, "parameters": when, "set": ["tile.adc.bits=7"]}, store=tmp_path, workers=1)
    assert len(found.table) == 3


def test_keys_given_twice_are_refused_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "study.yaml"
    file.write_text("networks: [mlp-hermes]\nparameters:\n  batch: [1]\n  batch: [2]\n")
    with pytest.raises(ArchsimError, match=r"the key 'batch' is given twice \(before: line 3\)") as caught:
        read_study(file)
    assert caught.value.where == f"{file}:4"


def test_a_parameter_that_changes_no_figure_is_told(tmp_path: Path) -> None:
    """How often a cell may be written is nothing that inference asks for; the bits of a converter are."""
    parameters = {**BITS, "tile.array.programming.endurance": [1e8, 1e9], "batch": [2, 3]}
    found = explore({**SMALL, "parameters": parameters}, store=tmp_path, workers=1, bounds=False, ledgers=False)
    assert found.idle == ("tile.array.programming.endurance",)
    told = " ".join(part.text for part in exploration_document(found).sections[0].parts if isinstance(part, Paragraph))
    assert "no figure of any point changes with tile.array.programming.endurance" in told


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"workers": -2}, {"points": 0}])
def test_nobody_and_nothing_are_no_study(wrong: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(ArchsimError, match=r"-?\d (workers|points)"):
        explore(SMALL, store=tmp_path / "store", **wrong)


def test_values_may_be_any_sequence_of_python(tmp_path: Path) -> None:
    parameters = {"tile.adc.bits": range(6, 8), "batch": (1, 2)}
    found = explore({**SMALL, "parameters": parameters}, store=tmp_path, workers=1, bounds=False, ledgers=False)
    assert sorted(zip(found.table["tile.adc.bits"], found.table.batch, strict=True)) == [(6, 1), (6, 2), (7, 1), (7, 2)]
    assert "a float is no name" in refused(tmp_path / "other", networks=[1.5])
