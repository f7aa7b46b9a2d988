"""What would not fit into memory is refused before it is made."""

from __future__ import annotations

import pytest

from archsim import load_chip, load_network, lower, place
from archsim.errors import InputError
from archsim.lowering import room
from archsim.workloads import WorkloadOptions

GIB = 2**30


def refused(monkeypatch: pytest.MonkeyPatch, batch: int, free: int, network: str = "mlp-hermes") -> InputError:
    monkeypatch.setattr(room, "free_bytes", lambda: free)
    placement = place(load_network(network), load_chip("pcm-mesh-14nm"))
    with pytest.raises(InputError) as caught:
        lower(placement, batch=batch)
    return caught.value


def test_a_batch_is_refused_with_its_size_and_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, 10**9, 12 * GIB)
    # 48 bytes for each of 10^9 samples are 44.7 GiB; 12 GiB hold 12 * 2^30 / 48 = 268,435,456, less the streams.
    assert "44.7 GiB" in error.what
    assert "12 GiB are free" in error.what
    assert error.where == "--batch"
    fits = int(error.remedy.split()[2].replace(",", ""))
    assert 268_435_456 - 1_000 < fits < 268_435_456


@pytest.mark.parametrize("batch", [10**20, 2**63, 2**64])
def test_batches_beyond_any_integer(monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    assert f"{batch:,} samples" in refused(monkeypatch, batch, 12 * GIB).what


def test_streams_are_refused_with_their_size_and_what_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda: GIB // 10)
    wide = load_network("resnet18", WorkloadOptions(image=2000))
    with pytest.raises(InputError, match="are free") as caught:
        lower(place(wide, load_chip("pcm-mesh-14nm")))
    # The first streams alone: 2000 x 2000 pixels, 1000 x 1000 after the first convolution.
    assert int(caught.value.what.split()[3].replace(",", "")) > 5_000_000
    assert f"{GIB // 10 // 80:,} tokens fit" in caught.value.remedy
