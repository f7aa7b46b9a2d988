"""The scripts run."""

import re

import pytest

from scripts import study_headline


@pytest.mark.slow
def test_the_headline_study_gives_the_report_that_stands(tmp_path, monkeypatch):
    report = tmp_path / "headline.md"
    monkeypatch.setattr(study_headline, "REPORT", report)
    monkeypatch.setattr("sys.argv", ["study_headline.py", "--write"])
    standing = (study_headline.Path(study_headline.__file__).parents[1] / "reports" / "headline.md").read_text()
    study_headline.main()
    assert report.read_text() == standing
    # The identity's peak is the published figure.
    assert re.search(r"nature2018-training \| mlp-l4 \| 1 \|.*\| 2806[56] \|", standing)
