"""A node of the ONNX graph with its attributes as plain Python values."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from archsim.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operator of the graph.

    Parameters
    ----------
    proto : onnx.NodeProto
        The node as the file has it.
    opset : int
        Version of the operator set of its domain.
    """

    proto: onnx.NodeProto
    opset: int

    @property
    def kind(self) -> str:
        """The operator's name."""
        return self.proto.op_type

    @property
    def label(self) -> str:
        """The node's name, or that of its first output where it has none."""
        return self.proto.name or next((name for name in self.proto.output if name), self.proto.op_type)

    @property
    def where(self) -> str:
        """The node in the words of an error message."""
        domain = f"{self.proto.domain}." if self.proto.domain else ""
        return f"node {self.label!r} ({domain}{self.kind})"

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output tensors, "" for those left out."""
        return tuple(self.proto.output)

    def attribute(self, name: str) -> onnx.AttributeProto | None:
        """The attribute as the file has it, or None."""
        return next((attribute for attribute in self.proto.attribute if attribute.name == name), None)

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        found = self.attribute(name)
        return default if found is None else int(found.i)

    def number(self, name: str, default: float) -> float:
        """A float attribute."""
        found = self.attribute(name)
        return default if found is None else float(found.f)

    def text(self, name: str, default: str) -> str:
        """A string attribute."""
        found = self.attribute(name)
        return default if found is None else found.s.decode()

    def texts(self, name: str) -> tuple[str, ...]:
        """An attribute that is a list of strings; empty where it is not given."""
        found = self.attribute(name)
        return () if found is None else tuple(text.decode() for text in found.strings)

    def integers(self, name: str) -> tuple[int, ...] | None:
        """An attribute that is a list of integers, or None."""
        found = self.attribute(name)
        return None if found is None else tuple(found.ints)

    def numbers(self, name: str) -> tuple[float, ...] | None:
        """An attribute that is a list of floats, or None."""
        found = self.attribute(name)
        return None if found is None else tuple(found.floats)

    def fault(self, what: str, remedy: str) -> InputError:
        """An error that names this node."""
        return InputError(what, where=self.where, remedy=remedy)
