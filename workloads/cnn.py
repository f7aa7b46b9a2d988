"""Convolutional networks for images: ResNet, VGG, MobileNetV2.

Batch normalisation is folded into the convolution before it, as an inference chip does: its scale and offset are the
column's affine step, so every such convolution carries a bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Protocol

from archsim.network import Matrix, Network, Weights, Whole
from archsim.workloads import digital
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.drafting import Draft, Feed, Stream
from archsim.workloads.options import Option, Workload, WorkloadOptions

_FOLDED = "Batch normalisation is folded into the convolutions."
_IMAGE = frozenset({Option.IMAGE})


def max_pool(draft: Draft, name: str, inputs: Stream, *, kernel: Kernel) -> Stream:
    """The largest of each window, channel by channel."""
    access = kernel.window(inputs.grid)
    operator = digital.max_pool(inputs.width, kernel.taps(inputs.grid))
    grid = access.out_grid
    return draft.layer(name, operator, inputs.width, Feed(inputs, access), tokens=prod(grid), grid=grid)


def mean_of_map(draft: Draft, name: str, inputs: Stream) -> Stream:
    """Global average pooling: one token."""
    operator = digital.average_pool(inputs.width, inputs.tokens)
    return draft.layer(name, operator, inputs.width, Feed(inputs, Whole()), tokens=1)


def dense_of_map(draft: Draft, name: str, inputs: Stream, *, columns: int) -> Stream:
    """A fully connected layer on the flattened map (channels slowest, as PyTorch flattens)."""
    operator = Matrix(Weights(inputs.width * inputs.tokens, columns), taps=inputs.tokens, bias=True)
    return draft.layer(name, operator, columns, Feed(inputs, Whole()), tokens=1)


def relu(draft: Draft, name: str, inputs: Stream) -> Stream:
    """Rectifier."""
    return draft.each(name, digital.elementwise("relu", inputs.width), inputs)


def relu6(draft: Draft, name: str, inputs: Stream) -> Stream:
    """Rectifier that stops at six."""
    return draft.each(name, digital.elementwise("clip", inputs.width), inputs)


def add(draft: Draft, name: str, *terms: Stream) -> Stream:
    """Sum of two streams."""
    return draft.each(name, digital.elementwise("add", terms[0].width), *terms)


def _picture(draft: Draft, side: int) -> Stream:
    """An image of three colours."""
    return draft.source("image", 3, grid=(side, side))


def _classified(draft: Draft, features: Stream, classes: int) -> Network:
    draft.note(_FOLDED)
    draft.sink("logits", draft.dense("fc", mean_of_map(draft, "avgpool", features), classes))
    return draft.finish()


# ResNet: He et al., CVPR 2016; the stride sits on the 3x3 convolution as in torchvision ("v1.5").


class Block(Protocol):
    """A residual block, from a stream to a stream."""

    def __call__(self, draft: Draft, name: str, inputs: Stream, *, channels: int, stride: int) -> Stream:
        """Draw the block."""
        ...


def basic_block(draft: Draft, name: str, inputs: Stream, *, channels: int, stride: int) -> Stream:
    """Two 3x3 convolutions beside a shortcut."""
    first = convolution(draft, f"{name}.conv1", inputs, channels=channels, kernel=Kernel(3, stride))
    active = relu(draft, f"{name}.relu1", first)
    second = convolution(draft, f"{name}.conv2", active, channels=channels, kernel=Kernel(3))
    return _joined(draft, name, second, inputs=inputs, stride=stride)


def bottleneck(draft: Draft, name: str, inputs: Stream, *, channels: int, stride: int) -> Stream:
    """A 3x3 convolution between two 1x1, the last four times as wide, beside a shortcut."""
    first = convolution(draft, f"{name}.conv1", inputs, channels=channels, kernel=Kernel(1))
    active = relu(draft, f"{name}.relu1", first)
    second = convolution(draft, f"{name}.conv2", active, channels=channels, kernel=Kernel(3, stride))
    active = relu(draft, f"{name}.relu2", second)
    third = convolution(draft, f"{name}.conv3", active, channels=4 * channels, kernel=Kernel(1))
    return _joined(draft, name, third, inputs=inputs, stride=stride)


def _joined(draft: Draft, name: str, branch: Stream, *, inputs: Stream, stride: int) -> Stream:
    """The branch plus the shortcut, through a 1x1 convolution where their shapes differ."""
    shortcut = inputs
    if stride != 1 or inputs.width != branch.width:
        projection = Kernel(1, stride)
        shortcut = convolution(draft, f"{name}.downsample", inputs, channels=branch.width, kernel=projection)
    return relu(draft, f"{name}.relu", add(draft, f"{name}.add", branch, shortcut))


def _stages(draft: Draft, inputs: Stream, block: Block, *, plan: Sequence[tuple[int, int]]) -> Stream:
    """Stages of ``(channels, blocks)``; all but the first halve the map."""
    stream = inputs
    for stage, (channels, blocks) in enumerate(plan):
        for index in range(blocks):
            stride = 2 if stage > 0 and index == 0 else 1
            stream = block(draft, f"layer{stage + 1}.{index}", stream, channels=channels, stride=stride)
    return stream


@dataclass(frozen=True, slots=True)
class Residual:
    """A ResNet for ImageNet.

    Parameters
    ----------
    name : str
        The network's name.
    block : Block
        What its stages are made of.
    depths : tuple of int
        Blocks in each of its four stages.
    """

    name: str
    block: Block
    depths: tuple[int, int, int, int]

    def workload(self) -> Workload:
        """Its entry in the registry."""
        summary = f"ResNet-{self.name.removeprefix('resnet')} for 224 x 224 images"
        return Workload(self.name, summary, partial(_resnet, self), _IMAGE)


def _resnet(residual: Residual, options: WorkloadOptions) -> Network:
    draft = Draft(residual.name)
    stem = convolution(draft, "conv1", _picture(draft, options.image or 224), channels=64, kernel=Kernel(7, 2))
    pooled = max_pool(draft, "maxpool", relu(draft, "relu", stem), kernel=Kernel(3, 2))
    plan = tuple(zip((64, 128, 256, 512), residual.depths, strict=True))
    return _classified(draft, _stages(draft, pooled, residual.block, plan=plan), 1000)


def _resnet32(options: WorkloadOptions) -> Network:
    """ResNet-32 for CIFAR-10 with the 361,722 weights of Joshi et al., Nat. Commun. 11:2473 (2020).

    He's ResNet-32 (16, 32, 64 channels) has 461,872. The paper's count is met by stages of 16, 28 and 56 channels with
    1x1 projections on both shortcuts that change shape, and the classifier's ten biases counted: 359,136 in 3x3
    kernels, 2,016 in projections, 560 + 10 in the classifier. The widths are inferred from this sum.
    """
    draft = Draft("resnet32")
    stem = convolution(draft, "conv1", _picture(draft, options.image or 32), channels=16, kernel=Kernel(3))
    plan = ((16, 5), (28, 5), (56, 5))
    return _classified(draft, _stages(draft, relu(draft, "relu", stem), basic_block, plan=plan), 10)


# VGG: Simonyan & Zisserman, ICLR 2015 (16 and 19 layers, at 224 x 224); VGG-8 for CIFAR-10 as DNN+NeuroSim runs it.


@dataclass(frozen=True, slots=True)
class Vgg:
    """A VGG network.

    Parameters
    ----------
    name, summary : str
        The network's name, and a line about it.
    side, classes : int
        Height and width of the image in pixels; outputs.
    stages : tuple of (int, int)
        Channels and 3x3 convolutions of each stage; a 2x2 pool ends it.
    hidden : tuple of int
        Widths of the fully connected layers before the last.
    """

    name: str
    summary: str
    side: int
    classes: int
    stages: tuple[tuple[int, int], ...]
    hidden: tuple[int, ...]

    def workload(self) -> Workload:
        """Its entry in the registry."""
        return Workload(self.name, self.summary, partial(_vgg, self))


def _vgg(vgg: Vgg, options: WorkloadOptions) -> Network:
    draft, stream = _vgg_maps(vgg, vgg.name)
    columns = dense_of_map(draft, "fc1", stream, columns=vgg.hidden[0])
    for index, width in enumerate((*vgg.hidden[1:], vgg.classes), start=2):
        columns = draft.dense(f"fc{index}", relu(draft, f"fc{index - 1}.relu", columns), width)
    draft.sink("logits", columns)
    return draft.finish()


def _vgg_convolutions(vgg: Vgg, options: WorkloadOptions) -> Network:
    """What accelerators of its day were measured on."""
    draft, stream = _vgg_maps(vgg, f"{vgg.name}-convolutions")
    draft.sink("features", stream)
    return draft.finish()


def _vgg_maps(vgg: Vgg, name: str) -> tuple[Draft, Stream]:
    draft = Draft(name)
    stream = _picture(draft, vgg.side)
    for stage, (channels, depth) in enumerate(vgg.stages, start=1):
        for index in range(1, depth + 1):
            place = f"{stage}_{index}"
            kernels = convolution(draft, f"conv{place}", stream, channels=channels, kernel=Kernel(3))
            stream = relu(draft, f"relu{place}", kernels)
        stream = max_pool(draft, f"pool{stage}", stream, kernel=Kernel(2, 2, pad=0))
    return draft, stream


_VGG8 = Vgg(
    name="vgg8",
    summary="VGG-8 for CIFAR-10, six convolutions and two fully connected layers (DNN+NeuroSim)",
    side=32,
    classes=10,
    stages=((128, 2), (256, 2), (512, 2)),
    hidden=(1024,),
)


def _vgg_at_224(layers: int, depths: tuple[int, ...]) -> Vgg:
    stages = tuple(zip((64, 128, 256, 512, 512), depths, strict=True))
    return Vgg(f"vgg{layers}", f"VGG-{layers} for 224 x 224 images", 224, 1000, stages, (4096, 4096))


_VGG16 = _vgg_at_224(16, (2, 2, 3, 3, 3))


# MobileNetV2: Sandler et al., CVPR 2018.

_INVERTED = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, blocks and first stride of each stage: table 2 of the paper."""


def _mobilenet_v2(options: WorkloadOptions) -> Network:
    draft = Draft("mobilenet-v2")
    draft.note(_FOLDED)
    stem = convolution(draft, "features.0", _picture(draft, options.image or 224), channels=32, kernel=Kernel(3, 2))
    stream = relu6(draft, "features.0.relu6", stem)
    block = 1
    for expansion, channels, blocks, first_stride in _INVERTED:
        for stride in (first_stride, *(1,) * (blocks - 1)):
            wide = stream.width * expansion
            name = f"features.{block}"
            stream = _inverted_residual(draft, name, stream, expanded=wide, channels=channels, stride=stride)
            block += 1
    last = convolution(draft, f"features.{block}", stream, channels=1280, kernel=Kernel(1))
    pooled = mean_of_map(draft, "avgpool", relu6(draft, f"features.{block}.relu6", last))
    draft.sink("logits", draft.dense("classifier", pooled, 1000))
    return draft.finish()


def _inverted_residual(draft: Draft, name: str, inputs: Stream, *, expanded: int, channels: int, stride: int) -> Stream:
    """Widen, filter each channel by itself, narrow; with a shortcut where the shapes agree."""
    wide = inputs
    if expanded != inputs.width:
        kernels = convolution(draft, f"{name}.expand", inputs, channels=expanded, kernel=Kernel(1))
        wide = relu6(draft, f"{name}.expand.relu6", kernels)
    depthwise = Kernel(3, stride, groups=expanded)
    deep = convolution(draft, f"{name}.depthwise", wide, channels=expanded, kernel=depthwise)
    active = relu6(draft, f"{name}.depthwise.relu6", deep)
    narrow = convolution(draft, f"{name}.project", active, channels=channels, kernel=Kernel(1))
    return add(draft, f"{name}.add", narrow, inputs) if stride == 1 and channels == inputs.width else narrow


WORKLOADS = (
    Residual("resnet18", basic_block, (2, 2, 2, 2)).workload(),
    Residual("resnet34", basic_block, (3, 4, 6, 3)).workload(),
    Residual("resnet50", bottleneck, (3, 4, 6, 3)).workload(),
    Residual("resnet101", bottleneck, (3, 4, 23, 3)).workload(),
    Workload("resnet32", "ResNet-32 for CIFAR-10 with 361,722 weights (Joshi 2020)", _resnet32, _IMAGE),
    _VGG8.workload(),
    _VGG16.workload(),
    _vgg_at_224(19, (2, 2, 4, 4, 4)).workload(),
    Workload(
        "vgg16-convolutions",
        "VGG-16's convolutions, as accelerators are measured on",
        partial(_vgg_convolutions, _VGG16),
    ),
    Workload("mobilenet-v2", "MobileNetV2 for 224 x 224 images: depthwise convolutions", _mobilenet_v2, _IMAGE),
)
