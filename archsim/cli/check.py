"""``archsim check``: whether a file can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from archsim.cli.parsing import read_shapes
from archsim.cli.terminal import write
from archsim.errors import InputError

_CHIP_ENDINGS = (".yaml", ".yml")


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="An ONNX file, or a chip file in YAML.")],
    shape: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SIZES", help="Shape of an ONNX input that the file leaves open. Repeatable."),
    ] = None,
) -> None:
    """Say whether an ONNX or chip file can be used, or what is wrong with it and where.

    A chip file is validated and priced; a network is imported, layer by layer.
    """
    path = Path(file)
    if path.suffix in _CHIP_ENDINGS:
        write(_chip_facts(file))
    elif path.suffix == ".onnx":
        write(_network_facts(path, shape or []))
    else:
        raise InputError(
            f"a file that ends in {path.suffix!r} is neither a network nor a chip",
            where=file,
            remedy="Give an ONNX file (.onnx) or a chip file (.yaml, .yml).",
        )


def _network_facts(path: Path, shape: list[str]) -> str:
    from archsim.network.onnx_import import read_onnx
    from archsim.report import network_facts

    return f"{path} is fine: {network_facts(read_onnx(path, shapes=read_shapes(shape)))}"


def _chip_facts(file: str) -> str:
    from archsim.chip import load_chip
    from archsim.cost import price
    from archsim.report import chip_facts

    chip = load_chip(file)
    return f"{file} is fine: {chip_facts(chip, price(chip))}"
