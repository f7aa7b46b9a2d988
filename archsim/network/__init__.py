"""The Network: what is to be computed, as layers that stream tokens to each other."""

from archsim.network.access import NOTHING, Access, Prefix, Previous, Same, Table, Whole, Window, tokens_read
from archsim.network.graph import Edge, Generation, Layer, Network, keys_read, layer_macs, weights_of
from archsim.network.operators import Counts, Digital, Matrix, Operator, Primitive, Sink, Source, Weights
from archsim.network.product import (
    Activation,
    CellKind,
    Codes,
    Contraction,
    Convolution,
    Direction,
    InputSpec,
    ProductSpec,
    Quantisation,
    RecurrentCell,
)

__all__ = [
    "NOTHING",
    "Access",
    "Activation",
    "CellKind",
    "Codes",
    "Contraction",
    "Convolution",
    "Counts",
    "Digital",
    "Direction",
    "Edge",
    "Generation",
    "InputSpec",
    "Layer",
    "Matrix",
    "Network",
    "Operator",
    "Prefix",
    "Previous",
    "Primitive",
    "ProductSpec",
    "Quantisation",
    "RecurrentCell",
    "Same",
    "Sink",
    "Source",
    "Table",
    "Weights",
    "Whole",
    "Window",
    "keys_read",
    "layer_macs",
    "tokens_read",
    "weights_of",
]
