"""The page to try requests, in a real browser without a network."""

import shutil

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support import expected_conditions as expect
from selenium.webdriver.support.ui import WebDriverWait


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=1280,2400",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={tmp_path}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
    driver = webdriver.Chrome(options=options, service=service)
    yield driver
    driver.quit()


def test_try_it_out_and_execute_gives_a_recipe(server, browser):
    browser.get(server.url + "/docs/")
    wait = WebDriverWait(browser, 30)

    def press(selector):
        wait.until(expect.element_to_be_clickable((By.CSS_SELECTOR, selector))).click()

    operation = "#operations-recipes-getRecipe"
    press(f"{operation} .opblock-summary-control")
    press(f"{operation} .btn.execute")
    status = (By.CSS_SELECTOR, f"{operation} .live-responses-table tbody .response-col_status")
    wait.until(expect.text_to_be_present_in_element(status, "200"))
    body = browser.find_element(By.CSS_SELECTOR, f"{operation} .live-responses-table .highlight-code")
    assert "gpu-operator" in body.text
    severe = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert not severe
