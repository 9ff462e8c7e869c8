"""A report to look at, and Debian's chromium without a window."""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from selenium.webdriver.support.wait import WebDriverWait

TESTS = Path(__file__).resolve().parents[1]
sys.path.append(str(TESTS / "reporting"))
EMBEDDED = TESTS.parent / "results/embedded/report/index.html"
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
PATIENCE = 20  # seconds
DESKTOP = {"width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": False}


@pytest.fixture(scope="session")
def pages(world, tmp_path_factory):
    """Pages by name: of a made-up run, and of the embedded one where it was made."""
    from report_run import reported_run, write_ablations_page
    from synthetic_run import synthetic_config, write_synthetic_run

    folder = tmp_path_factory.mktemp("browsed")
    made_up = write_synthetic_run(folder / "made-up", synthetic_config(world))
    _, layout = reported_run(world, made_up, folder / "results")
    swept = write_ablations_page(world, folder / "swept")
    return {"made-up": Path(layout.report), "embedded": EMBEDDED, "ablations": Path(swept.ablations_report)}


@pytest.fixture(params=["made-up", "embedded"])
def page(request, pages):
    """Each page in turn."""
    path = pages[request.param]
    if not path.is_file():
        pytest.skip("results/embedded has no report; `make reproduce` makes it")
    return path


@pytest.fixture(scope="session")
def chromium():
    """The browser, started once; skips where it or its driver is missing."""
    driver = shutil.which("chromedriver")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if driver is None or browser is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


def loaded(browser, url: str) -> bool:
    """Whether the browser shows this page, has read it to its end and has run its scripts."""
    return browser.execute_script("return [location.href, document.readyState]") == [url, "complete"]


@pytest.fixture
def browse(chromium):
    """`browse(path)` opens a page, on a phone with `phone=True`; afterwards nothing may have gone wrong.

    No error stands on the console, and no request left the page.
    """

    def opened(path, phone=False):
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE if phone else DESKTOP)
        chromium.get("about:blank")  # the same page again is another page
        for kind in ("browser", "performance"):
            chromium.get_log(kind)
        chromium.get(path.as_uri())
        # On a busy machine `get` comes back before the page's scripts have run.
        WebDriverWait(chromium, PATIENCE).until(lambda shown: loaded(shown, path.as_uri()))
        return chromium

    yield opened
    assert [entry for entry in chromium.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")] == []
    messages = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = {each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"}
    assert [url for url in asked if not url.startswith(("data:", "file://"))] == []
    assert len([url for url in asked if url.startswith("file://")]) <= 1
