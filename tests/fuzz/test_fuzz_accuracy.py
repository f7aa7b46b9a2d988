"""Data files and options of ``archsim accuracy`` as nobody should write them: a result or an error, no traceback."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import helper

from tests.functional_models import make_model, perceptron, random
from tests.fuzz.contract import run_command

QUICK = ("--seeds", "1", "--at", "1 s")
MODELS = ("net", "turned", "fixed")
KINDS = [np.dtype(name) for name in ("f2", "f4", "f8", "i1", "i4", "i8", "u8", "b1", "c8", "U3", "S2", "M8[s]")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fuzz")
    onnx.save(perceptron(), made / "net.onnx")
    turned = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
        helper.make_node("RNN", ["t", "w", "r"], ["s", "h"], hidden_size=4, name="rnn"),
        helper.make_node("Conv", ["s", "k"], ["y"], name="conv"),
    ]
    weights = {"w": random(1, 4, 3), "r": random(1, 4, 4, seed=1), "k": random(2, 1, 1, 2, seed=2)}
    onnx.save(make_model(turned, {"x": ["n", "t", 3]}, ["y", "h"], weights), made / "turned.onnx")
    fixed = [helper.make_node("MatMul", ["x", "w"], ["y"], name="product")]
    onnx.save(make_model(fixed, {"x": [2, 12]}, ["y"], {"w": random(12, 4)}), made / "fixed.onnx")
    return made


many = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
any_array = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=12))
)
likely = st.one_of(
    st.tuples(st.integers(0, 4), st.just(12)), st.tuples(st.integers(0, 3), st.integers(0, 4), st.just(3))
).flatmap(lambda shape: arrays.arrays(np.dtype("f4"), shape))
names = st.sampled_from(["x", "labels", "calibration.x", "y", "", "calibration.", "x/../x"])


@many
@given(
    model=st.sampled_from(MODELS),
    held=st.dictionaries(names, st.one_of(any_array, likely), max_size=4),
    x=st.one_of(st.none(), likely),
    labels=st.one_of(st.none(), arrays.arrays(np.int64, st.integers(0, 4), elements=st.integers(-2, 5))),
)
def test_arrays_of_any_kind(
    folder: Path, model: str, held: dict[str, np.ndarray], x: np.ndarray | None, labels: np.ndarray | None
) -> None:
    given_ = {**held, **({} if x is None else {"x": x}), **({} if labels is None else {"labels": labels})}
    with zipfile.ZipFile(folder / "data.npz", "w") as file:
        for name, value in given_.items():
            stored = io.BytesIO()
            np.save(stored, value)
            file.writestr(f"{name}.npy", stored.getvalue())
    run_command("accuracy", folder / f"{model}.onnx", "--data", folder / "data.npz", *QUICK)


@many
@given(
    cut=st.floats(0, 1),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    packed=st.booleans(),
)
def test_damaged_files(folder: Path, cut: float, changes: list[tuple[float, int]], packed: bool) -> None:
    good = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(good, x=random(5, 12), labels=np.arange(5) % 4)
    damaged = bytearray(good.getvalue())
    for place, value in changes:
        damaged[int(place * len(damaged))] = value
    (folder / "damaged.npz").write_bytes(damaged[: int(cut * len(damaged)) + 1] if cut < 0.5 else damaged)
    run_command("accuracy", folder / "net.onnx", "--data", folder / "damaged.npz", *QUICK)


@many
@given(
    option=st.sampled_from(["--shape", "--at", "--sweep", "--metric", "--replicate", "--compensation", "--set"]),
    text=st.one_of(st.text(max_size=12), st.sampled_from(["x=1,12", "x=0,12", "first=2", "1e99 s"])),
)
def test_options_of_any_kind(folder: Path, option: str, text: str) -> None:
    np.savez(folder / "good.npz", x=random(5, 12), labels=np.arange(5) % 4)
    run_command("accuracy", folder / "net.onnx", "--data", folder / "good.npz", "--seeds", "1", f"{option}={text}")


@pytest.mark.parametrize("content", [b"", b"PK", b"\x93NUMPY", b"labels,x\n1,2\n"])
def test_files_that_are_no_data(folder: Path, content: bytes) -> None:
    (folder / "none.npz").write_bytes(content)
    run_command("accuracy", folder / "net.onnx", "--data", folder / "none.npz", *QUICK)


def test_an_array_of_objects(folder: Path) -> None:
    np.savez(folder / "objects.npz", x=np.array([{}, []], object), labels=np.arange(2))
    outcome = run_command("accuracy", folder / "net.onnx", "--data", folder / "objects.npz")
    assert outcome.code == 2
    assert "cannot be read as data" in outcome.stderr.replace("\n", " ")
