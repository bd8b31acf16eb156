#!/usr/bin/env python3
"""`sluicectl ui` in a real browser, with a real agent behind it: the drop that happens shows, filters, is explained; the
graph and the matrix of that moment; an agent that goes away and comes back; and who may not look.
usage: ui_test.py SLUICECTL SLUICED"""
import http.client
import json
import subprocess
import sys
import unittest
import urllib.parse

import browser_test
import webdriver
import world

SLUICECTL = SLUICED = ""
API = "10.244.1.31"  # shop/api-1
ROW = "#rows tr:not([hidden])"


class Ui(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = world.World(SLUICECTL, SLUICED)
        cls.browser = webdriver.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.world.close()

    def tearDown(self):
        self.assertEqual(self.browser.complaints(), [])

    def texts(self, selector):
        return self.browser.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def visit(self, path=""):
        self.browser.visit(self.world.url + path)
        self.browser.milliseconds_to_ready()

    def wait_for(self, condition):
        self.assertTrue(self.browser.wait_for(condition), condition + ": it shows " + self.texts("body")[0][:2000])

    def drop(self, port):
        """One that is on the page."""
        self.world.attempt("shop-frontend-1", API, port)
        self.wait_for("[...document.querySelectorAll('#rows tr')].some(r => r.textContent.includes(':%d'))" % port)

    # ---- What is denied now
    def test_shows_the_drop_that_happens(self):
        self.visit()
        self.drop(8080)
        row = [text for text in self.texts(ROW) if ":8080" in text][0]
        for part in ("denied", "shop/frontend-1:", "shop/api-1:8080", "TCP SYN", "isolated by shop/default-deny"):
            self.assertIn(part, row)

    def test_filters(self):
        self.visit()
        self.drop(8081)
        self.drop(8082)
        self.browser.fill("#search", ":8081")
        self.assertTrue(all(":8081" in text for text in self.texts(ROW)))
        self.assertIn(" of ", self.texts("#found")[0])
        self.drop_while_filtered(8083)
        self.assertTrue(all(":8081" in text for text in self.texts(ROW)))
        self.browser.fill("#search", "")
        self.assertGreaterEqual(len(self.texts(ROW)), 3)
        self.browser.click("#verdict option[value=allowed]")
        self.assertEqual(self.texts(ROW), [])
        self.browser.click("#verdict option[value=denied]")
        self.assertGreaterEqual(len(self.texts(ROW)), 3)

    def drop_while_filtered(self, port):
        self.drop(port)  # textContent of a hidden row counts
        self.assertFalse(any(":%d" % port in text for text in self.texts(ROW)))

    def test_a_click_explains(self):
        self.visit()
        self.drop(8084)
        self.browser.fill("#search", ":8084")
        self.browser.click(ROW)
        self.wait_for("document.querySelector('#panel pre')")
        panel = self.texts("#panel")[0]
        for part in ("shop/frontend-1 → shop/api-1:8084", "shop/default-deny", "What would allow it",
                     "kind: NetworkPolicy", "port: 8084"):
            self.assertIn(part, panel)
        for part in ("--fix", "no NetworkPolicy"):
            self.assertNotIn(part, panel)

    def test_by_keys(self):
        self.visit()
        self.drop(8085)
        self.drop(8086)
        self.browser.run("document.querySelector('#search').focus()")
        self.browser.tab_until("document.activeElement.matches('#rows tr')")
        first = self.browser.run("return document.activeElement.textContent")
        self.browser.press("Down")
        self.assertNotEqual(self.browser.run("return document.activeElement.textContent"), first)
        self.browser.press("Up", "Enter")
        self.wait_for("document.querySelector('#panel pre')")
        self.browser.press("/")
        self.assertTrue(self.browser.run("return document.activeElement.id === 'search'"))

    # ---- The pictures of that moment
    def test_graph_and_matrix_of_the_agent(self):
        self.visit()
        self.browser.click("nav a[href='/graph']")
        self.browser.milliseconds_to_ready()
        everything = len(self.texts("#picture .node"))
        self.assertGreater(everything, 3)
        self.browser.fill("nav input[name=namespace]", "shop")
        self.browser.click("nav button")
        self.wait_for("location.search === '?namespace=shop' && document.documentElement.dataset.ready")
        self.assertGreater(everything, len(self.texts("#picture .node")))
        self.browser.click("nav a[href='/matrix']")
        self.wait_for("location.pathname === '/matrix' && document.documentElement.dataset.ready")
        self.browser.fill("nav input[name=port]", "8080")
        self.browser.click("nav button")
        self.wait_for("location.search === '?port=8080&protocol=TCP' && document.documentElement.dataset.ready")
        self.assertIn("8080", self.texts("h1")[0])
        self.browser.click("[aria-label='shop/frontend-1 to shop/api-1: is stopped']")
        self.assertIn("shop/default-deny", self.texts("#panel")[0])
        self.visit("matrix?port=no_port")
        self.assertIn("neither a port nor the name of one", self.texts(".problem")[0])
        self.assertFalse(self.browser.run("return JSON.parse(document.getElementById('data').textContent).triesAgain"))

    def test_light_and_dark(self):
        papers = []
        for scheme in ("light", "dark"):
            self.browser.prefer(scheme)
            self.visit()
            self.drop(8087)
            for text, paper in (("h1", "body"), ("aside h2", "aside"), (".verdict", ".verdict"), ("nav a[aria-current]",) * 2):
                colours = self.browser.run("""
                    const style = s => getComputedStyle(document.querySelector(s));
                    return [style(arguments[0]).color, style(arguments[1]).backgroundColor];""", text, paper)
                self.assertGreater(browser_test.contrast(*colours), 7, (scheme, text))
            papers.append(self.browser.run("return getComputedStyle(document.body).backgroundColor"))
        self.browser.prefer("light")
        self.assertNotEqual(*papers)

    # ---- An agent that is away
    def test_says_that_the_agent_is_away_and_recovers(self):
        self.visit()
        self.drop(8088)
        self.world.kill_agent()
        self.wait_for("!document.querySelector('#problem').hidden")
        self.assertIn("no agent answers at", self.texts("#problem")[0])
        self.visit("graph")
        self.assertIn("no agent answers at", self.texts(".problem")[0])
        self.world.start_agent()
        self.wait_for("document.querySelector('#picture .node')")
        self.visit()
        self.assertTrue(self.browser.run("return document.querySelector('#problem').hidden"))
        self.drop(8089)

    # ---- Who may look
    def ask(self, path="/", method="GET", host=None):
        where = urllib.parse.urlsplit(self.world.url)
        connection = http.client.HTTPConnection("127.0.0.1", where.port, timeout=30)
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer, body

    def test_nobody_asks_in_another_name(self):
        port = urllib.parse.urlsplit(self.world.url).port
        for host in ("localhost:%d" % port, "127.0.0.1:%d" % port, "[::1]:%d" % port, "localhost"):
            self.assertEqual(self.ask("/flows?since=0", host=host)[0].status, 200, host)
        for host in ("evil.example:%d" % port, "10.0.0.1:%d" % port, "localhost.evil.example"):
            for path in ("/", "/flows?since=0", "/page.css"):
                answer, body = self.ask(path, host=host)
                self.assertEqual(answer.status, 403)
                self.assertNotIn("shop", body)

    def test_reads_only(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            self.assertEqual(self.ask(method=method)[0].status, 405)
        self.assertEqual(self.ask(method="HEAD")[0].status, 200)
        for path, status in (("/nothing", 404), ("/../etc/passwd", 404), ("/flows?since=-1", 400), ("/flows?since=", 400),
                             ("/flows?since=9223372036854775807", 200)):
            self.assertEqual(self.ask(path)[0].status, status, path)
        self.assertIn("problem", json.loads(self.ask("/why?event=none")[1]))

    def test_headers(self):
        for path in ("/", "/graph", "/flows.js", "/flows?since=0", "/nothing"):
            answer, _ = self.ask(path)
            self.assertNotIn("unsafe", answer.headers["Content-Security-Policy"])
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cross-Origin-Resource-Policy"], "same-origin")
            self.assertFalse([name for name in answer.headers if name.lower().startswith("access-control")])

    def test_listens_on_loopback_alone(self):
        for address in ("0.0.0.0:9620", "[::]:9620", "10.244.1.1:9620"):
            ran = subprocess.run([SLUICECTL, "ui", "--listen", address], capture_output=True, text=True, check=False)
            self.assertEqual(ran.returncode, 2)
            self.assertRegex(ran.stderr, r"\Asluicectl: ui: --listen: .*others could reach it.*\n\Z")

    def test_what_it_cannot_serve(self):
        port = urllib.parse.urlsplit(self.world.url).port
        for code, options, why in ((1, ["--listen", "127.0.0.1:%d" % port], "give another ADDRESS:PORT"),
                                   (2, ["--manifests", "-"], "each page reads anew: give a file"),
                                   (2, ["--listen", "localhost"], "is no ADDRESS:PORT")):
            ran = subprocess.run([SLUICECTL, "ui", *options], capture_output=True, text=True, check=False)
            self.assertEqual((ran.returncode, ran.stdout), (code, ""))
            self.assertRegex(ran.stderr, r"\Asluicectl: ui: .*" + why + r".*\n\Z")

    # ---- Without an agent, and the end
    def test_from_files_and_to_its_end(self):
        with_agent, url = self.world.ui, self.world.url
        try:
            self.world.url = self.world.start_ui("--manifests", world.MANIFESTS)
            self.visit()
            self.assertGreater(len(self.texts("#picture .node")), 3)
            self.assertEqual(self.texts("nav a"), ["Graph", "Matrix"])
            self.assertEqual(self.ask("/flows?since=0")[0].status, 404)
            self.assertEqual(self.world.end_ui(), 0)
        finally:
            self.world.ui, self.world.url = with_agent, url


if __name__ == "__main__":
    gone = webdriver.missing() + world.missing()
    if gone:
        print("ui_test: skipped: no %s" % " and no ".join(gone))
        sys.exit(77)
    world.enter()
    SLUICED = sys.argv.pop(2)
    SLUICECTL = sys.argv.pop(1)
    unittest.main()
