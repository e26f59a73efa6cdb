"""The page of a sweep in a real browser: no error, no request; what is pressed and typed works."""

from __future__ import annotations

import json
import shutil
import time

import pytest
from test_sweep_html import folder, page, result  # noqa: F401

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    not (DRIVER and BROWSER), reason="chromium and chromium-driver are not installed"
)


WINDOWS = {"wide": (1200, 900), "phone": (390, 844)}


@pytest.fixture(params=[(window, scheme) for window in WINDOWS for scheme in ("light", "dark")])
def browser(request, page, tmp_path):  # noqa: F811
    """The page, open."""
    from selenium import webdriver

    window, scheme = request.param
    width, height = WINDOWS[window]
    path = tmp_path / "sweep.html"
    path.write_text(page, encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for word in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path}/u",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(str(DRIVER)))
    try:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        driver.get(path.as_uri())
        driver.implicitly_wait(20)
        driver.find_element("css selector", "#chart-layers svg")
        driver.find_element("css selector", "#chart-front svg")
        yield driver
    finally:
        driver.quit()


def test_the_page_works(browser, result):  # noqa: F811
    entries = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        entry["params"]["request"]["url"]
        for entry in entries
        if entry["method"] == "Network.requestWillBeSent"
        and entry["params"]["documentURL"].startswith("file:")  # not the browser's own pages
    ]
    assert len(asked) == 1 and asked[0].startswith("file:")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    # Nothing is wider than the window.
    assert browser.execute_script("return document.body.scrollWidth <= window.innerWidth")

    rows = browser.find_elements("css selector", "table.points tbody tr")
    assert len(rows) == len(result.front) > 1
    assert "own" in rows[0].get_attribute("class")
    last = result.front[-1]
    browser.execute_script("arguments[0].click()", rows[-1])
    assert "own" in rows[-1].get_attribute("class")
    told = browser.find_element("id", "point-said").text
    assert told == ", ".join(
        f"{name} {last.parameters[name]}".removesuffix(".0") for name in result.varying
    )
    saves = browser.find_elements("css selector", "#chart-front .vega-actions a")
    assert [save.get_attribute("textContent") for save in saves] == ["Save as SVG", "Save as PNG"]
    table = browser.find_element("id", "point-table").text
    assert f"lut {last.metrics['lut']:,.0f}" in " ".join(table.split())

    # A dot of the front in the chart chooses its row, too, and has a ring then.
    marks = "#chart-front .mark-symbol.role-mark path"
    *dots, _ = browser.find_elements("css selector", marks)
    assert len(dots) == len(result.measured)
    dot = dots[-len(result.front)]
    browser.execute_script(
        "const box = arguments[0].getBoundingClientRect();"
        "const where = {bubbles: true, clientX: box.x + box.width / 2,"
        " clientY: box.y + box.height / 2};"
        "for (const kind of ['mousedown', 'mouseup', 'click'])"
        " arguments[0].dispatchEvent(new MouseEvent(kind, where));",
        dot,
    )
    assert "own" in rows[0].get_attribute("class")
    deadline = time.monotonic() + 20
    while not is_ringed(browser, marks, dot) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_ringed(browser, marks, dot)

    browser.find_element("css selector", "input.filter").send_keys("two_sided")
    skips = [row.parameters["skipping"] == "two_sided" for row in result.front]
    assert [row.is_displayed() for row in rows] == skips and any(skips) and not all(skips)
    headings = browser.find_elements("css selector", "table.points th")
    column = [heading.get_attribute("textContent") for heading in headings].index("rows")
    browser.execute_script("arguments[0].click()", headings[column])
    first = browser.find_elements("css selector", "table.points tbody tr td")[column]
    most = max(row.parameters["rows"] for row in result.front)
    assert float(first.get_attribute("data-value")) == most


def is_ringed(browser, marks, dot) -> bool:
    """Whether the last mark, the ring, is around a dot."""
    ring = browser.find_elements("css selector", marks)[-1]
    return ring.get_attribute("transform") == dot.get_attribute("transform")
