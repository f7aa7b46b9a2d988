"""Sample-and-hold circuits that let the array go on while its columns are converted."""

from __future__ import annotations

from functools import partial

from archsim.cost.estimate import Kind
from archsim.cost.model import declare
from archsim.cost.published import Published, Reference, published
from archsim.cost.settings import Process

ISAAC = Published(
    Reference(32),
    (("sample", 0.01e-3 / 1024 * 100e-9 / 1e-12),),
    40.0 / 1024,
    0.0,
    "counted in the published power",
    "ISAAC (Shafiee et al., ISCA 2016): 1024 of them = 0.01 mW at one sample per 100 ns, 0.00004 mm^2",
)
PUMA = Published(
    Reference(32),
    (("sample", 9.7e-9 * 100e-9 / 1e-12),),
    0.039,
    0.0,
    "counted in the published power",
    "PUMA (puma-simulator constants): 9.7e-6 mW at one sample per 100 ns, 3.9e-8 mm^2",
)
NEURRAM = Published(
    Reference(130, 1.8),
    (("sample", 1.2),),
    350.0,
    0.0,
    "not given apart from the energy",
    "NeuRRAM (Wan et al., Nature 608, 2022), 130 nm 1.8 V, via hwcomponents-library",
)

MODELS = tuple(
    declare(
        name,
        Kind.SAMPLE_HOLD,
        Process,
        partial(published, record),
        source=record.source,
        validity=f"{record.reference.node_nm:g} nm; moved by Stillmaker's factors",
    )
    for name, record in (("isaac", ISAAC), ("puma", PUMA), ("neurram", NEURRAM))
)
