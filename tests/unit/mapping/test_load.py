"""A load that is asked for answers as the load itself does, by hand: two weights of 2 and 6 arrays."""

import numpy as np
import pytest

from archsim.chip.reads import no_answer
from archsim.mapping.load import AskedLoad, Load, Work, answer_load


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


LOAD = Load(interval_ps=ids(10, 40), tokens=ids(100, 50), blocks=ids(1, 2), most=ids(100, 50))
WORK = Work((), (), LOAD.tokens, LOAD.most)


def asked() -> tuple[AskedLoad, list[tuple[str, ...]]]:
    answer, questions = answer_load(lambda: LOAD), list[tuple[str, ...]]()

    def ask(*question: str) -> object:
        questions.append(question)
        return answer(*question)

    return AskedLoad.of(WORK, ask), questions


@pytest.mark.parametrize(("copies", "pace"), [((1, 1), 2000), ((1, 2), 1000), ((2, 3), 17 * 40)])
def test_comparisons_with_the_slowest_copy(copies: tuple[int, int], pace: int) -> None:
    load, _ = asked()
    told = load.pace(ids(*copies))
    assert told.kept(float(pace)) and not told.kept(pace + 0.5)
    assert [told.rounds(float(busy)) for busy in (1, pace, pace + 1, 3 * pace)] == [1, 1, 2, 3]


def test_copies_that_balance() -> None:
    # Of six arrays, four go to two copies of the second weights, one to the first: 1000 ps each.
    load, questions = asked()
    assert load.balanced(6).tolist() == [1, 2]
    assert load.exact().interval_ps.tolist() == [10, 40]
    assert questions == [("sound",), ("balanced", "6", "0"), ("exact",)]


def test_copies_of_other_weights_have_no_pace() -> None:
    assert answer_load(lambda: LOAD)("kept", "1.0", "1 1 1") is None


def test_whoever_answers_may_refuse() -> None:
    with pytest.raises(LookupError):
        AskedLoad.of(WORK, no_answer)
