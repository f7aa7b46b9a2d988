"""Every command prints for people, for programs and for a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.cli_calls import fail, succeed

COMMANDS = [
    ("run", "mlp-hermes"),
    ("ladder", "mlp-hermes"),
    ("diff", "isaac", "puma"),
    ("accuracy", "digits-lstm", "--seeds", "1", "--at", "1 s"),
    ("validate", "isaac"),
    ("list",),
    ("list", "costs"),
    ("show", "chip", "isaac"),
    ("show", "chip", "isaac", "--sources"),
    ("show", "network", "mlp-hermes"),
    ("show", "placement", "mlp-hermes"),
    ("show", "program", "mlp-hermes"),
    ("show", "cost", "adc"),
    ("show", "cost", "adc", "--set", "bits=8", "--set", "node=14 nm"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_json_and_markdown(command: tuple[str, ...]) -> None:
    assert json.loads(succeed(*command, "--json"))
    page = succeed(*command, "--markdown")
    assert "| --- |" in page or "```" in page


def test_check_in_every_form(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: isaac\n")
    record = json.loads(succeed("check", file, "--json"))
    assert (record["file"], record["kind"]) == (str(file), "chip")
    assert record["facts"] in succeed("check", file)
    assert record["facts"] in succeed("check", file, "--markdown")


def test_two_forms_at_once_are_refused() -> None:
    assert "--json, --csv" in fail("show", "network", "mlp-hermes", "--json", "--csv")
