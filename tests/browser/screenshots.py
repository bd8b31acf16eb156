#!/usr/bin/env python3
"""The pictures of docs/: the pages of examples/06-three-tier as a browser shows them, and where this is run as root those
of the demo's agent. To be looked at afterwards.
usage: screenshots.py SLUICECTL [folder, default docs/ [SLUICED]]"""
import base64
import os
import subprocess
import sys
import tempfile

import webdriver
import world

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
MANIFESTS = os.path.join(ROOT, "examples/06-three-tier/manifests")
SHOTS = {  # name: (command, what is clicked, width, height)
    "graph.png": (["graph"], ["#e1 text", "#panel summary"], 1300, 640),
    "matrix.png": (["matrix", "--port", "8080", "--port", "5432", "-o", "html"],
                   ["[aria-label='shop/api-1 to shop/db-0: is stopped']"], 980, 600),
}


def shoot(browser, path):
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    with open(path, "wb") as out:
        out.write(base64.b64decode(browser.call("GET", "/screenshot")))


def size(browser, width, height):
    browser.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)


def take(browser, sluicectl, name, folder):
    command, clicks, width, height = SHOTS[name]
    with tempfile.TemporaryDirectory() as work:
        page = os.path.join(work, "page.html")
        with open(page, "wb") as out:
            subprocess.run([sluicectl, *command, "--manifests", MANIFESTS], stdout=out, check=True)
        size(browser, width, height)
        browser.open(page)
        browser.milliseconds_to_ready()
        for selector in clicks:
            browser.click(selector)
        shoot(browser, os.path.join(folder, name))


def take_ui(browser, node, path):
    size(browser, 1300, 640)
    browser.visit(node.url)
    for pod, address, port in (("shop-frontend-1", "10.244.1.31", 8080), ("shop-frontend-1", "10.244.1.10", 80),
                               ("ingress-controller-0", "10.244.1.31", 5432), ("shop-api-1", "10.244.1.10", 443)):
        node.attempt(pod, address, port)
        browser.wait_for("document.querySelector('#rows').textContent.includes(':%d')" % port)
    browser.click("#rows tr:last-child")
    browser.wait_for("document.querySelector('#panel pre')")
    shoot(browser, path)


def main(sluicectl, folder=os.path.join(ROOT, "docs"), sluiced=""):
    if sluiced:
        world.enter()
    browser = webdriver.Browser()
    browser.command("Emulation.setScrollbarsHidden", hidden=True)
    for name in SHOTS:
        take(browser, sluicectl, name, folder)
    if sluiced:
        node = world.World(sluicectl, sluiced)
        take_ui(browser, node, os.path.join(folder, "ui.png"))
        node.close()
    browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
