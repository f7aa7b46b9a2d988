"""A headless Chromium, where the machine has one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--window-size=1280,900",
)  # fmt: skip


def missing() -> str:
    """Why no browser can be driven; empty where one can."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed"
    for name in ("chromium", "chromedriver"):
        if shutil.which(name) is None:
            return f"{name} is not installed"
    return ""


def start(profile: Path) -> Any:
    """A driver of a fresh browser that keeps its console's messages and what it asks of the network."""
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium")
    for flag in (*FLAGS, f"--user-data-dir={profile}", *(["--no-sandbox"] if os.geteuid() == 0 else [])):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))


def axe_script() -> Path | None:
    """axe-core's script, where ``AXE_CORE`` or a ``node_modules`` folder here has it."""
    places = [os.environ.get("AXE_CORE", ""), "node_modules/axe-core/axe.min.js"]
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


def shaped(driver: Any, width: int, scheme: str = "light", media: str = "screen") -> None:
    """Give the page a width, a scheme of colours and a medium."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    wishes = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def texts(page: Any, css: str) -> list[str]:
    """What stands in the elements that a selector finds."""
    return page.execute_script("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", css)


def complaints(page: Any) -> list[str]:
    """What the console has beside information."""
    return [entry["message"] for entry in page.get_log("browser") if entry["level"] != "INFO"]


def schemes_asked(page: Any) -> set[str]:
    """Kinds of addresses that were asked for; the browser's own new tab is one of ``chrome:``."""
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = [one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"]
    return {url.split(":")[0] for url in urls}


def faults(page: Any) -> str:
    """Serious faults of accessibility that axe finds, a line each."""
    script = axe_script()
    assert script is not None
    page.execute_script(script.read_text())
    found = page.execute_async_script("axe.run().then(arguments[0])")
    return "\n".join(
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:160]}: {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    )
