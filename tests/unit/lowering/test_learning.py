"""Which uses of a block wait for which where a network trains on arrays, by hand."""

import pytest

from archsim.chip.schema import AnalogTile
from archsim.errors import InputError
from archsim.lowering import lower
from archsim.lowering.learning import check_batch, samples_to_run, whole_period
from archsim.mapping import place
from archsim.network import Learning, Matrix, Weights
from archsim.network.backward import training_network
from archsim.program import Role
from tests.chips import NS, make_array, make_chip, make_rewriting, make_training
from tests.joints import Joint, durations, joints, names_of, spent
from tests.networks import line

SQUARE = Matrix(Weights(8, 8))


def trained(chip, learning, *, layers=1, tokens=1, matrix=SQUARE):
    network = line(*((f"l{number}", matrix) for number in range(layers)), tokens=tokens)
    return place(training_network(network, learning), chip)


def between_uses(program):
    """Channels between arrays in different uses."""
    uses = {Role.INTEGRATE, Role.UPDATE, Role.TRANSFER, Role.REFRESH}
    return joints(program, without=frozenset(Role) - uses)


def chip(**training):
    return make_chip(training=make_training(**training))


@pytest.mark.parametrize(("batch", "samples"), [(1, 16), (3, 18), (4, 16), (5, 20), (16, 64)])
def test_a_run_has_four_mini_batches_or_sixteen_samples(batch, samples):
    assert samples_to_run(Learning(batch), chip()) == samples


@pytest.mark.parametrize(("every", "period", "samples"), [(4, 12, 48), (3, 6, 24), (1, 6, 24)])
def test_a_period_ends_with_a_mini_batch_and_a_transfer(every, period, samples):
    described = chip(transfer=make_rewriting(every=every, row_ns=30))
    assert whole_period(Learning(6), described) == period
    assert samples_to_run(Learning(6), described) == samples


def test_transfers_and_refreshes_have_periods_of_their_own():
    described = chip(
        transfer=make_rewriting(every=4, row_ns=30), refresh=make_rewriting(every=10, row_ns=30, rows_at_once=2)
    )
    assert isinstance(described.tile, AnalogTile)
    assert whole_period(Learning(3), described) == 60


@pytest.mark.parametrize(
    ("every", "batch", "least", "period"), [(None, 3, 3, 3), (1, 3, 3, 3), (2, 3, 12, 6), (6, 3, 12, 6)]
)
def test_a_run_shows_two_transfers_that_do_not_come_with_every_sample(every, batch, least, period):
    more = {} if every is None else {"transfer": make_rewriting(every=every, row_ns=30)}
    placement = trained(chip(**more), Learning(batch))
    check_batch(placement, least)
    check_batch(placement, least + period)
    for samples in (least - period or 1, least + 1):
        with pytest.raises(InputError, match=f"Run {least}, or a larger multiple of {period}") as caught:
            check_batch(placement, samples)
        assert caught.value.where == "--batch"


def test_a_network_that_does_not_train_may_run_any_number_of_samples():
    check_batch(place(line(("a", SQUARE)), chip()), 7)


def test_uses_of_two_layers_wait_for_mini_batches_of_their_own():
    # Three samples a mini-batch, products with weights of the one before: room for three mini-batches.
    found = between_uses(lower(trained(chip(), Learning(3, stale=1), layers=2), batch=9))
    whole = Joint([3, 3, 3, 6, 6, 6, 9, 9, 9], capacity=9)
    old = Joint([0, 0, 0, 3, 3, 3, 6, 6, 6], capacity=9, initial=3)
    assert found == {
        ("l0 integrate", "l0.update update"): whole,
        ("l1 integrate", "l1.update update"): whole,
        ("l1.backward integrate", "l1.update update"): whole,
        ("l0.update update", "l0 integrate"): old,
        ("l1.update update", "l1 integrate"): old,
    }


def test_all_tokens_of_a_mini_batch_are_multiplied_before_its_updates():
    found = between_uses(lower(trained(chip(), Learning(2), tokens=3), batch=4))
    assert found == {
        ("l0 integrate", "l0.update update"): Joint([6] * 6 + [12] * 6, capacity=12),
        ("l0.update update", "l0 integrate"): Joint([0] * 6 + [6] * 6, capacity=12),
    }


def test_each_block_waits_for_its_own_updates():
    described = make_chip(array=make_array(4, 4), training=make_training())
    found = between_uses(lower(trained(described, Learning(2)), batch=2))
    products, updates = (
        [f"{name} {row},{column}" for row in (0, 1) for column in (0, 1)]
        for name in ("l0 integrate", "l0.update update")
    )
    assert set(found) == {*zip(products, updates, strict=True), *zip(updates, products, strict=True)}


def test_a_transfer_stands_between_updates_and_products():
    # Each second sample: two tokens' updates first. Its turn has not come for the others.
    described = chip(transfer=make_rewriting(every=2, row_ns=30))
    program = lower(trained(described, Learning(2), tokens=2), batch=4)
    assert between_uses(program) == {
        ("l0 integrate", "l0.update update"): Joint([4] * 4 + [8] * 4, capacity=8),
        ("l0.update update", "l0.update transfer"): Joint([2, 4, 6, 8], capacity=8),
        ("l0.update transfer", "l0 integrate"): Joint([0] * 4 + [2] * 4, capacity=4),
    }
    # Eight rows of 30 ns, and the picosecond of a turn that has not come.
    held, late = durations(program, "l0.update transfer")
    assert held == late == [1, 8 * 30 * NS] * 2
    # 64 weights every second sample.
    assert spent(program, "l0.update transfer") == {"array.transfer": 32.0}


def test_a_refresh_comes_behind_the_transfer():
    described = chip(
        transfer=make_rewriting(every=1, row_ns=30), refresh=make_rewriting(every=4, row_ns=10, rows_at_once=4)
    )
    program = lower(trained(described, Learning(4)), batch=8)
    assert between_uses(program) == {
        ("l0 integrate", "l0.update update"): Joint([4] * 4 + [8] * 4, capacity=8),
        ("l0.update update", "l0.update transfer"): Joint([*range(1, 9)], capacity=8),
        ("l0.update transfer", "l0.update refresh"): Joint([*range(1, 9)], capacity=8),
        ("l0.update refresh", "l0 integrate"): Joint([0] * 4 + [4] * 4, capacity=8),
    }
    transfer, refresh = (names_of(program).index(f"l0.update {name}") for name in ("transfer", "refresh"))
    assert program.actors.interval[transfer] == 8 * 30 * NS
    assert program.actors.resource[transfer] == program.actors.resource[refresh]
    assert spent(program, "l0.update transfer") == {"array.transfer": 64.0}
    assert spent(program, "l0.update refresh") == {"array.refresh": 16.0}


def test_blocks_of_two_heights_are_rewritten_in_their_own_times():
    # Twelve rows on arrays of eight are cut in six and six; a layer of eight rows beside them.
    described = make_chip(
        array=make_array(8, 8), training=make_training(transfer=make_rewriting(every=1, row_ns=30)),
    )  # fmt: skip
    network = line(("a", Matrix(Weights(12, 8))), ("b", Matrix(Weights(8, 8))), width=12)
    program = lower(place(training_network(network, Learning(1)), described), batch=2)
    times = dict(zip(names_of(program), program.actors.interval.tolist(), strict=True))
    found = {name: time / NS for name, time in times.items() if "transfer" in name}
    assert found == {"a.update transfer 0,0": 180, "a.update transfer 1,0": 180, "b.update transfer": 240}
    pairs = [pair for pair in between_uses(program) if "transfer" in pair[1]]
    assert sorted(pairs) == [
        ("a.update update 0,0", "a.update transfer 0,0"),
        ("a.update update 1,0", "a.update transfer 1,0"),
        ("b.update update", "b.update transfer"),
    ]
