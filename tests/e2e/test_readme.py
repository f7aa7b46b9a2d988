"""Everything in the README runs, and prints what stands there."""

import re
from pathlib import Path

import pytest

from archsim.chip import load_chip
from scripts.renew_readme import BLOCK, README, renewed

TEXT = README.read_text()
# Noise is drawn alike everywhere, but a processor's order of sums may tip a converter's last code.
INEXACT = "$ archsim accuracy"
BLOCKS = [block.group(0) for block in BLOCK.finditer(TEXT)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[1][:40])
def test_block_is_up_to_date(block: str, tmp_path: Path) -> None:
    fresh = renewed(block, tmp_path)
    if INEXACT in block:
        assert fresh.splitlines()[:2] == block.splitlines()[:2]
    else:
        assert fresh == block, "renew it: python scripts/renew_readme.py"


@pytest.mark.parametrize("text", re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL))
def test_chip_files_can_be_read(text: str, tmp_path: Path) -> None:
    file = tmp_path / "variant.yaml"
    file.write_text(text)
    assert load_chip(str(file)).name == "variant"


def test_both_commands_are_marked() -> None:
    for mark in ("run", "test"):
        assert len(re.findall(rf"<!-- {mark} command -->\n```sh\n.+\n```\n", TEXT)) == 1
