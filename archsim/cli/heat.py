"""``archsim heat``: how hot a run makes its chips, and where."""

from __future__ import annotations

from typing import Annotated

import typer

from archsim.cli.grouping import grouped
from archsim.cli.options import BatchOptions, ChipOptions, EngineName, NetworkOptions, ReplicationOptions
from archsim.cli.printing import TablePrintOptions


@grouped
def heat(
    network: NetworkOptions,
    chip: ChipOptions,
    replication: ReplicationOptions,
    batch: BatchOptions,
    printing: TablePrintOptions,
    *,
    ambient: Annotated[str, typer.Option(metavar="KELVIN", help="What the heat leaves to, as '318 K'.")],
    resistance: Annotated[
        str,
        typer.Option(
            metavar="K*MM2/W",
            help="From the silicon to the ambient: the package's K/W times the die's area, as '120 K*mm^2/W'.",
        ),
    ],
    thickness: Annotated[
        str, typer.Option(metavar="LENGTH", help="Of the die, through which sites heat each other.")
    ] = "0.5 mm",
    follow: Annotated[
        bool, typer.Option("--leakage-follows", help="Let each site leak as at its own temperature, 300 K to 400 K.")
    ] = False,
) -> None:
    """Show the steady temperature of every site: a network of resistances over the floorplan.

    Power is that of the run, averaged over it; what is on no site (memories, links) heats nothing.

    Example: [cyan]archsim heat resnet50 --batch 8 --ambient "318 K" --resistance "120 K*mm^2/W"[/].
    """
    from archsim.accounting.heat import Cooling, heat_map
    from archsim.report.heat import heat_document
    from archsim.simulation import simulate

    cooling = Cooling(
        _read(ambient, "K", "--ambient"),
        _read(resistance, "K*m^2/W", "--resistance"),
        _read(thickness, "m", "--thickness"),
    )
    result = simulate(network.load(), chip.load(), batch.settings(replication, EngineName.COMPILED))
    found = heat_map(result.trace, result.placement, result.bill, cooling, follows=follow)
    printing.print(heat_document(found, result.network.name, result.chip.name))


def _read(text: str, unit: str, option: str) -> float:
    from archsim.errors import InputError
    from archsim.units import quantity

    try:
        return quantity(text, unit)
    except InputError as error:
        raise InputError(error.what, where=option, remedy=error.remedy) from None
