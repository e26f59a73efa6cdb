"""The page of a choice in a real browser: no error, no request, every chart drawn."""

from __future__ import annotations

import json
import shutil

import pytest
from report_samples import HERE

from sparsesim.choice.file import load_choice
from sparsesim.report.choice_html import choice_html

DRIVER, BROWSER = shutil.which("chromedriver"), shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    not (DRIVER and BROWSER), reason="chromium and chromium-driver are not installed"
)


@pytest.mark.parametrize("width", [1200, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_works(tmp_path, width, scheme):
    from selenium import webdriver

    path = tmp_path / "choice.html"
    path.write_text(choice_html(load_choice(HERE / "lenet-choice.json")), encoding="utf-8")
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
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        driver.get(path.as_uri())
        driver.implicitly_wait(20)
        for name in ("speedups", "where", "shares", "layers"):
            driver.find_element("css selector", f"#chart-{name} svg")
        assert driver.get_log("browser") == []
        entries = [json.loads(one["message"])["message"] for one in driver.get_log("performance")]
        asked = [
            entry["params"]["request"]["url"]
            for entry in entries
            if entry["method"] == "Network.requestWillBeSent"
            and entry["params"]["documentURL"].startswith("file:")  # not the browser's own pages
        ]
        assert asked == [path.as_uri()]
        wide = driver.execute_script("return document.documentElement.scrollWidth")
        assert wide <= width
        paper = {"width": 718, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", paper)
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        beyond = "const t = document.querySelector('table.layers'); return t.scrollWidth - "
        assert driver.execute_script(beyond + "t.parentElement.clientWidth") <= 0
    finally:
        driver.quit()
