"""Functions named at the command line, and modules that cannot give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.errors import InputError
from archsim.user_function import named_function


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    return tmp_path


def _fault(text: str) -> str:
    with pytest.raises(InputError) as caught:
        named_function(text, where="--metric", remedy="Name one.")
    assert caught.value.where == "--metric"
    return caught.value.what


def test_modules_beside_the_command_are_found(here: Path) -> None:
    (here / "of_mine_to_find.py").write_text("def double(x):\n    return 2 * x\n")
    assert named_function("of_mine_to_find:double", where="", remedy="")(21) == 42


@pytest.mark.parametrize("text", ["", ":", "::", ":name", "module:", ".near:name", "..:name"])
def test_names_of_nothing(here: Path, text: str) -> None:
    assert "names no function" in _fault(text)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("1 +", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "AttributeError"),
        (None, "ModuleNotFoundError"),
    ],
)
def test_modules_that_fail(here: Path, content: str | None, fault: str) -> None:
    name = f"module_with_{fault}"
    if content is not None:
        (here / f"{name}.py").write_text(content)
    assert f"cannot be loaded ({fault}" in _fault(f"{name}:function")


def test_what_is_no_function(here: Path) -> None:
    (here / "number_of_mine.py").write_text("number = 7\n")
    assert "is no function" in _fault("number_of_mine:number")
