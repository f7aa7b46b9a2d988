"""The table of common units says what pint says."""

from __future__ import annotations

import pytest

from archsim.unit_roots import ROOTS
from archsim.units import asked_root


@pytest.mark.parametrize("unit", ROOTS)
def test_each_unit_is_as_pint_has_it(unit: str) -> None:
    assert ROOTS[unit] == asked_root(unit)
