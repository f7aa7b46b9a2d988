"""Every table and figure of a ledger against sums done by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from archsim.accounting import (
    LEAKAGE,
    Basis,
    Step,
    account,
    efficiency_ladder,
    full_activity,
    peak_of,
    product_energy,
    product_interval,
    steady_state,
)
from archsim.accounting.area import component_area, unused_tiles_w, used_area
from archsim.accounting.energy import dynamic_energy, seconds
from archsim.accounting.power import Span, standing
from archsim.accounting.time import actor_states, layer_times, resource_use
from archsim.cost import Bill
from archsim.errors import InputError, MissingCost
from archsim.mapping import Placement
from archsim.network import Generation, Matrix, Weights
from archsim.program import Trace
from tests.networks import additions, line
from tests.unit.accounting.hand_run import (
    BATCH,
    BUFFER_PJ,
    FABRIC_MW,
    FULL_PRODUCT_PJ,
    LEAKAGE_MW,
    MAKESPAN_NS,
    NS,
    PJ,
    PORT_MW,
    PRODUCT_PJ,
    REST_MM2,
    TILE_MM2,
    TILE_MW,
    TOKEN_PJ,
    TOKENS,
    bill,
    chip,
    figure,
    ledger,
    near,
    network,
    run,
)

PERIOD_NS = MAKESPAN_NS / BATCH
LEAKED_PJ = LEAKAGE_MW * PERIOD_NS
"""Per sample: a milliwatt is a picojoule per nanosecond."""
SAMPLE_PJ = TOKENS * TOKEN_PJ + LEAKED_PJ
OPERATIONS = 2 * TOKENS * 8 * 6


def test_the_run_is_as_described() -> None:
    trace, placement = run()
    assert trace.makespan == MAKESPAN_NS * 1000
    assert (placement.tiles_used, placement.tiles) == (1, 16)
    assert steady_state(trace).basis is Basis.WHOLE


def test_seconds() -> None:
    assert seconds(2_500_000_000_000) == 2.5


# Energy


def energies() -> dict[tuple[str, str, str], tuple[float, float]]:
    """Count and joules by layer, component and action."""
    table = ledger().energy
    return {
        (row.layer, row.component, row.action): (row.count, row.energy_j)
        for row in table.itertuples(index=False, name="Row")
    }


@pytest.mark.parametrize(
    ("layer", "component", "action", "per_token", "price"),
    [
        ("a", "array", "cell", 96, 1),
        ("a", "array", "row", 8, 2),
        ("a", "driver", "conversion", 8, 3),
        ("a", "adc", "conversion", 6, 5),
        ("a", "sample-hold", "sample", 6, 7),
        ("a", "affine", "mac", 6, 11),
        ("a", "buffer", "read_bit", 64, 13),
        ("a", "buffer", "write_bit", 48, 23),
        ("in", "buffer", "write_bit", 64, 23),
        ("in", "router", "flit", 1, 17),
        ("r", "local", "add", 6, 19),
        ("r", "buffer", "read_bit", 48, 13),
        ("r", "router", "flit", 1, 17),
    ],
)
def test_dynamic_energy_by_layer_and_action(
    layer: str, component: str, action: str, per_token: float, price: float
) -> None:
    count, joules = energies()[layer, component, action]
    assert count == BATCH * TOKENS * per_token
    assert joules == near(BATCH * TOKENS * per_token * price * PJ)


def test_the_energy_table_has_nothing_else() -> None:
    table = ledger().energy
    dynamic = table[table["layer"] != LEAKAGE]
    assert list(table.columns) == ["layer", "chip", "component", "action", "count", "energy_j"]
    assert len(dynamic) == 13 and (dynamic["chip"] == 0).all()
    assert dynamic["energy_j"].sum() == near(BATCH * TOKENS * TOKEN_PJ * PJ)


def two_blocks() -> tuple[Trace, Placement]:
    """A product of 128 x 6, in two blocks on two tiles whose sums are added, and six additions beside the second."""
    return run(line(("a", Matrix(Weights(128, 6))), ("r", additions(6)), tokens=TOKENS, width=128))


def test_blocks_of_a_layer_are_added_up() -> None:
    trace, placement = two_blocks()
    table = account(trace, placement, bill()).energy
    cells = table[(table["layer"] == "a") & (table["action"] == "cell")]
    assert cells["count"].tolist() == [BATCH * TOKENS * 128 * 6 * 2]
    assert table.index.tolist() == list(range(len(table)))


def test_leakage_has_a_name_of_its_own() -> None:
    assert LEAKAGE == "(leakage)"


def test_leakage_lasts_for_the_whole_run() -> None:
    leaked = ledger().energy.query("layer == @LEAKAGE").set_index("component")
    assert len(leaked) == 11
    assert (leaked["chip"] == -1).all() and (leaked["action"] == "leakage").all()
    assert leaked["count"].to_numpy() == near(MAKESPAN_NS * NS)
    assert leaked["energy_j"]["adc"] == near(1024 * 0.125e-3 * MAKESPAN_NS * NS)
    assert leaked["energy_j"].sum() == near(LEAKAGE_MW * 1e-3 * MAKESPAN_NS * NS)


def test_what_clocks_draw_has_rows_of_its_own() -> None:
    # Units that draw 3 mW while their clock runs: one works for a nanosecond a token, all others never.
    prices = bill()
    parts = [replace(part, running_w=figure(3e-3)) if part.name == "local" else part for part in prices.components]
    table = account(*run(), replace(prices, components=tuple(parts))).energy
    drawn = table[table["layer"] == LEAKAGE]
    beside = drawn[drawn["action"] != "leakage"]
    assert list(zip(beside["component"], beside["action"], strict=True)) == [("local", "active"), ("local", "idle")]
    active = 3e-3 * BATCH * TOKENS * NS
    assert beside["energy_j"].tolist() == [near(active), near(3e-3 * 16 * MAKESPAN_NS * NS - active)]
    assert len(drawn) == 11 + 2 and (beside["count"] == MAKESPAN_NS * NS).all()


def test_leakage_of_several_chips() -> None:
    trace, placement = run()
    nothing = np.zeros(len(trace.program.resources))
    table = standing(placement.chip, bill(), 3, trace.program, Span(1.0, nothing, nothing, nothing))
    table = table.frame().set_index("component")
    assert table["instances"]["router"] == 3 * 17
    assert table["leakage"]["router"] == near(3 * 17 * 8e-3)
    assert table["leakage"].sum() == near(3 * LEAKAGE_MW * 1e-3)


def test_actions_that_do_not_happen_cost_nothing_and_others_need_a_price() -> None:
    trace, placement = run()
    prices = bill()
    free = tuple(part for part in prices.components if part.name != "local")
    with pytest.raises(MissingCost, match="'local'"):
        account(trace, placement, replace(prices, components=free))
    # The unit's actor never fires: then nobody asks for its price, and there is no row for it.
    adding = trace.program.labels.layers.index("r")
    idle = replace(trace, firings=np.where(trace.program.actors.layer == adding, 0, trace.firings))
    assert "r" not in dynamic_energy(idle, replace(prices, components=free)).layer.tolist()


# Area


def test_area_of_all_chips() -> None:
    table = component_area(bill(), 2).frame().set_index("component")
    assert list(component_area(bill(), 2).frame().columns) == ["component", "instances", "area_each_m2", "area_m2"]
    assert table["instances"]["adc"] == 2048
    assert table["area_each_m2"]["adc"] == near(0.25e-6)
    assert table["area_m2"]["adc"] == near(512e-6)
    assert table["area_m2"].sum() == near(2 * (16 * TILE_MM2 + REST_MM2) * 1e-6)


def test_idle_tiles_can_be_left_out() -> None:
    _, placement = run()
    # One of 16 tiles holds weights; routers, clock and memory are there all the same.
    assert used_area(bill(), placement) == near((TILE_MM2 + REST_MM2) * 1e-6)
    assert unused_tiles_w(bill(), placement) == near((LEAKAGE_MW - TILE_MW - FABRIC_MW - PORT_MW) * 1e-3)
    twice = replace(placement, chips=2)
    # Two chips of 16 tiles, one of which holds weights: half a tile on each, and two of everything else.
    assert used_area(bill(), twice) == near((TILE_MM2 + 2 * REST_MM2) * 1e-6)


# Time


def states(layer: str, role: str) -> pd.Series:
    table = ledger().states
    return table[(table["layer"] == layer) & (table["role"] == role)].iloc[0]


@pytest.mark.parametrize(
    ("layer", "role", "busy_ns", "blocked_ns", "done_ns"),
    [
        # Twelve products of 100 ns; then conversion, affine stage, unit, router and host: 20 ns.
        ("a", "integrate", 1200, 0, 20),
        # Its last conversion ends 15 ns before the end.
        ("a", "convert", 60, 0, 15),
        ("a", "affine", 12, 0, 14),
        ("r", "compute", 12, 0, 11),
        ("out", "sink", 72, 0, 0),
        ("in", "source", 96, 0, MAKESPAN_NS - 96),
    ],
)
def test_how_actors_spend_the_run(layer: str, role: str, busy_ns: int, blocked_ns: int, done_ns: int) -> None:
    row = states(layer, role)
    assert row["actors"] == 1 and row["firings"] == BATCH * TOKENS
    assert row["busy"] == near(busy_ns / MAKESPAN_NS)
    assert row["blocked"] == near(blocked_ns / MAKESPAN_NS)
    assert row["contended"] == 0
    assert row["done"] == near(done_ns / MAKESPAN_NS)
    rest = MAKESPAN_NS - busy_ns - blocked_ns - done_ns
    assert row["starved"] == pytest.approx(rest / MAKESPAN_NS, abs=1e-12)


def test_actors_of_a_role_are_averaged() -> None:
    trace, _ = run()
    # Two links of the input: both are busy for a nanosecond a token; they are done after 1,232 - 918 and - 519 ns.
    row = actor_states(trace).frame().query("layer == 'in' and role == 'link'").iloc[0]
    assert row["actors"] == 2 and row["firings"] == 2 * BATCH * TOKENS
    assert row["busy"] == near(12 / MAKESPAN_NS)
    assert row["done"] == near((918 + 519) / 2 / MAKESPAN_NS)


def test_every_row_of_states_is_a_whole() -> None:
    table = ledger().states
    assert table[["busy", "starved", "blocked", "contended", "done"]].sum(axis=1).to_numpy() == near(1.0)
    assert list(table.columns) == [
        "layer", "role", "actors", "firings", "busy", "starved", "blocked", "contended", "done",
    ]  # fmt: skip


def test_resources_and_their_use() -> None:
    table = ledger().resources.set_index("resource")
    array = table.loc["chip0/node0/array0"]
    assert (array["kind"], array["label"], array["chip"], array["node"], array["servers"]) == (
        "array",
        "array",
        0,
        0,
        1,
    )
    assert array["busy_s"] == near(1200 * NS)
    assert array["utilisation"] == near(1200 / MAKESPAN_NS)
    assert array["steady_utilisation"] == near(1200 / MAKESPAN_NS)
    assert table.loc["host-in"]["kind"] == "host"
    assert table.loc["host-out"]["busy_s"] == near(72 * NS)


def test_servers_share_the_work_and_the_steady_state_has_a_use_of_its_own() -> None:
    trace, _ = run()
    resources = replace(trace.program.resources, servers=np.full(len(trace.program.resources), 2, np.int64))
    double = replace(trace, program=replace(trace.program, resources=resources), period=(800_000, 2))
    table = resource_use(double, steady_state(double)).frame().set_index("resource")
    assert table.loc["chip0/node0/array0", "utilisation"] == near(1200 / MAKESPAN_NS / 2)
    # 400 ns of service in each 400 of the period, over two servers.
    assert table.loc["chip0/node0/array0", "steady_utilisation"] == near(0.5)


def test_when_layers_work() -> None:
    trace, _ = run()
    table = layer_times(trace).frame().set_index("layer")
    assert table.loc["a", "first_start_s"] == near(12 * NS)
    # The affine stage holds its resource for a nanosecond a token; the last starts 15 ns before the end.
    assert table.loc["a", "last_end_s"] == near((MAKESPAN_NS - 14) * NS)
    assert table.loc["a", "busy_s"] == near(1200 * NS)
    assert table.loc["in", "first_start_s"] == 0
    assert table.loc["out", "last_end_s"] == near(MAKESPAN_NS * NS)


def test_layers_that_never_fire_have_no_times() -> None:
    trace, _ = run()
    idle = trace.program.labels.layers.index("r")
    still = replace(trace, firings=np.where(trace.program.actors.layer == idle, 0, trace.firings))
    assert "r" not in layer_times(still).layer.tolist()


def test_layers_in_the_networks_order() -> None:
    table = ledger().layers
    assert table["layer"].tolist() == ["in", "a", "r", "out"]
    assert table["kind"].tolist() == ["source", "matrix", "add", "sink"]
    assert table["tokens"].tolist() == [TOKENS] * 4
    assert table["width"].tolist() == [8, 6, 6, 6]
    assert table["macs"].tolist() == [0, TOKENS * 48, 0, 0]
    assert table["replicas"].tolist() == [1, 1, 1, 1]
    assert table["arrays"].tolist() == [0, 1, 0, 0]
    rows = table.set_index("layer")
    # The product, 8 bytes read, 6 written; and for the unit's layer, 6 bytes read, its additions and a flit.
    assert rows.loc["a", "energy_j"] == near(BATCH * TOKENS * (PRODUCT_PJ + 64 * 13 + 48 * 23) * PJ)
    assert rows.loc["r", "energy_j"] == near(BATCH * TOKENS * (48 * 13 + 6 * 19 + 17) * PJ)
    assert rows.loc["r", "busy_s"] == near(12 * NS)
    assert np.isnan(rows.loc["out", "energy_j"])


# The headline


def test_headline() -> None:
    found = ledger().headline
    assert (found.network, found.chip) == ("line", "tiny")
    assert (found.chips, found.tiles, found.tiles_used, found.batch) == (1, 16, 1, BATCH)
    assert found.operations_per_sample == OPERATIONS
    # Samples enter at 0, 32 and 64 ns, and leave every 400 from 432 on.
    assert found.latency_s == near((832 - 32) * NS)
    assert found.latency_max_s == near((1232 - 64) * NS)
    assert found.throughput_per_s == near(1 / (PERIOD_NS * NS))
    assert found.throughput_basis == "whole run, filling and draining included"
    assert found.energy_per_sample_j == near(SAMPLE_PJ * PJ)
    assert found.leakage_share == near(LEAKED_PJ / SAMPLE_PJ)
    assert found.power_w == near(SAMPLE_PJ / PERIOD_NS * 1e-3)
    assert found.area_m2 == near((16 * TILE_MM2 + REST_MM2) * 1e-6)
    assert found.area_used_m2 == near((TILE_MM2 + REST_MM2) * 1e-6)
    # An operation per picojoule is a TOP/s/W.
    assert found.gops_per_w == near(1000 * OPERATIONS / SAMPLE_PJ)
    used_pj = TOKENS * TOKEN_PJ + (TILE_MW + FABRIC_MW + PORT_MW) * PERIOD_NS
    assert found.gops_per_w_used == near(1000 * OPERATIONS / used_pj)
    tops = OPERATIONS / PERIOD_NS / 1000
    assert found.tops_per_mm2 == near(tops / (16 * TILE_MM2 + REST_MM2))
    assert found.tops_per_mm2_used == near(tops / (TILE_MM2 + REST_MM2))
    assert found.array_utilisation == near(1200 / MAKESPAN_NS)
    assert found.cell_utilisation == near(48 / (16 * 4096))
    assert found.generation is None


def test_notes_are_handed_on() -> None:
    idle, *handed = ledger().notes
    assert handed == ["outside its fit"] and "is no work" in idle
    told = replace(network(), notes=("assumed a shape",))
    assert account(*run(told), bill(("outside its fit",))).notes[1:] == ("assumed a shape", "outside its fit")


def test_the_steady_energy_takes_leakage_of_a_period_only() -> None:
    trace, placement = run()
    found = account(replace(trace, period=(400_000, 1)), placement, bill()).headline
    assert found.throughput_per_s == near(1 / (400 * NS))
    assert found.energy_per_sample_j == near((TOKENS * TOKEN_PJ + LEAKAGE_MW * 400) * PJ)
    assert found.throughput_basis == "exact period"


def test_samples_inside_a_pass_are_counted_one_by_one() -> None:
    batched = account(*run(replace(network(), samples_per_run=4)), bill())
    one, four = ledger().headline, batched.headline
    assert four.batch == 4 * BATCH
    assert four.operations_per_sample == OPERATIONS / 4
    assert four.throughput_per_s == near(4 * one.throughput_per_s)
    assert four.energy_per_sample_j == near(one.energy_per_sample_j / 4)
    for same in ("latency_s", "power_w", "gops_per_w", "gops_per_w_used", "tops_per_mm2", "leakage_share"):
        assert getattr(four, same) == near(getattr(one, same)), same
    assert "the model has a batch of 4 inside" in batched.notes[1]


def generation(made: int) -> tuple[Trace, float | None]:
    decoding = replace(network(), generation=Generation(prompt=2, generated=made, context=5))
    trace, placement = run(decoding)
    found = account(trace, placement, bill()).headline.generation
    assert found is not None
    assert (found.prompt_tokens, found.generated_tokens, found.context_tokens) == (2, made, 5)
    # Output tokens arrive from 132 ns on, each 100 after the other; samples enter at 0, 32 and 64.
    assert trace.sample_first.tolist() == [132_000, 532_000, 932_000]
    assert found.time_to_first_token_s == near((532 - 32) * NS)
    assert found.tokens_per_s == near(made / (PERIOD_NS * NS))
    assert found.tokens_per_j == near(made / (SAMPLE_PJ * PJ))
    return trace, found.time_per_token_s


def test_a_decoder_is_measured_by_its_tokens() -> None:
    _, each = generation(TOKENS)
    assert each == near(100 * NS)
    # If the same 300 ns lay between two tokens:
    _, each = generation(2)
    assert each == near(300 * NS)


def test_one_generated_token_has_no_time_between_tokens() -> None:
    _, each = generation(1)
    assert each is None


def worthless(*, but: str = "") -> Bill:
    """The bill with every price 0, except for the energy of one component."""
    parts = bill().components
    nothing = figure(0.0)
    return Bill(
        tuple(
            replace(
                part,
                energy_j=part.energy_j if part.name == but else tuple((action, nothing) for action, _ in part.energy_j),
                leakage_w=nothing,
                area_m2=nothing,
            )
            for part in parts
        )
    )


def test_what_costs_nothing_has_no_efficiency() -> None:
    some = account(*run(), worthless(but="adc")).headline
    assert some.energy_per_sample_j == near(TOKENS * 30 * PJ)
    assert some.gops_per_w == near(1000 * OPERATIONS / (TOKENS * 30))
    assert some.tops_per_mm2 == some.tops_per_mm2_used == some.peak_tops_per_mm2 == some.leakage_share == 0
    none = account(*run(), worthless()).headline
    assert none.gops_per_w == none.gops_per_w_used == none.peak_gops_per_w == none.leakage_share == 0
    with pytest.raises(InputError, match="no first rung"):
        efficiency_ladder(*run(), worthless())


# Peak and full activity


def test_peak_of_the_chip() -> None:
    found = peak_of(chip(), bill())
    assert product_interval(chip()) == near(100 * NS)
    assert product_energy(chip(), bill()) == near(FULL_PRODUCT_PJ * PJ)
    assert found.operations_per_s == near(16 * 2 * 4096 / (100 * NS))
    assert found.energy_per_product_j == near(FULL_PRODUCT_PJ * PJ)
    power_mw = 16 * FULL_PRODUCT_PJ / 100 + LEAKAGE_MW
    assert found.power_w == near(power_mw * 1e-3)
    assert found.area_m2 == near((16 * TILE_MM2 + REST_MM2) * 1e-6)
    tops = 16 * 2 * 4096 / 100 / 1000
    assert found.gops_per_w == near(1000 * tops / (power_mw * 1e-3))
    assert found.tops_per_mm2 == near(tops / (16 * TILE_MM2 + REST_MM2))
    headline = ledger().headline
    assert headline.peak_tops == near(tops)
    two = account(run()[0], replace(run()[1], chips=2), bill()).headline
    assert two.peak_tops == near(2 * tops) and two.peak_tops_per_mm2 == near(found.tops_per_mm2)
    assert headline.peak_gops_per_w == near(found.gops_per_w)
    assert headline.peak_tops_per_mm2 == near(found.tops_per_mm2)


def test_full_activity_part_by_part() -> None:
    table = full_activity(chip(), bill()).set_index("component")
    per_ns = 16 / 100
    # A milliwatt is a picojoule per nanosecond.
    expected_mw = {
        "array": per_ns * (8192 * 1 + 64 * 2),
        "driver": per_ns * 64 * 3,
        "adc": per_ns * 64 * 5,
        "sample-hold": per_ns * 64 * 7,
        "affine": per_ns * 64 * 11,
        # 64 inputs of 8 bits.
        "buffer": per_ns * 512 * 13,
        # 16 additions a nanosecond of 19 pJ beat 8 multiply-accumulates of 29.
        "local": 16 * 16 * 19,
        "router": 17 * 17,
        "wire": 0,
        "clock": 0,
        "dram": 0,
    }
    assert table["dynamic_w"].to_dict() == near({name: mw * 1e-3 for name, mw in expected_mw.items()})
    assert table["leakage_w"]["adc"] == near(1024 * 0.125e-3)
    assert (table["power_w"] - table["dynamic_w"] - table["leakage_w"]).abs().max() < 1e-15
    assert table["instances"]["adc"] == 1024
    assert table["area_m2"]["adc"] == near(256e-6)


def test_a_given_rate_is_that_of_one_instance() -> None:
    table = full_activity(chip(), bill(), {"router.flit": 5e8, "dram.read_bit": 1e9}).set_index("component")
    assert table["dynamic_w"]["router"] == near(17 * 5e8 * 17 * PJ)
    assert table["dynamic_w"]["dram"] == near(31e-3)
    with pytest.raises(InputError, match=r"no action 'router\.flits'"):
        full_activity(chip(), bill(), {"router.flits": 1.0})


# The ladder


def test_the_ladder_rung_by_rung() -> None:
    trace, placement = run()
    ladder = efficiency_ladder(trace, placement, bill())
    idle = 1 - 400 / PERIOD_NS
    assert (ladder.network, ladder.chip) == ("line", "tiny")
    assert ladder.idle == near(idle)
    assert ladder.operations == ladder.array_operations == OPERATIONS
    # The network's 192 products of weights are 192 / 4096 of a full product's.
    peak_pj = TOKENS * 48 / 4096 * FULL_PRODUCT_PJ
    on_chip_mw = LEAKAGE_MW - PORT_MW
    added_pj = {
        Step.PEAK: peak_pj,
        Step.FILLING: TOKENS * PRODUCT_PJ - peak_pj,
        Step.STALLS: on_chip_mw * PERIOD_NS * idle,
        Step.MOVEMENT: TOKENS * (BUFFER_PJ + 2 * 17),
        Step.DIGITAL: TOKENS * 6 * 19,
        Step.LEAKAGE: on_chip_mw * PERIOD_NS * (1 - idle),
        Step.SYSTEM: PORT_MW * PERIOD_NS,
    }
    total = 0.0
    for rung in ladder.rungs:
        total += added_pj[rung.step]
        assert rung.energy_j == near(added_pj[rung.step] * PJ), rung.step
        assert rung.operations_per_w == near(OPERATIONS / (total * PJ)), rung.step
    assert total == near(SAMPLE_PJ)
    digital = {rung.step: rung.digital_j for rung in ladder.rungs if rung.digital_j}
    # The units' 16 x 6 mW.
    assert digital == near({Step.STALLS: 96 * PERIOD_NS * idle * PJ, Step.LEAKAGE: 96 * PERIOD_NS * (1 - idle) * PJ})
    movement = ladder.counting(frozenset({Step.MOVEMENT, Step.STALLS}))
    spent_pj = peak_pj + added_pj[Step.MOVEMENT] + (on_chip_mw - 96) * PERIOD_NS * idle
    assert movement == near(OPERATIONS / (spent_pj * PJ))


def test_sums_of_blocks_are_digital_work_and_their_writing_is_movement() -> None:
    trace, placement = two_blocks()
    rungs = {rung.step: rung.energy_j for rung in efficiency_ladder(trace, placement, bill()).rungs}
    # Per token: two blocks of 64 x 6; six sums behind the second, and six additions in the unit.
    product_pj = 2 * (64 * 6 * 2 * 1 + 64 * (2 + 3) + 6 * (5 + 7 + 11))
    peak_pj = TOKENS * 128 * 6 / 4096 * FULL_PRODUCT_PJ
    assert rungs[Step.PEAK] == near(peak_pj * PJ)
    assert rungs[Step.FILLING] == near((TOKENS * product_pj - peak_pj) * PJ)
    assert rungs[Step.DIGITAL] == near(TOKENS * (6 * 4 + 6 * 19) * PJ)


def test_steps_have_names() -> None:
    assert [step.value for step in Step] == [
        "peak tile", "partly filled tiles", "weights written", "pipeline stalls", "data movement", "digital units",
        "leakage", "system",
    ]  # fmt: skip


def test_the_ladder_of_samples_inside_a_pass() -> None:
    trace, placement = run(replace(network(), samples_per_run=2))
    halves = efficiency_ladder(trace, placement, bill())
    whole = efficiency_ladder(*run(), bill())
    assert halves.operations == whole.operations / 2 and halves.idle == near(whole.idle)
    for one, two in zip(whole.rungs, halves.rungs, strict=True):
        assert two.energy_j == near(one.energy_j / 2)
        assert two.operations_per_w == near(one.operations_per_w)
