"""The units that chip files are full of, in the base units of pint, which takes a quarter of a second to load.

They are what pint says (a test holds them against it); it is asked for every other unit.
"""

from __future__ import annotations

from collections.abc import Mapping

_FACTORS: Mapping[str, Mapping[str, float]] = {
    "second": {"s": 1.0, "fs": 1e-15, "ps": 1e-12, "ns": 1e-09, "us": 1e-06, "µs": 1e-06, "ms": 0.001},
    "gram * meter ** 2 / second ** 2": {
        "aJ": 1e-15,
        "J": 1000.0,
        "fJ": 1e-12,
        "pJ": 1e-09,
        "nJ": 1.0000000000000002e-06,
        "uJ": 0.001,
        "µJ": 0.001,
        "mJ": 1.0,
        "kJ": 1000000.0,
    },
    "gram * meter ** 2 / second ** 3": {
        "W": 1000.0,
        "pW": 1e-09,
        "nW": 1.0000000000000002e-06,
        "uW": 0.001,
        "µW": 0.001,
        "mW": 1.0,
        "kW": 1000000.0,
    },
    "gram * meter ** 2 / ampere / second ** 3": {
        "V": 1000.0,
        "pV": 1e-09,
        "uV": 0.001,
        "µV": 0.001,
        "mV": 1.0,
        "kV": 1000000.0,
    },
    "ampere ** 2 * second ** 4 / gram / meter ** 2": {
        "aF": 1.0000000000000001e-21,
        "F": 0.001,
        "fF": 1e-18,
        "pF": 1e-15,
        "nF": 1.0000000000000002e-12,
        "uF": 1e-09,
        "µF": 1e-09,
    },
    "ampere ** 2 * second ** 3 / gram / meter ** 2": {
        "S": 0.001,
        "pS": 1e-15,
        "nS": 1.0000000000000002e-12,
        "uS": 1e-09,
        "µS": 1e-09,
        "mS": 1e-06,
    },
    "1 / second": {"Hz": 1.0, "kHz": 1000.0, "MHz": 1000000.0, "GHz": 1000000000.0, "THz": 1000000000000.0},
    "bit": {
        "bit": 1.0,
        "kbit": 1000.0,
        "Mbit": 1000000.0,
        "Gbit": 1000000000.0,
        "Tbit": 1000000000000.0,
        "B": 8.0,
        "kB": 8000.0,
        "MB": 8000000.0,
        "GB": 8000000000.0,
        "TB": 8000000000000.0,
        "KiB": 8192.0,
        "MiB": 8388608.0,
        "GiB": 8589934592.0,
        "TiB": 8796093022208.0,
    },
    "bit / second": {
        "bit/s": 1.0,
        "kbit/s": 1000.0,
        "Mbit/s": 1000000.0,
        "Gbit/s": 1000000000.0,
        "Tbit/s": 1000000000000.0,
        "B/s": 8.0,
        "kB/s": 8000.0,
        "MB/s": 8000000.0,
        "GB/s": 8000000000.0,
        "TB/s": 8000000000000.0,
    },
    "gram * meter ** 2 / bit / second ** 2": {
        "aJ/bit": 1e-15,
        "J/bit": 1000.0,
        "fJ/bit": 1e-12,
        "pJ/bit": 1e-09,
        "nJ/bit": 1.0000000000000002e-06,
    },
    "gram * meter ** 2 / ampere ** 2 / second ** 3": {
        "ohm": 1000.0,
        "mohm": 1.0,
        "kohm": 1000000.0,
        "Mohm": 1000000000.0,
    },
    "kelvin": {"K": 1.0},
    "meter": {"m": 1.0, "mm": 0.001, "um": 1e-06, "µm": 1e-06, "nm": 1e-09},
    "meter ** 2": {"m^2": 1.0, "mm^2": 1e-06, "um^2": 1e-12, "µm^2": 1e-12, "nm^2": 1e-18, "mm²": 1e-06, "um²": 1e-12},
    "ampere ** 2 * second ** 4 / gram / meter ** 3": {"F/m": 0.001, "fF/um": 1e-12},
    "gram * meter ** 2 / bit / second ** 3": {"W/bit": 1000.0},
    "meter / second": {"m/s": 1.0},
}

ROOTS: Mapping[str, tuple[float, str]] = {
    unit: (factor, root) for root, units in _FACTORS.items() for unit, factor in units.items()
}
"""By unit: its factor, and the base units as pint writes them."""
