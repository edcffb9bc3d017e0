"""The web pages in a real browser: what they answer with and without JavaScript, and that their policy is kept.

With GOOFFSETS_PICTURES=DIR the screenshots of the README are written there (docs/site.md).
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest
import urllib.error
import urllib.request
import xml.dom.minidom

import harness

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    webdriver = None

WAIT = 60
STRUCT = "/m/std/-/net/http.Request/"
STREAM = "/m/google.golang.org/grpc/-/google.golang.org/grpc/internal/transport.Stream/"
METHOD = STREAM[:-1] + ".method/"
FUNCTION = "/m/std/-/net/http.(*Server).Serve/"
PAGES = ["/", "/coverage/", "/search/?q=stream%20method", "/m/std/", "/m/std/-/net/http/", STRUCT, "/m/std/-/net/http.Request.URL/",
         STREAM, METHOD, FUNCTION, "/nothing/here/"]


def database():
    named = os.environ.get("GOOFFSETS_TEST_DATABASE")
    path = pathlib.Path(named) if named else harness.BUILD_DIR / "share" / "gooffsets" / "offsets.db"
    if not path.exists():
        raise AssertionError(f"{path} is not there: build the target released_database")
    return path


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = subprocess.Popen([harness.tool("OFFSETD"), "--listen", "127.0.0.1:0", "--db", str(database())],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.end_service)
        line = cls.service.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:\d+", line)
        if not match:
            raise AssertionError(f"offsetd did not start: {line}")
        cls.base = match.group(0)

    @classmethod
    def end_service(cls):
        cls.service.terminate()
        cls.service.wait(WAIT)
        cls.service.stdout.close()

    def fetch(self, path):
        try:
            with urllib.request.urlopen(self.base + path, timeout=WAIT) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()


def lookup(symbol, version, module="std"):
    """What the query tool says of the same database."""
    out = subprocess.run([harness.tool("GOOFFSETS"), "lookup", "--db", str(database()), "--module", module, "--version", version,
                          "--arch", "amd64", "--format", "json", symbol], capture_output=True, check=True, timeout=WAIT)
    return json.loads(out.stdout)


class Plain(SiteTest):
    """Without a browser, and so without a script."""

    def test_each_page_is_well_formed_and_sends_its_policy(self):
        for path in PAGES:
            status, headers, text = self.fetch(path)
            self.assertEqual(status, 404 if "nothing" in path else 200, path)
            self.assertTrue(text.startswith("<!DOCTYPE html>\n"), path)
            document = xml.dom.minidom.parseString(text.encode())
            ids = [e.getAttribute("id") for e in document.getElementsByTagName("*") if e.hasAttribute("id")]
            self.assertEqual(len(ids), len(set(ids)), f"{path}: an id is there twice")
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(len(document.getElementsByTagName("h1")), 1, path)
            for table in document.getElementsByTagName("table"):
                self.assertTrue(table.getElementsByTagName("th"), path)
            for control in document.getElementsByTagName("input") + document.getElementsByTagName("select"):
                named = [e for e in document.getElementsByTagName("label") if e.getAttribute("for") == control.getAttribute("id")]
                self.assertTrue(named, f"{path}: a control without a label")

    def test_the_plain_answers_are_those_of_the_query_tool(self):
        answer = lookup("net/http.Request", "1.27.4")
        text = self.fetch(STRUCT)[2]
        rows = re.search(r'data-layout="[A-Z]+" open="open">(.*?)</details>\s*(?:<details|<h2)', text, re.S).group(1)
        shown = re.findall(r'<tr data-name="([^"]+)" data-offset="(\d+)" data-size="(\d+)"', rows)
        self.assertEqual([(name, int(offset), int(size)) for name, offset, size in shown],
                         [(f["name"], f["offset"], f["size"]) for f in answer["fields"]])
        self.assertGreater(len(shown), 20)


@unittest.skipUnless(webdriver and shutil.which("chromedriver"), "python3-selenium and chromium-driver are not installed")
class Browser(SiteTest):
    def open(self, javascript=True, dark=False, width=1400, height=1000):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
                         "--disable-extensions", "--disable-background-networking"):
            options.add_argument(argument)
        if not javascript:
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
        self.addCleanup(driver.quit)
        driver.set_page_load_timeout(WAIT)
        self.look(driver, dark, width, height)
        return driver

    @staticmethod
    def look(driver, dark, width, height):
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                               {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                               {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def until(self, what, holds):
        end = time.monotonic() + WAIT
        while not holds():
            self.assertLess(time.monotonic(), end, f"{what} did not happen")
            time.sleep(0.02)

    def picture(self, driver, name):
        folder = os.environ.get("GOOFFSETS_PICTURES")
        if folder:
            driver.save_screenshot(str(pathlib.Path(folder) / f"{name}.png"))

    def no_complaints(self, driver):
        said = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        self.assertEqual(said, [])

    def test_search_timeline_slider_and_comparing(self):
        driver = self.open()
        driver.get(self.base + "/")
        self.picture(driver, "site-search")
        # Search as one types, by keyboard alone.
        box = driver.find_element(By.ID, "q")
        box.send_keys("transport.stream method")
        self.until("hits", lambda: any("Stream.method" in e.text for e in driver.find_elements(By.CSS_SELECTOR, "#hits li")))
        self.assertEqual(box.get_attribute("aria-expanded"), "true")
        self.assertIn("found", driver.find_element(By.ID, "hits-said").get_attribute("textContent"))
        self.picture(driver, "site-search")
        names = [e.text for e in driver.find_elements(By.CSS_SELECTOR, "#hits li code")]
        wanted = next(i for i, name in enumerate(names) if name.endswith("internal/transport.Stream.method"))
        for _ in range(wanted + 1):
            box.send_keys(Keys.ARROW_DOWN)
        self.assertEqual(box.get_attribute("aria-activedescendant"), f"hit-{wanted}")
        box.send_keys(Keys.ENTER)
        self.until("the field's page", lambda: driver.current_url.endswith(METHOD))
        # The timeline says its evidence to whoever points at a bar, or moves to it.
        bars = driver.find_elements(By.CSS_SELECTOR, "figure.timeline a.bar")
        self.assertGreater(len(bars), 8)
        driver.execute_script("arguments[0].focus()", bars[0])
        said = driver.find_element(By.CSS_SELECTOR, ".evidence").text
        self.assertRegex(said, r"^1\.\S+( \.\. 1\.\S+)? on amd64: offset \d+, 16 bytes, string; .*builds [0-9a-f]{12}")
        self.picture(driver, "site-timeline")
        # A struct, the slider, and the difference between two layouts.
        driver.get(self.base + STRUCT)
        slider = driver.find_element(By.ID, "version")
        version = driver.find_element(By.ID, "version-said")
        self.assertTrue(version.text.startswith("1.27.4: layout"), version.text)

        def shown():
            variants = driver.find_elements(By.CSS_SELECTOR, ".variant")
            return [e.get_attribute("data-layout") for e in variants if e.is_displayed()]

        newest = shown()
        self.assertEqual(len(newest), 1)
        slider.send_keys(Keys.HOME)
        self.until("the oldest version", lambda: version.text.startswith("1.17"))
        self.assertNotEqual(shown(), newest)
        slider.send_keys(Keys.END)
        self.assertEqual(shown(), newest)
        driver.find_element(By.ID, "against").send_keys("A (")
        self.until("a difference", lambda: driver.find_elements(By.CSS_SELECTOR, "#difference tbody tr"))
        rows = {e.text.split()[0]: e.text.split() for e in driver.find_elements(By.CSS_SELECTOR, "#difference tbody tr")}
        before = {f["name"]: f for f in lookup("net/http.Request", "1.17")["fields"]}
        after = {f["name"]: f for f in lookup("net/http.Request", "1.27.4")["fields"]}
        differ = {name for name in before.keys() | after.keys()
                  if (before.get(name, {}).get("offset"), before.get(name, {}).get("type")) !=
                  (after.get(name, {}).get("offset"), after.get(name, {}).get("type"))}
        self.assertEqual(set(rows), differ)
        self.assertTrue(differ)
        self.picture(driver, "site-struct")
        self.no_complaints(driver)

    def test_no_page_is_wider_than_its_window_or_breaks_its_policy(self):
        driver = self.open()
        for width, dark in ((400, False), (1400, True)):
            self.look(driver, dark, width, 1000)
            for path in PAGES:
                if "nothing" in path:
                    continue  # its 404 is a complaint of the console
                driver.get(self.base + path)
                wide = driver.execute_script("return document.documentElement.scrollWidth")
                self.assertLessEqual(wide, width, f"{path} at {width}")
            driver.get(self.base + FUNCTION)
            if dark:
                self.picture(driver, "site-function-dark")
        driver.get(self.base + STREAM)
        self.picture(driver, "site-struct-dark")
        self.no_complaints(driver)

    def test_without_javascript_the_plain_answer_is_there(self):
        driver = self.open(javascript=False)
        driver.get(self.base + METHOD)
        self.assertIn("At byte 16 in the newest version", driver.find_element(By.ID, "answer").text)
        self.assertGreater(len(driver.find_elements(By.CSS_SELECTOR, "#runs tbody tr")), 4)
        driver.get(self.base + STRUCT)
        self.assertFalse(driver.find_element(By.ID, "slider").is_displayed())
        variants = driver.find_elements(By.CSS_SELECTOR, ".variant")
        self.assertTrue(all(e.is_displayed() for e in variants))
        self.assertGreater(len(variants), 1)
        box = driver.find_element(By.ID, "q")
        box.send_keys("http.Request.URL")
        box.submit()
        self.until("results", lambda: "/search/?q=" in driver.current_url)
        self.assertEqual(driver.find_element(By.CSS_SELECTOR, ".symbols li a").text, "net/http.Request.URL")


if __name__ == "__main__":
    unittest.main()
