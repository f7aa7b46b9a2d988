"""Reports in a real browser: what moves, what is asked of the network, widths, print, and accessibility."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import browser
from tests.e2e.browser import shaped, texts
from tests.e2e.cli_calls import succeed

pytestmark = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing() or "there is a browser")

WIDE, NARROW = 1280, 390


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of a system of two chips, with everything in it."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    changes = ("--set", "fabric.rows=8", "--set", "fabric.columns=8", "--set", "system.topology=line")
    succeed("report", "resnet18", "--batch", "2", *changes, "--sensitivity", "--out", file)
    return file


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver: Any = browser.start(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture
def page(started: Any, report: Path) -> Any:
    """The report, freshly opened at the wide size in light colours."""
    shaped(started, WIDE)
    started.get(report.as_uri())
    return started


def press(page: Any, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def test_the_console_is_silent_and_the_network_unasked(page: Any) -> None:
    assert browser.complaints(page) == []
    assert browser.schemes_asked(page) <= {"file", "data", "chrome"}


def column(page: Any, section: str, number: int) -> list[str]:
    return texts(page, f"#{section} tbody tr:not([hidden]) td:nth-child({number})")


def test_a_heading_sorts_and_sorts_back(page: Any) -> None:
    script = "return [...document.querySelectorAll('#layers td.n:last-child')].map((e) => Number(e.dataset.v))"
    heading = page.find_elements("css selector", "#layers th:last-child button")[0]
    heading.click()
    values = page.execute_script(script)
    assert values == sorted(values, reverse=True)
    assert heading.find_element("xpath", "..").get_attribute("aria-sort") == "descending"
    heading.click()
    assert page.execute_script(script) == sorted(values)


def test_names_sort_by_letters(page: Any) -> None:
    page.find_element("css selector", "#layers th button").click()
    names = column(page, "layers", 1)
    assert len(names) == 50
    assert names[0] == "avgpool"
    assert names.index("layer1.0.conv1") < names.index("layer2.0.conv1")


def test_the_keyboard_sorts(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    page.execute_script("document.querySelector('#layers th:last-child button').focus()")
    press(page, Keys.ENTER)
    assert page.find_element("css selector", "#layers th:last-child").get_attribute("aria-sort") == "descending"


def test_a_filter_leaves_what_has_all_words(page: Any) -> None:
    page.find_element("css selector", "#layers input").send_keys("layer1 matrix")
    shown = column(page, "layers", 1)
    assert shown == ["layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1", "layer1.1.conv2"]
    assert texts(page, "#layers output") == ["4 of 50 rows"]


def test_tabs_follow_the_arrows(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    def shown() -> list[str]:
        script = "return [...document.querySelectorAll('#energy-and-area [role=tabpanel]:not([hidden]) .tabname')]"
        return page.execute_script(f"{script}.map((e) => e.textContent)")

    assert shown() == ["Energy"]
    page.execute_script("document.querySelector('#energy-and-area [role=tab]').focus()")
    press(page, Keys.ARROW_RIGHT)
    assert shown() == ["Area"]
    press(page, Keys.END)
    assert shown() == ["Components"]
    press(page, Keys.ARROW_RIGHT)
    assert shown() == ["Energy"]


def test_a_tree_opens_and_goes_back(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    first = texts(page, "#energy-and-area .crumbs")[0]
    page.execute_script("document.querySelector('#energy-and-area .drill button.cell').focus()")
    press(page, Keys.ENTER)
    second = texts(page, "#energy-and-area .crumbs")[0]
    assert first == "all"
    assert second.startswith("all›chip ")
    page.find_element("css selector", "#energy-and-area .drill button.cell").click()
    assert texts(page, "#energy-and-area .crumbs")[0].count("›") == 2
    page.find_element("css selector", "#energy-and-area .crumbs button").click()
    assert texts(page, "#energy-and-area .crumbs")[0] == "all"


def test_the_map_of_areas_shows_areas_as_values(page: Any) -> None:
    cells = page.execute_script(
        "return [...document.querySelectorAll('#energy-and-area .drill')[0].querySelectorAll('.cell')]"
        ".map((e) => parseFloat(e.style.width) * parseFloat(e.style.height))"
    )
    values = page.execute_script(
        "return [...document.querySelectorAll('#energy-and-area .limbs')[0].children]"
        ".map((e) => Number(e.dataset.value))"
    )
    shares, expected = ([one / sum(row) for one in sorted(row)] for row in (cells, values))
    assert shares == pytest.approx(expected, abs=1e-3)


def test_a_tile_says_what_it_holds(page: Any) -> None:
    from selenium.webdriver import ActionChains

    drawn = page.find_element("css selector", "#floorplan svg")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", drawn)
    ActionChains(page).move_to_element(drawn).perform()
    tip = page.find_element("id", "tip").text
    assert tip.startswith("tile ")
    assert "Power density: " in tip


def test_the_pipeline_says_who_is_busy(page: Any) -> None:
    from selenium.webdriver import ActionChains

    drawn = page.find_element("css selector", "#pipeline img")
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", drawn)
    ActionChains(page).move_to_element(drawn).perform()
    name, busy = page.find_element("id", "tip").text.split("\n")
    assert name in json.loads(texts(page, "#pipeline script")[0])
    assert busy.startswith("busy ")


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_page(page: Any, width: int, scheme: str) -> None:
    shaped(page, width, scheme)
    wide = page.execute_script("return document.documentElement.scrollWidth")
    assert wide <= width
    background = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    levels = [int(part) for part in background[4:-1].split(",")]
    assert (max(levels) < 64) == (scheme == "dark")


def test_print_shows_everything(page: Any) -> None:
    shaped(page, WIDE, media="print")
    hidden = page.execute_script(
        "return [...document.querySelectorAll('[role=tabpanel]')]"
        ".filter((e) => getComputedStyle(e).display === 'none').length"
    )
    assert hidden == 0
    printed = page.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    assert 3 <= pdf.count(b"/Type /Page\n") + pdf.count(b"/Type/Page/") <= 40


def test_pdf_from_the_command_line(tmp_path: Path) -> None:
    succeed("report", "mlp-hermes", "--no-what-if", "--pdf", tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.skipif(browser.axe_script() is None, reason="axe-core is not installed: npm install axe-core, or AXE_CORE")
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page: Any, width: int, scheme: str) -> None:
    shaped(page, width, scheme)
    assert not browser.faults(page)
