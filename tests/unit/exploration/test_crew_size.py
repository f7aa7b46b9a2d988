"""As many processes as fit into memory."""

from functools import partial

import pytest

from archsim.errors import InputError
from archsim.exploration import crew


def test_processes_that_do_not_fit_are_refused(monkeypatch):
    monkeypatch.setattr(crew, "free_bytes", lambda: 3 * 100 * 2**20)
    monkeypatch.setattr(crew, "cores", lambda: 8)
    assert crew.crew(3, None).width == 3 * (1 + crew.QUEUED)
    with pytest.raises(InputError, match=r"4 processes take about 0\.391 GiB of memory, more than is free") as caught:
        crew.crew(4, None)
    assert caught.value.where == "--workers" and "At most 3 fit" in caught.value.remedy
    # Nobody asked for more than fit.
    assert crew.crew(None, None).width == 3 * (1 + crew.QUEUED)
    monkeypatch.setattr(crew, "free_bytes", lambda: 0)
    assert crew.crew(None, None).width == 1


@pytest.mark.parametrize("work", [lambda task: task, partial(lambda task: task)])
def test_work_that_processes_cannot_find_is_refused(work):
    with pytest.raises(InputError, match="no function of a module") as caught:
        crew.crew(2, None, work)
    assert "workers=1" in caught.value.remedy
    assert isinstance(crew.crew(1, None, work), crew.Alone)
