#!/usr/bin/env python3
"""The pictures of docs/: the pages of examples/06-three-tier as a browser shows them. To be looked at afterwards.
usage: screenshots.py SLUICECTL [folder, default docs/]"""
import base64
import os
import subprocess
import sys
import tempfile

import webdriver

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
MANIFESTS = os.path.join(ROOT, "examples/06-three-tier/manifests")
SHOTS = {  # name: (command, what is clicked, width, height)
    "graph.png": (["graph"], ["#e1 text", "#panel summary"], 1300, 640),
    "matrix.png": (["matrix", "--port", "8080", "--port", "5432", "-o", "html"],
                   ["[aria-label='shop/api-1 to shop/db-0: is stopped']"], 980, 600),
}


def take(browser, sluicectl, name, folder):
    command, clicks, width, height = SHOTS[name]
    with tempfile.TemporaryDirectory() as work:
        page = os.path.join(work, "page.html")
        with open(page, "wb") as out:
            subprocess.run([sluicectl, *command, "--manifests", MANIFESTS], stdout=out, check=True)
        browser.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        browser.open(page)
        browser.milliseconds_to_ready()
        for selector in clicks:
            browser.click(selector)
        browser.run("document.activeElement.blur(); scrollTo(0, 0)")
        with open(os.path.join(folder, name), "wb") as out:
            out.write(base64.b64decode(browser.call("GET", "/screenshot")))


def main(sluicectl, folder=os.path.join(ROOT, "docs")):
    browser = webdriver.Browser()
    browser.command("Emulation.setScrollbarsHidden", hidden=True)
    for name in SHOTS:
        take(browser, sluicectl, name, folder)
    browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
