"""The terminal's tables."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO
from math import nan

import pytest
from rich.console import Console

from archsim.columns import Columns, Ids, Reals, Texts
from archsim.report import component_totals, layer_totals, names, plain_table, prose, resource_totals, table
from archsim.report.document import Part
from archsim.report.terminal import rendered
from archsim.report.text import (
    MOST_COMPONENTS,
    bottleneck_text,
    component_table,
    headline_facts,
    layer_table,
    resource_table,
)
from archsim.report.totals import ComponentTotals
from tests.unit.report.ledgers import small_ledger


@dataclass(frozen=True, slots=True, eq=False)
class Links(Columns):
    """A column of each kind."""

    layer: Texts
    macs: Ids
    mean_links: Reals


def text_of(part: Part, width: int = 120) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(rendered(part))
    return console.file.getvalue()


def words_of(part: Part) -> list[list[str]]:
    return [line.split() for line in text_of(part).splitlines()]


def test_component_table_shows_shares_of_energy_and_area() -> None:
    rows = words_of(component_table(component_totals(small_ledger())))
    assert rows[0][-3:] == ["500", "000", "mm²"]
    adc = " ".join(rows[2])
    # 14 of 15.5 J, 4 of 10.5 m2.
    assert adc.startswith("adc 6 J 8 J 90.3 %")
    assert "38.1 %" in adc


def test_components_beyond_the_limit_are_added_up() -> None:
    count = MOST_COMPONENTS + 3
    joules = [float(count - number) for number in range(count)]
    parts = [(f"part{number}", 1, each, 0.0, 0.0, 0.0, each, 1.0) for number, each in enumerate(joules)]
    totals = ComponentTotals.of_rows(parts)
    rows = words_of(component_table(totals))
    assert len(rows) == 2 + MOST_COMPONENTS
    # The four least: 4 + 3 + 2 + 1 J.
    assert rows[-1][:4] == ["4", "others", "10", "J"]


def test_layer_table_shows_time_and_energy() -> None:
    rows = words_of(layer_table(layer_totals(small_ledger()), makespan_s=1.0))
    first = " ".join(rows[2])
    assert first.startswith("b matrix 90.0 %")
    assert "convert 25.0 % 25.0 % 25.0 % 0.0 % 25.0 %" in first
    # 2 of 7 J.
    assert first.endswith("28.6 %")


def test_resource_table_names_the_busiest() -> None:
    text = text_of(resource_table(resource_totals(small_ledger()), "exact period"))
    assert text.startswith("Resources: exact period; the last column: whole run")
    busiest = next(line for line in text.splitlines() if "chip0/node1/adc0" in line)
    # Two converters, 37.5 % and 87.5 % busy in the steady state; the busier one 75 % over the whole run.
    assert "62.5 %" in busiest and "87.5 %" in busiest and busiest.rstrip().endswith("75.0 %")


def test_headline_shows_peak_beside_achieved() -> None:
    text = text_of(headline_facts(small_ledger().headline, small_ledger().scope))
    assert "1 GOP/s/W" in text
    assert "peak 4" in text
    assert "2 of 4 tiles" in text
    assert "exact period" in text


def test_headline_says_what_it_includes() -> None:
    text = text_of(headline_facts(small_ledger().headline, small_ledger().scope))
    assert "leakage, area, clock, control, power conversion, DRAM, I/O; not host" in text


def test_bottleneck_says_where_and_why() -> None:
    text = text_of(bottleneck_text(small_ledger().bottleneck, "exact period"))
    assert "chip0/node1/adc0, busy 75.0 % of the time (exact period), mostly for a" in text
    assert "its convert fires 10 times" in text


def test_brackets_in_names_are_kept() -> None:
    assert "conv[bold]1" in text_of(table("", names("layer", ["conv[bold]1"])))


def test_numbers_are_never_cut_where_names_are() -> None:
    rows = [("a-layer-with-a-rather-long-name", 1234567, nan), ("a-layer-with-a-rather-long-name", 1, 1.5)]
    text = text_of(plain_table(Links.of_rows(rows)), width=36)
    assert "1 234 567" in text
    assert "…" in text


def test_sentences_wrap() -> None:
    text = text_of(table("", prose("says", ["word " * 30])), width=40)
    assert text.count("word") == 30


def test_missing_values_stay_empty() -> None:
    text = text_of(plain_table(Links.of_rows([("a", 1, 1.5), ("b", 2, nan)])))
    assert "mean links" in text and "1.5" in text and "nan" not in text


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="1 and 2 cells"):
        table("", names("a", ["1", "2"]), names("b", ["1"]))
