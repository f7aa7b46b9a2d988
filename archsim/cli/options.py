"""What commands may be told, in groups that several of them share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from archsim.cli.parsing import read_replicate, read_shapes, read_update
from archsim.errors import InputError

if TYPE_CHECKING:
    from archsim.chip import Chip
    from archsim.inputs import Settings
    from archsim.mapping import Placement
    from archsim.network import Learning, Network
    from archsim.workloads import WorkloadOptions

DEFAULT_CHIP = "pcm-mesh-14nm"
_NETWORK, _CHIP, _RUN, _OUTPUT = "The network", "The chip", "The run", "The output"


class EngineName(StrEnum):
    """Engines, as on the command line."""

    COMPILED = "compiled"
    REFERENCE = "reference"


class Tables(StrEnum):
    """File formats of tables, as on the command line."""

    CSV = "csv"
    PARQUET = "parquet"


TableFormat = Annotated[Tables, typer.Option("--format", help="File format of the tables.", rich_help_panel=_OUTPUT)]


@dataclass(frozen=True, slots=True)
class SizeOptions:
    """How large networks are."""

    seq: Annotated[
        int | None,
        typer.Option(metavar="N", help="Steps of the sequence, or tokens of the prompt.", rich_help_panel=_NETWORK),
    ] = None
    generate: Annotated[
        int | None, typer.Option(metavar="N", help="Tokens that a decoder generates.", rich_help_panel=_NETWORK)
    ] = None
    context: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Tokens whose keys and values a decoder has cached already.", rich_help_panel=_NETWORK
        ),
    ] = None
    image: Annotated[
        int | None,
        typer.Option(metavar="N", help="Height and width of the image, in pixels.", rich_help_panel=_NETWORK),
    ] = None

    @property
    def workload(self) -> WorkloadOptions:
        """The lengths and sizes."""
        from archsim.workloads import WorkloadOptions

        return WorkloadOptions(seq=self.seq, generate=self.generate, context=self.context, image=self.image)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions(SizeOptions):
    """Which network, and how large."""

    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A name that [bold]archsim list networks[/] shows, or an ONNX file.")
    ]
    shape: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SIZES",
            help="Shape of an ONNX input that the file leaves open, as [bold]data=1,3,224,224[/]. Repeatable.",
            rich_help_panel=_NETWORK,
        ),
    ] = None

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of ONNX inputs, by name."""
        return read_shapes(self.shape or [])

    def load(self) -> Network:
        """The network.

        Raises
        ------
        InputError
            If it cannot be had.
        """
        from archsim.inputs import load_network

        return load_network(self.model, self.workload, shapes=self.shapes)


@dataclass(frozen=True, slots=True)
class ChipOptions:
    """Which chip, and what is different about it."""

    chip: Annotated[
        str,
        typer.Option(
            metavar="CHIP",
            help="A name that [bold]archsim list chips[/] shows, or a chip file in YAML.",
            rich_help_panel=_CHIP,
        ),
    ] = DEFAULT_CHIP
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change a field, as [bold]tile.adc.bits=6[/] or [bold]fabric.clock='2 GHz'[/]. Repeatable.",
            rich_help_panel=_CHIP,
        ),
    ] = None

    schedule: Annotated[
        str | None,
        typer.Option(
            metavar="auto|pipelined|sequential|grouped",
            help="Whether all layers work at once or take turns: short for [bold]--set mapping.schedule.order=...[/]. "
            "By default as the chip file says.",
            rich_help_panel=_RUN,
        ),
    ] = None

    @property
    def overrides(self) -> tuple[str, ...]:
        """The changes."""
        order = () if self.schedule is None else (f"mapping.schedule.order={self.schedule}",)
        return (*(self.set or ()), *order)

    def load(self) -> Chip:
        """The chip.

        Raises
        ------
        InputError
            If it cannot be had.
        """
        from archsim.chip import load_chip

        return load_chip(self.chip, self.overrides)


@dataclass(frozen=True, slots=True)
class ReplicationOptions:
    """How often layers are laid out."""

    replicate: Annotated[
        str,
        typer.Option(
            metavar="none|balanced|LAYER=N,...",
            help="Copies of layers: none, balanced to the slowest layer within the tiles there are, or as given by "
            "layer, by what it is within, or by pattern: [bold]conv1=8,layer1=4,layer2.*.conv1=2[/]; later ones win.",
            rich_help_panel=_RUN,
        ),
    ] = "none"

    def place(self, network: Network, chip: Chip, batch: int = 1, interleave: int | None = None) -> Placement:
        """The network on the chip, with its copies, for so many samples that take turns as asked.

        Raises
        ------
        ArchsimError
            If it cannot be placed.
        """
        from archsim.mapping import place

        return place(network, chip, replicate=read_replicate(self.replicate), batch=batch, interleave=interleave)


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """How many samples, and how they follow each other."""

    batch: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Samples to run; 1 where it is not given, or what shows a training's steady state.",
            rich_help_panel=_RUN,
        ),
    ] = None
    interleave: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Samples whose tokens take turns; as many as fill a recurrence where it is not given.",
            rich_help_panel=_RUN,
        ),
    ] = None

    @property
    def samples(self) -> int:
        """Samples to run."""
        return 1 if self.batch is None else self.batch

    def settings(
        self,
        replication: ReplicationOptions,
        engine: EngineName,
        samples: int | None = None,
        within: float | None = None,
    ) -> Settings:
        """The settings of a run, of so many samples where the user does not say."""
        from archsim.inputs import Engine, Settings

        batch = samples if self.batch is None and samples is not None else self.samples
        copies = read_replicate(replication.replicate)
        return Settings(batch, copies, self.interleave, Engine(engine.value), within)


@dataclass(frozen=True, slots=True)
class LearningOptions:
    """Whether the network trains, and when its updates count."""

    training: Annotated[
        bool,
        typer.Option(
            "--training",
            help="Train the network: forward, backward and update, by the cross-entropy of its output.",
            rich_help_panel=_RUN,
        ),
    ] = False
    update: Annotated[
        str | None,
        typer.Option(
            metavar="sample|batch:N|stale:K",
            help="When updates count: each sample waits for those of the one before, or sees weights up to K samples "
            "old; or they are made by mini-batches. sample where it is not given.",
            rich_help_panel=_RUN,
        ),
    ] = None
    sum_gradients: Annotated[
        bool,
        typer.Option(
            "--sum-gradients",
            help="Sum the gradients of a convolution's positions, or of a recurrence's steps, digitally, and write "
            "them once per sample, row by row. Otherwise each position is an update.",
            rich_help_panel=_RUN,
        ),
    ] = False

    @property
    def learning(self) -> Learning | None:
        """When updates count, where the network trains.

        Raises
        ------
        InputError
            If the update is of another form, or nothing trains.
        """
        if self.training:
            return replace(read_update(self.update or "sample"), summed=self.sum_gradients)
        if self.update is not None or self.sum_gradients:
            raise InputError(
                "says how updates are made, and nothing trains",
                where="--sum-gradients" if self.update is None else "--update",
                remedy="Add --training, or leave it out.",
            )
        return None

    def samples(self, chip: Chip) -> int | None:
        """Samples that show a training's steady state; nothing where the network does not train."""
        if self.learning is None:
            return None
        from archsim.lowering.learning import samples_to_run

        return samples_to_run(self.learning, chip)

    def derived(self, network: Network) -> Network:
        """The network, or the one that trains it.

        Raises
        ------
        InputError
            If it cannot be trained.
        """
        if self.learning is None:
            return network
        from archsim.network.backward import training_network

        return training_network(network, self.learning)


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """Where results go."""

    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Write summary.json, report.html, the tables and the whole chip description into this directory.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    table_format: TableFormat = Tables.CSV
    timeline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Write a timeline that opens in Perfetto and chrome://tracing; compressed as FILE.json.gz.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    trace_from: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Log every firing from here on, as [bold]'10 us'[/], into DIR or the timeline.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    trace_to: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Log every firing before this time.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
