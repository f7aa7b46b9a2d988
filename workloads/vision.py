"""A transformer for images: ViT-B/16 (Dosovitskiy et al., ICLR 2021)."""

from __future__ import annotations

from archsim.errors import InputError
from archsim.network import NOTHING, Network, Table, Whole
from archsim.workloads import digital
from archsim.workloads.convolution import Kernel, convolution
from archsim.workloads.drafting import Draft, Feed, Stream
from archsim.workloads.options import Option, Workload, WorkloadOptions
from archsim.workloads.transformer import Heads, pre_norm_block

_NAME = "vit-b16"
_PATCH = 16
_WIDTH = 768
_HIDDEN = 3072
_HEADS = 12
_LAYERS = 12


def _vit(options: WorkloadOptions) -> Network:
    side = options.image or 224
    if side % _PATCH:
        raise InputError(
            f"an image of {side} pixels is not cut into patches of {_PATCH}",
            where=_NAME,
            remedy=f"Give a multiple of {_PATCH}.",
        )
    draft = Draft(_NAME)
    patches = Kernel(_PATCH, _PATCH, pad=0)
    image = draft.source("image", 3, grid=(side, side))
    stream = _placed(draft, convolution(draft, "patches", image, channels=_WIDTH, kernel=patches))
    for index in range(_LAYERS):
        stream = pre_norm_block(draft, f"encoder.{index}", stream, hidden=_HIDDEN, heads=Heads(_HEADS, Whole()))
    class_token = Feed(stream, Table((0,), (0,)))
    ready = draft.layer("norm", digital.layer_norm(_WIDTH), _WIDTH, class_token, tokens=1)
    draft.sink("logits", draft.dense("head", ready, 1000))
    return draft.finish()


def _placed(draft: Draft, patches: Stream) -> Stream:
    """The class token, which is a constant, and the patches after it, with their positions added."""
    tokens = (NOTHING, *range(patches.tokens))
    operator = digital.embedding_add(len(tokens), _WIDTH)
    return draft.layer("positions", operator, _WIDTH, Feed(patches, Table(tokens, tokens)), tokens=len(tokens))


WORKLOADS = (Workload(_NAME, "ViT-B/16 for 224 x 224 images", _vit, frozenset({Option.IMAGE})),)
