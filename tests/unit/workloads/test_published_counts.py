"""Weights and multiply-accumulates of the named networks against figures published by others."""

from __future__ import annotations

import pytest

from archsim.network import Digital, Matrix, Network
from archsim.workloads import WorkloadOptions, build

_NORM_PARAMETERS = {"layer-norm": 2, "rms-norm": 1}


def biases(network: Network) -> int:
    return sum(
        layer.operator.outputs for layer in network.layers if isinstance(layer.operator, Matrix) and layer.operator.bias
    )


def digital_parameters(network: Network) -> int:
    """Look-up tables, and the scales and offsets of the normalisations that are not folded."""
    digital = [(layer, layer.operator) for layer in network.layers if isinstance(layer.operator, Digital)]
    return sum(operator.table + _NORM_PARAMETERS.get(operator.kind, 0) * layer.width for layer, operator in digital)


def parameters(network: Network) -> int:
    return network.weights + biases(network) + digital_parameters(network)


def weights_under(network: Network, prefix: str) -> int:
    return sum(
        layer.operator.macs
        for layer in network.matrices
        if layer.name.startswith(prefix) and isinstance(layer.operator, Matrix)
    )


def macs_under(network: Network, prefix: str) -> int:
    return sum(
        layer.tokens * layer.operator.macs
        for layer in network.matrices
        if layer.name.startswith(prefix) and isinstance(layer.operator, Matrix)
    )


# torchvision's `num_params`: every convolution of these is followed by a normalisation with a scale and an offset per
# channel and has no bias of its own, so that 2 x channels there stand for our one folded bias per channel.
TORCHVISION_NORMALISED = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "mobilenet-v2": 3_504_872,
}


@pytest.mark.parametrize(("name", "published"), TORCHVISION_NORMALISED.items())
def test_parameters_with_batch_normalisation_are_torchvisions(name: str, published: int) -> None:
    network = build(name)
    classes = 1000
    channels = biases(network) - classes
    assert network.weights + 2 * channels + classes == published


@pytest.mark.parametrize(("name", "published"), [("vgg16", 138_357_544), ("vgg19", 143_667_240)])
def test_parameters_of_vgg_are_torchvisions(name: str, published: int) -> None:
    assert parameters(build(name)) == published


# torchvision's `_ops`, in 1e9 multiply-accumulates to three decimals; ViT's includes both products of attention.
TORCHVISION_GMAC = {
    "resnet18": 1.814,
    "resnet34": 3.664,
    "resnet50": 4.089,
    "resnet101": 7.801,
    "vgg16": 15.47,
    "vgg19": 19.632,
    "mobilenet-v2": 0.301,
    "vit-b16": 17.564,
}


@pytest.mark.parametrize(("name", "published"), TORCHVISION_GMAC.items())
def test_operations_are_torchvisions(name: str, published: float) -> None:
    assert build(name).macs / 1e9 == pytest.approx(published, abs=0.0005)


def test_alexnet_has_the_parameters_and_operations_of_its_reference_model() -> None:
    """Caffe's bvlc_alexnet has 60,965,224 parameters; Eyeriss counts 666 M MACs in the convolutions."""
    assert parameters(build("alexnet")) == 60_965_224
    assert build("alexnet").macs / 1e6 == pytest.approx(724.4, abs=0.05)
    assert build("alexnet-convolutions").macs / 1e6 == pytest.approx(666, abs=0.5)


@pytest.mark.parametrize(
    ("name", "millions", "layers", "per_weight"),
    [("mlp0", 20, 5, 1), ("mlp1", 5, 4, 1), ("lstm0", 52, 58, 1), ("lstm1", 34, None, 1), ("cnn0", 8, 16, 361)],
)
def test_stand_ins_for_tpu_applications_have_the_published_sizes(
    name: str, millions: float, layers: int | None, per_weight: int
) -> None:
    """Jouppi et al., ISCA 2017, table 1; 2,888 MACs per weight byte at a batch of 8 are 361 per sample."""
    network = build(f"tpu-{name}")
    assert network.weights / 1e6 == pytest.approx(millions, rel=0.01)
    assert network.macs == network.weights * per_weight
    counted = len(network.layers) - 2 if name.startswith("lstm") else len(network.matrices)
    assert layers in (None, counted)


def test_mobilenet_operations_are_those_of_its_paper() -> None:
    """Sandler et al., table 4: 300 M multiply-adds."""
    assert build("mobilenet-v2").macs / 1e6 == pytest.approx(300, rel=0.005)


def test_resnet32_has_the_synapses_that_joshi_programmed() -> None:
    """361,722 in Nat. Commun. 11:2473: all kernels, the classifier, and the classifier's ten biases."""
    assert build("resnet32").weights + 10 == 361_722


def test_vgg8_is_the_one_that_neurosim_runs() -> None:
    """Layers as in DNN+NeuroSim's models/VGG.py: kernels and fully connected weights, no biases."""
    convolutions = 9 * (3 * 128 + 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512)
    assert build("vgg8").weights == convolutions + 8192 * 1024 + 1024 * 10


# PUMA (ASPLOS 2019), weights in millions as published; the two wide LSTMs are quoted to three figures.
PUMA_MILLIONS = {"mlp-l4": 5, "mlp-l5": 21, "nmt-l3": 91, "nmt-l5": 125, "lstm-2048": 554, "big-lstm": 856}


@pytest.mark.parametrize(("name", "millions"), PUMA_MILLIONS.items())
def test_weights_are_pumas(name: str, millions: int) -> None:
    assert round(build(name).weights / 1e6) == millions


def test_hermes_perceptron() -> None:
    assert build("mlp-hermes").weights == 784 * 240 + 240 * 10


def test_language_model_has_twenty_million_parameters() -> None:
    """Zaremba et al.: 10,000 words, two layers of 650; 20 M parameters in the reports on Penn Treebank.

    Each LSTM there has one bias per gate and unit; so has ours.
    """
    network = build("lstm-ptb")
    closed_form = 10_000 * 650 + 2 * 4 * 650 * (650 + 650 + 1) + 650 * 10_000 + 10_000
    assert parameters(network) == closed_form
    assert round(parameters(network) / 1e6) == 20


class TestSpeechRecogniser:
    """The RNN-T of Ambrogio et al. (2023): 45.27 M weights, 12.265 Gop per sample, 217 encoder frames.

    The operations are the ratio of two published rates, and the frames follow from them and the encoder's weights, so
    agreement here proves the counting, not the network.
    """

    def test_weights(self) -> None:
        assert round(build("rnnt").weights / 1e4) == 4527

    def test_weights_by_part(self) -> None:
        network = build("rnnt")
        encoder = 4 * 1024 * ((240 + 1024) + (1024 + 1024) + (2048 + 1024) + 2 * (1024 + 1024))
        assert weights_under(network, "encoder") == encoder
        assert weights_under(network, "prediction") == 2 * 4 * 320 * (320 + 320)
        assert weights_under(network, "joint") == (1024 + 320) * 512 + 512 * 29

    def test_published_operations_give_the_published_frames(self) -> None:
        """12.265 Gop over the encoder's operations per input frame are 217 frames."""
        frames = 1000
        network = build("rnnt", WorkloadOptions(seq=frames))
        operations_per_frame = 2 * macs_under(network, "encoder") / frames
        assert round(12.265e9 / operations_per_frame) == 217

    def test_encoder_operations_bracket_the_published_sum(self) -> None:
        """217 frames are an odd number; an even one more or less must lie on either side of 12.265 Gop."""
        fewer, more = (2 * macs_under(build("rnnt", WorkloadOptions(seq=n)), "encoder") for n in (216, 218))
        assert fewer < 12.265e9 < more
        assert 2 * macs_under(build("rnnt"), "encoder") == pytest.approx(12.265e9, rel=0.003)

    def test_layers_after_the_stack_run_half_as_often(self) -> None:
        network = build("rnnt", WorkloadOptions(seq=217))
        assert network.by_name["encoder.pre1.gates"].tokens == 217
        assert network.by_name["encoder.post0.gates"].tokens == 109


class TestTransformers:
    """Parameter counts of the checkpoints that Hugging Face serves, to the last weight."""

    @pytest.mark.parametrize(("name", "published"), [("bert-base", 109_482_240), ("bert-large", 335_141_888)])
    def test_bert_with_its_pooler(self, name: str, published: int) -> None:
        assert parameters(build(name)) == published

    def test_bert_base_encoder_has_85_million_weights(self) -> None:
        assert round(weights_under(build("bert-base"), "encoder") / 1e6) == 85

    @pytest.mark.parametrize(
        ("name", "width", "published"), [("gpt2", 768, 124_439_808), ("gpt2-xl", 1600, 1_557_611_200)]
    )
    def test_gpt2_with_head_and_embedding_counted_once(self, name: str, width: int, published: int) -> None:
        assert parameters(build(name)) - 50257 * width == published

    def test_llama_of_eight_billion(self) -> None:
        assert parameters(build("llama3-8b")) == 8_030_261_248

    def test_vit(self) -> None:
        """torchvision's 86,567,656, of which 768 are the class token, a constant that no layer here holds."""
        assert parameters(build("vit-b16")) + 768 == 86_567_656

    @pytest.mark.parametrize(
        ("name", "layers", "width", "published"),
        [("whisper-base", 6, 512, 72_593_920), ("whisper-small", 12, 768, 241_734_912)],
    )
    def test_whisper(self, name: str, layers: int, width: int, published: int) -> None:
        """Head and embedding counted once; Whisper's key matrices have no bias, a zero here."""
        key_biases = 3 * layers * width
        assert parameters(build(name)) - 51865 * width - key_biases == published
