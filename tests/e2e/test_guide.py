"""Every command of the guide runs, and prints what stands there."""

import re
from pathlib import Path

import pytest

from scripts.renew_readme import BLOCK, GUIDE, renewed


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_page_is_up_to_date(page: Path, tmp_path: Path) -> None:
    text = page.read_text()
    assert BLOCK.search(text), "a page of the guide shows commands"
    assert renewed(text, tmp_path) == text, f"renew it: python scripts/renew_readme.py {page.name}"


def test_links_lead_somewhere() -> None:
    links = [(page, link) for page in GUIDE for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text())]
    assert len(links) > len(GUIDE)
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []
