"""``archsim heat`` from the command line."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from tests.e2e.cli_calls import fail, succeed, succeed_json

ASKED = ("heat", "digits-cnn", "--ambient", "318 K", "--resistance", "300 K*mm^2/W")


def test_every_form_says_the_same():
    data = succeed_json(*ASKED, "--json")
    frame = pd.read_csv(io.StringIO(succeed(*ASKED, "--csv")))
    assert len(frame) == 256
    assert max(site["temperature_k"] for site in data["sites"]) == pytest.approx(frame.temperature_k.max())
    assert f"{frame.temperature_k.max():.2f} K" in succeed(*ASKED)


def test_units_that_are_no_resistance_are_refused():
    assert "K*m^2/W is meant" in fail(*ASKED[:4], "--resistance", "300 W")


def test_a_chip_that_cannot_be_cooled_is_refused():
    assert "400 K" in fail(*ASKED[:4], "--resistance", "0.1 K*m^2/W", "--leakage-follows")
