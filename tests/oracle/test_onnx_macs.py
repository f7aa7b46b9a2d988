"""Multiply-accumulates of published architectures, against counts made by others from the papers' layer tables."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from archsim.network.onnx_import import read_onnx

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"

MACS = {
    "resnet50": 4_089_184_256,
    "vgg19": 19_632_062_464,
    "densenet121": 2_834_161_664,
    "inception_v1": 1_431_556_352,
    "inception_v2": 2_018_851_840,
    "squeezenet": 349_151_936,
    "shufflenet": 124_664_528,
    "bvlc_alexnet": 654_560_384,
    "zfnet512": 1_481_727_008,
}


@pytest.mark.parametrize(("name", "macs"), MACS.items(), ids=MACS)
def test_macs_of_the_light_models(name: str, macs: int) -> None:
    assert read_onnx(LIGHT / f"light_{name}.onnx").macs == macs


def test_weights_of_resnet50_and_vgg19() -> None:
    """Parameters as torchvision counts them, less biases and batch normalisation: 25,557,032 and 143,667,240."""
    resnet50, vgg19 = (read_onnx(LIGHT / f"light_{name}.onnx") for name in ("resnet50", "vgg19"))
    assert resnet50.weights == 25_557_032 - 1000 - 2 * 26_560
    assert vgg19.weights == 143_667_240 - 1000 - 2 * 4096 - 5504


def test_shape_of_resnet50() -> None:
    """53 convolutions and one product, 16 residual additions, 17 windows with a stride or a kernel above 1."""
    network = read_onnx(LIGHT / "light_resnet50.onnx")
    kinds = [getattr(layer.operator, "kind", "") for layer in network.layers]
    assert len(network.matrices) == 54
    assert kinds.count("add") == 16
    assert kinds.count("relu") == 49
    assert not any(kind == "batch-norm" for kind in kinds)
    assert "53 batch normalisations folded into the matrix before them" in network.notes


@pytest.mark.parametrize("name", MACS)
def test_every_layer_but_the_inputs_is_fed(name: str) -> None:
    network = read_onnx(LIGHT / f"light_{name}.onnx")
    sources = [layer for layer in network.layers if not network.inputs_of(layer.name)]
    assert len(sources) == 1
    assert (sources[0].tokens, sources[0].width) == (224 * 224, 3)
