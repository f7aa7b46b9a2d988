"""``archsim check``: whether a file can be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.parsing import read_shapes
from archsim.cli.printing import PrintOptions
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.report import Document

_CHIP_ENDINGS = (".yaml", ".yml")


@grouped
def check(
    printing: PrintOptions,
    *,
    file: Annotated[str, typer.Argument(metavar="FILE", help="An ONNX file, or a chip file in YAML.")],
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SIZES", help="Shape of an ONNX input that the file leaves open. Repeatable."),
    ] = None,
) -> None:
    """Say whether an ONNX or chip file can be used, or what is wrong with it and where.

    A chip file is validated and priced: parts whose leakage or area it gives as 0 are named, and what its figures
    include. A network is imported, layer by layer.

    Examples: [cyan]archsim check my.yaml[/], [cyan]archsim check net.onnx --shape data=1,3,224,224[/].
    """
    printing.print(_checked(file, shape or []))


def _checked(file: str, shape: list[str]) -> Document:
    from archsim.report import check_document

    path = Path(file)
    if path.suffix in _CHIP_ENDINGS:
        return _checked_chip(file)
    if path.suffix == ".onnx":
        return check_document(file, "network", _network_facts(path, shape))
    raise InputError(
        f"a file that ends in {path.suffix!r} is neither a network nor a chip",
        where=file or "FILE",
        remedy="Give an ONNX file (.onnx) or a chip file (.yaml, .yml).",
    )


def _network_facts(path: Path, shape: list[str]) -> str:
    from archsim.network.onnx_import import read_onnx
    from archsim.report import network_facts

    return network_facts(read_onnx(path, shapes=read_shapes(shape)))


def _checked_chip(file: str) -> Document:
    from archsim.chip import load_chip, sources
    from archsim.cost import price
    from archsim.report import chip_check

    chip = load_chip(file)
    return chip_check(file, chip, price(chip), sources(file))
