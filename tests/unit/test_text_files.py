"""Text files that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from archsim.errors import InputError
from archsim.text_files import LARGEST_BYTES, read_text


def _fault(file: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_text(file, "study file")
    assert caught.value.where == str(file)
    assert "study file" in caught.value.remedy
    return caught.value.what


def test_the_largest_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "full.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + b"a" * (LARGEST_BYTES - 3))
    assert read_text(file, "study file") == "a" * (LARGEST_BYTES - 3)
    file.write_bytes(b"a" * (LARGEST_BYTES + 1))
    assert _fault(file) == "a file of more than 1,000,000 bytes is no study file"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no endless file")
def test_a_file_without_end() -> None:
    assert "more than 1,000,000 bytes" in _fault(Path("/dev/zero"))


def test_what_is_no_text(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    assert _fault(binary) == "this is not a text file"
    assert _fault(tmp_path) == "cannot be read: Is a directory"
    assert _fault(tmp_path / "none") == "cannot be read: No such file or directory"
