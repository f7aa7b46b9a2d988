"""The pages of reports/baselines stand as their script makes them."""

from __future__ import annotations

from scripts import renew_baselines


def test_page_on_what_figures_include_is_up_to_date() -> None:
    standing = (renew_baselines.FOLDER / "includes.md").read_text()
    assert renew_baselines.includes() == standing, "renew it: python scripts/renew_baselines.py includes"
