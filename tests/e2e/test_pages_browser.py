"""Pages of chips and of differences in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import browser
from tests.e2e.browser import shaped
from tests.e2e.cli_calls import fail, succeed

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser")

PAGES = {"chip": ("show", "chip", "isaac"), "diff": ("diff", "isaac", "puma")}


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = browser.start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module", params=PAGES)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("pages") / f"{request.param}.html"
    succeed(*PAGES[request.param], "--html", written)
    return written


def test_pages_are_silent_and_ask_nobody(started: Any, file: Path) -> None:
    shaped(started, 1280)
    started.get(file.as_uri())
    assert browser.complaints(started) == []
    assert browser.schemes_asked(started) <= {"file", "data", "chrome"}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_and_are_accessible(started: Any, file: Path, width: int, scheme: str) -> None:
    shaped(started, width, scheme)
    started.get(file.as_uri())
    assert started.execute_script("return document.documentElement.scrollWidth") <= width
    if browser.axe_script() is not None:
        assert not browser.faults(started)


def test_a_drawing_says_what_is_under_the_pointer(started: Any, tmp_path: Path) -> None:
    from selenium.webdriver import ActionChains

    succeed("show", "chip", "pcm-mesh-14nm", "--html", tmp_path / "chip.html")
    shaped(started, 1280)
    started.get((tmp_path / "chip.html").as_uri())
    drawn = started.find_elements("css selector", "#tile svg")[0]
    started.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", drawn)
    size = drawn.size
    # The array takes two thirds of the tile, from its left edge on.
    ActionChains(started).move_to_element_with_offset(drawn, -size["width"] // 4, 0).perform()
    assert started.find_element("id", "tip").text.split("\n") == ["array", "1.416 mm²"]


def test_a_scale_is_as_long_as_it_says(started: Any, tmp_path: Path) -> None:
    succeed("show", "chip", "hermes-64core", "--html", tmp_path / "chip.html")
    for width in (1280, 390):
        shaped(started, width)
        started.get((tmp_path / "chip.html").as_uri())
        drawn = started.find_element("css selector", "#floorplan svg").size["width"]
        bar = started.find_element("css selector", "#floorplan .bar i").size["width"]
        # Eight places of 1.4 mm are as wide as the drawing without its rim, and the bar is 2 mm.
        assert started.find_element("css selector", "#floorplan .bar span").text == "2 mm"
        assert bar / drawn == pytest.approx(2 / (8 * 1.4), rel=0.02)


def test_bad_places_are_refused(tmp_path: Path) -> None:
    assert "does not end in .html" in fail("show", "chip", "isaac", "--html", tmp_path / "chip.png")
    assert "there is no chip" in fail("show", "chip", "isaacs", "--html", tmp_path / "chip.html")
