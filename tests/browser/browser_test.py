#!/usr/bin/env python3
"""The pages of sluicectl in a real browser: they render, filter, answer clicks and keys, in light and dark, without a
word in the console; 3,000 pods and 500 policies open in under three seconds.
usage: browser_test.py SLUICECTL"""
import os
import subprocess
import sys
import tempfile
import unittest

import invented
import webdriver

HERE = os.path.dirname(os.path.abspath(__file__))
THREE_TIER = os.path.join(HERE, "../../examples/06-three-tier/manifests")
SLUICECTL = ""


def relative_luminance(colour):
    """Of "rgb(r, g, b)", as WCAG 2 has it."""
    parts = [int(float(p)) / 255 for p in colour[colour.index("(") + 1:-1].split(",")[:3]]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    high, low = sorted((relative_luminance(a), relative_luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = webdriver.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])

    def page(self, *command):
        """Makes the page and opens it; how many milliseconds that took the browser."""
        path = os.path.join(self.folder.name, "page.html")
        with open(path, "wb") as out:
            subprocess.run([SLUICECTL, *command], stdout=out, check=True)
        self.browser.open(path)
        return self.browser.milliseconds_to_ready()

    def texts(self, selector):
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def panel(self):
        return self.texts("#panel")[0]

    # ---- graph
    def test_graph_shows_the_rules_of_an_arrow_and_the_yaml(self):
        self.page("graph", "--manifests", THREE_TIER)
        self.assertEqual(len(self.texts("#picture .node")), 5)
        self.assertEqual(len(self.texts("#picture .edge")), 3)
        self.assertEqual(len(self.texts("#picture .in-open")), 2)
        self.browser.click("#e1 text")
        self.assertIn("shop/api-1 → shop/db-0", self.panel())
        self.assertIn("TCP 5432", self.panel())
        self.browser.click("#panel summary")
        self.assertIn("name: db-from-api", self.texts("#panel details[open] pre")[0])

    def test_graph_shows_the_rules_of_tiers(self):
        self.page("graph", "--manifests", os.path.join(HERE, "../../examples/17-tenant-isolation/manifests"))
        self.browser.click("#e0 text")
        self.assertIn("monitoring/prometheus-0 → team-a/web-0", self.panel())
        self.assertIn("Admin/tenant-a:ingress[1]", self.panel())
        self.browser.click("#panel summary")
        self.assertIn("kind: ClusterNetworkPolicy", self.texts("#panel details[open] pre")[0])
        self.browser.click("#n1 text")
        self.assertIn("Ingress is restricted by", self.panel())
        self.assertIn("Admin/tenant-a", self.panel())

    def test_graph_filters(self):
        self.page("graph", "--manifests", THREE_TIER)
        lit = "#picture .node:not(.dim) title"
        self.browser.fill("#search", "staging")
        self.assertEqual(self.texts(lit), ["staging/api-0, ingress open, egress open"])
        self.browser.fill("#search", "5432")
        self.assertEqual(len(self.texts(lit)), 2)
        self.browser.fill("#search", "")
        self.browser.click("#namespace option[value=shop]")
        self.assertEqual(len(self.texts(lit)), 4)  # and what it talks to
        self.browser.click("#namespace option[value='']")
        self.browser.click("#state option[value=unprotected]")
        self.assertEqual(len(self.texts(lit)), 2)

    def test_graph_by_keys(self):
        self.page("graph", "--manifests", THREE_TIER)
        self.browser.tab_until("document.activeElement.matches('.node')")
        self.browser.press("Enter")
        self.assertIn("Reached by", self.panel())
        self.browser.tab_until("document.activeElement.matches('.edge')")
        self.browser.press("Enter")
        self.assertIn("Rules", self.panel())
        self.browser.press("Escape")
        self.assertIn("Choose a box", self.panel())
        self.browser.press("/")
        self.assertTrue(self.browser.run("return document.activeElement.id === 'search'"))

    # ---- matrix
    def matrix(self):
        return self.page("matrix", "--manifests", THREE_TIER, "--port", "8080", "--port", "5432", "-o", "html")

    def test_matrix_explains_a_cell(self):
        self.matrix()
        self.assertEqual(len(self.texts(".cell")), 49)
        self.browser.click("[aria-label='shop/api-1 to shop/db-0: is stopped']")
        self.assertIn("stopped: isolated, and no rule allows it; isolated byshop/db-from-apishop/default-deny",
                      self.panel())
        self.browser.click("#port option[value='1']")
        self.assertIn("allowed byshop/db-from-api:ingress[0]", self.panel())

    def test_matrix_explains_tiers(self):
        self.page("matrix", "--manifests", os.path.join(HERE, "../../examples/17-tenant-isolation/manifests"), "--port",
                  "80", "-o", "html")
        self.browser.click("[aria-label='team-a/web-0 to team-b/open-0: is stopped']")
        self.assertIn("stopped byAdmin/tenant-b:ingress[2]", self.panel())
        self.assertIn("Egress of team-a/web-0open: no policy isolates it", self.panel())
        self.browser.click("[aria-label='monitoring/prometheus-0 to team-a/web-0: passes']")
        self.assertIn("allowed byAdmin/tenant-a:ingress[1]", self.panel())

    def test_matrix_sorts_filters_and_groups(self):
        self.matrix()
        self.browser.fill("#from", "web")
        self.assertEqual(self.texts(".name"), ["shop/web-1", "shop/web-2"])
        self.browser.fill("#to", "db")
        self.assertEqual(self.texts(".column"), ["shop/db-0"])
        self.browser.fill("#from", "")
        self.browser.fill("#to", "")
        self.browser.click("#order option[value=reached]")
        self.assertEqual(sorted(self.texts(".name")[:2]), ["ingress/controller-0", "staging/api-0"])
        self.browser.click("#group")
        self.assertEqual(sorted(self.texts(".name")), ["ingress", "shop", "staging"])
        self.browser.click("[aria-label^='ingress to shop']")
        self.assertIn("2 of 5 pairs pass", self.panel())
        self.browser.click("#panel button")
        self.assertEqual(len(self.texts(".cell")), 5)

    def test_matrix_by_keys(self):
        self.matrix()
        self.browser.tab_until("document.activeElement.matches('.cell')")
        self.browser.press("Down", "End", "Enter")
        self.assertIn("shop/api-1 → staging/api-0", self.panel())
        self.browser.press("Left", "Enter")
        self.assertIn("shop/api-1 → shop/web-2", self.panel())

    # ---- diff
    def test_diff_filters(self):
        old, new = (os.path.join(HERE, "../../examples/demo/manifests", *path) for path in (["base"], []))
        self.page("diff", "--manifests", old, "--with", os.path.join(new), "-o", "html")
        rows = ".changes tbody tr:not([hidden])"
        everything = len(self.texts(rows))
        self.assertGreater(everything, 3)
        self.browser.fill("#search", "shop/api-1")
        self.assertTrue(all("shop/api-1" in text for text in self.texts(rows)))
        self.assertGreater(everything, len(self.texts(rows)))
        self.browser.fill("#search", "")
        self.browser.click("#kind option[value=opened]")
        self.assertEqual(self.texts(rows), [])
        self.assertIn("0 of %d" % everything, self.texts("#found")[0])
        self.browser.run("document.activeElement.blur()")
        self.browser.press("/")
        self.assertTrue(self.browser.run("return document.activeElement.id === 'search'"))

    # ---- both
    def test_light_and_dark(self):
        for command in (("graph", "--manifests", THREE_TIER),
                        ("matrix", "--manifests", THREE_TIER, "--port", "80", "-o", "html")):
            papers = []
            for scheme in ("light", "dark"):
                self.browser.prefer(scheme)
                self.page(*command)
                for selector, backdrop in (("h1", "body"), ("aside h2", "aside"), (".legend li", "body")):
                    text, paper = self.browser.run("""
                        const style = s => getComputedStyle(document.querySelector(s));
                        return [style(arguments[0]).color, style(arguments[1]).backgroundColor];""", selector, backdrop)
                    self.assertGreater(contrast(text, paper), 7, (command[0], scheme, selector))
                papers.append(paper)
                for text, fill in self.browser.run("""
                        const colours = [];
                        for (const cell of document.querySelectorAll('.cell'))
                          colours.push([getComputedStyle(cell).color, getComputedStyle(cell).backgroundColor]);
                        for (const node of document.querySelectorAll('.node'))
                          colours.push([getComputedStyle(node.querySelector('text')).fill,
                                        getComputedStyle(node.querySelector('path, polygon, ellipse')).fill]);
                        return colours;"""):
                    self.assertGreater(contrast(text, fill), 4, (command[0], scheme, text, fill))
            self.assertNotEqual(papers[0], papers[1])
        self.browser.prefer("light")

    def test_thousands_open_in_three_seconds(self):
        path = os.path.join(self.folder.name, "many.json")
        invented.write(path)
        for command in (("graph",), ("matrix", "--port", "8000", "-o", "html")):
            self.assertLess(self.page(*command, "--manifests", path), 3000, command)
        self.assertEqual(len(self.texts(".name")) > 10, True)
        self.browser.click("#group")  # every pod for itself
        self.assertIn("3000 × 3000", self.texts("#found")[0])
        self.browser.tab_until("document.activeElement.matches('.cell')")
        self.browser.press("End", "Down", "Enter")
        self.assertIn("team-00/app-0-1 → team-49/", self.panel())


if __name__ == "__main__":
    if webdriver.missing():
        print("browser_test: skipped: no %s: deploy/install-deps.sh browser" % " and no ".join(webdriver.missing()))
        sys.exit(77)
    SLUICECTL = sys.argv.pop(1)
    unittest.main()
